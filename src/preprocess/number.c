/*
 * number.c: numbers, booleans, intervals and arrays of them, each element one dense output.
 *
 * Asked for an indicator, the step adds a column a number that is 1 where the number was missing; it is neither
 * imputed nor scaled.  Asked to clip or to transform, it no longer copies but computes: numbers that nobody wants changed keep the fast way.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "preprocess/transform.h"

/* places in options[]: append only */
enum
{
	OPTION_IMPUTE,
	OPTION_FILL,
	OPTION_INDICATOR,
	OPTION_SCALE,
	OPTION_TRANSFORM			/* the first of ML_TRANSFORM_OPTIONS */
};

static const MlOptionSpec options[] = {
	{.name = "impute",.type = ML_OPTION_CHOICE,.fallback = ML_IMPUTE_MEAN,.source = ML_OPTION_IMPUTE,.choices = ml_impute_choices,
	.help = "what stands for a missing number"},
	{.name = "fill",.type = ML_OPTION_NUMBER,.min = -DBL_MAX,.max = DBL_MAX,
	.help = "the number that \"impute\": \"constant\" puts in"},
	{.name = "indicator",.type = ML_OPTION_BOOL,
	.help = "adds a feature that is 1 where the number is missing"},
	{.name = "scale",.type = ML_OPTION_CHOICE,.fallback = ML_SCALE_NONE,.source = ML_OPTION_SCALE,.choices = ml_scale_choices,
	.help = "how numbers of different size are made comparable"},
	ML_TRANSFORM_ROWS,
	{.name = NULL}
};

typedef struct MlNumber
{
	MlStep		step;
	MlTransform *transform;		/* one an element; NULL: numbers stay as they are */
} MlNumber;

static void
number_check(const char *column, const double *option)
{
	ml_step_check_fill(column, option[OPTION_IMPUTE], option[OPTION_FILL]);
	ml_transform_check(column, &option[OPTION_TRANSFORM]);
}

static void
number_fit(MlStep *step, const MlFitInput *data)
{
	MlNumber   *number = (MlNumber *) step;

	if (!ml_transform_wanted(&step->option[OPTION_TRANSFORM]))
		return;
	number->transform = palloc0(sizeof(MlTransform) * step->input->width);
	for (int k = 0; k < step->input->width; k++)
		ml_transform_fit(&number->transform[k], &step->option[OPTION_TRANSFORM], data, k);
}

static int64
number_n_dense(const MlInput *input, const double *option)
{
	return (int64) input->width * (option[OPTION_INDICATOR] != 0 ? 2 : 1);
}

static MlDenseRule
number_rule(const MlStep *step, int k)
{
	MlDenseRule rule = {ML_IMPUTE_NONE, 0, ML_SCALE_NONE};

	if (k < step->input->width)
	{
		rule.impute = (MlImpute) step->option[OPTION_IMPUTE];
		rule.constant = step->option[OPTION_FILL];
		rule.scale = (MlScale) step->option[OPTION_SCALE];
	}
	return rule;
}

static void
number_dense_name(const MlStep *step, int k, StringInfo name)
{
	const MlInput *input = step->input;

	appendStringInfoString(name, input->name);
	if (input->type == ML_TYPE_ARRAY)
		appendStringInfo(name, "[%d]", k % input->width + 1);
	if (k < input->width && step->option[OPTION_TRANSFORM] != ML_TRANSFORM_NONE)
		appendStringInfo(name, ".%s", ml_transform_choices[(int) step->option[OPTION_TRANSFORM]]);
	if (k >= input->width)
		appendStringInfoString(name, " is null");
}

/* the elements of an array lie side by side in the data and in the design */
static void
copy_arrays(const MlColumn *column, const uint32 *order, int64 n, double *dense, int64 stride)
{
	for (int64 i = 0; i < n; i++)
	{
		const double *chunk = column->number[order[i] >> ML_CHUNK_BITS];

		memcpy(dense + i * stride, chunk + (Size) (order[i] & ML_CHUNK_MASK) * column->width,
			   column->width * sizeof(double));
	}
}

