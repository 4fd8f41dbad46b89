/*
 * train_sql.c: mlops_train and mlops_retrain.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "api/args.h"
#include "api/train.h"

PG_FUNCTION_INFO_V1(mlops_train);
PG_FUNCTION_INFO_V1(mlops_retrain);

#define TRAIN_COLUMNS 12

static void
put_training(FunctionCallInfo fcinfo, const MlTraining *t)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const MlVersionRow *v = t->version;
	Datum		values[TRAIN_COLUMNS];
	bool		nulls[TRAIN_COLUMNS] = {false};
	int			i = 0;

	values[i++] = CStringGetTextDatum(t->definition->model);
	values[i++] = Int32GetDatum(v->version);
	values[i++] = CStringGetTextDatum(v->algorithm);
	values[i++] = CStringGetTextDatum(v->task);
	values[i++] = Int64GetDatum(v->train_rows);
	values[i++] = Int64GetDatum(v->test_rows);
	values[i++] = CStringGetTextDatum(v->metric);
	values[i] = ml_result_float(v->value, &nulls[i]);
	i++;
	values[i] = ml_result_float(v->baseline, &nulls[i]);
	i++;
	values[i++] = BoolGetDatum(t->deployed);
	values[i++] = Float8GetDatum(v->seconds);
	values[i++] = JsonbPGetDatum(v->metrics);
	Assert(i == TRAIN_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* the whole training lives in a context that goes at once with its threads, files and arrays */
static void
train_and_return(FunctionCallInfo fcinfo, MlDefinition *(*define) (FunctionCallInfo))
{
	MemoryContext training = AllocSetContextCreate(CurrentMemoryContext, "mlops training", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;

	InitMaterializedSRF(fcinfo, 0);
	old = MemoryContextSwitchTo(training);
	put_training(fcinfo, ml_train(define(fcinfo)));
	MemoryContextSwitchTo(old);
	MemoryContextDelete(training);
}

/*
 * mlops_train(model text, source text, target text, algorithm text, params jsonb, task text,
 *		features text[], exclude text[], preprocess jsonb, split jsonb, weight text,
 *		seed bigint, deploy text, metric text)
 *		-> one row: model, version, algorithm, task, train_rows, test_rows, metric, value, baseline, deployed, seconds, metrics
 *
 * value is the metric on the test rows (on the training rows when there are none); baseline is that of the
 * dummy algorithm on the same rows.
 */
Datum
mlops_train(PG_FUNCTION_ARGS)
{
	PreventCommandIfReadOnly("mlops_train()");
	train_and_return(fcinfo, ml_definition_from_args);
	return (Datum) 0;
}

/* what the named version (default: the live one) recorded, on today's rows */
static MlDefinition *
recorded_definition(FunctionCallInfo fcinfo)
{
	char	   *name = ml_arg_required_text(fcinfo, 0, "model");
	char	   *source = ml_arg_text(fcinfo, 1);
	MlModelRef	ref;
	MlDefinition *d;

	ml_catalog_resolve(name, ML_PRIV_MANAGE, &ref);
	d = ml_definition_from_json(ref.model.name, ml_catalog_version(ref.version_id)->definition);
	if (source != NULL)
	{
		d->source = source;
		d->recorded = false;
	}
	return d;
}

/*
 * mlops_retrain(model text, source text) -> as mlops_train
 *
 * A source given here replaces the recorded one and is recorded with the new version.
 */
Datum
mlops_retrain(PG_FUNCTION_ARGS)
{
	PreventCommandIfReadOnly("mlops_retrain()");
	train_and_return(fcinfo, recorded_definition);
	return (Datum) 0;
}
