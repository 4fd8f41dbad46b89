/*
 * mlp_input.c: between the design and the first layer of a network, there and back (see mlp_block.h).
 *
 * Dense blocks are copied out as 32-bit numbers for BLAS; codes and sparse entries add rows of weights going forward, and add to
 * rows of the gradient going back.
 */
#include "kernels/mlp_block.h"

#include <string.h>

#include "kernels/blas.h"

/* rows that are asked for ahead of their turn, and how much of each; of a wide one the CPU fetches the rest by itself */
#define GATHER_AHEAD 16
#define GATHER_BYTES 512

/* rows lie anywhere, and the next ones are known */
static inline void
fetch_ahead(const char *row, size_t bytes)
{
	bytes = bytes < GATHER_BYTES ? bytes : GATHER_BYTES;
	for (size_t at = 0; at < bytes; at += 64)
		__builtin_prefetch(row + at);
	__builtin_prefetch(row + bytes - 1);
}

MLK_CLONES
static void
gather_dense(const double *x, int64_t stride, int cols, const uint32_t *row, int rows, float *restrict out)
{
	for (int i = 0; i < rows; i++)
	{
		const double *from = x + (int64_t) row[i] * stride;

		if (i + GATHER_AHEAD < rows)
			fetch_ahead((const char *) (x + (int64_t) row[i + GATHER_AHEAD] * stride), sizeof(double) * cols);
		for (int j = 0; j < cols; j++)
			out[(size_t) i * cols + j] = (float) from[j];
	}
}

MLK_CLONES
static void
gather_copy(const float *x, int cols, const uint32_t *row, int rows, float *restrict out)
{
	for (int i = 0; i < rows; i++)
	{
		const float *from = x + (size_t) row[i] * cols;

		if (i + GATHER_AHEAD < rows)
			fetch_ahead((const char *) (x + (size_t) row[i + GATHER_AHEAD] * cols), sizeof(float) * cols);
		for (int j = 0; j < cols; j++)
			out[(size_t) i * cols + j] = from[j];
	}
}

double
mlk_mlp_copy_size(const MlkDesign *x)
{
	double		cols = 0.0;

	for (int b = 0; b < x->n_blocks; b++)
		cols += x->blocks[b].kind == MLK_BLOCK_DENSE ? x->blocks[b].cols : 0;
	return cols * (double) x->rows;
}

void
mlk_mlp_copy(const MlkDesign *x, int64_t from, int64_t rows, float *copy)
{
	for (int b = 0; b < x->n_blocks; b++)
	{
		const MlkBlock *block = &x->blocks[b];

		if (block->kind != MLK_BLOCK_DENSE)
			continue;
		for (int64_t i = from; i < from + rows; i++)
		{
			for (int j = 0; j < block->cols; j++)
				copy[(size_t) i * block->cols + j] = (float) block->dense[i * block->stride + j];
		}
		copy += (size_t) block->cols * x->rows;
	}
}

/* y += factor x */
static inline void
add_row(float factor, const float *restrict x, float *restrict y, int n)
{
	for (int j = 0; j < n; j++)
		y[j] += factor * x[j];
}

/* the vector that a row names */
static inline void
sparse_entries(const MlkBlock *block, uint32_t row, int64_t *from, int64_t *to)
{
	uint32_t	code = block->codes[(int64_t) row * block->stride];

	*from = *to = 0;
	if (code < block->sparse->n)
	{
		*from = block->sparse->start[code];
		*to = block->sparse->start[code + 1];
	}
}

/* z += rows of the weights w, of width n, that codes or sparse entries name */
MLK_CLONES
static void
add_named(const MlkBlock *block, const uint32_t *row, int rows, const float *w, int n, float *z)
{
	for (int i = 0; i < rows; i++)
	{
		int64_t		from;
		int64_t		to;

		if (block->kind != MLK_BLOCK_SPARSE)
		{
			uint32_t	code = block->codes[(int64_t) row[i] * block->stride];

			if (code < (uint32_t) block->cols)
				add_row(1.0f, w + (size_t) code * n, z + (size_t) i * n, n);
			continue;
		}
		sparse_entries(block, row[i], &from, &to);
		for (int64_t e = from; e < to; e++)
			add_row((float) block->sparse->value[e], w + (size_t) block->sparse->column[e] * n, z + (size_t) i * n, n);
	}
}

