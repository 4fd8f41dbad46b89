/*
 * column.c: questions to, and rows out of, one loaded column.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "dataset/dataset.h"

#define PREFETCH_AHEAD 16		/* rows: the order is random, and the next address is known long before */
#define NUMBERS_A_LINE 8			/* of the cache */
#define SAMPLE_ROWS 1024		/* looked at before a column is believed to be unique */
#define BITMAP_BITS 64			/* bits a row that a bitmap of its values may take; a hash table takes more */

static int64
chunk_rows(const MlDataset *data, int64 chunk)
{
	return Min(data->rows - (chunk << ML_CHUNK_BITS), ML_CHUNK_ROWS);
}

static int64
n_chunks(const MlDataset *data)
{
	return (data->rows + ML_CHUNK_ROWS - 1) >> ML_CHUNK_BITS;
}

/* rows one after the other in one chunk, as a pass in physical order asks for them */
static bool
is_run(const uint32 *order, int64 n)
{
	uint32		broken = 0;

	if ((order[0] & ML_CHUNK_MASK) + n > ML_CHUNK_ROWS)
		return false;
	for (int64 i = 0; i < n; i++)
		broken |= order[i] - order[0] - (uint32) i;
	return broken == 0;
}

void
ml_column_gather(const MlColumn *column, int k, const uint32 *order, int64 n, double *out, int64 stride)
{
	double	  **chunks = column->number;
	int64		width = column->width;

	if (n > 0 && is_run(order, n))
	{
		const double *x = chunks[order[0] >> ML_CHUNK_BITS] + (order[0] & ML_CHUNK_MASK) * width + k;

		/* the next run of this column is asked for meanwhile: many short runs defeat the hardware's prefetcher */
		for (int64 i = 0; i < n; i++)
		{
			if (i % NUMBERS_A_LINE == 0)
				__builtin_prefetch(&x[(i + n) * width]);
			out[i * stride] = x[i * width];
		}
		return;
	}
	for (int64 i = 0; i < n; i++)
	{
		uint32		row = order[i];

		if (i + PREFETCH_AHEAD < n)
		{
			uint32		ahead = order[i + PREFETCH_AHEAD];

			__builtin_prefetch(&chunks[ahead >> ML_CHUNK_BITS][(ahead & ML_CHUNK_MASK) * width + k]);
		}
		out[i * stride] = chunks[row >> ML_CHUNK_BITS][(row & ML_CHUNK_MASK) * width + k];
	}
}

void
ml_column_gather_codes(const MlColumn *column, const uint32 *order, int64 n, uint32 *out)
{
	uint32	  **chunks = column->code;

	for (int64 i = 0; i < n; i++)
		out[i] = chunks[order[i] >> ML_CHUNK_BITS][order[i] & ML_CHUNK_MASK];
}

/* ---- constant ---- */

static bool
codes_are_constant(const MlDataset *data, const MlColumn *column)
{
	if (column->nulls == data->rows)
		return true;
	return column->nulls == 0 && column->dict->n == 1;
}

/* The first row against all others, element by element; NaN (NULL) equals NaN. */
static bool
numbers_are_constant(const MlDataset *data, const MlColumn *column)
{
	const double *first = column->number[0];
	int			width = column->width;

	for (int64 chunk = 0; chunk < n_chunks(data); chunk++)
	{
		const double *x = column->number[chunk];
		int64		rows = chunk_rows(data, chunk);

		CHECK_FOR_INTERRUPTS();
		for (int64 row = 0; row < rows; row++)
			for (int k = 0; k < width; k++)
				if (!(x[row * width + k] == first[k] || (isnan(x[row * width + k]) && isnan(first[k]))))
					return false;
	}
	return true;
}

bool
ml_column_is_constant(const MlDataset *data, int column_index)
{
	const MlColumn *column = &data->columns[column_index];

	if (data->rows == 0)
		return true;
	return column->code != NULL ? codes_are_constant(data, column) : numbers_are_constant(data, column);
}

/* ---- unique ---- */

static inline double
value_at(const MlColumn *column, int64 row)
{
	return column->number[row >> ML_CHUNK_BITS][row & ML_CHUNK_MASK];
}

