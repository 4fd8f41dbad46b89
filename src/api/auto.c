/*
 * auto.c: mlops_auto: the best algorithm and its parameters within a time.
 *
 * Every algorithm is judged with its defaults on all folds first, so that nothing that is found later can be worse than they are.  What is left
 * of the time goes to variants: a round of them is judged on one fold, the better third on more, the best of those on all; algorithms
 * get their share of a round by how good their best candidate is, and the variants of an algorithm are where those before
 * promise most.  A last part of the time is kept for training the winner.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "api/args.h"
#include "api/propose.h"
#include "api/spaces.h"
#include "api/tune.h"

PG_FUNCTION_INFO_V1(mlops_auto);

#define DEFAULT_SECONDS 60
#define ROUND 9					/* variants of a round: 9 on one fold, 3 on more, 1 on all */
#define HALVING_FACTOR 3
#define FIRST_TRIED 6			/* variants of an algorithm before there is something to learn from, and before it is given up */
#define MOST_TRIED 40			/* variants of an algorithm for each of its parameters: more of them change digits that no metric tells apart */
#define FOLD_SHARE 0.1				/* of the time left, that a variant may take for a fold */
#define FINALISTS 3				/* algorithms that get variants */
#define MAX_CANDIDATES 10000

static const MlDefinitionArgs auto_args = {
	.model = 0,.source = 1,.target = 2,.algorithm = -1,.params = 3,.metric = 4,.task = 5,.features = 6,.exclude = 7,.preprocess = 8,
	.split = 9,.weight = 10,.seed = 11,.deploy = 12,.contract = 13
};

typedef struct AutoOptions
{
	double		max_seconds;
	int			folds;
	char	  **algorithms;
	int			n_algorithms;	/* -1: all */
} AutoOptions;

/* one algorithm in the search */
typedef struct Entrant
{
	const MlAlgorithm *algorithm;
	const MlSpace *space;
	MlSearch   *search;			/* NULL: nothing to vary */
	MlCandidate *plain;			/* its defaults */
	MlCandidate *best;
	int			n;
	int			room;
	MlCandidate **tried;		/* variants, for the proposals */
} Entrant;

typedef struct Auto
{
	AutoOptions options;
	MlTraining *t;
	MlContest  *contest;
	Entrant    *entrants;
	int			n;
	MlkRng		rng;
} Auto;

/* ---- options ---- */

static double
option_number(Jsonb *json, const char *key, double fallback)
{
	JsonbValue *value = ml_json_get(json, key);

	if (value == NULL)
		return fallback;
	if (value->type != jbvNumeric)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" of the search must be a number", key)));
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
}

static AutoOptions
parse_options(Jsonb *json)
{
	static const char *const names[] = {"max_seconds", "folds", "algorithms"};
	AutoOptions options = {0};
	JsonbIterator *it = JsonbIteratorInit(&json->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	double		folds;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
		if (token == WJB_KEY)
			(void) ml_arg_choice("option of the search", pnstrdup(value.val.string.val, value.val.string.len), names, lengthof(names));
	options.max_seconds = ml_tune_seconds(option_number(json, "max_seconds", DEFAULT_SECONDS));
	folds = option_number(json, "folds", 5);
	if (folds != floor(folds) || folds < 2 || folds > ML_MAX_FOLDS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"folds\" of the search is %g", folds),
				 errdetail("It must be a whole number from 2 to %d.", ML_MAX_FOLDS)));
	options.folds = (int) folds;
	options.algorithms = ml_json_get_text_array(json, "algorithms", &options.n_algorithms);
	if (options.n_algorithms == 0 || (options.n_algorithms < 0 && ml_json_get(json, "algorithms") != NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"algorithms\" of the search must be an array of names"),
				 errhint("mlops_algorithms() lists them.")));
	return options;
}

/* ---- who enters ---- */

static bool
wanted(const AutoOptions *options, const MlSpace *space, MlTask task)
{
	if (options->n_algorithms < 0)
		return (space->tasks & task) != 0;
	for (int i = 0; i < options->n_algorithms; i++)
		if (options->algorithms[i] != NULL && strcmp(options->algorithms[i], space->algorithm) == 0)
			return true;
	return false;
}

static void
add_entrant(Auto *a, const MlAlgorithm *algorithm, const MlSpace *space)
{
	Entrant    *e = &a->entrants[a->n++];

	e->algorithm = algorithm;
	e->space = space;
	if (space != NULL && space->space != NULL)
		e->search = ml_search_parse(algorithm, ml_json_parse(space->space), ml_json_parse(space->fixed));
}

/* named ones that have no space enter with their defaults alone */
static void
check_named(Auto *a)
{
	for (int i = 0; i < a->options.n_algorithms; i++)
	{
		const MlAlgorithm *algorithm;

		if (a->options.algorithms[i] == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"algorithms\" of the search must be an array of names"),
					 errhint("mlops_algorithms() lists them.")));
		algorithm = ml_algorithm_lookup(a->options.algorithms[i]);
		if ((algorithm->tasks & a->t->model.task) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("algorithm \"%s\" does not do %s", algorithm->name, ml_train_task_name(a->t->model.task)),
					 errhint("mlops_algorithms() lists the algorithms and their tasks.")));
		if (ml_space_of(algorithm->name) == NULL)
			add_entrant(a, algorithm, NULL);
	}
}

