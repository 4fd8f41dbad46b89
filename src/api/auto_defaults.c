/*
 * auto_defaults.c: every algorithm with its defaults, so that nothing that mlops_auto finds is worse than they are.
 *
 * Defaults are judged on all folds, unless that takes long and the best is ahead of them beyond doubt on the folds so far.  Those that take long
 * and are merely behind wait until the leader has had its first variants: most of them are then beaten beyond doubt, and their time is
 * better spent.
 */
#include "postgres.h"

#include "api/args.h"
#include "api/auto.h"

static bool
open_folds(const MlAuto *a, const MlCandidate *c)
{
	return c->status != ML_CANDIDATE_FAILED && c->n_judged < a->contest->folds->n;
}

/* the folds that are left would take a share of the time worth saving */
static bool
costly(const MlAuto *a, const MlCandidate *c)
{
	return c->seconds / c->n_judged * (a->contest->folds->n - c->n_judged) > ML_AUTO_CHEAP_SHARE * a->options.max_seconds;
}

static void
judge(MlAuto *a, MlEntrant *e, bool may_wait)
{
	MlCandidate *c = e->plain;

	e->waits = false;
	while (open_folds(a, c))
	{
		const MlCandidate *best = a->contest->best;

		if (best != NULL && c->n_judged > 0 && costly(a, c))
		{
			if (ml_contest_surely_before(a->contest, best, c))
				return;
			e->waits = may_wait && ml_contest_lead(a->contest, best, c) > 0;
			if (e->waits)
				return;
		}
		if (!ml_contest_judge(a->contest, c, 1, c->n_judged + 1))
			return;
	}
	ml_auto_note(a, e, c);
}

void
ml_auto_judge_defaults(MlAuto *a)
{
	for (int i = 0; i < a->n; i++)
	{
		a->entrants[i].plain = ml_contest_candidate(a->contest, a->entrants[i].algorithm, ml_json_parse("{}"));
		judge(a, &a->entrants[i], true);
	}
}

bool
ml_auto_judge_waiting(MlAuto *a)
{
	bool		any = false;

	for (int i = 0; i < a->n; i++)
	{
		if (!a->entrants[i].waits)
			continue;
		any = true;
		judge(a, &a->entrants[i], false);
	}
	return any;
}

void
ml_auto_warn(const MlAuto *a)
{
	const MlCandidate *best = a->contest->best;
	StringInfoData missing;

	initStringInfo(&missing);
	for (int i = 0; i < a->n; i++)
	{
		const MlEntrant *e = &a->entrants[i];

		if (open_folds(a, e->plain) && (best == NULL || !ml_contest_surely_before(a->contest, best, e->plain)))
			appendStringInfo(&missing, "%s%s", missing.len > 0 ? ", " : "", e->algorithm->name);
	}
	if (missing.len > 0)
		ereport(WARNING,
				(errmsg("max_seconds of %g is too short to judge every algorithm with its defaults", a->options.max_seconds),
				 errdetail("Not judged on all folds: %s.", missing.data),
				 errhint("Give more time, name fewer algorithms, or ask for fewer folds.")));
}
