/*
 * raw.c: rows taken from the heap's bytes without being deformed.
 *
 * Deforming a row of 20 numbers costs more than reading it.  Where all wanted columns lie at fixed offsets (nothing of
 * variable length before them) and the tuple has no NULL, the bytes between the first and the last of them are copied to a
 * small row-major stage, and a column's values are picked out of it for many rows at a time, in a loop without a call.
 * This is the usual case of a table named as source; a SELECT that computes comes as values and goes the ordinary way.
 */
#include "postgres.h"

#include <limits.h>

#include "access/htup_details.h"
#include "access/tupmacs.h"
#include "utils/memutils.h"

#include "dataset/raw.h"

#define MAX_LAYOUTS 1000

struct MlRaw
{
	MlWriter   *writers;
	int			n;
	int		   *offset;			/* of each writer's value in a staged row */
	int		   *length;			/* of that value */
	int			natts;			/* attributes a tuple must have */
	MemoryContext context;		/* of the stage */
	MemoryContext scratch;

	TupleDesc	desc;			/* the offsets are of this one; it goes with the executor, so only its address is used */
	int			layouts;		/* made so far */
	bool		usable;
	int			from;			/* first byte of the tuple's data that is copied, maxaligned */
	int			bytes;			/* copied a row */
	int			stride;			/* from a staged row to the next */

	char	   *stage;
	int			staged;
};

MlRaw *
ml_raw_create(MlWriter *writers, int n, MemoryContext scratch)
{
	MlRaw	   *raw = palloc0(sizeof(MlRaw));

	raw->writers = writers;
	raw->n = n;
	raw->offset = ml_palloc_array(n, sizeof(int));
	raw->length = ml_palloc_array(n, sizeof(int));
	raw->context = CurrentMemoryContext;
	raw->scratch = scratch;
	for (int i = 0; i < n; i++)
		raw->natts = Max(raw->natts, writers[i].attribute + 1);
	return raw;
}

/* offset of each attribute behind the tuple header, -1 from the first one on whose place depends on the row */
static int *
attribute_offsets(TupleDesc desc, int natts)
{
	int		   *offset = palloc(sizeof(int) * natts);
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
		Form_pg_attribute att = TupleDescAttr(desc, raw->writers[i].attribute);
		int			at = offset[raw->writers[i].attribute];

		if (at < 0 || !att->attbyval || raw->writers[i].kind >= ML_WRITER_KEY || raw->writers[i].kind == ML_WRITER_ARRAY)
			return false;
		raw->offset[i] = at;
		raw->length[i] = att->attlen;
		raw->from = Min(raw->from, at);
		end = Max(end, at + att->attlen);
	}
	raw->from = TYPEALIGN_DOWN(MAXIMUM_ALIGNOF, raw->from);
	raw->bytes = end - raw->from;
	raw->stride = MAXALIGN(raw->bytes);
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

	raw->desc = desc;
	raw->usable = raw->layouts++ < MAX_LAYOUTS && lay_out(raw, desc);
	if (raw->stage != NULL)
		pfree(raw->stage);
	raw->stage = raw->usable ? palloc(ML_RAW_ROWS * raw->stride) : NULL;
	MemoryContextSwitchTo(old);
}

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

	Assert(raw->staged < ML_RAW_ROWS);
	if (slot->tts_tupleDescriptor != raw->desc)
	{
		if (raw->staged > 0)
			return false;
		adopt(raw, slot->tts_tupleDescriptor);
	}
	if (tuple == NULL || !raw->usable || HeapTupleHasNulls(tuple) ||
		HeapTupleHeaderGetNatts(tuple->t_data) < raw->natts)
		return false;
	memcpy(raw->stage + raw->staged * raw->stride,
		   (char *) tuple->t_data + tuple->t_data->t_hoff + raw->from, raw->bytes);
	raw->staged++;
	return true;
}

int
ml_raw_staged(const MlRaw *raw)
{
	return raw->staged;
}

/* one column of the staged rows */
#define PICK(type) \
	for (int r = 0; r < raw->staged; r++) \
	{ \
		type		value; \
		memcpy(&value, from + r * raw->stride, sizeof(value)); \
		to[r] = (double) value; \
	}

static void
pick_values(MlRaw *raw, MlWriter *writer, const char *from, int length, int64 row)
{
	for (int r = 0; r < raw->staged; r++)
		writer->put(writer, row + r, fetch_att(from + r * raw->stride, true, length));
}

static void
pick_column(MlRaw *raw, int i, int64 row)
{
	MlWriter   *writer = &raw->writers[i];
	const char *from = raw->stage + raw->offset[i];
	double	   *to = writer->number + row;

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
		case ML_WRITER_BOOL:
			PICK(bool);
			break;
		default:
			pick_values(raw, writer, from, raw->length[i], row);
			break;
	}
}

void
ml_raw_flush(MlRaw *raw, int64 row)
{
	MemoryContext old;

	if (raw->staged == 0)
		return;
	old = MemoryContextSwitchTo(raw->scratch);
	for (int i = 0; i < raw->n; i++)
		pick_column(raw, i, row - raw->staged);
	MemoryContextSwitchTo(old);
	MemoryContextReset(raw->scratch);
	raw->staged = 0;
}
