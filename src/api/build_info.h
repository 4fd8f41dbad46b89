/*
 * build_info.h: which software made a model.
 */
#ifndef ML_BUILD_INFO_H
#define ML_BUILD_INFO_H

/* one line: extension, server, compiler, BLAS and its kernel; palloc'd */
#define MLOPS_VERSION "0.1.0"

extern char *ml_build_info(void);

#endif							/* ML_BUILD_INFO_H */
