/*
 * mlp.c: multi-layer perceptron: parameters, what they exclude, sizes, and the fit as a whole.
 *
 * Names, defaults and the rules of stopping are those of scikit-learn's MLPClassifier and MLPRegressor.  What is added: dropout,
 * squared_error for classes, weights of rows and classes.  What differs: the target of a regression is standardised in here, so
 * that alpha, learning_rate_init and tol mean the same whatever its unit.
 */
#include "algorithms/mlp.h"

#include "algorithms/fit.h"
#include "miscadmin.h"

#define COPY_MOST 6.4e7			/* numbers: 256 MB */
#define COPY_ROWS 16384			/* between two polls */
#define MANY_TIMES 10.0			/* the loss of a constant: see warn_loss */

static const MlParamSpec params[] = {
	{"hidden_layer_sizes", ML_PARAM_INT_LIST, "[100]", 1, 1e9, .alias = "hidden_layers|layers|hidden_units",
	.help = "Units of each hidden layer; [] is none"},
	{"activation", ML_PARAM_ENUM, "\"relu\"", .choices = "identity|logistic|tanh|relu",
	.help = "What hidden units do to their input"},
	{"solver", ML_PARAM_ENUM, "\"adam\"", .choices = "adam|sgd|lbfgs",
	.help = "How the loss is minimised: adam and sgd in small batches, lbfgs over all rows"},
	{"loss", ML_PARAM_ENUM, "\"auto\"", .choices = "auto|log_loss|squared_error",
	.help = "What is minimised; auto is log_loss for classes and squared_error for numbers"},
	{"alpha", ML_PARAM_REAL, "0.0001", 0.0, INFINITY, .help = "Strength of the l2 penalty on the weights"},
	{"batch_size", ML_PARAM_INT_OR_ENUM, "\"auto\"", 1, 1e12, .choices = "auto",
	.help = "Rows of a batch of adam and sgd; auto is 200, or all rows when there are fewer"},
	{"learning_rate", ML_PARAM_ENUM, "\"constant\"", .choices = "constant|invscaling|adaptive",
	.help = "How sgd's rate goes on from learning_rate_init: falls with power_t, or is divided by 5 when the loss no longer falls"},
	{"learning_rate_init", ML_PARAM_REAL, "0.001", 0.0, INFINITY, .min_open = true,
	.help = "Size of the steps of adam and sgd"},
	{"power_t", ML_PARAM_REAL, "0.5", 0.0, INFINITY, .help = "Exponent of invscaling"},
	{"max_iter", ML_PARAM_INT, "200", 1, 1000000, .alias = "epochs|n_epochs",
	.help = "Largest number of iterations: of adam and sgd, each goes once through all rows"},
	{"shuffle", ML_PARAM_BOOL, "true", .help = "Whether adam and sgd shuffle the rows in each iteration"},
	{"tol", ML_PARAM_REAL, "0.0001", 0.0, INFINITY,
	.help = "What an improvement must exceed; lbfgs: stop when no element of the gradient is larger"},
	{"momentum", ML_PARAM_REAL, "0.9", 0.0, 1.0, .help = "Share of the last step that sgd takes again"},
	{"nesterovs_momentum", ML_PARAM_BOOL, "true", .help = "Whether sgd's momentum is Nesterov's"},
	{"early_stopping", ML_PARAM_BOOL, "false",
	.help = "Whether adam and sgd hold rows back, stop when these are predicted no better, and keep the best iteration"},
	{"validation_fraction", ML_PARAM_REAL, "0.1", 0.0, 1.0, .min_open = true, .max_open = true,
	.help = "Share of the rows that is held back"},
	{"n_iter_no_change", ML_PARAM_INT, "10", 1, 1000000,
	.help = "Iterations without improvement after which adam and sgd stop"},
	{"beta_1", ML_PARAM_REAL, "0.9", 0.0, 1.0, .max_open = true, .help = "Decay of adam's mean of gradients"},
	{"beta_2", ML_PARAM_REAL, "0.999", 0.0, 1.0, .max_open = true, .help = "Decay of adam's mean of squared gradients"},
	{"epsilon", ML_PARAM_REAL, "1e-8", 1e-20, 1.0, .help = "Added to the denominator of adam's steps"},
	{"max_fun", ML_PARAM_INT, "15000", 1, 1e9, .help = "Largest number of evaluations of the loss by lbfgs"},
	{"dropout", ML_PARAM_REAL, "0.0", 0.0, 1.0, .max_open = true,
	.help = "Share of the hidden units that each batch of adam and sgd leaves out"},
	{"class_weight", ML_PARAM_CLASS_WEIGHT, "null", .nullable = true,
	.help = "Weights of the classes, beside those of the rows"},
	{"warm_start", ML_PARAM_BOOL, "false",
	.help = "Whether to go on from the weights of the model's live version"},
	{NULL}
};

