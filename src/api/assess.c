/*
 * assess.c: what a training's models predict for its own rows, and how good that is.
 *
 * Where there is no design of all rows (in the native layout, and where sums did instead of it) predictions are made a strip of rows at a
 * time, in the order the data was loaded, which is how it is read fastest, and sent to their rows' places.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "api/args.h"
#include "api/train.h"
#include "interrupts.h"
#include "monitoring/progress.h"

#define PANEL_BYTES (64 * 1024 * 1024)
#define MAX_PANEL_ROWS 65536
#define MIN_PANEL_ROWS 1024		/* what scoring takes as a block */

#define NO_PLACE UINT32_MAX
#define PLACED_ROWS 65536		/* of a block */
#define STRIPS 64				/* between two reports of progress */

/* ---- predictions ---- */

int64
ml_assess_panel_rows(const MlPrep *prep)
{
	int64		rows = PANEL_BYTES / (sizeof(double) * Max(ml_prep_cols(prep), 1));

	return Min(Max(rows, MIN_PANEL_ROWS), MAX_PANEL_ROWS);
}

MlPrepPanel *
ml_assess_panel(MlTraining *t)
{
	if (t->panel == NULL)
	{
		/* it outlives the context of an algorithm that asks for it first */
		MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(t));

		t->panel = ml_prep_panel_create(t->model.prep, t->data, ml_assess_panel_rows(t->model.prep), t->budget, t->pool);
		MemoryContextSwitchTo(old);
	}
	return t->panel;
}

void
ml_assess_predict(const MlTraining *t, const MlModel *model, const uint32 *order, int64 n, double *out)
{
	int64		step = ml_assess_panel_rows(model->prep);
	MlPrepPanel *panel = ml_prep_panel_create(model->prep, t->data, step, t->budget, t->pool);

	for (int64 from = 0; from < n; from += step)
	{
		const MlkDesign *x = ml_prep_panel(panel, order + from, Min(step, n - from));

		ml_model_predict(model, x, out + from * ml_model_outputs(model), t->pool);
	}
	ml_prep_panel_free(panel, t->budget);
}

/* predictions on their way from the order of the data to the canonical one */
typedef struct Sorting
{
	const MlTraining *t;
	uint32	   *place;			/* canonical place of each row of the data; NO_PLACE of one that was left out to balance the classes */
	MlPrepStrips *strips;
	int64		rows;			/* of a strip */
	int64		from;			/* first row of the blocks at hand */
	int			k;				/* numbers a row */
	double	   *some;			/* of a strip's rows, one a thread */
	double	   *out;			/* of all rows */
} Sorting;

static void
place_block(void *arg, int64_t block, int worker)
{
	const Sorting *s = arg;
	const MlRows *rows = s->t->rows;
	int64		end = Min((block + 1) * PLACED_ROWS, rows->n);

	for (int64 i = block * PLACED_ROWS; i < end; i++)
		s->place[rows->order[i]] = (uint32) i;
}

static void
find_places(Sorting *s)
{
	const MlTraining *t = s->t;

	s->place = ml_budget_alloc(t->budget, t->data->rows, sizeof(uint32), "row places");
	StaticAssertStmt(NO_PLACE == UINT32_MAX, "filled by bytes");
	if (t->rows->n < t->data->rows)
		memset(s->place, 0xff, sizeof(uint32) * t->data->rows);
	ml_check_status(mlk_parallel_for(t->pool, (t->rows->n + PLACED_ROWS - 1) / PLACED_ROWS, place_block, s));
}

static void
predict_block(void *arg, int64_t block, int worker)
{
	const Sorting *s = arg;
	int64		from = s->from + block * s->rows;
	int64		n = Min(s->rows, s->t->data->rows - from);
	double	   *some = s->some + worker * s->rows * s->k;

	ml_model_predict_rows(&s->t->model, ml_prep_strip(s->strips, worker, from, n), 0, n, some);
	for (int64 i = 0; i < n; i++)
	{
		uint32		place = s->place[from + i];

		if (place == NO_PLACE)
			continue;
		if (s->k == 1)
			s->out[place] = some[i];
		else
			memcpy(s->out + (int64) place * s->k, some + i * s->k, sizeof(double) * s->k);
	}
}

/* rows as they lie in the data, strip by strip */
static void
predict_loaded(MlTraining *t, double *out)
{
	Sorting		s = {.t = t,.k = ml_model_outputs(&t->model),.out = out};
	int64		rows = t->data->rows;
	int64		step;

	s.strips = ml_prep_strips_create(t->model.prep, t->data, &s.rows, t->budget, t->pool);
	s.some = ml_budget_alloc(t->budget, mul_size(mul_size(s.rows, mlk_pool_threads(t->pool)), s.k), sizeof(double), "predictions of a strip");
	step = s.rows * STRIPS;
	find_places(&s);
	for (s.from = 0; s.from < rows; s.from += step)
	{
		int64		n = Min(step, rows - s.from);

		ml_check_status(mlk_parallel_for(t->pool, (n + s.rows - 1) / s.rows, predict_block, &s));
		ml_progress_update("rows", s.from + n, rows);
	}
	ml_budget_free(t->budget, s.place);
	ml_budget_free(t->budget, s.some);
	ml_prep_strips_free(s.strips, t->budget);
}

