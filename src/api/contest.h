/*
 * contest.h: candidates (an algorithm and its parameters) judged on the same folds of the same loaded rows.
 */
#ifndef ML_CONTEST_H
#define ML_CONTEST_H

#include "postgres.h"
#include "api/search.h"
#include "api/trial.h"
#include "monitoring/live.h"

typedef enum MlCandidateStatus
{
	ML_CANDIDATE_OPEN,			/* not all folds were judged */
	ML_CANDIDATE_DONE,
	ML_CANDIDATE_FAILED			/* these parameters lead to an error, which is kept in message */
} MlCandidateStatus;

typedef struct MlCandidate
{
	int			number;			/* from 1, in the order of the first fit */
	const MlAlgorithm *algorithm;
	Jsonb	   *given;			/* parameters, without defaults */
	MlParams   *params;
	double		point[ML_MAX_DIMENSIONS];	/* in the space it comes from, if any */

	MlCandidateStatus status;
	char	   *message;
	double		share;			/* of each fold's training rows */
	int64		train_rows;		/* of the last fold judged */
	int			n_judged;		/* folds, the first ones */
	double	   *value;			/* metric in each fold; NaN where it is not defined */
	double	  **out;			/* predictions of each fold's test rows, where the contest keeps them; NULL: none */
	double		mean;			/* of those judged and defined; NaN: of none */
	double		stddev;
	double		seconds;		/* of all its fits */
	TimestampTz started;
} MlCandidate;

typedef struct MlContest
{
	MlTraining *t;				/* planned, loaded, ordered */
	MlFolds    *folds;
	const char *metric;
	const char *word;			/* "trial": for progress */
	int			expected;		/* candidates; 0: unknown */
	double		max_seconds;	/* infinite: none */
	TimestampTz started;
	int			n;
	int			room;
	MlCandidate **candidates;	/* all that were tried */
	const MlCandidate *best;	/* of those done on all rows */
	List	   *kept;			/* prepared rows, the last used one first */

	/* keep: predictions stay until they are forgotten, and what is true of the test rows of each fold that was judged */
	bool		keep;
	MlTraining **truth;			/* of ml_trial_truth, one a fold, or NULL */
	int64	   *n_test;
} MlContest;

/* folds of the training rows: in time when the split is, else stratified or by hash */
extern MlFolds *ml_contest_folds(const MlTraining *t, int folds);

/* folds of the training rows: in time when the split is, else stratified; max_seconds NaN: no limit; command: for other sessions */
extern MlContest *ml_contest_start(MlTraining *t, int folds, double max_seconds, const char *command, const char *word);
extern MlCandidate *ml_contest_candidate(MlContest *contest, const MlAlgorithm *algorithm, Jsonb *given);

/*
 * Judge the candidate on its first `folds` folds, those that it has been judged on already left out; a share of the training rows other than
 * before begins anew.  Errors that the parameters are to blame for make it FAILED; all others are raised.  False when the time was up
 * before; the first fold of a contest is judged in any case.
 */
extern bool ml_contest_judge(MlContest *contest, MlCandidate *candidate, double share, int folds);
/* one that was judged on all folds in another way than by fits: its values are set */
extern void ml_contest_admit(MlContest *contest, MlCandidate *candidate);
/* the predictions that were kept of it */
extern void ml_contest_forget(MlContest *contest, MlCandidate *candidate);
extern bool ml_contest_time_up(const MlContest *contest);
extern double ml_contest_seconds(const MlContest *contest);
/* a before b: failed ones last, then by mean, then by number */
extern bool ml_contest_before(const MlContest *contest, const MlCandidate *a, const MlCandidate *b);
/* by how much a is better than b, in the mean over the folds that both were judged on; NaN when there are none */
extern double ml_contest_lead(const MlContest *contest, const MlCandidate *a, const MlCandidate *b);
/* that a is better than b, beyond what the choice of the folds may do */
extern bool ml_contest_surely_before(const MlContest *contest, const MlCandidate *a, const MlCandidate *b);
/*
 * The best of those judged on all folds and rows, or one that was surely before it when the time was up; else of those judged most.  ERROR
 * when none can be told from the others.
 */
extern const MlCandidate *ml_contest_winner(const MlContest *contest);
/* gives back what prepared rows hold */
extern void ml_contest_end(MlContest *contest);

/* the candidate's parameters become those of the training, which goes on as mlops_train would: prepare, fit, assess, store */
extern void ml_contest_train(MlContest *contest, const MlCandidate *winner);

#endif							/* ML_CONTEST_H */
