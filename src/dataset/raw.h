/*
 * raw.h: rows taken from the heap's bytes without being deformed (private to the dataset room).
 */
#ifndef ML_RAW_H
#define ML_RAW_H

#include "executor/tuptable.h"

#include "dataset/writer.h"

typedef struct MlRaw MlRaw;

/* in the current context; put functions of writers run in scratch, which is reset after each flush */
extern MlRaw *ml_raw_create(MlWriter *writers, int n, MemoryContext scratch, MlkPool *pool);

/*
 * Stage the slot's row when its bytes can be taken as they are: a heap tuple without NULL whose wanted columns
 * all lie at fixed offsets.  False: the caller flushes, waits and deforms it.  Not to be called when full.
 */
extern bool ml_raw_take(MlRaw *raw, TupleTableSlot *slot);

extern int	ml_raw_staged(const MlRaw *raw);
extern bool ml_raw_full(const MlRaw *raw);

/*
 * Have the staged rows written to rows [row - staged, row) of the writers' current chunk and scanned; a thread
 * of the pool does it while the next rows are staged.  Until ml_raw_wait the chunk's arrays must stay.
 */
extern void ml_raw_flush(MlRaw *raw, int64 row);
extern void ml_raw_wait(MlRaw *raw);

#endif							/* ML_RAW_H */
