/*
 * mlp.h: what the files of mlp share: the fitted state, and a training on its way to one.
 */
#ifndef ML_MLP_H
#define ML_MLP_H

#include "algorithms/algorithm.h"
#include "kernels/mlp.h"
#include "kernels/rng.h"

/* ---- the fitted state (mlp_state.c) ---- */

typedef struct MlMlpState
{
	MlTask		task;
	MlkMlp		net;
	MlkMlpScorer scorer;
	double		center;			/* regression: prediction = center + scale * output */
	double		scale;
	MlCurvePoint *curve;
	uint32		n_curve;
} MlMlpState;

/* outputs of the network for a target of so many classes (0: numbers) */
extern int	ml_mlp_outputs(MlkMlpLoss loss, int n_classes);

/* state in the current context; net is copied, params are read */
extern MlMlpState *ml_mlp_state_create(MlTask task, const MlkMlp *net, const float *params);

extern void ml_mlp_predict(const void *state, const MlkDesign *x, int64 from, int64 rows, double *out);
extern void ml_mlp_write(const void *state, MlBlobWriter *w);
extern void *ml_mlp_read(MlBlobReader *r, const MlShape *shape);
extern MlCurvePoint *ml_mlp_curve(const void *state, int *n);

/* parameters that a model can hold, 400 MB of them: a block of rows takes a few tenths of a second then, and so does a cancel */
#define ML_MLP_MOST_PARAMS 100e6
/* of lbfgs, which keeps 25 numbers of 64 bits for each and goes over them all between two evaluations */
#define ML_MLP_MOST_LBFGS 10e6

/* ---- learning ---- */

typedef enum MlMlpSolver
{
	ML_MLP_ADAM,
	ML_MLP_SGD,
	ML_MLP_LBFGS
} MlMlpSolver;

typedef enum MlMlpSchedule
{
	ML_MLP_CONSTANT,
	ML_MLP_INVSCALING,
	ML_MLP_ADAPTIVE
} MlMlpSchedule;

typedef struct MlMlpFit
{
	const MlProblem *problem;
	const MlFitControl *control;
	MlkMlp		net;

	/* parameters of the algorithm */
	MlMlpSolver solver;
	MlMlpSchedule schedule;
	double		learning_rate;	/* learning_rate_init */
	double		power_t;
	double		momentum;
	bool		nesterov;
	double		beta_1,
				beta_2,
				epsilon;
	int64		batch;			/* 0: auto */
	int			max_iter;
	int64		max_fun;
	bool		shuffle;
	bool		stopping;		/* early stopping */
	double		validation_fraction;
	int			n_iter_no_change;
	double		tol;

	/* rows and targets (mlp_rows.c) */
	uint32	   *order;			/* to learn from */
	int64		n_train;
	uint32	   *held;			/* held back */
	int64		n_held;
	float	   *y;				/* regression: standardised, by row */
	float	   *weight;			/* by row, 1 on average over the rows to learn from; NULL: all one */
	double		center;
	double		scale;
	double		held_weight;
	double		held_squares;	/* weighted squared distances of the held targets from their mean, standardised */

	/* memory of the minimisers */
	MlkMlpPass	pass;
	float	   *params;
	float	   *mean;			/* adam; sgd: the velocity */
	float	   *square;			/* adam */
	float	   *best;			/* early stopping: the parameters of the best iteration */
	MlkRng		rng;
	int64		step;
	int64		steps_in_all;	/* for the progress shown */

	/* what came out */
	MlCurvePoint *curve;
	int			n_curve;
	int			room_curve;
} MlMlpFit;

/* which rows to learn from and which to hold back; weights and targets as the kernels want them */
extern void ml_mlp_choose_rows(MlMlpFit *f, const MlParams *given);

/* minimise from params; WARNING when not converged, ERROR 22003 when the loss diverges */
extern void ml_mlp_run_stochastic(MlMlpFit *f);
extern void ml_mlp_run_lbfgs(MlMlpFit *f);

/* one evaluation over rows order[0..n) of the design; shows progress */
extern MlkStatus ml_mlp_evaluate(MlMlpFit *f, const uint32 *order, int64 n, bool gradient, double *loss, double *right);

/* loss is in the units of the kernels, validation as it is shown (NaN: none) */
extern void ml_mlp_add_point(MlMlpFit *f, double loss, double validation);
extern void ml_mlp_diverged(const MlMlpFit *f) pg_attribute_noreturn();

#endif							/* ML_MLP_H */
