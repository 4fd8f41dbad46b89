/*
 * logistic_newton.c: Newton's method for logistic models; with an l1 penalty proximal Newton.
 *
 * Rows come in random order, so the first ones are a uniform sample: the first steps are taken on a twentieth of
 * large data, which leaves two or three passes over all of it.
 */
#include "algorithms/logistic.h"

#include "algorithms/fit.h"
#include "interrupts.h"
#include "kernels/cholesky.h"
#include "kernels/coordinate.h"
#include "kernels/triangular.h"

#define SAMPLE_SHARE 20			/* a sample is 1 / 20 of the rows ... */
#define SAMPLE_ROWS 4000		/* ... when that is at least so many, ... */
#define SAMPLE_ROWS_PER_COEFFICIENT 50	/* ... and so many for each coefficient */
#define SAMPLE_ITERATIONS 8
/* squared distance to the minimum, in standard errors: enough on a sample, whose own error is 1 */
#define SAMPLE_DECREMENT 1e-3
/* where the next step would be below 1e-8 standard errors, this one is the last */
#define FINAL_DISTANCE 1e-8
/* a step changes the curvature by about this part of itself at most before errors are computed anew */
#define FINAL_CURVATURE 2e-7
#define HALVINGS 40
#define ARMIJO 1e-4
#define VALUE_NOISE 1e-13
#define DEPENDENT_TOLERANCE 1e-11
#define INNER_TOLERANCE 1e-12
#define INNER_SWEEPS 2000
/* separation: looked for from this iteration on, when steps stop shrinking quadratically */
#define SEPARATION_ITERATION 6
#define SEPARATION_SLOWNESS 0.1
#define SEPARATION_REACH 50.0

typedef struct Newton
{
	MlLogisticFit *fit;
	int64		rows;			/* at hand: a sample, or all */
	double	   *step;			/* [size] */
	double	   *start;			/* [size], b before the step */
	double	   *factor;			/* [size, size]; with a border [small, small] */
	double	   *scratch;		/* [size] */
	double	   *l1;				/* [size], with l1 only; and so on */
	double	   *zero;
	double	   *linear;
	uint8	   *dropped;
	int32_t    *active;
	double		decrement;		/* -(change of the objective's model): squared distance in standard errors */
	double		previous;		/* the one before; infinite at first */
	double		margin;			/* at the point reached */
} Newton;

static void
newton_step(Newton *n)
{
	MlLogisticFit *fit = n->fit;
	Size		bytes = sizeof(double) * (Size) fit->size * fit->size;

	n->decrement = 0.0;
	if (fit->border != NULL)
	{
		ml_logistic_border_factor(fit, n->factor, n->dropped, n->scratch);
		ml_logistic_border_solve(fit, n->factor, n->step, n->scratch);
		for (int i = 0; i < fit->size; i++)
			n->decrement -= fit->gradient[i] * n->step[i];
		return;
	}
	memcpy(n->factor, fit->hessian, bytes);
	ml_check_status(mlk_cholesky(fit->problem->pool, fit->size, n->factor, fit->size,
								 fit->l2 > 0.0 ? 0.0 : DEPENDENT_TOLERANCE, n->dropped, n->scratch));
	for (int i = 0; i < fit->size; i++)
		n->step[i] = -fit->gradient[i];
	mlk_triangular_solve_t(fit->size, n->factor, fit->size, n->step);
	mlk_triangular_solve(fit->size, n->factor, fit->size, n->step);
	for (int i = 0; i < fit->size; i++)
		n->decrement -= fit->gradient[i] * n->step[i];
}

/* minimiser of the quadratic model plus the l1 part, less b */
static void
proximal_step(Newton *n)
{
	MlLogisticFit *fit = n->fit;
	MlkQuadratic model = {fit->size, fit->hessian, fit->size, n->linear, n->l1, n->zero, false};
	MlkDescent	descent = {.tolerance = INNER_TOLERANCE, .max_iter = INNER_SWEEPS};
	double		change = 0.0;

	/* model: 1/2 z'Hz - (Hb - gradient)'z */
	for (int i = 0; i < fit->size; i++)
	{
		n->linear[i] = -fit->gradient[i];
		for (int j = 0; j < fit->size; j++)
			n->linear[i] += fit->hessian[(Size) i * fit->size + j] * fit->b[j];
	}
	memcpy(n->step, fit->b, sizeof(double) * fit->size);
	ml_check_status(mlk_coordinate_descent(&model, &descent, fit->problem->pool, n->step, n->scratch, n->active));
	for (int i = 0; i < fit->size; i++)
	{
		change += n->l1[i] * (fabs(n->step[i]) - fabs(fit->b[i]));
		n->step[i] -= fit->b[i];
		change += fit->gradient[i] * n->step[i];
	}
	n->decrement = -change;
}

static void
find_step(Newton *n)
{
	n->previous = n->decrement;
	if (n->fit->l1 > 0.0)
		proximal_step(n);
	else
		newton_step(n);
	if (!isfinite(n->decrement))
		ml_check_status(MLK_NOT_FINITE);
}

/* b := start + t step */
static void
place(Newton *n, double t)
{
	for (int i = 0; i < n->fit->size; i++)
		n->fit->b[i] = n->start[i] + t * n->step[i];
}

