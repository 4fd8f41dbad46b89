/*
 * forest_common.c: forests and single trees from parameters to state (see forest_common.h).
 *
 * The kernel grows several trees at a time; finished ones are taken in the order of their numbers, so that the state does not
 * depend on which thread was faster.
 */
#include "algorithms/forest_common.h"

#include "algorithms/fit.h"
#include "algorithms/params.h"
#include "interrupts.h"
#include "kernels/forest.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define SLOT_BYTES (128.0 * 1024 * 1024)	/* more slots than threads as long as all take no more than this */
#define SLOTS_PER_THREAD 3
#define MAX_ROWS (INT64_C(1) << 30) /* two nodes a row are counted in 31 bits */

static const char *const size_hint =
"Set max_leaf_nodes, raise min_samples_leaf, or lower n_estimators.";

typedef struct ForestFit
{
	const MlProblem *problem;
	const MlFitControl *control;
	MlkForestData data;
	MlkForestOptions options;
	int			n_trees;
	int			outputs;
	double		ccp_alpha;
	int			slots;
	MlkForest  *forest;
	MlTreeState *state;
	double		nodes;			/* of the trees taken so far */
	double		words;			/* of their category sets */

	/* out-of-bag score; NULL: not asked for */
	double	   *unseen;			/* [rows, outputs + 1]: sums over the trees that have not seen the row, and their number */
	uint64	   *bag;
} ForestFit;

/* ---- parameters ---- */

/* was the number written as a share?  1 is one of something, 1.0 is all of it */
static bool
is_share(const MlParams *given, const char *name)
{
	const MlParamValue *value = ml_params_value(given, name);

	if (value->number != 1.0)
		return value->number < 1.0;
	return strchr(DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->json.val.numeric))), '.') != NULL;
}

/* parameter name as a number out of n: given so, as a share, or by the words sqrt and log2; null: all */
static int64
count_of(const MlParams *given, const char *name, int64 n, const char *automatic)
{
	const char *choice;
	double		number = ml_params_number(given, name, &choice);
	double		count = (double) n;

	if (choice != NULL && strcmp(choice, "auto") == 0)
		choice = automatic;
	if (choice != NULL && strcmp(choice, "sqrt") == 0)
		count = floor(sqrt((double) n));
	else if (choice != NULL && strcmp(choice, "log2") == 0)
		count = floor(log2((double) n));
	else if (!isnan(number))
		count = is_share(given, name) ? floor(number * n) : number;
	return (int64) Max(1.0, Min(count, (double) Max(n, 1)));
}

static MlkCriterion
choose_criterion(const MlParams *given, MlTask task)
{
	const char *name = ml_params_enum(given, "criterion");

	if (task == ML_TASK_REGRESSION)
		return MLK_CRITERION_SQUARED;
	return strcmp(name, "entropy") == 0 || strcmp(name, "log_loss") == 0 ? MLK_CRITERION_ENTROPY : MLK_CRITERION_GINI;
}

void
ml_forest_check(const MlParams *given, MlTask task)
{
	const char *criterion = ml_params_enum(given, "criterion");
	bool		squared = strcmp(criterion, "squared_error") == 0;

	if (strcmp(criterion, "auto") != 0 && squared != (task == ML_TASK_REGRESSION))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("criterion \"%s\" is not for %s", criterion,
						task == ML_TASK_REGRESSION ? "regression" : "classification"),
				 errhint("Leave criterion out, or use %s.",
						 task == ML_TASK_REGRESSION ? "\"squared_error\"" : "\"gini\" or \"entropy\"")));
	if (!ml_params_has(given, "bootstrap") || ml_params_bool(given, "bootstrap"))
		return;
	if (ml_params_bool(given, "oob_score"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("oob_score needs bootstrap"),
				 errdetail("Without bootstrap every tree learns from all rows, and none is out of the bag."),
				 errhint("Set \"bootstrap\": true, or read the metrics on the test rows.")));
	if (!ml_params_is_null(given, "max_samples"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_samples needs bootstrap"),
				 errhint("Set \"bootstrap\": true, or leave max_samples out.")));
}

static int64
optional_int(const MlParams *given, const char *name)
{
	return ml_params_is_null(given, name) ? 0 : ml_params_int(given, name);
}

static void
read_params(ForestFit *fit, const MlParams *given, bool random_splits)
{
	const MlProblem *problem = fit->problem;
	MlkForestOptions *o = &fit->options;
	int64		rows = fit->data.used != NULL ? fit->data.n_used : problem->rows;

	o->criterion = choose_criterion(given, problem->task);
	o->max_depth = (int32) optional_int(given, "max_depth");
	o->max_leaf_nodes = (int32) optional_int(given, "max_leaf_nodes");
	/* beyond all rows it makes no difference, and 2 x min_samples_leaf must not overflow */
	o->min_samples_split = (int64) Min(ml_params_real(given, "min_samples_split"), (double) MAX_ROWS);
	o->min_samples_leaf = (int64) Min(ml_params_real(given, "min_samples_leaf"), (double) MAX_ROWS);
	o->max_features = (int32) count_of(given, "max_features", fit->data.x->n_features,
									   problem->task == ML_TASK_CLASSIFICATION ? "sqrt" : NULL);
	o->min_impurity_decrease = ml_params_real(given, "min_impurity_decrease");
	o->cat_penalty = ml_params_real(given, "cat_penalty");
	o->random_splits = random_splits;
	o->seed = problem->seed;
	fit->ccp_alpha = ml_params_real(given, "ccp_alpha");
	fit->n_trees = ml_params_has(given, "n_estimators") ? (int) ml_params_int(given, "n_estimators") : 1;
	if (ml_params_has(given, "bootstrap") && ml_params_bool(given, "bootstrap"))
		o->draws = count_of(given, "max_samples", rows, NULL);
}

