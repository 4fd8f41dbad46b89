/*
 * cross_validate.c: mlops_cross_validate: how good would models of these parameters be on rows they have not seen?
 *
 * The data is loaded once.  Each fold is a trial of its own: what is learned of the rows, preprocessing and bins included, is learned
 * from its training rows alone.  Nothing is stored.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "api/args.h"
#include "api/trial.h"
#include "monitoring/progress.h"

PG_FUNCTION_INFO_V1(mlops_cross_validate);

#define RESULT_COLUMNS 7
#define MAX_REPEATS 1000

/* argument numbers, in the order of the declaration */
enum
{
	ARG_SOURCE, ARG_TARGET, ARG_ALGORITHM, ARG_PARAMS, ARG_FOLDS, ARG_METHOD, ARG_GROUP, ARG_TIME, ARG_GAP, ARG_REPEATS,
	ARG_TASK, ARG_FEATURES, ARG_EXCLUDE, ARG_PREPROCESS, ARG_WEIGHT, ARG_SEED, ARG_METRIC
};

static const char *const methods[] = {"stratified", "random", "group", "time"};

typedef struct CrossValidation
{
	MlTraining *t;
	MlFoldSpec	spec;
	char	   *group_column;
	char	   *time_column;
	bool		gap_is_interval;
	int			repeats;
	const char *metric;			/* the only one wanted; NULL: all */
	FunctionCallInfo fcinfo;

	/* per metric of the task, in the order of a report */
	int			n_metrics;
	const char **metrics;
	int		   *counted;		/* folds where it is defined */
	double	   *mean;			/* running, with the sum of squared distances from it (Welford) */
	double	   *squares;

	/* where it is, for error messages */
	int			repeat;
	int			fold;
} CrossValidation;

/* ---- arguments ---- */

/* a whole number of rows, or a time */
static void
parse_gap(CrossValidation *cv, const char *gap)
{
	char	   *end;
	long long	rows;

	if (gap == NULL)
		return;
	errno = 0;
	rows = strtoll(gap, &end, 10);
	if (end != gap && *end == '\0' && errno == 0)
		cv->spec.gap_rows = rows;
	else
	{
		Datum		interval = DirectFunctionCall3(interval_in, CStringGetDatum(gap), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));

		cv->spec.gap_time = ml_type_number(INTERVALOID, interval);
		cv->gap_is_interval = true;
	}
	if (cv->spec.gap_rows < 0 || cv->spec.gap_time < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the gap \"%s\" is negative", gap),
				 errdetail("Training on rows that come after the tested ones would show nothing.")));
}

/* a column or gap that the method has no use for was meant to do something */
static void
check_method(const CrossValidation *cv, const char *method, bool gap)
{
	bool		by_group = cv->spec.method == ML_FOLDS_GROUP;
	bool		by_time = cv->spec.method == ML_FOLDS_TIME;
	const char *missing = by_group && cv->group_column == NULL ? "group_column" : by_time && cv->time_column == NULL ? "time_column" : NULL;
	const char *idle = !by_group && cv->group_column != NULL ? "group_column" :
		!by_time && cv->time_column != NULL ? "time_column" :
		!by_time && gap ? "gap" : by_time && cv->repeats > 1 ? "repeats" : NULL;

	if (missing != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("method \"%s\" needs %s", method, missing),
				 errhint("Write %s => '...'.", missing)));
	if (idle != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("method \"%s\" has no use for %s", method, idle),
				 errhint("group_column is for method 'group'; time_column and gap are for 'time', which has nothing to repeat.")));
}

