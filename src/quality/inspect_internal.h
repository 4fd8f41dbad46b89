/*
 * inspect_internal.h: private to inspect*.c.
 */
#ifndef ML_QUALITY_INSPECT_INTERNAL_H
#define ML_QUALITY_INSPECT_INTERNAL_H

#include "quality/inspect.h"

/* columns that alone predict the target almost perfectly (inspect_leak.c) */
extern void ml_inspect_leaks(const MlInspected *in, MlkPool *pool, MlFindings *findings);

#endif							/* ML_QUALITY_INSPECT_INTERNAL_H */
