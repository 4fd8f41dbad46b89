/*
 * counts.c: counts the distinct values of a column that is to be a category.
 *
 * Texts are counted by their codes in the dictionary, in parallel: sums of whole numbers do not depend on threads.
 * Numbers have no dictionary; they go through a hash table that ends at the limit of distinct values.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "port/pg_bitutils.h"

#include "interrupts.h"
#include "kernels/hash.h"
#include "preprocess/categories.h"
#include "preprocess/counts.h"

#define COUNT_BLOCK 65536		/* rows a task of counting */
#define PIECE 512				/* rows gathered at a time, on the stack */

/* ---- counting texts: codes of the dictionary, in parallel ---- */

typedef struct CountTask
{
	const MlFitInput *data;
	uint32	  **count;			/* a worker's own: dictionary entries, then NULL */
} CountTask;

/* runs on any thread */
static void
count_block(void *arg, int64 block, int worker)
{
	const CountTask *task = arg;
	const MlFitInput *data = task->data;
	uint32	   *count = task->count[worker];
	uint32		null_place = data->column->dict->n;
	int64		end = Min((block + 1) * COUNT_BLOCK, data->n);
	uint32		code[PIECE];

	for (int64 from = block * COUNT_BLOCK; from < end; from += PIECE)
	{
		int64		n = Min(PIECE, end - from);

		ml_column_gather_codes(data->column, data->order + from, n, code);
		for (int64 i = 0; i < n; i++)
			count[code[i] == ML_NULL_CODE ? null_place : code[i]]++;
	}
}

static void
too_many_values(const MlColumn *column, const char *count)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("column \"%s\" has too many distinct values for a category", column->name),
			 errdetail("It has %s, and %d are allowed.", count, ML_MAX_CATEGORIES),
			 errhint("Leave the column out with exclude, or group its values in the source.")));
}

static MlValueCounts
count_texts(const MlFitInput *data)
{
	const MlDictionary *dict = data->column->dict;
	int			workers = mlk_pool_threads(data->pool);
	CountTask	task = {data, palloc(sizeof(uint32 *) * workers)};
	MlValueCounts	found = {NULL, 0, 0};

	if (dict->n > ML_MAX_CATEGORIES)
		too_many_values(data->column, psprintf("%u", dict->n));
	for (int w = 0; w < workers; w++)
		task.count[w] = palloc0(sizeof(uint32) * (dict->n + 1));
	ml_check_status(mlk_parallel_for(data->pool, (data->n + COUNT_BLOCK - 1) / COUNT_BLOCK, count_block, &task));

	found.item = palloc(sizeof(MlValueCount) * (dict->n + 1));
	for (uint32 i = 0; i <= dict->n; i++)
	{
		uint64		count = 0;

		for (int w = 0; w < workers; w++)
			count += task.count[w][i];
		if (i == dict->n)
			found.nulls = count;
		else if (count > 0)
			found.item[found.n++] = (MlValueCount) {dict->text[i], dict->length[i], 0, count};
	}
	return found;
}

/* ---- counting numbers: an open hash table that ends at the limit ---- */

typedef struct NumberTable
{
	MlValueCount  *slot;			/* count 0: empty */
	uint32		mask;
	uint32		n;
} NumberTable;

static void
count_number(NumberTable *t, double number)
{
	uint64		bits;
	uint32		s;

	number += 0.0;
	memcpy(&bits, &number, sizeof(bits));
	s = (uint32) mlk_hash_u64(0, bits) & t->mask;
	while (t->slot[s].count > 0 && t->slot[s].number != number)
		s = (s + 1) & t->mask;
	if (t->slot[s].count++ == 0)
	{
		t->slot[s].number = number;
		t->n++;
	}
}

static MlValueCounts
count_numbers(const MlFitInput *data)
{
	NumberTable t = {.mask = pg_nextpower2_32(2 * (ML_MAX_CATEGORIES + PIECE)) - 1};
	MlValueCounts	found = {NULL, 0, 0};
	double		number[PIECE];

	t.slot = palloc0(sizeof(MlValueCount) * (t.mask + 1));
	for (int64 from = 0; from < data->n; from += PIECE)
	{
		int64		n = Min(PIECE, data->n - from);

		CHECK_FOR_INTERRUPTS();
		ml_column_gather(data->column, 0, data->order + from, n, number, 1);
		for (int64 i = 0; i < n; i++)
		{
			if (isnan(number[i]))
				found.nulls++;
			else
				count_number(&t, number[i]);
		}
		if (t.n > ML_MAX_CATEGORIES)
			too_many_values(data->column, psprintf("more than %d", ML_MAX_CATEGORIES));
	}
	found.item = palloc(sizeof(MlValueCount) * (t.n + 1));
	for (uint32 s = 0; s <= t.mask; s++)
	{
		if (t.slot[s].count > 0)
			found.item[found.n++] = t.slot[s];
	}
	for (uint32 i = 0; i < found.n; i++)
	{
		found.item[i].text = ml_category_number_text(data->column->type, found.item[i].number);
		found.item[i].length = strlen(found.item[i].text);
	}
	return found;
}

MlValueCounts
ml_count_values(const MlFitInput *data)
{
	return data->column->type == ML_TYPE_CATEGORY ? count_texts(data) : count_numbers(data);
}