/* of the rows behind the training rows, which the fit has told of */
static void
predict_others(MlTraining *t, double *out)
{
	int			k = ml_model_outputs(&t->model);
	int64		step = ml_assess_panel_rows(t->model.prep);
	MlPrepPanel *panel = ml_assess_panel(t);

	for (int64 from = t->rows->n_train; from < t->rows->n; from += step)
	{
		int64		n = Min(step, t->rows->n - from);

		ml_model_predict(&t->model, ml_prep_panel(panel, t->rows->order + from, n), out + from * k, t->pool);
		ml_progress_update("rows", from + n, t->rows->n);
	}
}

double *
ml_assess_room(const MlTraining *t)
{
	return ml_budget_alloc(t->budget, mul_size(Max(t->rows->n, 1), ml_model_outputs(&t->model)), sizeof(double),
						   "predictions");
}

/* of all rows, in canonical order */
static double *
predict_all(MlTraining *t)
{
	double	   *out = t->predicted;

	if (out != NULL)
	{
		if (t->model.held != NULL && t->model.held->calibrators != NULL)
			mlk_calibrate_rows(t->model.held->calibrators, t->model.held->log_odds, t->model.n_classes, out, t->rows->n_train);
		predict_others(t, out);
		t->predicted = NULL;
		return out;
	}
	out = ml_assess_room(t);
	if (t->design != NULL)
		ml_model_predict(&t->model, t->design, out, t->pool);
	else
		predict_loaded(t, out);
	return out;
}

/* ---- metrics ---- */

static bool
has_unknown(const int32 *label, int64 n)
{
	for (int64 i = 0; i < n; i++)
		if (label[i] < 0)
			return true;
	return false;
}

/* a label that no training row has cannot be predicted: score the other rows, on copies without the gaps */
static void
leave_out_unknown(const MlTraining *t, MlScored *scored, double *out, int k)
{
	int64		n = scored->n;
	int32	   *label = ml_budget_alloc(t->budget, n, sizeof(int32), "labels");
	double	   *weight = NULL;

	memcpy(label, scored->label, sizeof(int32) * n);
	if (scored->weight != NULL)
	{
		weight = ml_budget_alloc(t->budget, n, sizeof(double), "weights");
		memcpy(weight, scored->weight, sizeof(double) * n);
	}
	scored->n = ml_report_drop_unknown(label, out, weight, n, k);
	scored->label = label;
	scored->weight = weight;
}

MlReport
ml_assess_report(const MlTraining *t, double *out, int64 from, int64 n, int64 *dropped)
{
	MlScored	scored = {0};

	scored.task = t->model.task;
	scored.n = n;
	scored.y = t->y ? t->y + from : NULL;
	scored.label = t->label ? t->label + from : NULL;
	scored.weight = t->weight ? t->weight + from : NULL;
	scored.out = out;
	scored.n_classes = t->model.n_classes;
	scored.classes = t->model.classes;
	scored.threshold = ml_model_threshold(&t->model);
	if (t->label != NULL && has_unknown(scored.label, n))
		leave_out_unknown(t, &scored, out, ml_model_outputs(&t->model));
	*dropped = n - scored.n;
	return ml_report_make(&scored, t->pool);
}

/* rows [from, from + n) seen by a model that looks at no feature */
static MlReport
report_baseline(MlTraining *t, int64 from, int64 n)
{
	const MlAlgorithm *dummy = ml_algorithm_lookup("dummy");
	MlkDesign	nothing = {.rows = n};
	MlTraining	bare = *t;
	double	   *out = ml_budget_alloc(t->budget, mul_size(Max(n, 1), ml_model_outputs(&t->model)), sizeof(double), "predictions");
	int64		dropped;
	MlReport	report;

	bare.model.algorithm = dummy;
	bare.model.held = NULL;
	bare.model.state = ml_train_fit(t, dummy, ml_params_parse(dummy, ml_json_parse("{}")));
	ml_model_predict(&bare.model, &nothing, out, t->pool);
	report = ml_assess_report(&bare, out, from, n, &dropped);
	ml_budget_free(t->budget, out);
	return report;
}

void
ml_assess(MlTraining *t)
{
	int64		n_train = t->rows->n_train;
	int64		test = ml_rows_test(t->rows);
	int64		n_test = t->rows->n - test;
	int64		dropped;
	double	   *out;

	ml_progress_stage(ML_STAGE_EVALUATE, t->rows->n);
	t->baseline = report_baseline(t, n_test > 0 ? test : 0, n_test > 0 ? n_test : n_train);
	out = predict_all(t);
	t->train = ml_assess_report(t, out, 0, n_train, &dropped);
	t->test = ml_assess_report(t, out + test * ml_model_outputs(&t->model), test, n_test, &dropped);
	if (dropped > 0)
		ereport(NOTICE,
				(errmsg("left out " INT64_FORMAT " test rows whose label no training row has", dropped)));
	ml_budget_free(t->budget, out);
}
