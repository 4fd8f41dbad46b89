/*
 * option_value.c: one option: from JSON to a checked number, and back.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "catalog/namespace.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/regproc.h"

#include "nearest.h"
#include "preprocess/step.h"

const char *
ml_option_place(const MlOptionPlace *place)
{
	if (place->column == NULL)
		return "all columns (\"*\")";
	return psprintf("column \"%s\"", place->column);
}

static int
count_choices(const char *const *choices)
{
	int			n = 0;

	while (choices[n] != NULL)
		n++;
	return n;
}

/* what an option takes, in the words of an error's hint */
static char *
allowed_values(const MlOptionSpec *spec)
{
	StringInfoData text;

	initStringInfo(&text);
	switch (spec->type)
	{
		case ML_OPTION_BOOL:
			appendStringInfoString(&text, "true or false");
			break;
		case ML_OPTION_NUMBER:
			appendStringInfoString(&text, spec->integral ? "a whole number" : "a number");
			if (spec->min > -DBL_MAX)
				appendStringInfo(&text, " from %g", spec->min);
			if (spec->max < DBL_MAX)
				appendStringInfo(&text, " to %g", spec->max);
			if (spec->word != NULL)
				appendStringInfo(&text, ", or \"%s\"", spec->word);
			break;
		case ML_OPTION_CHOICE:
		case ML_OPTION_SET:
			appendStringInfoString(&text, spec->type == ML_OPTION_SET ? "an array of " : "one of ");
			for (int i = 0; spec->choices[i] != NULL; i++)
				appendStringInfo(&text, "%s\"%s\"", i > 0 ? ", " : "", spec->choices[i]);
			break;
		case ML_OPTION_RANGE:
			appendStringInfo(&text, "[least, largest], whole numbers from %g to %g", spec->min, spec->max);
			break;
		case ML_OPTION_CONFIG:
			appendStringInfoString(&text, "the name of a text search configuration, or null");
			break;
		case ML_OPTION_CLIP:
			appendStringInfoString(&text, "an array [low, high] where null leaves an end open, {\"quantiles\": [low, high]} with shares from 0 to 1, \"iqr\", or \"none\"");
			break;
		case ML_OPTION_PART:
			break;
	}
	return text.data;
}

/* long numbers and texts are cut: an error is a line */
#define SHOWN_LENGTH 40

static const char *
shown(const char *text)
{
	if (strlen(text) <= SHOWN_LENGTH)
		return text;
	return psprintf("%.*s...", pg_mbcliplen(text, strlen(text), SHOWN_LENGTH), text);
}

static void
wrong_value(const MlOptionPlace *place, const MlOptionSpec *spec, const char *given)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("preprocess option \"%s\" of %s cannot be %s", spec->name, ml_option_place(place), given),
			 errdetail("It takes %s.", allowed_values(spec)),
			 errhint("%s: %s.", spec->name, spec->help)));
}

void
ml_option_refuse(const MlOptionPlace *place, const MlOptionSpec *spec, const JsonbValue *v)
{
	wrong_value(place, spec, ml_option_value_text(v));
	pg_unreachable();
}

/* a JSON value as the caller would know it again */
const char *
ml_option_value_text(const JsonbValue *v)
{
	switch (v->type)
	{
		case jbvNull:
			return "null";
		case jbvBool:
			return v->val.boolean ? "true" : "false";
		case jbvNumeric:
			return shown(DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(v->val.numeric))));
		case jbvString:
			return psprintf("\"%s\"", shown(pnstrdup(v->val.string.val, v->val.string.len)));
		default:
			return JsonContainerIsArray(v->val.binary.data) ? "an array" : "an object";
	}
}

/* index of a string among the choices; ERROR with the nearest of them as hint */
static int
choice_index(const MlOptionPlace *place, const MlOptionSpec *spec, const JsonbValue *v)
{
	char	   *given;

	if (v->type != jbvString)
		wrong_value(place, spec, ml_option_value_text(v));
	given = pnstrdup(v->val.string.val, v->val.string.len);
	for (int i = 0; spec->choices[i] != NULL; i++)
	{
		if (strcmp(spec->choices[i], given) == 0)
			return i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("preprocess option \"%s\" of %s cannot be \"%s\"", spec->name, ml_option_place(place), given),
			 errhint("%s", ml_nearest_hint(given, spec->choices, count_choices(spec->choices)))));
	return -1;
}

