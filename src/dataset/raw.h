/*
 * raw.h: rows taken from the heap's bytes without being deformed (private to the dataset room).
 */
#ifndef ML_RAW_H
#define ML_RAW_H

#include "executor/tuptable.h"

#include "dataset/writer.h"

typedef struct MlRaw MlRaw;

#define ML_RAW_ROWS 64			/* staged at most */

/* in the current context; put functions of writers run in scratch, which is reset after each flush */
extern MlRaw *ml_raw_create(MlWriter *writers, int n, MemoryContext scratch);

/*
 * Stage the slot's row when its bytes can be taken as they are: a heap tuple without NULL whose wanted columns
 * all lie at fixed offsets.  False: the caller flushes and deforms it.
 */
extern bool ml_raw_take(MlRaw *raw, TupleTableSlot *slot);

extern int	ml_raw_staged(const MlRaw *raw);

/* Write the staged rows to rows [row - staged, row) of the writers' current chunk. */
extern void ml_raw_flush(MlRaw *raw, int64 row);

#endif							/* ML_RAW_H */
