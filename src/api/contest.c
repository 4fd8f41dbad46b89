/*
 * contest.c: candidates judged on the same folds of the same loaded rows.
 *
 * Rows prepared for a fold serve every candidate that asks the same of preprocessing; the least recently used ones go when they
 * would take more than half of mlops.max_memory.  Fits use the threads themselves, so candidates come one after the other.  What a candidate
 * has to say on the way (NOTICE, WARNING) would be said a hundred times: it is kept from the client, and the winner says it again.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#include "api/contest.h"
#include "guc.h"
#include "monitoring/progress.h"

/*
 * Beyond doubt is so many standard deviations of one fold's value.  Folds that are hard are so for all candidates: what two of them differ by
 * varies less from fold to fold than the values do, so this errs on the side of doubt.
 */
#define DOUBT 3
#define DOUBT_FOLDS 3			/* that tell a standard deviation */

/* one fold, prepared for one kind of preprocessing */
typedef struct Kept
{
	int			fold;
	double		share;
	const MlAlgorithm *algorithm;
	MlParams   *params;
	uint32	   *order;
	MlPrepared *prepared;
	Size		bytes;
} Kept;

/* ---- beginning and end ---- */

MlFolds *
ml_contest_folds(const MlTraining *t, int folds)
{
	int		   *used = palloc(sizeof(int) * (t->n_features + 2));
	int			n_used = t->n_features;
	MlFoldSpec	spec = {.folds = folds,.label = -1,.column = -1};

	memcpy(used, t->features, sizeof(int) * n_used);
	used[n_used++] = t->plan->target;
	if (t->plan->weight >= 0)
		used[n_used++] = t->plan->weight;
	spec.method = ML_FOLDS_RANDOM;
	if (t->definition->split.method == ML_SPLIT_TIME)
	{
		spec.method = ML_FOLDS_TIME;
		spec.column = t->plan->split;
		spec.column_name = t->definition->split.column;
	}
	else if (t->model.task == ML_TASK_CLASSIFICATION)
	{
		spec.method = ML_FOLDS_STRATIFIED;
		spec.label = t->plan->target;
	}
	return ml_folds_make(t->data, t->rows, used, n_used, &spec, (uint64) t->definition->seed, t->pool);
}

MlContest *
ml_contest_start(MlTraining *t, int folds, double max_seconds, const char *command, const char *word)
{
	MlContest  *contest = palloc0(sizeof(MlContest));
	MlLiveSearch search = {{0}};

	contest->t = t;
	contest->started = t->started;
	contest->max_seconds = isnan(max_seconds) ? INFINITY : max_seconds;
	contest->word = word;
	/* the default metric depends on how many classes there are */
	if (t->model.task == ML_TASK_CLASSIFICATION)
		ml_train_truth(t);
	contest->metric = t->metric;
	contest->folds = ml_contest_folds(t, folds);
	if (contest->folds->left_out > 0)
		ereport(NOTICE,
				(errmsg("left out " INT64_FORMAT " training rows whose time \"%s\" is NULL",
						contest->folds->left_out, t->definition->split.column)));
	contest->truth = palloc0(sizeof(MlTraining *) * contest->folds->n);
	contest->n_test = palloc0(sizeof(int64) * contest->folds->n);
	snprintf(search.model, sizeof(search.model), "%s", t->definition->model);
	snprintf(search.command, sizeof(search.command), "%s", command);
	snprintf(search.metric, sizeof(search.metric), "%s", contest->metric);
	ml_live_start(&search);
	return contest;
}

static void
let_go(MlContest *contest, Kept *kept)
{
	contest->kept = list_delete_ptr(contest->kept, kept);
	ml_trial_release(kept->prepared);
	ml_budget_free(contest->t->budget, kept->order);
	pfree(kept);
}

void
ml_contest_end(MlContest *contest)
{
	while (contest->kept != NIL)
		let_go(contest, llast(contest->kept));
	ml_progress_prefix(NULL);
	ml_live_end();
}

double
ml_contest_seconds(const MlContest *contest)
{
	return (double) (GetCurrentTimestamp() - contest->started) / USECS_PER_SEC;
}

bool
ml_contest_time_up(const MlContest *contest)
{
	return ml_contest_seconds(contest) >= contest->max_seconds;
}

/* errors that other parameters would not have met */
static bool
parameters_to_blame(int sqlstate)
{
	return ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_DATA_EXCEPTION || sqlstate == ERRCODE_PROGRAM_LIMIT_EXCEEDED;
}

/* an error that was caught, and flushed, ends this candidate alone; or it is raised again */
static void
fail(MlCandidate *c, ErrorData *error)
{
	if (!parameters_to_blame(error->sqlerrcode))
		ReThrowError(error);
	c->status = ML_CANDIDATE_FAILED;
	c->message = pstrdup(error->message);
	FreeErrorData(error);
}

