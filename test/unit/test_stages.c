/*
 * test_stages.c: the arithmetic of preprocessing stages: components, Bayesian ridge, neighbours and scores.
 */
#include "unit.h"

#include <float.h>

#include "kernels/bayesian.h"
#include "kernels/components.h"
#include "kernels/neighbours.h"
#include "kernels/qr.h"
#include "kernels/rng.h"
#include "kernels/scores.h"

/* ---- components ---- */

static void
test_singular_values(void **state)
{
	/* scipy.linalg.svd([[3, 1, -2], [0, 2, 5], [0, 0, 1e-3]]): values; vectors up to their sign */
	double		a[9] = {3, 1, -2, 0, 2, 5, 0, 0, 1e-3};
	const double expected[3] = {5.697881798726677, 3.245634591643995, 0.0003244428377678569};
	double		s[3];

	assert_int_equal(mlk_right_singular(NULL, 3, a, s), MLK_OK);
	for (int i = 0; i < 3; i++)
	{
		assert_close(s[i], expected[i], 1e-12);
		for (int j = 0; j < 3; j++)
		{
			double		product = 0;

			for (int k = 0; k < 3; k++)
				product += a[i * 3 + k] * a[j * 3 + k];
			assert_true(fabs(product - (i == j)) < 1e-14);
		}
	}
}

/* rotations keep R'R = V' S^2 V, whatever the size, and threads do not show */
static void
test_singular_recompose(void **state)
{
	MlkRng		rng;

	mlk_rng_seed(&rng, 3);
	for (int d = 1; d <= 40; d += 13)
	{
		MlkPool    *pool = mlk_pool_create(2, NULL);
		double	   *r = unit_array(double, d * d);
		double	   *a = unit_array(double, d * d);
		double	   *b = unit_array(double, d * d);
		double	   *s = unit_array(double, d);

		for (int i = 0; i < d; i++)
			for (int j = i; j < d; j++)
				r[i * d + j] = mlk_rng_normal(&rng) * (j % 3 == 0 ? 1e6 : 1);
		memcpy(a, r, sizeof(double) * d * d);
		memcpy(b, r, sizeof(double) * d * d);
		assert_int_equal(mlk_right_singular(NULL, d, a, s), MLK_OK);
		for (int i = 0; i < d; i++)
		{
			assert_true(i == 0 || s[i] <= s[i - 1]);
			for (int j = 0; j < d; j++)
			{
				double		want = 0;
				double		have = 0;
				double		size = 0;

				for (int k = 0; k < d; k++)
				{
					want += r[k * d + i] * r[k * d + j];
					have += a[k * d + i] * s[k] * s[k] * a[k * d + j];
					size += fabs(a[k * d + i] * s[k] * s[k] * a[k * d + j]);
				}
				assert_true(fabs(want - have) <= 1e-12 * size);
			}
		}
		assert_int_equal(mlk_right_singular(pool, d, b, s), MLK_OK);
		assert_memory_equal(a, b, sizeof(double) * d * d);
		mlk_pool_destroy(pool);
		unit_free(s);
		unit_free(b);
		unit_free(a);
		unit_free(r);
	}
}

static void
test_singular_degenerate(void **state)
{
	double		zero[4] = {0};
	double		one[4] = {1, 2, 0, 0};
	double		bad[4] = {1, NAN, 0, 1};
	double		s[2];

	assert_int_equal(mlk_right_singular(NULL, 2, zero, s), MLK_OK);
	assert_true(s[0] == 0 && s[1] == 0 && zero[0] == 0);
	assert_int_equal(mlk_right_singular(NULL, 2, one, s), MLK_OK);
	assert_close(s[0], sqrt(5), 1e-15);
	assert_true(s[1] == 0 && one[2] == 0 && one[3] == 0);
	assert_int_equal(mlk_right_singular(NULL, 2, bad, s), MLK_NOT_FINITE);
	assert_int_equal(mlk_right_singular(NULL, 0, bad, s), MLK_OK);
}

static void
test_project(void **state)
{
	const double x[6] = {1, 2, 3, 4, 5, 7};
	const double center[3] = {1, 1, 1};
	const double v[6] = {1, 0, 0, 0.5, 0.5, -1};
	double		out[4];
	double		one[2];
	double		scratch[3];

	mlk_project(2, 3, x, center, 2, v, out, scratch);
	assert_true(out[0] == 0 && out[1] == -1.5 && out[2] == 3 && out[3] == -2.5);
	mlk_project(1, 3, x + 3, center, 2, v, one, scratch);
	assert_memory_equal(one, out + 2, sizeof(one));
}

/* ---- Bayesian ridge ---- */

static void
test_bayesian(void **state)
{
	/*
	 * i = np.arange(40.); x = np.stack([np.sin(i), i % 7, np.cos(2 * i) * 100], 1); y = x @ [2, -1, .03] + np.sin(i * i)
	 * b = sklearn.linear_model.BayesianRidge().fit(x, y): b.coef_, b.intercept_ (1.2.1)
	 */
	const double expected[4] = {1.9973219906592319, -1.0516975504090427, 0.025222697115709132, 0.05068915550623032};
	double		r[25] = {0};
	double		panel[5 * 40];
	double		coef[3];
	double		intercept;
	double	   *scratch = unit_array(double, mlk_qr_append_scratch(5));
	double	   *room = unit_array(double, mlk_bayesian_scratch(3));

	for (int k = 0; k < 40; k++)
	{
		double		i = k;

		panel[k] = 1;
		panel[40 + k] = sin(i);
		panel[80 + k] = k % 7;
		panel[120 + k] = cos(2 * i) * 100;
		panel[160 + k] = 2 * sin(i) - k % 7 + 0.03 * panel[120 + k] + sin(i * i);
	}
	mlk_qr_append(5, r, 40, panel, 40, false, scratch);
	assert_int_equal(mlk_bayesian_ridge(NULL, 3, 40, r, coef, &intercept, room), MLK_OK);
	for (int j = 0; j < 3; j++)
		assert_close(coef[j], expected[j], 1e-11);
	assert_close(intercept, expected[3], 1e-11);
	unit_free(room);
	unit_free(scratch);
}

