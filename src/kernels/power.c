/*
 * power.c: power transforms and their most likely exponent.
 *
 * With l the logarithm of the (shifted) value, both transforms are phi(l, lambda) = (exp(lambda l) - 1) / lambda.  The negative
 * log-likelihood is strictly convex in lambda (Kouider and Chen 1995; Marchand and others 2022 for Yeo and Johnson's), so its derivative
 * has one root.  That root is found to the last digits, where a minimisation by values of the likelihood ends at half of them.
 *
 * Numbers far from 0 for their spread would lose their digits in exp(lambda l) - 1.  A constant added to all logarithms scales the transformed
 * values, which the likelihood does not see; so where all numbers are on one side of 0, the mean is taken off.
 */
#include "kernels/power.h"

#include <float.h>

#define BLOCK 8192
#define MAX_LAMBDA 1024.0
#define MAX_STEPS 200
#define TOLERANCE 1e-14

/* (exp(lambda l) - 1) / lambda */
static inline double
phi(double l, double lambda)
{
	return fabs(lambda) < DBL_EPSILON ? l : expm1(lambda * l) / lambda;
}

/* derivative of phi by lambda: l^2 (t exp(t) - (exp(t) - 1)) / t^2 with t = lambda l */
static inline double
phi_slope(double l, double lambda)
{
	double		t = lambda * l;
	double		term = 0.5;		/* t^k / (k + 2)! */
	double		sum = 0.5;

	if (fabs(t) > 0.25)
		return (t * exp(t) - expm1(t)) / (lambda * lambda);
	for (int k = 1; k <= 12; k++)
	{
		term *= t / (k + 2);
		sum += (k + 1) * term;
	}
	return l * l * sum;
}

double
mlk_power_value(MlkPower power, double lambda, double x)
{
	if (power == MLK_POWER_BOX_COX)
		return x > 0.0 ? phi(log(x), lambda) : NAN;
	return x < 0.0 ? -phi(log1p(-x), 2.0 - lambda) : phi(log1p(x), lambda);
}

/* of a block of values; merged in block order */
typedef struct Sums
{
	double		n;
	double		mean;			/* of the transformed values */
	double		slope;			/* mean of their derivatives by lambda */
	double		m2;				/* sum of squared deviations from mean */
	double		co;				/* sum of products of both deviations */
	double		logs;			/* sum of the logarithms, negative below 0 */
} Sums;

typedef struct Job
{
	MlkPower	power;
	double		lambda;
	const double *x;
	int64_t		n;
	bool		centered;		/* all numbers on one side of 0 */
	double		center;			/* mean logarithm, 0 unless centered */
	Sums	   *sums;			/* one a block */
} Job;

static inline double
logarithm(MlkPower power, double x)
{
	return power == MLK_POWER_BOX_COX ? log(x) : log1p(fabs(x));
}

static inline void
one_value(const Job *job, double x, double *value, double *slope, double *logs)
{
	bool		mirrored = job->power == MLK_POWER_YEO_JOHNSON && x < 0.0;
	double		l = logarithm(job->power, x) - job->center;
	double		lambda = mirrored ? 2.0 - job->lambda : job->lambda;

	*value = mirrored ? -phi(l, lambda) : phi(l, lambda);
	*slope = phi_slope(l, lambda);
	*logs = job->centered ? 0.0 : mirrored ? -l : l;
}

static void
sums_block(void *arg, int64_t block, int worker)
{
	const Job  *job = arg;
	Sums	   *s = &job->sums[block];
	int64_t		from = block * BLOCK;
	int64_t		end = from + BLOCK < job->n ? from + BLOCK : job->n;

	*s = (Sums) {0};
	for (int64_t i = from; i < end; i++)
	{
		double		value;
		double		slope;
		double		logs;
		double		off;

		one_value(job, job->x[i], &value, &slope, &logs);
		s->n += 1.0;
		off = value - s->mean;
		s->mean += off / s->n;
		s->slope += (slope - s->slope) / s->n;
		s->m2 += off * (value - s->mean);
		s->co += off * (slope - s->slope);
		s->logs += logs;
	}
}

/* Chan's update of means, squares and products */
static void
merge(Sums *into, const Sums *from)
{
	double		n = into->n + from->n;
	double		off = from->mean - into->mean;
	double		slope_off = from->slope - into->slope;
	double		part = into->n * from->n / n;

	into->m2 += from->m2 + off * off * part;
	into->co += from->co + off * slope_off * part;
	into->mean += off * from->n / n;
	into->slope += slope_off * from->n / n;
	into->logs += from->logs;
	into->n = n;
}

