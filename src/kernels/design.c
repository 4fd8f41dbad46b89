/*
 * design.c: products with the design matrix, block by block.
 *
 * These few loops are all that linear learners and scorers touch of the data.
 * A row's result never depends on how many rows are asked for at once, so a
 * row scored alone and the same row in a block give the same bits.
 */
#include "kernels/design.h"

#include <string.h>

#include "kernels/vector.h"

double
mlk_design_entries(const MlkDesign *x)
{
	double		entries = 0.0;

	for (int b = 0; b < x->n_blocks; b++)
	{
		const MlkBlock *block = &x->blocks[b];

		if (block->kind == MLK_BLOCK_DENSE)
			entries += block->cols;
		else if (block->kind != MLK_BLOCK_SPARSE)
			entries += 1.0;
		else if (block->sparse->n > 0)
			entries += (double) block->sparse->start[block->sparse->n] / (double) block->sparse->n;
	}
	return entries;
}

MlkDesign
mlk_design_slice(const MlkDesign *x, int64_t from, int64_t rows, MlkBlock *blocks_out)
{
	MlkDesign	slice = *x;

	for (int b = 0; b < x->n_blocks; b++)
	{
		blocks_out[b] = x->blocks[b];
		if (blocks_out[b].kind == MLK_BLOCK_DENSE)
			blocks_out[b].dense += from * blocks_out[b].stride;
		else
			blocks_out[b].codes += from * blocks_out[b].stride;
	}
	slice.rows = rows;
	slice.blocks = blocks_out;
	return slice;
}

/* the vector that a row names; none: to == from */
static inline void
row_entries(const MlkBlock *block, int64_t row, int64_t *from, int64_t *to)
{
	uint32_t	code = block->codes[row * block->stride];

	*from = *to = 0;
	if (code < block->sparse->n)
	{
		*from = block->sparse->start[code];
		*to = block->sparse->start[code + 1];
	}
}

static void
expand_sparse(const MlkBlock *block, int64_t row, double *out)
{
	int64_t		from;
	int64_t		to;

	row_entries(block, row, &from, &to);
	for (int64_t e = from; e < to; e++)
		out[block->sparse->column[e]] = block->sparse->value[e];
}

void
mlk_design_expand(const MlkDesign *x, int64_t from, int64_t rows, double *out, int64_t ld)
{
	for (int b = 0; b < x->n_blocks; b++)
	{
		const MlkBlock *block = &x->blocks[b];
		size_t		width = sizeof(double) * (size_t) block->cols;

		for (int64_t i = 0; i < rows; i++)
		{
			double	   *row = out + i * ld + block->first;
			int64_t		at = (from + i) * block->stride;

			if (block->kind == MLK_BLOCK_DENSE)
			{
				memcpy(row, block->dense + at, width);
				continue;
			}
			memset(row, 0, width);
			if (block->kind == MLK_BLOCK_SPARSE)
				expand_sparse(block, from + i, row);
			else if (block->codes[at] < (uint32_t) block->cols)
				row[block->codes[at]] = 1.0;
		}
	}
}

MLK_CLONES
static void
dot_dense(const double *x, int64_t stride, int cols, int64_t rows, const double *w, double *out)
{
	for (int64_t i = 0; i < rows; i++)
		out[i] += mlk_vector_dot(x + i * stride, w, cols);
}

static void
dot_sparse(const MlkBlock *block, int64_t row, int64_t rows, const double *w, double *out)
{
	const uint32_t *column = block->sparse->column;
	const double *value = block->sparse->value;

	for (int64_t i = 0; i < rows; i++)
	{
		double		sum = 0.0;
		int64_t		from;
		int64_t		to;

		row_entries(block, row + i, &from, &to);
		for (int64_t e = from; e < to; e++)
			sum += value[e] * w[column[e]];
		out[i] += sum;
	}
}

static void
dot_t_sparse(const MlkBlock *block, int64_t row, int64_t rows, const double *r, double *g)
{
	const uint32_t *column = block->sparse->column;
	const double *value = block->sparse->value;

	for (int64_t i = 0; i < rows; i++)
	{
		int64_t		from;
		int64_t		to;

		row_entries(block, row + i, &from, &to);
		for (int64_t e = from; e < to; e++)
			g[column[e]] += value[e] * r[i];
	}
}

static void
squares_sparse(const MlkBlock *block, int64_t row, int64_t rows, const double *w, double *g)
{
	const uint32_t *column = block->sparse->column;
	const double *value = block->sparse->value;

	for (int64_t i = 0; i < rows; i++)
	{
		int64_t		from;
		int64_t		to;

		row_entries(block, row + i, &from, &to);
		for (int64_t e = from; e < to; e++)
			g[column[e]] += (w == NULL ? 1.0 : w[i]) * value[e] * value[e];
	}
}

