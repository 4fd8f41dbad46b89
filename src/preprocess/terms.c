/*
 * terms.c: distinct terms (see terms.h).
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "kernels/hash.h"
#include "preprocess/terms.h"

#define EMPTY UINT32_MAX
#define FIRST_ROOM 1024
#define FIRST_BYTES ((Size) 16384)
#define POLL_MASK 0xfff

/* ---- finding ---- */

static inline uint32
first_slot(const MlTerms *t, const char *term, uint32 length)
{
	return (uint32) mlk_hash_bytes(term, length, 0) & t->mask;
}

uint32
ml_term_find(const MlTerms *t, const char *term, uint32 length)
{
	for (uint32 s = first_slot(t, term, length); t->slot[s] != EMPTY; s = (s + 1) & t->mask)
	{
		uint32		i = t->slot[s];

		if (ml_term_length(t, i) == length && memcmp(t->bytes + t->start[i], term, length) == 0)
			return i;
	}
	return t->n;
}

static void
enter(MlTerms *t, uint32 i)
{
	uint32		s = first_slot(t, t->bytes + t->start[i], ml_term_length(t, i));

	while (t->slot[s] != EMPTY)
		s = (s + 1) & t->mask;
	t->slot[s] = i;
}

static void
index_terms(MlTerms *t)
{
	for (uint32 s = 0; s <= t->mask; s++)
		t->slot[s] = EMPTY;
	for (uint32 i = 0; i < t->n; i++)
		enter(t, i);
}

/* ---- learning ---- */

static void *
grow_array(MlTerms *t, void *old, Size n, Size room, Size size)
{
	void	   *array = ml_budget_alloc(t->budget, room, size, "terms of texts");

	if (n > 0)
		memcpy(array, old, n * size);
	ml_budget_free(t->budget, old);
	return array;
}

/* slots are twice the terms, and a power of two */
static void
grow(MlTerms *t)
{
	uint32		room = t->room == 0 ? FIRST_ROOM : 2 * t->room;

	if (room > (1U << 30))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the texts have too many different terms"),
				 errdetail("They have more than %u.", t->room),
				 errhint("Use a narrower ngram_range, or \"encode\": \"hashing\".")));
	t->start = grow_array(t, t->start, t->room > 0 ? (Size) t->n + 1 : 0, (Size) room + 1, sizeof(Size));
	t->rows = grow_array(t, t->rows, t->n, room, sizeof(uint64));
	t->total = grow_array(t, t->total, t->n, room, sizeof(uint64));
	t->last = grow_array(t, t->last, t->n, room, sizeof(uint32));
	ml_budget_free(t->budget, t->slot);
	t->slot = NULL;
	t->slot = ml_budget_alloc(t->budget, (Size) room * 2, sizeof(uint32), "terms of texts");
	t->mask = 2 * room - 1;
	t->room = room;
	index_terms(t);
}

void
ml_terms_begin(MlTerms *t, MlBudget *budget)
{
	memset(t, 0, sizeof(MlTerms));
	t->budget = budget;
	t->byte_room = FIRST_BYTES;
	t->bytes = ml_budget_alloc(budget, t->byte_room, 1, "terms of texts");
	grow(t);
	t->start[0] = 0;
}

static uint32
add(MlTerms *t, const char *term, uint32 length)
{
	uint32		i = t->n;
	Size		used = t->start[i];

	if (i == t->room)
		grow(t);
	if (used + length > t->byte_room)
	{
		Size		room = Max(2 * t->byte_room, used + length);

		t->bytes = grow_array(t, t->bytes, used, room, 1);
		t->byte_room = room;
	}
	memcpy(t->bytes + used, term, length);
	t->start[i + 1] = used + length;
	t->rows[i] = t->total[i] = 0;
	t->last[i] = 0;
	t->n++;
	enter(t, i);
	return i;
}

void
ml_terms_count(MlTerms *t, const char *term, uint32 length, uint32 text, uint64 weight)
{
	uint32		i = ml_term_find(t, term, length);

	if (i == t->n)
		i = add(t, term, length);
	t->total[i] += weight;
	if (t->last[i] != text + 1)
		t->rows[i] += weight;
	t->last[i] = text + 1;
}

void
ml_terms_end(MlTerms *t)
{
	ml_budget_free(t->budget, t->start);
	ml_budget_free(t->budget, t->bytes);
	ml_budget_free(t->budget, t->slot);
	ml_budget_free(t->budget, t->rows);
	ml_budget_free(t->budget, t->total);
	ml_budget_free(t->budget, t->last);
}