size_t
mlk_power_scratch(int64_t n)
{
	return sizeof(Sums) * (n / BLOCK + 1);
}

/* derivative of the log-likelihood a value; not finite where the transform overflows */
static MlkStatus
gradient(MlkPool *pool, Job *job, double lambda, double *out)
{
	int64_t		blocks = (job->n + BLOCK - 1) / BLOCK;
	MlkStatus	status;

	job->lambda = lambda;
	status = mlk_parallel_for(pool, blocks, sums_block, job);
	if (status != MLK_OK)
		return status;
	for (int64_t b = 1; b < blocks; b++)
		merge(&job->sums[0], &job->sums[b]);
	*out = job->sums[0].logs / job->sums[0].n - job->sums[0].co / job->sums[0].m2;
	return MLK_OK;
}

static void
center(Job *job)
{
	double		sum = 0.0;

	job->centered = true;
	for (int64_t i = 0; i < job->n; i++)
	{
		job->centered &= job->power == MLK_POWER_BOX_COX || (job->x[i] < 0.0) == (job->x[0] < 0.0);
		sum += logarithm(job->power, job->x[i]);
	}
	job->center = job->centered ? sum / (double) job->n : 0.0;
}

static bool
all_equal(const double *x, int64_t n)
{
	for (int64_t i = 1; i < n; i++)
	{
		if (x[i] != x[0])
			return false;
	}
	return true;
}

/* steps of growing size from 1 on, uphill, until the slope of the likelihood turns or is out of range */
static MlkStatus
find_bracket(MlkPool *pool, Job *job, double *near, double *g_near, double *far, double *g_far)
{
	double		step = 1.0;
	MlkStatus	status;

	*near = 1.0;
	status = gradient(pool, job, *near, g_near);
	while (status == MLK_OK)
	{
		if (!isfinite(*g_near))
			return MLK_NOT_FINITE;
		*far = *near + (*g_near > 0.0 ? step : -step);
		status = gradient(pool, job, *far, g_far);
		if (!isfinite(*g_far) || (*g_far > 0.0) != (*g_near > 0.0) || fabs(*far) >= MAX_LAMBDA)
			break;
		*near = *far;
		*g_near = *g_far;
		step *= 2.0;
	}
	return status;
}

/* the Illinois form of false position, with a halving now and then; far is where the slope has the other sign or is not finite */
static MlkStatus
find_root(MlkPool *pool, Job *job, double near, double g_near, double far, double g_far, double *lambda)
{
	double		least = fabs(g_near);

	*lambda = near;
	for (int i = 0; i < MAX_STEPS && least > 0.0 && fabs(far - near) > TOLERANCE * fmax(1.0, fabs(near)); i++)
	{
		bool		secant = isfinite(g_far) && i % 4 != 3;
		double		middle = secant ? near - g_near * (far - near) / (g_far - g_near) : 0.5 * (near + far);
		double		g;
		MlkStatus	status;

		if (middle == near || middle == far)
			break;
		status = gradient(pool, job, middle, &g);
		if (status != MLK_OK)
			return status;
		if (!isfinite(g))
		{
			far = middle;
			g_far = g;
			continue;
		}
		if ((g > 0.0) == (g_near > 0.0))
			g_far *= 0.5;
		else
		{
			far = near;
			g_far = g_near;
		}
		near = middle;
		g_near = g;
		if (fabs(g) < least)
		{
			least = fabs(g);
			*lambda = middle;
		}
	}
	return MLK_OK;
}

MlkStatus
mlk_power_fit(MlkPool *pool, MlkPower power, const double *x, int64_t n, void *scratch, double *lambda)
{
	Job			job = {.power = power,.x = x,.n = n,.sums = scratch};
	double		near = 0.0;
	double		far = 0.0;
	double		g_near = 0.0;
	double		g_far = 0.0;
	MlkStatus	status;

	*lambda = 1.0;
	if (n == 0 || all_equal(x, n))
		return MLK_OK;
	center(&job);
	status = find_bracket(pool, &job, &near, &g_near, &far, &g_far);
	if (status == MLK_NOT_FINITE)
		return MLK_OK;			/* numbers near the end of the range are left as they are */
	if (status != MLK_OK)
		return status;
	if (isfinite(g_far) && (g_far > 0.0) == (g_near > 0.0))
	{
		*lambda = far;			/* values so close together that no exponent within the range is best */
		return MLK_OK;
	}
	return find_root(pool, &job, near, g_near, far, g_far, lambda);
}
