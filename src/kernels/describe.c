/*
 * describe.c: statistics of a column from its sorted values.
 *
 * What can be found by halving (quantiles, zeros, outliers, histogram, median of deviations) costs nothing beside the sort; three passes
 * are left: the sum, the central moments, and the runs of equal values.
 */
#include "kernels/describe.h"
#include "kernels/vector.h"

#define BLOCK_VALUES 65536		/* a bounded piece of work between two questions whether to stop */
#define MAD_FACTOR 1.4826		/* of normal numbers: median deviation to standard deviation */
#define FENCE 1.5				/* interquartile ranges, Tukey (1977) */
#define ROBUST_Z 3.5			/* Iglewicz and Hoaglin (1993) */

int64_t
mlk_sorted_place(const double *x, int64_t n, double value)
{
	int64_t		low = 0;

	while (low < n)
	{
		int64_t		middle = low + (n - low) / 2;

		if (x[middle] < value)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

/* place of the first value that is > value */
static int64_t
place_after(const double *x, int64_t n, double value)
{
	int64_t		low = 0;

	while (low < n)
	{
		int64_t		middle = low + (n - low) / 2;

		if (x[middle] <= value)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

/* numpy interpolates from the nearer end */
static double
between(double low, double high, double fraction)
{
	if (fraction >= 0.5)
		return high - (high - low) * (1.0 - fraction);
	return low + (high - low) * fraction;
}

double
mlk_sorted_quantile(const double *x, int64_t n, double q)
{
	double		place = q * (double) (n - 1);
	int64_t		below = (int64_t) place;

	if (n == 0)
		return NAN;
	if (below + 1 >= n || place == (double) below)
		return x[below];
	return between(x[below], x[below + 1], place - (double) below);
}

/* ---- deviations from the median ---- */

/*
 * The k-th smallest |x - median| (0-based).  Deviations of the values below the median, nearest first, and of the rest are two sorted
 * lists: halving finds how many of the k + 1 smallest come from the lower one.
 */
static double
kth_deviation(const double *x, int64_t n, double median, int64_t k)
{
	int64_t		split = mlk_sorted_place(x, n, median);
	int64_t		low = k + 1 - (n - split) > 0 ? k + 1 - (n - split) : 0;
	int64_t		high = split < k + 1 ? split : k + 1;

	/* the least number of lower values such that the next lower one is at least as far as the last upper one taken */
	while (low < high)
	{
		int64_t		lower = low + (high - low) / 2;
		int64_t		upper = k + 1 - lower;

		if (median - x[split - 1 - lower] < x[split + upper - 1] - median)
			low = lower + 1;
		else
			high = lower;
	}
	{
		double		from_below = low > 0 ? median - x[split - low] : 0.0;
		double		from_above = k + 1 - low > 0 ? x[split + k - low] - median : 0.0;

		return from_below > from_above ? from_below : from_above;
	}
}

static double
median_deviation(const double *x, int64_t n, double median)
{
	double		low = kth_deviation(x, n, median, (n - 1) / 2);

	if (n % 2 == 1)
		return low;
	return between(low, kth_deviation(x, n, median, n / 2), 0.5);
}

static void
find_outliers(const double *x, int64_t n, MlkDescription *out)
{
	double		q1 = mlk_sorted_quantile(x, n, 0.25);
	double		q3 = mlk_sorted_quantile(x, n, 0.75);
	double		median = mlk_sorted_quantile(x, n, 0.5);
	double		fence = FENCE * (q3 - q1);
	double		reach;

	out->outliers_iqr = mlk_sorted_place(x, n, q1 - fence) + n - place_after(x, n, q3 + fence);
	out->mad = MAD_FACTOR * median_deviation(x, n, median);
	if (out->mad > 0.0)
	{
		reach = median - x[0] > x[n - 1] - median ? median - x[0] : x[n - 1] - median;
		out->extreme = reach / out->mad;
		reach = ROBUST_Z * out->mad;
		out->outliers_z = mlk_sorted_place(x, n, median - reach) + n - place_after(x, n, median + reach);
	}
}

/* ---- histogram ---- */

int
mlk_describe_edges(double min, double max, bool integral, double *edge)
{
	double		width = max - min;
	int			bins = MLK_DESCRIBE_BINS;

	if (min == max)
		bins = 1;
	else if (integral && width < MLK_DESCRIBE_BINS)
	{
		bins = (int) width + 1;
		for (int b = 0; b <= bins; b++)
			edge[b] = min - 0.5 + b;
		return bins;
	}
	/* numpy's linspace; where the width overflows, from both ends */
	for (int b = 0; b < bins; b++)
		edge[b] = isfinite(width) ? b * (width / bins) + min :
			min * (1.0 - (double) b / bins) + max * ((double) b / bins);
	edge[bins] = max;
	return bins;
}

static void
fill_histogram(const double *x, int64_t n, MlkDescription *out)
{
	int64_t		from = 0;

	out->n_bins = mlk_describe_edges(out->min, out->max, out->integral, out->edge);
	for (int b = 0; b < out->n_bins; b++)
	{
		int64_t		to = b + 1 < out->n_bins ? mlk_sorted_place(x, n, out->edge[b + 1]) : n;

		out->count[b] = to - from;
		from = to;
	}
}

/* ---- passes ---- */

/* the block's sums of d, d^2 and d^3, d = (x - center) * scale */
MLK_CLONES
static void
add_powers(const double *x, int64_t n, double center, double scale, double *sum)
{
	double		one[MLK_LANES] = {0};
	double		two[MLK_LANES] = {0};
	double		three[MLK_LANES] = {0};
	int64_t		i = 0;

	for (; i + MLK_LANES <= n; i += MLK_LANES)
		for (int k = 0; k < MLK_LANES; k++)
		{
			double		d = (x[i + k] - center) * scale;

			one[k] += d;
			two[k] += d * d;
			three[k] += d * d * d;
		}
	for (; i < n; i++)
	{
		double		d = (x[i] - center) * scale;

		one[i % MLK_LANES] += d;
		two[i % MLK_LANES] += d * d;
		three[i % MLK_LANES] += d * d * d;
	}
	sum[0] += mlk_lanes_sum(one);
	sum[1] += mlk_lanes_sum(two);
	sum[2] += mlk_lanes_sum(three);
}

MLK_CLONES
static double
sum_block(const double *x, int64_t n)
{
	return mlk_vector_sum(x, n);
}

/*
 * Mean, then central moments about it, corrected for what rounding left of the first (Chan, Golub and LeVeque 1983).  Deviations are
 * scaled by the largest one, so that no power overflows.
 */
static MlkStatus
find_moments(const MlkPool *pool, const double *x, int64_t n, MlkDescription *out)
{
	double		sum[3] = {0};
	double		total = 0.0;
	double		center;
	double		reach;
	double		delta;
	double		m2;
	double		m3;

	/* halves: the sum of two values near the limit of double precision does not overflow */
	for (int64_t from = 0; from < n; from += BLOCK_VALUES)
	{
		int64_t		rows = n - from < BLOCK_VALUES ? n - from : BLOCK_VALUES;

		total += sum_block(x + from, rows) / (double) n;
		if (from % (16 * BLOCK_VALUES) == 0 && mlk_pool_stop(pool))
			return MLK_CANCELLED;
	}
	center = isfinite(total) ? total : x[n / 2];
	reach = fmax(out->max - center, center - out->min);
	if (reach == 0.0 || !isfinite(reach))
		reach = reach == 0.0 ? 1.0 : NAN;
	for (int64_t from = 0; from < n; from += BLOCK_VALUES)
	{
		int64_t		rows = n - from < BLOCK_VALUES ? n - from : BLOCK_VALUES;

		add_powers(x + from, rows, center, 1.0 / reach, sum);
		if (from % (16 * BLOCK_VALUES) == 0 && mlk_pool_stop(pool))
			return MLK_CANCELLED;
	}
	delta = sum[0] / (double) n;
	m2 = sum[1] / (double) n - delta * delta;
	m3 = sum[2] / (double) n - 3.0 * delta * (sum[1] / (double) n) + 2.0 * delta * delta * delta;
	out->mean = isnan(reach) ? total : center + delta * reach;
	if (out->min == out->max)
	{
		out->mean = out->min;
		m2 = 0.0;
	}
	if (n > 1)
		out->stddev = sqrt((m2 > 0.0 ? m2 : 0.0) * (double) n / (double) (n - 1)) * reach;
	if (m2 > 0.0)
		out->skew = m3 / (m2 * sqrt(m2));
	return MLK_OK;
}

/* Values come in ascending order: the new one goes behind those that are as frequent. */
static void
enter_top(MlkDescription *out, double value, int64_t count)
{
	int			place = out->n_top;

	if (out->n_top == MLK_DESCRIBE_TOP)
	{
		if (count <= out->top[place - 1].count)
			return;
		place--;
	}
	else
		out->n_top++;
	for (; place > 0 && out->top[place - 1].count < count; place--)
		out->top[place] = out->top[place - 1];
	out->top[place].value = value;
	out->top[place].count = count;
}

/* x with the infinities; values [first, last) of it are finite */
static MlkStatus
count_runs(const MlkPool *pool, const double *x, int64_t n, int64_t first, int64_t last, MlkDescription *out)
{
	double		before = NAN;	/* the distinct finite value before */
	int64_t		next_poll = 16 * BLOCK_VALUES;

	for (int64_t from = 0, to; from < n; from = to)
	{
		double		value = x[from];

		for (to = from + 1; to < n && x[to] == value; to++)
			;
		out->distinct++;
		if (out->n_top < MLK_DESCRIBE_TOP || to - from > out->top[MLK_DESCRIBE_TOP - 1].count)
			enter_top(out, value, to - from);
		if (from >= first && to <= last)
		{
			if (!isnan(before) && isnan(out->second))
				out->second = value;
			if (to == last)
				out->second_last = before;
			before = value;
		}
		if (to >= next_poll)
		{
			if (mlk_pool_stop(pool))
				return MLK_CANCELLED;
			next_poll = to + 16 * BLOCK_VALUES;
		}
	}
	return MLK_OK;
}

static bool
is_integral(const double *x, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		if (x[i] != rint(x[i]))
			return false;
	return true;
}

MlkStatus
mlk_describe(const MlkPool *pool, const double *x, int64_t n, const double *probability, int n_quantiles, double *quantile,
			 MlkDescription *out)
{
	int64_t		first = place_after(x, n, -INFINITY);
	int64_t		last = mlk_sorted_place(x, n, INFINITY);
	const double *finite = x + first;
	MlkStatus	status;

	*out = (MlkDescription) {.finite = last - first, .infinities = n - (last - first), .min = NAN, .max = NAN, .second = NAN,
		.second_last = NAN, .mean = NAN, .stddev = NAN, .skew = NAN, .mad = NAN, .integral = true};
	for (int i = 0; i < n_quantiles; i++)
		quantile[i] = mlk_sorted_quantile(finite, out->finite, probability[i]);
	status = count_runs(pool, x, n, first, last, out);
	if (status != MLK_OK || out->finite == 0)
		return status;
	out->min = x[first];
	out->max = x[last - 1];
	out->zeros = place_after(finite, out->finite, 0.0) - mlk_sorted_place(finite, out->finite, 0.0);
	out->integral = is_integral(finite, out->finite);
	find_outliers(finite, out->finite, out);
	fill_histogram(finite, out->finite, out);
	return find_moments(pool, finite, out->finite, out);
}
