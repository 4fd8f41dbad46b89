/*
 * search.h: spaces of parameters: what to try, as lists and ranges of values.
 *
 * A point of a space is a number in [0, 1) for each dimension, whatever the dimension holds: that is what is drawn at random, counted
 * through as a grid, or proposed by the search that learns from the trials so far.
 */
#ifndef ML_SEARCH_H
#define ML_SEARCH_H

#include "postgres.h"
#include "algorithms/algorithm.h"
#include "kernels/rng.h"

#define ML_MAX_DIMENSIONS 32

typedef struct MlDimension
{
	char	   *name;			/* as the caller wrote it */

	/* a list */
	int			n;				/* values; 0: a range */
	JsonbValue *values;
	bool		ordered;		/* all numbers: near ones are alike */

	/* a range */
	double		min;
	double		max;
	bool		log;
	bool		integer;
} MlDimension;

typedef struct MlSearch
{
	const MlAlgorithm *algorithm;
	Jsonb	   *fixed;			/* parameters that all trials share */
	int			n;
	MlDimension dimension[ML_MAX_DIMENSIONS];
	double		points;			/* of the grid; infinite when there is a range */
} MlSearch;

/*
 * ERROR 22023 for what is no space, names and values that the algorithm's table of parameters refuses, names that are also in fixed,
 * empty lists, ranges upside down or of no width, and logarithms of what is not above 0.
 */
extern MlSearch *ml_search_parse(const MlAlgorithm *algorithm, Jsonb *space, Jsonb *fixed);

/* object, and those members of beneath that it does not have */
extern Jsonb *ml_search_over(Jsonb *object, Jsonb *beneath);
/* fixed parameters and those of the point */
extern Jsonb *ml_search_params(const MlSearch *search, const double *point);
/* point number i of the grid, the last dimension fastest; all dimensions are lists */
extern void ml_search_grid(const MlSearch *search, int64 i, double *point);
extern void ml_search_draw(const MlSearch *search, MlkRng *rng, double *point);

/* the point of these parameters; what they do not name, or what is not in its list, is in the middle */
extern void ml_search_locate(const MlSearch *search, Jsonb *params, double *point);

/* the point as coordinates where distance means something: a list without order takes one a value.  Returns how many; into may be NULL */
extern int	ml_search_encode(const MlSearch *search, const double *point, double *into);

#endif							/* ML_SEARCH_H */
