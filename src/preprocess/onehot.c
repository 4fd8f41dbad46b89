/*
 * onehot.c: categories as a block of columns, one a class, of which a row sets one.
 *
 * The classes are the kept values in the order of their texts, then "(other)" for the rare ones, then the one for NULL;
 * the last two exist only when the training rows had such values.  "drop": "first" leaves the first class without a column,
 * "if_binary" does so where there are two classes.
 * A value never seen in training counts as rare; without a class for those it sets no column.  The order of texts is that of
 * their bytes, so that neither the order of the rows nor a locale decides on a column's place.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "utils/memutils.h"

#include "preprocess/lookup.h"

/* places in options[]: append only */
enum
{
	OPTION_MAX_CATEGORIES,
	OPTION_MIN_FREQUENCY,
	OPTION_DROP
};

/* choices of OPTION_DROP: append only */
enum
{
	DROP_NONE,
	DROP_FIRST,
	DROP_IF_BINARY
};

static const char *const drop_choices[] = {"none", "first", "if_binary", NULL};

static const MlOptionSpec options[] = {
	{.name = "max_categories",.type = ML_OPTION_NUMBER,.fallback = 100,.min = 1,.max = ML_MAX_CATEGORIES,.integral = true,
	.help = "values that get a feature of their own, the most frequent ones"},
	{.name = "min_frequency",.type = ML_OPTION_NUMBER,.fallback = 1,.min = 0,.max = 4294967295.0,
	.help = "rows a value must have to get a feature of its own; below 1 it is a share of the rows"},
	{.name = "drop",.type = ML_OPTION_CHOICE,.source = ML_OPTION_DROP,.choices = drop_choices,
	.help = "leaves out the first feature in the order of the values, so that the features and a constant are independent; \"if_binary\": where there are two"},
	{.name = NULL}
};

typedef struct MlOnehot
{
	MlLookup	lookup;			/* the kept values */
	bool		has_other;
	bool		has_null;

	/* derived by set_codes: design codes; a dropped class's is MLK_NO_CODE */
	uint32		drop;			/* 0 or 1 */
	uint32		classes;
	uint32		unseen_code;
	uint32		null_code;
} MlOnehot;

/* ---- classes and codes ---- */

/* unsigned wrap on purpose: class 0 less one dropped is MLK_NO_CODE */
static inline uint32
class_code(const MlOnehot *o, uint32 class)
{
	return class - o->drop;
}

static void
set_codes(MlOnehot *o)
{
	int			drop = (int) o->lookup.step.option[OPTION_DROP];

	o->classes = o->lookup.kept.n + (o->has_other ? 1 : 0) + (o->has_null ? 1 : 0);
	o->drop = drop == DROP_FIRST || (drop == DROP_IF_BINARY && o->classes == 2) ? 1 : 0;
	o->unseen_code = o->has_other ? class_code(o, o->lookup.kept.n) : MLK_NO_CODE;
	o->null_code = o->has_null ? class_code(o, o->classes - 1) : o->unseen_code;
}

/* of a place among the kept values, as lookup.h gives it */
static inline uint32
place_code(const MlOnehot *o, uint32 place)
{
	if (place < o->lookup.kept.n)
		return class_code(o, place);
	return place == ML_NULL_CODE ? o->null_code : o->unseen_code;
}

static int
onehot_code_cols(const MlStep *step)
{
	const MlOnehot *o = (const MlOnehot *) step;

	return o->classes > o->drop ? (int) (o->classes - o->drop) : 0;
}

/* ---- choosing ---- */

static int
by_count_then_text(const void *a, const void *b)
{
	const MlValueCount *x = a;
	const MlValueCount *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return ml_lookup_by_text(a, b);
}

/* the most frequent ones that are frequent enough come to the front, in the order of their texts; how many */
static uint32
choose_kept(const MlOnehot *o, MlValueCounts *c, int64 rows)
{
	double		least = o->lookup.step.option[OPTION_MIN_FREQUENCY];
	uint32		kept = 0;

	if (least < 1)
		least *= rows;
	qsort(c->item, c->n, sizeof(MlValueCount), by_count_then_text);
	while (kept < c->n && kept < o->lookup.step.option[OPTION_MAX_CATEGORIES] && c->item[kept].count >= least)
		kept++;
	qsort(c->item, kept, sizeof(MlValueCount), ml_lookup_by_text);
	return kept;
}

