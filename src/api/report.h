/*
 * report.h: the metrics of one set of predictions, as rows and as JSON, and which of them decides.
 */
#ifndef ML_REPORT_H
#define ML_REPORT_H

#include "postgres.h"
#include "lib/stringinfo.h"
#include "algorithms/algorithm.h"
#include "catalog/catalog.h"

/* truth and prediction of n rows; regression: y and out[n]; classification: label and out[n * n_classes] */
typedef struct MlScored
{
	MlTask		task;
	int64		n;
	const double *y;
	const int32 *label;			/* every one a known class */
	const double *out;
	const double *weight;		/* NULL: all one */
	int			n_classes;
	char	  **classes;
	const double *threshold;	/* of two classes (ml_model_threshold); NULL: the likeliest one is predicted */
} MlScored;

typedef struct MlReport
{
	int			n;
	MlMetricRow *rows;			/* dataset is set by the caller; whole-set metrics first, then per class */
} MlReport;

/*
 * Rows whose label the model does not know (label < 0) cannot be scored: close the gaps in label, out[n * k] and weight (or
 * NULL) and return the rows that are left.
 */
extern int64 ml_report_drop_unknown(int32 *label, double *out, double *weight, int64 n, int k);

/* palloc'd; n = 0 rows give an empty report */
extern MlReport ml_report_make(const MlScored *scored, MlkPool *pool);

extern double ml_report_value(const MlReport *report, const char *metric);	/* NaN when absent */
/* {"accuracy": ..., "classes": {"No": {"precision": ...}, ...}} appended under key */
extern void ml_report_json(StringInfo out, const char *key, const MlReport *report);

/* name checked against the task (ERROR 22023 with the nearest); NULL gives the default */
extern const char *ml_report_metric(const char *given, MlTask task, int n_classes);
/* is a better than b?  NaN is never better */
extern bool ml_report_better(const char *metric, double a, double b);

#endif							/* ML_REPORT_H */
