/*
 * train.c: one training from definition to stored version.
 *
 * ml_train() is the table of contents; each step below fills its part of
 * MlTraining.  All that can be refused without reading a row is refused first:
 * names, types, parameters, options, rights.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "api/labels.h"
#include "api/pool.h"
#include "api/stack.h"
#include "api/train.h"
#include "api/tune.h"
#include "guc.h"
#include "interrupts.h"
#include "kernels/blas.h"
#include "monitoring/progress.h"

#define MAX_FIT_NUMBERS 12

/* ---- load and order ---- */

static void
report_rows(int64 rows)
{
	ml_progress_update("rows", rows, 0);
}

void
ml_train_load(MlTraining *t)
{
	ml_progress_stage(ML_STAGE_LOAD, 0);
	ml_dataset_progress = report_rows;
	PG_TRY();
	{
		t->data = ml_dataset_load(t->source, t->plan->request, t->plan->n, t->budget, t->pool);
	}
	PG_FINALLY();
	{
		ml_dataset_progress = NULL;
	}
	PG_END_TRY();

	if (t->data->rows == 0 && t->data->skipped > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("target \"%s\" is NULL in all " INT64_FORMAT " rows of the source",
						t->definition->target, t->data->skipped),
				 errhint("Train on rows whose answer is known.")));
	if (t->data->rows == 0)
		ml_source_no_rows(t->source);
	if (t->data->skipped > 0)
		ereport(NOTICE,
				(errmsg("left out " INT64_FORMAT " rows whose target \"%s\" is NULL",
						t->data->skipped, t->definition->target)));
}

void
ml_train_order(MlTraining *t)
{
	const MlColumnPlan *p = t->plan;
	MlPrepDefaults defaults = ml_train_prep_defaults(t);

	ml_progress_stage(ML_STAGE_SPLIT, t->data->rows);
	t->features = ml_columns_useful(t->definition, p, t->data, &defaults, &t->n_features);
	if (t->warm != NULL)
		ml_warm_start_features(t);
	if (t->n_features == 0 && p->n_features > 0)
		ereport(NOTICE, (errmsg("no column is left to learn from: the model knows the target's distribution only")));
	ml_train_split(t);
}

void
ml_train_split(MlTraining *t)
{
	const MlColumnPlan *p = t->plan;
	int		   *used;
	int			n_used;

	used = palloc(sizeof(int) * (t->n_features + 2));
	memcpy(used, t->features, sizeof(int) * t->n_features);
	n_used = t->n_features;
	used[n_used++] = p->target;
	if (p->weight >= 0)
		used[n_used++] = p->weight;
	t->rows = ml_rows_order(t->data, used, n_used,
							t->model.task == ML_TASK_CLASSIFICATION ? p->target : -1, p->split,
							&t->definition->split, (uint64) t->definition->seed, t->pool);
	if (t->rows->n_train == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the split leaves no training row"),
				 errhint("Check the split column, or give fewer rows to the test set.")));
}

/* ---- prepare ---- */

void
ml_train_truth(MlTraining *t)
{
	const MlColumn *target = &t->data->columns[t->plan->target];
	int64		n = t->rows->n;

	t->model.target_type = target->type;
	if (t->model.task == ML_TASK_REGRESSION)
	{
		t->y = ml_budget_alloc(t->budget, n, sizeof(double), "target values");
		ml_column_gather(target, 0, t->rows->order, n, t->y, 1);
	}
	else
	{
		ml_labels_learn(&t->model, target, t->rows);
		t->label = ml_budget_alloc(t->budget, n, sizeof(int32), "labels");
		ml_labels_gather(&t->model, target, t->rows->order, n, t->label);
		t->metric = ml_report_metric(t->definition->metric, t->model.task, t->model.n_classes);
	}
}

static void
gather_weight(MlTraining *t)
{
	double		sum = 0;

	if (t->plan->weight < 0)
		return;
	t->weight = ml_budget_alloc(t->budget, t->rows->n, sizeof(double), "weights");
	ml_column_gather(&t->data->columns[t->plan->weight], 0, t->rows->order, t->rows->n, t->weight, 1);
	for (int64 i = 0; i < t->rows->n_train; i++)
		sum += t->weight[i];
	if (!(sum > 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight \"%s\" is zero in every training row", t->definition->weight),
				 errhint("Rows of weight 0 count for nothing; give some of them more.")));
}

