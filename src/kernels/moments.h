/*
 * moments.h: mergeable sufficient statistics of one numeric column (NaN = missing).
 *
 * Mean and sum of squared deviations by Chan's pairwise update, so
 * that blocks and threads merge without losing digits.
 */
#ifndef MLK_MOMENTS_H
#define MLK_MOMENTS_H

#include "kernels/mlk.h"

typedef struct MlkMoments
{
	int64_t		count;			/* values that are not NaN */
	int64_t		missing;
	int64_t		infinite;		/* counted, and left out of mean, m2, min, max */
	double		mean;
	double		m2;				/* sum of (x - mean)^2; population variance = m2 / count */
	double		min;
	double		max;
} MlkMoments;

extern void mlk_moments_init(MlkMoments *m);
extern void mlk_moments_add(MlkMoments *m, const double *x, int64_t stride, int64_t n);
extern void mlk_moments_merge(MlkMoments *into, const MlkMoments *from);

#endif							/* MLK_MOMENTS_H */