static void
check_params(const MlContest *contest, MlCandidate *c)
{
	c->params = ml_params_parse(c->algorithm, c->given);
	if (c->algorithm->check != NULL)
		c->algorithm->check(c->params, contest->t->model.task);
	ml_held_check(c->params, contest->t->model.task);
}

/*
 * Values that are allowed one by one may exclude each other: such a point of the space is a trial that has failed.  What checks
 * them holds nothing but memory, so no subtransaction is needed.
 */
MlCandidate *
ml_contest_candidate(MlContest *contest, const MlAlgorithm *algorithm, Jsonb *given)
{
	MemoryContext context = CurrentMemoryContext;
	MlCandidate *c = palloc0(sizeof(MlCandidate));

	/* there may be a hundred thousand before the first is judged */
	CHECK_FOR_INTERRUPTS();
	c->algorithm = algorithm;
	c->given = given;
	c->value = palloc(sizeof(double) * contest->folds->n);
	c->out = palloc0(sizeof(double *) * contest->folds->n);
	c->mean = c->stddev = NAN;
	PG_TRY();
	{
		check_params(contest, c);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		fail(c, error);
	}
	PG_END_TRY();
	return c;
}

/* ---- prepared rows ---- */

/* [train, test, others] with a share of the training rows, the rest of them among the others */
static void
keep_share(MlFold *fold, int64 rows, double share)
{
	int64		keep = Max((int64) ceil(fold->n_train * share), 1);
	int64		leave = fold->n_train - keep;
	uint32	   *spare;

	if (leave <= 0)
		return;
	spare = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint32) * leave);
	memcpy(spare, fold->order + keep, sizeof(uint32) * leave);
	memmove(fold->order + keep, fold->order + fold->n_train, sizeof(uint32) * fold->n_test);
	memcpy(fold->order + keep + fold->n_test, spare, sizeof(uint32) * leave);
	pfree(spare);
	fold->n_train = keep;
}

static void
make_room(MlContest *contest)
{
	Size		limit = (Size) ml_max_memory_kb * 1024 / 2;
	Size		used = 0;
	ListCell   *cell;

	foreach(cell, contest->kept)
		used += ((Kept *) lfirst(cell))->bytes;
	while (contest->kept != NIL && used > limit)
	{
		Kept	   *oldest = llast(contest->kept);

		used -= oldest->bytes;
		let_go(contest, oldest);
	}
}

static Kept *
find_kept(const MlContest *contest, const MlCandidate *c, int fold)
{
	ListCell   *cell;

	foreach(cell, contest->kept)
	{
		Kept	   *kept = lfirst(cell);

		if (kept->fold == fold && kept->share == c->share && ml_trial_alike(kept->algorithm, kept->params, c->algorithm, c->params))
			return kept;
	}
	return NULL;
}

static MlPrepared *
prepared_rows(MlContest *contest, const MlCandidate *c, int fold)
{
	MlTraining *t = contest->t;
	Kept	   *kept = find_kept(contest, c, fold);
	MlFold		rows;

	if (kept != NULL)
	{
		contest->kept = lcons(kept, list_delete_ptr(contest->kept, kept));
		return kept->prepared;
	}
	make_room(contest);
	kept = palloc0(sizeof(Kept));
	kept->fold = fold;
	kept->share = c->share;
	kept->algorithm = c->algorithm;
	kept->params = c->params;
	kept->order = rows.order = ml_budget_alloc(t->budget, t->data->rows, sizeof(uint32), "the order of the rows");
	ml_folds_order(contest->folds, fold, &rows);
	keep_share(&rows, t->data->rows, c->share);
	kept->prepared = ml_trial_prepare(t, c->algorithm, c->params, &rows);
	kept->bytes = ml_budget_used(kept->prepared->t->budget);
	contest->kept = lcons(kept, contest->kept);
	return kept->prepared;
}

/* ---- judging ---- */

/* in a subtransaction, so that an error of these parameters ends this candidate alone */
static bool
try_fit(MlPrepared *prepared, MlCandidate *c, double *out, MlTrialResult *result)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool good = true;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		*result = ml_trial_run(prepared, c->algorithm, c->params, out);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		/* an inner transaction that is left open would outlive the statement, whatever the error */
		ml_trial_abandon(prepared);
		RollbackAndReleaseCurrentSubTransaction();
		CurrentResourceOwner = owner;
		fail(c, error);
		good = false;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return good;
}