static void
choose_entrants(Auto *a)
{
	int			n_spaces;
	const MlSpace *spaces = ml_spaces(&n_spaces);

	a->entrants = palloc0(sizeof(Entrant) * (n_spaces + Max(a->options.n_algorithms, 0)));
	check_named(a);
	for (int i = 0; i < n_spaces; i++)
	{
		const MlAlgorithm *algorithm = ml_algorithm_find(spaces[i].algorithm);

		if (algorithm != NULL && wanted(&a->options, &spaces[i], a->t->model.task))
			add_entrant(a, algorithm, &spaces[i]);
	}
}

/* ---- judging ---- */

static void
note(const Auto *a, Entrant *e, MlCandidate *c)
{
	if (c->status == ML_CANDIDATE_DONE && (e->best == NULL || ml_contest_before(a->contest, c, e->best)))
		e->best = c;
}

/* on all folds, whatever the variants may cost later; names those that the time did not allow */
static void
judge_defaults(Auto *a)
{
	StringInfoData missing;

	initStringInfo(&missing);
	for (int i = 0; i < a->n; i++)
	{
		Entrant    *e = &a->entrants[i];

		e->plain = ml_contest_candidate(a->contest, e->algorithm, ml_json_parse("{}"));
		if (!ml_contest_judge(a->contest, e->plain, 1, a->contest->folds->n))
			appendStringInfo(&missing, "%s%s", missing.len > 0 ? ", " : "", e->algorithm->name);
		note(a, e, e->plain);
	}
	if (missing.len > 0)
		ereport(WARNING,
				(errmsg("max_seconds of %g is too short to judge every algorithm with its defaults", a->options.max_seconds),
				 errdetail("Not judged on all folds: %s.", missing.data),
				 errhint("Give more time, name fewer algorithms, or ask for fewer folds.")));
}

/* by their best candidates; those without one, and without a space, last */
static int
compare_entrants(const void *left, const void *right, void *contest)
{
	const Entrant *a = *(Entrant *const *) left;
	const Entrant *b = *(Entrant *const *) right;

	if ((a->search != NULL) != (b->search != NULL))
		return a->search != NULL ? -1 : 1;
	if ((a->best != NULL) != (b->best != NULL))
		return a->best != NULL ? -1 : 1;
	if (a->best == NULL)
		return a < b ? -1 : 1;
	return ml_contest_before(contest, a->best, b->best) ? -1 : 1;
}

/* whose variant is number i of a round: the best algorithm gets five of nine, the next three, the third one */
static int
place_of(int i, int n)
{
	static const int places[ROUND] = {0, 1, 0, 1, 0, 2, 0, 1, 0};

	return Min(places[i], n - 1);
}

static MlCandidate *
make_variant(Auto *a, Entrant *e)
{
	double		point[ML_MAX_DIMENSIONS];
	MlCandidate *c;

	if (e->n < lengthof(e->space->starts) && e->space->starts[e->n] != NULL)
		ml_search_locate(e->search, ml_json_parse(e->space->starts[e->n]), point);
	else if (e->n < FIRST_TRIED)
		ml_search_draw(e->search, &a->rng, point);
	else
		ml_propose(a->contest, e->search, e->tried, e->n, e->plain, &a->rng, point);
	c = ml_contest_candidate(a->contest, e->algorithm, ml_search_params(e->search, point));
	memcpy(c->point, point, sizeof(double) * e->search->n);
	return c;
}

static void
remember(Entrant *e, MlCandidate *c)
{
	if (e->n == e->room)
	{
		e->room = Max(e->room * 2, 16);
		e->tried = e->tried ? repalloc(e->tried, sizeof(MlCandidate *) * e->room) : palloc(sizeof(MlCandidate *) * e->room);
	}
	e->tried[e->n++] = c;
}

static int
compare_candidates(const void *a, const void *b, void *contest)
{
	const MlCandidate *left = *(MlCandidate *const *) a;
	const MlCandidate *right = *(MlCandidate *const *) b;

	return ml_contest_before(contest, left, right) ? -1 : 1;
}

static Entrant *
entrant_of(Auto *a, const MlCandidate *c)
{
	for (int i = 0; i < a->n; i++)
		if (a->entrants[i].algorithm == c->algorithm)
			return &a->entrants[i];
	return NULL;
}

