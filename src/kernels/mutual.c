/*
 * mutual.c: mutual information of two columns.
 *
 * In one dimension neighbours are found in the sorted values, where the k nearest of a value lie next to it.  In two, points are
 * sorted by x and a search goes outwards until x alone is farther away than the k-th neighbour found so far.
 */
#include <string.h>

#include "kernels/contingency.h"
#include "kernels/describe.h"
#include "kernels/mutual.h"
#include "kernels/rng.h"
#include "kernels/sort.h"

#define EULER 0.57721566490153286061
#define NOISE 1e-10

/* digamma of a whole number >= 1: H(n - 1) - gamma; its asymptotic series from 16 on, good to 1e-17 there */
static double
digamma(double n)
{
	double		inverse = 1.0 / (n * n);
	double		sum = -EULER;

	if (n >= 16.0)
		return log(n) - 0.5 / n - inverse * (1.0 / 12.0 - inverse * (1.0 / 120.0 - inverse * (1.0 / 252.0 - inverse *
			(1.0 / 240.0 - inverse * (1.0 / 132.0)))));
	for (int i = 1; i < (int) n; i++)
		sum += 1.0 / i;
	return sum;
}

void
mlk_mutual_prepare(double *x, int64_t n, uint64_t seed)
{
	double		mean = 0.0;
	double		squares = 0.0;
	double		magnitude = 0.0;
	MlkRng		rng;

	for (int64_t i = 0; i < n; i++)
		mean += x[i] / (double) n;
	for (int64_t i = 0; i < n; i++)
		squares += (x[i] - mean) * (x[i] - mean) / (double) n;
	if (squares > 0.0 && isfinite(squares))
		for (int64_t i = 0; i < n; i++)
			x[i] /= sqrt(squares);
	for (int64_t i = 0; i < n; i++)
		magnitude += fabs(x[i]) / (double) n;
	mlk_rng_seed(&rng, seed);
	for (int64_t i = 0; i < n; i++)
		x[i] += NOISE * fmax(1.0, magnitude) * mlk_rng_normal(&rng);
}

/* ---- codes ---- */

size_t
mlk_mutual_codes_scratch(int64_t n, int64_t n_a, int64_t n_b)
{
	return mlk_contingency_scratch(n, n_a, n_b);
}

MlkStatus
mlk_mutual_codes(MlkPool *pool, const uint32_t *a, const uint32_t *b, int64_t n, int64_t n_a, int64_t n_b,
				 void *scratch, double *information, double *entropy)
{
	MlkContingency table;
	MlkStatus	status = mlk_contingency_count(pool, a, b, n, n_a, n_b, scratch, &table);

	if (status != MLK_OK)
		return status;
	*information = mlk_contingency_information(&table);
	if (entropy != NULL)
		*entropy = mlk_contingency_entropy(&table);
	return MLK_OK;
}

/* ---- a number and a code ---- */

/*
 * Distance from sorted x[i] to the k-th nearest of the others, k < n.  *low is the first of the k + 1 values around i; it only
 * moves up from one i to the next.
 */
static double
kth_distance(const double *x, int64_t n, int64_t i, int64_t k, int64_t *low)
{
	if (*low < i - k)
		*low = i - k;
	while (*low < i && *low + k + 1 < n && x[*low + k + 1] - x[i] < x[i] - x[*low])
		(*low)++;
	return fmax(x[i] - x[*low], x[*low + k] - x[i]);
}

/* how many of sorted x[n] are within reach of value */
static int64_t
count_within(const double *x, int64_t n, double value, double reach)
{
	int64_t		from = 0;
	int64_t		to = n;
	int64_t		end = n;

	while (from < to)
	{
		int64_t		middle = from + (to - from) / 2;

		if (value - x[middle] > reach)
			from = middle + 1;
		else
			to = middle;
	}
	to = from;
	while (to < end)
	{
		int64_t		middle = to + (end - to) / 2;

		if (x[middle] - value <= reach)
			to = middle + 1;
		else
			end = middle;
	}
	return to - from;
}

/* values by code, all values, the sort's own, and where each code starts */
size_t
mlk_mutual_mixed_scratch(int64_t n, int64_t n_codes)
{
	return (size_t) n * 2 * sizeof(double) + mlk_sort_scratch(n) + (size_t) (n_codes + 1) * sizeof(int64_t) + sizeof(int64_t);
}

