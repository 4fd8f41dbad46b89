/*
 * test_sort.c: argsort and selection against qsort, on data that is kind and data that is not.
 */
#include "unit.h"

#include "kernels/rng.h"
#include "kernels/sort.h"

#define MAX_ROWS 200000			/* more than three blocks of the sort */

/* exact: the library interpolates with the same operations as numpy */
#define QUANTILE_TOLERANCE 1e-15

typedef enum Shape
{
	UNIFORM_BITS,
	FEW_VALUES,
	LOW_BITS_ONLY,				/* equal in the 32 highest bits that vary */
	ALL_EQUAL,
	ASCENDING,
	DESCENDING,
	SHAPES
} Shape;

typedef struct Pair
{
	uint64_t	key;
	uint32_t	row;
} Pair;

static uint64_t
shaped_key(MlkRng *rng, Shape shape, int64_t row)
{
	switch (shape)
	{
		case UNIFORM_BITS:
			return mlk_rng_u64(rng);
		case FEW_VALUES:
			return mlk_rng_below(rng, 7) << 40;
		case LOW_BITS_ONLY:
			return (mlk_rng_below(rng, 3) << 60) + mlk_rng_below(rng, 1 << 20);
		case ASCENDING:
			return (uint64_t) row;
		case DESCENDING:
			return UINT64_MAX - (uint64_t) row;
		default:
			return 42;
	}
}

static int
compare_pairs(const void *a, const void *b)
{
	const Pair *x = a;
	const Pair *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->row < y->row ? -1 : 1;
}

static void
check_argsort(MlkPool *pool, Shape shape, int64_t n)
{
	MlkRng		rng;
	uint64_t   *key = unit_array(uint64_t, n);
	Pair	   *pair = unit_array(Pair, n);
	uint32_t   *order = unit_array(uint32_t, n);
	void	   *scratch = unit_array(char, mlk_argsort_scratch(n));

	mlk_rng_seed(&rng, (uint64_t) n * SHAPES + shape);
	for (int64_t i = 0; i < n; i++)
	{
		key[i] = shaped_key(&rng, shape, i);
		pair[i] = (Pair) {key[i], (uint32_t) i};
	}
	qsort(pair, n, sizeof(Pair), compare_pairs);
	assert_int_equal(mlk_argsort_u64(pool, key, n, order, scratch), MLK_OK);
	for (int64_t i = 0; i < n; i++)
		assert_int_equal(order[i], pair[i].row);
	unit_free(key);
	unit_free(pair);
	unit_free(order);
	unit_free(scratch);
}

/* the order is fully determined, so this also says that threads do not change it */
static void
test_argsort_u64(void **state)
{
	static const int64_t sizes[] = {0, 1, 2, 63, 64, 65, 1000, 65536, 65537, MAX_ROWS};

	for (int threads = 1; threads <= 3; threads++)
	{
		MlkPool    *pool = mlk_pool_create(threads, NULL);

		for (int shape = 0; shape < SHAPES; shape++)
			for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
				check_argsort(pool, shape, sizes[i]);
		mlk_pool_destroy(pool);
	}
}

/* NaN last, the zeros equal, ties by index */
static void
test_argsort_f64_special(void **state)
{
	const double key[] = {NAN, 1.0, -0.0, INFINITY, 0.0, -1.0, -INFINITY, -NAN, 5e-324, -5e-324, 1.0};
	const uint32_t expected[] = {6, 5, 9, 2, 4, 8, 1, 10, 3, 0, 7};
	enum
	{
		N = sizeof(key) / sizeof(key[0]), COPIES = 20
	};
	double	   *many = unit_array(double, N * COPIES);
	uint32_t	order[N * COPIES];
	void	   *scratch = unit_array(char, mlk_argsort_scratch(N * COPIES));

	assert_int_equal(mlk_argsort_f64(NULL, key, N, order, scratch), MLK_OK);
	assert_memory_equal(order, expected, sizeof(expected));

	/* enough of them for the radix sort */
	for (int i = 0; i < N * COPIES; i++)
		many[i] = key[i % N];
	assert_int_equal(mlk_argsort_f64(NULL, many, N * COPIES, order, scratch), MLK_OK);
	for (int i = 1; i < N * COPIES; i++)
	{
		double		a = many[order[i - 1]];
		double		b = many[order[i]];

		assert_true(isnan(b) || a <= b);
		if (a == b || isnan(a))
			assert_true(order[i - 1] < order[i]);
	}
	unit_free(many);
	unit_free(scratch);
}