/* ---- memory ---- */

static void *
allocate(const ForestFit *fit, double count, Size size, const char *what)
{
	if (count * size >= (double) MaxAllocHugeSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s would take %.0f MB", what, count * size / (1024 * 1024)),
				 errhint("%s", size_hint)));
	return fit->control->alloc(fit->control->budget, (Size) count, size, what);
}

/* rows of weight 0 are in no tree */
static void
list_used(ForestFit *fit)
{
	int64		rows = fit->problem->rows;
	int64		counted;
	uint32	   *used;

	(void) ml_fit_total_weight(fit->data.weight, rows, &counted);
	if (counted == rows)
		return;
	used = allocate(fit, (double) counted, sizeof(uint32), "the rows with weight");
	counted = 0;
	for (int64 i = 0; i < rows; i++)
	{
		if (fit->data.weight[i] > 0.0)
			used[counted++] = (uint32) i;
	}
	fit->data.used = used;
	fit->data.n_used = counted;
}

static void
set_data(ForestFit *fit, const MlParams *given)
{
	const MlProblem *problem = fit->problem;

	if (problem->rows > MAX_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a tree can learn from at most " INT64_FORMAT " rows", MAX_ROWS),
				 errdetail("There are " INT64_FORMAT " training rows.", problem->rows),
				 errhint("Train on a sample of the rows.")));
	fit->data.x = problem->binned;
	fit->data.label = problem->label;
	fit->data.n_classes = problem->n_classes;
	fit->data.y = problem->y;
	fit->data.weight = ml_class_weights(given, problem);
	list_used(fit);
}

static void
make_forest(ForestFit *fit)
{
	int			threads = mlk_pool_threads(fit->problem->pool);
	double		bytes;

	fit->slots = Min(fit->n_trees, SLOTS_PER_THREAD * threads);
	while (fit->slots > threads &&
		   mlk_forest_size(&fit->data, &fit->options, fit->slots, threads) > SLOT_BYTES)
		fit->slots--;
	bytes = mlk_forest_size(&fit->data, &fit->options, fit->slots, threads);
	fit->forest = mlk_forest_init(allocate(fit, bytes, 1, "trees in growth"), &fit->data, &fit->options,
								  fit->slots, fit->problem->pool);
}

static void
make_unseen(ForestFit *fit, const MlParams *given)
{
	int64		rows = fit->problem->rows;
	double		count = (double) rows * (fit->outputs + 1);

	if (!ml_params_has(given, "oob_score") || !ml_params_bool(given, "oob_score"))
		return;
	fit->unseen = allocate(fit, count, sizeof(double), "out-of-bag predictions");
	fit->bag = allocate(fit, (double) ((rows + 63) / 64), sizeof(uint64), "rows in the bag");
	memset(fit->unseen, 0, (Size) count * sizeof(double));
}

/* ---- trees ---- */

/* by what the trees so far took: how large deep trees get is known only when some have grown */
static void
check_size(const ForestFit *fit, int taken)
{
	double		share = (double) fit->n_trees / taken;

	ml_tree_state_check_price(fit->n_trees, fit->nodes * share, fit->outputs, fit->words * share, size_hint);
}

static void
score_unseen(ForestFit *fit, int slot, const MlkGrownNode *nodes, int n, const uint32 *sets, const double *values)
{
	int32	   *leaf;
	int32		leaves = 0;

	if (fit->unseen == NULL)
		return;
	leaf = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int32) * (Size) n);
	for (int i = 0; i < n; i++)
		leaf[i] = nodes[i].feature < 0 ? leaves++ : -1;
	mlk_forest_bag(fit->forest, slot, fit->bag);
	ml_check_status(mlk_forest_score_unseen(fit->forest, slot, sets, leaf, values, fit->bag, fit->unseen));
}

