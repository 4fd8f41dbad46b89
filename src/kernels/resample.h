/*
 * resample.h: the bootstrap: rows drawn with replacement, and intervals from what the draws gave (Efron, 1979).
 */
#ifndef MLK_RESAMPLE_H
#define MLK_RESAMPLE_H

#include "kernels/parallel.h"
#include "kernels/rng.h"

/* truth and prediction of n rows: y for numbers, label for classes, the other one NULL */
typedef struct MlkSample
{
	int64_t		n;
	int			k;				/* outputs a row */
	double	   *y;
	int32_t    *label;
	double	   *out;
} MlkSample;

/*
 * order := the rows by a hash of what they hold: rows that are alike are interchangeable, so draws from this order do not depend on the
 * order in which the rows came.  key[n] is scratch, and so are mlk_argsort_scratch(n) bytes of scratch.
 */
extern MlkStatus mlk_sample_order(MlkPool *pool, const MlkSample *sample, uint64_t *key, uint32_t *order, void *scratch);

/* to := as many rows as there are, each one a draw of all; its arrays have room for them */
extern MlkStatus mlk_sample_draw(MlkPool *pool, MlkRng *rng, const MlkSample *from, const uint32_t *order, MlkSample *to);

/*
 * Quantiles (1 - coverage) / 2 and (1 + coverage) / 2 of value[n], by linear interpolation; reorders value.  NaN, where a draw has no value, is left
 * out; both NaN when nothing is left.
 */
extern void mlk_percentile_interval(double *value, int64_t n, double coverage, double *low, double *high);

#endif							/* MLK_RESAMPLE_H */
