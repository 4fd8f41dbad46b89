/*
 * tree.c: scoring of tree ensembles, their structure check and their split statistics.
 *
 * A walk down a tree is a chain of dependent loads: alone, it waits for memory and cache most of the time.  So LANES walks go
 * on side by side: for one row those of several trees, in a block those of several rows through one tree, which
 * stays in the nearest cache meanwhile.  All lanes make as many steps as the deepest needs; a lane that arrived at its leaf
 * stays there.  Sums go in the order of the trees either way, so that the bits do not depend on the way.
 */
#include "kernels/tree.h"
#include "kernels/tree_flat.h"

#include <string.h>

#define LANES 8

/* blocks of so many rows and more go through flat trees where there are any */
#define FLAT_ROWS 16

/* steps before it is worth asking whether all lanes have arrived */
#define UNASKED_STEPS 6

/*
 * A block's rows as laid out for the walks; on the stack, at most that many rows that all fit.  Few rows stay in the nearest
 * cache while small trees come by one after the other; where the trees are larger than a cache, it is
 * they that should be fetched seldom.
 */
#define SMALL_PANEL_ROWS 64
#define LARGE_PANEL_ROWS 512
#define LARGE_NODES 65536
#define PANEL_NUMBERS 24576
#define PANEL_CODES 12288

typedef struct Panel
{
	double		numbers[PANEL_NUMBERS];
	uint32_t	codes[PANEL_CODES];
} Panel;

/* ---- rows ---- */

static void
lay_out_numbers(const MlkEnsemble *e, const MlkBlock *block, const double *x, double *out)
{
	double	   *with_nan = out + block->first;
	double	   *with_infinity = with_nan + e->n_features;

	for (int32_t j = 0; j < block->cols; j++)
	{
		with_nan[j] = x[j];
		with_infinity[j] = isnan(x[j]) ? -INFINITY : x[j];
	}
}

static void
lay_out_codes(const MlkEnsemble *e, const MlkBlock *block, uint32_t code, MlkTreeRow out)
{
	for (int32_t j = 0; j < block->cols; j++)
	{
		out.numbers[block->first + j] = NAN;
		out.numbers[block->first + j + e->n_features] = -INFINITY;
		out.codes[block->first + j] = UINT32_MAX;
	}
	if (block->kind == MLK_BLOCK_CATEGORY && code < e->codes[block->first])
		out.codes[block->first] = code;
}

/* a column that is not of the kind the trees take it for (the bytes of a model may say so) is missing */
void
mlk_tree_row(const MlkEnsemble *e, const MlkDesign *x, int64_t row, MlkTreeRow out)
{
	for (int b = 0; b < x->n_blocks; b++)
	{
		const MlkBlock *block = &x->blocks[b];

		if (block->kind == MLK_BLOCK_DENSE)
		{
			lay_out_numbers(e, block, block->dense + row * block->stride, out.numbers);
			if (e->categories)
				memset(out.codes + block->first, 0xff, sizeof(uint32_t) * block->cols);
		}
		else
			lay_out_codes(e, block, block->codes[row * block->stride], out);
	}
	out.numbers[2 * (size_t) e->n_features] = -INFINITY;
}

/* ---- one step ---- */

static inline uint32_t
step_number(const MlkNode *node, const double *numbers)
{
	return node->left + !(numbers[node->slot] <= node->test.threshold);
}

static inline uint32_t
step_category(const MlkEnsemble *e, const MlkNode *node, uint32_t code, bool missing_left)
{
	bool		to_left = code == UINT32_MAX ? missing_left : mlk_node_has_code(e, node, code);

	return node->left + !to_left;
}

static inline uint32_t
step_any(const MlkEnsemble *e, const MlkNode *node, const double *numbers, const uint32_t *codes)
{
	if (!mlk_node_is_category(e, node))
		return step_number(node, numbers);
	return step_category(e, node, codes[mlk_node_feature(e, node)], mlk_node_missing_left(e, node));
}

uint32_t
mlk_tree_step(const MlkEnsemble *e, const MlkNode *node, MlkTreeRow row)
{
	return step_any(e, node, row.numbers, row.codes);
}

/* ---- walks side by side ---- */

