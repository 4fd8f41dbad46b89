/*
 * tune_result.c: what mlops_tune and mlops_auto have in common: the winner trained, the trials stored, the row returned.
 */
#include "postgres.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "api/args.h"
#include "api/tune.h"
#include "catalog/trial.h"
#include "monitoring/progress.h"

#define TUNE_COLUMNS 13

double
ml_tune_seconds(double given)
{
	if (!(given > 0) || isinf(given))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_seconds is %g", given),
				 errdetail("It must be a number of seconds greater than 0.")));
	return given;
}

MlTraining *
ml_tune_plan(MlDefinition *definition, const char *command)
{
	MlTraining *t = palloc0(sizeof(MlTraining));

	t->definition = definition;
	t->started = GetCurrentTimestamp();
	ml_progress_start(command, definition->model);
	ml_warm_start_refuse(definition->params, "a search");
	ml_train_start(t);
	return t;
}

void
ml_tune_load(MlTraining *t)
{
	ml_train_load(t);
	ml_train_order(t);
}

static bool
is_ranked(const MlCandidate *c)
{
	return c->status == ML_CANDIDATE_DONE && c->share == 1;
}

static int
compare_candidates(const void *a, const void *b, void *contest)
{
	const MlCandidate *left = *(MlCandidate *const *) a;
	const MlCandidate *right = *(MlCandidate *const *) b;

	return left == right ? 0 : ml_contest_before(contest, left, right) ? -1 : 1;
}

/* of each trial by its mean, by the number of the trial; 0: not judged on all folds and rows.  Candidates stay in their order */
static int *
rank_trials(MlContest *contest)
{
	MlCandidate **sorted = palloc(sizeof(MlCandidate *) * Max(contest->n, 1));
	int		   *rank = palloc0(sizeof(int) * (contest->n + 1));
	int			n = 0;

	for (int i = 0; i < contest->n; i++)
	{
		if (is_ranked(contest->candidates[i]))
			sorted[n++] = contest->candidates[i];
	}
	qsort_arg(sorted, n, sizeof(MlCandidate *), compare_candidates, contest);
	for (int i = 0; i < n; i++)
		rank[sorted[i]->number] = i + 1;
	pfree(sorted);
	return rank;
}

static void
store_trials(MlContest *contest, const char *command)
{
	MlTrialRow *rows = palloc0(sizeof(MlTrialRow) * contest->n);
	int		   *rank = rank_trials(contest);

	for (int i = 0; i < contest->n; i++)
	{
		const MlCandidate *c = contest->candidates[i];
		MlTrialRow *row = &rows[i];

		row->trial = c->number;
		row->rank = rank[c->number];
		row->algorithm = c->algorithm->name;
		row->params = c->given;
		row->status = c->status == ML_CANDIDATE_FAILED ? "failed" : row->rank > 0 ? "done" : "stopped";
		row->message = c->message;
		row->folds = c->n_judged;
		row->train_rows = c->train_rows;
		row->mean = c->mean;
		row->stddev = c->stddev;
		row->seconds = c->seconds;
		row->started = c->started;
	}
	ml_catalog_insert_trials(contest->t->version, command, contest->metric, rows, contest->n);
}

static void
put_row(FunctionCallInfo fcinfo, const MlContest *contest, const MlCandidate *winner)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const MlTraining *t = contest->t;
	const MlVersionRow *v = t->version;
	Datum		values[TUNE_COLUMNS];
	bool		nulls[TUNE_COLUMNS] = {false};

	values[0] = CStringGetTextDatum(t->definition->model);
	values[1] = Int32GetDatum(v->version);
	values[2] = CStringGetTextDatum(v->algorithm);
	values[3] = CStringGetTextDatum(v->task);
	values[4] = JsonbPGetDatum(winner->given);
	values[5] = Int32GetDatum(contest->n);
	values[6] = CStringGetTextDatum(v->metric);
	values[7] = ml_result_float(winner->mean, &nulls[7]);
	values[8] = ml_result_float(winner->stddev, &nulls[8]);
	values[9] = ml_result_float(v->value, &nulls[9]);
	values[10] = ml_result_float(v->baseline, &nulls[10]);
	values[11] = BoolGetDatum(t->deployed);
	values[12] = Float8GetDatum((double) (GetCurrentTimestamp() - t->started) / USECS_PER_SEC);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

const MlCandidate *
ml_tune_finish(MlContest *contest, const char *command)
{
	const MlCandidate *winner = ml_contest_winner(contest);

	ml_contest_train(contest, winner);
	store_trials(contest, command);
	ml_progress_end();
	return winner;
}

void
ml_tune_call(FunctionCallInfo fcinfo, const char *function, const char *command, MlSearchFn search)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops search", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	MlContest  *contest;
	const MlCandidate *winner;

	PreventCommandIfReadOnly(function);
	InitMaterializedSRF(fcinfo, 0);
	old = MemoryContextSwitchTo(context);
	search(fcinfo, &contest);
	winner = ml_tune_finish(contest, command);
	put_row(fcinfo, contest, winner);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
