/*
 * raw.c: rows taken from the heap's bytes without being deformed.
 *
 * Deforming a row of 20 numbers costs more than reading it.  Where all wanted columns lie at fixed offsets (nothing of
 * variable length before them) and the tuple has no NULL, the bytes between the first and the last of them are copied to a
 * row-major stage, and a column's values are picked out of it for many rows at a time, in a loop without a call.
 * This is the usual case of a table named as source; a SELECT that computes comes as values and goes the ordinary way.
 *
 * There are two stages: while the executor fills one, a thread of the pool picks the plain numbers out of the other, scans
 * them for NaN and infinities, and takes the page faults of new memory.  What may allocate (dictionaries) is picked
 * on the main thread before.
 */
#include "postgres.h"

#include <limits.h>

#include "access/htup_details.h"
#include "access/tupmacs.h"
#include "utils/memutils.h"

#include "dataset/raw.h"
#include "interrupts.h"

#define MAX_LAYOUTS 1000
#define STAGE_BYTES (512 * 1024)	/* fits in a second-level cache */
#define MIN_STAGE_ROWS 16
#define MAX_STAGE_ROWS 4096
#define PATIENCE 64				/* rows deformed after one that could not be taken: NULLs come in company */

/* the rows of one stage, on their way to the columns */
typedef struct Transfer
{
	MlRaw	   *raw;
	const char *stage;
	int			n;
	int64		row;			/* of the first one, in the chunk */
} Transfer;

struct MlRaw
{
	MlWriter   *writers;		/* sorted by kind: plain numbers first */
	int			n;
	int			n_plain;
	int		   *offset;			/* of each writer's value in a staged row */
	int		   *length;			/* of that value */
	int			natts;			/* attributes a tuple must have */
	MemoryContext context;		/* of the stages */
	MemoryContext scratch;
	MlkPool    *pool;

	TupleDesc	desc;			/* the offsets are of this one; it goes with the executor, so only its address is used */
	int			layouts;		/* made so far */
	bool		usable;
	int			pause;			/* rows to go before the next try */
	int			from;			/* first byte of the tuple's data that is copied, maxaligned */
	int			bytes;			/* copied a row */
	int			stride;			/* from a staged row to the next */

	char	   *stage[2];
	int			current;		/* the stage being filled */
	int			rows;			/* room of a stage */
	int			staged;
	Transfer	transfer;
	bool		pending;		/* transfer is with the pool */
};

MlRaw *
ml_raw_create(MlWriter *writers, int n, MemoryContext scratch, MlkPool *pool)
{
	MlRaw	   *raw = palloc0(sizeof(MlRaw));

	raw->writers = writers;
	raw->n = n;
	raw->offset = ml_palloc_array(n, sizeof(int));
	raw->length = ml_palloc_array(n, sizeof(int));
	raw->context = CurrentMemoryContext;
	raw->scratch = scratch;
	raw->pool = pool;
	for (int i = 0; i < n; i++)
	{
		raw->natts = Max(raw->natts, writers[i].attribute + 1);
		raw->n_plain += writers[i].kind <= ML_WRITER_BOOL;
	}
	return raw;
}

/* ---- where the values lie ---- */

/* offset of each attribute behind the tuple header, -1 from the first one on whose place depends on the row */
static int *
attribute_offsets(TupleDesc desc, int natts)
{
	int		   *offset = ml_palloc_array(natts, sizeof(int));
	int			at = 0;

	for (int i = 0; i < natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (at >= 0)
			at = att->attlen > 0 ? att_align_nominal(at, att->attalign) : -1;
		offset[i] = at;
		if (at >= 0)
			at += att->attlen;
	}
	return offset;
}

/* false when some wanted column has no fixed place, or is no value that fits in a Datum */
static bool
lay_out(MlRaw *raw, TupleDesc desc)
{
	int		   *offset;
	int			end = 0;

	if (desc->natts < raw->natts || raw->natts == 0)
		return false;
	offset = attribute_offsets(desc, raw->natts);
	raw->from = INT_MAX;
	for (int i = 0; i < raw->n; i++)
	{
		const MlWriter *writer = &raw->writers[i];
		Form_pg_attribute att = TupleDescAttr(desc, writer->attribute);
		int			at = offset[writer->attribute];

		if (at < 0 || !att->attbyval || writer->kind == ML_WRITER_ARRAY || writer->kind == ML_WRITER_KEY)
			return false;
		raw->offset[i] = at;
		raw->length[i] = att->attlen;
		raw->from = Min(raw->from, at);
		end = Max(end, at + att->attlen);
	}
	raw->from = TYPEALIGN_DOWN(MAXIMUM_ALIGNOF, raw->from);
	raw->bytes = end - raw->from;
	raw->stride = MAXALIGN(raw->bytes);
	raw->rows = Min(Max(STAGE_BYTES / raw->stride, MIN_STAGE_ROWS), MAX_STAGE_ROWS);
	for (int i = 0; i < raw->n; i++)
		raw->offset[i] -= raw->from;
	pfree(offset);
	return true;
}

