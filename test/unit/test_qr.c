/*
 * test_qr.c: the triangular factor against certified answers, against itself, and against dependent columns.
 */
#include "designs.h"
#include "nist.h"

#include "kernels/blas.h"
#include "kernels/qr.h"
#include "kernels/triangular.h"

#define GRAM_TOLERANCE 1e-11
/* what double precision keeps: about 16 digits less the logarithm of the condition number of the scaled columns */
#define LONGLEY_TOLERANCE 1e-10
#define WAMPLER_TOLERANCE 1e-9
#define FILIP_TOLERANCE 1e-6
#define RANK_TOLERANCE 1e-11

/* R of [1 X y], in memory that the caller frees */
static double *
factor(const MlkDesign *x, bool intercept, const double *y, const double *w, int threads, int *q)
{
	MlkPool    *pool = mlk_pool_create(threads, NULL);
	MlkTsqr		t;
	double	   *memory = unit_array(double, (size_t) mlk_tsqr_plan(&t, x, intercept, y, w, threads));

	mlk_tsqr_start(&t, memory);
	while (t.rounds.next < t.rounds.blocks)
		assert_int_equal(mlk_tsqr_round(&t, pool), MLK_OK);
	assert_int_equal(mlk_tsqr_finish(&t, pool), MLK_OK);
	assert_ptr_equal(t.slots, memory);
	*q = t.q;
	mlk_pool_destroy(pool);
	return memory;
}

/* coefficients and standard errors of y on [1 X], x[rows, cols] */
static void
regress(const double *x, int rows, int cols, const double *y, double *b, double *error)
{
	MlkBlock	block;
	MlkDesign	design = dense_design(x, rows, cols, &block);
	int			q;
	double	   *r = factor(&design, true, y, NULL, 1, &q);
	int32_t		kept[32];
	double		scratch[64];

	assert_int_equal(mlk_qr_reveal_rank(NULL, q, q - 1, r, RANK_TOLERANCE, kept), cols + 1);
	for (int i = 0; i <= cols; i++)
		b[i] = r[i * q + q - 1];
	mlk_triangular_solve(cols + 1, r, q, b);
	assert_int_equal(mlk_triangular_variances(NULL, cols + 1, r, NULL, q, error, NULL, scratch), MLK_OK);
	for (int i = 0; i <= cols; i++)
		error[i] = sqrt(error[i] / (rows - cols - 1)) * fabs(r[q * q - 1]);
	unit_free(r);
}

/* powers 1 .. cols of x */
static double *
powers(const double *x, int rows, int cols)
{
	double	   *out = unit_array(double, rows * cols);

	for (int i = 0; i < rows; i++)
	{
		for (int j = 0; j < cols; j++)
			out[i * cols + j] = (j == 0 ? 1.0 : out[i * cols + j - 1]) * x[i];
	}
	return out;
}

static void
test_longley(void **state)
{
	double		x[LONGLEY_ROWS * LONGLEY_COLS];
	double		y[LONGLEY_ROWS];
	double		b[LONGLEY_COLS + 1];
	double		error[LONGLEY_COLS + 1];

	for (int i = 0; i < LONGLEY_ROWS; i++)
	{
		memcpy(x + i * LONGLEY_COLS, longley[i], sizeof(double) * LONGLEY_COLS);
		y[i] = longley[i][LONGLEY_COLS];
	}
	regress(x, LONGLEY_ROWS, LONGLEY_COLS, y, b, error);
	for (int j = 0; j <= LONGLEY_COLS; j++)
	{
		assert_close(b[j], longley_estimate[j], LONGLEY_TOLERANCE);
		assert_close(error[j], longley_error[j], LONGLEY_TOLERANCE);
	}
}

static void
test_filip(void **state)
{
	double	   *x = powers(filip_x, FILIP_ROWS, FILIP_COLS);
	double		b[FILIP_COLS + 1];
	double		error[FILIP_COLS + 1];

	regress(x, FILIP_ROWS, FILIP_COLS, filip_y, b, error);
	for (int j = 0; j <= FILIP_COLS; j++)
	{
		assert_close(b[j], filip_estimate[j], FILIP_TOLERANCE);
		assert_close(error[j], filip_error[j], FILIP_TOLERANCE);
	}
	unit_free(x);
}

