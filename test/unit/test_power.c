/*
 * test_power.c: power transforms: their values, and the exponent at which the derivative of the likelihood is 0.
 */
#include "unit.h"

#include "kernels/power.h"
#include "kernels/rng.h"

/* by definition, at exponents where that is accurate */
static void
test_values(void **state)
{
	const double x[] = {-7, -0.5, 0, 1e-9, 0.5, 1, 20, 1e6};
	const double lambda[] = {-2, -0.7, 0.3, 1, 2, 3.5};

	for (int i = 0; i < 8; i++)
	{
		for (int k = 0; k < 6; k++)
		{
			double		l = lambda[k];
			double		expected = x[i] >= 0 ? (powl(x[i] + 1.0L, l) - 1) / l :
				l == 2 ? -log1p(-x[i]) : -(powl(1.0L - x[i], 2 - l) - 1) / (2 - l);

			assert_close(mlk_power_value(MLK_POWER_YEO_JOHNSON, l, x[i]), expected, 1e-10);
			if (x[i] > 0)
				assert_close(mlk_power_value(MLK_POWER_BOX_COX, l, x[i]), (powl(x[i], l) - 1) / l, 1e-10);
		}
	}
	assert_close(mlk_power_value(MLK_POWER_YEO_JOHNSON, 0, 3), log(4), 1e-15);
	assert_close(mlk_power_value(MLK_POWER_BOX_COX, 0, 3), log(3), 1e-15);
	assert_true(isnan(mlk_power_value(MLK_POWER_BOX_COX, 0.5, 0)));
	assert_true(isnan(mlk_power_value(MLK_POWER_BOX_COX, 0.5, NAN)));
	assert_true(isnan(mlk_power_value(MLK_POWER_YEO_JOHNSON, 0.5, NAN)));
}

/* log-likelihood a value in long double, for differences */
static long double
likelihood(MlkPower power, long double lambda, const double *x, int n)
{
	long double mean = 0;
	long double squares = 0;
	long double logs = 0;
	long double value[2000];

	for (int i = 0; i < n; i++)
	{
		bool		mirrored = power == MLK_POWER_YEO_JOHNSON && x[i] < 0;
		long double l = power == MLK_POWER_BOX_COX ? logl(x[i]) : log1pl(fabsl(x[i]));
		long double m = mirrored ? 2 - lambda : lambda;

		value[i] = (mirrored ? -1 : 1) * expm1l(m * l) / m;
		logs += mirrored ? -l : l;
		mean += value[i] / n;
	}
	for (int i = 0; i < n; i++)
		squares += (value[i] - mean) * (value[i] - mean) / n;
	return -0.5L * logl(squares) + (lambda - 1) * logs / n;
}

/* nothing a little further on either side is more likely, and the slope is 0 to the digits that differences give */
static void
test_fit(void **state)
{
	double		x[2000];
	MlkRng		rng;
	void	   *scratch = unit_array(char, mlk_power_scratch(2000));

	mlk_rng_seed(&rng, 7);
	for (int shape = 0; shape < 6; shape++)
	{
		MlkPower	power = shape % 2 == 0 ? MLK_POWER_YEO_JOHNSON : MLK_POWER_BOX_COX;
		double		lambda;
		long double step = 1e-4L;
		long double slope;

		for (int i = 0; i < 2000; i++)
		{
			double		z = mlk_rng_normal(&rng);

			x[i] = shape < 2 ? exp(z) : shape < 4 ? 5 + z * z : 1000 + 3 * z;
			if (power == MLK_POWER_YEO_JOHNSON && shape < 4 && i % 3 == 0)
				x[i] = -0.3 * x[i];
		}
		assert_int_equal(mlk_power_fit(NULL, power, x, 2000, scratch, &lambda), MLK_OK);
		/* the exponent of Box and Cox does not depend on the unit, the digits of this likelihood do */
		for (int i = 0; i < 2000 && shape == 5; i++)
			x[i] /= 1000;
		slope = (likelihood(power, lambda + step, x, 2000) - likelihood(power, lambda - step, x, 2000)) / (2 * step);
		assert_true(fabsl(slope) < 1e-7);
		assert_true(likelihood(power, lambda, x, 2000) >= likelihood(power, lambda + 0.01, x, 2000));
		assert_true(likelihood(power, lambda, x, 2000) >= likelihood(power, lambda - 0.01, x, 2000));
	}
	unit_free(scratch);
}

static void
test_extremes(void **state)
{
	double		same[3] = {4, 4, 4};
	double		large[4] = {1e300, 2e300, 4e300, 9e300};
	double		close[3] = {1e9, 1e9 + 1, 1e9 + 3};
	char		scratch[1024];
	double		lambda;

	assert_true(mlk_power_scratch(4) <= sizeof(scratch));
	assert_int_equal(mlk_power_fit(NULL, MLK_POWER_YEO_JOHNSON, same, 3, scratch, &lambda), MLK_OK);
	assert_true(lambda == 1);
	assert_int_equal(mlk_power_fit(NULL, MLK_POWER_YEO_JOHNSON, same, 0, scratch, &lambda), MLK_OK);
	assert_true(lambda == 1);
	assert_int_equal(mlk_power_fit(NULL, MLK_POWER_YEO_JOHNSON, large, 4, scratch, &lambda), MLK_OK);
	assert_true(isfinite(lambda));
	assert_int_equal(mlk_power_fit(NULL, MLK_POWER_BOX_COX, close, 3, scratch, &lambda), MLK_OK);
	assert_true(isfinite(lambda));
}

/* blocks are merged in order: threads change nothing */
static void
test_threads(void **state)
{
	int			n = 50000;
	double	   *x = unit_array(double, n);
	void	   *scratch = unit_array(char, mlk_power_scratch(n));
	MlkPool    *pool = mlk_pool_create(2, NULL);
	MlkRng		rng;
	double		one;
	double		two;

	mlk_rng_seed(&rng, 3);
	for (int i = 0; i < n; i++)
		x[i] = exp(mlk_rng_normal(&rng)) - 1;
	assert_int_equal(mlk_power_fit(NULL, MLK_POWER_YEO_JOHNSON, x, n, scratch, &one), MLK_OK);
	assert_int_equal(mlk_power_fit(pool, MLK_POWER_YEO_JOHNSON, x, n, scratch, &two), MLK_OK);
	assert_true(one == two);
	mlk_pool_destroy(pool);
	unit_free(scratch);
	unit_free(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_threads)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