static double
set_bits(const MlOptionPlace *place, const MlOptionSpec *spec, const JsonbValue *v)
{
	JsonbIterator *it;
	JsonbValue	item;
	JsonbIteratorToken token;
	uint32		bits = 0;

	if (v->type == jbvString)
		return 1U << choice_index(place, spec, v);
	if (v->type != jbvBinary || !JsonContainerIsArray(v->val.binary.data))
		wrong_value(place, spec, ml_option_value_text(v));
	it = JsonbIteratorInit(v->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token == WJB_ELEM)
			bits |= 1U << choice_index(place, spec, &item);
	}
	return bits;
}

static double
number_value(const MlOptionPlace *place, const MlOptionSpec *spec, const JsonbValue *v)
{
	double		number;

	if (spec->word != NULL && v->type == jbvString && v->val.string.len == strlen(spec->word) &&
		memcmp(v->val.string.val, spec->word, v->val.string.len) == 0)
		return NAN;
	if (v->type != jbvNumeric)
		wrong_value(place, spec, ml_option_value_text(v));
	number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(v->val.numeric)));
	if (!ml_option_valid(spec, number))
		wrong_value(place, spec, ml_option_value_text(v));
	return number;
}

static double
range_value(const MlOptionPlace *place, const MlOptionSpec *spec, const JsonbValue *v)
{
	JsonbIterator *it;
	JsonbValue	item;
	JsonbIteratorToken token;
	double		end[2] = {0, 0};
	int			n = 0;

	if (v->type != jbvBinary || !JsonContainerIsArray(v->val.binary.data) || JsonContainerSize(v->val.binary.data) != 2)
		wrong_value(place, spec, ml_option_value_text(v));
	it = JsonbIteratorInit(v->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (item.type != jbvNumeric)
			wrong_value(place, spec, ml_option_value_text(&item));
		end[n] = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(item.val.numeric)));
		if (!(end[n] >= spec->min && end[n] <= spec->max && end[n] == floor(end[n])))
			wrong_value(place, spec, ml_option_value_text(&item));
		n++;
	}
	if (end[0] > end[1])
		wrong_value(place, spec, psprintf("[%g, %g]", end[0], end[1]));
	return ML_OPTION_PAIR(end[0], end[1]);
}

/* ERROR 42704 when there is no such configuration */
static double
config_value(const MlOptionPlace *place, const MlOptionSpec *spec, const JsonbValue *v)
{
	if (v->type == jbvNull)
		return 0;
	if (v->type != jbvString)
		wrong_value(place, spec, ml_option_value_text(v));
	return get_ts_config_oid(stringToQualifiedNameList(pnstrdup(v->val.string.val, v->val.string.len)), false);
}

double
ml_option_value(const MlOptionPlace *place, const MlOptionSpec *spec, const JsonbValue *v)
{
	switch (spec->type)
	{
		case ML_OPTION_BOOL:
			if (v->type != jbvBool)
				wrong_value(place, spec, ml_option_value_text(v));
			return v->val.boolean;
		case ML_OPTION_NUMBER:
			return number_value(place, spec, v);
		case ML_OPTION_CHOICE:
			if (v->type == jbvNull && strcmp(spec->choices[0], "none") == 0)
				return 0;
			return choice_index(place, spec, v);
		case ML_OPTION_SET:
			return set_bits(place, spec, v);
		case ML_OPTION_RANGE:
			return range_value(place, spec, v);
		case ML_OPTION_CONFIG:
			return config_value(place, spec, v);
		case ML_OPTION_CLIP:
		case ML_OPTION_PART:
			break;
	}
	return 0;
}

void
ml_option_take(const MlOptionPlace *place, const MlOptionSpec *spec, const JsonbValue *v, double *option)
{
	if (spec->type == ML_OPTION_CLIP)
		ml_option_clip(place, spec, v, option);
	else
		option[0] = ml_option_value(place, spec, v);
}

