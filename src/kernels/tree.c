/*
 * tree.c: scoring of tree ensembles, their structure check and their split statistics.
 *
 * A walk down a tree is a chain of dependent loads: alone, it waits for memory and cache most of the time.  So LANES walks go
 * on side by side: for one row those of several trees, in a block those of several rows through one tree, which
 * stays in the nearest caches meanwhile.  All lanes make as many steps as the deepest needs; a lane that arrived at its leaf
 * stays there.  Sums go in the order of the trees either way, so that the bits do not depend on the way.
 */
#include "kernels/tree.h"
#include "kernels/tree_flat.h"

#include <string.h>

#define TREE_LANES 8			/* one row through so many trees */
#define ROW_LANES 16			/* so many rows through one tree */

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
#define LARGE_PANEL_ROWS 4096
#define LARGE_NODES 65536
#define PANEL_RANKS 196608

/* rows whose numbers are ranked together, while they are in the nearest cache */
#define TILE_ROWS 64
#define RANK_LANES 8

/* ---- rows ---- */

/* thresholds below each of x[RANK_LANES]: binary searches side by side, without a branch */
static inline void
count_below(const double *thresholds, uint32_t n, const double *x, uint32_t *below)
{
	memset(below, 0, sizeof(uint32_t) * RANK_LANES);
	for (; n > 1; n -= n / 2)
	{
		const double *middle = thresholds + n / 2 - 1;

		for (int k = 0; k < RANK_LANES; k++)
			below[k] += -(uint32_t) (middle[below[k]] < x[k]) & (n / 2);
	}
	for (int k = 0; k < RANK_LANES && n == 1; k++)
		below[k] += thresholds[below[k]] < x[k];
}

/* the same for one */
static inline uint32_t
count_below_one(const double *thresholds, uint32_t n, double x)
{
	uint32_t	below = 0;

	for (; n > 1; n -= n / 2)
		below += -(uint32_t) (thresholds[below + n / 2 - 1] < x) & (n / 2);
	return n == 1 ? below + (thresholds[below] < x) : below;
}

/* both places of a number whose rank is known; no threshold is below NaN */
static inline void
put_rank(const MlkEnsemble *e, double x, uint32_t rank, uint16_t *out)
{
	out[0] = (uint16_t) (isnan(x) ? MLK_RANK_MISSING : rank);
	out[e->n_features] = (uint16_t) rank;
}

static inline void
put_missing(const MlkEnsemble *e, uint16_t *out)
{
	out[0] = MLK_RANK_MISSING;
	out[e->n_features] = 0;
}

static inline uint32_t
n_thresholds(const MlkEnsemble *e, uint32_t feature)
{
	return e->first_threshold[feature + 1] - e->first_threshold[feature];
}

/* a column that is not of the kind the trees take it for (the bytes of a model may say so) is missing */
static void
lay_out_codes(const MlkEnsemble *e, const MlkBlock *block, uint32_t code, uint16_t *out)
{
	for (int32_t j = 0; j < block->cols; j++)
		put_missing(e, out + block->first + j);
	if (block->kind == MLK_BLOCK_CATEGORY && code < e->codes[block->first])
		out[block->first] = (uint16_t) code;
}

void
mlk_tree_row(const MlkEnsemble *e, const MlkDesign *x, int64_t row, uint16_t *out)
{
	for (int b = 0; b < x->n_blocks; b++)
	{
		const MlkBlock *block = &x->blocks[b];

		if (block->kind != MLK_BLOCK_DENSE)
			lay_out_codes(e, block, block->codes[row * block->stride], out);
		for (int32_t j = 0; j < block->cols && block->kind == MLK_BLOCK_DENSE; j++)
		{
			uint32_t	feature = (uint32_t) (block->first + j);
			double		v = block->dense[row * block->stride + j];

			if (e->codes[feature] > 0)
				put_missing(e, out + feature);
			else
				put_rank(e, v, count_below_one(e->thresholds + e->first_threshold[feature], n_thresholds(e, feature), v),
						 out + feature);
		}
	}
	out[mlk_slot_leaf(e)] = 0;
}

/* a number of rows [0, rows), at x + i * stride, to out + i * width; rows are a multiple of RANK_LANES */
static void
lay_out_number(const MlkEnsemble *e, uint32_t feature, const double *x, int64_t stride, int64_t rows, uint16_t *out, size_t width)
{
	const double *thresholds = e->thresholds + e->first_threshold[feature];
	uint32_t	n = n_thresholds(e, feature);

	for (int64_t i = 0; i < rows; i += RANK_LANES)
	{
		double		value[RANK_LANES];
		uint32_t	rank[RANK_LANES];

		for (int k = 0; k < RANK_LANES; k++)
			value[k] = x[(i + k) * stride];
		count_below(thresholds, n, value, rank);
		for (int k = 0; k < RANK_LANES; k++)
			put_rank(e, value[k], rank[k], out + (i + k) * width);
	}
}

