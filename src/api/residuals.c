/*
 * residuals.c: mlops_residuals: where a regression is wrong, and how.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "utils/memutils.h"

#include "api/args.h"
#include "api/evaluation.h"
#include "interrupts.h"
#include "kernels/residuals.h"

PG_FUNCTION_INFO_V1(mlops_residuals);

#define DECILES 10

static void
put_bin(const MlEvaluation *e, int bin, const MlkResiduals *r)
{
	Datum		values[14];
	bool		nulls[14] = {false};

	nulls[1] = bin == 0;
	values[1] = Int32GetDatum(bin);
	values[2] = Int64GetDatum(r->rows);
	values[3] = ml_result_float(r->mean_predicted, &nulls[3]);
	values[4] = ml_result_float(r->residual.mean, &nulls[4]);
	values[5] = ml_result_float(r->residual.stddev, &nulls[5]);
	values[6] = ml_result_float(r->residual.skew, &nulls[6]);
	values[7] = ml_result_float(r->residual.min, &nulls[7]);
	for (int i = 0; i < MLK_RESIDUAL_QUANTILES; i++)
		values[8 + i] = ml_result_float(r->quantile[i], &nulls[8 + i]);
	values[13] = ml_result_float(r->residual.max, &nulls[13]);
	ml_evaluation_put(e, values, nulls);
}

static void
put_residuals(MlEvaluation *e, const void *options)
{
	MlkResiduals *r = ml_palloc_array(DECILES + 1, sizeof(MlkResiduals));
	void	   *scratch;

	ml_evaluation_price(e, mlk_residuals_scratch(e->rows.n));
	scratch = MemoryContextAllocHuge(CurrentMemoryContext, mlk_residuals_scratch(e->rows.n));
	ml_check_status(mlk_residuals(e->pool, e->rows.y, e->rows.out, e->rows.n, DECILES, scratch, r));
	for (int b = 0; b <= DECILES; b++)
		if (r[b].rows > 0)
			put_bin(e, b, &r[b]);
}

/*
 * mlops_residuals(model, source, by) -> rows (by_value, decile, rows, mean_predicted, mean_residual, stddev, skew, min, p05, p25, p50, p75, p95, max)
 *
 * The first row of a slice is of all its rows, with a NULL decile.
 */
Datum
mlops_residuals(PG_FUNCTION_ARGS)
{
	static const MlEvaluationKind kind = {.command = "mlops_residuals",.evaluates = ML_EVALUATES_NUMBERS,.by = 2,
		.put = put_residuals};

	return ml_evaluation_run(fcinfo, &kind, NULL);
}
