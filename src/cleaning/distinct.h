/*
 * distinct.h: have these values been there before? (private to the room)
 */
#ifndef ML_CLEANING_DISTINCT_H
#define ML_CLEANING_DISTINCT_H

#include "postgres.h"
#include "access/tupdesc.h"
#include "dataset/bigmem.h"
#include "executor/tuptable.h"

typedef struct MlDistinct MlDistinct;

/* rows are the same when the n columns at places (0-based, of rows like desc) are; all of types with a hash function.  rows: expected, 0 = unknown */
extern MlDistinct *ml_distinct_create(TupleDesc desc, const int *places, int n, int64 rows, MlBudget *budget);
/* do the types at hand leave garbage in the current context? */
extern bool ml_distinct_leaves_garbage(const MlDistinct *distinct);
/* remembers the row; false when one like it was remembered. */
extern bool ml_distinct_add(MlDistinct *distinct, const TupleTableSlot *slot);

#endif							/* ML_CLEANING_DISTINCT_H */
