/*
 * cholesky.h: A = U'U in bounded steps, with dependent columns taken out.
 *
 * A single LAPACK call on some thousand columns cannot be cancelled; this one goes 64 columns at a time and threads
 * the products.
 */
#ifndef MLK_CHOLESKY_H
#define MLK_CHOLESKY_H

#include "kernels/parallel.h"

/*
 * In place on the upper triangle of a[n, ld] (the rest is left as scrap).  A column whose remaining diagonal is at
 * most tolerance times its first one is taken out: its row becomes zero with a diagonal of infinity (triangular.h)
 * and dropped[] is set for it.  dropped NULL: such a column is MLK_SINGULAR.  diagonal: n doubles of scratch.
 */
extern MlkStatus mlk_cholesky(MlkPool *pool, int n, double *a, int64_t ld, double tolerance, uint8_t *dropped,
							  double *diagonal);

#endif							/* MLK_CHOLESKY_H */
