/*
 * folds.h: rows dealt out for cross-validation: which of them a fold tests, and which it trains on.
 */
#ifndef ML_FOLDS_H
#define ML_FOLDS_H

#include "dataset/dataset.h"

#define ML_MAX_FOLDS 65535

typedef enum MlFoldMethod
{
	ML_FOLDS_STRATIFIED,		/* every class in every fold as evenly as can be */
	ML_FOLDS_RANDOM,
	ML_FOLDS_GROUP,				/* rows of one group in one fold */
	ML_FOLDS_TIME				/* train on what comes before, test on what follows */
} MlFoldMethod;

typedef struct MlFoldSpec
{
	MlFoldMethod method;
	int			folds;			/* 2 .. ML_MAX_FOLDS */
	int			label;			/* STRATIFIED: column of ML_ROLE_TARGET_LABEL, else -1 */
	int			column;			/* GROUP: a column of codes; TIME: one of numbers; else -1 */
	const char *column_name;	/* the same, for messages */

	/* TIME: left out between training and test rows: a number of rows, and all that are less than so much older than the first test row */
	int64		gap_rows;
	double		gap_time;
} MlFoldSpec;

/* who is where: read-only; lives in the current context and the data's budget */
typedef struct MlFolds
{
	int			n;
	MlFoldMethod method;
	int64		data_rows;
	int64		n_rows;			/* candidates: the others are in no fold */
	const uint32 *order;		/* the candidates in hash order */
	const uint32 *place;		/* of each candidate: fold, or rank in time; ML_NO_FOLD: left out */
	int64		left_out;		/* candidates without group or time */
	int64		smallest_class; /* STRATIFIED: rows of the rarest class */

	/* TIME: ranks, one a fold */
	int64	   *train_end;
	int64	   *test_start;
	int64	   *test_end;
} MlFolds;

#define ML_NO_FOLD UINT32_MAX

/* one fold as an order of ALL rows of the data: training rows, test rows, rows that are neither; each in hash order */
typedef struct MlFold
{
	uint32	   *order;			/* data_rows */
	int64		n_train;
	int64		n_test;
} MlFold;

/*
 * Deal out rows->order[0 .. n_train) (candidates) by the hash of the columns used and the seed, so that the same rows and seed give the
 * same folds.  Equal rows, having one hash, are never told apart by STRATIFIED and RANDOM.  ERROR 22023 for more folds than there are
 * (different) rows, groups or times, and for gaps that leave nothing to train on.
 */
extern MlFolds *ml_folds_make(const MlDataset *data, const MlRows *rows, const int *used, int n_used,
							  const MlFoldSpec *spec, uint64 seed, MlkPool *pool);
extern void ml_folds_free(MlFolds *folds, MlBudget *budget);

/* order[data_rows] is the caller's */
extern void ml_folds_order(const MlFolds *folds, int fold, MlFold *out);

#endif							/* ML_FOLDS_H */
