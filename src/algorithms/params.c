/*
 * params.c: an algorithm's table of parameters at work: defaults, checks and error texts.
 *
 * A default goes through the same check as a given value, so the tables cannot contradict themselves.
 */
#include "algorithms/params.h"

#include "mb/pg_wchar.h"
#include "nearest.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#define MAX_SHOWN 60			/* bytes of a value in a message */

static int
count_specs(const MlParamSpec *specs)
{
	int			n = 0;

	while (specs[n].name != NULL)
		n++;
	return n;
}

double
ml_params_number(const JsonbValue *value)
{
	return strtod(numeric_normalize(value->val.numeric), NULL);
}

/* the allowed values in words: "a number greater than 0", "an integer from 1 to 1000", "one of l2, l1" */
static char *
describe_range(const MlParamSpec *spec)
{
	StringInfoData s;

	initStringInfo(&s);
	switch (spec->type)
	{
		case ML_PARAM_BOOL:
			appendStringInfoString(&s, "true or false");
			break;
		case ML_PARAM_ENUM:
			appendStringInfoString(&s, "one of ");
			for (const char *c = spec->choices; *c; c++)
			{
				if (*c == '|')
					appendStringInfoString(&s, ", ");
				else
					appendStringInfoChar(&s, *c);
			}
			break;
		case ML_PARAM_CLASS_WEIGHT:
			appendStringInfoString(&s, "\"balanced\" or an object of class labels and numbers >= 0");
			break;
		case ML_PARAM_INT:
		case ML_PARAM_REAL:
			appendStringInfoString(&s, spec->type == ML_PARAM_INT ? "an integer" : "a finite number");
			if (!isinf(spec->min))
				appendStringInfo(&s, " %s %.15g", spec->min_open ? ">" : ">=", spec->min);
			if (!isinf(spec->min) && !isinf(spec->max))
				appendStringInfoString(&s, " and");
			if (!isinf(spec->max))
				appendStringInfo(&s, " %s %.15g", spec->max_open ? "<" : "<=", spec->max);
			break;
	}
	if (spec->nullable)
		appendStringInfoString(&s, ", or null");
	return s.data;
}

/* in place, to a readable length and never within a character */
static char *
cut_text(char *text)
{
	text[pg_mbcliplen(text, strlen(text), MAX_SHOWN)] = '\0';
	return text;
}

static char *
show_value(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			return pstrdup("null");
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		case jbvNumeric:
			return cut_text(numeric_normalize(value->val.numeric));
		case jbvString:
			return psprintf("\"%s\"", cut_text(pnstrdup(value->val.string.val, value->val.string.len)));
		default:
			return cut_text(JsonbToCString(NULL, value->val.binary.data, value->val.binary.len));
	}
}

static void
refuse_value(const MlAlgorithm *algorithm, const MlParamSpec *spec, const JsonbValue *value)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for parameter \"%s\" of %s: %s", spec->name, algorithm->name, show_value(value)),
			 errdetail("\"%s\" must be %s.", spec->name, describe_range(spec)),
			 errhint("%s: %s. The default is %s.", spec->name, spec->help, spec->fallback)));
}

static bool
is_choice(const char *choices, const char *text, int len)
{
	while (*choices)
	{
		int			width = strcspn(choices, "|");

		if (width == len && strncmp(choices, text, len) == 0)
			return true;
		choices += width + (choices[width] == '|');
	}
	return false;
}

static bool
in_range(const MlParamSpec *spec, double v)
{
	if (!isfinite(v) || (spec->type == ML_PARAM_INT && v != floor(v)))
		return false;
	if (spec->min_open ? v <= spec->min : v < spec->min)
		return false;
	return spec->max_open ? v < spec->max : v <= spec->max;
}

/* numbers of an object of class weights; whether the labels exist is known only with the data */
static bool
weights_valid(const JsonbValue *value)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	item;

	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		return false;
	it = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token == WJB_VALUE)
		{
			double		weight = item.type == jbvNumeric ? ml_params_number(&item) : -1.0;

			if (!(weight >= 0.0) || isinf(weight))
				return false;
		}
	}
	return true;
}

