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

	/* while it is built */
	MemoryContext context;
	const MlkBinned *binned;
	uint32		room_nodes;
	uint32		room_trees;
	uint32		room_values;
	uint32		room_words;
	uint32	   *order;			/* scratch of one tree: nodes breadth-first */
	uint32	   *leaf;			/* scratch of one tree: which leaf a node is, in the order it was grown */
	uint32		room_order;
};

/* an array of count items in the current context, at least one; a count that came from bytes was checked against them */
#define ml_tree_array(type, count) \
	((type *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(type) * Max((Size) (count), 1)))

/* after the check of the ensemble: its second form, where it has one; in the current context */
extern void ml_tree_flatten(MlkEnsemble *e);

/* words of 32 codes that n codes take */
static inline uint32
ml_tree_words(uint32 n)
{
	return n / 32 + (n % 32 != 0);
}

#endif							/* ML_TREE_INTERNAL_H */
