/*
 * test_mutual.c: mutual information and Cramer's V against scikit-learn 1.2.1 and scipy 1.10.1.
 *
 * The constants, of the columns made by fill():
 *   from sklearn.feature_selection._mutual_info import _compute_mi_cd, _compute_mi_cc
 *   from sklearn.metrics import mutual_info_score; from scipy.stats import entropy; from scipy.stats.contingency import association
 *   i = np.arange(1, 501); x = np.sin(i*1.7) + i*1e-3; y = np.cos(i*0.9)*0.5 + x*x
 *   c = ((i*7)%3 + (x>0.5)).astype(int); a = (i*i)%5; b = (i*i*i + (i%5))%7
 *   _compute_mi_cd(x, c, 3), _compute_mi_cc(x, y, 3), mutual_info_score(a, b), entropy(np.bincount(b)),
 *   association(pd.crosstab(c, a).values)
 */
#include "unit.h"

#include "kernels/contingency.h"
#include "kernels/mutual.h"

#define ROWS 500
#define TOLERANCE 1e-12

typedef struct Columns
{
	double		x[ROWS];
	double		y[ROWS];
	uint32_t	a[ROWS];
	uint32_t	b[ROWS];
	uint32_t	c[ROWS];
} Columns;

static void
fill(Columns *t)
{
	for (int i = 0; i < ROWS; i++)
	{
		int64_t		k = i + 1;

		t->x[i] = sin(k * 1.7) + k * 1e-3;
		t->y[i] = cos(k * 0.9) * 0.5 + t->x[i] * t->x[i];
		t->a[i] = (uint32_t) (k * k % 5);
		t->b[i] = (uint32_t) ((k * k * k + k % 5) % 7);
		t->c[i] = (uint32_t) (k * 7 % 3 + (t->x[i] > 0.5));
	}
}

static void
test_numbers(void **state)
{
	Columns		t;
	void	   *scratch = test_malloc(mlk_mutual_numbers_scratch(ROWS) + mlk_mutual_mixed_scratch(ROWS, 4));

	fill(&t);
	assert_close(mlk_mutual_mixed(t.x, t.c, ROWS, 4, 3, scratch), 0.13117597467905462, TOLERANCE);
	assert_close(mlk_mutual_numbers(t.x, t.y, ROWS, 3, scratch), 0.8077015332366657, TOLERANCE);
	/* a class of one row takes no part; nothing is left of one row, or of no class with two */
	t.c[0] = 4;
	assert_true(mlk_mutual_mixed(t.x, t.c, ROWS, 5, 3, scratch) > 0.0);
	assert_close(mlk_mutual_mixed(t.x, t.c, 1, 5, 3, scratch), 0.0, 0.0);
	assert_close(mlk_mutual_numbers(t.x, t.y, 1, 3, scratch), 0.0, 0.0);
	assert_close(mlk_mutual_numbers(t.x, t.y, 0, 3, scratch), 0.0, 0.0);
	test_free(scratch);
}

/* equal values have no distance; the noise makes them differ, the same way each time */
static void
test_prepare(void **state)
{
	double		x[6] = {1, 1, 1, 2, 2, 3};
	double		again[6] = {1, 1, 1, 2, 2, 3};
	double		zeros[3] = {0, 0, 0};

	mlk_mutual_prepare(x, 6, 1);
	mlk_mutual_prepare(again, 6, 1);
	assert_memory_equal(x, again, sizeof(x));
	assert_true(x[0] != x[1] && x[1] != x[2] && x[3] != x[4]);
	assert_close(x[5] / x[0], 3.0, 1e-8);
	mlk_mutual_prepare(zeros, 3, 1);
	assert_true(fabs(zeros[0]) < 1e-9 && zeros[0] != zeros[1]);
}

static void
test_codes(void **state)
{
	Columns		t;
	void	   *scratch = test_malloc(mlk_mutual_codes_scratch(ROWS, 5, 7));
	MlkContingency table;
	double		information;
	double		entropy;

	fill(&t);
	assert_int_equal(mlk_mutual_codes(NULL, t.a, t.b, ROWS, 5, 7, scratch, &information, &entropy), MLK_OK);
	assert_close(information, 0.45824520147240455, TOLERANCE);
	assert_close(entropy, 1.886033333238285, TOLERANCE);
	assert_int_equal(mlk_contingency_count(NULL, t.c, t.a, ROWS, 4, 5, scratch, &table), MLK_OK);
	assert_close(mlk_contingency_cramer(&table, false), 0.014018093710778046, TOLERANCE);
	assert_int_equal(mlk_contingency_count(NULL, t.c, t.c, ROWS, 4, 4, scratch, &table), MLK_OK);
	assert_close(mlk_contingency_cramer(&table, false), 1.0, TOLERANCE);
	assert_close(mlk_contingency_cramer(&table, true), 1.0, TOLERANCE);
	test_free(scratch);
}

/* pairs that are sorted say the same as a table that is counted into */
static void
test_wide_codes(void **state)
{
	Columns		t;
	int64_t		wide = 100000;
	void	   *dense = test_malloc(mlk_mutual_codes_scratch(ROWS, 5, 7));
	void	   *sparse = test_malloc(mlk_mutual_codes_scratch(ROWS, wide, wide));
	MlkContingency a;
	MlkContingency b;

	fill(&t);
	assert_int_equal(mlk_contingency_count(NULL, t.a, t.b, ROWS, 5, 7, dense, &a), MLK_OK);
	for (int i = 0; i < ROWS; i++)
		t.b[i] += (uint32_t) wide - 7;
	assert_int_equal(mlk_contingency_count(NULL, t.a, t.b, ROWS, wide, wide, sparse, &b), MLK_OK);
	assert_int_equal(a.cells, b.cells);
	assert_memory_equal(a.count, b.count, a.cells * sizeof(uint32_t));
	assert_close(mlk_contingency_information(&a), mlk_contingency_information(&b), 0.0);
	assert_close(mlk_contingency_cramer(&a, false), mlk_contingency_cramer(&b, false), 0.0);
	assert_int_equal(mlk_contingency_count(NULL, t.a, t.b, 0, 5, 7, dense, &a), MLK_OK);
	assert_close(mlk_contingency_information(&a), 0.0, 0.0);
	test_free(dense);
	test_free(sparse);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_prepare),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_wide_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
