/*
 * keep.c: leaves columns of the design out: dense numbers, and columns of one-hot blocks, whose codes are then renumbered.
 *
 * A row of a one-hot block whose column is gone sets no column.  A category of the native layout is one column, and stays or goes.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "dataset/bigmem.h"
#include "preprocess/keep.h"

void
ml_keep_make(MlKeep *keep)
{
	int			cols = keep->stage.in->cols;

	keep->kept = palloc0(sizeof(bool) * Max(cols, 1));
	keep->score = ml_palloc_array(Max(cols, 1), sizeof(double));
}

/* ---- shape ---- */

/* the columns of a block of codes that stay, numbered anew; its width */
static int
place_block(MlKeep *keep, int block, int first_out)
{
	const MlRowShape *in = keep->stage.in;
	const MlkBlock *b = &in->blocks[block];
	uint32	   *code = ml_palloc_array(Max(b->cols, 1), sizeof(uint32));
	int			cols = 0;

	for (int k = 0; k < b->cols; k++)
	{
		code[k] = keep->kept[b->first + k] ? cols : MLK_NO_CODE;
		if (keep->kept[b->first + k])
			keep->source[first_out + cols++] = b->first + k;
	}
	if (cols > 0)
		keep->code[keep->stage.out.n_codes] = code;
	if (cols == b->cols || b->kind != MLK_BLOCK_CODES)
		keep->code[keep->stage.out.n_codes] = NULL;
	return cols;
}

void
ml_keep_shape(MlStage *stage)
{
	MlKeep	   *keep = (MlKeep *) stage;
	const MlRowShape *in = stage->in;
	MlRowShape    *out = &stage->out;

	keep->source = ml_palloc_array(Max(in->cols, 1), sizeof(int));
	keep->block = palloc(sizeof(int) * Max(in->n_codes, 1));
	keep->code = palloc0(sizeof(uint32 *) * Max(in->n_codes, 1));
	out->blocks = palloc0(sizeof(MlkBlock) * Max(in->n_codes, 1));
	out->center = palloc(sizeof(double) * Max(in->n_dense, 1));
	out->scale = palloc(sizeof(double) * Max(in->n_dense, 1));
	for (int j = 0; j < in->n_dense; j++)
	{
		if (!keep->kept[j])
			continue;
		out->center[out->n_dense] = in->center[j];
		out->scale[out->n_dense] = in->scale[j];
		keep->source[out->n_dense++] = j;
	}
	out->cols = out->n_dense;
	for (int b = 0; b < in->n_codes; b++)
	{
		int			cols = place_block(keep, b, out->cols);

		if (cols == 0)
			continue;
		keep->block[out->n_codes] = b;
		out->blocks[out->n_codes] = in->blocks[b];
		out->blocks[out->n_codes].cols = cols;
		out->n_codes++;
		out->cols += cols;
	}
	ml_shape_place(out);
}

int
ml_keep_source(const MlStage *stage, int k)
{
	return ((const MlKeep *) stage)->source[k];
}

/* ---- rows ---- */

void
ml_keep_apply(const MlStage *stage, int64 n, double *dense, const uint32 *codes, double *out, uint32 *out_codes,
			  void *scratch)
{
	const MlKeep *keep = (const MlKeep *) stage;
	const MlRowShape *to = &stage->out;

	for (int64 i = 0; i < n; i++)
	{
		const double *from = dense + i * stage->in->n_dense;

		for (int j = 0; j < to->n_dense; j++)
			out[i * to->n_dense + j] = from[keep->source[j]];
	}
	for (int64 i = 0; i < n; i++)
	{
		for (int b = 0; b < to->n_codes; b++)
		{
			uint32		code = codes[i * stage->in->n_codes + keep->block[b]];

			if (keep->code[b] != NULL)
				code = code < (uint32) stage->in->blocks[keep->block[b]].cols ? keep->code[b][code] : MLK_NO_CODE;
			out_codes[i * to->n_codes + b] = code;
		}
	}
}

/* ---- counting for fit ---- */

int64 *
ml_keep_count_codes(const MlStage *stage, const MlStageFit *data, int block, int *n_codes)
{
	const MlkBlock *b = &stage->in->blocks[block];
	uint32		n = b->kind == MLK_BLOCK_CATEGORY ? b->n_codes : b->cols;
	int64	   *count = palloc0(sizeof(int64) * ((Size) n + 1));

	for (int64 i = 0; i < data->n; i++)
	{
		if ((i & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
		count[Min(data->codes[i * stage->in->n_codes + block], n)]++;
	}
	*n_codes = n;
	return count;
}

void
ml_keep_each_entry(const MlStage *stage, const MlStageFit *data, int block, MlEntryFn fn, void *arg)
{
	const MlkSparse *sparse = data->sparse[block];
	const uint32 *column = data->sparse_column[block];
	int			first = stage->in->blocks[block].first;

	for (int64 i = 0; i < data->n; i++)
	{
		uint32		code = data->codes[i * stage->in->n_codes + block];

		if ((i & 0xfff) == 0)
			CHECK_FOR_INTERRUPTS();
		if (code >= sparse->n)
			continue;
		for (int64 e = sparse->start[code]; e < sparse->start[code + 1]; e++)
		{
			uint32		k = column == NULL ? sparse->column[e] : column[sparse->column[e]];

			if (k != MLK_NO_CODE)
				fn(arg, i, first + (int) k, sparse->value[e]);
		}
	}
}

/* ---- bytes ---- */

void
ml_keep_write(const MlStage *stage, MlBlobWriter *w)
{
	const MlKeep *keep = (const MlKeep *) stage;
	int			cols = stage->in->cols;

	ml_blob_put_u32(w, cols);
	for (int j = 0; j < cols; j++)
		ml_blob_put_u8(w, keep->kept[j]);
	for (int j = 0; j < cols; j++)
		ml_blob_put_f64(w, keep->score[j]);
}

void
ml_keep_read(MlStage *stage, MlBlobReader *r)
{
	MlKeep	   *keep = (MlKeep *) stage;
	uint32		cols = ml_blob_get_count(r, 1 + sizeof(double), stage->in->cols);

	if (cols != stage->in->cols)
		ml_blob_fail(r, "a stage does not have the columns that enter it");
	if (!ml_blob_ok(r))
		return;
	ml_keep_make(keep);
	for (int j = 0; j < cols; j++)
		keep->kept[j] = ml_blob_get_bool(r);
	for (int j = 0; j < cols; j++)
		keep->score[j] = ml_blob_get_f64(r);
}
