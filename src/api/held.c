/*
 * held.c: rows that are held back from the fit, and what a training learns of them: calibrated probabilities, a decision threshold, the
 * errors behind intervals and label sets.
 *
 * The promise of a coverage holds because a held-back row is to the model what a new row is.  So nothing that changes predictions may be
 * learned of the rows whose errors are kept: when probabilities are calibrated as well, the first half of the held-back rows, which are in
 * the order of their hash and so a uniform sample, is for the calibration and the second for the errors.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "api/train.h"
#include "interrupts.h"
#include "kernels/sort.h"
#include "utils/memutils.h"

/* probabilities and truth of held-back rows that count: their label is known, their weight above 0 */
typedef struct HeldRows
{
	int64		n;
	int			k;				/* outputs */
	double	   *out;			/* [n * k] */
	double	   *y;				/* regression */
	int32	   *label;
	double	   *weight;			/* NULL: all one */
} HeldRows;

/* ---- before any row is read ---- */

static bool
wants_calibration(const MlParams *params)
{
	return ml_params_has(params, "calibrate") && !ml_params_is_null(params, "calibrate");
}

static bool
wants_threshold(const MlParams *params)
{
	return ml_params_has(params, "threshold") && !ml_params_is_null(params, "threshold");
}

/* given as a number, which needs no rows */
static bool
fixed_threshold(const MlParams *params)
{
	return wants_threshold(params) && !isnan(ml_params_real(params, "threshold"));
}

double
ml_held_share(const MlParams *params)
{
	if (wants_calibration(params) || ml_params_bool(params, "conformal") || (wants_threshold(params) && !fixed_threshold(params)))
		return ml_params_real(params, "calibration_fraction");
	return 0;
}

void
ml_held_check(const MlParams *params, MlTask task)
{
	const char *name = wants_calibration(params) ? "calibrate" : wants_threshold(params) ? "threshold" : NULL;

	if (task != ML_TASK_REGRESSION || name == NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("parameter \"%s\" is for classes, and the target is a number", name),
			 errhint("Leave it out, or say task => 'classification'. For intervals around predicted numbers give \"conformal\": true.")));
}

/* ---- before the fit ---- */

void
ml_held_check_classes(const MlTraining *t, const MlParams *params)
{
	if (t->model.task == ML_TASK_CLASSIFICATION && wants_threshold(params) && t->model.n_classes != 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"threshold\" is for two classes, and target \"%s\" has %d", t->definition->target, t->model.n_classes),
				 errhint("Leave it out: of several classes the likeliest is predicted.")));
	if (ml_held_share(params) > 0 && t->rows->n_held == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no training row to hold back from the fit"),
				 errdetail("Parameters \"calibrate\", \"threshold\" and \"conformal\" learn from rows that the model has not seen."),
				 errhint("Give more different rows, or leave these parameters out.")));
}

/* the earlier version must have left out the same rows */
void
ml_held_check_warm(const MlTraining *t)
{
	const MlVersionRow *earlier;
	MlParams   *params;
	double		share = ml_held_share(t->params);

	if (t->warm == NULL || share == 0)
		return;
	earlier = ml_catalog_version(t->earlier.live_version_id);
	params = ml_params_parse(t->algorithm, earlier->params);
	if (ml_held_share(params) >= share && earlier->seed == t->definition->seed)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the training cannot go on from version \"%s\": it has learned from rows that are to be held back", t->warm->name),
			 errdetail("It held back %g of its training rows, with seed " INT64_FORMAT "; now it is %g, with seed " INT64_FORMAT ".",
					   ml_held_share(params), earlier->seed, share, t->definition->seed),
			 errhint("Train without warm_start, or with the same seed and calibration_fraction.")));
}

/* ---- predictions of the held-back rows ---- */

