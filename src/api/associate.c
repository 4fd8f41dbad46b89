/*
 * associate.c: mlops_correlation and mlops_associate: how columns go together.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "api/args.h"
#include "api/pool.h"
#include "guc.h"
#include "kernels/blas.h"
#include "monitoring/progress.h"
#include "nearest.h"
#include "quality/associate.h"

PG_FUNCTION_INFO_V1(mlops_correlation);
PG_FUNCTION_INFO_V1(mlops_associate);

static void
report_rows(int64 rows)
{
	ml_progress_update("rows", rows, 0);
}

static MlCorrelationMethod
parse_method(const char *given)
{
	for (int i = 0; i < ML_CORRELATION_METHODS; i++)
		if (strcmp(ml_correlation_names[i], given) == 0)
			return i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown method of correlation \"%s\"", given),
			 errhint("%s", ml_nearest_hint(given, ml_correlation_names, ML_CORRELATION_METHODS))));
	return ML_CORRELATION_AUTO;
}

static void
put_correlations(ReturnSetInfo *result, const MlCorrelation *pairs, int n)
{
	for (int i = 0; i < n; i++)
	{
		Datum		values[5];
		bool		nulls[5] = {false};

		CHECK_FOR_INTERRUPTS();
		values[0] = CStringGetTextDatum(pairs[i].a);
		values[1] = CStringGetTextDatum(pairs[i].b);
		values[2] = CStringGetTextDatum(ml_correlation_names[pairs[i].method]);
		values[3] = ml_result_float(pairs[i].value, &nulls[3]);
		values[4] = Int64GetDatum(pairs[i].rows);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

static void
put_associations(ReturnSetInfo *result, const MlAssociation *features, int n)
{
	int			rank = 1;

	for (int i = 0; i < n; i++)
	{
		Datum		values[6];
		bool		nulls[6] = {false};

		CHECK_FOR_INTERRUPTS();
		if (i > 0 && features[i].information != features[i - 1].information)
			rank = i + 1;
		values[0] = Int32GetDatum(rank);
		values[1] = CStringGetTextDatum(features[i].feature);
		values[2] = Float8GetDatum(features[i].information);
		values[3] = ml_result_float(features[i].share, &nulls[3]);
		values[4] = CStringGetTextDatum(features[i].method);
		values[5] = Int64GetDatum(features[i].rows);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* what both have in common: a context of the call, a source, a budget, progress; the hook must not outlive the call */
static void
run(FunctionCallInfo fcinfo, const char *command, void (*work) (FunctionCallInfo fcinfo, MlSource *source, MlBudget *budget))
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops association", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	MlSource   *source;

	InitMaterializedSRF(fcinfo, 0);
	old = MemoryContextSwitchTo(context);
	source = ml_source_open(ml_arg_required_text(fcinfo, 0, "source"));
	ml_progress_start(command, ml_source_label(source));
	ml_progress_stage(ML_STAGE_LOAD, 0);
	ml_dataset_progress = report_rows;
	PG_TRY();
	{
		work(fcinfo, source, ml_budget_create(context, (Size) ml_max_memory_kb * 1024));
	}
	PG_FINALLY();
	{
		ml_dataset_progress = NULL;
	}
	PG_END_TRY();
	ml_progress_end();
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

static void
correlate(FunctionCallInfo fcinfo, MlSource *source, MlBudget *budget)
{
	MlCorrelationMethod method = parse_method(ml_arg_required_text(fcinfo, 1, "method"));
	int			n_columns;
	char	  **columns = ml_arg_text_array(fcinfo, 2, "columns", &n_columns);
	MlCorrelation *pairs;
	int			n;

	mlk_blas_open(ml_blas_core);
	pairs = ml_correlations(source, method, columns, n_columns, budget, ml_pool_create(), &n);
	put_correlations((ReturnSetInfo *) fcinfo->resultinfo, pairs, n);
}

static void
associate(FunctionCallInfo fcinfo, MlSource *source, MlBudget *budget)
{
	char	   *target = ml_arg_required_text(fcinfo, 1, "target");
	int			n_columns;
	char	  **columns = ml_arg_text_array(fcinfo, 2, "columns", &n_columns);
	MlAssociation *features;
	int			n;

	features = ml_associations(source, target, columns, n_columns, budget, ml_pool_create(), &n);
	put_associations((ReturnSetInfo *) fcinfo->resultinfo, features, n);
}

/* mlops_correlation(source text, method text DEFAULT 'auto', columns text[] DEFAULT NULL) -> rows (a, b, method, value, rows) */
Datum
mlops_correlation(PG_FUNCTION_ARGS)
{
	run(fcinfo, "mlops_correlation", correlate);
	return (Datum) 0;
}

/* mlops_associate(source text, target text, columns text[] DEFAULT NULL) -> one row a feature, most informative first */
Datum
mlops_associate(PG_FUNCTION_ARGS)
{
	run(fcinfo, "mlops_associate", associate);
	return (Datum) 0;
}
