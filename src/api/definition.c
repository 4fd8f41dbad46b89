/*
 * definition.c: one call of mlops_train, as arguments and as the JSON that a version records.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/numeric.h"

#include "api/args.h"
#include "api/definition.h"

/* argument numbers of mlops_train, in the order of its declaration */
static const MlDefinitionArgs train_args = {
	.model = 0,.source = 1,.target = 2,.algorithm = 3,.params = 4,.task = 5,.features = 6,.exclude = 7,.preprocess = 8,.split = 9,
	.weight = 10,.seed = 11,.deploy = 12,.metric = 13,.contract = 14
};

MlDeployPolicy
ml_definition_deploy(const char *text)
{
	static const char *const names[] = {"if_better", "always", "never"};

	return text == NULL ? ML_DEPLOY_IF_BETTER : (MlDeployPolicy) ml_arg_choice("deploy policy", text, names, lengthof(names));
}

void
ml_definition_check_task(const char *task)
{
	static const char *const names[] = {"regression", "classification"};

	if (task != NULL)
		(void) ml_arg_choice("task", task, names, lengthof(names));
}

/* ---- split ---- */

static void
check_split_keys(Jsonb *json)
{
	static const char *const names[] = {"test_size", "method", "column", "balance"};
	JsonbIterator *it = JsonbIteratorInit(&json->root);
	JsonbValue	value;
	JsonbIteratorToken token;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
		if (token == WJB_KEY)
			(void) ml_arg_choice("option of split", pnstrdup(value.val.string.val, value.val.string.len),
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

MlSplit
ml_definition_split(Jsonb *json)
{
	static const char *const methods[] = {"random", "time", "column", "none"};
	JsonbValue *method = ml_json_get(json, "method");
	MlSplit		split;

	check_split_keys(json);
	split.method = ML_SPLIT_RANDOM;
	split.held = 0;
	if (method != NULL)
	{
		char	   *name = ml_json_get_text(json, "method");

		if (name == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"method\" of split must be a string"),
					 errhint("Valid are: random, time, column, none.")));
		split.method = (MlSplitMethod) ml_arg_choice("split method", name, methods, lengthof(methods));
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

MlBalance
ml_definition_balance(Jsonb *json)
{
	static const char *const names[] = {"none", "undersample", "oversample"};
	const JsonbValue *value = ml_json_get(json, "balance");

	if (value == NULL || value->type == jbvNull)
		return ML_BALANCE_NONE;
	if (value->type != jbvString)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"balance\" of split must be a string"),
				 errhint("Valid are: none, undersample, oversample.")));
	return (MlBalance) ml_arg_choice("balance", pnstrdup(value->val.string.val, value->val.string.len), names, lengthof(names));
}

/* ---- both ways ---- */

MlDefinition *
ml_definition_from_call(FunctionCallInfo fcinfo, const MlDefinitionArgs *arg)
{
	MlDefinition *d = palloc0(sizeof(MlDefinition));

	d->model = ml_arg_required_text(fcinfo, arg->model, "model");
	d->source = ml_arg_required_text(fcinfo, arg->source, "source");
	d->target = ml_arg_text(fcinfo, arg->target);
	d->algorithm = arg->algorithm >= 0 ? ml_arg_text(fcinfo, arg->algorithm) : NULL;
	d->params = ml_arg_object(fcinfo, arg->params, "params");
	d->task = ml_arg_text(fcinfo, arg->task);
	d->features = ml_arg_text_array(fcinfo, arg->features, "features", &d->n_features);
	d->exclude = ml_arg_text_array(fcinfo, arg->exclude, "exclude", &d->n_exclude);
	d->preprocess = ml_arg_object(fcinfo, arg->preprocess, "preprocess");
	d->split_json = ml_arg_object(fcinfo, arg->split, "split");
	d->split = ml_definition_split(d->split_json);
	d->balance = ml_definition_balance(d->split_json);
	d->weight = ml_arg_text(fcinfo, arg->weight);
	d->seed = PG_ARGISNULL(arg->seed) ? 0 : PG_GETARG_INT64(arg->seed);
	d->deploy = ml_definition_deploy(ml_arg_text(fcinfo, arg->deploy));
	d->metric = ml_arg_text(fcinfo, arg->metric);
	d->contract = ml_arg_text(fcinfo, arg->contract);
	ml_definition_check_task(d->task);
	return d;
}

MlDefinition *
ml_definition_from_args(FunctionCallInfo fcinfo)
{
	return ml_definition_from_call(fcinfo, &train_args);
}

MlDefinition *
ml_definition_for_data(char *source, char *target, Jsonb *split)
{
	MlDefinition *d = palloc0(sizeof(MlDefinition));

	d->source = source;
	d->target = target;
	d->params = d->preprocess = ml_json_parse("{}");
	d->n_features = d->n_exclude = -1;
	d->split_json = split;
	d->split = ml_definition_split(split);
	d->deploy = ML_DEPLOY_NEVER;
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
	if (d->contract != NULL)
		ml_json_text(&out, "contract", d->contract);
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
	d->split = ml_definition_split(d->split_json);
	d->balance = ml_definition_balance(d->split_json);
	d->weight = ml_json_get_text(json, "weight");
	d->seed = json_seed(json);
	d->deploy = ML_DEPLOY_IF_BETTER;
	d->metric = ml_json_get_text(json, "metric");
	d->contract = ml_json_get_text(json, "contract");
	if (d->source == NULL || has_gap(d->features, d->n_features) || has_gap(d->exclude, d->n_exclude))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the recorded definition of model \"%s\" is damaged", model),
				 errhint("Train it with mlops_train().")));
	return d;
}
