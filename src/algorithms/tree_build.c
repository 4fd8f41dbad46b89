/*
 * tree_build.c: building the state of tree algorithms (see tree_state.h).
 *
 * A tree arrives as it was grown, in bins and in the order of its splits.  It is kept breadth-first, the order that scoring and
 * the format rely on, and the upper edges of the bins are the thresholds: those of an earlier state that is gone on with join
 * them.  tree_close.c ends it.
 */
#include "algorithms/tree_internal.h"

#include <float.h>

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

	return n_nodes * node + leaves * values_per_leaf * sizeof(double) +
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
	if (binned->n_features > MLK_MAX_TREE_FEATURES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("trees can learn from at most %d features", MLK_MAX_TREE_FEATURES),
				 errdetail("There are %d, each element of an array being one.", binned->n_features),
				 errhint("Leave some out with exclude, or use an algorithm that is not made of trees.")));
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
	uint32		room_values = room == 0 ? 0 : mlk_pages(room);
	uint32		room_sets = room_values;

	grow((void **) &state->e.nodes, &room, need, sizeof(MlkNode));
	grow((void **) &state->e.info, &state->room_nodes, need, sizeof(MlkNodeInfo));
	grow((void **) &state->e.values_page, &room_values, mlk_pages(room), sizeof(uint32));
	grow((void **) &state->e.sets_page, &room_sets, mlk_pages(room), sizeof(uint32));
}

/* roots and depth; roots has one entry more than there are trees */
static void
grow_trees(MlTreeState *state, double need)
{
	uint32		room = state->room_trees;

	grow((void **) &state->e.roots, &room, need + 1, sizeof(uint32));
	grow((void **) &state->e.depth, &state->room_trees, need + 1, sizeof(uint32));
}

/* what a tree will take */
typedef struct TreeSize
{
	int			nodes;
	int			leaves;
	int			sets;
	double		words;
} TreeSize;

/* room for one more tree */
static void
reserve(MlTreeState *state, const TreeSize *size)
{
	MlkEnsemble *e = &state->e;
	uint32		room = state->room_order;

	ml_tree_state_check_price(e->n_trees + 1.0, (double) e->n_nodes + size->nodes, e->values_per_leaf,
							  e->n_set_words + size->words, "Grow fewer or smaller trees.");
	grow_nodes(state, (double) e->n_nodes + size->nodes);
	grow_trees(state, e->n_trees + 1.0);
	grow((void **) &e->values, &state->room_values, e->n_values + (double) size->leaves * e->values_per_leaf, sizeof(double));
	grow((void **) &e->sets, &state->room_sets, (double) e->n_sets + size->sets, sizeof(MlkNodeSet));
	grow((void **) &e->category_sets, &state->room_words, e->n_set_words + size->words, sizeof(uint32));
	grow((void **) &state->order, &room, size->nodes, sizeof(uint32));
	grow((void **) &state->leaf, &state->room_order, size->nodes, sizeof(uint32));
}

/* ---- thresholds ---- */

/* bins' upper edges of a number, between one below and one above all numbers */
static double
bin_edge(const MlkBinFeature *feature, int at)
{
	int			n_edges = Max(feature->n_bins - 1, 0);

	return at == 0 ? -INFINITY : at <= n_edges ? feature->edges[at - 1] : INFINITY;
}

static int
n_bin_edges(const MlkBinFeature *feature)
{
	return feature->category ? 0 : Max(feature->n_bins - 1, 0) + 2;
}

/*
 * The thresholds of a feature: old[n_old] and the edges of its bins.  Their places go to old_rank[n_old] and to the state.
 * Returns how many there are.
 */
static uint32
merge_thresholds(MlTreeState *state, uint32 f, const double *old, uint32 n_old, uint16 *old_rank, double *out)
{
	const MlkBinFeature *feature = &state->binned->features[f];
	uint16	   *bin_rank = state->bin_rank + state->first_bin[f];
	int			n_new = n_bin_edges(feature);
	uint32		i = 0;
	int			j = 0;
	uint32		n = 0;

	for (; i < n_old || j < n_new; n++)
	{
		double		edge = j < n_new ? bin_edge(feature, j) : INFINITY;
		double		next = i < n_old ? Min(old[i], edge) : edge;

		if (n == MLK_MAX_THRESHOLDS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("the trees have more than %d different thresholds of one feature", MLK_MAX_THRESHOLDS),
					 errhint("Train the model from the start, without \"warm_start\".")));
		out[n] = next;
		for (; i < n_old && old[i] == next; i++)
			old_rank[i] = n;
		for (; j < n_new && bin_edge(feature, j) == next; j++)
			bin_rank[j] = n;
	}
	return n;
}