/* store value when it fits the row of the table */
static bool
accept_value(const MlParamSpec *spec, const JsonbValue *value, MlParamValue *out)
{
	out->json = *value;
	out->is_null = value->type == jbvNull;
	if (out->is_null)
		return spec->nullable || spec->type == ML_PARAM_CLASS_WEIGHT;
	if (value->type == jbvString)
		out->text = pnstrdup(value->val.string.val, value->val.string.len);

	switch (spec->type)
	{
		case ML_PARAM_BOOL:
			out->number = value->type == jbvBool && value->val.boolean;
			return value->type == jbvBool;
		case ML_PARAM_INT:
		case ML_PARAM_REAL:
			out->number = value->type == jbvNumeric ? ml_params_number(value) : NAN;
			return in_range(spec, out->number);
		case ML_PARAM_ENUM:
			return out->text != NULL && is_choice(spec->choices, out->text, strlen(out->text));
		case ML_PARAM_CLASS_WEIGHT:
			return out->text != NULL ? strcmp(out->text, "balanced") == 0 : weights_valid(value);
	}
	return false;
}

static void
set_default(const MlParamSpec *spec, MlParamValue *out)
{
	Jsonb	   *json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(spec->fallback)));
	JsonbValue	value;

	if (!JsonbExtractScalar(&json->root, &value) || !accept_value(spec, &value, out))
		elog(ERROR, "default of parameter \"%s\" is out of its own range", spec->name);
}

/* row of the table for a given name or alias; ERROR with the nearest name */
static int
find_spec(const MlAlgorithm *algorithm, int n, const char *name)
{
	const char **names = palloc(sizeof(char *) * (n + 1));

	for (int i = 0; i < n; i++)
	{
		const MlParamSpec *spec = &algorithm->params[i];

		if (strcmp(spec->name, name) == 0 || (spec->alias != NULL && strcmp(spec->alias, name) == 0))
			return i;
		names[i] = spec->name;
	}
	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown parameter \"%s\" of %s", name, algorithm->name),
				 errdetail("%s has no parameters.", algorithm->name)));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown parameter \"%s\" of %s", name, algorithm->name),
			 errhint("%s", ml_nearest_hint(name, names, n))));
	return -1;
}

static void
take_given(MlParams *params, Jsonb *given)
{
	const MlAlgorithm *algorithm = params->algorithm;
	bool	   *seen = palloc0(sizeof(bool) * (params->n + 1));
	JsonbIterator *it = JsonbIteratorInit(&given->root);
	JsonbIteratorToken token;
	JsonbValue	item;
	int			at = -1;

	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			at = find_spec(algorithm, params->n, pnstrdup(item.val.string.val, item.val.string.len));
			if (seen[at])
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("parameter \"%s\" of %s is given twice", algorithm->params[at].name, algorithm->name),
						 errdetail("\"%s\" is another name of \"%s\".", algorithm->params[at].alias,
								   algorithm->params[at].name)));
			seen[at] = true;
		}
		else if (token == WJB_VALUE)
		{
			memset(&params->values[at], 0, sizeof(MlParamValue));
			if (!accept_value(&algorithm->params[at], &item, &params->values[at]))
				refuse_value(algorithm, &algorithm->params[at], &item);
		}
	}
}

MlParams *
ml_params_parse(const MlAlgorithm *algorithm, Jsonb *given)
{
	MlParams   *params = palloc0(sizeof(MlParams));

	params->algorithm = algorithm;
	params->n = count_specs(algorithm->params);
	params->values = palloc0(sizeof(MlParamValue) * (params->n + 1));
	for (int i = 0; i < params->n; i++)
		set_default(&algorithm->params[i], &params->values[i]);
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
		const char *name = params->algorithm->params[i].name;
		JsonbValue	key;

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
		if (strcmp(p->algorithm->params[i].name, name) == 0)
			return &p->values[i];
	}
	return NULL;
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
	return own_value(p, name)->number != 0.0;
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
