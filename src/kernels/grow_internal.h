/*
 * grow_internal.h: what the files of the grower share: grow_memory.c (arrays), grow.c (the order of things), rounding.c (gradients to
 * whole numbers), histogram.c (sums by bin), split.c (the best cut of a node), partition.c (rows to children), leaves.c (rows of leaves to
 * sums and scores).
 *
 * Gradients are sums of whole numbers: each is rounded once a tree, at random but by a hash of the row, so that its
 * expectation is right.  Whole numbers add up to the same in any order, which makes threads free to share the work as it comes and
 * the larger child exactly the parent less the smaller.  Two widths:
 *
 * - coarse: 12 bits and a sign.  Gradient, hessian and row count of a bin are three fields of one 64-bit word, so a
 *   row costs one addition a feature.  A block of MLK_HIST_ROWS rows cannot overflow them; then they move to wide sums.
 * - fine: 30 bits and a sign, three additions, for few rows and for gradients of very different size.
 *
 * Values of leaves never come from these sums, but from the gradients themselves.
 */
#ifndef MLK_GROW_INTERNAL_H
#define MLK_GROW_INTERNAL_H

#include "kernels/grow.h"

#define MLK_HIST_ROWS 8176		/* rows of a block; below 2^13 */
#define MLK_HIST_COUNT_BITS 13
#define MLK_HIST_FIELD_BITS 25	/* 8176 * 4095 < 2^25 */
#define MLK_HIST_COARSE 4095.0
#define MLK_HIST_FINE 1073741823.0
#define MLK_HIST_GROUP 20		/* most byte-wide features of a pass over the rows */
#define MLK_HIST_STRIDE 256		/* words of a feature in a group's histogram */
#define MLK_ROUND_ROWS 32768	/* rows of a block when gradients are rounded */
#define MLK_CUT_SLOTS 3			/* histograms that a cut needs: a node's and its children's */
#define MLK_PART_ROWS 16384		/* rows of a block when the rows of a node are parted */

/* sums by bin, one plane a kind; all features one after the other */
typedef struct MlkHistogram
{
	int64_t    *gradient;
	int64_t    *hessian;
	uint32_t   *rows;
} MlkHistogram;

/* the best way to cut a node; gain <= 0: none */
typedef struct MlkSplit
{
	double		gain;
	int32_t		feature;
	int32_t		bin;			/* number: last bin on the left; category: how many of the ordered bins go left */
	bool		missing_left;
	double		left_value;		/* where monotone constraints need them */
	double		right_value;
} MlkSplit;

/* a node while it may still be split */
typedef struct MlkOpenNode
{
	int32_t		slot;			/* of its histogram, -1: none */
	int32_t		depth;
	int64_t		gradient;		/* rounded sums */
	int64_t		hessian;
	MlkSplit	split;
} MlkOpenNode;

/* scratch of one thread */
typedef struct MlkGrowWorker
{
	MlkHistogram sums;			/* of the blocks it did; the first worker uses the node's own */
	bool		used;
	uint64_t   *group;			/* [GROUP * STRIDE], zero between blocks */
	uint64_t   *packed;			/* [HIST_ROWS] coarse, for wide features; fine: gradient and hessian, 32 bits each */
	uint32_t   *right;			/* [PART_ROWS] of the block that is parted */
	double	   *key;			/* [most bins of a category] */
	uint32_t   *order;
	uint32_t   *order_scratch;
} MlkGrowWorker;

struct MlkGrower
{
	const MlkBinned *data;
	MlkGrowOptions options;
	MlkPool    *pool;
	int			threads;

	/* features: where each one's bins begin in a histogram; byte-wide ones are kept row by row */
	int64_t    *offset;			/* n_features + 1 */
	int32_t    *narrow;			/* features in a row's bytes, in order */
	int32_t    *wide;
	int32_t		n_narrow;
	int32_t		n_wide;
	int64_t		total_bins;
	uint8_t    *row_bins;		/* rows * n_narrow, and 8 bytes to read over */

	/* this tree's gradients, rounded: coarse one word a row (hessian << 16 | gradient as int16), fine two */
	int32_t    *rounded;
	bool		fine;
	bool		all_rows;		/* the root is every row in order */
	double		gradient_unit;
	double		hessian_unit;
	double		noise;			/* sum of squared gradients / sum of hessians: variance of a gradient per unit of hessian */
	const float *gradient;
	const float *hessian;

	uint32_t   *row_index;
	uint32_t   *row_scratch;
	int64_t		n_rows;

	MlkHistogram *slots;
	int32_t    *free_slots;
	int32_t		n_slots;
	int32_t		n_free;

	MlkGrownNode *nodes;
	MlkOpenNode *open;
	int32_t    *heap;
	uint8_t    *groups;			/* [max_nodes * n_groups] interaction groups still possible */
	uint32_t   *sets;
	int64_t		n_set_words;
	int64_t		max_set_words;
	int64_t		set_room;		/* words of the widest category */
	int32_t		n_nodes;
	int32_t		n_heap;
	int32_t		max_leaves;

	MlkSplit   *found;			/* [n_features] of the node at hand */
	uint8_t    *allowed;		/* [n_features] */
	int32_t    *leaves;			/* [n_leaves] nodes */
	int32_t		n_leaves;
	int64_t		row_block;		/* rows of a block when leaves are summed or added */
	int64_t		n_row_blocks;
	uint32_t   *leaf_from;		/* [n_row_blocks + 1][n_leaves]: where in row_index the block's rows of the leaf begin */
	double	   *leaf_sums;		/* [n_row_blocks][n_leaves][2]: gradient, hessian */
	uint32_t   *block_left;		/* [blocks of the partition] */
	double	   *statistics;		/* [blocks of the rounding][4]: sums and largest, of |gradient| and hessian */
	MlkGrowWorker *workers;
};

/* rounding.c */
extern MlkStatus mlk_grow_round(MlkGrower *g, uint64_t seed);

/* histogram.c */
extern MlkStatus mlk_grow_histogram(MlkGrower *g, const MlkGrownNode *node, bool root, MlkHistogram *out);
extern void mlk_grow_subtract(MlkHistogram *parent, const MlkHistogram *child, int64_t bins);

/* split.c: fills open->split of node */
extern MlkStatus mlk_grow_find_split(MlkGrower *g, int32_t node, MlkRng *rng);
/* writes the set of a category split; bins that no row of the node has go the way of missing values */
extern void mlk_grow_write_set(MlkGrower *g, int32_t node);

/* partition.c; set: of the node where the feature is a category */
extern MlkStatus mlk_grow_partition(MlkGrower *g, const MlkGrownNode *node, int64_t *left);
extern bool mlk_grow_goes_left(const MlkGrownNode *node, const MlkBinFeature *feature, const uint32_t *set, int32_t bin);

/* leaves.c */
extern MlkStatus mlk_grow_sum_leaves(MlkGrower *g);

#endif							/* MLK_GROW_INTERNAL_H */
