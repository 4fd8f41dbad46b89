/*
 * tune.c: mlops_tune: the best parameters of one algorithm, by cross-validation on the training rows.
 *
 * The test rows of the split are looked at once, by the version that the best trial becomes: its metrics are as honest as those of
 * a training without search.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "api/args.h"
#include "api/propose.h"
#include "api/spaces.h"
#include "api/tune.h"

PG_FUNCTION_INFO_V1(mlops_tune);

#define MAX_TRIALS 100000
#define HALVING_FACTOR 3
#define HALVING_LEAST_ROWS 200	/* of a fold's training rows, in the first round */
#define FIRST_DRAWS 5			/* trials at random before bayes has something to learn from, and one more a dimension */

/* argument numbers, in the order of the declaration */
enum
{
	ARG_SEARCH = 4, ARG_METHOD, ARG_N_ITER, ARG_FOLDS, ARG_METRIC, ARG_SECONDS, ARG_SEED, ARG_DEPLOY
};

static const MlDefinitionArgs tune_args = {
	.model = 0,.source = 1,.target = 2,.algorithm = 3,.metric = ARG_METRIC,.seed = ARG_SEED,.deploy = ARG_DEPLOY,.params = 12,.task = 13,
	.features = 14,.exclude = 15,.preprocess = 16,.split = 17,.weight = 18,.contract = 19
};

typedef enum TuneMethod
{
	TUNE_GRID,
	TUNE_RANDOM,
	TUNE_HALVING,
	TUNE_BAYES
} TuneMethod;

static const char *const methods[] = {"grid", "random", "halving", "bayes"};

typedef struct Tuning
{
	MlContest  *contest;
	MlSearch   *search;
	TuneMethod	method;
	int			n_iter;
	bool		full;			/* every point of the grid */
	int			n_points;		/* trials to be */
	MlkRng		rng;
} Tuning;

/* ---- what to try ---- */

static MlCandidate *
candidate_at(Tuning *tuning, const double *point)
{
	MlCandidate *c = ml_contest_candidate(tuning->contest, tuning->search->algorithm, ml_search_params(tuning->search, point));

	memcpy(c->point, point, sizeof(double) * tuning->search->n);
	return c;
}

/* a grid of no more points than were asked for is tried in full: drawing would try some of them twice */
static void
count_points(Tuning *tuning)
{
	const MlSearch *search = tuning->search;

	if (tuning->method == TUNE_GRID && isinf(search->points))
		for (int i = 0; i < search->n; i++)
			if (search->dimension[i].n == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("method \"grid\" needs a list of values of parameter \"%s\", not a range", search->dimension[i].name),
						 errhint("Write a list, or use method => 'random'.")));
	if (tuning->method == TUNE_GRID && search->points > MAX_TRIALS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the grid has %.0f points", search->points),
				 errdetail("At most %d are tried.", MAX_TRIALS),
				 errhint("Use method => 'random', or shorter lists.")));
	tuning->full = tuning->method == TUNE_GRID || search->points <= tuning->n_iter;
	tuning->n_points = tuning->full ? (int) search->points : tuning->n_iter;
}

static void
next_point(Tuning *tuning, int i, double *point)
{
	if (tuning->full)
		ml_search_grid(tuning->search, i, point);
	else if (tuning->method == TUNE_BAYES && i >= Min(FIRST_DRAWS + tuning->search->n, tuning->n_iter / 2))
		ml_propose(tuning->contest, tuning->search, tuning->contest->candidates, tuning->contest->n, NULL,
				   &tuning->rng, point);
	else
		ml_search_draw(tuning->search, &tuning->rng, point);
}

/* ---- trying ---- */

static void
try_all(Tuning *tuning)
{
	double		point[ML_MAX_DIMENSIONS];

	for (int i = 0; i < tuning->n_points; i++)
	{
		next_point(tuning, i, point);
		if (!ml_contest_judge(tuning->contest, candidate_at(tuning, point), 1, tuning->contest->folds->n))
			return;
	}
}

/* how many times the rows can be cut by three */
static int
count_cuts(const Tuning *tuning)
{
	int64		rows = tuning->contest->folds->n_rows / 2;
	int			cuts = 0;
	int			left = tuning->n_points;

	while (left > HALVING_FACTOR - 1 && rows / HALVING_FACTOR >= HALVING_LEAST_ROWS)
	{
		left = (left + HALVING_FACTOR - 1) / HALVING_FACTOR;
		rows /= HALVING_FACTOR;
		cuts++;
	}
	return cuts;
}

