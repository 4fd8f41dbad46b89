/*
 * inspect.c: mlops_inspect, and the same look at the data of every training.
 *
 * What the data itself tells is quality/inspect.h.  Here comes what takes a model to see: whether a classifier can tell the
 * test rows from the training rows.  A split by hash cannot make them differ, so a training asks only after a split by
 * time or column.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "api/args.h"
#include "api/pool.h"
#include "api/train.h"
#include "guc.h"
#include "interrupts.h"
#include "kernels/metrics.h"
#include "monitoring/progress.h"

PG_FUNCTION_INFO_V1(mlops_inspect);

#define SHIFT_ROWS 2500			/* of each side */
#define SHIFT_LEAST_ROWS 50
#define SHIFT_PARAMS "{\"max_iter\": 20, \"max_leaf_nodes\": 15, \"early_stopping\": false}"
#define SHIFT_AUC 0.6
#define SHIFT_DEVIATIONS 4.0	/* from one half, in standard errors */
#define SHIFT_NAMES 3
#define INSPECT_COLUMNS 5

/* ---- can a classifier tell the test rows from the training rows? ---- */

typedef struct Shift
{
	MlTraining *t;
	MlDataset	data;			/* training and test rows in turn */
	MlRows		rows;			/* in that order: the first half teaches, the second asks */
	int		   *features;		/* columns of data */
	int32	   *is_test;
	MlModel		model;
	MlPrepPanel *panel;
	MlkPool    *pool;
} Shift;

/* the column with these rows alone; they fit into one chunk */
static MlColumn
copy_rows(const MlColumn *column, const uint32 *row, int64 n)
{
	MlColumn	copy = *column;

	StaticAssertStmt(2 * SHIFT_ROWS <= ML_CHUNK_ROWS, "the rows of an inspection fit into one chunk");
	if (column->code != NULL)
	{
		copy.code = palloc(sizeof(uint32 *));
		copy.code[0] = palloc(sizeof(uint32) * n);
		ml_column_gather_codes(column, row, n, copy.code[0]);
		return copy;
	}
	copy.number = palloc(sizeof(double *));
	copy.number[0] = ml_palloc_array(n * Max(column->width, 1), sizeof(double));
	for (int k = 0; k < column->width; k++)
		ml_column_gather(column, k, row, n, copy.number[0] + k, column->width);
	return copy;
}

static void
mix_rows(Shift *s)
{
	const MlRows *all = s->t->rows;
	int64		each = Min(Min(all->n_train, all->n - ml_rows_test(all)), SHIFT_ROWS);
	uint32	   *chosen = palloc(sizeof(uint32) * 2 * each);
	uint32	   *order = palloc(sizeof(uint32) * 2 * each);

	s->is_test = palloc(sizeof(int32) * 2 * each);
	for (int64 i = 0; i < 2 * each; i++)
	{
		s->is_test[i] = (int32) (i & 1);
		chosen[i] = all->order[i / 2 + (s->is_test[i] ? ml_rows_test(all) : 0)];
		order[i] = (uint32) i;
	}
	s->rows.order = order;
	s->rows.n = 2 * each;
	s->rows.n_train = each;
	s->data.context = CurrentMemoryContext;
	s->data.budget = s->t->budget;
	s->data.rows = 2 * each;
	s->data.n_columns = s->t->n_features;
	s->data.columns = palloc(sizeof(MlColumn) * s->t->n_features);
	s->features = palloc(sizeof(int) * s->t->n_features);
	for (int i = 0; i < s->t->n_features; i++)
	{
		s->features[i] = i;
		s->data.columns[i] = copy_rows(&s->t->data->columns[s->t->features[i]], chosen, 2 * each);
	}
}

static void
teaching_panel(void *arg, int64 from, int64 n, const MlkDesign **x)
{
	Shift	   *s = arg;

	*x = ml_prep_panel(s->panel, s->rows.order + from, n);
}