/* the way back: rows of the gradient g += factors times delta */
MLK_CLONES
static void
add_to_named(const MlkBlock *block, const uint32_t *row, int rows, const float *delta, int n, float *g)
{
	for (int i = 0; i < rows; i++)
	{
		int64_t		from;
		int64_t		to;

		if (block->kind != MLK_BLOCK_SPARSE)
		{
			uint32_t	code = block->codes[(int64_t) row[i] * block->stride];

			if (code < (uint32_t) block->cols)
				add_row(1.0f, delta + (size_t) i * n, g + (size_t) code * n, n);
			continue;
		}
		sparse_entries(block, row[i], &from, &to);
		for (int64_t e = from; e < to; e++)
			add_row((float) block->sparse->value[e], delta + (size_t) i * n, g + (size_t) block->sparse->column[e] * n, n);
	}
}

/* rows of a dense block as 32-bit numbers */
static void
gather(const MlkMlpBlock *b, int index)
{
	const MlkDesign *x = b->pass->x;
	const MlkBlock *block = &x->blocks[index];
	size_t		before = 0;

	if (b->pass->copy == NULL)
	{
		gather_dense(block->dense, block->stride, block->cols, b->row, b->rows, b->input);
		return;
	}
	for (int k = 0; k < index; k++)
		before += x->blocks[k].kind == MLK_BLOCK_DENSE ? (size_t) x->blocks[k].cols * x->rows : 0;
	gather_copy(b->pass->copy + before, block->cols, b->row, b->rows, b->input);
}

void
mlk_mlp_from_design(MlkMlpBlock *b, float *z)
{
	const MlkMlp *net = b->pass->net;
	const MlkDesign *x = b->pass->x;
	int			n = net->width[1];
	bool		empty = x->n_blocks == 0 || x->blocks[0].kind != MLK_BLOCK_DENSE || x->blocks[0].cols == 0;

	/* else the first product sets it */
	if (empty)
		memset(z, 0, sizeof(float) * (size_t) b->rows * n);

	for (int k = 0; k < x->n_blocks; k++)
	{
		const MlkBlock *block = &x->blocks[k];
		const float *w = b->pass->params + (size_t) block->first * n;

		if (block->kind != MLK_BLOCK_DENSE)
		{
			add_named(block, b->row, b->rows, w, n, z);
			continue;
		}
		if (block->cols == 0)
			continue;
		gather(b, k);
		mlk_sgemm(false, false, b->rows, n, block->cols, 1.0f, b->input, block->cols, w, n,
				  k == 0 ? 0.0f : 1.0f, z, n);
	}
}

void
mlk_mlp_to_design(MlkMlpBlock *b)
{
	const MlkDesign *x = b->pass->x;
	int			n = b->pass->net->width[1];
	bool		gathered = true;

	/* backwards: what was gathered on the way forward is the last dense block's, until another one takes its place */
	for (int k = x->n_blocks - 1; k >= 0; k--)
	{
		const MlkBlock *block = &x->blocks[k];
		float	   *g = b->gradient + (size_t) block->first * n;

		if (block->kind != MLK_BLOCK_DENSE)
		{
			if (b->first)
				memset(g, 0, sizeof(float) * (size_t) block->cols * n);
			add_to_named(block, b->row, b->rows, b->delta, n, g);
			continue;
		}
		if (block->cols == 0)
			continue;
		if (!gathered)
			gather(b, k);
		gathered = false;
		mlk_sgemm(true, false, block->cols, n, b->rows, 1.0f, b->input, block->cols, b->delta, n,
				  b->first ? 0.0f : 1.0f, g, n);
	}
}
