/*
 * select.c: order statistics of doubles, by partitioning.
 *
 * Quickselect with a pivot from nine samples.  Once it has looked at more
 * elements than a fair run would, pivots become medians of medians (Blum,
 * Floyd, Pratt, Rivest and Tarjan, 1973), so that no input takes quadratic time.
 */
#include "kernels/sort.h"

#define SMALL_SELECT 24
#define FAIR_PASSES 8			/* elements looked at, in multiples of n, before pivots are taken with care */

static double select_kth(double *x, int64_t n, int64_t k);

static inline void
swap(double *a, double *b)
{
	double		t = *a;

	*a = *b;
	*b = t;
}

static inline double
median_of_three(double a, double b, double c)
{
	if (a < b)
		return b < c ? b : (a < c ? c : a);
	return a < c ? a : (b < c ? c : b);
}

static void
insertion_sort(double *x, int64_t n)
{
	for (int64_t i = 1; i < n; i++)
	{
		double		moving = x[i];
		int64_t		j = i;

		for (; j > 0 && x[j - 1] > moving; j--)
			x[j] = x[j - 1];
		x[j] = moving;
	}
}

/* Tukey's ninther of evenly spaced samples */
static double
quick_pivot(const double *x, int64_t n)
{
	int64_t		gap = n / 9;

	return median_of_three(median_of_three(x[0], x[gap], x[2 * gap]),
						   median_of_three(x[3 * gap], x[4 * gap], x[5 * gap]),
						   median_of_three(x[6 * gap], x[7 * gap], x[n - 1]));
}

/* At least three tenths of the elements are on either side of the result.  Reorders x. */
static double
careful_pivot(double *x, int64_t n)
{
	int64_t		groups = n / 5;

	for (int64_t g = 0; g < groups; g++)
	{
		insertion_sort(x + 5 * g, 5);
		swap(&x[g], &x[5 * g + 2]);
	}
	return select_kth(x, groups, groups / 2);
}

/*
 * [*from, *to] shrinks to the side of the pivot that holds place k.  Both scans stop at
 * elements equal to the pivot, so runs of equal values are split in the middle.
 * Elements between the two scans equal the pivot; when k is among them the range becomes empty.
 */
static void
partition(double *x, int64_t *from, int64_t *to, int64_t k, double pivot)
{
	int64_t		i = *from;
	int64_t		j = *to;

	while (i <= j)
	{
		while (x[i] < pivot)
			i++;
		while (x[j] > pivot)
			j--;
		if (i <= j)
			swap(&x[i++], &x[j--]);
	}
	if (k <= j)
		*to = j;
	else if (k >= i)
		*from = i;
	else
		*from = *to = k;
}

static double
select_kth(double *x, int64_t n, int64_t k)
{
	int64_t		from = 0;
	int64_t		to = n - 1;
	int64_t		seen = 0;

	while (to - from >= SMALL_SELECT)
	{
		int64_t		size = to - from + 1;
		double		pivot = seen > FAIR_PASSES * n ? careful_pivot(x + from, size) : quick_pivot(x + from, size);

		seen += size;
		partition(x, &from, &to, k, pivot);
	}
	insertion_sort(x + from, to - from + 1);
	return x[k];
}

double
mlk_select_f64(double *x, int64_t n, int64_t k)
{
	return select_kth(x, n, k);
}

double
mlk_quantile_f64(double *x, int64_t n, double q)
{
	double		place = q * (double) (n - 1);
	int64_t		below = (int64_t) place;
	double		fraction = place - (double) below;
	double		low;
	double		high;

	if (n == 0)
		return NAN;
	low = select_kth(x, n, below);
	if (fraction == 0.0 || below + 1 >= n)
		return low;

	/* everything behind place k is at least as large, so the next value is the least of it */
	high = x[below + 1];
	for (int64_t i = below + 2; i < n; i++)
		high = x[i] < high ? x[i] : high;

	/* numpy's interpolation: from the nearer end, so that equal neighbours give themselves and never overshoot */
	if (fraction >= 0.5)
		return high - (high - low) * (1.0 - fraction);
	return low + (high - low) * fraction;
}
