/*
 * predict_table.c: mlops_predict_table: a whole source scored in blocks: key, label, number and probability of
 * each row.
 *
 * The source is streamed, and the rows go to a tuplestore, which spills to disk beyond work_mem.  What can be
 * made once is made once: the text of each label, and the buffers that numbers are written to as text.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "api/args.h"
#include "api/columns.h"
#include "dataset/bigmem.h"
#include "monitoring/progress.h"
#include "scoring/scorer.h"

/* result columns */
enum
{
	COLUMN_KEY,
	COLUMN_PREDICTION,
	COLUMN_VALUE,
	COLUMN_PROBABILITY,
	N_COLUMNS
};

/* the longest text of an int8 or a float8, and some room */
#define NUMBER_TEXT_LEN 32

typedef struct TableScore
{
	const MlModel *model;
	Tuplestorestate *store;
	TupleDesc	desc;
	bool		has_key;		/* else the row number */
	int64		rows;			/* so far */
	Datum	   *labels;			/* text of each class */
	text	   *key;			/* NUMBER_TEXT_LEN bytes of data */
	text	   *number;			/* the same */
} TableScore;

static text *
make_number_text(void)
{
	return palloc(VARHDRSZ + NUMBER_TEXT_LEN);
}

static Datum
integer_text(text *buffer, int64 value)
{
	int			length = pg_lltoa(value, VARDATA(buffer));

	SET_VARSIZE(buffer, VARHDRSZ + length);
	return PointerGetDatum(buffer);
}

static Datum
float_text(text *buffer, double value)
{
	int			length = double_to_shortest_decimal_bufn(value, VARDATA(buffer));

	SET_VARSIZE(buffer, VARHDRSZ + length);
	return PointerGetDatum(buffer);
}

/* prediction, value and probability of one row */
static void
put_prediction(const TableScore *score, const double *out, Datum *values, bool *nulls)
{
	const MlModel *model = score->model;
	int			best;

	if (!isfinite(out[0]))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the prediction of model \"%s\" for row " INT64_FORMAT " is out of range",
						model->name, score->rows),
				 errhint("Look for extreme values in the features of this row.")));
	if (model->task == ML_TASK_REGRESSION)
	{
		values[COLUMN_PREDICTION] = float_text(score->number, out[0]);
		values[COLUMN_VALUE] = Float8GetDatum(out[0]);
		nulls[COLUMN_PROBABILITY] = true;
		return;
	}
	best = ml_model_decide(model, out);
	values[COLUMN_PREDICTION] = score->labels[best];
	nulls[COLUMN_VALUE] = isnan(model->class_value[best]);
	values[COLUMN_VALUE] = Float8GetDatum(model->class_value[best]);
	values[COLUMN_PROBABILITY] = Float8GetDatum(out[model->n_classes == 2 ? 1 : best]);
}

static void
put_key(const TableScore *score, const char *key, Datum *values, bool *nulls)
{
	nulls[COLUMN_KEY] = score->has_key && key == NULL;
	if (!score->has_key)
		values[COLUMN_KEY] = integer_text(score->key, score->rows);
	else if (key != NULL)
		values[COLUMN_KEY] = CStringGetTextDatum(key);
}

static void
store_batch(const MlDataset *batch, int first_extra, const double *out, void *arg)
{
	TableScore *score = arg;
	int			outputs = ml_model_outputs(score->model);
	char	  **keys = score->has_key ? batch->columns[first_extra].text : NULL;
	bool		nulls[N_COLUMNS] = {false};
	Datum		values[N_COLUMNS] = {0};

	for (int64 i = 0; i < batch->rows; i++)
	{
		score->rows++;
		put_key(score, keys != NULL ? keys[i] : NULL, values, nulls);
		put_prediction(score, out + i * outputs, values, nulls);
		tuplestore_putvalues(score->store, score->desc, values, nulls);
		if (score->has_key && keys[i] != NULL)
			pfree(DatumGetPointer(values[COLUMN_KEY]));
	}
	ml_progress_update("rows scored", score->rows, 0);
}

static Datum *
label_texts(const MlModel *model)
{
	Datum	   *labels = ml_palloc_array(model->n_classes + 1, sizeof(Datum));

	for (int i = 0; i < model->n_classes; i++)
		labels[i] = CStringGetTextDatum(model->classes[i]);
	return labels;
}

/* the named column, or the source's primary key, or none */
static bool
find_key(FunctionCallInfo fcinfo, const MlSource *source, MlColumnRequest *request)
{
	char	   *name = PG_ARGISNULL(2) ? ml_source_primary_key(source) : ml_arg_text(fcinfo, 2);

	if (name == NULL)
		return false;
	request->attnum = ml_columns_find(source->desc, name, "key");
	request->role = ML_ROLE_KEY;
	request->required = false;
	return true;
}

PG_FUNCTION_INFO_V1(mlops_predict_table);

/* mlops_predict_table(model, source, key) returns (key, prediction, value, probability) a row of the source */
Datum
mlops_predict_table(PG_FUNCTION_ARGS)
{
	char	   *name = ml_arg_required_text(fcinfo, 0, "model");
	char	   *given = ml_arg_required_text(fcinfo, 1, "source");
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MlColumnRequest key;
	TableScore	score = {0};
	MlModelRef	ref;
	MlModel    *model;
	MlSource   *source;

	InitMaterializedSRF(fcinfo, 0);
	ml_catalog_resolve(name, ML_PRIV_PREDICT, &ref);
	model = ml_model_acquire(&ref);
	source = ml_source_open(given);

	score.model = model;
	score.store = result->setResult;
	score.desc = result->setDesc;
	score.has_key = find_key(fcinfo, source, &key);
	score.labels = label_texts(model);
	score.key = make_number_text();
	score.number = make_number_text();

	ml_progress_start("mlops_predict_table", model->name);
	ml_model_stream(model, source, &key, score.has_key ? 1 : 0, store_batch, &score);
	ml_progress_end();
	ml_model_release(model);
	return (Datum) 0;
}
