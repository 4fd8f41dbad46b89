/*
 * random_forest.c: trees on bootstrap samples, each split the best one of a few features drawn at random (Breiman 2001).
 */
#include "algorithms/forest_common.h"

static const MlParamSpec params[] = {
	ML_FOREST_MANY_PARAMS("true"),
	ML_FOREST_TREE_PARAMS,
	{NULL}
};

static void *
fit_model(const MlProblem *problem, const MlParams *given, const MlFitControl *control)
{
	return ml_forest_fit(problem, given, control, false);
}

extern const MlAlgorithm ml_algorithm_random_forest;
const MlAlgorithm ml_algorithm_random_forest = {
	.name = "random_forest",
	.help = "Random forest: the mean of many deep trees on bootstrap samples; NULL and categories as they are",
	.tasks = ML_TASK_REGRESSION | ML_TASK_CLASSIFICATION,
	.params = params,
	.check = ml_forest_check,
	.fit = fit_model,
	ML_TREE_OPS
};