/* from nothing, or beside those of an earlier ensemble, the places of whose thresholds are returned */
static uint16 *
make_thresholds(MlTreeState *state, const MlkEnsemble *earlier)
{
	MlkEnsemble *e = &state->e;
	uint32		n_old = earlier != NULL ? earlier->first_threshold[e->n_features] : 0;
	uint16	   *old_rank = ml_tree_array(uint16, n_old);
	uint32		n_bins = 0;
	uint32		n = 0;

	state->first_bin = ml_tree_array(uint32, e->n_features);
	for (uint32 f = 0; f < e->n_features; f++)
	{
		state->first_bin[f] = n_bins;
		n_bins += n_bin_edges(&state->binned->features[f]);
	}
	state->bin_rank = ml_tree_array(uint16, n_bins);
	e->thresholds = ml_tree_array(double, (Size) n_old + n_bins);
	e->first_threshold = ml_tree_array(uint32, e->n_features + 1);
	for (uint32 f = 0; f < e->n_features; f++)
	{
		uint32		first = earlier != NULL ? earlier->first_threshold[f] : 0;
		uint32		old = earlier != NULL ? earlier->first_threshold[f + 1] - first : 0;

		e->first_threshold[f] = n;
		n += merge_thresholds(state, f, old > 0 ? earlier->thresholds + first : NULL, old, old_rank + first, e->thresholds + n);
	}
	e->first_threshold[e->n_features] = n;
	return old_rank;
}

/* ---- trees ---- */

/* words: what the sets may take */
static TreeSize
measure(const MlTreeState *state, const MlkGrownNode *nodes, int n)
{
	TreeSize	size = {.nodes = n,.leaves = (n + 1) / 2};

	for (int i = 0; i < n; i++)
	{
		if (nodes[i].feature < 0 || !state->binned->features[nodes[i].feature].category)
			continue;
		size.sets++;
		size.words += ml_tree_words(state->binned->features[nodes[i].feature].n_bins);
	}
	return size;
}

/* codes of a grown set, without the empty words at its ends */
static void
put_set(MlkEnsemble *e, const uint32 *set, uint32 n_codes)
{
	MlkNodeSet *out = &e->sets[e->n_sets];
	uint32		begin = 0;
	uint32		end = ml_tree_words(n_codes);
	uint32		last = end;
	uint32		mask = n_codes % 32 == 0 ? PG_UINT32_MAX : (1U << (n_codes % 32)) - 1;

	while (end > 0 && (set[end - 1] & (end == last ? mask : PG_UINT32_MAX)) == 0)
		end--;
	while (begin < end && set[begin] == 0)
		begin++;
	e->n_sets++;
	out->first = e->n_set_words;
	out->begin = begin;
	out->words = end - begin;
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
		node->rank = 0;
		put_set(e, sets + grown->set, feature->n_bins);
		return;
	}
	/* the last bin has no upper edge: all numbers against the missing ones */
	node->slot = mlk_slot_number(e, grown->feature, grown->missing_left);
	node->rank = state->bin_rank[state->first_bin[grown->feature] +
								 Min(Max(grown->bin, -1) + 1, n_bin_edges(feature) - 1)];
}

static void
put_leaf(MlkEnsemble *e, MlkNode *node, const double *values)
{
	node->slot = mlk_slot_leaf(e);
	node->left = (uint32) (node - e->nodes);
	node->rank = 0;
	for (uint32 k = 0; k < e->values_per_leaf; k++)
		e->values[e->n_values++] = values[k];
}