/* dictionaries and bins; the numbers stay where they were loaded */
static void
prepare_native(MlTraining *t, const MlPrepDefaults *defaults, const MlPrepTarget *target)
{
	int			max_bins = ml_params_has(t->params, "max_bins") ? (int) ml_params_int(t->params, "max_bins") : MLK_MAX_NUMBER_BINS;

	t->model.prep = t->warm != NULL ? t->warm->prep :
		ml_prep_fit_native(t->data, t->rows, t->features, t->n_features, t->definition->preprocess, defaults,
						   target, t->pool);
	t->binned = ml_prep_bin(t->model.prep, t->data, t->rows, max_bins, t->budget, t->pool);
}

/* false: there has to be a design */
static bool
prepare_sums(MlTraining *t, const MlPrepDefaults *defaults, const MlPrepTarget *target)
{
	if (!t->algorithm->sums || t->y == NULL || t->weight != NULL || t->warm != NULL)
		return false;
	t->model.prep = ml_prep_fit_sums(t->data, t->rows, t->features, t->n_features, t->plan->target, t->definition->preprocess,
									 defaults, target, t->pool, &t->sums);
	if (t->model.prep == NULL)
		t->sums = NULL;
	return t->sums != NULL;
}

/* a number that never changes can be trained on, but is hardly what was meant; classes of one kind are refused */
static void
warn_constant_target(const MlTraining *t)
{
	int64		first = -1;

	for (int64 i = 0; i < t->rows->n_train && t->y != NULL; i++)
	{
		if (t->weight != NULL && t->weight[i] == 0.0)
			continue;
		if (first < 0)
			first = i;
		else if (t->y[i] != t->y[first])
			return;
	}
	if (first < 0)
		return;
	ereport(WARNING,
			(errmsg("target \"%s\" has one value only in the training rows", t->definition->target),
			 errdetail("It is %g, and so is every prediction.", t->y[first]),
			 errhint("Check the target and the rows of the source.")));
}

void
ml_train_prepare(MlTraining *t, bool alone)
{
	ml_progress_stage(ML_STAGE_PREPROCESS, t->rows->n);
	ml_train_truth(t);
	ml_held_check_classes(t, t->params);
	gather_weight(t);
	warn_constant_target(t);
	ml_train_balance(t);
	if (t->warm != NULL)
		ml_warm_start_classes(t);
	ml_train_encode(t, alone);
}

void
ml_train_encode(MlTraining *t, bool alone)
{
	MlPrepDefaults defaults = ml_train_prep_defaults(t);
	MlPrepTarget target = {0};

	target.y = t->y;
	target.label = t->label;
	target.n_classes = t->model.n_classes;
	target.weight = t->weight;
	target.classes = (const char *const *) t->model.classes;
	/* each member of an ensemble asks for its own, when it is fitted */
	if (t->algorithm->layout == ML_LAYOUT_PARTS)
		return;
	if (defaults.native)
		prepare_native(t, &defaults, &target);
	else if (!alone || !prepare_sums(t, &defaults, &target))
		t->model.prep = ml_prep_fit(t->data, t->rows, t->features, t->n_features, t->definition->preprocess,
									&defaults, &target, t->pool, &t->design);
}

/* ---- fit ---- */

static void *
alloc_array(void *budget, Size count, Size size, const char *what)
{
	return ml_budget_alloc(budget, count, size, what);
}

static void
release_array(void *budget, void *array)
{
	ml_budget_free(budget, array);
}

/* MlFitControl.record of a fit whose numbers nobody wants */
static void
ignore_number(void *arg, const char *name, double value)
{
}

static Size
room_left(const void *budget)
{
	return ml_budget_room(budget);
}

MlFitControl
ml_train_control(const MlTraining *t)
{
	MlFitControl control = {
		.progress = ml_progress_update,.alloc = alloc_array,.release = release_array,.room = room_left,.budget = t->budget,.record = ignore_number
	};

	return control;
}

/* MlProblem.panel */
static void
training_panel(void *arg, int64 from, int64 n, const MlkDesign **x)
{
	MlTraining *t = arg;

	*x = ml_prep_panel(ml_assess_panel(t), t->rows->order + from, n);
}

/* MlFitControl.fitted */
static double *
fitted_array(void *arg)
{
	MlTraining *t = arg;

	t->predicted = ml_assess_room(t);
	return t->predicted;
}

void
ml_train_record(MlTraining *t, const char *name, double value)
{
	if (t->fit.rows == NULL)
		t->fit.rows = MemoryContextAllocZero(GetMemoryChunkContext(t), sizeof(MlMetricRow) * MAX_FIT_NUMBERS);
	if (t->fit.n == MAX_FIT_NUMBERS)
		elog(ERROR, "more than %d numbers of a fit", MAX_FIT_NUMBERS);
	t->fit.rows[t->fit.n++] = (MlMetricRow) {.metric = name, .value = value};
}

