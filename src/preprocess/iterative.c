/*
 * iterative.c: "impute": "iterative": each column from all others by regression, round after round, as scikit-learn's
 * IterativeImputer with its defaults: Bayesian ridge without sampling, the means to begin with, columns in ascending order of their
 * missing values.
 *
 * A row is imputed by going through the same regressions in the same order, so all of all rounds are kept.  Regressions are
 * fitted on the triangular factor of the rows that have the column: a row that has not weighs nothing.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "dataset/bigmem.h"
#include "interrupts.h"
#include "kernels/bayesian.h"
#include "kernels/qr.h"
#include "kernels/vector.h"
#include "preprocess/joint.h"

#define MAX_ROUNDS 1000
#define MAX_COLUMNS 1000
#define MAX_COEFFICIENTS (32 * 1024 * 1024)

enum
{
	OPTION_MAX_ITER,
	OPTION_TOL
};

static const MlOptionSpec options[] = {
	{.name = "max_iter",.type = ML_OPTION_NUMBER,.fallback = 10,.min = 0,.max = MAX_ROUNDS,.integral = true,
	.help = "rounds of \"impute\": \"iterative\" at most"},
	{.name = "tol",.type = ML_OPTION_NUMBER,.fallback = 1e-3,.min = 0,.max = 1,
	.help = "\"impute\": \"iterative\" ends when no row changes by more than this share of the largest value"},
	{.name = NULL}
};

typedef struct MlIterative
{
	MlJoint		joint;
	int			rounds;
	uint32	   *order;			/* [n]: places among the columns, in the order they are imputed */
	double	   *coef;			/* [rounds, n, n]: by round and place in order; the column's own place holds the intercept */
} MlIterative;

/* what a fit works on */
typedef struct Work
{
	MlIterative *it;
	const MlStageFit *data;
	int64		rows;
	int			p;
	double	   *x;				/* [rows, p]: filled so far */
	double	   *y;				/* [rows]: the column at hand */
	double	   *have;			/* [rows]: 1 where it is there, else 0 */
	double	   *change;			/* [rows]: sum of the changes of a round */
	int64	   *missing;		/* [p] */
	double		largest;		/* absolute value that is there */
	int			column;			/* at hand */
	const double *coef;
} Work;

#define BLOCK_ROWS 8192

