/*
 * fit.h: what every fit needs beside its kernels: memory, contexts, and passes that show progress.
 */
#ifndef ML_FIT_H
#define ML_FIT_H

#include "algorithms/algorithm.h"

/* columns up to which a matrix of products is formed; wider designs go by gradients */
#define ML_FIT_DIRECT_COLUMNS 2048

/* count doubles in the current context, uninitialised; ERROR 54000 naming the size when that cannot be */
extern double *ml_fit_doubles(double count);

/*
 * Scratch context, made current; its parent (where results go) is returned through *result and made current again by
 * ml_fit_leave, which deletes the scratch.
 */
extern MemoryContext ml_fit_enter(const char *name, MemoryContext *result);
extern void ml_fit_leave(MemoryContext scratch, MemoryContext result);

/* sum of weights and number of rows with weight > 0 */
extern double ml_fit_total_weight(const double *weight, int64 rows, int64 *counted);

/*
 * Cross products of [1 X y] in the current context, symmetric: [2 + cols, 2 + cols].  shift: subtracted from each
 * dense column (NULL: nothing).
 */
extern double *ml_fit_gram(const MlProblem *problem, const MlFitControl *control, const double *shift);

/* sum of w (y - [1 X] b)^2; product[1 + cols] := [1 X]'W (y - [1 X] b).  y NULL: all one */
extern double ml_fit_squares(const MlProblem *problem, const MlFitControl *control, const char *phase,
							 const double *y, const double *b, double *product);

/*
 * Weighted means of the columns, where a number is far from being centred it would cost the products digits; NULL
 * when the design is centred already.
 */
extern double *ml_fit_means(const MlProblem *problem, const MlFitControl *control);

/*
 * Steepness of the objective per unit of weight in each of [1 X], for L-BFGS: mean square of the column times `share`, plus l2 (but
 * for the constant).  A category of a hundred rows bends it a ten-thousandth of what a number does.
 */
extern double *ml_fit_curvature(const MlProblem *problem, const MlFitControl *control, const double *weight, double share, double l2);

/*
 * Least squares with penalties on the weights, by L-BFGS: for designs too wide for a matrix of products.
 *	 minimise  1/2 sum of w (y - [1 X] b)^2 / W + l1 |w|_1 + l2 / 2 |w|^2,  W the sum of weights
 * b[1 + cols]: start in, solution out.  tolerance is on the gradient's largest element, relative to the root mean square of y.
 */
typedef struct MlWideProblem
{
	const MlProblem *problem;
	const MlFitControl *control;
	bool		intercept;
	double		l1;
	double		l2;
	double		tolerance;
	int			max_iter;
	int			iterations;		/* out */
} MlWideProblem;

/* false: not converged */
extern bool ml_fit_wide(MlWideProblem *wide, double *b);

/* WARNING that the answer is not exact, with what to do; errdetail may be NULL */
extern void ml_fit_warn_iterations(const char *algorithm, int iterations, const char *detail);

/* NOTICE naming columns that are linear combinations of others (dropped[cols]); nothing when there are none */
extern void ml_fit_notice_dependent(const MlProblem *problem, const bool *dropped);

#endif							/* ML_FIT_H */
