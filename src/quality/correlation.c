/*
 * correlation.c: correlations of all pairs of columns.
 *
 * Pearson's come from blocked matrix products, Spearman's from the same over ranks.  The rest, and pairs whose ranks depend on
 * which rows both columns have, are done pair by pair on threads: the rows of the pair are gathered, then asked.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"

#include "interrupts.h"
#include "kernels/contingency.h"
#include "kernels/correlate.h"
#include "quality/associate.h"

#define LARGE_ROWS (4 * 1024 * 1024)	/* over it a pair is too long for one thread's block */

const char *const ml_correlation_names[ML_CORRELATION_METHODS] = {
	"auto", "pearson", "spearman", "cramers_v", "cramers_v_corrected", "correlation_ratio"
};

typedef struct CorrelationJob
{
	MlDataset  *data;
	MlkPool    *pool;
	MlBudget   *budget;
	MlCorrelation *pairs;
	int		   *left;			/* of each pair */
	int		   *right;
	int64		n;
	int64	   *todo;			/* pairs that are done one by one */
	int64		n_todo;
	bool		large;
	Size		scratch_bytes;	/* a thread */
	char	   *scratch;
} CorrelationJob;

static bool
is_category(const MlColumn *column)
{
	return column->code != NULL;
}

/* ---- which columns, as what ---- */

static bool
wants_categories(MlCorrelationMethod method)
{
	return method == ML_CORRELATION_CRAMERS_V || method == ML_CORRELATION_CRAMERS_V_CORRECTED;
}

/*
 * Role of a column, or -1: of no use to the method.  Cramer's V takes categories and booleans, and whole numbers when they are named: their
 * values are then categories.
 */
static int
role_for(MlCorrelationMethod method, MlType type, bool named)
{
	bool		category = type == ML_TYPE_CATEGORY;

	if (wants_categories(method))
		return category || type == ML_TYPE_BOOL || (named && type == ML_TYPE_INTEGER) ? ML_ROLE_TARGET_LABEL : -1;
	if ((method == ML_CORRELATION_PEARSON || method == ML_CORRELATION_SPEARMAN) && category)
		return -1;
	return ML_ROLE_FEATURE;
}

static MlColumnRequest *
request_columns(const MlSource *source, MlCorrelationMethod method, char **columns, int n_columns, int *n)
{
	int		   *places = ml_associate_columns(source, columns, n_columns, NULL, n);
	MlColumnRequest *request = ml_palloc_array(*n + 1, sizeof(MlColumnRequest));
	int			used = 0;

	memset(request, 0, (*n + 1) * sizeof(MlColumnRequest));
	for (int i = 0; i < *n; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(source->desc, places[i]);
		MlType		type;
		int			role;

		(void) ml_type_classify(attribute->atttypid, &type);
		role = role_for(method, type, columns != NULL);
		if (role < 0 && columns != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of type %s has no %s", NameStr(attribute->attname),
							format_type_be(attribute->atttypid), ml_correlation_names[method]),
					 wants_categories(method) ?
					 errhint("It compares categories: texts, booleans and whole numbers. Use method => 'auto' for numbers too.") :
					 errhint("It compares numbers. Use method => 'auto' for categories too.")));
		if (role < 0)
			continue;
		request[used].attnum = places[i] + 1;
		request[used++].role = role;
	}
	*n = used;
	return request;
}

/* ---- pairs ---- */

static MlCorrelationMethod
method_for(MlCorrelationMethod asked, const MlColumn *a, const MlColumn *b)
{
	if (asked != ML_CORRELATION_AUTO)
		return asked;
	if (is_category(a) && is_category(b))
		return ML_CORRELATION_CRAMERS_V;
	return is_category(a) || is_category(b) ? ML_CORRELATION_RATIO : ML_CORRELATION_PEARSON;
}

