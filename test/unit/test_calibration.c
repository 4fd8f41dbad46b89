/*
 * test_calibration.c: calibrated probabilities, thresholds and conformal ranks.  Constants: /usr/bin/python3 test/reference/calibration.py
 */
#include "unit.h"

#include "kernels/calibration.h"

#define ROWS 60
#define TOLERANCE 1e-9

typedef struct Data
{
	double		score[ROWS];
	uint8_t		positive[ROWS];
	double		weight[ROWS];
} Data;

static Data
make_data(void)
{
	Data		d;

	for (int i = 0; i < ROWS; i++)
	{
		d.score[i] = 3 * sin(1.7 * i) + 0.2 * (i * i % 7 - 3);
		if (i >= 50)
			d.score[i] = rint(d.score[i]);
		d.positive[i] = d.score[i] + 2 * sin(5.3 * i) > 0;
		d.weight[i] = 1.0 + i % 3;
	}
	return d;
}

static void
sigmoid(void **state)
{
	Data		d = make_data();
	MlkCalibrator c;

	assert_int_equal(mlk_sigmoid_fit(NULL, d.score, d.positive, NULL, ROWS, &c), MLK_OK);
	assert_close(c.slope, -1.2442593294753532, TOLERANCE);
	assert_close(c.offset, 0.37979530494238073, TOLERANCE);
	assert_int_equal(mlk_sigmoid_fit(NULL, d.score, d.positive, d.weight, ROWS, &c), MLK_OK);
	assert_close(c.slope, -1.292345531451317, TOLERANCE);
	assert_close(c.offset, 0.32238740149708556, TOLERANCE);
	assert_close(mlk_calibrated(&c, 0.5), 1 / (1 + exp(0.5 * c.slope + c.offset)), 0);
	assert_true(isnan(mlk_calibrated(&c, NAN)));
}

/* scores far from 0, or all alike, or of rows of one class */
static void
sigmoid_of_odd_scores(void **state)
{
	Data		d = make_data();
	MlkCalibrator near;
	MlkCalibrator c;

	assert_int_equal(mlk_sigmoid_fit(NULL, d.score, d.positive, NULL, ROWS, &near), MLK_OK);
	for (int i = 0; i < ROWS; i++)
		d.score[i] = 1e6 + 1e-3 * d.score[i];
	assert_int_equal(mlk_sigmoid_fit(NULL, d.score, d.positive, NULL, ROWS, &c), MLK_OK);
	assert_close(c.slope, 1e3 * near.slope, 1e-6);

	for (int i = 0; i < ROWS; i++)
		d.score[i] = 2;
	assert_int_equal(mlk_sigmoid_fit(NULL, d.score, d.positive, NULL, ROWS, &c), MLK_OK);
	assert_close(c.slope, 0, 0);
	for (int i = 0; i < ROWS; i++)
	{
		d.score[i] = i;
		d.positive[i] = 0;
	}
	assert_int_equal(mlk_sigmoid_fit(NULL, d.score, d.positive, NULL, ROWS, &c), MLK_OK);
	for (int i = 0; i < ROWS; i++)
		assert_close(mlk_calibrated(&c, i), 1.0 / 62, 1e-6);
	/* two classes without overlap: the smoothed targets keep the slope finite */
	for (int i = 0; i < ROWS; i++)
		d.positive[i] = i >= 30;
	assert_int_equal(mlk_sigmoid_fit(NULL, d.score, d.positive, NULL, ROWS, &c), MLK_OK);
	assert_true(c.slope < -0.1 && isfinite(c.slope));
	d.score[0] = 1e308;
	d.score[1] = -1e308;
	assert_int_equal(mlk_sigmoid_fit(NULL, d.score, d.positive, NULL, ROWS, &c), MLK_NOT_FINITE);
}

static const double asked[] = {-4.0, -2.05, -1, -0.3, 0, 0.11, 0.9, 1, 2.2, 5};

