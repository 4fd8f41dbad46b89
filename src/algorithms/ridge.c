/*
 * ridge.c: least squares with an l2 penalty on the weights.
 */
#include "algorithms/least_squares.h"

static const MlParamSpec params[] = {
	{"alpha", ML_PARAM_REAL, "1.0", 0.0, INFINITY,
	.help = "Strength of the penalty: the objective is |y - Xw|^2 + alpha |w|^2, the intercept is free"},
	{"fit_intercept", ML_PARAM_BOOL, "true", .help = "Whether the model has a constant term"},
	{NULL}
};

static void *
fit(const MlProblem *problem, const MlParams *given, const MlFitControl *control)
{
	return ml_least_squares_fit(problem, control, "ridge", ml_params_bool(given, "fit_intercept"),
								ml_params_real(given, "alpha"));
}

extern const MlAlgorithm ml_algorithm_ridge;
const MlAlgorithm ml_algorithm_ridge = {
	.name = "ridge",
	.help = "Least squares with an l2 penalty: steadier coefficients when features are correlated or many",
	.tasks = ML_TASK_REGRESSION,
	.params = params,
	.sums = true,
	.default_scale = "standard",
	.fit = fit,
	ML_LINEAR_OPS,
};
