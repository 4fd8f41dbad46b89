/*
 * logistic.h: what the files of logistic_regression share.
 *
 *	 minimise  sum of w_i loss_i + l2 / 2 |b|^2 + l1 |b|_1   (scikit-learn's objective divided by C; intercept free)
 *
 * Vectors are [outputs][1 + cols], the constant first (kernels/logistic.h).
 */
#ifndef ML_LOGISTIC_H
#define ML_LOGISTIC_H

#include "algorithms/linear_state.h"
#include "kernels/logistic.h"

/* vector length up to which the Hessian is formed: Newton steps, and standard errors */
#define ML_LOGISTIC_NEWTON_SIZE 500
/* two classes: a category wider than that is eliminated, since it is diagonal; so many elements at most that it has with the others */
#define ML_LOGISTIC_BORDER_SIZE 8000000.0

typedef struct MlLogisticFit
{
	/* the task */
	const MlProblem *problem;
	const MlFitControl *control;
	const double *weight;		/* class weights included; NULL: all one */
	double		total;			/* sum of weights */
	int64		counted;		/* rows with weight */
	int			outputs;
	int			q;				/* 1 + cols */
	int			size;			/* outputs * q */
	bool		intercept;
	double		l1;
	double		l2;
	double		tol;
	int			max_iter;

	/* working memory, in the scratch context */
	MlkLogistic pass;
	double	   *b;				/* the solution so far */
	double	   *gradient;		/* smooth part, at b */
	double	   *hessian;		/* [size, size] at b, penalty and null directions included; NULL: not formed */
	Size		hessian_size;	/* doubles */
	const MlkBlock *border;		/* eliminated category, or NULL; hessian is then as kernels/logistic.h says */
	int			small;			/* length without it: the constant and what stays */
	int32_t    *position;		/* with a border: place of each design column among what stays, less one, -1 for its own */
	double	   *null_weight;	/* [q]: what was added along each direction that moves all classes alike */
	double		value;			/* of the whole objective, at b */

	/* what came out */
	int			iterations;
	bool		converged;
	bool		separated;		/* the estimates do not exist */
	bool		complete;		/* ... because a plane parts all rows */
} MlLogisticFit;

/*
 * Objective at b over the first `rows` rows, scaled up to all: sets value, gradient and (when hessian is asked)
 * hessian; returns the least lead of a row's own class.
 */
extern double ml_logistic_evaluate(MlLogisticFit *fit, int64 rows, bool hessian);

/* ---- a category eliminated (logistic_border.c) ---- */

/* the category worth eliminating, if that makes the rest small enough for Newton's method */
extern const MlkBlock *ml_logistic_find_border(const MlLogisticFit *fit);
/* border is set: small and position */
extern void ml_logistic_place_border(MlLogisticFit *fit);
extern void ml_logistic_border_penalty(MlLogisticFit *fit);
/* factor[small, small]: of what is left of the Hessian once the category is eliminated; dropped[small], scratch[small] */
extern void ml_logistic_border_factor(MlLogisticFit *fit, double *factor, uint8 *dropped, double *scratch);
/* x := -H^-1 gradient; size doubles, and small of scratch */
extern void ml_logistic_border_solve(const MlLogisticFit *fit, const double *factor, double *x, double *scratch);
extern void ml_logistic_border_errors(MlLogisticFit *fit, MlLinearState *state, bool *dependent);

/* minimise by Newton steps, or (with l1) by proximal Newton steps */
extern void ml_logistic_newton(MlLogisticFit *fit);

/* minimise by L-BFGS */
extern void ml_logistic_lbfgs(MlLogisticFit *fit);

/* standard errors from the Hessian at the solution; dependent[cols] is set for columns without a coefficient */
extern void ml_logistic_errors(MlLogisticFit *fit, MlLinearState *state, bool *dependent);

#endif							/* ML_LOGISTIC_H */
