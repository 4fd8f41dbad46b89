/*
 * logistic_objective.c: the penalised logistic objective at a point, and the errors at the solution.
 */
#include "algorithms/logistic.h"

#include "algorithms/fit.h"
#include "interrupts.h"
#include "kernels/cholesky.h"
#include "kernels/triangular.h"

/* a column whose curvature beyond those before it is this part of its own has no coefficient */
#define DEPENDENT_TOLERANCE 1e-11

static double
prefix_scale(const MlLogisticFit *fit, int64 rows)
{
	int64		counted;

	if (rows == fit->problem->x->rows)
		return 1.0;
	return fit->total / ml_fit_total_weight(fit->weight, rows, &counted);
}

/* penalty's part of value, gradient and Hessian; the constants are free, and held when there are none */
static void
add_penalty(MlLogisticFit *fit, bool hessian)
{
	bool		square = hessian && fit->border == NULL;

	for (int i = 0; i < fit->size; i++)
	{
		Size		diagonal = (Size) i * fit->size + i;

		if (i % fit->q != 0)
		{
			fit->value += 0.5 * fit->l2 * fit->b[i] * fit->b[i] + fit->l1 * fabs(fit->b[i]);
			fit->gradient[i] += fit->l2 * fit->b[i];
			if (square)
				fit->hessian[diagonal] += fit->l2;
			continue;
		}
		if (fit->intercept)
			continue;
		fit->gradient[i] = 0.0;
		for (int j = 0; square && j < fit->size; j++)
			fit->hessian[(Size) i * fit->size + j] = fit->hessian[(Size) j * fit->size + i] = 0.0;
		if (square)
			fit->hessian[diagonal] = 1.0;
	}
	if (hessian && !square)
		ml_logistic_border_penalty(fit);
}

/*
 * Adding the same to a coefficient of every class changes no probability: where no penalty decides, the Hessian is
 * flat that way.  The gradient has no part there either, so any curvature put in keeps the solution (and its sum
 * over the classes at 0, where it started); the covariance gives it back.
 */
static void
add_null_directions(MlLogisticFit *fit)
{
	for (int j = 0; j < fit->q; j++)
	{
		double		curvature = 0.0;

		fit->null_weight[j] = 0.0;
		if (fit->outputs == 1 || (j > 0 && (fit->l2 > 0.0 || fit->l1 > 0.0)) || (j == 0 && !fit->intercept))
			continue;
		for (int k = 0; k < fit->outputs; k++)
			curvature += fit->hessian[(Size) (k * fit->q + j) * (fit->size + 1)];
		fit->null_weight[j] = curvature / fit->outputs;
		for (int a = 0; a < fit->outputs; a++)
		{
			for (int b = 0; b < fit->outputs; b++)
				fit->hessian[(Size) (a * fit->q + j) * fit->size + b * fit->q + j] +=
					fit->null_weight[j] / fit->outputs;
		}
	}
}

double
ml_logistic_evaluate(MlLogisticFit *fit, int64 rows, bool hessian)
{
	MlkLogistic *pass = &fit->pass;
	double		scale = prefix_scale(fit, rows);
	double		margin;

	mlk_logistic_start(pass, rows, hessian, fit->b);
	while (pass->rounds.next < pass->rounds.blocks)
	{
		ml_check_status(mlk_logistic_round(pass, fit->problem->pool));
		fit->control->progress("iteration", fit->iterations, fit->max_iter);
	}
	ml_check_status(mlk_logistic_finish(pass, &fit->value, &margin, fit->gradient, hessian ? fit->hessian : NULL));
	fit->value *= scale;
	for (int i = 0; scale != 1.0 && i < fit->size; i++)
		fit->gradient[i] *= scale;
	for (Size i = 0; scale != 1.0 && hessian && i < fit->hessian_size; i++)
		fit->hessian[i] *= scale;
	add_penalty(fit, hessian);
	if (hessian)
		add_null_directions(fit);
	return margin;
}

/*
 * Variance of the intercept of class k in original units, which is t'b with t_0 = 1 and t_j = -center / scale.
 */
static double
intercept_variance(const MlLogisticFit *fit, const double *factor, const double *b, int k, double *t)
{
	const MlkDesign *x = fit->problem->x;
	double		variance = 0.0;
	double		added = 0.0;

	memset(t, 0, sizeof(double) * fit->size);
	for (int j = 0; j < fit->q; j++)
	{
		double		share = j == 0 ? (fit->intercept ? 1.0 : 0.0) : ml_linear_shift(x, j - 1);

		t[k * fit->q + j] = share;
		if (fit->null_weight[j] > 0.0)
			added += share * share / (fit->null_weight[j] * fit->outputs);
	}
	mlk_triangular_solve_t(fit->size, factor, fit->size, t);
	for (int i = 0; i < fit->size; i++)
		variance += t[i] * t[i];
	return variance - added;
}

void
ml_logistic_errors(MlLogisticFit *fit, MlLinearState *state, bool *dependent)
{
	MlkPool    *pool = fit->problem->pool;
	double	   *factor = fit->hessian;
	double	   *variance;
	double	   *scratch;
	uint8	   *dropped;

	if (fit->border != NULL)
	{
		ml_logistic_border_errors(fit, state, dependent);
		return;
	}
	variance = ml_fit_doubles(fit->size);
	scratch = ml_fit_doubles(2.0 * fit->size * mlk_pool_threads(pool));
	dropped = palloc0(fit->size);
	ml_check_status(mlk_cholesky(pool, fit->size, factor, fit->size, fit->l2 > 0.0 ? 0.0 : DEPENDENT_TOLERANCE,
								 dropped, variance));
	ml_check_status(mlk_triangular_variances(pool, fit->size, factor, NULL, fit->size, variance, NULL, scratch));
	state->inference = ML_INFER_Z;
	for (int k = 0; k < fit->outputs; k++)
	{
		for (int j = 1; j < fit->q; j++)
		{
			int			at = k * fit->q + j;
			double		added = fit->null_weight[j] > 0.0 ? 1.0 / (fit->null_weight[j] * fit->outputs) : 0.0;

			if (dropped[at])
			{
				dependent[j - 1] = true;
				state->estimate[at] = NAN;
			}
			else
				state->std_error[at] = sqrt(Max(variance[at] - added, 0.0)) / ml_linear_scale(fit->problem->x, j - 1);
		}
		state->std_error[k * fit->q] =
			sqrt(Max(intercept_variance(fit, factor, fit->b, k, scratch), 0.0));
	}
}
