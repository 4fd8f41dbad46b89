/*
 * bootstrap.h: intervals of the metrics of one set of predictions.
 */
#ifndef ML_BOOTSTRAP_H
#define ML_BOOTSTRAP_H

#include "postgres.h"
#include "fmgr.h"
#include "api/report.h"

#define ML_MOST_RESAMPLES 100000

typedef struct MlBootstrap
{
	int			resamples;		/* 0: no intervals */
	double		coverage;
	int64		seed;
} MlBootstrap;

/* arguments first (resamples), first + 1 (coverage), first + 2 (seed); ERROR 22004, 22023 */
extern MlBootstrap ml_bootstrap_arguments(FunctionCallInfo fcinfo, int first);

/*
 * low[] and high[] of each line of the report, by resampling the rows: NaN without resamples, and for support, which is a count of
 * the rows.  The same for the same rows and seed, whatever their order and the number of threads.
 * ERROR 53200 over mlops.max_memory.
 */
extern void ml_bootstrap_intervals(const MlBootstrap *b, const MlScored *rows, const MlReport *report, MlkPool *pool,
								   double *low, double *high);

#endif							/* ML_BOOTSTRAP_H */
