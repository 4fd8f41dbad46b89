/*
 * report.c: the metrics of one set of predictions, as rows and as JSON, and which of them decides.
 */
#include "postgres.h"

#include <math.h>

#include "api/args.h"
#include "api/report.h"
#include "interrupts.h"
#include "kernels/metrics.h"
#include "nearest.h"

/* whole-set metrics: name, where it is in the kernel's struct, and which way is better */
typedef struct MetricSpec
{
	const char *name;
	size_t		offset;
	bool		smaller_is_better;
} MetricSpec;

static const MetricSpec regression_metrics[] = {
	{"r2", offsetof(MlkRegressionMetrics, r2), false},
	{"rmse", offsetof(MlkRegressionMetrics, rmse), true},
	{"mae", offsetof(MlkRegressionMetrics, mae), true},
	{"mape", offsetof(MlkRegressionMetrics, mape), true},
	{"medae", offsetof(MlkRegressionMetrics, medae), true},
};

static const MetricSpec classification_metrics[] = {
	{"accuracy", offsetof(MlkClassificationMetrics, accuracy), false},
	{"balanced_accuracy", offsetof(MlkClassificationMetrics, balanced_accuracy), false},
	{"log_loss", offsetof(MlkClassificationMetrics, log_loss), true},
	{"roc_auc", offsetof(MlkClassificationMetrics, roc_auc), false},
	{"pr_auc", offsetof(MlkClassificationMetrics, pr_auc), false},
	{"brier", offsetof(MlkClassificationMetrics, brier), true},
	{"mcc", offsetof(MlkClassificationMetrics, mcc), false},
	{"macro_precision", offsetof(MlkClassificationMetrics, macro_precision), false},
	{"macro_recall", offsetof(MlkClassificationMetrics, macro_recall), false},
	{"macro_f1", offsetof(MlkClassificationMetrics, macro_f1), false},
	{"weighted_precision", offsetof(MlkClassificationMetrics, weighted_precision), false},
	{"weighted_recall", offsetof(MlkClassificationMetrics, weighted_recall), false},
	{"weighted_f1", offsetof(MlkClassificationMetrics, weighted_f1), false},
};

static const MetricSpec class_metrics[] = {
	{"precision", offsetof(MlkClassMetrics, precision), false},
	{"recall", offsetof(MlkClassMetrics, recall), false},
	{"f1", offsetof(MlkClassMetrics, f1), false},
	{"support", offsetof(MlkClassMetrics, support), false},
};

static const MetricSpec *
specs_of(MlTask task, int *n)
{
	*n = task == ML_TASK_REGRESSION ? lengthof(regression_metrics) : lengthof(classification_metrics);
	return task == ML_TASK_REGRESSION ? regression_metrics : classification_metrics;
}

static void
append(MlReport *report, const MetricSpec *spec, const void *values, const char *label)
{
	MlMetricRow *row = &report->rows[report->n++];

	row->metric = spec->name;
	row->label = label;
	row->value = *(const double *) ((const char *) values + spec->offset);
}

static void
report_regression(MlReport *report, const MlScored *s, MlkPool *pool)
{
	MlkRegressionMetrics m;
	double	   *scratch = MemoryContextAllocHuge(CurrentMemoryContext, mul_size(sizeof(double), s->n));

	ml_check_status(mlk_regression_metrics(pool, s->y, s->out, s->weight, s->n, scratch, &m));
	for (int i = 0; i < lengthof(regression_metrics); i++)
		append(report, &regression_metrics[i], &m, NULL);
	pfree(scratch);
}

