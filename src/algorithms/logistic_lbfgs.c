/*
 * logistic_lbfgs.c: L-BFGS for logistic models with too many coefficients for a Hessian.
 */
#include "algorithms/logistic.h"

#include "algorithms/fit.h"
#include "interrupts.h"
#include "kernels/lbfgs.h"

/* of the loss of a row, at most */
#define LOSS_CURVATURE 0.25

typedef struct Objective
{
	MlLogisticFit *fit;
	double		margin;			/* at the last point; > 0: separated */
} Objective;

/* smooth part per unit of weight, so that tol means the same for any number of rows */
static MlkStatus
objective(void *arg, const double *b, double *value, double *gradient)
{
	Objective  *o = arg;
	MlLogisticFit *fit = o->fit;
	double		absolute = 0.0;

	memcpy(fit->b, b, sizeof(double) * fit->size);
	fit->iterations++;
	o->margin = ml_logistic_evaluate(fit, fit->problem->x->rows, false);
	for (int i = 0; i < fit->size; i++)
	{
		gradient[i] = fit->gradient[i] / fit->total;
		absolute += i % fit->q == 0 ? 0.0 : fabs(b[i]);
	}
	*value = (fit->value - fit->l1 * absolute) / fit->total;
	return MLK_OK;
}

void
ml_logistic_lbfgs(MlLogisticFit *fit)
{
	Objective	o = {fit, -INFINITY};
	MlkLbfgs	minimiser = {.n = fit->size, .objective = objective, .arg = &o,
	.tolerance = fit->tol, .max_iter = fit->max_iter};
	double	   *x = ml_fit_doubles(fit->size);
	double	   *l1 = NULL;
	double	   *curvature = ml_fit_doubles(fit->size);
	double	   *of_class;
	MlkStatus	status;

	memcpy(x, fit->b, sizeof(double) * fit->size);
	if (fit->l1 > 0.0)
	{
		l1 = ml_fit_doubles(fit->size);
		for (int i = 0; i < fit->size; i++)
			l1[i] = i % fit->q == 0 ? 0.0 : fit->l1 / fit->total;
	}
	minimiser.l1 = l1;
	of_class = ml_fit_curvature(fit->problem, fit->control, fit->weight, LOSS_CURVATURE, fit->l2 / fit->total);
	for (int k = 0; k < fit->outputs; k++)
		memcpy(curvature + (Size) k * fit->q, of_class, sizeof(double) * fit->q);
	minimiser.curvature = curvature;
	status = mlk_lbfgs_minimise(&minimiser, x, ml_fit_doubles(mlk_lbfgs_scratch(fit->size)));
	ml_check_status(status);
	memcpy(fit->b, x, sizeof(double) * fit->size);
	fit->iterations = minimiser.iterations;
	fit->converged = status == MLK_OK;
	fit->separated = fit->complete = fit->l1 == 0.0 && fit->l2 == 0.0 && o.margin > 0.0;
	if (fit->hessian != NULL && !fit->separated)
		ml_logistic_evaluate(fit, fit->problem->x->rows, true);
}