/* taken: trees so far, this one included */
static void
take_tree(ForestFit *fit, int slot, int taken)
{
	const MlkGrownNode *nodes;
	int			n;
	int64		words;
	uint32	   *sets;
	double	   *values;

	if (fit->ccp_alpha > 0.0)
		mlk_forest_prune(fit->forest, slot, fit->ccp_alpha,
						 MemoryContextAllocHuge(CurrentMemoryContext, mlk_forest_prune_work(fit->forest, slot)));
	n = mlk_forest_nodes(fit->forest, slot, &nodes);
	words = mlk_forest_set_words(fit->forest, slot);
	fit->nodes += n;
	fit->words += (double) words;
	check_size(fit, taken);
	sets = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint32) * (Size) Max(words, 1));
	mlk_forest_sets(fit->forest, slot, sets);
	values = ml_fit_doubles((n + 1) / 2 * (double) fit->outputs);
	mlk_forest_leaf_values(fit->forest, slot, values);
	ml_tree_state_add(fit->state, nodes, n, sets, values);
	score_unseen(fit, slot, nodes, n, sets, values);
}

static void
grow_all(ForestFit *fit)
{
	MemoryContext tree_context = AllocSetContextCreate(CurrentMemoryContext, "mlops tree", ALLOCSET_DEFAULT_SIZES);
	int			begun = 0;
	int			taken = 0;

	while (taken < fit->n_trees)
	{
		for (; begun < fit->n_trees && begun - taken < fit->slots; begun++)
			mlk_forest_begin(fit->forest, begun % fit->slots, begun);
		ml_check_status(mlk_forest_advance(fit->forest));
		while (taken < begun && mlk_forest_done(fit->forest, taken % fit->slots))
		{
			MemoryContext before = MemoryContextSwitchTo(tree_context);

			take_tree(fit, taken % fit->slots, taken + 1);
			taken++;
			MemoryContextSwitchTo(before);
			MemoryContextReset(tree_context);
			CHECK_FOR_INTERRUPTS();
		}
		fit->control->progress("trees", taken, fit->n_trees);
	}
}

/* ---- out-of-bag score ---- */

static bool
predicted_right(const ForestFit *fit, int64 row)
{
	const double *shares = fit->unseen + row * (fit->outputs + 1);
	int			best = 0;

	for (int k = 1; k < fit->outputs; k++)
	{
		if (shares[k] > shares[best])
			best = k;
	}
	return best == fit->problem->label[row];
}

/* accuracy or R squared over the rows that some tree has not seen; NaN when there are none */
static double
unseen_metric(const ForestFit *fit, int64 *scored)
{
	const MlProblem *problem = fit->problem;
	double		total = 0.0;
	double		right = 0.0;
	double		mean = 0.0;
	double		squares = 0.0;
	double		errors = 0.0;

	*scored = 0;
	for (int64 i = 0; i < problem->rows; i++)
	{
		const double *sums = fit->unseen + i * (fit->outputs + 1);
		double		count = sums[fit->outputs];
		double		w = problem->weight != NULL ? problem->weight[i] : 1.0;

		if (count == 0.0 || w == 0.0)
			continue;
		(*scored)++;
		total += w;
		if (problem->label != NULL)
			right += predicted_right(fit, i) ? w : 0.0;
		else
		{
			double		apart = problem->y[i] - mean;
			double		error = problem->y[i] - sums[0] / count;

			mean += apart * w / total;
			squares += w * apart * (problem->y[i] - mean);
			errors += w * error * error;
		}
	}
	if (problem->label != NULL)
		return total > 0.0 ? right / total : NAN;
	return squares > 0.0 ? 1.0 - errors / squares : NAN;
}

static void
report_unseen(const ForestFit *fit)
{
	int64		scored;
	double		metric;

	if (fit->unseen == NULL)
		return;
	metric = unseen_metric(fit, &scored);
	if (isnan(metric))
		ereport(NOTICE, (errmsg("no out-of-bag score: every tree has drawn every row, or the target does not vary")));
	else
		ereport(NOTICE,
				(errmsg("out-of-bag %s: %.4f", fit->problem->label != NULL ? "accuracy" : "r2", metric),
				 errdetail(INT64_FORMAT " of " INT64_FORMAT " training rows were left out by at least one of %d trees.",
						   scored, fit->problem->rows, fit->n_trees)));
	fit->control->release(fit->control->budget, fit->unseen);
	fit->control->release(fit->control->budget, fit->bag);
}

void *
ml_forest_fit(const MlProblem *problem, const MlParams *given, const MlFitControl *control, bool random_splits)
{
	int			outputs = problem->task == ML_TASK_CLASSIFICATION ? problem->n_classes : 1;
	MlTreeState *state = ml_tree_state_create(problem->binned, outputs, outputs, ML_TREE_AVERAGE);
	MemoryContext result;
	MemoryContext scratch = ml_fit_enter("forest", &result);
	ForestFit	fit = {.problem = problem, .control = control, .outputs = outputs, .state = state};

	set_data(&fit, given);
	read_params(&fit, given, random_splits);
	/* the least there can be: a leaf a tree */
	ml_tree_state_check_price(fit.n_trees, fit.n_trees, outputs, 0.0, size_hint);
	make_forest(&fit);
	make_unseen(&fit, given);
	grow_all(&fit);
	ml_tree_state_finish(state, NULL, 1.0 / fit.n_trees);
	report_unseen(&fit);
	control->release(control->budget, fit.forest);
	ml_fit_leave(scratch, result);
	return state;
}
