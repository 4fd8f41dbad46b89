/*
 * test_lbfgs.c: L-BFGS on functions whose minima are known.
 */
#include "unit.h"

#include "kernels/lbfgs.h"

#define N 30

/* chained Rosenbrock: minimum 0 at (1, ..., 1) */
static MlkStatus
rosenbrock(void *arg, const double *x, double *value, double *gradient)
{
	*value = 0.0;
	memset(gradient, 0, sizeof(double) * N);
	for (int i = 0; i + 1 < N; i++)
	{
		double		a = x[i + 1] - x[i] * x[i];
		double		b = 1.0 - x[i];

		*value += 100.0 * a * a + b * b;
		gradient[i] += -400.0 * a * x[i] - 2.0 * b;
		gradient[i + 1] += 200.0 * a;
	}
	return MLK_OK;
}

static void
test_rosenbrock(void **state)
{
	double		x[N] = {0};
	double	   *scratch = unit_array(double, (size_t) mlk_lbfgs_scratch(N));
	MlkLbfgs	m = {.n = N, .objective = rosenbrock, .tolerance = 1e-9, .max_iter = 1000};

	assert_int_equal(mlk_lbfgs_minimise(&m, x, scratch), MLK_OK);
	for (int i = 0; i < N; i++)
		assert_close(x[i], 1.0, 1e-8);
	assert_true(m.gradient_norm <= 1e-9 && m.iterations < 300);
	unit_free(scratch);
}

/* 1/2 sum h_i (x_i - t_i)^2, h from 1 to 1e4 */
static MlkStatus
bowl(void *arg, const double *x, double *value, double *gradient)
{
	*value = 0.0;
	for (int i = 0; i < N; i++)
	{
		double		h = pow(10.0, 4.0 * i / (N - 1));
		double		d = x[i] - (i % 3 - 1.0) * 0.01 * i;

		*value += 0.5 * h * d * d;
		gradient[i] = h * d;
	}
	return MLK_OK;
}

/* separable with l1: the minimum is the soft-thresholded target; zeros are exact */
static void
test_l1(void **state)
{
	double		x[N];
	double		l1[N];
	double	   *scratch = unit_array(double, (size_t) mlk_lbfgs_scratch(N));
	MlkLbfgs	m = {.n = N, .objective = bowl, .l1 = l1, .tolerance = 1e-10, .max_iter = 2000};

	for (int i = 0; i < N; i++)
	{
		x[i] = 1.0;
		l1[i] = i % 5 == 0 ? 0.0 : 0.5;
	}
	assert_int_equal(mlk_lbfgs_minimise(&m, x, scratch), MLK_OK);
	for (int i = 0; i < N; i++)
	{
		double		h = pow(10.0, 4.0 * i / (N - 1));
		double		target = (i % 3 - 1.0) * 0.01 * i;
		double		size = fabs(target) - l1[i] / h;
		double		expected = size > 0.0 ? copysign(size, target) : 0.0;

		assert_true(fabs(x[i] - expected) <= 1e-9);
		if (l1[i] > 0.0 && expected == 0.0)
			assert_true(x[i] == 0.0);
	}
	unit_free(scratch);
}

/* with the true curvature a separable bowl takes a step or two, whatever its steepness */
static void
test_curvature(void **state)
{
	double		x[N] = {0};
	double		curvature[N];
	double	   *scratch = unit_array(double, (size_t) mlk_lbfgs_scratch(N));
	MlkLbfgs	m = {.n = N, .objective = bowl, .curvature = curvature, .tolerance = 1e-9, .max_iter = 3};

	for (int i = 0; i < N; i++)
		curvature[i] = pow(10.0, 4.0 * i / (N - 1));
	assert_int_equal(mlk_lbfgs_minimise(&m, x, scratch), MLK_OK);
	for (int i = 0; i < N; i++)
		assert_close(x[i], (i % 3 - 1.0) * 0.01 * i, 1e-9);
	unit_free(scratch);
}

static void
test_limits(void **state)
{
	double		x[N] = {0};
	double	   *scratch = unit_array(double, (size_t) mlk_lbfgs_scratch(N));
	MlkLbfgs	m = {.n = N, .objective = rosenbrock, .tolerance = 1e-9, .max_iter = 3};

	assert_int_equal(mlk_lbfgs_minimise(&m, x, scratch), MLK_NOT_CONVERGED);
	assert_true(m.value < N - 1);
	assert_int_equal(m.iterations, 3);
	unit_free(scratch);
}

/* counts down, then asks to stop */
static MlkStatus
cancelled(void *arg, const double *x, double *value, double *gradient)
{
	int		   *left = arg;

	return (*left)-- > 0 ? rosenbrock(NULL, x, value, gradient) : MLK_CANCELLED;
}

static void
test_status(void **state)
{
	double		x[N] = {0};
	int			left = 7;
	double	   *scratch = unit_array(double, (size_t) mlk_lbfgs_scratch(N));
	MlkLbfgs	m = {.n = N, .objective = cancelled, .arg = &left, .tolerance = 1e-9, .max_iter = 100};

	assert_int_equal(mlk_lbfgs_minimise(&m, x, scratch), MLK_CANCELLED);
	assert_int_equal(left, -1);
	unit_free(scratch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rosenbrock),
		cmocka_unit_test(test_l1),
		cmocka_unit_test(test_curvature),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