/* rows [from, from + rows) of x as mlk_tree_row lays them out; rows are a multiple of RANK_LANES */
static void
lay_out_tile(const MlkEnsemble *e, const MlkDesign *x, int64_t from, int64_t rows, uint16_t *out, size_t width)
{
	for (int b = 0; b < x->n_blocks; b++)
	{
		const MlkBlock *block = &x->blocks[b];

		for (int64_t i = 0; i < rows && block->kind != MLK_BLOCK_DENSE; i++)
			lay_out_codes(e, block, block->codes[(from + i) * block->stride], out + i * width);
		for (int32_t j = 0; j < block->cols && block->kind == MLK_BLOCK_DENSE; j++)
		{
			uint32_t	feature = (uint32_t) (block->first + j);

			for (int64_t i = 0; i < rows && e->codes[feature] > 0; i++)
				put_missing(e, out + i * width + feature);
			if (e->codes[feature] == 0)
				lay_out_number(e, feature, block->dense + from * block->stride + j, block->stride, rows, out + feature, width);
		}
	}
	for (int64_t i = 0; i < rows; i++)
		out[i * width + mlk_slot_leaf(e)] = 0;
}

static void
lay_out_rows(const MlkEnsemble *e, const MlkDesign *x, int64_t from, int64_t rows, uint16_t *out, size_t width)
{
	int64_t		whole = rows - rows % RANK_LANES;

	for (int64_t i = 0; i < whole; i += TILE_ROWS)
		lay_out_tile(e, x, from + i, whole - i < TILE_ROWS ? whole - i : TILE_ROWS, out + i * width, width);
	for (int64_t i = whole; i < rows; i++)
		mlk_tree_row(e, x, from + i, out + i * width);
}

/* ---- one step ---- */

static inline uint32_t
step_number(const MlkNode *node, const uint16_t *row)
{
	return node->left + (row[node->slot] > node->rank);
}

static inline uint32_t
step_any(const MlkEnsemble *e, const MlkNode *node, const uint16_t *row)
{
	uint32_t	code;
	bool		to_left;

	if (!mlk_node_is_category(e, node))
		return step_number(node, row);
	code = row[mlk_node_feature(e, node)];
	to_left = code == MLK_RANK_MISSING ? mlk_node_missing_left(e, node) : mlk_set_has(e, mlk_node_set(e, node), code);
	return node->left + !to_left;
}

uint32_t
mlk_tree_step(const MlkEnsemble *e, const MlkNode *node, const uint16_t *row)
{
	return step_any(e, node, row);
}

/* ---- walks side by side ---- */

/* from the nodes at[lanes] by the rows stride apart (0: all the same row); ends in leaves */
static inline __attribute__((always_inline)) void
walk_numbers(const MlkNode *nodes, uint32_t depth, const uint16_t *row, size_t stride, uint32_t *at, int lanes)
{
	uint32_t	certain = depth < UNASKED_STEPS ? depth : UNASKED_STEPS;
	uint32_t	moved = 1;

	for (uint32_t d = 0; d < certain; d++)
	{
#pragma GCC unroll 16
		for (int k = 0; k < lanes; k++)
			at[k] = step_number(&nodes[at[k]], row + k * stride);
	}
	/* two steps a question: one too many stays where it is */
	for (uint32_t d = certain; d < depth && moved != 0; d += 2)
	{
		moved = 0;
#pragma GCC unroll 16
		for (int k = 0; k < lanes; k++)
			at[k] = step_number(&nodes[at[k]], row + k * stride);
#pragma GCC unroll 16
		for (int k = 0; k < lanes; k++)
		{
			uint32_t	next = step_number(&nodes[at[k]], row + k * stride);

			moved |= next ^ at[k];
			at[k] = next;
		}
	}
}

static inline __attribute__((always_inline)) void
walk_any(const MlkEnsemble *e, uint32_t depth, const uint16_t *row, size_t stride, uint32_t *at, int lanes)
{
	uint32_t	moved = 1;

	for (uint32_t d = 0; d < depth && moved != 0; d++)
	{
		moved = 0;
		for (int k = 0; k < lanes; k++)
		{
			uint32_t	next = step_any(e, &e->nodes[at[k]], row + k * stride);

			moved |= next ^ at[k];
			at[k] = next;
		}
	}
}

static inline __attribute__((always_inline)) void
walk(const MlkEnsemble *e, uint32_t depth, const uint16_t *row, size_t stride, uint32_t *at, int lanes)
{
	if (e->categories)
		walk_any(e, depth, row, stride, at, lanes);
	else
		walk_numbers(e->nodes, depth, row, stride, at, lanes);
}

