/*
 * triangular.c: solves with an upper triangle, and the variances that follow from it.
 */
#include "kernels/triangular.h"

#include <string.h>

#include "kernels/vector.h"

#define COLUMNS_PER_BLOCK 8		/* of the inverse: bounded work even for thousands of columns */

MLK_CLONES
void
mlk_triangular_solve(int n, const double *r, int64_t ld, double *b)
{
	for (int i = n - 1; i >= 0; i--)
	{
		const double *row = r + i * ld;

		b[i] = (b[i] - mlk_vector_dot(row + i + 1, b + i + 1, n - i - 1)) / row[i];
	}
}

/* elements of b before `from` are known to be zero */
MLK_CLONES
static void
solve_t_from(int n, const double *r, int64_t ld, int from, double *b)
{
	for (int i = from; i < n; i++)
	{
		const double *row = r + i * ld;

		b[i] /= row[i];
		mlk_vector_axpy(-b[i], row + i + 1, b + i + 1, n - i - 1);
	}
}

void
mlk_triangular_solve_t(int n, const double *r, int64_t ld, double *b)
{
	solve_t_from(n, r, ld, 0, b);
}

MLK_CLONES
void
mlk_triangular_multiply(int n, const double *r, int64_t ld, const double *b, double *out)
{
	for (int i = 0; i < n; i++)
		out[i] = mlk_vector_dot(r + i * ld + i, b + i, n - i);
}

typedef struct Variances
{
	int			n;
	const double *r;
	const double *c;
	int64_t		ld;
	double	   *variance;
	double	   *scratch;
} Variances;

/* column j of the inverse: z = R'^-1 e_j has z'z = S_jj; s = R^-1 z is column j of S, and C s has the sandwich's */
MLK_CLONES
static void
variance_block(void *arg, int64_t block, int worker)
{
	const Variances *v = arg;
	int			n = v->n;
	double	   *z = v->scratch + (size_t) worker * 2 * n;
	double	   *product = z + n;
	int			from = (int) block * COLUMNS_PER_BLOCK;
	int			end = from + COLUMNS_PER_BLOCK < n ? from + COLUMNS_PER_BLOCK : n;

	for (int j = from; j < end; j++)
	{
		memset(z, 0, sizeof(double) * n);
		z[j] = 1.0;
		solve_t_from(n, v->r, v->ld, j, z);
		if (v->c == NULL)
		{
			v->variance[j] = mlk_vector_dot(z + j, z + j, n - j);
			continue;
		}
		mlk_triangular_solve(n, v->r, v->ld, z);
		mlk_triangular_multiply(n, v->c, v->ld, z, product);
		v->variance[j] = mlk_vector_dot(product, product, n);
	}
}

/* trace of S C'C = sum over rows i of C of |R'^-1 C_i'|^2 */
static double
trace_of(const Variances *v, MlkPool *pool, MlkStatus *status)
{
	double		sum = 0.0;

	for (int i = 0; i < v->n; i++)
	{
		if (mlk_pool_stop(pool))
		{
			*status = MLK_CANCELLED;
			break;
		}
		memset(v->scratch, 0, sizeof(double) * i);
		memcpy(v->scratch + i, v->c + i * v->ld + i, sizeof(double) * (v->n - i));
		solve_t_from(v->n, v->r, v->ld, i, v->scratch);
		sum += mlk_vector_dot(v->scratch + i, v->scratch + i, v->n - i);
	}
	return sum;
}

MlkStatus
mlk_triangular_variances(MlkPool *pool, int n, const double *r, const double *c, int64_t ld,
						 double *variance, double *trace, double *scratch)
{
	Variances	v = {n, r, c, ld, variance, scratch};
	MlkStatus	status = mlk_parallel_for(pool, (n + COLUMNS_PER_BLOCK - 1) / COLUMNS_PER_BLOCK, variance_block, &v);

	if (status == MLK_OK && c != NULL)
		*trace = trace_of(&v, pool, &status);
	return status;
}