static void
list_pairs(CorrelationJob *job, MlCorrelationMethod method)
{
	const MlColumn *columns = job->data->columns;
	Size		most = (Size) job->data->n_columns * (job->data->n_columns - 1) / 2 + 1;

	job->pairs = ml_palloc_array(most, sizeof(MlCorrelation));
	job->left = ml_palloc_array(most, sizeof(int));
	job->right = ml_palloc_array(most, sizeof(int));
	job->todo = ml_palloc_array(most, sizeof(int64));
	for (int i = 0; i < job->data->n_columns; i++)
		for (int j = i + 1; j < job->data->n_columns; j++)
		{
			/* the ratio is between a category and a number only */
			if (method == ML_CORRELATION_RATIO && is_category(&columns[i]) == is_category(&columns[j]))
				continue;
			job->left[job->n] = i;
			job->right[job->n] = j;
			job->pairs[job->n++] = (MlCorrelation) {columns[i].name, columns[j].name,
				method_for(method, &columns[i], &columns[j]), NAN, 0};
		}
}

/* ---- one pair: its rows gathered ---- */

static inline double
number_at(const MlColumn *column, int64 row)
{
	return column->number[row >> ML_CHUNK_BITS][row & ML_CHUNK_MASK];
}

static inline uint32
code_at(const MlColumn *column, int64 row)
{
	return column->code[row >> ML_CHUNK_BITS][row & ML_CHUNK_MASK];
}

/* finite: infinities are no numbers either; ranks know them */
static int64
gather_numbers(const CorrelationJob *job, const MlColumn *a, const MlColumn *b, bool finite, double *x, double *y)
{
	int64		n = 0;

	for (int64 row = 0; row < job->data->rows; row++)
	{
		x[n] = number_at(a, row);
		y[n] = number_at(b, row);
		n += finite ? isfinite(x[n]) && isfinite(y[n]) : !isnan(x[n]) && !isnan(y[n]);
	}
	return n;
}

static MlkStatus
correlate_numbers(const CorrelationJob *job, MlkPool *pool, MlCorrelation *pair, const MlColumn *a, const MlColumn *b, char *scratch)
{
	bool		ranks = pair->method == ML_CORRELATION_SPEARMAN;
	int64		rows = job->data->rows;
	double	   *x = (double *) scratch;
	double	   *y = x + rows;
	double	   *rank = y + rows;
	MlkStatus	status = MLK_OK;

	pair->rows = gather_numbers(job, a, b, !ranks, x, y);
	if (ranks)
	{
		status = mlk_ranks(pool, x, pair->rows, rank, rank + rows);
		memcpy(x, rank, pair->rows * sizeof(double));
		if (status == MLK_OK)
			status = mlk_ranks(pool, y, pair->rows, rank, rank + rows);
		y = rank;
	}
	pair->value = pair->rows > 1 ? mlk_correlation(x, y, pair->rows) : NAN;
	return status;
}

static MlkStatus
correlate_categories(const CorrelationJob *job, MlkPool *pool, MlCorrelation *pair, const MlColumn *a, const MlColumn *b, char *scratch)
{
	uint32	   *x = (uint32 *) scratch;
	uint32	   *y = x + job->data->rows;
	void	   *room = scratch + job->data->rows * 2 * sizeof(uint32);
	MlkContingency table;
	MlkStatus	status;
	int64		n = 0;

	for (int64 row = 0; row < job->data->rows; row++)
	{
		x[n] = code_at(a, row);
		y[n] = code_at(b, row);
		n += x[n] != ML_NULL_CODE && y[n] != ML_NULL_CODE;
	}
	status = mlk_contingency_count(pool, x, y, n, a->dict->n, b->dict->n, room, &table);
	pair->rows = n;
	if (n > 0 && status == MLK_OK)
		pair->value = mlk_contingency_cramer(&table, pair->method == ML_CORRELATION_CRAMERS_V_CORRECTED);
	return status;
}

static void
correlate_mixed(const CorrelationJob *job, MlCorrelation *pair, const MlColumn *category, const MlColumn *number, char *scratch)
{
	double	   *x = (double *) scratch;
	double	   *sums = x + job->data->rows;
	uint32	   *code = (uint32 *) (sums + 2 * (Size) category->dict->n);
	int64		n = 0;

	for (int64 row = 0; row < job->data->rows; row++)
	{
		x[n] = number_at(number, row);
		code[n] = code_at(category, row);
		n += isfinite(x[n]) && code[n] != ML_NULL_CODE;
	}
	pair->rows = n;
	pair->value = n > 0 ? mlk_correlation_ratio(x, code, n, category->dict->n, sums) : NAN;
}

