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

/* what is done about classes of different size, with the training rows alone */
typedef enum MlBalance
{
	ML_BALANCE_NONE,
	ML_BALANCE_UNDERSAMPLE,
	ML_BALANCE_OVERSAMPLE
} MlBalance;

typedef struct MlDefinition
{
	char	   *model;			/* NULL: nothing will be stored */
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
	MlBalance	balance;
	char	   *weight;
	int64		seed;
	MlDeployPolicy deploy;
	char	   *metric;			/* NULL: the task's default */
	char	   *contract;		/* that the source must keep; NULL: none */
} MlDefinition;

/* where a function has the arguments that make a definition; algorithm may be -1 */
typedef struct MlDefinitionArgs
{
	int			model,
				source,
				target,
				algorithm,
				params,
				task,
				features,
				exclude,
				preprocess,
				split,
				weight,
				seed,
				deploy,
				metric,
				contract;
} MlDefinitionArgs;

extern MlDefinition *ml_definition_from_call(FunctionCallInfo fcinfo, const MlDefinitionArgs *arg);
/* from the arguments of mlops_train; ERROR 22023 / 22004 for what cannot be */
extern MlDefinition *ml_definition_from_args(FunctionCallInfo fcinfo);
/* data without a model: what to read and how to split it */
extern MlDefinition *ml_definition_for_data(char *source, char *target, Jsonb *split);
/* the parts that other calls have too: the same defaults and errors.  deploy NULL: if better; task NULL: fine */
extern MlSplit ml_definition_split(Jsonb *json);
extern MlBalance ml_definition_balance(Jsonb *json);
extern MlDeployPolicy ml_definition_deploy(const char *deploy);
extern void ml_definition_check_task(const char *task);
/* from what a version recorded; ERROR XX001 when it is damaged */
extern MlDefinition *ml_definition_from_json(const char *model, Jsonb *json);
/* with the source as the analysed query deparsed */
extern Jsonb *ml_definition_json(const MlDefinition *definition, const char *qualified_source);

#endif							/* ML_DEFINITION_H */
