/*
 * stack_judge.c: the best candidates of a search as an ensemble, judged as they were.
 *
 * Nothing is fitted for it: what the members predicted for the rows that each fold tests was kept.  What the mixture of a fold says is
 * honest like that of any candidate, because its weights come from the other folds; the version gets those of all of them.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "api/args.h"
#include "api/stack.h"

#define LEAST_WEIGHT 0.01		/* who counts less is not worth its training and its scoring */

static MlStackFold *
gather_folds(const MlContest *contest, MlCandidate *const *members, int m)
{
	MlStackFold *folds = palloc0(sizeof(MlStackFold) * contest->folds->n);

	for (int f = 0; f < contest->folds->n; f++)
	{
		folds[f].truth = contest->truth[f];
		folds[f].n = contest->n_test[f];
		for (int j = 0; j < m; j++)
			folds[f].out[j] = members[j]->out[f];
	}
	return folds;
}

/* weights of all folds; members that count for little are left out, and the others weighed again; returns how many are left */
static int
choose_members(const MlContest *contest, MlCandidate **members, int m, double *w)
{
	for (;;)
	{
		MlStackFold *folds = gather_folds(contest, members, m);
		int			kept = 0;

		ml_stack_weights(contest->t, folds, contest->folds->n, -1, m, w);
		pfree(folds);
		for (int j = 0; j < m; j++)
			if (w[j] >= LEAST_WEIGHT)
				members[kept++] = members[j];
		if (kept == m || kept < 2)
			return kept;
		m = kept;
	}
}

/* parameters of the algorithm "ensemble", which are what retraining repeats */
static Jsonb *
describe(MlCandidate *const *members, int m, const double *w)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"members\": [");
	for (int j = 0; j < m; j++)
	{
		ml_json_key(&out, NULL);
		appendStringInfoChar(&out, '{');
		ml_json_text(&out, "algorithm", members[j]->algorithm->name);
		ml_json_jsonb(&out, "params", members[j]->given);
		appendStringInfoChar(&out, '}');
	}
	appendStringInfoString(&out, "], \"weights\": [");
	for (int j = 0; j < m; j++)
		appendStringInfo(&out, "%s%.*f", j > 0 ? ", " : "", ML_STACK_DIGITS, w[j]);
	appendStringInfoString(&out, "]}");
	return ml_json_parse(out.data);
}

void
ml_stack_judge(MlContest *contest, MlCandidate *const *given, int m)
{
	double		started = ml_contest_seconds(contest);
	MlCandidate *members[ML_ENSEMBLE_MOST];
	double		w[ML_ENSEMBLE_MOST];
	MlStackFold *folds;
	MlCandidate *c;

	memcpy(members, given, sizeof(MlCandidate *) * m);
	m = choose_members(contest, members, m, w);
	if (m < 2)
	{
		ereport(NOTICE,
				(errmsg("no ensemble is better than %s alone", given[0]->algorithm->name),
				 errdetail("The weights that suit the folds best leave no two algorithms in it.")));
		return;
	}
	folds = gather_folds(contest, members, m);
	c = ml_contest_candidate(contest, ml_algorithm_lookup("ensemble"), describe(members, m, w));
	c->started = GetCurrentTimestamp();
	for (int f = 0; f < contest->folds->n; f++)
	{
		double		others[ML_ENSEMBLE_MOST];
		MlReport	report;

		ml_stack_weights(contest->t, folds, contest->folds->n, f, m, others);
		report = ml_stack_report(contest->t, &folds[f], m, others);
		c->value[f] = ml_report_value(&report, contest->metric);
	}
	c->train_rows = members[0]->train_rows;
	c->seconds = ml_contest_seconds(contest) - started;
	ml_contest_admit(contest, c);
}
