/*
 * profile.c: the distribution of the training rows that a version keeps, for drift.
 *
 * Numbers: deciles and their counts, of a sample.  The first training rows in canonical order are a uniform sample, since
 * that order is a hash; at its size the shares are off by less than a third of a percent, a hundredth of what
 * counts as drift, and a million rows cost no more than thirty thousand.  Categories are counted in all training rows: a rare
 * one matters, and codes are cheap to count.
 */
#include "postgres.h"

#include "interrupts.h"
#include "kernels/sort.h"

#include "dataset/dataset.h"

#define DECILES 10
#define MAX_EDGES (DECILES - 1)
#define TOP_CATEGORIES 20
#define SAMPLE_ROWS 32768

/* one element of one feature */
typedef struct Element
{
	const MlColumn *column;
	int			k;
} Element;

/* scratch of one thread */
typedef struct SampleScratch
{
	double	   *values;
	uint32	   *order;
	void	   *sort;
} SampleScratch;

typedef struct ProfileJob
{
	const MlDataset *data;
	const MlRows *rows;
	MlReference *references;
	Element    *elements;
	int			n;				/* references */
	int64		sample;			/* rows */
	SampleScratch *scratch;		/* one a thread */
	uint8	   *train;			/* one a row: 1 = training row */
	uint32	  **code_counts;	/* categories: [code], the last one is NULL; else NULL */
} ProfileJob;

/* ---- numbers ---- */

/*
 * Deciles of sorted values, repeated ones once, and none at the maximum, behind which nothing can lie.
 */
static int
place_edges(const double *values, const uint32 *order, int64 n, double *edges)
{
	int			n_edges = 0;

	for (int i = 1; i < DECILES && n > 0; i++)
	{
		double		edge = values[order[(i * n + DECILES - 1) / DECILES - 1]];

		if (edge < values[order[n - 1]] && (n_edges == 0 || edge > edges[n_edges - 1]))
			edges[n_edges++] = edge;
	}
	return n_edges;
}

/* sorted values up to each edge, then those above the last */
static void
count_sorted(MlReference *reference, const double *values, const uint32 *order, int64 n)
{
	int64		at = 0;

	for (int bin = 0; bin < reference->bins; bin++)
	{
		int64		from = at;

		while (at < n && (bin == reference->bins - 1 || values[order[at]] <= reference->edges[bin]))
			at++;
		reference->counts[bin] = at - from;
	}
}

static void
sample_element(void *arg, int64_t block, int worker)
{
	ProfileJob *job = arg;
	MlReference *reference = &job->references[block];
	SampleScratch *scratch = &job->scratch[worker];
	int64		n = 0;

	if (reference->category)
		return;
	ml_column_gather(job->elements[block].column, job->elements[block].k, job->rows->order, job->sample, scratch->values, 1);
	for (int64 i = 0; i < job->sample; i++)
	{
		scratch->values[n] = scratch->values[i];
		n += !isnan(scratch->values[i]);
	}
	(void) mlk_argsort_f64(NULL, scratch->values, n, scratch->order, scratch->sort);
	reference->bins = place_edges(scratch->values, scratch->order, n, reference->edges) + 1;
	count_sorted(reference, scratch->values, scratch->order, n);
	reference->counts[reference->bins] = job->sample - n;
}

static void
profile_numbers(ProfileJob *job, MlkPool *pool)
{
	int			threads = mlk_pool_threads(pool);
	MlBudget   *budget = job->data->budget;
	const char *what = "the sample of the training distribution";

	job->sample = Min(job->rows->n_train, SAMPLE_ROWS);
	job->scratch = ml_palloc_array(threads, sizeof(SampleScratch));
	for (int i = 0; i < threads; i++)
	{
		job->scratch[i].values = ml_budget_alloc(budget, job->sample, sizeof(double), what);
		job->scratch[i].order = ml_budget_alloc(budget, job->sample, sizeof(uint32), what);
		job->scratch[i].sort = ml_budget_alloc(budget, mlk_argsort_scratch(job->sample), 1, what);
	}
	ml_check_status(mlk_parallel_for(pool, job->n, sample_element, job));
	for (int i = threads - 1; i >= 0; i--)
	{
		ml_budget_free(budget, job->scratch[i].sort);
		ml_budget_free(budget, job->scratch[i].order);
		ml_budget_free(budget, job->scratch[i].values);
	}
	pfree(job->scratch);
}

/* ---- counts of categories ---- */

static void
count_codes(void *arg, int64_t block, int worker)
{
	ProfileJob *job = arg;
	const MlColumn *column = job->elements[block].column;
	uint32	   *counts = job->code_counts[block];

	if (counts == NULL)
		return;
	for (int64 row = 0; row < job->data->rows; row++)
	{
		uint32		code = column->code[row >> ML_CHUNK_BITS][row & ML_CHUNK_MASK];

		counts[code == ML_NULL_CODE ? column->dict->n : code] += job->train[row];
	}
}