static double *
predict_held(const MlTraining *t)
{
	int64		n = t->rows->n_held;
	double	   *out = ml_budget_alloc(t->budget, mul_size(n, ml_model_outputs(&t->model)), sizeof(double), "predictions of held-back rows");

	if (t->design != NULL)
	{
		MlkBlock   *blocks = palloc(sizeof(MlkBlock) * Max(t->design->n_blocks, 1));
		MlkDesign	x = mlk_design_slice(t->design, t->rows->n_train, n, blocks);

		ml_model_predict(&t->model, &x, out, t->pool);
	}
	else
		ml_assess_predict(t, &t->model, t->rows->order + t->rows->n_train, n, out);
	return out;
}

/* an overflow would be the last value learned from, and wrong */
static void
require_finite(const HeldRows *rows)
{
	for (int64 i = 0; i < rows->n; i++)
	{
		if ((i & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
		if (!isfinite(rows->out[i * rows->k]))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("the model's predictions for rows held back from the fit are out of range"),
					 errhint("Scale the features, or use a stronger penalty.")));
	}
}

/* rows [from, to) of the held-back ones that count, as copies */
static HeldRows
take_rows(const MlTraining *t, const double *out, int64 from, int64 to, bool unknown_labels)
{
	int64		room = Max(to - from, 1);
	int64		first = t->rows->n_train;
	HeldRows	rows = {.k = ml_model_outputs(&t->model)};

	rows.out = ml_budget_alloc(t->budget, mul_size(room, rows.k), sizeof(double), "held-back rows");
	if (t->y != NULL)
		rows.y = ml_budget_alloc(t->budget, room, sizeof(double), "held-back rows");
	if (t->label != NULL)
		rows.label = ml_budget_alloc(t->budget, room, sizeof(int32), "held-back rows");
	if (t->weight != NULL)
		rows.weight = ml_budget_alloc(t->budget, room, sizeof(double), "held-back rows");
	for (int64 i = from; i < to; i++)
	{
		if ((i & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
		if ((t->weight != NULL && t->weight[first + i] == 0) || (t->label != NULL && t->label[first + i] < 0 && !unknown_labels))
			continue;
		memcpy(rows.out + rows.n * rows.k, out + i * rows.k, sizeof(double) * rows.k);
		if (t->y != NULL)
			rows.y[rows.n] = t->y[first + i];
		if (t->label != NULL)
			rows.label[rows.n] = t->label[first + i];
		if (t->weight != NULL)
			rows.weight[rows.n] = t->weight[first + i];
		rows.n++;
	}
	require_finite(&rows);
	return rows;
}

static void
release_rows(const MlTraining *t, HeldRows *rows)
{
	ml_budget_free(t->budget, rows->out);
	if (rows->y != NULL)
		ml_budget_free(t->budget, rows->y);
	if (rows->label != NULL)
		ml_budget_free(t->budget, rows->label);
	if (rows->weight != NULL)
		ml_budget_free(t->budget, rows->weight);
}

/* ---- calibration ---- */

static void
require_classes(const MlTraining *t, const HeldRows *rows)
{
	int			first = rows->n > 0 ? rows->label[0] : 0;

	for (int64 i = 1; i < rows->n; i++)
	{
		if (rows->label[i] != first)
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the rows held back from the fit have fewer than two classes"),
			 errdetail("Held-back rows that count: " INT64_FORMAT ".", rows->n),
			 errhint("Raise calibration_fraction, or give more rows of each class of \"%s\".", t->definition->target)));
}

/* of what it has not seen isotonic regression learns a probability of 0 */
static void
warn_unseen_classes(const MlTraining *t, const HeldRows *rows)
{
	bool	   *seen = palloc0(sizeof(bool) * rows->k);
	const char *first = NULL;
	int			unseen = 0;

	for (int64 i = 0; i < rows->n; i++)
		seen[rows->label[i]] = true;
	for (int c = rows->k - 1; c >= 0; c--)
	{
		if (seen[c])
			continue;
		first = t->model.classes[c];
		unseen++;
	}
	pfree(seen);
	if (unseen > 0)
		ereport(WARNING,
				(errmsg("calibrate has no rows to learn from for %d of %d classes", unseen, rows->k),
				 errdetail("The first is \"%s\". Such a class has the calibrated probability 0, and is never predicted.", first),
				 errhint("Raise calibration_fraction, give more rows of each class of \"%s\", or use \"calibrate\": \"sigmoid\".",
						 t->definition->target)));
}

/* points leave the scratch memory for the model's */
static void
keep_points(MlkCalibrator *c)
{
	Size		size = sizeof(double) * c->n;
	double	   *score = MemoryContextAllocHuge(CurrentMemoryContext, size);
	double	   *value = MemoryContextAllocHuge(CurrentMemoryContext, size);

	c->score = memcpy(score, c->score, size);
	c->value = memcpy(value, c->value, size);
}

static void
calibrate(const MlTraining *t, const HeldRows *rows, bool sigmoid, MlHeld *held)
{
	int64		n = rows->n;
	double	   *score = ml_budget_alloc(t->budget, n, sizeof(double), "scores");
	uint8	   *positive = ml_budget_alloc(t->budget, n, sizeof(uint8), "labels");
	double	   *points = ml_budget_alloc(t->budget, mul_size(n, 2), sizeof(double), "points of the calibration");
	void	   *scratch = ml_budget_alloc(t->budget, mlk_isotonic_scratch(n), 1, "calibration");

	if (!sigmoid)
		warn_unseen_classes(t, rows);
	held->log_odds = t->model.algorithm->log_odds;
	held->n_calibrators = rows->k == 2 ? 1 : rows->k;
	held->calibrators = palloc(sizeof(MlkCalibrator) * held->n_calibrators);
	for (int c = 0; c < held->n_calibrators; c++)
	{
		int			class = rows->k == 2 ? 1 : c;
		MlkCalibrator *calibrator = &held->calibrators[c];

		CHECK_FOR_INTERRUPTS();
		for (int64 i = 0; i < n; i++)
		{
			score[i] = mlk_calibration_score(rows->out[i * rows->k + class], held->log_odds);
			positive[i] = rows->label[i] == class;
		}
		if (sigmoid)
			ml_check_status(mlk_sigmoid_fit(t->pool, score, positive, rows->weight, n, calibrator));
		else
		{
			ml_check_status(mlk_isotonic_fit(t->pool, score, positive, rows->weight, n, points, scratch, calibrator));
			keep_points(calibrator);
		}
	}
	ml_budget_free(t->budget, scratch);
	ml_budget_free(t->budget, points);
	ml_budget_free(t->budget, positive);
	ml_budget_free(t->budget, score);
}

/* ---- threshold ---- */

static void
choose_threshold(MlTraining *t, const MlParams *params, const HeldRows *rows, MlHeld *held)
{
	MlkThresholdAim aim = {0};
	double	   *probability = ml_budget_alloc(t->budget, rows->n, sizeof(double), "probabilities");
	uint8	   *positive = ml_budget_alloc(t->budget, rows->n, sizeof(uint8), "labels");
	void	   *scratch = ml_budget_alloc(t->budget, mlk_threshold_scratch(rows->n), 1, "threshold");
	double		value;

	aim.f1 = !ml_params_costs(params, "threshold", &aim.false_positive, &aim.false_negative);
	for (int64 i = 0; i < rows->n; i++)
	{
		probability[i] = rows->out[2 * i + 1];
		positive[i] = rows->label[i] == 1;
	}
	ml_check_status(mlk_threshold_fit(t->pool, probability, positive, rows->weight, rows->n, &aim, scratch, &held->threshold, &value));
	held->has_threshold = true;
	ml_train_record(t, aim.f1 ? "threshold_f1" : "threshold_cost", value);
	ml_budget_free(t->budget, scratch);
	ml_budget_free(t->budget, positive);
	ml_budget_free(t->budget, probability);
}

/* ---- conformal scores ---- */

/* a label that the model does not know is as far from every prediction as can be */
static double
conformal_score(const HeldRows *rows, int64 i)
{
	if (rows->y != NULL)
		return fabs(rows->y[i] - rows->out[i]);
	return rows->label[i] < 0 ? INFINITY : Max(1.0 - rows->out[i * rows->k + rows->label[i]], 0.0);
}

static void
keep_scores(const MlTraining *t, const HeldRows *rows, MlHeld *held)
{
	double	   *score = ml_budget_alloc(t->budget, Max(rows->n, 1), sizeof(double), "scores");
	uint32	   *order = ml_budget_alloc(t->budget, Max(rows->n, 1), sizeof(uint32), "scores");
	void	   *scratch = ml_budget_alloc(t->budget, Max(mlk_argsort_scratch(rows->n), 1), 1, "scores");

	if (rows->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no row held back from the fit counts"),
				 errhint("Raise calibration_fraction, or give more rows with a weight.")));
	for (int64 i = 0; i < rows->n; i++)
		score[i] = conformal_score(rows, i);
	ml_check_status(mlk_argsort_f64(t->pool, score, rows->n, order, scratch));
	held->conformal_rows = rows->n;
	held->n_points = (int) Min(rows->n, ML_CONFORMAL_POINTS);
	held->point = palloc(sizeof(double) * held->n_points);
	for (int j = 0; j < held->n_points; j++)
		held->point[j] = score[order[mlk_conformal_point_rank(rows->n, held->n_points, j) - 1]];
	ml_budget_free(t->budget, scratch);
	ml_budget_free(t->budget, order);
	ml_budget_free(t->budget, score);
}

