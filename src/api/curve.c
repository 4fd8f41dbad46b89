/*
 * curve.c: mlops_roc_curve, mlops_pr_curve and mlops_calibration_curve: the score of a class, drawn.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "utils/builtins.h"

#include "api/args.h"
#include "api/evaluation.h"
#include "nearest.h"

PG_FUNCTION_INFO_V1(mlops_roc_curve);
PG_FUNCTION_INFO_V1(mlops_pr_curve);
PG_FUNCTION_INFO_V1(mlops_calibration_curve);

#define MOST_BINS 10000

/* ---- thresholds ---- */

static void
put_point(const MlEvaluation *e, double threshold, double x, double y)
{
	Datum		values[4];
	bool		nulls[4] = {false};

	values[1] = ml_result_float(threshold, &nulls[1]);
	values[2] = ml_result_float(x, &nulls[2]);
	values[3] = ml_result_float(y, &nulls[3]);
	ml_evaluation_put(e, values, nulls);
}

/* scikit-learn 1.2: the threshold of the point (0, 0) is the highest score plus one; a rate of nothing is NULL */
static void
put_roc(MlEvaluation *e, const void *options)
{
	MlkCut		all = e->cut[e->n_cuts - 1];
	double		positives = (double) all.positives;
	double		negatives = (double) (all.rows - all.positives);
	int64		n = mlk_roc_corners(e->cut, e->n_cuts);

	put_point(e, e->cut[0].score + 1.0, 0.0 / negatives, 0.0 / positives);
	for (int64 i = 0; i < n; i++)
		put_point(e, e->cut[i].score, (double) (e->cut[i].rows - e->cut[i].positives) / negatives,
				  (double) e->cut[i].positives / positives);
}

/* in ascending order of the threshold, and behind all of them the point of no row, which has none */
static void
put_precision_recall(MlEvaluation *e, const void *options)
{
	double		positives = (double) e->cut[e->n_cuts - 1].positives;

	for (int64 i = e->n_cuts - 1; i >= 0; i--)
		put_point(e, e->cut[i].score, (double) e->cut[i].positives / (double) e->cut[i].rows,
				  (double) e->cut[i].positives / positives);
	put_point(e, NAN, 1.0, 0.0 / positives);
}

/* mlops_roc_curve(model, source, by, label) -> rows (by_value, threshold, false_positive_rate, true_positive_rate) */
Datum
mlops_roc_curve(PG_FUNCTION_ARGS)
{
	static const MlEvaluationKind kind = {.command = "mlops_roc_curve",.evaluates = ML_EVALUATES_SCORE,.by = 2,.label = 3,
		.put = put_roc};

	return ml_evaluation_run(fcinfo, &kind, NULL);
}

/* mlops_pr_curve(model, source, by, label) -> rows (by_value, threshold, precision, recall) */
Datum
mlops_pr_curve(PG_FUNCTION_ARGS)
{
	static const MlEvaluationKind kind = {.command = "mlops_pr_curve",.evaluates = ML_EVALUATES_SCORE,.by = 2,.label = 3,
		.put = put_precision_recall};

	return ml_evaluation_run(fcinfo, &kind, NULL);
}

/* ---- calibration ---- */

typedef struct CalibrationOptions
{
	int			bins;
	bool		quantiles;
} CalibrationOptions;

static bool
parse_strategy(const char *given)
{
	static const char *const names[] = {"uniform", "quantile"};

	for (int i = 0; i < lengthof(names); i++)
		if (strcmp(names[i], given) == 0)
			return i == 1;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown strategy \"%s\"", given),
			 errhint("%s", ml_nearest_hint(given, names, lengthof(names)))));
	return false;
}

static void
put_calibration(MlEvaluation *e, const void *arg)
{
	const CalibrationOptions *options = arg;
	MlkCalibrationBin *bin = ml_palloc_array(options->bins, sizeof(MlkCalibrationBin));

	mlk_calibration_bins(e->cut, e->n_cuts, options->bins, options->quantiles, bin);
	for (int b = 0; b < options->bins; b++)
	{
		Datum		values[5];
		bool		nulls[5] = {false};

		if (bin[b].rows == 0)
			continue;
		values[1] = Int32GetDatum(b + 1);
		values[2] = Float8GetDatum(bin[b].sum / (double) bin[b].rows);
		values[3] = Float8GetDatum((double) bin[b].positives / (double) bin[b].rows);
		values[4] = Int64GetDatum(bin[b].rows);
		ml_evaluation_put(e, values, nulls);
	}
}

/* mlops_calibration_curve(model, source, bins, strategy, by, label) -> rows (by_value, bin, mean_predicted, observed, rows) */
Datum
mlops_calibration_curve(PG_FUNCTION_ARGS)
{
	static const MlEvaluationKind kind = {.command = "mlops_calibration_curve",.evaluates = ML_EVALUATES_SCORE,
		.by = 4,.label = 5,.put = put_calibration};
	CalibrationOptions options;

	options.bins = (int) ml_evaluation_integer(fcinfo, 2, "bins", 2, MOST_BINS);
	options.quantiles = parse_strategy(ml_arg_required_text(fcinfo, 3, "strategy"));
	return ml_evaluation_run(fcinfo, &kind, &options);
}
