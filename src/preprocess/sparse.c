/*
 * sparse.c: vectors of texts, and a table of them that grows with the dictionary of its column.
 *
 * A text is taken apart once, when its entry of the dictionary is met for the first time; rows name vectors by the
 * dictionary's own codes.  A row scored alone goes through the same MlStepKind.vector, so it gets the same bits.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "preprocess/sparse.h"
#include "preprocess/step.h"

#define PIECE 512				/* rows gathered at a time, on the stack */
#define FIRST_ROOM 64

const char *const ml_norm_choices[] = {"l2", "l1", "none", NULL};

/* ---- one vector ---- */

MlSparseVector *
ml_vector_create(MemoryContext context)
{
	MlSparseVector *v = MemoryContextAllocZero(context, sizeof(MlSparseVector));

	v->context = context;
	return v;
}

static void
grow_vector(MlSparseVector *v)
{
	v->room = Max(2 * v->room, FIRST_ROOM);
	if (v->column == NULL)
	{
		v->column = MemoryContextAllocHuge(v->context, mul_size(v->room, sizeof(uint32)));
		v->value = MemoryContextAllocHuge(v->context, mul_size(v->room, sizeof(double)));
		return;
	}
	v->column = repalloc_huge(v->column, mul_size(v->room, sizeof(uint32)));
	v->value = repalloc_huge(v->value, mul_size(v->room, sizeof(double)));
}

void
ml_vector_add(MlSparseVector *v, uint32 column, double value)
{
	if (v->n == v->room)
		grow_vector(v);
	v->column[v->n] = column;
	v->value[v->n++] = value;
}

/* heap sort by column: in place, no worst case, and values of one column are whole numbers, so their order does not show */
static void
sift(MlSparseVector *v, int64 at, int64 n)
{
	uint32		column = v->column[at];
	double		value = v->value[at];

	for (int64 child = 2 * at + 1; child < n; child = 2 * at + 1)
	{
		if (child + 1 < n && v->column[child + 1] > v->column[child])
			child++;
		if (v->column[child] <= column)
			break;
		v->column[at] = v->column[child];
		v->value[at] = v->value[child];
		at = child;
	}
	v->column[at] = column;
	v->value[at] = value;
}

static void
sort_vector(MlSparseVector *v)
{
	for (int64 i = v->n / 2 - 1; i >= 0; i--)
		sift(v, i, v->n);
	for (int64 i = v->n - 1; i > 0; i--)
	{
		uint32		column = v->column[0];
		double		value = v->value[0];

		v->column[0] = v->column[i];
		v->value[0] = v->value[i];
		v->column[i] = column;
		v->value[i] = value;
		sift(v, 0, i);
	}
}

void
ml_vector_gather(MlSparseVector *v)
{
	int64		kept = 0;

	sort_vector(v);
	for (int64 i = 0; i < v->n;)
	{
		uint32		column = v->column[i];
		double		sum = 0;

		for (; i < v->n && v->column[i] == column; i++)
			sum += v->value[i];
		v->column[kept] = column;
		v->value[kept] = sum;
		kept += sum != 0;
	}
	v->n = kept;
}

void
ml_vector_normalise(MlSparseVector *v, MlVectorNorm norm)
{
	double		length = 0;

	if (norm == ML_NORM_NONE)
		return;
	for (int64 i = 0; i < v->n; i++)
		length += norm == ML_NORM_L1 ? fabs(v->value[i]) : v->value[i] * v->value[i];
	if (norm == ML_NORM_L2)
		length = sqrt(length);
	for (int64 i = 0; i < v->n && length > 0; i++)
		v->value[i] /= length;
}

void
ml_vector_keep(MlSparseVector *v, const uint32 *kept)
{
	int64		n = 0;

	for (int64 i = 0; i < v->n && kept != NULL; i++)
	{
		if (kept[v->column[i]] == MLK_NO_CODE)
			continue;
		v->column[n] = kept[v->column[i]];
		v->value[n++] = v->value[i];
	}
	if (kept != NULL)
		v->n = n;
}

/* ---- the table ---- */