static void
test_argsort_f64(void **state)
{
	MlkRng		rng;
	int64_t		n = MAX_ROWS;
	double	   *key = unit_array(double, n);
	uint32_t   *order = unit_array(uint32_t, n);
	void	   *scratch = unit_array(char, mlk_argsort_scratch(n));

	mlk_rng_seed(&rng, 7);
	for (int64_t i = 0; i < n; i++)
		key[i] = mlk_rng_normal(&rng) * exp(40.0 * mlk_rng_normal(&rng));
	assert_int_equal(mlk_argsort_f64(NULL, key, n, order, scratch), MLK_OK);
	for (int64_t i = 1; i < n; i++)
		assert_true(key[order[i - 1]] <= key[order[i]]);
	unit_free(key);
	unit_free(order);
	unit_free(scratch);
}

static int	polls_left;

static bool
stop_after_polls(void)
{
	return polls_left-- <= 0;
}

/* wherever the stop comes, the sort returns, and says so */
static void
test_argsort_stop(void **state)
{
	int64_t		n = MAX_ROWS;
	uint64_t   *key = unit_array(uint64_t, n);
	uint32_t   *order = unit_array(uint32_t, n);
	void	   *scratch = unit_array(char, mlk_argsort_scratch(n));
	int			polls = 0;
	MlkStatus	status;

	for (int64_t i = 0; i < n; i++)
		key[i] = (uint64_t) (n - i) << 40;
	do
	{
		MlkPool    *pool = mlk_pool_create(2, stop_after_polls);

		polls_left = polls++;
		status = mlk_argsort_u64(pool, key, n, order, scratch);
		mlk_pool_destroy(pool);
		assert_true(status == MLK_OK || status == MLK_CANCELLED);
	} while (status == MLK_CANCELLED && polls < 1000);
	assert_true(polls > 3 && polls < 1000);
	unit_free(key);
	unit_free(order);
	unit_free(scratch);
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* Values in an order that is hard for median-of-few pivots: a sawtooth, an organ pipe, ties. */
static double
awkward_value(MlkRng *rng, int shape, int64_t i, int64_t n)
{
	switch (shape)
	{
		case 0:
			return mlk_rng_normal(rng);
		case 1:
			return (double) mlk_rng_below(rng, 3);
		case 2:
			return (double) (i < n / 2 ? i : n - i);
		case 3:
			return (double) (i % 1000);
		case 4:
			return (double) -i;
		default:
			return 1.0;
	}
}

static void
test_select(void **state)
{
	static const int64_t sizes[] = {1, 2, 5, 23, 24, 25, 100, 5000};
	MlkRng		rng;

	mlk_rng_seed(&rng, 3);
	for (int shape = 0; shape < 6; shape++)
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
		{
			int64_t		n = sizes[s];
			double	   *x = unit_array(double, n);
			double	   *sorted = unit_array(double, n);

			for (int64_t i = 0; i < n; i++)
				sorted[i] = x[i] = awkward_value(&rng, shape, i, n);
			qsort(sorted, n, sizeof(double), compare_doubles);
			for (int trial = 0; trial < 20; trial++)
			{
				int64_t		k = (int64_t) mlk_rng_below(&rng, n);

				assert_true(mlk_select_f64(x, n, k) == sorted[k]);
				for (int64_t i = 0; i < n; i++)
					assert_true(i < k ? x[i] <= x[k] : x[i] >= x[k]);
			}
			qsort(x, n, sizeof(double), compare_doubles);
			assert_memory_equal(x, sorted, n * sizeof(double));
			unit_free(x);
			unit_free(sorted);
		}
}

/* python3 -c "import numpy as np; print([np.quantile([3, 1, 4, 1, 5, 9, 2.5, 6], q) for q in (0, .1, .25, .5, .77, 1)])" */
static void
test_quantile(void **state)
{
	static const double q[] = {0.0, 0.1, 0.25, 0.5, 0.77, 1.0};
	static const double expected[] = {1.0, 1.0, 2.125, 3.5, 5.390000000000001, 9.0};

	for (int i = 0; i < 6; i++)
	{
		double		x[] = {3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.5, 6.0};

		assert_close(mlk_quantile_f64(x, 8, q[i]), expected[i], QUANTILE_TOLERANCE);
	}
	assert_true(isnan(mlk_quantile_f64(NULL, 0, 0.5)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_argsort_u64),
		cmocka_unit_test(test_argsort_f64_special),
		cmocka_unit_test(test_argsort_f64),
		cmocka_unit_test(test_argsort_stop),
		cmocka_unit_test(test_select),
		cmocka_unit_test(test_quantile),
	};

	return cmocka_run_group_tests_name("sort", tests, NULL, NULL);
}
