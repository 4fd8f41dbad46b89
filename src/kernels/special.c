/*
 * special.c: tails and quantiles of the normal and Student's t distribution.
 *
 * Tails are computed as tails, never as 1 minus a body, and quantiles solve
 * for whichever of the two keeps its digits.  The tail of t comes from the
 * continued fraction of the incomplete beta function (DLMF 8.17.22) for few
 * degrees of freedom; for many, where the fraction converges slowly and the
 * tail falls like an exponential, from a double-exponential quadrature.
 */
#include <float.h>

#include "kernels/special.h"

#define SQRT_2 1.4142135623730950488
#define SQRT_PI 1.7724538509055160273
#define SQRT_2_PI 2.5066282746310005024

/* 1 / sqrt(2) as a double and what is left of it */
#define ROOT_HALF 0.70710678118654752440
#define ROOT_HALF_REST -4.8336466567264565186e-17

#define MANY_DEGREES 100.0
#define MAX_FRACTION_TERMS 10000
#define MAX_NEWTON_STEPS 200

/* ---- normal ---- */

/*
 * erfc(|z| / sqrt(2)).  Far out erfc multiplies the rounding of its argument by
 * 2 x^2, so the part of the quotient that does not fit into a double is put back to first order.
 */
double
mlk_normal_two_sided(double z)
{
	double		x = fabs(z) * ROOT_HALF;
	double		rest = fma(fabs(z), ROOT_HALF, -x) + fabs(z) * ROOT_HALF_REST;
	double		tail = erfc(x);

	if (x > 1.0 && tail > DBL_MIN)
		tail -= rest * 2.0 / SQRT_PI * exp(-x * x);
	return tail;
}

static double
normal_density(double z)
{
	return exp(-0.5 * z * z) / SQRT_2_PI;
}

/* Abramowitz and Stegun 26.2.23: z with upper tail q in (0, 0.5], off by less than 4.5e-4 */
static double
rough_normal_quantile(double q)
{
	double		t = sqrt(-2.0 * log(q));

	return t - (2.515517 + t * (0.802853 + t * 0.010328)) /
		(1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}

/* Halley's correction for f(z) = excess with f' = density, f'' = -z density; each one triples the digits */
static double
halley(double z, double excess, double density)
{
	double		newton = excess / density;

	return z - newton / (1.0 + 0.5 * z * newton);
}

double
mlk_normal_quantile(double p)
{
	double		q = p < 0.5 ? p : 1.0 - p;
	double		z;

	if (isnan(p) || p < 0.0 || p > 1.0)
		return NAN;
	if (q == 0.0)
		return p == 0.0 ? -INFINITY : INFINITY;
	z = rough_normal_quantile(q);
	for (int i = 0; i < 3; i++)
	{
		if (q > 0.25)
			z = halley(z, 0.5 * erf(z / SQRT_2) - (0.5 - q), normal_density(z));
		else
			z = halley(z, 0.5 * (q * 2.0 - mlk_normal_two_sided(z)), normal_density(z));
	}
	return p < 0.5 ? -z : z;
}

/* ---- Student's t ---- */

/*
 * Gamma(a + 1/2) / Gamma(a).  From 20 up by the difference of two Stirling
 * series, whose next term is below 1e-16; subtracting log-gammas would
 * lose the digits of their size.
 */
static double
half_step_gamma_ratio(double a)
{
	double		u = 1.0 / (a * a);

	if (a < 20.0)
		return tgamma(a + 0.5) / tgamma(a);
	return sqrt(a) * exp((-1.0 / 8 + u * (1.0 / 192 + u * (-1.0 / 640 + u * (17.0 / 14336 - u * 31.0 / 18432)))) / a);
}

/* log(1 + t^2 / df), also when t^2 is too large for a double */
static double
log_stretch(double t, double df)
{
	double		r = fabs(t) / sqrt(df);

	return r > 1e8 ? 2.0 * log(r) : log1p(r * r);
}

static double
t_density(double t, double df)
{
	return half_step_gamma_ratio(0.5 * df) / (sqrt(df) * SQRT_PI) * exp(-0.5 * (df + 1.0) * log_stretch(t, df));
}

/* Coefficient d_m of the fraction 1 / (1 + d_1 / (1 + d_2 / (1 + ...))), DLMF 8.17.22 and 23 */
static double
fraction_coefficient(int m, double a, double b, double x)
{
	int			half = m / 2;

	if (m % 2 == 0)
		return half * (b - half) * x / ((a + m - 1.0) * (a + m));
	return -(a + half) * (a + b + half) * x / ((a + m - 1.0) * (a + m));
}

/* The fraction by the modified Lentz method (Thompson and Barnett, 1986); quick for x < (a + 1) / (a + b + 2). */
static double
beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double		value = 1.0;
	double		c = 1.0;
	double		d = 0.0;

	for (int m = 1; m < MAX_FRACTION_TERMS; m++)
	{
		double		coefficient = fraction_coefficient(m, a, b, x);

		d = 1.0 + coefficient * d;
		d = 1.0 / (d == 0.0 ? tiny : d);
		c = 1.0 + coefficient / c;
		c = c == 0.0 ? tiny : c;
		value *= c * d;
		if (fabs(c * d - 1.0) < DBL_EPSILON)
			break;
	}
	return 1.0 / value;
}

