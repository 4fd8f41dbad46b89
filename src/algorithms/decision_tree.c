/*
 * decision_tree.c: one classification or regression tree, to read as rules (Breiman, Friedman, Olshen, Stone 1984).
 */
#include "algorithms/forest_common.h"

static const MlParamSpec params[] = {
	{"splitter", ML_PARAM_ENUM, "\"best\"", .choices = "best|random",
	.help = "best tries every threshold of a feature, random one that is drawn"},
	{"max_features", ML_PARAM_INT_OR_ENUM, "null", 0.0, INFINITY, .min_open = true, .nullable = true, .choices = "sqrt|log2",
	.help = "Features tried at a split, as a number or a share (1.0: all); null is all"},
	ML_FOREST_TREE_PARAMS,
	{NULL}
};

static void *
fit_model(const MlProblem *problem, const MlParams *given, const MlFitControl *control)
{
	return ml_forest_fit(problem, given, control, strcmp(ml_params_enum(given, "splitter"), "random") == 0);
}

extern const MlAlgorithm ml_algorithm_decision_tree;
const MlAlgorithm ml_algorithm_decision_tree = {
	.name = "decision_tree",
	.help = "One decision tree with cost-complexity pruning, to read with mlops_tree(); NULL and categories as they are",
	.tasks = ML_TASK_REGRESSION | ML_TASK_CLASSIFICATION,
	.params = params,
	.check = ml_forest_check,
	.fit = fit_model,
	ML_TREE_OPS
};
