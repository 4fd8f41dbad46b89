/*
 * profile_sketch.c: columns that do not fit into memory, described by sketches.
 *
 * Moments, extremes and counts stay exact; quantiles come from KLL, distinct values from HyperLogLog, frequent ones from
 * counters that are thinned out.  When what is kept passes the limit, the largest column is turned into sketches, one a group, and what comes
 * later goes to them at once.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_collation.h"
#include "miscadmin.h"
#include "utils/float.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/varlena.h"

#include "interrupts.h"
#include "kernels/hash.h"
#include "kernels/sketch.h"
#include "quality/profile_internal.h"

/* sizes of the sketches: of the whole column, or of one group of many; standard error of the distinct values 0.8 and 3.3 % */
#define WHOLE_K 2048
#define WHOLE_HLL 14
#define WHOLE_FREQUENT 4096
#define GROUP_K 256
#define GROUP_HLL 10
#define GROUP_FREQUENT 256

#define EXPANDED 16384			/* values at even ranks that a sketch is described by */
#define LONGEST_KEPT 1000		/* bytes of a text that is remembered as frequent or extreme */

struct MlProfileSketch
{
	/* numbers */
	int64		finite;
	int64		infinities;
	int64		zeros;
	double		min,
				max;
	double		mean,
				m2,
				m3;				/* sums of powers of deviations */
	bool		fractions;		/* not all whole */
	MlkKll		kll;

	/* texts */
	char	   *min_text,
			   *max_text;
	int64		number_texts,
				time_texts,
				spaced,
				placeholders;
	HTAB	   *texts;			/* of the keys in frequency */

	/* both */
	MlkHll		hll;
	MlkFrequency frequency;
};

typedef struct MlProfileSketch MlProfileSketch;

typedef struct FrequentText
{
	uint64		key;
	char	   *text;
} FrequentText;

/* ---- making one ---- */

