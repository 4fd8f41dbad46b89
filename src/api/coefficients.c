/*
 * coefficients.c: mlops_coefficients: what a linear model has learned, in the units of the data.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "api/args.h"
#include "scoring/scorer.h"

PG_FUNCTION_INFO_V1(mlops_coefficients);

static void
put_coefficient(ReturnSetInfo *result, const MlModel *model, const char *const *names, const MlCoefficient *c)
{
	Datum		values[8];
	bool		nulls[8] = {false};
	const char *class = c->class_index < 0 ? NULL : model->classes[c->class_index];

	values[0] = CStringGetTextDatum(c->column < 0 ? "intercept" : names[c->column]);
	values[1] = ml_result_text(class, &nulls[1]);
	values[2] = ml_result_float(c->estimate, &nulls[2]);
	values[3] = ml_result_float(c->std_error, &nulls[3]);
	values[4] = ml_result_float(c->statistic, &nulls[4]);
	values[5] = ml_result_float(c->p_value, &nulls[5]);
	values[6] = ml_result_float(c->conf_low, &nulls[6]);
	values[7] = ml_result_float(c->conf_high, &nulls[7]);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * mlops_coefficients(model text)
 *		-> rows (feature, class, estimate, std_error, statistic, p_value, conf_low, conf_high)
 *
 * Estimates are per unit of the original column. class is NULL for regression and for a binary model,
 * whose coefficients speak of the positive class. ERROR 42809 for an algorithm without coefficients.
 */
Datum
mlops_coefficients(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MlModelRef	ref;
	MlModel    *model;
	MlCoefficient *coefficients;
	const char *const *names;
	int			cols;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	ml_catalog_resolve(ml_arg_required_text(fcinfo, 0, "model"), ML_PRIV_PREDICT, &ref);
	model = ml_model_acquire(&ref);
	if (model->algorithm->coefficients == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" has no coefficients", model->name),
				 errdetail("Its algorithm is %s.", model->algorithm->name)));
	coefficients = model->algorithm->coefficients(model->state, &n);
	names = ml_prep_names(model->prep, &cols);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		put_coefficient(result, model, names, &coefficients[i]);
	}
	ml_model_release(model);
	return (Datum) 0;
}