static void
parse_folds(CrossValidation *cv, FunctionCallInfo fcinfo)
{
	char	   *method = ml_arg_text(fcinfo, ARG_METHOD);
	char	   *gap = ml_arg_text(fcinfo, ARG_GAP);

	if (method == NULL)
		method = "stratified";
	cv->spec.method = (MlFoldMethod) ml_arg_choice("method", method, methods, lengthof(methods));
	cv->spec.folds = ml_arg_int(fcinfo, ARG_FOLDS, "folds", 5, 2, ML_MAX_FOLDS);
	cv->spec.label = cv->spec.column = -1;
	cv->repeats = ml_arg_int(fcinfo, ARG_REPEATS, "repeats", 1, 1, MAX_REPEATS);
	cv->group_column = ml_arg_text(fcinfo, ARG_GROUP);
	cv->time_column = ml_arg_text(fcinfo, ARG_TIME);
	cv->spec.column_name = cv->time_column ? cv->time_column : cv->group_column;
	parse_gap(cv, gap);
	check_method(cv, method, gap != NULL);
}

static MlDefinition *
define(const CrossValidation *cv, FunctionCallInfo fcinfo)
{
	MlDefinition *d = palloc0(sizeof(MlDefinition));

	d->source = ml_arg_required_text(fcinfo, ARG_SOURCE, "source");
	d->target = ml_arg_required_text(fcinfo, ARG_TARGET, "target");
	d->algorithm = ml_arg_text(fcinfo, ARG_ALGORITHM);
	d->params = ml_arg_object(fcinfo, ARG_PARAMS, "params");
	d->task = ml_arg_text(fcinfo, ARG_TASK);
	d->features = ml_arg_text_array(fcinfo, ARG_FEATURES, "features", &d->n_features);
	d->exclude = ml_arg_text_array(fcinfo, ARG_EXCLUDE, "exclude", &d->n_exclude);
	d->preprocess = ml_arg_object(fcinfo, ARG_PREPROCESS, "preprocess");
	d->weight = ml_arg_text(fcinfo, ARG_WEIGHT);
	d->seed = PG_ARGISNULL(ARG_SEED) ? 0 : PG_GETARG_INT64(ARG_SEED);
	d->metric = ml_arg_text(fcinfo, ARG_METRIC);
	d->deploy = ML_DEPLOY_NEVER;
	d->split.method = cv->time_column != NULL ? ML_SPLIT_TIME : ML_SPLIT_NONE;
	/* neither is a feature unless it was named as one */
	d->split.column = cv->time_column ? cv->time_column : cv->group_column;
	ml_definition_check_task(d->task);
	return d;
}

/* ---- before a row is read ---- */

static void
check_group(const MlDefinition *d, const char *column)
{
	if (strcmp(column, d->target) == 0 || (d->weight != NULL && strcmp(column, d->weight) == 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the %s \"%s\" is the group_column", strcmp(column, d->target) == 0 ? "target" : "weight", column),
				 errhint("Name a column that says which rows belong together.")));
}

static void
check_gap(const CrossValidation *cv)
{
	const MlSource *source = cv->t->source;
	MlType		class;

	if (!cv->gap_is_interval)
		return;
	(void) ml_type_classify(TupleDescAttr(source->desc, ml_columns_find(source->desc, cv->time_column, "time_column") - 1)->atttypid, &class);
	if (class != ML_TYPE_TIME)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the gap is an interval, but column \"%s\" holds no times", cv->time_column),
				 errhint("Give the gap as a number of rows.")));
}

static void
start(CrossValidation *cv)
{
	MlTraining *t = cv->t;
	MlDefinition *d = t->definition;

	if (cv->group_column != NULL)
		check_group(d, cv->group_column);
	ml_warm_start_refuse(d->params, "cross-validation");
	ml_train_start(t);
	check_gap(cv);
	if (cv->group_column != NULL)
		cv->spec.column = ml_columns_add(t->plan, t->source, cv->group_column, "group_column", ML_ROLE_TARGET_LABEL);
	if (cv->time_column != NULL)
		cv->spec.column = t->plan->split;
	if (cv->spec.method == ML_FOLDS_STRATIFIED && t->model.task == ML_TASK_CLASSIFICATION)
		cv->spec.label = t->plan->target;
	else if (cv->spec.method == ML_FOLDS_STRATIFIED)
		cv->spec.method = ML_FOLDS_RANDOM;
	cv->metric = d->metric != NULL ? t->metric : NULL;
	/* there is no test set: every row is tested by a fold */
	d->split.method = ML_SPLIT_NONE;
}

