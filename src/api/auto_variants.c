/*
 * auto_variants.c: what mlops_auto tries beside the defaults.
 *
 * Variants come in rounds: some on one fold, the better third of them on more, the best of those on all.  The algorithms that lead share the
 * time, not the number of variants: a forest that takes as long as twenty boosted models must not keep nineteen of them from
 * being tried.  A round gets smaller when the time runs out, so that the best of it can still be judged on all folds.
 */
#include "postgres.h"

#include <math.h>

#include "api/args.h"
#include "api/auto.h"
#include "api/propose.h"

#define ROUND 9					/* variants of a round: 9 on one fold, 3 on more, 1 on all */
#define HALVING_FACTOR 3
#define FIRST_TRIED 6			/* variants of an algorithm before there is something to learn from, and before it is given up */
#define MOST_TRIED 40			/* variants of an algorithm for each of its parameters: more of them change digits that no metric tells apart */
#define FINALISTS 3				/* algorithms that get variants */
#define MAX_CANDIDATES 10000

/* of the time, by rank */
static const double shares[FINALISTS] = {5, 3, 1};

/* ---- time ---- */

static double
seconds_left(const MlAuto *a)
{
	return a->contest->max_seconds - ml_contest_seconds(a->contest);
}

static double
seconds_spent(const MlEntrant *e)
{
	double		spent = 0;

	for (int i = 0; i < e->n; i++)
		spent += e->tried[i]->seconds;
	return spent;
}

/* what a variant takes on one fold: as those before it; the first ones as the defaults, for want of anything better */
static double
seconds_expected(const MlEntrant *e)
{
	int			judged = 0;

	for (int i = 0; i < e->n; i++)
		judged += e->tried[i]->n_judged;
	return judged > 0 ? seconds_spent(e) / judged : e->plain->seconds / Max(e->plain->n_judged, 1);
}

/* ---- who ---- */

/* by their best candidates; those without one by their defaults on the folds so far, and those without a space last */
static int
compare_entrants(const void *left, const void *right, void *contest)
{
	const MlEntrant *a = *(MlEntrant *const *) left;
	const MlEntrant *b = *(MlEntrant *const *) right;

	if ((a->search != NULL) != (b->search != NULL))
		return a->search != NULL ? -1 : 1;
	if ((a->best != NULL) != (b->best != NULL))
		return a->best != NULL ? -1 : 1;
	if (a->best == NULL)
		return ml_contest_before(contest, a->plain, b->plain) ? -1 : 1;
	return ml_contest_before(contest, a->best, b->best) ? -1 : 1;
}

/* better than the leader's best on one fold at least */
static bool
beats_once(const MlAuto *a, const MlCandidate *c, const MlCandidate *best)
{
	for (int f = 0; f < Min(c->n_judged, best->n_judged); f++)
		if (ml_report_better(a->contest->metric, c->value[f], best->value[f]))
			return true;
	return false;
}

/* has first variants to come: as many as defaults that are behind beyond doubt deserve, which is what costs little */
static bool
at_first(const MlAuto *a, const MlEntrant *e, const MlEntrant *leader)
{
	return e->n < FIRST_TRIED &&
		(!ml_contest_surely_before(a->contest, leader->best, e->plain) ||
		 seconds_spent(e) + seconds_expected(e) <= ML_AUTO_CHEAP_SHARE * a->options.max_seconds);
}

static bool
rivals(const MlAuto *a, const MlEntrant *e, const MlEntrant *leader)
{
	if (e == leader || at_first(a, e, leader) || beats_once(a, e->plain, leader->best))
		return true;
	for (int i = 0; i < e->n; i++)
		if (beats_once(a, e->tried[i], leader->best))
			return true;
	return false;
}

static bool
exhausted(const MlEntrant *e)
{
	return e->search == NULL || e->n >= MOST_TRIED * e->search->n;
}

/* may have variants: there is something to vary, and time for one on all folds */
static bool
may_vary(const MlAuto *a, const MlEntrant *e)
{
	return !exhausted(e) && e->plain->n_judged > 0 && !e->waits &&
		seconds_expected(e) * a->contest->folds->n <= seconds_left(a);
}

/* those that have hope; when there are none because the leader has been tried enough, whoever may vary */
static int
choose_finalists(const MlAuto *a, MlEntrant **sorted, MlEntrant **chosen)
{
	int			n = 0;

	qsort_arg(sorted, a->n, sizeof(MlEntrant *), compare_entrants, a->contest);
	if (sorted[0]->best == NULL)
		return 0;
	for (int i = 0; i < a->n && n < FINALISTS; i++)
		if (may_vary(a, sorted[i]) && rivals(a, sorted[i], sorted[0]))
			chosen[n++] = sorted[i];
	for (int i = 0; i < a->n && n == 0 && exhausted(sorted[0]); i++)
		if (may_vary(a, sorted[i]))
			chosen[n++] = sorted[i];
	return n;
}

