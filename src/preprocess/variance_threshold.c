/*
 * variance_threshold.c: leaves out columns that hardly vary among the training rows.
 *
 * Variances are those of the values before scaling, as of scikit-learn's VarianceThreshold in front of a scaler; a one-hot column
 * that is 1 in a share p of the rows has p (1 - p).  A category of the native layout has that of the column among its one-hot
 * columns, NULL being one, that varies most.  Numbers that are missing do not count.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "interrupts.h"
#include "kernels/moments.h"
#include "preprocess/keep.h"

#define BLOCK_ROWS 8192

enum
{
	OPTION_THRESHOLD
};

static const MlOptionSpec options[] = {
	{.name = "threshold",.type = ML_OPTION_NUMBER,.fallback = 0,.min = 0,.max = DBL_MAX,
	.help = "features whose variance is not above it are left out"},
	{.name = NULL}
};

typedef struct MomentsJob
{
	const MlStageFit *data;
	int			n_dense;
	MlkMoments *moments;		/* n_dense a block */
} MomentsJob;

static void
moments_block(void *arg, int64 block, int worker)
{
	const MomentsJob *job = arg;
	int64		from = block * BLOCK_ROWS;
	int64		n = Min(BLOCK_ROWS, job->data->n - from);

	for (int j = 0; j < job->n_dense; j++)
	{
		MlkMoments *m = &job->moments[block * job->n_dense + j];

		mlk_moments_init(m);
		mlk_moments_add(m, job->data->dense + from * job->n_dense + j, job->n_dense, n);
	}
}

/* blocks are merged in their order, so that threads do not show */
static void
score_numbers(MlKeep *keep, const MlStageFit *data)
{
	int			n_dense = keep->stage.in->n_dense;
	int64		blocks = (data->n + BLOCK_ROWS - 1) / BLOCK_ROWS;
	MomentsJob	job = {.data = data,.n_dense = n_dense};

	job.moments = ml_budget_alloc(data->budget, mul_size(blocks, Max(n_dense, 1)), sizeof(MlkMoments), "column moments");
	ml_check_status(mlk_parallel_for(data->pool, blocks, moments_block, &job));
	for (int j = 0; j < n_dense; j++)
	{
		double		scale = keep->stage.in->scale[j];
		MlkMoments	m;

		mlk_moments_init(&m);
		for (int64 b = 0; b < blocks; b++)
			mlk_moments_merge(&m, &job.moments[b * n_dense + j]);
		/* equal values may leave a deviation behind that rounding made */
		keep->score[j] = m.count == 0 || m.min == m.max ? 0 : m.m2 / m.count * scale * scale;
	}
	ml_budget_free(data->budget, job.moments);
}

static double
share_variance(int64 count, int64 n)
{
	double		p = (double) count / n;

	return p * (1 - p);
}

typedef struct SparseSums
{
	int			first;
	double	   *sum;
	double	   *square;
} SparseSums;

static void
add_entry(void *arg, int64 row, int column, double value)
{
	SparseSums *sums = arg;

	sums->sum[column - sums->first] += value;
	sums->square[column - sums->first] += value * value;
}

/* most values are 0, so that the mean is small and the difference of the sums keeps its digits */
static void
score_vectors(MlKeep *keep, const MlStageFit *data, int b)
{
	const MlkBlock *block = &keep->stage.in->blocks[b];
	SparseSums	sums = {.first = block->first};

	sums.sum = palloc0(sizeof(double) * block->cols);
	sums.square = palloc0(sizeof(double) * block->cols);
	ml_keep_each_entry(&keep->stage, data, b, add_entry, &sums);
	for (int k = 0; k < block->cols; k++)
		keep->score[block->first + k] = (sums.square[k] - sums.sum[k] * sums.sum[k] / data->n) / data->n;
	pfree(sums.square);
	pfree(sums.sum);
}

static void
score_codes(MlKeep *keep, const MlStageFit *data)
{
	for (int b = 0; b < keep->stage.in->n_codes; b++)
	{
		const MlkBlock *block = &keep->stage.in->blocks[b];
		int			n_codes;
		int64	   *count;
		double		most = 0;

		if (block->kind == MLK_BLOCK_SPARSE)
		{
			score_vectors(keep, data, b);
			continue;
		}
		count = ml_keep_count_codes(&keep->stage, data, b, &n_codes);
		for (int k = 0; k <= n_codes; k++)
		{
			double		variance = share_variance(count[k], data->n);

			most = Max(most, variance);
			if (block->kind == MLK_BLOCK_CODES && k < n_codes)
				keep->score[block->first + k] = variance;
		}
		if (block->kind == MLK_BLOCK_CATEGORY)
			keep->score[block->first] = most;
		pfree(count);
	}
}

static void
variance_fit(MlStage *stage, const MlStageFit *data)
{
	MlKeep	   *keep = (MlKeep *) stage;
	double		threshold = stage->option[OPTION_THRESHOLD];
	int			kept = 0;

	ml_keep_make(keep);
	score_numbers(keep, data);
	score_codes(keep, data);
	for (int j = 0; j < stage->in->cols; j++)
	{
		keep->kept[j] = keep->score[j] > threshold;
		kept += keep->kept[j];
	}
	if (kept == 0 && stage->in->cols > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no feature has a variance above %g", threshold),
				 errdetail("There are %d features.", stage->in->cols),
				 errhint("Choose a smaller preprocess option \"variance_threshold\"; variances are those before scaling.")));
}

static void
variance_describe(const MlStage *stage, const char *const *names, int k, JsonbParseState **state)
{
	const MlKeep *keep = (const MlKeep *) stage;

	ml_json_put_float(state, "variance", keep->score[keep->source[k]]);
}

const MlStageKind ml_stage_variance_threshold = {
	.name = "variance_threshold",
	.id = 4,
	.size = sizeof(MlKeep),
	.options = options,
	.fit = variance_fit,
	.shape = ml_keep_shape,
	.apply = ml_keep_apply,
	.source = ml_keep_source,
	.describe = variance_describe,
	.write = ml_keep_write,
	.read = ml_keep_read
};
