/*
 * gaussian_process.c: what a few measured points say about others, and where the next measurement promises most.
 *
 * There are some hundred points at most, so plain loops will do: a fit is 18 factorisations of n^3 / 3 operations.
 */
#include "kernels/gaussian_process.h"

#include <math.h>
#include <string.h>

static const double lengths[] = {0.1, 0.2, 0.4, 0.7, 1.2, 2.5};
static const double noises[] = {1e-4, 1e-2, 1e-1};

#define N_LENGTHS ((int) (sizeof(lengths) / sizeof(lengths[0])))
#define N_NOISES ((int) (sizeof(noises) / sizeof(noises[0])))

static double
matern(const double *a, const double *b, int d, double length)
{
	double		square = 0;
	double		r;

	for (int i = 0; i < d; i++)
		square += (a[i] - b[i]) * (a[i] - b[i]);
	r = sqrt(5.0 * square) / length;
	return (1.0 + r + r * r / 3.0) * exp(-r);
}

/* lower triangle of a[n, n] in place; a is positive definite by its diagonal */
static void
factorise(double *a, int n)
{
	for (int j = 0; j < n; j++)
	{
		double	   *row = a + (size_t) j * n;
		double		diagonal = row[j];

		for (int k = 0; k < j; k++)
			diagonal -= row[k] * row[k];
		row[j] = sqrt(fmax(diagonal, 1e-12));
		for (int i = j + 1; i < n; i++)
		{
			double	   *below = a + (size_t) i * n;
			double		sum = below[j];

			for (int k = 0; k < j; k++)
				sum -= below[k] * row[k];
			below[j] = sum / row[j];
		}
	}
}

/* x := L^-1 x */
static void
solve_lower(const double *l, int n, double *x)
{
	for (int i = 0; i < n; i++)
	{
		double		sum = x[i];

		for (int k = 0; k < i; k++)
			sum -= l[(size_t) i * n + k] * x[k];
		x[i] = sum / l[(size_t) i * n + i];
	}
}

/* x := L'^-1 x */
static void
solve_upper(const double *l, int n, double *x)
{
	for (int i = n - 1; i >= 0; i--)
	{
		double		sum = x[i];

		for (int k = i + 1; k < n; k++)
			sum -= l[(size_t) k * n + i] * x[k];
		x[i] = sum / l[(size_t) i * n + i];
	}
}

double
mlk_gp_likelihood(const double *x, const double *y, int n, int d, double length, double noise, double *factor, double *alpha)
{
	double		result = -0.5 * n * log(2 * M_PI);

	for (int i = 0; i < n; i++)
	{
		for (int j = 0; j < i; j++)
			factor[(size_t) i * n + j] = matern(x + (size_t) i * d, x + (size_t) j * d, d, length);
		factor[(size_t) i * n + i] = 1.0 + noise;
	}
	factorise(factor, n);
	memcpy(alpha, y, sizeof(double) * n);
	solve_lower(factor, n, alpha);
	for (int i = 0; i < n; i++)
		result -= 0.5 * alpha[i] * alpha[i] + log(factor[(size_t) i * n + i]);
	solve_upper(factor, n, alpha);
	return result;
}

size_t
mlk_gp_scratch(int n)
{
	return (size_t) n * n + 2 * (size_t) n;
}

/* y := (y - center) / spread */
static void
standardise(MlkGaussianProcess *gp, double *y)
{
	double		squares = 0;

	gp->center = 0;
	for (int i = 0; i < gp->n; i++)
		gp->center += y[i] / gp->n;
	for (int i = 0; i < gp->n; i++)
		squares += (y[i] - gp->center) * (y[i] - gp->center);
	gp->spread = sqrt(squares / gp->n);
	if (!(gp->spread > 0))
		gp->spread = 1;
	for (int i = 0; i < gp->n; i++)
		y[i] = (y[i] - gp->center) / gp->spread;
}

void
mlk_gp_fit(MlkGaussianProcess *gp, const double *x, const double *y, int n, int d, double *scratch)
{
	double	   *standard = scratch + (size_t) n * n + n;
	double		best = -INFINITY;

	gp->n = n;
	gp->d = d;
	gp->x = x;
	gp->factor = scratch;
	gp->alpha = scratch + (size_t) n * n;
	memcpy(standard, y, sizeof(double) * n);
	standardise(gp, standard);
	for (int l = 0; l < N_LENGTHS; l++)
	{
		for (int s = 0; s < N_NOISES; s++)
		{
			double		likelihood = mlk_gp_likelihood(x, standard, n, d, lengths[l] * sqrt(d), noises[s], gp->factor, gp->alpha);

			if (likelihood > best)
			{
				best = likelihood;
				gp->length = lengths[l] * sqrt(d);
				gp->noise = noises[s];
			}
		}
	}
	(void) mlk_gp_likelihood(x, standard, n, d, gp->length, gp->noise, gp->factor, gp->alpha);
}

void
mlk_gp_predict(const MlkGaussianProcess *gp, const double *point, double *row, double *mean, double *deviation)
{
	double		sum = 0;
	double		left = 1;

	for (int i = 0; i < gp->n; i++)
	{
		row[i] = matern(gp->x + (size_t) i * gp->d, point, gp->d, gp->length);
		sum += row[i] * gp->alpha[i];
	}
	solve_lower(gp->factor, gp->n, row);
	for (int i = 0; i < gp->n; i++)
		left -= row[i] * row[i];
	*mean = gp->center + gp->spread * sum;
	*deviation = gp->spread * sqrt(fmax(left, 0));
}

double
mlk_expected_improvement(double mean, double deviation, double best)
{
	double		z;

	if (!(deviation > 0))
		return fmax(mean - best, 0);
	z = (mean - best) / deviation;
	return (mean - best) * 0.5 * erfc(-z * M_SQRT1_2) + deviation * exp(-0.5 * z * z) / sqrt(2 * M_PI);
}
