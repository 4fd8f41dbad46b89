/*
 * tree_state.c: building and scoring the state of tree algorithms (see tree_state.h).
 *
 * A tree arrives as it was grown, in bins and in the order of its splits.  It is kept in values and breadth-first, the order that
 * scoring and the format rely on.
 */
#include "algorithms/tree_internal.h"

#include <float.h>

#include "kernels/sigmoid.h"
#include "utils/memutils.h"

#define FIRST_ROOM 1024

/* of a state, in memory and in the catalog (which keeps models in chunks, so 1 GB of a value is not the reason, but what a backend loads) */
#define LARGEST_STATE (1024.0 * 1024.0 * 1024.0)

/* ---- price ---- */

double
ml_tree_state_price(double n_trees, double n_nodes, int values_per_leaf, double category_words)
{
	double		node = sizeof(MlkNode) + sizeof(MlkNodeInfo);
	double		leaves = (n_nodes + n_trees) / 2.0;

	return n_nodes * node + (values_per_leaf > 1 ? leaves * values_per_leaf * sizeof(double) : 0.0) +
		n_trees * 2.0 * sizeof(uint32) + category_words * sizeof(uint32);
}

void
ml_tree_state_check_price(double n_trees, double n_nodes, int values_per_leaf, double category_words, const char *hint)
{
	double		price = ml_tree_state_price(n_trees, n_nodes, values_per_leaf, category_words);

	if (price > LARGEST_STATE)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the model would take %.0f MB", price / (1024.0 * 1024.0)),
				 errdetail("%.0f trees with %.0f nodes in all; a model may take %.0f MB.",
						   n_trees, n_nodes, LARGEST_STATE / (1024.0 * 1024.0)),
				 errhint("%s", hint)));
}

/* ---- building ---- */

MlTreeState *
ml_tree_state_create(const MlkBinned *binned, int n_outputs, int values_per_leaf, MlTreeLink link)
{
	MlTreeState *state = palloc0(sizeof(MlTreeState));
	MlkEnsemble *e = &state->e;

	Assert(n_outputs >= 1 && (values_per_leaf == 1 || values_per_leaf == n_outputs));
	state->context = CurrentMemoryContext;
	state->link = link;
	state->task = link == ML_TREE_LOGISTIC || link == ML_TREE_SOFTMAX || (link == ML_TREE_AVERAGE && n_outputs > 1) ?
		ML_TASK_CLASSIFICATION : ML_TASK_REGRESSION;
	state->binned = binned;
	e->n_features = binned->n_features;
	e->n_outputs = n_outputs;
	e->values_per_leaf = values_per_leaf;
	e->scale = 1.0;
	e->base = palloc0(sizeof(double) * n_outputs);
	e->codes = palloc0(sizeof(uint32) * (e->n_features + 1));
	for (uint32 f = 0; f < e->n_features; f++)
	{
		/* a category whose training rows are all NULL still is one */
		if (binned->features[f].category)
			e->codes[f] = Max(binned->features[f].n_bins, 1);
	}
	return state;
}

/* array of *room items of size bytes that holds need of them afterwards */
static void
grow(void **array, uint32 *room, double need, Size size)
{
	uint32		more = Max(*room, FIRST_ROOM);

	if (need > PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the trees have too many nodes or values: %.0f", need),
				 errhint("Grow fewer or smaller trees.")));
	if (*array != NULL && need <= *room)
		return;
	while (more < need)
		more *= 2;
	if (*array == NULL)
		*array = MemoryContextAllocHuge(CurrentMemoryContext, size * more);
	else
		*array = repalloc_huge(*array, size * more);
	*room = more;
}

static void
grow_nodes(MlTreeState *state, double need)
{
	uint32		room = state->room_nodes;

	grow((void **) &state->e.nodes, &room, need, sizeof(MlkNode));
	grow((void **) &state->e.info, &state->room_nodes, need, sizeof(MlkNodeInfo));
}

/* roots and depth; roots has one entry more than there are trees */
static void
grow_trees(MlTreeState *state, double need)
{
	uint32		room = state->room_trees;

	grow((void **) &state->e.roots, &room, need + 1, sizeof(uint32));
	grow((void **) &state->e.depth, &state->room_trees, need + 1, sizeof(uint32));
}

/* room for one more tree of n nodes, leaves of them leaves, with that many words of sets */
static void
reserve(MlTreeState *state, int n, int leaves, double words)
{
	MlkEnsemble *e = &state->e;
	uint32		room = state->room_order;
	double		values = e->values_per_leaf == 1 ? 0.0 : (double) leaves * e->values_per_leaf;

	ml_tree_state_check_price(e->n_trees + 1.0, (double) e->n_nodes + n, e->values_per_leaf, e->n_set_words + words,
							  "Grow fewer or smaller trees.");
	grow_nodes(state, (double) e->n_nodes + n);
	grow_trees(state, e->n_trees + 1.0);
	grow((void **) &e->values, &state->room_values, e->n_values + values, sizeof(double));
	grow((void **) &e->category_sets, &state->room_words, e->n_set_words + words, sizeof(uint32));
	grow((void **) &state->order, &room, n, sizeof(uint32));
	grow((void **) &state->leaf, &state->room_order, n, sizeof(uint32));
}

