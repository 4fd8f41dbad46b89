/*
 * sums.c: products of standardised columns from products in fixed point (see sums.h).
 *
 * Columns enter the passes as z in [-1, 1], by their range.  A mean of z is small beside that range and its variance is not, or
 * the sums are refused: so little is lost where the square of the mean is taken from the mean of the squares.
 */
#include "kernels/sums.h"

#include <string.h>

#include "kernels/cholesky.h"

/* of z: so much is left where half a range is 128 standard deviations */
#define LEAST_VARIANCE (1.0 / 16384.0)
/* part of a column that those before it must leave, squared */
#define LEAST_OWN 1e-6
/* residuals smaller than this part of what they might be are taken again with a scale of their own */
#define SMALL_RESIDUAL (1.0 / 64.0)

double
mlk_sums_memory(int features, int threads)
{
	MlkColumns	x = {.cols = features + 1};
	double		q = 2.0 + features;

	return 2.0 * q * q + 7.0 * q + mlk_fixed_scratch(&x, threads) / sizeof(double);
}

bool
mlk_sums_start(MlkSums *s, const double *min, const double *max, double *memory)
{
	int			cols = s->x.cols;
	int			q = 1 + cols;
	double	   *center = memory;
	double	   *inverse = center + q;

	s->features = cols - 1;
	s->center = inverse + q;
	s->scale = s->center + q;
	s->mean = s->scale + q;
	s->deviation = s->mean + q;
	s->rest = s->deviation + q;
	s->product = s->rest + q;
	s->scratch = s->product + (size_t) q * q;
	s->passes = s->scratch + (size_t) q * q;
	for (int j = 0; j < cols; j++)
	{
		center[j] = 0.5 * min[j] + 0.5 * max[j];
		inverse[j] = 2.0 / (max[j] - min[j]);
		if (!isnormal(center[j]) && center[j] != 0.0)
			return false;
		if (!isnormal(inverse[j]) || !isnormal(max[j] - min[j]))
			return false;
	}
	s->x.center = center;
	s->x.inverse = inverse;
	return true;
}

/* mean and deviation of each z; false when one is too small beside the range */
static bool
describe_columns(MlkSums *s)
{
	int			q = 1 + s->x.cols;
	double		n = s->scratch[0];

	for (int j = 0; j < s->x.cols; j++)
	{
		double		mean = s->scratch[1 + j] / n;
		double		variance = s->scratch[(size_t) (1 + j) * (q + 1)] / n - mean * mean;

		if (!(variance >= LEAST_VARIANCE))
			return false;
		s->mean[j] = mean;
		s->deviation[j] = sqrt(variance);
	}
	return true;
}

/* center + step is the mean; what the sum of the two loses is kept (Knuth's two-sum) */
static void
place_centers(MlkSums *s)
{
	for (int j = 0; j < s->features; j++)
	{
		double		base = s->x.center[j];
		double		step = s->mean[j] / s->x.inverse[j];
		double		sum = base + step;
		double		back = sum - base;

		s->center[j] = sum;
		s->scale[j] = s->deviation[j] / s->x.inverse[j];
		s->rest[j] = ((base - (sum - back)) + (step - back)) / s->scale[j];
	}
}

/* covariance of z's i and j, in units of their deviations */
static double
correlation(const MlkSums *s, int i, int j)
{
	int			q = 1 + s->x.cols;
	double		covariance = s->scratch[(size_t) (1 + i) * q + 1 + j] / s->scratch[0] - s->mean[i] * s->mean[j];

	return covariance / (s->deviation[i] * s->deviation[j]);
}

/* [1 S y]'[1 S y] from the products of z; S[j] is what z[j] standardised is, plus rest[j] */
static void
make_products(MlkSums *s)
{
	int			features = s->features;
	int			q = 2 + features;
	double		n = s->scratch[0];
	double		y_scale = s->deviation[features] / s->x.inverse[features];
	double		y_mean = s->x.center[features] + s->mean[features] / s->x.inverse[features];

	s->product[0] = n;
	for (int j = 0; j <= features; j++)
	{
		bool		target_j = j == features;

		s->product[1 + j] = s->product[(size_t) (1 + j) * q] = n * (target_j ? y_mean : s->rest[j]);
		for (int i = 0; i <= j; i++)
		{
			double		units = (i == features ? y_scale : 1.0) * (target_j ? y_scale : 1.0);
			double		means = (i == features ? y_mean : s->rest[i]) * (target_j ? y_mean : s->rest[j]);

			s->product[(size_t) (1 + i) * q + 1 + j] = s->product[(size_t) (1 + j) * q + 1 + i] =
				n * (correlation(s, i, j) * units + means);
		}
	}
}

/* is no feature nearly a combination of those before it?  Works in the scratch that is no longer needed */
static MlkStatus
check_own(MlkSums *s, MlkPool *pool)
{
	int			features = s->features;
	double	   *a = s->scratch;

	for (int i = 0; i < features; i++)
		memcpy(a + (size_t) i * features, s->product + (size_t) (1 + i) * (2 + features) + 1, sizeof(double) * features);
	return mlk_cholesky(pool, features, a, features, LEAST_OWN, NULL, a + (size_t) features * features);
}

MlkStatus
mlk_sums_learn(MlkSums *s, MlkPool *pool)
{
	MlkStatus	status = mlk_fixed_products(&s->x, pool, s->passes, s->scratch);

	if (status != MLK_OK)
		return status;
	if (!describe_columns(s))
		return MLK_SINGULAR;
	place_centers(s);
	make_products(s);
	return check_own(s, pool);
}

/* the smallest power of two that is not below x: dividing by it costs no digit */
static double
power_above(double x)
{
	int			exponent;

	return frexp(x, &exponent) == 0.5 ? x : ldexp(1.0, exponent);
}

MlkStatus
mlk_sums_residuals(const MlkSums *s, MlkPool *pool, const double *b, double *product, double *square)
{
	int			features = s->features;
	double		inverse = s->x.inverse[features];
	double	   *coefficient = s->scratch;
	double	   *sum = s->scratch + 1 + features;
	double		bound;
	double		scale;
	double		most;
	double		back;
	MlkStatus	status;

	/* the same line in units of z */
	coefficient[0] = b[0] - s->x.center[features];
	for (int j = 0; j < features; j++)
	{
		coefficient[0] += b[1 + j] * (s->rest[j] - s->mean[j] / s->deviation[j]);
		coefficient[1 + j] = b[1 + j] * inverse / s->deviation[j];
	}
	coefficient[0] *= inverse;
	bound = 1.0;
	for (int j = 0; j <= features; j++)
		bound += fabs(coefficient[j]);
	if (!isfinite(bound))
		return MLK_NOT_FINITE;
	scale = power_above(bound);
	status = mlk_fixed_residuals(&s->x, pool, s->passes, coefficient, scale, sum, &most);
	if (status == MLK_OK && most > 0.0 && most < SMALL_RESIDUAL)
	{
		scale *= power_above(most);
		status = mlk_fixed_residuals(&s->x, pool, s->passes, coefficient, scale, sum, &most);
	}
	if (status != MLK_OK)
		return status;

	back = scale / inverse;
	product[0] = sum[0] * back;
	for (int j = 0; j < features; j++)
		product[1 + j] = ((sum[1 + j] - s->mean[j] * sum[0]) / s->deviation[j] + s->rest[j] * sum[0]) * back;
	*square = sum[1 + features] * back * back;
	return MLK_OK;
}
