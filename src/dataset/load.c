/*
 * load.c: the receiver that turns executor rows into typed columns.
 *
 * A slot is deformed once, up to the last column asked for.  Columns are written in runs of one kind, so that the loop for the
 * plain numbers has no call and no switch in it.  Everything that can wait is done a block of SCAN_ROWS at a time
 * while its numbers are still in the second-level cache: NaN and infinities are counted, whole numbers recognised, progress told.
 *
 * Chunks.  The first one starts small and grows by copying, so that a table of 1,600 columns and ten rows costs
 * little; later ones are made whole unless that is a lot of memory at once.
 */
#include "postgres.h"

#include "executor/tuptable.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "dataset/raw.h"
#include "dataset/writer.h"

/* rows of the first chunk at its start; doubled until it is whole, so that no more than half of it lies idle */
#define FIRST_ROWS 1024
/* later chunks are made whole, above this size (all columns together) a quarter first: idle room stays a small share */
#define WHOLE_CHUNK_BYTES ((Size) 64 * 1024 * 1024)
#define QUARTER_CHUNK (ML_CHUNK_ROWS / 4)

#define SCAN_ROWS 4096
#define PROGRESS_ROWS 16384

void		(*ml_dataset_progress) (int64 rows) = NULL;

typedef struct Loader
{
	DestReceiver pub;
	const MlSource *source;
	MlDataset  *data;
	MlWriter   *writers;		/* sorted by kind */
	int			n_writers;
	int			run_end[ML_WRITER_KINDS];	/* writers [run_end[k - 1], run_end[k]) are of kind k */
	int			max_attribute;	/* attributes to deform */
	int		   *required;		/* 0-based attributes whose NULL leaves a row out */
	int			n_required;
	MemoryContext scratch;		/* of one row; NULL when no writer needs it */
	MlRaw	   *raw;			/* rows counted in row that are not in the columns yet */

	int64		row;			/* in the current chunk */
	int64		scanned;		/* rows of it that were counted, or are being counted with the raw ones */
	int64		capacity;		/* rows the current chunk has room for */
	int			chunk;
	int			chunks_room;	/* length of the columns' chunk lists */
	Size		row_bytes;		/* of all columns */
	int64		kept;			/* rows in chunks or batches before the current one */

	/* streaming */
	int			batch;			/* 0: load everything */
	MlBatchFn	fn;
	void	   *arg;
	MemoryContext caller;		/* fn runs in it */
	MemoryContext keys;
} Loader;

/* ---- chunks ---- */

static const char *
column_label(const MlColumn *column)
{
	return psprintf("column \"%s\"", column->name);
}

/* Room for rows in the current chunk of one column, keeping what is there. */
static void
resize_column(Loader *loader, MlWriter *writer, int64 rows)
{
	MlColumn   *column = writer->column;
	MlBudget   *budget = loader->data->budget;
	bool		codes = writer->kind == ML_WRITER_CODE;
	Size		size = codes ? sizeof(uint32) : sizeof(double) * column->width;
	void	   *old = codes ? (void *) writer->code : (void *) writer->number;
	void	   *array;

	if (size == 0)
		return;
	array = ml_budget_alloc(budget, rows, size, column_label(column));
	if (loader->row > 0)
		memcpy(array, old, loader->row * size);
	ml_budget_free(budget, old);
	if (codes)
		column->code[loader->chunk] = writer->code = array;
	else
		column->number[loader->chunk] = writer->number = array;
}

static void
resize_chunk(Loader *loader, int64 rows)
{
	for (int i = 0; i < loader->n_writers; i++)
	{
		MlWriter   *writer = &loader->writers[i];

		CHECK_FOR_INTERRUPTS();
		if (writer->kind != ML_WRITER_KEY)
			resize_column(loader, writer, rows);
	}
	loader->capacity = rows;
}

/* Room for one more chunk in every column's list. */
static void
extend_chunk_lists(Loader *loader)
{
	int			room = loader->chunks_room == 0 ? 16 : loader->chunks_room * 2;
	MemoryContext old = MemoryContextSwitchTo(loader->data->context);

	for (int i = 0; i < loader->n_writers; i++)
	{
		MlColumn   *column = loader->writers[i].column;
		bool		codes = loader->writers[i].kind == ML_WRITER_CODE;
		void	   *list = ml_palloc_array(room, sizeof(void *));
		void	   *before = codes ? (void *) column->code : (void *) column->number;

		memset(list, 0, room * sizeof(void *));
		if (before != NULL)
		{
			memcpy(list, before, loader->chunks_room * sizeof(void *));
			pfree(before);
		}
		if (codes)
			column->code = list;
		else if (loader->writers[i].kind != ML_WRITER_KEY)
			column->number = list;
	}
	loader->chunks_room = room;
	MemoryContextSwitchTo(old);
}

