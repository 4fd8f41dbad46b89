/*
 * pass.c: one pass over rows, columns in and design out, in blocks of rows.
 *
 * Rows are wanted in canonical order, which is random in memory.  Fetching them column by column costs a cache miss a
 * number; so when a good part of the data is wanted, the data is read in its own order instead, a block of whole rows
 * is put together in the cache, and each row is then sent to its place: a few misses a row, however wide it is (about
 * three times faster at 20 columns).  The size of a block depends on the shape of the data alone: moments are combined in
 * block order, and the number of threads must not show in them.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "interrupts.h"
#include "kernels/affine.h"
#include "preprocess/chain.h"

/* a block's dense rows should stay in a second-level cache, and its moments be a small part of them */
#define BLOCK_BYTES (256 * 1024)
#define MIN_BLOCK_ROWS 128
#define MAX_BLOCK_ROWS 2048

/* a piece of a block: put together and sent off while it is in the second-level cache */
#define PIECE_BYTES (64 * 1024)
#define MIN_PIECE_ROWS 16

#define NO_PLACE UINT32_MAX
/* reading all rows pays when at least one in this many is wanted */
#define SCATTER_SHARE 4
/* rows ahead, and bytes of each, to ask for before they are written */
#define PREFETCH_ROWS 8
#define PREFETCH_BYTES 256
#define CACHE_LINE 64

int64
ml_prep_block_rows(const MlPrep *prep, int64 data_rows)
{
	int64		rows = BLOCK_BYTES / (sizeof(double) * Max(prep->n_dense, 1));

	rows = Min(Max(rows, MIN_BLOCK_ROWS), MAX_BLOCK_ROWS);
	return Min(rows, Max(data_rows, 1));
}

int64
ml_prep_pass_blocks(const MlPass *pass, int64 rows)
{
	return (rows + pass->block_rows - 1) / pass->block_rows;
}

static void
affine_rows(const MlPrep *prep, double *dense, int64 n)
{
	mlk_affine_apply(dense, n, prep->n_dense, prep->n_dense, prep->fill, prep->center, prep->inverse);
}

/* what the steps make of rows order[0..n) of the data, raw; runs on any thread, as all below with a worker */
static void
compute_steps(const MlPass *pass, const uint32 *order, int64 n, double *dense, uint32 *codes)
{
	const MlPrep *prep = pass->prep;

	for (int i = 0; i < prep->n_inputs; i++)
	{
		const MlStep *step = prep->steps[i];
		double	   *step_dense = step->n_dense > 0 ? dense + step->first_dense : NULL;
		uint32	   *step_codes = step->code_block >= 0 ? codes + step->code_block : NULL;

		step->kind->block(&pass->bound[i], order, n, step_dense, prep->n_dense, step_codes, prep->n_code_blocks);
	}
}

/* rows order[0..n) of the data as rows 0 .. n - 1 of dense and codes */
static void
compute_rows(const MlPass *pass, const uint32 *order, int64 n, double *dense, uint32 *codes, int worker)
{
	if (pass->spaces == NULL)
	{
		compute_steps(pass, order, n, dense, codes);
		if (!pass->raw && pass->n_dense > 0)
			affine_rows(pass->prep, dense, n);
		return;
	}
	for (int64 from = 0; from < n; from += pass->space_rows)
	{
		MlChainSpace *space = &pass->spaces[worker];
		int64		rows = Min(pass->space_rows, n - from);

		compute_steps(pass, order + from, rows, space->dense[0], space->codes[0]);
		ml_chain_apply(pass->prep, space, rows, dense + from * pass->n_dense, codes + from * pass->n_codes);
	}
}

void
ml_prep_count_rows(int64 from, int64 n, uint32 *order)
{
	for (int64 i = 0; i < n; i++)
		order[i] = (uint32) (from + i);
}

/* row numbers from .. from + n - 1, in the worker's own space */
static const uint32 *
count_rows(const MlPass *pass, int64 from, int64 n, int worker)
{
	uint32	   *order = pass->counting + worker * pass->block_rows;

	ml_prep_count_rows(from, n, order);
	return order;
}

void
ml_prep_run_rows(const MlPass *pass, int64 from, int64 n, int worker, double *dense, uint32 *codes)
{
	compute_rows(pass, count_rows(pass, from, n, worker), n, dense, codes, worker);
}

/* rows as the design wants them, straight into it */
static void
gather_block(void *arg, int64 block, int worker)
{
	const MlPass *pass = arg;
	int64		from = block * pass->block_rows;
	int64		n = Min(pass->block_rows, pass->n - from);
	const uint32 *order = pass->order != NULL ? pass->order + from :
		count_rows(pass, from, n, worker);

	compute_rows(pass, order, n, pass->dense + from * pass->n_dense, pass->codes + from * pass->n_codes, worker);
}

static inline void
prefetch_row(const char *row, Size bytes)
{
	for (Size b = 0; b < Min(bytes, PREFETCH_BYTES); b += CACHE_LINE)
		__builtin_prefetch(row + b, 1);
}

/* n rows of bytes bytes each to their places */
static void
send_rows(char *to, const char *from, Size bytes, const uint32 *place, int64 n)
{
	for (int64 i = 0; i < n && bytes > 0; i++)
	{
		if (i + PREFETCH_ROWS < n && place[i + PREFETCH_ROWS] != NO_PLACE)
			prefetch_row(to + place[i + PREFETCH_ROWS] * bytes, bytes);
		if (place[i] != NO_PLACE)
			memcpy(to + place[i] * bytes, from + i * bytes, bytes);
	}
}

