/*
 * units.c: activation functions of 32-bit numbers (see units.h).
 *
 * Both logistic and tanh come from exp(x) - 1 without branches: x = k ln 2 + r with |r| <= ln 2 / 2, ln 2 in two parts (Cody,
 * Waite), exp(r) - 1 by its Taylor series to r^7 (next term below 2^-27), and 2^k put together from its exponent bits.
 */
#include "kernels/units.h"

#include <string.h>

#define LOG2_E 1.44269504f
#define LN2_HIGH 0.693359375f	/* 9 bits: k * LN2_HIGH is exact */
#define LN2_LOW (-2.12194440e-4f)
#define SHIFT 0x1.8p23f			/* adding it rounds to an integer, found in the low bits */
#define LARGEST 87.0f			/* exp is a normal number up to there, on both sides */

/* exp(x) = *power + power * (what is returned) */
static inline float
reduced_exp(float x, float *power)
{
	float		shifted;
	float		k;
	float		r;
	float		p;
	uint32_t	bits;

	x = x < -LARGEST ? -LARGEST : x;
	x = x > LARGEST ? LARGEST : x;
	shifted = x * LOG2_E + SHIFT;
	k = shifted - SHIFT;
	r = (x - k * LN2_HIGH) - k * LN2_LOW;
	p = 1.0f / 5040.0f;
	p = p * r + 1.0f / 720.0f;
	p = p * r + 1.0f / 120.0f;
	p = p * r + 1.0f / 24.0f;
	p = p * r + 1.0f / 6.0f;
	p = p * r + 0.5f;
	p = (p * r) * r + r;
	/* the low bits of shifted hold k in two's complement */
	memcpy(&bits, &shifted, sizeof(bits));
	bits = (bits + 127) << 23;
	memcpy(power, &bits, sizeof(bits));
	return p;
}

static inline float
logistic(float x)
{
	float		power;
	float		p = reduced_exp(-x, &power);

	return 1.0f / (1.0f + (power + power * p));
}

/* of the size, then the sign: e / (e + 2) with e = exp(2 |x|) - 1, in which nothing cancels */
static inline float
hyperbolic_tangent(float x)
{
	float		size = fabsf(x) > 16.0f ? 16.0f : fabsf(x);
	float		power;
	float		p = reduced_exp(2.0f * size, &power);
	float		e = power * p + (power - 1.0f);

	return copysignf(e / (e + 2.0f), x);
}

MLK_CLONES
static void
apply_logistic(float *z, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		z[i] = logistic(z[i]);
}

MLK_CLONES
static void
apply_tanh(float *z, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		z[i] = hyperbolic_tangent(z[i]);
}

/* the comparison lets NaN through */
MLK_CLONES
static void
apply_relu(float *z, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		z[i] = z[i] < 0.0f ? 0.0f : z[i];
}

void
mlk_unit_apply(MlkUnit unit, float *z, int64_t n)
{
	switch (unit)
	{
		case MLK_UNIT_IDENTITY:
			break;
		case MLK_UNIT_LOGISTIC:
			apply_logistic(z, n);
			break;
		case MLK_UNIT_TANH:
			apply_tanh(z, n);
			break;
		case MLK_UNIT_RELU:
			apply_relu(z, n);
			break;
	}
}

MLK_CLONES
static void
slope_logistic(const float *restrict a, float *restrict delta, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		delta[i] *= a[i] * (1.0f - a[i]);
}

MLK_CLONES
static void
slope_tanh(const float *restrict a, float *restrict delta, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		delta[i] *= 1.0f - a[i] * a[i];
}

MLK_CLONES
static void
slope_relu(const float *restrict a, float *restrict delta, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		delta[i] = a[i] > 0.0f ? delta[i] : 0.0f;
}

void
mlk_unit_slope(MlkUnit unit, const float *a, float *delta, int64_t n)
{
	switch (unit)
	{
		case MLK_UNIT_IDENTITY:
			break;
		case MLK_UNIT_LOGISTIC:
			slope_logistic(a, delta, n);
			break;
		case MLK_UNIT_TANH:
			slope_tanh(a, delta, n);
			break;
		case MLK_UNIT_RELU:
			slope_relu(a, delta, n);
			break;
	}
}
