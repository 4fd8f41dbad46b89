/*
 * params.c: an algorithm's table of parameters at work: defaults, checks and error texts.
 *
 * A default goes through the same check as a given value, so the tables cannot contradict themselves.
 */
#include "algorithms/params.h"

#include "nearest.h"
#include "utils/builtins.h"

static void
refuse_value(const MlAlgorithm *algorithm, const MlParamSpec *spec, const JsonbValue *value)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for parameter \"%s\" of %s: %s", spec->name, algorithm->name, ml_params_show(value)),
			 errdetail("\"%s\" must be %s.", spec->name, ml_params_describe(spec)),
			 errhint("%s: %s. The default is %s.", spec->name, spec->help, spec->fallback)));
}

static void
set_default(const MlParamSpec *spec, MlParamValue *out)
{
	Jsonb	   *json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(spec->fallback)));
	JsonbValue	value;

	if (!JsonbExtractScalar(&json->root, &value))
	{
		value.type = jbvBinary;
		value.val.binary.data = &json->root;
		value.val.binary.len = VARSIZE(json) - VARHDRSZ;
	}
	if (!ml_params_accept(spec, &value, out))
		elog(ERROR, "default of parameter \"%s\" is out of its own range", spec->name);
}

/* names that other libraries have among the parameters of an algorithm, and where the same is said here */
static const struct
{
	const char *name;
	const char *hint;
}			elsewhere[] = {
	{"random_state", "The seed is an argument of the call: seed => 42."},
	{"seed", "The seed is an argument of the call: seed => 42."},
	{"sample_weight", "Weights of rows are a column, and an argument of the call: weight => 'column'."},
	{"n_jobs", "Threads are a setting: SET mlops.max_threads = 2."},
	{"verbose", "Progress is shown by the setting mlops.progress and the view mlops.progress."},
};

static const char *
hint_for(const char *name, const char *const *names, int n)
{
	for (int i = 0; i < lengthof(elsewhere); i++)
	{
		if (strcmp(elsewhere[i].name, name) == 0)
			return elsewhere[i].hint;
	}
	return ml_nearest_hint(name, names, n);
}

/* row of the table for a given name or alias; ERROR with the nearest name */
static int
find_spec(const MlParams *params, const char *name)
{
	const MlAlgorithm *algorithm = params->algorithm;
	const char **names = palloc(sizeof(char *) * (params->n + 1));

	for (int i = 0; i < params->n; i++)
	{
		const MlParamSpec *spec = params->specs[i];

		if (strcmp(spec->name, name) == 0 || ml_params_is_choice(spec->alias, name))
			return i;
		names[i] = spec->name;
	}
	if (ml_params_is_common(name))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"%s\" is for classes, and %s predicts numbers", name, algorithm->name),
				 errhint("Leave it out, or say task => 'classification'. For intervals around predicted numbers give \"conformal\": true.")));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown parameter \"%s\" of %s", name, algorithm->name),
			 errhint("%s", hint_for(name, names, params->n))));
	return -1;
}

static void
given_twice(const MlAlgorithm *algorithm, const char *name, const char *first, const char *second)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("parameter \"%s\" of %s is given twice", name, algorithm->name),
			 errdetail("\"%s\" and \"%s\" are names of the same parameter.", first, second),
			 errhint("Give one of them.")));
}

static void
take_given(MlParams *params, Jsonb *given)
{
	const MlAlgorithm *algorithm = params->algorithm;
	char	  **seen = palloc0(sizeof(char *) * (params->n + 1));	/* the name each was given by */
	JsonbIterator *it = JsonbIteratorInit(&given->root);
	JsonbIteratorToken token;
	JsonbValue	item;
	int			at = -1;

	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			char	   *name = pnstrdup(item.val.string.val, item.val.string.len);

			at = find_spec(params, name);
			if (seen[at] != NULL)
				given_twice(algorithm, params->specs[at]->name, seen[at], name);
			seen[at] = name;
		}
		else if (token == WJB_VALUE)
		{
			memset(&params->values[at], 0, sizeof(MlParamValue));
			if (!ml_params_accept(params->specs[at], &item, &params->values[at]))
				refuse_value(algorithm, params->specs[at], &item);
			params->values[at].given = true;
		}
	}
}

