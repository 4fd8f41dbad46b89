/*
 * spline.c: numbers as the values of B-splines, as scikit-learn's SplineTransformer makes them: curves for linear learners.
 *
 * Each element makes n_knots + degree - 1 outputs, one less without "include_bias", because they add up to 1.  A missing number makes all of
 * its outputs missing; they are imputed one by one.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "kernels/quantiles.h"
#include "kernels/spline.h"
#include "preprocess/sample.h"
#include "preprocess/stage.h"

#define PIECE 512				/* rows gathered at a time, on the stack */
#define MAX_KNOTS 1000
#define MAX_SPLINES (MAX_KNOTS + MLK_SPLINE_MAX_DEGREE - 1)

/* places in options[]: append only */
enum
{
	OPTION_IMPUTE,
	OPTION_FILL,
	OPTION_INDICATOR,
	OPTION_SCALE,
	OPTION_KNOTS,
	OPTION_DEGREE,
	OPTION_PLACES,
	OPTION_EXTRAPOLATION,
	OPTION_BIAS
};

/* choices of OPTION_PLACES: append only */
enum
{
	PLACES_UNIFORM,
	PLACES_QUANTILE
};

static const char *const place_choices[] = {"uniform", "quantile", NULL};
/* indices are MlkSplineEnd's values */
static const char *const extrapolation_choices[] = {"constant", "linear", "continue", NULL};

static const MlOptionSpec options[] = {
	{.name = "impute",.type = ML_OPTION_CHOICE,.fallback = ML_IMPUTE_MEAN,.source = ML_OPTION_IMPUTE,.choices = ml_impute_choices,
	.help = "what stands for a spline of a missing number"},
	{.name = "fill",.type = ML_OPTION_NUMBER,.min = -DBL_MAX,.max = DBL_MAX,
	.help = "the number that \"impute\": \"constant\" puts in"},
	{.name = "indicator",.type = ML_OPTION_BOOL,
	.help = "adds a feature that is 1 where the number is missing"},
	{.name = "scale",.type = ML_OPTION_CHOICE,.fallback = ML_SCALE_NONE,.source = ML_OPTION_SCALE,.choices = ml_scale_choices,
	.help = "how numbers of different size are made comparable"},
	{.name = "n_knots",.type = ML_OPTION_NUMBER,.fallback = 5,.min = 2,.max = MAX_KNOTS,.integral = true,
	.help = "points where the pieces of the curve meet, the ends among them"},
	{.name = "degree",.type = ML_OPTION_NUMBER,.fallback = 3,.min = 0,.max = MLK_SPLINE_MAX_DEGREE,.integral = true,
	.help = "degree of the pieces"},
	{.name = "knots",.type = ML_OPTION_CHOICE,.choices = place_choices,
	.help = "knots at equal distances, or at quantiles of the training rows"},
	{.name = "extrapolation",.type = ML_OPTION_CHOICE,.choices = extrapolation_choices,
	.help = "the curve beyond the training rows: the values at the ends, a straight line, or the last piece"},
	{.name = "include_bias",.type = ML_OPTION_BOOL,.fallback = 1,
	.help = "keeps the last spline, which the others and a constant make up"},
	{.name = NULL}
};

typedef struct MlSpline
{
	MlStep		step;
	double	   *knots;			/* n_knots + 2 degree an element */
} MlSpline;

static int
n_knots(const double *option)
{
	return (int) option[OPTION_KNOTS];
}

static int
degree(const double *option)
{
	return (int) option[OPTION_DEGREE];
}

/* of an element */
static int
n_outputs(const double *option)
{
	return n_knots(option) + degree(option) - (option[OPTION_BIAS] != 0 ? 1 : 2);
}

static int
all_knots(const double *option)
{
	return n_knots(option) + 2 * degree(option);
}

