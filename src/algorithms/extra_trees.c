/*
 * extra_trees.c: extremely randomised trees: features and thresholds are drawn at random, the best of the draws splits the node
 * (Geurts, Ernst, Wehenkel 2006).
 */
#include "algorithms/forest_common.h"

static const MlParamSpec params[] = {
	ML_FOREST_MANY_PARAMS("false"),
	ML_FOREST_TREE_PARAMS,
	{NULL}
};

static void *
fit_model(const MlProblem *problem, const MlParams *given, const MlFitControl *control)
{
	return ml_forest_fit(problem, given, control, true);
}

extern const MlAlgorithm ml_algorithm_extra_trees;
const MlAlgorithm ml_algorithm_extra_trees = {
	.name = "extra_trees",
	.help = "Extremely randomised trees: a forest whose thresholds are drawn at random; NULL and categories as they are",
	.tasks = ML_TASK_REGRESSION | ML_TASK_CLASSIFICATION,
	.params = params,
	.check = ml_forest_check,
	.fit = fit_model,
	ML_TREE_OPS
};
