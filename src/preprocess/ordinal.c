/*
 * ordinal.c: categories as their place in the order of the values.
 *
 * Two kinds of one name.  In a design the place is a number, from 0 on, imputed and scaled like any other; the order is that of scikit-learn:
 * texts by their bytes, numbers by size.  In the native layout it is a code of one column, which trees split by sets of codes.  Neither has
 * a class for NULL, which is missing; what was never seen is missing, too, unless "unseen" gives a number for it.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "preprocess/lookup.h"

/* ---- a number ---- */

/* places in options[]: append only */
enum
{
	OPTION_IMPUTE,
	OPTION_FILL,
	OPTION_INDICATOR,
	OPTION_SCALE,
	OPTION_UNSEEN
};

static const MlOptionSpec options[] = {
	{.name = "impute",.type = ML_OPTION_CHOICE,.fallback = ML_IMPUTE_MEAN,.source = ML_OPTION_IMPUTE,.choices = ml_impute_choices,
	.help = "what stands for a missing place"},
	{.name = "fill",.type = ML_OPTION_NUMBER,.min = -DBL_MAX,.max = DBL_MAX,
	.help = "the number that \"impute\": \"constant\" puts in"},
	{.name = "indicator",.type = ML_OPTION_BOOL,
	.help = "adds a feature that is 1 where the place is missing"},
	{.name = "scale",.type = ML_OPTION_CHOICE,.fallback = ML_SCALE_NONE,.source = ML_OPTION_SCALE,.choices = ml_scale_choices,
	.help = "how numbers of different size are made comparable"},
	{.name = "unseen",.type = ML_OPTION_NUMBER,.fallback = NAN,.min = -DBL_MAX,.max = DBL_MAX,.word = "missing",
	.help = "the number of a value that the training rows did not have"},
	{.name = NULL}
};

typedef struct MlOrdinal
{
	MlLookup	lookup;
	double	   *place;			/* of each category */
} MlOrdinal;

static int
by_number(const void *a, const void *b, void *arg)
{
	const double *number = arg;
	double		x = number[*(const uint32 *) a];
	double		y = number[*(const uint32 *) b];

	return (x > y) - (x < y);
}

/* categories are kept in the order of their texts, which is not that of numbers */
static void
set_places(MlOrdinal *o)
{
	uint32		n = o->lookup.kept.n;
	uint32	   *order = palloc(sizeof(uint32) * Max(n, 1));

	for (uint32 i = 0; i < n; i++)
		order[i] = i;
	if (o->lookup.kept.number != NULL)
		qsort_arg(order, n, sizeof(uint32), by_number, o->lookup.kept.number);
	o->place = palloc(sizeof(double) * Max(n, 1));
	for (uint32 i = 0; i < n; i++)
		o->place[order[i]] = i;
	pfree(order);
}

static void
ordinal_check(const char *column, const double *option)
{
	ml_step_check_fill(column, option[OPTION_IMPUTE], option[OPTION_FILL]);
}

static int64
ordinal_n_dense(const MlInput *input, const double *option)
{
	return option[OPTION_INDICATOR] != 0 ? 2 : 1;
}

static MlDenseRule
ordinal_rule(const MlStep *step, int k)
{
	MlDenseRule rule = {ML_IMPUTE_NONE, 0, ML_SCALE_NONE};

	if (k == 0)
	{
		rule.impute = (MlImpute) step->option[OPTION_IMPUTE];
		rule.constant = step->option[OPTION_FILL];
		rule.scale = (MlScale) step->option[OPTION_SCALE];
	}
	return rule;
}

static void
ordinal_dense_name(const MlStep *step, int k, StringInfo name)
{
	appendStringInfo(name, "%s%s", step->input->name, k == 0 ? ".ordinal" : " is null");
}

static void
ordinal_fit(MlStep *step, const MlFitInput *data)
{
	ml_lookup_fit_all((MlLookup *) step, data, NULL);
	set_places((MlOrdinal *) step);
}

/* outputs of one value; shared by blocks and rows */
static inline void
ordinal_outputs(const MlOrdinal *o, uint32 place, double *dense)
{
	const MlStep *step = &o->lookup.step;

	if (place < o->lookup.kept.n)
		dense[0] = o->place[place];
	else
		dense[0] = place == ML_NULL_CODE ? NAN : step->option[OPTION_UNSEEN];
	if (step->n_dense > 1)
		dense[1] = isnan(dense[0]) ? 1 : 0;
}