static void
start_chunk(Loader *loader)
{
	int64		rows = FIRST_ROWS;

	if (loader->batch > 0)
		rows = loader->batch;
	else if (loader->chunk > 0)
		rows = loader->row_bytes <= WHOLE_CHUNK_BYTES / ML_CHUNK_ROWS ? ML_CHUNK_ROWS : QUARTER_CHUNK;
	if (loader->chunk >= loader->chunks_room)
		extend_chunk_lists(loader);
	for (int i = 0; i < loader->n_writers; i++)
	{
		loader->writers[i].number = NULL;
		loader->writers[i].code = NULL;
	}
	loader->row = 0;
	loader->scanned = 0;
	resize_chunk(loader, rows);
}

/* The current chunk is full, or as large as it was made. */
static void
make_room(Loader *loader)
{
	if (loader->capacity < ML_CHUNK_ROWS)
	{
		resize_chunk(loader, loader->chunk == 0 ? loader->capacity * 2 : ML_CHUNK_ROWS);
		return;
	}
	loader->kept += loader->row;
	loader->chunk++;
	if (loader->kept >= (int64) UINT32_MAX - 1 - ML_CHUNK_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("source has too many rows"),
				 errdetail("At most %u rows can be loaded.", UINT32_MAX - 1 - ML_CHUNK_ROWS),
				 errhint("Give a SELECT that takes a sample, for example with TABLESAMPLE.")));
	start_chunk(loader);
}

/*
 * The first array of a column is met: rows before it were NULL.  Chunks behind the current one are full, so all of
 * each is NaN.
 */
static void
set_array_width(void *arg, MlWriter *writer, int width)
{
	Loader	   *loader = arg;
	MlColumn   *column = writer->column;

	column->width = width;
	loader->row_bytes += sizeof(double) * width;
	for (int chunk = 0; chunk <= loader->chunk; chunk++)
	{
		bool		last = chunk == loader->chunk;
		int64		room = (last ? loader->capacity : ML_CHUNK_ROWS) * width;
		int64		before = last ? loader->row * width : room;
		double	   *array = ml_budget_alloc(loader->data->budget, room, sizeof(double), column_label(column));

		CHECK_FOR_INTERRUPTS();
		for (int64 i = 0; i < before; i++)
			array[i] = NAN;
		column->number[chunk] = array;
	}
	writer->number = column->number[loader->chunk];
}

/* ---- blocks ---- */

/* Count what is special in the rows that were deformed since the last time. */
static void
scan_deformed(Loader *loader)
{
	for (int i = 0; i < loader->n_writers && loader->row > loader->scanned; i++)
		ml_writer_scan(&loader->writers[i], loader->scanned, loader->row);
	loader->scanned = loader->row;
}

/* Staged rows go to their columns in the background, and are counted there. */
static void
hand_over(Loader *loader)
{
	if (ml_raw_staged(loader->raw) == 0)
		return;
	ml_raw_flush(loader->raw, loader->row);
	loader->scanned = loader->row;
}

/* After this every row received is in the columns, and counted. */
static void
settle(Loader *loader)
{
	hand_over(loader);
	ml_raw_wait(loader->raw);
	scan_deformed(loader);
}

/* What only the whole load, or the batch, can say. */
static void
check_columns(Loader *loader)
{
	for (int i = 0; i < loader->n_writers; i++)
		ml_writer_check(&loader->writers[i]);
}

/* ---- receiving ---- */

/* One batch is full, or the source at its end: hand it out and start over. */
static void
flush_batch(Loader *loader)
{
	MemoryContext old;

	settle(loader);
	check_columns(loader);
	loader->data->rows = loader->row;
	loader->kept += loader->row;
	old = MemoryContextSwitchTo(loader->caller);
	loader->fn(loader->data, loader->arg);
	MemoryContextSwitchTo(old);

	MemoryContextReset(loader->keys);
	loader->row = 0;
	loader->scanned = 0;
	for (int i = 0; i < loader->n_writers; i++)
	{
		MlColumn   *column = loader->writers[i].column;

		column->nulls = column->nans = column->infinities = 0;
	}
}

/* The plain numbers: a run of columns of one type, one row. */
#define PUT_RUN(kind, get) \
	for (; i < loader->run_end[kind]; i++) \
	{ \
		MlWriter   *writer = &loader->writers[i]; \
		bool		null = slot->tts_isnull[writer->attribute]; \
		writer->number[row] = null ? NAN : (double) get(slot->tts_values[writer->attribute]); \
		writer->nulls += null; \
	}

