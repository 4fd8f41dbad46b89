/*
 * quantiles.h: quantiles of sorted values, and the place of a value among them.
 */
#ifndef MLK_QUANTILES_H
#define MLK_QUANTILES_H

#include "kernels/mlk.h"

/* numpy's "linear" quantile, q in [0, 1], of x[n] ascending; NaN when n = 0 */
extern double mlk_quantile_sorted(const double *x, int64_t n, double q);

/* out[k], k in [0, count): the quantiles k / (count - 1), never descending; count >= 2, n >= 1 */
extern void mlk_quantile_grid(const double *x, int64_t n, int count, double *out);

/*
 * The share of a distribution below x, from its quantiles grid[count] (as above): linear between them, the middle of a run of equal
 * ones; 0 and 1 at and beyond the ends.  NaN for NaN.
 */
extern double mlk_quantile_place(const double *grid, int count, double x);

/* the normal deviate of that share, kept within the quantiles of 1e-7 and 1 - 1e-7, as scikit-learn's QuantileTransformer */
extern double mlk_quantile_normal(const double *grid, int count, double x);

#endif							/* MLK_QUANTILES_H */
