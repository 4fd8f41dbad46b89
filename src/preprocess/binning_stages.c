/*
 * binning_stages.c: the training rows as bins when stages stand between the data and the learner.
 *
 * Then a column cannot be read alone: rows are prepared whole, a panel at a time in canonical order, once for the sample
 * that decides on the edges and once for the bins.
 */
#include "postgres.h"

#include "interrupts.h"
#include "preprocess/binning.h"
#include "preprocess/chain.h"

#define PANEL_ROWS 16384

typedef struct StagedJob
{
	const MlPrep *prep;
	MlkBinFeature *features;
	int			max_bins;
	int64		from;			/* of the panel at hand */
	const MlkDesign *panel;
	int64		sample_rows;
	double	   *sample;			/* column by column */
	double	   *edges;			/* max_bins a column */
} StagedJob;

static const MlkBlock *
dense_block(const StagedJob *job)
{
	return job->panel->n_blocks > 0 && job->panel->blocks[0].kind == MLK_BLOCK_DENSE ? &job->panel->blocks[0] : NULL;
}

/* a column of the panel into the sample */
static void
sample_column(void *arg, int64 column, int worker)
{
	const StagedJob *job = arg;
	const MlkBlock *block = dense_block(job);
	double	   *to = job->sample + column * job->sample_rows + job->from;

	for (int64 i = 0; i < job->panel->rows; i++)
		to[i] = block->dense[i * block->stride + column];
}

static void
edges_column(void *arg, int64 column, int worker)
{
	const StagedJob *job = arg;

	job->features[column].n_bins = mlk_bin_edges(job->sample + column * job->sample_rows, job->sample_rows, job->max_bins,
												 job->edges + column * job->max_bins);
}

/* the training rows come in the order of their hashes, so that the first ones are a uniform sample */
static void
find_edges(StagedJob *job, MlPrepPanel *panel, const MlRows *rows, MlBudget *budget, MlkPool *pool)
{
	int			n = job->prep->design_dense;

	if (n == 0)
		return;
	job->sample_rows = Min(Min(ML_BIN_SAMPLE_ROWS, rows->n_train), Max(ML_BIN_SAMPLE_VALUES / n, ML_BIN_MIN_SAMPLE_ROWS));
	job->sample = ml_budget_alloc(budget, mul_size(n, job->sample_rows), sizeof(double), "sample of the numbers");
	job->edges = ml_budget_alloc(budget, mul_size(n, job->max_bins), sizeof(double), "edges of bins");
	for (job->from = 0; job->from < job->sample_rows; job->from += PANEL_ROWS)
	{
		job->panel = ml_prep_panel(panel, rows->order + job->from, Min(PANEL_ROWS, job->sample_rows - job->from));
		ml_check_status(mlk_parallel_for(pool, n, sample_column, job));
	}
	ml_check_status(mlk_parallel_for(pool, n, edges_column, job));
	for (int c = 0; c < n; c++)
	{
		Size		size = sizeof(double) * Max(job->features[c].n_bins - 1, 1);

		job->features[c].edges = memcpy(palloc(size), job->edges + (Size) c * job->max_bins, size);
	}
	ml_budget_free(budget, job->edges);
	ml_budget_free(budget, job->sample);
}

/* a column of the panel as bins */
static void
bin_column(void *arg, int64 column, int worker)
{
	const StagedJob *job = arg;
	const MlkBlock *block = job->panel->blocks;
	const MlkBinFeature *feature = &job->features[column];
	void	   *bins = unconstify(void *, feature->bins);

	if (!feature->category)
	{
		mlk_bin_numbers(block->dense + column, block->stride, job->panel->rows, feature->edges, feature->n_bins,
						(uint8 *) bins + job->from);
		return;
	}
	while (block->first != column)
		block++;
	for (int64 i = 0; i < job->panel->rows; i++)
	{
		uint32		code = Min(block->codes[i * block->stride], (uint32) feature->n_bins);

		if (feature->wide)
			((uint16 *) bins)[job->from + i] = (uint16) code;
		else
			((uint8 *) bins)[job->from + i] = (uint8) code;
	}
}

MlkBinned *
ml_prep_bin_stages(const MlPrep *prep, const MlDataset *data, const MlRows *rows, int max_bins, MlBudget *budget, MlkPool *pool)
{
	MlkBinned  *binned = palloc0(sizeof(MlkBinned));
	StagedJob	job = {.prep = prep,.max_bins = max_bins};
	MlPrepPanel *panel = ml_prep_panel_create(prep, data, PANEL_ROWS, budget, pool);

	job.features = palloc0(sizeof(MlkBinFeature) * Max(prep->design_cols, 1));
	find_edges(&job, panel, rows, budget, pool);
	ml_prep_bin_categories(prep->design_blocks, prep->n_design_blocks, job.features);
	for (int j = 0; j < prep->design_cols; j++)
		job.features[j].bins = ml_budget_alloc(budget, rows->n_train + ML_BIN_PADDING,
											   job.features[j].wide ? sizeof(uint16) : sizeof(uint8), "bins of the features");
	for (job.from = 0; job.from < rows->n_train; job.from += PANEL_ROWS)
	{
		job.panel = ml_prep_panel(panel, rows->order + job.from, Min(PANEL_ROWS, rows->n_train - job.from));
		ml_check_status(mlk_parallel_for(pool, prep->design_cols, bin_column, &job));
	}
	ml_prep_panel_free(panel, budget);
	binned->rows = rows->n_train;
	binned->n_features = prep->design_cols;
	binned->features = job.features;
	return binned;
}
