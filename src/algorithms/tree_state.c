/*
 * tree_state.c: the state of tree algorithms at work: scores, and what explanations need beside them (see tree_state.h).
 */
#include "algorithms/tree_internal.h"

#include "kernels/sigmoid.h"
#include "kernels/tree_unpack.h"
#include "utils/memutils.h"

/* ---- rows and gains ---- */

/* of what was read: a split has the rows of its children */
static void
spread_tree(const MlTreeState *s, uint32 tree, MlkNodeInfo *info, uint32 *split, uint32 *leaf)
{
	const MlkEnsemble *e = &s->e;

	for (uint32 i = e->roots[tree]; i < e->roots[tree + 1]; i++)
	{
		if (mlk_node_is_leaf(e, &e->nodes[i]))
			info[i] = (MlkNodeInfo) {.rows = mlk_unpack(s->leaf_rows, s->width_rows, (*leaf)++)};
		else
			info[i] = (MlkNodeInfo) {.gain = mlk_unpack_float(s->gain, (*split)++)};
	}
	for (uint32 i = e->roots[tree + 1]; i-- > e->roots[tree];)
	{
		uint32		left = e->nodes[i].left;

		if (!mlk_node_is_leaf(e, &e->nodes[i]))
			info[i].rows = info[left].rows + info[left + 1].rows;
	}
}

/* the state's meaning stays what it is: only a copy of what it holds is added */
void
ml_tree_need_info(const MlTreeState *state)
{
	MlkNodeInfo *info;
	uint32		split = 0;
	uint32		leaf = 0;

	if (state->e.info != NULL || state->e.n_nodes == 0)
		return;
	info = MemoryContextAllocHuge(state->context, sizeof(MlkNodeInfo) * (Size) state->e.n_nodes);
	for (uint32 t = 0; t < state->e.n_trees; t++)
		spread_tree(state, t, info, &split, &leaf);
	((MlTreeState *) state)->e.info = info;
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