/* lane k starts at node at[k] and walks row k of rows stride apart (0: all the same row); ends in leaves */
static inline void
walk_numbers(const MlkNode *nodes, uint32_t depth, const double *numbers, size_t stride, uint32_t *at)
{
	uint32_t	lane[LANES];
	uint32_t	certain = depth < UNASKED_STEPS ? depth : UNASKED_STEPS;

	memcpy(lane, at, sizeof(lane));
	for (uint32_t d = 0; d < certain; d++)
	{
#pragma GCC unroll 8
		for (int k = 0; k < LANES; k++)
			lane[k] = step_number(&nodes[lane[k]], numbers + k * stride);
	}
	for (uint32_t d = certain; d < depth; d++)
	{
		uint32_t	moved = 0;

#pragma GCC unroll 8
		for (int k = 0; k < LANES; k++)
		{
			uint32_t	next = step_number(&nodes[lane[k]], numbers + k * stride);

			moved |= next ^ lane[k];
			lane[k] = next;
		}
		if (moved == 0)
			break;
	}
	memcpy(at, lane, sizeof(lane));
}

static inline void
walk_any(const MlkEnsemble *e, uint32_t depth, const double *numbers, size_t stride,
		 const uint32_t *codes, size_t code_stride, uint32_t *at)
{
	for (uint32_t d = 0; d < depth; d++)
	{
		uint32_t	moved = 0;

		for (int k = 0; k < LANES; k++)
		{
			uint32_t	next = step_any(e, &e->nodes[at[k]], numbers + k * stride, codes + k * code_stride);

			moved |= next ^ at[k];
			at[k] = next;
		}
		if (moved == 0)
			break;
	}
}

/* raw[n_outputs] += what leaf at of tree t says */
static inline void
add_leaf(const MlkEnsemble *e, uint32_t t, uint32_t at, double *raw)
{
	const MlkNode *leaf = &e->nodes[at];

	if (e->values_per_leaf == 1)
		raw[e->n_outputs == 1 ? 0 : t % e->n_outputs] += leaf->test.value;
	else
	{
		const double *value = mlk_leaf_values(e, leaf);

		for (uint32_t k = 0; k < e->n_outputs; k++)
			raw[k] += value[k];
	}
}

/* one row, LANES trees at a time; lanes behind the last tree walk it again for nothing */
static void
score_row(const MlkEnsemble *e, const double *numbers, const uint32_t *codes, double *raw)
{
	for (uint32_t t = 0; t < e->n_trees; t += LANES)
	{
		uint32_t	count = e->n_trees - t < LANES ? e->n_trees - t : LANES;
		uint32_t	at[LANES];
		uint32_t	depth = 0;

		for (uint32_t k = 0; k < LANES; k++)
		{
			uint32_t	tree = t + (k < count ? k : count - 1);

			at[k] = e->roots[tree];
			depth = e->depth[tree] > depth ? e->depth[tree] : depth;
		}
		if (e->categories)
			walk_any(e, depth, numbers, 0, codes, 0, at);
		else
			walk_numbers(e->nodes, depth, numbers, 0, at);
		for (uint32_t k = 0; k < count; k++)
			add_leaf(e, t + k, at[k], raw);
	}
}

/* LANES rows side by side through tree t; raw is the first one's */
static void
score_lanes(const MlkEnsemble *e, uint32_t t, const double *numbers, size_t width, const uint32_t *codes, double *raw)
{
	uint32_t	at[LANES];

	for (int k = 0; k < LANES; k++)
		at[k] = e->roots[t];
	if (e->categories)
		walk_any(e, e->depth[t], numbers, width, codes, e->n_features, at);
	else
		walk_numbers(e->nodes, e->depth[t], numbers, width, at);
	for (int k = 0; k < LANES; k++)
		add_leaf(e, t, at[k], raw + (size_t) k * e->n_outputs);
}

static void
score_panel(const MlkEnsemble *e, const MlkDesign *x, int64_t from, int64_t rows, double *raw)
{
	Panel		panel;
	size_t		width = 2 * (size_t) e->n_features + 1;
	int64_t		whole = rows - rows % LANES;

	for (int64_t i = 0; i < rows; i++)
		mlk_tree_row(e, x, from + i, (MlkTreeRow)
					 {
						 panel.numbers + i * width, panel.codes + i * e->n_features
					 });
	for (uint32_t t = 0; t < e->n_trees; t++)
	{
		for (int64_t i = 0; i < whole; i += LANES)
			score_lanes(e, t, panel.numbers + i * width, width, panel.codes + i * e->n_features, raw + i * e->n_outputs);
	}
	for (int64_t i = whole; i < rows; i++)
		score_row(e, panel.numbers + i * width, panel.codes + i * e->n_features, raw + i * e->n_outputs);
}

