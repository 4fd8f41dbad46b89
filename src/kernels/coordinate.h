/*
 * coordinate.h: coordinate descent on a quadratic with an l1 part.
 *
 *	 minimise  1/2 w'Gw - c'w + sum_j l1_j |w_j| + l2_j / 2 w_j^2
 *
 * Covariance updates with active sets (Friedman, Hastie, Tibshirani 2010): the gradient is kept, so a coordinate that
 * does not move costs nothing, and one that moves costs one row of G.
 */
#ifndef MLK_COORDINATE_H
#define MLK_COORDINATE_H

#include "kernels/parallel.h"

typedef struct MlkQuadratic
{
	int			n;
	const double *g;			/* [n, ld], symmetric, both triangles */
	int64_t		ld;
	const double *c;
	const double *l1;			/* per coordinate, >= 0; INFINITY keeps it at 0 */
	const double *l2;			/* per coordinate, >= 0 */
	bool		positive;		/* w >= 0 */
} MlkQuadratic;

typedef struct MlkDescent
{
	double		tolerance;		/* stop when no coordinate moves more than this times the largest |w| ... */
	double		gap;			/* ... and the duality gap is at most this (0: not asked) */
	double		norm2;			/* y'y, on the scale of G and c; only for the gap */
	int			max_iter;		/* sweeps over all coordinates */
	int			sweeps;			/* out */
	double		last_gap;		/* out; NaN when not computed */
} MlkDescent;

/*
 * w: start in, solution out.  gradient: n doubles, out: c - Gw.  active: n of scratch.  MLK_NOT_CONVERGED after
 * max_iter; asks the pool's stop in between.
 */
extern MlkStatus mlk_coordinate_descent(const MlkQuadratic *q, MlkDescent *d, MlkPool *pool, double *w,
										double *gradient, int32_t *active);

/*
 * Duality gap of the elastic net with one l1 > 0 and one l2 for all, at w with gradient c - Gw; scikit-learn's,
 * divided by the number of rows.  Bounds the distance of the objective from its minimum.
 */
extern double mlk_elastic_net_gap(int n, const double *c, const double *gradient, const double *w, double norm2,
								  double l1, double l2, bool positive);

#endif							/* MLK_COORDINATE_H */
