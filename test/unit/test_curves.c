/*
 * test_curves.c: curves, calibration, thresholds and residuals equal scikit-learn's; lift is what counting gives.
 */
#include "unit.h"

#include "kernels/curves.h"
#include "kernels/residuals.h"
#include "kernels/sort.h"

/* the agreement that is promised to users */
#define TOLERANCE 1e-9
#define ROWS 1001
#define MANY_ROWS 200000		/* several blocks of the sort */

/* all constants: /usr/bin/python3 reference/curves.py; points, then sum and sum weighted by place of each column */
static const double roc[] = {41.0, 21.475, 287.975, 13.37890625, 417.845703125, 27.94683026584867, 725.0674846625767};
static const double precision_recall[] = {40.0, 19.5, 533.0, 29.62120496907942, 671.1167739200803, 27.946830265848668,
448.69938650306744};
static const double uniform_10[] = {10.0, 5.084023677124432, 36.236667029152784, 5.082249972379948, 36.244012875267565};
static const double quantile_10[] = {10.0, 5.0181534180690175, 36.17097527523228, 5.028179160101356, 36.29658480812251};
static const double uniform_7[] = {7.0, 3.487416386801068, 17.950762880859763, 3.501719202943659, 18.00680115261769};
static const double quantile_7[] = {7.0, 3.456863081211167, 18.00368008521501, 3.4683351314762123, 18.07877596993394};
static const double quantile_3[] = {3.0, 1.4737637767942382, 3.6407840840059027, 1.4776769442481497, 3.648558783055008};
static const double best[] = {0.325, 0.7703056768558951, 0.2, 155.5};
static const double residuals[] = {240.75724275724275, 2.441310936888343, 2.788950966096027, 1.134861870850476,
0.0011988461716896381, 0.16761088993457918, 1.2510075693038516, 4.107605493841277, 8.713448794947993};

static double
draw(uint32_t i, uint32_t j)
{
	uint32_t	x = i * 2654435761u + j * 40503u + 12345u;

	x = (x ^ (x >> 15)) * 2246822519u;
	x = (x ^ (x >> 13)) * 3266489917u;
	return (x ^ (x >> 16)) * 0x1p-32;
}

typedef struct Data
{
	int64_t		n;
	double	   *score;
	uint8_t    *positive;
	MlkCut	   *cut;
	int64_t		n_cuts;
} Data;

static void
make_cuts(Data *d, MlkPool *pool)
{
	void	   *scratch = unit_array(char, mlk_cuts_scratch(d->n));

	assert_int_equal(mlk_cuts(pool, d->positive, d->score, d->n, scratch, d->cut, &d->n_cuts), MLK_OK);
	unit_free(scratch);
}

static Data
make_data(int64_t n)
{
	Data		d = {.n = n};

	d.score = unit_array(double, n);
	d.positive = unit_array(uint8_t, n);
	d.cut = unit_array(MlkCut, n);
	for (int64_t i = 0; i < n; i++)
	{
		d.score[i] = floor(40.0 * draw(i, 0)) / 40.0;
		d.positive[i] = draw(i, 1) < d.score[i];
	}
	make_cuts(&d, NULL);
	return d;
}

static void
free_data(Data *d)
{
	unit_free(d->score);
	unit_free(d->positive);
	unit_free(d->cut);
}

/* sums of a column as the script prints them */
typedef struct Sums
{
	double		plain;
	double		placed;
	int64_t		n;
} Sums;

static void
add(Sums *s, double value)
{
	s->n++;
	s->plain += value;
	s->placed += value * (double) s->n;
}

static void
check(const Sums *s, const double *expected)
{
	assert_close(s->plain, expected[0], TOLERANCE);
	assert_close(s->placed, expected[1], TOLERANCE);
}

