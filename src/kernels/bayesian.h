/*
 * bayesian.h: ridge regression whose penalty comes from the data: evidence maximisation (MacKay 1992, Tipping 2001).
 */
#ifndef MLK_BAYESIAN_H
#define MLK_BAYESIAN_H

#include "kernels/parallel.h"

/* doubles of scratch for p columns */
extern size_t mlk_bayesian_scratch(int p);

/*
 * coef[p] and *intercept, from r[q, q], row-major: the triangular factor of [1 X y] over n rows, q = p + 2.  The same
 * iteration, start, priors and tolerance as scikit-learn's BayesianRidge with its defaults; r is left as it is.
 */
extern MlkStatus mlk_bayesian_ridge(MlkPool *pool, int p, double n, const double *r, double *coef, double *intercept,
									double *scratch);

#endif							/* MLK_BAYESIAN_H */
