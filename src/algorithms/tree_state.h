/*
 * tree_state.h: the fitted state of every tree algorithm: an ensemble of trees and the link from its raw scores to predictions.
 *
 * A learner creates a state, adds its trees in the order they were grown, says where the sum starts and how it is scaled, and
 * puts the shared ops into its MlAlgorithm.  Growing happens in bins; the state is in values: bin b of a number becomes
 * the threshold edges[b], a set of bins the set of the same codes.
 *
 * Which output a tree feeds: with one value a leaf, tree t of the state (in order of adding) adds to output t % n_outputs, so a
 * multiclass booster adds n_classes trees an iteration; with n_outputs values a leaf, every tree feeds them all.
 */
#ifndef ML_TREE_STATE_H
#define ML_TREE_STATE_H

#include "algorithms/algorithm.h"
#include "kernels/grow.h"
#include "kernels/tree.h"

#define ML_TREE_STATE_VERSION 2

/* raw scores -> predictions; stored: append only */
typedef enum MlTreeLink
{
	ML_TREE_IDENTITY = 1,		/* regression: the raw score */
	ML_TREE_EXP,				/* regression: exp of it (poisson, gamma) */
	ML_TREE_LOGISTIC,			/* two classes, one output: 1 - p, p */
	ML_TREE_SOFTMAX,			/* n_classes outputs */
	ML_TREE_AVERAGE				/* classification: n_classes outputs that are shares already; regression: the raw score */
} MlTreeLink;

typedef struct MlTreeState MlTreeState;

/*
 * Bytes a state of that many nodes takes, in memory and stored, whichever is more: for pricing before training.  A tree of
 * L leaves has 2 L - 1 nodes.  category_words: 32-bit words of category sets, 0 when there are none.
 */
extern double ml_tree_state_price(double n_trees, double n_nodes, int values_per_leaf, double category_words);

/* ERROR 54000 when that price is over 1 GB: both numbers, and hint as the next step (complete sentence) */
extern void ml_tree_state_check_price(double n_trees, double n_nodes, int values_per_leaf, double category_words,
									  const char *hint);

/* In the current memory context, where it grows too.  binned is read by add only and may be freed after the last. */
extern MlTreeState *ml_tree_state_create(const MlkBinned *binned, int n_outputs, int values_per_leaf, MlTreeLink link);

/*
 * Append one tree.  nodes[0] is the root; a node's children come after it, in any order.  A category's set begins at
 * sets[node->set]: (n_bins + 31) / 32 words, bit b = bin b goes left; missing_left alone decides for the missing bin.
 * leaf_values: values_per_leaf numbers for each leaf, in the order of the leaves in nodes; finite.
 * rows of a node: what it is weighed with when a prediction is explained; at least 1, a split has those of both its children.
 * ERROR 54000 when the state would outgrow 1 GB.  Main thread only.
 */
extern void ml_tree_state_add(MlTreeState *state, const MlkGrownNode *nodes, int n, const uint32 *sets,
							  const double *leaf_values);

/*
 * Warm start: append all trees of an earlier state, before the first add.  false when it has other features, outputs,
 * values a leaf or link (the caller says so): nothing happened then.  Its base and scale are the caller's to take over.
 */
extern bool ml_tree_state_append(MlTreeState *state, const MlTreeState *earlier);

/* raw score = base[n_outputs] + scale * sum of trees (base NULL: zeros).  Ends building: keep the first n_trees trees (<= 0: all) */
extern void ml_tree_state_finish(MlTreeState *state, const double *base, double scale);
/* forget the trees after the first n_trees; before finish (early stopping) */
extern void ml_tree_state_truncate(MlTreeState *state, int n_trees);

/* for warm starts and tests */
extern const MlkEnsemble *ml_tree_state_ensemble(const MlTreeState *state);
extern int	ml_tree_state_trees(const MlTreeState *state);

/* out[rows * n_outputs]: raw scores, before the link; thread-safe, allocates nothing.  After finish. */
extern void ml_tree_state_raw(const MlTreeState *state, const MlkDesign *x, int64 from, int64 rows, double *out);

/* the ops that all tree algorithms share, for MlAlgorithm; state_version is ML_TREE_STATE_VERSION, layout ML_LAYOUT_NATIVE */
extern void ml_tree_predict(const void *state, const MlkDesign *x, int64 from, int64 rows, double *out);
extern void ml_tree_write(const void *state, MlBlobWriter *w);
extern void *ml_tree_read(MlBlobReader *r, const MlShape *shape);
extern void ml_tree_importance(const void *state, bool by_gain, double *out);
extern void ml_tree_explain(const void *state, const MlkDesign *x, int64 row, int class_index, double *out, double *base);
extern MlTreeNode *ml_tree_nodes(const void *state, int tree, int *n, int *n_trees);

/* ... as one block of initialisers */
#define ML_TREE_OPS \
	.state_version = ML_TREE_STATE_VERSION, \
	.layout = ML_LAYOUT_NATIVE, \
	.default_scale = "none", \
	.predict = ml_tree_predict, \
	.write = ml_tree_write, \
	.read = ml_tree_read, \
	.importance = ml_tree_importance, \
	.explain = ml_tree_explain, \
	.tree = ml_tree_nodes

#endif							/* ML_TREE_STATE_H */
