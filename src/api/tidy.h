/*
 * tidy.h: white space in texts, as the cleaning functions see it.
 */
#ifndef ML_TIDY_H
#define ML_TIDY_H

#include "postgres.h"

/* bytes of the white space character at p, of which length bytes can be read; 0 when it is none */
extern int	ml_tidy_space(const char *p, int length);
/* moves text and length past white space at both ends */
extern void ml_tidy_trim(const char **text, int *length);

#endif							/* ML_TIDY_H */
