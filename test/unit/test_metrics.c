/*
 * test_metrics.c: metrics equal scikit-learn's on the same predictions, whatever the number of threads.
 */
#include "unit.h"

#include "kernels/metrics.h"
#include "kernels/rng.h"

/* the agreement that is promised to users */
#define METRIC_TOLERANCE 1e-9
#define ROWS 1001
#define MANY_ROWS 150000		/* several blocks of every loop */
#define MAX_CLASSES 4

/* all constants: /usr/bin/python3 reference/metrics.py */
static const double regression[] = {
	0.9896043088276638, 0.30734302997575874, 0.2620257194094419, 0.30848993189881124,
	0.26185844079591336
};
static const double regression_even[] = {
	0.9896034584266636, 0.30745905688431924, 0.262135672276048, 0.3082495337728644,
	0.2621213338337839
};
static const double regression_weighted[] = {
	0.9892938271314891, 0.3140449133923151, 0.26889268243455244, 0.35778370474807125,
	0.26493767634965515
};
static const double binary[] = {
	0.8311688311688312, 0.8299538470152537, 0.4534410484308892, 0.91041161743415,
	0.9078445717531841, 0.14448330247683322, 0.6616884384251192, 0.8317369940569534,
	0.8299538470152537, 0.8304758468992539, 0.8314495704782563, 0.8311688311688312,
	0.8309414457053761
};
static const double binary_class[] = {
	0.8250460405156538, 0.8582375478927203, 0.8413145539906103, 522.0, 0.8384279475982532,
	0.8016701461377871, 0.8196371398078975, 479.0
};
static const double binary_weighted[] = {
	0.8428277282086479, 0.8418501488100851, 0.44997671538567013, 0.9185778735057695,
	0.9151097136420216, 0.14246175490844884, 0.685822336279473, 0.8439754806141233,
	0.8418501488100851, 0.8423035712850926, 0.843555571197486, 0.8428277282086479,
	0.8425843696369973
};
static const double binary_weighted_class[] = {
	0.830379746835443, 0.8735019973368842, 0.8513951979234263, 375.5, 0.8575712143928036,
	0.8101983002832861, 0.833211944646759, 353.0
};
static const double multi[] = {
	0.6063936063936064, 0.6046146240849378, 1.0420315092331027, 0.8360900459896786,
	0.6508231256298057, 0.5793253438100646, 0.4744371915689984, 0.6083002754727269,
	0.6046146240849378, 0.604580296305842, 0.6092656810507424, 0.6063936063936064,
	0.6059800454425754
};
static const double multi_class[] = {
	0.6118421052631579, 0.6480836236933798, 0.6294416243654821, 287.0, 0.5817490494296578,
	0.6510638297872341, 0.6144578313253013, 235.0, 0.5745614035087719, 0.5646551724137931,
	0.5695652173913044, 232.0, 0.6650485436893204, 0.5546558704453441, 0.6048565121412803, 247.0
};
static const double multi_weighted[] = {
	0.6060398078242965, 0.6051900203290955, 1.048919499502509, 0.8339794238152023,
	0.643955747423482, 0.5833574503756349, 0.47287693881579035, 0.6062416314293668,
	0.6051900203290955, 0.6043219755737403, 0.6086732492529119, 0.6060398078242965,
	0.6061072026263742
};
static const double multi_weighted_class[] = {
	0.6380090497737556, 0.6453089244851259, 0.6416382252559727, 218.5, 0.547945205479452,
	0.6369426751592356, 0.5891016200294551, 157.0, 0.5845272206303725, 0.546916890080429,
	0.5650969529085873, 186.5, 0.654485049833887, 0.5915915915915916, 0.6214511041009464, 166.5
};
static const double absent[] = {
	0.6373626373626373, 0.635891834237512, 1.0279319984770834, 0.8453314984008368,
	0.7331145571153459, 0.5719181688206603, 0.47827291915982284, 0.5178312493432805,
	0.47691887567813407, 0.49644287752409155, 0.6909457808423295, 0.6373626373626373,
	0.662954493880516
};
static const double absent_class[] = {
	0.6950146627565983, 0.6583333333333333, 0.6761768901569186, 360.0, 0.7035830618892508,
	0.6525679758308157, 0.677115987460815, 331.0, 0.6727272727272727, 0.5967741935483871,
	0.6324786324786325, 310.0, 0.0, 0.0, 0.0, 0.0
};