static HTAB *
create_texts(MlProfileStore *store)
{
	HASHCTL		control = {.keysize = sizeof(uint64), .entrysize = sizeof(FrequentText), .hcxt = store->context};

	return hash_create("mlops frequent texts", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static MlProfileSketch *
create_sketch(MlProfileStore *store, const MlProfileColumn *column)
{
	bool		whole = store->by < 0;
	int			bits = whole ? WHOLE_HLL : GROUP_HLL;
	int			room = whole ? WHOLE_FREQUENT : GROUP_FREQUENT;
	int			k = whole ? WHOLE_K : GROUP_K;
	MemoryContext old = MemoryContextSwitchTo(store->context);
	MlProfileSketch *sketch = palloc0(sizeof(MlProfileSketch));

	mlk_hll_init(&sketch->hll, bits, ml_budget_alloc(store->budget, (Size) 1 << bits, 1, "sketches"));
	mlk_frequency_init(&sketch->frequency, room, ml_budget_alloc(store->budget, room, sizeof(uint64), "sketches"),
					   ml_budget_alloc(store->budget, room, sizeof(int64), "sketches"));
	if (column->kind == ML_PROFILE_TEXT)
		sketch->texts = create_texts(store);
	else
		mlk_kll_init(&sketch->kll, k, ml_budget_alloc(store->budget, mlk_kll_room(k), sizeof(double), "sketches"));
	sketch->min = INFINITY;
	sketch->max = -INFINITY;
	MemoryContextSwitchTo(old);
	return sketch;
}

/* the sketch of every group there is; new groups are at the end */
static void
make_sketches(MlProfileStore *store, MlProfileColumn *column)
{
	while (column->sketch_room < store->n_groups || column->sketch == NULL)
		column->sketch = ml_profile_grow(store, column->sketch, column->sketch_room, &column->sketch_room, sizeof(MlProfileSketch *));
	for (int g = store->n_groups - 1; g >= 0 && column->sketch[g] == NULL; g--)
		column->sketch[g] = create_sketch(store, column);
}

/* ---- adding ---- */

static uint64
mix(uint64 key)
{
	uint64		hash = mlk_hash_u64(1, key);

	mlk_hash_finish(&hash, 1);
	return hash;
}

/* runs on any thread.  The third moment by Pebay (2008) */
static void
add_number(MlProfileSketch *s, double x)
{
	uint64		key;
	double		n;
	double		delta;
	double		step;

	x += 0.0;
	memcpy(&key, &x, sizeof(key));
	mlk_hll_add(&s->hll, mix(key));
	(void) mlk_frequency_add(&s->frequency, key, 1);
	if (isinf(x))
	{
		s->infinities++;
		return;
	}
	n = (double) ++s->finite;
	delta = x - s->mean;
	step = delta / n;
	s->m3 += delta * step * step * (n - 1.0) * (n - 2.0) - 3.0 * step * s->m2;
	s->m2 += delta * step * (n - 1.0);
	s->mean += step;
	s->min = Min(s->min, x);
	s->max = Max(s->max, x);
	s->zeros += x == 0.0;
	s->fractions |= x != rint(x);
	mlk_kll_add(&s->kll, x);
}

/* thinned out counters have lost keys: their texts go too */
static void
forget_texts(MlProfileSketch *s)
{
	HASH_SEQ_STATUS scan;
	FrequentText *entry;

	hash_seq_init(&scan, s->texts);
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		if (mlk_frequency_find(&s->frequency, entry->key) >= 0)
			continue;
		pfree(entry->text);
		(void) hash_search(s->texts, &entry->key, HASH_REMOVE, NULL);
	}
}

static void
keep_extremes(MlProfileStore *store, MlProfileSketch *s, Oid collation, const char *text, int length)
{
	bool		less = s->min_text == NULL || varstr_cmp(text, length, s->min_text, strlen(s->min_text), collation) < 0;
	bool		more = s->max_text == NULL || varstr_cmp(text, length, s->max_text, strlen(s->max_text), collation) > 0;

	if (less)
	{
		if (s->min_text != NULL)
			pfree(s->min_text);
		s->min_text = MemoryContextStrdup(store->context, text);
	}
	if (more)
	{
		if (s->max_text != NULL)
			pfree(s->max_text);
		s->max_text = MemoryContextStrdup(store->context, text);
	}
}

static Oid
collation_of(const MlProfileColumn *column)
{
	return OidIsValid(column->attribute->attcollation) ? column->attribute->attcollation : C_COLLATION_OID;
}

static void
add_text(MlProfileStore *store, const MlProfileColumn *column, MlProfileSketch *s, const char *text, int length, int64 count)
{
	uint64		key = mlk_hash_bytes(text, length, 0);
	int			form = ml_profile_text_form(text, length);

	s->number_texts += form & ML_TEXT_NUMBER ? count : 0;
	s->time_texts += form & ML_TEXT_TIME ? count : 0;
	s->spaced += form & ML_TEXT_SPACED ? count : 0;
	s->placeholders += form & ML_TEXT_PLACEHOLDER ? count : 0;
	mlk_hll_add(&s->hll, key);
	if (length > LONGEST_KEPT)
		return;
	keep_extremes(store, s, collation_of(column), text, length);
	if (mlk_frequency_find(&s->frequency, key) < 0)
	{
		bool		found;
		bool		thinned = mlk_frequency_add(&s->frequency, key, count);
		FrequentText *entry = hash_search(s->texts, &key, HASH_ENTER, &found);

		if (!found)
			entry->text = MemoryContextStrdup(store->context, text);
		if (thinned)
			forget_texts(s);
	}
	else
		(void) mlk_frequency_add(&s->frequency, key, count);
}

/* ---- from what was kept ---- */

static void
turn_numbers(MlProfileStore *store, MlProfileColumn *column)
{
	for (int p = 0; p < store->n_pieces; p++)
	{
		int64		rows = Min(store->rows - (int64) p * store->batch, store->batch);

		CHECK_FOR_INTERRUPTS();
		for (int64 r = 0; r < rows; r++)
			if (!isnan(column->number[p][r]))
				add_number(column->sketch[store->by < 0 ? 0 : store->group[p][r]], column->number[p][r]);
	}
}

static void
turn_texts(MlProfileStore *store, MlProfileColumn *column)
{
	const MlDictionary *dict = column->dict;

	for (uint32 code = 0; code < dict->n && store->by < 0; code++)
	{
		CHECK_FOR_INTERRUPTS();
		add_text(store, column, column->sketch[0], dict->text[code], dict->length[code], column->count[code]);
	}
	for (int p = 0; p < store->n_pieces && store->by >= 0; p++)
	{
		int64		rows = Min(store->rows - (int64) p * store->batch, store->batch);

		CHECK_FOR_INTERRUPTS();
		for (int64 r = 0; r < rows; r++)
		{
			uint32		code = column->code[p][r];

			if (code != ML_NULL_CODE)
				add_text(store, column, column->sketch[store->group[p][r]], dict->text[code], dict->length[code], 1);
		}
	}
}

static void
turn_column(MlProfileStore *store, MlProfileColumn *column)
{
	make_sketches(store, column);
	if (column->kind == ML_PROFILE_NUMBER)
		turn_numbers(store, column);
	else
		turn_texts(store, column);
	MemoryContextDelete(column->context);
	column->context = NULL;
	column->bytes = 0;
	store->n_kept--;
}

/*
 * What describing will take beside what is kept: a column gathered and its scratch, a thread; with groups codes are gathered too, and rows
 * have an order and a group.
 */
static Size
bytes_to_describe(const MlProfileStore *store)
{
	int			gathered = 0;

	for (int c = 0; c < store->n_columns; c++)
		gathered += store->columns[c].context != NULL && (store->columns[c].kind == ML_PROFILE_NUMBER || store->by >= 0);
	return (2 * sizeof(double) * Min(gathered, mlk_pool_threads(store->pool)) + (store->by < 0 ? 0 : 2 * sizeof(uint32))) *
		(Size) store->rows;
}

void
ml_profile_sketch_some(MlProfileStore *store)
{
	while (store->n_kept > 0)
	{
		Size		kept = bytes_to_describe(store);
		MlProfileColumn *largest = NULL;

		for (int c = 0; c < store->n_columns; c++)
		{
			MlProfileColumn *column = &store->columns[c];

			kept += column->bytes;
			if (column->context != NULL && (largest == NULL || column->bytes > largest->bytes))
				largest = column;
		}
		if (kept <= store->limit)
			return;
		turn_column(store, largest);
	}
}

/* ---- from a batch ---- */

typedef struct SketchJob
{
	MlProfileStore *store;
	const MlDataset *batch;
	int		   *columns;		/* of numbers that are sketches */
} SketchJob;

static void
add_numbers_block(void *arg, int64_t block, int worker)
{
	SketchJob  *job = arg;
	MlProfileColumn *column = &job->store->columns[job->columns[block]];
	const double *x = job->batch->columns[column->request].number[0];
	const uint32 *group = job->store->by < 0 ? NULL : job->store->group[job->store->n_pieces - 1];

	for (int64 r = 0; r < job->batch->rows; r++)
		if (!isnan(x[r]))
			add_number(column->sketch[group == NULL ? 0 : group[r]], x[r]);
}

static void
add_texts(MlProfileStore *store, const MlDataset *batch, MlProfileColumn *column)
{
	char	  **text = batch->columns[column->request].text;
	const uint32 *group = store->by < 0 ? NULL : store->group[store->n_pieces - 1];

	for (int64 r = 0; r < batch->rows; r++)
		if (text[r] != NULL)
			add_text(store, column, column->sketch[group == NULL ? 0 : group[r]], text[r], strlen(text[r]), 1);
}

void
ml_profile_sketch_batch(MlProfileStore *store, const MlDataset *batch)
{
	SketchJob	job = {store, batch};
	int			n = 0;

	job.columns = ml_palloc_array(store->n_columns + 1, sizeof(int));
	for (int c = 0; c < store->n_columns; c++)
	{
		MlProfileColumn *column = &store->columns[c];

		if (column->sketch == NULL)
			continue;
		make_sketches(store, column);
		if (column->kind == ML_PROFILE_NUMBER)
			job.columns[n++] = c;
		else
			add_texts(store, batch, column);
	}
	if (n > 0)
		ml_check_status(mlk_parallel_for(store->pool, n, add_numbers_block, &job));
	pfree(job.columns);
}

/* ---- what a sketch says ---- */

/* values whose count is more than what may be missing from it: surely frequent.  Ties by key */
static void
find_top(const MlProfileSketch *s, MlColumnProfile *out, uint64 *top)
{
	const MlkFrequency *f = &s->frequency;

	for (int slot = 0; slot < f->room; slot++)
	{
		int			place = out->n_top;

		if (f->count[slot] <= f->lost)
			continue;
		if (place == ML_PROFILE_TOP)
		{
			if (f->count[slot] <= out->top[place - 1].count)
				continue;
			place--;
		}
		else
			out->n_top++;
		for (; place > 0 && out->top[place - 1].count < f->count[slot]; place--)
		{
			out->top[place] = out->top[place - 1];
			top[place] = top[place - 1];
		}
		out->top[place].count = f->count[slot];
		top[place] = f->key[slot];
	}
}

/* as long as no counter was thinned out, all values are counted */
static int64
distinct_values(const MlProfileSketch *s, const MlColumnProfile *out)
{
	int64		values = out->rows - out->nulls - out->nans;

	if (s->frequency.lost == 0)
		return s->frequency.used;
	return Min(values, (int64) rint(mlk_hll_estimate(&s->hll)));
}

/* counts of a sample become counts of all values, such that they add up */
static void
scale_counts(int64 *count, int n, double factor)
{
	double		sum = 0.0;
	int64		given = 0;

	for (int i = 0; i < n; i++)
	{
		sum += (double) count[i] * factor;
		count[i] = (int64) rint(sum) - given;
		given += count[i];
	}
}

/* The histogram has its edges from the extremes, which are exact. */
static void
fill_histogram(const double *x, const MlProfileSketch *s, MlColumnProfile *out)
{
	int64		from = 0;

	out->n_bins = mlk_describe_edges(s->min, s->max, !s->fractions, out->edge);
	for (int b = 0; b < out->n_bins; b++)
	{
		int64		to = b + 1 < out->n_bins ? mlk_sorted_place(x, EXPANDED, out->edge[b + 1]) : EXPANDED;

		out->count[b] = to - from;
		from = to;
	}
	scale_counts(out->count, out->n_bins, (double) s->finite / EXPANDED);
}

static void
describe_finite(const MlProfileSketch *s, MlColumnProfile *out)
{
	double	   *x = ml_palloc_array(EXPANDED, sizeof(double));
	double	   *value = ml_palloc_array(s->kll.room, sizeof(double));
	int64	   *weight = ml_palloc_array(s->kll.room, sizeof(int64));
	double		factor = (double) s->finite / EXPANDED;
	double		variance = s->m2 / (double) s->finite;
	MlkDescription d;

	mlk_kll_expand(&s->kll, value, weight, x, EXPANDED);
	(void) mlk_describe(NULL, x, EXPANDED, ml_profile_probabilities, ML_PROFILE_QUANTILES, out->quantile, &d);
	ml_profile_take_description(out, &d);
	out->outliers_iqr = (int64) rint(d.outliers_iqr * factor);
	out->outliers_z = (int64) rint(d.outliers_z * factor);
	if (d.mad > 0.0 && Max(s->max - out->quantile[3], out->quantile[3] - s->min) > ML_PROFILE_EXTREME * d.mad)
		out->remarks |= ML_REMARK_OUTLIERS;
	fill_histogram(x, s, out);
	out->min = s->min;
	out->max = s->max;
	out->mean = s->mean;
	out->stddev = s->finite > 1 ? sqrt(s->m2 / (double) (s->finite - 1)) : get_float8_nan();
	out->skew = variance > 0.0 ? s->m3 / (double) s->finite / (variance * sqrt(variance)) : get_float8_nan();
	out->integral = !s->fractions;
	pfree(weight);
	pfree(value);
	pfree(x);
}

static void
describe_numbers(const MlProfileColumn *column, const MlProfileSketch *s, MlColumnProfile *out)
{
	uint64		top[ML_PROFILE_TOP];

	if (s->finite > 0)
		describe_finite(s, out);
	out->infinities = s->infinities;
	out->zeros = s->zeros;
	out->distinct = distinct_values(s, out);
	out->n_top = 0;
	find_top(s, out, top);
	for (int i = 0; i < out->n_top; i++)
		memcpy(&out->top[i].number, &top[i], sizeof(double));
	ml_profile_name_values(column, out);
}

static void
describe_texts(const MlProfileSketch *s, MlColumnProfile *out)
{
	uint64		top[ML_PROFILE_TOP];

	out->distinct = distinct_values(s, out);
	out->number_texts = s->number_texts;
	out->time_texts = s->time_texts;
	out->spaced = s->spaced;
	out->placeholders = s->placeholders;
	out->min_text = s->min_text == NULL ? NULL : pstrdup(s->min_text);
	out->max_text = s->max_text == NULL ? NULL : pstrdup(s->max_text);
	find_top(s, out, top);
	for (int i = 0; i < out->n_top; i++)
	{
		FrequentText *entry = hash_search(s->texts, &top[i], HASH_FIND, NULL);

		out->top[i].text = entry == NULL ? NULL : pstrdup(entry->text);
		out->top[i].number = get_float8_nan();
	}
}

void
ml_profile_sketch_describe(const MlProfileStore *store, int c, int group, MlColumnProfile *out)
{
	const MlProfileColumn *column = &store->columns[c];
	const MlProfileSketch *s = group < column->sketch_room ? column->sketch[group] : NULL;

	if (s == NULL)
		return;
	if (column->kind == ML_PROFILE_NUMBER)
		describe_numbers(column, s, out);
	else
		describe_texts(s, out);
}
