/*
 * version.c: versions and their bytes, read.
 *
 * A version never changes, so whoever knows its id may see it: when the statement's snapshot is too old for it (another
 * session stored and deployed it while we waited for the model's lock, or this very statement stored it) the
 * latest snapshot is as good.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/heaptoast.h"
#include "access/parallel.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "catalog/tables.h"
#include "pages.h"

typedef void (*VersionFn) (HeapTuple tuple, TupleDesc desc, void *result);

static bool
visit_with(Snapshot snapshot, int64 version_id, VersionFn fn, void *result)
{
	ScanKeyData key;
	MlScan		scan;
	HeapTuple	tuple;
	bool		found;

	ml_key_int64(&key, VERSION_ID, version_id);
	ml_scan_begin(&scan, ML_TABLE_VERSION, ML_INDEX_VERSION_ID, snapshot, &key, 1);
	tuple = ml_scan_next(&scan);
	found = (tuple != NULL);
	if (found)
		fn(tuple, RelationGetDescr(scan.heap), result);
	ml_scan_end(&scan);
	return found;
}

/* parallel workers cannot take a snapshot of their own; their leader's is the statement's */
static void
visit_version(int64 version_id, VersionFn fn, void *result)
{
	bool		found = visit_with(GetActiveSnapshot(), version_id, fn, result);

	if (!found && !IsInParallelMode())
	{
		PushActiveSnapshot(GetLatestSnapshot());
		found = visit_with(GetActiveSnapshot(), version_id, fn, result);
		PopActiveSnapshot();
	}
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the model version with id " INT64_FORMAT " does not exist any more", version_id),
				 errhint("It was dropped by another session: name another version or run the statement again.")));
}

static char *
text_or_null(Datum value, bool isnull)
{
	return isnull ? NULL : TextDatumGetCString(value);
}

static Jsonb *
jsonb_or_null(Datum value, bool isnull)
{
	return isnull ? NULL : DatumGetJsonbPCopy(value);
}

static double
float_or_nan(Datum value, bool isnull)
{
	return isnull ? get_float8_nan() : DatumGetFloat8(value);
}

static void
copy_version(HeapTuple tuple, TupleDesc desc, void *result)
{
	MlVersionRow *row = result;
	Datum		v[VERSION_COLUMNS];
	bool		isnull[VERSION_COLUMNS];

#define COLUMN(column) v[(column) - 1], isnull[(column) - 1]
	heap_deform_tuple(tuple, desc, v, isnull);
	row->version_id = DatumGetInt64(v[VERSION_ID - 1]);
	row->model_id = DatumGetInt64(v[VERSION_MODEL_ID - 1]);
	row->version = DatumGetInt32(v[VERSION_NUMBER - 1]);
	row->algorithm = text_or_null(COLUMN(VERSION_ALGORITHM));
	row->task = text_or_null(COLUMN(VERSION_TASK));
	row->params = jsonb_or_null(COLUMN(VERSION_PARAMS));
	row->definition = jsonb_or_null(COLUMN(VERSION_DEFINITION));
	row->preprocess = jsonb_or_null(COLUMN(VERSION_PREPROCESS));
	row->features = jsonb_or_null(COLUMN(VERSION_FEATURES));
	row->classes = jsonb_or_null(COLUMN(VERSION_CLASSES));
	row->reference = jsonb_or_null(COLUMN(VERSION_REFERENCE));
	row->metrics = jsonb_or_null(COLUMN(VERSION_METRICS));
	row->metric = text_or_null(COLUMN(VERSION_METRIC));
	row->value = float_or_nan(COLUMN(VERSION_VALUE));
	row->baseline = float_or_nan(COLUMN(VERSION_BASELINE));
	row->train_rows = DatumGetInt64(v[VERSION_TRAIN_ROWS - 1]);
	row->test_rows = DatumGetInt64(v[VERSION_TEST_ROWS - 1]);
	row->skipped_rows = DatumGetInt64(v[VERSION_SKIPPED_ROWS - 1]);
	row->seed = DatumGetInt64(v[VERSION_SEED - 1]);
	row->fingerprint = (uint64) DatumGetInt64(v[VERSION_FINGERPRINT - 1]);
	row->seconds = float_or_nan(COLUMN(VERSION_SECONDS));
	row->build = text_or_null(COLUMN(VERSION_BUILD));
	row->inspection = jsonb_or_null(COLUMN(VERSION_INSPECTION));
#undef COLUMN
}

MlVersionRow *
ml_catalog_version(int64 version_id)
{
	MlVersionRow *row = palloc0(sizeof(MlVersionRow));

	visit_version(version_id, copy_version, row);
	return row;
}

static void
copy_number(HeapTuple tuple, TupleDesc desc, void *result)
{
	bool		isnull;

	*(int *) result = DatumGetInt32(heap_getattr(tuple, VERSION_NUMBER, desc, &isnull));
}

int
ml_catalog_version_number(int64 version_id)
{
	int			version = 0;

	visit_version(version_id, copy_number, &version);
	return version;
}

