/*
 * transform.c: a number clipped and bent: learning, values, bytes.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "interrupts.h"
#include "kernels/power.h"
#include "kernels/quantiles.h"
#include "preprocess/sample.h"
#include "preprocess/stage.h"
#include "preprocess/transform.h"

#define IQR_FACTOR 1.5			/* Tukey's fences */

const char *const ml_transform_choices[] = {
	"none", "log", "log1p", "sqrt", "yeo-johnson", "box-cox", "quantile_uniform", "quantile_normal", NULL
};

static bool
is_quantile(MlTransformKind kind)
{
	return kind == ML_TRANSFORM_QUANTILE_UNIFORM || kind == ML_TRANSFORM_QUANTILE_NORMAL;
}

static bool
is_power(MlTransformKind kind)
{
	return kind == ML_TRANSFORM_YEO_JOHNSON || kind == ML_TRANSFORM_BOX_COX;
}

static MlkPower
power_of(MlTransformKind kind)
{
	return kind == ML_TRANSFORM_BOX_COX ? MLK_POWER_BOX_COX : MLK_POWER_YEO_JOHNSON;
}

bool
ml_transform_wanted(const double *option)
{
	return option[ML_TRANSFORM_OPTION_KIND] != ML_TRANSFORM_NONE || option[ML_TRANSFORM_OPTION_CLIP] != ML_CLIP_NONE;
}

/* ---- learning ---- */

static void
learn_clip(MlTransform *t, const double *option, const MlFitInput *data, int element)
{
	double		low = option[ML_TRANSFORM_OPTION_LOW];
	double		high = option[ML_TRANSFORM_OPTION_HIGH];
	MlClip		clip = (MlClip) option[ML_TRANSFORM_OPTION_CLIP];
	MlSample	sample;

	t->low = -INFINITY;
	t->high = INFINITY;
	if (clip == ML_CLIP_NONE)
		return;
	if (clip == ML_CLIP_RANGE)
	{
		t->low = low == -DBL_MAX ? -INFINITY : low;
		t->high = high == DBL_MAX ? INFINITY : high;
		return;
	}
	sample = ml_sample_take(data, element);
	ml_sample_sort(data, &sample);
	if (sample.n > 0)
	{
		double		reach;

		t->low = mlk_quantile_sorted(sample.x, sample.n, clip == ML_CLIP_IQR ? 0.25 : low);
		t->high = mlk_quantile_sorted(sample.x, sample.n, clip == ML_CLIP_IQR ? 0.75 : high);
		reach = clip == ML_CLIP_IQR ? IQR_FACTOR * (t->high - t->low) : 0;
		t->low -= reach;
		t->high += reach;
	}
	ml_sample_free(data, &sample);
}

static inline double
clipped(const MlTransform *t, double x)
{
	return x < t->low ? t->low : x > t->high ? t->high : x;
}

static bool
in_domain(MlTransformKind kind, double x)
{
	switch (kind)
	{
		case ML_TRANSFORM_LOG:
		case ML_TRANSFORM_BOX_COX:
			return x > 0;
		case ML_TRANSFORM_LOG1P:
			return x > -1;
		case ML_TRANSFORM_SQRT:
			return x >= 0;
		default:
			return true;
	}
}

static void
require_domain(const MlTransform *t, const MlSample *sample, const char *column)
{
	int64		outside = 0;
	double		least = INFINITY;

	for (int64 i = 0; i < sample->n; i++)
	{
		outside += !in_domain(t->kind, sample->x[i]);
		least = Min(least, sample->x[i]);
	}
	if (outside > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("column \"%s\" cannot be transformed by \"%s\"", column, ml_transform_choices[t->kind]),
				 errdetail("%lld of its training values are too small for it; the least is %g.", (long long) outside, least),
				 errhint("Take \"yeo-johnson\", which knows any number, or \"clip\" the column from below.")));
}

static void
learn_power(MlTransform *t, const MlFitInput *data, const MlSample *sample)
{
	void	   *scratch = ml_budget_alloc(data->budget, mlk_power_scratch(sample->n), 1, "sums of a power transform");

	ml_check_status(mlk_power_fit(data->pool, power_of(t->kind), sample->x, sample->n, scratch, &t->lambda));
	ml_budget_free(data->budget, scratch);
}

/* no more points than rows, as scikit-learn */
static void
learn_grid(MlTransform *t, const double *option, const MlFitInput *data, MlSample *sample)
{
	ml_sample_sort(data, sample);
	t->n_grid = Max((uint32) Min(option[ML_TRANSFORM_OPTION_QUANTILES], (double) data->n), 2);
	t->grid = palloc0(sizeof(double) * t->n_grid);
	if (sample->n > 0)
		mlk_quantile_grid(sample->x, sample->n, t->n_grid, t->grid);
}

