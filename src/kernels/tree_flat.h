/*
 * tree_flat.h: a second form of ensembles of small trees of numbers, for blocks of rows (see tree_flat.c).
 */
#ifndef MLK_TREE_FLAT_H
#define MLK_TREE_FLAT_H

#include "kernels/tree.h"

/* rows that mlk_flat_score takes at most; 0: rows are too wide for it */
extern int64_t mlk_flat_rows(const MlkEnsemble *e);

/* raw[rows * n_outputs] += sums of trees, in their order; 1 <= rows <= mlk_flat_rows(e) */
extern void mlk_flat_score(const MlkEnsemble *e, const MlkDesign *x, int64_t from, int64_t rows, double *raw);

#endif							/* MLK_TREE_FLAT_H */
