/*
 * linear_state.h: the fitted state of every linear model: eta = intercept + X w, one or one per class.
 *
 * Weights belong to the design as scoring sees it (standardised); the coefficient table is in original units.
 */
#ifndef ML_LINEAR_STATE_H
#define ML_LINEAR_STATE_H

#include "algorithms/algorithm.h"

#define ML_LINEAR_STATE_VERSION 2

/* which distribution the statistic of a coefficient follows; stored: append only */
typedef enum MlInference
{
	ML_INFER_NOTHING,			/* std_error at most */
	ML_INFER_T,					/* t with df degrees of freedom */
	ML_INFER_Z					/* normal */
} MlInference;

typedef struct MlLinearState
{
	MlTask		task;
	int			cols;
	int			outputs;		/* 1, or n_classes when there are more than two */
	bool		has_intercept;	/* the table shows it */
	MlInference inference;
	double		df;				/* ML_INFER_T */
	double	   *intercept;		/* [outputs] */
	double	   *weights;		/* [outputs * cols] */
	double	   *estimate;		/* [outputs * (1 + cols)], intercept first; NaN: no coefficient */
	double	   *std_error;		/* likewise; NaN: unknown */
	double	   *mean;			/* [cols], of the design's columns over the training rows: where explanations start from */
} MlLinearState;

/* all zero, std_error NaN, in the current context */
extern MlLinearState *ml_linear_state_create(MlTask task, int cols, int outputs);

/* fill estimate from intercept and weights, undoing the design's standardisation; constant: an intercept was fitted */
extern void ml_linear_state_estimate(MlLinearState *state, const MlkDesign *x, bool constant);

/* fill mean from the training rows, weighted: one pass over them */
extern void ml_linear_state_means(MlLinearState *state, const MlProblem *problem, const MlFitControl *control);

/* what the intercept in original units takes from the weight of column j: -center / scale */
static inline double
ml_linear_shift(const MlkDesign *x, int j)
{
	return x->center == NULL ? 0.0 : -x->center[j] / (x->scale == NULL ? 1.0 : x->scale[j]);
}

static inline double
ml_linear_scale(const MlkDesign *x, int j)
{
	return x->scale == NULL ? 1.0 : x->scale[j];
}

/* the ops that all linear models share */
extern void ml_linear_predict(const void *state, const MlkDesign *x, int64 from, int64 rows, double *out);
extern void ml_linear_write(const void *state, MlBlobWriter *w);
extern void *ml_linear_read(MlBlobReader *r, const MlShape *shape);
extern MlCoefficient *ml_linear_coefficients(const void *state, int *n);
extern void ml_linear_explain(const void *state, const MlkDesign *x, int64 row, int class_index, double *out, double *base);

/* ... as initialisers */
#define ML_LINEAR_OPS \
	.state_version = ML_LINEAR_STATE_VERSION, \
	.predict = ml_linear_predict, \
	.write = ml_linear_write, \
	.read = ml_linear_read, \
	.coefficients = ml_linear_coefficients, \
	.explain = ml_linear_explain

#endif							/* ML_LINEAR_STATE_H */