static void
put_row(Loader *loader, TupleTableSlot *slot)
{
	int64		row = loader->row;
	int			i = 0;
	MemoryContext old;

	PUT_RUN(ML_WRITER_FLOAT8, DatumGetFloat8);
	PUT_RUN(ML_WRITER_FLOAT4, DatumGetFloat4);
	PUT_RUN(ML_WRITER_INT8, DatumGetInt64);
	PUT_RUN(ML_WRITER_INT4, DatumGetInt32);
	PUT_RUN(ML_WRITER_INT2, DatumGetInt16);
	PUT_RUN(ML_WRITER_BOOL, DatumGetBool);
	if (i == loader->n_writers)
		return;

	old = MemoryContextSwitchTo(loader->scratch);
	for (; i < loader->n_writers; i++)
	{
		MlWriter   *writer = &loader->writers[i];

		if (slot->tts_isnull[writer->attribute])
			ml_writer_put_null(writer, row);
		else
			writer->put(writer, row, slot->tts_values[writer->attribute]);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(loader->scratch);
}

/* a row without its target is left out and counted */
static bool
lacks_required(Loader *loader, TupleTableSlot *slot)
{
	for (int i = 0; i < loader->n_required; i++)
	{
		if (slot->tts_isnull[loader->required[i]])
		{
			loader->data->skipped++;
			return true;
		}
	}
	return false;
}

/* The ordinary way in; false: the row is left out. */
static bool
deform_row(Loader *loader, TupleTableSlot *slot)
{
	hand_over(loader);
	ml_raw_wait(loader->raw);
	slot_getsomeattrs(slot, loader->max_attribute);
	if (lacks_required(loader, slot))
		return false;
	put_row(loader, slot);
	return true;
}

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	Loader	   *loader = (Loader *) self;

	if (ml_raw_full(loader->raw))
		hand_over(loader);
	if (loader->row == loader->capacity)
	{
		settle(loader);
		make_room(loader);
	}
	if (ml_raw_take(loader->raw, slot))
	{
		if (ml_raw_staged(loader->raw) == 1)
			scan_deformed(loader);
	}
	else if (!deform_row(loader, slot))
		return true;
	loader->row++;
	if (loader->row - loader->scanned >= SCAN_ROWS && ml_raw_staged(loader->raw) == 0)
		scan_deformed(loader);
	if (loader->row % PROGRESS_ROWS == 0 && ml_dataset_progress != NULL)
		ml_dataset_progress(loader->kept + loader->row);
	if (loader->row == loader->batch)
		flush_batch(loader);
	return true;
}

/* the same for a source that not all rows count of */
static bool
receive_chosen(TupleTableSlot *slot, DestReceiver *self)
{
	const MlSource *source = ((Loader *) self)->source;

	return !source->keeps(slot, source->filter) || receive_row(slot, self);
}

static void
receiver_startup(DestReceiver *self, int operation, TupleDesc desc)
{
	if (desc->natts < ((Loader *) self)->max_attribute)
		elog(ERROR, "source returns %d columns, expected %d", desc->natts, ((Loader *) self)->max_attribute);
}

/* Nothing: end of the source is seen by the caller of ml_source_run, outside the executor. */
static void
receiver_end(DestReceiver *self)
{
}

/* ---- setting up ---- */

static int
compare_writers(const void *a, const void *b)
{
	const MlWriter *left = a;
	const MlWriter *right = b;

	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	return left->attribute < right->attribute ? -1 : left->attribute > right->attribute;
}

static void
init_column(MlColumn *column, const MlColumnRequest *request, Form_pg_attribute attribute)
{
	column->name = pstrdup(NameStr(attribute->attname));
	column->type_oid = attribute->atttypid;
	column->base_type = getBaseType(attribute->atttypid);
	column->role = request->role;
	column->all_integral = true;
	column->min = INFINITY;
	column->max = -INFINITY;
}

static void
init_writer(Loader *loader, MlWriter *writer, MlColumn *column, const MlColumnRequest *request, TupleDesc desc)
{
	Form_pg_attribute attribute = TupleDescAttr(desc, request->attnum - 1);

	init_column(column, request, attribute);
	ml_writer_init(writer, column, attribute, loader->data->budget);
	writer->attribute = request->attnum - 1;
	writer->loader = loader;
	writer->set_width = set_array_width;
	column->width = writer->kind == ML_WRITER_ARRAY ? 0 : 1;
	if (writer->kind == ML_WRITER_KEY)
	{
		writer->keys = loader->keys;
		writer->text = column->text = ml_budget_alloc(loader->data->budget, loader->batch, sizeof(char *), column_label(column));
	}
	else if (writer->kind == ML_WRITER_CODE)
		loader->row_bytes += sizeof(uint32);
	else
		loader->row_bytes += sizeof(double) * column->width;
	loader->max_attribute = Max(loader->max_attribute, request->attnum);
	if (request->required)
		loader->required[loader->n_required++] = writer->attribute;
}

