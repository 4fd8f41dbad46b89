/*
 * tree_check.c: what must hold of an ensemble before anything walks it, and statistics over its splits.
 */
#include "kernels/tree.h"

static bool
valid_split(const MlkEnsemble *e, const MlkNode *node)
{
	uint32_t	feature = mlk_node_feature(e, node);

	if (node->slot > mlk_slot_category(e, e->n_features - 1, true))
		return false;
	if (!mlk_node_is_category(e, node))
		return e->codes[feature] == 0 && !isnan(node->test.threshold);
	return e->codes[feature] > 0 &&
		node->test.set.first <= e->n_set_words &&
		node->test.set.words <= e->n_set_words - node->test.set.first;
}

static bool
valid_leaf(const MlkEnsemble *e, const MlkNode *node)
{
	const double *value;

	if (e->values_per_leaf == 1)
		return isfinite(node->test.value);
	/* the high half of the union must be zero too: with it, what scoring compares is a tiny number and never NaN */
	if (node->test.set.begin != 0 || node->test.set.words != 0 ||
		node->test.leaf >= e->n_values / e->values_per_leaf)
		return false;
	value = mlk_leaf_values(e, node);
	for (uint32_t k = 0; k < e->values_per_leaf; k++)
	{
		if (!isfinite(value[k]))
			return false;
	}
	return true;
}

/* children of a parent: weighed with rows of the parent, never more than it has */
static bool
valid_info(const MlkEnsemble *e, const MlkNode *node, uint32_t at)
{
	const MlkNodeInfo *info = &e->info[at];

	return isfinite(info->gain) && info->rows >= 1 &&
		(mlk_node_is_leaf(e, node) ||
		 (e->info[node->left].rows <= info->rows && e->info[node->left + 1].rows <= info->rows));
}

/*
 * Breadth-first, the children of the k-th split are nodes 2 k + 1 and 2 k + 2 of the tree: whatever satisfies that is a
 * tree.  A node's depth is its parent's and one more; so it is enough to know where each depth ends.
 */
static bool
valid_tree(MlkEnsemble *e, uint32_t tree)
{
	uint32_t	first = e->roots[tree];
	uint32_t	next_child = first + 1;
	uint32_t	level_end = first + 1;

	e->depth[tree] = 0;
	for (uint32_t at = first; at < e->roots[tree + 1]; at++)
	{
		const MlkNode *node = &e->nodes[at];

		if (at == level_end)
		{
			level_end = next_child;
			e->depth[tree]++;
		}
		if (mlk_node_is_leaf(e, node))
		{
			if (node->left != at || !valid_leaf(e, node))
				return false;
		}
		else
		{
			if (node->left != next_child || next_child <= at || e->roots[tree + 1] - next_child < 2 ||
				!valid_split(e, node))
				return false;
			e->categories |= mlk_node_is_category(e, node);
			next_child += 2;
		}
		if (!valid_info(e, node, at))
			return false;
	}
	return next_child == e->roots[tree + 1];
}

bool
mlk_ensemble_valid(MlkEnsemble *e)
{
	if (e->n_outputs < 1 || e->n_features > MLK_MAX_TREE_FEATURES ||
		(e->values_per_leaf != 1 && e->values_per_leaf != e->n_outputs) || !isfinite(e->scale))
		return false;
	for (uint32_t k = 0; k < e->n_outputs; k++)
	{
		if (!isfinite(e->base[k]))
			return false;
	}
	e->categories = false;
	if (e->roots[0] != 0 || e->roots[e->n_trees] != e->n_nodes)
		return false;
	for (uint32_t t = 0; t < e->n_trees; t++)
	{
		if (e->roots[t] >= e->roots[t + 1] || e->roots[t + 1] > e->n_nodes || !valid_tree(e, t))
			return false;
	}
	return true;
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
