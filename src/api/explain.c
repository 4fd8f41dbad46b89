/*
 * explain.c: mlops_explain: what each feature of a row contributes to its prediction.
 *
 * Contributions are to the raw score: the value of a regression (its logarithm where the algorithm works on logarithms), the
 * log-odds or the score of a class, the probability for forests.  One line a number; a category has one line whether it is
 * one column of the design or was spread over many, because the columns that are not set contribute too.  So the lines always add up.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "api/args.h"
#include "api/design_view.h"
#include "api/row_values.h"

PG_FUNCTION_INFO_V1(mlops_explain);

#define FIRST_VALUE 1			/* argument 0 names the model */

typedef struct Explanation
{
	const MlModel *model;
	const MlDesignView *view;
	const MlValue *values;		/* of the inputs */
	const MlkDesign *x;			/* one row */
	const double *contribution; /* [cols] */
} Explanation;

static void
put_line(ReturnSetInfo *result, const char *feature, const char *value, double contribution)
{
	Datum		values[3];
	bool		nulls[3] = {false};

	values[0] = CStringGetTextDatum(feature);
	values[1] = ml_result_text(value, &nulls[1]);
	values[2] = Float8GetDatum(contribution);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* before scaling; scaling and its inverse leave a rounding error that whole numbers should not show */
static double
original_number(const MlkDesign *x, int column, double number)
{
	double		value = number * (x->scale == NULL ? 1.0 : x->scale[column]) + (x->center == NULL ? 0.0 : x->center[column]);

	return fabs(value - rint(value)) <= 1e-9 ? rint(value) + 0.0 : value;
}

/* the row's own number where the column is the input's, so that NULL shows as NULL; else the column's in original units */
static double
column_number(const Explanation *e, const MlkBlock *block, int k)
{
	int			column = block->first + k;
	const MlInput *input;

	if (!ml_view_is_input(e->view, column))
		return original_number(e->x, column, block->dense[k]);
	input = ml_prep_input(e->model->prep, e->view->input[column]);
	return e->values[input->offset + ml_view_element(e->view, column)].number;
}

/* text of the category whose column is set; "city=Paris" is "Paris", "city is null" is NULL */
static const char *
set_category(const Explanation *e, const MlkBlock *block)
{
	uint32		code = block->codes[0];
	const char *column = ml_prep_input(e->model->prep, e->view->input[block->first])->name;
	const char *name;

	if (block->kind == MLK_BLOCK_CATEGORY)
		return code < (uint32) block->n_codes ? ml_prep_category(e->model->prep, block->first, code) : NULL;
	if (code >= (uint32) block->cols)
		return "(no column)";
	name = e->view->names[block->first + code] + strlen(column);
	return name[0] == '=' ? name + 1 : NULL;
}

/* terms of the text that say something, one a line with their weights */
static void
put_terms(ReturnSetInfo *result, const Explanation *e, const MlkBlock *block)
{
	const MlkSparse *sparse = block->sparse;
	int64		next = block->codes[0] < sparse->n ? sparse->start[block->codes[0]] : 0;
	int64		end = block->codes[0] < sparse->n ? sparse->start[block->codes[0] + 1] : 0;
	double		absent = 0.0;

	for (int k = 0; k < block->cols; k++)
	{
		int			column = block->first + k;

		if (next < end && sparse->column[next] == (uint32) k)
			put_line(result, e->view->names[column], ml_view_number(e->view, column, sparse->value[next++]),
					 e->contribution[column]);
		else
			absent += e->contribution[column];
	}
	put_line(result, ml_prep_input(e->model->prep, e->view->input[block->first])->name, "(absent terms)", absent);
}

static void
put_category(ReturnSetInfo *result, const Explanation *e, const MlkBlock *block)
{
	double		sum = 0.0;

	for (int k = 0; k < block->cols; k++)
		sum += e->contribution[block->first + k];
	put_line(result, ml_prep_input(e->model->prep, e->view->input[block->first])->name, set_category(e, block), sum);
}

static void
put_lines(ReturnSetInfo *result, const Explanation *e)
{
	for (int b = 0; b < e->x->n_blocks; b++)
	{
		const MlkBlock *block = &e->x->blocks[b];

		CHECK_FOR_INTERRUPTS();
		if (block->kind == MLK_BLOCK_SPARSE)
		{
			put_terms(result, e, block);
			continue;
		}
		if (block->kind != MLK_BLOCK_DENSE)
		{
			put_category(result, e, block);
			continue;
		}
		for (int k = 0; k < block->cols; k++)
			put_line(result, e->view->names[block->first + k],
					 ml_view_number(e->view, block->first + k, column_number(e, block, k)),
					 e->contribution[block->first + k]);
	}
}

/* the class that a model of several classes predicts for the row; of two classes the positive one speaks */
static int
class_to_explain(const MlModel *model, const MlkDesign *x)
{
	double	   *out = ml_palloc_array(ml_model_outputs(model), sizeof(double));

	if (model->n_classes <= 2)
		return 0;
	ml_model_predict_rows(model, x, 0, 1, out);
	return ml_model_decide(model, out);
}

static void
explain(ReturnSetInfo *result, const MlModel *model, const MlValue *values)
{
	MlPrepRow  *row = ml_prep_row_create(model->prep);
	MlDesignView *view = ml_design_view(model->prep);
	double	   *contribution = ml_palloc_array(view->cols + 1, sizeof(double));
	Explanation e = {.model = model,.view = view,.values = values,.x = &row->design,.contribution = contribution};
	double		base;

	ml_prep_row(model->prep, values, row);
	model->algorithm->explain(model->state, &row->design, 0, class_to_explain(model, &row->design), contribution, &base);
	put_line(result, "(base)", NULL, base);
	put_lines(result, &e);
}

/*
 * mlops_explain(model text, VARIADIC "any") -> rows (feature, value, contribution)
 *
 * Arguments as for mlops_predict; no rows for a NULL model or row.  The first line is the base value: what the model
 * says of an average row of its training.  ERROR 42809 for an algorithm that cannot be explained this way.
 */
Datum
mlops_explain(PG_FUNCTION_ARGS)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops explain", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller;
	MlModelRef	ref;
	MlModel    *model;
	const MlValue *values;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	caller = MemoryContextSwitchTo(context);
	ml_catalog_resolve(ml_arg_required_text(fcinfo, 0, "model"), ML_PRIV_PREDICT, &ref);
	model = ml_model_acquire(&ref);
	if (model->algorithm->explain == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("predictions of model \"%s\" cannot be explained by features", model->name),
				 errdetail("Its algorithm is %s.", model->algorithm->name)));
	values = ml_row_reader_read(ml_row_reader_create(model, fcinfo, FIRST_VALUE, PG_NARGS() - FIRST_VALUE), fcinfo);
	if (values != NULL)
		explain((ReturnSetInfo *) fcinfo->resultinfo, model, values);
	ml_model_release(model);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}
