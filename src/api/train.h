/*
 * train.h: one training from definition to stored version.
 */
#ifndef ML_TRAIN_H
#define ML_TRAIN_H

#include "postgres.h"
#include "api/columns.h"
#include "api/definition.h"
#include "api/report.h"
#include "scoring/scorer.h"

/* what a training knows; each step of ml_train fills its part and leaves the rest alone */
typedef struct MlTraining
{
	MlDefinition *definition;
	MlkPool    *pool;
	MlBudget   *budget;
	TimestampTz started;

	/* plan: before any row is read */
	MlSource   *source;
	const MlAlgorithm *algorithm;
	MlParams   *params;
	MlColumnPlan *plan;
	MlModelRow	earlier;		/* the model's row as it was found; model_id 0: there was none */
	MlModel    *warm;			/* the live version when the training goes on from it (pinned), else NULL */

	/* load, order */
	MlDataset  *data;
	int		   *features;		/* indices of data->columns that are used */
	int			n_features;
	MlRows	   *rows;

	/* prepare: all rows in canonical order, training rows first; the native layout has bins of the training rows instead */
	MlkDesign  *design;
	MlkBinned  *binned;			/* until the fit is done */
	MlPrepPanel *panel;			/* of ml_assess_panel */
	double	   *y;				/* regression */
	int32	   *label;			/* classification */
	double	   *weight;			/* NULL: none */
	MlModel		model;			/* classes, prep, state */

	/* evaluate */
	const char *metric;
	MlReport	train;
	MlReport	test;
	MlReport	baseline;		/* on the test rows; on the training rows when there is no test set */

	/* store */
	MlVersionRow *version;
	bool		deployed;
} MlTraining;

/*
 * Trains, stores and, by the definition's policy, deploys.  Everything lives in the current memory context.  Errors
 * leave nothing behind: the whole is the calling transaction's work.
 */
extern MlTraining *ml_train(MlDefinition *definition);

/* ---- train.c ---- */

/* a state of this algorithm for the training rows */
extern void *ml_train_fit(MlTraining *t, const MlAlgorithm *algorithm, MlParams *params);

/* ---- warm_start.c: going on from the live version ---- */

/* before any row is read: fills t->warm when the parameters ask for it; ERROR 22023 when the live version is of another algorithm */
extern void ml_warm_start_plan(MlTraining *t);
/* ERROR 22023 unless features and classes are those of the live version; features come in its order */
extern void ml_warm_start_features(MlTraining *t);
extern void ml_warm_start_classes(MlTraining *t);

/* ---- assess.c: predictions and metrics ---- */

/* fills train, test and baseline */
extern void ml_assess(MlTraining *t);
/* rows of a panel of this preprocessing that fit into a bounded memory */
extern int64 ml_assess_panel_rows(const MlPrep *prep);
/* of t->model.prep, made at the first call */
extern MlPrepPanel *ml_assess_panel(MlTraining *t);
/* out[n * outputs] of rows order[0..n) of the training's data by any model, a panel at a time */
extern void ml_assess_predict(const MlTraining *t, const MlModel *model, const uint32 *order, int64 n, double *out);

/* ---- champion.c ---- */

/* the live version, pinned; it may have been committed after the statement's snapshot was taken */
extern MlModel *ml_champion_acquire(const MlModelRow *model);
/* the first column of a model that cannot be had from the data, or NULL */
extern const char *ml_champion_missing(const MlModel *live, const MlDataset *data);
/* decide and perform the deployment of the new version under the model's row lock */
extern bool ml_champion_beaten(MlTraining *t, const MlModelRow *model);

#endif							/* ML_TRAIN_H */
