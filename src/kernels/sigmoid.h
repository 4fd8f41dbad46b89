/*
 * sigmoid.h: exp, logistic function and softmax over arrays, in loops that vectorise.
 *
 * libm's exp is called once a row otherwise and costs more than all the rest of a logistic fit.
 */
#ifndef MLK_SIGMOID_H
#define MLK_SIGMOID_H

#include "kernels/mlk.h"

/* x[i] := exp(x[i]), within 2 ulp; the argument is clamped to [-708, 709], so never 0 or infinite.  NaN stays NaN. */
extern void mlk_exp(double *x, int64_t n);

/* x[i] := 1 / (1 + exp(-x[i])), within 4 ulp for |x| <= 708 */
extern void mlk_sigmoid(double *x, int64_t n);

/* x[rows, classes], row-major: each row := softmax of the row; sums to 1 within rounding */
extern void mlk_softmax(double *x, int64_t rows, int classes);

/*
 * Binary logistic loss at eta for n rows: residual := weight (p - y), curvature := weight p (1 - p) (NULL: not
 * wanted); returns the sum of weight log(1 + exp(-+ eta)).  positive[i] == 1 is y = 1.  *margin is lowered to the
 * smallest +-eta of a row with weight; scratch: n doubles.
 */
extern double mlk_logistic_rows(const double *eta, const int32_t *positive, const double *weight, int64_t n,
								double *residual, double *curvature, double *scratch, double *margin);

/*
 * Softmax loss; eta[classes][ld] holds a class in each row and becomes the probabilities.  Returns the sum of
 * -weight log p(label); *margin as above, of the label's eta less the largest other.  scratch: 2 n doubles.
 */
extern double mlk_softmax_rows(double *eta, int64_t ld, int classes, const int32_t *label, const double *weight,
							   int64_t n, double *scratch, double *margin);

#endif							/* MLK_SIGMOID_H */
