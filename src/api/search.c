/*
 * search.c: spaces of parameters: what to try, as lists and ranges of values.
 *
 * The algorithm's own table of parameters is the judge: every value of a list and both ends of a range go through it before any data
 * is read, so a space is refused with the same words as a single value.
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/numeric.h"

#include "api/args.h"
#include "api/search.h"

#define MAX_VALUES 10000		/* of a list */

/* ---- building parameters ---- */

static void
push_key(JsonbParseState **state, const char *name)
{
	JsonbValue	key;

	key.type = jbvString;
	key.val.string.val = unconstify(char *, name);
	key.val.string.len = strlen(name);
	pushJsonbValue(state, WJB_KEY, &key);
}

/* an array or object goes in with all it holds */
static void
push_value(JsonbParseState **state, JsonbValue *value)
{
	JsonbIterator *it;
	JsonbValue	inner;
	JsonbIteratorToken token;

	if (value->type != jbvBinary)
	{
		pushJsonbValue(state, WJB_VALUE, value);
		return;
	}
	it = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &inner, false)) != WJB_DONE)
		pushJsonbValue(state, token, token < WJB_BEGIN_ARRAY ? &inner : NULL);
}

static void
push_object(JsonbParseState **state, Jsonb *object)
{
	JsonbIterator *it = JsonbIteratorInit(&object->root);
	JsonbValue	value;
	JsonbIteratorToken token;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			pushJsonbValue(state, WJB_KEY, &value);
		else if (token == WJB_VALUE)
			push_value(state, &value);
	}
}

Jsonb *
ml_search_over(Jsonb *object, Jsonb *beneath)
{
	JsonbParseState *state = NULL;

	/* of equal keys the last one stays */
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push_object(&state, beneath);
	push_object(&state, object);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

static JsonbValue
number_value(double x, bool integer)
{
	JsonbValue	value;

	value.type = jbvNumeric;
	/* six digits are more than any metric tells apart, and can be read */
	value.val.numeric = DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(psprintf(integer ? "%.0f" : "%.6g", x)),
															ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	return value;
}

/* fixed and one more, through the algorithm's table: an ERROR unless it may be */
static void
check_value(const MlSearch *search, const char *name, JsonbValue *value)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push_key(&state, name);
	push_value(&state, value);
	(void) ml_params_parse(search->algorithm, JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

/* ---- reading a space ---- */

static void
refuse(const char *name, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("search space of parameter \"%s\" %s", name, what),
			 errhint("Write a list, such as [15, 31, 63], or a range, such as {\"min\": 0.01, \"max\": 0.3, \"log\": true}.")));
}

/* the row for a name or one of its aliases; names were checked by the table before */
static const MlParamSpec *
spec_of(const MlAlgorithm *algorithm, const char *name)
{
	int			n;
	int			n_own;
	const MlParamSpec **specs = ml_params_specs(algorithm, &n, &n_own);

	for (int i = 0; i < n; i++)
	{
		const MlParamSpec *spec = specs[i];

		if (strcmp(spec->name, name) == 0)
			return spec;
		for (const char *alias = spec->alias; alias != NULL && *alias != '\0';)
		{
			Size		width = strcspn(alias, "|");

			if (strlen(name) == width && strncmp(alias, name, width) == 0)
				return spec;
			alias += width + (alias[width] == '|');
		}
	}
	return NULL;
}

static void
read_list(const MlSearch *search, MlDimension *d, JsonbContainer *list)
{
	JsonbIterator *it = JsonbIteratorInit(list);
	JsonbValue	value;
	JsonbIteratorToken token;

	d->values = palloc(sizeof(JsonbValue) * Max(JsonContainerSize(list), 1));
	d->ordered = true;
	if (JsonContainerSize(list) > MAX_VALUES)
		refuse(d->name, psprintf("has more than %d values", MAX_VALUES));
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		check_value(search, d->name, &value);
		d->ordered = d->ordered && value.type == jbvNumeric;
		d->values[d->n++] = value;
	}
	if (d->n == 0)
		refuse(d->name, "is empty");
}

