/*
 * stack.h: an ensemble made: its members fitted, and their weights found from predictions of rows that they were not fitted to.
 */
#ifndef ML_STACK_H
#define ML_STACK_H

#include "postgres.h"
#include "algorithms/ensemble.h"
#include "api/contest.h"

/* the rows that one fold tested: what is true, and what each member says */
typedef struct MlStackFold
{
	const MlTraining *truth;	/* of ml_trial_truth */
	int64		n;
	const double *out[ML_ENSEMBLE_MOST];	/* [n * outputs] each */
} MlStackFold;

/* as many digits as weights are recorded with */
#define ML_STACK_DIGITS 6

/*
 * The weights of m members with the least log loss (classes) or squared error in all folds but `skip` (-1: none), rounded to
 * ML_STACK_DIGITS; >= 0, and 1 in sum but for the rounding.
 */
extern void ml_stack_weights(const MlTraining *t, const MlStackFold *folds, int n, int skip, int m, double *w);

/* the report of a fold when its members are mixed by these weights */
extern MlReport ml_stack_report(const MlTraining *t, const MlStackFold *fold, int m, const double *w);

/*
 * An ensemble of candidates whose predictions the contest kept on all folds, as one more candidate: on each fold with the weights that the
 * others find.  NOTICE instead when the weights leave one of them alone.
 */
extern void ml_stack_judge(MlContest *contest, MlCandidate *const *members, int m);

/*
 * The state of an ensemble for the training rows: ml_train_fit of the layout of parts.  Fills t->model.prep; where the parameters have no weights they
 * are found by cross-validation, and put into t->params when those are what is fitted.
 */
extern void *ml_stack_fit(MlTraining *t, const MlAlgorithm *algorithm, MlParams *params);

#endif							/* ML_STACK_H */
