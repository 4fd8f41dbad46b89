/*
 * sigmoid.c: exp and log1p without branches or tables, so that the loops over rows vectorise.
 *
 * exp: x = k ln 2 + r with |r| <= ln 2 / 2, ln 2 in two parts (Cody, Waite), exp(r) by its Taylor series to r^13
 * (next term below 2^-57), and 2^k put together from its exponent bits.  log1p on [0, 1]: 2 atanh(s) by its series,
 * the argument halved above sqrt(2) - 1, so that s^2 <= 0.0295 and the term after s^21 is below 2^-58 of the sum.
 */
#include "kernels/sigmoid.h"

#include <string.h>

#include "kernels/vector.h"

#define EXP_LOW (-708.0)
#define EXP_HIGH 709.0
#define LOG2_E 1.44269504088896340736
#define LN2_HIGH 6.93147180369123816490e-01	/* ln 2, low 32 bits zero: k * LN2_HIGH is exact */
#define LN2_LOW 1.90821492927058770002e-10
#define SHIFT 0x1.8p52			/* adding it rounds to an integer, found in the low bits */
#define SQRT2_LESS_1 0.41421356237309504880
#define LN2 0.69314718055994530942

static inline double
exp_clamped(double x)
{
	double		shifted;
	double		k;
	double		r;
	double		p;
	double		power;
	int64_t		bits;

	x = x < EXP_LOW ? EXP_LOW : x;
	x = x > EXP_HIGH ? EXP_HIGH : x;
	shifted = x * LOG2_E + SHIFT;
	k = shifted - SHIFT;
	r = (x - k * LN2_HIGH) - k * LN2_LOW;
	p = 1.0 / 6227020800.0;
	p = p * r + 1.0 / 479001600.0;
	p = p * r + 1.0 / 39916800.0;
	p = p * r + 1.0 / 3628800.0;
	p = p * r + 1.0 / 362880.0;
	p = p * r + 1.0 / 40320.0;
	p = p * r + 1.0 / 5040.0;
	p = p * r + 1.0 / 720.0;
	p = p * r + 1.0 / 120.0;
	p = p * r + 1.0 / 24.0;
	p = p * r + 1.0 / 6.0;
	p = p * r + 0.5;
	p = (p * r) * r + r;
	/* the low bits of shifted hold k in two's complement; k + 1023 is the exponent of 2^k (k <= 1023 by the clamp) */
	memcpy(&bits, &shifted, sizeof(bits));
	bits = (int64_t) (((uint64_t) bits + 1023) << 52);
	memcpy(&power, &bits, sizeof(power));
	return power + power * p;
}

/* log(1 + u) for u in [0, 1] */
static inline double
log1p_unit(double u)
{
	double		base = u > SQRT2_LESS_1 ? LN2 : 0.0;
	double		v = u > SQRT2_LESS_1 ? (u - 1.0) * 0.5 : u;
	double		s = v / (2.0 + v);
	double		z = s * s;
	double		p = 1.0 / 21.0;

	p = p * z + 1.0 / 19.0;
	p = p * z + 1.0 / 17.0;
	p = p * z + 1.0 / 15.0;
	p = p * z + 1.0 / 13.0;
	p = p * z + 1.0 / 11.0;
	p = p * z + 1.0 / 9.0;
	p = p * z + 1.0 / 7.0;
	p = p * z + 1.0 / 5.0;
	p = p * z + 1.0 / 3.0;
	return base + 2.0 * (s + s * z * p);
}

MLK_CLONES
void
mlk_exp(double *x, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		x[i] = exp_clamped(x[i]);
}

MLK_CLONES
void
mlk_sigmoid(double *x, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		x[i] = 1.0 / (1.0 + exp_clamped(-x[i]));
}

MLK_CLONES
void
mlk_softmax(double *x, int64_t rows, int classes)
{
	for (int64_t i = 0; i < rows; i++)
	{
		double	   *row = x + i * classes;
		double		most = row[0];
		double		sum;

		for (int k = 1; k < classes; k++)
			most = row[k] > most ? row[k] : most;
		for (int k = 0; k < classes; k++)
			row[k] = exp_clamped(row[k] - most);
		sum = mlk_vector_sum(row, classes);
		for (int k = 0; k < classes; k++)
			row[k] /= sum;
	}
}

