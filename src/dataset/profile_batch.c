/*
 * profile_batch.c: counting new rows in the bins of a reference distribution.
 *
 * Runs over the batches of a stream, whose columns have one chunk and a dictionary that grows from batch to batch.
 */
#include "postgres.h"

#include "kernels/hash.h"

#include "dataset/dataset.h"

static void
count_batch_numbers(const MlReference *reference, const MlColumn *column, int k, int64 rows, double *counts)
{
	for (int64 row = 0; row < rows; row++)
	{
		double		x = column->number[0][row * column->width + k];
		int			bin = 0;

		while (bin < reference->bins - 1 && x > reference->edges[bin])
			bin++;
		counts[isnan(x) ? reference->bins : bin]++;
	}
}

/* Bin of a dictionary entry by its text; hashes first, so that few texts are compared. */
static int
category_bin(const MlReference *reference, const uint64 *label_hash, const MlDictionary *dict, uint32 code)
{
	for (int bin = 0; bin < reference->bins - 1; bin++)
		if (label_hash[bin] == dict->hash[code] && strcmp(reference->labels[bin], dict->text[code]) == 0)
			return bin;
	return reference->bins - 1;
}

/* The bin of an entry is found once a batch, when the entry is met first. */
static void
count_batch_categories(const MlReference *reference, const MlColumn *column, int64 rows, double *counts)
{
	const MlDictionary *dict = column->dict;
	int		   *bin_of = ml_palloc_array(dict->n, sizeof(int));
	uint64	   *label_hash = ml_palloc_array(reference->bins, sizeof(uint64));

	for (uint32 code = 0; code < dict->n; code++)
		bin_of[code] = -1;
	for (int bin = 0; bin < reference->bins - 1; bin++)
		label_hash[bin] = mlk_hash_bytes(reference->labels[bin], strlen(reference->labels[bin]), 0);
	for (int64 row = 0; row < rows; row++)
	{
		uint32		code = column->code[0][row];

		if (code == ML_NULL_CODE)
		{
			counts[reference->bins]++;
			continue;
		}
		if (bin_of[code] < 0)
			bin_of[code] = category_bin(reference, label_hash, dict, code);
		counts[bin_of[code]]++;
	}
	pfree(label_hash);
	pfree(bin_of);
}

void
ml_profile_count(const MlReference *reference, const MlColumn *column, int k, int64 rows, double *counts)
{
	if (reference->category)
		count_batch_categories(reference, column, rows, counts);
	else if (column->width == 0)
		counts[reference->bins] += rows;	/* every array of the batch is NULL */
	else
		count_batch_numbers(reference, column, k, rows, counts);
}
