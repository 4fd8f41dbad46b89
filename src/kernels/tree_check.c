/*
 * tree_check.c: what must hold of an ensemble before anything walks it, and statistics over its splits.
 */
#include "kernels/tree.h"

/* thresholds of each feature ascend, so that ranks compare as numbers do; categories have none, and codes that fit their places */
static bool
valid_features(const MlkEnsemble *e)
{
	bool		valid = e->first_threshold[0] == 0;

	for (uint32_t f = 0; f < e->n_features && valid; f++)
	{
		uint32_t	first = e->first_threshold[f];
		uint32_t	end = e->first_threshold[f + 1];

		valid = first <= end && end - first <= MLK_MAX_THRESHOLDS && e->codes[f] <= MLK_MAX_TREE_CODES &&
			(e->codes[f] == 0 || first == end);
		for (uint32_t i = first; i < end && valid; i++)
			valid = i == first ? !isnan(e->thresholds[i]) : e->thresholds[i - 1] < e->thresholds[i];
	}
	return valid;
}

static bool
valid_sets(const MlkEnsemble *e)
{
	for (uint32_t i = 0; i < e->n_sets; i++)
	{
		if (e->sets[i].first > e->n_set_words || e->sets[i].words > e->n_set_words - e->sets[i].first)
			return false;
	}
	return true;
}

static bool
valid_values(const MlkEnsemble *e)
{
	for (uint32_t i = 0; i < e->n_values; i++)
	{
		if (!isfinite(e->values[i]))
			return false;
	}
	return e->n_values % e->values_per_leaf == 0;
}

static bool
valid_category(const MlkEnsemble *e, uint32_t at)
{
	const MlkNode *node = &e->nodes[at];

	return node->slot <= mlk_slot_category(e, e->n_features - 1, true) && e->codes[mlk_node_feature(e, node)] > 0 &&
		e->n_sets > 0 && (uint64_t) e->sets_page[at >> MLK_PAGE_BITS] + node->rank < e->n_sets;
}

/* children of a parent: weighed with rows of the parent, never more than it has */
static bool
valid_info(const MlkEnsemble *e)
{
	uint32_t	wrong = 0;

	for (uint32_t at = 0; at < e->n_nodes; at++)
	{
		const MlkNode *node = &e->nodes[at];
		uint32_t	right = node->left + !mlk_node_is_leaf(e, node);
		uint32_t	rows = e->info[at].rows;

		wrong |= !isfinite(e->info[at].gain) | (rows < 1) | (e->info[node->left].rows > rows) | (e->info[right].rows > rows);
	}
	return wrong == 0;
}

/* what the rank of a node has to be below, by its slot: for numbers always the same, for leaves by page */
typedef struct Limits
{
	uint32_t	rank[MLK_ROW_SLOTS(MLK_MAX_TREE_FEATURES)];
} Limits;

static void
limit_numbers(const MlkEnsemble *e, Limits *limits)
{
	for (uint32_t f = 0; f < e->n_features; f++)
		limits->rank[f] = limits->rank[f + e->n_features] = e->first_threshold[f + 1] - e->first_threshold[f];
}

static void
limit_leaves(const MlkEnsemble *e, uint32_t at, Limits *limits)
{
	uint32_t	n = e->n_values / e->values_per_leaf;
	uint32_t	first = e->values_page[at >> MLK_PAGE_BITS];

	limits->rank[mlk_slot_leaf(e)] = first < n ? n - first : 0;
}

/*
 * Breadth-first, the children of the k-th split are nodes 2 k + 1 and 2 k + 2 of the tree: whatever satisfies that is a
 * tree.  A node's depth is its parent's and one more; so it is enough to know where each depth ends.  Whether a node is a leaf is as
 * good as random, and models of millions of nodes pass through here: no branch depends on it.
 */
bool
mlk_ensemble_valid_tree(MlkEnsemble *e, uint32_t tree)
{
	const uint32_t leaf = mlk_slot_leaf(e);
	const uint32_t first = e->roots[tree];
	const uint32_t end = e->roots[tree + 1];
	uint64_t	next_child = (uint64_t) first + 1;
	uint64_t	level_end = next_child;
	uint32_t	depth = 0;
	uint64_t	wrong = 0;
	Limits		limits;

	if (first >= end || end > e->n_nodes)
		return false;
	limit_numbers(e, &limits);
	limit_leaves(e, first, &limits);
	for (uint32_t at = first; at < end; at++)
	{
		MlkNode		node = e->nodes[at];
		/* 1 when equal, in a form that compilers do not make a branch of */
		uint64_t	is_leaf = ((uint32_t) (node.slot ^ leaf) - 1) >> 31;

		if (at % MLK_PAGE_NODES == 0)
			limit_leaves(e, at, &limits);
		if (at == level_end)
		{
			level_end = next_child;
			depth++;
		}
		if (node.slot <= leaf)
			wrong |= node.rank >= limits.rank[node.slot];
		else
		{
			wrong |= !valid_category(e, at);
			e->categories = true;
		}
		/* a leaf is its own left child */
		wrong |= node.left ^ next_child ^ ((at ^ next_child) & -is_leaf);
		wrong |= next_child <= at;
		next_child += 2 - 2 * is_leaf;
	}
	e->depth[tree] = depth;
	return wrong == 0 && next_child == end;
}

bool
mlk_ensemble_valid_head(MlkEnsemble *e)
{
	if (e->n_outputs < 1 || e->n_features > MLK_MAX_TREE_FEATURES || e->values_per_leaf < 1 ||
		(e->values_per_leaf != 1 && e->values_per_leaf != e->n_outputs) || !isfinite(e->scale))
		return false;
	for (uint32_t k = 0; k < e->n_outputs; k++)
	{
		if (!isfinite(e->base[k]))
			return false;
	}
	e->categories = false;
	return valid_features(e) && valid_sets(e) && valid_values(e) && e->roots[0] == 0 && e->roots[e->n_trees] == e->n_nodes;
}

bool
mlk_ensemble_valid(MlkEnsemble *e)
{
	if (!mlk_ensemble_valid_head(e))
		return false;
	for (uint32_t t = 0; t < e->n_trees; t++)
	{
		if (!mlk_ensemble_valid_tree(e, t))
			return false;
	}
	return e->info == NULL || valid_info(e);
}

void
mlk_ensemble_importance(const MlkEnsemble *e, bool by_gain, double *out)
{
	for (uint32_t f = 0; f < e->n_features; f++)
		out[f] = 0.0;
	for (uint32_t i = 0; i < e->n_nodes; i++)
	{
		if (!mlk_node_is_leaf(e, &e->nodes[i]))
			out[mlk_node_feature(e, &e->nodes[i])] += by_gain ? e->info[i].gain : 1.0;
	}
}
