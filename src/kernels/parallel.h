/*
 * parallel.h: the only door to threads.
 *
 * A pool belongs to one call of the extension.  Threads are started with all
 * signals blocked, sleep on a condition variable (see mlk_pool_attend), and run
 * nothing but kernel code.  The calling thread works too, and between two of
 * its blocks it asks `stop`; once that returns true no further block starts,
 * everybody finishes the block at hand, and the loop returns MLK_CANCELLED.
 *
 * Determinism: the caller cuts its work into blocks of a size that does not
 * depend on the number of threads, lets each block write to its own slot, and
 * combines the slots in block order.
 */
#ifndef MLK_PARALLEL_H
#define MLK_PARALLEL_H

#include "kernels/mlk.h"

typedef struct MlkPool MlkPool;

/* asked on the calling thread only; must not throw */
typedef bool (*MlkStopFn) (void);

/* worker is in [0, mlk_pool_threads(pool)), for indexing per-thread scratch */
typedef void (*MlkBlockFn) (void *arg, int64_t block, int worker);

/* threads >= 1 counts the caller; NULL when out of memory.  stop may be NULL. */
extern MlkPool *mlk_pool_create(int threads, MlkStopFn stop);
extern void mlk_pool_destroy(MlkPool *pool);	/* NULL is allowed */

/* pool NULL means one thread and no stop */
extern int	mlk_pool_threads(const MlkPool *pool);
extern MlkStatus mlk_parallel_for(MlkPool *pool, int64_t blocks, MlkBlockFn fn, void *arg);

/*
 * While on, the pool's threads look for the next loop for some 50 us before they sleep, and the caller for its end: for loops of some
 * ten microseconds that follow each other at once.  Left on after an error it costs that look in every loop.
 */
extern void mlk_pool_attend(MlkPool *pool, bool attentive);

/*
 * One block in the background while the caller goes on: at most one at a time, and no loop meanwhile.  Wait
 * returns once it has run (the caller runs it itself when no thread has taken it yet), or MLK_CANCELLED when it will not.
 * Whoever frees what the block uses must have waited, errors included.
 */
extern void mlk_task_start(MlkPool *pool, MlkBlockFn fn, void *arg);
extern MlkStatus mlk_task_wait(MlkPool *pool);

/* true when the pool's stop callback asks to stop; for serial loops */
extern bool mlk_pool_stop(const MlkPool *pool);

#endif							/* MLK_PARALLEL_H */