static int64
work_blocks(const Work *w)
{
	return (w->rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
}

static const double *
raw_row(const Work *w, int64 row)
{
	return w->data->dense + row * w->it->joint.stage.in->n_dense;
}

/* ---- one regression, of a row ---- */

/* the column's number from the others; own is its place in row, whose value does not count */
static double
predict(const double *coef, const double *row, int p, int own)
{
	double		intercept = coef[own];

	return intercept + (mlk_vector_dot(coef, row, own) + mlk_vector_dot(coef + own + 1, row + own + 1, p - own - 1));
}

/* ---- fit ---- */

/* the means where values are missing */
static void
start(Work *w)
{
	const MlJoint *joint = &w->it->joint;

	for (int64 i = 0; i < w->rows; i++)
	{
		double	   *x = w->x + i * w->p;

		if ((i & 0xfff) == 0)
			CHECK_FOR_INTERRUPTS();
		ml_joint_gather(joint, raw_row(w, i), x);
		for (int j = 0; j < w->p; j++)
		{
			if (!isnan(x[j]))
			{
				w->largest = Max(w->largest, fabs(x[j]));
				continue;
			}
			w->missing[j]++;
			x[j] = joint->mean[j];
		}
	}
}

/* ascending by missing values; the order of the columns on ties */
static void
choose_order(Work *w)
{
	uint32	   *order = w->it->order;

	for (int k = 0; k < w->p; k++)
	{
		int			at = k;

		for (; at > 0 && w->missing[order[at - 1]] > w->missing[k]; at--)
			order[at] = order[at - 1];
		order[at] = k;
	}
}

static void
gather_block(void *arg, int64 block, int worker)
{
	Work	   *w = arg;
	uint32		column = w->it->joint.column[w->column];
	int64		end = Min((block + 1) * BLOCK_ROWS, w->rows);

	for (int64 i = block * BLOCK_ROWS; i < end; i++)
	{
		w->have[i] = isnan(raw_row(w, i)[column]) ? 0 : 1;
		w->y[i] = w->have[i] != 0 ? w->x[i * w->p + w->column] : 0;
	}
}

static void
impute_block(void *arg, int64 block, int worker)
{
	Work	   *w = arg;
	int64		end = Min((block + 1) * BLOCK_ROWS, w->rows);

	for (int64 i = block * BLOCK_ROWS; i < end; i++)
	{
		double	   *x = w->x + i * w->p;
		double		value;

		if (w->have[i] != 0)
			continue;
		value = predict(w->coef, x, w->p, w->column);
		w->change[i] += fabs(value - x[w->column]);
		x[w->column] = value;
	}
}

/* the triangular factor of the other columns and the one at hand, from the rows that have it; in the budget */
static double *
factor(Work *w, void **memory)
{
	int			own = w->column;
	MlkBlock	blocks[2] = {
		{.kind = MLK_BLOCK_DENSE,.first = 0,.cols = own,.stride = w->p,.dense = w->x},
		{.kind = MLK_BLOCK_DENSE,.first = own,.cols = w->p - own - 1,.stride = w->p,.dense = w->x + own + 1}
	};
	MlkDesign	x = {.rows = w->rows,.cols = w->p - 1,.n_blocks = 2,.blocks = blocks};
	MlkTsqr		t;
	double		size;

	if (own == 0)
	{
		x.blocks = &blocks[1];
		x.n_blocks = 1;
	}
	else if (own == w->p - 1)
		x.n_blocks = 1;
	size = mlk_tsqr_plan(&t, &x, true, w->y, w->have, mlk_pool_threads(w->data->pool));
	*memory = ml_budget_alloc(w->data->budget, (Size) size, sizeof(double), "factorisation of an imputation");
	mlk_tsqr_start(&t, *memory);
	while (t.rounds.next < t.rounds.blocks)
		ml_check_status(mlk_tsqr_round(&t, w->data->pool));
	ml_check_status(mlk_tsqr_finish(&t, w->data->pool));
	return t.slots;
}

/* one column of one round */
static void
fit_column(Work *w, int column, double *coef)
{
	int			p = w->p - 1;
	void	   *memory;
	double	   *scratch = ml_palloc_array(mlk_bayesian_scratch(p) + p, sizeof(double));
	double	   *others = scratch + mlk_bayesian_scratch(p);
	double	   *r;

	w->column = column;
	w->coef = coef;
	ml_check_status(mlk_parallel_for(w->data->pool, work_blocks(w), gather_block, w));
	r = factor(w, &memory);
	ml_check_status(mlk_bayesian_ridge(w->data->pool, p, (double) (w->rows - w->missing[column]), r, others,
									   &coef[column], scratch));
	memcpy(coef, others, sizeof(double) * column);
	memcpy(coef + column + 1, others + column, sizeof(double) * (p - column));
	ml_budget_free(w->data->budget, memory);
	pfree(scratch);
	if (w->missing[column] > 0)
		ml_check_status(mlk_parallel_for(w->data->pool, work_blocks(w), impute_block, w));
}

/* rounds until no row changes much; each takes the rest of the memory it needs as it comes */
static void
run_rounds(Work *w)
{
	MlIterative *it = w->it;
	Size		round_size = sizeof(double) * w->p * w->p;
	double	   *coef = MemoryContextAllocHuge(CurrentMemoryContext, mul_size(round_size, it->joint.stage.option[OPTION_MAX_ITER]));

	it->coef = coef;
	while (it->rounds < it->joint.stage.option[OPTION_MAX_ITER])
	{
		double		most = 0;

		memset(w->change, 0, sizeof(double) * w->rows);
		for (int k = 0; k < w->p; k++)
		{
			CHECK_FOR_INTERRUPTS();
			fit_column(w, it->order[k], coef + ((Size) it->rounds * w->p + k) * w->p);
		}
		it->rounds++;
		for (int64 i = 0; i < w->rows; i++)
			most = Max(most, w->change[i]);
		if (most < it->joint.stage.option[OPTION_TOL] * w->largest)
			break;
	}
}

static void
check_size(const MlIterative *it)
{
	double		rounds = it->joint.stage.option[OPTION_MAX_ITER];

	if (it->joint.n > MAX_COLUMNS || rounds * it->joint.n * it->joint.n > MAX_COEFFICIENTS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many columns for imputation by \"iterative\""),
				 errdetail("%d columns take part in %g rounds; there can be %d columns, and %d coefficients in all rounds.",
						   it->joint.n, rounds, MAX_COLUMNS, MAX_COEFFICIENTS),
				 errhint("Impute by \"mean\" or \"median\", with \"iterative\" for the few columns that need it.")));
}