/* the formula of reference/metrics.py */
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
	double	   *y;
	double	   *pred;
	int32_t    *label;
	double	   *prob;
	double	   *weight;
	void	   *scratch;
} Data;

static double
raw_score(int64_t i, int c, int32_t label)
{
	return floor(8.0 * draw(i, 3 + c)) + (label == c ? 3.0 : 0.0) + 0.5;
}

static Data
make_data(int64_t n, int k, int classes)
{
	Data		d;

	d.y = unit_array(double, n);
	d.pred = unit_array(double, n);
	d.label = unit_array(int32_t, n);
	d.prob = unit_array(double, n * k);
	d.weight = unit_array(double, n);
	d.scratch = unit_array(char, mlk_classification_scratch(n));
	for (int64_t i = 0; i < n; i++)
	{
		double		sum = 0.0;

		d.y[i] = 10.0 * draw(i, 0) - 3.0;
		d.pred[i] = d.y[i] + draw(i, 1) - 0.4;
		d.weight[i] = floor(draw(i, 20) * 4.0) / 2.0;
		d.label[i] = (int32_t) (draw(i, 2) * classes);
		for (int c = 0; c < k; c++)
			sum += raw_score(i, c, d.label[i]);
		for (int c = 0; c < k; c++)
			d.prob[i * k + c] = raw_score(i, c, d.label[i]) / sum;
	}
	return d;
}

static void
free_data(Data *d)
{
	unit_free(d->y);
	unit_free(d->pred);
	unit_free(d->label);
	unit_free(d->prob);
	unit_free(d->weight);
	unit_free(d->scratch);
}

static void
check_regression(int64_t n, bool weighted, const double *expected)
{
	Data		d = make_data(n, 2, 2);
	MlkRegressionMetrics m;

	assert_int_equal(mlk_regression_metrics(NULL, d.y, d.pred, weighted ? d.weight : NULL, n, d.scratch, &m), MLK_OK);
	assert_close(m.r2, expected[0], METRIC_TOLERANCE);
	assert_close(m.rmse, expected[1], METRIC_TOLERANCE);
	assert_close(m.mae, expected[2], METRIC_TOLERANCE);
	assert_close(m.mape, expected[3], METRIC_TOLERANCE);
	assert_close(m.medae, expected[4], METRIC_TOLERANCE);
	free_data(&d);
}

static void
test_regression(void **state)
{
	check_regression(ROWS, false, regression);
	check_regression(ROWS - 1, false, regression_even);
	check_regression(ROWS, true, regression_weighted);
}

/* scikit-learn's answers where a formula has none; no rows or no weight give NaN */
static void
test_regression_degenerate(void **state)
{
	const double constant[] = {0.1, 0.1, 0.1};
	const double other[] = {0.1, 0.2, 0.1};
	const double zero[] = {0.0, 0.0, 0.0};
	double		scratch[3];
	MlkRegressionMetrics m;

	mlk_regression_metrics(NULL, constant, constant, NULL, 3, scratch, &m);
	assert_close(m.r2, 1.0, 0.0);
	assert_close(m.medae, 0.0, 0.0);
	mlk_regression_metrics(NULL, constant, other, NULL, 3, scratch, &m);
	assert_close(m.r2, 0.0, 0.0);
	mlk_regression_metrics(NULL, zero, other, NULL, 3, scratch, &m);
	assert_close(m.mape, (0.1 + 0.2 + 0.1) / 3.0 / 0x1p-52, METRIC_TOLERANCE);
	mlk_regression_metrics(NULL, other, constant, zero, 3, scratch, &m);
	assert_true(isnan(m.r2) && isnan(m.rmse) && isnan(m.medae));
	mlk_regression_metrics(NULL, other, constant, NULL, 0, scratch, &m);
	assert_true(isnan(m.r2) && isnan(m.mae) && isnan(m.medae));
	mlk_regression_metrics(NULL, other, constant, NULL, 1, scratch, &m);
	assert_true(isnan(m.r2) && m.mae == 0.0);
}