/* "20, 100, 3" */
static char *
show_widths(const double *width, int n)
{
	StringInfoData s;

	initStringInfo(&s);
	for (int l = 0; l < n && l < 10; l++)
		appendStringInfo(&s, "%s%.0f", l > 0 ? ", " : "", width[l]);
	if (n > 10)
		appendStringInfo(&s, " and %d more", n - 10);
	return s.data;
}

/* layers of so many units one after the other; columns and outputs are among them once they are known */
static void
refuse_size(const double *width, int n)
{
	double		weights = 0.0;

	for (int l = 1; l < n; l++)
		weights += (width[l - 1] + 1.0) * width[l];
	if (weights > ML_MLP_MOST_PARAMS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a network of layers of %s units has %.0f weights, which take %.0f MB", show_widths(width, n), weights,
						weights * sizeof(float) / (1024 * 1024)),
				 errdetail("A model has at most %.0f.", ML_MLP_MOST_PARAMS),
				 errhint("Lower hidden_layer_sizes.")));
}

/* what hidden_layer_sizes alone can tell */
static void
check_layers(const MlParams *given)
{
	int			n;
	const double *size = ml_params_list(given, "hidden_layer_sizes", &n);

	if (n > MLK_MLP_MAX_LAYERS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("hidden_layer_sizes names %d layers, and mlp has at most %d", n, MLK_MLP_MAX_LAYERS),
				 errhint("Give fewer layers.")));
	refuse_size(size, n);
	for (int l = 0; l < n; l++)
	{
		if (size[l] > MLK_MLP_MAX_WIDTH)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("hidden_layer_sizes asks for a layer of %.0f units, and mlp has at most %d", size[l], MLK_MLP_MAX_WIDTH),
					 errhint("Give smaller layers, or more of them.")));
	}
}

static void
check(const MlParams *given, MlTask task)
{
	check_layers(given);
	if (task == ML_TASK_CLASSIFICATION)
		return;
	if (strcmp(ml_params_enum(given, "loss"), "log_loss") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("loss \"log_loss\" is for classes, and the target is a number"),
				 errhint("Use \"squared_error\".")));
	if (!ml_params_is_null(given, "class_weight"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("class_weight is for classes, and the target is a number"),
				 errhint("Leave class_weight out, or name a column of weights.")));
}

static MlkMlpLoss
choose_loss(const MlParams *given, const MlProblem *problem)
{
	if (problem->task == ML_TASK_REGRESSION)
		return MLK_MLP_SQUARED;
	if (strcmp(ml_params_enum(given, "loss"), "squared_error") == 0)
		return MLK_MLP_SIGMOID_SQUARED;
	return problem->n_classes > 2 ? MLK_MLP_SOFTMAX : MLK_MLP_LOGISTIC;
}

static MlkUnit
choose_unit(const char *name)
{
	if (strcmp(name, "identity") == 0)
		return MLK_UNIT_IDENTITY;
	if (strcmp(name, "logistic") == 0)
		return MLK_UNIT_LOGISTIC;
	return strcmp(name, "tanh") == 0 ? MLK_UNIT_TANH : MLK_UNIT_RELU;
}

static void
set_shape(MlMlpFit *f, const MlParams *given)
{
	const MlProblem *problem = f->problem;
	double		width[MLK_MLP_MAX_LAYERS + 2];
	int			n;
	const double *hidden = ml_params_list(given, "hidden_layer_sizes", &n);

	f->net.unit = choose_unit(ml_params_enum(given, "activation"));
	f->net.loss = choose_loss(given, problem);
	f->net.n_layers = n + 1;
	width[0] = problem->x->cols;
	for (int l = 0; l < n; l++)
		width[l + 1] = hidden[l];
	width[n + 1] = ml_mlp_outputs(f->net.loss, problem->n_classes);
	refuse_size(width, n + 2);
	for (int l = 0; l < n + 2; l++)
		f->net.width[l] = (int32_t) width[l];
	mlk_mlp_place(&f->net);
}

