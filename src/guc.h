/*
 * guc.h: every setting of the extension (prefix mlops.).
 */
#ifndef ML_GUC_H
#define ML_GUC_H

extern int	ml_max_memory_kb;	/* mlops.max_memory: memory for one training before it goes to a mapped file */
extern int	ml_max_threads;		/* mlops.max_threads: 0 = CPUs at hand, capped by max_parallel_maintenance_workers + 1 */
extern int	ml_cache_size_kb;	/* mlops.cache_size: models kept in a backend */
extern bool ml_progress;		/* mlops.progress: NOTICE every few seconds */
extern bool ml_inspect_training;	/* mlops.inspect */
extern char *ml_blas_core;		/* mlops.blas_core: OpenBLAS kernel, empty = choose */

extern void GucInit(void);

/* threads one call may use now */
extern int	ml_threads(void);

#endif							/* ML_GUC_H */
