/*
 * test_hash.c: row hashes and random numbers: fixed for ever, alike for equal values, spread for all others.
 */
#include "unit.h"

#include "kernels/hash.h"
#include "kernels/rng.h"

#define ROWS 20000

static uint64_t
hash_pair(double a, double b)
{
	uint64_t	h = 1;

	mlk_hash_fold_f64(&h, &a, 1, 1);
	mlk_hash_fold_f64(&h, &b, 1, 1);
	mlk_hash_finish(&h, 1);
	return h;
}

static void
test_equal_values(void **state)
{
	assert_true(hash_pair(0.0, 1.0) == hash_pair(-0.0, 1.0));
	assert_true(hash_pair(NAN, 1.0) == hash_pair(-NAN, 1.0));
	assert_true(hash_pair(NAN, 1.0) != hash_pair(INFINITY, 1.0));
	assert_true(hash_pair(1.0, 2.0) != hash_pair(2.0, 1.0));
	assert_true(hash_pair(1.0, 1.0) != hash_pair(2.0, 2.0));
	assert_true(hash_pair(1.0, NAN) != hash_pair(NAN, 1.0));
}

/* contiguous, strided, and one by one */
static void
test_strides(void **state)
{
	double	   *x = unit_array(double, 3 * ROWS);
	double	   *dense = unit_array(double, ROWS);
	uint64_t   *a = unit_array(uint64_t, ROWS);
	uint64_t   *b = unit_array(uint64_t, ROWS);
	MlkRng		rng;

	mlk_rng_seed(&rng, 5);
	for (int i = 0; i < ROWS; i++)
		dense[i] = x[3 * i] = mlk_rng_normal(&rng);
	mlk_hash_fold_f64(a, x, 3, ROWS);
	mlk_hash_fold_f64(b, dense, 1, ROWS);
	assert_memory_equal(a, b, ROWS * sizeof(uint64_t));
	unit_free(x);
	unit_free(dense);
	unit_free(a);
	unit_free(b);
}

static void
test_codes(void **state)
{
	const uint32_t code[] = {0, 1, UINT32_MAX, 0};
	const uint64_t code_hash[] = {mlk_hash_bytes("a", 1, 0), mlk_hash_bytes("b", 1, 0)};
	uint64_t	h[4] = {9, 9, 9, 9};

	mlk_hash_fold_codes(h, code, code_hash, UINT32_MAX, 4);
	assert_true(h[0] == h[3]);
	assert_true(h[0] != h[1] && h[1] != h[2] && h[0] != h[2]);
	assert_true(h[0] == mlk_hash_u64(9, code_hash[0]));
}

static void
test_bytes(void **state)
{
	const char	text[] = "a string of more than eight bytes\0\0";
	uint64_t	seen[sizeof(text)];

	for (size_t len = 0; len < sizeof(text); len++)
	{
		char	   *copy = unit_array(char, len);

		memcpy(copy, text, len);
		seen[len] = mlk_hash_bytes(copy, len, 0);
		assert_true(seen[len] != mlk_hash_bytes(copy, len, 1));
		for (size_t other = 0; other < len; other++)
			assert_true(seen[other] != seen[len]);
		unit_free(copy);
	}
}

static int
compare_hashes(const void *a, const void *b)
{
	uint64_t	x = *(const uint64_t *) a;
	uint64_t	y = *(const uint64_t *) b;

	return (x > y) - (x < y);
}

/*
 * Whole numbers in two columns are the hard case: few bits differ, all of them high.  No two rows may
 * collide (expected: 1e-11), and the hashes must be uniform enough to split by: a twentieth of the range each.
 */
static void
test_spread(void **state)
{
	enum
	{
		SIDE = 150, CELLS = 20
	};
	uint64_t   *h = unit_array(uint64_t, SIDE * SIDE);
	int			count[CELLS] = {0};
	double		chi_square = 0.0;
	double		mean = (double) SIDE * SIDE / CELLS;

	for (int i = 0; i < SIDE * SIDE; i++)
		h[i] = hash_pair(i / SIDE, i % SIDE);
	for (int i = 0; i < SIDE * SIDE; i++)
		count[(int) ((h[i] >> 11) * 0x1p-53 * CELLS)]++;
	for (int c = 0; c < CELLS; c++)
		chi_square += (count[c] - mean) * (count[c] - mean) / mean;
	/* R: qchisq(0.9999, 19) */
	assert_true(chi_square < 50.79549);
	qsort(h, SIDE * SIDE, sizeof(uint64_t), compare_hashes);
	for (int i = 1; i < SIDE * SIDE; i++)
		assert_true(h[i - 1] != h[i]);
	unit_free(h);
}

/* what is stored with versions: these never change */
static void
test_fixed_values(void **state)
{
	MlkRng		rng;

	assert_true(hash_pair(1.5, -2.0) == UINT64_C(0x1956e5f916fa421d));
	assert_true(mlk_hash_bytes("mlops", 5, 0) == UINT64_C(0xafc8426620ef2463));

	/*
	 * The authors' generators in another language, python3:
	 *   M = 2**64 - 1; x = 42; s = []
	 *   for _ in range(4):
	 *     x = (x + 0x9e3779b97f4a7c15) & M; z = ((x ^ x >> 30) * 0xbf58476d1ce4e5b9) & M
	 *     z = ((z ^ z >> 27) * 0x94d049bb133111eb) & M; s.append(z ^ z >> 31)
	 *   r = s[1] * 5 & M; print(((r << 7 | r >> 57) & M) * 9 & M)
	 */
	mlk_rng_seed(&rng, 42);
	assert_true(mlk_rng_u64(&rng) == UINT64_C(1546998764402558742));
}

static void
test_random_numbers(void **state)
{
	MlkRng		rng;
	double		sum = 0.0;
	double		square = 0.0;
	int			below[3] = {0};

	mlk_rng_seed(&rng, 0);
	for (int i = 0; i < ROWS; i++)
	{
		double		u = mlk_rng_uniform(&rng);
		double		z = mlk_rng_normal(&rng);

		assert_true(u >= 0.0 && u < 1.0);
		assert_true(isfinite(z));
		sum += z;
		square += z * z;
		below[mlk_rng_below(&rng, 3)]++;
		assert_true(mlk_rng_below(&rng, 1) == 0);
		assert_true(mlk_rng_below(&rng, UINT64_C(3) << 62) < UINT64_C(3) << 62);
	}
	/* five standard errors */
	assert_true(fabs(sum / ROWS) < 5.0 / sqrt(ROWS));
	assert_true(fabs(square / ROWS - 1.0) < 5.0 * sqrt(2.0 / ROWS));
	for (int i = 0; i < 3; i++)
		assert_true(abs(below[i] - ROWS / 3) < 5.0 * sqrt(ROWS * 2.0 / 9.0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_values),
		cmocka_unit_test(test_strides),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_fixed_values),
		cmocka_unit_test(test_random_numbers),
	};

	return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
