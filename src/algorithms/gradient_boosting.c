/*
 * gradient_boosting.c: histogram-based gradient boosting: parameters, what they exclude, and the problem they make.
 */
#include "algorithms/gradient_boosting.h"

#include "algorithms/fit.h"

#define AUTO_STOPPING_ROWS 10000
#define AUTO_REFIT_ROWS 100000	/* above, the rows held back hardly teach anything new, and would cost as much again */
#define LARGEST_TARGET 1e36
#define LEAST_HESSIAN 1e-3		/* of a leaf, as scikit-learn has it */

static const MlParamSpec params[] = {
	{"loss", ML_PARAM_ENUM, "\"auto\"", .choices = "auto|squared_error|absolute_error|quantile|poisson|gamma|log_loss",
	.help = "What is minimised; auto is squared_error for numbers and log_loss for classes"},
	{"quantile", ML_PARAM_REAL, "0.5", 0.0, 1.0, .min_open = true, .max_open = true, .alias = "alpha",
	.help = "Which quantile loss quantile estimates"},
	{"learning_rate", ML_PARAM_REAL, "0.1", 0.0, 1000.0, .min_open = true, .alias = "eta|shrinkage_rate",
	.help = "Factor of every tree's values"},
	{"max_iter", ML_PARAM_INT, "100", 1, 1000000, .alias = "n_estimators|num_iterations|num_boost_round|num_trees|n_iter",
	.help = "Largest number of iterations; one tree each, or one for each of three and more classes"},
	{"max_leaf_nodes", ML_PARAM_INT, "31", 2, 1000000, .nullable = true, .alias = "num_leaves|max_leaves",
	.help = "Largest number of leaves of a tree; null is no limit"},
	{"max_depth", ML_PARAM_INT, "null", 1, 1000, .nullable = true,
	.help = "Largest number of cuts from the root to a leaf; null is no limit"},
	{"min_samples_leaf", ML_PARAM_INT, "20", 1, 1000000000, .alias = "min_child_samples|min_data_in_leaf",
	.help = "Smallest number of rows of a leaf"},
	{"l2_regularization", ML_PARAM_REAL, "0.0", 0.0, INFINITY, .alias = "reg_lambda|lambda_l2|lambda",
	.help = "Added to the hessian of a leaf, which draws its value towards 0"},
	{"max_bins", ML_PARAM_INT, "255", 2, 255, .alias = "max_bin",
	.help = "Largest number of intervals that the values of a number are put into; missing values have a bin of their own"},
	{"max_features", ML_PARAM_REAL, "1.0", 0.0, 1.0, .min_open = true, .alias = "colsample_bynode|feature_fraction_bynode|colsample_bytree|feature_fraction",
	.help = "Share of the features that each cut chooses from, drawn anew"},
	{"subsample", ML_PARAM_REAL, "1.0", 0.0, 1.0, .min_open = true, .alias = "bagging_fraction",
	.help = "Share of the rows that each iteration learns from, drawn anew"},
	{"monotonic_cst", ML_PARAM_FEATURE_SIGNS, "null", .nullable = true, .alias = "monotone_constraints",
	.help = "Features that predictions must rise (1) or fall (-1) with"},
	{"interaction_cst", ML_PARAM_FEATURE_GROUPS, "null", .nullable = true, .alias = "interaction_constraints",
	.help = "Groups of features that may meet on a path of a tree; features in none make up one more group"},
	{"max_cat_threshold", ML_PARAM_INT, "32", 1, MLK_MAX_CATEGORY_BINS,
	.help = "Largest number of categories on the smaller side of a cut, NULL aside"},
	{"cat_smooth", ML_PARAM_REAL, "10.0", 0.0, 1e9,
	.help = "Added to the hessian of a category when categories are ordered; categories of fewer rows in a node go where NULL goes"},
	{"cat_l2", ML_PARAM_REAL, "10.0", 0.0, INFINITY,
	.help = "Added to l2_regularization in the gain of cuts by category"},
	{"min_data_per_group", ML_PARAM_INT, "10", 1, 1000000000,
	.help = "Rows of the categories by which a cut differs from the one before it, and at least on its larger side"},
	{"cat_penalty", ML_PARAM_REAL, "1.0", 0.0, INFINITY,
	.help = "How many times what a cut of so many categories gains by chance is taken from its gain"},
	{"class_weight", ML_PARAM_CLASS_WEIGHT, "null", .nullable = true,
	.help = "Weights of the classes, beside those of the rows"},
	{"early_stopping", ML_PARAM_BOOL_OR_ENUM, "\"auto\"", .choices = "auto",
	.help = "Whether to hold rows back and to stop when their loss no longer falls; auto: with more than 10000 rows"},
	{"validation_fraction", ML_PARAM_REAL, "0.1", 0.0, 1.0, .min_open = true, .max_open = true,
	.help = "Share of the rows that is held back"},
	{"n_iter_no_change", ML_PARAM_INT, "10", 1, 1000000, .alias = "early_stopping_rounds|early_stopping_round",
	.help = "Iterations without improvement after which to stop"},
	{"tol", ML_PARAM_REAL, "1e-7", 0.0, INFINITY,
	.help = "What an improvement of the loss must exceed"},
	{"refit", ML_PARAM_BOOL_OR_ENUM, "\"auto\"", .choices = "auto",
	.help = "Whether to train once more on all rows after early stopping, for the iterations that it found best; auto: with up to 100000 rows"},
	{"warm_start", ML_PARAM_BOOL, "false",
	.help = "Whether to go on from the live version of the model: its trees stay, max_iter more are added"},
	{NULL}
};

