/*
 * evaluate.c: mlops_evaluate: how good is a version on other rows, and how sure is that?
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "utils/builtins.h"

#include "api/args.h"
#include "api/bootstrap.h"
#include "api/evaluation.h"
#include "kernels/metrics.h"

PG_FUNCTION_INFO_V1(mlops_evaluate);

static void
put_metric(const MlEvaluation *e, const char *metric, const char *label, double value, double low, double high)
{
	Datum		values[6];
	bool		nulls[6] = {false};

	values[0] = CStringGetTextDatum(metric);
	values[1] = ml_result_text(label, &nulls[1]);
	values[2] = ml_result_float(value, &nulls[2]);
	values[3] = ml_result_text(e->by_value, &nulls[3]);
	values[4] = ml_result_float(low, &nulls[4]);
	values[5] = ml_result_float(high, &nulls[5]);
	tuplestore_putvalues(e->result->setResult, e->result->setDesc, values, nulls);
}

static void
put_slice(MlEvaluation *e, const void *options)
{
	MlReport	report;
	double	   *low;
	double	   *high;

	ml_evaluation_price(e, e->rows.task == ML_TASK_REGRESSION ? mul_size(e->rows.n, sizeof(double)) : mlk_classification_scratch(e->rows.n));
	report = ml_report_make(&e->rows, e->pool);
	low = ml_palloc_array(report.n, sizeof(double));
	high = ml_palloc_array(report.n, sizeof(double));
	ml_bootstrap_intervals(options, &e->rows, &report, e->pool, low, high);
	put_metric(e, "rows", NULL, (double) e->rows.n, NAN, NAN);
	for (int i = 0; i < report.n; i++)
		put_metric(e, report.rows[i].metric, report.rows[i].label, report.rows[i].value, low[i], high[i]);
}

/*
 * mlops_evaluate(model, source, by, bootstrap, coverage, seed) -> rows (metric, label, value, by_value, low, high)
 *
 * The source needs the model's features and its target; rows with a NULL target are left out. The first row of a slice is the number of its rows.
 */
Datum
mlops_evaluate(PG_FUNCTION_ARGS)
{
	static const MlEvaluationKind kind = {.command = "mlops_evaluate",.evaluates = ML_EVALUATES_ANY,.by = 2,.put = put_slice};
	MlBootstrap bootstrap = ml_bootstrap_arguments(fcinfo, 3);

	return ml_evaluation_run(fcinfo, &kind, &bootstrap);
}
