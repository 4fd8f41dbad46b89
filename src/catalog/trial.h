/*
 * trial.h: what was tried before a version was trained.
 */
#ifndef ML_CATALOG_TRIAL_H
#define ML_CATALOG_TRIAL_H

#include "catalog/catalog.h"

typedef struct MlTrialRow
{
	int			trial;			/* from 1 */
	int			rank;			/* 0: NULL */
	const char *algorithm;
	Jsonb	   *params;
	const char *status;			/* "done" | "stopped" | "failed" */
	const char *message;		/* NULL: none */
	int			folds;
	int64		train_rows;
	double		mean;			/* NaN = NULL */
	double		stddev;
	double		seconds;
	TimestampTz started;
} MlTrialRow;

/* of a version that was inserted in this transaction; command: "tune" | "auto" */
extern void ml_catalog_insert_trials(const MlVersionRow *version, const char *command, const char *metric, const MlTrialRow *rows, int n);

#endif							/* ML_CATALOG_TRIAL_H */
