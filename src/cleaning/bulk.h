/*
 * bulk.h: rows into a table that was made a moment ago (private to the room).
 */
#ifndef ML_CLEANING_BULK_H
#define ML_CLEANING_BULK_H

#include "postgres.h"
#include "executor/tuptable.h"

typedef struct MlBulk MlBulk;

/* ERROR when an event trigger gave the table what rows written this way would miss: indexes, triggers, row security */
extern MlBulk *ml_bulk_begin(Oid relation);
/* a slot of the table's row type to be filled: all of tts_values and tts_isnull, followed by ml_bulk_put */
extern TupleTableSlot *ml_bulk_slot(MlBulk *bulk);
extern void ml_bulk_put(MlBulk *bulk);
extern void ml_bulk_end(MlBulk *bulk);

#endif							/* ML_CLEANING_BULK_H */
