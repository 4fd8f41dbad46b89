/*
 * resample.c: the bootstrap: rows drawn with replacement, and intervals from what the draws gave.
 */
#include <string.h>

#include "kernels/hash.h"
#include "kernels/metrics_internal.h"
#include "kernels/resample.h"
#include "kernels/sort.h"

#define BLOCK_ROWS 16384

typedef struct KeyTask
{
	const MlkSample *sample;
	uint64_t   *key;
} KeyTask;

static void
key_block(void *arg, int64_t block, int worker)
{
	KeyTask    *t = arg;
	const MlkSample *s = t->sample;
	int64_t		to = (block + 1) * BLOCK_ROWS;

	for (int64_t i = block * BLOCK_ROWS; i < to && i < s->n; i++)
	{
		uint64_t	truth = 0;

		if (s->y != NULL)
			memcpy(&truth, &s->y[i], sizeof(truth));
		else
			truth = (uint64_t) s->label[i];
		t->key[i] = mlk_hash_bytes(s->out + i * s->k, (size_t) s->k * sizeof(double), truth);
	}
}

MlkStatus
mlk_sample_order(MlkPool *pool, const MlkSample *sample, uint64_t *key, uint32_t *order, void *scratch)
{
	KeyTask		t = {.sample = sample, .key = key};
	MlkStatus	status = mlk_parallel_for(pool, (sample->n + BLOCK_ROWS - 1) / BLOCK_ROWS, key_block, &t);

	if (status != MLK_OK)
		return status;
	return mlk_argsort_u64(pool, key, sample->n, order, scratch);
}

MlkStatus
mlk_sample_draw(MlkPool *pool, MlkRng *rng, const MlkSample *from, const uint32_t *order, MlkSample *to)
{
	to->n = from->n;
	to->k = from->k;
	for (int64_t i = 0; i < from->n; i++)
	{
		uint32_t	row = order[mlk_rng_below(rng, (uint64_t) from->n)];

		if (i % MLK_POLL_ROWS == 0 && mlk_pool_stop(pool))
			return MLK_CANCELLED;
		if (from->y != NULL)
			to->y[i] = from->y[row];
		else
			to->label[i] = from->label[row];
		memcpy(to->out + i * from->k, from->out + (int64_t) row * from->k, (size_t) from->k * sizeof(double));
	}
	return MLK_OK;
}

void
mlk_percentile_interval(double *value, int64_t n, double coverage, double *low, double *high)
{
	int64_t		kept = 0;

	for (int64_t i = 0; i < n; i++)
		if (!isnan(value[i]))
			value[kept++] = value[i];
	*low = mlk_quantile_f64(value, kept, (1.0 - coverage) / 2.0);
	*high = mlk_quantile_f64(value, kept, (1.0 + coverage) / 2.0);
}