/*
 * P(|T| > |t|) = I_x(df/2, 1/2) and P(|T| < |t|) = I_y(1/2, df/2) with x = df / (df + t^2), y = 1 - x.
 * Both have the factor x^(df/2) y^(1/2) / B(df/2, 1/2).
 */
static double
beta_factor(double t, double df)
{
	double		r = fabs(t) / sqrt(df);
	double		root_y = r > 1e8 ? 1.0 : r / sqrt(1.0 + r * r);

	return exp(-0.5 * df * log_stretch(t, df)) * root_y * half_step_gamma_ratio(0.5 * df) / SQRT_PI;
}

static double
x_of(double t, double df)
{
	double		r = fabs(t) / sqrt(df);

	return 1.0 / (1.0 + r * r);
}

static double
tail_by_fraction(double t, double df)
{
	double		a = 0.5 * df;

	return beta_factor(t, df) / a * beta_fraction(a, 0.5, x_of(t, df));
}

static double
body_by_fraction(double t, double df)
{
	double		r = fabs(t) / sqrt(df);

	return beta_factor(t, df) / 0.5 * beta_fraction(0.5, 0.5 * df, r * r / (1.0 + r * r));
}

/*
 * Tail for many degrees of freedom and t well off 0.  The substitution
 * s = (df + 1) / 2 log((df + u^2) / (df + t^2)) makes the integral over u from |t| up
 * density(t) * integral of exp(-s) du/ds over s > 0, smooth and falling, for which the trapezoid rule in y with
 * s = exp(y - exp(-y)) converges exponentially (Takahasi and Mori, 1974).
 */
static double
tail_by_quadrature(double t, double df)
{
	const double step = 1.0 / 16;
	double		half = 0.5 * (df + 1.0);
	double		sum = 0.0;

	for (int i = -4 * 16; i <= 5 * 16; i++)
	{
		double		y = i * step;
		double		s = exp(y - exp(-y));
		double		u = sqrt(t * t + (df + t * t) * expm1(s / half));

		sum += exp(s / half - s) / u * s * (1.0 + exp(-y));
	}
	return 2.0 * t_density(t, df) * (df + t * t) / (2.0 * half) * sum * step;
}

/* is the tail the smaller side, as the fractions see it */
static bool
tail_is_small(double t, double df)
{
	return x_of(t, df) < (0.5 * df + 1.0) / (0.5 * df + 2.5);
}

/* P(|T| < |t|), with its own digits for small t */
static double
t_body(double t, double df)
{
	if (!tail_is_small(t, df))
		return body_by_fraction(t, df);
	return 1.0 - mlk_t_two_sided(t, df);
}

/* df > 0; infinite df is the normal distribution */
double
mlk_t_two_sided(double t, double df)
{
	if (isnan(t) || isnan(df) || df <= 0.0)
		return NAN;
	if (isinf(t))
		return 0.0;
	if (isinf(df))
		return mlk_normal_two_sided(t);
	if (!tail_is_small(t, df))
		return 1.0 - body_by_fraction(t, df);
	/* beyond 1e100 the square of t is too near the end of the doubles, and the tail of so many degrees is 0 */
	if (df > MANY_DEGREES)
		return fabs(t) < 1e100 ? tail_by_quadrature(fabs(t), df) : 0.0;
	return tail_by_fraction(t, df);
}

/*
 * t > 0 with the two-sided tail `tail`, or with the body 1 - tail when that is
 * given as the smaller one.  Newton in log t for the log of the probability, which is
 * concave and nearly straight at both ends, kept inside a bracket.
 */
static double
solve_t(double probability, bool is_tail, double df)
{
	double		low = 0.0;
	double		high = INFINITY;
	double		t = is_tail ? fmax(mlk_normal_quantile(1.0 - 0.5 * probability), 0.1) : 1.0;

	if (isinf(t))
		t = 40.0;
	for (int i = 0; i < MAX_NEWTON_STEPS; i++)
	{
		double		value = is_tail ? mlk_t_two_sided(t, df) : t_body(t, df);
		bool		too_low = is_tail ? value > probability : value < probability;
		double		slope = 2.0 * t_density(t, df) * t / value;
		double		step = log(probability / value) / (is_tail ? -slope : slope);
		double		next = t * exp(step);

		if (value == probability)
			return t;
		if (too_low)
			low = t;
		else
			high = t;
		if (fabs(step) < 2.0 * DBL_EPSILON)
			return next;
		if (!(next > low && next < high))
			next = isinf(high) ? t * 1e3 : (low == 0.0 ? t * 1e-3 : sqrt(low) * sqrt(high));
		if (next == t || isinf(next))
			return next;
		t = next;
	}
	return t;
}

double
mlk_t_quantile(double p, double df)
{
	double		q = p < 0.5 ? p : 1.0 - p;
	double		t;

	if (isnan(p) || isnan(df) || p < 0.0 || p > 1.0 || df <= 0.0)
		return NAN;
	if (isinf(df))
		return mlk_normal_quantile(p);
	if (q == 0.0)
		return p == 0.0 ? -INFINITY : INFINITY;
	if (q == 0.5)
		return 0.0;
	t = q < 0.25 ? solve_t(2.0 * q, true, df) : solve_t(1.0 - 2.0 * q, false, df);
	return p < 0.5 ? -t : t;
}
