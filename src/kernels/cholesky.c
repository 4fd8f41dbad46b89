/*
 * cholesky.c: right-looking Cholesky factorisation (see cholesky.h).
 */
#include "kernels/cholesky.h"

#include <string.h>

#include "kernels/blas.h"
#include "kernels/vector.h"

#define STEP 64					/* columns in one step */
#define TILE 128				/* rows of the trailing matrix that one thread updates at a time */

typedef struct Trailing
{
	int			n;
	int			from;			/* first column of the step */
	int			to;				/* first column behind it */
	double	   *a;
	int64_t		ld;
} Trailing;

/* rows [from, to) of U from the partly updated matrix, over all columns to the right */
static bool
factor_step(int n, int from, int to, double *a, int64_t ld, double tolerance, uint8_t *dropped, const double *diagonal)
{
	for (int i = from; i < to; i++)
	{
		double	   *row = a + i * ld;
		double		root;

		for (int l = from; l < i; l++)
			mlk_vector_axpy(-a[l * ld + i], a + l * ld + i, row + i, n - i);
		if (!(row[i] > tolerance * diagonal[i]))
		{
			if (dropped == NULL)
				return false;
			dropped[i] = 1;
			memset(row + i, 0, sizeof(double) * (n - i));
			row[i] = INFINITY;
			continue;
		}
		root = sqrt(row[i]);
		for (int k = i; k < n; k++)
			row[k] /= root;
	}
	return true;
}

/* subtract the step's rows from one tile of the trailing matrix */
static void
update_tile(void *arg, int64_t block, int worker)
{
	const Trailing *t = arg;
	int			first = t->to + (int) block * TILE;
	int			rows = t->n - first < TILE ? t->n - first : TILE;
	const double *u = t->a + t->from * t->ld + first;

	mlk_dgemm(true, false, rows, t->n - first, t->to - t->from, -1.0, u, (int) t->ld, u, (int) t->ld,
			  1.0, t->a + first * t->ld + first, (int) t->ld);
}

MlkStatus
mlk_cholesky(MlkPool *pool, int n, double *a, int64_t ld, double tolerance, uint8_t *dropped, double *diagonal)
{
	for (int i = 0; i < n; i++)
		diagonal[i] = a[i * ld + i];
	for (int i = 0; dropped != NULL && i < n; i++)
		dropped[i] = 0;
	for (int from = 0; from < n; from += STEP)
	{
		int			to = from + STEP < n ? from + STEP : n;
		Trailing	t = {n, from, to, a, ld};
		MlkStatus	status;

		if (!factor_step(n, from, to, a, ld, tolerance, dropped, diagonal))
			return MLK_SINGULAR;
		status = mlk_parallel_for(pool, (n - to + TILE - 1) / TILE, update_tile, &t);
		if (status != MLK_OK)
			return status;
	}
	return MLK_OK;
}
