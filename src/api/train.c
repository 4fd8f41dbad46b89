/*
 * train.c: one training from definition to stored version.
 *
 * ml_train() is the table of contents; each step below fills its part of
 * MlTraining.  All that can be refused without reading a row is refused first:
 * names, types, parameters, options, rights.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "api/args.h"
#include "api/build_info.h"
#include "api/labels.h"
#include "api/pool.h"
#include "api/reference.h"
#include "api/train.h"
#include "guc.h"
#include "interrupts.h"
#include "kernels/blas.h"
#include "monitoring/progress.h"
#include "nearest.h"

/* ---- plan: everything that can be refused before a row is read ---- */

/* the task that goes without saying: of the algorithm, else of the target's type */
static MlTask
choose_task(const MlDefinition *d, const MlSource *source, const MlAlgorithm *algorithm)
{
	Oid			type;
	MlType		class;

	if (d->task != NULL)
		return strcmp(d->task, "regression") == 0 ? ML_TASK_REGRESSION : ML_TASK_CLASSIFICATION;
	if (algorithm != NULL && algorithm->tasks == ML_TASK_REGRESSION)
		return ML_TASK_REGRESSION;
	if (algorithm != NULL && algorithm->tasks == ML_TASK_CLASSIFICATION)
		return ML_TASK_CLASSIFICATION;
	type = TupleDescAttr(source->desc, ml_columns_find(source->desc, d->target, "target") - 1)->atttypid;
	if (ml_type_classify(type, &class) && (class == ML_TYPE_BOOL || class == ML_TYPE_CATEGORY))
		return ML_TASK_CLASSIFICATION;
	return ML_TASK_REGRESSION;
}

static void
require_target(const MlDefinition *d)
{
	if (d->target == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a target is needed to train model \"%s\"", d->model),
				 errhint("Name the column to predict: target => '...'.")));
}

static void
choose_algorithm(MlTraining *t)
{
	MlDefinition *d = t->definition;
	const MlAlgorithm *given = d->algorithm ? ml_algorithm_lookup(d->algorithm) : NULL;
	MlTask		task;

	require_target(d);
	task = choose_task(d, t->source, given);
	if (given != NULL && (given->tasks & task) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" does not do %s", given->name, d->task),
				 errhint("mlops_algorithms() lists the algorithms and their tasks.")));
	t->algorithm = given ? given :
		ml_algorithm_lookup(task == ML_TASK_REGRESSION ? "linear_regression" : "logistic_regression");
	t->params = ml_params_parse(t->algorithm, d->params);
	if (t->algorithm->check != NULL)
		t->algorithm->check(t->params, task);
	t->model.task = task;
	t->model.algorithm = t->algorithm;
	t->model.target = d->target;
	t->metric = ml_report_metric(d->metric, task, 2);
}

static const char *
task_name(MlTask task)
{
	return task == ML_TASK_REGRESSION ? "regression" : "classification";
}

/* a model that is there must be ours to add to, and of the same task */
static void
check_model(MlTraining *t)
{
	MlModelRow	model;

	if (!ml_catalog_find_model(t->definition->model, &model))
	{
		ml_catalog_check_name(t->definition->model, "a model");
		return;
	}
	ml_catalog_require(&model, ML_PRIV_MANAGE);
	t->earlier = model;
	if (strcmp(model.task, task_name(t->model.task)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("model \"%s\" is a %s model, this training is %s", model.name, model.task,
						task_name(t->model.task)),
				 errhint("Use another model name, or task => '%s'.", model.task)));
}

static MlPrepDefaults
prep_defaults(const MlTraining *t)
{
	MlPrepDefaults defaults;

	defaults.scale = t->algorithm->default_scale;
	defaults.drop_first = t->algorithm->full_rank != NULL && t->algorithm->full_rank(t->params);
	defaults.native = t->algorithm->layout == ML_LAYOUT_NATIVE;
	return defaults;
}

