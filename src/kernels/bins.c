/*
 * bins.c: where the bins of a number lie, and which bin a value falls into.
 *
 * A value goes through a search of fixed depth over edges padded with infinity, sixteen values side by side, so
 * that the loads of one value hide behind those of the others and the loop vectorises.
 */
#include <string.h>

#include "kernels/bins.h"

#define LANES 16
#define SMALL 24				/* insertion sort below */
#define PADDED (MLK_MAX_NUMBER_BINS + 1)

static void
insertion_sort(double *x, int64_t n)
{
	for (int64_t i = 1; i < n; i++)
	{
		double		v = x[i];
		int64_t		j = i;

		for (; j > 0 && x[j - 1] > v; j--)
			x[j] = x[j - 1];
		x[j] = v;
	}
}

static void
sift_down(double *x, int64_t root, int64_t n)
{
	double		v = x[root];
	int64_t		child;

	while ((child = 2 * root + 1) < n)
	{
		if (child + 1 < n && x[child + 1] > x[child])
			child++;
		if (!(x[child] > v))
			break;
		x[root] = x[child];
		root = child;
	}
	x[root] = v;
}

static void
heap_sort(double *x, int64_t n)
{
	for (int64_t i = n / 2 - 1; i >= 0; i--)
		sift_down(x, i, n);
	for (int64_t i = n - 1; i > 0; i--)
	{
		double		v = x[0];

		x[0] = x[i];
		x[i] = v;
		sift_down(x, 0, i);
	}
}

static inline double
middle_of_three(double a, double b, double c)
{
	if (a < b)
		return b < c ? b : (a < c ? c : a);
	return a < c ? a : (b < c ? c : b);
}

/* values for which below is true to the front, without branches on the data; how many they are */
static inline int64_t
partition(double *x, int64_t n, double pivot, bool or_equal)
{
	int64_t		front = 0;

	for (int64_t i = 0; i < n; i++)
	{
		double		v = x[i];
		bool		below = or_equal ? v <= pivot : v < pivot;

		x[i] = x[front];
		x[front] = v;
		front += below;
	}
	return front;
}

/* quicksort that puts runs of equal values aside; heap sort once depth shows that the pivots are bad */
static void
sort_doubles(double *x, int64_t n, int depth)
{
	while (n > SMALL)
	{
		double		pivot = middle_of_three(x[0], x[n / 2], x[n - 1]);
		int64_t		less;
		int64_t		equal;

		if (depth-- == 0)
		{
			heap_sort(x, n);
			return;
		}
		less = partition(x, n, pivot, false);
		equal = less + partition(x + less, n - less, pivot, true);
		if (less < n - equal)
		{
			sort_doubles(x, less, depth);
			x += equal;
			n -= equal;
		}
		else
		{
			sort_doubles(x + equal, n - equal, depth);
			n = less;
		}
	}
	insertion_sort(x, n);
}

/* between a < b: at least a and below b, whatever rounding does */
static double
midpoint(double a, double b)
{
	double		m = 0.5 * a + 0.5 * b;

	return m >= a && m < b ? m : a;
}

/* the quantile between two neighbours in sorted x is their midpoint; edges that repeat are one */
static int
quantile_edges(const double *x, int64_t n, int max_bins, double *edges)
{
	int			count = 0;

	for (int q = 1; q < max_bins; q++)
	{
		/* q (n - 1) / max_bins, in whole numbers */
		__int128	scaled = (__int128) q * (n - 1);
		int64_t		low = (int64_t) (scaled / max_bins);
		bool		exact = scaled % max_bins == 0;
		double		edge = exact || x[low] == x[low + 1] ? x[low] : midpoint(x[low], x[low + 1]);

		if (edge < x[n - 1] && (count == 0 || edge > edges[count - 1]))
			edges[count++] = edge;
	}
	return count;
}

int
mlk_bin_edges(double *sample, int64_t n, int max_bins, double *edges)
{
	int64_t		present = 0;
	int			distinct = 0;

	for (int64_t i = 0; i < n; i++)
	{
		double		v = sample[i];

		if (!isnan(v))
			sample[present++] = v;
	}
	if (present == 0)
		return 1;
	sort_doubles(sample, present, 96);
	for (int64_t i = 1; i < present && distinct < max_bins; i++)
		distinct += sample[i] != sample[i - 1];
	if (distinct + 1 > max_bins)
		return quantile_edges(sample, present, max_bins, edges) + 1;
	distinct = 0;
	for (int64_t i = 1; i < present; i++)
	{
		if (sample[i] != sample[i - 1])
			edges[distinct++] = midpoint(sample[i - 1], sample[i]);
	}
	return distinct + 1;
}

/* the number of edges below each value, for a table of 2^steps - 1 edges */
static inline void
bin_lanes(const double *x, int64_t stride, const double *table, int steps, int missing, uint8_t *out)
{
	double		v[LANES];
	int32_t		at[LANES] = {0};

	for (int k = 0; k < LANES; k++)
		v[k] = x[k * stride];
	for (int32_t half = 1 << (steps - 1); half > 0; half >>= 1)
	{
		for (int k = 0; k < LANES; k++)
			at[k] += table[at[k] + half - 1] < v[k] ? half : 0;
	}
	for (int k = 0; k < LANES; k++)
		out[k] = (uint8_t) (v[k] == v[k] ? at[k] : missing);
}

MLK_CLONES
void
mlk_bin_numbers(const double *x, int64_t stride, int64_t n, const double *edges, int n_bins, uint8_t *out)
{
	double		table[PADDED];
	int			steps = 1;
	int64_t		i = 0;

	while ((1 << steps) < n_bins)
		steps++;
	for (int k = 0; k < PADDED; k++)
		table[k] = k < n_bins - 1 ? edges[k] : INFINITY;
	for (; i + LANES <= n; i += LANES)
		bin_lanes(x + i * stride, stride, table, steps, n_bins, out + i);
	if (i < n)
	{
		double		rest[LANES] = {0};
		uint8_t		bins[LANES];

		for (int64_t k = i; k < n; k++)
			rest[k - i] = x[k * stride];
		bin_lanes(rest, 1, table, steps, n_bins, bins);
		memcpy(out + i, bins, (size_t) (n - i));
	}
}
