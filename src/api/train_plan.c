/*
 * train_plan.c: what a training is to do: everything that can be refused before a row is read.
 */
#include "postgres.h"

#include "utils/lsyscache.h"

#include "api/contract.h"
#include "api/train.h"

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
	ml_held_check(t->params, task);
	t->model.task = task;
	if (task == ML_TASK_REGRESSION && d->balance != ML_BALANCE_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"balance\" of split is for classes, and the target \"%s\" is a number", d->target),
				 errhint("Leave it out, or say task => 'classification'.")));
	t->model.algorithm = t->algorithm;
	t->model.target = d->target;
	t->metric = ml_report_metric(d->metric, task, 2);
}

const char *
ml_train_task_name(MlTask task)
{
	return task == ML_TASK_REGRESSION ? "regression" : "classification";
}

/* a model that is there must be ours to add to, and of the same task; without a name nothing will be stored */
static void
check_model(MlTraining *t)
{
	MlModelRow	model;

	if (t->definition->model == NULL)
		return;
	if (!ml_catalog_find_model(t->definition->model, &model))
	{
		ml_catalog_check_name(t->definition->model, "a model");
		return;
	}
	ml_catalog_require(&model, ML_PRIV_MANAGE);
	t->earlier = model;
	if (strcmp(model.task, ml_train_task_name(t->model.task)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("model \"%s\" is a %s model, this training is %s", model.name, model.task,
						ml_train_task_name(t->model.task)),
				 errhint("Use another model name, or task => '%s'.", model.task)));
}

static MlPrepDefaults
defaults_of(const MlAlgorithm *algorithm, const MlParams *params)
{
	MlPrepDefaults defaults;

	defaults.scale = algorithm->default_scale;
	defaults.drop_first = algorithm->full_rank != NULL && algorithm->full_rank(params);
	defaults.native = algorithm->layout == ML_LAYOUT_NATIVE;
	return defaults;
}

MlPrepDefaults
ml_train_prep_defaults(const MlTraining *t)
{
	return defaults_of(t->algorithm, t->params);
}

/* the options of preprocessing name columns; show them what there will be */
static void
check_preprocess(const MlTraining *t)
{
	const MlColumnPlan *plan = t->plan;
	MlPrepDefaults defaults = ml_train_prep_defaults(t);
	MlMember   *members;
	int			n_members = 0;
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
	if (t->algorithm->layout != ML_LAYOUT_PARTS)
	{
		ml_prep_check_options(t->definition->preprocess, columns, plan->n_features, &defaults);
		return;
	}
	members = ml_params_members(t->params, "members", &n_members);
	for (int i = 0; i < n_members; i++)
	{
		defaults = defaults_of(members[i].algorithm, members[i].params);
		ml_prep_check_options(t->definition->preprocess, columns, plan->n_features, &defaults);
	}
}

void
ml_train_plan(MlTraining *t)
{
	t->source = t->definition->recorded ? ml_source_open_recorded(t->definition->source) :
		ml_source_open(t->definition->source);
	choose_algorithm(t);
	check_model(t);
	ml_warm_start_plan(t);
	t->plan = ml_columns_plan(t->definition, t->source, t->model.task);
	check_preprocess(t);
	if (t->definition->contract != NULL)
		ml_contract_enforce(t->definition->contract, t->source);
}
