/*
 * onehot.c: categories as codes: a block of columns, one a class ("onehot"), or in the native layout one column whose
 * value is the code ("ordinal").
 *
 * Ordinal keeps all values, each code being its place in the order of texts, and has no class for rare values or for NULL:
 * both, and what was never seen, are missing.  Of "onehot" the rest speaks:
 *
 * The classes are the kept values in the order of their texts, then "(other)" for the rare ones, then the one for NULL;
 * the last two exist only when the training rows had such values.  "drop": "first" leaves the first class without a column.
 * A value never seen in training counts as rare; without a class for those it sets no column.  The order of texts is that of
 * their bytes, so that neither the order of the rows nor a locale decides on a column's place.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "kernels/hash.h"
#include "preprocess/categories.h"
#include "preprocess/counts.h"
#include "preprocess/step.h"

#define PIECE 512				/* rows gathered at a time, on the stack */

/* places in options[]: append only */
enum
{
	OPTION_MAX_CATEGORIES,
	OPTION_MIN_FREQUENCY,
	OPTION_DROP
};

static const char *const drop_choices[] = {"none", "first", NULL};

static const MlOptionSpec options[] = {
	{.name = "max_categories",.type = ML_OPTION_NUMBER,.fallback = 100,.min = 1,.max = ML_MAX_CATEGORIES,.integral = true,
	.help = "values that get a feature of their own, the most frequent ones"},
	{.name = "min_frequency",.type = ML_OPTION_NUMBER,.fallback = 1,.min = 0,.max = 4294967295.0,
	.help = "rows a value must have to get a feature of its own; below 1 it is a share of the rows"},
	{.name = "drop",.type = ML_OPTION_CHOICE,.source = ML_OPTION_DROP,.choices = drop_choices,
	.help = "leaves out the first feature in the order of the values, so that the features and a constant are independent"},
	{.name = NULL}
};

typedef struct MlOnehot
{
	MlStep		step;
	MlCategories kept;
	bool		has_other;
	bool		has_null;

	/* derived by set_codes: design codes; a dropped class's is MLK_NO_CODE */
	uint32		drop;			/* 0 or 1 */
	uint32		classes;
	uint32		unseen_code;
	uint32		null_code;
} MlOnehot;

extern const MlStepKind ml_step_onehot;

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
	o->classes = o->kept.n + (o->has_other ? 1 : 0) + (o->has_null ? 1 : 0);
	o->drop = o->step.kind == &ml_step_onehot && o->step.option[OPTION_DROP] != 0 ? 1 : 0;
	o->unseen_code = o->has_other ? class_code(o, o->kept.n) : MLK_NO_CODE;
	o->null_code = o->has_null ? class_code(o, o->classes - 1) : o->unseen_code;
}

static inline uint32
value_code(const MlOnehot *o, uint32 index)
{
	return index < o->kept.n ? class_code(o, index) : o->unseen_code;
}

static inline uint32
number_code(const MlOnehot *o, double number)
{
	return isnan(number) ? o->null_code : value_code(o, ml_category_find_number(&o->kept, number));
}

static int
onehot_code_cols(const MlStep *step)
{
	const MlOnehot *o = (const MlOnehot *) step;

	return o->classes > o->drop ? (int) (o->classes - o->drop) : 0;
}

/* ---- choosing ---- */

static int
by_text(const void *a, const void *b)
{
	const MlValueCount *x = a;
	const MlValueCount *y = b;

	return ml_category_compare(x->text, x->length, y->text, y->length);
}

static int
by_count_then_text(const void *a, const void *b)
{
	const MlValueCount *x = a;
	const MlValueCount *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return by_text(a, b);
}

/* the most frequent ones that are frequent enough come to the front, in the order of their texts; how many */
static uint32
choose_kept(const MlOnehot *o, MlValueCounts *c, int64 rows)
{
	double		least = o->step.option[OPTION_MIN_FREQUENCY];
	uint32		kept = 0;

	if (least < 1)
		least *= rows;
	qsort(c->item, c->n, sizeof(MlValueCount), by_count_then_text);
	while (kept < c->n && kept < o->step.option[OPTION_MAX_CATEGORIES] && c->item[kept].count >= least)
		kept++;
	qsort(c->item, kept, sizeof(MlValueCount), by_text);
	return kept;
}