/* the options of preprocessing name columns; show them what there will be */
static void
check_preprocess(const MlTraining *t)
{
	const MlColumnPlan *plan = t->plan;
	MlPrepDefaults defaults;
	MlColumn   *columns = palloc0(sizeof(MlColumn) * Max(plan->n_features, 1));

	for (int i = 0; i < plan->n_features; i++)
	{
		Form_pg_attribute att = TupleDescAttr(t->source->desc, plan->request[i].attnum - 1);

		columns[i].name = NameStr(att->attname);
		columns[i].type_oid = att->atttypid;
		columns[i].base_type = getBaseType(att->atttypid);
		columns[i].width = 1;
		(void) ml_type_classify(att->atttypid, &columns[i].type);
	}
	defaults = prep_defaults(t);
	ml_prep_check_options(t->definition->preprocess, columns, plan->n_features, &defaults);
}

static void
plan(MlTraining *t)
{
	t->source = t->definition->recorded ? ml_source_open_recorded(t->definition->source) :
		ml_source_open(t->definition->source);
	choose_algorithm(t);
	check_model(t);
	ml_warm_start_plan(t);
	t->plan = ml_columns_plan(t->definition, t->source, t->model.task);
	check_preprocess(t);
}

/* ---- load and order ---- */

static void
report_rows(int64 rows)
{
	ml_progress_update("rows", rows, 0);
}

static void
load(MlTraining *t)
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

