/*
 * evaluation.c: the way of a call that judges a version: model, source, slices, rows of the result.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "api/args.h"
#include "api/evaluation.h"
#include "api/pool.h"
#include "guc.h"
#include "interrupts.h"
#include "kernels/blas.h"
#include "monitoring/progress.h"
#include "nearest.h"

/* ---- arguments ---- */

int64
ml_evaluation_integer(FunctionCallInfo fcinfo, int i, const char *name, int64 min, int64 max)
{
	int64		value;

	if (PG_ARGISNULL(i))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", name)));
	value = PG_GETARG_INT32(i);
	if (value < min || value > max)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" is " INT64_FORMAT, name, value),
				 errhint("Give a number from " INT64_FORMAT " to " INT64_FORMAT ".", min, max)));
	return value;
}

void
ml_evaluation_check_task(const MlModel *model, MlEvaluates evaluates)
{
	if (evaluates == ML_EVALUATES_NUMBERS && model->task != ML_TASK_REGRESSION)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" is no regression", model->name),
				 errdetail("It is a classification of \"%s\".", model->target),
				 errhint("Use mlops_classification_report or mlops_confusion_matrix.")));
	if ((evaluates == ML_EVALUATES_CLASSES || evaluates == ML_EVALUATES_SCORE) &&
		model->task == ML_TASK_REGRESSION)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" has no classes", model->name),
				 errdetail("It is a regression of \"%s\".", model->target),
				 errhint("Use mlops_residuals or mlops_evaluate.")));
}

/* the class whose score is judged: the label given, else the positive one of two */
static int
find_class(const MlModel *model, const char *label)
{
	if (label == NULL && model->n_classes == 2)
		return 1;
	if (label == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model \"%s\" has %d classes: which one?", model->name, model->n_classes),
				 errhint("Name it, to set it against the others: label => '%s'.", model->classes[0])));
	for (int c = 0; c < model->n_classes; c++)
		if (strcmp(model->classes[c], label) == 0)
			return c;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("model \"%s\" has no class \"%s\"", model->name, label),
			 errhint("%s", ml_nearest_hint(label, (const char *const *) model->classes, model->n_classes))));
	return -1;
}

/* ---- slices ---- */

void
ml_evaluation_price(const MlEvaluation *e, Size bytes)
{
	bytes = add_size(bytes, e->held);
	if (bytes / 1024 > (Size) ml_max_memory_kb)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("evaluating " INT64_FORMAT " rows needs %zu MB, mlops.max_memory is %d MB",
						e->rows.n, bytes >> 20, ml_max_memory_kb / 1024),
				 errhint("Raise mlops.max_memory, or evaluate a sample: SELECT * FROM ... TABLESAMPLE SYSTEM (10).")));
}

/* cuts of the score of one class */
static void
make_cuts(MlEvaluation *e, int class)
{
	int64		n = e->rows.n;
	int			k = e->rows.n_classes;
	double	   *score;
	uint8	   *positive;
	void	   *scratch;

	ml_evaluation_price(e, add_size(mul_size(n, sizeof(double) + sizeof(uint8) + sizeof(MlkCut)), mlk_cuts_scratch(n)));
	score = MemoryContextAllocHuge(CurrentMemoryContext, mul_size(n, sizeof(double)));
	positive = MemoryContextAllocHuge(CurrentMemoryContext, n);
	scratch = MemoryContextAllocHuge(CurrentMemoryContext, mlk_cuts_scratch(n));
	for (int64 i = 0; i < n; i++)
	{
		score[i] = e->rows.out[i * k + class];
		positive[i] = e->rows.label[i] == class;
	}
	e->positive = e->model->classes[class];
	e->cut = MemoryContextAllocHuge(CurrentMemoryContext, mul_size(n, sizeof(MlkCut)));
	ml_check_status(mlk_cuts(e->pool, positive, score, n, scratch, e->cut, &e->n_cuts));
	pfree(scratch);
	pfree(positive);
	pfree(score);
}

static bool
one_sided(const MlEvaluation *e)
{
	const MlkCut *all = &e->cut[e->n_cuts - 1];

	return all->positives == 0 || all->positives == all->rows;
}

/* one of n slices have rows on one side only */
static void
notice_one_sided(const char *class, int one, int n)
{
	if (n == 1)
		ereport(NOTICE,
				(errmsg("the rows are all of class \"%s\", or none is", class),
				 errdetail("What sets the class against the others is NULL.")));
	else
		ereport(NOTICE,
				(errmsg("in %d of %d slices the rows are all of class \"%s\", or none is", one, n, class),
				 errdetail("What sets the class against the others is NULL there.")));
}

/* each slice in a memory context of its own */
static void
put_slices(MlEvaluation *e, const MlScoredSource *source, const MlEvaluationKind *kind, int class, const void *options)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops slice", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	int			one = 0;

	for (int s = 0; s < source->n_slices; s++)
	{
		CHECK_FOR_INTERRUPTS();
		e->by_value = source->slice[s];
		e->rows = ml_scored_slice(source, s);
		if (kind->evaluates == ML_EVALUATES_SCORE)
		{
			make_cuts(e, class);
			one += one_sided(e);
		}
		kind->put(e, options);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	if (one > 0)
		notice_one_sided(e->model->classes[class], one, source->n_slices);
}

void
ml_evaluation_put(const MlEvaluation *e, Datum *values, bool *nulls)
{
	CHECK_FOR_INTERRUPTS();
	values[0] = ml_result_text(e->by_value, &nulls[0]);
	tuplestore_putvalues(e->result->setResult, e->result->setDesc, values, nulls);
	if (!nulls[0])
		pfree(DatumGetPointer(values[0]));
}

/* ---- all of it ---- */

Datum
ml_evaluation_run(FunctionCallInfo fcinfo, const MlEvaluationKind *kind, const void *options)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops evaluate", ALLOCSET_DEFAULT_SIZES);
	char	   *name = ml_arg_required_text(fcinfo, 0, "model");
	char	   *given = ml_arg_required_text(fcinfo, 1, "source");
	MlEvaluation e = {0};
	MemoryContext old;
	MlModelRef	ref;
	MlModel    *model;
	MlScoredSource *source;
	int			class = 0;

	InitMaterializedSRF(fcinfo, 0);
	e.result = (ReturnSetInfo *) fcinfo->resultinfo;
	old = MemoryContextSwitchTo(context);
	mlk_blas_open(ml_blas_core);
	ml_catalog_resolve(name, ML_PRIV_PREDICT, &ref);
	e.model = model = ml_model_acquire(&ref);
	ml_evaluation_check_task(model, kind->evaluates);
	if (kind->evaluates == ML_EVALUATES_SCORE)
		class = find_class(model, ml_arg_text(fcinfo, kind->label));
	ml_progress_start(kind->command, model->name);
	source = ml_scored_source_read(model, ml_source_open(given), ml_arg_text(fcinfo, kind->by));
	e.held = source->bytes;
	e.pool = ml_pool_create();
	put_slices(&e, source, kind, class, options);
	ml_progress_end();
	ml_model_release(model);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return (Datum) 0;
}
