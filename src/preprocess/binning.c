/*
 * binning.c: the training rows as bins (kernels/bins.h), column by column, straight from the data.
 *
 * The canonical order of the rows is random in memory, so the data is read in its own order, a piece of one column at a
 * time, and each bin is sent to its row's place: the bins of a column are a byte a row and stay in the cache, where
 * fetching the numbers in canonical order would miss it at every one.
 */
#include "postgres.h"

#include <math.h>

#include "interrupts.h"
#include "kernels/affine.h"
#include "preprocess/binning.h"

#define GROUP_VALUES (2 * 1024 * 1024)	/* 16 MB: columns whose samples are held at once */
#define PIECE_VALUES 32768		/* of a worker's panel: stays in the second-level cache */
#define MAX_PIECE_ROWS 4096
#define PLACE_BLOCK 65536

typedef struct BinJob
{
	const MlPrep *prep;
	MlBoundStep *bound;
	const MlRows *rows;
	int64		data_rows;
	MlkBinFeature *features;	/* one a design column */
	uint32	   *place;			/* training row of each row of the data; n_train: of the test set */
	int			max_bins;

	/* a worker's own */
	int64		piece_rows;
	int			max_dense;		/* of a step */
	uint32	   *order;
	double	   *dense;
	uint32	   *codes;
	uint8	   *narrow;

	/* the sample of steps [first_step, last_step), column by column, sample_rows numbers each */
	int			first_step;
	int			last_step;
	int			first_column;
	int64		sample_rows;
	double	   *sample;
	double	   *edges;			/* max_bins a column */
	int		   *n_bins;
} BinJob;

/* ---- a worker's panel ---- */

static void
make_panels(BinJob *job, MlBudget *budget, MlkPool *pool)
{
	int			workers = mlk_pool_threads(pool);

	job->max_dense = 1;
	for (int i = 0; i < job->prep->n_inputs; i++)
		job->max_dense = Max(job->max_dense, job->prep->steps[i]->n_dense);
	job->piece_rows = Min(Max(PIECE_VALUES / job->max_dense, 1), MAX_PIECE_ROWS);
	job->order = ml_palloc_array(workers * job->piece_rows, sizeof(uint32));
	job->codes = ml_palloc_array(workers * job->piece_rows, sizeof(uint32));
	job->narrow = ml_palloc_array(workers * job->piece_rows, sizeof(uint8));
	job->dense = ml_budget_alloc(budget, workers * job->piece_rows, mul_size(job->max_dense, sizeof(double)), "row panel");
}

/* raw outputs of a step for a few rows, imputed where that was asked for; returns them */
static const double *
panel_numbers(const BinJob *job, int input, const uint32 *order, int64 n, int worker)
{
	const MlPrep *prep = job->prep;
	const MlStep *step = prep->steps[input];
	double	   *dense = job->dense + worker * job->piece_rows * job->max_dense;

	step->kind->block(&job->bound[input], order, n, dense, step->n_dense, NULL, 0);
	mlk_affine_apply(dense, n, step->n_dense, step->n_dense, prep->fill + step->first_dense,
					 prep->center + step->first_dense, prep->inverse + step->first_dense);
	return dense;
}

/* ---- edges ---- */

/* a piece of the sample of one step; runs on any thread */
static void
sample_block(void *arg, int64 block, int worker)
{
	const BinJob *job = arg;
	int			n_steps = job->last_step - job->first_step;
	int			input = job->first_step + (int) (block % n_steps);
	const MlStep *step = job->prep->steps[input];
	int64		from = block / n_steps * job->piece_rows;
	int64		n = Min(job->piece_rows, job->sample_rows - from);
	const double *dense;

	if (step->n_dense == 0)
		return;
	dense = panel_numbers(job, input, job->rows->order + from, n, worker);
	for (int k = 0; k < step->n_dense; k++)
	{
		double	   *column = job->sample + (step->first_dense + k - job->first_column) * job->sample_rows + from;

		for (int64 i = 0; i < n; i++)
			column[i] = dense[i * step->n_dense + k];
	}
}

static void
edges_block(void *arg, int64 block, int worker)
{
	const BinJob *job = arg;

	job->n_bins[block] = mlk_bin_edges(job->sample + block * job->sample_rows, job->sample_rows, job->max_bins,
									   job->edges + block * job->max_bins);
}