/* raw[n_outputs] += what leaf at of tree t says */
static inline void
add_leaf(const MlkEnsemble *e, uint32_t t, uint32_t at, double *raw)
{
	uint32_t	place = mlk_leaf_place(e, at);

	if (e->values_per_leaf == 1)
		raw[e->n_outputs == 1 ? 0 : t % e->n_outputs] += e->values[place];
	else
	{
		const double *value = e->values + (size_t) place * e->values_per_leaf;

		for (uint32_t k = 0; k < e->n_outputs; k++)
			raw[k] += value[k];
	}
}

/* one row, TREE_LANES trees at a time; lanes behind the last tree walk it again for nothing */
static void
score_row(const MlkEnsemble *e, const uint16_t *row, double *raw)
{
	for (uint32_t t = 0; t < e->n_trees; t += TREE_LANES)
	{
		uint32_t	count = e->n_trees - t < TREE_LANES ? e->n_trees - t : TREE_LANES;
		uint32_t	at[TREE_LANES];
		uint32_t	depth = 0;

		for (uint32_t k = 0; k < TREE_LANES; k++)
		{
			uint32_t	tree = t + (k < count ? k : count - 1);

			at[k] = e->roots[tree];
			depth = e->depth[tree] > depth ? e->depth[tree] : depth;
		}
		walk(e, depth, row, 0, at, TREE_LANES);
		for (uint32_t k = 0; k < count; k++)
			add_leaf(e, t + k, at[k], raw);
	}
}

/* ROW_LANES rows side by side through tree t; raw is the first one's */
static void
score_lanes(const MlkEnsemble *e, uint32_t t, const uint16_t *rows, size_t width, double *raw)
{
	uint32_t	at[ROW_LANES];

	for (int k = 0; k < ROW_LANES; k++)
		at[k] = e->roots[t];
	walk(e, e->depth[t], rows, width, at, ROW_LANES);
	for (int k = 0; k < ROW_LANES; k++)
		add_leaf(e, t, at[k], raw + (size_t) k * e->n_outputs);
}

static void
score_panel(const MlkEnsemble *e, const MlkDesign *x, int64_t from, int64_t rows, double *raw)
{
	uint16_t	panel[PANEL_RANKS];
	size_t		width = MLK_ROW_SLOTS(e->n_features);
	int64_t		whole = rows - rows % ROW_LANES;

	lay_out_rows(e, x, from, rows, panel, width);
	for (uint32_t t = 0; t < e->n_trees; t++)
	{
		for (int64_t i = 0; i < whole; i += ROW_LANES)
			score_lanes(e, t, panel + i * width, width, raw + i * e->n_outputs);
	}
	for (int64_t i = whole; i < rows; i++)
		score_row(e, panel + i * width, raw + i * e->n_outputs);
}

/* the same for one row, on less of the stack */
static void
score_alone(const MlkEnsemble *e, const MlkDesign *x, int64_t from, double *raw)
{
	uint16_t	row[MLK_ROW_SLOTS(MLK_MAX_TREE_FEATURES)];

	mlk_tree_row(e, x, from, row);
	score_row(e, row, raw);
}

/* ---- the door ---- */

/* rows that fit into a panel: at least 6 */
static int64_t
panel_rows(const MlkEnsemble *e)
{
	size_t		rows = PANEL_RANKS / MLK_ROW_SLOTS(e->n_features);
	size_t		most = e->n_nodes > LARGE_NODES ? LARGE_PANEL_ROWS : SMALL_PANEL_ROWS;

	if (rows >= ROW_LANES)
		rows -= rows % ROW_LANES;
	return (int64_t) (rows < most ? rows : most);
}

void
mlk_ensemble_score(const MlkEnsemble *e, const MlkDesign *x, int64_t from, int64_t rows, double *raw)
{
	bool		flat = rows >= FLAT_ROWS && e->flat_splits != NULL && mlk_flat_rows(e) > 0;
	int64_t		step = flat ? mlk_flat_rows(e) : panel_rows(e);

	memset(raw, 0, sizeof(double) * (size_t) rows * e->n_outputs);
	for (int64_t i = 0; i < rows; i += step)
	{
		int64_t		n = rows - i < step ? rows - i : step;

		if (flat)
			mlk_flat_score(e, x, from + i, n, raw + i * e->n_outputs);
		else if (n == 1)
			score_alone(e, x, from + i, raw + i * e->n_outputs);
		else
			score_panel(e, x, from + i, n, raw + i * e->n_outputs);
	}
	for (int64_t i = 0; i < rows; i++)
	{
		for (uint32_t k = 0; k < e->n_outputs; k++)
			raw[i * e->n_outputs + k] = e->base[k] + e->scale * raw[i * e->n_outputs + k];
	}
}
