/*
 * lbfgs.c: limited-memory BFGS (see lbfgs.h).
 */
#include "kernels/lbfgs.h"

#include <string.h>

#include "kernels/vector.h"

#define ARMIJO 1e-4
#define WOLFE 0.9
#define LINE_STEPS 30
/* below this relative change the values are rounding noise, and the gradient alone decides */
#define VALUE_NOISE 1e-12

typedef struct Memory
{
	double	   *s[MLK_LBFGS_MEMORY];	/* steps */
	double	   *y[MLK_LBFGS_MEMORY];	/* gradient differences */
	double		rho[MLK_LBFGS_MEMORY];	/* 1 / s'y */
	int			count;
	int			next;
} Memory;

typedef struct Search
{
	MlkLbfgs   *m;
	Memory		memory;
	double	   *x,				/* where we are */
			   *gradient,		/* of the smooth part there */
			   *slope,			/* gradient, or pseudo-gradient with l1 */
			   *direction,
			   *trial,
			   *trial_gradient;
	double		value;
} Search;

double
mlk_lbfgs_scratch(int64_t n)
{
	return (2.0 * MLK_LBFGS_MEMORY + 5.0) * (double) n;
}

static double
penalty(const MlkLbfgs *m, const double *x)
{
	double		sum = 0.0;

	for (int64_t i = 0; m->l1 != NULL && i < m->n; i++)
		sum += m->l1[i] * fabs(x[i]);
	return sum;
}

/* steepest slope of the whole objective: the gradient, or the subgradient nearest to zero */
static void
set_slope(Search *s)
{
	const double *l1 = s->m->l1;

	for (int64_t i = 0; i < s->m->n; i++)
	{
		double		g = s->gradient[i];

		if (l1 == NULL || l1[i] == 0.0)
			s->slope[i] = g;
		else if (s->x[i] != 0.0)
			s->slope[i] = g + copysign(l1[i], s->x[i]);
		else
			s->slope[i] = g > l1[i] ? g - l1[i] : (g < -l1[i] ? g + l1[i] : 0.0);
	}
	s->m->gradient_norm = mlk_vector_max_abs(s->slope, s->m->n);
}

/* direction := scale times direction over the curvature; the scale is that of the last step, measured in the same way */
static void
apply_curvature(Search *s)
{
	const Memory *mem = &s->memory;
	const double *curvature = s->m->curvature;
	double		scale = 1.0;
	double		length = 0.0;

	if (mem->count > 0)
	{
		int			last = (mem->next - 1 + MLK_LBFGS_MEMORY) % MLK_LBFGS_MEMORY;
		const double *y = mem->y[last];

		for (int64_t i = 0; i < s->m->n; i++)
			length += curvature != NULL ? y[i] * y[i] / curvature[i] : y[i] * y[i];
		scale = 1.0 / (mem->rho[last] * length);
	}
	for (int64_t i = 0; i < s->m->n; i++)
		s->direction[i] *= curvature != NULL ? scale / curvature[i] : scale;
}

/* direction := -H slope by the two-loop recursion; a direction must not leave the slope's orthant */
static void
set_direction(Search *s)
{
	Memory	   *mem = &s->memory;
	int64_t		n = s->m->n;
	double		alpha[MLK_LBFGS_MEMORY];

	for (int64_t i = 0; i < n; i++)
		s->direction[i] = -s->slope[i];
	for (int k = 0; k < mem->count; k++)
	{
		int			at = (mem->next - 1 - k + 2 * MLK_LBFGS_MEMORY) % MLK_LBFGS_MEMORY;

		alpha[at] = mem->rho[at] * mlk_vector_dot(mem->s[at], s->direction, n);
		mlk_vector_axpy(-alpha[at], mem->y[at], s->direction, n);
	}
	apply_curvature(s);
	for (int k = mem->count - 1; k >= 0; k--)
	{
		int			at = (mem->next - 1 - k + 2 * MLK_LBFGS_MEMORY) % MLK_LBFGS_MEMORY;
		double		beta = mem->rho[at] * mlk_vector_dot(mem->y[at], s->direction, n);

		mlk_vector_axpy(alpha[at] - beta, mem->s[at], s->direction, n);
	}
	for (int64_t i = 0; s->m->l1 != NULL && i < n; i++)
	{
		if (s->m->l1[i] > 0.0 && s->direction[i] * s->slope[i] >= 0.0)
			s->direction[i] = 0.0;
	}
}

/* keep the pair of the step to trial; pairs without positive curvature would spoil the approximation */
static void
remember(Search *s)
{
	Memory	   *mem = &s->memory;
	int64_t		n = s->m->n;
	double	   *step = mem->s[mem->next];
	double	   *change = mem->y[mem->next];
	double		product;

	for (int64_t i = 0; i < n; i++)
	{
		step[i] = s->trial[i] - s->x[i];
		change[i] = s->trial_gradient[i] - s->gradient[i];
	}
	product = mlk_vector_dot(step, change, n);
	if (product <= 1e-16 * mlk_vector_dot(change, change, n))
		return;
	mem->rho[mem->next] = 1.0 / product;
	mem->next = (mem->next + 1) % MLK_LBFGS_MEMORY;
	mem->count += mem->count < MLK_LBFGS_MEMORY;
}

