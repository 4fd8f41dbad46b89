/*
 * leaves.c: the rows of leaves to sums of gradients and to scores.
 *
 * The rows of a leaf lie all over the data.  So that gradients and scores come from the second-level cache, and no two threads write
 * to the same cache line, the work is cut by row numbers: a block takes its rows from every leaf, whose rows ascend.
 */
#include "kernels/grow_internal.h"

#define WALK_ROWS 8192			/* rows of a block that walk the tree */

/* first of the positions [from, to) whose row is at least row; near is where to look first */
static int64_t
first_from(const uint32_t *index, int64_t from, int64_t to, int64_t near, int64_t row)
{
	int64_t		step = 16;

	while (near > from && index[near - 1] >= row)
	{
		to = near;
		near = near - step > from ? near - step : from;
		step *= 2;
	}
	from = near;
	step = 16;
	while (from < to && index[from] < row)
	{
		near = from + 1;
		from = from + step < to ? from + step : to;
		step *= 2;
	}
	to = from;
	from = near < to ? near : to;
	while (from < to)
	{
		int64_t		middle = from + (to - from) / 2;

		if (index[middle] < row)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* where the blocks' rows of a leaf begin; they are spread much alike over the data, which says where to look */
static void
cut_leaf(void *arg, int64_t leaf, int worker)
{
	MlkGrower  *g = arg;
	const MlkGrownNode *node = &g->nodes[g->leaves[leaf]];
	int64_t		end = node->first_row + node->rows;
	int64_t		at = node->first_row;

	for (int64_t block = 0; block <= g->n_row_blocks; block++)
	{
		g->leaf_from[block * g->n_leaves + leaf] = (uint32_t) at;
		at += node->rows / g->n_row_blocks < end - at ? node->rows / g->n_row_blocks : end - at;
		at = first_from(g->row_index, g->leaf_from[block * g->n_leaves + leaf], end, at, (block + 1) * g->row_block);
	}
}

/* four sums side by side: as many additions under way */
static double
sum_rows(const float *x, const uint32_t *index, int64_t n)
{
	double		sum[4] = {0};
	int64_t		i = 0;

	for (; i + 4 <= n; i += 4)
	{
		sum[0] += x[index[i]];
		sum[1] += x[index[i + 1]];
		sum[2] += x[index[i + 2]];
		sum[3] += x[index[i + 3]];
	}
	for (; i < n; i++)
		sum[0] += x[index[i]];
	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void
sum_block(void *arg, int64_t block, int worker)
{
	const MlkGrower *g = arg;
	const uint32_t *from = g->leaf_from + block * g->n_leaves;
	double	   *sum = g->leaf_sums + 2 * block * g->n_leaves;

	for (int32_t k = 0; k < g->n_leaves; k++)
	{
		int64_t		n = (int64_t) from[k + g->n_leaves] - from[k];

		sum[2 * k] = sum_rows(g->gradient, g->row_index + from[k], n);
		sum[2 * k + 1] = g->hessian != NULL ? sum_rows(g->hessian, g->row_index + from[k], n) : (double) n;
	}
}

static void
list_leaves(MlkGrower *g)
{
	g->n_leaves = 0;
	for (int32_t k = 0; k < g->n_nodes; k++)
	{
		g->nodes[k].sum_gradient = g->nodes[k].sum_hessian = 0.0;
		if (g->nodes[k].feature < 0)
			g->leaves[g->n_leaves++] = k;
	}
}

/* sums from the gradients themselves: leaves over their rows, the others over their children, which come later */
MlkStatus
mlk_grow_sum_leaves(MlkGrower *g)
{
	MlkStatus	status;

	list_leaves(g);
	status = mlk_parallel_for(g->pool, g->n_leaves, cut_leaf, g);
	if (status == MLK_OK)
		status = mlk_parallel_for(g->pool, g->n_row_blocks, sum_block, g);
	if (status != MLK_OK)
		return status;
	for (int64_t k = 0; k < g->n_row_blocks * g->n_leaves; k++)
	{
		MlkGrownNode *node = &g->nodes[g->leaves[k % g->n_leaves]];

		node->sum_gradient += g->leaf_sums[2 * k];
		node->sum_hessian += g->leaf_sums[2 * k + 1];
	}
	for (int32_t k = g->n_nodes - 1; k >= 0; k--)
	{
		MlkGrownNode *node = &g->nodes[k];

		if (node->feature < 0)
			continue;
		node->sum_gradient = g->nodes[node->left].sum_gradient + g->nodes[node->right].sum_gradient;
		node->sum_hessian = g->nodes[node->left].sum_hessian + g->nodes[node->right].sum_hessian;
	}
	return MLK_OK;
}

typedef struct Add
{
	MlkGrower  *g;
	const double *value;
	const uint32_t *rows;
	int64_t		n_rows;
	double	   *score;
} Add;

static void
add_block(void *arg, int64_t block, int worker)
{
	const Add  *a = arg;
	const MlkGrower *g = a->g;
	const uint32_t *from = g->leaf_from + block * g->n_leaves;

	for (int32_t k = 0; k < g->n_leaves; k++)
	{
		double		value = a->value[g->leaves[k]];

		for (int64_t i = from[k]; i < from[k + g->n_leaves]; i++)
			a->score[g->row_index[i]] += value;
	}
}

MlkStatus
mlk_grower_add(MlkGrower *g, const double *value, double *score)
{
	Add			a = {.g = g, .value = value, .score = score};

	return mlk_parallel_for(g->pool, g->n_row_blocks, add_block, &a);
}

static int32_t
leaf_of(const MlkGrower *g, int64_t row)
{
	int32_t		at = 0;

	while (g->nodes[at].feature >= 0)
	{
		const MlkGrownNode *node = &g->nodes[at];
		const MlkBinFeature *feature = &g->data->features[node->feature];
		int32_t		bin = feature->wide ? ((const uint16_t *) feature->bins)[row] : ((const uint8_t *) feature->bins)[row];

		at = mlk_grow_goes_left(node, feature, feature->category ? g->sets + node->set : NULL, bin) ? node->left : node->right;
	}
	return at;
}

static void
walk_block(void *arg, int64_t block, int worker)
{
	const Add  *a = arg;
	int64_t		from = block * WALK_ROWS;
	int64_t		to = a->n_rows - from < WALK_ROWS ? a->n_rows : from + WALK_ROWS;

	for (int64_t i = from; i < to; i++)
	{
		int64_t		row = a->rows != NULL ? (int64_t) a->rows[i] : i;

		a->score[row] += a->value[leaf_of(a->g, row)];
	}
}

MlkStatus
mlk_grower_add_rows(MlkGrower *g, const double *value, const uint32_t *rows, int64_t n_rows, double *score)
{
	Add			a = {.g = g, .value = value, .rows = rows, .n_rows = n_rows, .score = score};

	return mlk_parallel_for(g->pool, (n_rows + WALK_ROWS - 1) / WALK_ROWS, walk_block, &a);
}