static void
spline_check(const char *column, const double *option)
{
	ml_step_check_fill(column, option[OPTION_IMPUTE], option[OPTION_FILL]);
	if (n_outputs(option) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("preprocess options of column \"%s\" leave nothing of it", column),
				 errdetail("2 knots of degree 0 are one spline, and \"include_bias\" is false."),
				 errhint("Give more knots, or a higher degree.")));
}

static int64
spline_n_dense(const MlInput *input, const double *option)
{
	return (int64) input->width * (Max(n_outputs(option), 0) + (option[OPTION_INDICATOR] != 0 ? 1 : 0));
}

/* outputs of the elements come first, then their indicators */
static MlDenseRule
spline_rule(const MlStep *step, int k)
{
	MlDenseRule rule = {ML_IMPUTE_NONE, 0, ML_SCALE_NONE};

	if (k < step->input->width * n_outputs(step->option))
	{
		rule.impute = (MlImpute) step->option[OPTION_IMPUTE];
		rule.constant = step->option[OPTION_FILL];
		rule.scale = (MlScale) step->option[OPTION_SCALE];
	}
	return rule;
}

static void
spline_dense_name(const MlStep *step, int k, StringInfo name)
{
	const MlInput *input = step->input;
	int			outputs = n_outputs(step->option);
	bool		indicator = k >= input->width * outputs;
	int			element = indicator ? k - input->width * outputs : k / outputs;

	appendStringInfoString(name, input->name);
	if (input->type == ML_TYPE_ARRAY)
		appendStringInfo(name, "[%d]", element + 1);
	if (indicator)
		appendStringInfoString(name, " is null");
	else
		appendStringInfo(name, ".spline%d", k % outputs);
}

/* a column without values, or without spread, has its knots a unit apart */
static void
base_knots(const MlStep *step, const MlSample *s, double *base)
{
	int			n = n_knots(step->option);
	double		low = s->n > 0 ? s->x[0] : 0;
	double		high = s->n > 0 ? s->x[s->n - 1] : 0;

	if (!(low < high))
		high = low + (n - 1) * fmax(1, fabs(low) * DBL_EPSILON * n);
	for (int k = 0; k < n; k++)
	{
		if (step->option[OPTION_PLACES] == PLACES_QUANTILE && s->n > 0 && s->x[0] < s->x[s->n - 1])
			base[k] = mlk_quantile_sorted(s->x, s->n, (double) k / (n - 1));
		else
			base[k] = k == n - 1 ? high : low + k * ((high - low) / (n - 1));
	}
}

/* knots reach beyond the values */
static void
require_finite(const MlSpline *spline)
{
	const MlStep *step = &spline->step;
	Size		n = (Size) step->input->width * all_knots(step->option);

	for (Size i = 0; i < n; i++)
	{
		if (!isfinite(spline->knots[i]))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("values of column \"%s\" are too large for splines", step->input->name),
					 errhint("Divide the column by a power of ten in the source, or clip it.")));
	}
}

static void
spline_fit(MlStep *step, const MlFitInput *data)
{
	MlSpline   *spline = (MlSpline *) step;
	double	   *base = palloc(sizeof(double) * n_knots(step->option));

	spline->knots = ml_palloc_array(step->input->width, mul_size(all_knots(step->option), sizeof(double)));
	for (int e = 0; e < step->input->width; e++)
	{
		MlSample	s = ml_sample_take(data, e);

		ml_sample_sort(data, &s);
		base_knots(step, &s, base);
		mlk_spline_knots(base, n_knots(step->option), degree(step->option), spline->knots + (Size) e * all_knots(step->option));
		ml_sample_free(data, &s);
	}
	require_finite(spline);
	pfree(base);
}