/* grouped[start[c] .. start[c + 1]) := the values of code c, sorted */
static void
group_values(const double *x, const uint32_t *code, int64_t n, int64_t n_codes, int64_t *start, double *grouped, void *scratch)
{
	memset(start, 0, (n_codes + 1) * sizeof(int64_t));
	for (int64_t i = 0; i < n; i++)
		start[code[i] + 1]++;
	for (int64_t c = 0; c < n_codes; c++)
		start[c + 1] += start[c];
	for (int64_t i = 0; i < n; i++)
		grouped[start[code[i]]++] = x[i];
	for (int64_t c = n_codes; c > 0; c--)
		start[c] = start[c - 1];
	start[0] = 0;
	for (int64_t c = 0; c < n_codes; c++)
		(void) mlk_sort_values(NULL, grouped + start[c], start[c + 1] - start[c], scratch);
}

double
mlk_mutual_mixed(const double *x, const uint32_t *code, int64_t n, int64_t n_codes, int neighbours, void *scratch)
{
	double	   *grouped = scratch;
	double	   *all = grouped + n;
	int64_t    *start = (int64_t *) (all + n);
	double		sum = 0.0;
	int64_t		used = 0;

	group_values(x, code, n, n_codes, start, grouped, start + n_codes + 1);
	for (int64_t c = 0; c < n_codes; c++)
	{
		int64_t		count = start[c + 1] - start[c];

		if (count > 1)
		{
			memcpy(all + used, grouped + start[c], count * sizeof(double));
			used += count;
		}
	}
	(void) mlk_sort_values(NULL, all, used, start + n_codes + 1);
	for (int64_t c = 0; c < n_codes; c++)
	{
		const double *own = grouped + start[c];
		int64_t		count = start[c + 1] - start[c];
		int64_t		k = neighbours < count - 1 ? neighbours : count - 1;
		int64_t		low = 0;

		for (int64_t i = 0; i < count && count > 1; i++)
		{
			double		reach = nextafter(kth_distance(own, count, i, k, &low), 0.0);

			sum += digamma((double) k) - digamma((double) count) - digamma((double) count_within(all, used, own[i], reach));
		}
	}
	if (used == 0)
		return 0.0;
	return fmax(0.0, digamma((double) used) + sum / (double) used);
}

/* ---- two numbers ---- */

/* points by x, sorted x and y, and the sort's own */
size_t
mlk_mutual_numbers_scratch(int64_t n)
{
	size_t		sort = mlk_sort_scratch(n) > mlk_argsort_scratch(n) ? mlk_sort_scratch(n) : mlk_argsort_scratch(n);

	return (size_t) n * 3 * sizeof(double) + (size_t) (n + 1) * sizeof(uint32_t) + sizeof(int64_t) + sort;
}

/*
 * Distance (the larger of both coordinates') from point i to the k-th nearest other one; points are sorted by x.  nearest[] is
 * kept ascending.
 */
static double
kth_distance_2d(const double *x, const double *y, int64_t n, int64_t i, int k, double *nearest)
{
	int64_t		below = i - 1;
	int64_t		above = i + 1;

	for (int j = 0; j < k; j++)
		nearest[j] = INFINITY;
	while (below >= 0 || above < n)
	{
		bool		down = above >= n || (below >= 0 && x[i] - x[below] < x[above] - x[i]);
		int64_t		other = down ? below-- : above++;
		double		dx = fabs(x[other] - x[i]);
		double		distance = fmax(dx, fabs(y[other] - y[i]));
		int			j = k - 1;

		if (dx >= nearest[k - 1])
			break;
		if (distance >= nearest[k - 1])
			continue;
		for (; j > 0 && nearest[j - 1] > distance; j--)
			nearest[j] = nearest[j - 1];
		nearest[j] = distance;
	}
	return nearest[k - 1];
}

double
mlk_mutual_numbers(const double *x, const double *y, int64_t n, int neighbours, void *scratch)
{
	double	   *by_x = scratch;
	double	   *y_by_x = by_x + n;
	double	   *by_y = y_by_x + n;
	uint32_t   *order = (uint32_t *) (by_y + n);
	void	   *room = by_y + n + (n + 1) / 2;
	int			k = neighbours < n - 1 ? neighbours : (int) n - 1;
	double		nearest[16];
	double		sum = 0.0;

	if (n < 2)
		return 0.0;
	k = k < 16 ? k : 16;
	(void) mlk_argsort_f64(NULL, x, n, order, room);
	for (int64_t i = 0; i < n; i++)
	{
		by_x[i] = x[order[i]];
		y_by_x[i] = by_y[i] = y[order[i]];
	}
	(void) mlk_sort_values(NULL, by_y, n, room);
	for (int64_t i = 0; i < n; i++)
	{
		double		reach = nextafter(kth_distance_2d(by_x, y_by_x, n, i, k, nearest), 0.0);

		sum += digamma((double) count_within(by_x, n, by_x[i], reach)) + digamma((double) count_within(by_y, n, y_by_x[i], reach));
	}
	return fmax(0.0, digamma((double) n) + digamma((double) k) - sum / (double) n);
}
