/*
 * param_values.c: one value against one row of a table of parameters: does it fit, and what would?
 */
#include "algorithms/params.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#define MAX_SHOWN 60			/* bytes of a value in a message */

double
ml_params_json_number(const JsonbValue *value)
{
	return strtod(numeric_normalize(value->val.numeric), NULL);
}

/* ---- words for messages ---- */

/* "a, b, c" of "a|b|c" */
static void
append_choices(StringInfo s, const char *choices)
{
	for (const char *c = choices; *c; c++)
	{
		if (*c == '|')
			appendStringInfoString(s, ", ");
		else
			appendStringInfoChar(s, *c);
	}
}

static void
append_interval(StringInfo s, const MlParamSpec *spec)
{
	if (!isinf(spec->min))
		appendStringInfo(s, " %s %.15g", spec->min_open ? ">" : ">=", spec->min);
	if (!isinf(spec->min) && !isinf(spec->max))
		appendStringInfoString(s, " and");
	if (!isinf(spec->max))
		appendStringInfo(s, " %s %.15g", spec->max_open ? "<" : "<=", spec->max);
}

char *
ml_params_describe(const MlParamSpec *spec)
{
	StringInfoData s;

	initStringInfo(&s);
	switch (spec->type)
	{
		case ML_PARAM_BOOL:
			appendStringInfoString(&s, "true or false");
			break;
		case ML_PARAM_BOOL_OR_ENUM:
			appendStringInfoString(&s, "true, false, or one of ");
			append_choices(&s, spec->choices);
			break;
		case ML_PARAM_ENUM:
			appendStringInfoString(&s, "one of ");
			append_choices(&s, spec->choices);
			break;
		case ML_PARAM_CLASS_WEIGHT:
			appendStringInfoString(&s, "\"balanced\" or an object of class labels and numbers >= 0");
			break;
		case ML_PARAM_FEATURE_SIGNS:
			appendStringInfoString(&s, "an object of feature names and -1, 0 or 1");
			break;
		case ML_PARAM_FEATURE_GROUPS:
			appendStringInfoString(&s, "an array of arrays of feature names");
			break;
		case ML_PARAM_INT:
		case ML_PARAM_REAL:
			appendStringInfoString(&s, spec->type == ML_PARAM_INT ? "an integer" : "a finite number");
			append_interval(&s, spec);
			break;
		case ML_PARAM_INT_LIST:
			appendStringInfoString(&s, "an integer or an array of integers, each");
			append_interval(&s, spec);
			break;
		case ML_PARAM_REAL_LIST:
			appendStringInfoString(&s, "an array of finite numbers, each");
			append_interval(&s, spec);
			break;
		case ML_PARAM_MEMBERS:
			appendStringInfo(&s, "an array of %.0f to %.0f objects such as {\"algorithm\": \"ridge\", \"params\": {\"alpha\": 2}}", spec->min, spec->max);
			break;
		case ML_PARAM_INT_OR_ENUM:
			appendStringInfoString(&s, spec->min >= 1.0 ? "an integer" : "an integer, or a share of at most 1,");
			append_interval(&s, spec);
			if (spec->choices != NULL)
			{
				appendStringInfoString(&s, ", or one of ");
				append_choices(&s, spec->choices);
			}
			break;
		case ML_PARAM_THRESHOLD:
			appendStringInfoString(&s, "a number >= 0 and <= 1, \"f1\", or {\"cost\": {\"fp\": cost, \"fn\": cost}} with costs >= 0");
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

char *
ml_params_show(const JsonbValue *value)
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

/* ---- checks ---- */

bool
ml_params_is_choice(const char *choices, const char *text)
{
	size_t		len = strlen(text);

	while (choices != NULL && *choices)
	{
		size_t		width = strcspn(choices, "|");

		if (width == len && strncmp(choices, text, len) == 0)
			return true;
		choices += width + (choices[width] == '|');
	}
	return false;
}

static bool
in_range(const MlParamSpec *spec, double v)
{
	if (!isfinite(v))
		return false;
	if (v != floor(v) && (spec->type == ML_PARAM_INT || spec->type == ML_PARAM_INT_LIST || (spec->type == ML_PARAM_INT_OR_ENUM && v > 1.0)))
		return false;
	if (spec->min_open ? v <= spec->min : v < spec->min)
		return false;
	return spec->max_open ? v < spec->max : v <= spec->max;
}

static bool
is_weight(const JsonbValue *item)
{
	double		weight = item->type == jbvNumeric ? ml_params_json_number(item) : -1.0;

	return weight >= 0.0 && !isinf(weight);
}

static bool
is_sign(const JsonbValue *item)
{
	double		sign = item->type == jbvNumeric ? ml_params_json_number(item) : NAN;

	return sign == -1.0 || sign == 0.0 || sign == 1.0;
}

static bool
is_group(const JsonbValue *item)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	name;

	if (item->type != jbvBinary || !JsonContainerIsArray(item->val.binary.data) ||
		JsonContainerIsScalar(item->val.binary.data))
		return false;
	it = JsonbIteratorInit(item->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &name, true)) != WJB_DONE)
	{
		if (token == WJB_ELEM && name.type != jbvString)
			return false;
	}
	return true;
}

/* members of an object or array; whether labels and features exist is known only with the data */
static bool
members_valid(const JsonbValue *value, bool array, bool (*valid) (const JsonbValue *item))
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	item;

	if (value->type != jbvBinary)
		return false;
	if (array ? !JsonContainerIsArray(value->val.binary.data) : !JsonContainerIsObject(value->val.binary.data))
		return false;
	it = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if ((token == WJB_VALUE || token == WJB_ELEM) && !valid(&item))
			return false;
	}
	return true;
}

