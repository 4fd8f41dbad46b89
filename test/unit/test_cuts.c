/*
 * test_cuts.c: what cuts a line into pieces: quantiles, splines and k-means of numbers.
 */
#include "unit.h"

#include "kernels/kmeans_line.h"
#include "kernels/quantiles.h"
#include "kernels/rng.h"
#include "kernels/sort.h"
#include "kernels/special.h"
#include "kernels/spline.h"

/* ---- quantiles ---- */

/* by selection, bit for bit */
static void
test_quantiles(void **state)
{
	double		sorted[7] = {-3, 1, 1, 2, 8, 8.5, 100};
	double		copy[7];
	double		grid[5];

	for (double q = 0; q <= 1; q += 1.0 / 64)
	{
		memcpy(copy, sorted, sizeof(copy));
		assert_true(mlk_quantile_sorted(sorted, 7, q) == mlk_quantile_f64(copy, 7, q));
	}
	assert_true(isnan(mlk_quantile_sorted(sorted, 0, 0.5)));
	mlk_quantile_grid(sorted, 7, 5, grid);
	assert_true(grid[0] == -3 && grid[1] == 1 && grid[2] == 2 && grid[3] == 8.25 && grid[4] == 100);
	mlk_quantile_grid(sorted, 1, 3 + 2, grid);
	assert_true(grid[0] == -3 && grid[4] == -3);
}

static void
test_places(void **state)
{
	const double grid[5] = {0, 1, 1, 1, 3};

	assert_true(mlk_quantile_place(grid, 5, -1) == 0 && mlk_quantile_place(grid, 5, 0) == 0);
	assert_true(mlk_quantile_place(grid, 5, 3) == 1 && mlk_quantile_place(grid, 5, 9) == 1);
	assert_true(mlk_quantile_place(grid, 5, 0.5) == 0.125);
	assert_true(mlk_quantile_place(grid, 5, 1) == 0.5);
	assert_true(mlk_quantile_place(grid, 5, 2) == 0.875);
	assert_true(isnan(mlk_quantile_place(grid, 5, NAN)) && isnan(mlk_quantile_normal(grid, 5, NAN)));
	assert_close(mlk_quantile_normal(grid, 5, 2), mlk_normal_quantile(0.875), 1e-15);
	/* scipy.stats.norm.ppf(1e-7 - numpy.spacing(1)) */
	assert_close(mlk_quantile_normal(grid, 5, -INFINITY), -5.199337582605575, 1e-9);
	assert_close(mlk_quantile_normal(grid, 5, 3 - 1e-8), 5.19933758270342, 1e-9);
}

/* ---- splines ---- */

#define KNOTS 5

/* the functions add up to 1, none is negative, and at most degree + 1 are not 0 */
static void
test_partition(void **state)
{
	const double base[KNOTS] = {0, 1, 1.5, 4, 5};
	double		knots[KNOTS + 2 * MLK_SPLINE_MAX_DEGREE];
	double		value[KNOTS + MLK_SPLINE_MAX_DEGREE];

	for (int degree = 0; degree <= MLK_SPLINE_MAX_DEGREE; degree++)
	{
		mlk_spline_knots(base, KNOTS, degree, knots);
		for (double x = 0; x <= 5; x += 0.0625)
		{
			double		sum = 0;
			int			alive = 0;

			mlk_spline_basis(knots, KNOTS, degree, MLK_SPLINE_CONTINUE, x, value);
			for (int k = 0; k < KNOTS + degree - 1; k++)
			{
				assert_true(value[k] >= -1e-13);
				alive += value[k] != 0;
				sum += value[k];
			}
			assert_true(alive <= degree + 1);
			assert_close(sum, 1, 1e-12);
		}
	}
}

