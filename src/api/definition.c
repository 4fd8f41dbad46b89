/*
 * definition.c: one call of mlops_train, as arguments and as the JSON that a version records.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/numeric.h"

#include "api/args.h"
#include "api/definition.h"
#include "nearest.h"

/* argument numbers of mlops_train, in the order of its declaration */
enum
{
	ARG_MODEL, ARG_SOURCE, ARG_TARGET, ARG_ALGORITHM, ARG_PARAMS, ARG_TASK, ARG_FEATURES, ARG_EXCLUDE,
	ARG_PREPROCESS, ARG_SPLIT, ARG_WEIGHT, ARG_SEED, ARG_DEPLOY, ARG_METRIC
};

/* index of given in names, or ERROR 22023 with the nearest name as hint */
static int
choice(const char *what, const char *given, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(given, names[i]) == 0)
			return i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown %s \"%s\"", what, given),
			 errhint("%s", ml_nearest_hint(given, names, n))));
	return -1;
}

static MlDeployPolicy
parse_deploy(const char *text)
{
	static const char *const names[] = {"if_better", "always", "never"};

	return text == NULL ? ML_DEPLOY_IF_BETTER : (MlDeployPolicy) choice("deploy policy", text, names, lengthof(names));
}

static void
check_task(const char *task)
{
	static const char *const names[] = {"regression", "classification"};

	if (task != NULL)
		(void) choice("task", task, names, lengthof(names));
}

/* ---- split ---- */

static void
check_split_keys(Jsonb *json)
{
	static const char *const names[] = {"test_size", "method", "column"};
	JsonbIterator *it = JsonbIteratorInit(&json->root);
	JsonbValue	value;
	JsonbIteratorToken token;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
		if (token == WJB_KEY)
			(void) choice("option of split", pnstrdup(value.val.string.val, value.val.string.len),
						  names, lengthof(names));
}

static double
split_test_size(Jsonb *json)
{
	JsonbValue *value = ml_json_get(json, "test_size");
	double		size = 0.2;

	if (value == NULL)
		return size;
	if (value->type == jbvNumeric)
		size = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
	if (value->type != jbvNumeric || !(size > 0 && size < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"test_size\" of split must be a number between 0 and 1"),
				 errhint("For no test set write split => '{\"method\": \"none\"}'.")));
	return size;
}

static MlSplit
parse_split(Jsonb *json)
{
	static const char *const methods[] = {"random", "time", "column", "none"};
	JsonbValue *method = ml_json_get(json, "method");
	MlSplit		split;

	check_split_keys(json);
	split.method = ML_SPLIT_RANDOM;
	if (method != NULL)
	{
		char	   *name = ml_json_get_text(json, "method");

		if (name == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"method\" of split must be a string"),
					 errhint("Valid are: random, time, column, none.")));
		split.method = (MlSplitMethod) choice("split method", name, methods, lengthof(methods));
	}
	split.test_size = split_test_size(json);
	split.column = ml_json_get_text(json, "column");
	if ((split.method == ML_SPLIT_TIME || split.method == ML_SPLIT_COLUMN) && split.column == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("split method \"%s\" needs a column", methods[split.method]),
				 errhint("Write split => '{\"method\": \"%s\", \"column\": \"...\"}'.", methods[split.method])));
	if (split.method == ML_SPLIT_RANDOM && split.column != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"column\" of split needs a method"),
				 errhint("Add \"method\": \"time\" or \"method\": \"column\".")));
	return split;
}

/* ---- both ways ---- */

MlDefinition *
ml_definition_from_args(FunctionCallInfo fcinfo)
{
	MlDefinition *d = palloc0(sizeof(MlDefinition));

	d->model = ml_arg_required_text(fcinfo, ARG_MODEL, "model");
	d->source = ml_arg_required_text(fcinfo, ARG_SOURCE, "source");
	d->target = ml_arg_text(fcinfo, ARG_TARGET);
	d->algorithm = ml_arg_text(fcinfo, ARG_ALGORITHM);
	d->params = ml_arg_object(fcinfo, ARG_PARAMS, "params");
	d->task = ml_arg_text(fcinfo, ARG_TASK);
	d->features = ml_arg_text_array(fcinfo, ARG_FEATURES, "features", &d->n_features);
	d->exclude = ml_arg_text_array(fcinfo, ARG_EXCLUDE, "exclude", &d->n_exclude);
	d->preprocess = ml_arg_object(fcinfo, ARG_PREPROCESS, "preprocess");
	d->split_json = ml_arg_object(fcinfo, ARG_SPLIT, "split");
	d->split = parse_split(d->split_json);
	d->weight = ml_arg_text(fcinfo, ARG_WEIGHT);
	d->seed = PG_ARGISNULL(ARG_SEED) ? 0 : PG_GETARG_INT64(ARG_SEED);
	d->deploy = parse_deploy(ml_arg_text(fcinfo, ARG_DEPLOY));
	d->metric = ml_arg_text(fcinfo, ARG_METRIC);
	check_task(d->task);
	return d;
}

Jsonb *
ml_definition_json(const MlDefinition *d, const char *qualified_source)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoChar(&out, '{');
	ml_json_text(&out, "source", qualified_source);
	ml_json_text(&out, "target", d->target);
	ml_json_text(&out, "algorithm", d->algorithm);
	ml_json_jsonb(&out, "params", d->params);
	ml_json_text(&out, "task", d->task);
	ml_json_text_array(&out, "features", d->features, d->n_features);
	ml_json_text_array(&out, "exclude", d->exclude, d->n_exclude);
	ml_json_jsonb(&out, "preprocess", d->preprocess);
	ml_json_jsonb(&out, "split", d->split_json);
	ml_json_text(&out, "weight", d->weight);
	ml_json_int(&out, "seed", d->seed);
	ml_json_text(&out, "metric", d->metric);
	appendStringInfoChar(&out, '}');
	return ml_json_parse(out.data);
}

static int64
json_seed(Jsonb *json)
{
	JsonbValue *value = ml_json_get(json, "seed");

	if (value == NULL || value->type != jbvNumeric)
		return 0;
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(value->val.numeric)));
}

/* an element that was no string? */
static bool
has_gap(char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (names[i] == NULL)
			return true;
	return false;
}

MlDefinition *
ml_definition_from_json(const char *model, Jsonb *json)
{
	MlDefinition *d = palloc0(sizeof(MlDefinition));

	d->model = pstrdup(model);
	d->source = ml_json_get_text(json, "source");
	d->recorded = true;
	d->target = ml_json_get_text(json, "target");
	d->algorithm = ml_json_get_text(json, "algorithm");
	d->params = ml_json_get_object(json, "params");
	d->task = ml_json_get_text(json, "task");
	d->features = ml_json_get_text_array(json, "features", &d->n_features);
	d->exclude = ml_json_get_text_array(json, "exclude", &d->n_exclude);
	d->preprocess = ml_json_get_object(json, "preprocess");
	d->split_json = ml_json_get_object(json, "split");
	d->split = parse_split(d->split_json);
	d->weight = ml_json_get_text(json, "weight");
	d->seed = json_seed(json);
	d->deploy = ML_DEPLOY_IF_BETTER;
	d->metric = ml_json_get_text(json, "metric");
	if (d->source == NULL || has_gap(d->features, d->n_features) || has_gap(d->exclude, d->n_exclude))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the recorded definition of model \"%s\" is damaged", model),
				 errhint("Train it with mlops_train().")));
	return d;
}
