/*
 * sort.h: radix sort of 64-bit keys and order statistics.
 */
#ifndef MLK_SORT_H
#define MLK_SORT_H

#include "kernels/parallel.h"

/*
 * order[0..n) := the permutation that sorts key ascending, ties by index (stable),
 * so the result does not depend on threads.  key is left untouched.  scratch: mlk_argsort_scratch(n) bytes.
 */
extern size_t mlk_argsort_scratch(int64_t n);
extern MlkStatus mlk_argsort_u64(MlkPool *pool, const uint64_t *key, int64_t n, uint32_t *order, void *scratch);

/* order that sorts doubles ascending (NaN last); scratch as above */
extern MlkStatus mlk_argsort_f64(MlkPool *pool, const double *key, int64_t n, uint32_t *order, void *scratch);

/* k-th smallest (0-based) of x[n]; reorders x; no NaN in x */
extern double mlk_select_f64(double *x, int64_t n, int64_t k);

/* numpy's "linear" quantile, q in [0,1], of x[n]; reorders x; NaN when n = 0 */
extern double mlk_quantile_f64(double *x, int64_t n, double q);

#endif							/* MLK_SORT_H */
