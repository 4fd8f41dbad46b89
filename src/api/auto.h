/*
 * auto.h: what the files of mlops_auto share: the entrants of a search and how they are judged.
 */
#ifndef ML_AUTO_H
#define ML_AUTO_H

#include "postgres.h"
#include "api/contest.h"
#include "api/spaces.h"

/* of max_seconds: what need not be saved */
#define ML_AUTO_CHEAP_SHARE 0.05

typedef struct MlAutoOptions
{
	double		max_seconds;
	int			folds;
	char	  **algorithms;
	int			n_algorithms;	/* -1: all */
	int			members;		/* of an ensemble, at most; 0: none is wanted */
} MlAutoOptions;

/* ERROR 22023 for a name, type or value that is not one (auto_options.c) */
extern MlAutoOptions ml_auto_options(Jsonb *params);

/* one algorithm in the search */
typedef struct MlEntrant
{
	const MlAlgorithm *algorithm;
	const MlSpace *space;
	MlSearch   *search;			/* NULL: nothing to vary */
	MlCandidate *plain;			/* its defaults */
	bool		waits;			/* its defaults were put off until there are variants to beat them */
	MlCandidate *best;			/* of those judged on all folds */
	int			n;
	int			room;
	MlCandidate **tried;		/* variants, for the proposals */
} MlEntrant;

typedef struct MlAuto
{
	MlAutoOptions options;
	MlTraining *t;
	MlContest  *contest;
	MlEntrant  *entrants;
	int			n;
	MlkRng		rng;
} MlAuto;

/* after a candidate was judged: it may be its entrant's best, and the time that is kept for training the winner may be another */
extern void ml_auto_note(MlAuto *a, MlEntrant *e, MlCandidate *c);

/* judge all defaults, but put some off; judge those, false when there are none; both end early when the time is up */
extern void ml_auto_judge_defaults(MlAuto *a);
extern bool ml_auto_judge_waiting(MlAuto *a);
/* WARNING that names the defaults that the time did not allow */
extern void ml_auto_warn(const MlAuto *a);

/* variants, and the defaults that were put off, until the time is up or there is nothing left to try */
extern void ml_auto_judge_variants(MlAuto *a);

/* what training the winner, or the members of an ensemble where one is wanted, is thought to take */
extern double ml_auto_training_seconds(const MlAuto *a);
/* predictions that were kept for an ensemble, of all candidates that are beaten */
extern void ml_auto_forget(MlAuto *a);
/* when one is wanted: the best of all, which is trained in any case, with as many after it as there is time to train.  NOTICE when there is none */
extern void ml_auto_try_ensemble(MlAuto *a);

#endif							/* ML_AUTO_H */
