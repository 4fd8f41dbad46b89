/*
 * tree.h: fitted trees: how they lie in memory, score rows and explain them.
 *
 * Trees see a native design: raw numbers (NaN = missing) and one code a category (MLK_BLOCK_CATEGORY; no code of the
 * feature = missing or never seen).  Feature numbers are design columns.  All trees of an ensemble share one array of nodes,
 * each tree breadth-first, so that the two children of a node lie side by side behind it and a walk ends whatever the bytes say.
 *
 * A node is 16 bytes and its test has no branch in it: the next node is left + (the test fails).  The two questions that would
 * need one are answered when the row is laid out.  A row has its numbers twice, once with missing as NaN, which
 * fails every test, and once with missing as -infinity, which passes every test; the node's slot says which of the two it
 * looks at.  A leaf looks at a slot that is always -infinity and has itself for a left child: it stays where it is.
 */
#ifndef MLK_TREE_H
#define MLK_TREE_H

#include "kernels/design.h"

typedef struct MlkNode
{
	union
	{
		double		threshold;	/* number: x <= threshold goes left */
		double		value;		/* leaf with one value */
		uint32_t	leaf;		/* leaf with several: its place in units of values_per_leaf */
		struct
		{
			uint32_t	first;	/* of its words in category_sets; codes in the set go left */
			uint16_t	begin;	/* the first word is for codes from 32 * begin */
			uint16_t	words;	/* codes outside of the words are not in the set */
		}			set;
	}			test;
	uint32_t	left;			/* index into nodes; the right child is the next one; a leaf: itself */
	uint32_t	slot;			/* see mlk_slot_* */
} MlkNode;

/* what explaining and showing need, apart from what scoring reads */
typedef struct MlkNodeInfo
{
	float		gain;			/* of the split, 0 for leaves */
	uint32_t	rows;			/* training rows, >= 1: the cover of explanations */
} MlkNodeInfo;

/* a split of a tree of at most 64 leaves: which leaves can still be reached once its test has failed (tree_flat.c) */
#define MLK_FLAT_LEAVES 64
typedef struct MlkFlatSplit
{
	double		threshold;
	uint64_t	keep;
	uint32_t	slot;
} MlkFlatSplit;

typedef struct MlkEnsemble
{
	uint32_t	n_features;
	uint32_t	n_outputs;		/* raw scores a row: 1, or the number of classes */
	uint32_t	n_trees;
	uint32_t	n_nodes;
	uint32_t	values_per_leaf;	/* 1: tree t adds to output t % n_outputs; n_outputs: a leaf has all of them */
	uint32_t	n_values;		/* n_leaves * values_per_leaf, 0 when values_per_leaf is 1 */
	uint32_t	n_set_words;
	uint32_t   *roots;			/* n_trees + 1: index of each root; the last one is n_nodes */
	uint32_t   *depth;			/* n_trees: edges to the deepest leaf; mlk_ensemble_valid fills it */
	MlkNode    *nodes;
	MlkNodeInfo *info;
	double	   *values;			/* values_per_leaf > 1 */
	uint32_t   *category_sets;
	uint32_t   *codes;			/* n_features: number of codes of a category, 0 for a number */
	bool		categories;		/* any node tests one */
	double	   *base;			/* n_outputs: what the sum starts from */
	double		scale;			/* the sum of trees is multiplied by it: 1 for boosting, 1 / n_trees for forests */

	/* for blocks of rows; NULL: not made */
	MlkFlatSplit *flat_splits;	/* (n_nodes - n_trees) / 2 */
	double	   *flat_values;	/* (n_nodes + n_trees) / 2: of the leaves of each tree from left to right */
} MlkEnsemble;

/*
 * Slots of a row of f features: f numbers with NaN, f numbers with -infinity, the leaves' -infinity, then f codes for
 * categories whose missing values go right and the same f codes for those that go left.
 */
#define MLK_MAX_TREE_FEATURES (1U << 29)

static inline uint32_t
mlk_slot_number(const MlkEnsemble *e, uint32_t feature, bool missing_left)
{
	return feature + (missing_left ? e->n_features : 0);
}

static inline uint32_t
mlk_slot_leaf(const MlkEnsemble *e)
{
	return 2 * e->n_features;
}