static void
check_classification(int k, int classes, bool weighted, const double *expected, const double *expected_class)
{
	Data		d = make_data(ROWS, k, classes);
	MlkClassificationMetrics m;
	MlkClassMetrics per_class[MAX_CLASSES];
	double		confusion[MAX_CLASSES * MAX_CLASSES];

	assert_int_equal(mlk_classification_metrics(NULL, d.label, d.prob, k, weighted ? d.weight : NULL, ROWS, d.scratch,
												&m, per_class, confusion), MLK_OK);
	assert_close(m.accuracy, expected[0], METRIC_TOLERANCE);
	assert_close(m.balanced_accuracy, expected[1], METRIC_TOLERANCE);
	assert_close(m.log_loss, expected[2], METRIC_TOLERANCE);
	assert_close(m.roc_auc, expected[3], METRIC_TOLERANCE);
	assert_close(m.pr_auc, expected[4], METRIC_TOLERANCE);
	assert_close(m.brier, expected[5], METRIC_TOLERANCE);
	assert_close(m.mcc, expected[6], METRIC_TOLERANCE);
	assert_close(m.macro_precision, expected[7], METRIC_TOLERANCE);
	assert_close(m.macro_recall, expected[8], METRIC_TOLERANCE);
	assert_close(m.macro_f1, expected[9], METRIC_TOLERANCE);
	assert_close(m.weighted_precision, expected[10], METRIC_TOLERANCE);
	assert_close(m.weighted_recall, expected[11], METRIC_TOLERANCE);
	assert_close(m.weighted_f1, expected[12], METRIC_TOLERANCE);
	for (int c = 0; c < k; c++)
	{
		double		row = 0.0;

		for (int j = 0; j < k; j++)
			row += confusion[c * k + j];
		assert_close(row, expected_class[4 * c + 3], METRIC_TOLERANCE);
		assert_close(per_class[c].precision, expected_class[4 * c], METRIC_TOLERANCE);
		assert_close(per_class[c].recall, expected_class[4 * c + 1], METRIC_TOLERANCE);
		assert_close(per_class[c].f1, expected_class[4 * c + 2], METRIC_TOLERANCE);
		assert_close(per_class[c].support, expected_class[4 * c + 3], METRIC_TOLERANCE);
	}
	free_data(&d);
}

static void
test_classification(void **state)
{
	check_classification(2, 2, false, binary, binary_class);
	check_classification(2, 2, true, binary_weighted, binary_weighted_class);
	check_classification(4, 4, false, multi, multi_class);
	check_classification(4, 4, true, multi_weighted, multi_weighted_class);
	check_classification(4, 3, false, absent, absent_class);
}

/* certain and wrong: the loss is finite, -log(eps / 1) once normalised */
static void
test_log_loss_clips(void **state)
{
	const int32_t label[] = {0, 1};
	const double prob[] = {0.0, 1.0, 0.0, 1.0};
	void	   *scratch = unit_array(char, mlk_classification_scratch(2));
	MlkClassificationMetrics m;
	MlkClassMetrics per_class[2];
	double		confusion[4];

	/* python3 -c "from sklearn.metrics import log_loss; print(log_loss([0, 1], [[0., 1.], [0., 1.]]))" */
	mlk_classification_metrics(NULL, label, prob, 2, NULL, 2, scratch, &m, per_class, confusion);
	assert_close(m.log_loss, 18.021826694558577, METRIC_TOLERANCE);
	assert_close(m.roc_auc, 0.5, 0.0);
	assert_close(m.mcc, 0.0, 0.0);
	unit_free(scratch);
}