typedef struct MlSparseTable
{
	MlSparseVector *vector;
	int64	   *start;
	uint32	   *column;
	double	   *value;
	uint32		room;			/* vectors */
	int64		entry_room;
} MlSparseTable;

/* a larger copy of an array of the budget */
static void *
grow_array(MlBudget *budget, void *old, Size n, Size room, Size size)
{
	void	   *array = ml_budget_alloc(budget, room, size, "vectors of texts");

	if (n > 0)
		memcpy(array, old, n * size);
	ml_budget_free(budget, old);
	return array;
}

static void
reserve(MlBoundStep *bound, MlSparseTable *t, uint32 vectors, int64 entries)
{
	int64		used = bound->memo_n > 0 ? t->start[bound->memo_n] : 0;

	if (vectors > t->room)
	{
		uint32		room = Max(vectors, t->room < PG_UINT32_MAX / 2 ? 2 * t->room : PG_UINT32_MAX - 1);

		t->start = grow_array(bound->budget, t->start, t->room > 0 ? (Size) bound->memo_n + 1 : 0, (Size) room + 1, sizeof(int64));
		t->room = room;
	}
	if (used + entries > t->entry_room)
	{
		int64		room = Max(Max(used + entries, 2 * t->entry_room), FIRST_ROOM);

		t->column = grow_array(bound->budget, t->column, used, room, sizeof(uint32));
		t->value = grow_array(bound->budget, t->value, used, room, sizeof(double));
		t->entry_room = room;
	}
}

void
ml_sparse_refresh(MlBoundStep *bound)
{
	const MlDictionary *dict = bound->column->dict;
	MlSparseTable *t = bound->table;

	if (t == NULL)
	{
		t = bound->table = MemoryContextAllocZero(bound->context, sizeof(MlSparseTable));
		t->vector = ml_vector_create(bound->context);
		reserve(bound, t, dict->n, 0);
		t->start[0] = 0;
	}
	for (; bound->memo_n < dict->n; bound->memo_n++)
	{
		uint32		i = bound->memo_n;

		CHECK_FOR_INTERRUPTS();
		t->vector->n = 0;
		bound->step->kind->vector(bound->step, dict->text[i], dict->length[i], t->vector);
		ml_vector_keep(t->vector, bound->step->kept);
		reserve(bound, t, i < dict->n ? dict->n : i + 1, t->vector->n);
		for (int64 k = 0; k < t->vector->n; k++)
		{
			t->column[t->start[i] + k] = t->vector->column[k];
			t->value[t->start[i] + k] = t->vector->value[k];
		}
		t->start[i + 1] = t->start[i] + t->vector->n;
	}
	bound->sparse.n = bound->memo_n;
	bound->sparse.start = t->start;
	bound->sparse.column = t->column;
	bound->sparse.value = t->value;
}

void
ml_sparse_keep(MlBoundStep *bound)
{
	const uint32 *kept = bound->step->kept;
	MlSparseTable *t = bound->table;
	int64		n = 0;
	int64		at = 0;

	if (kept == NULL || t == NULL)
		return;
	for (uint32 i = 0; i < bound->memo_n; i++)
	{
		if ((i & 0xfff) == 0)
			CHECK_FOR_INTERRUPTS();
		for (; at < t->start[i + 1]; at++)
		{
			if (kept[t->column[at]] == MLK_NO_CODE)
				continue;
			t->column[n] = kept[t->column[at]];
			t->value[n++] = t->value[at];
		}
		t->start[i + 1] = n;
	}
}

void
ml_sparse_block(const MlBoundStep *bound, const uint32 *order, int64 n,
				double *dense, int64 dense_stride, uint32 *codes, int64 stride)
{
	uint32		entry[PIECE];

	StaticAssertStmt(ML_NULL_CODE == MLK_NO_CODE, "NULL must set no column");
	for (int64 from = 0; from < n && codes != NULL; from += PIECE)
	{
		int64		rows = Min(PIECE, n - from);

		ml_column_gather_codes(bound->column, order + from, rows, entry);
		for (int64 i = 0; i < rows; i++)
			codes[(from + i) * stride] = entry[i];
	}
}