static void
test_wampler(void **state)
{
	double		t[WAMPLER_ROWS];
	double		y[2][WAMPLER_ROWS] = {0};
	double		b[WAMPLER_COLS + 1];
	double		error[WAMPLER_COLS + 1];
	double	   *x;

	for (int i = 0; i < WAMPLER_ROWS; i++)
		t[i] = i;
	x = powers(t, WAMPLER_ROWS, WAMPLER_COLS);
	/* Wampler1: all coefficients 1; Wampler2: powers of 1/10 */
	for (int i = 0; i < WAMPLER_ROWS; i++)
	{
		for (int j = 0; j <= WAMPLER_COLS; j++)
		{
			y[0][i] += pow(i, j);
			y[1][i] += pow(i, j) / pow(10, j);
		}
	}
	regress(x, WAMPLER_ROWS, WAMPLER_COLS, y[0], b, error);
	for (int j = 0; j <= WAMPLER_COLS; j++)
		assert_close(b[j], 1.0, WAMPLER_TOLERANCE);
	regress(x, WAMPLER_ROWS, WAMPLER_COLS, y[1], b, error);
	for (int j = 0; j <= WAMPLER_COLS; j++)
		assert_close(b[j], pow(10, -j), WAMPLER_TOLERANCE);
	/* Wampler5: noise of 2e7 around coefficients of 1 */
	regress(x, WAMPLER_ROWS, WAMPLER_COLS, wampler5_y, b, error);
	for (int j = 0; j <= WAMPLER_COLS; j++)
	{
		assert_true(fabs(b[j] - 1.0) <= WAMPLER_TOLERANCE * wampler5_error[j]);
		assert_close(error[j], wampler5_error[j], WAMPLER_TOLERANCE);
	}
	unit_free(x);
}

/* R'R is [1 X y]'W[1 X y], whatever the blocks and the width; the same bits for any number of threads */
static void
check_product(int rows, int cols, bool intercept)
{
	MlkRng		rng;
	double	   *x = unit_array(double, rows * cols);
	double	   *y = unit_array(double, rows);
	double	   *w = unit_array(double, rows);
	MlkBlock	block;
	MlkDesign	design = dense_design(x, rows, cols, &block);
	int			first = intercept ? 1 : 0;
	int			q;
	double	   *r;
	double	   *again;

	mlk_rng_seed(&rng, rows + cols);
	for (int i = 0; i < rows * cols; i++)
		x[i] = mlk_rng_normal(&rng);
	for (int i = 0; i < rows; i++)
	{
		y[i] = mlk_rng_normal(&rng);
		w[i] = i % 7 == 0 ? 0.0 : mlk_rng_uniform(&rng);
	}
	r = factor(&design, intercept, y, w, 1, &q);
	again = factor(&design, intercept, y, w, 3, &q);
	assert_int_equal(q, cols + 1 + first);
	assert_memory_equal(r, again, sizeof(double) * q * q);
	for (int a = 0; a < q; a += 1 + q / 20)
	{
		for (int b = a; b < q; b += 1 + q / 20)
		{
			double		expected = 0.0;
			double		product = 0.0;

			for (int i = 0; i < rows; i++)
			{
				double		va = a < first ? 1.0 : (a < q - 1 ? x[i * cols + a - first] : y[i]);
				double		vb = b < first ? 1.0 : (b < q - 1 ? x[i * cols + b - first] : y[i]);

				expected += w[i] * va * vb;
			}
			for (int k = 0; k <= a; k++)
				product += r[k * q + a] * r[k * q + b];
			assert_true(fabs(product - expected) <= GRAM_TOLERANCE * rows);
		}
	}
	unit_free(x);
	unit_free(y);
	unit_free(w);
	unit_free(r);
	unit_free(again);
}

static void
test_products(void **state)
{
	check_product(1, 3, true);
	check_product(5, 8, true);
	check_product(997, 1, false);
	check_product(20000, 5, true);
	check_product(3001, 61, true);
	check_product(2000, 63, true);	/* one more than fits the narrow way */
	check_product(1500, 150, false);
	check_product(40, 150, true);
}

