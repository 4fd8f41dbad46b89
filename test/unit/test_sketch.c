/*
 * test_sketch.c: sketches against exact answers, merged, written and read, and fed with damaged bytes.
 */
#include "unit.h"

#include "kernels/describe.h"
#include "kernels/hash.h"
#include "kernels/rng.h"
#include "kernels/sketch.h"

#define ROWS 300000
#define K 512
#define RANK_ERROR (2.0 / K)	/* of all values; 1.7 / k is at 99 % confidence, and the seed is fixed */

static uint64_t
hash_of(uint64_t value)
{
	uint64_t	h = mlk_hash_u64(1, value);

	mlk_hash_finish(&h, 1);
	return h;
}

static void
check_ranks(const MlkKll *kll, const double *sorted, int64_t n)
{
	double	   *value = unit_array(double, kll->room);
	int64_t    *weight = unit_array(int64_t, kll->room);
	int32_t		items = mlk_kll_items(kll, value, weight);
	int64_t		below = 0;

	for (int32_t i = 0; i < items; i++)
	{
		double		rank = (double) mlk_sorted_place(sorted, n, value[i]);

		assert_true(i == 0 || value[i] >= value[i - 1]);
		assert_true(fabs(rank - (double) below) <= RANK_ERROR * (double) n + 1.0);
		below += weight[i];
	}
	assert_int_equal(below, n);
	unit_free(value);
	unit_free(weight);
}

static void
test_quantiles(void **state)
{
	double	   *x = unit_array(double, ROWS);
	double	   *sorted = unit_array(double, ROWS);
	void	   *scratch = test_malloc(mlk_sort_scratch(ROWS));
	double	   *item[3];
	unsigned char *bytes;
	MlkKll		all;
	MlkKll		half;
	MlkKll		again;
	MlkRng		rng;

	for (int i = 0; i < 3; i++)
		item[i] = unit_array(double, mlk_kll_room(K));
	for (int shape = 0; shape < 3; shape++)
	{
		mlk_rng_seed(&rng, 5);
		mlk_kll_init(&all, K, item[0]);
		for (int64_t i = 0; i < ROWS; i++)
		{
			x[i] = sorted[i] = shape == 0 ? mlk_rng_normal(&rng) : (shape == 1 ? (double) i : -(double) i);
			mlk_kll_add(&all, x[i]);
		}
		(void) mlk_sort_values(NULL, sorted, ROWS, scratch);
		assert_int_equal(all.n, ROWS);
		check_ranks(&all, sorted, ROWS);
		/* two halves merged, and one of them through bytes */
		mlk_kll_init(&all, K, item[0]);
		mlk_kll_init(&half, K, item[1]);
		for (int64_t i = 0; i < ROWS; i++)
			mlk_kll_add(i < ROWS / 3 ? &all : &half, x[i]);
		bytes = test_malloc(mlk_kll_size(&half));
		mlk_kll_write(&half, bytes);
		assert_true(mlk_kll_read(&again, K, item[2], bytes, mlk_kll_size(&half)));
		mlk_kll_merge(&all, &again);
		check_ranks(&all, sorted, ROWS);
		assert_false(mlk_kll_read(&again, K, item[2], bytes, mlk_kll_size(&half) - 1));
		assert_false(mlk_kll_read(&again, K / 2, item[2], bytes, mlk_kll_size(&half)));
		test_free(bytes);
	}
	for (int i = 0; i < 3; i++)
		unit_free(item[i]);
	unit_free(x);
	unit_free(sorted);
	test_free(scratch);
}

/* few values are kept as they are */
static void
test_few_values(void **state)
{
	double		item[2000];
	double		value[2000];
	int64_t		weight[2000];
	MlkKll		kll;

	assert_true(mlk_kll_room(64) <= 2000);
	mlk_kll_init(&kll, 64, item);
	assert_int_equal(mlk_kll_items(&kll, value, weight), 0);
	for (int i = 10; i > 0; i--)
		mlk_kll_add(&kll, i);
	assert_int_equal(mlk_kll_items(&kll, value, weight), 10);
	for (int i = 0; i < 10; i++)
		assert_true(value[i] == i + 1 && weight[i] == 1);
}

