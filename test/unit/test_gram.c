/*
 * test_gram.c: cross products against plain loops, and their Cholesky factor.
 */
#include "designs.h"

#include "kernels/blas.h"
#include "kernels/cholesky.h"
#include "kernels/gram.h"
#include "kernels/triangular.h"

#define ROWS 5000
#define TOLERANCE 1e-11

static double *
products(const MlkGramShape *shape, const double *w, const double *y, int threads)
{
	MlkPool    *pool = mlk_pool_create(threads, NULL);
	MlkGram		g;
	double	   *memory = unit_array(double, (size_t) mlk_gram_plan(&g, shape, w, y, threads));

	mlk_gram_start(&g, memory);
	while (g.rounds.next < g.rounds.blocks)
		assert_int_equal(mlk_gram_round(&g, pool), MLK_OK);
	assert_int_equal(mlk_gram_finish(&g), MLK_OK);
	assert_ptr_equal(g.slots, memory);
	mlk_pool_destroy(pool);
	return memory;
}

/* column of a row by its place in the product; -1 in chosen[] ends the list */
static double
value_at(const UnitDesign *d, int64_t row, const int *chosen, int n, int place, const double *shift)
{
	int			column;
	bool		dense;

	if (place == 0)
		return 1.0;
	if (place > n)
		return d->y[row];
	column = chosen[place - 1];
	dense = column < DENSE_1 || (column >= DENSE_1 + CODES_1 && column < DENSE_1 + CODES_1 + DENSE_2);
	return d->plain[row * MIXED_COLS + column] - (dense && shift != NULL ? shift[column] : 0.0);
}

static void
check_products(UnitDesign *d, const int32_t *position, const int *chosen, int n, const double *shift, const double *w)
{
	MlkGramShape shape = mlk_gram_shape(unit_design_of(d), position, n, shift, true);
	double	   *g = products(&shape, w, d->y, 1);
	double	   *again = products(&shape, w, d->y, 3);
	int			q = shape.q;

	assert_int_equal(q, n + 2);
	assert_memory_equal(g, again, sizeof(double) * q * q);
	for (int a = 0; a < q; a++)
	{
		for (int b = 0; b < q; b++)
		{
			double		expected = 0.0;

			for (int i = 0; i < ROWS; i++)
				expected += (w == NULL ? 1.0 : w[i]) * value_at(d, i, chosen, n, a, shift) *
					value_at(d, i, chosen, n, b, shift);
			assert_true(fabs(g[a * q + b] - expected) <= TOLERANCE * ROWS);
		}
	}
	unit_free(g);
	unit_free(again);
}

static void
test_all_columns(void **state)
{
	UnitDesign	d = unit_design(ROWS, 11);
	int			all[MIXED_COLS];
	double		shift[MIXED_COLS];

	for (int j = 0; j < MIXED_COLS; j++)
	{
		all[j] = j;
		shift[j] = 0.5 * j;
	}
	check_products(&d, NULL, all, MIXED_COLS, NULL, NULL);
	check_products(&d, NULL, all, MIXED_COLS, NULL, d.w);
	check_products(&d, NULL, all, MIXED_COLS, shift, d.w);
	unit_design_free(&d);
}

static void
test_chosen_columns(void **state)
{
	UnitDesign	d = unit_design(ROWS, 12);
	static const int chosen[] = {1, 2, 4, 6, 8, 11};
	int32_t		position[MIXED_COLS];

	memset(position, -1, sizeof(position));
	for (int k = 0; k < 6; k++)
		position[chosen[k]] = k;
	check_products(&d, position, chosen, 6, NULL, d.w);
	unit_design_free(&d);
}

/* factor of a random A'A against the matrix itself, more columns than one step takes */
static void
test_cholesky(void **state)
{
	int			n = 301;
	double	   *b = unit_array(double, n * n);
	double	   *a = unit_array(double, n * n);
	double	   *u = unit_array(double, n * n);
	double	   *diagonal = unit_array(double, n);
	MlkPool    *pool = mlk_pool_create(2, NULL);
	MlkRng		rng;

	mlk_rng_seed(&rng, 13);
	for (int i = 0; i < n * n; i++)
		b[i] = mlk_rng_normal(&rng);
	mlk_dsyrk_t(n, n, b, n, a, n);
	memcpy(u, a, sizeof(double) * n * n);
	assert_int_equal(mlk_cholesky(pool, n, u, n, 0.0, NULL, diagonal), MLK_OK);
	for (int i = 0; i < n; i += 7)
	{
		for (int j = i; j < n; j += 5)
		{
			double		sum = 0.0;

			for (int k = 0; k <= i; k++)
				sum += u[k * n + i] * u[k * n + j];
			assert_true(fabs(sum - a[i * n + j]) <= TOLERANCE * n);
		}
	}
	a[n + 1] = -1.0;
	assert_int_equal(mlk_cholesky(pool, n, a, n, 0.0, NULL, diagonal), MLK_SINGULAR);
	mlk_pool_destroy(pool);
	unit_free(a);
	unit_free(b);
	unit_free(u);
	unit_free(diagonal);
}

/* a column that is the sum of two others is taken out, and its unknown comes out as 0 */
static void
test_cholesky_dependent(void **state)
{
	double		a[] = {
		2, 1, 3, 0,
		1, 3, 4, 1,
		3, 4, 7, 1,
		0, 1, 1, 5,
	};
	/* A (1, 2, 0, 3) */
	double		b[] = {4, 10, 14, 17};
	static const double solution[] = {1, 2, 0, 3};
	uint8_t		dropped[4];
	double		diagonal[4];

	assert_int_equal(mlk_cholesky(NULL, 4, a, 4, 1e-12, dropped, diagonal), MLK_OK);
	assert_memory_equal(dropped, ((uint8_t[]) {0, 0, 1, 0}), 4);
	mlk_triangular_solve_t(4, a, 4, b);
	mlk_triangular_solve(4, a, 4, b);
	for (int i = 0; i < 4; i++)
		assert_true(fabs(b[i] - solution[i]) <= 1e-14);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_columns),
		cmocka_unit_test(test_chosen_columns),
		cmocka_unit_test(test_cholesky),
		cmocka_unit_test(test_cholesky_dependent),
	};

	mlk_blas_open(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
