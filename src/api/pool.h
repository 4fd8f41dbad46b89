/*
 * pool.h: a thread pool that ends with the current memory context.
 */
#ifndef ML_POOL_H
#define ML_POOL_H

#include "kernels/parallel.h"

extern MlkPool *ml_pool_create(void);

#endif							/* ML_POOL_H */
