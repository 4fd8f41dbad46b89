/*
 * live.h: the trials of a search while it runs, for other sessions.
 *
 * What a transaction writes nobody sees before it commits, and a search is one transaction.  So its trials also lie in a segment of
 * dynamic shared memory, which needs no preloading: the progress slot names it, and it goes when the search ends, one way or another.
 */
#ifndef ML_LIVE_H
#define ML_LIVE_H

#include "postgres.h"
#include "utils/timestamp.h"

#define ML_LIVE_PARAMS 1000		/* bytes of parameters as text; longer ones are not shown */

typedef struct MlLiveTrial
{
	int			trial;			/* from 1 */
	int			folds;
	int64		train_rows;
	double		mean;			/* NaN: none yet */
	double		stddev;
	double		seconds;
	TimestampTz started;
	char		status[16];
	char		algorithm[64];
	char		params[ML_LIVE_PARAMS];	/* "" when too long */
} MlLiveTrial;

typedef struct MlLiveSearch
{
	char		model[256];
	char		command[16];
	char		metric[64];
} MlLiveSearch;

/* of this session; nothing is shown when there is no segment to be had.  The call's progress must have been started */
extern void ml_live_start(const MlLiveSearch *search);
/* a new trial, or a known one's new state; the last 500 are shown */
extern void ml_live_put(const MlLiveTrial *trial);
extern void ml_live_end(void);

/* palloc'd trials of another backend (as for ml_progress_read) in this database, in the order of their numbers; 0: none, or none that the caller may see */
extern int	ml_live_read(int backend, MlLiveSearch *search, MlLiveTrial **trials);

#endif							/* ML_LIVE_H */
