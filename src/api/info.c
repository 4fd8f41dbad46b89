/*
 * info.c: what there is to know about the extension itself: build, algorithms, parameters, running calls, cache.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "algorithms/algorithm.h"
#include "api/args.h"
#include "api/build_info.h"
#include "guc.h"
#include "kernels/blas.h"
#include "monitoring/progress.h"
#include "scoring/scorer.h"

PG_FUNCTION_INFO_V1(mlops_version);
PG_FUNCTION_INFO_V1(mlops_algorithms);
PG_FUNCTION_INFO_V1(mlops_parameters);
PG_FUNCTION_INFO_V1(mlops_progress);
PG_FUNCTION_INFO_V1(mlops_cache);

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

static void
put_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * mlops_version() -> (extension, postgresql, compiler, blas, blas_kernel, threads)
 */
Datum
mlops_version(PG_FUNCTION_ARGS)
{
	const MlkBlasInfo *blas;
	Datum		values[6];
	bool		nulls[6] = {false};

	InitMaterializedSRF(fcinfo, 0);
	mlk_blas_open(ml_blas_core);
	blas = mlk_blas_info();
	values[0] = CStringGetTextDatum(MLOPS_VERSION);
	values[1] = CStringGetTextDatum(GetConfigOption("server_version", false, false));
	values[2] = CStringGetTextDatum(COMPILER);
	values[3] = CStringGetTextDatum(blas->loaded ? psprintf("OpenBLAS %s (%s)", blas->version, blas->library) : "built-in loops");
	values[4] = ml_result_text(blas->loaded ? blas->core : NULL, &nulls[4]);
	values[5] = Int32GetDatum(ml_threads());
	put_row(fcinfo, values, nulls);
	return (Datum) 0;
}

/* ---- algorithms and their parameters ---- */

static Datum
task_array(uint32 tasks)
{
	Datum		elements[2];
	int			n = 0;

	if (tasks & ML_TASK_REGRESSION)
		elements[n++] = CStringGetTextDatum("regression");
	if (tasks & ML_TASK_CLASSIFICATION)
		elements[n++] = CStringGetTextDatum("classification");
	return PointerGetDatum(construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * mlops_algorithms() -> rows (name, tasks, help)
 */
Datum
mlops_algorithms(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < ml_algorithm_count(); i++)
	{
		const MlAlgorithm *algorithm = ml_algorithm_get(i);
		Datum		values[3];
		bool		nulls[3] = {false};

		values[0] = CStringGetTextDatum(algorithm->name);
		values[1] = task_array(algorithm->tasks);
		values[2] = CStringGetTextDatum(algorithm->help);
		put_row(fcinfo, values, nulls);
	}
	return (Datum) 0;
}

static const char *
type_name(MlParamType type)
{
	switch (type)
	{
		case ML_PARAM_BOOL:
			return "boolean";
		case ML_PARAM_INT:
			return "integer";
		case ML_PARAM_REAL:
			return "real";
		case ML_PARAM_ENUM:
			return "text";
		case ML_PARAM_CLASS_WEIGHT:
			return "text or object";
		case ML_PARAM_FEATURE_SIGNS:
			return "object";
		case ML_PARAM_FEATURE_GROUPS:
			return "array";
		case ML_PARAM_INT_OR_ENUM:
			return "number or text";
		case ML_PARAM_BOOL_OR_ENUM:
			return "boolean or text";
		case ML_PARAM_INT_LIST:
			return "integer or array";
		case ML_PARAM_THRESHOLD:
			return "number, text or object";
		case ML_PARAM_REAL_LIST:
		case ML_PARAM_MEMBERS:
			return "array";
	}
	return NULL;
}

/* an interval in the notation of mathematics, "[0, 1)"; infinite ends are open */
static char *
interval(const MlParamSpec *spec)
{
	char	   *min = isinf(spec->min) ? pstrdup("-inf") : psprintf("%.15g", spec->min);
	char	   *max = isinf(spec->max) ? pstrdup("inf") : psprintf("%.15g", spec->max);

	return psprintf("%s%s, %s%s", spec->min_open || isinf(spec->min) ? "(" : "[", min, max,
					spec->max_open || isinf(spec->max) ? ")" : "]");
}

static char *
choices(const char *given)
{
	StringInfoData text;

	initStringInfo(&text);
	for (; *given; given++)
	{
		if (*given == '|')
			appendStringInfoString(&text, " | ");
		else
			appendStringInfoChar(&text, *given);
	}
	return text.data;
}

static char *
range_text(const MlParamSpec *spec)
{
	char	   *range = NULL;

	switch (spec->type)
	{
		case ML_PARAM_BOOL:
			range = pstrdup("true | false");
			break;
		case ML_PARAM_INT:
		case ML_PARAM_REAL:
			range = interval(spec);
			break;
		case ML_PARAM_ENUM:
			range = choices(spec->choices);
			break;
		case ML_PARAM_CLASS_WEIGHT:
			return pstrdup("null | \"balanced\" | {\"label\": weight, ...}");
		case ML_PARAM_FEATURE_SIGNS:
			return pstrdup("null | {\"feature\": -1 | 0 | 1, ...}");
		case ML_PARAM_FEATURE_GROUPS:
			return pstrdup("null | [[\"feature\", ...], ...]");
		case ML_PARAM_INT_OR_ENUM:
			range = spec->choices == NULL ? interval(spec) : psprintf("%s | %s", interval(spec), choices(spec->choices));
			break;
		case ML_PARAM_INT_LIST:
			range = psprintf("%s | [%s, ...]", interval(spec), interval(spec));
			break;
		case ML_PARAM_REAL_LIST:
			range = psprintf("[%s, ...]", interval(spec));
			break;
		case ML_PARAM_MEMBERS:
			return psprintf("[{\"algorithm\": name, \"params\": {...}}, ...], %.0f to %.0f of them", spec->min, spec->max);
		case ML_PARAM_BOOL_OR_ENUM:
			range = psprintf("true | false | %s", choices(spec->choices));
			break;
		case ML_PARAM_THRESHOLD:
			return pstrdup("null | [0, 1] | \"f1\" | {\"cost\": {\"fp\": cost, \"fn\": cost}}");
	}
	return spec->nullable ? psprintf("%s or null", range) : range;
}

/*
 * mlops_parameters(algorithm text) -> rows (name, type, default, range, help)
 */
Datum
mlops_parameters(PG_FUNCTION_ARGS)
{
	const MlAlgorithm *algorithm = ml_algorithm_lookup(ml_arg_required_text(fcinfo, 0, "algorithm"));

	int			n;
	int			n_own;
	const MlParamSpec **specs = ml_params_specs(algorithm, &n, &n_own);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		const MlParamSpec *spec = specs[i];
		Datum		values[5];
		bool		nulls[5] = {false};

		values[0] = CStringGetTextDatum(spec->name);
		values[1] = CStringGetTextDatum(type_name(spec->type));
		values[2] = JsonbPGetDatum(ml_json_parse(spec->fallback));
		values[3] = CStringGetTextDatum(range_text(spec));
		values[4] = CStringGetTextDatum(spec->help);
		put_row(fcinfo, values, nulls);
	}
	return (Datum) 0;
}

