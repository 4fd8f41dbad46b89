/*
 * test_sigmoid.c: the vectorised exp and what is built on it, against libm in long double.
 */
#include "unit.h"

#include "kernels/rng.h"
#include "kernels/sigmoid.h"

#define N 200000
#define EXP_ULP 2.0
#define SIGMOID_ULP 4.0
/* of probabilities down to exp(-200): the difference of two eta is rounded before exp */
#define SOFTMAX_TOLERANCE 1e-13

static double
ulps(double actual, long double expected)
{
	double		nearest = (double) expected;

	return (double) fabsl(actual - expected) / (nextafter(fabs(nearest), INFINITY) - fabs(nearest));
}

static double *
arguments(void)
{
	double	   *x = unit_array(double, N);
	MlkRng		rng;

	mlk_rng_seed(&rng, 21);
	for (int i = 0; i < N; i++)
	{
		double		u = mlk_rng_uniform(&rng) - 0.5;

		x[i] = i % 3 == 0 ? 1400.0 * u : (i % 3 == 1 ? 20.0 * u : 1e-5 * u);
	}
	x[0] = 0.0;
	x[1] = -0.0;
	x[2] = 708.9;
	x[3] = -708.0;
	return x;
}

static void
test_exp(void **state)
{
	double	   *x = arguments();
	double	   *e = unit_array(double, N);
	double		extremes[] = {1e308, -1e308, INFINITY, -INFINITY, NAN};

	memcpy(e, x, sizeof(double) * N);
	mlk_exp(e, N);
	for (int i = 0; i < N; i++)
		assert_true(ulps(e[i], expl(x[i])) <= EXP_ULP);
	assert_true(e[0] == 1.0 && e[1] == 1.0);

	mlk_exp(extremes, 5);
	assert_true(isfinite(extremes[0]) && extremes[0] > 8e307);
	assert_true(extremes[1] > 0.0 && extremes[1] < 4e-308);
	assert_true(extremes[2] == extremes[0] && extremes[3] == extremes[1]);
	assert_true(isnan(extremes[4]));
	unit_free(x);
	unit_free(e);
}

static void
test_sigmoid(void **state)
{
	double	   *x = arguments();
	double	   *p = unit_array(double, N);

	memcpy(p, x, sizeof(double) * N);
	mlk_sigmoid(p, N);
	for (int i = 0; i < N; i++)
	{
		double		alone = x[i];

		assert_true(ulps(p[i], 1.0L / (1.0L + expl(-(long double) x[i]))) <= SIGMOID_ULP);
		mlk_sigmoid(&alone, 1);
		assert_memory_equal(&alone, &p[i], sizeof(double));
	}
	unit_free(x);
	unit_free(p);
}

static void
test_softmax(void **state)
{
	double		x[] = {1.0, 2.0, 3.0, 1000.0, -1000.0, 1000.0};
	double		sum = exp(-2) + exp(-1) + 1.0;

	mlk_softmax(x, 2, 3);
	assert_close(x[0], exp(-2) / sum, 1e-15);
	assert_close(x[1], exp(-1) / sum, 1e-15);
	assert_close(x[2], 1.0 / sum, 1e-15);
	assert_close(x[3], 0.5, 1e-15);
	assert_true(x[4] < 1e-300);
	assert_close(x[5], 0.5, 1e-15);
}

static void
test_logistic_rows(void **state)
{
	double	   *eta = arguments();
	double	   *residual = unit_array(double, N);
	double	   *curvature = unit_array(double, N);
	double	   *scratch = unit_array(double, N);
	double	   *w = unit_array(double, N);
	int32_t    *y = unit_array(int32_t, N);
	double		margin = INFINITY;
	double		least = INFINITY;
	double		loss;
	long double expected = 0.0L;

	for (int i = 0; i < N; i++)
	{
		y[i] = i % 2;
		w[i] = i % 5 == 0 ? 0.0 : 0.5 + i % 3;
	}
	loss = mlk_logistic_rows(eta, y, w, N, residual, curvature, scratch, &margin);
	for (int i = 0; i < N; i++)
	{
		long double m = y[i] ? eta[i] : -eta[i];
		long double p = 1.0L / (1.0L + expl(-(long double) eta[i]));
		long double wrong = 1.0L / (1.0L + expl(m));

		if (w[i] > 0.0 && m < least)
			least = m;
		expected += w[i] * (m > 0 ? log1pl(expl(-m)) : log1pl(expl(m)) - m);
		/* beyond the clamp both are next to nothing */
		if (fabs(eta[i]) > 708.0)
		{
			assert_true(curvature[i] < 1e-300 && (wrong > 0.5L || fabs(residual[i]) < 1e-300));
			continue;
		}
		assert_close(residual[i], (double) (w[i] * (y[i] ? -wrong : wrong)), 2e-15);
		assert_close(curvature[i], (double) (w[i] * p * (1.0L / (1.0L + expl((long double) eta[i])))), 2e-15);
	}
	assert_close(loss, (double) expected, 1e-14);
	assert_true(margin == least);
	unit_free(eta);
	unit_free(residual);
	unit_free(curvature);
	unit_free(scratch);
	unit_free(w);
	unit_free(y);
}

static void
test_softmax_rows(void **state)
{
	enum
	{
		ROWS = 501, CLASSES = 4
	};
	double		eta[CLASSES * ROWS];
	double		given[CLASSES * ROWS];
	double		scratch[2 * ROWS];
	double		w[ROWS];
	int32_t		label[ROWS];
	double		margin = INFINITY;
	double		least = INFINITY;
	long double expected = 0.0L;
	MlkRng		rng;

	mlk_rng_seed(&rng, 22);
	for (int i = 0; i < CLASSES * ROWS; i++)
		eta[i] = given[i] = 30.0 * mlk_rng_normal(&rng);
	for (int i = 0; i < ROWS; i++)
	{
		label[i] = i % CLASSES;
		w[i] = i % 4 == 3 ? 0.0 : 1.5;
	}
	assert_true(mlk_softmax_rows(eta, ROWS, CLASSES, label, w, ROWS, scratch, &margin) > 0.0);
	memcpy(eta, given, sizeof(eta));
	margin = INFINITY;
	for (int i = 0; i < ROWS; i++)
	{
		long double sum = 0.0L;
		double		rival = -INFINITY;

		for (int k = 0; k < CLASSES; k++)
		{
			sum += expl(given[k * ROWS + i]);
			if (k != label[i] && given[k * ROWS + i] > rival)
				rival = given[k * ROWS + i];
		}
		expected += w[i] * (logl(sum) - given[label[i] * ROWS + i]);
		if (w[i] > 0.0 && given[label[i] * ROWS + i] - rival < least)
			least = given[label[i] * ROWS + i] - rival;
	}
	assert_close(mlk_softmax_rows(eta, ROWS, CLASSES, label, w, ROWS, scratch, &margin), (double) expected, 1e-13);
	assert_true(margin == least);
	for (int i = 0; i < ROWS; i++)
	{
		long double sum = 0.0L;

		for (int k = 0; k < CLASSES; k++)
			sum += expl(given[k * ROWS + i]);
		for (int k = 0; k < CLASSES; k++)
			assert_close(eta[k * ROWS + i], (double) (expl(given[k * ROWS + i]) / sum), SOFTMAX_TOLERANCE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exp),
		cmocka_unit_test(test_sigmoid),
		cmocka_unit_test(test_softmax),
		cmocka_unit_test(test_logistic_rows),
		cmocka_unit_test(test_softmax_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