static void
test_one_class(void **state)
{
	const int32_t label[] = {1, 1, 1};
	const double prob[] = {0.2, 0.8, 0.4, 0.6, 0.9, 0.1};
	void	   *scratch = unit_array(char, mlk_classification_scratch(3));
	MlkClassificationMetrics m;
	MlkClassMetrics per_class[2];
	double		confusion[4];

	mlk_classification_metrics(NULL, label, prob, 2, NULL, 3, scratch, &m, per_class, confusion);
	assert_true(isnan(m.roc_auc));
	assert_close(m.pr_auc, 1.0, 0.0);
	assert_close(m.balanced_accuracy, 2.0 / 3.0, METRIC_TOLERANCE);
	assert_close(m.macro_recall, 1.0 / 3.0, METRIC_TOLERANCE);
	assert_close(per_class[0].precision, 0.0, 0.0);
	mlk_classification_metrics(NULL, label, prob, 2, NULL, 0, scratch, &m, per_class, confusion);
	assert_true(isnan(m.roc_auc) && isnan(m.accuracy) && isnan(m.log_loss) && isnan(m.mcc));
	unit_free(scratch);
}

/* the definition: share of pairs in which the positive row has the higher score, ties counted half */
static void
test_ranking_by_pairs(void **state)
{
	enum
	{
		N = 500
	};
	double		score[N];
	uint8_t		positive[N];
	double		weight[N];
	double		wins = 0.0;
	double		pairs = 0.0;
	double		roc;
	double		precision;
	void	   *scratch = unit_array(char, mlk_classification_scratch(N));
	MlkRng		rng;

	mlk_rng_seed(&rng, 11);
	for (int i = 0; i < N; i++)
	{
		score[i] = (double) mlk_rng_below(&rng, 40) - 20.0;
		positive[i] = mlk_rng_uniform(&rng) < 0.3;
		weight[i] = mlk_rng_uniform(&rng);
	}
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			if (positive[i] && !positive[j])
			{
				pairs += weight[i] * weight[j];
				wins += weight[i] * weight[j] * (score[i] > score[j] ? 1.0 : score[i] == score[j] ? 0.5 : 0.0);
			}
	assert_int_equal(mlk_ranking_metrics(NULL, positive, score, weight, N, scratch, &roc, &precision), MLK_OK);
	assert_close(roc, wins / pairs, METRIC_TOLERANCE);
	score[3] = NAN;
	mlk_ranking_metrics(NULL, positive, score, weight, N, scratch, &roc, &precision);
	assert_true(isnan(roc) && isnan(precision));
	unit_free(scratch);
}

