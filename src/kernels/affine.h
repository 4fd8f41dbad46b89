/*
 * affine.h: the last move of every dense column: impute, center, scale.
 */
#ifndef MLK_AFFINE_H
#define MLK_AFFINE_H

#include "kernels/mlk.h"

/*
 * x[rows, stride], in place, for its first cols columns j:
 *	 v = x is NaN ? fill[j] : x;  x := (v - center[j]) * inverse[j]
 *
 * Every element is computed by the same three operations wherever it stands, so that a row scored alone gets the
 * bits that it got in a block.
 */
extern void mlk_affine_apply(double *x, int64_t rows, int64_t stride, int cols,
							 const double *fill, const double *center, const double *inverse);

#endif							/* MLK_AFFINE_H */
