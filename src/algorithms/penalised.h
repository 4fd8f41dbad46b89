/*
 * penalised.h: least squares with an l1 and an l2 penalty, shared by lasso and elastic_net.
 */
#ifndef ML_PENALISED_H
#define ML_PENALISED_H

#include "algorithms/linear_state.h"

typedef struct MlPenalty
{
	const char *algorithm;		/* for messages */
	double		alpha;
	double		l1_ratio;
	double		tol;
	int			max_iter;
	bool		fit_intercept;
	bool		positive;
} MlPenalty;

/* what both tables have in common, read from the parameters */
extern MlPenalty ml_penalty_read(const MlParams *params, const char *algorithm, double l1_ratio);

/*
 * minimise  1 / (2 W) sum of w (y - intercept - X b)^2 + alpha l1_ratio |b|_1 + alpha (1 - l1_ratio) / 2 |b|^2,
 * W the sum of weights.  State in the current context; WARNING when not converged.
 */
extern MlLinearState *ml_penalised_fit(const MlProblem *problem, const MlFitControl *control,
									   const MlPenalty *penalty);

/* rows of the parameter tables */
#define ML_PENALTY_PARAMS \
	{"alpha", ML_PARAM_REAL, "1.0", 0.0, INFINITY, .help = "Strength of the whole penalty"}, \
	{"fit_intercept", ML_PARAM_BOOL, "true", .help = "Whether the model has a constant term"}, \
	{"positive", ML_PARAM_BOOL, "false", .help = "Whether all weights must be >= 0"}, \
	{"max_iter", ML_PARAM_INT, "1000", 1, 1000000, .help = "Largest number of sweeps over all columns"}, \
	{"tol", ML_PARAM_REAL, "1e-6", 0.0, 1.0, .min_open = true, \
	.help = "The answer is accepted when its duality gap is below tol times the variance of the target"}

#endif							/* ML_PENALISED_H */