static void
teach(Shift *s)
{
	MlTraining *t = s->t;
	MlPrepDefaults defaults = {.scale = "none",.native = true};
	static const char *const classes[] = {"train", "test"};
	MlFitControl control = ml_train_control(t);
	MlProblem	problem = {0};
	MlkBinned  *binned;
	int			cols;

	s->model.prep = ml_prep_fit_native(&s->data, &s->rows, s->features, t->n_features, ml_json_parse("{}"), &defaults, NULL, s->pool);
	binned = ml_prep_bin(s->model.prep, &s->data, &s->rows, MLK_MAX_NUMBER_BINS, t->budget, s->pool);
	s->panel = ml_prep_panel_create(s->model.prep, &s->data, s->rows.n, t->budget, s->pool);
	problem.rows = s->rows.n_train;
	problem.task = ML_TASK_CLASSIFICATION;
	problem.binned = binned;
	problem.panel = teaching_panel;
	problem.panel_arg = s;
	problem.panel_rows = s->rows.n;
	problem.names = ml_prep_names(s->model.prep, &cols);
	problem.label = s->is_test;
	problem.n_classes = 2;
	problem.classes = classes;
	problem.pool = s->pool;
	s->model.state = s->model.algorithm->fit(&problem, ml_params_parse(s->model.algorithm, ml_json_parse(SHIFT_PARAMS)), &control);
	ml_prep_bin_free(binned, t->budget);
}

/* area under the ROC curve on the rows that were not taught */
static double
ask(Shift *s)
{
	int64		n = s->rows.n - s->rows.n_train;
	double	   *out = palloc(sizeof(double) * 2 * n);
	double	   *score = palloc(sizeof(double) * n);
	uint8	   *positive = palloc(n);
	double		auc = NAN;
	double		precision;

	ml_model_predict(&s->model, ml_prep_panel(s->panel, s->rows.order + s->rows.n_train, n), out, s->pool);
	for (int64 i = 0; i < n; i++)
	{
		score[i] = out[2 * i + 1];
		positive[i] = s->is_test[s->rows.n_train + i] != 0;
	}
	ml_check_status(mlk_ranking_metrics(s->pool, positive, score, NULL, n, palloc(mlk_classification_scratch(n)), &auc, &precision));
	return auc;
}

/* the columns it goes by, the most important first */
static char *
name_columns(const Shift *s)
{
	int			cols;
	const char *const *names = ml_prep_names(s->model.prep, &cols);
	double	   *gain = palloc(sizeof(double) * Max(cols, 1));
	StringInfoData out;

	initStringInfo(&out);
	s->model.algorithm->importance(s->model.state, true, gain);
	for (int k = 0; k < SHIFT_NAMES; k++)
	{
		int			best = -1;

		for (int j = 0; j < cols; j++)
		{
			if (gain[j] > 0 && (best < 0 || gain[j] > gain[best]))
				best = j;
		}
		if (best < 0)
			break;
		appendStringInfo(&out, "%s\"%s\"", k > 0 ? ", " : "", names[best]);
		gain[best] = 0;
	}
	return out.data;
}

/* standard error of the area when nothing tells the sides apart (Mann and Whitney), half of n rows on each */
static double
chance_error(int64 n)
{
	double		half = n / 2.0;

	return sqrt((n + 1) / (12 * half * half));
}

static void
inspect_shift(MlTraining *t, MlFindings *findings)
{
	Shift		s = {.t = t,.pool = t->pool};
	double		auc;
	MlFinding  *finding;

	if (t->n_features == 0 || Min(t->rows->n_train, t->rows->n - ml_rows_test(t->rows)) < SHIFT_LEAST_ROWS)
		return;
	s.model.task = ML_TASK_CLASSIFICATION;
	s.model.n_classes = 2;
	s.model.algorithm = ml_algorithm_lookup("gradient_boosting");
	mix_rows(&s);
	teach(&s);
	auc = ask(&s);
	ml_prep_panel_free(s.panel, t->budget);
	if (auc <= SHIFT_AUC || (auc - 0.5) / chance_error(s.rows.n - s.rows.n_train) <= SHIFT_DEVIATIONS)
		return;
	finding = ml_findings_add(findings, "shift", true, NULL, auc);
	finding->detail = psprintf("test rows differ from training rows: a classifier tells them apart (area under the ROC curve %.2f), by %s",
							   auc, name_columns(&s));
	finding->hint = "The model will meet rows unlike those it has learned from. Leave out columns that grow with time, or train on newer rows.";
}

/* ---- both ---- */

