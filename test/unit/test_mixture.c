/*
 * test_mixture.c: weights of several predictors against closed forms and against all points of a fine grid.
 */
#include "unit.h"

#include "kernels/mixture.h"
#include "kernels/rng.h"

#define ROWS 10007				/* more than two blocks, the last one not full */
#define GRID 200

static double *
uniform(int64_t n, uint64_t seed)
{
	double	   *x = unit_array(double, n);
	MlkRng		rng;

	mlk_rng_seed(&rng, seed);
	for (int64_t i = 0; i < n; i++)
		x[i] = mlk_rng_uniform(&rng);
	return x;
}

static double
squares(const double *x, const double *weight, int m, const double *w)
{
	double		sum = 0.0;

	for (int64_t i = 0; i < ROWS; i++)
	{
		double		e = 0.0;

		for (int j = 0; j < m; j++)
			e += w[j] * x[i * m + j];
		sum += (weight ? weight[i] : 1.0) * e * e;
	}
	return sum;
}

static double
log_loss(const double *x, const double *weight, int m, const double *w)
{
	double		sum = 0.0;

	for (int64_t i = 0; i < ROWS; i++)
	{
		double		p = 0.0;

		for (int j = 0; j < m; j++)
			p += w[j] * fmax(x[i * m + j], 1e-15);
		sum -= (weight ? weight[i] : 1.0) * log(p);
	}
	return sum;
}

static void
assert_weights(const double *w, int m)
{
	double		sum = 0.0;

	for (int j = 0; j < m; j++)
	{
		assert_true(w[j] >= 0.0);
		sum += w[j];
	}
	assert_close(sum, 1.0, 1e-12);
}

/* no point of the grid over three weights may be better */
static void
assert_least(double (*loss) (const double *, const double *, int, const double *), const double *x, const double *weight, const double *w)
{
	double		found = loss(x, weight, 3, w);

	assert_weights(w, 3);
	for (int a = 0; a <= GRID; a += 5)
		for (int b = 0; a + b <= GRID; b += 5)
		{
			double		other[3] = {(double) a / GRID, (double) b / GRID, (double) (GRID - a - b) / GRID};

			assert_true(found <= loss(x, weight, 3, other) * (1.0 + 1e-12) + 1e-9);
		}
}

/* two predictors: minimise |w r1 + (1 - w) r2|^2, w = (r2'r2 - r1'r2) / |r1 - r2|^2 */
static void
test_two_squares(void **state)
{
	double	   *x = uniform(2 * ROWS, 1);
	double	   *memory = unit_array(double, mlk_mixture_memory(ROWS));
	double		w[2];
	double		top = 0.0;
	double		bottom = 0.0;

	for (int64_t i = 0; i < ROWS; i++)
	{
		x[2 * i] = 2.0 * x[2 * i] - 0.9;
		top += x[2 * i + 1] * (x[2 * i + 1] - x[2 * i]);
		bottom += (x[2 * i + 1] - x[2 * i]) * (x[2 * i + 1] - x[2 * i]);
	}
	assert_int_equal(mlk_mixture_squares(NULL, x, NULL, ROWS, 2, memory, w), MLK_OK);
	assert_close(w[0], top / bottom, 1e-9);
	assert_close(w[1], 1.0 - top / bottom, 1e-9);
	unit_free(memory);
	unit_free(x);
}

static void
test_grid(void **state)
{
	double	   *memory = unit_array(double, mlk_mixture_memory(ROWS));

	for (int seed = 2; seed < 6; seed++)
	{
		double	   *x = uniform(3 * ROWS, seed);
		double	   *weight = seed % 2 == 0 ? NULL : uniform(ROWS, 100 + seed);
		double		w[3];

		for (int64_t i = 0; i < ROWS; i++)
		{
			x[3 * i + 1] = seed < 4 ? x[3 * i + 1] : 0.3 + 0.2 * x[3 * i];
			x[3 * i + 2] = 0.5 * x[3 * i + 2] + 0.25;
		}
		assert_int_equal(mlk_mixture_log(NULL, x, weight, ROWS, 3, memory, w), MLK_OK);
		assert_least(log_loss, x, weight, w);
		for (int64_t i = 0; i < 3 * ROWS; i++)
			x[i] -= 0.4;
		assert_int_equal(mlk_mixture_squares(NULL, x, weight, ROWS, 3, memory, w), MLK_OK);
		assert_least(squares, x, weight, w);
		unit_free(weight);
		unit_free(x);
	}
	unit_free(memory);
}