/* partitions come one after the other, each with its own descriptor; a plan that mixes them row by row is not followed */
static void
adopt(MlRaw *raw, TupleDesc desc)
{
	MemoryContext old = MemoryContextSwitchTo(raw->context);

	ml_raw_wait(raw);
	raw->desc = desc;
	raw->usable = raw->layouts++ < MAX_LAYOUTS && lay_out(raw, desc);
	for (int i = 0; i < lengthof(raw->stage); i++)
	{
		if (raw->stage[i] != NULL)
			pfree(raw->stage[i]);
		raw->stage[i] = raw->usable ? ml_palloc_array(raw->rows, raw->stride) : NULL;
	}
	MemoryContextSwitchTo(old);
}

/* ---- in ---- */

static HeapTuple
heap_tuple_of(TupleTableSlot *slot)
{
	if (TTS_IS_BUFFERTUPLE(slot) || TTS_IS_HEAPTUPLE(slot))
		return ((HeapTupleTableSlot *) slot)->tuple;
	return NULL;
}

bool
ml_raw_take(MlRaw *raw, TupleTableSlot *slot)
{
	HeapTuple	tuple = heap_tuple_of(slot);

	if (raw->pause > 0 && raw->pause-- > 0)
		return false;
	if (slot->tts_tupleDescriptor != raw->desc)
	{
		if (raw->staged > 0)
			return false;
		adopt(raw, slot->tts_tupleDescriptor);
	}
	if (tuple == NULL || !raw->usable || HeapTupleHasNulls(tuple) ||
		HeapTupleHeaderGetNatts(tuple->t_data) < raw->natts)
	{
		raw->pause = PATIENCE;
		return false;
	}
	memcpy(raw->stage[raw->current] + (Size) raw->staged * raw->stride,
		   (char *) tuple->t_data + tuple->t_data->t_hoff + raw->from, raw->bytes);
	raw->staged++;
	return true;
}

int
ml_raw_staged(const MlRaw *raw)
{
	return raw->staged;
}

bool
ml_raw_full(const MlRaw *raw)
{
	return raw->staged > 0 && raw->staged == raw->rows;
}

/* ---- out ---- */

/* one column of the staged rows */
#define PICK(type) \
	for (int r = 0; r < t->n; r++) \
	{ \
		type		value; \
		memcpy(&value, from + (Size) r * t->raw->stride, sizeof(value)); \
		to[r] = (double) value; \
	}

/* a plain number; runs on any thread */
static void
pick_plain(const Transfer *t, int i)
{
	const MlWriter *writer = &t->raw->writers[i];
	const char *from = t->stage + t->raw->offset[i];
	double	   *to = writer->number + t->row;

	switch (writer->kind)
	{
		case ML_WRITER_FLOAT8:
			PICK(float8);
			break;
		case ML_WRITER_FLOAT4:
			PICK(float4);
			break;
		case ML_WRITER_INT8:
			PICK(int64);
			break;
		case ML_WRITER_INT4:
			PICK(int32);
			break;
		case ML_WRITER_INT2:
			PICK(int16);
			break;
		default:
			PICK(bool);
			break;
	}
}

static void
transfer_plain(void *arg, int64_t block, int worker)
{
	const Transfer *t = arg;

	for (int i = 0; i < t->raw->n_plain; i++)
	{
		pick_plain(t, i);
		ml_writer_scan(&t->raw->writers[i], t->row, t->row + t->n);
	}
}

static void
transfer_others(const Transfer *t)
{
	MlRaw	   *raw = t->raw;
	MemoryContext old = MemoryContextSwitchTo(raw->scratch);

	for (int i = raw->n_plain; i < raw->n; i++)
	{
		MlWriter   *writer = &raw->writers[i];
		const char *from = t->stage + raw->offset[i];

		for (int r = 0; r < t->n; r++)
			writer->put(writer, t->row + r, fetch_att(from + (Size) r * raw->stride, true, raw->length[i]));
		ml_writer_scan(writer, t->row, t->row + t->n);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(raw->scratch);
}

void
ml_raw_flush(MlRaw *raw, int64 row)
{
	Transfer   *t = &raw->transfer;

	if (raw->staged == 0)
		return;
	ml_raw_wait(raw);
	t->raw = raw;
	t->stage = raw->stage[raw->current];
	t->n = raw->staged;
	t->row = row - raw->staged;
	raw->staged = 0;
	raw->current = 1 - raw->current;
	transfer_others(t);
	raw->pending = true;
	mlk_task_start(raw->pool, transfer_plain, t);
}

void
ml_raw_wait(MlRaw *raw)
{
	if (!raw->pending)
		return;
	raw->pending = false;
	ml_check_status(mlk_task_wait(raw->pool));
}
