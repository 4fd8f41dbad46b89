/*
 * tree_flat.c: blocks of rows through small trees without walking.
 *
 * A tree of up to 64 leaves fits a row's fate into one word: bit l says that leaf l, counted from the left, can still be
 * reached.  A test that fails rules out the leaves below its left child; a test that holds rules out nothing, because of the leaves
 * that are left, the leftmost is where the walk would have ended (Lucchese et al., QuickScorer, 2015).  All tests of the tree
 * are made, in any order, for many rows at once: no branch, no load that waits for another one.
 */
#include "kernels/tree.h"
#include "kernels/tree_flat.h"

#include <string.h>

#define LANES 8
#define STEP_ROWS (2 * LANES)	/* two vectors side by side, so that one's compare hides the other's */
#define PANEL_ROWS 64
#define PANEL_NUMBERS 8192
#define MAX_NODES (2 * MLK_FLAT_LEAVES - 1)

typedef double Numbers __attribute__((vector_size(8 * LANES)));
typedef int64_t Bits __attribute__((vector_size(8 * LANES)));

/* numbers[slot * rows + i]; leaves do not look at theirs, so there are only 2 * n_features slots */
typedef struct FlatPanel
{
	double		numbers[PANEL_NUMBERS] __attribute__((aligned(64)));
	uint64_t	alive[PANEL_ROWS] __attribute__((aligned(64)));
} FlatPanel;

/* ---- making ---- */

bool
mlk_flat_possible(const MlkEnsemble *e)
{
	if (e->categories || e->values_per_leaf != 1)
		return false;
	for (uint32_t t = 0; t < e->n_trees; t++)
	{
		if (e->roots[t + 1] - e->roots[t] > MAX_NODES)
			return false;
	}
	return true;
}

static void
flatten_tree(MlkEnsemble *e, uint32_t t)
{
	const MlkNode *nodes = e->nodes + e->roots[t];
	uint32_t	first = e->roots[t];
	uint32_t	n = e->roots[t + 1] - first;
	MlkFlatSplit *split = e->flat_splits + (first - t) / 2;
	double	   *value = e->flat_values + (first + t) / 2;
	uint32_t	leaves[MAX_NODES];
	uint32_t	from[MAX_NODES];

	for (uint32_t i = n; i-- > 0;)
		leaves[i] = mlk_node_is_leaf(e, &nodes[i]) ? 1 : leaves[nodes[i].left - first] + leaves[nodes[i].left - first + 1];
	from[0] = 0;
	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t	left = nodes[i].left - first;

		if (mlk_node_is_leaf(e, &nodes[i]))
		{
			value[from[i]] = *mlk_leaf_values(e, &nodes[i]);
			continue;
		}
		from[left] = from[i];
		from[left + 1] = from[i] + leaves[left];
		/* a left child has at most 63 leaves: the right one has some too */
		split->keep = ~((((uint64_t) 1 << leaves[left]) - 1) << from[left]);
		split->threshold = mlk_node_threshold(e, &nodes[i]);
		split->slot = nodes[i].slot;
		split++;
	}
}

void
mlk_flatten(MlkEnsemble *e)
{
	for (uint32_t t = 0; t < e->n_trees; t++)
		flatten_tree(e, t);
}

/* ---- scoring ---- */

int64_t
mlk_flat_rows(const MlkEnsemble *e)
{
	size_t		rows = e->n_features == 0 ? 0 : PANEL_NUMBERS / (2 * (size_t) e->n_features);

	rows -= rows % STEP_ROWS;
	return rows < PANEL_ROWS ? (int64_t) rows : PANEL_ROWS;
}

static void
lay_out(const MlkEnsemble *e, const MlkDesign *x, int64_t from, int64_t rows, int64_t room, double *numbers)
{
	for (int b = 0; b < x->n_blocks; b++)
	{
		const MlkBlock *block = &x->blocks[b];

		for (int64_t i = 0; i < room; i++)
		{
			/* places behind the last row are filled with it: they are compared too */
			const double *row = block->kind != MLK_BLOCK_DENSE ? NULL :
				block->dense + (from + (i < rows ? i : rows - 1)) * block->stride;

			for (int32_t j = 0; j < block->cols; j++)
			{
				double		v = row == NULL ? NAN : row[j];

				numbers[(block->first + j) * room + i] = v;
				numbers[(block->first + j + (int64_t) e->n_features) * room + i] = isnan(v) ? -INFINITY : v;
			}
		}
	}
}

MLK_CLONES
static void
rule_out(const MlkFlatSplit *split, uint32_t n, const double *numbers, int64_t room, uint64_t *alive)
{
	for (int64_t i = 0; i < room; i += STEP_ROWS)
	{
		Bits		first = {0};
		Bits		second = {0};

		first = ~first;
		second = ~second;
		for (uint32_t s = 0; s < n; s++)
		{
			const Numbers *x = (const Numbers *) (numbers + split[s].slot * room + i);
			Bits		keep = (Bits) {0} + (int64_t) split[s].keep;
			Numbers		threshold = (Numbers) {0} + split[s].threshold;

			first &= (Bits) (x[0] <= threshold) | keep;
			second &= (Bits) (x[1] <= threshold) | keep;
		}
		memcpy(alive + i, &first, sizeof(first));
		memcpy(alive + i + LANES, &second, sizeof(second));
	}
}

void
mlk_flat_score(const MlkEnsemble *e, const MlkDesign *x, int64_t from, int64_t rows, double *raw)
{
	FlatPanel	panel;
	int64_t		room = (rows + STEP_ROWS - 1) / STEP_ROWS * STEP_ROWS;

	lay_out(e, x, from, rows, room, panel.numbers);
	for (uint32_t t = 0; t < e->n_trees; t++)
	{
		uint32_t	first = e->roots[t];
		uint32_t	output = e->n_outputs == 1 ? 0 : t % e->n_outputs;
		const double *value = e->flat_values + (first + t) / 2;

		rule_out(e->flat_splits + (first - t) / 2, (e->roots[t + 1] - first) / 2, panel.numbers, room, panel.alive);
		for (int64_t i = 0; i < rows; i++)
			raw[i * e->n_outputs + output] += value[__builtin_ctzll(panel.alive[i])];
	}
}
