/*
 * partition.c: the rows of a node to its children, in order; the rows of leaves to sums and scores.
 */
#include <string.h>

#include "kernels/grow_internal.h"

#define BLOCK_ROWS 16384

typedef struct Cut
{
	MlkGrower  *g;
	const MlkGrownNode *node;
	const MlkBinFeature *feature;
	const uint32_t *set;
	uint8_t		goes_left[256]; /* byte-wide bins */
	int64_t		left_rows;		/* second pass */
} Cut;

static inline bool
in_set(const uint32_t *set, uint32_t bin)
{
	return (set[bin / 32] >> (bin % 32)) & 1;
}

static bool
bin_goes_left(const MlkGrownNode *node, const MlkBinFeature *feature, const uint32_t *set, int32_t bin)
{
	if (bin >= feature->n_bins)
		return node->missing_left;
	return feature->category ? in_set(set, bin) : bin <= node->bin;
}

/* left rows from the front of the block's part of the scratch, right rows from its end, backwards */
static void
split_block(void *arg, int64_t block, int worker)
{
	Cut		   *c = arg;
	int64_t		from = c->node->first_row + block * BLOCK_ROWS;
	int64_t		left_over = c->node->first_row + c->node->rows - from;
	int64_t		n = left_over < BLOCK_ROWS ? left_over : BLOCK_ROWS;
	const uint32_t *index = c->g->row_index + from;
	uint32_t   *out = c->g->row_scratch + from;
	int64_t		lefts = 0;

	if (!c->feature->wide)
	{
		const uint8_t *bins = c->feature->bins;

		for (int64_t i = 0; i < n; i++)
		{
			uint32_t	row = index[i];
			uint32_t	left = c->goes_left[bins[row]];

			out[lefts] = row;
			out[n - 1 - (i - lefts)] = row;
			lefts += left;
		}
	}
	else
	{
		const uint16_t *bins = c->feature->bins;

		for (int64_t i = 0; i < n; i++)
		{
			uint32_t	row = index[i];
			bool		left = bin_goes_left(c->node, c->feature, c->set, bins[row]);

			out[lefts] = row;
			out[n - 1 - (i - lefts)] = row;
			lefts += left;
		}
	}
	c->g->block_left[block] = (uint32_t) lefts;
}

static void
place_block(void *arg, int64_t block, int worker)
{
	Cut		   *c = arg;
	MlkGrower  *g = c->g;
	int64_t		from = block * BLOCK_ROWS;
	int64_t		n = c->node->rows - from < BLOCK_ROWS ? c->node->rows - from : BLOCK_ROWS;
	const uint32_t *source = g->row_scratch + c->node->first_row + from;
	uint32_t   *target = g->row_index + c->node->first_row;
	int64_t		left_before = 0;
	int64_t		left = g->block_left[block];

	for (int64_t k = 0; k < block; k++)
		left_before += g->block_left[k];
	memcpy(target + left_before, source, sizeof(uint32_t) * left);
	target += c->left_rows + from - left_before;
	for (int64_t i = 0; i < n - left; i++)
		target[i] = source[n - 1 - i];
}

MlkStatus
mlk_grow_partition(MlkGrower *g, const MlkGrownNode *node, int64_t *left)
{
	Cut			c = {.g = g, .node = node, .feature = &g->data->features[node->feature]};
	int64_t		blocks = (node->rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
	MlkStatus	status;

	c.set = c.feature->category ? g->sets + node->set : NULL;
	for (int32_t b = 0; b <= c.feature->n_bins && !c.feature->wide; b++)
		c.goes_left[b] = bin_goes_left(node, c.feature, c.set, b);
	status = mlk_parallel_for(g->pool, blocks, split_block, &c);
	if (status != MLK_OK)
		return status;
	for (int64_t k = 0; k < blocks; k++)
		c.left_rows += g->block_left[k];
	*left = c.left_rows;
	return mlk_parallel_for(g->pool, blocks, place_block, &c);
}

/* ---- leaves ---- */

/* four sums side by side: as many loads under way */
static void
sum_block(void *arg, int64_t block, int worker)
{
	const MlkGrower *g = arg;
	MlkLeafBlock *b = &g->leaf_blocks[block];
	const uint32_t *index = g->row_index + b->first;
	double		gradient[4] = {0};
	double		hessian[4] = {0};

	for (uint32_t i = 0; i < b->rows; i++)
	{
		gradient[i & 3] += g->gradient[index[i]];
		hessian[i & 3] += g->hessian != NULL ? g->hessian[index[i]] : 1.0;
	}
	b->gradient = (gradient[0] + gradient[1]) + (gradient[2] + gradient[3]);
	b->hessian = (hessian[0] + hessian[1]) + (hessian[2] + hessian[3]);
}

static void
list_leaf_blocks(MlkGrower *g)
{
	g->n_leaf_blocks = 0;
	for (int32_t k = 0; k < g->n_nodes; k++)
	{
		const MlkGrownNode *node = &g->nodes[k];

		for (int64_t done = 0; node->feature < 0 && done < node->rows; done += MLK_LEAF_ROWS)
		{
			int64_t		rows = node->rows - done < MLK_LEAF_ROWS ? node->rows - done : MLK_LEAF_ROWS;

			g->leaf_blocks[g->n_leaf_blocks++] = (MlkLeafBlock) {
				.node = k, .rows = (uint32_t) rows, .first = node->first_row + done
			};
		}
	}
}

/* sums from the gradients themselves: leaves over their rows, the others over their children, which come later */
MlkStatus
mlk_grow_sum_leaves(MlkGrower *g)
{
	MlkStatus	status;

	list_leaf_blocks(g);
	status = mlk_parallel_for(g->pool, g->n_leaf_blocks, sum_block, g);
	if (status != MLK_OK)
		return status;
	for (int32_t k = 0; k < g->n_nodes; k++)
		g->nodes[k].sum_gradient = g->nodes[k].sum_hessian = 0.0;
	for (int64_t k = 0; k < g->n_leaf_blocks; k++)
	{
		g->nodes[g->leaf_blocks[k].node].sum_gradient += g->leaf_blocks[k].gradient;
		g->nodes[g->leaf_blocks[k].node].sum_hessian += g->leaf_blocks[k].hessian;
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
add_leaf_block(void *arg, int64_t block, int worker)
{
	const Add  *a = arg;
	const MlkLeafBlock *b = &a->g->leaf_blocks[block];
	const uint32_t *index = a->g->row_index + b->first;
	double		value = a->value[b->node];

	for (uint32_t i = 0; i < b->rows; i++)
		a->score[index[i]] += value;
}

MlkStatus
mlk_grower_add(MlkGrower *g, const double *value, double *score)
{
	Add			a = {.g = g, .value = value, .score = score};

	return mlk_parallel_for(g->pool, g->n_leaf_blocks, add_leaf_block, &a);
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

		at = bin_goes_left(node, feature, feature->category ? g->sets + node->set : NULL, bin) ? node->left : node->right;
	}
	return at;
}

static void
walk_block(void *arg, int64_t block, int worker)
{
	const Add  *a = arg;
	int64_t		from = block * MLK_LEAF_ROWS;
	int64_t		to = a->n_rows - from < MLK_LEAF_ROWS ? a->n_rows : from + MLK_LEAF_ROWS;

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

	return mlk_parallel_for(g->pool, (n_rows + MLK_LEAF_ROWS - 1) / MLK_LEAF_ROWS, walk_block, &a);
}