/* ---- neighbours ---- */

static void
test_neighbours(void **state)
{
	/* KNNImputer's example, and donors that lack the column or have nothing in common */
	const double value[5 * 3] = {1, 2, NAN, 3, 4, 3, NAN, 6, 5, 8, 8, 7, NAN, NAN, 9};
	const double mean[3] = {4, 5, 6};
	MlkDonors	donors = {.cols = 3,.n = 5,.value = value,.mean = mean,.neighbours = 2};
	double		first[3] = {1, 2, NAN};
	double		third[3] = {NAN, 6, 5};
	double		lone[3] = {NAN, NAN, NAN};
	double		whole[3] = {7, 8, 9};
	double		near[3] = {NAN, 4, 3};
	void	   *scratch = unit_array(char, mlk_neighbours_scratch(&donors));

	mlk_neighbours_fill(&donors, first, scratch);
	assert_true(first[2] == 4);
	mlk_neighbours_fill(&donors, third, scratch);
	assert_close(third[0], 5.5, 1e-15);
	mlk_neighbours_fill(&donors, lone, scratch);
	assert_memory_equal(lone, mean, sizeof(lone));
	mlk_neighbours_fill(&donors, whole, scratch);
	assert_true(whole[0] == 7 && whole[1] == 8 && whole[2] == 9);
	/* a donor at distance 0 speaks alone when distance counts */
	donors.by_distance = true;
	mlk_neighbours_fill(&donors, near, scratch);
	assert_true(near[0] == 3);
	unit_free(scratch);
}

/* the earlier one of equally near donors */
static void
test_neighbours_ties(void **state)
{
	const double value[4 * 2] = {1, 10, -1, 20, 1, 30, -1, 40};
	const double mean[2] = {0, 0};
	MlkDonors	donors = {.cols = 2,.n = 4,.value = value,.mean = mean,.neighbours = 3};
	double		row[2] = {0, NAN};
	void	   *scratch = unit_array(char, mlk_neighbours_scratch(&donors));

	mlk_neighbours_fill(&donors, row, scratch);
	assert_close(row[1], 20, 1e-15);
	unit_free(scratch);
}

/* ---- scores ---- */

static void
test_f_groups(void **state)
{
	/* scipy.stats.f_oneway([1, 2, 4], [3, 5, 9], [2, 2]).statistic */
	const double x[9] = {1, 3, 2, 2, NAN, 4, 5, 9, 2};
	const int32_t label[9] = {0, 1, 0, 2, 1, 0, 1, 1, 2};
	const double flat[3] = {1, 1, 1};
	const double apart[3] = {1, 2, 1};
	MlkGroupSums groups[4] = {{0}};
	MlkGroupSums none[2] = {{0}};
	MlkGroupSums full[2] = {{0}};
	const int32_t two[3] = {0, 1, 0};

	mlk_group_sums(x, 1, 9, label, 3, groups);
	assert_close(mlk_f_groups(groups, 4), 2.428571428571429, 1e-13);
	mlk_group_sums(flat, 1, 3, two, 1, none);
	assert_true(isnan(mlk_f_groups(none, 2)));
	mlk_group_sums(apart, 1, 3, two, 1, full);
	assert_true(isinf(mlk_f_groups(full, 2)));
}

static void
test_f_pair(void **state)
{
	/* sklearn.feature_selection.f_regression(np.c_[[1, 2, 4, 7, 7]], np.array([2, 1, 5, 6, 9]))[0] */
	const double x[12] = {1, 0, 2, 0, 4, 0, 7, 0, NAN, 0, 7, 0};
	const double y[6] = {2, 1, 5, 6, 100, 9};
	MlkPairSums sums = {0};
	MlkPairSums flat = {5, 0, 0, 0, 1, 0};
	MlkPairSums line = {4, 0, 0, 2, 8, 4};

	mlk_pair_sums(x, 2, y, 6, 4, 4, &sums);
	assert_close(mlk_f_pair(&sums), 14.36715328467159, 1e-13);
	assert_true(mlk_f_pair(&flat) == 0);
	assert_true(mlk_f_pair(&line) == DBL_MAX);
}

static void
test_information(void **state)
{
	/* sklearn.metrics.mutual_info_score([0] * 5 + [1] * 5, [0, 0, 0, 1, 2, 1, 1, 2, 2, 2]) */
	const int64_t count[6] = {3, 1, 1, 0, 2, 3};
	const int64_t apart[4] = {3, 0, 0, 5};
	const int64_t same[4] = {2, 4, 1, 2};

	assert_close(mlk_information_of_counts(count, 2, 3), 0.2772588722239784, 1e-13);
	assert_close(mlk_information_of_counts(apart, 2, 2), -0.375 * log(0.375) - 0.625 * log(0.625), 1e-13);
	assert_true(mlk_information_of_counts(same, 2, 2) < 1e-15);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_singular_values),
		cmocka_unit_test(test_singular_recompose),
		cmocka_unit_test(test_singular_degenerate),
		cmocka_unit_test(test_project),
		cmocka_unit_test(test_bayesian),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_neighbours_ties),
		cmocka_unit_test(test_f_groups),
		cmocka_unit_test(test_f_pair),
		cmocka_unit_test(test_information),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
