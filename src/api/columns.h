/*
 * columns.h: which columns of the source a training reads, and what each is to it.
 */
#ifndef ML_COLUMNS_H
#define ML_COLUMNS_H

#include "postgres.h"
#include "api/definition.h"
#include "preprocess/preprocess.h"

/* positions in request[], which is also the order of the loaded dataset's columns; -1: none */
typedef struct MlColumnPlan
{
	MlColumnRequest *request;	/* features first */
	int			n;
	int			n_features;
	int			target;
	int			weight;
	int			split;
} MlColumnPlan;

/*
 * Before anything is read: names checked (ERROR 42703 with the nearest, 42701 for two of one name), types that cannot be features left out with a
 * NOTICE (ERROR 42804 when named), target, weight and split columns kept apart from the features.
 */
extern MlColumnPlan *ml_columns_plan(const MlDefinition *definition, const MlSource *source, MlTask task);

/* one more column that is no feature; its place in the plan.  At most one a plan.  ERROR 42703 saying what it was to be */
extern int	ml_columns_add(MlColumnPlan *plan, const MlSource *source, const char *name, const char *what, MlRole role);

/* attnum of the one column of that name; ERROR 42703 saying what it was to be, 42701 when there are two */
extern int	ml_columns_find(TupleDesc desc, const char *name, const char *what);

/*
 * After loading: the features worth keeping, as indices of data->columns.  Constant columns and ids are left out
 * with one NOTICE each that names them, unless the caller named the features.
 */
extern int *ml_columns_useful(const MlDefinition *definition, const MlColumnPlan *plan, const MlDataset *data,
							  const MlPrepDefaults *defaults, int *n);

#endif							/* ML_COLUMNS_H */
