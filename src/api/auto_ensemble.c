/*
 * auto_ensemble.c: the best candidates of a search as an ensemble, when one is wanted.
 *
 * The best of each algorithm keeps what it predicted for the rows that the folds test, so that an ensemble costs the search no
 * further fit; what it does cost is the training of its members, for which time is kept while the search goes on.
 */
#include "postgres.h"

#include "api/auto.h"
#include "api/stack.h"

static int
compare_candidates(const void *a, const void *b, void *contest)
{
	const MlCandidate *left = *(MlCandidate *const *) a;
	const MlCandidate *right = *(MlCandidate *const *) b;

	return ml_contest_before(contest, left, right) ? -1 : 1;
}

/* the best of each algorithm, the best of all first, no more than an ensemble may have; returns how many */
static int
find_members(const MlAuto *a, MlCandidate **members)
{
	MlCandidate **best = palloc(sizeof(MlCandidate *) * Max(a->n, 1));
	int			n = 0;

	for (int i = 0; i < a->n; i++)
		if (a->entrants[i].best != NULL)
			best[n++] = a->entrants[i].best;
	qsort_arg(best, n, sizeof(MlCandidate *), compare_candidates, a->contest);
	n = Min(n, a->options.members);
	memcpy(members, best, sizeof(MlCandidate *) * n);
	pfree(best);
	return n;
}

/* training takes as long as the fits on one fold, and a bit, for there are more rows; prediction and storing come on top */
static double
training_seconds(const MlCandidate *c)
{
	return 2 * c->seconds / c->n_judged;
}

double
ml_auto_training_seconds(const MlAuto *a)
{
	MlCandidate *members[ML_ENSEMBLE_MOST];
	int			n = find_members(a, members);
	double		seconds = 0;

	for (int i = 0; i < n; i++)
		seconds += training_seconds(members[i]);
	return a->contest->best == NULL ? 0 : Max(seconds, training_seconds(a->contest->best));
}

void
ml_auto_forget(MlAuto *a)
{
	for (int i = 0; i < a->n && a->contest->keep; i++)
	{
		MlEntrant  *e = &a->entrants[i];

		if (e->plain != NULL && e->plain != e->best && !e->waits)
			ml_contest_forget(a->contest, e->plain);
		for (int j = 0; j < e->n; j++)
			if (e->tried[j] != e->best)
				ml_contest_forget(a->contest, e->tried[j]);
	}
}

/* for training; the fit that was at hand when the search ended does not take from what was kept for it */
static double
seconds_left(const MlAuto *a)
{
	const MlContest *contest = a->contest;
	double		now = ml_contest_seconds(contest);
	double		longest = 0;

	for (int i = 0; i < contest->n; i++)
		longest = Max(longest, contest->candidates[i]->seconds / Max(contest->candidates[i]->n_judged, 1));
	if (now > contest->max_seconds && now <= contest->max_seconds + longest)
		now = contest->max_seconds;
	return a->options.max_seconds - now;
}

void
ml_auto_try_ensemble(MlAuto *a)
{
	MlCandidate *members[ML_ENSEMBLE_MOST];
	int			n = find_members(a, members);
	double		left = seconds_left(a);
	int			affordable = Min(n, 1);

	if (a->options.members == 0)
		return;
	while (affordable < n && training_seconds(members[affordable]) <= left)
		left -= training_seconds(members[affordable++]);
	if (affordable >= 2)
		ml_stack_judge(a->contest, members, affordable);
	else
		ereport(NOTICE,
				(errmsg("no ensemble was tried: %s", n < 2 ? "fewer than two algorithms were judged on all folds" : "there was no time left to train a second algorithm"),
				 errhint("Give more time, or ask for fewer folds.")));
}
