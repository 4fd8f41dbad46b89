/*
 * trial.h: one fit on given training rows of a loaded dataset, judged on given test rows.
 *
 * Cross-validation, tuning and the search over algorithms are made of trials.  A trial sees what mlops_train would see, had it been
 * given these rows: classes, preprocessing and bins are learned from its training rows alone.  What that costs is paid once for all fits
 * that want the same (MlPrepared); the memory of a fit goes back when it is judged.
 */
#ifndef ML_TRIAL_H
#define ML_TRIAL_H

#include "postgres.h"
#include "api/train.h"
#include "dataset/folds.h"

/* rows prepared for fits of one layout of the design; private but for reading */
typedef struct MlPrepared
{
	MemoryContext context;		/* all of it, with a budget of its own */
	MemoryContext fit;			/* of the fit at hand, else NULL */
	MlTraining *t;				/* as after ml_train_prepare */
	int64		n_test;
	Size		held;			/* by the loaded data, when these rows were prepared */
} MlPrepared;

/* palloc'd in the caller's context */
typedef struct MlTrialResult
{
	MlReport	report;			/* on the test rows */
	int64		train_rows;
	int64		test_rows;		/* those that were judged */
	int64		dropped;		/* rows whose label no training row has */
	double		seconds;		/* fit and predictions */
} MlTrialResult;

/*
 * base: planned, loaded and ordered (ml_train_order), nothing more.  rows: an order of all rows of the data; it must live as long as
 * the prepared rows.  What algorithm and params ask of preprocessing is what later fits get too: see ml_trial_alike.
 */
extern MlPrepared *ml_trial_prepare(const MlTraining *base, const MlAlgorithm *algorithm, MlParams *params, const MlFold *rows);
extern void ml_trial_release(MlPrepared *prepared);

/* may the two share prepared rows? */
extern bool ml_trial_alike(const MlAlgorithm *a, const MlParams *a_params, const MlAlgorithm *b, const MlParams *b_params);

/*
 * what is true of the test rows, without anything to fit: y or label, weight and classes of rows 0 .. n_test - 1; in the current context and
 * this budget, and good for ml_assess_report
 */
extern MlTraining *ml_trial_truth(const MlPrepared *prepared, MlBudget *budget);

/* fit, predict, judge; out [n_test * outputs]: the predictions, in the order of the test rows; NULL: not wanted.  ERROR 22023 when no test row has a label of the training rows */
extern MlTrialResult ml_trial_run(MlPrepared *prepared, const MlAlgorithm *algorithm, MlParams *params, double *out);
/* after an error of ml_trial_run that is not passed on, before the subtransaction is rolled back: memory and files of the fit go */
extern void ml_trial_abandon(MlPrepared *prepared);

#endif							/* ML_TRIAL_H */
