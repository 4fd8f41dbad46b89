/*
 * profile.c: the distribution of the training rows that a version keeps, for drift.
 *
 * Numbers: deciles of a sample, then counts over all training rows.  The first training rows in canonical order are a
 * uniform sample, since that order is a hash; it only places the edges.  Counting reads the columns in physical order under a
 * mask of the training rows: for each edge it adds up how many values lie above it, a loop without a branch or a
 * scatter, and the bins are differences of those sums.  Sums of whole numbers do not depend on who added them, so
 * each thread has its own.
 */
#include "postgres.h"

#include "interrupts.h"
#include "kernels/sort.h"

#include "dataset/dataset.h"

#define DECILES 10
#define MAX_EDGES (DECILES - 1)
#define TOP_CATEGORIES 20
#define SAMPLE_ROWS 65536
#define SAMPLE_ROWS_WIDE 16384	/* for more than WIDE elements, as embeddings have */
#define WIDE 64
#define COUNT_BLOCK 2048		/* rows: values and mask fit in the first-level cache; divides ML_CHUNK_ROWS */

/* one element of one feature */
typedef struct Element
{
	const MlColumn *column;
	int			k;
} Element;

/* of one element, by one thread */
typedef struct AboveCounts
{
	uint64		above[MAX_EDGES];
	uint64		missing;
} AboveCounts;

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
	const uint8 *train;			/* one a row: 1 = training row */
	AboveCounts *counts;		/* [thread * n + element] */
	uint32	  **code_counts;	/* categories: [code], the last one is NULL; else NULL */
} ProfileJob;

/* ---- edges ---- */

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
}

static void
find_edges(ProfileJob *job, MlkPool *pool)
{
	int			threads = mlk_pool_threads(pool);
	MlBudget   *budget = job->data->budget;
	const char *what = "the sample of the training distribution";

	job->sample = Min(job->rows->n_train, job->n > WIDE ? SAMPLE_ROWS_WIDE : SAMPLE_ROWS);
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

/* ---- counts of numbers ---- */

/* two lanes, which every 64-bit machine has; written out, since the compiler leaves the plain loop scalar there */
typedef double NumberLanes __attribute__((vector_size(16)));
typedef int64 MaskLanes __attribute__((vector_size(16)));

/* How many values under the mask (0 or 1 a row) are above edge; NaN never is. */
static uint64
count_above(const double *x, const uint64 *mask, double edge)
{
	NumberLanes edges = {edge, edge};
	MaskLanes	sum = {0, 0};

	for (int i = 0; i < COUNT_BLOCK; i += 2)
	{
		NumberLanes values;
		MaskLanes	rows;

		memcpy(&values, &x[i], sizeof(values));
		memcpy(&rows, &mask[i], sizeof(rows));
		sum += (MaskLanes) (values > edges) & rows;
	}
	return (uint64) (sum[0] + sum[1]);
}

static uint64
count_missing(const double *x, const uint64 *mask)
{
	uint64		count = 0;

	for (int i = 0; i < COUNT_BLOCK; i++)
		count += -(uint64) (x[i] != x[i]) & mask[i];
	return count;
}

/* Values of one element in rows [from, from + n), COUNT_BLOCK of them: where they are when they lie so, else in copy. */
static const double *
block_values(const Element *element, int64 from, int64 n, double *copy)
{
	const MlColumn *column = element->column;
	const double *x = column->number[from >> ML_CHUNK_BITS] + (from & ML_CHUNK_MASK) * column->width + element->k;

	if (column->width == 1 && n == COUNT_BLOCK)
		return x;
	for (int64 i = 0; i < n; i++)
		copy[i] = x[i * column->width];
	return copy;
}

static void
count_block(void *arg, int64_t block, int worker)
{
	ProfileJob *job = arg;
	int64		from = block * COUNT_BLOCK;
	int64		n = Min(job->data->rows - from, COUNT_BLOCK);
	uint64		mask[COUNT_BLOCK];
	double		copy[COUNT_BLOCK] = {0};

	for (int64 i = 0; i < COUNT_BLOCK; i++)
		mask[i] = i < n ? job->train[from + i] : 0;
	for (int e = 0; e < job->n; e++)
	{
		const MlReference *reference = &job->references[e];
		AboveCounts *counts = &job->counts[(int64) worker * job->n + e];
		const double *x;

		if (reference->category)
			continue;
		x = block_values(&job->elements[e], from, n, copy);
		for (int i = 0; i < reference->bins - 1; i++)
			counts->above[i] += count_above(x, mask, reference->edges[i]);
		counts->missing += count_missing(x, mask);
	}
}

/* Sums above the edges, of all threads, become bins. */
static void
fill_bins(ProfileJob *job, int e, int threads)
{
	MlReference *reference = &job->references[e];
	AboveCounts total = {{0}, 0};
	double		rest;

	for (int worker = 0; worker < threads; worker++)
	{
		const AboveCounts *counts = &job->counts[(int64) worker * job->n + e];

		for (int i = 0; i < MAX_EDGES; i++)
			total.above[i] += counts->above[i];
		total.missing += counts->missing;
	}
	rest = (double) (job->rows->n_train - (int64) total.missing);
	for (int i = 0; i < reference->bins - 1; i++)
	{
		reference->counts[i] = rest - (double) total.above[i];
		rest = (double) total.above[i];
	}
	reference->counts[reference->bins - 1] = rest;
	reference->counts[reference->bins] = (double) total.missing;
}

static void
count_numbers(ProfileJob *job, MlkPool *pool)
{
	int			threads = mlk_pool_threads(pool);
	Size		n_counts = (Size) threads * job->n;

	job->counts = ml_palloc_array(n_counts, sizeof(AboveCounts));
	memset(job->counts, 0, n_counts * sizeof(AboveCounts));
	ml_check_status(mlk_parallel_for(pool, (job->data->rows + COUNT_BLOCK - 1) / COUNT_BLOCK, count_block, job));
	for (int e = 0; e < job->n; e++)
		if (!job->references[e].category)
			fill_bins(job, e, threads);
	pfree(job->counts);
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

static void
count_categories(ProfileJob *job, MlkPool *pool)
{
	MlBudget   *budget = job->data->budget;

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
	uint8	   *train = ml_budget_alloc(data->budget, data->rows, sizeof(uint8), "the mask of the training rows");

	memset(train, 1, data->rows);
	for (int64 i = rows->n_train; i < rows->n; i++)
		train[rows->order[i]] = 0;
	job.train = train;
	init_job(&job, features, n_features);
	find_edges(&job, pool);
	count_numbers(&job, pool);
	count_categories(&job, pool);
	ml_budget_free(data->budget, train);
	pfree(job.elements);
	*n = job.n;
	return job.references;
}