/* outputs of one element of a row; shared by blocks and rows */
static void
spline_outputs(const MlSpline *spline, int element, double x, double *dense)
{
	const MlStep *step = &spline->step;
	int			outputs = n_outputs(step->option);
	double		value[MAX_SPLINES];

	mlk_spline_basis(spline->knots + (Size) element * all_knots(step->option), n_knots(step->option), degree(step->option),
					 (MlkSplineEnd) step->option[OPTION_EXTRAPOLATION], x, value);
	memcpy(dense + (Size) element * outputs, value, sizeof(double) * outputs);
	if (step->option[OPTION_INDICATOR] != 0)
		dense[(Size) step->input->width * outputs + element] = isnan(x) ? 1 : 0;
}

static void
spline_block(const MlBoundStep *bound, const uint32 *order, int64 n,
			 double *dense, int64 stride, uint32 *codes, int64 code_stride)
{
	const MlSpline *spline = (const MlSpline *) bound->step;
	int			width = bound->step->input->width;
	double		x[PIECE];

	for (int64 from = 0; from < n; from += PIECE)
	{
		int64		rows = Min(PIECE, n - from);

		for (int e = 0; e < width; e++)
		{
			/* arrays that are all NULL so far have no elements */
			if (bound->column->width > 0)
				ml_column_gather(bound->column, e, order + from, rows, x, 1);
			for (int64 i = 0; i < rows; i++)
				spline_outputs(spline, e, bound->column->width > 0 ? x[i] : NAN, dense + (from + i) * stride);
		}
	}
}

static void
spline_row(const MlStep *step, const MlValue *value, double *dense, uint32 *code)
{
	for (int e = 0; e < step->input->width; e++)
		spline_outputs((const MlSpline *) step, e, value[e].number, dense);
}

/* where the spline is not 0 */
static void
spline_describe(const MlStep *step, int k, JsonbParseState **state)
{
	int			outputs = n_outputs(step->option);
	const double *knots = ((const MlSpline *) step)->knots + (Size) (k / outputs) * all_knots(step->option);

	if (k >= step->input->width * outputs)
		return;
	ml_json_put_float(state, "from", knots[k % outputs]);
	ml_json_put_float(state, "to", knots[k % outputs + degree(step->option) + 1]);
}

/* ---- bytes ---- */

static void
spline_write(const MlStep *step, MlBlobWriter *w)
{
	Size		n = (Size) step->input->width * all_knots(step->option);

	for (Size i = 0; i < n; i++)
		ml_blob_put_f64(w, ((const MlSpline *) step)->knots[i]);
}

static void
spline_read(MlStep *step, MlBlobReader *r)
{
	MlSpline   *spline = (MlSpline *) step;
	Size		n = (Size) step->input->width * all_knots(step->option);

	if (ml_blob_left(r) / sizeof(double) < n || n_outputs(step->option) < 1)
	{
		ml_blob_fail(r, "knots of a spline are missing");
		return;
	}
	spline->knots = palloc_extended(n * sizeof(double), MCXT_ALLOC_HUGE);
	for (Size i = 0; i < n; i++)
	{
		spline->knots[i] = ml_blob_get_f64(r);
		if (!isfinite(spline->knots[i]) ||
			(i % all_knots(step->option) > 0 && spline->knots[i] < spline->knots[i - 1]))
			ml_blob_fail(r, "the knots of a spline do not ascend");
	}
}

const MlStepKind ml_step_spline = {
	.name = "spline",
	.id = 12,
	.size = sizeof(MlSpline),
	.options = options,
	.types = ML_TYPES_NUMBER | ML_TYPE_BIT(ML_TYPE_TIME) | ML_TYPE_BIT(ML_TYPE_INTERVAL) | ML_TYPE_BIT(ML_TYPE_ARRAY),
	.default_types = ML_TYPES_ON_REQUEST,
	.native_types = ML_TYPES_ON_REQUEST,
	.check = spline_check,
	.n_dense = spline_n_dense,
	.rule = spline_rule,
	.fit = spline_fit,
	.dense_name = spline_dense_name,
	.block = spline_block,
	.row = spline_row,
	.describe = spline_describe,
	.write = spline_write,
	.read = spline_read
};