/* ---- results ---- */

static void
put(CrossValidation *cv, const MlTrialResult *result, const char *metric, const char *statistic, double value)
{
	ReturnSetInfo *set = (ReturnSetInfo *) cv->fcinfo->resultinfo;
	Datum		values[RESULT_COLUMNS] = {0};
	bool		nulls[RESULT_COLUMNS] = {false};

	if (result == NULL)
		memset(nulls, true, sizeof(bool) * 4);
	else
	{
		values[0] = Int32GetDatum(cv->repeat + 1);
		values[1] = Int32GetDatum(cv->fold + 1);
		values[2] = Int64GetDatum(result->train_rows);
		values[3] = Int64GetDatum(result->test_rows);
	}
	values[4] = CStringGetTextDatum(metric);
	values[5] = CStringGetTextDatum(statistic);
	values[6] = ml_result_float(value, &nulls[6]);
	tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
}

/* room for what the first report shows that there is */
static void
start_statistics(CrossValidation *cv, const MlReport *report)
{
	cv->metrics = palloc(sizeof(char *) * report->n);
	cv->counted = palloc0(sizeof(int) * report->n);
	cv->mean = palloc0(sizeof(double) * report->n);
	cv->squares = palloc0(sizeof(double) * report->n);
	for (int i = 0; i < report->n; i++)
		if (report->rows[i].label == NULL && (cv->metric == NULL || strcmp(report->rows[i].metric, cv->metric) == 0))
			cv->metrics[cv->n_metrics++] = report->rows[i].metric;
}

static void
take_result(CrossValidation *cv, const MlTrialResult *result)
{
	if (cv->metrics == NULL)
		start_statistics(cv, &result->report);
	for (int m = 0; m < cv->n_metrics; m++)
	{
		double		value = ml_report_value(&result->report, cv->metrics[m]);
		double		step = value - cv->mean[m];

		put(cv, result, cv->metrics[m], "value", value);
		if (isnan(value))
			continue;
		cv->mean[m] += step / ++cv->counted[m];
		cv->squares[m] += step * (value - cv->mean[m]);
	}
}

static void
put_statistics(CrossValidation *cv)
{
	for (int m = 0; m < cv->n_metrics; m++)
	{
		int			n = cv->counted[m];

		put(cv, NULL, cv->metrics[m], "mean", n > 0 ? cv->mean[m] : NAN);
		put(cv, NULL, cv->metrics[m], "stddev", n > 1 ? sqrt(cv->squares[m] / (n - 1)) : NAN);
	}
}

/* ---- folds ---- */

static MlTrialResult
run_fold(CrossValidation *cv, const MlFold *fold)
{
	MlPrepared *prepared = ml_trial_prepare(cv->t, cv->t->algorithm, cv->t->params, fold);
	MlTrialResult result = ml_trial_run(prepared, cv->t->algorithm, cv->t->params, NULL);

	ml_trial_release(prepared);
	return result;
}

/* what every fold has to say is said by the first */
static MlTrialResult
run_fold_quietly(CrossValidation *cv, const MlFold *fold)
{
	int			level = ml_progress_hush();
	MlTrialResult result = {0};

	PG_TRY();
	{
		result = run_fold(cv, fold);
	}
	PG_FINALLY();
	{
		ml_progress_unhush(level);
	}
	PG_END_TRY();
	return result;
}

static void
name_fold(void *arg)
{
	CrossValidation *cv = arg;

	if (cv->fold < 0)
		return;
	if (cv->repeats > 1)
		errcontext("fold %d of %d, repeat %d of %d", cv->fold + 1, cv->spec.folds, cv->repeat + 1, cv->repeats);
	else
		errcontext("fold %d of %d", cv->fold + 1, cv->spec.folds);
}