static void
isotonic(void **state)
{
	static const double plain[] = {0, 0, 0.2857142857142857, 0.34806550948234372, 0.40000000000000002, 0.40000000000000002, 0.5, 0.5, 1, 1};
	static const double weighted[] = {
		0, 0, 0.34999999999999998, 0.34999999999999998, 0.3537369243361001, 0.36632450174793246, 0.44444444444444442, 0.44444444444444442, 1, 1
	};
	Data		d = make_data();
	double		points[2 * ROWS];
	void	   *scratch = unit_array(char, mlk_isotonic_scratch(ROWS));

	for (int w = 0; w < 2; w++)
	{
		MlkCalibrator c;

		assert_int_equal(mlk_isotonic_fit(NULL, d.score, d.positive, w ? d.weight : NULL, ROWS, points, scratch, &c), MLK_OK);
		for (int i = 0; i < 10; i++)
			assert_close(mlk_calibrated(&c, asked[i]), w ? weighted[i] : plain[i], TOLERANCE);
		assert_true(isnan(mlk_calibrated(&c, NAN)));
		for (int i = 1; i < c.n; i++)
			assert_true(c.score[i] > c.score[i - 1] && c.value[i] >= c.value[i - 1]);
	}
	unit_free(scratch);
}

/* every score alike, one row, classes told apart: one point or a step */
static void
isotonic_of_few(void **state)
{
	double		score[] = {1, 1, 1, 2, 2};
	uint8_t		positive[] = {0, 1, 0, 1, 1};
	double		points[10];
	char	   *scratch = unit_array(char, mlk_isotonic_scratch(5));
	MlkCalibrator c;

	assert_int_equal(mlk_isotonic_fit(NULL, score, positive, NULL, 1, points, scratch, &c), MLK_OK);
	assert_int_equal(c.n, 1);
	assert_close(mlk_calibrated(&c, 7), 0, 0);
	assert_int_equal(mlk_isotonic_fit(NULL, score, positive, NULL, 3, points, scratch, &c), MLK_OK);
	assert_int_equal(c.n, 1);
	assert_close(mlk_calibrated(&c, 1), 1.0 / 3, 1e-15);
	assert_int_equal(mlk_isotonic_fit(NULL, score, positive, NULL, 5, points, scratch, &c), MLK_OK);
	assert_int_equal(c.n, 2);
	assert_close(mlk_calibrated(&c, 1.5), 2.0 / 3, 1e-15);
	unit_free(scratch);
}

/* CalibratedClassifierCV(cv="prefit") of three classes: one against the rest, then divided by the sum */
static void
several_classes(void **state)
{
	static const double expected[12] = {
		0.2613065326633166, 0.542713567839196, 0.19597989949748745, 1, 0, 0,
		0.57142857142857151, 0, 0.4285714285714286, 0, 0.42586750788643535, 0.57413249211356465
	};
	Data		d = make_data();
	double		three[ROWS * 3];
	int			label[ROWS];
	double		score[ROWS];
	uint8_t		positive[ROWS];
	double		points[3][2 * ROWS];
	char	   *scratch = unit_array(char, mlk_isotonic_scratch(ROWS));
	MlkCalibrator c[3];

	for (int i = 0; i < ROWS; i++)
	{
		static const double step[] = {2.1, 3.3, 4.7};
		double		best = -INFINITY;

		three[3 * i] = d.score[i];
		three[3 * i + 1] = d.score[(i + ROWS - 7) % ROWS];
		three[3 * i + 2] = -d.score[i];
		for (int k = 0; k < 3; k++)
		{
			double		x = three[3 * i + k] + 2 * sin((i + 1) * step[k]);

			if (x > best)
			{
				best = x;
				label[i] = k;
			}
		}
	}
	for (int k = 0; k < 3; k++)
	{
		for (int i = 0; i < ROWS; i++)
		{
			score[i] = three[3 * i + k];
			positive[i] = label[i] == k;
		}
		assert_int_equal(mlk_isotonic_fit(NULL, score, positive, NULL, ROWS, points[k], scratch, &c[k]), MLK_OK);
	}
	mlk_calibrate_rows(c, false, 3, three, 4);
	for (int i = 0; i < 12; i++)
		assert_close(three[i], expected[i], TOLERANCE);
	unit_free(scratch);
}