static void
test_roc(void **state)
{
	Data		d = make_data(ROWS);
	MlkCut		all = d.cut[d.n_cuts - 1];
	int64_t		n = mlk_roc_corners(d.cut, d.n_cuts);
	Sums		threshold = {0};
	Sums		fpr = {0};
	Sums		tpr = {0};

	add(&threshold, d.cut[0].score + 1.0);
	add(&fpr, 0.0);
	add(&tpr, 0.0);
	for (int64_t i = 0; i < n; i++)
	{
		add(&threshold, d.cut[i].score);
		add(&fpr, (double) (d.cut[i].rows - d.cut[i].positives) / (double) (all.rows - all.positives));
		add(&tpr, (double) d.cut[i].positives / (double) all.positives);
	}
	assert_int_equal(threshold.n, (int64_t) roc[0]);
	check(&threshold, roc + 1);
	check(&fpr, roc + 3);
	check(&tpr, roc + 5);
	free_data(&d);
}

/* three positives, three negatives, each with a score of its own: corners alone stay */
static void
test_roc_corners(void **state)
{
	MlkCut		cut[] = {{0.9, 1, 1}, {0.8, 2, 2}, {0.7, 3, 3}, {0.6, 4, 3}, {0.5, 5, 3}, {0.4, 6, 3}};

	assert_int_equal(mlk_roc_corners(cut, 6), 3);
	assert_true(cut[0].score == 0.9 && cut[1].score == 0.7 && cut[2].score == 0.4);
	assert_int_equal(mlk_roc_corners(cut, 2), 2);
	assert_int_equal(mlk_roc_corners(cut, 1), 1);
}

static void
test_precision_recall(void **state)
{
	Data		d = make_data(ROWS);
	Sums		threshold = {0};
	Sums		precision = {0};
	Sums		recall = {0};

	for (int64_t i = d.n_cuts - 1; i >= 0; i--)
	{
		add(&threshold, d.cut[i].score);
		add(&precision, (double) d.cut[i].positives / (double) d.cut[i].rows);
		add(&recall, (double) d.cut[i].positives / (double) d.cut[d.n_cuts - 1].positives);
	}
	assert_int_equal(threshold.n, (int64_t) precision_recall[0]);
	check(&threshold, precision_recall + 1);
	check(&precision, precision_recall + 3);
	check(&recall, precision_recall + 5);
	free_data(&d);
}

static void
check_calibration(const Data *d, int bins, bool quantiles, const double *expected)
{
	MlkCalibrationBin *bin = unit_array(MlkCalibrationBin, bins);
	Sums		predicted = {0};
	Sums		observed = {0};
	int64_t		rows = 0;

	mlk_calibration_bins(d->cut, d->n_cuts, bins, quantiles, bin);
	for (int b = 0; b < bins; b++)
	{
		rows += bin[b].rows;
		if (bin[b].rows == 0)
			continue;
		add(&predicted, bin[b].sum / (double) bin[b].rows);
		add(&observed, (double) bin[b].positives / (double) bin[b].rows);
	}
	assert_int_equal(rows, d->n);
	assert_int_equal(predicted.n, (int64_t) expected[0]);
	check(&predicted, expected + 1);
	check(&observed, expected + 3);
	unit_free(bin);
}

/* scores on the edges of the bins, and quantiles that fall on ties */
static void
test_calibration(void **state)
{
	Data		d = make_data(ROWS);

	check_calibration(&d, 10, false, uniform_10);
	check_calibration(&d, 10, true, quantile_10);
	check_calibration(&d, 7, false, uniform_7);
	check_calibration(&d, 7, true, quantile_7);
	check_calibration(&d, 3, true, quantile_3);
	free_data(&d);
}

