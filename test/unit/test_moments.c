/*
 * test_moments.c: one pass, pieces, and merges say the same of a column, whatever is missing from it.
 */
#include "unit.h"

#include "kernels/moments.h"
#include "kernels/rng.h"

#define ROWS 5003
#define MEAN_TOLERANCE 1e-14
#define SQUARES_TOLERANCE 1e-12

/* long double in two passes: the oracle */
static void
check_against_two_passes(const double *x, int64_t stride, int64_t n, const MlkMoments *m)
{
	long double sum = 0.0L;
	long double squares = 0.0L;
	int64_t		count = 0;

	for (int64_t i = 0; i < n; i++)
		if (isfinite(x[i * stride]))
		{
			sum += x[i * stride];
			count++;
		}
	assert_int_equal(m->count, count);
	for (int64_t i = 0; i < n; i++)
		if (isfinite(x[i * stride]))
			squares += (x[i * stride] - sum / count) * (x[i * stride] - sum / count);
	assert_close(m->mean, (double) (sum / count), MEAN_TOLERANCE);
	assert_close(m->m2, (double) squares, SQUARES_TOLERANCE);
}

static void
test_column(void **state)
{
	double	   *x = unit_array(double, 3 * ROWS);
	MlkRng		rng;
	MlkMoments	m;

	/* a mean of 1e6 standard deviations: the textbook formula would have lost everything */
	mlk_rng_seed(&rng, 1);
	for (int i = 0; i < 3 * ROWS; i++)
		x[i] = 1e6 + mlk_rng_normal(&rng);
	for (int i = 0; i < ROWS; i += 7)
		x[3 * i] = i % 2 ? NAN : (i % 4 ? INFINITY : -INFINITY);

	mlk_moments_init(&m);
	mlk_moments_add(&m, x, 3, ROWS);
	check_against_two_passes(x, 3, ROWS, &m);
	assert_int_equal(m.count + m.missing + m.infinite, ROWS);
	assert_int_equal(m.missing, 357);
	assert_int_equal(m.infinite, 358);
	assert_true(m.min > 1e6 - 10.0 && m.min < m.mean && m.max > m.mean && m.max < 1e6 + 10.0);

	mlk_moments_init(&m);
	mlk_moments_add(&m, x + 1, 3, ROWS);
	check_against_two_passes(x + 1, 3, ROWS, &m);
	unit_free(x);
}

static void
test_merge(void **state)
{
	double	   *x = unit_array(double, ROWS);
	MlkRng		rng;
	MlkMoments	all;
	MlkMoments	part;

	mlk_rng_seed(&rng, 2);
	for (int i = 0; i < ROWS; i++)
		x[i] = 50.0 + mlk_rng_normal(&rng);
	mlk_moments_init(&all);
	for (int from = 0, rows = 0; from < ROWS; from += rows)
	{
		rows = (int) mlk_rng_below(&rng, 300);
		if (rows > ROWS - from)
			rows = ROWS - from;
		mlk_moments_init(&part);
		mlk_moments_add(&part, x + from, 1, rows);
		mlk_moments_merge(&all, &part);
	}
	check_against_two_passes(x, 1, ROWS, &all);
	unit_free(x);
}

static void
test_small_columns(void **state)
{
	const double x[] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
	const double missing[] = {NAN, NAN};
	MlkMoments	m;

	mlk_moments_init(&m);
	mlk_moments_add(&m, missing, 1, 2);
	assert_int_equal(m.count, 0);
	assert_int_equal(m.missing, 2);
	assert_true(m.min == INFINITY && m.max == -INFINITY);

	/* a constant has no variance, not nearly none */
	for (int n = 1; n <= 7; n++)
	{
		mlk_moments_init(&m);
		mlk_moments_add(&m, x, 1, n);
		assert_int_equal(m.count, n);
		assert_int_equal(m.infinite, 0);
		assert_true(m.mean == 0.1 && m.m2 == 0.0 && m.min == 0.1 && m.max == 0.1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_column),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_small_columns),
	};

	return cmocka_run_group_tests_name("moments", tests, NULL, NULL);
}