static bool
comes_before(const MlDictionary *dict, const uint32 *counts, uint32 a, uint32 b)
{
	if (counts[a] != counts[b])
		return counts[a] > counts[b];
	return strcmp(dict->text[a], dict->text[b]) < 0;
}

/* The most frequent codes by count, ties by text, into top; their number. */
static int
find_top(const MlDictionary *dict, const uint32 *counts, uint32 *top)
{
	int			n = 0;

	for (uint32 code = 0; code < dict->n; code++)
	{
		int			at;

		if (counts[code] == 0 || (n == TOP_CATEGORIES && !comes_before(dict, counts, code, top[n - 1])))
			continue;
		if (n < TOP_CATEGORIES)
			n++;
		for (at = n - 1; at > 0 && comes_before(dict, counts, code, top[at - 1]); at--)
			top[at] = top[at - 1];
		top[at] = code;
	}
	return n;
}

static void
fill_categories(MlReference *reference, const MlDictionary *dict, const uint32 *counts, int64 n_train)
{
	uint32		top[TOP_CATEGORIES];
	int			n = find_top(dict, counts, top);
	double		others = (double) n_train - counts[dict->n];

	reference->bins = n + 1;
	for (int i = 0; i < n; i++)
	{
		reference->labels[i] = pstrdup(dict->text[top[i]]);
		reference->counts[i] = counts[top[i]];
		others -= counts[top[i]];
	}
	reference->counts[n] = others;
	reference->counts[n + 1] = counts[dict->n];
}

static uint8 *
mark_training_rows(const ProfileJob *job)
{
	uint8	   *train = ml_budget_alloc(job->data->budget, job->data->rows, sizeof(uint8), "the mask of the training rows");

	memset(train, 1, job->data->rows);
	for (int64 i = job->rows->n_train; i < job->rows->n; i++)
		train[job->rows->order[i]] = 0;
	return train;
}

static bool
has_categories(const ProfileJob *job)
{
	for (int e = 0; e < job->n; e++)
		if (job->references[e].category)
			return true;
	return false;
}

static void
count_categories(ProfileJob *job, MlkPool *pool)
{
	MlBudget   *budget = job->data->budget;

	if (!has_categories(job))
		return;
	job->train = mark_training_rows(job);
	job->code_counts = ml_palloc_array(job->n, sizeof(uint32 *));
	for (int e = 0; e < job->n; e++)
	{
		Size		n = job->references[e].category ? (Size) job->elements[e].column->dict->n + 1 : 0;

		job->code_counts[e] = NULL;
		if (n == 0)
			continue;
		job->code_counts[e] = ml_budget_alloc(budget, n, sizeof(uint32), "counts of categories");
		memset(job->code_counts[e], 0, n * sizeof(uint32));
	}
	ml_check_status(mlk_parallel_for(pool, job->n, count_codes, job));
	for (int e = job->n - 1; e >= 0; e--)
	{
		if (job->code_counts[e] != NULL)
			fill_categories(&job->references[e], job->elements[e].column->dict, job->code_counts[e], job->rows->n_train);
		ml_budget_free(budget, job->code_counts[e]);
	}
	pfree(job->code_counts);
	ml_budget_free(budget, job->train);
}

/* ---- all together ---- */

static void
init_reference(MlReference *reference, const MlColumn *column, int k)
{
	reference->category = column->code != NULL;
	reference->feature = column->type == ML_TYPE_ARRAY ? psprintf("%s[%d]", column->name, k + 1) : pstrdup(column->name);
	if (reference->category)
		reference->labels = palloc0(TOP_CATEGORIES * sizeof(char *));
	else
		reference->edges = palloc0(MAX_EDGES * sizeof(double));
	reference->counts = palloc0((Max(TOP_CATEGORIES, DECILES) + 2) * sizeof(double));
}

/* One reference an element, in the order of the features. */
static void
init_job(ProfileJob *job, const int *features, int n_features)
{
	int			e = 0;

	for (int i = 0; i < n_features; i++)
		job->n += job->data->columns[features[i]].width;
	job->references = ml_palloc_array(job->n, sizeof(MlReference));
	memset(job->references, 0, job->n * sizeof(MlReference));
	job->elements = ml_palloc_array(job->n, sizeof(Element));
	for (int i = 0; i < n_features; i++)
	{
		const MlColumn *column = &job->data->columns[features[i]];

		for (int k = 0; k < column->width; k++, e++)
		{
			job->elements[e].column = column;
			job->elements[e].k = k;
			init_reference(&job->references[e], column, k);
		}
	}
}

MlReference *
ml_profile_reference(const MlDataset *data, const MlRows *rows, const int *features,
					 int n_features, MlkPool *pool, int *n)
{
	ProfileJob	job = {data, rows};

	init_job(&job, features, n_features);
	profile_numbers(&job, pool);
	count_categories(&job, pool);
	pfree(job.elements);
	*n = job.n;
	return job.references;
}
