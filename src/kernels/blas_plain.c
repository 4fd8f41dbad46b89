/*
 * blas_plain.c: the plain-loop twins of the BLAS seam.
 *
 * Loops run along rows, so that the innermost one is contiguous.  Indices are
 * size_t products of int: a matrix may have more than 2^31 elements.
 */
#include <string.h>

#include "kernels/blas_plain.h"

#define AT(matrix, ld, row, col) ((matrix)[(size_t) (row) * (ld) + (col)])

/* y[n] += factor * x[n] */
static inline void
add_scaled(int n, double factor, const double *x, double *y)
{
	for (int j = 0; j < n; j++)
		y[j] += factor * x[j];
}

/* Four sums, combined in a fixed order: an addition's latency is four times its cost. */
static inline double
dot(int n, const double *x, const double *y)
{
	double		s0 = 0.0;
	double		s1 = 0.0;
	double		s2 = 0.0;
	double		s3 = 0.0;
	int			j = 0;

	for (; j + 4 <= n; j += 4)
	{
		s0 += x[j] * y[j];
		s1 += x[j + 1] * y[j + 1];
		s2 += x[j + 2] * y[j + 2];
		s3 += x[j + 3] * y[j + 3];
	}
	for (; j < n; j++)
		s0 += x[j] * y[j];
	return (s0 + s1) + (s2 + s3);
}

/* beta 0 overwrites, so that what was there (NaN perhaps) does not matter */
static inline void
scale_row(int n, double beta, double *y)
{
	if (beta == 0.0)
		memset(y, 0, (size_t) n * sizeof(double));
	else if (beta != 1.0)
		for (int j = 0; j < n; j++)
			y[j] *= beta;
}

void
mlk_dgemm_plain(bool ta, bool tb, int m, int n, int k, double alpha,
				const double *a, int lda, const double *b, int ldb,
				double beta, double *c, int ldc)
{
	for (int i = 0; i < m; i++)
	{
		double	   *row = &AT(c, ldc, i, 0);

		scale_row(n, beta, row);
		if (!tb)
			for (int p = 0; p < k; p++)
				add_scaled(n, alpha * (ta ? AT(a, lda, p, i) : AT(a, lda, i, p)), &AT(b, ldb, p, 0), row);
		else if (!ta)
			for (int j = 0; j < n; j++)
				row[j] += alpha * dot(k, &AT(a, lda, i, 0), &AT(b, ldb, j, 0));
		else
			for (int j = 0; j < n; j++)
			{
				double		sum = 0.0;

				for (int p = 0; p < k; p++)
					sum += AT(a, lda, p, i) * AT(b, ldb, j, p);
				row[j] += alpha * sum;
			}
	}
}

/* one element of op(A) op(B); four sums as in dot */
static inline float
element32(bool ta, bool tb, int k, const float *a, int lda, const float *b, int ldb, int i, int j)
{
	size_t		step_a = ta ? lda : 1;
	size_t		step_b = tb ? 1 : ldb;
	const float *x = ta ? a + i : &AT(a, lda, i, 0);
	const float *y = tb ? &AT(b, ldb, j, 0) : b + j;
	float		sum[4] = {0};

	for (int p = 0; p < k; p++)
		sum[p % 4] += x[p * step_a] * y[p * step_b];
	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* row[n] := beta row + factors of a row of op(A) times the rows of B */
static void
combine32(bool ta, int n, int k, float alpha, const float *a, int lda, const float *b, int ldb, int i, float beta, float *row)
{
	if (beta == 0.0f)
		memset(row, 0, (size_t) n * sizeof(float));
	else if (beta != 1.0f)
		for (int j = 0; j < n; j++)
			row[j] *= beta;
	for (int p = 0; p < k; p++)
	{
		float		factor = alpha * (ta ? AT(a, lda, p, i) : AT(a, lda, i, p));
		const float *from = &AT(b, ldb, p, 0);

		for (int j = 0; j < n; j++)
			row[j] += factor * from[j];
	}
}

void
mlk_sgemm_plain(bool ta, bool tb, int m, int n, int k, float alpha,
				const float *a, int lda, const float *b, int ldb,
				float beta, float *c, int ldc)
{
	for (int i = 0; i < m; i++)
	{
		float	   *row = &AT(c, ldc, i, 0);

		if (!tb)
		{
			combine32(ta, n, k, alpha, a, lda, b, ldb, i, beta, row);
			continue;
		}
		for (int j = 0; j < n; j++)
		{
			float		sum = alpha * element32(ta, tb, k, a, lda, b, ldb, i, j);

			row[j] = beta == 0.0f ? sum : beta * row[j] + sum;
		}
	}
}

void
mlk_dsyrk_t_plain(int m, int n, const double *a, int lda, double *c, int ldc)
{
	for (int r = 0; r < m; r++)
	{
		const double *row = &AT(a, lda, r, 0);

		for (int i = 0; i < n; i++)
			add_scaled(n - i, row[i], row + i, &AT(c, ldc, i, i));
	}
}

void
mlk_dgemv_plain(int m, int n, const double *a, int lda, const double *x, double beta, double *y)
{
	for (int i = 0; i < m; i++)
		y[i] = dot(n, &AT(a, lda, i, 0), x) + (beta == 0.0 ? 0.0 : beta * y[i]);
}

void
mlk_dgemv_t_plain(int m, int n, const double *a, int lda, const double *x, double *y)
{
	for (int i = 0; i < m; i++)
		add_scaled(n, x[i], &AT(a, lda, i, 0), y);
}

/* Row by row: row i of U is what is left of row i of A, divided by the root of its diagonal. */
bool
mlk_dpotrf_u_plain(int n, double *a, int lda)
{
	for (int i = 0; i < n; i++)
	{
		double	   *row = &AT(a, lda, i, 0);
		double		root;

		/* the negation catches NaN */
		if (!(row[i] > 0.0) || isinf(row[i]))
			return false;
		root = sqrt(row[i]);
		row[i] = root;
		for (int j = i + 1; j < n; j++)
			row[j] /= root;
		for (int j = i + 1; j < n; j++)
			add_scaled(n - j, -row[j], row + j, &AT(a, lda, j, j));
	}
	return true;
}

/* V := inverse of the upper triangle U, in place: row i from the rows below it, which are done already. */
static bool
invert_triangle(int n, double *a, int lda)
{
	for (int i = n - 1; i >= 0; i--)
	{
		double	   *row = &AT(a, lda, i, 0);

		if (row[i] == 0.0)
			return false;
		row[i] = 1.0 / row[i];
		for (int j = n - 1; j > i; j--)
		{
			double		sum = 0.0;

			for (int p = i + 1; p <= j; p++)
				sum += row[p] * AT(a, lda, p, j);
			row[j] = -sum * row[i];
		}
	}
	return true;
}

/* (U'U)^-1 = V V'; element (i, j) needs columns from j on, so rows and columns can go upwards in place. */
bool
mlk_dpotri_u_plain(int n, double *a, int lda)
{
	if (!invert_triangle(n, a, lda))
		return false;
	for (int i = 0; i < n; i++)
		for (int j = i; j < n; j++)
			AT(a, lda, i, j) = dot(n - j, &AT(a, lda, i, j), &AT(a, lda, j, j));
	mlk_mirror_upper(n, a, lda);
	return true;
}

void
mlk_mirror_upper(int n, double *a, int lda)
{
	for (int i = 1; i < n; i++)
		for (int j = 0; j < i; j++)
			AT(a, lda, i, j) = AT(a, lda, j, i);
}