/* room for the predictions of a fold, if they are to be kept */
static double *
keep_fold(MlContest *contest, const MlPrepared *prepared, MlCandidate *c, int fold)
{
	MlTraining *t = contest->t;

	if (!contest->keep)
		return NULL;
	if (contest->truth[fold] == NULL)
	{
		contest->truth[fold] = ml_trial_truth(prepared, t->budget);
		contest->n_test[fold] = prepared->n_test;
	}
	if (c->out[fold] == NULL)
		c->out[fold] = ml_budget_alloc(t->budget, mul_size(Max(prepared->n_test, 1), ml_model_outputs(&prepared->t->model)), sizeof(double),
									   "predictions of a trial");
	return c->out[fold];
}

static bool
judge_fold(MlContest *contest, MlCandidate *c, int fold)
{
	int			level = ml_progress_hush();
	MlTrialResult result = {0};
	bool		good = false;

	PG_TRY();
	{
		MlPrepared *prepared = prepared_rows(contest, c, fold);

		good = try_fit(prepared, c, keep_fold(contest, prepared, c, fold), &result);
	}
	PG_FINALLY();
	{
		ml_progress_unhush(level);
	}
	PG_END_TRY();
	if (!good)
		return false;
	c->value[fold] = ml_report_value(&result.report, contest->metric);
	c->train_rows = result.train_rows;
	c->seconds += result.seconds;
	return true;
}

static void
summarise(MlCandidate *c)
{
	double		mean = 0;
	double		squares = 0;
	int			n = 0;

	for (int f = 0; f < c->n_judged; f++)
	{
		double		step = c->value[f] - mean;

		if (isnan(c->value[f]))
			continue;
		mean += step / ++n;
		squares += step * (c->value[f] - mean);
	}
	c->mean = n > 0 ? mean : NAN;
	c->stddev = n > 1 ? sqrt(squares / (n - 1)) : NAN;
}

static void
show(const MlContest *contest, const MlCandidate *c)
{
	char		prefix[64];
	char		best[32] = "";
	char		of[16] = "";

	if (contest->best != NULL)
		snprintf(best, sizeof(best), " (%.4g)", contest->best->mean);
	if (contest->expected > 0)
		snprintf(of, sizeof(of), "/%d", contest->expected);
	snprintf(prefix, sizeof(prefix), "%s %d%s%s: ", contest->word, c->number, of, best);
	ml_progress_prefix(prefix);
}

/* for other sessions */
static void
tell(const MlCandidate *c, const char *status)
{
	MlLiveTrial trial = {.trial = c->number,.folds = c->n_judged,.train_rows = c->train_rows,.mean = c->mean,.stddev = c->stddev,
	.seconds = c->seconds,.started = c->started};
	char	   *params = JsonbToCString(NULL, &c->given->root, VARSIZE(c->given));

	snprintf(trial.status, sizeof(trial.status), "%s", status);
	snprintf(trial.algorithm, sizeof(trial.algorithm), "%s", c->algorithm->name);
	if (strlen(params) < sizeof(trial.params))
		strcpy(trial.params, params);
	ml_live_put(&trial);
	pfree(params);
}

/* the first fit makes it one of the candidates */
static void
enter(MlContest *contest, MlCandidate *c)
{
	if (c->number > 0)
		return;
	if (contest->n == contest->room)
	{
		contest->room = Max(contest->room * 2, 16);
		contest->candidates = contest->candidates ? repalloc(contest->candidates, sizeof(MlCandidate *) * contest->room) :
			palloc(sizeof(MlCandidate *) * contest->room);
	}
	contest->candidates[contest->n++] = c;
	c->number = contest->n;
	c->started = GetCurrentTimestamp();
}

bool
ml_contest_judge(MlContest *contest, MlCandidate *c, double share, int folds)
{
	if (c->share != share)
	{
		c->share = share;
		c->n_judged = 0;
		c->status = c->status == ML_CANDIDATE_FAILED ? c->status : ML_CANDIDATE_OPEN;
	}
	CHECK_FOR_INTERRUPTS();
	if (c->status == ML_CANDIDATE_FAILED)
		enter(contest, c);
	while (c->n_judged < folds && c->status != ML_CANDIDATE_FAILED)
	{
		CHECK_FOR_INTERRUPTS();
		if (ml_contest_time_up(contest) && contest->n > 0)
			return false;
		enter(contest, c);
		show(contest, c);
		tell(c, "running");
		if (judge_fold(contest, c, c->n_judged))
			c->n_judged++;
		summarise(c);
	}
	if (c->status != ML_CANDIDATE_FAILED && c->n_judged == contest->folds->n)
	{
		c->status = ML_CANDIDATE_DONE;
		if (share == 1 && (contest->best == NULL || ml_contest_before(contest, c, contest->best)))
			contest->best = c;
	}
	if (c->number > 0)
		tell(c, c->status == ML_CANDIDATE_FAILED ? "failed" : c->status == ML_CANDIDATE_DONE && share == 1 ? "done" : "stopped");
	return true;
}