/* codes of a grown set, without the empty words at its ends */
static void
put_set(MlkEnsemble *e, MlkNode *node, const uint32 *set, uint32 n_codes)
{
	uint32		begin = 0;
	uint32		end = ml_tree_words(n_codes);
	uint32		last = end;
	uint32		mask = n_codes % 32 == 0 ? PG_UINT32_MAX : (1U << (n_codes % 32)) - 1;

	while (end > 0 && (set[end - 1] & (end == last ? mask : PG_UINT32_MAX)) == 0)
		end--;
	while (begin < end && set[begin] == 0)
		begin++;
	node->test.set.first = e->n_set_words;
	node->test.set.begin = begin;
	node->test.set.words = end - begin;
	for (uint32 i = begin; i < end; i++)
		e->category_sets[e->n_set_words++] = set[i] & (i == last - 1 ? mask : PG_UINT32_MAX);
}

static void
put_split(MlTreeState *state, MlkNode *node, const MlkGrownNode *grown, const uint32 *sets)
{
	MlkEnsemble *e = &state->e;
	const MlkBinFeature *feature = &state->binned->features[grown->feature];

	if (feature->category)
	{
		node->slot = mlk_slot_category(e, grown->feature, grown->missing_left);
		put_set(e, node, sets + grown->set, feature->n_bins);
		return;
	}
	/* the last bin has no upper edge: all numbers against the missing ones */
	node->slot = mlk_slot_number(e, grown->feature, grown->missing_left);
	if (grown->bin < 0)
		node->test.threshold = -INFINITY;
	else
		node->test.threshold = grown->bin < feature->n_bins - 1 ? feature->edges[grown->bin] : INFINITY;
}

static void
put_leaf(MlkEnsemble *e, MlkNode *node, uint32 at, const double *values)
{
	node->slot = mlk_slot_leaf(e);
	node->left = at;
	if (e->values_per_leaf == 1)
	{
		node->test.value = values[0];
		return;
	}
	node->test.leaf = e->n_values / e->values_per_leaf;
	memcpy(e->values + e->n_values, values, sizeof(double) * e->values_per_leaf);
	e->n_values += e->values_per_leaf;
}

/* number of leaves; words: what the sets may take */
static int
count_leaves(MlTreeState *state, const MlkGrownNode *nodes, int n, double *words)
{
	int			leaves = 0;

	*words = 0.0;
	for (int i = 0; i < n; i++)
	{
		if (nodes[i].feature < 0)
			leaves++;
		else if (state->binned->features[nodes[i].feature].category)
			*words += ml_tree_words(state->binned->features[nodes[i].feature].n_bins);
	}
	return leaves;
}

void
ml_tree_state_add(MlTreeState *state, const MlkGrownNode *nodes, int n, const uint32 *sets, const double *leaf_values)
{
	MlkEnsemble *e = &state->e;
	MemoryContext caller = MemoryContextSwitchTo(state->context);
	uint32		first = e->n_nodes;
	uint32		queued = 1;
	int			leaves;
	double		words;

	leaves = count_leaves(state, nodes, n, &words);
	reserve(state, n, leaves, words);
	leaves = 0;
	for (int i = 0; i < n; i++)
		state->leaf[i] = nodes[i].feature < 0 ? leaves++ : 0;
	state->order[0] = 0;
	for (uint32 i = 0; i < queued; i++)
	{
		const MlkGrownNode *grown = &nodes[state->order[i]];
		MlkNode    *node = &e->nodes[first + i];
		MlkNodeInfo *info = &e->info[first + i];

		memset(node, 0, sizeof(MlkNode));
		info->rows = (uint32) Min(Max(grown->rows, 1), PG_UINT32_MAX);
		info->gain = grown->feature < 0 ? 0.0f : (float) Min(grown->gain, FLT_MAX);
		if (grown->feature < 0)
		{
			put_leaf(e, node, first + i, leaf_values + (Size) state->leaf[state->order[i]] * e->values_per_leaf);
			continue;
		}
		put_split(state, node, grown, sets);
		node->left = first + queued;
		state->order[queued++] = grown->left;
		state->order[queued++] = grown->right;
	}
	Assert(queued == n);
	e->roots[e->n_trees++] = first;
	e->n_nodes += n;
	MemoryContextSwitchTo(caller);
}

