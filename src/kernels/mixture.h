/*
 * mixture.h: weights of several predictors whose mean, so weighted, predicts best: none below 0, and 1 in sum.
 *
 * Both problems are convex and of few unknowns, so the least is found to rounding, and does not depend on the number of threads.
 */
#ifndef MLK_MIXTURE_H
#define MLK_MIXTURE_H

#include "kernels/parallel.h"

#define MLK_MIXTURE_MAX 5		/* predictors */

/*
 * w[m] := the least of 1/2 w'Gw + c'w over the weights; G [m * m] symmetric and not negative definite, 1 <= m <= MLK_MIXTURE_MAX.  Where there is no single
 * least, predictors that are alike share alike.
 */
extern void mlk_simplex_least(int m, const double *g, const double *c, double *w);

/* doubles of memory that the two below need */
extern size_t mlk_mixture_memory(int64_t rows);

/*
 * The least sum of weight (residual w)^2: residual [rows * m] is the truth minus what each predictor says.  weight [rows] >= 0; NULL: all
 * one.  MLK_NOT_FINITE when a sum of squares is out of range.
 */
extern MlkStatus mlk_mixture_squares(MlkPool *pool, const double *residual, const double *weight, int64_t rows, int m, double *memory,
									 double *w);

/*
 * The least -sum of weight log(probability w): probability [rows * m] is what each predictor gives to the class that is true; below 1e-15
 * it counts as that.
 */
extern MlkStatus mlk_mixture_log(MlkPool *pool, const double *probability, const double *weight, int64_t rows, int m, double *memory,
								 double *w);

#endif							/* MLK_MIXTURE_H */
