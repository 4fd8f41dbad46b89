/*
 * test_resample.c: draws of the bootstrap come from all rows alike, whatever their order, and give the known intervals.
 */
#include "unit.h"

#include "kernels/resample.h"
#include "kernels/sort.h"

#define ROWS 20000
#define CLASSES 3

static MlkSample
make_sample(int64_t n, int k, bool numbers)
{
	MlkSample	s = {.n = n,.k = k};

	s.out = unit_array(double, n * k);
	if (numbers)
		s.y = unit_array(double, n);
	else
		s.label = unit_array(int32_t, n);
	return s;
}

static void
free_sample(MlkSample *s)
{
	unit_free(s->out);
	if (s->y != NULL)
		unit_free(s->y);
	if (s->label != NULL)
		unit_free(s->label);
}

static void
fill(MlkSample *s, int64_t to, int64_t row)
{
	if (s->y != NULL)
		s->y[to] = (double) row;
	else
		s->label[to] = (int32_t) (row % CLASSES);
	for (int j = 0; j < s->k; j++)
		s->out[to * s->k + j] = (double) (row * s->k + j);
}

static uint32_t *
order_of(MlkPool *pool, const MlkSample *s)
{
	uint32_t   *order = unit_array(uint32_t, s->n);
	uint64_t   *key = unit_array(uint64_t, s->n);
	void	   *scratch = unit_array(char, mlk_argsort_scratch(s->n));

	assert_int_equal(mlk_sample_order(pool, s, key, order, scratch), MLK_OK);
	unit_free(scratch);
	unit_free(key);
	return order;
}

/* the same rows backwards, on threads: the same draws */
static void
check_order_free(int k, bool numbers)
{
	MlkSample	a = make_sample(ROWS, k, numbers);
	MlkSample	b = make_sample(ROWS, k, numbers);
	MlkSample	from_a = make_sample(ROWS, k, numbers);
	MlkSample	from_b = make_sample(ROWS, k, numbers);
	MlkPool    *pool = mlk_pool_create(2, NULL);
	uint32_t   *order_a;
	uint32_t   *order_b;
	MlkRng		rng;

	for (int64_t i = 0; i < ROWS; i++)
	{
		fill(&a, i, i);
		fill(&b, ROWS - 1 - i, i);
	}
	order_a = order_of(NULL, &a);
	order_b = order_of(pool, &b);
	mlk_rng_seed(&rng, 7);
	assert_int_equal(mlk_sample_draw(NULL, &rng, &a, order_a, &from_a), MLK_OK);
	mlk_rng_seed(&rng, 7);
	assert_int_equal(mlk_sample_draw(pool, &rng, &b, order_b, &from_b), MLK_OK);
	assert_memory_equal(from_a.out, from_b.out, sizeof(double) * ROWS * k);
	if (numbers)
		assert_memory_equal(from_a.y, from_b.y, sizeof(double) * ROWS);
	else
		assert_memory_equal(from_a.label, from_b.label, sizeof(int32_t) * ROWS);
	mlk_pool_destroy(pool);
	unit_free(order_a);
	unit_free(order_b);
	free_sample(&a);
	free_sample(&b);
	free_sample(&from_a);
	free_sample(&from_b);
}

static void
test_order_free(void **state)
{
	check_order_free(1, true);
	check_order_free(CLASSES, false);
}

/* truth and prediction stay together; of n draws a share of 1 - 1 / e of the rows occurs */
static void
test_draw(void **state)
{
	MlkSample	from = make_sample(ROWS, 1, true);
	MlkSample	to = make_sample(ROWS, 1, true);
	bool	   *seen = unit_array(bool, ROWS);
	uint32_t   *order;
	MlkRng		rng;
	int			distinct = 0;
	double		sum = 0.0;

	for (int64_t i = 0; i < ROWS; i++)
		fill(&from, i, i);
	order = order_of(NULL, &from);
	mlk_rng_seed(&rng, 1);
	assert_int_equal(mlk_sample_draw(NULL, &rng, &from, order, &to), MLK_OK);
	for (int64_t i = 0; i < ROWS; i++)
	{
		assert_true(to.out[i] == to.y[i]);
		distinct += !seen[(int) to.y[i]];
		seen[(int) to.y[i]] = true;
		sum += to.y[i];
	}
	assert_true(fabs(distinct / (double) ROWS - (1.0 - exp(-1.0))) < 0.01);
	/* within four standard errors of the mean of 0 .. n - 1 */
	assert_true(fabs(sum / ROWS - (ROWS - 1) / 2.0) < 4.0 * ROWS / sqrt(12.0 * ROWS));
	unit_free(order);
	unit_free(seen);
	free_sample(&from);
	free_sample(&to);
}

/* numpy: np.quantile(np.arange(101), [0.05, 0.95]) */
static void
test_interval(void **state)
{
	double		value[103];
	double		low;
	double		high;

	for (int i = 0; i < 101; i++)
		value[i] = (i * 37) % 101;
	value[101] = value[102] = NAN;
	mlk_percentile_interval(value, 103, 0.9, &low, &high);
	assert_close(low, 5.0, 1e-12);
	assert_close(high, 95.0, 1e-12);
	value[0] = value[1] = NAN;
	mlk_percentile_interval(value, 2, 0.9, &low, &high);
	assert_true(isnan(low) && isnan(high));
}

static bool
stop_at_once(void)
{
	return true;
}

static void
test_stop(void **state)
{
	MlkSample	from = make_sample(ROWS, 1, true);
	MlkSample	to = make_sample(ROWS, 1, true);
	MlkPool    *pool = mlk_pool_create(2, stop_at_once);
	uint32_t   *order = order_of(NULL, &from);
	MlkRng		rng;

	mlk_rng_seed(&rng, 1);
	assert_int_equal(mlk_sample_draw(pool, &rng, &from, order, &to), MLK_CANCELLED);
	mlk_pool_destroy(pool);
	unit_free(order);
	free_sample(&from);
	free_sample(&to);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_free),
		cmocka_unit_test(test_draw),
		cmocka_unit_test(test_interval),
		cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
