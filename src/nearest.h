/*
 * nearest.h: "did you mean": one wording for every hint that names the nearest valid name.
 */
#ifndef ML_NEAREST_H
#define ML_NEAREST_H

#include "postgres.h"

/* nearest of n names by edit distance, or NULL when none is near enough to be what was meant */
extern const char *ml_nearest(const char *given, const char *const *names, int n);

/* "Did you mean \"x\"?" when one is near, else "Valid are: a, b, c." (cut after 20); palloc'd, for errhint("%s", ...) */
extern char *ml_nearest_hint(const char *given, const char *const *names, int n);

#endif							/* ML_NEAREST_H */
