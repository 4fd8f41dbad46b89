/*
 * trial.c: one fit on given training rows of a loaded dataset, judged on given test rows.
 *
 * A trial is a training (MlTraining) whose data and plan are borrowed and whose rows are its own.  Prepared rows live in one memory
 * context and one budget, each fit in a context and budget below it: deleting the context gives back arrays, files and state at once.
 */
#include "postgres.h"

#include <math.h>

#include "portability/instr_time.h"
#include "utils/memutils.h"

#include "api/trial.h"
#include "guc.h"
#include "monitoring/progress.h"

/* what is left of mlops.max_memory beside what others hold; what does not fit goes to a mapped file */
static MlBudget *
remaining_budget(MemoryContext context, Size used)
{
	Size		limit = (Size) ml_max_memory_kb * 1024;

	return ml_budget_create(context, limit > used ? limit - used : 0);
}

/* the same columns, with another place for what is made of them */
static MlDataset *
borrow_data(const MlDataset *data, MlBudget *budget)
{
	MlDataset  *borrowed = palloc(sizeof(MlDataset));

	*borrowed = *data;
	borrowed->context = CurrentMemoryContext;
	borrowed->budget = budget;
	return borrowed;
}

/* bins are made of all rows of the data, a design of those that are looked at */
static MlRows *
make_rows(const MlTraining *base, const MlAlgorithm *algorithm, const MlParams *params, const MlFold *fold)
{
	MlRows	   *rows = palloc0(sizeof(MlRows));
	double		share = ml_held_share(params);

	rows->order = fold->order;
	rows->n_held = share > 0 && fold->n_train > 1 ? Min(Max((int64) rint(share * fold->n_train), 1), fold->n_train - 1) : 0;
	rows->n_train = fold->n_train - rows->n_held;
	rows->n = algorithm->layout != ML_LAYOUT_DESIGN ? base->data->rows : fold->n_train + fold->n_test;
	return rows;
}

MlPrepared *
ml_trial_prepare(const MlTraining *base, const MlAlgorithm *algorithm, MlParams *params, const MlFold *fold)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops prepared rows", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	MlPrepared *prepared = palloc0(sizeof(MlPrepared));
	MlTraining *t = palloc(sizeof(MlTraining));

	*t = *base;
	t->algorithm = algorithm;
	t->params = params;
	t->warm = NULL;
	t->budget = remaining_budget(context, ml_budget_used(base->budget));
	t->data = borrow_data(base->data, t->budget);
	t->rows = make_rows(base, algorithm, params, fold);
	t->design = NULL;
	t->sums = NULL;
	t->binned = NULL;
	t->panel = NULL;
	t->y = t->weight = NULL;
	t->label = NULL;
	t->model.n_classes = 0;
	t->model.prep = NULL;
	ml_train_prepare(t, false);
	prepared->context = context;
	prepared->t = t;
	prepared->n_test = fold->n_test;
	prepared->held = ml_budget_used(base->budget);
	MemoryContextSwitchTo(old);
	return prepared;
}

void
ml_trial_release(MlPrepared *prepared)
{
	MemoryContextDelete(prepared->context);
}

static int
wanted_bins(const MlParams *params)
{
	return ml_params_has(params, "max_bins") ? (int) ml_params_int(params, "max_bins") : MLK_MAX_NUMBER_BINS;
}

bool
ml_trial_alike(const MlAlgorithm *a, const MlParams *a_params, const MlAlgorithm *b, const MlParams *b_params)
{
	bool		a_full = a->full_rank != NULL && a->full_rank(a_params);
	bool		b_full = b->full_rank != NULL && b->full_rank(b_params);

	if (a->layout != b->layout || a_full != b_full || strcmp(a->default_scale, b->default_scale) != 0)
		return false;
	if (ml_held_share(a_params) != ml_held_share(b_params))
		return false;
	return a->layout != ML_LAYOUT_NATIVE || wanted_bins(a_params) == wanted_bins(b_params);
}

/* of the test rows, in their order */
static double *
predict_test(const MlTraining *t, int64 n_test)
{
	double	   *out = ml_budget_alloc(t->budget, mul_size(Max(n_test, 1), ml_model_outputs(&t->model)), sizeof(double), "predictions");

	if (t->design != NULL)
	{
		MlkBlock   *blocks = palloc(sizeof(MlkBlock) * Max(t->design->n_blocks, 1));
		MlkDesign	x = mlk_design_slice(t->design, ml_rows_test(t->rows), n_test, blocks);

		ml_model_predict(&t->model, &x, out, t->pool);
	}
	else
		ml_assess_predict(t, &t->model, t->rows->order + ml_rows_test(t->rows), n_test, out);
	return out;
}

