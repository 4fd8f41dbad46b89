/*
 * args.c: arguments in, result rows and JSON out: what every SQL-callable function repeats.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/json.h"
#include "utils/numeric.h"

#include "api/args.h"
#include "nearest.h"

/* ---- arguments ---- */

char *
ml_arg_text(FunctionCallInfo fcinfo, int i)
{
	return PG_ARGISNULL(i) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(i));
}

char *
ml_arg_required_text(FunctionCallInfo fcinfo, int i, const char *name)
{
	if (PG_ARGISNULL(i))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", name)));
	return ml_arg_text(fcinfo, i);
}

char **
ml_arg_text_array(FunctionCallInfo fcinfo, int i, const char *name, int *n)
{
	Datum	   *elements;
	bool	   *nulls;
	char	  **result;

	*n = -1;
	if (PG_ARGISNULL(i))
		return NULL;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(i), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, n);
	result = palloc(sizeof(char *) * Max(*n, 1));
	for (int k = 0; k < *n; k++)
	{
		if (nulls[k])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument \"%s\" must not contain nulls", name)));
		result[k] = TextDatumGetCString(elements[k]);
	}
	return result;
}

Jsonb *
ml_arg_object(FunctionCallInfo fcinfo, int i, const char *name)
{
	Jsonb	   *value;

	if (PG_ARGISNULL(i))
		return ml_json_parse("{}");
	value = PG_GETARG_JSONB_P(i);
	if (!JB_ROOT_IS_OBJECT(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be a JSON object", name),
				 errhint("Write it as %s => '{\"name\": value, ...}'.", name)));
	return value;
}

int
ml_arg_choice(const char *what, const char *given, const char *const *names, int n)
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

int
ml_arg_int(FunctionCallInfo fcinfo, int i, const char *name, int fallback, int min, int max)
{
	int			value = PG_ARGISNULL(i) ? fallback : PG_GETARG_INT32(i);

	if (value < min || value > max)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" is %d", name, value),
				 errdetail("It must be from %d to %d.", min, max)));
	return value;
}

/* ---- results ---- */

Datum
ml_result_text(const char *value, bool *isnull)
{
	*isnull = (value == NULL);
	return value ? CStringGetTextDatum(value) : (Datum) 0;
}

Datum
ml_result_float(double value, bool *isnull)
{
	*isnull = isnan(value);
	return Float8GetDatum(value);
}

/* ---- JSON out ---- */

void
ml_json_key(StringInfo out, const char *key)
{
	if (out->len > 0 && strchr("{[", out->data[out->len - 1]) == NULL)
		appendStringInfoString(out, ", ");
	if (key != NULL)
	{
		escape_json(out, key);
		appendStringInfoString(out, ": ");
	}
}

void
ml_json_text(StringInfo out, const char *key, const char *value)
{
	ml_json_key(out, key);
	if (value == NULL)
		appendStringInfoString(out, "null");
	else
		escape_json(out, value);
}

void
ml_json_float(StringInfo out, const char *key, double value)
{
	ml_json_key(out, key);
	if (isnan(value) || isinf(value))
		appendStringInfoString(out, "null");
	else
	{
		/* the shortest digits that are this number, whatever extra_float_digits says */
		char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];

		double_to_shortest_decimal_buf(value, digits);
		appendStringInfoString(out, digits);
	}
}

void
ml_json_int(StringInfo out, const char *key, int64 value)
{
	ml_json_key(out, key);
	appendStringInfo(out, INT64_FORMAT, value);
}

void
ml_json_jsonb(StringInfo out, const char *key, Jsonb *value)
{
	ml_json_key(out, key);
	if (value == NULL)
		appendStringInfoString(out, "null");
	else
		JsonbToCString(out, &value->root, VARSIZE(value));
}

void
ml_json_text_array(StringInfo out, const char *key, char *const *values, int n)
{
	ml_json_key(out, key);
	if (n < 0)
	{
		appendStringInfoString(out, "null");
		return;
	}
	appendStringInfoChar(out, '[');
	for (int i = 0; i < n; i++)
		ml_json_text(out, NULL, values[i]);
	appendStringInfoChar(out, ']');
}

Jsonb *
ml_json_parse(const char *text)
{
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

/* ---- JSON in ---- */

JsonbValue *
ml_json_get(Jsonb *object, const char *key)
{
	JsonbValue *value = NULL;

	if (JB_ROOT_IS_OBJECT(object))
		value = getKeyJsonValueFromContainer(&object->root, key, strlen(key), NULL);
	return value == NULL || value->type == jbvNull ? NULL : value;
}

char *
ml_json_get_text(Jsonb *object, const char *key)
{
	JsonbValue *value = ml_json_get(object, key);

	if (value == NULL || value->type != jbvString)
		return NULL;
	return pnstrdup(value->val.string.val, value->val.string.len);
}

/* the array under key; *n = -1 when there is none */
static JsonbContainer *
array_under(Jsonb *object, const char *key, int *n)
{
	JsonbValue *value = ml_json_get(object, key);

	*n = -1;
	if (value == NULL || value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		return NULL;
	*n = JsonContainerSize(value->val.binary.data);
	return value->val.binary.data;
}

char **
ml_json_get_text_array(Jsonb *object, const char *key, int *n)
{
	JsonbContainer *array = array_under(object, key, n);
	char	  **result;

	if (array == NULL)
		return NULL;
	result = palloc0(sizeof(char *) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
	{
		JsonbValue *item = getIthJsonbValueFromContainer(array, i);

		if (item->type == jbvString)
			result[i] = pnstrdup(item->val.string.val, item->val.string.len);
	}
	return result;
}

double *
ml_json_get_floats(Jsonb *object, const char *key, int *n)
{
	JsonbContainer *array = array_under(object, key, n);
	double	   *result;

	if (array == NULL)
		return NULL;
	result = palloc(sizeof(double) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
	{
		JsonbValue *item = getIthJsonbValueFromContainer(array, i);

		result[i] = item->type != jbvNumeric ? get_float8_nan() :
			DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(item->val.numeric)));
	}
	return result;
}

Jsonb *
ml_json_get_object(Jsonb *object, const char *key)
{
	JsonbValue *value = ml_json_get(object, key);

	if (value == NULL || value->type != jbvBinary)
		return ml_json_parse("{}");
	return JsonbValueToJsonb(value);
}
