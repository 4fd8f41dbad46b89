/*
 * row_values.h: one row of an SQL call as the values a model's preprocessing reads.
 *
 * A reader belongs to one call site and one model.  It looks once at the types of the arguments (a composite, a
 * jsonb object, an array, or the values themselves) and then decodes row after row without allocating, but
 * where the type itself needs it (numeric, jsonb, toasted values: the caller's per-row memory).
 */
#ifndef ML_ROW_VALUES_H
#define ML_ROW_VALUES_H

#include "postgres.h"
#include "fmgr.h"
#include "scoring/scorer.h"

typedef struct MlRowReader MlRowReader;

/*
 * For n_args arguments from first_arg on; palloc'd in the current context, which must live as long as the call
 * site uses the reader, and so must the model.  ERROR 22023 for another number of values, 42804 for a type that
 * cannot stand for its feature.
 */
extern MlRowReader *ml_row_reader_create(const MlModel *model, FunctionCallInfo fcinfo, int first_arg, int n_args);

/* the row's values, valid until the next call; NULL when the row itself is NULL */
extern const MlValue *ml_row_reader_read(MlRowReader *reader, FunctionCallInfo fcinfo);

#endif							/* ML_ROW_VALUES_H */