static MlkLossKind
loss_kind(const MlParams *given, MlTask task, int n_classes)
{
	const char *loss = ml_params_enum(given, "loss");

	if (task == ML_TASK_CLASSIFICATION)
		return n_classes > 2 ? MLK_LOSS_SOFTMAX : MLK_LOSS_LOGISTIC;
	if (strcmp(loss, "absolute_error") == 0)
		return MLK_LOSS_ABSOLUTE;
	if (strcmp(loss, "quantile") == 0)
		return MLK_LOSS_QUANTILE;
	if (strcmp(loss, "poisson") == 0)
		return MLK_LOSS_POISSON;
	if (strcmp(loss, "gamma") == 0)
		return MLK_LOSS_GAMMA;
	return MLK_LOSS_SQUARED;
}

static void
check(const MlParams *given, MlTask task)
{
	const char *loss = ml_params_enum(given, "loss");
	bool		for_classes = strcmp(loss, "log_loss") == 0;

	if (task == ML_TASK_CLASSIFICATION && !for_classes && strcmp(loss, "auto") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("loss \"%s\" is for numbers, and the target is a class", loss),
				 errhint("Use \"log_loss\".")));
	if (task == ML_TASK_REGRESSION && for_classes)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("loss \"log_loss\" is for classes, and the target is a number"),
				 errhint("Use \"squared_error\", \"absolute_error\", \"quantile\", \"poisson\" or \"gamma\".")));
	if (task == ML_TASK_REGRESSION && !ml_params_is_null(given, "class_weight"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("class_weight is for classes, and the target is a number"),
				 errhint("Leave class_weight out, or name a column of weights.")));
	if (!ml_params_is_null(given, "monotonic_cst") &&
		(strcmp(loss, "absolute_error") == 0 || strcmp(loss, "quantile") == 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("monotonic_cst cannot be kept with loss \"%s\"", loss),
				 errdetail("Its leaves are quantiles of residuals, which are found after the tree is grown."),
				 errhint("Use another loss.")));
}

/* gradients are kept in single precision */
static void
check_range(const MlBoost *b)
{
	for (int64 i = 0; i < b->loss.rows && b->loss.y != NULL; i++)
	{
		if (fabs(b->loss.y[i]) > LARGEST_TARGET)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("the target is too large a number for gradient_boosting"),
					 errdetail("A training row has %g, and %g is the limit.", b->loss.y[i], LARGEST_TARGET),
					 errhint("Divide the target by a constant in the source, or leave such rows out.")));
	}
}

/* targets that a logarithmic link can reach */
static void
check_link(const MlBoost *b)
{
	const char *loss = b->loss.kind == MLK_LOSS_GAMMA ? "gamma" : "poisson";
	int64		bad = 0;
	double		sum = 0.0;

	if (b->loss.kind != MLK_LOSS_POISSON && b->loss.kind != MLK_LOSS_GAMMA)
		return;
	for (int64 i = 0; i < b->loss.rows; i++)
	{
		double		y = b->loss.y[i];

		if (b->loss.weight != NULL && b->loss.weight[i] == 0.0)
			continue;
		bad += b->loss.kind == MLK_LOSS_GAMMA ? !(y > 0.0) : !(y >= 0.0);
		sum += y > 0.0;
	}
	if (bad > 0 || sum == 0.0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("loss \"%s\" needs a target that is %s", loss,
						b->loss.kind == MLK_LOSS_GAMMA ? "greater than 0" : "at least 0, and somewhere greater"),
				 bad > 0 ? errdetail(INT64_FORMAT " of " INT64_FORMAT " training rows are not.", bad, b->loss.rows)
				 : errdetail("It is 0 in all training rows."),
				 errhint("Use loss \"squared_error\", or leave those rows out.")));
}

