/*
 * tfidf.c: texts as weighted counts of their terms ("tfidf"), or of hashes of them ("hashing").
 *
 * "tfidf" is scikit-learn's TfidfVectorizer: the weight of a term is its count in the text, times how rare it is among the
 * training rows, the whole vector scaled to length 1.  A row whose text is NULL counts as an empty text.  Columns are the terms in
 * the order of their bytes (UTF-8), so that the order of the rows does not show.
 *
 * "hashing" is the idea of its HashingVectorizer with our own hash: nothing is learned, and a column means
 * whatever falls into it.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "kernels/hash.h"
#include "preprocess/analyzer.h"
#include "preprocess/stage.h"
#include "preprocess/step.h"
#include "preprocess/terms.h"

#define PIECE 512				/* rows gathered at a time, on the stack */
#define HASH_SEED 0x7465726d	/* "term": another function than that of the dictionary */

/* places in options[], after those of the analyzer: append only */
enum
{
	OPTION_MAX_FEATURES = ML_ANALYZER_N_OPTIONS,
	OPTION_MIN_DF,
	OPTION_MAX_DF,
	OPTION_BINARY,
	OPTION_USE_IDF,
	OPTION_SMOOTH_IDF,
	OPTION_SUBLINEAR_TF,
	OPTION_NORM
};

static const MlOptionSpec options[] = {
	ML_ANALYZER_OPTIONS,
	{.name = "max_features",.type = ML_OPTION_NUMBER,.fallback = 0,.min = 0,.max = ML_MAX_TERMS,.integral = true,
	.help = "terms that get a feature of their own, those that occur most often; 0: all"},
	{.name = "min_df",.type = ML_OPTION_NUMBER,.fallback = 1,.min = 0,.max = 4294967295.0,
	.help = "rows a term must occur in; below 1 it is a share of the rows"},
	{.name = "max_df",.type = ML_OPTION_NUMBER,.fallback = 1,.min = 0,.max = 4294967295.0,
	.help = "rows a term may occur in; up to 1 it is a share of the rows"},
	{.name = "binary",.type = ML_OPTION_BOOL,.fallback = 0,
	.help = "whether a term counts once a text, however often it occurs"},
	{.name = "use_idf",.type = ML_OPTION_BOOL,.fallback = 1,
	.help = "whether rare terms weigh more"},
	{.name = "smooth_idf",.type = ML_OPTION_BOOL,.fallback = 1,
	.help = "whether rarity is computed as if there were one more row, with every term"},
	{.name = "sublinear_tf",.type = ML_OPTION_BOOL,.fallback = 0,
	.help = "whether a count n weighs 1 + ln(n)"},
	{.name = "norm",.type = ML_OPTION_CHOICE,.choices = ml_norm_choices,
	.help = "length that every vector is scaled to be 1 by"},
	{.name = NULL}
};

typedef struct MlTfidf
{
	MlStep		step;
	MlAnalyzer	analyzer;
	MlTerms		terms;
	double	   *idf;			/* NULL without use_idf */
} MlTfidf;

static void
tfidf_init(MlStep *step)
{
	ml_analyzer_init(&((MlTfidf *) step)->analyzer, step->option);
}

static int64
no_dense(const MlInput *input, const double *option)
{
	return 0;
}

/* ---- learning ---- */

/* training rows of each entry of the dictionary */
static uint32 *
count_rows(const MlFitInput *data)
{
	uint32		n = data->column->dict->n;
	uint32	   *count = ml_budget_alloc(data->budget, (Size) n + 1, sizeof(uint32), "rows of texts");
	uint32		entry[PIECE];

	memset(count, 0, sizeof(uint32) * ((Size) n + 1));
	for (int64 from = 0; from < data->n; from += PIECE)
	{
		int64		rows = Min(PIECE, data->n - from);

		CHECK_FOR_INTERRUPTS();
		ml_column_gather_codes(data->column, data->order + from, rows, entry);
		for (int64 i = 0; i < rows; i++)
			count[Min(entry[i], n)]++;
	}
	return count;
}

typedef struct Counting
{
	MlTerms    *terms;
	uint32		text;
	uint32		rows;
} Counting;

static void
count_term(void *arg, const char *term, uint32 length)
{
	Counting   *c = arg;

	ml_terms_count(c->terms, term, length, c->text, c->rows);
}

static void
count_terms(const MlTfidf *t, const MlFitInput *data, MlTerms *terms)
{
	const MlDictionary *dict = data->column->dict;
	uint32	   *rows = count_rows(data);
	MlPieces   *pieces = ml_pieces_create(CurrentMemoryContext);

	for (uint32 i = 0; i < dict->n; i++)
	{
		Counting	counting = {terms, i, rows[i]};

		CHECK_FOR_INTERRUPTS();
		if (rows[i] > 0)
			ml_analyze(&t->analyzer, pieces, dict->text[i], dict->length[i], count_term, &counting);
	}
	ml_budget_free(data->budget, rows);
}