static int
compare_candidates(const void *a, const void *b, void *contest)
{
	const MlCandidate *left = *(MlCandidate *const *) a;
	const MlCandidate *right = *(MlCandidate *const *) b;

	return ml_contest_before(contest, left, right) ? -1 : 1;
}

/* all on few rows, then the better third on three times as many, and so on (Jamieson and Talwalkar 2016) */
static void
try_halving(Tuning *tuning)
{
	MlCandidate **round = palloc(sizeof(MlCandidate *) * tuning->n_points);
	int			cuts = count_cuts(tuning);
	int			left = tuning->n_points;
	double		point[ML_MAX_DIMENSIONS];

	for (int i = 0; i < left; i++)
	{
		next_point(tuning, i, point);
		round[i] = candidate_at(tuning, point);
	}
	for (; cuts >= 0; cuts--)
	{
		for (int i = 0; i < left; i++)
			if (!ml_contest_judge(tuning->contest, round[i], pow(HALVING_FACTOR, -cuts), tuning->contest->folds->n))
				return;
		qsort_arg(round, left, sizeof(MlCandidate *), compare_candidates, tuning->contest);
		left = (left + HALVING_FACTOR - 1) / HALVING_FACTOR;
	}
}

/* ---- the whole ---- */

static MlSearch *
parse_search(const MlTraining *t, FunctionCallInfo fcinfo, Jsonb *fixed)
{
	const MlSpace *space = ml_space_of(t->algorithm->name);

	if (!PG_ARGISNULL(ARG_SEARCH))
		return ml_search_parse(t->algorithm, ml_arg_object(fcinfo, ARG_SEARCH, "search"), fixed);
	if (space == NULL || space->space == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has no usual search space", t->algorithm->name),
				 errhint("Give one: search => '{\"...\": [...]}'.")));
	return ml_search_parse(t->algorithm, ml_json_parse(space->space), ml_search_over(fixed, ml_json_parse(space->fixed)));
}

static void
warn_time(const Tuning *tuning, double max_seconds)
{
	const MlContest *contest = tuning->contest;

	if (!ml_contest_time_up(contest))
		return;
	if (contest->best == NULL)
		ereport(WARNING,
				(errmsg("max_seconds of %g is too short for one trial on all folds and rows", max_seconds),
				 errdetail("The version has the parameters of the best trial so far."),
				 errhint("Give more time, or ask for fewer folds.")));
	else if (contest->n < tuning->n_points || tuning->method == TUNE_HALVING)
		ereport(NOTICE,
				(errmsg("the search ended after max_seconds of %g, with trial %d of %d", max_seconds, contest->n, tuning->n_points)));
}

static void
tune(FunctionCallInfo fcinfo, MlContest **contest)
{
	char	   *method = ml_arg_text(fcinfo, ARG_METHOD);
	int			folds = ml_arg_int(fcinfo, ARG_FOLDS, "folds", 5, 2, ML_MAX_FOLDS);
	double		seconds = PG_ARGISNULL(ARG_SECONDS) ? NAN : ml_tune_seconds(PG_GETARG_FLOAT8(ARG_SECONDS));
	Tuning		tuning = {0};
	MlTraining *t;

	tuning.method = (TuneMethod) ml_arg_choice("method", method ? method : "random", methods, lengthof(methods));
	tuning.n_iter = ml_arg_int(fcinfo, ARG_N_ITER, "n_iter", 20, 1, MAX_TRIALS);
	t = ml_tune_plan(ml_definition_from_call(fcinfo, &tune_args), "tune");
	tuning.search = parse_search(t, fcinfo, t->definition->params);
	count_points(&tuning);
	ml_tune_load(t);
	tuning.contest = *contest = ml_contest_start(t, folds, seconds, "tune", "trial");
	tuning.contest->expected = tuning.n_points;
	mlk_rng_seed(&tuning.rng, (uint64) t->definition->seed);
	if (tuning.method == TUNE_HALVING)
		try_halving(&tuning);
	else
		try_all(&tuning);
	warn_time(&tuning, seconds);
}

/*
 * mlops_tune(model text, source text, target text, algorithm text, search jsonb, method text, n_iter integer, folds integer, metric text,
 *		max_seconds float8, seed bigint, deploy text, params jsonb, task text, features text[], exclude text[], preprocess jsonb,
 *		split jsonb, weight text, contract text)
 *		-> one row: model, version, algorithm, task, params, trials, metric, mean, stddev, value, baseline, deployed, seconds
 */
Datum
mlops_tune(PG_FUNCTION_ARGS)
{
	ml_tune_call(fcinfo, "mlops_tune()", "tune", tune);
	return (Datum) 0;
}