bool
ml_option_valid(const MlOptionSpec *spec, double value)
{
	switch (spec->type)
	{
		case ML_OPTION_BOOL:
			return value == 0 || value == 1;
		case ML_OPTION_NUMBER:
			if (spec->word != NULL && isnan(value))
				return true;
			/* FALLTHROUGH */
		case ML_OPTION_PART:
			return value >= spec->min && value <= spec->max && (!spec->integral || value == floor(value));
		case ML_OPTION_CHOICE:
			return value >= 0 && value < count_choices(spec->choices) && value == floor(value);
		case ML_OPTION_SET:
			return value >= 0 && value < (double) ((uint64) 1 << count_choices(spec->choices)) && value == floor(value);
		case ML_OPTION_RANGE:
			return value >= ML_OPTION_PAIR(spec->min, spec->min) && value <= ML_OPTION_PAIR(spec->max, spec->max) && value == floor(value) &&
				ML_OPTION_FIRST(value) <= ML_OPTION_SECOND(value) && ML_OPTION_SECOND(value) <= spec->max;
		case ML_OPTION_CONFIG:
			return value >= 0 && value <= PG_UINT32_MAX && value == floor(value);
		case ML_OPTION_CLIP:
			return value >= ML_CLIP_NONE && value <= ML_CLIP_IQR && value == floor(value);
	}
	return false;
}

static void
push_string(JsonbParseState **state, JsonbIteratorToken token, const char *text)
{
	JsonbValue	v = {.type = jbvString};

	v.val.string.val = unconstify(char *, text);
	v.val.string.len = strlen(text);
	pushJsonbValue(state, token, &v);
}

static void
push_number(JsonbParseState **state, JsonbIteratorToken token, double value)
{
	JsonbValue	v = {.type = jbvNumeric};

	v.val.numeric = DatumGetNumeric(DirectFunctionCall1(float8_numeric, Float8GetDatum(value)));
	pushJsonbValue(state, token, &v);
}

static void
push_value(JsonbParseState **state, const MlOptionSpec *spec, const double *option)
{
	double		value = option[0];
	JsonbValue	v;

	switch (spec->type)
	{
		case ML_OPTION_BOOL:
			v.type = jbvBool;
			v.val.boolean = value != 0;
			pushJsonbValue(state, WJB_VALUE, &v);
			break;
		case ML_OPTION_NUMBER:
			if (isnan(value))
				push_string(state, WJB_VALUE, spec->word);
			else
				push_number(state, WJB_VALUE, value);
			break;
		case ML_OPTION_RANGE:
			pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
			push_number(state, WJB_ELEM, ML_OPTION_FIRST(value));
			push_number(state, WJB_ELEM, ML_OPTION_SECOND(value));
			pushJsonbValue(state, WJB_END_ARRAY, NULL);
			break;
		case ML_OPTION_CONFIG:
			v.type = jbvNull;
			if (value != 0)
				push_string(state, WJB_VALUE, DatumGetCString(DirectFunctionCall1(regconfigout, ObjectIdGetDatum((Oid) value))));
			else
				pushJsonbValue(state, WJB_VALUE, &v);
			break;
		case ML_OPTION_CHOICE:
			push_string(state, WJB_VALUE, spec->choices[(int) value]);
			break;
		case ML_OPTION_SET:
			pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
			for (int i = 0; spec->choices[i] != NULL; i++)
			{
				if ((uint32) value & (1U << i))
					push_string(state, WJB_ELEM, spec->choices[i]);
			}
			pushJsonbValue(state, WJB_END_ARRAY, NULL);
			break;
		case ML_OPTION_CLIP:
			ml_option_push_clip(state, option);
			break;
		case ML_OPTION_PART:
			break;
	}
}

void
ml_option_describe(JsonbParseState **state, const MlStepKind *kind, const double *option)
{
	push_string(state, WJB_KEY, ML_OPTION_ENCODE);
	push_string(state, WJB_VALUE, kind->name);
	ml_option_describe_values(state, kind->options, option);
}

void
ml_option_describe_values(JsonbParseState **state, const MlOptionSpec *specs, const double *option)
{
	for (int i = 0; specs[i].name != NULL; i++)
	{
		if (specs[i].type == ML_OPTION_PART)
			continue;
		push_string(state, WJB_KEY, specs[i].name);
		push_value(state, &specs[i], &option[i]);
	}
}
