/*
 * curves.c: thresholds of a score: cuts, corners of the ROC curve, calibration, lift, costs.
 */
#include "kernels/curves.h"
#include "kernels/metrics_internal.h"
#include "kernels/sort.h"

size_t
mlk_cuts_scratch(int64_t n)
{
	return mlk_argsort_scratch(n) + (size_t) n * sizeof(uint32_t);
}

MlkStatus
mlk_cuts(MlkPool *pool, const uint8_t *positive, const double *score, int64_t n, void *scratch,
		 MlkCut *cut, int64_t *n_cuts)
{
	uint32_t   *order = (uint32_t *) ((char *) scratch + mlk_argsort_scratch(n));
	MlkStatus	status = mlk_argsort_f64(pool, score, n, order, scratch);
	int64_t		at = -1;
	int64_t		positives = 0;

	if (status != MLK_OK)
		return status;
	if (isnan(score[order[n - 1]]))
		return MLK_NOT_FINITE;
	for (int64_t i = 0; i < n; i++)
	{
		uint32_t	row = order[n - 1 - i];

		if (i % MLK_POLL_ROWS == 0 && mlk_pool_stop(pool))
			return MLK_CANCELLED;
		if (at < 0 || score[row] != cut[at].score)
			cut[++at].score = score[row];
		positives += positive[row] != 0;
		cut[at].rows = i + 1;
		cut[at].positives = positives;
	}
	*n_cuts = at + 1;
	return MLK_OK;
}

/* do the steps before and after the middle cut differ? */
static bool
is_corner(const MlkCut *before, const MlkCut *cut, const MlkCut *after)
{
	return cut->positives - before->positives != after->positives - cut->positives ||
		cut->rows - before->rows != after->rows - cut->rows;
}

int64_t
mlk_roc_corners(MlkCut *cut, int64_t n_cuts)
{
	int64_t		kept = 1;
	MlkCut		before = cut[0];

	for (int64_t i = 1; i < n_cuts; i++)
	{
		MlkCut		here = cut[i];

		/* what is overwritten is behind: before keeps the neighbour */
		if (i == n_cuts - 1 || is_corner(&before, &here, &cut[i + 1]))
			cut[kept++] = here;
		before = here;
	}
	return kept;
}

/* the first cut that holds more than depth rows */
static int64_t
cut_at_depth(const MlkCut *cut, int64_t n_cuts, int64_t depth)
{
	int64_t		low = 0;
	int64_t		high = n_cuts - 1;

	while (low < high)
	{
		int64_t		middle = low + (high - low) / 2;

		if (cut[middle].rows > depth)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* ---- calibration ---- */

/* score of the row at place rank, counted from 0 at the lowest */
static double
score_of_rank(const MlkCut *cut, int64_t n_cuts, int64_t rank)
{
	return cut[cut_at_depth(cut, n_cuts, cut[n_cuts - 1].rows - 1 - rank)].score;
}

/* numpy's percentile of the scores; q as it comes out of its linspace(0, 1) * 100, which it divides by 100 again */
static double
quantile_of_scores(const MlkCut *cut, int64_t n_cuts, double q)
{
	double		place = q * 100.0 / 100.0 * (double) (cut[n_cuts - 1].rows - 1);
	int64_t		below = (int64_t) place;
	double		fraction = place - (double) below;
	double		low = score_of_rank(cut, n_cuts, below);
	double		high;

	if (fraction == 0.0)
		return low;
	high = score_of_rank(cut, n_cuts, below + 1);
	if (fraction >= 0.5)
		return high - (high - low) * (1.0 - fraction);
	return low + (high - low) * fraction;
}

/* the edge above bin b */
static double
upper_edge(const MlkCut *cut, int64_t n_cuts, int bins, bool quantiles, int b)
{
	double		share = (b + 1) * (1.0 / bins);

	return quantiles ? quantile_of_scores(cut, n_cuts, share) : share;
}

void
mlk_calibration_bins(const MlkCut *cut, int64_t n_cuts, int bins, bool quantiles, MlkCalibrationBin *out)
{
	int			b = 0;
	double		edge = upper_edge(cut, n_cuts, bins, quantiles, 0);

	for (int i = 0; i < bins; i++)
		out[i] = (MlkCalibrationBin) {0};
	for (int64_t i = n_cuts - 1; i >= 0; i--)
	{
		int64_t		rows = cut[i].rows - (i > 0 ? cut[i - 1].rows : 0);

		while (b < bins - 1 && cut[i].score > edge)
		{
			b++;
			edge = upper_edge(cut, n_cuts, bins, quantiles, b);
		}
		out[b].rows += rows;
		out[b].positives += cut[i].positives - (i > 0 ? cut[i - 1].positives : 0);
		out[b].sum += (double) rows * cut[i].score;
	}
}

/* ---- lift ---- */

/* positives among the first depth rows */
static double
positives_above(const MlkCut *cut, int64_t n_cuts, int64_t depth)
{
	MlkCut		none = {0};
	const MlkCut *after;
	const MlkCut *before;
	int64_t		i;

	if (depth >= cut[n_cuts - 1].rows)
		return (double) cut[n_cuts - 1].positives;
	i = cut_at_depth(cut, n_cuts, depth);
	after = &cut[i];
	before = i > 0 ? &cut[i - 1] : &none;
	return (double) before->positives + (double) (after->positives - before->positives) *
		((double) (depth - before->rows) / (double) (after->rows - before->rows));
}

void
mlk_lift_groups(const MlkCut *cut, int64_t n_cuts, int groups, MlkLiftGroup *out)
{
	const MlkCut *all = &cut[n_cuts - 1];
	int64_t		depth = 0;
	double		before = 0.0;

	for (int g = 0; g < groups; g++)
	{
		double		positives;

		out[g].rows = all->rows / groups + (g < all->rows % groups);
		depth += out[g].rows;
		positives = positives_above(cut, n_cuts, depth);
		out[g].positives = positives - before;
		out[g].gain = positives / (double) all->positives;
		out[g].ks = out[g].gain - ((double) depth - positives) / (double) (all->rows - all->positives);
		before = positives;
	}
}

/* ---- thresholds ---- */

double
mlk_cut_f1(const MlkCut *cut, const MlkCut *all)
{
	/* 2 tp / (2 tp + fp + fn) */
	return cut->positives == 0 ? 0.0 : 2.0 * (double) cut->positives / (double) (cut->rows + all->positives);
}

double
mlk_cut_cost(const MlkCut *cut, const MlkCut *all, const MlkCosts *costs)
{
	int64_t		tp = cut->positives;
	int64_t		fp = cut->rows - tp;
	int64_t		fn = all->positives - tp;
	int64_t		tn = all->rows - cut->rows - fn;

	return costs->tp * (double) tp + costs->fp * (double) fp + costs->fn * (double) fn + costs->tn * (double) tn;
}

int64_t
mlk_best_cut(const MlkCut *cut, int64_t n_cuts, const MlkCosts *costs)
{
	const MlkCut *all = &cut[n_cuts - 1];
	MlkCut		none = {0};
	double		best_cost = costs != NULL ? mlk_cut_cost(&none, all, costs) : 0.0;
	int64_t		best = -1;

	for (int64_t i = 0; i < n_cuts; i++)
	{
		/* least is best, so f1 counts negative */
		double		cost = costs != NULL ? mlk_cut_cost(&cut[i], all, costs) : -mlk_cut_f1(&cut[i], all);

		if (cost < best_cost)
		{
			best = i;
			best_cost = cost;
		}
	}
	return best;
}
