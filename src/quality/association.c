/*
 * association.c: the columns of a source by what they say about a target: mutual information.
 *
 * Two discrete columns are counted, over all rows.  Where one is continuous, the estimate by nearest neighbours is taken on the first
 * SAMPLE_ROWS rows in canonical order that have both values: a uniform sample that does not depend on the order of the table.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"

#include "interrupts.h"
#include "kernels/contingency.h"
#include "kernels/mutual.h"
#include "quality/associate.h"

#define SAMPLE_ROWS 10000
#define FEW_VALUES 20			/* whole numbers of no more values are discrete */
#define LARGE_ROWS (4 * 1024 * 1024)	/* over it a column is too long for one thread's block */

/* a column as the estimators want it */
typedef struct Side
{
	const MlColumn *column;
	bool		discrete;
	uint32	  **code;			/* per chunk, discrete */
	uint32		n_codes;
} Side;

typedef struct AssociationJob
{
	MlDataset  *data;
	MlkPool    *pool;
	MlBudget   *budget;
	const uint32 *order;		/* canonical order of the rows; NULL when nothing is continuous */
	Side		target;
	Side	   *feature;
	MlAssociation *result;
	int			n;
	Size		scratch_bytes;	/* a thread */
	char	   *scratch;
} AssociationJob;

/* ---- discrete or continuous ---- */

/* place of value among sorted values[n], or -1 */
static int
find_value(const double *values, int n, double value)
{
	for (int i = 0; i < n; i++)
		if (values[i] == value)
			return i;
	return -1;
}