static void
learn_idf(MlTfidf *t, const MlTerms *found, const uint32 *index, int64 rows)
{
	double		extra = t->step.option[OPTION_SMOOTH_IDF] != 0 ? 1 : 0;

	if (t->step.option[OPTION_USE_IDF] == 0)
		return;
	t->idf = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * Max((Size) t->terms.n, 1));
	for (uint32 i = 0; i < t->terms.n; i++)
		t->idf[i] = log((rows + extra) / (found->rows[index[i]] + extra)) + 1;
}

static void
refuse_number(const MlTfidf *t, uint32 n)
{
	if (n > ML_MAX_TERMS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the texts of column \"%s\" have too many terms", t->step.input->name),
				 errdetail("They have %u, and %d are allowed.", n, ML_MAX_TERMS),
				 errhint("Limit them with max_features or min_df, or use \"encode\": \"hashing\".")));
	if (n == 0)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("the texts of column \"%s\" have no term that counts", t->step.input->name),
				 errdetail("The column says nothing."),
				 errhint("Look at min_df, max_df and stop_words, or leave the column out with exclude.")));
}

static void
tfidf_fit(MlStep *step, const MlFitInput *data)
{
	MlTfidf    *t = (MlTfidf *) step;
	MemoryContext result = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(result, "mlops terms", ALLOCSET_DEFAULT_SIZES);
	double		least = step->option[OPTION_MIN_DF];
	double		most = step->option[OPTION_MAX_DF];
	MlTerms		found;
	uint32	   *index;
	uint32		n;

	ml_analyzer_fit(&t->analyzer, step->option);
	MemoryContextSwitchTo(scratch);
	ml_terms_begin(&found, data->budget);
	count_terms(t, data, &found);
	index = ml_terms_choose(&found, least < 1 ? least * data->n : least, most <= 1 ? most * data->n : most,
							(uint32) step->option[OPTION_MAX_FEATURES], &n);
	refuse_number(t, n);
	MemoryContextSwitchTo(result);
	ml_terms_take(&t->terms, &found, index, n);
	learn_idf(t, &found, index, data->n);
	ml_budget_free(data->budget, index);
	ml_terms_end(&found);
	MemoryContextDelete(scratch);
}

/* ---- applying ---- */

typedef struct Filling
{
	const MlTerms *terms;
	MlSparseVector *vector;
} Filling;

static void
fill_term(void *arg, const char *term, uint32 length)
{
	Filling    *f = arg;
	uint32		i = ml_term_find(f->terms, term, length);

	if (i < f->terms->n)
		ml_vector_add(f->vector, i, 1);
}

static void
tfidf_vector(const MlStep *step, const char *text, uint32 length, MlSparseVector *v)
{
	const MlTfidf *t = (const MlTfidf *) step;
	Filling		filling = {&t->terms, v};

	if (v->pieces == NULL)
		v->pieces = ml_pieces_create(v->context);
	ml_analyze(&t->analyzer, v->pieces, text, length, fill_term, &filling);
	ml_vector_gather(v);
	for (int64 i = 0; i < v->n; i++)
	{
		if (step->option[OPTION_BINARY] != 0)
			v->value[i] = 1;
		if (step->option[OPTION_SUBLINEAR_TF] != 0)
			v->value[i] = 1 + log(v->value[i]);
		if (t->idf != NULL)
			v->value[i] *= t->idf[v->column[i]];
	}
	ml_vector_normalise(v, (MlVectorNorm) step->option[OPTION_NORM]);
}

static int
tfidf_code_cols(const MlStep *step)
{
	return (int) ((const MlTfidf *) step)->terms.n;
}

static void
tfidf_code_name(const MlStep *step, int k, StringInfo name)
{
	const MlTerms *terms = &((const MlTfidf *) step)->terms;
	char	   *term = pnstrdup(terms->bytes + terms->start[k], ml_term_length(terms, k));

	appendStringInfo(name, "%s:%s", step->input->name, pg_any_to_server(term, (int) strlen(term), PG_UTF8));
	pfree(term);
}

static void
tfidf_describe(const MlStep *step, int k, JsonbParseState **state)
{
	const MlTfidf *t = (const MlTfidf *) step;

	if (t->idf != NULL)
		ml_json_put_float(state, "idf", t->idf[k]);
}

/* ---- bytes ---- */

static void
tfidf_write(const MlStep *step, MlBlobWriter *w)
{
	const MlTfidf *t = (const MlTfidf *) step;

	ml_analyzer_write(&t->analyzer, w);
	ml_terms_write(&t->terms, w);
	if (t->idf != NULL)
		ml_blob_put_f64_array(w, t->idf, t->terms.n);
}

static void
tfidf_read(MlStep *step, MlBlobReader *r)
{
	MlTfidf    *t = (MlTfidf *) step;

	ml_analyzer_read(&t->analyzer, r);
	ml_terms_read(&t->terms, r);
	if (!ml_blob_ok(r) || step->option[OPTION_USE_IDF] == 0)
		return;
	if (ml_blob_left(r) < sizeof(double) * (Size) t->terms.n)
	{
		ml_blob_fail(r, "the weights of terms are cut short");
		return;
	}
	t->idf = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * Max((Size) t->terms.n, 1));
	ml_blob_get_f64_array(r, t->idf, t->terms.n);
	for (uint32 i = 0; i < t->terms.n && ml_blob_ok(r); i++)
	{
		if (!isfinite(t->idf[i]))
			ml_blob_fail(r, "the weight of a term is not a number");
	}
}

