/*
 * panel.c: rows of a design as columns, so that the orthogonal factorisation
 * reads and writes unit strides.
 */
#include "kernels/panel.h"

#include <string.h>

/* zeros, but for what the rows' vectors hold */
static void
scatter_sparse(const MlkBlock *block, int64_t from, int rows, double *out, int64_t ld)
{
	const MlkSparse *sparse = block->sparse;

	for (int i = 0; i < rows; i++)
	{
		uint32_t	code = block->codes[(from + i) * block->stride];

		if (code >= sparse->n)
			continue;
		for (int64_t e = sparse->start[code]; e < sparse->start[code + 1]; e++)
			out[sparse->column[e] * ld + i] = sparse->value[e];
	}
}

/* eight columns at a time: each cache line of a row is used up while it is near */
static void
transpose(const double *x, int64_t stride, int cols, int rows, double *out, int64_t ld)
{
	int			k = 0;

	for (; k + 8 <= cols; k += 8)
	{
		for (int i = 0; i < rows; i++)
		{
			const double *from = x + i * stride + k;
			double	   *to = out + k * ld + i;

			for (int l = 0; l < 8; l++)
				to[l * ld] = from[l];
		}
	}
	for (; k < cols; k++)
	{
		for (int i = 0; i < rows; i++)
			out[k * ld + i] = x[i * stride + k];
	}
}

void
mlk_panel_columns(const MlkDesign *x, int64_t from, int rows, double *out, int64_t ld)
{
	for (int b = 0; b < x->n_blocks; b++)
	{
		const MlkBlock *block = &x->blocks[b];
		double	   *target = out + block->first * ld;
		const uint32_t *code;

		if (block->kind == MLK_BLOCK_DENSE)
		{
			transpose(block->dense + from * block->stride, block->stride, block->cols, rows, target, ld);
			continue;
		}
		code = block->codes + from * block->stride;
		for (int k = 0; k < block->cols; k++)
			memset(target + k * ld, 0, sizeof(double) * rows);
		if (block->kind == MLK_BLOCK_SPARSE)
		{
			scatter_sparse(block, from, rows, target, ld);
			continue;
		}
		for (int i = 0; i < rows; i++)
		{
			if (code[i * block->stride] < (uint32_t) block->cols)
				target[code[i * block->stride] * ld + i] = 1.0;
		}
	}
}
