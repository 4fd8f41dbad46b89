/*
 * threshold.c: where to cut probabilities into decisions, and scores into sets that cover.
 */
#include "kernels/calibration.h"

#include "kernels/metrics_internal.h"
#include "kernels/sort.h"

/* coverage * (n + 1) comes from decimals: 0.95 * 20 is meant to be 19, and may be a little more */
#define RANK_TOLERANCE 1e-12

size_t
mlk_threshold_scratch(int64_t n)
{
	return sizeof(uint32_t) * (size_t) n + 16 + mlk_argsort_scratch(n);
}

/* how good a cut is, the more the better; weights of the rows of each sort */
static double
worth(const MlkThresholdAim *aim, double true_positive, double false_positive, double false_negative)
{
	double		all = 2.0 * true_positive + false_positive + false_negative;

	if (aim->f1)
		return all > 0.0 ? 2.0 * true_positive / all : 0.0;
	return -(aim->false_positive * false_positive + aim->false_negative * false_negative);
}

MlkStatus
mlk_threshold_fit(MlkPool *pool, const double *probability, const uint8_t *positive, const double *weight, int64_t n,
				  const MlkThresholdAim *aim, void *scratch, double *threshold, double *value)
{
	uint32_t   *order = scratch;
	void	   *sorting = (void *) (((uintptr_t) (order + n) + 15) & ~(uintptr_t) 15);
	MlkStatus	status = mlk_argsort_f64(pool, probability, n, order, sorting);
	double		of[2] = {0.0, 0.0};	/* weights of other and positive rows at or above the cut */
	double		positives = 0.0;
	double		total = 0.0;
	double		best = -INFINITY;

	if (status != MLK_OK)
		return status;
	for (int64_t i = 0; i < n; i++)
	{
		total += mlk_weight(weight, i);
		positives += positive[i] ? mlk_weight(weight, i) : 0.0;
	}
	*threshold = 1.0;
	if (!aim->f1 && n > 0 && probability[order[n - 1]] < 1.0)
		best = worth(aim, 0.0, 0.0, positives);
	for (int64_t i = n - 1; i >= 0; i--)
	{
		double		at = probability[order[i]];
		double		here;

		if (i % MLK_POLL_ROWS == 0 && mlk_pool_stop(pool))
			return MLK_CANCELLED;
		of[positive[order[i]] != 0] += mlk_weight(weight, order[i]);
		if (i > 0 && probability[order[i - 1]] == at)
			continue;
		here = worth(aim, of[1], of[0], positives - of[1]);
		if (here > best)
		{
			best = here;
			*threshold = at;
		}
	}
	*value = aim->f1 ? best : -best / total;
	return MLK_OK;
}

/* ---- conformal prediction ---- */

int64_t
mlk_conformal_rank(int64_t n, double coverage)
{
	double		rank = ((double) n + 1.0) * coverage;

	return (int64_t) ceil(rank - RANK_TOLERANCE * rank);
}

int64_t
mlk_conformal_point_rank(int64_t n, int64_t m, int64_t j)
{
	/* whole numbers below 2^63: m is at most 10,000 */
	return ((j + 1) * n + m - 1) / m;
}

int64_t
mlk_conformal_point(int64_t n, int64_t m, int64_t rank)
{
	int64_t		j = (rank - 1) * m / n;

	while (j > 0 && mlk_conformal_point_rank(n, m, j - 1) >= rank)
		j--;
	while (j < m - 1 && mlk_conformal_point_rank(n, m, j) < rank)
		j++;
	return j;
}
