/*
 * drift.h: has a distribution moved away from the one a model was trained on?
 */
#ifndef ML_DRIFT_H
#define ML_DRIFT_H

#include "postgres.h"

typedef struct MlDrift
{
	double		psi;			/* population stability index; NaN when a side has no rows */
	double		threshold;
	bool		drifted;
} MlDrift;

/* expected and actual are counts of the same bins */
extern MlDrift ml_drift_judge(const double *expected, const double *actual, int bins);

#endif							/* ML_DRIFT_H */