static inline uint32_t
mlk_slot_category(const MlkEnsemble *e, uint32_t feature, bool missing_left)
{
	return 2 * e->n_features + 1 + feature + (missing_left ? e->n_features : 0);
}

static inline bool
mlk_node_is_leaf(const MlkEnsemble *e, const MlkNode *node)
{
	return node->slot == mlk_slot_leaf(e);
}

static inline bool
mlk_node_is_category(const MlkEnsemble *e, const MlkNode *node)
{
	return node->slot > mlk_slot_leaf(e);
}

/* of a node that is no leaf */
static inline uint32_t
mlk_node_feature(const MlkEnsemble *e, const MlkNode *node)
{
	uint32_t	at = mlk_node_is_category(e, node) ? node->slot - 2 * e->n_features - 1 : node->slot;

	return at < e->n_features ? at : at - e->n_features;
}

static inline bool
mlk_node_missing_left(const MlkEnsemble *e, const MlkNode *node)
{
	uint32_t	at = mlk_node_is_category(e, node) ? node->slot - 2 * e->n_features - 1 : node->slot;

	return at >= e->n_features;
}

/* code is one of the feature's codes */
static inline bool
mlk_node_has_code(const MlkEnsemble *e, const MlkNode *node, uint32_t code)
{
	uint32_t	word = (code >> 5) - node->test.set.begin;

	return word < node->test.set.words &&
		(e->category_sets[node->test.set.first + word] >> (code & 31) & 1) != 0;
}

/* the values of a leaf: values_per_leaf of them */
static inline const double *
mlk_leaf_values(const MlkEnsemble *e, const MlkNode *node)
{
	return e->values_per_leaf == 1 ? &node->test.value
		: e->values + (size_t) node->test.leaf * e->values_per_leaf;
}

/* 0 or 1 as the tree adds to that output, and which of the leaf's values it is in *value */
static inline bool
mlk_tree_feeds(const MlkEnsemble *e, uint32_t tree, uint32_t output, uint32_t *value)
{
	*value = e->values_per_leaf == 1 ? 0 : output;
	return e->values_per_leaf != 1 || tree % e->n_outputs == output;
}

/*
 * raw[rows * n_outputs] := base + scale * sum of trees, rows [from, from + rows) of x; thread-safe, allocates nothing; a row's
 * score has the same bits in a block of any size
 */
extern void mlk_ensemble_score(const MlkEnsemble *e, const MlkDesign *x, int64_t from, int64_t rows, double *raw);

/* one step from a node that is no leaf, on the row as mlk_tree_row lays it out: what scoring does, for explanations */
typedef struct MlkTreeRow
{
	double	   *numbers;		/* 2 * n_features + 1 */
	uint32_t   *codes;			/* n_features; UINT32_MAX: missing or never seen */
} MlkTreeRow;
extern void mlk_tree_row(const MlkEnsemble *e, const MlkDesign *x, int64_t row, MlkTreeRow out);
extern uint32_t mlk_tree_step(const MlkEnsemble *e, const MlkNode *node, MlkTreeRow row);

/*
 * Exact path-dependent SHAP values (Lundberg, Erion, Lee 2018) of one row for one output, training rows as
 * cover: phi[n_features] and *expected add up to the raw score within rounding.  work: mlk_shap_work(e) bytes, aligned for doubles.
 */
extern size_t mlk_shap_work(const MlkEnsemble *e);
extern void mlk_shap_row(const MlkEnsemble *e, const MlkDesign *x, int64_t row, uint32_t output,
						 double *phi, double *expected, void *work);

/*
 * The check of structure after building or reading: places, order, set ranges, finite values.  Sets depth and categories; false when anything
 * is off.  Nothing else may be called before.
 */
extern bool mlk_ensemble_valid(MlkEnsemble *e);

/* Optional, after the check: where it is possible, the caller sets flat_splits and flat_values to memory that mlk_flatten fills */
extern bool mlk_flat_possible(const MlkEnsemble *e);
extern void mlk_flatten(MlkEnsemble *e);

/* gain / split count by feature, summed over nodes (not normalised); out[n_features] */
extern void mlk_ensemble_importance(const MlkEnsemble *e, bool by_gain, double *out);

#endif							/* MLK_TREE_H */
