/*
 * test_describe.c: sorting in place against qsort; statistics of sorted values against numpy 1.24 and scipy 1.10.1.
 */
#include "unit.h"

#include "kernels/describe.h"
#include "kernels/rng.h"

#define MAX_ROWS 600000			/* more than two blocks of the sort */
#define TOLERANCE 1e-12

/* ---- sort ---- */

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return x < y ? -1 : x > y;
}

static double
shaped(MlkRng *rng, int shape, int64_t i)
{
	switch (shape)
	{
		case 0:
			return mlk_rng_uniform(rng);
		case 1:
			return mlk_rng_normal(rng) * pow(10.0, (double) mlk_rng_below(rng, 600) - 300.0);
		case 2:
			return (double) mlk_rng_below(rng, 7) - 3.0;
		case 3:					/* equal in the highest bits that vary, but for one value far away */
			return i == 0 ? 1e300 : 1.0 + (double) mlk_rng_below(rng, 1000000) * 0x1p-52;
		case 4:
			return i % 3 == 0 ? -INFINITY : (i % 3 == 1 ? INFINITY : -0.0);
		default:
			return 42.0;
	}
}

static void
test_sort(void **state)
{
	static const int64_t sizes[] = {0, 1, 2, 64, 65, 1000, MAX_ROWS};
	double	   *x = unit_array(double, MAX_ROWS);
	double	   *expected = unit_array(double, MAX_ROWS);
	void	   *scratch = test_malloc(mlk_sort_scratch(MAX_ROWS));
	MlkPool    *pool = mlk_pool_create(3, NULL);
	MlkRng		rng;

	mlk_rng_seed(&rng, 1);
	for (int shape = 0; shape < 6; shape++)
		for (int s = 0; s < (int) (sizeof(sizes) / sizeof(sizes[0])); s++)
		{
			for (int64_t i = 0; i < sizes[s]; i++)
				x[i] = expected[i] = shaped(&rng, shape, i);
			qsort(expected, sizes[s], sizeof(double), compare_doubles);
			assert_int_equal(mlk_sort_values(s % 2 ? pool : NULL, x, sizes[s], scratch), MLK_OK);
			for (int64_t i = 0; i < sizes[s]; i++)
				assert_true(x[i] == expected[i]);
		}
	mlk_pool_destroy(pool);
	unit_free(x);
	unit_free(expected);
	test_free(scratch);
}

static bool
stop_always(void)
{
	return true;
}

static void
test_cancel(void **state)
{
	double	   *x = unit_array(double, MAX_ROWS);
	void	   *scratch = test_malloc(mlk_sort_scratch(MAX_ROWS));
	MlkPool    *pool = mlk_pool_create(1, stop_always);
	MlkDescription d;

	assert_int_equal(mlk_sort_values(pool, x, MAX_ROWS, scratch), MLK_CANCELLED);
	assert_int_equal(mlk_describe(pool, x, MAX_ROWS, NULL, 0, NULL, &d), MLK_CANCELLED);
	mlk_pool_destroy(pool);
	unit_free(x);
	test_free(scratch);
}

/* ---- description ---- */

/*
 * i = np.arange(1, 1001); x = np.round(np.exp(np.sin(i * 1.3) * 2), 3)
 * np.quantile, x.std(ddof=1), scipy.stats.skew, np.histogram(x, 20), np.unique(x, return_counts=True), and
 * mad = 1.4826 * np.median(abs(x - med)), abs(x - med) > 3.5 * mad
 */
