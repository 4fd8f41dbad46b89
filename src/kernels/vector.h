/*
 * vector.h: the inner loops that the hot kernels share.
 *
 * Inlined into functions marked MLK_CLONES, so each instruction set gets its
 * own vectorised copy.  Every sum runs over eight fixed lanes that are added
 * in a fixed tree: the result depends on the length alone, never on the
 * width of the registers or on how many rows the caller handles at once.
 */
#ifndef MLK_VECTOR_H
#define MLK_VECTOR_H

#include "kernels/mlk.h"

#define MLK_LANES 8

static inline double
mlk_lanes_sum(const double *lane)
{
	return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

static inline double
mlk_vector_dot(const double *a, const double *b, int64_t n)
{
	double		lane[MLK_LANES] = {0};
	int64_t		i = 0;

	for (; i + MLK_LANES <= n; i += MLK_LANES)
	{
		for (int k = 0; k < MLK_LANES; k++)
			lane[k] += a[i + k] * b[i + k];
	}
	if (i + 4 <= n)
	{
		for (int k = 0; k < 4; k++)
			lane[k] += a[i + k] * b[i + k];
		i += 4;
	}
	for (; i < n; i++)
		lane[i % 4] += a[i] * b[i];
	return mlk_lanes_sum(lane);
}

static inline double
mlk_vector_sum(const double *a, int64_t n)
{
	double		lane[MLK_LANES] = {0};
	int64_t		i = 0;

	for (; i + MLK_LANES <= n; i += MLK_LANES)
	{
		for (int k = 0; k < MLK_LANES; k++)
			lane[k] += a[i + k];
	}
	for (; i < n; i++)
		lane[i % MLK_LANES] += a[i];
	return mlk_lanes_sum(lane);
}

/* y += alpha x */
static inline void
mlk_vector_axpy(double alpha, const double *restrict x, double *restrict y, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		y[i] += alpha * x[i];
}

/* largest absolute value; 0 for none.  A NaN is passed over. */
static inline double
mlk_vector_max_abs(const double *a, int64_t n)
{
	double		most = 0.0;

	for (int64_t i = 0; i < n; i++)
		most = fabs(a[i]) > most ? fabs(a[i]) : most;
	return most;
}

/* true when no element is NaN or infinite (0 * x is 0 for every finite x) */
static inline bool
mlk_vector_finite(const double *a, int64_t n)
{
	double		zero = 0.0;

	for (int64_t i = 0; i < n; i++)
		zero += 0.0 * a[i];
	return zero == 0.0;
}

#endif							/* MLK_VECTOR_H */