static void
keep(MlCategories *kept, const MlValueCounts *c, uint32 n, bool numbers)
{
	kept->n = n;
	kept->text = palloc(sizeof(char *) * Max(n, 1));
	kept->length = palloc(sizeof(uint32) * Max(n, 1));
	kept->number = numbers ? palloc(sizeof(double) * Max(n, 1)) : NULL;
	for (uint32 i = 0; i < n; i++)
	{
		kept->text[i] = pnstrdup(c->item[i].text, c->item[i].length);
		kept->length[i] = c->item[i].length;
		if (numbers)
			kept->number[i] = c->item[i].number;
	}
	ml_category_index(kept);
}

static void
warn_empty(const MlStep *step)
{
	ereport(WARNING,
			(errcode(ERRCODE_WARNING),
			 errmsg("column \"%s\" is NULL in every training row", step->input->name),
			 errdetail("Its features say nothing."),
			 errhint("Leave it out of features, or name it in exclude.")));
}

static void
onehot_fit(MlStep *step, const MlFitInput *data)
{
	MlOnehot   *o = (MlOnehot *) step;
	bool		numbers = step->input->type != ML_TYPE_CATEGORY;
	MemoryContext result = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(result, "mlops categories", ALLOCSET_DEFAULT_SIZES);
	MlValueCounts	found;
	uint32		kept;

	MemoryContextSwitchTo(scratch);
	found = ml_count_values(data);
	kept = choose_kept(o, &found, data->n);
	MemoryContextSwitchTo(result);
	keep(&o->kept, &found, kept, numbers);
	o->has_other = kept < found.n;
	o->has_null = found.nulls > 0;
	set_codes(o);
	if (found.n == 0)
		warn_empty(step);
	MemoryContextDelete(scratch);
}

static void
ordinal_fit(MlStep *step, const MlFitInput *data)
{
	MlOnehot   *o = (MlOnehot *) step;
	MemoryContext result = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(result, "mlops categories", ALLOCSET_DEFAULT_SIZES);
	MlValueCounts found;

	MemoryContextSwitchTo(scratch);
	found = ml_count_values(data);
	qsort(found.item, found.n, sizeof(MlValueCount), by_text);
	MemoryContextSwitchTo(result);
	keep(&o->kept, &found, found.n, step->input->type != ML_TYPE_CATEGORY);
	set_codes(o);
	if (found.n == 0)
		warn_empty(step);
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
	if (class < o->kept.n)
		appendStringInfo(name, "=%s", o->kept.text[class]);
	else if (class == o->kept.n && o->has_other)
		appendStringInfoString(name, "=(other)");
	else
		appendStringInfoString(name, " is null");
}

/* ---- applying ---- */

/* dictionary entries that came since the last time; each is looked up once */
static void
onehot_refresh(MlBoundStep *bound)
{
	const MlOnehot *o = (const MlOnehot *) bound->step;
	const MlDictionary *dict = bound->column->dict;

	if (o->step.input->type != ML_TYPE_CATEGORY)
		return;
	if (dict->n > bound->memo_capacity)
	{
		bound->memo_capacity = pg_nextpower2_32(Max(dict->n, 64));
		if (bound->memo == NULL)
			bound->memo = MemoryContextAllocHuge(bound->context, bound->memo_capacity * sizeof(uint32));
		else
			bound->memo = repalloc_huge(bound->memo, bound->memo_capacity * sizeof(uint32));
	}
	for (; bound->memo_n < dict->n; bound->memo_n++)
	{
		uint32		i = bound->memo_n;

		bound->memo[i] = value_code(o, ml_category_find(&o->kept, dict->text[i], dict->length[i], dict->hash[i]));
	}
}

/* at most PIECE rows */
static void
text_codes(const MlBoundStep *bound, const uint32 *order, int64 n, uint32 *codes, int64 stride)
{
	const MlOnehot *o = (const MlOnehot *) bound->step;
	uint32		entry[PIECE];

	ml_column_gather_codes(bound->column, order, n, entry);
	for (int64 i = 0; i < n; i++)
		codes[i * stride] = entry[i] == ML_NULL_CODE ? o->null_code : bound->memo[entry[i]];
}