static int64
piece_rows(const MlPass *pass)
{
	int64		rows = PIECE_BYTES / (sizeof(double) * Max(pass->n_dense, 1));

	return Min(Max(rows, MIN_PIECE_ROWS), pass->block_rows);
}

/* rows as the data has them, by way of the worker's own panel */
static void
scatter_block(void *arg, int64 block, int worker)
{
	const MlPass *pass = arg;
	int64		end = Min((block + 1) * pass->block_rows, pass->data_rows);
	int64		step = piece_rows(pass);
	double	   *dense = pass->dense_panel + worker * pass->block_rows * pass->n_dense;
	uint32	   *codes = pass->code_panel + worker * pass->block_rows * pass->n_codes;

	for (int64 from = block * pass->block_rows; from < end; from += step)
	{
		int64		n = Min(step, end - from);

		compute_rows(pass, count_rows(pass, from, n, worker), n, dense, codes, worker);
		send_rows((char *) pass->dense, (const char *) dense, pass->n_dense * sizeof(double), pass->place + from, n);
		send_rows((char *) pass->codes, (const char *) codes, pass->n_codes * sizeof(uint32), pass->place + from, n);
	}
}

static void
place_block(void *arg, int64 block, int worker)
{
	const MlPass *pass = arg;
	int64		from = block * pass->block_rows;
	int64		end = Min(from + pass->block_rows, pass->n);

	for (int64 i = from; i < end; i++)
		pass->place[pass->order[i]] = (uint32) i;
}

/* where each row of the data goes; order holds no row twice, so that blocks write apart */
static MlkStatus
find_places(MlPass *pass, MlBudget *budget, MlkPool *pool)
{
	pass->place = ml_budget_alloc(budget, pass->data_rows, sizeof(uint32), "row places");
	if (pass->n < pass->data_rows)
		memset(pass->place, 0xff, pass->data_rows * sizeof(uint32));
	return mlk_parallel_for(pool, ml_prep_pass_blocks(pass, pass->n), place_block, pass);
}

static MlkStatus
scatter(MlPass *pass, MlBudget *budget, MlkPool *pool)
{
	Size		panel_rows = mlk_pool_threads(pool) * pass->block_rows;
	MlkStatus	status;

	pass->dense_panel = ml_budget_alloc(budget, panel_rows, Max(pass->n_dense, 1) * sizeof(double), "row panel");
	pass->code_panel = ml_budget_alloc(budget, panel_rows, Max(pass->n_codes, 1) * sizeof(uint32), "row panel");
	status = find_places(pass, budget, pool);
	if (status == MLK_OK)
		status = mlk_parallel_for(pool, ml_prep_pass_blocks(pass, pass->data_rows), scatter_block, pass);
	ml_budget_free(budget, pass->place);
	ml_budget_free(budget, pass->code_panel);
	ml_budget_free(budget, pass->dense_panel);
	return status;
}

void
ml_prep_refresh_steps(const MlPrep *prep, MlBoundStep *bound)
{
	for (int i = 0; i < prep->n_inputs; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (prep->steps[i]->kind->refresh != NULL)
			prep->steps[i]->kind->refresh(&bound[i]);
	}
}

void
ml_prep_run_gather(MlPass *pass, MlkPool *pool)
{
	ml_prep_refresh_steps(pass->prep, pass->bound);
	ml_check_status(mlk_parallel_for(pool, ml_prep_pass_blocks(pass, pass->n), gather_block, pass));
}

void
ml_prep_run_pass(MlPass *pass, MlBudget *budget, MlkPool *pool)
{
	if (pass->order == NULL || pass->n < pass->data_rows / SCATTER_SHARE)
	{
		ml_prep_run_gather(pass, pool);
		return;
	}
	ml_prep_refresh_steps(pass->prep, pass->bound);
	ml_check_status(scatter(pass, budget, pool));
}

static void
moments_block(void *arg, int64 block, int worker)
{
	const MlPass *pass = arg;
	int			n_dense = pass->prep->n_dense;
	int64		from = block * pass->block_rows;
	int64		rows = Min(pass->block_rows, pass->n_moments - from);
	MlkMoments *moments = pass->moments + block * n_dense;

	for (int j = 0; j < n_dense; j++)
	{
		mlk_moments_init(&moments[j]);
		mlk_moments_add(&moments[j], pass->dense + from * n_dense + j, n_dense, rows);
	}
}

void
ml_prep_run_moments(MlPass *pass, MlkPool *pool)
{
	ml_check_status(mlk_parallel_for(pool, ml_prep_pass_blocks(pass, pass->n_moments), moments_block, pass));
}

static void
affine_block(void *arg, int64 block, int worker)
{
	const MlPass *pass = arg;
	int64		from = block * pass->block_rows;

	affine_rows(pass->prep, pass->dense + from * pass->prep->n_dense, Min(pass->block_rows, pass->n - from));
}

void
ml_prep_run_affine(MlPass *pass, MlkPool *pool)
{
	if (pass->prep->n_dense > 0)
		ml_check_status(mlk_parallel_for(pool, ml_prep_pass_blocks(pass, pass->n), affine_block, pass));
}
