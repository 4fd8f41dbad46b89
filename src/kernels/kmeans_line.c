/*
 * kmeans_line.c: k-means of numbers that are sorted: each group is a range of them.
 */
#include "kernels/kmeans_line.h"

#define MAX_ITERATIONS 300
#define TOLERANCE 1e-4

/* groups in the order of their centers; arrays of k */
typedef struct Groups
{
	const double *x;
	int64_t		n;
	int			k;
	double	   *center;
	double	   *next;			/* sums, then means */
	double	   *count;
	double	   *end;			/* group g is x[end[g - 1]] .. x[end[g] - 1]: whole numbers */
	double	   *left;			/* values taken from the left of a group */
} Groups;

/* few centers, nearly in order */
static void
sort_centers(Groups *g)
{
	for (int i = 1; i < g->k; i++)
	{
		double		c = g->center[i];
		int			j = i;

		for (; j > 0 && g->center[j - 1] > c; j--)
			g->center[j] = g->center[j - 1];
		g->center[j] = c;
	}
}

/* first of x[from..n) above limit */
static int64_t
first_above(const double *x, int64_t from, int64_t n, double limit)
{
	while (from < n)
	{
		int64_t		middle = from + (n - from) / 2;

		if (x[middle] > limit)
			n = middle;
		else
			from = middle + 1;
	}
	return from;
}

/* every value to its nearest center; false when nothing changes */
static bool
assign(Groups *g)
{
	int64_t		from = 0;
	bool		changed = false;

	for (int i = 0; i < g->k; i++)
	{
		int64_t		end = i == g->k - 1 ? g->n : first_above(g->x, from, g->n, 0.5 * (g->center[i] + g->center[i + 1]));
		double		sum = 0.0;

		for (int64_t j = from; j < end; j++)
			sum += g->x[j];
		g->next[i] = sum;
		g->count[i] = (double) (end - from);
		changed |= g->end[i] != (double) end;
		g->end[i] = (double) end;
		from = end;
	}
	return changed;
}

/* the value farthest from its center that was not taken yet: one of the ends of what is left of its group, *owner, -1 so far */
static double
take_farthest(Groups *g, double *right, int *owner)
{
	double		best = -1.0;
	double		value = 0.0;
	bool		from_left = false;

	for (int i = 0; i < g->k; i++)
	{
		int64_t		first = (int64_t) ((i > 0 ? g->end[i - 1] : 0.0) + g->left[i]);
		int64_t		last = (int64_t) (g->end[i] - right[i]) - 1;

		if (first > last)
			continue;
		if (g->center[i] - g->x[first] > best)
		{
			best = g->center[i] - g->x[first];
			value = g->x[first];
			*owner = i;
			from_left = true;
		}
		if (g->x[last] - g->center[i] > best)
		{
			best = g->x[last] - g->center[i];
			value = g->x[last];
			*owner = i;
			from_left = false;
		}
	}
	if (*owner >= 0)
		(from_left ? g->left : right)[*owner] += 1.0;
	return value;
}

/* groups without values become the farthest values, which leave their own groups */
static void
fill_empty(Groups *g, double *right)
{
	for (int i = 0; i < g->k; i++)
		g->left[i] = right[i] = 0.0;
	for (int i = 0; i < g->k; i++)
	{
		int64_t		size = (int64_t) (g->end[i] - (i > 0 ? g->end[i - 1] : 0.0));
		int			owner = -1;
		double		value;

		if (size > 0)
			continue;
		value = take_farthest(g, right, &owner);
		if (owner < 0)
			continue;
		g->next[owner] -= value;
		g->count[owner] -= 1.0;
		g->next[i] = value;
		g->count[i] = 1.0;
	}
}

/* sums become means; returns the squared way of all centers */
static double
move(Groups *g)
{
	double		way = 0.0;

	for (int i = 0; i < g->k; i++)
	{
		double		mean = g->count[i] > 0.0 ? g->next[i] / g->count[i] : g->center[i];

		way += (mean - g->center[i]) * (mean - g->center[i]);
		g->center[i] = mean;
	}
	return way;
}

static double
variance(const double *x, int64_t n)
{
	double		mean = 0.0;
	double		sum = 0.0;

	for (int64_t i = 0; i < n; i++)
		mean += x[i];
	mean /= (double) n;
	for (int64_t i = 0; i < n; i++)
		sum += (x[i] - mean) * (x[i] - mean);
	return sum / (double) n;
}

MlkStatus
mlk_kmeans_line(MlkPool *pool, const double *x, int64_t n, int k, double *center, double *room)
{
	Groups		g = {.x = x,.n = n,.k = k,.center = center,.next = room,.count = room + k,.end = room + 2 * k,
	.left = room + 3 * k};
	double		tolerance = TOLERANCE * variance(x, n);

	for (int i = 0; i < k; i++)
		g.end[i] = -1.0;
	for (int i = 0; i < MAX_ITERATIONS; i++)
	{
		bool		changed;
		double		way;

		if (mlk_pool_stop(pool))
			return MLK_CANCELLED;
		sort_centers(&g);
		changed = assign(&g);
		fill_empty(&g, room + 4 * k);
		way = move(&g);
		if (!changed || way <= tolerance)
			break;
	}
	sort_centers(&g);
	return MLK_OK;
}
