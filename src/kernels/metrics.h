/*
 * metrics.h: what a prediction is worth.  Definitions are scikit-learn's.
 *
 * weight may be NULL (all ones).  Sums run over fixed blocks and are combined
 * in block order, so results do not depend on the number of threads.
 */
#ifndef MLK_METRICS_H
#define MLK_METRICS_H

#include "kernels/parallel.h"

typedef struct MlkRegressionMetrics
{
	double		r2;				/* 1 - SSE/SST; constant truth: 1 if exact else 0 (scikit-learn) */
	double		rmse;
	double		mae;
	double		mape;			/* mean |e| / max(|y|, eps), as a fraction */
	double		medae;			/* (weighted) median |e| */
} MlkRegressionMetrics;

/* scratch: n doubles (medae) */
extern MlkStatus mlk_regression_metrics(MlkPool *pool, const double *y, const double *pred,
										const double *weight, int64_t n, double *scratch,
										MlkRegressionMetrics *out);

typedef struct MlkClassMetrics
{
	double		precision,
				recall,
				f1,
				support;		/* sum of weights of the true class */
} MlkClassMetrics;

typedef struct MlkClassificationMetrics
{
	double		accuracy;
	double		balanced_accuracy;	/* mean recall over classes that occur */
	double		log_loss;		/* p clipped to [eps, 1-eps], eps = 2.2e-16 */
	double		roc_auc;		/* binary: from scores, ties counted half; multiclass: one-vs-rest macro over
								 * classes with both sides; NaN when undefined */
	double		pr_auc;			/* average precision, binary as roc_auc; multiclass: macro */
	double		brier;			/* binary: mean (p - y)^2; multiclass: mean over rows of the sum over classes */
	double		mcc;
	double		macro_precision,
				macro_recall,
				macro_f1;
	double		weighted_precision,
				weighted_recall,
				weighted_f1;
} MlkClassificationMetrics;

/*
 * label[n] in [0, k); prob[n * k] row-major; prediction = argmax, first on ties (binary: prob[1] > 0.5 is class 1).
 * per_class[k] and confusion[k * k] (row = truth, sums of weights) are outputs.
 * scratch: mlk_classification_scratch(n) bytes.
 */
extern size_t mlk_classification_scratch(int64_t n);
extern MlkStatus mlk_classification_metrics(MlkPool *pool, const int32_t *label, const double *prob, int k,
											const double *weight, int64_t n, void *scratch,
											MlkClassificationMetrics *out, MlkClassMetrics *per_class,
											double *confusion);

/* the same of the predicted classes alone: losses and rankings are NaN.  predicted[n] is an output too; threshold as below */
extern MlkStatus mlk_predicted_class_metrics(MlkPool *pool, const int32_t *label, const double *prob, int k,
											 const double *threshold, const double *weight, int64_t n, int32_t *predicted,
											 MlkClassificationMetrics *out, MlkClassMetrics *per_class,
											 double *confusion);

/* the same where a row of two classes is of the second when prob[1] >= *threshold (NULL: as above) */
extern MlkStatus mlk_classification_metrics_at(MlkPool *pool, const int32_t *label, const double *prob, int k,
											   const double *threshold, const double *weight, int64_t n, void *scratch,
											   MlkClassificationMetrics *out, MlkClassMetrics *per_class,
											   double *confusion);

/* area under ROC and average precision of one score */
extern size_t mlk_ranking_scratch(int64_t n);
extern MlkStatus mlk_ranking_metrics(MlkPool *pool, const uint8_t *positive, const double *score, const double *weight,
									 int64_t n, void *scratch, double *roc_auc, double *average_precision);

/*
 * Population stability index of two histograms of `bins` counts: sum (q - p) ln(q / p), each share floored
 * at half a row (0.5 / total) so that empty bins stay finite.  NaN when a total is 0.
 */
extern double mlk_psi(const double *expected, const double *actual, int bins);

#endif							/* MLK_METRICS_H */
