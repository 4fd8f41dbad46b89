/*
 * forest.h: classification and regression trees on binned data, many at a time, one tree a thread.
 *
 * A forest has slots; each grows one tree after another, a bounded piece of work a call, so that between two calls the caller can
 * show progress, stop, and take finished trees.  A tree depends on the data, the options and its number alone: neither the number
 * of threads nor of slots changes it.
 */
#ifndef MLK_FOREST_H
#define MLK_FOREST_H

#include "kernels/bins.h"
#include "kernels/grow.h"

typedef enum MlkCriterion
{
	MLK_CRITERION_GINI,
	MLK_CRITERION_ENTROPY,		/* in bits; log_loss is the same order of splits */
	MLK_CRITERION_SQUARED
} MlkCriterion;

typedef struct MlkForestData
{
	const MlkBinned *x;
	const int32_t *label;		/* classification: in [0, n_classes); NULL: regression */
	int32_t		n_classes;
	const double *y;			/* regression */
	const double *weight;		/* by row, >= 0; NULL: all one */
	const uint32_t *used;		/* the rows of weight > 0, ascending; NULL: all */
	int64_t		n_used;
} MlkForestData;

typedef struct MlkForestOptions
{
	MlkCriterion criterion;
	int32_t		max_depth;		/* 0: no limit */
	int32_t		max_leaf_nodes; /* 0: no limit; else the best split of the whole tree comes first */
	int64_t		min_samples_split;
	int64_t		min_samples_leaf;	/* different rows */
	int32_t		max_features;	/* drawn for each split, 1 .. n_features; more until one of them varies */
	double		min_impurity_decrease;	/* share of the tree's weight times the fall of impurity */
	bool		random_splits;	/* one random threshold or set a feature */
	double		cat_penalty;	/* how much of what many categories gain by chance is taken from their scores; 0: nothing */
	int64_t		draws;			/* bootstrap sample with replacement; 0: every row once */
	uint64_t	seed;
} MlkForestOptions;

typedef struct MlkForest MlkForest;

/* bytes that a forest of so many slots needs, and the largest number of leaves that a tree can have */
extern double mlk_forest_size(const MlkForestData *data, const MlkForestOptions *options, int slots, int threads);
extern int64_t mlk_forest_max_leaves(const MlkForestData *data, const MlkForestOptions *options);

/* in memory of that size; data's and options' arrays must outlive it */
extern MlkForest *mlk_forest_init(void *memory, const MlkForestData *data, const MlkForestOptions *options,
								  int slots, MlkPool *pool);

/* have an idle slot grow tree number tree */
extern void mlk_forest_begin(MlkForest *f, int slot, int64_t tree);

/* go on in every slot for a fraction of a second at most; MLK_CANCELLED when the pool's stop says so */
extern MlkStatus mlk_forest_advance(MlkForest *f);
extern bool mlk_forest_done(const MlkForest *f, int slot);

/*
 * A finished tree, until the slot's next begin: nodes in which parents come before children, gain = share of the tree's weight
 * times the fall of impurity, sum_hessian = weight, rows = different rows.
 */
extern int	mlk_forest_nodes(const MlkForest *f, int slot, const MlkGrownNode **nodes);

/* minimal cost-complexity pruning: the smallest subtree of least risk + alpha * leaves; work: mlk_forest_prune_work() bytes */
extern size_t mlk_forest_prune_work(const MlkForest *f, int slot);
extern void mlk_forest_prune(MlkForest *f, int slot, double alpha, void *work);

/* class shares or means of the leaves, in the order of nodes: out[leaves * max(n_classes, 1)] */
extern void mlk_forest_leaf_values(const MlkForest *f, int slot, double *out);

/*
 * The sets of the splits by category, as MlkGrownNode wants them: mlk_forest_set_words() words; fills in node->set.  Categories
 * that did not occur at a node go where missing values go.
 */
extern int64_t mlk_forest_set_words(const MlkForest *f, int slot);
extern void mlk_forest_sets(MlkForest *f, int slot, uint32_t *sets);

/* a bit for each row of the data that the tree has seen: bag[(rows + 63) / 64] */
extern void mlk_forest_bag(const MlkForest *f, int slot, uint64_t *bag);

/*
 * For each row that the tree has not seen: sums[row * (outputs + 1)] += the values of its leaf and, last, 1; outputs is
 * max(n_classes, 1).  leaf[node] numbers the leaves in the order of values.
 */
extern MlkStatus mlk_forest_score_unseen(MlkForest *f, int slot, const uint32_t *sets, const int32_t *leaf,
										 const double *values, const uint64_t *bag, double *sums);

/* which of nodes row falls into, by its bins */
extern int	mlk_forest_walk(const MlkBinned *x, const MlkGrownNode *nodes, const uint32_t *sets, int64_t row);

#endif							/* MLK_FOREST_H */