/* the one that is furthest below its share of the time, the next variant included */
static MlEntrant *
whose_turn(MlEntrant **chosen, int finalists)
{
	int			turn = 0;
	double		least = INFINITY;

	for (int i = 0; i < finalists; i++)
	{
		double		used = (seconds_spent(chosen[i]) + seconds_expected(chosen[i])) / shares[i];

		if (used >= least)
			continue;
		turn = i;
		least = used;
	}
	return chosen[turn];
}

/* ---- what ---- */

static MlCandidate *
make_variant(MlAuto *a, MlEntrant *e)
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
remember(MlEntrant *e, MlCandidate *c)
{
	if (e->n == e->room)
	{
		e->room = Max(e->room * 2, 16);
		e->tried = e->tried ? repalloc(e->tried, sizeof(MlCandidate *) * e->room) : palloc(sizeof(MlCandidate *) * e->room);
	}
	e->tried[e->n++] = c;
}

/* ---- a round ---- */

static int
compare_candidates(const void *a, const void *b, void *contest)
{
	const MlCandidate *left = *(MlCandidate *const *) a;
	const MlCandidate *right = *(MlCandidate *const *) b;

	return ml_contest_before(contest, left, right) ? -1 : 1;
}

static MlEntrant *
entrant_of(const MlAuto *a, const MlCandidate *c)
{
	for (int i = 0; i < a->n; i++)
		if (a->entrants[i].algorithm == c->algorithm)
			return &a->entrants[i];
	return NULL;
}

/*
 * Variants on the first fold, while there is time to judge the better ones on more, each of whoever has hope after those before it; their
 * number, 0 when the time is up or nobody has.
 */
static int
draw_round(MlAuto *a, MlEntrant **sorted, MlCandidate **round)
{
	int			folds = a->contest->folds->n;
	double		dearest = 0;
	int			n = 0;

	do
	{
		MlEntrant  *chosen[FINALISTS];
		int			finalists = choose_finalists(a, sorted, chosen);
		MlEntrant  *e;

		if (finalists == 0)
			return n;
		e = whose_turn(chosen, finalists);
		round[n] = make_variant(a, e);
		if (!ml_contest_judge(a->contest, round[n], 1, 1))
			return 0;
		remember(e, round[n]);
		dearest = Max(dearest, round[n]->seconds);
		n++;
	} while (n < ROUND && seconds_left(a) > dearest * (folds + 1));
	return n;
}

/*
 * Halving over folds: all on the first, a third on half of them, a third of those on all, unless behind the best on each so far or beyond
 * doubt; false when the time is up, or nobody has hope.
 */
static bool
judge_round(MlAuto *a, MlEntrant **sorted)
{
	MlCandidate *round[ROUND];
	int			folds = a->contest->folds->n;
	int			left = draw_round(a, sorted, round);

	if (left == 0)
		return false;
	for (;;)
	{
		/* when few are left: the best of them on all folds */
		int			judged = left >= ROUND ? Max(folds / 2, 1) : folds;

		qsort_arg(round, left, sizeof(MlCandidate *), compare_candidates, a->contest);
		if (round[0]->n_judged > 1 && !beats_once(a, round[0], a->contest->best))
			return true;
		left = judged == folds ? 1 : left / HALVING_FACTOR;
		for (int i = 0; i < left; i++)
		{
			if (ml_contest_surely_before(a->contest, a->contest->best, round[i]))
				continue;
			if (!ml_contest_judge(a->contest, round[i], 1, judged))
				return false;
			ml_auto_note(a, entrant_of(a, round[i]), round[i]);
		}
		if (judged == folds)
			return true;
	}
}

/* the leader has had its first variants, or half of the time is gone */
static bool
time_for_waiting(const MlAuto *a, MlEntrant *const *sorted)
{
	return sorted[0]->n >= FIRST_TRIED || ml_contest_seconds(a->contest) > a->options.max_seconds / 2;
}

void
ml_auto_judge_variants(MlAuto *a)
{
	MlEntrant **sorted = palloc(sizeof(MlEntrant *) * a->n);
	bool		going = true;

	for (int i = 0; i < a->n; i++)
		sorted[i] = &a->entrants[i];
	qsort_arg(sorted, a->n, sizeof(MlEntrant *), compare_entrants, a->contest);
	while (going && a->contest->n < MAX_CANDIDATES)
	{
		if (time_for_waiting(a, sorted))
			(void) ml_auto_judge_waiting(a);
		/* with nobody else to vary, those that wait may have hope */
		going = judge_round(a, sorted) || ml_auto_judge_waiting(a);
		ml_auto_forget(a);
	}
}
