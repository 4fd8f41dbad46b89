/*
 * linear_regression.c: ordinary least squares with the inference that goes with it.
 */
#include "algorithms/least_squares.h"

static const MlParamSpec params[] = {
	{"fit_intercept", ML_PARAM_BOOL, "true", .help = "Whether the model has a constant term"},
	{NULL}
};

/* one-hot columns of one category sum to the constant: without the first of them the coefficients are unique */
static bool
full_rank(const MlParams *given)
{
	return true;
}

static void *
fit(const MlProblem *problem, const MlParams *given, const MlFitControl *control)
{
	return ml_least_squares_fit(problem, control, "linear_regression", ml_params_bool(given, "fit_intercept"), 0.0);
}

extern const MlAlgorithm ml_algorithm_linear_regression;
const MlAlgorithm ml_algorithm_linear_regression = {
	.name = "linear_regression",
	.help = "Ordinary least squares, with standard errors, t tests and confidence intervals",
	.tasks = ML_TASK_REGRESSION,
	.params = params,
	.sums = true,
	.default_scale = "standard",
	.full_rank = full_rank,
	.fit = fit,
	ML_LINEAR_OPS,
};