/* Everything of the loader and its dataset lives in a context of its own below the caller's. */
static Loader *
create_loader(MlSource *source, const MlColumnRequest *request, int n, int batch, MlBudget *budget, MlkPool *pool)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "mlops dataset", ALLOCSET_DEFAULT_SIZES);
	Loader	   *loader;
	MlDataset  *data;

	MemoryContextSwitchTo(context);
	loader = palloc0(sizeof(Loader));
	loader->data = data = palloc0(sizeof(MlDataset));
	data->context = context;
	data->budget = budget;
	data->n_columns = n;
	data->columns = ml_palloc_array(n, sizeof(MlColumn));
	memset(data->columns, 0, n * sizeof(MlColumn));
	loader->writers = ml_palloc_array(n, sizeof(MlWriter));
	memset(loader->writers, 0, n * sizeof(MlWriter));
	loader->n_writers = n;
	loader->required = ml_palloc_array(n, sizeof(int));
	loader->batch = batch;
	loader->caller = caller;
	loader->scratch = AllocSetContextCreate(context, "mlops row", ALLOCSET_DEFAULT_SIZES);
	loader->keys = AllocSetContextCreate(context, "mlops keys", ALLOCSET_DEFAULT_SIZES);
	loader->source = source;
	loader->pub.receiveSlot = source->keeps == NULL ? receive_row : receive_chosen;
	loader->pub.rStartup = receiver_startup;
	loader->pub.rShutdown = receiver_end;
	loader->pub.rDestroy = receiver_end;
	loader->pub.mydest = DestNone;

	for (int i = 0; i < n; i++)
		init_writer(loader, &loader->writers[i], &data->columns[i], &request[i], source->desc);
	qsort(loader->writers, n, sizeof(MlWriter), compare_writers);
	for (int kind = 0, i = 0; kind < ML_WRITER_KINDS; kind++)
	{
		while (i < n && loader->writers[i].kind == kind)
			i++;
		loader->run_end[kind] = i;
	}
	loader->raw = ml_raw_create(loader->writers, n, loader->scratch, pool);
	start_chunk(loader);
	MemoryContextSwitchTo(caller);
	return loader;
}

static void
tell_end(int64 rows)
{
	if (ml_dataset_progress != NULL)
		ml_dataset_progress(rows);
}

static void
wait_for_thread(int code, Datum pool)
{
	(void) mlk_task_wait((MlkPool *) DatumGetPointer(pool));
}

/*
 * An error frees the chunks that a thread may be writing to: it must have finished before.  So does the end of the
 * backend, which no PG_CATCH would see.
 */
static void
run_with_thread(Loader *loader, MlSource *source, MlkPool *pool)
{
	PG_ENSURE_ERROR_CLEANUP(wait_for_thread, PointerGetDatum(pool));
	{
		ml_source_run(source, &loader->pub);
	}
	PG_END_ENSURE_ERROR_CLEANUP(wait_for_thread, PointerGetDatum(pool));
}

MlDataset *
ml_dataset_load(MlSource *source, const MlColumnRequest *request, int n, MlBudget *budget, MlkPool *pool)
{
	Loader	   *loader = create_loader(source, request, n, 0, budget, pool);
	MlDataset  *data = loader->data;

	run_with_thread(loader, source, pool);
	settle(loader);
	data->rows = loader->kept + loader->row;
	tell_end(data->rows);
	check_columns(loader);
	MemoryContextDelete(loader->scratch);
	MemoryContextDelete(loader->keys);
	return data;
}

int64
ml_dataset_stream(MlSource *source, const MlColumnRequest *request, int n, int batch,
				  MlBudget *budget, MlBatchFn fn, void *arg)
{
	Loader	   *loader;
	int64		rows;

	Assert(batch > 0 && batch <= ML_CHUNK_ROWS);
	loader = create_loader(source, request, n, batch, budget, NULL);
	loader->fn = fn;
	loader->arg = arg;
	ml_source_run(source, &loader->pub);
	if (loader->row > 0 || loader->data->skipped > 0)
		flush_batch(loader);
	rows = loader->kept;
	tell_end(rows);
	MemoryContextDelete(loader->data->context);
	return rows;
}

int
ml_dataset_column(const MlDataset *data, const char *name)
{
	for (int i = 0; i < data->n_columns; i++)
		if (strcmp(data->columns[i].name, name) == 0)
			return i;
	return -1;
}
