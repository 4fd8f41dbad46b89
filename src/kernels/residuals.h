/*
 * residuals.h: errors of a regression, truth less prediction, over the range of its predictions.
 */
#ifndef MLK_RESIDUALS_H
#define MLK_RESIDUALS_H

#include "kernels/describe.h"

#define MLK_RESIDUAL_QUANTILES 5	/* 0.05, 0.25, 0.5, 0.75, 0.95 */

typedef struct MlkResiduals
{
	int64_t		rows;
	double		mean_predicted;
	double		quantile[MLK_RESIDUAL_QUANTILES];
	MlkDescription residual;
} MlkResiduals;

/*
 * out[0] is of all rows, out[1 .. bins] of bins of equal size in ascending order of prediction.  Rows of equal prediction are in one bin, that of the
 * first of them, so bins may differ in size and be empty.  Sums do not depend on the order of the rows.  n >= 1.
 * MLK_NOT_FINITE: a prediction or a residual is NaN.
 */
extern size_t mlk_residuals_scratch(int64_t n);
extern MlkStatus mlk_residuals(MlkPool *pool, const double *y, const double *pred, int64_t n, int bins, void *scratch,
							   MlkResiduals *out);

#endif							/* MLK_RESIDUALS_H */
