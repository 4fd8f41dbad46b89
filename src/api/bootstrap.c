/*
 * bootstrap.c: intervals of the metrics of one set of predictions, by resampling its rows.
 *
 * Every resample is as many rows as there are, drawn with replacement, and gets a whole report; the quantiles of what the reports say of a
 * metric are its interval (Efron's percentile interval).  Rows are drawn from an order that follows from what they hold.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "api/bootstrap.h"
#include "api/evaluation.h"
#include "guc.h"
#include "interrupts.h"
#include "kernels/resample.h"
#include "kernels/sort.h"
#include "monitoring/progress.h"

MlBootstrap
ml_bootstrap_arguments(FunctionCallInfo fcinfo, int first)
{
	MlBootstrap b;

	b.resamples = (int) ml_evaluation_integer(fcinfo, first, "bootstrap", 0, ML_MOST_RESAMPLES);
	for (int i = first + 1; i <= first + 2; i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument \"%s\" must not be null", i == first + 1 ? "coverage" : "seed")));
	b.coverage = PG_GETARG_FLOAT8(first + 1);
	b.seed = PG_GETARG_INT64(first + 2);
	if (!(b.coverage > 0 && b.coverage < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"coverage\" is %g", b.coverage),
				 errhint("Give a share between 0 and 1, such as 0.95.")));
	return b;
}

static void
check_memory(const MlBootstrap *b, const MlScored *rows, const MlReport *report, int k)
{
	/* a resample, the canonical order with what makes it, and what each report says */
	Size		bytes = add_size(mul_size(rows->n, sizeof(double) * (k + 2) + sizeof(uint32)),
								 add_size(mlk_argsort_scratch(rows->n),
										  mul_size(mul_size(report->n, b->resamples), sizeof(double))));

	if (bytes / 1024 > (Size) ml_max_memory_kb)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("%d resamples of " INT64_FORMAT " rows need %zu MB, mlops.max_memory is %d MB",
						b->resamples, rows->n, bytes >> 20, ml_max_memory_kb / 1024),
				 errhint("Take fewer resamples, raise mlops.max_memory, or evaluate a sample: SELECT * FROM ... TABLESAMPLE SYSTEM (10).")));
}

static uint32 *
canonical_order(const MlkSample *sample, MlkPool *pool)
{
	uint32	   *order = MemoryContextAllocHuge(CurrentMemoryContext, mul_size(sample->n, sizeof(uint32)));
	uint64	   *key = MemoryContextAllocHuge(CurrentMemoryContext, mul_size(sample->n, sizeof(uint64)));
	void	   *scratch = MemoryContextAllocHuge(CurrentMemoryContext, mlk_argsort_scratch(sample->n));

	ml_check_status(mlk_sample_order(pool, sample, key, order, scratch));
	pfree(scratch);
	pfree(key);
	return order;
}

/* an empty sample of the form of another one, with room for as many rows */
static MlkSample
make_room(const MlkSample *from)
{
	MlkSample	to = {.n = from->n,.k = from->k};

	to.out = MemoryContextAllocHuge(CurrentMemoryContext, mul_size(mul_size(from->n, from->k), sizeof(double)));
	if (from->y != NULL)
		to.y = MemoryContextAllocHuge(CurrentMemoryContext, mul_size(from->n, sizeof(double)));
	else
		to.label = MemoryContextAllocHuge(CurrentMemoryContext, mul_size(from->n, sizeof(int32)));
	return to;
}

/* value[line * resamples + r] := what report r says in that line */
static void
resample(const MlBootstrap *b, const MlScored *rows, const MlReport *report, MlkPool *pool, double *value)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "mlops resample", ALLOCSET_DEFAULT_SIZES);
	MlkSample	from = {.n = rows->n,.k = rows->task == ML_TASK_REGRESSION ? 1 : rows->n_classes,
		.y = (double *) rows->y,.label = (int32 *) rows->label,.out = (double *) rows->out};
	uint32	   *order = canonical_order(&from, pool);
	MlkSample	to = make_room(&from);
	MlScored	drawn = *rows;
	MlkRng		rng;

	drawn.y = to.y;
	drawn.label = to.label;
	drawn.out = to.out;
	mlk_rng_seed(&rng, (uint64) b->seed);
	for (int r = 0; r < b->resamples; r++)
	{
		MemoryContext caller;
		MlReport	again;

		ml_progress_update("resamples", r, b->resamples);
		ml_check_status(mlk_sample_draw(pool, &rng, &from, order, &to));
		caller = MemoryContextSwitchTo(scratch);
		again = ml_report_make(&drawn, pool);
		for (int i = 0; i < report->n; i++)
			value[(Size) i * b->resamples + r] = again.rows[i].value;
		MemoryContextSwitchTo(caller);
		MemoryContextReset(scratch);
	}
	MemoryContextDelete(scratch);
}

void
ml_bootstrap_intervals(const MlBootstrap *b, const MlScored *rows, const MlReport *report, MlkPool *pool,
					   double *low, double *high)
{
	double	   *value;

	for (int i = 0; i < report->n; i++)
		low[i] = high[i] = NAN;
	if (b->resamples == 0)
		return;
	check_memory(b, rows, report, rows->task == ML_TASK_REGRESSION ? 1 : rows->n_classes);
	value = MemoryContextAllocHuge(CurrentMemoryContext, mul_size(mul_size(report->n, b->resamples), sizeof(double)));
	resample(b, rows, report, pool, value);
	for (int i = 0; i < report->n; i++)
		if (strcmp(report->rows[i].metric, "support") != 0)
			mlk_percentile_interval(value + (Size) i * b->resamples, b->resamples, b->coverage, &low[i], &high[i]);
}