/* A bit for each whole number from min; false at the first one that is met twice. */
static bool
differ_by_bitmap(const MlDataset *data, const MlColumn *column, double min, uint64 range)
{
	uint64		words = range / 64 + 1;
	uint64	   *bits = ml_budget_alloc(data->budget, words, sizeof(uint64), "the search for identifiers");
	bool		differ = true;

	memset(bits, 0, words * sizeof(uint64));
	for (int64 row = 0; row < data->rows && differ; row++)
	{
		double		x = value_at(column, row);
		uint64		place;

		if ((row & ML_CHUNK_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
		if (isnan(x))
			continue;
		place = (uint64) (x - min);
		differ = (bits[place / 64] >> (place % 64) & 1) == 0;
		bits[place / 64] |= UINT64CONST(1) << (place % 64);
	}
	ml_budget_free(data->budget, bits);
	return differ;
}

/* Slot of x in an open-addressing table, NaN being empty: where it is or would be. */
static inline uint64
find_slot(const double *slots, uint64 mask, double x)
{
	uint64		bits;
	uint64		at;

	memcpy(&bits, &x, sizeof(bits));
	at = (bits * UINT64CONST(0x9e3779b97f4a7c15)) >> 20 & mask;
	while (!isnan(slots[at]) && slots[at] != x)
		at = (at + 1) & mask;
	return at;
}

/* Are the non-NULL values of the first `rows` rows all different? */
static bool
differ_by_hash(const MlDataset *data, const MlColumn *column, int64 rows)
{
	uint64		n_slots = 16;
	double	   *slots;
	bool		differ = true;

	while (n_slots < (uint64) rows * 2)
		n_slots *= 2;
	slots = ml_budget_alloc(data->budget, n_slots, sizeof(double), "the search for identifiers");
	for (uint64 i = 0; i < n_slots; i++)
		slots[i] = NAN;
	for (int64 row = 0; row < rows && differ; row++)
	{
		double		x = value_at(column, row);
		uint64		at;

		if ((row & ML_CHUNK_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
		if (isnan(x))
			continue;
		at = find_slot(slots, n_slots - 1, x);
		differ = isnan(slots[at]);
		slots[at] = x;
	}
	ml_budget_free(data->budget, slots);
	return differ;
}

/*
 * Nearly every column that is no identifier repeats within a small sample, or has fewer values between its ends than rows;
 * identifiers from a sequence are dense enough for a bitmap.
 */
static bool
integers_differ(const MlDataset *data, const MlColumn *column, int64 present)
{
	double		min = INFINITY;
	double		max = -INFINITY;

	if (!differ_by_hash(data, column, Min(data->rows, SAMPLE_ROWS)))
		return false;
	for (int64 row = 0; row < data->rows; row++)
	{
		double		x = value_at(column, row);

		min = x < min ? x : min;
		max = x > max ? x : max;
	}
	CHECK_FOR_INTERRUPTS();
	if (max - min + 1 < present)
		return false;
	if (max - min < (double) data->rows * BITMAP_BITS)
		return differ_by_bitmap(data, column, min, (uint64) (max - min));
	return differ_by_hash(data, column, data->rows);
}

bool
ml_column_is_unique(const MlDataset *data, int column_index)
{
	const MlColumn *column = &data->columns[column_index];
	int64		present = data->rows - column->nulls;

	if (present <= 1)
		return false;
	if (column->code != NULL)
		return column->dict->n == present;
	if (column->type != ML_TYPE_INTEGER)
		return false;
	return integers_differ(data, column, present);
}

/* texts that differ less are categories; ids and addresses are long, too, but have no words */
#define PROSE_TEXTS 100
#define PROSE_LEAST_WORDS 3
#define PROSE_WORDS 4
#define PROSE_BYTES 30

bool
ml_column_is_prose(const MlColumn *column)
{
	const MlDictionary *dict = column->dict;
	double		bytes = 0;
	double		words = 0;

	if (column->code == NULL || dict->n <= PROSE_TEXTS)
		return false;
	for (uint32 i = 0; i < dict->n; i++)
	{
		bool		inside = false;

		if ((i & 0xfff) == 0)
			CHECK_FOR_INTERRUPTS();
		for (uint32 k = 0; k < dict->length[i]; k++)
		{
			words += dict->text[i][k] != ' ' && !inside;
			inside = dict->text[i][k] != ' ';
		}
		bytes += dict->length[i];
	}
	return words >= PROSE_LEAST_WORDS * (double) dict->n &&
		(words > PROSE_WORDS * (double) dict->n || bytes > PROSE_BYTES * (double) dict->n);
}