void
ml_contest_admit(MlContest *contest, MlCandidate *c)
{
	enter(contest, c);
	c->share = 1;
	c->n_judged = contest->folds->n;
	c->status = ML_CANDIDATE_DONE;
	summarise(c);
	if (contest->best == NULL || ml_contest_before(contest, c, contest->best))
		contest->best = c;
	tell(c, "done");
}

void
ml_contest_forget(MlContest *contest, MlCandidate *c)
{
	for (int f = 0; f < contest->folds->n; f++)
	{
		if (c->out[f] != NULL)
			ml_budget_free(contest->t->budget, c->out[f]);
		c->out[f] = NULL;
	}
}

bool
ml_contest_before(const MlContest *contest, const MlCandidate *a, const MlCandidate *b)
{
	bool		a_good = a->status != ML_CANDIDATE_FAILED && !isnan(a->mean);
	bool		b_good = b->status != ML_CANDIDATE_FAILED && !isnan(b->mean);

	if (a_good != b_good)
		return a_good;
	if (a_good && a->mean != b->mean)
		return ml_report_better(contest->metric, a->mean, b->mean);
	return a->number < b->number;
}

/* folds that both were judged on, and by how much a is the better one there, in the mean */
static int
common_folds(const MlContest *contest, const MlCandidate *a, const MlCandidate *b, double *lead)
{
	double		sum = 0;
	int			n = 0;

	for (int f = 0; f < Min(a->n_judged, b->n_judged); f++)
	{
		if (isnan(a->value[f]) || isnan(b->value[f]))
			continue;
		sum += a->value[f] - b->value[f];
		n++;
	}
	*lead = n > 0 ? (ml_report_better(contest->metric, 1, 0) ? sum : -sum) / n : NAN;
	return n;
}

double
ml_contest_lead(const MlContest *contest, const MlCandidate *a, const MlCandidate *b)
{
	double		lead;

	(void) common_folds(contest, a, b, &lead);
	return lead;
}

bool
ml_contest_surely_before(const MlContest *contest, const MlCandidate *a, const MlCandidate *b)
{
	const MlCandidate *known = a->n_judged >= b->n_judged ? a : b;
	double		lead;
	int			n = common_folds(contest, a, b, &lead);

	if (n == 0 || known->n_judged < DOUBT_FOLDS || isnan(known->stddev))
		return false;
	return lead > DOUBT * known->stddev / sqrt(n);
}

/* more of the rows, then more folds, then the better mean */
static bool
surer(const MlContest *contest, const MlCandidate *a, const MlCandidate *b)
{
	if (a->share != b->share)
		return a->share > b->share;
	if (a->n_judged != b->n_judged)
		return a->n_judged > b->n_judged;
	return ml_contest_before(contest, a, b);
}

const MlCandidate *
ml_contest_winner(const MlContest *contest)
{
	const MlCandidate *winner = contest->best;
	const char *message = NULL;

	for (int i = 0; i < contest->n && contest->best == NULL; i++)
	{
		const MlCandidate *c = contest->candidates[i];

		if (c->status == ML_CANDIDATE_FAILED)
			message = c->message;
		else if (!isnan(c->mean) && (winner == NULL || surer(contest, c, winner)))
			winner = c;
	}
	for (int i = 0; i < contest->n && contest->best != NULL; i++)
	{
		const MlCandidate *c = contest->candidates[i];

		if (c->share == 1 && c->status == ML_CANDIDATE_OPEN && ml_contest_surely_before(contest, c, winner))
			winner = c;
	}
	if (winner != NULL && !isnan(winner->mean))
		return winner;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", message != NULL ? "every trial failed" : psprintf("metric \"%s\" is not defined in any trial", contest->metric)),
			 message != NULL ? errdetail("The last one: %s", message) : 0,
			 message != NULL ? errhint("Try other values.") : errhint("Choose another metric, or fewer folds.")));
	return NULL;
}

/* ---- the winner ---- */

void
ml_contest_train(MlContest *contest, const MlCandidate *winner)
{
	MlTraining *t = contest->t;

	ml_contest_end(contest);
	t->algorithm = t->model.algorithm = winner->algorithm;
	t->params = winner->params;
	/* what retraining repeats is the winner, not the search */
	t->definition->algorithm = pstrdup(winner->algorithm->name);
	t->definition->params = winner->given;
	/* folds are made of all training rows */
	t->definition->split.held = ml_held_share(t->params);
	if (t->definition->split.held > 0)
		ml_train_split(t);
	ml_train_finish(t);
}
