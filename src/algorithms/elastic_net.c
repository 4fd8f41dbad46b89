/*
 * elastic_net.c: least squares with a mixed l1 and l2 penalty.
 */
#include "algorithms/penalised.h"

static const MlParamSpec params[] = {
	{"l1_ratio", ML_PARAM_REAL, "0.5", 0.0, 1.0, .help = "Share of l1 in the penalty: 1 is lasso, 0 is l2 alone"},
	ML_PENALTY_PARAMS,
	{NULL}
};

static void *
fit(const MlProblem *problem, const MlParams *given, const MlFitControl *control)
{
	MlPenalty	penalty = ml_penalty_read(given, "elastic_net", ml_params_real(given, "l1_ratio"));

	return ml_penalised_fit(problem, control, &penalty);
}

extern const MlAlgorithm ml_algorithm_elastic_net;
const MlAlgorithm ml_algorithm_elastic_net = {
	.name = "elastic_net",
	.help = "Least squares with an l1 and an l2 penalty: sparse like lasso, but correlated columns share their weight",
	.tasks = ML_TASK_REGRESSION,
	.params = params,
	.default_scale = "standard",
	.fit = fit,
	ML_LINEAR_OPS,
};