/* parameter name, which is true, false, or auto with its own answer */
static bool
wants(const MlParams *given, const char *name, bool automatic)
{
	const char *choice;
	double		flag = ml_params_number(given, name, &choice);

	return choice != NULL ? automatic : flag != 0.0;
}

static int32
int_or_none(const MlParams *given, const char *name)
{
	return ml_params_is_null(given, name) ? 0 : (int32) ml_params_int(given, name);
}

static void
set_growth(MlBoost *b, const MlParams *given)
{
	MlkGrowOptions *o = &b->grow;
	int32		n_features = b->problem->binned->n_features;
	double		share = ml_params_real(given, "max_features");

	o->max_leaves = int_or_none(given, "max_leaf_nodes");
	o->max_depth = int_or_none(given, "max_depth");
	o->min_samples_leaf = ml_params_int(given, "min_samples_leaf");
	o->min_hessian_leaf = LEAST_HESSIAN;
	o->l2 = ml_params_real(given, "l2_regularization");
	o->cat_smooth = ml_params_real(given, "cat_smooth");
	o->cat_l2 = ml_params_real(given, "cat_l2");
	o->cat_min_rows = (int32) ceil(o->cat_smooth);
	o->cat_penalty = ml_params_real(given, "cat_penalty");
	o->cat_most = (int32) ml_params_int(given, "max_cat_threshold");
	o->cat_group_rows = ml_params_int(given, "min_data_per_group");
	if (share < 1.0)
		o->max_features = (int32) Max(1.0, floor(share * n_features));
	o->monotonic = ml_params_feature_signs(given, "monotonic_cst", b->problem);
	o->interaction = ml_params_feature_groups(given, "interaction_cst", b->problem, &o->n_groups);
	if (o->monotonic != NULL && b->loss.kind == MLK_LOSS_SOFTMAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("monotonic_cst is for numbers and two classes, and the target has %d", b->problem->n_classes),
				 errhint("Leave monotonic_cst out.")));
}

static void
set_up(MlBoost *b, const MlParams *given)
{
	const MlProblem *problem = b->problem;

	b->loss.kind = loss_kind(given, problem->task, problem->n_classes);
	b->loss.quantile = ml_params_real(given, "quantile");
	b->loss.rows = problem->rows;
	b->loss.outputs = b->loss.kind == MLK_LOSS_SOFTMAX ? problem->n_classes : 1;
	b->loss.y = problem->y;
	b->loss.label = problem->label;
	b->loss.weight = ml_class_weights(given, problem);
	b->learning_rate = ml_params_real(given, "learning_rate");
	b->max_iter = (int) ml_params_int(given, "max_iter");
	b->subsample = ml_params_real(given, "subsample");
	b->stopping = wants(given, "early_stopping", problem->rows > AUTO_STOPPING_ROWS);
	b->refit = wants(given, "refit", problem->rows <= AUTO_REFIT_ROWS);
	b->validation_fraction = ml_params_real(given, "validation_fraction");
	b->n_iter_no_change = (int) ml_params_int(given, "n_iter_no_change");
	b->tol = ml_params_real(given, "tol");
	mlk_rng_seed(&b->rng, problem->seed);
	set_growth(b, given);
	check_range(b);
	check_link(b);
}

static void *
fit_model(const MlProblem *problem, const MlParams *given, const MlFitControl *control)
{
	MemoryContext result;
	MemoryContext scratch = ml_fit_enter("gradient_boosting", &result);
	MlBoost		b = {.problem = problem, .control = control};

	b.results = result;
	set_up(&b, given);
	MemoryContextSwitchTo(result);
	b.state = ml_tree_state_create(problem->binned, b.loss.outputs, 1, ml_boost_link(&b));
	MemoryContextSwitchTo(scratch);
	ml_boost_run(&b);
	ml_fit_leave(scratch, result);
	return b.state;
}

extern const MlAlgorithm ml_algorithm_gradient_boosting;
const MlAlgorithm ml_algorithm_gradient_boosting = {
	.name = "gradient_boosting",
	.help = "Gradient boosting of decision trees on binned data; takes categories and NULL as they are",
	.tasks = ML_TASK_REGRESSION | ML_TASK_CLASSIFICATION,
	.params = params,
	.log_odds = true,
	.check = check,
	.fit = fit_model,
	ML_TREE_OPS,
};
