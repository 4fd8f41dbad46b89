/*
 * importance.c: mlops_importance: which features a model lives by.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "api/args.h"
#include "api/importance.h"
#include "nearest.h"

PG_FUNCTION_INFO_V1(mlops_importance);

static const char *const methods[] = {"gain", "split", "permutation"};

typedef enum Method
{
	METHOD_GAIN,
	METHOD_SPLIT,
	METHOD_PERMUTATION
} Method;

typedef struct Line
{
	const char *feature;
	double		importance;
	int			position;		/* ties keep the order of the features */
} Line;

static Method
parse_method(const char *given)
{
	for (int i = 0; i < lengthof(methods); i++)
	{
		if (strcmp(methods[i], given) == 0)
			return i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown method of importance \"%s\"", given),
			 errhint("%s", ml_nearest_hint(given, methods, lengthof(methods)))));
	return METHOD_GAIN;
}

/* share of the total gain, or number of splits, a design column */
static Line *
by_splits(const MlModel *model, Method method, int *n)
{
	const char *const *names = ml_prep_names(model->prep, n);
	double	   *value = ml_palloc_array(*n + 1, sizeof(double));
	Line	   *lines = ml_palloc_array(*n + 1, sizeof(Line));
	double		total = 0.0;

	if (model->algorithm->importance == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" has no splits to count", model->name),
				 errdetail("Its algorithm is %s.", model->algorithm->name),
				 errhint("Use method => 'permutation' with a source that has the features and the target.")));
	model->algorithm->importance(model->state, method == METHOD_GAIN, value);
	for (int j = 0; j < *n; j++)
		total += value[j];
	for (int j = 0; j < *n; j++)
	{
		lines[j].feature = names[j];
		lines[j].importance = method == METHOD_GAIN && total > 0.0 ? value[j] / total : value[j];
	}
	return lines;
}

/* an input column */
static Line *
by_permutation(const MlModel *model, const char *source, int *n)
{
	double	   *drop;
	Line	   *lines;

	if (source == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("importance by permutation needs a source"),
				 errhint("Give source => 'a table, or a SELECT, with the features and the target'.")));
	*n = ml_prep_n_inputs(model->prep);
	drop = ml_palloc_array(*n + 1, sizeof(double));
	lines = ml_palloc_array(*n + 1, sizeof(Line));
	ml_importance_permute(model, ml_source_open(source), drop);
	for (int i = 0; i < *n; i++)
	{
		lines[i].feature = ml_prep_input(model->prep, i)->name;
		lines[i].importance = drop[i];
	}
	return lines;
}

/* largest first; NaN last */
static int
compare_lines(const void *a, const void *b)
{
	const Line *x = a;
	const Line *y = b;

	if (isnan(x->importance) != isnan(y->importance))
		return isnan(x->importance) ? 1 : -1;
	if (x->importance > y->importance)
		return -1;
	if (x->importance < y->importance)
		return 1;
	return x->position - y->position;
}

/* equal importances share a rank, as rank() does */
static void
put_lines(ReturnSetInfo *result, Line *lines, int n)
{
	int			rank = 1;

	for (int i = 0; i < n; i++)
		lines[i].position = i;
	qsort(lines, n, sizeof(Line), compare_lines);
	for (int i = 0; i < n; i++)
	{
		Datum		values[3];
		bool		nulls[3] = {false};

		CHECK_FOR_INTERRUPTS();
		if (i > 0 && lines[i].importance != lines[i - 1].importance)
			rank = i + 1;
		values[0] = CStringGetTextDatum(lines[i].feature);
		values[1] = ml_result_float(lines[i].importance, &nulls[1]);
		values[2] = Int32GetDatum(rank);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/*
 * mlops_importance(model text, source text DEFAULT NULL, method text DEFAULT 'gain')
 *		-> rows (feature, importance, rank), the most important first
 */
Datum
mlops_importance(PG_FUNCTION_ARGS)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops importance", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller;
	Method		method;
	char	   *source;
	MlModelRef	ref;
	MlModel    *model;
	Line	   *lines;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	caller = MemoryContextSwitchTo(context);
	source = ml_arg_text(fcinfo, 1);
	method = parse_method(ml_arg_required_text(fcinfo, 2, "method"));
	ml_catalog_resolve(ml_arg_required_text(fcinfo, 0, "model"), ML_PRIV_PREDICT, &ref);
	model = ml_model_acquire(&ref);
	if (method == METHOD_PERMUTATION)
		lines = by_permutation(model, source, &n);
	else
		lines = by_splits(model, method, &n);
	put_lines((ReturnSetInfo *) fcinfo->resultinfo, lines, n);
	ml_model_release(model);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}