/* without ties the groups are what counting gives */
static void
test_lift_counts(void **state)
{
	enum {N = 103, GROUPS = 10};
	MlkCut		cut[N];
	MlkLiftGroup group[GROUPS];
	int			positives = 0;
	int			seen = 0;
	int			row = 0;

	for (int i = 0; i < N; i++)
	{
		positives += draw(i, 5) < 0.4;
		cut[i] = (MlkCut) {1.0 - i / 200.0, i + 1, positives};
	}
	mlk_lift_groups(cut, N, GROUPS, group);
	for (int g = 0; g < GROUPS; g++)
	{
		int			expected = 0;

		assert_int_equal(group[g].rows, g < 3 ? 11 : 10);
		for (int i = 0; i < group[g].rows; i++)
			expected += draw(row++, 5) < 0.4;
		seen += expected;
		assert_close(group[g].positives, expected, TOLERANCE);
		assert_close(group[g].gain, seen / (double) positives, TOLERANCE);
		assert_close(group[g].ks, seen / (double) positives - (row - seen) / (double) (N - positives), TOLERANCE);
	}
}

/* one score for all: every group has its share; a boundary within ties parts them in proportion */
static void
test_lift_ties(void **state)
{
	MlkCut		one[] = {{0.5, 10, 4}};
	MlkCut		two[] = {{0.9, 4, 4}, {0.1, 12, 6}};
	MlkLiftGroup group[3];

	mlk_lift_groups(one, 1, 2, group);
	assert_close(group[0].positives, 2.0, TOLERANCE);
	assert_close(group[1].positives, 2.0, TOLERANCE);
	assert_true(fabs(group[0].ks) < 1e-15);
	mlk_lift_groups(two, 2, 2, group);
	assert_close(group[0].positives, 4.5, TOLERANCE);
	assert_close(group[1].positives, 1.5, TOLERANCE);
	mlk_lift_groups(two, 2, 3, group);
	assert_close(group[0].positives, 4.0, TOLERANCE);
	assert_close(group[1].positives, 1.0, TOLERANCE);
}

static void
test_best_cut(void **state)
{
	Data		d = make_data(ROWS);
	MlkCosts	costs = {.tp = -0.5,.fp = 1.0,.fn = 5.0};
	MlkCosts	dear = {.fp = 1000.0,.fn = 1.0};
	const MlkCut *all = &d.cut[d.n_cuts - 1];
	MlkCut		none[] = {{0.5, 10, 0}};
	int64_t		i = mlk_best_cut(d.cut, d.n_cuts, NULL);

	assert_close(d.cut[i].score, best[0], TOLERANCE);
	assert_close(mlk_cut_f1(&d.cut[i], all), best[1], TOLERANCE);
	i = mlk_best_cut(d.cut, d.n_cuts, &costs);
	assert_close(d.cut[i].score, best[2], TOLERANCE);
	assert_close(mlk_cut_cost(&d.cut[i], all, &costs), best[3], TOLERANCE);
	/* where a false alarm costs more than all that can be found */
	d.cut[0].positives = 0;
	assert_int_equal(mlk_best_cut(d.cut, d.n_cuts, &dear), -1);
	/* nothing to be found */
	assert_int_equal(mlk_best_cut(none, 1, NULL), -1);
	assert_true(mlk_cut_f1(&none[0], &none[0]) == 0.0);
	free_data(&d);
}

static bool
stop_at_once(void)
{
	return true;
}

static void
test_cuts(void **state)
{
	Data		d = make_data(MANY_ROWS);
	Data		parallel = d;
	MlkPool    *pool = mlk_pool_create(3, NULL);
	void	   *scratch;

	parallel.cut = unit_array(MlkCut, d.n);
	make_cuts(&parallel, pool);
	mlk_pool_destroy(pool);
	assert_int_equal(d.n_cuts, 40);
	assert_int_equal(parallel.n_cuts, 40);
	assert_memory_equal(parallel.cut, d.cut, sizeof(MlkCut) * d.n_cuts);
	assert_int_equal(d.cut[d.n_cuts - 1].rows, d.n);
	unit_free(parallel.cut);

	scratch = unit_array(char, mlk_cuts_scratch(d.n));
	pool = mlk_pool_create(2, stop_at_once);
	assert_int_equal(mlk_cuts(pool, d.positive, d.score, d.n, scratch, d.cut, &d.n_cuts), MLK_CANCELLED);
	mlk_pool_destroy(pool);
	d.score[7] = NAN;
	assert_int_equal(mlk_cuts(NULL, d.positive, d.score, d.n, scratch, d.cut, &d.n_cuts), MLK_NOT_FINITE);
	unit_free(scratch);
	free_data(&d);
}