static double
read_end(const MlSearch *search, MlDimension *d, const char *end, JsonbValue *value)
{
	if (value->type != jbvNumeric)
		refuse(d->name, psprintf("needs a number as \"%s\"", end));
	check_value(search, d->name, value);
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
}

static void
read_range(const MlSearch *search, MlDimension *d, JsonbContainer *range)
{
	JsonbIterator *it = JsonbIteratorInit(range);
	JsonbValue	value;
	JsonbIteratorToken token;
	const MlParamSpec *spec;
	char	   *key = NULL;

	d->min = d->max = NAN;
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		static const char *const keys[] = {"min", "max", "log"};

		if (token == WJB_KEY)
		{
			key = pnstrdup(value.val.string.val, value.val.string.len);
			(void) ml_arg_choice(psprintf("option of the search space of \"%s\":", d->name), key, keys, lengthof(keys));
		}
		else if (token == WJB_VALUE && strcmp(key, "log") == 0)
		{
			if (value.type != jbvBool)
				refuse(d->name, "needs true or false as \"log\"");
			d->log = value.val.boolean;
		}
		else if (token == WJB_VALUE && strcmp(key, "min") == 0)
			d->min = read_end(search, d, key, &value);
		else if (token == WJB_VALUE)
			d->max = read_end(search, d, key, &value);
	}
	if (isnan(d->min) || isnan(d->max))
		refuse(d->name, "needs \"min\" and \"max\"");
	if (d->min >= d->max)
		refuse(d->name, psprintf("has a \"min\" of %g, which is not below its \"max\" of %g", d->min, d->max));
	if (d->log && d->min <= 0)
		refuse(d->name, psprintf("has a \"min\" of %g, which has no logarithm", d->min));
	spec = spec_of(search->algorithm, d->name);
	d->integer = spec != NULL && (spec->type == ML_PARAM_INT || spec->type == ML_PARAM_INT_LIST ||
								  (spec->type == ML_PARAM_INT_OR_ENUM && d->min >= 1 && d->min == floor(d->min) && d->max == floor(d->max)));
}

static void
read_dimension(const MlSearch *search, MlDimension *d, JsonbValue *value)
{
	if (strcmp(d->name, "warm_start") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a search cannot go on from the live version"),
				 errhint("Leave warm_start out of search.")));
	if (value->type != jbvBinary)
	{
		/* is there such a parameter at all?  If so, its value belongs elsewhere */
		check_value(search, d->name, value);
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("search space of parameter \"%s\" is a single value", d->name),
				 errhint("Parameters that all trials share go into params.")));
	}
	if (JsonContainerIsArray(value->val.binary.data))
		read_list(search, d, value->val.binary.data);
	else
		read_range(search, d, value->val.binary.data);
}

MlSearch *
ml_search_parse(const MlAlgorithm *algorithm, Jsonb *space, Jsonb *fixed)
{
	MlSearch   *search = palloc0(sizeof(MlSearch));
	Jsonb	   *copy = DatumGetJsonbPCopy(PointerGetDatum(space));
	JsonbIterator *it = JsonbIteratorInit(&copy->root);
	JsonbIteratorToken token;
	JsonbValue	value;

	search->algorithm = algorithm;
	search->fixed = DatumGetJsonbPCopy(PointerGetDatum(fixed));
	search->points = 1;
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		MlDimension *d = &search->dimension[search->n];

		if (token == WJB_KEY)
		{
			if (search->n == ML_MAX_DIMENSIONS)
				ereport(ERROR,
						(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						 errmsg("the search space has more than %d parameters", ML_MAX_DIMENSIONS)));
			d->name = pnstrdup(value.val.string.val, value.val.string.len);
		}
		else if (token == WJB_VALUE)
		{
			read_dimension(search, d, &value);
			search->points *= d->n > 0 ? d->n : INFINITY;
			search->n++;
		}
	}
	if (search->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the search space is empty"),
				 errhint("Name at least one parameter: search => '{\"...\": [...]}'; mlops_parameters('%s') lists them.", algorithm->name)));
	/* names that stand in both places, or twice under other names */
	(void) ml_params_parse(algorithm, ml_search_params(search, (double[ML_MAX_DIMENSIONS]) {0}));
	for (int i = 0; i < search->n; i++)
		if (ml_json_get(search->fixed, search->dimension[i].name) != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("parameter \"%s\" is in search and in params", search->dimension[i].name),
					 errhint("Leave it out of one of them.")));
	return search;
}