/* MlFitControl.record; what the fit palloc'd may be gone when it is read */
static void
record_number(void *arg, const char *name, double value)
{
	ml_train_record(arg, name, value);
}

/* training rows as the algorithms see them; x and blocks are room for the design */
static MlProblem
make_problem(MlTraining *t, MlkDesign *x, MlkBlock *blocks)
{
	MlProblem	problem = {0};
	int			cols;

	problem.task = t->model.task;
	problem.rows = t->rows->n_train;
	if (t->design != NULL)
	{
		*x = mlk_design_slice(t->design, 0, t->rows->n_train, blocks);
		problem.x = x;
	}
	else if (t->sums != NULL)
	{
		MlkDesign	none = {t->rows->n_train, t->sums->features, 0, NULL, t->sums->center, t->sums->scale};

		*x = none;
		problem.x = x;
		problem.sums = t->sums;
	}
	else
	{
		problem.binned = t->binned;
		problem.panel = training_panel;
		problem.panel_arg = t;
		problem.panel_rows = ml_assess_panel_rows(t->model.prep);
	}
	problem.names = ml_prep_names(t->model.prep, &cols);
	problem.y = t->y;
	problem.label = t->label;
	problem.n_classes = t->model.n_classes;
	problem.classes = (const char *const *) t->model.classes;
	problem.weight = t->weight;
	problem.seed = (uint64) t->definition->seed;
	problem.pool = t->pool;
	return problem;
}

void *
ml_train_fit(MlTraining *t, const MlAlgorithm *algorithm, MlParams *params)
{
	MlkBlock   *blocks = palloc(sizeof(MlkBlock) * Max(t->design != NULL ? t->design->n_blocks : 0, 1));
	MlkDesign	x;
	MlProblem	problem;
	MlFitControl control = ml_train_control(t);

	if (algorithm->layout == ML_LAYOUT_PARTS)
		return ml_stack_fit(t, algorithm, params);
	problem = make_problem(t, &x, blocks);
	control.record = record_number;
	control.record_arg = t;
	control.fitted = fitted_array;
	control.fitted_arg = t;

	/* what the model itself is asked, not the dummy beside it */
	if (algorithm != t->algorithm)
		control.fitted = NULL;
	if (t->warm != NULL && t->warm->algorithm == algorithm)
		problem.warm_state = t->warm->state;
	return algorithm->fit(&problem, params, &control);
}

static void
fit(MlTraining *t)
{
	ml_progress_stage(ML_STAGE_FIT, 0);
	t->model.state = ml_train_fit(t, t->algorithm, t->params);
	if (t->binned != NULL)
		ml_prep_bin_free(t->binned, t->budget);
	t->binned = NULL;
}


/* where the time went, for whoever asks with client_min_messages = debug1 */
static void
log_stages(const MlTraining *t)
{
	const double *s = ml_progress_seconds();

	ereport(DEBUG1,
			(errmsg_internal("mlops stages: load %.4f order %.4f preprocess %.4f fit %.4f evaluate %.4f store %.4f memory %zu file %zu",
							 s[ML_STAGE_LOAD], s[ML_STAGE_SPLIT], s[ML_STAGE_PREPROCESS], s[ML_STAGE_FIT],
							 s[ML_STAGE_EVALUATE], s[ML_STAGE_STORE],
							 ml_budget_peak(t->budget), ml_budget_in_file(t->budget))));
}

/* ---- the whole ---- */

void
ml_train_start(MlTraining *t)
{
	ml_train_plan(t);
	mlk_blas_open(ml_blas_core);
	t->pool = ml_pool_create();
	t->budget = ml_budget_create(CurrentMemoryContext, (Size) ml_max_memory_kb * 1024);
}

void
ml_train_finish(MlTraining *t)
{
	ml_train_prepare(t, true);
	if (ml_inspect_training)
		ml_train_inspect(t);
	fit(t);
	ml_held_learn(t, t->params);
	ml_assess(t);
	ml_train_store(t);
	if (t->warm != NULL)
		ml_model_release(t->warm);
}

MlTraining *
ml_train(MlDefinition *definition)
{
	MlTraining *t;

	if (definition->algorithm != NULL && strcmp(definition->algorithm, "auto") == 0)
		return ml_auto_train(definition);
	t = palloc0(sizeof(MlTraining));
	t->definition = definition;
	t->started = GetCurrentTimestamp();
	ml_progress_start("train", definition->model);
	ml_train_start(t);
	ml_held_check_warm(t);
	definition->split.held = ml_held_share(t->params);
	ml_train_load(t);
	ml_train_order(t);
	ml_train_finish(t);
	ml_progress_end();
	log_stages(t);
	return t;
}
