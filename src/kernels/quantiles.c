/*
 * quantiles.c: quantiles of sorted values, and the place of a value among them.
 */
#include "kernels/quantiles.h"

#include <float.h>

#include "kernels/special.h"

#define NORMAL_EDGE 1e-7		/* values this close to an end are at it, and shares this close to 0 or 1 are cut */

/* what lies behind x[below] by a fraction of the way to the next */
static double
between(const double *x, int64_t n, int64_t below, double fraction)
{
	if (fraction == 0.0 || below + 1 >= n)
		return x[below];
	/* numpy's interpolation: from the nearer end */
	if (fraction >= 0.5)
		return x[below + 1] - (x[below + 1] - x[below]) * (1.0 - fraction);
	return x[below] + (x[below + 1] - x[below]) * fraction;
}

double
mlk_quantile_sorted(const double *x, int64_t n, double q)
{
	double		place = q * (double) (n - 1);
	int64_t		below = (int64_t) place;

	return n == 0 ? NAN : between(x, n, below, place - (double) below);
}

/* places in whole numbers: a quantile that is a value is that value to the bit, so that ties among quantiles are seen */
void
mlk_quantile_grid(const double *x, int64_t n, int count, double *out)
{
	for (int k = 0; k < count; k++)
	{
		int64_t		place = k * (n - 1);

		out[k] = between(x, n, place / (count - 1), (double) (place % (count - 1)) / (count - 1));
		if (k > 0 && out[k] < out[k - 1])
			out[k] = out[k - 1];
	}
}

/* how many of grid[count] are below x, or with equal also those that are x */
static int
count_below(const double *grid, int count, double x, bool equal)
{
	int			low = 0;
	int			high = count;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (grid[middle] < x || (equal && grid[middle] == x))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* 0 at the first quantile and 1 at the last are the caller's */
static double
interpolate(const double *grid, int count, double x)
{
	int			first = count_below(grid, count, x, false);
	int			behind = count_below(grid, count, x, true);
	double		step = 1.0 / (count - 1);

	if (behind > first)
		return 0.5 * (first * step + (behind - 1) * step);
	return (first - 1) * step + step * ((x - grid[first - 1]) / (grid[first] - grid[first - 1]));
}

double
mlk_quantile_place(const double *grid, int count, double x)
{
	if (isnan(x))
		return NAN;
	if (x <= grid[0])
		return 0.0;
	if (x >= grid[count - 1])
		return 1.0;
	return interpolate(grid, count, x);
}

double
mlk_quantile_normal(const double *grid, int count, double x)
{
	double		edge = NORMAL_EDGE - DBL_EPSILON;
	double		share;

	if (isnan(x))
		return NAN;
	if (x - NORMAL_EDGE < grid[0])
		share = 0.0;
	else if (x + NORMAL_EDGE > grid[count - 1])
		share = 1.0;
	else
		share = interpolate(grid, count, x);
	return mlk_normal_quantile(fmin(fmax(share, edge), 1.0 - edge));
}
