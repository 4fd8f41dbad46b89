/*
 * layout.c: where each output of the steps stands in the design, and what the columns are called.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "preprocess/chain.h"

/* keeps products with sizes and with classes far from the end of an int */
#define MAX_DESIGN_COLS (1 << 26)

MlStep *
ml_prep_make_step(const MlStepKind *kind, const MlInput *input, double *option)
{
	MlStep	   *step = palloc0(kind->size);

	step->kind = kind;
	step->input = input;
	step->option = option;
	if (kind->init != NULL)
		kind->init(step);
	return step;
}

static int
code_cols(const MlStep *step)
{
	return step->kind->code_cols != NULL ? step->kind->code_cols(step) : 0;
}

/* dense outputs first, then the blocks of codes; a code block without columns has no place in a design */
static void
place_outputs(MlPrep *prep)
{
	int64		cols = 0;

	for (int i = 0; i < prep->n_inputs; i++)
	{
		MlStep	   *step = prep->steps[i];
		int64		n = step->kind->n_dense(step->input, step->option);

		step->first_dense = (int) cols;
		step->n_dense = (int) n;
		cols += n;
		if (cols > MAX_DESIGN_COLS)
			break;
	}
	prep->n_dense = (int) cols;
	for (int i = 0; i < prep->n_inputs && cols <= MAX_DESIGN_COLS; i++)
	{
		MlStep	   *step = prep->steps[i];
		int			n = code_cols(step);

		step->first_code = (int) cols;
		step->code_block = n > 0 ? prep->n_code_blocks++ : -1;
		cols += n;
	}
	if (cols > MAX_DESIGN_COLS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the features make too many columns"),
				 errdetail("A model can have %d.", MAX_DESIGN_COLS),
				 errhint("Leave long arrays out, or shorten them.")));
	prep->cols = (int) cols;
}

static void
make_blocks(MlPrep *prep)
{
	prep->blocks = palloc0(sizeof(MlkBlock) * (prep->n_code_blocks + 1));
	if (prep->n_dense > 0)
	{
		MlkBlock   *block = &prep->blocks[prep->n_blocks++];

		block->kind = MLK_BLOCK_DENSE;
		block->cols = prep->n_dense;
		block->stride = prep->n_dense;
	}
	for (int i = 0; i < prep->n_inputs; i++)
	{
		const MlStep *step = prep->steps[i];
		MlkBlock   *block;

		if (step->code_block < 0)
			continue;
		block = &prep->blocks[prep->n_blocks++];
		block->kind = step->kind->vector != NULL ? MLK_BLOCK_SPARSE :
			step->kind->n_categories != NULL ? MLK_BLOCK_CATEGORY : MLK_BLOCK_CODES;
		if (block->kind == MLK_BLOCK_CATEGORY)
			block->n_codes = step->kind->n_categories(step);
		block->first = step->first_code;
		block->cols = code_cols(step);
		block->stride = prep->n_code_blocks;
	}
}

/* neighbours that are copied become one run: a model over numbers alone has a single one */
static void
make_row_plan(MlPrep *prep)
{
	prep->runs = palloc(sizeof(MlRun) * Max(prep->n_inputs, 1));
	prep->computed = palloc(sizeof(MlStep *) * Max(prep->n_inputs, 1));
	for (int i = 0; i < prep->n_inputs; i++)
	{
		MlStep	   *step = prep->steps[i];
		MlRun	   *last = prep->n_runs > 0 ? &prep->runs[prep->n_runs - 1] : NULL;

		if (step->kind->copies == NULL || !step->kind->copies(step))
			prep->computed[prep->n_computed++] = step;
		else if (last != NULL && last->value + last->count == step->input->offset &&
				 last->dense + last->count == step->first_dense)
			last->count += step->n_dense;
		else
		{
			MlRun		run = {step->input->offset, step->first_dense, step->n_dense};

			prep->runs[prep->n_runs++] = run;
		}
	}
}

void
ml_prep_layout(MlPrep *prep)
{
	place_outputs(prep);
	make_blocks(prep);
	make_row_plan(prep);
	prep->fill = palloc(sizeof(double) * Max(prep->n_dense, 1));
	prep->inverse = palloc(sizeof(double) * Max(prep->n_dense, 1));
	prep->center = palloc(sizeof(double) * Max(prep->cols, 1));
	prep->scale = palloc(sizeof(double) * Max(prep->cols, 1));
	for (int j = 0; j < prep->n_dense; j++)
		prep->fill[j] = 0;
	for (int j = 0; j < prep->cols; j++)
	{
		prep->center[j] = 0;
		prep->scale[j] = 1;
	}
}

void
ml_prep_set_inverse(MlPrep *prep)
{
	for (int j = 0; j < prep->n_dense; j++)
		prep->inverse[j] = 1 / prep->scale[j];
}

int
ml_prep_block_input(const MlPrep *prep, const MlkBlock *block)
{
	int			column = ml_chain_source(prep, block->first);
	int			i = 0;

	while (prep->steps[i]->code_block < 0 || column < prep->steps[i]->first_code ||
		   column >= prep->steps[i]->first_code + code_cols(prep->steps[i]))
		i++;
	return i;
}