int64
ml_catalog_version_id(int64 model_id, int version)
{
	ScanKeyData keys[2];
	MlScan		scan;
	HeapTuple	tuple;
	bool		isnull;
	int64		version_id = 0;

	ml_key_int64(&keys[0], VERSION_MODEL_ID, model_id);
	ml_key_int32(&keys[1], VERSION_NUMBER, version);
	ml_scan_begin(&scan, ML_TABLE_VERSION, ML_INDEX_VERSION_NUMBER, GetActiveSnapshot(), keys, 2);
	tuple = ml_scan_next(&scan);
	if (tuple != NULL)
		version_id = DatumGetInt64(heap_getattr(tuple, VERSION_ID, RelationGetDescr(scan.heap), &isnull));
	ml_scan_end(&scan);
	return version_id;
}

/* ---- bytes ---- */

/* a multiple of what a TOAST tuple holds, so that none is fetched twice; its memory comes from the heap and goes back there */
#define SLICE_BYTES ((Size) 48 * TOAST_MAX_CHUNK_SIZE)

/* where chunks go */
typedef struct Bytes
{
	int64		version_id;
	uint8	   *data;
	Size		size;
	Size		filled;
} Bytes;

static void
bytes_missing(const Bytes *bytes)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("the stored bytes of the model version with id " INT64_FORMAT " are incomplete", bytes->version_id),
			 errdetail("%zu of %zu bytes could be read from mlops.model_chunk.", bytes->filled, bytes->size),
			 errhint("Restore the version from a backup, or train again with mlops_retrain().")));
}

/* data goes behind what is there already */
static void
append_data(struct varlena *data, Bytes *bytes)
{
	Size		size = VARSIZE_ANY_EXHDR(data);

	if (size > bytes->size - bytes->filled)
		bytes_missing(bytes);
	memcpy(bytes->data + bytes->filled, VARDATA_ANY(data), size);
	bytes->filled += size;
}

/* length of a value that can be fetched in slices at no extra cost: stored out of line and not compressed; else 0 */
static Size
sliceable(Datum datum)
{
	struct varlena *stored = (struct varlena *) DatumGetPointer(datum);
	struct varatt_external pointer;

	if (!VARATT_IS_EXTERNAL_ONDISK(stored))
		return 0;
	VARATT_EXTERNAL_GET_POINTER(pointer, stored);
	return VARATT_EXTERNAL_IS_COMPRESSED(pointer) ? 0 : VARATT_EXTERNAL_GET_EXTSIZE(pointer);
}

/* in slices whose memory is used again: fresh pages for a second copy of megabytes would take longer than the copying */
static void
append_chunk(HeapTuple tuple, TupleDesc desc, int number, Bytes *bytes)
{
	bool		isnull;
	int			stored = DatumGetInt32(heap_getattr(tuple, CHUNK_NUMBER, desc, &isnull));
	Datum		datum = heap_getattr(tuple, CHUNK_DATA, desc, &isnull);
	Size		sliced = sliceable(datum);
	struct varlena *data;

	if (stored != number)
		bytes_missing(bytes);
	for (Size from = 0; from < sliced; from += SLICE_BYTES)
	{
		data = PG_DETOAST_DATUM_SLICE(datum, from, Min(SLICE_BYTES, sliced - from));
		append_data(data, bytes);
		pfree(data);
	}
	if (sliced > 0)
		return;
	data = PG_DETOAST_DATUM_PACKED(datum);
	append_data(data, bytes);
	if ((Pointer) data != DatumGetPointer(datum))
		pfree(data);
}

static void
copy_bytes(HeapTuple tuple, TupleDesc desc, void *result)
{
	Bytes	   *bytes = result;
	bool		isnull;
	int64		size = DatumGetInt64(heap_getattr(tuple, VERSION_BYTES, desc, &isnull));
	ScanKeyData key;
	MlScan		scan;
	HeapTuple	chunk;

	if (size < 0 || (Size) size > MaxAllocHugeSize)
		bytes_missing(bytes);
	bytes->size = (Size) size;
	bytes->data = ml_large_pages(palloc_extended(Max(bytes->size, 1), MCXT_ALLOC_HUGE), bytes->size);

	ml_key_int64(&key, CHUNK_VERSION_ID, bytes->version_id);
	ml_scan_begin_ordered(&scan, ML_TABLE_CHUNK, ML_INDEX_CHUNK, GetActiveSnapshot(), &key, 1);
	for (int number = 0; (chunk = ml_scan_next(&scan)) != NULL; number++)
	{
		CHECK_FOR_INTERRUPTS();
		append_chunk(chunk, RelationGetDescr(scan.heap), number, bytes);
	}
	ml_scan_end(&scan);
	if (bytes->filled != bytes->size)
		bytes_missing(bytes);
}

uint8 *
ml_catalog_bytes(int64 version_id, Size *len)
{
	Bytes		bytes = {.version_id = version_id};

	visit_version(version_id, copy_bytes, &bytes);
	*len = bytes.size;
	return bytes.data;
}
