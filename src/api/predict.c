/*
 * predict.c: mlops_predict, mlops_classify, mlops_probability, mlops_probabilities: one row in, one answer out.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "api/call_site.h"

static bool
classes_are_numbers(const MlModel *model)
{
	for (int i = 0; i < model->n_classes; i++)
		if (isnan(model->class_value[i]))
			return false;
	return true;
}

static void
check_number(const MlModel *model)
{
	if (model->task == ML_TASK_CLASSIFICATION && !classes_are_numbers(model))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the classes of model \"%s\" are no numbers", model->name),
				 errdetail("The first of its %d classes is \"%s\".", model->n_classes, model->classes[0]),
				 errhint("Use mlops_classify for the label, mlops_probability for its probability.")));
}

static const MlCallKind number_call = {.check = check_number};
static const MlCallKind class_call = {.check = ml_call_check_classes};

PG_FUNCTION_INFO_V1(mlops_predict);
PG_FUNCTION_INFO_V1(mlops_classify);
PG_FUNCTION_INFO_V1(mlops_probability);
PG_FUNCTION_INFO_V1(mlops_probabilities);

/* the value of a regression; the number of the predicted class */
Datum
mlops_predict(PG_FUNCTION_ARGS)
{
	const MlModel *model;
	const double *out = ml_call_score(fcinfo, &number_call, &model);

	if (out == NULL)
		PG_RETURN_NULL();
	if (model->task == ML_TASK_REGRESSION)
		PG_RETURN_FLOAT8(out[0]);
	PG_RETURN_FLOAT8(model->class_value[ml_model_decide(model, out)]);
}

Datum
mlops_classify(PG_FUNCTION_ARGS)
{
	const MlModel *model;
	const double *out = ml_call_score(fcinfo, &class_call, &model);

	if (out == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(model->classes[ml_model_decide(model, out)]));
}

/* of the positive class of two, of the predicted one of more */
Datum
mlops_probability(PG_FUNCTION_ARGS)
{
	const MlModel *model;
	const double *out = ml_call_score(fcinfo, &class_call, &model);
	int			n_classes;

	if (out == NULL)
		PG_RETURN_NULL();
	n_classes = model->n_classes;
	PG_RETURN_FLOAT8(out[n_classes == 2 ? 1 : ml_model_argmax(out, n_classes)]);
}

/* through the shortest text, because the cast of float8 to numeric keeps 15 digits only */
static void
push_probability(JsonbParseState **state, char *label, double probability)
{
	char		shortest[DOUBLE_SHORTEST_DECIMAL_LEN];
	JsonbValue	key = {.type = jbvString};
	JsonbValue	value = {.type = jbvNumeric};

	key.val.string.val = label;
	key.val.string.len = strlen(label);
	double_to_shortest_decimal_buf(probability, shortest);
	value.val.numeric = DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(shortest),
															ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	pushJsonbValue(state, WJB_KEY, &key);
	pushJsonbValue(state, WJB_VALUE, &value);
}

/* {"label": probability, ...}, every class */
Datum
mlops_probabilities(PG_FUNCTION_ARGS)
{
	const MlModel *model;
	const double *out = ml_call_score(fcinfo, &class_call, &model);
	JsonbParseState *state = NULL;

	if (out == NULL)
		PG_RETURN_NULL();
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < model->n_classes; i++)
		push_probability(&state, model->classes[i], out[i]);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}
