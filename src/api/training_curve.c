/*
 * training_curve.c: mlops_training_curve: how a training went, iteration by iteration.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"

#include "api/args.h"
#include "scoring/scorer.h"

PG_FUNCTION_INFO_V1(mlops_training_curve);

static void
put_point(ReturnSetInfo *result, const MlCurvePoint *point)
{
	Datum		values[3];
	bool		nulls[3] = {false};

	values[0] = Int32GetDatum(point->iteration);
	values[1] = ml_result_float(point->train_loss, &nulls[1]);
	values[2] = ml_result_float(point->validation_value, &nulls[2]);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * mlops_training_curve(model text) -> rows (iteration, train_loss, validation_value)
 *
 * ERROR 42809 for an algorithm that keeps no record of its training.
 */
Datum
mlops_training_curve(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MlModelRef	ref;
	MlModel    *model;
	MlCurvePoint *curve;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	ml_catalog_resolve(ml_arg_required_text(fcinfo, 0, "model"), ML_PRIV_PREDICT, &ref);
	model = ml_model_acquire(&ref);
	if (model->algorithm->curve == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" has no training curve", model->name),
				 errdetail("Its algorithm is %s.", model->algorithm->name),
				 errhint("Models of the algorithm mlp have one.")));
	curve = model->algorithm->curve(model->state, &n);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		put_point(result, &curve[i]);
	}
	ml_model_release(model);
	return (Datum) 0;
}