static void
order_rows(MlTraining *t)
{
	const MlColumnPlan *p = t->plan;
	int		   *used;
	int			n_used;

	ml_progress_stage(ML_STAGE_SPLIT, t->data->rows);
	t->features = ml_columns_useful(t->definition, p, t->data, &t->n_features);
	if (t->warm != NULL)
		ml_warm_start_features(t);
	if (t->n_features == 0 && p->n_features > 0)
		ereport(NOTICE, (errmsg("no column is left to learn from: the model knows the target's distribution only")));

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

static void
gather_truth(MlTraining *t)
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
prepare_native(MlTraining *t, const MlPrepDefaults *defaults)
{
	int			max_bins = ml_params_has(t->params, "max_bins") ? (int) ml_params_int(t->params, "max_bins") : MLK_MAX_NUMBER_BINS;

	t->model.prep = t->warm != NULL ? t->warm->prep :
		ml_prep_fit_native(t->data, t->rows, t->features, t->n_features, t->definition->preprocess, defaults, t->pool);
	t->binned = ml_prep_bin(t->model.prep, t->data, t->rows, max_bins, t->budget, t->pool);
}

static void
prepare(MlTraining *t)
{
	MlPrepDefaults defaults = prep_defaults(t);

	ml_progress_stage(ML_STAGE_PREPROCESS, t->rows->n);
	gather_truth(t);
	gather_weight(t);
	if (t->warm != NULL)
		ml_warm_start_classes(t);
	if (defaults.native)
		prepare_native(t, &defaults);
	else
		t->model.prep = ml_prep_fit(t->data, t->rows, t->features, t->n_features, t->definition->preprocess,
									&defaults, t->pool, &t->design);
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

/* MlProblem.panel */
static void
training_panel(void *arg, int64 from, int64 n, const MlkDesign **x)
{
	MlTraining *t = arg;

	*x = ml_prep_panel(ml_assess_panel(t), t->rows->order + from, n);
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
	MlProblem	problem = make_problem(t, &x, blocks);
	MlFitControl control = {ml_progress_update, alloc_array, release_array, t->budget};

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

/* ---- store ---- */

static Jsonb *
features_json(const MlTraining *t)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoChar(&out, '[');
	for (int i = 0; i < t->n_features; i++)
	{
		const MlColumn *column = &t->data->columns[t->features[i]];

		ml_json_key(&out, NULL);
		appendStringInfoChar(&out, '{');
		ml_json_text(&out, "name", column->name);
		ml_json_text(&out, "type", format_type_be(column->type_oid));
		appendStringInfoChar(&out, '}');
	}
	appendStringInfoChar(&out, ']');
	return ml_json_parse(out.data);
}

static Jsonb *
classes_json(const MlTraining *t)
{
	StringInfoData out;

	if (t->model.task == ML_TASK_REGRESSION)
		return NULL;
	initStringInfo(&out);
	ml_json_text_array(&out, NULL, t->model.classes, t->model.n_classes);
	return ml_json_parse(out.data);
}

static Jsonb *
metrics_json(const MlTraining *t)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoChar(&out, '{');
	ml_report_json(&out, "train", &t->train);
	ml_report_json(&out, "test", &t->test);
	ml_report_json(&out, "baseline", &t->baseline);
	appendStringInfoChar(&out, '}');
	return ml_json_parse(out.data);
}

/* train and test metrics as catalog rows */
static MlMetricRow *
metric_rows(MlTraining *t, int *n)
{
	MlMetricRow *rows = palloc(sizeof(MlMetricRow) * (t->train.n + t->test.n + t->baseline.n + 1));
	struct
	{
		const char *dataset;
		MlReport   *report;
	}			parts[] = {{"train", &t->train}, {"test", &t->test}, {"baseline", &t->baseline}};

	*n = 0;
	for (int p = 0; p < lengthof(parts); p++)
		for (int i = 0; i < parts[p].report->n; i++)
		{
			rows[*n] = parts[p].report->rows[i];
			rows[(*n)++].dataset = parts[p].dataset;
		}
	return rows;
}

/* all of the version's record that is known before its number */
static MlVersionRow *
make_version(MlTraining *t)
{
	MlVersionRow *v = palloc0(sizeof(MlVersionRow));
	int			n_reference;
	MlReference *reference = ml_profile_reference(t->data, t->rows, t->features, t->n_features, t->pool, &n_reference);

	v->algorithm = pstrdup(t->algorithm->name);
	v->task = pstrdup(task_name(t->model.task));
	v->params = ml_params_json(t->params);
	v->definition = ml_definition_json(t->definition, t->source->qualified);
	v->preprocess = ml_prep_describe(t->model.prep);
	v->features = features_json(t);
	v->classes = classes_json(t);
	v->reference = ml_reference_json(reference, n_reference);
	v->metrics = metrics_json(t);
	v->metric = pstrdup(t->metric);
	v->value = ml_report_value(t->test.n > 0 ? &t->test : &t->train, t->metric);
	v->baseline = ml_report_value(&t->baseline, t->metric);
	v->train_rows = t->rows->n_train;
	v->test_rows = t->rows->n - t->rows->n_train;
	v->skipped_rows = t->data->skipped;
	v->seed = t->definition->seed;
	v->fingerprint = t->rows->fingerprint;
	v->build = ml_build_info();
	return v;
}

/*
 * The model's row is locked from here to the end of the transaction, so that
 * trainings of one model store, compare and deploy one after the other.
 */
static void
store(MlTraining *t)
{
	Size		len;
	uint8	   *bytes;
	int			n_metrics;
	MlMetricRow *metrics = metric_rows(t, &n_metrics);
	MlModelRow	model;
	bool		created;

	ml_progress_stage(ML_STAGE_STORE, 0);
	t->version = make_version(t);
	bytes = ml_model_write(&t->model, &len);
	ml_catalog_lock_model(t->definition->model, t->version->task, &model, &created);
	t->deployed = ml_champion_beaten(t, &model);

	t->version->model_id = model.model_id;
	t->version->seconds = (double) (GetCurrentTimestamp() - t->started) / USECS_PER_SEC;
	ml_catalog_insert_version(t->version, bytes, len, metrics, n_metrics);
	if (t->deployed)
		ml_catalog_deploy(&model, t->version->version_id,
						  t->definition->deploy == ML_DEPLOY_ALWAYS ? "trained with deploy => 'always'" :
						  model.live_version_id == 0 ? "first version" :
						  psprintf("better %s on new test rows", t->metric));
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

MlTraining *
ml_train(MlDefinition *definition)
{
	MlTraining *t = palloc0(sizeof(MlTraining));

	t->definition = definition;
	t->started = GetCurrentTimestamp();
	ml_progress_start("train", definition->model);

	plan(t);
	mlk_blas_open(ml_blas_core);
	t->pool = ml_pool_create();
	t->budget = ml_budget_create(CurrentMemoryContext, (Size) ml_max_memory_kb * 1024);
	load(t);
	order_rows(t);
	prepare(t);
	fit(t);
	ml_assess(t);
	store(t);
	if (t->warm != NULL)
		ml_model_release(t->warm);

	ml_progress_end();
	log_stages(t);
	return t;
}