static void
set_up(MlMlpFit *f, const MlParams *given)
{
	const char *solver = ml_params_enum(given, "solver");
	const char *schedule = ml_params_enum(given, "learning_rate");
	const char *auto_batch;
	double		batch = ml_params_number(given, "batch_size", &auto_batch);

	f->solver = strcmp(solver, "adam") == 0 ? ML_MLP_ADAM : (strcmp(solver, "sgd") == 0 ? ML_MLP_SGD : ML_MLP_LBFGS);
	f->schedule = strcmp(schedule, "constant") == 0 ? ML_MLP_CONSTANT :
		(strcmp(schedule, "invscaling") == 0 ? ML_MLP_INVSCALING : ML_MLP_ADAPTIVE);
	f->learning_rate = ml_params_real(given, "learning_rate_init");
	f->power_t = ml_params_real(given, "power_t");
	f->momentum = ml_params_real(given, "momentum");
	f->nesterov = ml_params_bool(given, "nesterovs_momentum");
	f->beta_1 = ml_params_real(given, "beta_1");
	f->beta_2 = ml_params_real(given, "beta_2");
	f->epsilon = ml_params_real(given, "epsilon");
	f->batch = auto_batch != NULL ? 0 : (int64) batch;
	f->max_iter = (int) ml_params_int(given, "max_iter");
	f->max_fun = ml_params_int(given, "max_fun");
	f->shuffle = ml_params_bool(given, "shuffle");
	f->stopping = f->solver != ML_MLP_LBFGS && ml_params_bool(given, "early_stopping");
	f->validation_fraction = ml_params_real(given, "validation_fraction");
	f->n_iter_no_change = (int) ml_params_int(given, "n_iter_no_change");
	f->tol = ml_params_real(given, "tol");
	f->pass.alpha = ml_params_real(given, "alpha");
	f->pass.dropout = f->solver == ML_MLP_LBFGS ? 0.0 : ml_params_real(given, "dropout");
	set_shape(f, given);
}

static void
check_solver(const MlMlpFit *f)
{
	if (f->solver == ML_MLP_LBFGS && (double) f->net.n_params > ML_MLP_MOST_LBFGS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("solver \"lbfgs\" takes at most %.0f weights, and the network has %zu", ML_MLP_MOST_LBFGS, f->net.n_params),
				 errhint("Use solver \"adam\", or lower hidden_layer_sizes.")));
}

static bool
same_shape(const MlkMlp *a, const MlkMlp *b)
{
	return a->n_layers == b->n_layers && a->unit == b->unit && a->loss == b->loss &&
		memcmp(a->width, b->width, sizeof(int32_t) * (a->n_layers + 1)) == 0;
}

/* parameters of the earlier version, or new ones */
static void
start_params(MlMlpFit *f)
{
	const MlMlpState *earlier = f->problem->warm_state;

	if (earlier == NULL)
	{
		mlk_mlp_initialise(&f->net, f->problem->seed, f->params);
		return;
	}
	if (!same_shape(&f->net, &earlier->net))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the network of the earlier version cannot be gone on from"),
				 errdetail("Its layers, its activation or its loss are others."),
				 errhint("Train without warm_start, or with the hidden_layer_sizes, activation and loss of the earlier version.")));
	mlk_mlp_scorer_params(&earlier->scorer, f->params);
	for (uint32 i = 0; i < earlier->n_curve; i++)
		ml_mlp_add_point(f, earlier->curve[i].train_loss / (f->scale * f->scale), earlier->curve[i].validation_value);
}

static void
take_memory(MlMlpFit *f)
{
	const MlFitControl *control = f->control;
	Size		n = f->net.n_params;
	int			threads = mlk_pool_threads(f->problem->pool);

	f->params = control->alloc(control->budget, n, sizeof(float), "weights of the network");
	if (f->stopping)
		f->best = control->alloc(control->budget, n, sizeof(float), "best weights of the network");
	f->pass.net = &f->net;
	f->pass.x = f->problem->x;
	f->pass.max_rows = f->batch;
	f->pass.y = f->y;
	f->pass.label = f->problem->label;
	f->pass.weight = f->weight;
	mlk_mlp_memory(&f->pass, control->alloc(control->budget, (Size) mlk_mlp_plan(&f->pass, threads), 1,
											"gradients of the network"), threads);
}