/* steps from first_step on whose samples fit together, at least one; returns their columns */
static int
choose_group(BinJob *job)
{
	const MlPrep *prep = job->prep;
	int64		rows = Min(ML_BIN_SAMPLE_ROWS, job->rows->n_train);
	int			columns = 0;

	job->last_step = job->first_step;
	while (job->last_step < prep->n_inputs)
	{
		int			more = prep->steps[job->last_step]->n_dense;

		if (job->last_step > job->first_step && (columns + (int64) more) * rows > GROUP_VALUES)
			break;
		columns += more;
		job->last_step++;
	}
	job->first_column = prep->steps[job->first_step]->first_dense;
	job->sample_rows = Min(rows, Max(ML_BIN_SAMPLE_VALUES / Max(columns, 1), ML_BIN_MIN_SAMPLE_ROWS));
	return columns;
}

static void
keep_edges(BinJob *job, int columns)
{
	for (int c = 0; c < columns; c++)
	{
		MlkBinFeature *feature = &job->features[job->first_column + c];
		Size		size = sizeof(double) * Max(job->n_bins[c] - 1, 1);

		feature->n_bins = job->n_bins[c];
		feature->edges = memcpy(palloc(size), job->edges + (Size) c * job->max_bins, size);
	}
}

/* the training rows come in the order of their hashes, so that the first ones are a uniform sample */
static void
find_edges(BinJob *job, MlBudget *budget, MlkPool *pool)
{
	for (job->first_step = 0; job->first_step < job->prep->n_inputs; job->first_step = job->last_step)
	{
		int			columns = choose_group(job);
		int64		pieces = (job->sample_rows + job->piece_rows - 1) / job->piece_rows;

		if (columns == 0)
			continue;
		job->sample = ml_budget_alloc(budget, mul_size(columns, job->sample_rows), sizeof(double), "sample of the numbers");
		job->edges = ml_budget_alloc(budget, mul_size(columns, job->max_bins), sizeof(double), "edges of bins");
		job->n_bins = ml_palloc_array(columns, sizeof(int));
		ml_check_status(mlk_parallel_for(pool, pieces * (job->last_step - job->first_step), sample_block, job));
		ml_check_status(mlk_parallel_for(pool, columns, edges_block, job));
		keep_edges(job, columns);
		pfree(job->n_bins);
		ml_budget_free(budget, job->edges);
		ml_budget_free(budget, job->sample);
	}
}

/* ---- categories ---- */

void
ml_prep_bin_categories(const MlkBlock *blocks, int n_blocks, MlkBinFeature *features)
{
	for (int b = 0; b < n_blocks; b++)
	{
		MlkBinFeature *feature = &features[blocks[b].first];

		if (blocks[b].kind != MLK_BLOCK_CATEGORY)
			continue;
		feature->category = true;
		feature->n_bins = blocks[b].n_codes;
		feature->wide = blocks[b].n_codes > MLK_MAX_NUMBER_BINS;
	}
}

/* ---- bins ---- */

static void
place_block(void *arg, int64 block, int worker)
{
	const BinJob *job = arg;
	int64		end = Min((block + 1) * PLACE_BLOCK, job->rows->n);

	for (int64 i = block * PLACE_BLOCK; i < end; i++)
		job->place[job->rows->order[i]] = (uint32) Min(i, job->rows->n_train);
}

static void
bin_numbers(const BinJob *job, int input, const uint32 *order, int64 n, int worker)
{
	const MlStep *step = job->prep->steps[input];
	const uint32 *place = job->place + order[0];
	uint8	   *narrow = job->narrow + worker * job->piece_rows;
	const double *dense = panel_numbers(job, input, order, n, worker);

	for (int k = 0; k < step->n_dense; k++)
	{
		const MlkBinFeature *feature = &job->features[step->first_dense + k];
		uint8	   *bins = unconstify(void *, feature->bins);

		mlk_bin_numbers(dense + k, step->n_dense, n, feature->edges, feature->n_bins, narrow);
		for (int64 i = 0; i < n; i++)
			bins[place[i]] = narrow[i];
	}
}

