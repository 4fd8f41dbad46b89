/*
 * kmeans_line.h: k-means of numbers.
 */
#ifndef MLK_KMEANS_LINE_H
#define MLK_KMEANS_LINE_H

#include "kernels/parallel.h"

/*
 * Lloyd's iterations on x[n], ascending, from center[k] (any order) on, which end as the means of their groups, ascending.
 * Ends as scikit-learn's KMeans does by default: when no value changes its group, when the centers move by less than 1e-4 of
 * the variance (squares summed), or after 300 iterations; a group without values gets the value farthest from its own center.
 * room holds 5 k numbers.  MLK_CANCELLED when the pool's stop says so.
 */
extern MlkStatus mlk_kmeans_line(MlkPool *pool, const double *x, int64_t n, int k, double *center, double *room);

#endif							/* MLK_KMEANS_LINE_H */