/* ---- the whole ---- */

/* calibration and threshold, of the first n held-back rows; what is left behind in out is calibrated */
static void
learn_decisions(MlTraining *t, const MlParams *params, double *out, int64 n, MlHeld *held)
{
	HeldRows	rows = take_rows(t, out, 0, n, false);

	require_classes(t, &rows);
	if (wants_calibration(params))
	{
		calibrate(t, &rows, strcmp(ml_params_enum(params, "calibrate"), "sigmoid") == 0, held);
		mlk_calibrate_rows(held->calibrators, held->log_odds, rows.k, rows.out, rows.n);
		mlk_calibrate_rows(held->calibrators, held->log_odds, rows.k, out, t->rows->n_held);
		ml_train_record(t, "calibration_rows", (double) rows.n);
	}
	if (wants_threshold(params) && !fixed_threshold(params))
		choose_threshold(t, params, &rows, held);
	release_rows(t, &rows);
}

void
ml_held_learn(MlTraining *t, const MlParams *params)
{
	bool		conformal = ml_params_bool(params, "conformal");
	bool		calibration = wants_calibration(params);
	int64		n = t->rows->n_held;
	MlHeld	   *held;

	if (!conformal && !calibration && !wants_threshold(params))
		return;
	held = palloc0(sizeof(MlHeld));
	if (fixed_threshold(params))
	{
		held->has_threshold = true;
		held->threshold = ml_params_real(params, "threshold");
	}
	if (ml_held_share(params) > 0)
	{
		double	   *out = predict_held(t);
		int64		first = calibration && conformal ? n / 2 : 0;

		if (calibration || (wants_threshold(params) && !fixed_threshold(params)))
			learn_decisions(t, params, out, first > 0 ? first : n, held);
		if (conformal)
		{
			HeldRows	rows = take_rows(t, out, first, n, true);

			keep_scores(t, &rows, held);
			ml_train_record(t, "conformal_rows", (double) rows.n);
			release_rows(t, &rows);
		}
		ml_budget_free(t->budget, out);
	}
	if (held->has_threshold)
		ml_train_record(t, "threshold", held->threshold);
	t->model.held = held;
}
