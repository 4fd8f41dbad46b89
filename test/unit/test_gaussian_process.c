/*
 * test_gaussian_process.c: the process against closed forms, its gain against an integral.
 */
#include "unit.h"

#include "kernels/gaussian_process.h"
#include "kernels/rng.h"

#define assert_near(actual, expected, distance) assert_true(fabs((actual) - (expected)) <= (distance))

static double
kernel(double a, double b, double length)
{
	double		r = sqrt(5.0) * fabs(a - b) / length;

	return (1 + r + r * r / 3) * exp(-r);
}

/* two points: the matrix can be inverted by hand */
static void
test_likelihood_of_two(void **state)
{
	double		x[] = {0.2, 0.7};
	double		y[] = {-1, 1};
	double		factor[4];
	double		alpha[2];
	double		k = kernel(0.2, 0.7, 0.4);
	double		d = 1 + 0.01;
	double		determinant = d * d - k * k;
	double		quadratic = (d * (1 + 1) + 2 * k) / determinant;
	double		expected = -0.5 * quadratic - 0.5 * log(determinant) - log(2 * M_PI);

	assert_near(mlk_gp_likelihood(x, y, 2, 1, 0.4, 0.01, factor, alpha), expected, 1e-12);
	assert_near(alpha[0], (d * -1 - k * 1) / determinant, 1e-12);
	assert_near(alpha[1], (d * 1 + k * 1) / determinant, 1e-12);
}

static void
test_predict_of_two(void **state)
{
	double		x[] = {0.2, 0.7};
	double		y[] = {3, 7};
	double	   *scratch = unit_array(double, mlk_gp_scratch(2));
	double		row[2];
	double		point = 0.5;
	double		mean;
	double		deviation;
	MlkGaussianProcess gp;

	mlk_gp_fit(&gp, x, y, 2, 1, scratch);
	mlk_gp_predict(&gp, &point, row, &mean, &deviation);
	{
		double		k = kernel(0.2, 0.7, gp.length);
		double		k0 = kernel(0.2, 0.5, gp.length);
		double		k1 = kernel(0.7, 0.5, gp.length);
		double		d = 1 + gp.noise;
		double		determinant = d * d - k * k;
		double		expected = (k0 * (-d - k) + k1 * (d + k)) / determinant;
		double		explained = (k0 * (d * k0 - k * k1) + k1 * (d * k1 - k * k0)) / determinant;

		assert_near(mean, 5 + 2 * expected, 1e-12);
		assert_near(deviation, 2 * sqrt(1 - explained), 1e-12);
	}
	unit_free(scratch);
}

/* a smooth function is found between its points, and doubt grows away from them */
static void
test_interpolates(void **state)
{
	double		x[60];
	double		y[30];
	double	   *scratch = unit_array(double, mlk_gp_scratch(30));
	double		row[30];
	double		near[2] = {0.45, 0.55};
	double		far[2] = {5, 5};
	double		mean;
	double		deviation;
	double		doubt;
	MlkGaussianProcess gp;
	MlkRng		rng;

	mlk_rng_seed(&rng, 1);
	for (int i = 0; i < 30; i++)
	{
		x[2 * i] = mlk_rng_uniform(&rng);
		x[2 * i + 1] = mlk_rng_uniform(&rng);
		y[i] = sin(2 * x[2 * i]) + x[2 * i + 1] * x[2 * i + 1];
	}
	mlk_gp_fit(&gp, x, y, 30, 2, scratch);
	mlk_gp_predict(&gp, near, row, &mean, &deviation);
	assert_near(mean, sin(0.9) + 0.55 * 0.55, 0.02);
	mlk_gp_predict(&gp, far, row, &mean, &doubt);
	assert_true(doubt > 3 * deviation);
	unit_free(scratch);
}

/* equal values, equal points and a single one are no trouble */
static void
test_degenerate(void **state)
{
	double		x[] = {0.5, 0.5, 0.5};
	double		same[] = {2, 2, 2};
	double		other[] = {1, 2, 3};
	double		scratch[32];
	double		row[3];
	double		point = 0.1;
	double		mean;
	double		deviation;
	MlkGaussianProcess gp;

	assert_true(mlk_gp_scratch(3) <= 32);
	for (int n = 1; n <= 3; n++)
	{
		mlk_gp_fit(&gp, x, same, n, 1, scratch);
		mlk_gp_predict(&gp, &point, row, &mean, &deviation);
		assert_near(mean, 2, 1e-12);
		assert_true(deviation > 0 && isfinite(deviation));
	}
	mlk_gp_fit(&gp, x, other, 3, 1, scratch);
	mlk_gp_predict(&gp, x, row, &mean, &deviation);
	assert_near(mean, 2, 1e-9);
}

/* the integral of max(v - best, 0) over the normal density */
static void
test_expected_improvement(void **state)
{
	static const double cases[][3] = {{0, 1, 0}, {0, 1, 1.5}, {2, 0.5, 1}, {-1, 0.2, 0}, {0.3, 3, -2}};

	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
	{
		double		mean = cases[c][0];
		double		deviation = cases[c][1];
		double		best = cases[c][2];
		double		sum = 0;
		double		step = 1e-4;

		for (double z = -9; z < 9; z += step)
			sum += step * fmax(mean + deviation * z - best, 0) * exp(-0.5 * z * z) / sqrt(2 * M_PI);
		assert_near(mlk_expected_improvement(mean, deviation, best), sum, 1e-6);
	}
	assert_near(mlk_expected_improvement(3, 0, 1), 2, 0);
	assert_near(mlk_expected_improvement(1, 0, 3), 0, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_likelihood_of_two),
		cmocka_unit_test(test_predict_of_two),
		cmocka_unit_test(test_interpolates),
		cmocka_unit_test(test_degenerate),
		cmocka_unit_test(test_expected_improvement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
