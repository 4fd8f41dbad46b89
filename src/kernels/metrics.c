/*
 * metrics.c: regression metrics, and the distance of two histograms.
 *
 * One pass over fixed blocks writes the absolute errors and sums everything
 * but the median.  Deviations of the truth are taken from its first value, so
 * that a constant truth has none at all, and block means are joined by Chan's
 * update.
 */
#include <float.h>

#include "kernels/metrics.h"
#include "kernels/metrics_internal.h"

#define BLOCK_ROWS 16384
#define MAX_BLOCKS 256

/* sums of one block, all weighted */
typedef struct ErrorSums
{
	double		weight;
	double		mean;			/* of y - y[0] */
	double		deviation;		/* sum of (y - mean)^2 */
	double		absolute;
	double		square;
	double		relative;		/* |e| / max(|y|, DBL_EPSILON) */
} ErrorSums;

typedef struct RegressionTask
{
	const double *y;
	const double *pred;
	const double *weight;
	int64_t		n;
	MlkSpan		span;
	double	   *error;
	ErrorSums	sums[MAX_BLOCKS];
} RegressionTask;

static void
error_block(void *arg, int64_t block, int worker)
{
	RegressionTask *t = arg;
	ErrorSums	s = {0};
	int64_t		from = block * t->span.rows;
	int64_t		to = mlk_span_end(&t->span, block, t->n);
	double		sum = 0.0;

	for (int64_t i = from; i < to; i++)
	{
		double		w = mlk_weight(t->weight, i);
		double		e = fabs(t->pred[i] - t->y[i]);

		t->error[i] = e;
		s.weight += w;
		s.absolute += w * e;
		s.square += w * e * e;
		s.relative += w * (e / fmax(fabs(t->y[i]), DBL_EPSILON));
		sum += w * (t->y[i] - t->y[0]);
	}
	s.mean = s.weight > 0.0 ? sum / s.weight : 0.0;
	for (int64_t i = from; i < to; i++)
	{
		double		d = (t->y[i] - t->y[0]) - s.mean;

		s.deviation += mlk_weight(t->weight, i) * d * d;
	}
	t->sums[block] = s;
}

static void
error_merge(ErrorSums *into, const ErrorSums *from)
{
	double		weight = into->weight + from->weight;
	double		delta = from->mean - into->mean;

	if (from->weight > 0.0)
	{
		into->mean += delta * from->weight / weight;
		into->deviation += from->deviation + delta * delta * into->weight * from->weight / weight;
	}
	into->weight = weight;
	into->absolute += from->absolute;
	into->square += from->square;
	into->relative += from->relative;
}

/* scikit-learn's conventions where the ratio has no value */
static double
r_squared(const ErrorSums *s, int64_t n)
{
	if (n < 2)
		return NAN;
	if (s->square == 0.0)
		return 1.0;
	if (s->deviation == 0.0)
		return 0.0;
	return 1.0 - s->square / s->deviation;
}

MlkStatus
mlk_regression_metrics(MlkPool *pool, const double *y, const double *pred,
					   const double *weight, int64_t n, double *scratch,
					   MlkRegressionMetrics *out)
{
	RegressionTask t = {.y = y, .pred = pred, .weight = weight, .n = n, .error = scratch};
	ErrorSums	all = {0};
	MlkStatus	status;

	t.span = mlk_span(n, BLOCK_ROWS, MAX_BLOCKS);
	status = mlk_parallel_for(pool, t.span.blocks, error_block, &t);
	if (status != MLK_OK)
		return status;
	for (int64_t block = 0; block < t.span.blocks; block++)
		error_merge(&all, &t.sums[block]);

	/* no weight at all: 0 / 0 is NaN, as it should be */
	out->r2 = all.weight > 0.0 ? r_squared(&all, n) : NAN;
	out->rmse = sqrt(all.square / all.weight);
	out->mae = all.absolute / all.weight;
	out->mape = all.relative / all.weight;
	out->medae = NAN;
	if (isnan(out->mae))
		return MLK_OK;
	return mlk_median(pool, scratch, weight, n, &out->medae);
}

double
mlk_psi(const double *expected, const double *actual, int bins)
{
	double		total_expected = 0.0;
	double		total_actual = 0.0;
	double		psi = 0.0;

	for (int i = 0; i < bins; i++)
	{
		total_expected += expected[i];
		total_actual += actual[i];
	}
	if (!(total_expected > 0.0) || !(total_actual > 0.0))
		return NAN;
	for (int i = 0; i < bins; i++)
	{
		double		p = fmax(expected[i], 0.5) / total_expected;
		double		q = fmax(actual[i], 0.5) / total_actual;

		psi += (q - p) * log(q / p);
	}
	return psi;
}