/* the distinct values of a column of whole numbers; more than FEW_VALUES: -1 */
static int
few_values(const MlDataset *data, const MlColumn *column, double *values)
{
	int			n = 0;

	for (int64 row = 0; row < data->rows; row++)
	{
		double		x = column->number[row >> ML_CHUNK_BITS][row & ML_CHUNK_MASK];

		if ((row & ML_CHUNK_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
		if (isnan(x) || find_value(values, n, x) >= 0)
			continue;
		if (n == FEW_VALUES)
			return -1;
		values[n++] = x;
	}
	return n;
}

static void
make_codes(AssociationJob *job, Side *side, const double *values, int n)
{
	int64		chunks = (job->data->rows + ML_CHUNK_ROWS - 1) >> ML_CHUNK_BITS;

	side->code = ml_palloc_array(chunks + 1, sizeof(uint32 *));
	side->n_codes = n;
	side->discrete = true;
	for (int64 c = 0; c < chunks; c++)
	{
		int64		rows = Min(job->data->rows - c * ML_CHUNK_ROWS, ML_CHUNK_ROWS);

		CHECK_FOR_INTERRUPTS();
		side->code[c] = ml_budget_alloc(job->budget, rows, sizeof(uint32), "codes");
		for (int64 i = 0; i < rows; i++)
		{
			double		x = side->column->number[c][i];

			side->code[c][i] = isnan(x) ? ML_NULL_CODE : (uint32) find_value(values, n, x);
		}
	}
}

static void
take_side(AssociationJob *job, Side *side, const MlColumn *column)
{
	double		values[FEW_VALUES];
	int			n;

	*side = (Side) {.column = column};
	if (column->code != NULL)
	{
		side->discrete = true;
		side->code = column->code;
		side->n_codes = column->dict->n;
	}
	else if (column->type == ML_TYPE_BOOL || column->type == ML_TYPE_INTEGER)
	{
		n = few_values(job->data, column, values);
		if (n >= 0)
			make_codes(job, side, values, n);
	}
}

/* ---- one feature ---- */

static inline uint32
code_at(const Side *side, int64 row)
{
	return side->code[row >> ML_CHUNK_BITS][row & ML_CHUNK_MASK];
}

static inline double
number_at(const Side *side, int64 row)
{
	return side->column->number[row >> ML_CHUNK_BITS][row & ML_CHUNK_MASK];
}

static MlkStatus
associate_codes(const AssociationJob *job, MlkPool *pool, const Side *feature, MlAssociation *out, char *scratch)
{
	int64		rows = job->data->rows;
	uint32	   *a = (uint32 *) scratch;
	uint32	   *b = a + rows;
	double		entropy = 0.0;
	int64		n = 0;
	MlkStatus	status;

	for (int64 row = 0; row < rows; row++)
	{
		a[n] = code_at(feature, row);
		b[n] = code_at(&job->target, row);
		n += a[n] != ML_NULL_CODE && b[n] != ML_NULL_CODE;
	}
	status = mlk_mutual_codes(pool, a, b, n, feature->n_codes, job->target.n_codes, b + rows, &out->information, &entropy);
	out->rows = n;
	out->method = "counts";
	out->share = entropy > 0.0 ? out->information / entropy : get_float8_nan();
	return status;
}

static double
entropy_of(const uint32 *code, int64 n, uint32 n_codes, int64 *count)
{
	double		sum = 0.0;

	memset(count, 0, n_codes * sizeof(int64));
	for (int64 i = 0; i < n; i++)
		count[code[i]]++;
	for (uint32 c = 0; c < n_codes; c++)
		if (count[c] > 0)
			sum -= (double) count[c] / n * log((double) count[c] / n);
	return sum;
}

/* values of a continuous side and codes of the other one, of rows that have both */
static int64
sample_mixed(const AssociationJob *job, const Side *number, const Side *codes, double *x, uint32 *code)
{
	int64		n = 0;

	for (int64 i = 0; i < job->data->rows && n < SAMPLE_ROWS; i++)
	{
		x[n] = number_at(number, job->order[i]);
		code[n] = code_at(codes, job->order[i]);
		n += isfinite(x[n]) && code[n] != ML_NULL_CODE;
	}
	return n;
}

static void
associate_mixed(const AssociationJob *job, const Side *feature, MlAssociation *out, char *scratch)
{
	const Side *number = feature->discrete ? &job->target : feature;
	const Side *codes = feature->discrete ? feature : &job->target;
	double	   *x = (double *) scratch;
	uint32	   *code = (uint32 *) (x + SAMPLE_ROWS);
	void	   *room = code + SAMPLE_ROWS;
	double		entropy;

	out->rows = sample_mixed(job, number, codes, x, code);
	mlk_mutual_prepare(x, out->rows, 0);
	out->information = mlk_mutual_mixed(x, code, out->rows, codes->n_codes, MLK_MUTUAL_NEIGHBOURS, room);
	if (feature->discrete)
		return;
	entropy = entropy_of(code, out->rows, codes->n_codes, room);
	out->share = entropy > 0.0 ? out->information / entropy : get_float8_nan();
}

static void
associate_numbers(const AssociationJob *job, const Side *feature, MlAssociation *out, char *scratch)
{
	double	   *x = (double *) scratch;
	double	   *y = x + SAMPLE_ROWS;
	int64		n = 0;

	for (int64 i = 0; i < job->data->rows && n < SAMPLE_ROWS; i++)
	{
		x[n] = number_at(feature, job->order[i]);
		y[n] = number_at(&job->target, job->order[i]);
		n += isfinite(x[n]) && isfinite(y[n]);
	}
	mlk_mutual_prepare(x, n, 0);
	mlk_mutual_prepare(y, n, 1);
	out->rows = n;
	out->information = mlk_mutual_numbers(x, y, n, MLK_MUTUAL_NEIGHBOURS, y + SAMPLE_ROWS);
}

static MlkStatus
associate(const AssociationJob *job, MlkPool *pool, int i, char *scratch)
{
	const Side *feature = &job->feature[i];
	MlAssociation *out = &job->result[i];

	if (feature->discrete && job->target.discrete)
		return associate_codes(job, pool, feature, out, scratch);
	out->method = "nearest_neighbours";
	if (feature->discrete || job->target.discrete)
		associate_mixed(job, feature, out, scratch);
	else
		associate_numbers(job, feature, out, scratch);
	return MLK_OK;
}

/* ---- all features ---- */

static Size
scratch_for(const AssociationJob *job, const Side *feature)
{
	Size		rows = job->data->rows;
	uint32		n_codes = feature->discrete ? feature->n_codes : job->target.n_codes;

	if (feature->discrete && job->target.discrete)
		return rows * 2 * sizeof(uint32) + mlk_mutual_codes_scratch(rows, feature->n_codes, job->target.n_codes);
	if (feature->discrete || job->target.discrete)
		return SAMPLE_ROWS * (sizeof(double) + sizeof(uint32)) + mlk_mutual_mixed_scratch(SAMPLE_ROWS, n_codes);
	return SAMPLE_ROWS * 2 * sizeof(double) + mlk_mutual_numbers_scratch(SAMPLE_ROWS);
}

static void
associate_block(void *arg, int64_t block, int worker)
{
	AssociationJob *job = arg;

	(void) associate(job, NULL, (int) block, job->scratch + worker * job->scratch_bytes);
}

static void
associate_all(AssociationJob *job)
{
	bool		large = job->data->rows > LARGE_ROWS;
	int			threads = large ? 1 : mlk_pool_threads(job->pool);

	job->scratch_bytes = 64;
	for (int i = 0; i < job->n; i++)
		job->scratch_bytes = Max(job->scratch_bytes, TYPEALIGN(64, scratch_for(job, &job->feature[i])));
	job->scratch = ml_budget_alloc(job->budget, threads, job->scratch_bytes, "pairs of columns");
	if (!large)
		ml_check_status(mlk_parallel_for(job->pool, job->n, associate_block, job));
	for (int i = 0; i < job->n && large; i++)
	{
		CHECK_FOR_INTERRUPTS();
		ml_check_status(associate(job, job->pool, i, job->scratch));
	}
}

static void
order_rows(AssociationJob *job)
{
	MlSplit		split = {.method = ML_SPLIT_NONE};
	int		   *used = ml_palloc_array(job->data->n_columns + 1, sizeof(int));
	bool		continuous = !job->target.discrete;

	for (int i = 0; i < job->data->n_columns; i++)
		used[i] = i;
	for (int i = 0; i < job->n; i++)
		continuous |= !job->feature[i].discrete;
	if (continuous)
		job->order = ml_rows_order(job->data, used, job->data->n_columns, -1, -1, &split, 0, job->pool)->order;
}

static int
compare_associations(const void *a, const void *b)
{
	const MlAssociation *x = a;
	const MlAssociation *y = b;

	if (x->information != y->information)
		return x->information > y->information ? -1 : 1;
	return strcmp(x->feature, y->feature);
}

/* the target is asked for first, and rows without it are left out */
static MlDataset *
load(MlSource *source, const char *target, char **columns, int n_columns, MlBudget *budget, MlkPool *pool)
{
	char	   *name = pstrdup(target);
	int			n;
	int		   *place = ml_associate_columns(source, &name, 1, NULL, &n);
	int		   *places;
	MlColumnRequest *request;
	MlDataset  *data;

	places = ml_associate_columns(source, columns, n_columns, target, &n);
	request = ml_palloc_array(n + 1, sizeof(MlColumnRequest));
	request[0] = (MlColumnRequest) {place[0] + 1, ML_ROLE_FEATURE, true};
	for (int i = 0; i < n; i++)
		request[i + 1] = (MlColumnRequest) {places[i] + 1, ML_ROLE_FEATURE, false};
	data = ml_dataset_load(source, request, n + 1, budget, pool);
	if (data->rows == 0 && data->skipped > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA),
				 errmsg("target column \"%s\" is NULL in all rows", target)));
	if (data->rows == 0)
		ml_source_no_rows(source);
	return data;
}

MlAssociation *
ml_associations(MlSource *source, const char *target, char **columns, int n_columns,
				MlBudget *budget, MlkPool *pool, int *n)
{
	AssociationJob job = {.pool = pool, .budget = budget};

	job.data = load(source, target, columns, n_columns, budget, pool);
	job.n = job.data->n_columns - 1;
	job.feature = ml_palloc_array(job.n + 1, sizeof(Side));
	job.result = ml_palloc_array(job.n + 1, sizeof(MlAssociation));
	take_side(&job, &job.target, &job.data->columns[0]);
	for (int i = 0; i < job.n; i++)
	{
		take_side(&job, &job.feature[i], &job.data->columns[i + 1]);
		job.result[i] = (MlAssociation) {.feature = job.data->columns[i + 1].name, .share = get_float8_nan()};
	}
	order_rows(&job);
	associate_all(&job);
	qsort(job.result, job.n, sizeof(MlAssociation), compare_associations);
	*n = job.n;
	return job.result;
}
