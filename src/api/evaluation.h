/*
 * evaluation.h: what the functions that judge a version on a source have in common: rights, arguments, slices.
 */
#ifndef ML_EVALUATION_H
#define ML_EVALUATION_H

#include "postgres.h"
#include "fmgr.h"
#include "nodes/execnodes.h"
#include "api/scored_source.h"
#include "kernels/curves.h"

typedef enum MlEvaluates
{
	ML_EVALUATES_ANY,
	ML_EVALUATES_CLASSES,		/* ERROR 42809 for a regression */
	ML_EVALUATES_SCORE,			/* of one class, against the others; the same ERROR */
	ML_EVALUATES_NUMBERS		/* ERROR 42809 for a classification */
} MlEvaluates;

/* one slice of the source; without by the whole source */
typedef struct MlEvaluation
{
	ReturnSetInfo *result;
	const MlModel *model;
	MlkPool    *pool;
	const char *by_value;		/* NULL without by */
	MlScored	rows;
	Size		held;			/* bytes that truth and predictions of all slices take */

	/* ML_EVALUATES_SCORE */
	const char *positive;		/* the class whose score it is */
	MlkCut	   *cut;
	int64		n_cuts;
} MlEvaluation;

typedef struct MlEvaluationKind
{
	const char *command;		/* name of the function */
	MlEvaluates evaluates;
	int			by;				/* numbers of the arguments; those before are model and source */
	int			label;			/* ML_EVALUATES_SCORE */
	/* puts the rows of one slice; what it allocates is freed behind it */
	void		(*put) (MlEvaluation *e, const void *options);
} MlEvaluationKind;

/*
 * The body of such a function: the model is looked up and checked before the source is read.  options go to put as they are.
 */
extern Datum ml_evaluation_run(FunctionCallInfo fcinfo, const MlEvaluationKind *kind, const void *options);

/* ERROR 42809 when the model is of the other task */
extern void ml_evaluation_check_task(const MlModel *model, MlEvaluates evaluates);

/* an integer argument: ERROR 22004 for NULL, 22023 outside of [min, max] */
extern int64 ml_evaluation_integer(FunctionCallInfo fcinfo, int i, const char *name, int64 min, int64 max);

/* ERROR 53200 when so many bytes more are over mlops.max_memory */
extern void ml_evaluation_price(const MlEvaluation *e, Size bytes);

/* one row of the result; the first column is by_value */
extern void ml_evaluation_put(const MlEvaluation *e, Datum *values, bool *nulls);

#endif							/* ML_EVALUATION_H */