static double
now_in_seconds(void)
{
	return (double) GetCurrentTransactionStartTimestamp() / USECS_PER_SEC +
		(double) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
}

static void
find_all(MlTraining *t, bool shift)
{
	MlInspected in = {0};

	in.data = t->data;
	in.rows = t->rows;
	in.features = t->features;
	in.n_features = t->n_features;
	in.n_offered = t->plan->n_features;
	in.split_column = t->plan->split;
	in.by_time = t->plan->split >= 0 && t->definition->split.method == ML_SPLIT_TIME;
	in.target = t->definition->target;
	in.y = t->y;
	in.label = t->label;
	in.n_classes = t->model.n_classes;
	in.classes = t->model.classes;
	in.now = now_in_seconds();
	ml_inspect_data(&in, t->pool, &t->findings);
	if (shift)
		inspect_shift(t, &t->findings);
}

void
ml_train_inspect(MlTraining *t)
{
	MemoryContext result = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(result, "mlops inspection", ALLOCSET_DEFAULT_SIZES);

	MemoryContextSwitchTo(scratch);
	find_all(t, t->plan->split >= 0);
	MemoryContextSwitchTo(result);
	for (int i = 0; i < t->findings.n; i++)
	{
		const MlFinding *f = &t->findings.items[i];

		if (f->warning)
			ereport(NOTICE,
					(errmsg_internal("%s", f->detail),
					 f->hint != NULL ? errhint("%s", f->hint) : 0));
	}
}

Jsonb *
ml_findings_json(const MlFindings *findings)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoChar(&out, '[');
	for (int i = 0; i < findings->n; i++)
	{
		const MlFinding *f = &findings->items[i];

		ml_json_key(&out, NULL);
		appendStringInfoChar(&out, '{');
		ml_json_text(&out, "finding", f->finding);
		ml_json_text(&out, "severity", f->warning ? "warning" : "info");
		ml_json_text(&out, "column", f->column);
		ml_json_float(&out, "value", f->value);
		ml_json_text(&out, "detail", f->detail);
		appendStringInfoChar(&out, '}');
	}
	appendStringInfoChar(&out, ']');
	return ml_json_parse(out.data);
}

/* ---- mlops_inspect ---- */

static void
put_finding(ReturnSetInfo *result, const MlFinding *f)
{
	Datum		values[INSPECT_COLUMNS];
	bool		nulls[INSPECT_COLUMNS] = {false};

	values[0] = CStringGetTextDatum(f->finding);
	values[1] = CStringGetTextDatum(f->warning ? "warning" : "info");
	values[2] = ml_result_text(f->column, &nulls[2]);
	values[3] = ml_result_float(f->value, &nulls[3]);
	values[4] = CStringGetTextDatum(f->hint != NULL ? psprintf("%s. %s", f->detail, f->hint) : psprintf("%s.", f->detail));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* a training as far as its data: nothing is learned and nothing stored */
static void
inspect(FunctionCallInfo fcinfo)
{
	MlTraining *t = palloc0(sizeof(MlTraining));

	t->definition = ml_definition_for_data(ml_arg_required_text(fcinfo, 0, "source"),
										   ml_arg_required_text(fcinfo, 1, "target"), ml_arg_object(fcinfo, 2, "split"));
	t->started = GetCurrentTimestamp();
	ml_progress_start("inspect", t->definition->target);
	ml_train_plan(t);
	t->pool = ml_pool_create();
	t->budget = ml_budget_create(CurrentMemoryContext, (Size) ml_max_memory_kb * 1024);
	ml_train_load(t);
	ml_train_order(t);
	ml_train_truth(t);
	find_all(t, true);
	ml_progress_end();
	for (int i = 0; i < t->findings.n; i++)
		put_finding((ReturnSetInfo *) fcinfo->resultinfo, &t->findings.items[i]);
}

/*
 * mlops_inspect(source text, target text, split jsonb) -> rows (finding, severity, column_name, value, detail)
 *
 * Looks at the data as a training with these arguments would.  No rows: nothing was found.
 */
Datum
mlops_inspect(PG_FUNCTION_ARGS)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops inspect", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;

	InitMaterializedSRF(fcinfo, 0);
	old = MemoryContextSwitchTo(context);
	inspect(fcinfo);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return (Datum) 0;
}
