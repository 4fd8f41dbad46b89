/*
 * row.c: one row to score, from values to a design of one row, without an allocation.
 *
 * Numbers are copied in runs, the few steps that compute are called, and then the dense outputs go through the same
 * kernel as a block's: a row gets the same bits alone and in a table.
 */
#include "postgres.h"

#include "kernels/affine.h"
#include "preprocess/prep.h"

/* all buffers of a row, in the current context; the design points at them */
MlPrepRow *
ml_prep_row_create(const MlPrep *prep)
{
	MlPrepRow  *row = palloc0(sizeof(MlPrepRow));
	MlkDesign  *design;

	row->dense = ml_palloc_array(Max(prep->n_dense, 1), sizeof(double));
	row->codes = ml_palloc_array(Max(prep->n_code_blocks, 1), sizeof(uint32));
	design = ml_prep_design(prep, 1, row->dense, row->codes);
	row->design = *design;
	row->blocks = unconstify(MlkBlock *, design->blocks);
	return row;
}

void
ml_prep_row(const MlPrep *prep, const MlValue *values, MlPrepRow *row)
{
	for (int i = 0; i < prep->n_runs; i++)
	{
		const MlRun *run = &prep->runs[i];

		memcpy(row->dense + run->dense, values + run->value, run->count * sizeof(double));
	}
	for (int i = 0; i < prep->n_computed; i++)
	{
		const MlStep *step = prep->computed[i];

		step->kind->row(step, values + step->input->offset, row->dense + step->first_dense,
						step->code_block >= 0 ? &row->codes[step->code_block] : NULL);
	}
	mlk_affine_apply(row->dense, 1, prep->n_dense, prep->n_dense, prep->fill, prep->center, prep->inverse);
}

uint32
ml_prep_code(const MlPrep *prep, int input, const char *text, int len)
{
	const MlStep *step = prep->steps[input];

	return step->kind->code(step, text, len);
}