bool
ml_tree_state_append(MlTreeState *state, const MlTreeState *earlier)
{
	MlkEnsemble *e = &state->e;
	const MlkEnsemble *from = &earlier->e;
	MemoryContext caller;

	if (from->n_features != e->n_features || from->n_outputs != e->n_outputs ||
		from->values_per_leaf != e->values_per_leaf || earlier->link != state->link ||
		memcmp(from->codes, e->codes, sizeof(uint32) * e->n_features) != 0)
		return false;
	Assert(e->n_trees == 0);
	caller = MemoryContextSwitchTo(state->context);
	grow_nodes(state, from->n_nodes);
	grow_trees(state, from->n_trees);
	grow((void **) &e->values, &state->room_values, from->n_values, sizeof(double));
	grow((void **) &e->category_sets, &state->room_words, from->n_set_words, sizeof(uint32));
	memcpy(e->nodes, from->nodes, sizeof(MlkNode) * from->n_nodes);
	memcpy(e->info, from->info, sizeof(MlkNodeInfo) * from->n_nodes);
	memcpy(e->roots, from->roots, sizeof(uint32) * from->n_trees);
	memcpy(e->values, from->values, sizeof(double) * from->n_values);
	memcpy(e->category_sets, from->category_sets, sizeof(uint32) * from->n_set_words);
	e->n_nodes = from->n_nodes;
	e->n_trees = from->n_trees;
	e->n_values = from->n_values;
	e->n_set_words = from->n_set_words;
	MemoryContextSwitchTo(caller);
	return true;
}

void
ml_tree_state_truncate(MlTreeState *state, int n_trees)
{
	MlkEnsemble *e = &state->e;
	uint32		n_nodes;

	if (n_trees < 0 || n_trees >= e->n_trees)
		return;
	n_nodes = e->roots[n_trees];
	/* what the nodes that go have appended is the end of these arrays */
	for (uint32 i = e->n_nodes; i-- > n_nodes;)
	{
		if (mlk_node_is_leaf(e, &e->nodes[i]))
			e->n_values -= e->values_per_leaf == 1 ? 0 : e->values_per_leaf;
		else if (mlk_node_is_category(e, &e->nodes[i]))
			e->n_set_words = e->nodes[i].test.set.first;
	}
	e->n_trees = n_trees;
	e->n_nodes = n_nodes;
}

void
ml_tree_state_finish(MlTreeState *state, const double *base, double scale)
{
	MlkEnsemble *e = &state->e;
	MemoryContext caller = MemoryContextSwitchTo(state->context);

	grow_trees(state, e->n_trees);
	e->roots[e->n_trees] = e->n_nodes;
	if (base != NULL)
		memcpy(e->base, base, sizeof(double) * e->n_outputs);
	e->scale = scale;
	state->binned = NULL;
	if (!mlk_ensemble_valid(e))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the values of the trees left the range of numbers"),
				 errhint("Look for extreme values in the target or in the weights.")));
	ml_tree_flatten(e);
	MemoryContextSwitchTo(caller);
}

void
ml_tree_flatten(MlkEnsemble *e)
{
	if (!mlk_flat_possible(e))
		return;
	e->flat_splits = ml_tree_array(MlkFlatSplit, (e->n_nodes - e->n_trees) / 2);
	e->flat_values = ml_tree_array(double, (e->n_nodes + e->n_trees) / 2);
	mlk_flatten(e);
}

const MlkEnsemble *
ml_tree_state_ensemble(const MlTreeState *state)
{
	return &state->e;
}

int
ml_tree_state_trees(const MlTreeState *state)
{
	return (int) state->e.n_trees;
}

/* ---- scoring ---- */

void
ml_tree_state_raw(const MlTreeState *state, const MlkDesign *x, int64 from, int64 rows, double *out)
{
	mlk_ensemble_score(&state->e, x, from, rows, out);
}

/* raw scores in the upper half of out, probabilities spread from there; entry i is read before it is overwritten */
static void
predict_binary(const MlkEnsemble *e, const MlkDesign *x, int64 from, int64 rows, double *out)
{
	double	   *p = out + rows;

	mlk_ensemble_score(e, x, from, rows, p);
	mlk_sigmoid(p, rows);
	for (int64 i = 0; i < rows; i++)
	{
		double		positive = p[i];

		out[2 * i] = 1.0 - positive;
		out[2 * i + 1] = positive;
	}
}

void
ml_tree_predict(const void *state, const MlkDesign *x, int64 from, int64 rows, double *out)
{
	const MlTreeState *s = state;

	if (s->link == ML_TREE_LOGISTIC)
	{
		predict_binary(&s->e, x, from, rows, out);
		return;
	}
	mlk_ensemble_score(&s->e, x, from, rows, out);
	if (s->link == ML_TREE_EXP)
		mlk_exp(out, rows);
	else if (s->link == ML_TREE_SOFTMAX)
		mlk_softmax(out, rows, (int) s->e.n_outputs);
}
