/*
 * logistic_regression.c: binary and multinomial logistic regression.
 */
#include "algorithms/logistic.h"

#include "algorithms/fit.h"

static const MlParamSpec params[] = {
	{"penalty", ML_PARAM_ENUM, "\"l2\"", .choices = "l2|l1|elasticnet|none",
	.help = "Kind of penalty on the weights; the intercept is never penalised"},
	{"C", ML_PARAM_REAL, "1.0", 0.0, INFINITY, .min_open = true,
	.help = "Inverse strength of the penalty: the objective is C times the loss plus the penalty"},
	{"l1_ratio", ML_PARAM_REAL, "0.5", 0.0, 1.0, .help = "Share of l1 in the elasticnet penalty"},
	{"class_weight", ML_PARAM_CLASS_WEIGHT, "null", .nullable = true,
	.help = "Weights of the classes, beside those of the rows"},
	{"fit_intercept", ML_PARAM_BOOL, "true", .help = "Whether the model has a constant term"},
	{"solver", ML_PARAM_ENUM, "\"auto\"", .choices = "auto|newton|lbfgs",
	.help = "newton for up to 500 coefficients, lbfgs beyond; auto chooses"},
	{"max_iter", ML_PARAM_INT, "1000", 1, 1000000, .help = "Largest number of iterations"},
	{"tol", ML_PARAM_REAL, "1e-8", 0.0, 1.0, .min_open = true,
	.help = "lbfgs stops when no element of the gradient, per unit of weight, is larger; newton goes to full precision"},
	{NULL}
};

static bool
full_rank(const MlParams *given)
{
	return strcmp(ml_params_enum(given, "penalty"), "none") == 0;
}

static void
set_penalty(MlLogisticFit *fit, const MlParams *given)
{
	const char *penalty = ml_params_enum(given, "penalty");
	double		strength = 1.0 / ml_params_real(given, "C");
	double		l1_ratio = 0.0;

	if (strcmp(penalty, "none") == 0)
		return;
	if (strcmp(penalty, "l1") == 0)
		l1_ratio = 1.0;
	else if (strcmp(penalty, "elasticnet") == 0)
		l1_ratio = ml_params_real(given, "l1_ratio");
	fit->l1 = strength * l1_ratio;
	fit->l2 = strength * (1.0 - l1_ratio);
}

static bool
choose_newton(const MlLogisticFit *fit, const MlParams *given)
{
	const char *solver = ml_params_enum(given, "solver");

	if (strcmp(solver, "newton") == 0 && fit->hessian == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("solver \"newton\" takes at most %d coefficients", ML_LOGISTIC_NEWTON_SIZE),
				 errdetail("The model has %d: %d columns after preprocessing and the intercept, for %d classes.",
						   fit->size, fit->problem->x->cols, fit->problem->n_classes),
				 errhint("Use solver \"lbfgs\" or \"auto\".")));
	return strcmp(solver, "lbfgs") != 0 && fit->hessian != NULL;
}

static void
prepare(MlLogisticFit *fit, const MlParams *given)
{
	const MlProblem *problem = fit->problem;
	int			threads = mlk_pool_threads(problem->pool);
	double		length = (double) fit->outputs * fit->q;
	bool		square = length <= ML_LOGISTIC_NEWTON_SIZE;
	bool		lbfgs = strcmp(ml_params_enum(given, "solver"), "lbfgs") == 0;
	double		size;

	if (length > PG_INT32_MAX / 64)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%d classes with %d columns each are too many coefficients",
						problem->n_classes, problem->x->cols),
				 errhint("Use fewer features, or a target with fewer classes.")));
	fit->size = (int) length;
	fit->weight = ml_class_weights(given, problem);
	fit->total = ml_fit_total_weight(fit->weight, problem->x->rows, &fit->counted);
	fit->b = ml_fit_doubles(length);
	fit->gradient = ml_fit_doubles(length);
	fit->null_weight = ml_fit_doubles(fit->q);
	fit->border = square || lbfgs ? NULL : ml_logistic_find_border(fit);
	fit->small = fit->size;
	memset(fit->b, 0, sizeof(double) * fit->size);
	if (fit->border != NULL)
	{
		ml_logistic_place_border(fit);
		size = mlk_logistic_plan_bordered(&fit->pass, problem->x, problem->label, fit->weight, fit->border, fit->position,
										  fit->small - 1, threads);
	}
	else
		size = mlk_logistic_plan(&fit->pass, problem->x, problem->label, fit->weight, fit->outputs, square, threads);
	fit->hessian_size = fit->pass.hessian_size;
	fit->hessian = fit->hessian_size > 0 ? ml_fit_doubles(fit->hessian_size) : NULL;
	mlk_logistic_memory(&fit->pass, ml_fit_doubles(size));
}