void
ml_tree_state_add(MlTreeState *state, const MlkGrownNode *nodes, int n, const uint32 *sets, const double *leaf_values)
{
	MlkEnsemble *e = &state->e;
	MemoryContext caller = MemoryContextSwitchTo(state->context);
	TreeSize	size = measure(state, nodes, n);
	uint32		first = e->n_nodes;
	uint32		queued = 1;
	uint32		leaves = 0;

	if (e->thresholds == NULL)
		(void) make_thresholds(state, NULL);
	reserve(state, &size);
	for (int i = 0; i < n; i++)
		state->leaf[i] = nodes[i].feature < 0 ? leaves++ : 0;
	state->order[0] = 0;
	for (uint32 i = 0; i < queued; i++)
	{
		const MlkGrownNode *grown = &nodes[state->order[i]];
		MlkNodeInfo *info = &e->info[first + i];
		MlkNode    *node = &e->nodes[first + i];

		info->rows = (uint32) grown->rows;
		info->gain = grown->feature < 0 ? 0.0f : (float) Min(grown->gain, FLT_MAX);
		if (grown->feature < 0)
		{
			put_leaf(e, node, leaf_values + (Size) state->leaf[state->order[i]] * e->values_per_leaf);
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

static void
append_nodes(MlTreeState *state, const MlkEnsemble *from, const uint16 *old_rank)
{
	MlkEnsemble *e = &state->e;

	for (uint32 i = 0; i < from->n_nodes; i++)
	{
		const MlkNode *old = &from->nodes[i];
		MlkNode    *node = &e->nodes[i];

		*node = *old;
		if (mlk_node_is_leaf(from, old))
			put_leaf(e, node, mlk_leaf_values(from, old));
		else if (!mlk_node_is_category(from, old))
			node->rank = old_rank[from->first_threshold[mlk_node_feature(from, old)] + old->rank];
		else
			e->sets[e->n_sets++] = *mlk_node_set(from, old);
	}
	e->n_nodes = from->n_nodes;
}

bool
ml_tree_state_append(MlTreeState *state, const MlTreeState *earlier)
{
	MlkEnsemble *e = &state->e;
	const MlkEnsemble *from = &earlier->e;
	MemoryContext caller;
	uint16	   *old_rank;
	TreeSize	size = {.nodes = (int) from->n_nodes,.leaves = (int) (from->n_nodes + from->n_trees) / 2,
		.sets = (int) from->n_sets,.words = from->n_set_words};

	if (from->n_features != e->n_features || from->n_outputs != e->n_outputs ||
		from->values_per_leaf != e->values_per_leaf || earlier->link != state->link ||
		memcmp(from->codes, e->codes, sizeof(uint32) * e->n_features) != 0)
		return false;
	Assert(e->n_trees == 0);
	ml_tree_need_info(earlier);
	caller = MemoryContextSwitchTo(state->context);
	old_rank = make_thresholds(state, from);
	reserve(state, &size);
	grow_trees(state, from->n_trees);
	append_nodes(state, from, old_rank);
	memcpy(e->info, from->info, sizeof(MlkNodeInfo) * from->n_nodes);
	memcpy(e->roots, from->roots, sizeof(uint32) * from->n_trees);
	memcpy(e->category_sets, from->category_sets, sizeof(uint32) * from->n_set_words);
	e->n_trees = from->n_trees;
	e->n_set_words = from->n_set_words;
	pfree(old_rank);
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
			e->n_values -= e->values_per_leaf;
		else if (mlk_node_is_category(e, &e->nodes[i]))
			e->n_set_words = e->sets[--e->n_sets].first;
	}
	e->n_trees = n_trees;
	e->n_nodes = n_nodes;
}

void
ml_tree_state_finish(MlTreeState *state, const double *base, double scale)
{
	MlkEnsemble *e = &state->e;
	MemoryContext caller = MemoryContextSwitchTo(state->context);

	if (e->thresholds == NULL)
		(void) make_thresholds(state, NULL);
	grow_trees(state, e->n_trees);
	grow_nodes(state, e->n_nodes);
	e->roots[e->n_trees] = e->n_nodes;
	if (base != NULL)
		memcpy(e->base, base, sizeof(double) * e->n_outputs);
	e->scale = scale;
	state->binned = NULL;
	ml_tree_close_up(e);
	if (!mlk_ensemble_valid(e))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the values of the trees left the range of numbers"),
				 errhint("Look for extreme values in the target or in the weights.")));
	ml_tree_flatten(e);
	MemoryContextSwitchTo(caller);
}