const MlStepKind ml_step_tfidf = {
	.name = "tfidf",
	.id = 16,
	.size = sizeof(MlTfidf),
	.options = options,
	.types = ML_TYPE_BIT(ML_TYPE_CATEGORY),
	.default_types = ML_TYPES_ON_REQUEST,
	.check = ml_analyzer_check,
	.init = tfidf_init,
	.n_dense = no_dense,
	.fit = tfidf_fit,
	.code_cols = tfidf_code_cols,
	.code_name = tfidf_code_name,
	.describe = tfidf_describe,
	.vector = tfidf_vector,
	.refresh = ml_sparse_refresh,
	.block = ml_sparse_block,
	.write = tfidf_write,
	.read = tfidf_read
};

/* ---- hashing: what differs ---- */

enum
{
	OPTION_N_FEATURES = ML_ANALYZER_N_OPTIONS,
	OPTION_ALTERNATE_SIGN,
	OPTION_HASH_BINARY,
	OPTION_HASH_NORM
};

static const MlOptionSpec hashing_options[] = {
	ML_ANALYZER_OPTIONS,
	{.name = "n_features",.type = ML_OPTION_NUMBER,.fallback = 1 << 18,.min = 1,.max = 1 << 20,.integral = true,
	.help = "columns that terms are spread over"},
	{.name = "alternate_sign",.type = ML_OPTION_BOOL,.fallback = 1,
	.help = "whether half of the terms count downwards, so that those that share a column cancel out on average"},
	{.name = "binary",.type = ML_OPTION_BOOL,.fallback = 0,
	.help = "whether a column counts once a text, however often its terms occur"},
	{.name = "norm",.type = ML_OPTION_CHOICE,.choices = ml_norm_choices,
	.help = "length that every vector is scaled to be 1 by"},
	{.name = NULL}
};

typedef struct MlHashing
{
	MlStep		step;
	MlAnalyzer	analyzer;
} MlHashing;

static void
hashing_init(MlStep *step)
{
	ml_analyzer_init(&((MlHashing *) step)->analyzer, step->option);
}

static void
hashing_fit(MlStep *step, const MlFitInput *data)
{
	ml_analyzer_fit(&((MlHashing *) step)->analyzer, step->option);
}

typedef struct Hashing
{
	const MlStep *step;
	MlSparseVector *vector;
} Hashing;

static void
hash_term(void *arg, const char *term, uint32 length)
{
	Hashing    *h = arg;
	uint64		hash = mlk_hash_bytes(term, length, HASH_SEED);
	bool		down = h->step->option[OPTION_ALTERNATE_SIGN] != 0 && hash >> 63 != 0;

	ml_vector_add(h->vector, (uint32) (hash % (uint64) h->step->option[OPTION_N_FEATURES]), down ? -1 : 1);
}

static void
hashing_vector(const MlStep *step, const char *text, uint32 length, MlSparseVector *v)
{
	Hashing		hashing = {step, v};

	if (v->pieces == NULL)
		v->pieces = ml_pieces_create(v->context);
	ml_analyze(&((const MlHashing *) step)->analyzer, v->pieces, text, length, hash_term, &hashing);
	ml_vector_gather(v);
	for (int64 i = 0; i < v->n && step->option[OPTION_HASH_BINARY] != 0; i++)
		v->value[i] = 1;
	ml_vector_normalise(v, (MlVectorNorm) step->option[OPTION_HASH_NORM]);
}

static int
hashing_code_cols(const MlStep *step)
{
	return (int) step->option[OPTION_N_FEATURES];
}

static void
hashing_code_name(const MlStep *step, int k, StringInfo name)
{
	appendStringInfo(name, "%s#%d", step->input->name, k);
}

static void
hashing_write(const MlStep *step, MlBlobWriter *w)
{
	ml_analyzer_write(&((const MlHashing *) step)->analyzer, w);
}

static void
hashing_read(MlStep *step, MlBlobReader *r)
{
	ml_analyzer_read(&((MlHashing *) step)->analyzer, r);
}

const MlStepKind ml_step_hashing = {
	.name = "hashing",
	.id = 17,
	.size = sizeof(MlHashing),
	.options = hashing_options,
	.types = ML_TYPE_BIT(ML_TYPE_CATEGORY),
	.default_types = ML_TYPES_ON_REQUEST,
	.check = ml_analyzer_check,
	.init = hashing_init,
	.n_dense = no_dense,
	.fit = hashing_fit,
	.code_cols = hashing_code_cols,
	.code_name = hashing_code_name,
	.vector = hashing_vector,
	.refresh = ml_sparse_refresh,
	.block = ml_sparse_block,
	.write = hashing_write,
	.read = hashing_read
};