/* halving over folds: all on the first, a third on half of them, a third of those on all; false when the time is up */
static bool
judge_round(Auto *a, Entrant **chosen, int finalists)
{
	MlCandidate *round[ROUND];
	int			folds = a->contest->folds->n;
	int			left = ROUND;

	for (int i = 0; i < ROUND; i++)
	{
		Entrant    *e = chosen[place_of(i, finalists)];

		round[i] = make_variant(a, e);
		if (!ml_contest_judge(a->contest, round[i], 1, 1))
			return false;
		remember(e, round[i]);
	}
	for (int judged = Max(folds / 2, 1);; judged = folds)
	{
		qsort_arg(round, left, sizeof(MlCandidate *), compare_candidates, a->contest);
		left /= HALVING_FACTOR;
		for (int i = 0; i < left; i++)
		{
			if (!ml_contest_judge(a->contest, round[i], 1, judged))
				return false;
			note(a, entrant_of(a, round[i]), round[i]);
		}
		if (judged == folds)
			return true;
	}
}

/* better than the leader's best on one fold at least */
static bool
beats_once(const Auto *a, const MlCandidate *c, const MlCandidate *best)
{
	for (int f = 0; f < Min(c->n_judged, best->n_judged); f++)
		if (ml_report_better(a->contest->metric, c->value[f], best->value[f]))
			return true;
	return false;
}

static bool
rivals(const Auto *a, const Entrant *e, const Entrant *leader)
{
	if (e == leader || beats_once(a, e->plain, leader->best))
		return true;
	for (int i = 0; i < e->n; i++)
		if (beats_once(a, e->tried[i], leader->best))
			return true;
	return false;
}

/* may have variants: there is something to vary, time for it, and not too many were tried */
static bool
may_vary(const Auto *a, const Entrant *e)
{
	double		left = a->contest->max_seconds - ml_contest_seconds(a->contest);

	return e->search != NULL && e->best != NULL && e->n < MOST_TRIED * e->search->n &&
		e->plain->seconds / Max(e->plain->n_judged, 1) <= FOLD_SHARE * left;
}

/* those that have hope, or are at their first variants; when there are none, whoever may vary */
static int
choose_finalists(Auto *a, Entrant **sorted, Entrant **chosen)
{
	int			n = 0;

	qsort_arg(sorted, a->n, sizeof(Entrant *), compare_entrants, a->contest);
	for (int i = 0; i < a->n && n < FINALISTS; i++)
		if (may_vary(a, sorted[i]) && (sorted[i]->n < FIRST_TRIED || rivals(a, sorted[i], sorted[0])))
			chosen[n++] = sorted[i];
	for (int i = 0; i < a->n && n == 0; i++)
		if (may_vary(a, sorted[i]))
			chosen[n++] = sorted[i];
	return n;
}

static void
judge_variants(Auto *a)
{
	Entrant   **sorted = palloc(sizeof(Entrant *) * a->n);
	Entrant    *chosen[FINALISTS];
	int			finalists;

	for (int i = 0; i < a->n; i++)
		sorted[i] = &a->entrants[i];
	do
	{
		finalists = choose_finalists(a, sorted, chosen);
		if (finalists == 0)
			return;
	} while (a->contest->n < MAX_CANDIDATES && judge_round(a, chosen, finalists));
}

/* training the winner takes as long as its fits on one fold, and a bit, for there are more rows; prediction and storing come on top */
static void
keep_time(Auto *a)
{
	const MlCandidate *best = a->contest->best;

	if (best != NULL)
		a->contest->max_seconds = Max(a->options.max_seconds - 2 * best->seconds / best->n_judged - 0.03 * a->options.max_seconds, 0);
}

static void
search_all(Auto *a)
{
	a->contest = ml_contest_start(a->t, a->options.folds, a->options.max_seconds, "auto", "trial");
	mlk_rng_seed(&a->rng, (uint64) a->t->definition->seed);
	judge_defaults(a);
	keep_time(a);
	judge_variants(a);
}

/* the plan of a training wants an algorithm: the first that enters will do */
static void
plan_auto(Auto *a, MlDefinition *d)
{
	a->options = parse_options(d->params);
	d->params = ml_json_parse("{}");
	d->algorithm = NULL;
	a->t = ml_tune_plan(d, "auto");
	choose_entrants(a);
}

static void
auto_search(FunctionCallInfo fcinfo, MlContest **contest)
{
	Auto		a = {{0}};

	plan_auto(&a, ml_definition_from_call(fcinfo, &auto_args));
	ml_tune_load(a.t);
	search_all(&a);
	*contest = a.contest;
}

/*
 * mlops_auto(model text, source text, target text, params jsonb, metric text, task text, features text[], exclude text[], preprocess jsonb,
 *		split jsonb, weight text, seed bigint, deploy text, contract text)
 *		-> one row, as mlops_tune
 */
Datum
mlops_auto(PG_FUNCTION_ARGS)
{
	ml_tune_call(fcinfo, "mlops_auto()", "auto", auto_search);
	return (Datum) 0;
}

MlTraining *
ml_auto_train(MlDefinition *definition)
{
	Auto		a = {{0}};

	plan_auto(&a, definition);
	ml_tune_load(a.t);
	search_all(&a);
	ml_tune_finish(a.contest, "auto");
	return a.t;
}
