/*
 * coordinate.c: coordinate descent with active sets (see coordinate.h).
 */
#include "kernels/coordinate.h"

#include <string.h>

#include "kernels/vector.h"

#define ACTIVE_SWEEPS 1000		/* over the active set before all coordinates are looked at again */

/* c - Gw */
MLK_CLONES
static void
start_gradient(const MlkQuadratic *q, const double *w, double *gradient)
{
	memcpy(gradient, q->c, sizeof(double) * q->n);
	for (int j = 0; j < q->n; j++)
	{
		if (w[j] != 0.0)
			mlk_vector_axpy(-w[j], q->g + j * q->ld, gradient, q->n);
	}
}

static inline double
soft_threshold(double z, double l1, bool positive)
{
	if (z > l1)
		return z - l1;
	if (z < -l1 && !positive)
		return z + l1;
	return 0.0;
}

/* minimise along coordinate j; returns how far it moved */
static inline double
move(const MlkQuadratic *q, int j, double *w, double *gradient)
{
	const double *row = q->g + j * q->ld;
	double		curvature = row[j] + q->l2[j];
	double		next;
	double		step;

	/* a column of zeros has nothing to say */
	next = curvature > 0.0 ? soft_threshold(gradient[j] + row[j] * w[j], q->l1[j], q->positive) / curvature : 0.0;
	step = next - w[j];
	if (step == 0.0)
		return 0.0;
	w[j] = next;
	mlk_vector_axpy(-step, row, gradient, q->n);
	return fabs(step);
}

/* one sweep over the listed coordinates (list NULL: all); returns the largest move */
MLK_CLONES
static double
sweep(const MlkQuadratic *q, const int32_t *list, int n, double *w, double *gradient)
{
	double		most = 0.0;

	for (int i = 0; i < n; i++)
	{
		double		step = move(q, list == NULL ? i : list[i], w, gradient);

		most = step > most ? step : most;
	}
	return most;
}

static int
list_active(const double *w, int n, int32_t *active)
{
	int			count = 0;

	for (int j = 0; j < n; j++)
	{
		if (w[j] != 0.0)
			active[count++] = j;
	}
	return count;
}

double
mlk_elastic_net_gap(int n, const double *c, const double *gradient, const double *w, double norm2,
					double l1, double l2, bool positive)
{
	double		dual = 0.0;
	double		cw = 0.0;
	double		w_gradient = 0.0;
	double		w2 = 0.0;
	double		abs_w = 0.0;
	double		residual2;
	double		ratio;
	double		gap;

	for (int j = 0; j < n; j++)
	{
		double		slope = gradient[j] - l2 * w[j];

		slope = positive ? slope : fabs(slope);
		dual = slope > dual ? slope : dual;
		cw += c[j] * w[j];
		w_gradient += w[j] * gradient[j];
		w2 += w[j] * w[j];
		abs_w += fabs(w[j]);
	}
	/* |y - Xw|^2 = y'y - c'w - w'(c - Gw) */
	residual2 = norm2 - cw - w_gradient;
	ratio = dual > l1 ? l1 / dual : 1.0;
	gap = dual > l1 ? 0.5 * (residual2 + residual2 * ratio * ratio) : residual2;
	return gap + l1 * abs_w - ratio * (norm2 - cw) + 0.5 * l2 * (1.0 + ratio * ratio) * w2;
}

/* what a full sweep that moved at most `moved` must still show before w is the answer */
static bool
good_enough(const MlkQuadratic *q, MlkDescent *d, const double *w, double *gradient, double moved)
{
	if (moved > d->tolerance * mlk_vector_max_abs(w, q->n))
		return false;
	if (d->gap <= 0.0)
		return true;
	/* the kept gradient has drifted by rounding: the gap deserves a fresh one */
	start_gradient(q, w, gradient);
	d->last_gap = mlk_elastic_net_gap(q->n, q->c, gradient, w, d->norm2, q->l1[0], q->l2[0], q->positive);
	return d->last_gap <= d->gap || moved == 0.0;
}

MlkStatus
mlk_coordinate_descent(const MlkQuadratic *q, MlkDescent *d, MlkPool *pool, double *w, double *gradient,
					   int32_t *active)
{
	d->last_gap = NAN;
	start_gradient(q, w, gradient);
	for (d->sweeps = 0; d->sweeps < d->max_iter;)
	{
		double		moved = sweep(q, NULL, q->n, w, gradient);
		int			count;

		d->sweeps++;
		if (!isfinite(moved))
			return MLK_NOT_FINITE;
		if (good_enough(q, d, w, gradient, moved))
			return MLK_OK;
		count = list_active(w, q->n, active);
		for (int i = 0; i < ACTIVE_SWEEPS; i++)
		{
			if (mlk_pool_stop(pool))
				return MLK_CANCELLED;
			moved = sweep(q, active, count, w, gradient);
			if (!(moved > d->tolerance * mlk_vector_max_abs(w, q->n)))
				break;
		}
	}
	return MLK_NOT_CONVERGED;
}