/* arrays that are all NULL so far have no elements to copy */
static void
set_missing(int64 n, int width, double *dense, int64 stride)
{
	for (int64 i = 0; i < n; i++)
	{
		for (int k = 0; k < width; k++)
			dense[i * stride + k] = NAN;
	}
}

/* one row's elements, in place; shared by blocks and rows */
static inline void
transform_row(const MlNumber *number, double *dense)
{
	for (int k = 0; k < number->step.input->width; k++)
		dense[k] = ml_transform_value(&number->transform[k], dense[k]);
}

static void
number_block(const MlBoundStep *bound, const uint32 *order, int64 n,
			 double *dense, int64 stride, uint32 *codes, int64 code_stride)
{
	const MlStep *step = bound->step;
	const MlNumber *number = (const MlNumber *) step;
	int			width = step->input->width;

	if (bound->column->width == 0)
		set_missing(n, width, dense, stride);
	else if (width == 1)
		ml_column_gather(bound->column, 0, order, n, dense, stride);
	else
		copy_arrays(bound->column, order, n, dense, stride);
	if (number->transform != NULL)
	{
		for (int64 i = 0; i < n; i++)
			transform_row(number, dense + i * stride);
	}
	if (step->n_dense == width)
		return;
	for (int64 i = 0; i < n; i++)
	{
		for (int k = 0; k < width; k++)
			dense[i * stride + width + k] = isnan(dense[i * stride + k]) ? 1 : 0;
	}
}

static bool
number_copies(const MlStep *step)
{
	return step->n_dense == step->input->width && ((const MlNumber *) step)->transform == NULL;
}

static void
number_row(const MlStep *step, const MlValue *value, double *dense, uint32 *code)
{
	int			width = step->input->width;

	for (int k = 0; k < width; k++)
		dense[k] = value[k].number;
	if (((const MlNumber *) step)->transform != NULL)
		transform_row((const MlNumber *) step, dense);
	for (int k = width; k < step->n_dense; k++)
		dense[k] = isnan(dense[k - width]) ? 1 : 0;
}

static void
number_describe(const MlStep *step, int k, JsonbParseState **state)
{
	const MlNumber *number = (const MlNumber *) step;

	if (number->transform != NULL && k < step->input->width)
		ml_transform_describe(&number->transform[k], state);
}

/* ---- bytes: nothing for numbers that stay as they are ---- */

static void
number_write(const MlStep *step, MlBlobWriter *w)
{
	const MlNumber *number = (const MlNumber *) step;

	for (int k = 0; number->transform != NULL && k < step->input->width; k++)
		ml_transform_write(&number->transform[k], w);
}

static void
number_read(MlStep *step, MlBlobReader *r)
{
	MlNumber   *number = (MlNumber *) step;

	if (!ml_transform_wanted(&step->option[OPTION_TRANSFORM]))
		return;
	if (ml_blob_left(r) / ML_TRANSFORM_MIN_BYTES < step->input->width)
	{
		ml_blob_fail(r, "transforms are missing");
		return;
	}
	number->transform = palloc0(sizeof(MlTransform) * step->input->width);
	for (int k = 0; k < step->input->width && ml_blob_ok(r); k++)
		ml_transform_read(&number->transform[k], &step->option[OPTION_TRANSFORM], r);
}

const MlStepKind ml_step_number = {
	.name = "number",
	.id = 1,
	.size = sizeof(MlNumber),
	.options = options,
	.types = ML_TYPES_NUMBER | ML_TYPE_BIT(ML_TYPE_TIME) | ML_TYPE_BIT(ML_TYPE_INTERVAL) | ML_TYPE_BIT(ML_TYPE_ARRAY),
	.default_types = ML_TYPES_NUMBER | ML_TYPE_BIT(ML_TYPE_INTERVAL) | ML_TYPE_BIT(ML_TYPE_ARRAY),
	.native_types = ML_TYPES_NUMBER | ML_TYPE_BIT(ML_TYPE_INTERVAL) | ML_TYPE_BIT(ML_TYPE_ARRAY),
	.check = number_check,
	.fit = number_fit,
	.describe = number_describe,
	.write = number_write,
	.read = number_read,
	.n_dense = number_n_dense,
	.rule = number_rule,
	.dense_name = number_dense_name,
	.block = number_block,
	.row = number_row,
	.copies = number_copies
};
