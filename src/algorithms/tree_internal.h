/*
 * tree_internal.h: the inside of MlTreeState, shared by building, bytes and explaining.
 */
#ifndef ML_TREE_INTERNAL_H
#define ML_TREE_INTERNAL_H

#include "algorithms/tree_state.h"

struct MlTreeState
{
	MlTreeLink	link;
	MlTask		task;			/* known once read; a state in training answers as its link says */
	MlkEnsemble e;

	MemoryContext context;

	/* what was read of rows and gains, until ml_tree_need_info makes e.info of it; scoring does without */
	const uint8 *leaf_rows;		/* of each leaf, in width_rows bytes */
	const uint8 *gain;			/* of each split, bits of a float */
	int			width_rows;

	/* while it is built */
	const MlkBinned *binned;
	uint32	   *first_bin;		/* n_features: where the ranks of a number's bins begin, from the one below all numbers on */
	uint16	   *bin_rank;		/* place of each bin's upper edge among the thresholds */
	uint32		room_nodes;
	uint32		room_trees;
	uint32		room_values;
	uint32		room_sets;
	uint32		room_words;
	uint32	   *order;			/* scratch of one tree: nodes breadth-first */
	uint32	   *leaf;			/* scratch of one tree: which leaf a node is, in the order it was grown */
	uint32		room_order;
};

/* an array of count items in the current context, at least one; a count that came from bytes was checked against them */
#define ml_tree_array(type, count) \
	((type *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(type) * Max((Size) (count), 1)))

/* how many nodes are of each sort */
typedef struct MlTreeSorts
{
	uint32		leaves;
	uint32		numbers;
	uint32		categories;
} MlTreeSorts;

/* rows and gain of all nodes (e.info), made when they are first asked for; main thread only */
extern void ml_tree_need_info(const MlTreeState *state);

/* after the last tree: thresholds that are not used go, leaves share values, and nodes get their ranks */
extern void ml_tree_close_up(MlkEnsemble *e);

/* after the check of the ensemble: its second form, where it has one; in the current context */
extern void ml_tree_flatten(MlkEnsemble *e);

/* words of 32 codes that n codes take */
static inline uint32
ml_tree_words(uint32 n)
{
	return n / 32 + (n % 32 != 0);
}

#endif							/* ML_TREE_INTERNAL_H */