/* ---- points ---- */

static int
list_index(const MlDimension *d, double u)
{
	return Min(Max((int) floor(u * d->n), 0), d->n - 1);
}

static JsonbValue
value_at(const MlDimension *d, double u)
{
	double		x;

	if (d->n > 0)
		return d->values[list_index(d, u)];
	if (d->log)
		x = exp(log(d->min) + u * (log(d->max) - log(d->min)));
	else if (d->integer)
		x = floor(d->min + u * (d->max - d->min + 1));
	else
		x = d->min + u * (d->max - d->min);
	if (d->integer)
		x = rint(x);
	else
		x = strtod(psprintf("%.6g", x), NULL);
	return number_value(Min(Max(x, d->min), d->max), d->integer);
}

Jsonb *
ml_search_params(const MlSearch *search, const double *point)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push_object(&state, search->fixed);
	for (int i = 0; i < search->n; i++)
	{
		JsonbValue	value = value_at(&search->dimension[i], point[i]);

		push_key(&state, search->dimension[i].name);
		push_value(&state, &value);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

void
ml_search_grid(const MlSearch *search, int64 i, double *point)
{
	for (int d = search->n - 1; d >= 0; d--)
	{
		int			n = search->dimension[d].n;

		point[d] = (i % n + 0.5) / n;
		i /= n;
	}
}

void
ml_search_draw(const MlSearch *search, MlkRng *rng, double *point)
{
	for (int d = 0; d < search->n; d++)
		point[d] = mlk_rng_uniform(rng);
}

static double
locate(const MlDimension *d, const JsonbValue *value)
{
	double		x;

	if (value == NULL || value->type != jbvNumeric)
		return 0.5;
	x = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
	if (d->n > 0)
	{
		for (int i = 0; i < d->n; i++)
			if (d->values[i].type == jbvNumeric && DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(d->values[i].val.numeric), NumericGetDatum(value->val.numeric))) == 0)
				return (i + 0.5) / d->n;
		return 0.5;
	}
	if (d->log)
		x = (log(x) - log(d->min)) / (log(d->max) - log(d->min));
	else if (d->integer)
		x = (x - d->min + 0.5) / (d->max - d->min + 1);
	else
		x = (x - d->min) / (d->max - d->min);
	return Min(Max(x, 0), 1 - 1e-9);
}

void
ml_search_locate(const MlSearch *search, Jsonb *params, double *point)
{
	for (int i = 0; i < search->n; i++)
		point[i] = locate(&search->dimension[i], ml_json_get(params, search->dimension[i].name));
}

int
ml_search_encode(const MlSearch *search, const double *point, double *into)
{
	int			n = 0;

	for (int i = 0; i < search->n; i++)
	{
		const MlDimension *d = &search->dimension[i];

		if (d->n == 0 || d->ordered)
		{
			if (into != NULL)
				into[n] = d->n > 1 ? (double) list_index(d, point[i]) / (d->n - 1) : d->n == 1 ? 0 : point[i];
			n++;
			continue;
		}
		for (int v = 0; v < d->n; v++, n++)
			if (into != NULL)
				into[n] = v == list_index(d, point[i]) ? M_SQRT1_2 : 0;
	}
	return n;
}
