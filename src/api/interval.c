/*
 * interval.c: mlops_interval and mlops_label_set: how far off a prediction may be, with a coverage that is kept.
 *
 * Split conformal prediction: the errors of held-back rows say how large the error of a new row is, whatever the algorithm and however wrong
 * its model.  See doc/algorithms.md.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "api/call_site.h"

PG_FUNCTION_INFO_V1(mlops_interval);
PG_FUNCTION_INFO_V1(mlops_label_set);

enum
{
	ARG_MODEL, ARG_ROW, ARG_COVERAGE
};

static void
check_conformal(const MlModel *model)
{
	if (model->held == NULL || model->held->conformal_rows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" can promise no coverage", model->name),
				 errdetail("No rows were held back for that when it was trained."),
				 errhint("Train it with params => '{\"conformal\": true}'.")));
}

static void
check_interval(const MlModel *model)
{
	if (model->task == ML_TASK_CLASSIFICATION)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" predicts classes, which have no interval", model->name),
				 errhint("Use mlops_label_set.")));
	check_conformal(model);
}

static void
check_label_set(const MlModel *model)
{
	if (model->task == ML_TASK_REGRESSION)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" has no classes", model->name),
				 errdetail("It is a regression of \"%s\".", model->target),
				 errhint("Use mlops_interval.")));
	check_conformal(model);
}

static const MlCallKind interval_call = {.check = check_interval,.whole_row = true};
static const MlCallKind label_set_call = {.check = check_label_set,.whole_row = true};

static double
coverage_of(FunctionCallInfo fcinfo)
{
	double		coverage = PG_GETARG_FLOAT8(ARG_COVERAGE);

	if (!(coverage > 0.0 && coverage < 1.0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("coverage must be between 0 and 1, not %g", coverage),
				 errhint("coverage => 0.9 asks for the truth in nine of ten cases.")));
	return coverage;
}

/*
 * mlops_interval(model text, row "any", coverage float8) -> (low, high)
 *
 * Both infinite when the held-back rows are too few for the coverage; NULL for a NULL model, row or coverage.
 */
Datum
mlops_interval(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	const MlModel *model;
	const double *out;
	double		error;
	Datum		values[2];
	bool		nulls[2] = {false};

	if (PG_ARGISNULL(ARG_COVERAGE) || (out = ml_call_score(fcinfo, &interval_call, &model)) == NULL)
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "mlops_interval is not declared to return a row");
	error = ml_held_quantile(model->held, coverage_of(fcinfo));
	values[0] = Float8GetDatum(out[0] - error);
	values[1] = Float8GetDatum(out[0] + error);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/*
 * mlops_label_set(model text, row "any", coverage float8) -> text[]
 *
 * Labels that are likely enough, the likeliest always among them, in the order of the classes; all of them when the held-back rows are
 * too few for the coverage.
 */
Datum
mlops_label_set(PG_FUNCTION_ARGS)
{
	const MlModel *model;
	const double *out;
	double		error;
	Datum	   *labels;
	int			likeliest;
	int			n = 0;

	if (PG_ARGISNULL(ARG_COVERAGE) || (out = ml_call_score(fcinfo, &label_set_call, &model)) == NULL)
		PG_RETURN_NULL();
	error = ml_held_quantile(model->held, coverage_of(fcinfo));
	likeliest = ml_model_argmax(out, model->n_classes);
	labels = palloc(sizeof(Datum) * model->n_classes);
	for (int c = 0; c < model->n_classes; c++)
	{
		if (1.0 - out[c] <= error || c == likeliest)
			labels[n++] = CStringGetTextDatum(model->classes[c]);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(labels, n, TEXTOID, -1, false, TYPALIGN_INT));
}
