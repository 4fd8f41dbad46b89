/*
 * transform.c: mlops_transform: the rows of a source as the model sees them, by feature name.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "api/args.h"
#include "dataset/bigmem.h"
#include "monitoring/progress.h"
#include "scoring/scorer.h"

PG_FUNCTION_INFO_V1(mlops_transform);

typedef struct Transform
{
	Tuplestorestate *store;
	TupleDesc	desc;
	Datum	   *names;			/* of the design columns */
	int			first;			/* of them, of the design at hand */
	int64		rows;			/* so far */
} Transform;

static void
put_value(const Transform *t, int column, double value)
{
	Datum		values[3];
	bool		nulls[3] = {false};

	values[0] = Int64GetDatum(t->rows);
	values[1] = t->names[t->first + column];
	values[2] = ml_result_float(value, &nulls[2]);
	tuplestore_putvalues(t->store, t->desc, values, nulls);
}

static void
put_sparse(const Transform *t, const MlkBlock *block, uint32 vector)
{
	if (vector >= block->sparse->n)
		return;
	for (int64 i = block->sparse->start[vector]; i < block->sparse->start[vector + 1]; i++)
		put_value(t, block->first + (int) block->sparse->column[i], block->sparse->value[i]);
}

/* what row i of the block says; a category that is missing or was never seen is NULL */
static void
put_block(const Transform *t, const MlkBlock *block, int64 i)
{
	uint32		code = block->kind == MLK_BLOCK_DENSE ? 0 : block->codes[i * block->stride];

	switch (block->kind)
	{
		case MLK_BLOCK_DENSE:
			for (int k = 0; k < block->cols; k++)
				put_value(t, block->first + k, block->dense[i * block->stride + k]);
			break;
		case MLK_BLOCK_CODES:
			if (code < (uint32) block->cols)
				put_value(t, block->first + (int) code, 1.0);
			break;
		case MLK_BLOCK_CATEGORY:
			put_value(t, block->first, code < (uint32) block->n_codes ? (double) code : NAN);
			break;
		case MLK_BLOCK_SPARSE:
			put_sparse(t, block, code);
			break;
	}
}

/* parts one after the other, as their names are */
static void
put_row_of(Transform *t, const MlkDesign *x, int64 i)
{
	t->first = 0;
	for (int b = 0; b < x->n_blocks; b++)
		put_block(t, &x->blocks[b], i);
	for (int p = 0; p < x->n_parts; p++)
	{
		const MlkDesign *part = &x->parts[p];

		for (int b = 0; b < part->n_blocks; b++)
			put_block(t, &part->blocks[b], i);
		t->first += part->cols;
	}
}

static void
put_rows(const MlkDesign *x, void *arg)
{
	Transform  *t = arg;

	for (int64 i = 0; i < x->rows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		t->rows++;
		put_row_of(t, x, i);
	}
	ml_progress_update("rows transformed", t->rows, 0);
}

static Datum *
feature_texts(const MlPrep *prep)
{
	int			cols;
	const char *const *names = ml_prep_names(prep, &cols);
	Datum	   *texts = ml_palloc_array((Size) cols + 1, sizeof(Datum));

	for (int j = 0; j < cols; j++)
		texts[j] = CStringGetTextDatum(names[j]);
	return texts;
}

/* mlops_transform(model text, source text) -> rows (row, feature, value) */
Datum
mlops_transform(PG_FUNCTION_ARGS)
{
	char	   *name = ml_arg_required_text(fcinfo, 0, "model");
	char	   *given = ml_arg_required_text(fcinfo, 1, "source");
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Transform	transform = {0};
	MlModelRef	ref;
	MlModel    *model;
	MlSource   *source;

	InitMaterializedSRF(fcinfo, 0);
	ml_catalog_resolve(name, ML_PRIV_PREDICT, &ref);
	model = ml_model_acquire(&ref);
	source = ml_source_open(given);

	transform.store = result->setResult;
	transform.desc = result->setDesc;
	transform.names = feature_texts(model->prep);
	ml_progress_start("mlops_transform", model->name);
	ml_model_stream_prepared(model, source, put_rows, &transform);
	ml_progress_end();
	ml_model_release(model);
	return (Datum) 0;
}
