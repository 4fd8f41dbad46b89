/*
 * residuals.c: errors of a regression by bins of its predictions.
 */
#include "kernels/metrics_internal.h"
#include "kernels/residuals.h"
#include "kernels/sort.h"

static const double probability[MLK_RESIDUAL_QUANTILES] = {0.05, 0.25, 0.5, 0.75, 0.95};

typedef struct ResidualTask
{
	MlkPool    *pool;
	const double *y;
	const double *pred;
	int64_t		n;
	uint32_t   *order;			/* by prediction */
	double	   *residual;		/* of the bin at hand */
	void	   *sort;
} ResidualTask;

static size_t
sort_scratch(int64_t n)
{
	size_t		order = mlk_argsort_scratch(n);
	size_t		values = mlk_sort_scratch(n);

	return order > values ? order : values;
}

size_t
mlk_residuals_scratch(int64_t n)
{
	/* whole words, so that what follows is aligned */
	return (sort_scratch(n) + 7) / 8 * 8 + (size_t) n * (sizeof(double) + sizeof(uint32_t));
}

/* rows at places [from, to) of the order */
static MlkStatus
describe_places(const ResidualTask *t, int64_t from, int64_t to, MlkResiduals *out)
{
	double		sum = 0.0;
	MlkStatus	status;

	out->rows = to - from;
	out->mean_predicted = NAN;
	for (int64_t i = from; i < to; i++)
	{
		uint32_t	row = t->order[i];
		double		residual = t->y[row] - t->pred[row];

		if (i % MLK_POLL_ROWS == 0 && mlk_pool_stop(t->pool))
			return MLK_CANCELLED;
		if (isnan(residual))
			return MLK_NOT_FINITE;
		t->residual[i - from] = residual;
		sum += t->pred[row];
	}
	if (to > from)
		out->mean_predicted = sum / (double) (to - from);
	status = mlk_sort_values(t->pool, t->residual, to - from, t->sort);
	if (status != MLK_OK)
		return status;
	return mlk_describe(t->pool, t->residual, to - from, probability, MLK_RESIDUAL_QUANTILES, out->quantile, &out->residual);
}

/* the first place from `place` on whose prediction is another one than that before it */
static int64_t
end_of_ties(const ResidualTask *t, int64_t place)
{
	while (place > 0 && place < t->n && t->pred[t->order[place]] == t->pred[t->order[place - 1]])
		place++;
	return place;
}

MlkStatus
mlk_residuals(MlkPool *pool, const double *y, const double *pred, int64_t n, int bins, void *scratch, MlkResiduals *out)
{
	ResidualTask t = {.pool = pool, .y = y, .pred = pred, .n = n, .sort = scratch};
	MlkStatus	status;
	int64_t		from = 0;
	int64_t		place = 0;

	t.residual = (double *) ((char *) scratch + (sort_scratch(n) + 7) / 8 * 8);
	t.order = (uint32_t *) (t.residual + n);
	status = mlk_argsort_f64(pool, pred, n, t.order, scratch);
	if (status == MLK_OK)
		status = describe_places(&t, 0, n, &out[0]);
	for (int b = 0; b < bins && status == MLK_OK; b++)
	{
		int64_t		to;

		place += n / bins + (b < n % bins);
		to = end_of_ties(&t, place);
		if (to < from)
			to = from;
		status = describe_places(&t, from, to, &out[b + 1]);
		from = to;
	}
	return status;
}