static void
iterative_fit(MlStage *stage, const MlStageFit *data)
{
	MlIterative *it = (MlIterative *) stage;
	Work		w = {.it = it,.data = data,.rows = data->n};

	ml_joint_fit(&it->joint, data);
	check_size(it);
	w.p = it->joint.n;
	it->order = palloc(sizeof(uint32) * Max(w.p, 1));
	w.missing = palloc0(sizeof(int64) * Max(w.p, 1));
	w.x = ml_budget_alloc(data->budget, Max(mul_size(w.rows, w.p), 1), sizeof(double), "rows of an imputation");
	w.y = ml_budget_alloc(data->budget, w.rows, sizeof(double), "rows of an imputation");
	w.have = ml_budget_alloc(data->budget, w.rows, sizeof(double), "rows of an imputation");
	w.change = ml_budget_alloc(data->budget, w.rows, sizeof(double), "rows of an imputation");
	start(&w);
	choose_order(&w);
	if (w.p > 1)
		run_rounds(&w);
	ml_budget_free(data->budget, w.change);
	ml_budget_free(data->budget, w.have);
	ml_budget_free(data->budget, w.y);
	ml_budget_free(data->budget, w.x);
}

/* ---- rows ---- */

static Size
iterative_scratch(const MlStage *stage)
{
	return 2 * sizeof(double) * Max(((const MlIterative *) stage)->joint.n, 1);
}

/* row, filled with the means, by the regressions of all rounds */
static void
fill_row(const MlIterative *it, double *row, const double *raw)
{
	int			p = it->joint.n;

	for (int j = 0; j < p; j++)
		row[j] = isnan(raw[j]) ? it->joint.mean[j] : raw[j];
	for (int round = 0; round < it->rounds; round++)
	{
		for (int k = 0; k < p; k++)
		{
			int			j = it->order[k];

			if (isnan(raw[j]))
				row[j] = predict(it->coef + ((Size) round * p + k) * p, row, p, j);
		}
	}
}

static void
iterative_apply(const MlStage *stage, int64 n, double *dense, const uint32 *codes, double *out, uint32 *out_codes,
				void *scratch)
{
	const MlIterative *it = (const MlIterative *) stage;
	double	   *raw = scratch;
	double	   *row = raw + Max(it->joint.n, 1);

	for (int64 i = 0; i < n; i++)
	{
		if (!ml_joint_gather(&it->joint, dense + i * stage->in->n_dense, raw))
			continue;
		fill_row(it, row, raw);
		ml_joint_scatter(&it->joint, row, dense + i * stage->in->n_dense);
	}
}

/* ---- bytes ---- */

static void
iterative_write(const MlStage *stage, MlBlobWriter *w)
{
	const MlIterative *it = (const MlIterative *) stage;
	int64		n = (int64) it->rounds * it->joint.n * it->joint.n;

	ml_joint_write(&it->joint, w);
	ml_blob_put_u32_array(w, it->order, it->joint.n);
	ml_blob_put_u32(w, it->rounds);
	for (int64 i = 0; i < n; i++)
		ml_blob_put_f64(w, it->coef[i]);
}

/* a permutation of 0 .. n - 1 */
static void
check_order(const MlIterative *it, MlBlobReader *r)
{
	bool	   *seen = palloc0(sizeof(bool) * Max(it->joint.n, 1));

	for (int k = 0; k < it->joint.n && ml_blob_ok(r); k++)
	{
		if (it->order[k] >= it->joint.n || seen[it->order[k]])
			ml_blob_fail(r, "the order of an imputation is no order");
		else
			seen[it->order[k]] = true;
	}
	pfree(seen);
}

static void
iterative_read(MlStage *stage, MlBlobReader *r)
{
	MlIterative *it = (MlIterative *) stage;
	Size		n;

	ml_joint_read(&it->joint, r);
	it->order = palloc(sizeof(uint32) * Max(it->joint.n, 1));
	ml_blob_get_u32_array(r, it->order, it->joint.n);
	if (it->joint.n > MAX_COLUMNS)
		ml_blob_fail(r, "an imputation has too many columns");
	check_order(it, r);
	it->rounds = (int) ml_blob_get_count(r, sizeof(double) * it->joint.n * it->joint.n, MAX_ROUNDS);
	if (!ml_blob_ok(r))
		return;
	n = (Size) it->rounds * it->joint.n * it->joint.n;
	it->coef = MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * sizeof(double));
	for (Size i = 0; i < n; i++)
	{
		it->coef[i] = ml_blob_get_f64(r);
		if (!isfinite(it->coef[i]))
			ml_blob_fail(r, "a coefficient of an imputation is not finite");
	}
}

const MlStageKind ml_stage_iterative = {
	.name = "iterative",
	.id = 2,
	.size = sizeof(MlIterative),
	.options = options,
	.impute = ML_IMPUTE_ITERATIVE,
	.fit = iterative_fit,
	.scratch = iterative_scratch,
	.apply = iterative_apply,
	.write = iterative_write,
	.read = iterative_read
};
