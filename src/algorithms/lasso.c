/*
 * lasso.c: least squares with an l1 penalty.
 */
#include "algorithms/penalised.h"

static const MlParamSpec params[] = {
	ML_PENALTY_PARAMS,
	{NULL}
};

static void *
fit(const MlProblem *problem, const MlParams *given, const MlFitControl *control)
{
	MlPenalty	penalty = ml_penalty_read(given, "lasso", 1.0);

	return ml_penalised_fit(problem, control, &penalty);
}

extern const MlAlgorithm ml_algorithm_lasso;
const MlAlgorithm ml_algorithm_lasso = {
	.name = "lasso",
	.help = "Least squares with an l1 penalty: weights that do not help become exactly 0",
	.tasks = ML_TASK_REGRESSION,
	.params = params,
	.default_scale = "standard",
	.fit = fit,
	ML_LINEAR_OPS,
};
