/*
 * squares.c: residuals of a linear model (see squares.h).
 */
#include "kernels/squares.h"

#include <string.h>

#include "kernels/vector.h"

#define MAX_BLOCK_ROWS 2048

double
mlk_squares_plan(MlkSquares *s, const MlkDesign *x, const double *y, const double *w, int threads)
{
	double		slot = 2.0 + x->cols;

	s->x = x;
	s->y = y;
	s->w = w;
	s->rounds = mlk_rounds_plan(x->rows, 4.0 * mlk_design_entries(x) + 10.0, sizeof(double) * slot, 64, MAX_BLOCK_ROWS);
	return (double) s->rounds.slots * slot + 2.0 * threads * (double) s->rounds.block_rows;
}

void
mlk_squares_start(MlkSquares *s, double *memory, const double *coefficients)
{
	size_t		slots = (size_t) s->rounds.slots * (2 + s->x->cols);

	s->slots = memory;
	s->threads = memory + slots;
	s->coefficients = coefficients;
	s->rounds.next = 0;
	memset(s->slots, 0, sizeof(double) * slots);
}

MLK_CLONES
static double
residuals(const double *y, const double *w, int64_t rows, double *restrict r, double *restrict weighted)
{
	for (int64_t i = 0; i < rows; i++)
		r[i] = (y == NULL ? 1.0 : y[i]) - r[i];
	for (int64_t i = 0; i < rows; i++)
		weighted[i] = w == NULL ? r[i] : w[i] * r[i];
	return mlk_vector_dot(r, weighted, rows);
}

static void
squares_block(void *arg, int64_t index, int worker)
{
	const MlkSquares *s = arg;
	int64_t		block = s->rounds.next + index;
	int64_t		from = block * s->rounds.block_rows;
	int64_t		rows = mlk_rounds_block_rows(&s->rounds, block);
	double	   *slot = s->slots + (block % s->rounds.slots) * (2 + s->x->cols);
	double	   *r = s->threads + 2 * worker * s->rounds.block_rows;
	double	   *weighted = r + rows;

	mlk_design_dot(s->x, from, rows, s->coefficients + 1, s->coefficients[0], r);
	slot[0] += residuals(s->y == NULL ? NULL : s->y + from, s->w == NULL ? NULL : s->w + from, rows, r, weighted);
	slot[1] += mlk_design_dot_t(s->x, from, rows, weighted, slot + 2);
}

MlkStatus
mlk_squares_round(MlkSquares *s, MlkPool *pool)
{
	int64_t		width = mlk_rounds_width(&s->rounds);
	MlkStatus	status = mlk_parallel_for(pool, width, squares_block, s);

	s->rounds.next += width;
	return status;
}

MlkStatus
mlk_squares_finish(MlkSquares *s, double *sum, double *product)
{
	int64_t		length = 2 + s->x->cols;

	for (int64_t k = 1; k < s->rounds.slots; k++)
		mlk_vector_axpy(1.0, s->slots + k * length, s->slots, length);
	*sum = s->slots[0];
	for (int64_t j = 1; j < length; j++)
		product[j - 1] = s->slots[j];
	return mlk_vector_finite(s->slots, length) ? MLK_OK : MLK_NOT_FINITE;
}
