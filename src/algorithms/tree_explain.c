/*
 * tree_explain.c: what tree ensembles have learned: importances, contributions, the trees themselves.
 */
#include "algorithms/tree_internal.h"

#include "utils/memutils.h"

/* one row's explanation needs the deepest path at once; only the bytes of a model could want more */
#define LARGEST_WORK ((Size) 1 << 30)

void
ml_tree_importance(const void *state, bool by_gain, double *out)
{
	const MlTreeState *s = state;

	ml_tree_need_info(s);
	mlk_ensemble_importance(&s->e, by_gain, out);
}

/* output that speaks for the class; two classes: of the positive one */
static uint32
output_of(const MlTreeState *s, int class_index)
{
	if (s->e.n_outputs == 2)
		return 1;
	return s->e.n_outputs == 1 ? 0 : class_index;
}

void
ml_tree_explain(const void *state, const MlkDesign *x, int64 row, int class_index, double *out, double *base)
{
	const MlTreeState *s = state;
	Size		size = mlk_shap_work(&s->e);
	void	   *work;

	ml_tree_need_info(s);
	if (size > LARGEST_WORK)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the trees are too deep to be explained"),
				 errdetail("It would take %zu MB.", size >> 20)));
	work = MemoryContextAllocHuge(CurrentMemoryContext, size);
	mlk_shap_row(&s->e, x, row, output_of(s, class_index), out, base, work);
	pfree(work);
}

/* codes of a node's set, palloc'd */
static const uint32 *
set_codes(const MlkEnsemble *e, const MlkNode *node, int *n)
{
	const MlkNodeSet *set = mlk_node_set(e, node);
	uint32		feature = mlk_node_feature(e, node);
	uint32		from = (uint32) set->begin * 32;
	uint32		to = Min(e->codes[feature], from + (uint32) set->words * 32);
	uint32	   *codes = ml_tree_array(uint32, to > from ? to - from : 0);

	*n = 0;
	for (uint32 code = from; code < to; code++)
	{
		if (mlk_set_has(e, set, code))
			codes[(*n)++] = code;
	}
	return codes;
}

/* what a leaf says, before the ensemble scales it, and of which class */
static void
describe_leaf(const MlTreeState *s, uint32 tree, const MlkNode *node, MlTreeNode *out)
{
	const MlkEnsemble *e = &s->e;
	const double *value = mlk_leaf_values(e, node);
	uint32		k = 0;

	if (e->values_per_leaf == 1)
	{
		out->value = value[0];
		out->class_index = e->n_outputs == 1 ? -1 : (int) (tree % e->n_outputs);
		return;
	}
	for (uint32 i = 1; i < e->values_per_leaf; i++)
		k = value[i] > value[k] ? i : k;
	out->value = value[k];
	out->class_index = (int) k;
}

static void
describe_node(const MlTreeState *s, uint32 tree, uint32 at, MlTreeNode *out)
{
	const MlkEnsemble *e = &s->e;
	const MlkNode *node = &e->nodes[at];
	uint32		first = e->roots[tree];

	out->gain = e->info[at].gain;
	out->rows = e->info[at].rows;
	out->leaf = mlk_node_is_leaf(e, node);
	out->threshold = out->value = NAN;
	out->left = out->right = out->column = out->class_index = -1;
	if (out->leaf)
	{
		describe_leaf(s, tree, node, out);
		return;
	}
	out->column = (int) mlk_node_feature(e, node);
	out->category = mlk_node_is_category(e, node);
	out->missing_left = mlk_node_missing_left(e, node);
	out->left = (int) (node->left - first);
	out->right = out->left + 1;
	if (out->category)
		out->codes = set_codes(e, node, &out->n_codes);
	else
		out->threshold = mlk_node_threshold(e, node);
}

MlTreeNode *
ml_tree_nodes(const void *state, int tree, int *n, int *n_trees)
{
	const MlTreeState *s = state;
	const MlkEnsemble *e = &s->e;
	MlTreeNode *nodes;

	*n = 0;
	*n_trees = (int) e->n_trees;
	if (tree < 0 || tree >= *n_trees)
		return NULL;
	*n = (int) (e->roots[tree + 1] - e->roots[tree]);
	ml_tree_need_info(s);
	nodes = ml_tree_array(MlTreeNode, *n);
	memset(nodes, 0, sizeof(MlTreeNode) * *n);
	nodes[0].parent = -1;
	for (int i = 0; i < *n; i++)
	{
		nodes[i].node = i;
		describe_node(s, tree, e->roots[tree] + i, &nodes[i]);
		for (int child = nodes[i].left; child >= 0 && child <= nodes[i].right; child++)
		{
			nodes[child].parent = i;
			nodes[child].depth = nodes[i].depth + 1;
		}
	}
	return nodes;
}
