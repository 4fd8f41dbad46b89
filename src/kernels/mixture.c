/*
 * mixture.c: weights of several predictors, by active sets and Newton's method.
 *
 * With five predictors there are 31 sets of those that can have a weight above 0; the least of a quadratic function over the weights is the best of
 * the 31 that are least where nothing but the sum is asked for.  Squares are such a function.  The log loss is followed by Newton's method:
 * each step goes to the least of the quadratic function that it looks like at hand, and is halved until the loss falls enough.
 */
#include "kernels/mixture.h"

#include <string.h>

#define BLOCK_ROWS 4096
#define FLOOR 1e-15				/* of a probability, as in the log loss that is reported */
#define RIDGE 1e-12				/* share of the mean curvature, so that predictors that are alike do not make G singular */
#define MAX_NEWTON 100
#define MAX_HALVINGS 50
#define ENOUGH 1e-15			/* twice the loss, per unit of weight, that a step still promises */
#define ARMIJO 1e-4

/* loss, total weight, gradient, and the lower triangle of the curvature by rows */
#define TRIANGLE (MLK_MIXTURE_MAX * (MLK_MIXTURE_MAX + 1) / 2)
#define SLOT (2 + MLK_MIXTURE_MAX + TRIANGLE)

typedef struct Mixture
{
	const double *value;		/* [rows * m] */
	const double *weight;
	int64_t		rows;
	int			m;
	const double *w;			/* log loss: where the sums are asked for; NULL: squares */
	double	   *slots;			/* a block each */
} Mixture;

/* ---- a quadratic function of the weights ---- */

/* in place: g [n * n] := lower Cholesky factor; false when it has none */
static bool
factor(double *g, int n)
{
	for (int j = 0; j < n; j++)
	{
		for (int i = j; i < n; i++)
		{
			double		sum = g[i * n + j];

			for (int k = 0; k < j; k++)
				sum -= g[i * n + k] * g[j * n + k];
			if (i == j && !(sum > 0.0))
				return false;
			g[i * n + j] = i == j ? sqrt(sum) : sum / g[j * n + j];
		}
	}
	return true;
}

static void
solve(const double *l, int n, double *b)
{
	for (int i = 0; i < n; i++)
	{
		for (int k = 0; k < i; k++)
			b[i] -= l[i * n + k] * b[k];
		b[i] /= l[i * n + i];
	}
	for (int i = n - 1; i >= 0; i--)
	{
		for (int k = i + 1; k < n; k++)
			b[i] -= l[k * n + i] * b[k];
		b[i] /= l[i * n + i];
	}
}

/* the least with weights of this set alone, by the multiplier of their sum; false when one of them would be below 0 */
static bool
least_of_set(int m, const double *g, const double *c, double ridge, unsigned set, double *w)
{
	double		l[MLK_MIXTURE_MAX * MLK_MIXTURE_MAX];
	double		one[MLK_MIXTURE_MAX];
	double		pull[MLK_MIXTURE_MAX];
	int			index[MLK_MIXTURE_MAX];
	int			n = 0;
	double		sum_one = 0.0;
	double		sum_pull = 0.0;
	double		sum = 0.0;

	for (int i = 0; i < m; i++)
		if (set & (1u << i))
			index[n++] = i;
	for (int i = 0; i < n; i++)
	{
		for (int j = 0; j < n; j++)
			l[i * n + j] = g[index[i] * m + index[j]] + (i == j ? ridge : 0.0);
		one[i] = 1.0;
		pull[i] = -c[index[i]];
	}
	if (!factor(l, n))
		return false;
	solve(l, n, one);
	solve(l, n, pull);
	for (int i = 0; i < n; i++)
	{
		sum_one += one[i];
		sum_pull += pull[i];
	}
	memset(w, 0, sizeof(double) * m);
	for (int i = 0; i < n; i++)
	{
		w[index[i]] = pull[i] + (1.0 - sum_pull) / sum_one * one[i];
		if (!(w[index[i]] >= 0.0))
			return false;
		sum += w[index[i]];
	}
	for (int i = 0; i < n; i++)
		w[index[i]] /= sum;
	return true;
}

static double
quadratic(int m, const double *g, const double *c, double ridge, const double *w)
{
	double		value = 0.0;

	for (int i = 0; i < m; i++)
	{
		double		product = ridge * w[i];

		for (int j = 0; j < m; j++)
			product += g[i * m + j] * w[j];
		value += w[i] * (0.5 * product + c[i]);
	}
	return value;
}

void
mlk_simplex_least(int m, const double *g, const double *c, double *w)
{
	double		ridge = 0.0;
	double		least = INFINITY;

	for (int i = 0; i < m; i++)
	{
		ridge += RIDGE * g[i * m + i] / m;
		w[i] = 1.0 / m;
	}
	/* no curvature at all: the least is at a corner, and where they are all alike the mean is as good */
	if (!(ridge > 0.0))
		ridge = RIDGE;
	for (unsigned set = 1; set < 1u << m; set++)
	{
		double		some[MLK_MIXTURE_MAX];
		double		value;

		if (!least_of_set(m, g, c, ridge, set, some))
			continue;
		value = quadratic(m, g, c, ridge, some);
		if (value < least)
		{
			least = value;
			memcpy(w, some, sizeof(double) * m);
		}
	}
}

/* ---- sums over the rows ---- */

static void
add_row(double *slot, const double *x, double scale, int m)
{
	double	   *curvature = slot + 2 + MLK_MIXTURE_MAX;

	for (int i = 0; i < m; i++)
		for (int j = 0; j <= i; j++)
			*curvature++ += scale * x[i] * x[j];
}