/* move along the step, halving it until the objective falls as it should; false when it will not */
static bool
take_step(Newton *n)
{
	MlLogisticFit *fit = n->fit;
	double		before = fit->value;
	double		t = 1.0;

	memcpy(n->start, fit->b, sizeof(double) * fit->size);
	for (int i = 0; i < HALVINGS; i++, t *= 0.5)
	{
		place(n, t);
		n->margin = ml_logistic_evaluate(fit, n->rows, true);
		if (fit->value <= before - ARMIJO * t * n->decrement + VALUE_NOISE * fabs(before))
			return true;
	}
	place(n, 0.0);
	n->margin = ml_logistic_evaluate(fit, n->rows, true);
	return false;
}

/*
 * How much a distance shrinks beyond its square, measured on the last two steps: distance = factor * previous^2.  The
 * first step has only the curvature of one mean row to go by.
 */
static double
contraction(const Newton *n)
{
	if (!isfinite(n->previous) || n->previous <= 0.0)
		return 1.0 / sqrt(n->fit->total / n->fit->counted);
	return sqrt(Max(n->decrement, 0.0)) / n->previous;
}

/*
 * Without a penalty the minimum may lie at infinity.  All rows on the right side prove it (complete separation).
 * Otherwise steps that stay as long as before are followed far out: if the objective still does not rise, it never will.
 */
static bool
find_separation(Newton *n)
{
	MlLogisticFit *fit = n->fit;
	double		here = fit->value;
	double		far;

	if (fit->l1 > 0.0 || fit->l2 > 0.0 || n->rows < fit->problem->x->rows)
		return false;
	fit->complete = n->margin > 0.0;
	if (fit->complete)
		return true;
	if (fit->iterations < SEPARATION_ITERATION || !(n->decrement > SEPARATION_SLOWNESS * n->previous))
		return false;
	memcpy(n->start, fit->b, sizeof(double) * fit->size);
	memcpy(n->scratch, fit->gradient, sizeof(double) * fit->size);
	place(n, SEPARATION_REACH);
	fit->complete = ml_logistic_evaluate(fit, n->rows, false) > 0.0;
	far = fit->value;
	place(n, 0.0);
	memcpy(fit->gradient, n->scratch, sizeof(double) * fit->size);
	fit->value = here;
	return far < here;
}

/* steps on a sample until its own error is all that is left */
static void
warm_up(Newton *n)
{
	MlLogisticFit *fit = n->fit;

	n->margin = ml_logistic_evaluate(fit, n->rows, true);
	for (int i = 0; i < SAMPLE_ITERATIONS; i++)
	{
		find_step(n);
		if (n->decrement < SAMPLE_DECREMENT * fit->total / fit->counted || !take_step(n))
			break;
	}
	n->decrement = INFINITY;
}

static void
iterate(Newton *n)
{
	MlLogisticFit *fit = n->fit;

	n->margin = ml_logistic_evaluate(fit, n->rows, true);
	for (fit->iterations = 1; fit->iterations <= fit->max_iter; fit->iterations++)
	{
		double		factor;
		double		distance;

		find_step(n);
		if ((fit->separated = find_separation(n)))
			return;
		factor = contraction(n);
		distance = sqrt(Max(n->decrement, 0.0));
		if (factor * distance * distance <= FINAL_DISTANCE * sqrt(fit->total / fit->counted))
		{
			fit->converged = true;
			memcpy(n->start, fit->b, sizeof(double) * fit->size);
			place(n, 1.0);
			if (fit->l1 == 0.0 && factor * distance > FINAL_CURVATURE)
				ml_logistic_evaluate(fit, n->rows, true);
			return;
		}
		if (!take_step(n))
		{
			/* the objective is flat to the last bit: as good as double precision gets */
			fit->converged = n->decrement <= VALUE_NOISE * fabs(fit->value);
			return;
		}
	}
	fit->iterations = fit->max_iter;
}

static int64
sample_rows(const MlLogisticFit *fit)
{
	int64		rows = fit->problem->x->rows / SAMPLE_SHARE;
	int64		counted;

	if (rows < SAMPLE_ROWS || rows < (int64) SAMPLE_ROWS_PER_COEFFICIENT * fit->small)
		return 0;
	(void) ml_fit_total_weight(fit->weight, rows, &counted);
	return counted >= rows / 2 ? rows : 0;
}

void
ml_logistic_newton(MlLogisticFit *fit)
{
	Newton		n = {.fit = fit, .decrement = INFINITY};

	n.step = ml_fit_doubles(fit->size);
	n.start = ml_fit_doubles(fit->size);
	n.scratch = ml_fit_doubles(fit->size);
	if (fit->l1 > 0.0)
	{
		n.l1 = ml_fit_doubles(fit->size);
		n.zero = ml_fit_doubles(fit->size);
		n.linear = ml_fit_doubles(fit->size);
		n.active = (int32_t *) ml_fit_doubles(fit->size);
		for (int i = 0; i < fit->size; i++)
		{
			n.l1[i] = i % fit->q == 0 ? 0.0 : fit->l1;
			n.zero[i] = 0.0;
		}
	}
	else
	{
		n.factor = ml_fit_doubles((double) fit->small * fit->small);
		n.dropped = palloc(fit->small);
	}
	n.rows = sample_rows(fit);
	if (n.rows > 0)
		warm_up(&n);
	n.rows = fit->problem->x->rows;
	iterate(&n);
}