/* nothing of any class: alike; log-odds have an end */
static void
rows_without_probability(void **state)
{
	const double score = 0;
	const double value = 0;
	MlkCalibrator c[3];
	double		p[] = {0.2, 0.3, 0.5};
	double		two[] = {0.75, 0.25, NAN, NAN};
	MlkCalibrator identity = {.kind = MLK_CALIBRATION_SIGMOID,.slope = -1};

	for (int k = 0; k < 3; k++)
		c[k] = (MlkCalibrator) {.kind = MLK_CALIBRATION_ISOTONIC,.n = 1,.score = &score,.value = &value};
	mlk_calibrate_rows(c, false, 3, p, 1);
	for (int k = 0; k < 3; k++)
		assert_close(p[k], 1.0 / 3, 1e-15);
	mlk_calibrate_rows(&identity, true, 2, two, 2);
	assert_close(two[1], 0.25, 1e-15);
	assert_close(two[0], 0.75, 1e-15);
	assert_true(isnan(two[2]) && isnan(two[3]));
	assert_close(mlk_calibration_score(0, true), -mlk_calibration_score(1, true), 1e-2);
	assert_true(mlk_calibration_score(1, true) < 35);
}

static void
threshold(void **state)
{
	Data		d = make_data();
	MlkThresholdAim f1 = {.f1 = true};
	MlkThresholdAim cost = {.false_positive = 1,.false_negative = 5};
	MlkThresholdAim never = {.false_positive = 1};
	MlkThresholdAim always = {.false_negative = 1};
	char	   *scratch = unit_array(char, mlk_threshold_scratch(ROWS));
	double		p[ROWS];
	double		at;
	double		value;

	for (int i = 0; i < ROWS; i++)
		p[i] = 1 / (1 + exp(-d.score[i]));
	assert_int_equal(mlk_threshold_fit(NULL, p, d.positive, NULL, ROWS, &f1, scratch, &at, &value), MLK_OK);
	assert_close(value, 0.87999999999999989, TOLERANCE);
	assert_close(at, 0.70013940850041789, TOLERANCE);
	assert_int_equal(mlk_threshold_fit(NULL, p, d.positive, d.weight, ROWS, &f1, scratch, &at, &value), MLK_OK);
	assert_close(value, 0.86538461538461531, TOLERANCE);
	assert_close(at, 0.70013940850041789, TOLERANCE);
	assert_int_equal(mlk_threshold_fit(NULL, p, d.positive, d.weight, ROWS, &cost, scratch, &at, &value), MLK_OK);
	assert_close(value, 0.17499999999999999, TOLERANCE);
	assert_close(at, 0.2689414213699951, TOLERANCE);

	/* a false negative costs nothing: no row is positive; a false positive: all that must be are */
	assert_int_equal(mlk_threshold_fit(NULL, p, d.positive, NULL, ROWS, &never, scratch, &at, &value), MLK_OK);
	assert_close(at, 1, 0);
	assert_close(value, 0, 0);
	assert_int_equal(mlk_threshold_fit(NULL, p, d.positive, NULL, ROWS, &always, scratch, &at, &value), MLK_OK);
	assert_close(value, 0, 0);
	for (int i = 0; i < ROWS; i++)
		assert_true(!d.positive[i] || p[i] >= at);
	unit_free(scratch);
}

static void
conformal_ranks(void **state)
{
	assert_int_equal(mlk_conformal_rank(99, 0.9), 90);
	assert_int_equal(mlk_conformal_rank(19, 0.95), 19);
	assert_int_equal(mlk_conformal_rank(18, 0.95), 19);
	assert_int_equal(mlk_conformal_rank(99, 0.07), 7);
	assert_int_equal(mlk_conformal_rank(100, 0.9), 91);
	assert_int_equal(mlk_conformal_rank(9, 0.001), 1);

	/* every score stored; and fewer points than scores: the first of at least the rank, which is never below it */
	for (int64_t rank = 1; rank <= 500; rank++)
		assert_int_equal(mlk_conformal_point_rank(500, 500, mlk_conformal_point(500, 500, rank)), rank);
	for (int64_t rank = 1; rank <= 12345; rank++)
	{
		int64_t		j = mlk_conformal_point(12345, 1000, rank);

		assert_true(mlk_conformal_point_rank(12345, 1000, j) >= rank);
		assert_true(j == 0 || mlk_conformal_point_rank(12345, 1000, j - 1) < rank);
	}
	assert_int_equal(mlk_conformal_point_rank(12345, 1000, 999), 12345);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sigmoid),
		cmocka_unit_test(sigmoid_of_odd_scores),
		cmocka_unit_test(isotonic),
		cmocka_unit_test(isotonic_of_few),
		cmocka_unit_test(several_classes),
		cmocka_unit_test(rows_without_probability),
		cmocka_unit_test(threshold),
		cmocka_unit_test(conformal_ranks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
