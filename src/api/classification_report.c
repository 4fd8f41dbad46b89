/*
 * classification_report.c: mlops_classification_report and mlops_confusion_matrix: predicted classes against true ones.
 *
 * As in scikit-learn, classes are those that occur in truth or prediction of the slice.  Without a source the report is that of the
 * rows which training held back, from the metrics that are recorded with the version.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "api/args.h"
#include "api/evaluation.h"
#include "interrupts.h"
#include "kernels/metrics.h"

PG_FUNCTION_INFO_V1(mlops_classification_report);
PG_FUNCTION_INFO_V1(mlops_confusion_matrix);

typedef struct Predicted
{
	MlkClassificationMetrics all;
	MlkClassMetrics *class;
	double	   *confusion;
	bool	   *occurs;			/* in truth or prediction */
} Predicted;

static Predicted
count_predicted(const MlEvaluation *e)
{
	int			k = e->rows.n_classes;
	Predicted	p;
	int32	   *predicted;

	ml_evaluation_price(e, mul_size(e->rows.n, sizeof(int32)));
	predicted = MemoryContextAllocHuge(CurrentMemoryContext, mul_size(e->rows.n, sizeof(int32)));
	p.class = ml_palloc_array(k, sizeof(MlkClassMetrics));
	p.confusion = ml_palloc_array((Size) k * k, sizeof(double));
	p.occurs = palloc0(k);
	ml_check_status(mlk_predicted_class_metrics(e->pool, e->rows.label, e->rows.out, k, e->rows.threshold, NULL, e->rows.n, predicted,
												&p.all, p.class, p.confusion));
	for (int64 i = 0; i < e->rows.n; i++)
		p.occurs[e->rows.label[i]] = p.occurs[predicted[i]] = true;
	pfree(predicted);
	return p;
}

static void
put_line(const MlEvaluation *e, const char *label, double precision, double recall, double f1, double support)
{
	Datum		values[6];
	bool		nulls[6] = {false};

	values[1] = CStringGetTextDatum(label);
	values[2] = ml_result_float(precision, &nulls[2]);
	values[3] = ml_result_float(recall, &nulls[3]);
	values[4] = ml_result_float(f1, &nulls[4]);
	values[5] = Float8GetDatum(support);
	ml_evaluation_put(e, values, nulls);
}

static void
put_report(MlEvaluation *e, const void *options)
{
	Predicted	p = count_predicted(e);
	const MlkClassificationMetrics *all = &p.all;

	for (int c = 0; c < e->rows.n_classes; c++)
		if (p.occurs[c])
			put_line(e, e->rows.classes[c], p.class[c].precision, p.class[c].recall, p.class[c].f1, p.class[c].support);
	put_line(e, "accuracy", NAN, NAN, all->accuracy, (double) e->rows.n);
	put_line(e, "macro avg", all->macro_precision, all->macro_recall, all->macro_f1, (double) e->rows.n);
	put_line(e, "weighted avg", all->weighted_precision, all->weighted_recall, all->weighted_f1, (double) e->rows.n);
}

/* ---- from the record ---- */

/* NaN when it is not there */
static double
recorded_number(Jsonb *metrics, const char *name)
{
	JsonbValue *value = ml_json_get(metrics, name);

	if (value == NULL || value->type != jbvNumeric)
		return NAN;
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(value->val.numeric)));
}

static void
put_recorded(const MlEvaluation *e, Jsonb *metrics)
{
	Jsonb	   *classes = ml_json_get_object(metrics, "classes");
	double		support = 0.0;

	for (int c = 0; c < e->model->n_classes; c++)
	{
		Jsonb	   *class = ml_json_get_object(classes, e->model->classes[c]);

		put_line(e, e->model->classes[c], recorded_number(class, "precision"), recorded_number(class, "recall"),
				 recorded_number(class, "f1"), recorded_number(class, "support"));
		support += recorded_number(class, "support");
	}
	put_line(e, "accuracy", NAN, NAN, recorded_number(metrics, "accuracy"), support);
	put_line(e, "macro avg", recorded_number(metrics, "macro_precision"), recorded_number(metrics, "macro_recall"),
			 recorded_number(metrics, "macro_f1"), support);
	put_line(e, "weighted avg", recorded_number(metrics, "weighted_precision"), recorded_number(metrics, "weighted_recall"),
			 recorded_number(metrics, "weighted_f1"), support);
}

static void
report_recorded(FunctionCallInfo fcinfo)
{
	MlEvaluation e = {0};
	MlModelRef	ref;
	MlModel    *model;
	Jsonb	   *metrics;

	InitMaterializedSRF(fcinfo, 0);
	e.result = (ReturnSetInfo *) fcinfo->resultinfo;
	ml_catalog_resolve(ml_arg_required_text(fcinfo, 0, "model"), ML_PRIV_PREDICT, &ref);
	e.model = model = ml_model_acquire(&ref);
	ml_evaluation_check_task(model, ML_EVALUATES_CLASSES);
	if (!PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("slices by \"%s\" need a source", ml_arg_text(fcinfo, 2)),
				 errdetail("Without one the report is that of the test rows, as it is recorded with the version.")));
	metrics = ml_json_get_object(ml_catalog_version(ref.version_id)->metrics, "test");
	if (ml_json_get(metrics, "classes") == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA),
				 errmsg("model \"%s\" was trained without test rows", model->name),
				 errhint("Give a source.")));
	put_recorded(&e, metrics);
	ml_model_release(model);
}

/* ---- the matrix ---- */

static void
put_pair(const MlEvaluation *e, Datum truth, Datum predicted, double rows)
{
	Datum		values[4];
	bool		nulls[4] = {false};

	values[1] = truth;
	values[2] = predicted;
	values[3] = Int64GetDatum((int64) rows);
	ml_evaluation_put(e, values, nulls);
}

static void
put_matrix(MlEvaluation *e, const void *options)
{
	Predicted	p = count_predicted(e);
	int			k = e->rows.n_classes;
	int		   *class = ml_palloc_array(k, sizeof(int));
	Datum	   *label = ml_palloc_array(k, sizeof(Datum));
	int			n = 0;

	/* slices of a few rows are many, and a model of many classes would have them wait for pairs of which they have none */
	for (int c = 0; c < k; c++)
	{
		if (!p.occurs[c])
			continue;
		class[n] = c;
		label[n++] = CStringGetTextDatum(e->rows.classes[c]);
	}
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			put_pair(e, label[i], label[j], p.confusion[(Size) class[i] * k + class[j]]);
}

/* mlops_classification_report(model, source, by) -> rows (by_value, label, precision, recall, f1, support), averages last */
Datum
mlops_classification_report(PG_FUNCTION_ARGS)
{
	static const MlEvaluationKind kind = {.command = "mlops_classification_report",.evaluates = ML_EVALUATES_CLASSES,
		.by = 2,.put = put_report};

	if (PG_ARGISNULL(1))
	{
		report_recorded(fcinfo);
		return (Datum) 0;
	}
	return ml_evaluation_run(fcinfo, &kind, NULL);
}

/* mlops_confusion_matrix(model, source, by) -> rows (by_value, truth, predicted, rows), pairs without rows too */
Datum
mlops_confusion_matrix(PG_FUNCTION_ARGS)
{
	static const MlEvaluationKind kind = {.command = "mlops_confusion_matrix",.evaluates = ML_EVALUATES_CLASSES,
		.by = 2,.put = put_matrix};

	return ml_evaluation_run(fcinfo, &kind, NULL);
}