static void
test_distinct(void **state)
{
	static const int64_t sizes[] = {0, 1, 100, 5000, 50000, 1000000};
	uint8_t    *rank = unit_array(uint8_t, 1 << 14);
	uint8_t    *other = unit_array(uint8_t, 1 << 14);
	unsigned char *bytes = test_malloc(1 + (1 << 14));
	MlkHll		hll;
	MlkHll		half;

	for (int s = 0; s < 6; s++)
	{
		mlk_hll_init(&hll, 14, rank);
		mlk_hll_init(&half, 14, other);
		for (int64_t i = 0; i < sizes[s]; i++)
		{
			mlk_hll_add(i % 2 ? &hll : &half, hash_of(i));
			mlk_hll_add(&hll, hash_of(i / 2));
		}
		mlk_hll_write(&half, bytes);
		assert_true(mlk_hll_read(&half, 14, other, bytes, mlk_hll_size(&half)));
		mlk_hll_merge(&hll, &half);
		/* four standard errors */
		assert_true(fabs(mlk_hll_estimate(&hll) - (double) sizes[s]) <= 4.0 * 1.04 / 128.0 * (double) sizes[s]);
	}
	bytes[1] = 60;
	assert_false(mlk_hll_read(&half, 14, other, bytes, mlk_hll_size(&half)));
	assert_false(mlk_hll_read(&half, 13, other, bytes, 1 + (1 << 14)));
	unit_free(rank);
	unit_free(other);
	test_free(bytes);
}

/* value v occurs ROWS / (v + 1) / 10 times among others that occur once */
static void
test_frequent(void **state)
{
	uint64_t	key[2][1024];
	int64_t		count[2][1024];
	unsigned char bytes[8 * (3 + 2 * 1024)];
	MlkFrequency all;
	MlkFrequency half;
	int64_t		rows = 0;

	mlk_frequency_init(&all, 1024, key[0], count[0]);
	mlk_frequency_init(&half, 1024, key[1], count[1]);
	for (int64_t i = 0; i < ROWS; i++)
	{
		(void) mlk_frequency_add(i % 2 ? &all : &half, hash_of(1000000 + i), 1);
		rows++;
		for (int64_t v = 0; v < 10; v++)
			if (i % (10 * (v + 1)) == 0)
			{
				(void) mlk_frequency_add(i % 3 ? &all : &half, hash_of(v), 1);
				rows++;
			}
	}
	mlk_frequency_write(&half, bytes);
	assert_true(mlk_frequency_read(&half, 1024, key[1], count[1], bytes, mlk_frequency_size(&half)));
	mlk_frequency_merge(&all, &half);
	assert_true(all.lost < rows / 300);
	for (int64_t v = 0; v < 10; v++)
	{
		int64_t		truth = ROWS / (10 * (v + 1));
		int32_t		slot = mlk_frequency_find(&all, hash_of(v));

		assert_true(slot >= 0 && all.count[slot] <= truth && all.count[slot] + all.lost >= truth);
	}
	assert_false(mlk_frequency_read(&half, 512, key[1], count[1], bytes, mlk_frequency_size(&all)));
	memset(bytes + 24 + 8, 0xff, 8);
	assert_false(mlk_frequency_read(&half, 1024, key[1], count[1], bytes, 24 + 16 * 1));
}

/* whatever the bytes, reading ends with yes or no */
static void
test_damage(void **state)
{
	double		item[2][2000];
	unsigned char bytes[16384];
	MlkKll		kll;
	MlkRng		rng;
	size_t		size;

	mlk_rng_seed(&rng, 3);
	mlk_kll_init(&kll, 64, item[0]);
	for (int i = 0; i < 5000; i++)
		mlk_kll_add(&kll, mlk_rng_normal(&rng));
	size = mlk_kll_size(&kll);
	for (int round = 0; round < 5000; round++)
	{
		mlk_kll_write(&kll, bytes);
		for (int i = 0; i < 3; i++)
			bytes[mlk_rng_below(&rng, 120)] = (unsigned char) mlk_rng_u64(&rng);
		{
			MlkKll		other;

			if (mlk_kll_read(&other, 64, item[1], bytes, size))
				for (int i = 0; i < 1000; i++)
					mlk_kll_add(&other, i);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_few_values),
		cmocka_unit_test(test_distinct),
		cmocka_unit_test(test_frequent),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
