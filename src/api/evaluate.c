/*
 * evaluate.c: mlops_evaluate: how good is a version on other rows?
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "api/args.h"
#include "api/labels.h"
#include "api/pool.h"
#include "api/report.h"
#include "guc.h"
#include "interrupts.h"
#include "kernels/blas.h"

PG_FUNCTION_INFO_V1(mlops_evaluate);

/* truth and predictions collected while the source streams by */
typedef struct Collected
{
	const MlModel *model;
	int64		n;
	int64		room;
	int64		skipped;		/* rows with a label the model does not know */
	double	   *out;
	double	   *y;
	int32	   *label;
	int32	   *class_of_code;	/* of the target's dictionary so far */
	uint32		mapped;
	uint32		map_room;
} Collected;

static Size
bytes_per_row(const MlModel *model)
{
	return sizeof(double) * (ml_model_outputs(model) + 1);
}

/* double the room; what is over mlops.max_memory is refused with both numbers */
static void
make_room(Collected *c, int64 rows)
{
	int			k = ml_model_outputs(c->model);
	int64		room = Max(c->room * 2, c->n + rows);
	Size		bytes;

	if (c->n + rows <= c->room)
		return;
	bytes = mul_size(room, bytes_per_row(c->model));
	if (bytes / 1024 > (Size) ml_max_memory_kb)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("evaluating more than " INT64_FORMAT " rows needs %zu MB, mlops.max_memory is %d MB",
						c->n, bytes >> 20, ml_max_memory_kb / 1024),
				 errhint("Raise mlops.max_memory, or evaluate a sample: SELECT * FROM ... TABLESAMPLE SYSTEM (10).")));
	c->room = room;
	c->out = c->out ? repalloc_huge(c->out, mul_size(room * k, sizeof(double))) :
		MemoryContextAllocHuge(CurrentMemoryContext, mul_size(room * k, sizeof(double)));
	if (c->model->task == ML_TASK_REGRESSION)
		c->y = c->y ? repalloc_huge(c->y, mul_size(room, sizeof(double))) :
			MemoryContextAllocHuge(CurrentMemoryContext, mul_size(room, sizeof(double)));
	else
		c->label = c->label ? repalloc_huge(c->label, mul_size(room, sizeof(int32))) :
			MemoryContextAllocHuge(CurrentMemoryContext, mul_size(room, sizeof(int32)));
}

/* classes of dictionary entries that are new since the last batch */
static void
map_new_labels(Collected *c, const MlDictionary *dict)
{
	if (dict->n > c->map_room)
	{
		c->map_room = Max(dict->n, c->map_room * 2);
		c->class_of_code = c->class_of_code ? repalloc_huge(c->class_of_code, sizeof(int32) * (Size) c->map_room) :
			MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int32) * (Size) c->map_room);
	}
	if (dict->n > c->mapped)
	{
		ml_labels_map(c->model, dict, c->mapped, c->class_of_code);
		c->mapped = dict->n;
	}
}

static void
collect(const MlDataset *batch, int first_extra, const double *out, void *arg)
{
	Collected  *c = arg;
	const MlColumn *target = &batch->columns[first_extra];
	int			k = ml_model_outputs(c->model);

	make_room(c, batch->rows);
	if (c->model->task == ML_TASK_REGRESSION)
	{
		memcpy(c->y + c->n, target->number[0], sizeof(double) * batch->rows);
		memcpy(c->out + c->n, out, sizeof(double) * batch->rows);
		c->n += batch->rows;
		return;
	}
	map_new_labels(c, target->dict);
	for (int64 i = 0; i < batch->rows; i++)
	{
		int32		class = c->class_of_code[target->code[0][i]];

		if (class == ML_UNKNOWN_CLASS)
		{
			c->skipped++;
			continue;
		}
		c->label[c->n] = class;
		memcpy(c->out + c->n * k, out + i * k, sizeof(double) * k);
		c->n++;
	}
}

/* predictions and truth of the whole source */
static void
score_source(const MlModel *model, MlSource *source, Collected *c)
{
	MlColumnRequest target = ml_labels_request(model, source);
	int64		rows;

	c->model = model;
	rows = ml_model_stream(model, source, &target, 1, collect, c);
	if (rows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA),
				 errmsg("the source has no rows with a value in target \"%s\": %s", model->target,
						ml_source_label(source)),
				 errhint("Check the table, the WHERE clause, and row-level security for role \"%s\".",
						 GetUserNameFromId(GetUserId(), false))));
	if (c->skipped > 0)
		ereport(NOTICE,
				(errmsg("left out " INT64_FORMAT " of " INT64_FORMAT " rows whose label model \"%s\" does not know",
						c->skipped, rows, model->name)));
	if (c->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA),
				 errmsg("no row of the source has a class that model \"%s\" knows", model->name),
				 errdetail("The first of its %d classes is \"%s\".", model->n_classes, model->classes[0])));
}

static void
put_metric(ReturnSetInfo *result, const char *metric, const char *label, double value)
{
	Datum		values[3];
	bool		nulls[3] = {false};

	values[0] = CStringGetTextDatum(metric);
	values[1] = ml_result_text(label, &nulls[1]);
	values[2] = ml_result_float(value, &nulls[2]);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
evaluate(ReturnSetInfo *result, const MlModel *model, MlSource *source)
{
	Collected	collected = {0};
	MlScored	scored = {0};
	MlReport	report;
	MlkPool    *pool;

	score_source(model, source, &collected);
	scored.task = model->task;
	scored.n = collected.n;
	scored.y = collected.y;
	scored.label = collected.label;
	scored.out = collected.out;
	scored.n_classes = model->n_classes;
	scored.classes = model->classes;
	pool = ml_pool_create();
	report = ml_report_make(&scored, pool);
	put_metric(result, "rows", NULL, (double) collected.n);
	for (int i = 0; i < report.n; i++)
		put_metric(result, report.rows[i].metric, report.rows[i].label, report.rows[i].value);
}

/*
 * mlops_evaluate(model text, source text) -> rows (metric, label, value)
 *
 * The source needs the model's features and its target; rows with a NULL target are left out. The first row is the number of rows.
 */
Datum
mlops_evaluate(PG_FUNCTION_ARGS)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops evaluate", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	MlModelRef	ref;
	MlModel    *model;

	InitMaterializedSRF(fcinfo, 0);
	old = MemoryContextSwitchTo(context);
	mlk_blas_open(ml_blas_core);
	ml_catalog_resolve(ml_arg_required_text(fcinfo, 0, "model"), ML_PRIV_PREDICT, &ref);
	model = ml_model_acquire(&ref);
	evaluate((ReturnSetInfo *) fcinfo->resultinfo, model,
			 ml_source_open(ml_arg_required_text(fcinfo, 1, "source")));
	ml_model_release(model);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return (Datum) 0;
}
