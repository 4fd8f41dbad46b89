/*
 * stream.c: a source through a model, batch by batch: nothing of it is kept, so its size does not matter.
 *
 * Threads are started only once a batch is full: a source that fits into one batch is scored before a thread
 * would be up.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "guc.h"
#include "interrupts.h"
#include "scoring/inputs.h"

#define BATCH_ROWS 8192
/* outputs of one batch: 64 MB, so that a model of many classes takes shorter batches */
#define BATCH_OUTPUTS (8 * 1024 * 1024)

typedef struct Stream
{
	const MlModel *model;
	MemoryContext context;		/* of the stream */
	MemoryContext caller;		/* fn runs in it, so what it keeps outlives the stream */
	int			batch_rows;
	int			n_inputs;
	MlPrepBinding *binding;		/* made at the first batch, which is the first to know the columns */
	double	   *out;
	MlkPool    *pool;			/* NULL until a batch is full */
	MemoryContextCallback stop_threads;
	MlScoredFn	fn;				/* NULL: nothing is predicted, prepared wants the designs */
	MlPreparedFn prepared;
	void	   *arg;
} Stream;

static void
destroy_pool(void *arg)
{
	mlk_pool_destroy(((Stream *) arg)->pool);
}

/* threads end with the stream's context, also after an error */
static void
start_threads(Stream *stream)
{
	int			threads = ml_threads();

	if (stream->pool != NULL || threads < 2)
		return;
	stream->pool = mlk_pool_create(threads, ml_stop_requested);
	stream->stop_threads.func = destroy_pool;
	stream->stop_threads.arg = stream;
	MemoryContextRegisterResetCallback(stream->context, &stream->stop_threads);
}

/* what only the values tell: infinities, and the length of arrays */
static void
check_values(const Stream *stream, const MlDataset *batch)
{
	for (int i = 0; i < stream->n_inputs; i++)
	{
		const MlInput *input = ml_prep_input(stream->model->prep, i);
		const MlColumn *column = &batch->columns[i];

		if (column->infinities > 0)
			ml_model_not_finite(stream->model, input->name);
		if (input->type == ML_TYPE_ARRAY && column->width != 0 && column->width != input->width)
			ml_model_wrong_width(stream->model, input, column->width);
	}
}

static const MlkDesign *
prepare_batch(Stream *stream, const MlDataset *batch)
{
	check_values(stream, batch);
	if (stream->binding == NULL)
	{
		MemoryContext current = MemoryContextSwitchTo(stream->context);

		stream->binding = ml_prep_bind(stream->model->prep, batch, stream->batch_rows);
		MemoryContextSwitchTo(current);
	}
	return ml_prep_apply_batch(stream->binding, batch);
}

static void
take_batch(MlDataset *batch, void *arg)
{
	Stream	   *stream = arg;
	const MlkDesign *design;
	MemoryContext current;

	CHECK_FOR_INTERRUPTS();
	if (batch->rows == 0 && stream->fn == NULL)
		return;
	if (batch->rows == stream->batch_rows && stream->fn != NULL)
		start_threads(stream);
	design = batch->rows > 0 ? prepare_batch(stream, batch) : NULL;
	if (stream->fn != NULL && design != NULL)
		ml_model_predict(stream->model, design, stream->out, stream->pool);

	current = MemoryContextSwitchTo(stream->caller);
	if (stream->fn != NULL)
		stream->fn(batch, stream->n_inputs, stream->out, stream->arg);
	else
		stream->prepared(design, stream->arg);
	MemoryContextSwitchTo(current);
}

/* the model's inputs, then the caller's columns */
static MlColumnRequest *
make_request(const MlModel *model, const MlSource *source, const MlColumnRequest *extra, int n_extra)
{
	int			n_inputs = ml_prep_n_inputs(model->prep);
	int		   *attnums = ml_palloc_array(n_inputs + 1, sizeof(int));
	MlColumnRequest *request = ml_palloc_array((Size) n_inputs + n_extra + 1, sizeof(MlColumnRequest));

	ml_model_match_columns(model, source->desc, attnums);
	for (int i = 0; i < n_inputs; i++)
	{
		request[i].attnum = attnums[i];
		request[i].role = ML_ROLE_FEATURE;
		request[i].required = false;
	}
	for (int i = 0; i < n_extra; i++)
		request[n_inputs + i] = extra[i];
	return request;
}

/* template's model, fn, prepared and arg are the caller's; the rest is made here */
static int64
run_stream(const Stream *template, MlSource *source, const MlColumnRequest *extra, int n_extra)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops scoring", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	int			outputs = ml_model_outputs(template->model);
	Stream	   *stream = memcpy(palloc(sizeof(Stream)), template, sizeof(Stream));
	MlColumnRequest *request = make_request(stream->model, source, extra, n_extra);
	MlBudget   *budget = ml_budget_create(context, (Size) ml_max_memory_kb * 1024);
	int64		rows;

	stream->context = context;
	stream->caller = caller;
	stream->n_inputs = ml_prep_n_inputs(stream->model->prep);
	stream->batch_rows = Max(1, Min(BATCH_ROWS, BATCH_OUTPUTS / outputs));
	if (stream->fn != NULL)
		stream->out = ml_budget_alloc(budget, mul_size(stream->batch_rows, outputs), sizeof(double), "predictions");

	rows = ml_dataset_stream(source, request, stream->n_inputs + n_extra, stream->batch_rows, budget, take_batch, stream);

	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return rows;
}

int64
ml_model_stream(const MlModel *model, MlSource *source, const MlColumnRequest *extra, int n_extra,
				MlScoredFn fn, void *arg)
{
	Stream		stream = {.model = model,.fn = fn,.arg = arg};

	return run_stream(&stream, source, extra, n_extra);
}

int64
ml_model_stream_prepared(const MlModel *model, MlSource *source, MlPreparedFn fn, void *arg)
{
	Stream		stream = {.model = model,.prepared = fn,.arg = arg};

	return run_stream(&stream, source, NULL, 0);
}
