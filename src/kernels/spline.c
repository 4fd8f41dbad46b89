/*
 * spline.c: B-spline bases by the recursion of Cox and de Boor.
 */
#include "kernels/spline.h"

void
mlk_spline_knots(const double *base, int n, int degree, double *out)
{
	double		first = base[1] - base[0];
	double		last = base[n - 1] - base[n - 2];

	for (int k = 0; k < degree; k++)
	{
		out[k] = base[0] - (degree - k) * first;
		out[degree + n + k] = base[n - 1] + (k + 1) * last;
	}
	for (int k = 0; k < n; k++)
		out[degree + k] = base[k];
}

/* knots[piece] <= x < knots[piece + 1] among the pieces between the base knots, the nearest piece beyond them */
static int
find_piece(const double *knots, int n, int degree, double x)
{
	int			low = degree;
	int			high = degree + n - 2;

	while (low < high)
	{
		int			middle = low + (high - low + 1) / 2;

		if (x >= knots[middle])
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

/*
 * The degree + 1 functions that live on a piece, by raising the degree one at a time; with slope, the last raise is that of
 * their derivatives.  Knots that coincide span nothing.
 */
static void
piece_values(const double *knots, int piece, int degree, double x, bool slope, double *value)
{
	double		below[MLK_SPLINE_MAX_DEGREE + 1];

	value[0] = 1.0;
	for (int d = 1; d <= degree; d++)
	{
		for (int k = 0; k < d; k++)
			below[k] = value[k];
		value[0] = 0.0;
		for (int k = 1; k <= d; k++)
		{
			double		right = knots[piece + k];
			double		left = knots[piece + k - d];
			double		weight;

			value[k] = 0.0;
			if (right == left)
				continue;
			if (slope && d == degree)
			{
				weight = d * below[k - 1] / (right - left);
				value[k - 1] -= weight;
				value[k] = weight;
			}
			else
			{
				weight = below[k - 1] / (right - left);
				value[k - 1] += weight * (right - x);
				value[k] = weight * (x - left);
			}
		}
	}
	if (slope && degree == 0)
		value[0] = 0.0;
}

void
mlk_spline_basis(const double *knots, int n, int degree, MlkSplineEnd end, double x, double *out)
{
	double		value[MLK_SPLINE_MAX_DEGREE + 1];
	double		low = knots[degree];
	double		high = knots[degree + n - 1];
	double		at = x;
	int			piece;

	if (end != MLK_SPLINE_CONTINUE && !isnan(x))
		at = x < low ? low : x > high ? high : x;
	for (int k = 0; k < n + degree - 1; k++)
		out[k] = isnan(x) ? NAN : 0.0;
	if (isnan(x))
		return;
	piece = find_piece(knots, n, degree, at);
	piece_values(knots, piece, degree, at, false, value);
	for (int k = 0; k <= degree; k++)
		out[piece - degree + k] = value[k];
	if (at == x || end != MLK_SPLINE_LINEAR)
		return;
	piece_values(knots, piece, degree, at, true, value);
	for (int k = 0; k <= degree; k++)
		out[piece - degree + k] += (x - at) * value[k];
}