static void
test_description(void **state)
{
	static const double p[] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};
	static const double expected[] = {0.136, 0.138, 0.244, 1.033, 3.9072500000000003, 7.1640999999999995, 7.38101};
	static const int64_t counts[] = {380, 102, 61, 26, 52, 0, 38, 32, 9, 25, 34, 0, 34, 30, 4, 17, 25, 26, 35, 70};
	double		x[1003];
	double		q[7];
	double	   *scratch = test_malloc(mlk_sort_scratch(1003));
	MlkDescription d;

	for (int i = 0; i < 1000; i++)
		x[i] = rint(exp(sin((i + 1) * 1.3) * 2.0) * 1000.0) / 1000.0;
	x[1000] = INFINITY;
	x[1001] = -INFINITY;
	x[1002] = INFINITY;
	assert_int_equal(mlk_sort_values(NULL, x, 1003, scratch), MLK_OK);
	assert_int_equal(mlk_describe(NULL, x, 1003, p, 7, q, &d), MLK_OK);
	assert_int_equal(d.finite, 1000);
	assert_int_equal(d.infinities, 3);
	assert_int_equal(d.distinct, 702 + 2);
	assert_close(d.mean, 2.2801530000000003, TOLERANCE);
	assert_close(d.stddev, 2.4748565126789366, TOLERANCE);
	assert_close(d.skew, 0.9069789368203834, TOLERANCE);
	assert_close(d.mad, 1.3032053999999997, TOLERANCE);
	assert_int_equal(d.outliers_iqr, 0);
	assert_int_equal(d.outliers_z, 173);
	assert_close(d.extreme, 4.8741357271846795, TOLERANCE);
	assert_false(d.integral);
	for (int i = 0; i < 7; i++)
		assert_close(q[i], expected[i], TOLERANCE);
	assert_int_equal(d.n_bins, 20);
	for (int i = 0; i < 20; i++)
		assert_int_equal(d.count[i], counts[i]);
	assert_int_equal(d.n_top, 10);
	assert_close(d.top[0].value, 0.136, 0.0);
	assert_int_equal(d.top[0].count, 34);
	assert_close(d.top[1].value, 0.138, 0.0);
	assert_int_equal(d.top[1].count, 23);
	assert_close(d.second, 0.138, 0.0);
	assert_close(d.second_last, 7.384, 0.0);
	test_free(scratch);
}

/* |x - median| by sorting, for every length and for ties */
static void
test_deviation(void **state)
{
	MlkRng		rng;
	double		x[200];
	double		deviation[200];
	double		scratch[1300];
	MlkDescription d;

	mlk_rng_seed(&rng, 7);
	for (int n = 1; n <= 60; n++)
		for (int shape = 0; shape < 6; shape++)
		{
			double		median;

			if (shape == 4)
				continue;
			for (int i = 0; i < n; i++)
				x[i] = shape == 1 ? mlk_rng_normal(&rng) : shaped(&rng, shape, i);
			(void) mlk_sort_values(NULL, x, n, scratch);
			median = mlk_sorted_quantile(x, n, 0.5);
			for (int i = 0; i < n; i++)
				deviation[i] = fabs(x[i] - median);
			(void) mlk_sort_values(NULL, deviation, n, scratch);
			assert_int_equal(mlk_describe(NULL, x, n, NULL, 0, NULL, &d), MLK_OK);
			assert_close(d.mad, 1.4826 * mlk_sorted_quantile(deviation, n, 0.5), 1e-15);
		}
}

static void
test_edges_of_data(void **state)
{
	double		none[1] = {0};
	double		one[1] = {5};
	double		whole[4] = {1, 1, 2, 4};
	double		huge[2] = {-1.7e308, 1.7e308};
	double		infinite[2] = {-INFINITY, INFINITY};
	double		q[1];
	double		half = 0.5;
	MlkDescription d;

	assert_int_equal(mlk_describe(NULL, none, 0, &half, 1, q, &d), MLK_OK);
	assert_true(d.finite == 0 && d.distinct == 0 && d.n_bins == 0 && isnan(d.min) && isnan(q[0]));
	assert_int_equal(mlk_describe(NULL, one, 1, &half, 1, q, &d), MLK_OK);
	assert_true(d.mean == 5 && isnan(d.stddev) && isnan(d.skew) && d.n_bins == 1 && d.count[0] == 1 && isnan(d.second));
	assert_int_equal(mlk_describe(NULL, whole, 4, &half, 1, q, &d), MLK_OK);
	assert_true(d.integral && d.n_bins == 4 && d.count[0] == 2 && d.count[2] == 0 && d.count[3] == 1 && d.edge[0] == 0.5);
	assert_int_equal(mlk_describe(NULL, huge, 2, &half, 1, q, &d), MLK_OK);
	assert_true(d.mean == 0 && d.n_bins == 20 && d.count[0] == 1 && d.count[19] == 1);
	assert_int_equal(mlk_describe(NULL, infinite, 2, &half, 1, q, &d), MLK_OK);
	assert_true(d.finite == 0 && d.infinities == 2 && d.distinct == 2 && isnan(d.mean));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_description),
		cmocka_unit_test(test_deviation),
		cmocka_unit_test(test_edges_of_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