static MlkStatus
correlate_pair(const CorrelationJob *job, MlkPool *pool, int64 i, char *scratch)
{
	const MlColumn *a = &job->data->columns[job->left[i]];
	const MlColumn *b = &job->data->columns[job->right[i]];

	if (is_category(a) && is_category(b))
		return correlate_categories(job, pool, &job->pairs[i], a, b, scratch);
	if (!is_category(a) && !is_category(b))
		return correlate_numbers(job, pool, &job->pairs[i], a, b, scratch);
	correlate_mixed(job, &job->pairs[i], is_category(a) ? a : b, is_category(a) ? b : a, scratch);
	return MLK_OK;
}

static Size
pair_scratch(const CorrelationJob *job, int64 i)
{
	const MlColumn *a = &job->data->columns[job->left[i]];
	const MlColumn *b = &job->data->columns[job->right[i]];
	Size		rows = job->data->rows;

	if (is_category(a) && is_category(b))
		return rows * 2 * sizeof(uint32) + mlk_contingency_scratch(rows, a->dict->n, b->dict->n);
	if (!is_category(a) && !is_category(b))
		return rows * 3 * sizeof(double) + mlk_ranks_scratch(rows);
	return rows * (sizeof(double) + sizeof(uint32)) + 2 * sizeof(double) * (Size) (is_category(a) ? a : b)->dict->n;
}

static void
pair_block(void *arg, int64_t block, int worker)
{
	CorrelationJob *job = arg;

	(void) correlate_pair(job, NULL, job->todo[block], job->scratch + worker * job->scratch_bytes);
}

static void
correlate_pairs(CorrelationJob *job)
{
	int			threads = job->large ? 1 : mlk_pool_threads(job->pool);

	job->scratch_bytes = 64;
	for (int64 t = 0; t < job->n_todo; t++)
		job->scratch_bytes = Max(job->scratch_bytes, TYPEALIGN(64, pair_scratch(job, job->todo[t])));
	job->scratch = ml_budget_alloc(job->budget, threads, job->scratch_bytes, "pairs of columns");
	if (!job->large)
		ml_check_status(mlk_parallel_for(job->pool, job->n_todo, pair_block, job));
	for (int64 t = 0; t < job->n_todo && job->large; t++)
	{
		CHECK_FOR_INTERRUPTS();
		ml_check_status(correlate_pair(job, job->pool, job->todo[t], job->scratch));
	}
	ml_budget_free(job->budget, job->scratch);
}

/* ---- all numbers at once ---- */

/* the numbers of the job as chunks, and their moments */
typedef struct Numbers
{
	CorrelationJob *job;
	int		   *column;			/* [p] in the dataset */
	int		   *place;			/* [columns] in the panel, or -1 */
	int			p;
	const double *const **chunks;
	MlkMoments *moments;
} Numbers;

static void
moments_block(void *arg, int64_t block, int worker)
{
	Numbers    *numbers = arg;
	int64		rows = numbers->job->data->rows;

	mlk_moments_init(&numbers->moments[block]);
	for (int64 from = 0; from < rows; from += ML_CHUNK_ROWS)
		mlk_moments_add(&numbers->moments[block], numbers->chunks[block][from >> ML_CHUNK_BITS], 1,
						Min(rows - from, ML_CHUNK_ROWS));
}

/* Ranks in place of the values of a column without missing ones; others keep their values, and are done pair by pair. */
static void
rank_columns(Numbers *numbers)
{
	CorrelationJob *job = numbers->job;
	int64		rows = job->data->rows;
	int64		chunks = (rows + ML_CHUNK_ROWS - 1) >> ML_CHUNK_BITS;
	double	   *x = ml_budget_alloc(job->budget, rows, sizeof(double), "ranks");
	void	   *scratch = ml_budget_alloc(job->budget, mlk_ranks_scratch(rows) + 1, 1, "ranks");

	for (int k = 0; k < numbers->p; k++)
	{
		MlColumn   *column = &job->data->columns[numbers->column[k]];
		double	   *rank;
		const double **list;

		CHECK_FOR_INTERRUPTS();
		if (column->nulls + column->nans > 0)
			continue;
		rank = ml_budget_alloc(job->budget, rows, sizeof(double), "ranks");
		list = ml_palloc_array(chunks + 1, sizeof(double *));
		for (int64 c = 0; c < chunks; c++)
		{
			memcpy(x + c * ML_CHUNK_ROWS, column->number[c], Min(rows - c * ML_CHUNK_ROWS, ML_CHUNK_ROWS) * sizeof(double));
			list[c] = rank + c * ML_CHUNK_ROWS;
		}
		ml_check_status(mlk_ranks(job->pool, x, rows, rank, scratch));
		numbers->chunks[k] = list;
	}
	ml_budget_free(job->budget, scratch);
	ml_budget_free(job->budget, x);
}

