/*
 * gradient_boosting.h: what the files of gradient_boosting share.
 */
#ifndef ML_GRADIENT_BOOSTING_H
#define ML_GRADIENT_BOOSTING_H

#include "algorithms/tree_state.h"
#include "kernels/grow.h"
#include "kernels/losses.h"
#include "kernels/rng.h"

/* one fit; arrays of the size of the data come from control->alloc */
typedef struct MlBoost
{
	const MlProblem *problem;
	const MlFitControl *control;
	MlTreeState *state;
	MemoryContext results;		/* where the state lives; the current one is scratch */
	MlkLoss		loss;
	MlkGrowOptions grow;
	MlkGrower  *grower;
	void	   *grower_memory;
	MlkRng		rng;

	double		learning_rate;
	double		subsample;
	int			max_iter;
	double	   *base;			/* [outputs] */

	/* rows with weight: those learned from, and those held back to see when to stop; ascending */
	uint32	   *train;			/* NULL: every row */
	int64		n_train;
	uint32	   *held;
	int64		n_held;
	uint32	   *bag;			/* subsample < 1: rows of this iteration, then the other training rows */
	int64		n_bag;

	double	   *score;			/* [outputs][rows] raw */
	float	   *gradient;		/* [outputs][rows] */
	float	   *hessian;		/* NULL: all one */
	void	   *work;			/* of losses with quantiles as leaves */

	/* early stopping */
	bool		stopping;
	double		validation_fraction;
	int			n_iter_no_change;
	double		tol;
	bool		refit;			/* learn once more from all rows, for the iterations that the rows held back ask for */
	double	   *history;		/* [max_iter + 1] loss of the rows held back */
	double	   *partial;
} MlBoost;

/* gradient_boosting_rows.c: which rows are learned from; sets train, held, bag and their sizes */
extern void ml_boost_choose_rows(MlBoost *b);
extern void ml_boost_draw_bag(MlBoost *b);
/* from now on no row is held back */
extern void ml_boost_choose_all_rows(MlBoost *b);

/* gradient_boosting_fit.c: boosts b->max_iter iterations or fewer, and ends the state */
extern void ml_boost_run(MlBoost *b);
extern MlTreeLink ml_boost_link(const MlBoost *b);

#endif							/* ML_GRADIENT_BOOSTING_H */