/* the numbers as batches fetch them, where there is memory for what only saves time */
static void
copy_numbers(MlMlpFit *f)
{
	const MlkDesign *x = f->problem->x;
	double		size = mlk_mlp_copy_size(x);
	float	   *copy;

	if (size == 0.0 || size > COPY_MOST || size * sizeof(float) > (double) f->control->room(f->control->budget) / 2)
		return;
	copy = f->control->alloc(f->control->budget, (Size) size, sizeof(float), "numbers in 32 bits");
	for (int64 from = 0; from < x->rows; from += COPY_ROWS)
	{
		CHECK_FOR_INTERRUPTS();
		mlk_mlp_copy(x, from, Min(x->rows - from, COPY_ROWS), copy);
	}
	f->pass.copy = copy;
}

/* what a network that says the same of every row has to answer for, about: no training that works ends with many times of it */
static double
loss_of_constant(const MlMlpFit *f)
{
	return f->problem->y != NULL ? 0.5 : log(f->problem->n_classes);
}

/* a loss that went up and stayed there is still a number, and ends the training like one that has found its lowest point */
static void
warn_loss(const MlMlpFit *f)
{
	double		unit = f->scale * f->scale;
	double		loss = f->n_curve > 0 ? f->curve[f->n_curve - 1].train_loss : 0.0;

	/* early stopping has put the weights of an earlier iteration back */
	for (int i = 0; i < f->n_curve && f->stopping; i++)
		loss = Min(loss, f->curve[i].train_loss);
	if (loss <= MANY_TIMES * loss_of_constant(f) * unit)
		return;
	ereport(WARNING,
			(errmsg("the training of mlp has led nowhere: its loss is %.3g, and predicting a constant has about %.3g", loss,
					loss_of_constant(f) * unit),
			 f->solver == ML_MLP_LBFGS ? 0 : errdetail("learning_rate_init is %g.", f->learning_rate),
			 errhint("%s the features with preprocess => '{\"*\": {\"scale\": \"standard\"}}'%s.",
					 f->solver == ML_MLP_LBFGS ? "Scale" : "Lower learning_rate_init, or scale",
					 f->pass.alpha > 1.0 ? ", or lower alpha" : "")));
}

static MlMlpState *
take_solution(MlMlpFit *f)
{
	MlMlpState *state;

	for (Size i = 0; i < f->net.n_params; i++)
	{
		if (!isfinite(f->params[i]))
			ml_mlp_diverged(f);
	}
	state = ml_mlp_state_create(f->problem->task, &f->net, f->params);
	state->center = f->center;
	state->scale = f->scale;
	state->n_curve = f->n_curve;
	state->curve = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(MlCurvePoint) * Max(f->n_curve, 1));
	memcpy(state->curve, f->curve, sizeof(MlCurvePoint) * f->n_curve);
	return state;
}

static void *
fit_model(const MlProblem *problem, const MlParams *given, const MlFitControl *control)
{
	MemoryContext result;
	MemoryContext scratch = ml_fit_enter("mlp", &result);
	MlMlpFit	f = {.problem = problem, .control = control};
	MlMlpState *state;

	set_up(&f, given);
	check_solver(&f);
	ml_mlp_choose_rows(&f, given);
	take_memory(&f);
	copy_numbers(&f);
	start_params(&f);
	CHECK_FOR_INTERRUPTS();
	if (f.solver == ML_MLP_LBFGS)
		ml_mlp_run_lbfgs(&f);
	else
		ml_mlp_run_stochastic(&f);
	warn_loss(&f);
	MemoryContextSwitchTo(result);
	state = take_solution(&f);
	ml_fit_leave(scratch, result);
	return state;
}

extern const MlAlgorithm ml_algorithm_mlp;
const MlAlgorithm ml_algorithm_mlp = {
	.name = "mlp",
	.help = "Neural network of fully connected layers, for numbers and classes",
	.tasks = ML_TASK_REGRESSION | ML_TASK_CLASSIFICATION,
	.state_version = 1,
	.params = params,
	.log_odds = true,
	.default_scale = "standard",
	.check = check,
	.fit = fit_model,
	.predict = ml_mlp_predict,
	.write = ml_mlp_write,
	.read = ml_mlp_read,
	.curve = ml_mlp_curve,
};
