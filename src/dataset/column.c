/*
 * column.c: questions to, and rows out of, one loaded column.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "dataset/dataset.h"

#define PREFETCH_AHEAD 16		/* rows: the order is random, and the next address is known long before */
#define SAMPLE_ROWS 1024		/* looked at before a column is believed to be unique */

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

void
ml_column_gather(const MlColumn *column, int k, const uint32 *order, int64 n, double *out, int64 stride)
{
	double	  **chunks = column->number;
	int64		width = column->width;

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

typedef struct NumberSet
{
	double	   *slots;			/* NaN: empty */
	uint64		mask;
} NumberSet;

/* false when x is there already */
static bool
number_set_add(NumberSet *set, double x)
{
	uint64		at = ((uint64) (int64) x * UINT64CONST(0x9e3779b97f4a7c15)) >> 20;

	for (at &= set->mask; !isnan(set->slots[at]); at = (at + 1) & set->mask)
		if (set->slots[at] == x)
			return false;
	set->slots[at] = x;
	return true;
}

/* Are the non-NULL values of the first `rows` rows all different?  The set is taken from the budget and given back. */
static bool
integers_differ(const MlDataset *data, const MlColumn *column, int64 rows)
{
	NumberSet	set;
	uint64		slots = 16;
	bool		differ = true;

	while (slots < (uint64) rows * 2)
		slots *= 2;
	set.slots = ml_budget_alloc(data->budget, slots, sizeof(double), "the search for identifiers");
	set.mask = slots - 1;
	for (uint64 i = 0; i < slots; i++)
		set.slots[i] = NAN;
	for (int64 row = 0; row < rows && differ; row++)
	{
		double		x = column->number[row >> ML_CHUNK_BITS][row & ML_CHUNK_MASK];

		if ((row & 0xfff) == 0)
			CHECK_FOR_INTERRUPTS();
		differ = isnan(x) || number_set_add(&set, x);
	}
	ml_budget_free(data->budget, set.slots);
	return differ;
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
	/* nearly every column that is no identifier repeats within the sample */
	return integers_differ(data, column, Min(data->rows, SAMPLE_ROWS)) && integers_differ(data, column, data->rows);
}
