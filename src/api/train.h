/*
 * train.h: one training from definition to stored version.
 */
#ifndef ML_TRAIN_H
#define ML_TRAIN_H

#include "postgres.h"
#include "api/columns.h"
#include "api/definition.h"
#include "api/report.h"
#include "quality/inspect.h"
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
	MlkSums    *sums;			/* instead of a design, where the algorithm can do with them and nobody else asks for rows */
	MlkBinned  *binned;			/* until the fit is done */
	MlPrepPanel *panel;			/* of ml_assess_panel */
	double	   *y;				/* regression */
	int32	   *label;			/* classification */
	double	   *weight;			/* NULL: none */
	MlModel		model;			/* classes, prep (layout of parts: with the fit), state */
	double	   *predicted;		/* [rows * outputs] in canonical order, training rows filled by the fit; NULL: the fit did not */

	/* fit: what the algorithm wants to be known of how it went */
	MlReport	fit;

	/* inspect */
	MlFindings	findings;

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

/* ---- train_plan.c: before a row is read ---- */

/* source, algorithm, parameters, columns; refuses what cannot be */
extern void ml_train_plan(MlTraining *t);
extern const char *ml_train_task_name(MlTask task);
extern MlPrepDefaults ml_train_prep_defaults(const MlTraining *t);

/* ---- inspect.c: what is wrong with the data ---- */

/* fills t->findings and says the warnings among them, when mlops.inspect is on */
extern void ml_train_inspect(MlTraining *t);
/* [{"finding": ..., "severity": ..., "column": ..., "value": ..., "detail": ...}, ...] */
extern Jsonb *ml_findings_json(const MlFindings *findings);

/* ---- train_store.c ---- */
extern void ml_train_store(MlTraining *t);

/* ---- train.c ---- */

/* plan, threads, memory */
extern void ml_train_start(MlTraining *t);
/* what comes after loading and ordering: prepare, inspect, fit, assess, store */
extern void ml_train_finish(MlTraining *t);

/* rows of the source as columns; then useful features, canonical order and split; then targets as numbers or classes */
extern void ml_train_load(MlTraining *t);
extern void ml_train_order(MlTraining *t);
/* its last part: order and split of rows whose features are known */
extern void ml_train_split(MlTraining *t);
extern void ml_train_truth(MlTraining *t);
/*
 * Targets, weights, and preprocessing fitted on the training rows: design, or dictionaries and bins (then rows must be all of the data).
 * alone: for this training's own algorithm, which may have sums instead of a design.
 */
extern void ml_train_prepare(MlTraining *t, bool alone);
/* its last part: preprocessing alone; nothing in the layout of parts, whose fit does it */
extern void ml_train_encode(MlTraining *t, bool alone);

/* how a fit tells where it is, and its memory */
extern MlFitControl ml_train_control(const MlTraining *t);
/* a number that the version's metrics hold under "fit"; name must live as long as the training */
extern void ml_train_record(MlTraining *t, const char *name, double value);

/* a state of this algorithm for the training rows */
extern void *ml_train_fit(MlTraining *t, const MlAlgorithm *algorithm, MlParams *params);

/* ---- balance.c ---- */

/* once labels and weights are gathered: training rows, or their weights, as the definition wants the classes balanced; NOTICE with the counts */
extern void ml_train_balance(MlTraining *t);

/* ---- warm_start.c: going on from the live version ---- */

/* before any row is read: fills t->warm when the parameters ask for it; ERROR 22023 when the live version is of another algorithm */
extern void ml_warm_start_plan(MlTraining *t);
/* ERROR when params ask for it; what: the call that cannot do it */
extern void ml_warm_start_refuse(Jsonb *params, const char *what);
/* ERROR 22023 unless features and classes are those of the live version; features come in its order */
extern void ml_warm_start_features(MlTraining *t);
extern void ml_warm_start_classes(MlTraining *t);

/* ---- held.c: rows held back from the fit, and what is learned of them ---- */

/* share of the training rows that these parameters want to be held back; 0: none */
extern double ml_held_share(const MlParams *params);
/* ERROR 22023 for what cannot be: of a task; of these classes and rows; of the version that a training goes on from */
extern void ml_held_check(const MlParams *params, MlTask task);
extern void ml_held_check_classes(const MlTraining *t, const MlParams *params);
extern void ml_held_check_warm(const MlTraining *t);
/* after the fit: fills t->model.held from the held-back rows, in the current memory context */
extern void ml_held_learn(MlTraining *t, const MlParams *params);

/* ---- assess.c: predictions and metrics ---- */

/* fills train, test and baseline */
extern void ml_assess(MlTraining *t);
/* from the budget: rows * outputs numbers, for predictions of all rows in canonical order */
extern double *ml_assess_room(const MlTraining *t);
/*
 * metrics of predictions out[n * outputs] for rows [from, from + n) of the canonical order; out may be reordered.  *dropped: rows
 * whose label no training row has, which cannot be scored
 */
extern MlReport ml_assess_report(const MlTraining *t, double *out, int64 from, int64 n, int64 *dropped);
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
