/*
 * bayesian.c: Bayesian ridge regression (see bayesian.h).
 *
 * All that the iteration needs of the data is the factor R of the centred columns, the part of y that lies in their space, and the
 * length of what is left of y.  With the singular values S and vectors V of R the coefficients for a precision
 * of the noise alpha and of the coefficients lambda are V (S^2 + lambda / alpha)^-1 V' X'y.
 */
#include <float.h>
#include <string.h>

#include "kernels/bayesian.h"
#include "kernels/components.h"

#define MAX_ITERATIONS 300
#define TOLERANCE 1e-3
#define PRIOR 1e-6				/* shape and rate of both gamma priors */

typedef struct Problem
{
	int			p;
	double		n;
	const double *r;			/* of the centred columns: [p, ld], upper triangle */
	int			ld;
	const double *qy;			/* [i * ld]: y in the space of the columns */
	double		rest;			/* square of what is not in it */
	double	   *v;				/* [p, p]: rows are vectors */
	double	   *s;
	double	   *vxy;			/* V' X'y */
} Problem;

size_t
mlk_bayesian_scratch(int p)
{
	return (size_t) p * p + 4 * (size_t) p + 1;
}

/* coefficients for a ratio lambda / alpha; returns the sum of squared residuals.  scratch: p */
static double
solve(const Problem *b, double ratio, double *coef)
{
	double		squares = b->rest;

	memset(coef, 0, sizeof(double) * b->p);
	for (int i = 0; i < b->p; i++)
	{
		double		weight = b->s[i] > 0.0 ? b->vxy[i] / (b->s[i] * b->s[i] + ratio) : 0.0;

		for (int j = 0; j < b->p; j++)
			coef[j] += weight * b->v[(size_t) i * b->p + j];
	}
	for (int i = 0; i < b->p; i++)
	{
		double		residual = b->qy[(size_t) i * b->ld];

		for (int j = i; j < b->p; j++)
			residual -= b->r[(size_t) i * b->ld + j] * coef[j];
		squares += residual * residual;
	}
	return squares;
}

static void
iterate(const Problem *b, double *coef, double *before)
{
	double		total = b->rest;
	double		alpha;
	double		lambda = 1.0;

	for (int i = 0; i < b->p; i++)
		total += b->qy[(size_t) i * b->ld] * b->qy[(size_t) i * b->ld];
	alpha = 1.0 / (total / b->n + DBL_EPSILON);
	for (int round = 0; round < MAX_ITERATIONS; round++)
	{
		double		squares = solve(b, lambda / alpha, coef);
		double		gamma = 0.0;
		double		length = 0.0;
		double		change = 0.0;

		for (int i = 0; i < b->p; i++)
		{
			double		eigen = b->s[i] * b->s[i];

			gamma += alpha * eigen / (lambda + alpha * eigen);
			length += coef[i] * coef[i];
			change += fabs(coef[i] - before[i]);
		}
		lambda = (gamma + 2.0 * PRIOR) / (length + 2.0 * PRIOR);
		alpha = (b->n - gamma + 2.0 * PRIOR) / (squares + 2.0 * PRIOR);
		if (round > 0 && change < TOLERANCE)
			break;
		memcpy(before, coef, sizeof(double) * b->p);
	}
	solve(b, lambda / alpha, coef);
}

MlkStatus
mlk_bayesian_ridge(MlkPool *pool, int p, double n, const double *r, double *coef, double *intercept, double *scratch)
{
	int			q = p + 2;
	Problem		b = {.p = p,.n = n,.r = r + q + 1,.ld = q,.qy = r + q + q - 1};
	double	   *before = scratch + (size_t) p * p + 2 * (size_t) p;
	MlkStatus	status;

	b.v = scratch;
	b.s = scratch + (size_t) p * p;
	b.vxy = b.s + p;
	b.rest = r[(size_t) q * q - 1] * r[(size_t) q * q - 1];
	for (int i = 0; i < p; i++)
	{
		for (int j = 0; j < p; j++)
			b.v[(size_t) i * p + j] = j < i ? 0.0 : b.r[(size_t) i * q + j];
	}
	status = mlk_right_singular(pool, p, b.v, b.s);
	if (status != MLK_OK)
		return status;

	/* X'y = R' qy, into coef for the moment */
	for (int j = 0; j < p; j++)
	{
		coef[j] = 0.0;
		for (int i = 0; i <= j; i++)
			coef[j] += b.r[(size_t) i * q + j] * b.qy[(size_t) i * q];
	}
	for (int i = 0; i < p; i++)
	{
		b.vxy[i] = 0.0;
		for (int j = 0; j < p; j++)
			b.vxy[i] += b.v[(size_t) i * p + j] * coef[j];
	}
	iterate(&b, coef, before);

	/* the first row holds the sums of the columns over the root of n */
	*intercept = r[q - 1] / r[0];
	for (int j = 0; j < p; j++)
		*intercept -= r[1 + j] / r[0] * coef[j];
	return isfinite(*intercept) ? MLK_OK : MLK_NOT_FINITE;
}