/*
 * A share a of the rows where the first is certain and right and the second says p, and 1 - a where it is the other way
 * round: the least of -a log(w + p (1 - w)) - (1 - a) log(1 - w + p w) is at w = (a - p (1 - a)) / (1 - p).
 */
static void
test_two_logs(void **state)
{
	double	   *x = unit_array(double, 2 * ROWS);
	double	   *memory = unit_array(double, mlk_mixture_memory(ROWS));
	int64_t		first = 7000;
	double		a = (double) first / ROWS;
	double		p = 0.1;
	double		w[2];

	for (int64_t i = 0; i < ROWS; i++)
	{
		x[2 * i] = i < first ? 1.0 : p;
		x[2 * i + 1] = i < first ? p : 1.0;
	}
	assert_int_equal(mlk_mixture_log(NULL, x, NULL, ROWS, 2, memory, w), MLK_OK);
	assert_close(w[0], (a - p * (1.0 - a)) / (1.0 - p), 1e-7);
	unit_free(memory);
	unit_free(x);
}

/* corners, predictors that are alike, nothing to tell them apart, nothing at all */
static void
test_edges(void **state)
{
	double		memory[64];
	double		w[5];
	const double right[] = {0, 1, 0, -2, 0, 3};
	const double alike[] = {1, 1, -2, -2, 0.5, 0.5};
	const double both[] = {1, -1, 1, -1};
	const double sure[] = {1, 0, 1, 0};
	const double never[] = {0, 0, 0, 0};

	assert_int_equal(mlk_mixture_squares(NULL, right, NULL, 3, 2, memory, w), MLK_OK);
	assert_true(fabs(w[0] - 1.0) < 1e-9 && w[1] < 1e-9);
	assert_int_equal(mlk_mixture_squares(NULL, alike, NULL, 3, 2, memory, w), MLK_OK);
	assert_true(fabs(w[0] - 0.5) < 1e-3);
	assert_int_equal(mlk_mixture_squares(NULL, both, NULL, 2, 2, memory, w), MLK_OK);
	assert_close(w[0], 0.5, 1e-9);
	assert_int_equal(mlk_mixture_log(NULL, sure, NULL, 2, 2, memory, w), MLK_OK);
	assert_true(w[0] == 1.0 && w[1] == 0.0);
	assert_int_equal(mlk_mixture_log(NULL, never, NULL, 2, 2, memory, w), MLK_OK);
	assert_close(w[0], 0.5, 1e-9);
	assert_int_equal(mlk_mixture_log(NULL, never, NULL, 0, 4, memory, w), MLK_OK);
	assert_weights(w, 4);
	assert_int_equal(mlk_mixture_squares(NULL, right, NULL, 6, 1, memory, w), MLK_OK);
	assert_true(w[0] == 1.0);
	{
		const double huge[] = {1e200, 1, 1, 1};

		assert_int_equal(mlk_mixture_squares(NULL, huge, NULL, 2, 2, memory, w), MLK_NOT_FINITE);
	}
}

/* the same bits for any number of threads */
static void
test_threads(void **state)
{
	double	   *x = uniform(5 * ROWS, 9);
	double	   *memory = unit_array(double, mlk_mixture_memory(ROWS));
	MlkPool    *pool = mlk_pool_create(3, NULL);
	double		one[2][5];
	double		three[2][5];

	assert_non_null(pool);
	assert_int_equal(mlk_mixture_log(NULL, x, NULL, ROWS, 5, memory, one[0]), MLK_OK);
	assert_int_equal(mlk_mixture_log(pool, x, NULL, ROWS, 5, memory, three[0]), MLK_OK);
	assert_int_equal(mlk_mixture_squares(NULL, x, NULL, ROWS, 5, memory, one[1]), MLK_OK);
	assert_int_equal(mlk_mixture_squares(pool, x, NULL, ROWS, 5, memory, three[1]), MLK_OK);
	assert_memory_equal(one, three, sizeof(one));
	mlk_pool_destroy(pool);
	unit_free(memory);
	unit_free(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_squares),
		cmocka_unit_test(test_two_logs),
		cmocka_unit_test(test_grid),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_threads)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
