/*
 * losses.h: the losses that boosting minimises: where scores start, gradients, values, and leaves that are quantiles.
 *
 * Scores are raw: one plane of rows for each output (score[k * rows + i]).  Losses are half the square, the absolute error, the
 * pinball loss, and for the others the negative log-likelihood less what does not depend on the score.  A row's weight multiplies
 * its loss; a row of weight 0 counts for nothing.
 */
#ifndef MLK_LOSSES_H
#define MLK_LOSSES_H

#include "kernels/parallel.h"

typedef enum MlkLossKind
{
	MLK_LOSS_SQUARED,			/* identity link */
	MLK_LOSS_ABSOLUTE,
	MLK_LOSS_QUANTILE,
	MLK_LOSS_POISSON,			/* log link, y >= 0 */
	MLK_LOSS_GAMMA,				/* log link, y > 0 */
	MLK_LOSS_LOGISTIC,			/* two classes, one output: logit of class 1 */
	MLK_LOSS_SOFTMAX			/* an output for each class */
} MlkLossKind;

typedef struct MlkLoss
{
	MlkLossKind kind;
	double		quantile;		/* QUANTILE: in [0, 1] */
	int64_t		rows;
	int			outputs;
	const double *y;			/* regression */
	const int32_t *label;		/* classes */
	const double *weight;		/* NULL: all one */
} MlkLoss;

/* the hessian is 1 for every row: there is no array of it */
extern bool mlk_loss_constant_hessian(const MlkLoss *loss);
/* leaves are quantiles of the residuals, not a Newton step */
extern bool mlk_loss_renews(const MlkLoss *loss);

/*
 * base[outputs]: the constant score of least loss over rows[n] (NULL: all).  Sorting losses need work: n doubles, and where
 * there are weights n more, n uint32 and mlk_argsort_scratch(n) bytes behind them (mlk_loss_work).
 */
extern size_t mlk_loss_work(const MlkLoss *loss, int64_t n);
extern MlkStatus mlk_loss_base(const MlkLoss *loss, const uint32_t *rows, int64_t n, void *work, double *base);

/* of every row and output; hessian NULL when it is constant.  softmax: p (1 - p), the diagonal */
extern MlkStatus mlk_loss_gradients(const MlkLoss *loss, MlkPool *pool, const double *score, float *gradient, float *hessian);

/*
 * What scores say, row by row: out[rows] numbers, or out[rows * classes] probabilities (two classes: of one output).
 */
extern MlkStatus mlk_loss_predict(const MlkLoss *loss, MlkPool *pool, const double *score, double *out);

/* weighted mean loss over rows[n] (NULL: all n = loss->rows); partial: 2 doubles for each block of MLK_LOSS_ROWS rows */
#define MLK_LOSS_ROWS 8192
extern MlkStatus mlk_loss_value(const MlkLoss *loss, MlkPool *pool, const double *score, const uint32_t *rows, int64_t n,
								double *partial, double *value);

/* the quantile of y - score over rows[n] that the loss asks for; work as above */
extern double mlk_loss_renew(const MlkLoss *loss, const double *score, const uint32_t *rows, int64_t n, void *work);

#endif							/* MLK_LOSSES_H */
