/*
 * running_trials.c: mlops_running_trials: the trials of searches that are running, as other sessions see them.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "api/args.h"
#include "monitoring/live.h"
#include "monitoring/progress.h"

PG_FUNCTION_INFO_V1(mlops_running_trials);

#define TRIAL_COLUMNS 12

static void
put_trial(ReturnSetInfo *result, const MlLiveSearch *search, const MlLiveTrial *trial)
{
	Datum		values[TRIAL_COLUMNS];
	bool		nulls[TRIAL_COLUMNS] = {false};

	values[0] = CStringGetTextDatum(search->model);
	values[1] = CStringGetTextDatum(search->command);
	values[2] = Int32GetDatum(trial->trial);
	values[3] = CStringGetTextDatum(trial->algorithm);
	nulls[4] = trial->params[0] == '\0';
	values[4] = nulls[4] ? (Datum) 0 : JsonbPGetDatum(ml_json_parse(trial->params));
	values[5] = CStringGetTextDatum(trial->status);
	values[6] = Int32GetDatum(trial->folds);
	values[7] = Int64GetDatum(trial->train_rows);
	values[8] = CStringGetTextDatum(search->metric);
	values[9] = ml_result_float(trial->mean, &nulls[9]);
	values[10] = ml_result_float(trial->stddev, &nulls[10]);
	values[11] = Float8GetDatum(trial->seconds);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * mlops_running_trials() -> rows: model, command, trial, algorithm, params, status, folds, train_rows, metric, mean, stddev, seconds
 *
 * Of the caller's own roles, or of all for members of pg_read_all_stats.
 */
Datum
mlops_running_trials(PG_FUNCTION_ARGS)
{
	int			backends = ml_progress_backends();

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < backends; i++)
	{
		MlLiveSearch search;
		MlLiveTrial *trials;
		int			n = ml_live_read(i, &search, &trials);

		for (int k = 0; k < n; k++)
			put_trial((ReturnSetInfo *) fcinfo->resultinfo, &search, &trials[k]);
	}
	return (Datum) 0;
}
