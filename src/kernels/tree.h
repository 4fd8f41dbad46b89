/*
 * tree.h: fitted trees: how they lie in memory, score rows and explain them.
 *
 * Trees see a native design: raw numbers (NaN = missing) and one code a category (MLK_BLOCK_CATEGORY; no code of the
 * feature = missing or never seen).  Feature numbers are design columns.  All trees of an ensemble share one array of nodes,
 * each tree breadth-first, so that the two children of a node lie side by side behind it and a walk ends whatever the bytes say.
 *
 * A node is 8 bytes and its test has no branch in it.  The thresholds of a feature are kept once, ascending, and a node holds the
 * place of its own; of a row, it is found once for each number how many thresholds of its feature lie below it.  Then x <= threshold
 * is a comparison of two ranks, and the next node is left + (the test fails).  The two questions that would need a branch are
 * answered when the row is laid out.  It has its ranks twice, once with missing as the largest, which fails every test, and once
 * with missing as 0, which passes every test; the node's slot says which of the two it looks at.  A leaf looks at a slot that is
 * always 0 and has itself for a left child: it stays where it is.
 */
#ifndef MLK_TREE_H
#define MLK_TREE_H

#include "kernels/design.h"

typedef struct MlkNode
{
	uint32_t	left;			/* index into nodes; the right child is the next one; a leaf: itself */
	uint16_t	slot;			/* see mlk_slot_* */

	/*
	 * Number: its threshold, counted from the feature's first one; x <= threshold goes left.  Category: its set, leaf: its values,
	 * counted from the first ones of the node's page.
	 */
	uint16_t	rank;
} MlkNode;

/* nodes are counted in pages, so that 16 bits are enough for what belongs to one of them */
#define MLK_PAGE_BITS 15
#define MLK_PAGE_NODES (1U << MLK_PAGE_BITS)

/* categories that go left at a split */
typedef struct MlkNodeSet
{
	uint32_t	first;			/* of its words in category_sets */
	uint16_t	begin;			/* the first word is for codes from 32 * begin */
	uint16_t	words;			/* codes outside of the words are not in the set */
} MlkNodeSet;

/* thresholds of a feature at most: a number's rank is their number at most, and one more rank stands for a missing value */
#define MLK_MAX_THRESHOLDS 65534
#define MLK_RANK_MISSING UINT16_MAX

/* codes of a category at most: so that none of them is MLK_RANK_MISSING */
#define MLK_MAX_TREE_CODES 65535

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
	uint32_t	n_values;		/* of leaves: a multiple of values_per_leaf */
	uint32_t	n_sets;
	uint32_t	n_set_words;
	uint32_t   *roots;			/* n_trees + 1: index of each root; the last one is n_nodes */
	uint32_t   *depth;			/* n_trees: edges to the deepest leaf; mlk_ensemble_valid fills it */
	MlkNode    *nodes;
	MlkNodeInfo *info;			/* NULL: not made yet; scoring does without */
	double	   *thresholds;		/* of all features, one after the other; ascending and different in each */
	uint32_t   *first_threshold;	/* n_features + 1: where each feature's begin; a category has none */
	double	   *values;
	uint32_t   *values_page;	/* mlk_pages(n_nodes): values of a leaf = this + rank, in units of values_per_leaf */
	MlkNodeSet *sets;
	uint32_t   *sets_page;		/* mlk_pages(n_nodes): set of a split = this + rank; NULL: there are no sets */
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
 * Slots of f features: f ranks with missing as the largest, f ranks with missing as 0, the leaves' 0; then f for
 * categories whose missing values go right and f for those that go left, which both look at the first f.
 */
#define MLK_MAX_TREE_FEATURES 16383

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

static inline uint32_t
mlk_pages(uint32_t n_nodes)
{
	return n_nodes / MLK_PAGE_NODES + 1;
}

/* of a split of a number */
static inline double
mlk_node_threshold(const MlkEnsemble *e, const MlkNode *node)
{
	return e->thresholds[e->first_threshold[mlk_node_feature(e, node)] + node->rank];
}

/* of a split of a category */
static inline const MlkNodeSet *
mlk_node_set(const MlkEnsemble *e, const MlkNode *node)
{
	return &e->sets[e->sets_page[(node - e->nodes) >> MLK_PAGE_BITS] + node->rank];
}

/* code is one of the feature's codes */
static inline bool
mlk_set_has(const MlkEnsemble *e, const MlkNodeSet *set, uint32_t code)
{
	uint32_t	word = (code >> 5) - set->begin;

	return word < set->words && (e->category_sets[set->first + word] >> (code & 31) & 1) != 0;
}

/* where the values of a leaf are, in units of values_per_leaf */
static inline uint32_t
mlk_leaf_place(const MlkEnsemble *e, uint32_t at)
{
	return e->values_page[at >> MLK_PAGE_BITS] + e->nodes[at].rank;
}

/* the values of a leaf: values_per_leaf of them */
static inline const double *
mlk_leaf_values(const MlkEnsemble *e, const MlkNode *node)
{
	return e->values + (size_t) mlk_leaf_place(e, (uint32_t) (node - e->nodes)) * e->values_per_leaf;
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

/* ranks and codes of a row, as its slots are numbered; a category's code is in both of its feature's places */
#define MLK_ROW_SLOTS(n_features) (2 * (size_t) (n_features) + 1)

/* out[MLK_ROW_SLOTS]; then one step from a node that is no leaf: what scoring does, for explanations */
extern void mlk_tree_row(const MlkEnsemble *e, const MlkDesign *x, int64_t row, uint16_t *out);
extern uint32_t mlk_tree_step(const MlkEnsemble *e, const MlkNode *node, const uint16_t *row);

/*
 * Exact path-dependent SHAP values (Lundberg, Erion, Lee 2018) of one row for one output, training rows as
 * cover (info must be there): phi[n_features] and *expected add up to the raw score within rounding.  work: mlk_shap_work(e) bytes, aligned for doubles.
 */
extern size_t mlk_shap_work(const MlkEnsemble *e);
extern void mlk_shap_row(const MlkEnsemble *e, const MlkDesign *x, int64_t row, uint32_t output,
						 double *phi, double *expected, void *work);

/*
 * The check of structure after building or reading: places, order, set ranges, finite values.  Sets depth and categories; false when anything
 * is off.  Nothing else may be called before.
 */
extern bool mlk_ensemble_valid(MlkEnsemble *e);

/* its parts, for who makes tree after tree and has each in the cache still: all but the nodes and info, then each tree */
extern bool mlk_ensemble_valid_head(MlkEnsemble *e);
extern bool mlk_ensemble_valid_tree(MlkEnsemble *e, uint32_t tree);

/* Optional, after the check: where it is possible, the caller sets flat_splits and flat_values to memory that mlk_flatten fills */
extern bool mlk_flat_possible(const MlkEnsemble *e);
extern void mlk_flatten(MlkEnsemble *e);

/* gain (info must be there) / split count by feature, summed over nodes (not normalised); out[n_features] */
extern void mlk_ensemble_importance(const MlkEnsemble *e, bool by_gain, double *out);

#endif							/* MLK_TREE_H */
