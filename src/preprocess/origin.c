/*
 * origin.c: which input each column of the design comes from, for those who show a model's columns to people.
 */
#include "preprocess/prep.h"

void
ml_prep_origin(const MlPrep *prep, int *input)
{
	for (int i = 0; i < prep->n_inputs; i++)
	{
		const MlStep *step = prep->steps[i];
		int			n_codes = step->code_block < 0 ? 0 : prep->blocks[step->code_block + (prep->n_dense > 0)].cols;

		for (int k = 0; k < step->n_dense; k++)
			input[step->first_dense + k] = i;
		for (int k = 0; k < n_codes; k++)
			input[step->first_code + k] = i;
	}
}