static void
bin_categories(const BinJob *job, int input, const uint32 *order, int64 n, int worker)
{
	const MlStep *step = job->prep->steps[input];
	const MlkBinFeature *feature = &job->features[step->first_code];
	const uint32 *place = job->place + order[0];
	uint32	   *codes = job->codes + worker * job->piece_rows;
	uint32		missing = feature->n_bins;

	step->kind->block(&job->bound[input], order, n, NULL, 0, codes, 1);
	if (feature->wide)
	{
		uint16	   *bins = unconstify(void *, feature->bins);

		for (int64 i = 0; i < n; i++)
			bins[place[i]] = (uint16) Min(codes[i], missing);
	}
	else
	{
		uint8	   *bins = unconstify(void *, feature->bins);

		for (int64 i = 0; i < n; i++)
			bins[place[i]] = (uint8) Min(codes[i], missing);
	}
}

/* one step's rows of one chunk; neighbouring blocks are of different columns, so that threads write apart */
static void
bin_block(void *arg, int64 block, int worker)
{
	const BinJob *job = arg;
	int			input = (int) (block % job->prep->n_inputs);
	const MlStep *step = job->prep->steps[input];
	int64		from = block / job->prep->n_inputs * ML_CHUNK_ROWS;
	int64		end = Min(from + ML_CHUNK_ROWS, job->data_rows);
	uint32	   *order = job->order + worker * job->piece_rows;

	for (; from < end; from += job->piece_rows)
	{
		int64		n = Min(job->piece_rows, end - from);

		ml_prep_count_rows(from, n, order);
		if (step->n_dense > 0)
			bin_numbers(job, input, order, n, worker);
		if (step->code_block >= 0)
			bin_categories(job, input, order, n, worker);
	}
}

static void
find_bins(BinJob *job, MlBudget *budget, MlkPool *pool)
{
	int64		chunks = (job->data_rows + ML_CHUNK_ROWS - 1) / ML_CHUNK_ROWS;

	for (int j = 0; j < job->prep->cols; j++)
		job->features[j].bins = ml_budget_alloc(budget, job->rows->n_train + ML_BIN_PADDING,
												job->features[j].wide ? sizeof(uint16) : sizeof(uint8), "bins of the features");
	job->place = ml_budget_alloc(budget, job->data_rows, sizeof(uint32), "row places");
	/* rows that were left out to balance the classes go where the test rows go */
	for (int64 i = 0; job->rows->n < job->data_rows && i < job->data_rows; i++)
		job->place[i] = (uint32) job->rows->n_train;
	ml_check_status(mlk_parallel_for(pool, (job->rows->n + PLACE_BLOCK - 1) / PLACE_BLOCK, place_block, job));
	ml_check_status(mlk_parallel_for(pool, chunks * job->prep->n_inputs, bin_block, job));
	ml_budget_free(budget, job->place);
}

MlkBinned *
ml_prep_bin(const MlPrep *prep, const MlDataset *data, const MlRows *rows, int max_bins,
			MlBudget *budget, MlkPool *pool)
{
	MlkBinned  *binned;
	MlkBinFeature *features;
	BinJob		job = {.prep = prep,.rows = rows,.data_rows = data->rows,.max_bins = max_bins};

	if (prep->n_stages > 0)
		return ml_prep_bin_stages(prep, data, rows, max_bins, budget, pool);
	binned = palloc0(sizeof(MlkBinned));
	job.features = features = palloc0(sizeof(MlkBinFeature) * Max(prep->cols, 1));
	job.bound = ml_prep_bind_steps(prep, data);
	for (int i = 0; i < prep->n_inputs; i++)
		ml_prep_refuse_infinities(job.bound[i].column);
	ml_prep_refresh_steps(prep, job.bound);
	make_panels(&job, budget, pool);
	find_edges(&job, budget, pool);
	ml_prep_bin_categories(prep->blocks, prep->n_blocks, features);
	find_bins(&job, budget, pool);
	ml_budget_free(budget, job.dense);

	binned->rows = rows->n_train;
	binned->n_features = prep->cols;
	binned->features = features;
	return binned;
}

void
ml_prep_bin_free(MlkBinned *binned, MlBudget *budget)
{
	for (int j = 0; j < binned->n_features; j++)
		ml_budget_free(budget, unconstify(void *, binned->features[j].bins));
	binned->n_features = 0;
}
