/*
 * ranking.c: area under the ROC curve and average precision, from one score.
 *
 * Rows are taken from the highest score down.  Rows of equal score pass the
 * threshold together, so they are one step of either curve: a trapezoid of the
 * ROC curve, a single precision of the other.
 */
#include "kernels/metrics.h"
#include "kernels/metrics_internal.h"
#include "kernels/sort.h"

#define PREFETCH_ROWS 24		/* the sorted order jumps through the rows: ask for them this far ahead */

typedef struct Curve
{
	double		tp;				/* weight of the positives above the threshold */
	double		fp;
	double		area;			/* under tp over fp */
	double		precision;		/* sum of precision * gain in tp */
} Curve;

/* a group of rows with one score passes the threshold */
static inline void
curve_step(Curve *c, double positive, double negative)
{
	c->area += negative * (c->tp + 0.5 * positive);
	c->tp += positive;
	c->fp += negative;
	if (positive > 0.0)
		c->precision += positive * (c->tp / (c->tp + c->fp));
}

static MlkStatus
trace_curve(MlkPool *pool, const uint8_t *positive, const double *score, const double *weight,
			const uint32_t *order, int64_t n, Curve *curve)
{
	Curve		c = {0};
	double		group[2] = {0.0, 0.0};	/* weight of negatives and positives at the threshold */
	double		threshold = score[order[n - 1]];

	for (int64_t i = n - 1; i >= 0; i--)
	{
		uint32_t	row = order[i];

		if (i % MLK_POLL_ROWS == 0 && mlk_pool_stop(pool))
			return MLK_CANCELLED;
		if (i >= PREFETCH_ROWS)
		{
			__builtin_prefetch(&score[order[i - PREFETCH_ROWS]]);
			__builtin_prefetch(&positive[order[i - PREFETCH_ROWS]]);
		}
		if (score[row] != threshold)
		{
			curve_step(&c, group[1], group[0]);
			group[0] = group[1] = 0.0;
			threshold = score[row];
		}
		group[positive[row] != 0] += mlk_weight(weight, row);
	}
	curve_step(&c, group[1], group[0]);
	*curve = c;
	return MLK_OK;
}

size_t
mlk_ranking_scratch(int64_t n)
{
	return mlk_argsort_scratch(n) + (size_t) n * sizeof(uint32_t);
}

/* roc_auc is NaN without weight on both sides, average_precision without positives, both with a NaN score. */
MlkStatus
mlk_ranking_metrics(MlkPool *pool, const uint8_t *positive, const double *score, const double *weight,
					int64_t n, void *scratch, double *roc_auc, double *average_precision)
{
	uint32_t   *order = (uint32_t *) ((char *) scratch + mlk_argsort_scratch(n));
	Curve		curve;
	MlkStatus	status;

	*roc_auc = NAN;
	*average_precision = NAN;
	if (n == 0)
		return MLK_OK;
	status = mlk_argsort_f64(pool, score, n, order, scratch);
	if (status != MLK_OK || isnan(score[order[n - 1]]))
		return status;
	status = trace_curve(pool, positive, score, weight, order, n, &curve);
	if (status != MLK_OK)
		return status;
	if (curve.tp > 0.0 && curve.fp > 0.0)
		*roc_auc = curve.area / (curve.tp * curve.fp);
	/* sums of weights are rounded */
	if (*roc_auc > 1.0)
		*roc_auc = 1.0;
	if (curve.tp > 0.0)
		*average_precision = curve.precision / curve.tp;
	return MLK_OK;
}