/* at most PIECE rows */
static void
number_codes(const MlBoundStep *bound, const uint32 *order, int64 n, uint32 *codes, int64 stride)
{
	const MlOnehot *o = (const MlOnehot *) bound->step;
	double		number[PIECE];

	ml_column_gather(bound->column, 0, order, n, number, 1);
	for (int64 i = 0; i < n; i++)
		codes[i * stride] = number_code(o, number[i]);
}

static void
onehot_block(const MlBoundStep *bound, const uint32 *order, int64 n,
			 double *dense, int64 dense_stride, uint32 *codes, int64 stride)
{
	bool		texts = bound->step->input->type == ML_TYPE_CATEGORY;

	for (int64 from = 0; from < n && codes != NULL; from += PIECE)
	{
		int64		rows = Min(PIECE, n - from);

		if (texts)
			text_codes(bound, order + from, rows, codes + from * stride, stride);
		else
			number_codes(bound, order + from, rows, codes + from * stride, stride);
	}
}

static void
onehot_row(const MlStep *step, const MlValue *value, double *dense, uint32 *code)
{
	const MlOnehot *o = (const MlOnehot *) step;

	if (code == NULL)
		return;
	if (step->input->type != ML_TYPE_CATEGORY)
		*code = number_code(o, value->number);
	else
		*code = value->code == ML_NULL_CODE ? o->null_code : value_code(o, value->code);
}

static uint32
onehot_code(const MlStep *step, const char *text, int len)
{
	const MlOnehot *o = (const MlOnehot *) step;

	return ml_category_find(&o->kept, text, len, mlk_hash_bytes(text, len, 0));
}

/* ---- bytes ---- */

static void
onehot_write(const MlStep *step, MlBlobWriter *w)
{
	const MlOnehot *o = (const MlOnehot *) step;

	ml_blob_put_u8(w, o->has_other);
	ml_blob_put_u8(w, o->has_null);
	ml_category_write(&o->kept, w);
}

static void
onehot_read(MlStep *step, MlBlobReader *r)
{
	MlOnehot   *o = (MlOnehot *) step;

	o->has_other = ml_blob_get_bool(r);
	o->has_null = ml_blob_get_bool(r);
	ml_category_read(&o->kept, step->input->type, r);
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
	.refresh = onehot_refresh,
	.block = onehot_block,
	.row = onehot_row,
	.code = onehot_code,
	.write = onehot_write,
	.read = onehot_read
};

/* ---- ordinal: what differs ---- */

static const MlOptionSpec ordinal_options[] = {
	{.name = NULL}
};

static int
ordinal_code_cols(const MlStep *step)
{
	return 1;
}

static void
ordinal_code_name(const MlStep *step, int k, StringInfo name)
{
	appendStringInfoString(name, step->input->name);
}

static int
ordinal_n_categories(const MlStep *step)
{
	return (int) ((const MlOnehot *) step)->kept.n;
}

static const char *
ordinal_category(const MlStep *step, uint32 code)
{
	const MlOnehot *o = (const MlOnehot *) step;

	return code < o->kept.n ? o->kept.text[code] : NULL;
}

static void
ordinal_write(const MlStep *step, MlBlobWriter *w)
{
	ml_category_write(&((const MlOnehot *) step)->kept, w);
}

static void
ordinal_read(MlStep *step, MlBlobReader *r)
{
	MlOnehot   *o = (MlOnehot *) step;

	ml_category_read(&o->kept, step->input->type, r);
	set_codes(o);
}

const MlStepKind ml_step_ordinal = {
	.name = "ordinal",
	.id = 4,
	.size = sizeof(MlOnehot),
	.options = ordinal_options,
	.types = ML_TYPES_NUMBER | ML_TYPE_BIT(ML_TYPE_CATEGORY),
	.native_types = ML_TYPE_BIT(ML_TYPE_CATEGORY),
	.n_dense = onehot_n_dense,
	.fit = ordinal_fit,
	.code_cols = ordinal_code_cols,
	.n_categories = ordinal_n_categories,
	.category = ordinal_category,
	.code_name = ordinal_code_name,
	.refresh = onehot_refresh,
	.block = onehot_block,
	.row = onehot_row,
	.code = onehot_code,
	.write = ordinal_write,
	.read = ordinal_read
};
