/*
 * apply.c: a preprocessing that was learned, on other data: all of it, or batch by batch.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "preprocess/chain.h"

struct MlPrepBinding
{
	MlPass		pass;
	int		   *column;			/* of each input in the batch */
	int			max_rows;
	MlkDesign  *design;

	/* several side by side */
	int			n_parts;
	MlPrepBinding **parts;
	MlkDesign  *designs;		/* what design->parts points to */
};

/* what the step was trained on must be stored alike here; kinds of numbers are interchangeable */
static void
check_column(const MlInput *input, const MlColumn *column)
{
	bool		category = input->type == ML_TYPE_CATEGORY;

	if (category != (column->type == ML_TYPE_CATEGORY))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is of kind %s", column->name, ml_type_name(column->type)),
				 errdetail("The model was trained on a column of kind %s.", ml_type_name(input->type)),
				 errhint("Cast the column in the source.")));
	if (!category && column->width != input->width && column->width != 0)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_ELEMENT_ERROR),
				 errmsg("arrays of column \"%s\" have %d elements", column->name, column->width),
				 errdetail("The model was trained on arrays of %d elements.", input->width),
				 errhint("Give arrays of the trained length.")));
}

static int
find_column(const MlInput *input, const MlDataset *data)
{
	int			c = ml_dataset_column(data, input->name);

	if (c < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" is missing from the data", input->name),
				 errdetail("The model was trained with it."),
				 errhint("Add the column to the source; NULL stands for a value that is not known.")));
	return c;
}

MlBoundStep *
ml_prep_bind_steps(const MlPrep *prep, const MlDataset *data)
{
	MlBoundStep *bound = palloc0(sizeof(MlBoundStep) * Max(prep->n_inputs, 1));

	for (int i = 0; i < prep->n_inputs; i++)
	{
		bound[i].step = prep->steps[i];
		bound[i].context = CurrentMemoryContext;
		bound[i].budget = data->budget;
		bound[i].column = &data->columns[find_column(&prep->inputs[i], data)];
		check_column(&prep->inputs[i], bound[i].column);
	}
	return bound;
}

/* width of the rows, and where they pass the stages; budget NULL: in the current context */
static void
start_stages(MlPass *pass, int workers, MlBudget *budget)
{
	const MlPrep *prep = pass->prep;

	pass->n_dense = pass->raw ? prep->n_dense : prep->design_dense;
	pass->n_codes = pass->raw ? prep->n_code_blocks : prep->design_codes;
	if (pass->raw || prep->n_stages == 0)
		return;
	pass->space_rows = Min(ml_chain_rows(prep), pass->block_rows);
	pass->spaces = ml_chain_spaces(prep, workers, pass->space_rows, budget, &pass->space_memory);
}

void
ml_prep_start_pass(MlPass *pass, const MlPrep *prep, const MlDataset *data, const uint32 *order, int64 n,
				   MlBudget *budget, MlkPool *pool)
{
	pass->prep = prep;
	pass->bound = ml_prep_bind_steps(prep, data);
	pass->order = order;
	pass->n = n;
	pass->data_rows = data->rows;
	pass->block_rows = ml_prep_block_rows(prep, data->rows);
	pass->counting = ml_palloc_array(mlk_pool_threads(pool), pass->block_rows * sizeof(uint32));
	start_stages(pass, mlk_pool_threads(pool), budget);
	pass->dense = ml_budget_alloc(budget, Max(mul_size(n, pass->n_dense), 1), sizeof(double), "design matrix");
	pass->codes = ml_budget_alloc(budget, Max(mul_size(n, pass->n_codes), 1), sizeof(uint32), "category codes");
}

MlkDesign *
ml_prep_apply(const MlPrep *prep, const MlDataset *data, const uint32 *order, int64 n,
			  MlBudget *budget, MlkPool *pool)
{
	MlPass		pass = {0};

	ml_prep_start_pass(&pass, prep, data, order, n, budget, pool);
	ml_prep_run_pass(&pass, budget, pool);
	ml_budget_free(budget, pass.space_memory);
	return ml_prep_design(prep, pass.bound, n, pass.dense, pass.codes);
}

/* the binding and its buffers live in the current context */
MlPrepBinding *
ml_prep_bind(const MlPrep *prep, const MlDataset *batch, int max_rows)
{
	MlPrepBinding *binding = palloc0(sizeof(MlPrepBinding));
	MlPass	   *pass = &binding->pass;

	binding->max_rows = max_rows;
	if (prep->n_parts > 0)
	{
		binding->n_parts = prep->n_parts;
		binding->parts = palloc(sizeof(MlPrepBinding *) * prep->n_parts);
		for (int i = 0; i < prep->n_parts; i++)
			binding->parts[i] = ml_prep_bind(prep->parts[i], batch, max_rows);
		binding->design = ml_join_design(prep, &binding->designs);
		return binding;
	}
	binding->column = palloc(sizeof(int) * Max(prep->n_inputs, 1));
	for (int i = 0; i < prep->n_inputs; i++)
		binding->column[i] = find_column(&prep->inputs[i], batch);
	pass->prep = prep;
	pass->bound = ml_prep_bind_steps(prep, batch);
	pass->block_rows = ml_prep_block_rows(prep, max_rows);
	pass->counting = ml_palloc_array(pass->block_rows, sizeof(uint32));
	start_stages(pass, 1, NULL);
	pass->dense = MemoryContextAllocHuge(CurrentMemoryContext,
										 mul_size(mul_size(max_rows, Max(pass->n_dense, 1)), sizeof(double)));
	pass->codes = MemoryContextAllocHuge(CurrentMemoryContext,
										 mul_size(mul_size(max_rows, Max(pass->n_codes, 1)), sizeof(uint32)));
	binding->design = ml_prep_design(prep, pass->bound, 0, pass->dense, pass->codes);
	return binding;
}

const MlkDesign *
ml_prep_apply_batch(MlPrepBinding *binding, const MlDataset *batch)
{
	MlPass	   *pass = &binding->pass;

	Assert(batch->rows <= binding->max_rows);
	binding->design->rows = batch->rows;
	if (binding->n_parts > 0)
	{
		for (int i = 0; i < binding->n_parts; i++)
			binding->designs[i] = *ml_prep_apply_batch(binding->parts[i], batch);
		return binding->design;
	}
	for (int i = 0; i < pass->prep->n_inputs; i++)
	{
		pass->bound[i].column = &batch->columns[binding->column[i]];
		check_column(&pass->prep->inputs[i], pass->bound[i].column);
	}
	pass->n = batch->rows;
	ml_prep_run_pass(pass, NULL, NULL);
	return binding->design;
}
