/*
 * spaces.h: what is worth trying of each algorithm, when nobody says.
 */
#ifndef ML_SPACES_H
#define ML_SPACES_H

#include "postgres.h"
#include "algorithms/algorithm.h"

/* one algorithm in a search over algorithms */
typedef struct MlSpace
{
	const char *algorithm;
	uint32		tasks;			/* that it enters a search for, bits of MlTask */
	const char *fixed;			/* JSON: parameters of all its variants */
	const char *space;			/* JSON, as the search argument of mlops_tune; NULL: there is nothing to vary */
	const char *starts[6];		/* JSON: points that have served well elsewhere, tried first; NULL after the last */
} MlSpace;

/* in the order in which they are judged: cheap ones first */
extern const MlSpace *ml_spaces(int *n);
extern const MlSpace *ml_space_of(const char *algorithm);	/* NULL when there is none */

#endif							/* ML_SPACES_H */