static void *
copy_array(MlBudget *budget, const void *from, int64 n, Size size, const char *what)
{
	return from == NULL ? NULL : memcpy(ml_budget_alloc(budget, Max(n, 1), size, what), from, n * size);
}

MlTraining *
ml_trial_truth(const MlPrepared *prepared, MlBudget *budget)
{
	const MlTraining *t = prepared->t;
	MlTraining *truth = palloc(sizeof(MlTraining));
	int64		from = ml_rows_test(t->rows);
	int64		n = prepared->n_test;

	*truth = *t;
	truth->budget = budget;
	truth->y = copy_array(budget, t->y ? t->y + from : NULL, n, sizeof(double), "target values");
	truth->label = copy_array(budget, t->label ? t->label + from : NULL, n, sizeof(int32), "labels");
	truth->weight = copy_array(budget, t->weight ? t->weight + from : NULL, n, sizeof(double), "weights");
	truth->model.classes = palloc(sizeof(char *) * Max(t->model.n_classes, 1));
	for (int k = 0; k < t->model.n_classes; k++)
		truth->model.classes[k] = pstrdup(t->model.classes[k]);
	return truth;
}

/* the report's rows and their labels, in the context that is current */
static MlReport
copy_report(const MlReport *from)
{
	MlReport	report = {from->n, palloc(sizeof(MlMetricRow) * Max(from->n, 1))};

	for (int i = 0; i < from->n; i++)
	{
		report.rows[i] = from->rows[i];
		if (from->rows[i].label != NULL)
			report.rows[i].label = pstrdup(from->rows[i].label);
	}
	return report;
}

static void
refuse_unjudged(const MlTraining *t)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("no test row has a label that the training rows have"),
			 errdetail("The training rows have %d classes of target \"%s\", the test rows others only.",
					   t->model.n_classes, t->model.target),
			 errhint("Ask for fewer folds, or use method => 'stratified'.")));
}

void
ml_trial_abandon(MlPrepared *prepared)
{
	if (prepared->fit != NULL)
		MemoryContextDelete(prepared->fit);
	prepared->fit = NULL;
}

MlTrialResult
ml_trial_run(MlPrepared *prepared, const MlAlgorithm *algorithm, MlParams *params, double *keep)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(prepared->context, "mlops trial", ALLOCSET_DEFAULT_SIZES);
	MlTraining *t;
	MlTrialResult result = {0};
	MlReport	report;
	instr_time	started;
	instr_time	ended;
	double	   *out;

	INSTR_TIME_SET_CURRENT(started);
	prepared->fit = context;
	MemoryContextSwitchTo(context);
	t = palloc(sizeof(MlTraining));
	*t = *prepared->t;
	t->budget = remaining_budget(context, prepared->held + ml_budget_used(prepared->t->budget));
	/* a fit for its own sake: nobody asks it what it says of its training rows */
	t->algorithm = NULL;
	t->model.algorithm = algorithm;
	t->params = params;
	ml_progress_stage(ML_STAGE_FIT, 0);
	t->model.state = ml_train_fit(t, algorithm, params);
	ml_held_check_classes(t, params);
	ml_held_learn(t, params);
	ml_progress_stage(ML_STAGE_EVALUATE, prepared->n_test);
	out = predict_test(t, prepared->n_test);
	if (keep != NULL)
		memcpy(keep, out, sizeof(double) * prepared->n_test * ml_model_outputs(&t->model));
	report = ml_assess_report(t, out, ml_rows_test(t->rows), prepared->n_test, &result.dropped);
	if (result.dropped == prepared->n_test)
		refuse_unjudged(t);

	MemoryContextSwitchTo(caller);
	result.report = copy_report(&report);
	result.train_rows = t->rows->n_train;
	result.test_rows = prepared->n_test - result.dropped;
	ml_trial_abandon(prepared);
	INSTR_TIME_SET_CURRENT(ended);
	INSTR_TIME_SUBTRACT(ended, started);
	result.seconds = INSTR_TIME_GET_DOUBLE(ended);
	return result;
}
