/*
 * tune.h: what mlops_tune and mlops_auto have in common: the winner trained, the trials stored, the row returned.
 */
#ifndef ML_TUNE_H
#define ML_TUNE_H

#include "postgres.h"
#include "fmgr.h"
#include "api/contest.h"

/* plans, loads and judges; *contest is set */
typedef void (*MlSearchFn) (FunctionCallInfo fcinfo, MlContest **contest);

/* runs search in a memory context of its own; what it finds is trained, stored with its trials, and returned as the function's one row */
extern void ml_tune_call(FunctionCallInfo fcinfo, const char *function, const char *command, MlSearchFn search);
/* seconds of the argument, > 0 and finite: ERROR 22023 otherwise; NaN when NULL */
extern double ml_tune_seconds(double given);
/* before a row is read; refuses to go on from a live version */
extern MlTraining *ml_tune_plan(MlDefinition *definition, const char *command);
/* rows loaded and ordered */
extern void ml_tune_load(MlTraining *t);

/* the winner trained and stored with the trials; returns it */
extern const MlCandidate *ml_tune_finish(MlContest *contest, const char *command);

/* auto.c: mlops_train with algorithm => 'auto' */
extern MlTraining *ml_auto_train(MlDefinition *definition);

#endif							/* ML_TUNE_H */