/* ---- residuals ---- */

static void
check_whole(const MlkResiduals *all)
{
	assert_int_equal(all->rows, ROWS);
	assert_close(all->mean_predicted, residuals[0], TOLERANCE);
	assert_close(all->residual.mean, residuals[1], TOLERANCE);
	assert_close(all->residual.stddev, residuals[2], TOLERANCE);
	assert_close(all->residual.skew, residuals[3], TOLERANCE);
	for (int q = 0; q < MLK_RESIDUAL_QUANTILES; q++)
		assert_close(all->quantile[q], residuals[4 + q], TOLERANCE);
}

static void
test_residuals(void **state)
{
	enum {BINS = 10};
	MlkResiduals out[BINS + 1];
	double	   *pred = unit_array(double, ROWS);
	double	   *y = unit_array(double, ROWS);
	void	   *scratch = unit_array(char, mlk_residuals_scratch(ROWS));
	int64_t		rows = 0;
	double		sum = 0.0;

	for (int i = 0; i < ROWS; i++)
	{
		double		x = draw(i, 3);

		pred[i] = floor(500.0 * draw(i, 2));
		y[i] = pred[i] + 10.0 * x * x * x;
	}
	assert_int_equal(mlk_residuals(NULL, y, pred, ROWS, BINS, scratch, out), MLK_OK);
	check_whole(&out[0]);
	for (int b = 1; b <= BINS; b++)
	{
		rows += out[b].rows;
		sum += (double) out[b].rows * out[b].residual.mean;
		assert_true(llabs(out[b].rows - ROWS / BINS) < 10);
		assert_true(b == 1 || out[b].mean_predicted > out[b - 1].mean_predicted);
	}
	assert_int_equal(rows, ROWS);
	assert_close(sum / ROWS, residuals[1], TOLERANCE);
	y[500] = NAN;
	assert_int_equal(mlk_residuals(NULL, y, pred, ROWS, BINS, scratch, out), MLK_NOT_FINITE);
	unit_free(scratch);
	unit_free(y);
	unit_free(pred);
}

/* rows of one prediction are in one bin, and bins may stay empty */
static void
test_residual_ties(void **state)
{
	double		pred[] = {1, 2, 2, 2, 2, 2, 2, 3};
	double		y[] = {1, 2, 3, 2, 3, 2, 3, 4};
	MlkResiduals out[5];
	void	   *scratch = unit_array(char, mlk_residuals_scratch(8));
	const int	rows[] = {8, 7, 0, 0, 1};

	assert_int_equal(mlk_residuals(NULL, y, pred, 8, 4, scratch, out), MLK_OK);
	for (int b = 0; b <= 4; b++)
		assert_int_equal(out[b].rows, rows[b]);
	assert_close(out[4].residual.mean, 1.0, TOLERANCE);
	assert_true(isnan(out[2].mean_predicted));
	assert_int_equal(mlk_residuals(NULL, y, pred, 1, 4, scratch, out), MLK_OK);
	assert_int_equal(out[1].rows, 1);
	unit_free(scratch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roc),
		cmocka_unit_test(test_roc_corners),
		cmocka_unit_test(test_precision_recall),
		cmocka_unit_test(test_calibration),
		cmocka_unit_test(test_lift_counts),
		cmocka_unit_test(test_lift_ties),
		cmocka_unit_test(test_best_cut),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_residuals),
		cmocka_unit_test(test_residual_ties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
