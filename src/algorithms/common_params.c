/*
 * common_params.c: parameters that every algorithm has, because what they ask for is done around it: rows held back from the fit, and
 * what is learned of them.  They stand behind the algorithm's own, where they apply.
 */
#include "algorithms/params.h"

typedef struct CommonParam
{
	MlParamSpec spec;
	uint32		tasks;			/* bits of MlTask; an algorithm that does one of them has the parameter */
} CommonParam;

static const CommonParam common[] = {
	{{"calibrate", ML_PARAM_ENUM, "null", .nullable = true, .choices = "sigmoid|isotonic",
	.help = "How held-back rows make the predicted probabilities true to the shares that are observed"}, ML_TASK_CLASSIFICATION},
	{{"calibration_fraction", ML_PARAM_REAL, "0.2", .min = 0, .max = 1, .min_open = true, .max_open = true,
	.help = "Share of the training rows that is held back from the fit, when calibrate, threshold or conformal needs them"},
	ML_TASK_CLASSIFICATION | ML_TASK_REGRESSION},
	{{"threshold", ML_PARAM_THRESHOLD, "null",
	.help = "Probability from which on a row is of the positive class of two, or what held-back rows are to choose it for"},
	ML_TASK_CLASSIFICATION},
	{{"conformal", ML_PARAM_BOOL, "false",
	.help = "Hold rows back so that mlops_interval and mlops_label_set can promise a coverage"},
	ML_TASK_CLASSIFICATION | ML_TASK_REGRESSION}
};

bool
ml_params_is_common(const char *name)
{
	for (int i = 0; i < lengthof(common); i++)
	{
		if (strcmp(common[i].spec.name, name) == 0)
			return true;
	}
	return false;
}

const MlParamSpec **
ml_params_specs(const MlAlgorithm *algorithm, int *n, int *n_own)
{
	const MlParamSpec **specs;

	*n_own = 0;
	while (algorithm->params[*n_own].name != NULL)
		(*n_own)++;
	specs = palloc(sizeof(MlParamSpec *) * (*n_own + lengthof(common)));
	for (*n = 0; *n < *n_own; (*n)++)
		specs[*n] = &algorithm->params[*n];
	for (int i = 0; i < lengthof(common); i++)
	{
		if ((algorithm->tasks & common[i].tasks) != 0)
			specs[(*n)++] = &common[i].spec;
	}
	return specs;
}