/* trial := x + t direction; with l1, coordinates that would change sign stop at zero */
static MlkStatus
evaluate(Search *s, double t, double *value)
{
	MlkLbfgs   *m = s->m;
	MlkStatus	status;

	for (int64_t i = 0; i < m->n; i++)
	{
		s->trial[i] = s->x[i] + t * s->direction[i];
		if (m->l1 != NULL && m->l1[i] > 0.0)
		{
			double		orthant = s->x[i] != 0.0 ? s->x[i] : -s->slope[i];

			if (s->trial[i] * orthant <= 0.0)
				s->trial[i] = 0.0;
		}
	}
	status = m->objective(m->arg, s->trial, value, s->trial_gradient);
	*value += penalty(m, s->trial);
	return status;
}

/* strong Wolfe by bracketing and cubic interpolation; MLK_NOT_CONVERGED when no step is good */
static MlkStatus
search_wolfe(Search *s, double t, double *value)
{
	int64_t		n = s->m->n;
	double		slope0 = mlk_vector_dot(s->gradient, s->direction, n);
	double		low = 0.0,
				low_value = s->value,
				low_slope = slope0,
				high = INFINITY,
				high_value = 0.0,
				noise = VALUE_NOISE * fabs(s->value);

	if (!(slope0 < 0.0))
		return MLK_NOT_CONVERGED;
	for (int i = 0; i < LINE_STEPS; i++)
	{
		MlkStatus	status = evaluate(s, t, value);
		double		slope = mlk_vector_dot(s->trial_gradient, s->direction, n);

		if (status != MLK_OK)
			return status;
		if (!isfinite(*value) || *value > s->value + ARMIJO * t * slope0 + noise ||
			(low > 0.0 && *value > low_value + noise))
		{
			high = t;
			high_value = *value;
		}
		else if (fabs(slope) <= -WOLFE * slope0)
			return MLK_OK;
		else if (slope > 0.0)
		{
			high = t;
			high_value = *value;
		}
		else
		{
			low = t;
			low_value = *value;
			low_slope = slope;
		}
		if (high == INFINITY)
			t *= 2.0;
		else
		{
			/* minimum of the parabola through low (value, slope) and high (value), kept well inside */
			double		width = high - low;
			double		bend = 2.0 * (high_value - low_value - low_slope * width);
			double		inside = isfinite(bend) && bend > 0.0 ? -low_slope * width / bend : 0.5;

			inside = inside < 0.1 ? 0.1 : (inside > 0.9 ? 0.9 : inside);
			t = low + inside * width;
		}
	}
	return MLK_NOT_CONVERGED;
}

/* backtracking along the projected path (OWL-QN); the curvature condition has no meaning there */
static MlkStatus
search_orthant(Search *s, double t, double *value)
{
	double		noise = VALUE_NOISE * fabs(s->value);

	for (int i = 0; i < LINE_STEPS; i++, t *= 0.5)
	{
		MlkStatus	status = evaluate(s, t, value);
		double		decrease = 0.0;

		if (status != MLK_OK)
			return status;
		for (int64_t k = 0; k < s->m->n; k++)
			decrease += s->slope[k] * (s->trial[k] - s->x[k]);
		if (decrease < 0.0 && isfinite(*value) && *value <= s->value + ARMIJO * decrease + noise)
			return MLK_OK;
	}
	return MLK_NOT_CONVERGED;
}

/* move to the trial point */
static void
accept(Search *s, double value)
{
	size_t		bytes = sizeof(double) * (size_t) s->m->n;

	remember(s);
	memcpy(s->x, s->trial, bytes);
	memcpy(s->gradient, s->trial_gradient, bytes);
	s->value = value;
	set_slope(s);
}

static void
divide_scratch(Search *s, double *scratch)
{
	int64_t		n = s->m->n;

	for (int k = 0; k < MLK_LBFGS_MEMORY; k++)
	{
		s->memory.s[k] = scratch + 2 * k * n;
		s->memory.y[k] = scratch + (2 * k + 1) * n;
	}
	scratch += 2 * MLK_LBFGS_MEMORY * n;
	s->gradient = scratch;
	s->slope = scratch + n;
	s->direction = scratch + 2 * n;
	s->trial = scratch + 3 * n;
	s->trial_gradient = scratch + 4 * n;
}

/* one step; when the remembered curvature leads nowhere, once more from steepest descent */
static MlkStatus
take_step(Search *s)
{
	for (;;)
	{
		bool		fresh = s->memory.count == 0;
		double		value;
		double		t = 1.0;
		MlkStatus	status;

		set_direction(s);
		if (fresh && s->m->curvature == NULL)
			t = 1.0 / (1.0 + sqrt(mlk_vector_dot(s->slope, s->slope, s->m->n)));
		status = s->m->l1 != NULL ? search_orthant(s, t, &value) : search_wolfe(s, t, &value);
		if (status == MLK_OK)
			accept(s, value);
		if (status != MLK_NOT_CONVERGED || fresh)
			return status;
		s->memory.count = 0;
		s->memory.next = 0;
	}
}

MlkStatus
mlk_lbfgs_minimise(MlkLbfgs *m, double *x, double *scratch)
{
	Search		s = {.m = m, .x = x};
	MlkStatus	status;

	divide_scratch(&s, scratch);
	m->iterations = 0;
	status = m->objective(m->arg, x, &s.value, s.gradient);
	s.value += penalty(m, x);
	if (status == MLK_OK && !isfinite(s.value))
		status = MLK_NOT_FINITE;
	if (status == MLK_OK)
		set_slope(&s);
	while (status == MLK_OK && m->gradient_norm > m->tolerance)
	{
		if (m->iterations == m->max_iter)
			status = MLK_NOT_CONVERGED;
		else
		{
			m->iterations++;
			status = take_step(&s);
		}
	}
	m->value = s.value;
	return status;
}
