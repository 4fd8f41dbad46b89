/*
 * row.c: one row to score, from values to a design of one row, without an allocation.
 *
 * Numbers are copied in runs, the few steps that compute are called, and then the dense outputs go through the same
 * kernel as a block's: a row gets the same bits alone and in a table.
 */
#include "postgres.h"

#include "kernels/affine.h"
#include "preprocess/chain.h"

static void
make_vector(const MlPrep *prep, MlPrepRow *row, int code_block)
{
	MlkSparse  *sparse = &row->sparse[code_block];

	row->vectors[code_block] = ml_vector_create(CurrentMemoryContext);
	sparse->n = 1;
	sparse->start = palloc0(2 * sizeof(int64));
	for (int b = 0; b < prep->n_design_blocks; b++)
	{
		MlkBlock   *block = &row->blocks[b];

		if (block->kind == MLK_BLOCK_SPARSE && prep->steps[ml_prep_block_input(prep, block)]->code_block == code_block)
			block->sparse = sparse;
	}
}

/* all buffers of a row, in the current context; the design points at them */
MlPrepRow *
ml_prep_row_create(const MlPrep *prep)
{
	MlPrepRow  *row = palloc0(sizeof(MlPrepRow));
	MlkDesign  *design;

	if (prep->n_parts > 0)
	{
		ml_join_create_row(prep, row);
		return row;
	}
	row->dense = ml_palloc_array(Max(prep->design_dense, 1), sizeof(double));
	row->codes = ml_palloc_array(Max(prep->design_codes, 1), sizeof(uint32));
	if (prep->n_stages > 0)
	{
		void	   *memory;

		row->space = ml_chain_spaces(prep, 1, 1, NULL, &memory);
	}
	design = ml_prep_design(prep, NULL, 1, row->dense, row->codes);
	row->design = *design;
	row->blocks = unconstify(MlkBlock *, design->blocks);
	row->sparse = palloc0(sizeof(MlkSparse) * Max(prep->n_code_blocks, 1));
	row->vectors = palloc0(sizeof(MlSparseVector *) * Max(prep->n_code_blocks, 1));
	for (int i = 0; i < prep->n_computed; i++)
	{
		if (prep->computed[i]->kind->vector != NULL && prep->computed[i]->code_block >= 0)
			make_vector(prep, row, prep->computed[i]->code_block);
	}
	return row;
}

/* the text, if there is one, as the only vector of its block */
static void
text_row(const MlStep *step, const MlValue *value, MlPrepRow *row, uint32 *codes)
{
	MlSparseVector *v;
	MlkSparse  *sparse;

	if (step->code_block < 0)
		return;
	codes[step->code_block] = value->text != NULL ? 0 : MLK_NO_CODE;
	if (value->text == NULL)
		return;
	v = row->vectors[step->code_block];
	sparse = &row->sparse[step->code_block];
	v->n = 0;
	step->kind->vector(step, VARDATA_ANY(value->text), VARSIZE_ANY_EXHDR(value->text), v);
	ml_vector_keep(v, step->kept);
	unconstify(int64 *, sparse->start)[1] = v->n;
	sparse->column = v->column;
	sparse->value = v->value;
}

/* what the steps make of the values, raw */
static void
compute_row(const MlPrep *prep, const MlValue *values, MlPrepRow *row, double *dense, uint32 *codes)
{
	for (int i = 0; i < prep->n_runs; i++)
	{
		const MlRun *run = &prep->runs[i];

		memcpy(dense + run->dense, values + run->value, run->count * sizeof(double));
	}
	for (int i = 0; i < prep->n_computed; i++)
	{
		const MlStep *step = prep->computed[i];

		if (step->kind->vector != NULL)
			text_row(step, values + step->input->offset, row, codes);
		else
			step->kind->row(step, values + step->input->offset, dense + step->first_dense,
							step->code_block >= 0 ? &codes[step->code_block] : NULL);
	}
}

void
ml_prep_row(const MlPrep *prep, const MlValue *values, MlPrepRow *row)
{
	if (prep->n_parts > 0)
	{
		ml_join_row(prep, values, row);
		return;
	}
	if (row->space != NULL)
	{
		compute_row(prep, values, row, row->space->dense[0], row->space->codes[0]);
		ml_chain_apply(prep, row->space, 1, row->dense, row->codes);
		return;
	}
	compute_row(prep, values, row, row->dense, row->codes);
	mlk_affine_apply(row->dense, 1, prep->n_dense, prep->n_dense, prep->fill, prep->center, prep->inverse);
}

bool
ml_prep_wants_text(const MlPrep *prep, int input)
{
	/* each of several has a dictionary of its own */
	if (prep->n_parts > 0)
		return prep->inputs[input].type == ML_TYPE_CATEGORY;
	return prep->steps[input]->kind->vector != NULL;
}

uint32
ml_prep_code(const MlPrep *prep, int input, const char *text, int len)
{
	const MlStep *step = prep->steps[input];

	return step->kind->code(step, text, len);
}
