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

	/* load, order */
	MlDataset  *data;
	int		   *features;		/* indices of data->columns that are used */
	int			n_features;
	MlRows	   *rows;

	/* prepare: all rows in canonical order, training rows first */
	MlkDesign  *design;
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

/* decide and perform the deployment of the new version under the model's row lock (champion.c) */
extern bool ml_champion_beaten(MlTraining *t, const MlModelRow *model);

#endif							/* ML_TRAIN_H */
