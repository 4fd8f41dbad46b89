/*
 * test_bins.c: edges against their definition, bins against a naive search.
 */
#include "unit.h"

#include "kernels/bins.h"
#include "kernels/rng.h"

static int
naive_bin(double x, const double *edges, int n_bins)
{
	int			b = 0;

	if (isnan(x))
		return n_bins;
	while (b < n_bins - 1 && x > edges[b])
		b++;
	return b;
}

static void
test_few_values(void **state)
{
	double		sample[] = {3.0, NAN, 1.0, 1.0, 8.0, 3.0, NAN};
	double		edges[254];

	assert_int_equal(mlk_bin_edges(sample, 7, 255, edges), 3);
	assert_true(edges[0] == 2.0 && edges[1] == 5.5);
}

static void
test_extremes(void **state)
{
	double		missing[] = {NAN, NAN};
	double		constant[] = {4.0, 4.0, 4.0};
	double		huge[] = {-1e308, 1e308, 1.7e308};
	double		close[] = {1.0, nextafter(1.0, 2.0), nextafter(1.0, 0.0)};
	double		edges[254];

	assert_int_equal(mlk_bin_edges(missing, 2, 255, edges), 1);
	assert_int_equal(mlk_bin_edges(constant, 3, 255, edges), 1);
	assert_int_equal(mlk_bin_edges(constant, 0, 255, edges), 1);
	assert_int_equal(mlk_bin_edges(huge, 3, 255, edges), 3);
	assert_true(edges[0] == 0.0 && isfinite(edges[1]));
	assert_int_equal(mlk_bin_edges(close, 3, 255, edges), 3);
	assert_true(close[0] <= edges[0] && edges[0] < close[1] && close[1] <= edges[1] && edges[1] < close[2]);
}

/* 0 .. 9999 in an order of no kind: the quantiles are known */
static void
test_quantiles(void **state)
{
	double	   *sample = unit_array(double, 10000);
	double		edges[254];

	for (int i = 0; i < 10000; i++)
		sample[i] = (i * 7919) % 10000;
	assert_int_equal(mlk_bin_edges(sample, 10000, 4, edges), 4);
	assert_true(edges[0] == 2499.5 && edges[1] == 4999.5 && edges[2] == 7499.5);
	unit_free(sample);
}

/* half the values are one: its edge is there once, and every bin has values */
static void
test_heavy_value(void **state)
{
	double	   *sample = unit_array(double, 4000);
	int64_t		count[256] = {0};
	double		edges[254];
	uint8_t    *bins = unit_array(uint8_t, 4000);
	MlkRng		rng;
	int			n;

	mlk_rng_seed(&rng, 4);
	for (int i = 0; i < 4000; i++)
		sample[i] = i % 2 == 0 ? 0.0 : mlk_rng_normal(&rng);
	n = mlk_bin_edges(sample, 4000, 255, edges);
	assert_true(n > 100 && n < 255);
	mlk_bin_numbers(sample, 1, 4000, edges, n, bins);
	for (int i = 0; i < 4000; i++)
		count[bins[i]]++;
	for (int b = 0; b < n; b++)
		assert_true(count[b] > 0);
	unit_free(sample);
	unit_free(bins);
}

static void
test_binning(void **state)
{
	MlkRng		rng;
	double		x[3 * 1003];
	double		edges[254];
	uint8_t		bins[1003];

	mlk_rng_seed(&rng, 9);
	for (int n_bins = 1; n_bins <= 255; n_bins++)
	{
		for (int k = 0; k < n_bins - 1; k++)
			edges[k] = k * 0.5 - 20.0;
		for (int i = 0; i < 1003; i++)
			x[3 * i] = i % 11 == 0 ? NAN : (i % 7 == 0 ? floor(40.0 * mlk_rng_normal(&rng)) / 2.0 : 60.0 * mlk_rng_normal(&rng));
		x[3] = INFINITY;
		x[6] = -INFINITY;
		mlk_bin_numbers(x, 3, 1003, edges, n_bins, bins);
		for (int i = 0; i < 1003; i++)
			assert_int_equal(bins[i], naive_bin(x[3 * i], edges, n_bins));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few_values),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_heavy_value),
		cmocka_unit_test(test_binning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
