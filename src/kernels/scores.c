/*
 * scores.c: statistics of feature selection (see scores.h).
 *
 * Deviations are taken from a point near the mean, so that the differences of sums below keep their digits.
 */
#include <float.h>

#include "kernels/scores.h"

void
mlk_group_sums(const double *x, int64_t stride, int64_t n, const int32_t *label, double shift, MlkGroupSums *groups)
{
	for (int64_t i = 0; i < n; i++)
	{
		double		d = x[i * stride] - shift;
		MlkGroupSums *g = &groups[label[i]];

		if (isnan(d))
			continue;
		g->count += 1.0;
		g->sum += d;
		g->square += d * d;
	}
}

double
mlk_f_groups(const MlkGroupSums *groups, int n_groups)
{
	double		n = 0.0;
	double		sum = 0.0;
	double		between = 0.0;
	double		within = 0.0;
	int			filled = 0;

	for (int g = 0; g < n_groups; g++)
	{
		if (groups[g].count == 0.0)
			continue;
		filled++;
		n += groups[g].count;
		sum += groups[g].sum;
		between += groups[g].sum * groups[g].sum / groups[g].count;
		within += groups[g].square - groups[g].sum * groups[g].sum / groups[g].count;
	}
	between -= sum * sum / n;
	return between / (filled - 1) / (within / (n - filled));
}

void
mlk_pair_sums(const double *x, int64_t stride, const double *y, int64_t n, double x_shift, double y_shift, MlkPairSums *sums)
{
	for (int64_t i = 0; i < n; i++)
	{
		double		dx = x[i * stride] - x_shift;
		double		dy = y[i] - y_shift;

		if (isnan(dx))
			continue;
		sums->count += 1.0;
		sums->x += dx;
		sums->y += dy;
		sums->xx += dx * dx;
		sums->yy += dy * dy;
		sums->xy += dx * dy;
	}
}

double
mlk_f_pair(const MlkPairSums *sums)
{
	double		n = sums->count;
	double		xx = sums->xx - sums->x * sums->x / n;
	double		yy = sums->yy - sums->y * sums->y / n;
	double		xy = sums->xy - sums->x * sums->y / n;
	double		square = xy / xx * (xy / yy);
	double		f;

	if (!(n > 0.0) || !(xx > 0.0) || !(yy > 0.0) || isnan(square))
		return 0.0;
	f = square < 1.0 ? square / (1.0 - square) * (n - 2.0) : DBL_MAX;
	return f < DBL_MAX ? f : DBL_MAX;
}

double
mlk_information_of_counts(const int64_t *count, int64_t a, int64_t b)
{
	double		n = 0.0;
	double		information = 0.0;

	for (int64_t i = 0; i < a * b; i++)
		n += (double) count[i];
	for (int64_t i = 0; i < a; i++)
	{
		double		row = 0.0;

		for (int64_t j = 0; j < b; j++)
			row += (double) count[i * b + j];
		for (int64_t j = 0; j < b; j++)
		{
			double		c = (double) count[i * b + j];

			if (c > 0.0)
				information += c / n * (log(c) - log(row));
		}
	}
	for (int64_t j = 0; j < b; j++)
	{
		double		column = 0.0;

		for (int64_t i = 0; i < a; i++)
			column += (double) count[i * b + j];
		if (column > 0.0)
			information -= column / n * (log(column) - log(n));
	}
	return information > 0.0 ? information : 0.0;
}