MlkDesign *
ml_prep_design(const MlPrep *prep, const MlBoundStep *bound, int64 rows, const double *dense, const uint32 *codes)
{
	MlkDesign  *design = palloc0(sizeof(MlkDesign));
	MlkBlock   *blocks = palloc(sizeof(MlkBlock) * Max(prep->n_design_blocks, 1));
	int			code_block = 0;

	for (int i = 0; i < prep->n_design_blocks; i++)
	{
		blocks[i] = prep->design_blocks[i];
		if (blocks[i].kind == MLK_BLOCK_DENSE)
			blocks[i].dense = dense;
		else
			blocks[i].codes = codes + code_block++;
	}
	for (int b = 0; bound != NULL && b < prep->n_design_blocks; b++)
	{
		if (blocks[b].kind == MLK_BLOCK_SPARSE)
			blocks[b].sparse = &bound[ml_prep_block_input(prep, &blocks[b])].sparse;
	}
	design->rows = rows;
	design->cols = prep->design_cols;
	design->n_blocks = prep->n_design_blocks;
	design->blocks = blocks;
	design->center = prep->design_center;
	design->scale = prep->design_scale;
	return design;
}

/* its codes stand side by side in one array, which begins where the first block's do */
void
ml_prep_design_free(MlkDesign *design, MlBudget *budget)
{
	bool		freed_codes = false;

	for (int b = 0; b < design->n_blocks; b++)
	{
		const MlkBlock *block = &design->blocks[b];

		if (block->kind == MLK_BLOCK_DENSE)
			ml_budget_free(budget, unconstify(double *, block->dense));
		else if (!freed_codes)
		{
			ml_budget_free(budget, unconstify(uint32 *, block->codes));
			freed_codes = true;
		}
	}
}

int
ml_prep_n_inputs(const MlPrep *prep)
{
	return prep->n_inputs;
}

int
ml_prep_n_values(const MlPrep *prep)
{
	return prep->n_values;
}

int
ml_prep_cols(const MlPrep *prep)
{
	return prep->design_cols;
}

int
ml_prep_numbers(const MlPrep *prep)
{
	return prep->design_dense;
}

bool
ml_prep_fits(const MlPrep *prep, bool native)
{
	if (prep->n_parts > 0)
		return false;
	for (int b = 0; b < prep->n_design_blocks; b++)
	{
		MlkBlockKind kind = prep->design_blocks[b].kind;

		if (kind != MLK_BLOCK_DENSE && (kind == MLK_BLOCK_CATEGORY) != native)
			return false;
	}
	return true;
}

const char *
ml_prep_category(const MlPrep *prep, int column, uint32 code)
{
	column = ml_chain_source(prep, column);
	for (int i = 0; i < prep->n_inputs; i++)
	{
		const MlStep *step = prep->steps[i];

		if (step->code_block >= 0 && step->first_code == column && step->kind->category != NULL)
			return step->kind->category(step, code);
	}
	return NULL;
}

const MlInput *
ml_prep_input(const MlPrep *prep, int i)
{
	return &prep->inputs[i];
}

const char *const *
ml_prep_step_names(const MlPrep *prep)
{
	char	  **names = ml_palloc_array(Max(prep->cols, 1), sizeof(char *));
	StringInfoData name;

	initStringInfo(&name);
	for (int i = 0; i < prep->n_inputs; i++)
	{
		const MlStep *step = prep->steps[i];
		int			n_codes = code_cols(step);

		CHECK_FOR_INTERRUPTS();
		for (int k = 0; k < step->n_dense + n_codes; k++)
		{
			resetStringInfo(&name);
			if (k < step->n_dense)
				step->kind->dense_name(step, k, &name);
			else
				step->kind->code_name(step, k - step->n_dense, &name);
			names[k < step->n_dense ? step->first_dense + k : step->first_code + k - step->n_dense] = pstrdup(name.data);
		}
	}
	pfree(name.data);
	return (const char *const *) names;
}

Jsonb *
ml_prep_describe(const MlPrep *prep)
{
	JsonbParseState *state = NULL;
	JsonbValue	key = {.type = jbvString};

	if (prep->n_parts > 0)
		return ml_join_describe(prep);
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < prep->n_inputs; i++)
	{
		const MlStep *step = prep->steps[i];

		key.val.string.val = unconstify(char *, step->input->name);
		key.val.string.len = strlen(step->input->name);
		pushJsonbValue(&state, WJB_KEY, &key);
		pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		ml_option_describe(&state, step->kind, step->option);
		pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	}
	if (prep->n_stages > 0)
	{
		key.val.string.val = pstrdup("*");
		key.val.string.len = 1;
		pushJsonbValue(&state, WJB_KEY, &key);
		pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		for (int i = 0; i < prep->n_stages; i++)
			ml_stage_describe_options(&state, prep->stages[i]);
		pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}
