/*
 * mutual.h: mutual information of two columns, in nats.
 *
 * Between categories it is that of their table of counts.  With numbers it is estimated from distances to the k-th nearest
 * neighbour: Kraskov, Stoegbauer and Grassberger (2004), estimator 1, for two numbers, and Ross (2014) for a number and a
 * category.  Same as mutual_info_classif and mutual_info_regression of scikit-learn; numbers are scaled and told apart by
 * mlk_mutual_prepare as there.  Results below zero are zero.
 */
#ifndef MLK_MUTUAL_H
#define MLK_MUTUAL_H

#include "kernels/parallel.h"

#define MLK_MUTUAL_NEIGHBOURS 3

/*
 * x[n] divided by its standard deviation (population), then 1e-10 * max(1, mean |x|) times a standard normal number added to each
 * value, the same for the same seed, so that there are no ties.  What scikit-learn does, but for the numbers drawn.
 */
extern void mlk_mutual_prepare(double *x, int64_t n, uint64_t seed);

/*
 * Two columns of codes: a[i] < n_a, b[i] < n_b.  scratch: mlk_mutual_codes_scratch() bytes.  The entropy of b, in nats, is put
 * into *entropy unless that is NULL.
 */
extern size_t mlk_mutual_codes_scratch(int64_t n, int64_t n_a, int64_t n_b);
extern MlkStatus mlk_mutual_codes(MlkPool *pool, const uint32_t *a, const uint32_t *b, int64_t n, int64_t n_a, int64_t n_b,
								  void *scratch, double *information, double *entropy);

/* a number and a code below n_codes; values that are alone in their code take no part.  Not NaN, at most UINT32_MAX rows */
extern size_t mlk_mutual_mixed_scratch(int64_t n, int64_t n_codes);
extern double mlk_mutual_mixed(const double *x, const uint32_t *code, int64_t n, int64_t n_codes, int neighbours,
							   void *scratch);

/* two numbers; takes up to n^2 steps where many x are close together: for samples */
extern size_t mlk_mutual_numbers_scratch(int64_t n);
extern double mlk_mutual_numbers(const double *x, const double *y, int64_t n, int neighbours, void *scratch);

#endif							/* MLK_MUTUAL_H */