static void
dot_codes(const uint32_t *code, int64_t stride, uint32_t cols, int64_t rows, const double *w, double *out)
{
	for (int64_t i = 0; i < rows; i++)
	{
		if (code[i * stride] < cols)
			out[i] += w[code[i * stride]];
	}
}

void
mlk_design_dot(const MlkDesign *x, int64_t from, int64_t rows, const double *w, double intercept, double *out)
{
	for (int64_t i = 0; i < rows; i++)
		out[i] = intercept;
	for (int b = 0; b < x->n_blocks; b++)
	{
		const MlkBlock *block = &x->blocks[b];
		int64_t		at = from * block->stride;

		if (block->kind == MLK_BLOCK_DENSE)
			dot_dense(block->dense + at, block->stride, block->cols, rows, w + block->first, out);
		else if (block->kind == MLK_BLOCK_SPARSE)
			dot_sparse(block, from, rows, w + block->first, out);
		else
			dot_codes(block->codes + at, block->stride, (uint32_t) block->cols, rows, w + block->first, out);
	}
}

/* four rows at a time, so that g is loaded and stored once for the four */
MLK_CLONES
static void
dot_t_dense(const double *restrict x, int64_t stride, int cols, int64_t rows, const double *restrict r,
			double *restrict g)
{
	int64_t		i = 0;

	for (; i + 4 <= rows; i += 4)
	{
		const double *row = x + i * stride;

		for (int j = 0; j < cols; j++)
			g[j] += (r[i] * row[j] + r[i + 1] * row[j + stride]) +
				(r[i + 2] * row[j + 2 * stride] + r[i + 3] * row[j + 3 * stride]);
	}
	for (; i < rows; i++)
		mlk_vector_axpy(r[i], x + i * stride, g, cols);
}

static void
dot_t_codes(const uint32_t *code, int64_t stride, uint32_t cols, int64_t rows, const double *r, double *g)
{
	for (int64_t i = 0; i < rows; i++)
	{
		if (code[i * stride] < cols)
			g[code[i * stride]] += r[i];
	}
}

MLK_CLONES
static double
sum_rows(const double *r, int64_t rows)
{
	return mlk_vector_sum(r, rows);
}

double
mlk_design_dot_t(const MlkDesign *x, int64_t from, int64_t rows, const double *r, double *g)
{
	for (int b = 0; b < x->n_blocks; b++)
	{
		const MlkBlock *block = &x->blocks[b];
		int64_t		at = from * block->stride;

		if (block->kind == MLK_BLOCK_DENSE)
			dot_t_dense(block->dense + at, block->stride, block->cols, rows, r, g + block->first);
		else if (block->kind == MLK_BLOCK_SPARSE)
			dot_t_sparse(block, from, rows, r, g + block->first);
		else
			dot_t_codes(block->codes + at, block->stride, (uint32_t) block->cols, rows, r, g + block->first);
	}
	return sum_rows(r, rows);
}

MLK_CLONES
static void
squares_dense(const double *x, int64_t stride, int cols, int64_t rows, const double *w, double *g)
{
	for (int64_t i = 0; i < rows; i++)
	{
		double		weight = w == NULL ? 1.0 : w[i];

		for (int j = 0; j < cols; j++)
			g[j] += weight * x[i * stride + j] * x[i * stride + j];
	}
}

static void
squares_codes(const uint32_t *code, int64_t stride, uint32_t cols, int64_t rows, const double *w, double *g)
{
	for (int64_t i = 0; i < rows; i++)
	{
		if (code[i * stride] < cols)
			g[code[i * stride]] += w == NULL ? 1.0 : w[i];
	}
}

void
mlk_design_squares(const MlkDesign *x, int64_t from, int64_t rows, const double *w, double *g)
{
	for (int b = 0; b < x->n_blocks; b++)
	{
		const MlkBlock *block = &x->blocks[b];
		int64_t		at = from * block->stride;

		if (block->kind == MLK_BLOCK_DENSE)
			squares_dense(block->dense + at, block->stride, block->cols, rows, w, g + block->first);
		else if (block->kind == MLK_BLOCK_SPARSE)
			squares_sparse(block, from, rows, w, g + block->first);
		else
			squares_codes(block->codes + at, block->stride, (uint32_t) block->cols, rows, w, g + block->first);
	}
}
