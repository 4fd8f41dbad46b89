/*
 * test_design.c: products with a design of numbers and categories say the same as with plain numbers.
 */
#include "designs.h"

#include "kernels/panel.h"
#include "kernels/squares.h"

#define ROWS 517
#define TOLERANCE 1e-12

static void
test_expand_and_columns(void **state)
{
	UnitDesign	d = unit_design(ROWS, 1);
	const MlkDesign *x = unit_design_of(&d);
	double	   *out = unit_array(double, ROWS * (MIXED_COLS + 2));
	double	   *columns = unit_array(double, ROWS * MIXED_COLS);

	mlk_design_expand(x, 10, ROWS - 10, out, MIXED_COLS + 2);
	mlk_panel_columns(x, 10, ROWS - 10, columns, ROWS);
	for (int i = 0; i < ROWS - 10; i++)
	{
		for (int j = 0; j < MIXED_COLS; j++)
		{
			assert_true(out[i * (MIXED_COLS + 2) + j] == d.plain[(i + 10) * MIXED_COLS + j]);
			assert_true(columns[j * ROWS + i] == d.plain[(i + 10) * MIXED_COLS + j]);
		}
	}
	unit_free(out);
	unit_free(columns);
	unit_design_free(&d);
}

static void
test_dot(void **state)
{
	UnitDesign	d = unit_design(ROWS, 2);
	const MlkDesign *x = unit_design_of(&d);
	double		w[MIXED_COLS];
	double	   *out = unit_array(double, ROWS);
	MlkBlock	blocks[MIXED_BLOCKS];

	for (int j = 0; j < MIXED_COLS; j++)
		w[j] = j - 4.5;
	mlk_design_dot(x, 0, ROWS, w, 0.25, out);
	for (int i = 0; i < ROWS; i++)
	{
		double		expected = 0.25;
		double		alone;
		MlkDesign	slice = mlk_design_slice(x, i, 1, blocks);
		double		sliced;

		for (int j = 0; j < MIXED_COLS; j++)
			expected += w[j] * d.plain[i * MIXED_COLS + j];
		assert_true(fabs(out[i] - expected) <= TOLERANCE);
		/* a row scored alone gets the same bits as in a block */
		mlk_design_dot(x, i, 1, w, 0.25, &alone);
		mlk_design_dot(&slice, 0, 1, w, 0.25, &sliced);
		assert_memory_equal(&alone, &out[i], sizeof(double));
		assert_memory_equal(&sliced, &out[i], sizeof(double));
	}
	unit_free(out);
	unit_design_free(&d);
}

static void
test_dot_t(void **state)
{
	UnitDesign	d = unit_design(ROWS, 3);
	const MlkDesign *x = unit_design_of(&d);

	/* every remainder of the rows that are taken together */
	for (int rows = ROWS - 5; rows < ROWS; rows++)
	{
		double		g[MIXED_COLS];
		double		sum = 0.0;

		for (int j = 0; j < MIXED_COLS; j++)
			g[j] = 1.0;
		for (int i = 0; i < rows; i++)
			sum += d.y[i];
		assert_true(fabs(mlk_design_dot_t(x, 0, rows, d.y, g) - sum) <= TOLERANCE * rows);
		for (int j = 0; j < MIXED_COLS; j++)
		{
			double		expected = 1.0;

			for (int i = 0; i < rows; i++)
				expected += d.plain[i * MIXED_COLS + j] * d.y[i];
			assert_true(fabs(g[j] - expected) <= TOLERANCE * rows);
		}
	}
	unit_design_free(&d);
}

static void
test_squares_of_columns(void **state)
{
	UnitDesign	d = unit_design(ROWS, 3);
	const MlkDesign *x = unit_design_of(&d);

	for (int weighted = 0; weighted < 2; weighted++)
	{
		double		g[MIXED_COLS] = {0};

		mlk_design_squares(x, 0, 100, weighted ? d.y : NULL, g);
		mlk_design_squares(x, 100, ROWS - 100, weighted ? d.y + 100 : NULL, g);
		for (int j = 0; j < MIXED_COLS; j++)
		{
			double		sum = 0.0;

			for (int i = 0; i < ROWS; i++)
				sum += (weighted ? d.y[i] : 1.0) * d.plain[i * MIXED_COLS + j] * d.plain[i * MIXED_COLS + j];
			assert_true(fabs(g[j] - sum) <= TOLERANCE * ROWS);
		}
	}
	unit_design_free(&d);
}

static double
run_squares(const MlkDesign *x, const double *y, const double *w, int threads, const double *b, double *product)
{
	MlkPool    *pool = mlk_pool_create(threads, NULL);
	MlkSquares	s;
	double	   *memory = unit_array(double, (size_t) mlk_squares_plan(&s, x, y, w, threads));
	double		sum;

	mlk_squares_start(&s, memory, b);
	while (s.rounds.next < s.rounds.blocks)
		assert_int_equal(mlk_squares_round(&s, pool), MLK_OK);
	assert_int_equal(mlk_squares_finish(&s, &sum, product), MLK_OK);
	unit_free(memory);
	mlk_pool_destroy(pool);
	return sum;
}

static void
test_squares(void **state)
{
	int			rows = 5000;
	UnitDesign	d = unit_design(rows, 4);
	const MlkDesign *x = unit_design_of(&d);
	double		b[1 + MIXED_COLS];
	double		expected[1 + MIXED_COLS] = {0};
	double		product[1 + MIXED_COLS];
	double		again[1 + MIXED_COLS];
	double		sum = 0.0;

	for (int j = 0; j <= MIXED_COLS; j++)
		b[j] = 0.1 * j - 0.3;
	for (int i = 0; i < rows; i++)
	{
		double		r = d.y[i] - b[0];

		for (int j = 0; j < MIXED_COLS; j++)
			r -= b[1 + j] * d.plain[i * MIXED_COLS + j];
		sum += d.w[i] * r * r;
		expected[0] += d.w[i] * r;
		for (int j = 0; j < MIXED_COLS; j++)
			expected[1 + j] += d.w[i] * r * d.plain[i * MIXED_COLS + j];
	}
	assert_close(run_squares(x, d.y, d.w, 1, b, product), sum, TOLERANCE);
	for (int j = 0; j <= MIXED_COLS; j++)
		assert_true(fabs(product[j] - expected[j]) <= TOLERANCE * rows);
	run_squares(x, d.y, d.w, 3, b, again);
	assert_memory_equal(product, again, sizeof(product));
	unit_design_free(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expand_and_columns),
		cmocka_unit_test(test_dot),
		cmocka_unit_test(test_dot_t),
		cmocka_unit_test(test_squares_of_columns),
		cmocka_unit_test(test_squares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