static void
sum_block(void *arg, int64_t block, int worker)
{
	const Mixture *mix = arg;
	int			m = mix->m;
	int64_t		from = block * BLOCK_ROWS;
	int64_t		to = from + BLOCK_ROWS < mix->rows ? from + BLOCK_ROWS : mix->rows;
	double	   *slot = mix->slots + block * SLOT;

	memset(slot, 0, sizeof(double) * SLOT);
	for (int64_t i = from; i < to; i++)
	{
		double		weight = mix->weight == NULL ? 1.0 : mix->weight[i];
		const double *x = mix->value + i * m;
		double		p[MLK_MIXTURE_MAX];
		double		q = 0.0;

		slot[1] += weight;
		if (mix->w == NULL)
		{
			add_row(slot, x, weight, m);
			continue;
		}
		for (int j = 0; j < m; j++)
		{
			p[j] = x[j] > FLOOR ? x[j] : FLOOR;
			q += mix->w[j] * p[j];
		}
		slot[0] -= weight * log(q);
		for (int j = 0; j < m; j++)
		{
			p[j] /= q;
			slot[2 + j] -= weight * p[j];
		}
		add_row(slot, p, weight, m);
	}
}

/* means in the first slot; g [m * m] := the curvature */
static MlkStatus
sum_rows(Mixture *mix, MlkPool *pool, double *g)
{
	int64_t		blocks = (mix->rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
	MlkStatus	status = mlk_parallel_for(pool, blocks, sum_block, mix);
	double	   *sum = mix->slots;
	const double *curvature = sum + 2 + MLK_MIXTURE_MAX;

	if (status != MLK_OK)
		return status;
	for (int64_t b = 1; b < blocks; b++)
		for (int k = 0; k < SLOT; k++)
			sum[k] += mix->slots[b * SLOT + k];
	for (int k = 0; k < SLOT; k++)
	{
		if (!isfinite(sum[k]))
			return MLK_NOT_FINITE;
		if (k != 1 && sum[1] > 0.0)
			sum[k] /= sum[1];
	}
	for (int i = 0; i < mix->m; i++)
		for (int j = 0; j <= i; j++)
			g[i * mix->m + j] = g[j * mix->m + i] = *curvature++;
	return MLK_OK;
}

size_t
mlk_mixture_memory(int64_t rows)
{
	return (size_t) (rows / BLOCK_ROWS + 1) * SLOT;
}

MlkStatus
mlk_mixture_squares(MlkPool *pool, const double *residual, const double *weight, int64_t rows, int m, double *memory, double *w)
{
	static const double nothing[MLK_MIXTURE_MAX];
	Mixture		mix = {.value = residual,.weight = weight,.rows = rows,.m = m,.slots = memory};
	double		g[MLK_MIXTURE_MAX * MLK_MIXTURE_MAX] = {0};
	MlkStatus	status;

	memset(memory, 0, sizeof(double) * SLOT);
	status = sum_rows(&mix, pool, g);
	if (status == MLK_OK)
		mlk_simplex_least(m, g, nothing, w);
	return status;
}

/* loss and gradient at w, curvature in g */
static MlkStatus
sum_log(Mixture *mix, MlkPool *pool, const double *w, double *loss, double *gradient, double *g)
{
	MlkStatus	status;

	mix->w = w;
	status = sum_rows(mix, pool, g);
	*loss = mix->slots[0];
	memcpy(gradient, mix->slots + 2, sizeof(double) * mix->m);
	return status;
}

MlkStatus
mlk_mixture_log(MlkPool *pool, const double *probability, const double *weight, int64_t rows, int m, double *memory, double *w)
{
	Mixture		mix = {.value = probability,.weight = weight,.rows = rows,.m = m,.slots = memory};
	double		g[MLK_MIXTURE_MAX * MLK_MIXTURE_MAX] = {0};
	double		gradient[MLK_MIXTURE_MAX];
	double		loss;
	MlkStatus	status;

	memset(memory, 0, sizeof(double) * SLOT);
	for (int j = 0; j < m; j++)
		w[j] = 1.0 / m;
	status = sum_log(&mix, pool, w, &loss, gradient, g);
	for (int i = 0; i < MAX_NEWTON && status == MLK_OK; i++)
	{
		double		twice[MLK_MIXTURE_MAX];
		double		to[MLK_MIXTURE_MAX];
		double		next[MLK_MIXTURE_MAX];
		double		promised = 0.0;
		double		length = 1.0;
		double		before = loss;

		/* (1/2) (v - w)'G(v - w) + gradient'(v - w), and Gw is minus the gradient */
		for (int j = 0; j < m; j++)
			twice[j] = 2.0 * gradient[j];
		mlk_simplex_least(m, g, twice, to);
		for (int j = 0; j < m; j++)
			promised -= gradient[j] * (to[j] - w[j]);
		if (!(promised > ENOUGH))
			return MLK_OK;
		for (int h = 0;; h++, length /= 2.0)
		{
			if (h == MAX_HALVINGS)
				return MLK_OK;
			for (int j = 0; j < m; j++)
				next[j] = w[j] + length * (to[j] - w[j]);
			status = sum_log(&mix, pool, next, &loss, gradient, g);
			if (status != MLK_OK || loss <= before - ARMIJO * length * promised)
				break;
		}
		memcpy(w, next, sizeof(double) * m);
	}
	return status;
}
