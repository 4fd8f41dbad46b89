/*
 * logistic.h: the (multinomial) logistic loss over all rows with its derivatives, in rounds.
 *
 * Coefficients are [outputs][1 + cols], the constant first; outputs is 1 for two classes (eta is the log odds of
 * class 1) and the number of classes otherwise (softmax, over-parametrised).
 */
#ifndef MLK_LOGISTIC_H
#define MLK_LOGISTIC_H

#include "kernels/gram.h"

typedef struct MlkLogistic
{
	/* the problem */
	const MlkDesign *x;
	int64_t		rows;			/* the first rows of x, <= x->rows */
	const int32_t *label;
	const double *weight;		/* NULL: all one */
	int			outputs;
	bool		want_hessian;
	const double *coefficients;

	/*
	 * Two classes: a block of categories whose part of the Hessian is diagonal and is kept apart, or NULL.  The Hessian
	 * is then small[q', q'] of the other columns, and border[cols of the block, 1 + q'], the diagonal first; q' counts the constant.
	 */
	const MlkBlock *border;

	/* the plan */
	MlkGramShape shape;
	size_t		hessian_size;	/* doubles */
	MlkRounds	rounds;
	int			q;				/* 1 + cols */
	int64_t		size;			/* outputs * q */
	double	   *slots;			/* each: loss, margin, gradient[size], hessian[size, size] */
	size_t		per_slot;
	double	   *threads;
	size_t		per_thread;
} MlkLogistic;

/* plan for up to max_rows rows, with room for the Hessian when hessian is true; returns doubles of memory */
extern double mlk_logistic_plan(MlkLogistic *l, const MlkDesign *x, const int32_t *label, const double *weight,
								int outputs, bool hessian, int threads);
/* the same for two classes with a border, which position leaves out (-1) and gives the other n columns their places */
extern double mlk_logistic_plan_bordered(MlkLogistic *l, const MlkDesign *x, const int32_t *label, const double *weight,
										 const MlkBlock *border, const int32_t *position, int n, int threads);
extern void mlk_logistic_memory(MlkLogistic *l, double *memory);

/* begin a pass over the first rows rows */
extern void mlk_logistic_start(MlkLogistic *l, int64_t rows, bool want_hessian, const double *coefficients);
/* to be called until l->rounds.next == l->rounds.blocks */
extern MlkStatus mlk_logistic_round(MlkLogistic *l, MlkPool *pool);

/*
 * loss: sum of weighted losses.  margin: the least by which a row's own class leads (> 0: the classes are separated).
 * gradient[size].  hessian[size, size] symmetric (with a border: see there), or NULL.
 */
extern MlkStatus mlk_logistic_finish(MlkLogistic *l, double *loss, double *margin, double *gradient, double *hessian);

#endif							/* MLK_LOGISTIC_H */