static void
onehot_fit(MlStep *step, const MlFitInput *data)
{
	MlOnehot   *o = (MlOnehot *) step;
	MemoryContext result = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(result, "mlops categories", ALLOCSET_DEFAULT_SIZES);
	MlValueCounts found;
	uint32		kept;

	MemoryContextSwitchTo(scratch);
	found = ml_count_values(data);
	kept = choose_kept(o, &found, data->n);
	MemoryContextSwitchTo(result);
	ml_lookup_keep(&o->lookup, &found, kept);
	o->has_other = kept < found.n;
	o->has_null = found.nulls > 0;
	set_codes(o);
	if (found.n == 0)
		ml_lookup_warn_empty(step);
	MemoryContextDelete(scratch);
}

/* ---- names ---- */

static int64
onehot_n_dense(const MlInput *input, const double *option)
{
	return 0;
}

static void
onehot_code_name(const MlStep *step, int k, StringInfo name)
{
	const MlOnehot *o = (const MlOnehot *) step;
	uint32		class = k + o->drop;

	appendStringInfoString(name, step->input->name);
	if (class < o->lookup.kept.n)
		appendStringInfo(name, "=%s", o->lookup.kept.text[class]);
	else if (class == o->lookup.kept.n && o->has_other)
		appendStringInfoString(name, "=(other)");
	else
		appendStringInfoString(name, " is null");
}

/* ---- applying ---- */

static void
onehot_block(const MlBoundStep *bound, const uint32 *order, int64 n,
			 double *dense, int64 dense_stride, uint32 *codes, int64 stride)
{
	const MlOnehot *o = (const MlOnehot *) bound->step;
	uint32		place[ML_LOOKUP_PIECE];

	for (int64 from = 0; from < n && codes != NULL; from += ML_LOOKUP_PIECE)
	{
		int64		rows = Min(ML_LOOKUP_PIECE, n - from);

		ml_lookup_rows(bound, order + from, rows, place);
		for (int64 i = 0; i < rows; i++)
			codes[(from + i) * stride] = place_code(o, place[i]);
	}
}

static void
onehot_row(const MlStep *step, const MlValue *value, double *dense, uint32 *code)
{
	const MlOnehot *o = (const MlOnehot *) step;

	if (code != NULL)
		*code = place_code(o, ml_lookup_value(&o->lookup, value));
}

/* ---- bytes ---- */

static void
onehot_write(const MlStep *step, MlBlobWriter *w)
{
	const MlOnehot *o = (const MlOnehot *) step;

	ml_blob_put_u8(w, o->has_other);
	ml_blob_put_u8(w, o->has_null);
	ml_category_write(&o->lookup.kept, w);
}

static void
onehot_read(MlStep *step, MlBlobReader *r)
{
	MlOnehot   *o = (MlOnehot *) step;

	o->has_other = ml_blob_get_bool(r);
	o->has_null = ml_blob_get_bool(r);
	ml_category_read(&o->lookup.kept, step->input->type, r);
	set_codes(o);
}

const MlStepKind ml_step_onehot = {
	.name = "onehot",
	.id = 2,
	.size = sizeof(MlOnehot),
	.options = options,
	.types = ML_TYPES_NUMBER | ML_TYPE_BIT(ML_TYPE_CATEGORY),
	.default_types = ML_TYPE_BIT(ML_TYPE_CATEGORY),
	.n_dense = onehot_n_dense,
	.fit = onehot_fit,
	.code_cols = onehot_code_cols,
	.code_name = onehot_code_name,
	.refresh = ml_lookup_refresh,
	.block = onehot_block,
	.row = onehot_row,
	.code = ml_lookup_code,
	.write = onehot_write,
	.read = onehot_read
};