static void
notice_rows(const CrossValidation *cv, const MlFolds *folds)
{
	if (folds->left_out > 0)
		ereport(NOTICE,
				(errmsg("left out " INT64_FORMAT " rows whose %s \"%s\" is NULL", folds->left_out,
						cv->spec.method == ML_FOLDS_GROUP ? "group" : "time", cv->spec.column_name)));
	if (cv->spec.label >= 0 && folds->smallest_class < cv->spec.folds)
		ereport(NOTICE,
				(errmsg("the rarest class of target \"%s\" has " INT64_FORMAT " rows, fewer than there are folds",
						cv->t->definition->target, folds->smallest_class),
				 errdetail("Some folds test none of them.")));
}

static MlFolds *
make_folds(CrossValidation *cv)
{
	MlTraining *t = cv->t;
	int		   *used = palloc(sizeof(int) * (t->n_features + 2));
	int			n_used = t->n_features;

	memcpy(used, t->features, sizeof(int) * n_used);
	used[n_used++] = t->plan->target;
	if (t->plan->weight >= 0)
		used[n_used++] = t->plan->weight;
	/* odd multiples of a large constant: repeats of neighbouring seeds are not each other's */
	return ml_folds_make(t->data, t->rows, used, n_used, &cv->spec,
						 (uint64) t->definition->seed + (uint64) cv->repeat * UINT64CONST(0x9e3779b97f4a7c15), t->pool);
}

static void
run_repeat(CrossValidation *cv, MlFold *fold)
{
	MlFolds    *folds = make_folds(cv);
	int64		dropped = 0;

	if (cv->repeat == 0)
		notice_rows(cv, folds);
	for (cv->fold = 0; cv->fold < folds->n; cv->fold++)
	{
		MlTrialResult result;
		char		prefix[40];

		CHECK_FOR_INTERRUPTS();
		snprintf(prefix, sizeof(prefix), "fold %d/%d, ", cv->repeat * folds->n + cv->fold + 1, cv->repeats * folds->n);
		ml_progress_prefix(prefix);
		ml_folds_order(folds, cv->fold, fold);
		result = cv->repeat == 0 && cv->fold == 0 ? run_fold(cv, fold) : run_fold_quietly(cv, fold);
		take_result(cv, &result);
		dropped += result.dropped;
	}
	cv->fold = -1;
	ml_folds_free(folds, cv->t->budget);
	if (dropped > 0 && cv->repeat == 0)
		ereport(NOTICE,
				(errmsg("left out " INT64_FORMAT " test rows whose label no training row of their fold has", dropped)));
}

static void
run_folds(CrossValidation *cv)
{
	ErrorContextCallback context = {error_context_stack, name_fold, cv};
	MlFold		fold = {0};

	fold.order = ml_budget_alloc(cv->t->budget, cv->t->data->rows, sizeof(uint32), "the order of the rows");
	error_context_stack = &context;
	for (cv->repeat = 0; cv->repeat < cv->repeats; cv->repeat++)
		run_repeat(cv, &fold);
	error_context_stack = context.previous;
}

/*
 * mlops_cross_validate(source text, target text, algorithm text, params jsonb, folds integer, method text, group_column text,
 *		time_column text, gap text, repeats integer, task text, features text[], exclude text[], preprocess jsonb, weight text,
 *		seed bigint, metric text)
 *		-> rows: repeat, fold, train_rows, test_rows, metric, statistic, value
 */
Datum
mlops_cross_validate(PG_FUNCTION_ARGS)
{
	MemoryContext validation = AllocSetContextCreate(CurrentMemoryContext, "mlops cross-validation", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	CrossValidation cv = {.fold = -1,.fcinfo = fcinfo};
	MlTraining *t;

	InitMaterializedSRF(fcinfo, 0);
	old = MemoryContextSwitchTo(validation);
	parse_folds(&cv, fcinfo);
	cv.t = t = palloc0(sizeof(MlTraining));
	t->definition = define(&cv, fcinfo);
	t->started = GetCurrentTimestamp();
	ml_progress_start("cross-validate", t->definition->target);
	start(&cv);
	ml_train_load(t);
	ml_train_order(t);
	run_folds(&cv);
	put_statistics(&cv);
	ml_progress_end();
	MemoryContextSwitchTo(old);
	MemoryContextDelete(validation);
	return (Datum) 0;
}