/* ---- rows too wide to be laid out on the stack ---- */

/* the block of a design column; blocks are in column order */
static const MlkBlock *
block_of(const MlkDesign *x, int32_t column)
{
	int			low = 0;
	int			high = x->n_blocks - 1;

	while (low < high)
	{
		int			middle = (low + high + 1) / 2;

		if (x->blocks[middle].first <= column)
			low = middle;
		else
			high = middle - 1;
	}
	return &x->blocks[low];
}

static uint32_t
step_wide(const MlkEnsemble *e, const MlkNode *node, const MlkDesign *x, int64_t row)
{
	uint32_t	feature = mlk_node_feature(e, node);
	bool		missing_left = mlk_node_missing_left(e, node);
	const MlkBlock *block = block_of(x, (int32_t) feature);

	if (mlk_node_is_category(e, node) != (block->kind == MLK_BLOCK_CATEGORY))
		return node->left + !missing_left;
	if (mlk_node_is_category(e, node))
	{
		uint32_t	code = block->codes[row * block->stride];

		return step_category(e, node, code < e->codes[feature] ? code : UINT32_MAX, missing_left);
	}
	else
	{
		double		value = block->dense[row * block->stride + ((int32_t) feature - block->first)];
		bool		to_left = isnan(value) ? missing_left : value <= node->test.threshold;

		return node->left + !to_left;
	}
}

static void
score_wide(const MlkEnsemble *e, const MlkDesign *x, int64_t row, double *raw)
{
	for (uint32_t t = 0; t < e->n_trees; t++)
	{
		uint32_t	at = e->roots[t];

		while (!mlk_node_is_leaf(e, &e->nodes[at]))
			at = step_wide(e, &e->nodes[at], x, row);
		add_leaf(e, t, at, raw);
	}
}

/* ---- the door ---- */

/* rows that fit into a panel: LANES of them or more, 1 for a wide row, 0 for one that is too wide */
static int64_t
panel_rows(const MlkEnsemble *e)
{
	size_t		by_numbers = PANEL_NUMBERS / (2 * (size_t) e->n_features + 1);
	size_t		by_codes = e->n_features == 0 ? LARGE_PANEL_ROWS : PANEL_CODES / (size_t) e->n_features;
	size_t		rows = by_numbers < by_codes ? by_numbers : by_codes;
	size_t		most = e->n_nodes > LARGE_NODES ? LARGE_PANEL_ROWS : SMALL_PANEL_ROWS;

	if (rows >= LANES)
		rows -= rows % LANES;
	return (int64_t) (rows < most ? rows : most);
}

void
mlk_ensemble_score(const MlkEnsemble *e, const MlkDesign *x, int64_t from, int64_t rows, double *raw)
{
	int64_t		flat = rows < FLAT_ROWS || e->flat_splits == NULL ? 0 : mlk_flat_rows(e);
	int64_t		step = panel_rows(e);

	memset(raw, 0, sizeof(double) * (size_t) rows * e->n_outputs);
	for (int64_t i = 0; flat > 0 && i < rows; i += flat)
		mlk_flat_score(e, x, from + i, rows - i < flat ? rows - i : flat, raw + i * e->n_outputs);
	if (flat > 0)
		step = -1;
	for (int64_t i = 0; step == 0 && i < rows; i++)
		score_wide(e, x, from + i, raw + i * e->n_outputs);
	for (int64_t i = 0; step > 0 && i < rows; i += step)
		score_panel(e, x, from + i, rows - i < step ? rows - i : step, raw + i * e->n_outputs);
	for (int64_t i = 0; i < rows; i++)
	{
		for (uint32_t k = 0; k < e->n_outputs; k++)
			raw[i * e->n_outputs + k] = e->base[k] + e->scale * raw[i * e->n_outputs + k];
	}
}
