/*
 * test_sums.c: sums in fixed point: the values against long double, the same bits in any order of rows, and what is refused.
 */
#include "unit.h"

#include "kernels/rng.h"
#include "kernels/sums.h"

#define CHUNK_BITS 14
#define CHUNK ((int64_t) 1 << CHUNK_BITS)
#define ROWS 90000				/* no whole number of panels, blocks or chunks */
#define FEATURES 6
#define COLS (FEATURES + 1)

/* columns in chunks, the target last */
typedef struct Data
{
	int64_t		rows;
	double	  **chunk[COLS];
	double	   *value[COLS];
	uint8_t    *counts;
	int64_t		counted;
} Data;

/* normal columns that go together, of very different size and place; every fifth row does not count */
static Data
make_data(int64_t rows, double noise)
{
	Data		d = {.rows = rows};
	MlkRng		rng;

	mlk_rng_seed(&rng, 7);
	for (int j = 0; j < COLS; j++)
		d.value[j] = unit_array(double, rows + CHUNK);
	d.counts = unit_array(uint8_t, rows);
	for (int64_t i = 0; i < rows; i++)
	{
		double		common = mlk_rng_normal(&rng);

		d.value[FEATURES][i] = 3e4;
		for (int j = 0; j < FEATURES; j++)
		{
			double		x = mlk_rng_normal(&rng) + 0.5 * common;

			d.value[j][i] = 1e5 * j + x * pow(10.0, j - 2);
			d.value[FEATURES][i] += (j + 1) * x;
		}
		d.value[FEATURES][i] += noise * mlk_rng_normal(&rng);
		d.counts[i] = mlk_rng_below(&rng, 5) != 0;
		d.counted += d.counts[i];
	}
	return d;
}

static void
cut_chunks(Data *d)
{
	int64_t		chunks = (d->rows + CHUNK - 1) / CHUNK;

	for (int j = 0; j < COLS; j++)
	{
		d->chunk[j] = unit_array(double *, chunks);
		for (int64_t c = 0; c < chunks; c++)
			d->chunk[j][c] = d->value[j] + c * CHUNK;
	}
}

static void
free_data(Data *d)
{
	for (int j = 0; j < COLS; j++)
	{
		unit_free(d->value[j]);
		unit_free(d->chunk[j]);
	}
	unit_free(d->counts);
}

/* rows from the last to the first */
static void
turn_round(Data *d)
{
	for (int64_t i = 0, k = d->rows - 1; i < k; i++, k--)
	{
		uint8_t		counts = d->counts[i];

		for (int j = 0; j < COLS; j++)
		{
			double		x = d->value[j][i];

			d->value[j][i] = d->value[j][k];
			d->value[j][k] = x;
		}
		d->counts[i] = d->counts[k];
		d->counts[k] = counts;
	}
}

typedef struct Taken
{
	MlkSums		sums;
	double	   *memory;
	double		product[1 + FEATURES];
	double		square;
	MlkStatus	status;
} Taken;

/* everything, with residuals of the line b */
static Taken
take(const Data *d, int threads, const double *b)
{
	MlkPool    *pool = mlk_pool_create(threads, NULL);
	Taken		t = {0};
	double		min[COLS];
	double		max[COLS];

	for (int j = 0; j < COLS; j++)
	{
		min[j] = INFINITY;
		max[j] = -INFINITY;
		mlk_range(d->value[j], d->rows, &min[j], &max[j]);
	}
	t.memory = unit_array(double, (size_t) mlk_sums_memory(FEATURES, threads) + 1);
	t.sums.x = (MlkColumns) {.rows = d->rows,.cols = COLS,.chunk_bits = CHUNK_BITS,.number = (double *const *const *) d->chunk,
		.counts = d->counts,.counted = d->counted};
	assert_true(mlk_sums_start(&t.sums, min, max, t.memory));
	t.status = mlk_sums_learn(&t.sums, pool);
	if (t.status == MLK_OK)
		assert_int_equal(mlk_sums_residuals(&t.sums, pool, b, t.product, &t.square), MLK_OK);
	mlk_pool_destroy(pool);
	return t;
}

static long double
sum_of(const Data *d, int i, int j, long double mean_i, long double mean_j)
{
	long double sum = 0;

	for (int64_t r = 0; r < d->rows; r++)
	{
		if (d->counts[r])
			sum += (d->value[i][r] - mean_i) * (d->value[j][r] - mean_j);
	}
	return sum;
}