/* smallest value of a row that counts */
static inline double
smallest(const double *value, const double *weight, int64_t n, double least)
{
	for (int64_t i = 0; i < n; i++)
	{
		double		v = weight != NULL && weight[i] == 0.0 ? INFINITY : value[i];

		least = v < least ? v : least;
	}
	return least;
}

MLK_CLONES
double
mlk_logistic_rows(const double *restrict eta, const int32_t *restrict positive, const double *weight, int64_t n,
				  double *restrict residual, double *restrict curvature, double *restrict scratch, double *margin)
{
	double		loss;

	for (int64_t i = 0; i < n; i++)
		scratch[i] = positive[i] == 1 ? eta[i] : -eta[i];
	*margin = smallest(scratch, weight, n, *margin);

	/* everything from e = exp(-|eta|), the tail of the nearer class: nothing cancels */
	for (int64_t i = 0; i < n; i++)
	{
		double		size = fabs(eta[i]);
		double		e = exp_clamped(-size);
		double		inverse = 1.0 / (1.0 + e);
		double		wrong = scratch[i] < 0.0 ? inverse : e * inverse;

		residual[i] = positive[i] == 1 ? -wrong : wrong;
		if (curvature != NULL)
			curvature[i] = e * inverse * inverse;
		scratch[i] = log1p_unit(e) + (scratch[i] < 0.0 ? size : 0.0);
	}
	if (weight == NULL)
		return mlk_vector_sum(scratch, n);

	for (int64_t i = 0; i < n; i++)
		residual[i] *= weight[i];
	if (curvature != NULL)
	{
		for (int64_t i = 0; i < n; i++)
			curvature[i] *= weight[i];
	}
	loss = mlk_vector_dot(scratch, weight, n);
	return loss;
}

/* scratch[i] := label's eta, other[i] := the largest of the others */
static inline void
label_and_rival(const double *eta, int64_t ld, int classes, const int32_t *label, int64_t n,
				double *restrict own, double *restrict other)
{
	for (int64_t i = 0; i < n; i++)
	{
		own[i] = 0.0;
		other[i] = -INFINITY;
	}
	for (int k = 0; k < classes; k++)
	{
		const double *row = eta + k * ld;

		for (int64_t i = 0; i < n; i++)
		{
			double		rival = row[i] > other[i] ? row[i] : other[i];

			other[i] = label[i] == k ? other[i] : rival;
			own[i] = label[i] == k ? row[i] : own[i];
		}
	}
}

MLK_CLONES
double
mlk_softmax_rows(double *eta, int64_t ld, int classes, const int32_t *label, const double *weight,
				 int64_t n, double *scratch, double *margin)
{
	double	   *restrict own = scratch;
	double	   *restrict other = scratch + n;
	double		loss = 0.0;

	label_and_rival(eta, ld, classes, label, n, own, other);
	for (int64_t i = 0; i < n; i++)
	{
		double		most = own[i] > other[i] ? own[i] : other[i];

		own[i] -= other[i];
		other[i] = most;
	}
	*margin = smallest(own, weight, n, *margin);

	/* own: becomes largest eta less the label's; other: the largest, subtracted before exp */
	for (int64_t i = 0; i < n; i++)
		own[i] = own[i] < 0.0 ? -own[i] : 0.0;
	for (int k = 0; k < classes; k++)
	{
		double	   *restrict row = eta + k * ld;

		for (int64_t i = 0; i < n; i++)
			row[i] = exp_clamped(row[i] - other[i]);
	}
	memset(other, 0, sizeof(double) * n);
	for (int k = 0; k < classes; k++)
		mlk_vector_axpy(1.0, eta + k * ld, other, n);
	for (int64_t i = 0; i < n; i++)
		loss += (weight != NULL ? weight[i] : 1.0) * (own[i] + log(other[i]));
	for (int64_t i = 0; i < n; i++)
		other[i] = 1.0 / other[i];
	for (int k = 0; k < classes; k++)
	{
		double	   *restrict row = eta + k * ld;

		for (int64_t i = 0; i < n; i++)
			row[i] *= other[i];
	}
	return loss;
}
