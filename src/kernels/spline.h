/*
 * spline.h: B-spline bases of one variable.
 */
#ifndef MLK_SPLINE_H
#define MLK_SPLINE_H

#include "kernels/mlk.h"

#define MLK_SPLINE_MAX_DEGREE 10

typedef enum MlkSplineEnd
{
	MLK_SPLINE_CONSTANT,		/* beyond the ends: the values at the ends */
	MLK_SPLINE_LINEAR,			/* straight on with the slope at the ends */
	MLK_SPLINE_CONTINUE			/* the polynomial of the last piece */
} MlkSplineEnd;

/*
 * Knots of a basis: base[n] ascending, and degree more on either side at the distance of the outermost two; out has room for
 * n + 2 degree.  n >= 2.
 */
extern void mlk_spline_knots(const double *base, int n, int degree, double *out);

/*
 * out[n + degree - 1] := the basis functions at x, for the knots that n base knots gave (at most degree + 1 of them are not 0
 * between the ends).  NaN for NaN.
 */
extern void mlk_spline_basis(const double *knots, int n, int degree, MlkSplineEnd end, double x, double *out);

#endif							/* MLK_SPLINE_H */
