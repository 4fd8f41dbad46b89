/*
 * filter.h: which rows of a traced query are dropped, and by which action (private to the room).
 */
#ifndef ML_CLEANING_FILTER_H
#define ML_CLEANING_FILTER_H

#include "cleaning/compose.h"
#include "executor/tuptable.h"

typedef struct MlFilter MlFilter;

/* what the conditions of the first n_actions need, wanted in the trace; to be called before composing */
extern void ml_filter_want(const MlCleanPlan *plan, int n_actions, MlTrace *trace);
/* desc: of the composed query's rows */
extern MlFilter *ml_filter_create(const MlCleanPlan *plan, int n_actions, const MlTrace *trace, TupleDesc desc, MlBudget *budget);
/* after the last row: notes in the plan where no row was found twice, so that another reading of the same rows need not look */
extern void ml_filter_tell(const MlFilter *filter, MlCleanPlan *plan);
/* index of the action that drops the row, the first that does; -1: it stays.  The slot is deformed */
extern int	ml_filter_drops(MlFilter *filter, TupleTableSlot *slot);

#endif							/* ML_CLEANING_FILTER_H */