/* ---- choosing ---- */

static int
by_bytes(const void *a, const void *b, void *arg)
{
	const MlTerms *t = arg;
	uint32		i = *(const uint32 *) a;
	uint32		j = *(const uint32 *) b;
	uint32		m = ml_term_length(t, i);
	uint32		n = ml_term_length(t, j);
	int			order = memcmp(t->bytes + t->start[i], t->bytes + t->start[j], Min(m, n));

	CHECK_FOR_INTERRUPTS();
	return order != 0 ? order : (m > n) - (m < n);
}

static int
by_total(const void *a, const void *b, void *arg)
{
	const MlTerms *t = arg;
	uint64		x = t->total[*(const uint32 *) a];
	uint64		y = t->total[*(const uint32 *) b];

	return x != y ? (x > y ? -1 : 1) : by_bytes(a, b, arg);
}

uint32 *
ml_terms_choose(const MlTerms *t, double least, double most, uint32 limit, uint32 *n)
{
	uint32	   *index = ml_budget_alloc(t->budget, (Size) t->n + 1, sizeof(uint32), "terms of texts");
	uint32		kept = 0;

	for (uint32 i = 0; i < t->n; i++)
	{
		if (t->rows[i] >= least && t->rows[i] <= most)
			index[kept++] = i;
	}
	if (limit > 0 && kept > limit)
	{
		qsort_arg(index, kept, sizeof(uint32), by_total, unconstify(MlTerms *, t));
		kept = limit;
	}
	qsort_arg(index, kept, sizeof(uint32), by_bytes, unconstify(MlTerms *, t));
	*n = kept;
	return index;
}

/* ---- a vocabulary ---- */

/* room for n terms of so many bytes; a term has a byte at least, but for the empty one that bytes may claim */
static void
allocate(MlTerms *t, uint32 n, Size bytes)
{
	uint32		slots = 2;

	while (slots < 2 * n)
		slots *= 2;
	memset(t, 0, sizeof(MlTerms));
	t->start = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Size) * ((Size) n + 1));
	t->bytes = MemoryContextAllocHuge(CurrentMemoryContext, Max(bytes, 1));
	t->slot = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint32) * slots);
	t->mask = slots - 1;
	t->start[0] = 0;
	t->n = n;
}

void
ml_terms_take(MlTerms *to, const MlTerms *from, const uint32 *index, uint32 n)
{
	Size		bytes = 0;

	for (uint32 i = 0; i < n; i++)
		bytes += ml_term_length(from, index[i]);
	allocate(to, n, bytes);
	for (uint32 i = 0; i < n; i++)
	{
		uint32		length = ml_term_length(from, index[i]);

		memcpy(to->bytes + to->start[i], from->bytes + from->start[index[i]], length);
		to->start[i + 1] = to->start[i] + length;
	}
	index_terms(to);
}

void
ml_terms_write(const MlTerms *t, MlBlobWriter *w)
{
	ml_blob_put_u32(w, t->n);
	for (uint32 i = 0; i < t->n; i++)
	{
		ml_blob_put_u32(w, ml_term_length(t, i));
		ml_blob_put_bytes(w, t->bytes + t->start[i], ml_term_length(t, i));
	}
}

/* the terms, read from here on, take so many bytes; the reader stays where it is */
static Size
measure(const MlBlobReader *r, uint32 n)
{
	MlBlobReader ahead = *r;
	Size		bytes = 0;
	uint32		length;

	for (uint32 i = 0; i < n && ml_blob_ok(&ahead); i++)
	{
		if (ml_blob_get_string(&ahead, &length) != NULL)
			bytes += length;
	}
	return bytes;
}

void
ml_terms_read(MlTerms *t, MlBlobReader *r)
{
	uint32		n = ml_blob_get_count(r, sizeof(uint32) + 1, ML_MAX_TERMS);

	allocate(t, n, measure(r, n));
	for (uint32 i = 0; i < n && ml_blob_ok(r); i++)
	{
		uint32		length;
		const char *term = ml_blob_get_string(r, &length);
		uint32		ids[2] = {Max(i, 1) - 1, i};

		if ((i & POLL_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
		if (term == NULL)
			break;
		memcpy(t->bytes + t->start[i], term, length);
		t->start[i + 1] = t->start[i] + length;
		if (length == 0 || (i > 0 && by_bytes(&ids[0], &ids[1], t) >= 0))
			ml_blob_fail(r, "terms are empty or not in ascending order");
	}
	if (!ml_blob_ok(r))
		t->n = 0;
	index_terms(t);
}
