/*
 * order.c: the hash of a row, which is its place in the canonical order, and the fingerprint of all rows.
 *
 * Columns are folded in the order of their names, whatever the select list says.  The hash of the values alone goes
 * into the fingerprint; the seed is mixed in after that, so equal rows stay equal and another seed is another order.
 */
#include "postgres.h"

#include "interrupts.h"
#include "kernels/hash.h"

#include "dataset/order.h"

#define HASH_BLOCK 16384		/* rows: their hashes stay in the second-level cache; divides ML_CHUNK_ROWS */
#define ARRAY_VALUES 16384		/* numbers of an array column in the cache at a time */
#define HASH_START UINT64CONST(0x6d6c6f7073)	/* "mlops": recorded fingerprints depend on it */

typedef struct BlockSums
{
	uint64		sum;
	uint64		mixed;			/* sum of a second, independent mix */
} BlockSums;

typedef struct HashJob
{
	const MlDataset *data;
	const MlColumn **columns;	/* by name */
	int			n_columns;
	uint64		seed;
	uint64	   *key;
	BlockSums  *sums;			/* one a block */
} HashJob;

static int
compare_names(const void *a, const void *b)
{
	const MlColumn *left = *(const MlColumn *const *) a;
	const MlColumn *right = *(const MlColumn *const *) b;
	int			order = strcmp(left->name, right->name);

	/* equal names, as a SELECT may return them: by position */
	return order != 0 ? order : (left < right ? -1 : left > right);
}

/* Element by element, few rows at a time, so that a row's cache lines are fetched once and not once an element. */
static void
fold_array(uint64 *h, const double *x, int width, int64 n)
{
	int64		step = Max(ARRAY_VALUES / width, 1);

	for (int64 from = 0; from < n; from += step)
		for (int k = 0; k < width; k++)
			mlk_hash_fold_f64(h + from, x + from * width + k, width, Min(step, n - from));
}

static void
hash_block(void *arg, int64_t block, int worker)
{
	HashJob    *job = arg;
	int64		from = block * HASH_BLOCK;
	int64		n = Min(job->data->rows - from, HASH_BLOCK);
	int64		chunk = from >> ML_CHUNK_BITS;
	int64		row = from & ML_CHUNK_MASK;
	uint64	   *h = job->key + from;
	BlockSums	sums = {0, 0};

	for (int64 i = 0; i < n; i++)
		h[i] = HASH_START;
	for (int c = 0; c < job->n_columns; c++)
	{
		const MlColumn *column = job->columns[c];

		if (column->code != NULL)
			mlk_hash_fold_codes(h, column->code[chunk] + row, column->dict->hash, ML_NULL_CODE, n);
		else if (column->width == 1)
			mlk_hash_fold_f64(h, column->number[chunk] + row, 1, n);
		else if (column->width > 1)
			fold_array(h, column->number[chunk] + row * column->width, column->width, n);
	}
	mlk_hash_finish(h, n);
	for (int64 i = 0; i < n; i++)
	{
		sums.sum += h[i];
		sums.mixed += mlk_hash_u64(HASH_START, h[i]);
		h[i] = mlk_hash_u64(h[i], job->seed);
	}
	mlk_hash_finish(h, n);
	job->sums[block] = sums;
}

uint64
ml_order_keys(const MlDataset *data, const int *used, int n_used, uint64 seed, uint64 *key, MlkPool *pool)
{
	int64		blocks = (data->rows + HASH_BLOCK - 1) / HASH_BLOCK;
	HashJob		job = {data};
	uint64		fingerprint;
	BlockSums	total = {0, 0};

	job.columns = ml_palloc_array(n_used, sizeof(MlColumn *));
	for (int i = 0; i < n_used; i++)
		job.columns[i] = &data->columns[used[i]];
	qsort(job.columns, n_used, sizeof(MlColumn *), compare_names);
	job.n_columns = n_used;
	job.seed = seed;
	job.key = key;
	job.sums = ml_palloc_array(blocks, sizeof(BlockSums));
	ml_check_status(mlk_parallel_for(pool, blocks, hash_block, &job));

	for (int64 block = 0; block < blocks; block++)
	{
		total.sum += job.sums[block].sum;
		total.mixed += job.sums[block].mixed;
	}
	fingerprint = mlk_hash_u64(mlk_hash_u64(mlk_hash_u64(HASH_START, total.sum), total.mixed), (uint64) data->rows);
	mlk_hash_finish(&fingerprint, 1);
	pfree(job.sums);
	pfree(job.columns);
	return fingerprint;
}