static void
test_products(void **state)
{
	Data		d = make_data(ROWS, 1.0);
	const double b[1 + FEATURES] = {3e4, 1, 2, 3, 4, 5, 5.5};
	Taken		t;
	long double mean[COLS];
	int			q = 2 + FEATURES;

	cut_chunks(&d);
	t = take(&d, 1, b);
	assert_int_equal(t.status, MLK_OK);
	assert_true(t.sums.product[0] == d.counted);
	for (int j = 0; j < COLS; j++)
	{
		mean[j] = 0;
		for (int64_t r = 0; r < d.rows; r++)
			mean[j] += d.counts[r] ? d.value[j][r] : 0;
		mean[j] /= d.counted;
	}
	for (int j = 0; j < FEATURES; j++)
	{
		double		deviation = (double) sqrtl(sum_of(&d, j, j, mean[j], mean[j]) / d.counted);

		assert_true(fabs(t.sums.center[j] - (double) mean[j]) <= 1e-14 * deviation + 1e-15 * fabs((double) mean[j]));
		assert_close(t.sums.scale[j], deviation, 1e-12);
		for (int i = 0; i < FEATURES; i++)
		{
			double		expected = (double) (sum_of(&d, i, j, mean[i], mean[j]) / ((long double) t.sums.scale[i] * t.sums.scale[j]));

			assert_true(fabs(t.sums.product[(1 + i) * q + 1 + j] - expected) < 1e-12 * d.counted);
		}
		assert_true(fabs(t.sums.product[(1 + j) * q + q - 1] -
						 (double) (sum_of(&d, j, FEATURES, t.sums.center[j], 0) / t.sums.scale[j])) < 1e-12 * d.counted * 3e4);
	}
	unit_free(t.memory);
	free_data(&d);
}

/* noise of ordinary size, and so small that the residuals need a scale of their own */
static void
check_residuals(double noise)
{
	Data		d = make_data(ROWS, noise);
	double		b[1 + FEATURES] = {0};
	Taken		t;
	long double square = 0;
	long double product[1 + FEATURES] = {0};

	cut_chunks(&d);
	t = take(&d, 2, b);
	/* the line that the data was made by, in units of the standardised columns */
	b[0] = 3e4;
	for (int j = 0; j < FEATURES; j++)
	{
		double		weight = (j + 1) / pow(10.0, j - 2);

		b[1 + j] = weight * t.sums.scale[j];
		b[0] += weight * (t.sums.center[j] - 1e5 * j);
	}
	unit_free(t.memory);
	t = take(&d, 2, b);
	for (int64_t r = 0; r < d.rows; r++)
	{
		long double residual = d.value[FEATURES][r] - (long double) b[0];

		if (!d.counts[r])
			continue;
		for (int j = 0; j < FEATURES; j++)
			residual -= b[1 + j] * ((d.value[j][r] - (long double) t.sums.center[j]) / t.sums.scale[j]);
		square += residual * residual;
		product[0] += residual;
		for (int j = 0; j < FEATURES; j++)
			product[1 + j] += residual * ((d.value[j][r] - (long double) t.sums.center[j]) / t.sums.scale[j]);
	}
	assert_close(t.square, (double) square, noise < 1e-3 ? 1e-4 : 1e-10);
	for (int j = 0; j <= FEATURES; j++)
		assert_true(fabs(t.product[j] - (double) product[j]) < 1e-9 * d.counted);
	unit_free(t.memory);
	free_data(&d);
}

static void
test_residuals(void **state)
{
	check_residuals(1.0);
	check_residuals(1e-6);
}

static void
test_order(void **state)
{
	Data		d = make_data(ROWS, 1.0);
	const double b[1 + FEATURES] = {3e4, 1, 2, 3, 4, 5, 5.5};
	size_t		size = sizeof(double) * (2 + FEATURES) * (2 + FEATURES);
	Taken		one;

	cut_chunks(&d);
	one = take(&d, 1, b);
	for (int threads = 1; threads <= 3; threads++)
	{
		Taken		other;

		turn_round(&d);
		other = take(&d, threads, b);
		assert_memory_equal(one.sums.product, other.sums.product, size);
		assert_memory_equal(one.product, other.product, sizeof(one.product));
		assert_true(one.square == other.square);
		unit_free(other.memory);
	}
	unit_free(one.memory);
	free_data(&d);
}

static void
test_refused(void **state)
{
	Data		d = make_data(ROWS, 1.0);
	const double b[1 + FEATURES] = {0};
	double		min[2] = {-1e308, 0};
	double		max[2] = {1e308, 1};
	double		memory[64];
	MlkSums		sums = {.x = {.cols = 2}};
	Taken		t;

	/* a column that is another one but for a part in ten thousand */
	cut_chunks(&d);
	for (int64_t i = 0; i < d.rows; i++)
		d.value[1][i] = d.value[0][i] + 1e-4 * d.value[1][i] / 1e5;
	t = take(&d, 1, b);
	assert_int_equal(t.status, MLK_SINGULAR);
	unit_free(t.memory);
	free_data(&d);

	/* one value far from all others */
	d = make_data(ROWS, 1.0);
	cut_chunks(&d);
	d.value[2][5] = 1e9;
	t = take(&d, 1, b);
	assert_int_equal(t.status, MLK_SINGULAR);
	unit_free(t.memory);
	free_data(&d);

	/* a range that is no number */
	assert_false(mlk_sums_start(&sums, min, max, memory));
}

static void
test_range(void **state)
{
	double		x[19];
	double		min = INFINITY;
	double		max = -INFINITY;

	for (int i = 0; i < 19; i++)
		x[i] = i % 3 == 0 ? NAN : i - 10;
	mlk_range(x, 19, &min, &max);
	assert_true(min == -9 && max == 7);
	mlk_range(x, 0, &min, &max);
	assert_true(min == -9 && max == 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_products),
		cmocka_unit_test(test_residuals),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_range),
	};

	return cmocka_run_group_tests_name("sums", tests, NULL, NULL);
}