static void
find_numbers(Numbers *numbers, CorrelationJob *job, bool ranks)
{
	int			n = job->data->n_columns;

	numbers->job = job;
	numbers->column = ml_palloc_array(n + 1, sizeof(int));
	numbers->place = ml_palloc_array(n + 1, sizeof(int));
	numbers->chunks = ml_palloc_array(n + 1, sizeof(double *));
	numbers->moments = ml_palloc_array(n + 1, sizeof(MlkMoments));
	for (int i = 0; i < n; i++)
	{
		const MlColumn *column = &job->data->columns[i];

		numbers->place[i] = -1;
		if (is_category(column) || (ranks && column->nulls + column->nans > 0))
			continue;
		numbers->place[i] = numbers->p;
		numbers->column[numbers->p] = i;
		numbers->chunks[numbers->p++] = (const double *const *) column->number;
	}
	if (ranks)
		rank_columns(numbers);
	ml_check_status(mlk_parallel_for(job->pool, numbers->p, moments_block, numbers));
}

/* Pairs of numbers that the products answer; the rest is put on the list of what is done one by one. */
static void
take_products(CorrelationJob *job, const Numbers *numbers, const MlkCorrelate *c)
{
	for (int64 i = 0; i < job->n; i++)
	{
		int			a = numbers->place[job->left[i]];
		int			b = numbers->place[job->right[i]];
		bool		exact = false;

		CHECK_FOR_INTERRUPTS();
		if (a >= 0 && b >= 0)
			job->pairs[i].value = mlk_correlate_pair(c, a, b, &job->pairs[i].rows, &exact);
		if (!exact)
			job->todo[job->n_todo++] = i;
	}
}

static void
correlate_by_products(CorrelationJob *job, MlCorrelationMethod method)
{
	Numbers		numbers = {0};
	MlkCorrelate c = {0};
	double		doubles;
	double	   *memory;

	find_numbers(&numbers, job, method == ML_CORRELATION_SPEARMAN);
	doubles = mlk_correlate_plan(&c, job->data->rows, numbers.p, numbers.moments, mlk_pool_threads(job->pool));
	memory = ml_budget_alloc(job->budget, (Size) doubles + 1, sizeof(double), "products of columns");
	c.column = numbers.chunks;
	c.chunk_bits = ML_CHUNK_BITS;
	mlk_correlate_start(&c, memory, numbers.moments);
	while (c.rounds.next < c.rounds.blocks)
	{
		CHECK_FOR_INTERRUPTS();
		ml_check_status(mlk_correlate_round(&c, job->pool));
	}
	mlk_correlate_finish(&c);
	take_products(job, &numbers, &c);
	ml_budget_free(job->budget, memory);
}

MlCorrelation *
ml_correlations(MlSource *source, MlCorrelationMethod method, char **columns, int n_columns,
				MlBudget *budget, MlkPool *pool, int *n)
{
	CorrelationJob job = {.pool = pool, .budget = budget};
	int			n_request;
	MlColumnRequest *request = request_columns(source, method, columns, n_columns, &n_request);

	job.data = ml_dataset_load(source, request, n_request, budget, pool);
	if (job.data->rows == 0)
		ml_source_no_rows(source);
	job.large = job.data->rows > LARGE_ROWS;
	list_pairs(&job, method);
	if (wants_categories(method) || method == ML_CORRELATION_RATIO)
		while (job.n_todo < job.n)
		{
			job.todo[job.n_todo] = job.n_todo;
			job.n_todo++;
		}
	else
		correlate_by_products(&job, method);
	correlate_pairs(&job);
	*n = (int) job.n;
	return job.pairs;
}
