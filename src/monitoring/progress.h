/*
 * progress.h: where a long call is, for the caller (NOTICE) and for everybody else (view mlops.progress).
 *
 * Uses the server's own progress slots (pgstat_progress_*), so it needs no shared memory of ours and no
 * preloading: readable by the same user and by pg_read_all_stats.
 */
#ifndef ML_PROGRESS_H
#define ML_PROGRESS_H

#include "postgres.h"
#include "utils/timestamp.h"

/* stages in the order of a training */
typedef enum MlStage
{
	ML_STAGE_LOAD = 1,
	ML_STAGE_SPLIT,
	ML_STAGE_PREPROCESS,
	ML_STAGE_FIT,
	ML_STAGE_EVALUATE,
	ML_STAGE_STORE
} MlStage;

extern void ml_progress_start(const char *command, const char *model);
extern void ml_progress_stage(MlStage stage, int64 total);	/* total 0 = unknown; remembers the time of each stage */
/* cheap; checks for interrupts; NOTICE every 5 s when mlops.progress is on */
extern void ml_progress_update(const char *phase, int64 done, int64 total);
/* what phases begin with from now on ("trial 7/20, "); NULL: nothing.  Long ones are cut like phases */
extern void ml_progress_prefix(const char *prefix);

/*
 * Keeps NOTICEs and WARNINGs of what follows from the client, but not those of progress: what a hundred fits have to say alike is
 * said once.  Returns what ml_progress_unhush wants; call that on errors too.
 */
extern int	ml_progress_hush(void);
extern void ml_progress_unhush(int level);
extern void ml_progress_end(void);	/* also on error: a transaction callback does it */

/* for live.c: the segment of shared memory with the call's trials, 0: none */
extern void ml_progress_board(uint32 handle);

/* seconds spent in each stage of the call at hand (index: MlStage), for the bench and the version's record */
extern const double *ml_progress_seconds(void);

/* ---- reading: what mlops_progress() shows ---- */

/* one running call; texts are palloc'd, NULL when not set (or not valid in this database's encoding) */
typedef struct MlProgressRow
{
	int			pid;
	Oid			database;
	Oid			user;
	char	   *command;
	char	   *model;
	const char *stage;
	char	   *phase;
	int64		done;
	int64		total;			/* 0 = unknown */
	TimestampTz started;
} MlProgressRow;

extern int	ml_progress_backends(void);
/* backend in [0, ml_progress_backends()); false when it runs none of our calls or the caller may not see it */
extern bool ml_progress_read(int backend, MlProgressRow *out);

/* for live.c: the segment that the backend's call names; 0: none, or the caller may not see it */
extern uint32 ml_progress_read_board(int backend);

#endif							/* ML_PROGRESS_H */