/* columns 2 and 4 depend on those before them; what is left solves as if they had never been there */
static void
test_dependent(void **state)
{
	enum
	{
		ROWS = 400, COLS = 6
	};
	double		x[ROWS * COLS];
	double		only[ROWS * 4];
	double		y[ROWS];
	static const int32_t keep[] = {0, 1, 2, 4, 6};
	int32_t		kept[COLS + 1];
	MlkRng		rng;
	MlkBlock	block;
	MlkDesign	design = dense_design(x, ROWS, COLS, &block);
	int			q;
	double	   *r;
	double		b[5];
	double		expected[5];
	double		error[5];

	mlk_rng_seed(&rng, 5);
	for (int i = 0; i < ROWS; i++)
	{
		double	   *row = x + i * COLS;

		for (int j = 0; j < COLS; j++)
			row[j] = mlk_rng_normal(&rng);
		row[2] = 2.0 * row[0] - row[1] + 3.0;
		row[4] = 7.0;
		y[i] = mlk_rng_normal(&rng);
		only[4 * i] = row[0];
		only[4 * i + 1] = row[1];
		only[4 * i + 2] = row[3];
		only[4 * i + 3] = row[5];
	}
	r = factor(&design, true, y, NULL, 2, &q);
	assert_int_equal(mlk_qr_reveal_rank(NULL, q, q - 1, r, RANK_TOLERANCE, kept), 5);
	assert_memory_equal(kept, keep, sizeof(keep));
	for (int i = 0; i < 5; i++)
		b[i] = r[i * q + 5];
	mlk_triangular_solve(5, r, q, b);
	regress(only, ROWS, 4, y, expected, error);
	for (int i = 0; i < 5; i++)
		assert_close(b[i], expected[i], 1e-12);
	unit_free(r);
}

static void
test_mixed_blocks(void **state)
{
	UnitDesign	d = unit_design(3000, 9);
	MlkBlock	block;
	MlkDesign	plain = dense_design(d.plain, 3000, MIXED_COLS, &block);
	int			q;
	double	   *a = factor(unit_design_of(&d), true, d.y, d.w, 2, &q);
	double	   *b = factor(&plain, true, d.y, d.w, 2, &q);

	assert_memory_equal(a, b, sizeof(double) * q * q);
	unit_free(a);
	unit_free(b);
	unit_design_free(&d);
}

static void
test_not_finite(void **state)
{
	double		x[] = {1.0, 1e200, -1e200, 3.0};
	MlkBlock	block;
	MlkDesign	design = dense_design(x, 4, 1, &block);
	MlkTsqr		t;
	double	   *memory = unit_array(double, (size_t) mlk_tsqr_plan(&t, &design, true, NULL, NULL, 1));

	mlk_tsqr_start(&t, memory);
	assert_int_equal(mlk_tsqr_round(&t, NULL), MLK_OK);
	assert_int_equal(mlk_tsqr_finish(&t, NULL), MLK_NOT_FINITE);
	unit_free(memory);
}

/* the sandwich of ridge against its definition in two columns */
static void
test_sandwich(void **state)
{
	/* C'C = [4 2; 2 5], plus the identity: R'R = [5 2; 2 6], S = [6 -2; -2 5] / 26 */
	double		c[] = {2.0, 1.0, 0.0, 2.0};
	double		r[] = {sqrt(5.0), 2.0 / sqrt(5.0), 0.0, sqrt(5.2)};
	double		variance[2];
	double		trace;
	double		scratch[4];

	assert_int_equal(mlk_triangular_variances(NULL, 2, r, c, 2, variance, &trace, scratch), MLK_OK);
	assert_close(variance[0], (6 * 6 * 4 - 2 * 6 * 2 * 2 + 2 * 2 * 5) / 676.0, 1e-14);
	assert_close(variance[1], (2 * 2 * 4 - 2 * 2 * 5 * 2 + 5 * 5 * 5) / 676.0, 1e-14);
	assert_close(trace, (6 * 4 - 2 * 2 - 2 * 2 + 5 * 5) / 26.0, 1e-14);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_longley),
		cmocka_unit_test(test_filip),
		cmocka_unit_test(test_wampler),
		cmocka_unit_test(test_products),
		cmocka_unit_test(test_dependent),
		cmocka_unit_test(test_mixed_blocks),
		cmocka_unit_test(test_not_finite),
		cmocka_unit_test(test_sandwich),
	};

	mlk_blas_open(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