/* not close: the same bytes */
static void
test_threads_agree(void **state)
{
	Data		d = make_data(MANY_ROWS, 3, 3);
	MlkRegressionMetrics r[3];
	MlkClassificationMetrics c[3];
	MlkClassMetrics per_class[3];
	double		confusion[9];

	for (int64_t i = 0; i < MANY_ROWS; i++)
		d.weight[i] = draw(i, 30);
	for (int threads = 1; threads <= 3; threads++)
	{
		MlkPool    *pool = mlk_pool_create(threads, NULL);

		assert_int_equal(mlk_regression_metrics(pool, d.y, d.pred, d.weight, MANY_ROWS, d.scratch, &r[threads - 1]),
						 MLK_OK);
		assert_int_equal(mlk_classification_metrics(pool, d.label, d.prob, 3, d.weight, MANY_ROWS, d.scratch,
													&c[threads - 1], per_class, confusion), MLK_OK);
		mlk_pool_destroy(pool);
	}
	for (int i = 1; i < 3; i++)
	{
		assert_memory_equal(&r[0], &r[i], sizeof(r[0]));
		assert_memory_equal(&c[0], &c[i], sizeof(c[0]));
	}
	free_data(&d);
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* the counting median against a sort, on errors of many magnitudes */
static void
test_median(void **state)
{
	for (int64_t n = MANY_ROWS - 1; n <= MANY_ROWS; n++)
	{
		double	   *y = unit_array(double, n);
		double	   *pred = unit_array(double, n);
		double	   *scratch = unit_array(double, n);
		MlkRegressionMetrics m;
		MlkRng		rng;

		mlk_rng_seed(&rng, (uint64_t) n);
		for (int64_t i = 0; i < n; i++)
			pred[i] = mlk_rng_normal(&rng) * exp(20.0 * mlk_rng_normal(&rng));
		assert_int_equal(mlk_regression_metrics(NULL, y, pred, NULL, n, scratch, &m), MLK_OK);
		for (int64_t i = 0; i < n; i++)
			pred[i] = fabs(pred[i]);
		qsort(pred, n, sizeof(double), compare_doubles);
		assert_true(m.medae == 0.5 * (pred[(n - 1) / 2] + pred[n / 2]));
		unit_free(y);
		unit_free(pred);
		unit_free(scratch);
	}
}

static int	polls_left;

static bool
stop_after_polls(void)
{
	return polls_left-- <= 0;
}

static void
test_stop(void **state)
{
	Data		d = make_data(MANY_ROWS, 2, 2);
	MlkRegressionMetrics r;
	MlkClassificationMetrics c;
	MlkClassMetrics per_class[2];
	double		confusion[4];
	MlkStatus	status = MLK_CANCELLED;
	int			polls;

	for (polls = 0; status == MLK_CANCELLED && polls < 1000; polls++)
	{
		MlkPool    *pool = mlk_pool_create(2, stop_after_polls);

		polls_left = polls;
		status = mlk_classification_metrics(pool, d.label, d.prob, 2, NULL, MANY_ROWS, d.scratch, &c, per_class, confusion);
		mlk_pool_destroy(pool);
	}
	assert_int_equal(status, MLK_OK);
	assert_true(polls > 10);

	status = MLK_CANCELLED;
	for (polls = 0; status == MLK_CANCELLED && polls < 1000; polls++)
	{
		MlkPool    *pool = mlk_pool_create(2, stop_after_polls);

		polls_left = polls;
		status = mlk_regression_metrics(pool, d.y, d.pred, NULL, MANY_ROWS, d.scratch, &r);
		mlk_pool_destroy(pool);
	}
	assert_int_equal(status, MLK_OK);
	assert_true(polls > 5);
	free_data(&d);
}

/*
 * python3 -c "import numpy as np; p = np.array([50, 30, 20, .5]) / 100; q = np.array([80, 60, 60, .5]) / 200;
 * print(sum((q - p) * np.log(q / p)))", the empty bin counting as half a row on either side
 */
static void
test_psi(void **state)
{
	const double expected[] = {50.0, 30.0, 20.0, 0.0};
	const double actual[] = {80.0, 60.0, 60.0, 0.0};
	const double none[4] = {0.0};

	assert_close(mlk_psi(expected, actual, 4), 0.06459373389363725, METRIC_TOLERANCE);
	assert_close(mlk_psi(expected, expected, 4), 0.0, 0.0);
	assert_true(isnan(mlk_psi(expected, none, 4)));
	assert_true(isnan(mlk_psi(none, expected, 4)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_regression),
		cmocka_unit_test(test_regression_degenerate),
		cmocka_unit_test(test_classification),
		cmocka_unit_test(test_log_loss_clips),
		cmocka_unit_test(test_one_class),
		cmocka_unit_test(test_ranking_by_pairs),
		cmocka_unit_test(test_threads_agree),
		cmocka_unit_test(test_median),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_psi),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
