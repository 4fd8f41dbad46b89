/*
 * lbfgs.h: limited-memory BFGS, with an l1 part by orthant-wise steps.
 *
 * Liu, Nocedal 1989; the line search is strong Wolfe (Nocedal, Wright 2006, algorithms 3.5 and 3.6).  With l1 weights
 * it is OWL-QN (Andrew, Gao 2007): pseudo-gradient, projected steps, backtracking.
 */
#ifndef MLK_LBFGS_H
#define MLK_LBFGS_H

#include "kernels/parallel.h"

#define MLK_LBFGS_MEMORY 10

/*
 * Value and gradient of the smooth part at x.  Anything but MLK_OK ends the minimisation with that status.  May leave
 * by longjmp: nothing is held.
 */
typedef MlkStatus (*MlkObjectiveFn) (void *arg, const double *x, double *value, double *gradient);

typedef struct MlkLbfgs
{
	int64_t		n;
	MlkObjectiveFn objective;
	void	   *arg;
	const double *l1;			/* per coordinate, >= 0; NULL: none */
	const double *curvature;	/* about the Hessian's diagonal, > 0: coordinates of very different steepness; NULL: alike */
	double		tolerance;		/* on the largest element of the (pseudo-)gradient, absolute */
	int			max_iter;
	int			iterations;		/* out */
	double		value;			/* out, l1 part included */
	double		gradient_norm;	/* out: the largest element */
} MlkLbfgs;

extern double mlk_lbfgs_scratch(int64_t n);	/* doubles */

/* x: start in, best point out.  MLK_NOT_CONVERGED after max_iter or when no step improves any more. */
extern MlkStatus mlk_lbfgs_minimise(MlkLbfgs *m, double *x, double *scratch);

#endif							/* MLK_LBFGS_H */