MlParams *
ml_params_parse(const MlAlgorithm *algorithm, Jsonb *given)
{
	MlParams   *params = palloc0(sizeof(MlParams));

	params->algorithm = algorithm;
	params->specs = ml_params_specs(algorithm, &params->n, &params->n_own);
	params->values = palloc0(sizeof(MlParamValue) * (params->n + 1));
	for (int i = 0; i < params->n; i++)
		set_default(params->specs[i], &params->values[i]);
	if (given == NULL)
		return params;
	if (!JB_ROOT_IS_OBJECT(given))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the parameters of %s are not a JSON object", algorithm->name),
				 errhint("Write them as params => '{\"name\": value, ...}'.")));
	/* values point into the JSON: it must live as long as they do */
	take_given(params, DatumGetJsonbPCopy(PointerGetDatum(given)));
	return params;
}

Jsonb *
ml_params_json(const MlParams *params)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < params->n; i++)
	{
		const char *name = params->specs[i]->name;
		JsonbValue	key;

		if (i >= params->n_own && !params->values[i].given)
			continue;
		key.type = jbvString;
		key.val.string.val = unconstify(char *, name);
		key.val.string.len = strlen(name);
		pushJsonbValue(&state, WJB_KEY, &key);
		pushJsonbValue(&state, WJB_VALUE, &params->values[i].json);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

const MlParamValue *
ml_params_value(const MlParams *p, const char *name)
{
	for (int i = 0; i < p->n; i++)
	{
		if (strcmp(p->specs[i]->name, name) == 0)
			return &p->values[i];
	}
	return NULL;
}

bool
ml_params_has(const MlParams *p, const char *name)
{
	return ml_params_value(p, name) != NULL;
}

/* as above, for names that the algorithm itself spells */
static const MlParamValue *
own_value(const MlParams *p, const char *name)
{
	const MlParamValue *value = ml_params_value(p, name);

	if (value == NULL)
		elog(ERROR, "%s has no parameter \"%s\"", p->algorithm->name, name);
	return value;
}

bool
ml_params_bool(const MlParams *p, const char *name)
{
	return own_value(p, name)->number == 1.0;
}

int64
ml_params_int(const MlParams *p, const char *name)
{
	return (int64) own_value(p, name)->number;
}

double
ml_params_real(const MlParams *p, const char *name)
{
	const MlParamValue *value = own_value(p, name);

	return value->is_null ? NAN : value->number;
}

bool
ml_params_is_null(const MlParams *p, const char *name)
{
	return own_value(p, name)->is_null;
}

const char *
ml_params_enum(const MlParams *p, const char *name)
{
	return own_value(p, name)->text;
}

double
ml_params_number(const MlParams *p, const char *name, const char **choice)
{
	const MlParamValue *value = own_value(p, name);

	*choice = value->text;
	return value->number;
}

const double *
ml_params_list(const MlParams *p, const char *name, int *n)
{
	const MlParamValue *value = own_value(p, name);

	*n = value->n_list;
	return value->list;
}

bool
ml_params_costs(const MlParams *p, const char *name, double *false_positive, double *false_negative)
{
	return ml_params_read_costs(&own_value(p, name)->json, false_positive, false_negative);
}

static MlMember
read_member(JsonbContainer *object)
{
	MlMember	member = {0};
	JsonbValue	value;

	getKeyJsonValueFromContainer(object, "algorithm", strlen("algorithm"), &value);
	member.algorithm = ml_algorithm_lookup(pnstrdup(value.val.string.val, value.val.string.len));
	if (getKeyJsonValueFromContainer(object, "params", strlen("params"), &value) != NULL)
		member.given = JsonbValueToJsonb(&value);
	else
		member.given = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	member.params = ml_params_parse(member.algorithm, member.given);
	return member;
}

MlMember *
ml_params_members(const MlParams *p, const char *name, int *n)
{
	JsonbContainer *array = own_value(p, name)->json.val.binary.data;
	MlMember   *members;

	*n = JsonContainerSize(array);
	members = palloc(sizeof(MlMember) * *n);
	for (int i = 0; i < *n; i++)
		members[i] = read_member(getIthJsonbValueFromContainer(array, i)->val.binary.data);
	return members;
}