static void
report_classification(MlReport *report, const MlScored *s, MlkPool *pool)
{
	int			k = s->n_classes;
	MlkClassificationMetrics m;
	MlkClassMetrics *per_class = palloc(sizeof(MlkClassMetrics) * k);
	double	   *confusion = palloc(sizeof(double) * k * k);
	void	   *scratch = MemoryContextAllocHuge(CurrentMemoryContext, mlk_classification_scratch(s->n));

	ml_check_status(mlk_classification_metrics_at(pool, s->label, s->out, k, s->threshold, s->weight, s->n, scratch,
											   &m, per_class, confusion));
	for (int i = 0; i < lengthof(classification_metrics); i++)
		append(report, &classification_metrics[i], &m, NULL);
	for (int c = 0; c < k; c++)
		for (int i = 0; i < lengthof(class_metrics); i++)
			append(report, &class_metrics[i], &per_class[c], s->classes[c]);
	pfree(scratch);
	pfree(confusion);
	pfree(per_class);
}

int64
ml_report_drop_unknown(int32 *label, double *out, double *weight, int64 n, int k)
{
	int64		kept = 0;

	for (int64 i = 0; i < n; i++)
	{
		if (label[i] < 0)
			continue;
		if (kept < i)
		{
			label[kept] = label[i];
			memcpy(out + kept * k, out + i * k, sizeof(double) * k);
			if (weight != NULL)
				weight[kept] = weight[i];
		}
		kept++;
	}
	return kept;
}

MlReport
ml_report_make(const MlScored *s, MlkPool *pool)
{
	MlReport	report = {0};
	int			whole;

	(void) specs_of(s->task, &whole);
	report.rows = palloc0(sizeof(MlMetricRow) * (whole + lengthof(class_metrics) * s->n_classes));
	if (s->n == 0)
		return report;
	if (s->task == ML_TASK_REGRESSION)
		report_regression(&report, s, pool);
	else
		report_classification(&report, s, pool);
	return report;
}

double
ml_report_value(const MlReport *report, const char *metric)
{
	for (int i = 0; i < report->n; i++)
		if (report->rows[i].label == NULL && strcmp(report->rows[i].metric, metric) == 0)
			return report->rows[i].value;
	return NAN;
}

/* rows of one class follow each other */
void
ml_report_json(StringInfo out, const char *key, const MlReport *report)
{
	const char *class = NULL;

	ml_json_key(out, key);
	appendStringInfoChar(out, '{');
	for (int i = 0; i < report->n; i++)
	{
		const MlMetricRow *row = &report->rows[i];

		if (row->label != class)
		{
			if (class == NULL)
			{
				ml_json_key(out, "classes");
				appendStringInfoChar(out, '{');
			}
			else
				appendStringInfoChar(out, '}');
			class = row->label;
			ml_json_key(out, class);
			appendStringInfoChar(out, '{');
		}
		ml_json_float(out, row->metric, row->value);
	}
	appendStringInfoString(out, class != NULL ? "}}}" : "}");
}

const char *
ml_report_metric(const char *given, MlTask task, int n_classes)
{
	int			n;
	const MetricSpec *specs = specs_of(task, &n);
	const char *names[lengthof(classification_metrics)];

	if (given == NULL)
		return task == ML_TASK_REGRESSION ? "r2" : n_classes == 2 ? "roc_auc" : "accuracy";
	for (int i = 0; i < n; i++)
	{
		if (strcmp(specs[i].name, given) == 0)
			return specs[i].name;
		names[i] = specs[i].name;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown metric \"%s\" for %s", given,
					task == ML_TASK_REGRESSION ? "regression" : "classification"),
			 errhint("%s", ml_nearest_hint(given, names, n))));
	return NULL;
}

bool
ml_report_better(const char *metric, double a, double b)
{
	for (int i = 0; i < lengthof(regression_metrics); i++)
		if (strcmp(regression_metrics[i].name, metric) == 0)
			return regression_metrics[i].smaller_is_better ? a < b : a > b;
	for (int i = 0; i < lengthof(classification_metrics); i++)
		if (strcmp(classification_metrics[i].name, metric) == 0)
			return classification_metrics[i].smaller_is_better ? a < b : a > b;
	return false;
}