/* all members of an array, or the one number, into out->list; false when one is not in range */
static bool
take_list(const MlParamSpec *spec, const JsonbValue *value, MlParamValue *out)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	item;

	out->list = palloc(sizeof(double));
	out->n_list = 0;
	if (value->type == jbvNumeric && spec->type == ML_PARAM_INT_LIST)
	{
		out->list[out->n_list++] = out->number;
		return in_range(spec, out->number);
	}
	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data) || JsonContainerIsScalar(value->val.binary.data))
		return false;
	out->list = palloc(sizeof(double) * (JsonContainerSize(value->val.binary.data) + 1));
	it = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (item.type != jbvNumeric || !in_range(spec, ml_params_json_number(&item)))
			return false;
		out->list[out->n_list++] = ml_params_json_number(&item);
	}
	return true;
}

/* {"algorithm": name, "params": {...}}, the second of them optional */
static bool
is_member(const JsonbValue *item)
{
	JsonbContainer *object;
	JsonbValue	member;
	int			known = 1;

	if (item->type != jbvBinary || !JsonContainerIsObject(item->val.binary.data))
		return false;
	object = item->val.binary.data;
	if (getKeyJsonValueFromContainer(object, "algorithm", strlen("algorithm"), &member) == NULL || member.type != jbvString)
		return false;
	if (getKeyJsonValueFromContainer(object, "params", strlen("params"), &member) != NULL)
	{
		if (member.type != jbvBinary || !JsonContainerIsObject(member.val.binary.data))
			return false;
		known++;
	}
	return JsonContainerSize(object) == known;
}

/* the one member of an object, or false */
static bool
only_member(const JsonbValue *object, const char *name, JsonbValue *member)
{
	return object->type == jbvBinary && JsonContainerIsObject(object->val.binary.data) &&
		JsonContainerSize(object->val.binary.data) == 1 &&
		getKeyJsonValueFromContainer(object->val.binary.data, name, strlen(name), member) != NULL;
}

static bool
cost_of(const JsonbValue *costs, const char *name, double *cost)
{
	JsonbValue	member;

	if (getKeyJsonValueFromContainer(costs->val.binary.data, name, strlen(name), &member) == NULL || !is_weight(&member))
		return false;
	*cost = ml_params_json_number(&member);
	return true;
}

bool
ml_params_read_costs(const JsonbValue *value, double *false_positive, double *false_negative)
{
	JsonbValue	costs;

	return only_member(value, "cost", &costs) && costs.type == jbvBinary &&
		JsonContainerIsObject(costs.val.binary.data) && JsonContainerSize(costs.val.binary.data) == 2 &&
		cost_of(&costs, "fp", false_positive) && cost_of(&costs, "fn", false_negative) &&
		*false_positive + *false_negative > 0.0;
}

static bool
is_threshold(const JsonbValue *value, const MlParamValue *out)
{
	double		false_positive;
	double		false_negative;

	if (value->type == jbvNumeric)
		return out->number >= 0.0 && out->number <= 1.0;
	if (out->text != NULL)
		return strcmp(out->text, "f1") == 0;
	return ml_params_read_costs(value, &false_positive, &false_negative);
}

bool
ml_params_accept(const MlParamSpec *spec, const JsonbValue *value, MlParamValue *out)
{
	out->json = *value;
	out->is_null = value->type == jbvNull;
	out->number = NAN;
	if (out->is_null)
		return spec->nullable || spec->type == ML_PARAM_CLASS_WEIGHT ||
			spec->type == ML_PARAM_FEATURE_SIGNS || spec->type == ML_PARAM_FEATURE_GROUPS || spec->type == ML_PARAM_THRESHOLD;
	if (value->type == jbvString)
		out->text = pnstrdup(value->val.string.val, value->val.string.len);
	else if (value->type == jbvNumeric)
		out->number = ml_params_json_number(value);
	else if (value->type == jbvBool)
		out->number = value->val.boolean;

	switch (spec->type)
	{
		case ML_PARAM_BOOL:
			return value->type == jbvBool;
		case ML_PARAM_INT:
		case ML_PARAM_REAL:
			return value->type == jbvNumeric && in_range(spec, out->number);
		case ML_PARAM_ENUM:
			return out->text != NULL && ml_params_is_choice(spec->choices, out->text);
		case ML_PARAM_CLASS_WEIGHT:
			return out->text != NULL ? strcmp(out->text, "balanced") == 0 : members_valid(value, false, is_weight);
		case ML_PARAM_FEATURE_SIGNS:
			return members_valid(value, false, is_sign);
		case ML_PARAM_FEATURE_GROUPS:
			return members_valid(value, true, is_group);
		case ML_PARAM_INT_OR_ENUM:
			return out->text != NULL ? ml_params_is_choice(spec->choices, out->text) :
				value->type == jbvNumeric && in_range(spec, out->number);
		case ML_PARAM_INT_LIST:
		case ML_PARAM_REAL_LIST:
			return take_list(spec, value, out);
		case ML_PARAM_MEMBERS:
			return members_valid(value, true, is_member) && !JsonContainerIsScalar(value->val.binary.data) &&
				JsonContainerSize(value->val.binary.data) >= spec->min && JsonContainerSize(value->val.binary.data) <= spec->max;
		case ML_PARAM_BOOL_OR_ENUM:
			return out->text != NULL ? ml_params_is_choice(spec->choices, out->text) : value->type == jbvBool;
		case ML_PARAM_THRESHOLD:
			return is_threshold(value, out);
	}
	return false;
}
