/*
 * target.c: categories as the mean of the target in their rows (learned in target_fit.c).
 *
 * NULL is a category like any other; a value that was never seen has the mean of all rows.  Regression and two classes make one number
 * (of two classes the share of the positive one), more classes one number each.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "preprocess/target.h"
#include "preprocess/stage.h"

#define MAX_OUTPUTS 65535		/* classes of a model */

static const MlOptionSpec options[] = {
	{.name = "smooth",.type = ML_OPTION_NUMBER,.fallback = NAN,.min = 0,.max = DBL_MAX,.word = "auto",
	.help = "rows of the overall mean that are added to a category's own; \"auto\" weighs by the variances"},
	{.name = "folds",.type = ML_OPTION_NUMBER,.fallback = 5,.min = 2,.max = 100,.integral = true,
	.help = "parts of the training rows, each of which is encoded by what the others say"},
	{.name = "scale",.type = ML_OPTION_CHOICE,.fallback = ML_SCALE_NONE,.source = ML_OPTION_SCALE,.choices = ml_scale_choices,
	.help = "how numbers of different size are made comparable"},
	{.name = "outputs",.type = ML_OPTION_PART,.fallback = 1,.min = 1,.max = MAX_OUTPUTS,.integral = true},
	{.name = NULL}
};

static int64
target_n_dense(const MlInput *input, const double *option)
{
	return (int64) option[ML_TARGET_OPTION_OUTPUTS];
}

static MlDenseRule
target_rule(const MlStep *step, int k)
{
	MlDenseRule rule = {ML_IMPUTE_NONE, 0, (MlScale) step->option[ML_TARGET_OPTION_SCALE]};

	return rule;
}

static void
target_dense_name(const MlStep *step, int k, StringInfo name)
{
	const MlTargetEncoding *t = (const MlTargetEncoding *) step;

	appendStringInfo(name, "%s.target", step->input->name);
	if (t->outputs > 1)
		appendStringInfo(name, "=%s", t->classes[k]);
}

/* the outputs of one place in a table; shared by blocks and rows */
static inline void
copy_encoding(const MlTargetEncoding *t, const double *encoding, uint32 place, double *dense)
{
	uint32		n = t->lookup.kept.n;
	Size		row = place < n ? place : place == ML_NULL_CODE ? n : n + 1;

	memcpy(dense, encoding + row * t->outputs, sizeof(double) * t->outputs);
}

/* training rows, in the training that learned the step, see what the other folds say */
static inline const double *
encoding_of(const MlBoundStep *bound, uint32 row)
{
	const MlTargetEncoding *t = (const MlTargetEncoding *) bound->step;

	if (bound->column == t->trained_on && row < t->fold_rows && t->fold[row] < t->folds)
		return t->fold_encoding[t->fold[row]];
	return t->encoding;
}

static inline void
put_target(const MlBoundStep *bound, uint32 row, uint32 place, double *dense)
{
	copy_encoding((const MlTargetEncoding *) bound->step, encoding_of(bound, row), place, dense);
}

static void
target_block(const MlBoundStep *bound, const uint32 *order, int64 n,
			 double *dense, int64 stride, uint32 *codes, int64 code_stride)
{
	ml_lookup_block(bound, order, n, dense, stride, put_target);
}

static void
target_row(const MlStep *step, const MlValue *value, double *dense, uint32 *code)
{
	const MlTargetEncoding *t = (const MlTargetEncoding *) step;

	copy_encoding(t, t->encoding, ml_lookup_value(&t->lookup, value), dense);
}

static void
target_describe(const MlStep *step, int k, JsonbParseState **state)
{
	const MlTargetEncoding *t = (const MlTargetEncoding *) step;

	ml_json_put_float(state, "categories", t->lookup.kept.n);
	ml_json_put_float(state, "mean", t->encoding[(Size) (t->lookup.kept.n + 1) * t->outputs + k]);
}

/* ---- bytes ---- */

static void
target_write(const MlStep *step, MlBlobWriter *w)
{
	const MlTargetEncoding *t = (const MlTargetEncoding *) step;

	ml_category_write(&t->lookup.kept, w);
	for (int k = 0; t->outputs > 1 && k < t->outputs; k++)
		ml_blob_put_string(w, t->classes[k]);
	for (Size i = 0; i < ml_target_size(t); i++)
		ml_blob_put_f64(w, t->encoding[i]);
}

static void
read_classes(MlTargetEncoding *t, MlBlobReader *r)
{
	if (t->outputs == 1)
		return;
	if (ml_blob_left(r) / sizeof(uint32) < t->outputs)
	{
		ml_blob_fail(r, "classes of a target encoding are missing");
		return;
	}
	t->classes = palloc0(sizeof(char *) * t->outputs);
	for (int k = 0; k < t->outputs && ml_blob_ok(r); k++)
	{
		uint32		length;
		const char *label = ml_blob_get_string(r, &length);

		if (label != NULL)
			t->classes[k] = pnstrdup(label, length);
	}
}

static void
target_read(MlStep *step, MlBlobReader *r)
{
	MlTargetEncoding *t = (MlTargetEncoding *) step;

	t->outputs = (int) step->option[ML_TARGET_OPTION_OUTPUTS];
	ml_category_read(&t->lookup.kept, step->input->type, r);
	read_classes(t, r);
	if (ml_blob_left(r) / sizeof(double) < ml_target_size(t))
		ml_blob_fail(r, "encodings of a target encoding are missing");
	if (!ml_blob_ok(r))
		return;
	t->encoding = palloc_extended(ml_target_size(t) * sizeof(double), MCXT_ALLOC_HUGE);
	for (Size i = 0; i < ml_target_size(t); i++)
	{
		t->encoding[i] = ml_blob_get_f64(r);
		if (!isfinite(t->encoding[i]))
			ml_blob_fail(r, "an encoding is not finite");
	}
}

const MlStepKind ml_step_target = {
	.name = "target",
	.id = 9,
	.size = sizeof(MlTargetEncoding),
	.options = options,
	.types = ML_TYPES_NUMBER | ML_TYPE_BIT(ML_TYPE_CATEGORY),
	.default_types = ML_TYPES_ON_REQUEST,
	.native_types = ML_TYPES_ON_REQUEST,
	.takes_missing = true,
	.n_dense = target_n_dense,
	.rule = target_rule,
	.fit = ml_target_fit,
	.dense_name = target_dense_name,
	.refresh = ml_lookup_refresh,
	.block = target_block,
	.row = target_row,
	.code = ml_lookup_code,
	.describe = target_describe,
	.write = target_write,
	.read = target_read
};