static void
take_solution(const MlLogisticFit *fit, MlLinearState *state)
{
	for (int k = 0; k < fit->outputs; k++)
	{
		const double *b = fit->b + (Size) k * fit->q;

		state->intercept[k] = b[0];
		memcpy(state->weights + (Size) k * state->cols, b + 1, sizeof(double) * state->cols);
	}
	ml_linear_state_estimate(state, fit->problem->x, fit->intercept);
}

/* what the caller must know, and the errors where they exist */
static void
report(MlLogisticFit *fit, MlLinearState *state)
{
	bool	   *dependent = palloc0(sizeof(bool) * (state->cols + 1));

	if (fit->separated)
	{
		ereport(WARNING,
				(errmsg("the classes are separated: the maximum likelihood estimates do not exist"),
				 fit->complete ? errdetail("A combination of the columns tells the classes apart on all " INT64_FORMAT " rows.",
										   fit->counted)
				 : errdetail("A combination of the columns tells at least some of the rows apart with certainty."),
				 errhint("Use penalty \"l2\"; the coefficients stored have no standard errors.")));
		return;
	}
	if (!fit->converged)
		ml_fit_warn_iterations("logistic_regression", fit->iterations, NULL);
	if (fit->hessian == NULL || fit->l1 > 0.0 || !fit->converged)
		return;
	ml_logistic_errors(fit, state, dependent);
	ml_fit_notice_dependent(fit->problem, dependent);
}

static void *
fit_model(const MlProblem *problem, const MlParams *given, const MlFitControl *control)
{
	int			outputs = problem->n_classes > 2 ? problem->n_classes : 1;
	MlLinearState *state = ml_linear_state_create(ML_TASK_CLASSIFICATION, problem->x->cols, outputs);
	MemoryContext result;
	MemoryContext scratch = ml_fit_enter("logistic_regression", &result);
	MlLogisticFit fit = {.problem = problem, .control = control, .outputs = outputs, .q = 1 + problem->x->cols};

	fit.intercept = ml_params_bool(given, "fit_intercept");
	fit.tol = ml_params_real(given, "tol");
	fit.max_iter = (int) ml_params_int(given, "max_iter");
	set_penalty(&fit, given);
	prepare(&fit, given);
	if (choose_newton(&fit, given))
		ml_logistic_newton(&fit);
	else
		ml_logistic_lbfgs(&fit);
	take_solution(&fit, state);
	ml_linear_state_means(state, problem, control);
	report(&fit, state);
	ml_fit_leave(scratch, result);
	return state;
}

extern const MlAlgorithm ml_algorithm_logistic_regression;
const MlAlgorithm ml_algorithm_logistic_regression = {
	.name = "logistic_regression",
	.help = "Logistic regression for two or more classes, with standard errors",
	.tasks = ML_TASK_CLASSIFICATION,
	.params = params,
	.log_odds = true,
	.default_scale = "standard",
	.full_rank = full_rank,
	.fit = fit_model,
	ML_LINEAR_OPS,
};
