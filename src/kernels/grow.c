/*
 * grow.c: one tree, leaf by leaf: always the open node whose cut gains most is cut next.
 *
 * A node is cut by moving its rows, scanning those of the smaller child, and taking the smaller child's histogram from
 * the node's own, which becomes the larger child's.  Children that can never be cut are not scanned.  Nodes whose histogram
 * found no place keep their cut, and both of their children are scanned.
 */
#include <string.h>

#include "kernels/grow_internal.h"

#define BLOCK_ROWS 16384

/* ---- open nodes: a heap by gain; ties to the older node ---- */

static bool
comes_first(const MlkGrower *g, int32_t a, int32_t b)
{
	double		x = g->open[a].split.gain;
	double		y = g->open[b].split.gain;

	return x > y || (x == y && a < b);
}

static void
push(MlkGrower *g, int32_t node)
{
	int32_t		at = g->n_heap++;

	while (at > 0 && comes_first(g, node, g->heap[(at - 1) / 2]))
	{
		g->heap[at] = g->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	g->heap[at] = node;
}

static int32_t
pop(MlkGrower *g)
{
	int32_t		top = g->heap[0];
	int32_t		last = g->heap[--g->n_heap];
	int32_t		at = 0;
	int32_t		child;

	while ((child = 2 * at + 1) < g->n_heap)
	{
		if (child + 1 < g->n_heap && comes_first(g, g->heap[child + 1], g->heap[child]))
			child++;
		if (!comes_first(g, g->heap[child], last))
			break;
		g->heap[at] = g->heap[child];
		at = child;
	}
	g->heap[at] = last;
	return top;
}

/* ---- growing ---- */

static void
free_slot(MlkGrower *g, int32_t node)
{
	if (g->open[node].slot >= 0)
		g->free_slots[g->n_free++] = g->open[node].slot;
	g->open[node].slot = -1;
}

static int32_t
new_node(MlkGrower *g, int64_t first_row, int64_t rows, int32_t depth)
{
	int32_t		at = g->n_nodes++;

	g->nodes[at] = (MlkGrownNode) {
		.feature = -1, .left = -1, .right = -1, .set = -1, .rows = rows, .first_row = first_row,
		.lower = -INFINITY, .upper = INFINITY
	};
	g->open[at] = (MlkOpenNode) {
		.slot = -1, .depth = depth
	};
	return at;
}

static bool
may_split(const MlkGrower *g, int32_t node)
{
	const MlkGrowOptions *o = &g->options;

	return g->data->n_features > 0 && g->nodes[node].rows >= 2 && (double) g->nodes[node].rows >= 2.0 * o->min_samples_leaf &&
		(o->max_depth <= 0 || g->open[node].depth < o->max_depth);
}

/* scan the node's rows into a slot of its own */
static MlkStatus
scan(MlkGrower *g, int32_t node)
{
	g->open[node].slot = g->free_slots[--g->n_free];
	return mlk_grow_histogram(g, &g->nodes[node], node == 0, &g->slots[g->open[node].slot]);
}

/* sums of a node from any one of its features */
static void
total(MlkGrower *g, int32_t node)
{
	MlkOpenNode *open = &g->open[node];
	const MlkHistogram *h = &g->slots[open->slot];

	open->gradient = 0;
	open->hessian = 0;
	for (int64_t b = 0; b < g->offset[1]; b++)
	{
		open->gradient += h->gradient[b];
		open->hessian += h->hessian[b];
	}
}

/*
 * Find the cut of a node that has a histogram and put it on the heap.  Three slots are always left for the next cut: without
 * them the node lets its histogram go, and what a category's set needs of it is written first.
 */
static MlkStatus
evaluate(MlkGrower *g, int32_t node, MlkRng *rng)
{
	MlkOpenNode *open = &g->open[node];
	MlkStatus	status;

	total(g, node);
	status = mlk_grow_find_split(g, node, rng);
	if (status != MLK_OK)
		return status;
	if (open->split.gain > 0.0)
		push(g, node);
	if (open->split.gain > 0.0 && g->n_free < MLK_CUT_SLOTS && g->data->features[open->split.feature].category)
		mlk_grow_write_set(g, node);
	if (open->split.gain <= 0.0 || g->n_free < MLK_CUT_SLOTS)
		free_slot(g, node);
	return MLK_OK;
}

static void
bound_children(MlkGrower *g, const MlkGrownNode *node, const MlkSplit *split)
{
	MlkGrownNode *left = &g->nodes[node->left];
	MlkGrownNode *right = &g->nodes[node->right];
	int			sign = g->options.monotonic != NULL ? g->options.monotonic[split->feature] : 0;
	double		middle = 0.5 * (split->left_value + split->right_value);

	left->lower = right->lower = node->lower;
	left->upper = right->upper = node->upper;
	if (sign > 0)
		left->upper = right->lower = middle;
	else if (sign < 0)
		left->lower = right->upper = middle;
}

static void
inherit_groups(MlkGrower *g, int32_t node, int32_t feature)
{
	int32_t		n = g->options.n_groups;

	for (int32_t k = 0; g->options.interaction != NULL && k < n; k++)
	{
		uint8_t		still = g->groups[(int64_t) node * n + k] &
			g->options.interaction[(int64_t) k * g->data->n_features + feature];

		g->groups[(int64_t) g->nodes[node].left * n + k] = still;
		g->groups[(int64_t) g->nodes[node].right * n + k] = still;
	}
}

/* histograms for those of the children that may be cut: one scan where the node kept its own, else one for each */
static MlkStatus
histograms(MlkGrower *g, int32_t node, bool wanted_left, bool wanted_right)
{
	int32_t		left = g->nodes[node].left;
	int32_t		right = g->nodes[node].right;
	bool		left_smaller = g->nodes[left].rows <= g->nodes[right].rows;
	int32_t		smaller = left_smaller ? left : right;
	int32_t		larger = left_smaller ? right : left;
	bool		wanted_smaller = left_smaller ? wanted_left : wanted_right;
	bool		wanted_larger = left_smaller ? wanted_right : wanted_left;
	MlkStatus	status = MLK_OK;

	if (wanted_larger && g->open[node].slot < 0)
		status = scan(g, larger);
	if (status == MLK_OK && (wanted_smaller || (wanted_larger && g->open[node].slot >= 0)))
		status = scan(g, smaller);
	if (status != MLK_OK)
		return status;
	if (wanted_larger && g->open[node].slot >= 0)
	{
		mlk_grow_subtract(&g->slots[g->open[node].slot], &g->slots[g->open[smaller].slot], g->total_bins);
		g->open[larger].slot = g->open[node].slot;
		g->open[node].slot = -1;
	}
	free_slot(g, node);
	if (!wanted_smaller)
		free_slot(g, smaller);
	return MLK_OK;
}

static MlkStatus
cut(MlkGrower *g, int32_t at, bool last, MlkRng *rng)
{
	MlkGrownNode *node = &g->nodes[at];
	const MlkSplit *split = &g->open[at].split;
	int32_t		depth = g->open[at].depth + 1;
	int64_t		left_rows;
	bool		wanted_left;
	bool		wanted_right;
	MlkStatus	status;

	node->feature = split->feature;
	node->bin = split->bin;
	node->missing_left = split->missing_left;
	node->gain = split->gain;
	if (g->data->features[split->feature].category && node->set < 0)
		mlk_grow_write_set(g, at);
	status = mlk_grow_partition(g, node, &left_rows);
	if (status != MLK_OK)
		return status;
	node->left = new_node(g, node->first_row, left_rows, depth);
	node->right = new_node(g, node->first_row + left_rows, node->rows - left_rows, depth);
	bound_children(g, node, split);
	inherit_groups(g, at, split->feature);
	wanted_left = !last && may_split(g, node->left);
	wanted_right = !last && may_split(g, node->right);
	status = histograms(g, at, wanted_left, wanted_right);
	if (status == MLK_OK && wanted_left)
		status = evaluate(g, node->left, rng);
	if (status == MLK_OK && wanted_right)
		status = evaluate(g, node->right, rng);
	return status;
}

/* every row in order; when it is stopped half way, so is the growing */
static void
count_block(void *arg, int64_t block, int worker)
{
	MlkGrower  *g = arg;
	int64_t		to = g->n_rows - block * BLOCK_ROWS < BLOCK_ROWS ? g->n_rows : (block + 1) * BLOCK_ROWS;

	for (int64_t i = block * BLOCK_ROWS; i < to; i++)
		g->row_index[i] = (uint32_t) i;
}

static void
start(MlkGrower *g, const uint32_t *rows, int64_t n_rows, const float *gradient, const float *hessian)
{
	g->gradient = gradient;
	g->hessian = hessian;
	g->all_rows = rows == NULL;
	g->n_rows = rows == NULL ? g->data->rows : n_rows;
	if (rows != NULL)
		memcpy(g->row_index, rows, sizeof(uint32_t) * n_rows);
	else
		(void) mlk_parallel_for(g->pool, (g->n_rows + BLOCK_ROWS - 1) / BLOCK_ROWS, count_block, g);
	g->n_nodes = 0;
	g->n_heap = 0;
	g->n_set_words = 0;
	g->n_free = g->n_slots;
	for (int32_t k = 0; k < g->n_slots; k++)
		g->free_slots[k] = g->n_slots - 1 - k;
	(void) new_node(g, 0, g->n_rows, 0);
	if (g->options.n_groups > 0)
		memset(g->groups, 1, g->options.n_groups);
}

MlkStatus
mlk_grower_grow(MlkGrower *g, const uint32_t *rows, int64_t n_rows, const float *gradient, const float *hessian, MlkRng *rng)
{
	int32_t		leaves = 1;
	MlkStatus	status;

	start(g, rows, n_rows, gradient, hessian);
	status = mlk_grow_round(g, mlk_rng_u64(rng));
	if (status == MLK_OK && g->max_leaves > 1 && may_split(g, 0))
	{
		status = scan(g, 0);
		if (status == MLK_OK)
			status = evaluate(g, 0, rng);
	}
	while (status == MLK_OK && g->n_heap > 0 && leaves < g->max_leaves)
	{
		if (mlk_pool_stop(g->pool))
			return MLK_CANCELLED;
		leaves++;
		status = cut(g, pop(g), leaves == g->max_leaves, rng);
	}
	return status == MLK_OK ? mlk_grow_sum_leaves(g) : status;
}

int
mlk_grower_nodes(const MlkGrower *g, const MlkGrownNode **nodes, const uint32_t **row_index, const uint32_t **sets)
{
	*nodes = g->nodes;
	*row_index = g->row_index;
	*sets = g->sets;
	return g->n_nodes;
}
