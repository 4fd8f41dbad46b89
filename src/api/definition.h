/*
 * definition.h: one call of mlops_train, as arguments and as the JSON that a version records.
 */
#ifndef ML_DEFINITION_H
#define ML_DEFINITION_H

#include "postgres.h"
#include "fmgr.h"
#include "algorithms/algorithm.h"
#include "dataset/dataset.h"

typedef enum MlDeployPolicy
{
	ML_DEPLOY_IF_BETTER,
	ML_DEPLOY_ALWAYS,
	ML_DEPLOY_NEVER
} MlDeployPolicy;

typedef struct MlDefinition
{
	char	   *model;
	char	   *source;
	bool		recorded;		/* source is what a version recorded, not the caller's text */
	char	   *target;			/* NULL: not given */
	char	   *algorithm;		/* NULL: chosen by the task */
	Jsonb	   *params;
	char	   *task;			/* NULL: by target type and algorithm */
	char	  **features;		/* named ones; n_features = -1: all columns */
	int			n_features;
	char	  **exclude;
	int			n_exclude;		/* -1: not given */
	Jsonb	   *preprocess;
	Jsonb	   *split_json;
	MlSplit		split;
	char	   *weight;
	int64		seed;
	MlDeployPolicy deploy;
	char	   *metric;			/* NULL: the task's default */
} MlDefinition;

/* from the arguments of mlops_train; ERROR 22023 / 22004 for what cannot be */
extern MlDefinition *ml_definition_from_args(FunctionCallInfo fcinfo);
/* from what a version recorded; ERROR XX001 when it is damaged */
extern MlDefinition *ml_definition_from_json(const char *model, Jsonb *json);
/* with the source as the analysed query deparsed */
extern Jsonb *ml_definition_json(const MlDefinition *definition, const char *qualified_source);

#endif							/* ML_DEFINITION_H */