/* ---- what runs, and what is kept ---- */

static void
put_progress(FunctionCallInfo fcinfo, const MlProgressRow *row)
{
	bool		known = row->total > 0;
	double		percent = known ? 100.0 * Min(row->done, row->total) / row->total : 0.0;
	Datum		values[11];
	bool		nulls[11] = {false};

	values[0] = Int32GetDatum(row->pid);
	values[1] = ml_result_text(OidIsValid(row->database) ? get_database_name(row->database) : NULL, &nulls[1]);
	values[2] = ml_result_text(GetUserNameFromId(row->user, true), &nulls[2]);
	values[3] = ml_result_text(row->command, &nulls[3]);
	values[4] = ml_result_text(row->model, &nulls[4]);
	values[5] = CStringGetTextDatum(row->stage);
	values[6] = ml_result_text(row->phase, &nulls[6]);
	values[7] = Int64GetDatum(row->done);
	nulls[8] = !known;
	values[8] = Int64GetDatum(row->total);
	nulls[9] = !known;
	values[9] = Float8GetDatum(rint(percent * 10.0) / 10.0);
	values[10] = TimestampTzGetDatum(row->started);
	put_row(fcinfo, values, nulls);
}

/*
 * mlops_progress()
 *		-> rows (pid, datname, usename, command, model, stage, phase, done, total, percent, started)
 *
 * Calls of the caller's own roles; all of them for members of pg_read_all_stats.
 */
Datum
mlops_progress(PG_FUNCTION_ARGS)
{
	int			backends = ml_progress_backends();

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < backends; i++)
	{
		MlProgressRow row;

		if (ml_progress_read(i, &row))
			put_progress(fcinfo, &row);
	}
	return (Datum) 0;
}

/*
 * mlops_cache() -> (models, bytes, hits, misses)
 */
Datum
mlops_cache(PG_FUNCTION_ARGS)
{
	int64		stats[4];
	Datum		values[4];
	bool		nulls[4] = {false};

	InitMaterializedSRF(fcinfo, 0);
	ml_cache_stats(&stats[0], &stats[1], &stats[2], &stats[3]);
	for (int i = 0; i < 4; i++)
		values[i] = Int64GetDatum(stats[i]);
	put_row(fcinfo, values, nulls);
	return (Datum) 0;
}