static inline void
put_ordinal(const MlBoundStep *bound, uint32 row, uint32 place, double *dense)
{
	ordinal_outputs((const MlOrdinal *) bound->step, place, dense);
}

static void
ordinal_block(const MlBoundStep *bound, const uint32 *order, int64 n,
			  double *dense, int64 stride, uint32 *codes, int64 code_stride)
{
	ml_lookup_block(bound, order, n, dense, stride, put_ordinal);
}

static void
ordinal_row(const MlStep *step, const MlValue *value, double *dense, uint32 *code)
{
	const MlOrdinal *o = (const MlOrdinal *) step;

	ordinal_outputs(o, ml_lookup_value(&o->lookup, value), dense);
}

static void
ordinal_write(const MlStep *step, MlBlobWriter *w)
{
	ml_category_write(&((const MlLookup *) step)->kept, w);
}

static void
ordinal_read(MlStep *step, MlBlobReader *r)
{
	ml_category_read(&((MlLookup *) step)->kept, step->input->type, r);
	set_places((MlOrdinal *) step);
}

const MlStepKind ml_step_ordinal_number = {
	.name = "ordinal",
	.id = 5,
	.size = sizeof(MlOrdinal),
	.options = options,
	.types = ML_TYPES_NUMBER | ML_TYPE_BIT(ML_TYPE_CATEGORY),
	.default_types = ML_TYPES_ON_REQUEST,
	.check = ordinal_check,
	.n_dense = ordinal_n_dense,
	.rule = ordinal_rule,
	.fit = ordinal_fit,
	.dense_name = ordinal_dense_name,
	.refresh = ml_lookup_refresh,
	.block = ordinal_block,
	.row = ordinal_row,
	.code = ml_lookup_code,
	.describe = ml_lookup_describe,
	.write = ordinal_write,
	.read = ordinal_read
};

/* ---- a code ---- */

static const MlOptionSpec code_options[] = {
	{.name = NULL}
};

static int64
code_n_dense(const MlInput *input, const double *option)
{
	return 0;
}

static void
code_fit(MlStep *step, const MlFitInput *data)
{
	ml_lookup_fit_all((MlLookup *) step, data, NULL);
}

static int
code_cols(const MlStep *step)
{
	return 1;
}

static void
code_name(const MlStep *step, int k, StringInfo name)
{
	appendStringInfoString(name, step->input->name);
}

static int
code_n_categories(const MlStep *step)
{
	return (int) ((const MlLookup *) step)->kept.n;
}

static const char *
code_category(const MlStep *step, uint32 code)
{
	const MlCategories *kept = &((const MlLookup *) step)->kept;

	return code < kept->n ? kept->text[code] : NULL;
}

static inline uint32
place_code(const MlLookup *lookup, uint32 place)
{
	return place < lookup->kept.n ? place : MLK_NO_CODE;
}

static void
code_block(const MlBoundStep *bound, const uint32 *order, int64 n,
		   double *dense, int64 dense_stride, uint32 *codes, int64 stride)
{
	uint32		place[ML_LOOKUP_PIECE];

	for (int64 from = 0; from < n && codes != NULL; from += ML_LOOKUP_PIECE)
	{
		int64		rows = Min(ML_LOOKUP_PIECE, n - from);

		ml_lookup_rows(bound, order + from, rows, place);
		for (int64 i = 0; i < rows; i++)
			codes[(from + i) * stride] = place_code((const MlLookup *) bound->step, place[i]);
	}
}

static void
code_row(const MlStep *step, const MlValue *value, double *dense, uint32 *code)
{
	const MlLookup *lookup = (const MlLookup *) step;

	if (code != NULL)
		*code = place_code(lookup, ml_lookup_value(lookup, value));
}

static void
code_read(MlStep *step, MlBlobReader *r)
{
	ml_category_read(&((MlLookup *) step)->kept, step->input->type, r);
}

const MlStepKind ml_step_ordinal = {
	.name = "ordinal",
	.id = 4,
	.size = sizeof(MlLookup),
	.options = code_options,
	.types = ML_TYPES_NUMBER | ML_TYPE_BIT(ML_TYPE_CATEGORY),
	.native_types = ML_TYPE_BIT(ML_TYPE_CATEGORY),
	.n_dense = code_n_dense,
	.fit = code_fit,
	.code_cols = code_cols,
	.n_categories = code_n_categories,
	.category = code_category,
	.code_name = code_name,
	.refresh = ml_lookup_refresh,
	.block = code_block,
	.row = code_row,
	.code = ml_lookup_code,
	.write = ordinal_write,
	.read = code_read
};
