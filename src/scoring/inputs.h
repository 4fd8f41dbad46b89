/*
 * inputs.h: the errors of rows that do not fit a model, in one wording for tables, composites, jsonb and plain
 * values.
 */
#ifndef ML_INPUTS_H
#define ML_INPUTS_H

#include "scoring/scorer.h"

/* 'churn/3', or the algorithm's name for a model that is not stored yet */
extern const char *ml_model_name(const MlModel *model);
/* "age, city, ..., x20, ... (33 in all)", palloc'd */
extern char *ml_model_input_list(const MlModel *model);

/* position (1-based) of each input in desc, by name alone; ERROR 42703 missing, 42702 given twice */
extern void ml_model_locate_columns(const MlModel *model, TupleDesc desc, int *attnums);

/* ERROR 42703; given are the names that are there, for the hint */
extern void ml_model_missing(const MlModel *model, const char *column, const char *const *given, int n_given) pg_attribute_noreturn();
/* ERROR 42804; given names the type that came instead ("text"), or the kind of jsonb value ("string") */
extern void ml_model_wrong_type(const MlModel *model, const MlInput *input, const char *given) pg_attribute_noreturn();
extern void ml_model_wrong_json(const MlModel *model, const MlInput *input, const char *given) pg_attribute_noreturn();
/* ERROR 22003 */
extern void ml_model_not_finite(const MlModel *model, const char *feature) pg_attribute_noreturn();
/* ERROR 2202E */
extern void ml_model_wrong_width(const MlModel *model, const MlInput *input, int64 given) pg_attribute_noreturn();

#endif							/* ML_INPUTS_H */
