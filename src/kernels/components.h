/*
 * components.h: principal components: right singular vectors, and rows projected on them.
 */
#ifndef MLK_COMPONENTS_H
#define MLK_COMPONENTS_H

#include "kernels/parallel.h"

/*
 * Singular values s[d], descending, and right singular vectors of a[d, d], row-major; row i of a becomes the vector of
 * s[i].  A value that is nothing but rounding beside the largest is 0, and its vector too.  By one-sided Jacobi rotations of the rows
 * (Hestenes 1958), which keep the digits of small values when columns are of different size (Demmel and Veselic 1992).  Given the
 * triangular factor of a matrix they are those of the matrix.  The result does not depend on the pool.
 */
extern MlkStatus mlk_right_singular(MlkPool *pool, int d, double *a, double *s);

/* out[n, k] := (x[n, d] - center) V' for k vectors of v[k, d]; scratch: d doubles.  Every row alone and alike. */
extern void mlk_project(int64_t n, int d, const double *x, const double *center, int k, const double *v, double *out,
						double *scratch);

#endif							/* MLK_COMPONENTS_H */