void
ml_transform_fit(MlTransform *t, const double *option, const MlFitInput *data, int element)
{
	MlSample	sample;

	t->kind = (MlTransformKind) option[ML_TRANSFORM_OPTION_KIND];
	t->lambda = 1;
	learn_clip(t, option, data, element);
	if (t->kind == ML_TRANSFORM_NONE)
		return;
	sample = ml_sample_take(data, element);
	for (int64 i = 0; i < sample.n; i++)
		sample.x[i] = clipped(t, sample.x[i]);
	require_domain(t, &sample, data->column->name);
	if (is_power(t->kind))
		learn_power(t, data, &sample);
	if (is_quantile(t->kind))
		learn_grid(t, option, data, &sample);
	ml_sample_free(data, &sample);
}

/* ---- values ---- */

/* an exponent learned from other numbers may be too large for this one */
static inline double
finite_or_missing(double x)
{
	return isfinite(x) ? x : NAN;
}

double
ml_transform_value(const MlTransform *t, double x)
{
	x = clipped(t, x);
	if (isnan(x) || !in_domain(t->kind, x))
		return NAN;
	switch (t->kind)
	{
		case ML_TRANSFORM_NONE:
			break;
		case ML_TRANSFORM_LOG:
			return log(x);
		case ML_TRANSFORM_LOG1P:
			return log1p(x);
		case ML_TRANSFORM_SQRT:
			return sqrt(x);
		case ML_TRANSFORM_YEO_JOHNSON:
		case ML_TRANSFORM_BOX_COX:
			return finite_or_missing(mlk_power_value(power_of(t->kind), t->lambda, x));
		case ML_TRANSFORM_QUANTILE_UNIFORM:
			return mlk_quantile_place(t->grid, t->n_grid, x);
		case ML_TRANSFORM_QUANTILE_NORMAL:
			return mlk_quantile_normal(t->grid, t->n_grid, x);
	}
	return x;
}

void
ml_transform_check(const char *column, const double *option)
{
	if (option[ML_TRANSFORM_OPTION_QUANTILES] != 1000 && !is_quantile((MlTransformKind) option[ML_TRANSFORM_OPTION_KIND]))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("preprocess option \"n_quantiles\" of column \"%s\" has no effect", column),
				 errdetail("The transform is \"%s\".", ml_transform_choices[(int) option[ML_TRANSFORM_OPTION_KIND]]),
				 errhint("Say \"transform\": \"quantile_normal\" or \"quantile_uniform\" beside it.")));
}

void
ml_transform_describe(const MlTransform *t, JsonbParseState **state)
{
	if (isfinite(t->low))
		ml_json_put_float(state, "low", t->low);
	if (isfinite(t->high))
		ml_json_put_float(state, "high", t->high);
	if (t->kind != ML_TRANSFORM_NONE)
		ml_json_put_text(state, "transform", ml_transform_choices[t->kind]);
	if (is_power(t->kind))
		ml_json_put_float(state, "lambda", t->lambda);
	if (is_quantile(t->kind))
		ml_json_put_float(state, "quantiles", t->n_grid);
}

/* ---- bytes ---- */

void
ml_transform_write(const MlTransform *t, MlBlobWriter *w)
{
	ml_blob_put_f64(w, t->low);
	ml_blob_put_f64(w, t->high);
	if (is_power(t->kind))
		ml_blob_put_f64(w, t->lambda);
	if (is_quantile(t->kind))
		ml_blob_put_f64_array(w, t->grid, t->n_grid);
}

static void
read_grid(MlTransform *t, MlBlobReader *r)
{
	MlBlobReader ahead = *r;
	uint32		n = ml_blob_get_count(&ahead, sizeof(double), 10000);

	if (n < 2)
	{
		ml_blob_fail(r, "a transform has too few quantiles");
		return;
	}
	t->n_grid = n;
	t->grid = palloc0(sizeof(double) * n);
	ml_blob_get_f64_array(r, t->grid, n);
	for (uint32 i = 0; i < n; i++)
	{
		if (!isfinite(t->grid[i]) || (i > 0 && t->grid[i] < t->grid[i - 1]))
			ml_blob_fail(r, "the quantiles of a transform do not ascend");
	}
}

void
ml_transform_read(MlTransform *t, const double *option, MlBlobReader *r)
{
	t->kind = (MlTransformKind) option[ML_TRANSFORM_OPTION_KIND];
	t->low = ml_blob_get_f64(r);
	t->high = ml_blob_get_f64(r);
	if (!(t->low <= t->high))
		ml_blob_fail(r, "the ends of a clip do not ascend");
	if (is_power(t->kind))
	{
		t->lambda = ml_blob_get_f64(r);
		if (!isfinite(t->lambda))
			ml_blob_fail(r, "the exponent of a transform is not finite");
	}
	if (is_quantile(t->kind))
		read_grid(t, r);
}
