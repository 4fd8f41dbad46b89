/*
 * held.c: what held-back rows taught, as bytes and back (doc/model-format.md), and the quantiles of conformal scores.
 */
#include "scoring/held.h"

#include <math.h>

#include "dataset/bigmem.h"

#define SECTION_VERSION 1
/* numbers of a calibrator stay where no sum or product of theirs leaves the range of a double */
#define LARGEST 1e100
#define MOST_ROWS (INT64CONST(1) << 40)

double
ml_held_quantile(const MlHeld *held, double coverage)
{
	int64		rank = mlk_conformal_rank(held->conformal_rows, coverage);

	if (rank > held->conformal_rows)
		return INFINITY;
	return held->point[mlk_conformal_point(held->conformal_rows, held->n_points, Max(rank, 1))];
}

/* ---- writing ---- */

static void
write_calibrator(const MlkCalibrator *c, MlBlobWriter *w)
{
	if (c->kind == MLK_CALIBRATION_SIGMOID)
	{
		ml_blob_put_f64(w, c->slope);
		ml_blob_put_f64(w, c->offset);
		return;
	}
	ml_blob_put_u32(w, (uint32) c->n);
	for (int64 i = 0; i < c->n; i++)
	{
		ml_blob_put_f64(w, c->score[i]);
		ml_blob_put_f64(w, c->value[i]);
	}
}

void
ml_held_write(const MlHeld *held, MlBlobWriter *w)
{
	ml_blob_put_u32(w, SECTION_VERSION);
	ml_blob_put_u8(w, held->calibrators == NULL ? 0 : (uint8) held->calibrators[0].kind);
	if (held->calibrators != NULL)
	{
		ml_blob_put_u8(w, held->log_odds);
		for (int i = 0; i < held->n_calibrators; i++)
			write_calibrator(&held->calibrators[i], w);
	}
	ml_blob_put_u8(w, held->has_threshold);
	if (held->has_threshold)
		ml_blob_put_f64(w, held->threshold);
	ml_blob_put_u64(w, (uint64) held->conformal_rows);
	if (held->conformal_rows > 0)
		ml_blob_put_f64_array(w, held->point, held->n_points);
}

/* ---- reading ---- */

static bool
within(double x, double limit)
{
	return fabs(x) <= limit;	/* false for NaN */
}

static void
read_sigmoid(MlBlobReader *r, MlkCalibrator *c)
{
	c->slope = ml_blob_get_f64(r);
	c->offset = ml_blob_get_f64(r);
	if (!within(c->slope, LARGEST) || !within(c->offset, LARGEST))
		ml_blob_fail(r, "a sigmoid is out of range");
}

static void
read_isotonic(MlBlobReader *r, MlkCalibrator *c)
{
	uint32		n = ml_blob_get_count(r, 2 * sizeof(double), PG_UINT32_MAX);
	double	   *score;
	double	   *value;

	if (n == 0)
		ml_blob_fail(r, "an isotonic regression has no points");
	if (!ml_blob_ok(r))
		return;
	score = ml_palloc_array(n, sizeof(double));
	value = ml_palloc_array(n, sizeof(double));
	for (uint32 i = 0; i < n; i++)
	{
		score[i] = ml_blob_get_f64(r);
		value[i] = ml_blob_get_f64(r);
		if (!within(score[i], LARGEST) || !(value[i] >= 0.0 && value[i] <= 1.0) ||
			(i > 0 && !(score[i] > score[i - 1] && value[i] >= value[i - 1])))
			ml_blob_fail(r, "the points of an isotonic regression do not ascend");
	}
	c->n = n;
	c->score = score;
	c->value = value;
}

static void
read_calibrators(MlBlobReader *r, int kind, int n_classes, MlHeld *held)
{
	if (kind == 0)
		return;
	if (n_classes < 2 || (kind != MLK_CALIBRATION_SIGMOID && kind != MLK_CALIBRATION_ISOTONIC))
		ml_blob_fail(r, "the calibration is of no known kind");
	held->log_odds = ml_blob_get_bool(r);
	if (!ml_blob_ok(r))
		return;
	held->n_calibrators = n_classes == 2 ? 1 : n_classes;
	held->calibrators = ml_palloc_array(held->n_calibrators, sizeof(MlkCalibrator));
	memset(held->calibrators, 0, sizeof(MlkCalibrator) * held->n_calibrators);
	for (int i = 0; i < held->n_calibrators && ml_blob_ok(r); i++)
	{
		held->calibrators[i].kind = kind;
		if (kind == MLK_CALIBRATION_SIGMOID)
			read_sigmoid(r, &held->calibrators[i]);
		else
			read_isotonic(r, &held->calibrators[i]);
	}
}

static void
read_threshold(MlBlobReader *r, int n_classes, MlHeld *held)
{
	held->has_threshold = ml_blob_get_bool(r);
	if (!held->has_threshold)
		return;
	held->threshold = ml_blob_get_f64(r);
	if (n_classes != 2 || !(held->threshold >= 0.0 && held->threshold <= 1.0))
		ml_blob_fail(r, "the decision threshold is out of range, or not of two classes");
}

static void
read_conformal(MlBlobReader *r, MlHeld *held)
{
	uint64		rows = ml_blob_get_u64(r);

	if (rows > MOST_ROWS)
		ml_blob_fail(r, "there are too many conformal scores");
	if (rows == 0 || !ml_blob_ok(r))
		return;
	held->n_points = (int) Min(rows, ML_CONFORMAL_POINTS);
	if (ml_blob_left(r) / sizeof(double) < (size_t) held->n_points)
		ml_blob_fail(r, "conformal scores are missing");
	if (!ml_blob_ok(r))
		return;
	held->point = ml_palloc_array(held->n_points, sizeof(double));
	ml_blob_get_f64_array(r, held->point, held->n_points);
	for (int i = 0; i < held->n_points; i++)
	{
		if (!(held->point[i] >= (i > 0 ? held->point[i - 1] : 0.0)))
			ml_blob_fail(r, "conformal scores do not ascend");
	}
	held->conformal_rows = (int64) rows;
}

MlHeld *
ml_held_read(MlBlobReader *r, int n_classes)
{
	MlHeld	   *held = palloc0(sizeof(MlHeld));
	uint32		version = ml_blob_get_u32(r);
	int			kind = ml_blob_get_u8(r);

	if (version != SECTION_VERSION)
		ml_blob_fail(r, "the section of held-back rows has an unknown version");
	read_calibrators(r, kind, n_classes, held);
	read_threshold(r, n_classes, held);
	read_conformal(r, held);
	return ml_blob_ok(r) ? held : NULL;
}
