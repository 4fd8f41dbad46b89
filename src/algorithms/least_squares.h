/*
 * least_squares.h: least squares with or without a ridge penalty, and the errors of its coefficients.
 */
#ifndef ML_LEAST_SQUARES_H
#define ML_LEAST_SQUARES_H

#include "algorithms/linear_state.h"

/*
 * minimise  sum of w (y - intercept - X b)^2 + alpha |b|^2.  State in the current context, standard errors included;
 * NOTICE / WARNING about dependent columns, too few rows and no convergence.  name: of the algorithm, for messages.
 */
extern MlLinearState *ml_least_squares_fit(const MlProblem *problem, const MlFitControl *control, const char *name,
										   bool intercept, double alpha);

#endif							/* ML_LEAST_SQUARES_H */
