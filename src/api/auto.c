/*
 * auto.c: mlops_auto: the best algorithm and its parameters within a time.
 *
 * Every algorithm is judged with its defaults first (auto_defaults.c), so that nothing that is found later can be worse than they are.  What
 * is left of the time goes to variants (auto_variants.c), but for a last part of it, which is kept for training the winner.  The best may be
 * mixed in the end (auto_ensemble.c).  Here are the algorithms that enter, and the call.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "api/args.h"
#include "api/auto.h"
#include "api/tune.h"

PG_FUNCTION_INFO_V1(mlops_auto);

static const MlDefinitionArgs auto_args = {
	.model = 0,.source = 1,.target = 2,.algorithm = -1,.params = 3,.metric = 4,.task = 5,.features = 6,.exclude = 7,.preprocess = 8,
	.split = 9,.weight = 10,.seed = 11,.deploy = 12,.contract = 13
};

/* ---- who enters ---- */

static bool
wanted(const MlAutoOptions *options, const MlSpace *space, MlTask task)
{
	if (options->n_algorithms < 0)
		return (space->tasks & task) != 0;
	for (int i = 0; i < options->n_algorithms; i++)
		if (options->algorithms[i] != NULL && strcmp(options->algorithms[i], space->algorithm) == 0)
			return true;
	return false;
}

static void
add_entrant(MlAuto *a, const MlAlgorithm *algorithm, const MlSpace *space)
{
	MlEntrant    *e = &a->entrants[a->n++];

	e->algorithm = algorithm;
	e->space = space;
	if (space != NULL && space->space != NULL)
		e->search = ml_search_parse(algorithm, ml_json_parse(space->space), ml_json_parse(space->fixed));
}

/* named ones that have no space enter with their defaults alone */
static void
check_named(MlAuto *a)
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
choose_entrants(MlAuto *a)
{
	int			n_spaces;
	const MlSpace *spaces = ml_spaces(&n_spaces);

	a->entrants = palloc0(sizeof(MlEntrant) * (n_spaces + Max(a->options.n_algorithms, 0)));
	check_named(a);
	for (int i = 0; i < n_spaces; i++)
	{
		const MlAlgorithm *algorithm = ml_algorithm_find(spaces[i].algorithm);

		if (algorithm != NULL && wanted(&a->options, &spaces[i], a->t->model.task))
			add_entrant(a, algorithm, &spaces[i]);
	}
}

/* ---- the search ---- */

/* with a bit for the predictions and the storing, which come on top */
static void
keep_time(MlAuto *a)
{
	if (a->contest->best != NULL)
		a->contest->max_seconds = Max(a->options.max_seconds - ml_auto_training_seconds(a) - 0.03 * a->options.max_seconds, 0);
}

void
ml_auto_note(MlAuto *a, MlEntrant *e, MlCandidate *c)
{
	if (c->status == ML_CANDIDATE_DONE && (e->best == NULL || ml_contest_before(a->contest, c, e->best)))
		e->best = c;
	keep_time(a);
}

static void
search_all(MlAuto *a)
{
	a->contest = ml_contest_start(a->t, a->options.folds, a->options.max_seconds, "auto", "trial");
	a->contest->keep = a->options.members > 0;
	mlk_rng_seed(&a->rng, (uint64) a->t->definition->seed);
	ml_auto_judge_defaults(a);
	ml_auto_judge_variants(a);
	ml_auto_warn(a);
	ml_auto_try_ensemble(a);
}

/* the plan of a training wants an algorithm: the first that enters will do */
static void
plan_auto(MlAuto *a, MlDefinition *d)
{
	a->options = ml_auto_options(d->params);
	d->params = ml_json_parse("{}");
	d->algorithm = NULL;
	a->t = ml_tune_plan(d, "auto");
	choose_entrants(a);
}

static void
auto_search(FunctionCallInfo fcinfo, MlContest **contest)
{
	MlAuto		a = {{0}};

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
	MlAuto		a = {{0}};

	plan_auto(&a, definition);
	ml_tune_load(a.t);
	search_all(&a);
	ml_tune_finish(a.contest, "auto");
	return a.t;
}