/* beyond the ends: the value at the end, and the slope there by differences */
static void
test_ends(void **state)
{
	const double base[KNOTS] = {0, 1, 1.5, 4, 5};
	double		knots[KNOTS + 2 * MLK_SPLINE_MAX_DEGREE];
	double		end[KNOTS + 3];
	double		inside[KNOTS + 3];
	double		beyond[KNOTS + 3];

	for (int degree = 1; degree <= 3; degree++)
	{
		mlk_spline_knots(base, KNOTS, degree, knots);
		mlk_spline_basis(knots, KNOTS, degree, MLK_SPLINE_CONSTANT, 5, end);
		mlk_spline_basis(knots, KNOTS, degree, MLK_SPLINE_CONSTANT, 7, beyond);
		assert_memory_equal(end, beyond, sizeof(double) * (KNOTS + degree - 1));
		mlk_spline_basis(knots, KNOTS, degree, MLK_SPLINE_LINEAR, 5 - 1e-6, inside);
		mlk_spline_basis(knots, KNOTS, degree, MLK_SPLINE_LINEAR, 7, beyond);
		for (int k = 0; k < KNOTS + degree - 1; k++)
			assert_true(fabs(beyond[k] - (end[k] + 2 * (end[k] - inside[k]) / 1e-6)) < 1e-4);
	}
	mlk_spline_basis(knots, KNOTS, 3, MLK_SPLINE_LINEAR, NAN, end);
	assert_true(isnan(end[0]) && isnan(end[KNOTS + 1]));
}

/* knots that coincide make no division by 0 */
static void
test_equal_knots(void **state)
{
	const double base[KNOTS] = {2, 2, 2, 4, 4};
	double		knots[KNOTS + 2 * MLK_SPLINE_MAX_DEGREE];
	double		value[KNOTS + MLK_SPLINE_MAX_DEGREE];

	for (int degree = 0; degree <= MLK_SPLINE_MAX_DEGREE; degree++)
	{
		mlk_spline_knots(base, KNOTS, degree, knots);
		for (double x = 1; x <= 5; x += 0.25)
		{
			mlk_spline_basis(knots, KNOTS, degree, MLK_SPLINE_LINEAR, x, value);
			for (int k = 0; k < KNOTS + degree - 1; k++)
				assert_true(isfinite(value[k]));
		}
	}
}

/* ---- k-means ---- */

static void
test_groups(void **state)
{
	const double x[9] = {1, 1.5, 2, 10, 10.5, 11, 50, 51, 52};
	double		center[3] = {40, 3, 12};
	double		room[15];

	assert_int_equal(mlk_kmeans_line(NULL, x, 9, 3, center, room), MLK_OK);
	assert_close(center[0], 1.5, 1e-15);
	assert_close(center[1], 10.5, 1e-15);
	assert_close(center[2], 51, 1e-15);
}

/* more centers than values, and centers far from all of them */
static void
test_empty_groups(void **state)
{
	const double x[4] = {1, 1, 2, 3};
	const double same[3] = {7, 7, 7};
	double		center[6] = {100, 200, 300, 400, 500, 600};
	double		room[30];

	assert_int_equal(mlk_kmeans_line(NULL, x, 4, 6, center, room), MLK_OK);
	for (int k = 0; k < 6; k++)
		assert_true(isfinite(center[k]) && (k == 0 || center[k] >= center[k - 1]));
	center[0] = 7;
	center[1] = 8;
	assert_int_equal(mlk_kmeans_line(NULL, same, 3, 2, center, room), MLK_OK);
	assert_true(center[0] == 7);
}

static bool
always(void)
{
	return true;
}

static void
test_stop(void **state)
{
	const double x[4] = {1, 1, 2, 3};
	double		center[2] = {1, 2};
	double		room[10];
	MlkPool    *pool = mlk_pool_create(1, always);

	assert_int_equal(mlk_kmeans_line(pool, x, 4, 2, center, room), MLK_CANCELLED);
	mlk_pool_destroy(pool);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_partition),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_equal_knots),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_empty_groups),
		cmocka_unit_test(test_stop)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
