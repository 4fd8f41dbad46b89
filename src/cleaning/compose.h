/*
 * compose.h: one SELECT made from a plan, in two forms.
 *
 * The plain form is what a view holds and what rules learn from.  The traced form keeps what the plain one throws away: earlier versions of
 * columns, and rows with the conditions they meet.  Both are made from the same expressions.
 */
#ifndef ML_CLEANING_COMPOSE_H
#define ML_CLEANING_COMPOSE_H

#include "cleaning/plan.h"

/* schema of the functions that the queries call */
#define ML_CLEAN_SCHEMA "mlops"

/*
 * The plan up to (not with) action n_actions; columns: which ones, at their version then; NULL: all that are not dropped.
 */
extern char *ml_cleaning_query(const MlCleanPlan *plan, int n_actions, const int *columns, int n);

typedef struct MlTrace
{
	bool	  **want;			/* [column][version] */
	int		  **place;			/* the same: 0-based position in the result; set by composing */
	int		   *flag;			/* [action]: position of the condition of a ROW or DUPLICATES action, -1 */
	int			n;				/* columns of the result */
	bool		wants_whole;	/* rows of very wide sources as they came, as one value: */
	int			whole;			/* its position */
	bool		read;			/* who reads counts missing values and finds rows that are there twice: no conditions for these */
} MlTrace;

/* nothing wanted */
extern MlTrace *ml_cleaning_trace(const MlCleanPlan *plan);
/* the first n_actions */
extern char *ml_cleaning_traced_query(const MlCleanPlan *plan, int n_actions, MlTrace *trace);

/* does the condition of this action take part? */
extern bool ml_cleaning_has_flag(const MlAction *action);
extern int	ml_cleaning_last_version(const MlCleanPlan *plan, int column, int n_actions);

/* rows that are dropped, as the source has them, with a last column reason_name that says why: what a view of rejected rows holds */
extern char *ml_cleaning_rejected_query(const MlCleanPlan *plan, const char *reason_name);
/* the reason of one action, in words */
extern char *ml_cleaning_reason(const MlCleanPlan *plan, const MlAction *action);

#endif							/* ML_CLEANING_COMPOSE_H */
