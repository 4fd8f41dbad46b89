/*
 * forest_internal.h: what the files of forest.h share.
 *
 * A node is a segment of its tree's entries.  To find its split, the entries are turned into a stream of what each row adds to a
 * cell, the stream is added into one cell a bin for each feature tried, and the cells are scanned in order.  Cells are all zero
 * between two uses, and only those that were touched are visited, so a node costs its rows and not the number of bins.
 */
#ifndef MLK_FOREST_INTERNAL_H
#define MLK_FOREST_INTERNAL_H

#include "kernels/forest.h"

/* what a cell counts */
typedef enum MlkCellKind
{
	MLK_CELL_BINARY,			/* two classes, no weights: rows, draws and positives in 21 bits each of a uint64_t */
	MLK_CELL_CLASSES,			/* weight of each class, then rows; doubles */
	MLK_CELL_REGRESSION			/* weight, weight * (y - mean of the node), rows; doubles */
} MlkCellKind;

#define MLK_PACK_BITS 21
#define MLK_PACK_MASK ((UINT64_C(1) << MLK_PACK_BITS) - 1)

typedef struct MlkEntry
{
	uint32_t	row;
	uint32_t	draws;			/* times the row was drawn; binary: 2 * draws + label */
} MlkEntry;

/* a node waiting for its split (depth first) */
typedef struct MlkForestItem
{
	uint32_t	first;
	uint32_t	rows;
	int32_t		parent;			/* -1: root */
	int32_t		depth;
	bool		right;
	uint64_t	packed;			/* binary: sum over its rows */
} MlkForestItem;

typedef struct MlkForestSplit
{
	int32_t		feature;		/* -1: none */
	int32_t		bin;
	bool		missing_left;
	double		gain;			/* fall of weight * impurity */
	uint32_t	n_left;
	uint64_t	packed_left;	/* binary: sum over the rows on the left */
} MlkForestSplit;

/* a leaf that has a split ready (best first) */
typedef struct MlkForestCandidate
{
	MlkForestSplit split;
	int32_t		node;
	int32_t		depth;
	uint64_t	packed;			/* binary: sum over its rows */
} MlkForestCandidate;

/* one tree in the making */
typedef struct MlkForestSlot
{
	int64_t		tree;
	bool		idle;			/* nothing to do: no tree yet, or finished */
	bool		started;
	MlkRng		rng;
	MlkEntry   *entries;
	int64_t		n_entries;
	double		weight;			/* of all entries */
	uint64_t	packed;			/* binary: sum over all entries */
	MlkGrownNode *nodes;
	int32_t		n_nodes;
	int32_t    *features;		/* a permutation, shuffled on */
	MlkForestItem *stack;
	MlkForestCandidate *heap;
	int64_t		n_pending;		/* of stack or heap */
	int64_t		n_leaves;
} MlkForestSlot;

/* the best split of a node so far */
typedef struct MlkForestBest
{
	double		score;
	int32_t		feature;		/* -1: none */
	int32_t		bin;
	int32_t		next;			/* number: first bin in use right of the split, -1: none */
	bool		had_missing;	/* some rows of the node had no value of it */
	bool		missing_left;
	int32_t		n_codes;		/* category: how many of best_codes go left */
	uint64_t	packed_left;	/* binary: sum over the rows on the left */
} MlkForestBest;

/* binary: the cuts of one number between the bins that are in use, and what is left of each */
#define MLK_FOREST_CUTS 256
typedef struct MlkForestCuts
{
	double		draws[MLK_FOREST_CUTS];
	double		positives[MLK_FOREST_CUTS];
	double		score[MLK_FOREST_CUTS];
	uint64_t	left[MLK_FOREST_CUTS];
	uint8_t		bin[MLK_FOREST_CUTS];
} MlkForestCuts;

/* what a thread works with */
typedef struct MlkForestScratch
{
	uint64_t   *packed;			/* binary: what each row of the node adds; the others use weight and these: */
	double	   *weight;
	double	   *moment;			/* regression */
	uint32_t   *label;			/* classes */
	MlkEntry   *spare;
	union
	{
		uint64_t   *packed;
		double	   *sums;
	}			cells;
	uint32_t   *order;			/* bins in use, in the order of the scan */
	double	   *key;
	uint32_t   *best_codes;
	uint8_t    *side;			/* by bin: 1 goes left */
	uint64_t	packed_total;
	double	   *total;			/* [stride] of the node */
	double	   *left;
	double	   *missing;
	double	   *trial;
	double	   *direction;		/* [2 * n_classes] */
	MlkForestCuts *cuts;		/* binary */
} MlkForestScratch;

struct MlkForest
{
	MlkForestData data;
	MlkForestOptions options;
	MlkCellKind kind;
	int32_t		stride;			/* doubles a cell */
	int32_t		max_slots;		/* bins of the widest feature, the missing one included */
	int64_t		draws;
	int			n_slots;
	int			n_threads;
	MlkPool    *pool;
	MlkForestSlot *slots;
	MlkForestScratch *scratch;
};

/* forest_split.c: the split of a node whose stream is ready (binary: not needed before); false: none.  best_codes say which categories go left */
extern bool mlk_forest_find(const MlkForest *f, MlkForestScratch *s, MlkForestSlot *slot, const MlkEntry *entries,
							int64_t n, MlkForestBest *best, double *gain);

/* forest.c: what each of a node's rows adds to a cell; binary */
extern void mlk_forest_stream_packed(MlkForestScratch *s, const MlkEntry *entries, int64_t n);

/* forest_packed.c: numbers by Gini where cells are binary; s->packed_total is that of the node */
typedef enum MlkForestTried
{
	MLK_TRIED_NOT,				/* there are missing values: nothing was done */
	MLK_TRIED_SAME,				/* the feature does not vary in this node */
	MLK_TRIED_VARIES
} MlkForestTried;

/* nodes of so many rows and fewer, once for all features, and without a stream */
#define MLK_FOREST_TINY 16
typedef struct MlkForestTiny
{
	int32_t		draws[MLK_FOREST_TINY];
	int32_t		positives[MLK_FOREST_TINY];
} MlkForestTiny;
extern void mlk_forest_tiny_rows(const MlkEntry *entries, int n, MlkForestTiny *rows);
extern MlkForestTried mlk_forest_try_tiny(const MlkForest *f, const MlkForestScratch *s, const MlkForestTiny *rows,
										  const MlkEntry *entries, int n, int feature, MlkForestBest *best);

/* the others, whose stream is ready */
extern MlkForestTried mlk_forest_try_packed(const MlkForest *f, MlkForestScratch *s, const MlkEntry *entries, int64_t n,
											int feature, MlkForestBest *best);

/* forest_order.c: s->order[n] of a category by the mean of its rows, or along the first principal direction of its class shares */
extern void mlk_forest_order_categories(const MlkForest *f, MlkForestScratch *s, int n);

/*
 * What one degree of freedom adds to the score of a node of n_rows when there is nothing to learn: its weighted mean of weight
 * times squared distance from the mean (a row that was drawn twice is as noisy as that).  Entropy counts bits, half a square over ln 2.
 */
extern double mlk_forest_noise(const MlkForest *f, const MlkForestScratch *s, int64_t n_rows);

#endif							/* MLK_FOREST_INTERNAL_H */
