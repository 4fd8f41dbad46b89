/*
 * pool.c: a thread pool that ends with the current memory context, error or not.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "api/pool.h"
#include "guc.h"
#include "interrupts.h"

static void
destroy(void *pool)
{
	mlk_pool_destroy(pool);
}

/* as many threads as ml_threads() grants now */
MlkPool *
ml_pool_create(void)
{
	MemoryContextCallback *callback = palloc0(sizeof(MemoryContextCallback));
	MlkPool    *pool = mlk_pool_create(ml_threads(), ml_stop_requested);

	if (pool == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	callback->func = destroy;
	callback->arg = pool;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	return pool;
}
