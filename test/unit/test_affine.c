/*
 * test_affine.c: impute, center and scale: the values, and that a row alone gets the bits of a row in a block.
 */
#include "unit.h"

#include "kernels/affine.h"
#include "kernels/rng.h"

static void
test_values(void **state)
{
	double		x[2][6] = {{1, NAN, 3, 4, 5, NAN}, {NAN, 2, -0.0, 1e300, INFINITY, 6}};
	const double fill[6] = {10, 20, 30, 40, 50, NAN};
	const double center[6] = {1, 2, 3, 0, 5, 6};
	const double inverse[6] = {2, 0.5, 1, 1, 4, 1};
	const double expected[2][5] = {{0, 9, 0, 4, 0}, {18, 0, -3, 1e300, INFINITY}};

	mlk_affine_apply(&x[0][0], 2, 6, 5, fill, center, inverse);
	for (int i = 0; i < 2; i++)
	{
		for (int j = 0; j < 5; j++)
			assert_true(x[i][j] == expected[i][j]);
	}
	/* beyond cols nothing is touched */
	assert_true(isnan(x[0][5]) && x[1][5] == 6);
	mlk_affine_apply(&x[0][0], 1, 6, 6, fill, center, inverse);
	assert_true(isnan(x[0][5]));
}

/* any width, any place in a vector */
static void
test_row_is_block(void **state)
{
	MlkRng		rng;

	mlk_rng_seed(&rng, 1);
	for (int cols = 0; cols <= 19; cols++)
	{
		int			rows = 5;
		double	   *x = unit_array(double, rows * cols);
		double	   *one = unit_array(double, cols);
		double	   *fill = unit_array(double, cols);
		double	   *center = unit_array(double, cols);
		double	   *inverse = unit_array(double, cols);
		double	   *raw = unit_array(double, rows * cols);

		for (int j = 0; j < cols; j++)
		{
			fill[j] = mlk_rng_normal(&rng);
			center[j] = mlk_rng_normal(&rng);
			inverse[j] = 1 / mlk_rng_uniform(&rng);
		}
		for (int i = 0; i < rows * cols; i++)
			raw[i] = x[i] = mlk_rng_below(&rng, 5) == 0 ? NAN : mlk_rng_normal(&rng);
		mlk_affine_apply(x, rows, cols, cols, fill, center, inverse);
		for (int i = 0; i < rows; i++)
		{
			for (int j = 0; j < cols; j++)
			{
				one[j] = raw[i * cols + j];
				mlk_affine_apply(&one[j], 1, 1, 1, &fill[j], &center[j], &inverse[j]);
			}
			if (cols > 0)
				assert_memory_equal(one, &x[i * cols], sizeof(double) * cols);
		}
		unit_free(raw);
		unit_free(inverse);
		unit_free(center);
		unit_free(fill);
		unit_free(one);
		unit_free(x);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_row_is_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
