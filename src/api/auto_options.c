/*
 * auto_options.c: what the params of a search over algorithms may say.
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/numeric.h"

#include "api/args.h"
#include "api/auto.h"
#include "api/stack.h"
#include "api/tune.h"

#define DEFAULT_SECONDS 60
#define DEFAULT_MEMBERS 3

static double
option_number(Jsonb *json, const char *key, double fallback)
{
	JsonbValue *value = ml_json_get(json, key);

	if (value == NULL)
		return fallback;
	if (value->type != jbvNumeric)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" of the search must be a number", key)));
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
}

/* false, true, or how many members there may be */
static int
option_members(Jsonb *json)
{
	JsonbValue *value = ml_json_get(json, "ensemble");
	double		members = 0;

	if (value == NULL || (value->type == jbvBool && !value->val.boolean))
		return 0;
	if (value->type == jbvBool)
		return DEFAULT_MEMBERS;
	if (value->type == jbvNumeric)
		members = option_number(json, "ensemble", 0);
	if (members != floor(members) || members < 2 || members > ML_ENSEMBLE_MOST)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"ensemble\" of the search must be true, false, or a whole number from 2 to %d", ML_ENSEMBLE_MOST),
				 errdetail("It says how many algorithms an ensemble of the best may be made of; true: up to %d.", DEFAULT_MEMBERS)));
	return (int) members;
}

MlAutoOptions
ml_auto_options(Jsonb *json)
{
	static const char *const names[] = {"max_seconds", "folds", "algorithms", "ensemble"};
	MlAutoOptions options = {0};
	JsonbIterator *it = JsonbIteratorInit(&json->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	double		folds;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
		if (token == WJB_KEY)
			(void) ml_arg_choice("option of the search", pnstrdup(value.val.string.val, value.val.string.len), names, lengthof(names));
	options.max_seconds = ml_tune_seconds(option_number(json, "max_seconds", DEFAULT_SECONDS));
	folds = option_number(json, "folds", 5);
	if (folds != floor(folds) || folds < 2 || folds > ML_MAX_FOLDS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"folds\" of the search is %g", folds),
				 errdetail("It must be a whole number from 2 to %d.", ML_MAX_FOLDS)));
	options.folds = (int) folds;
	options.members = option_members(json);
	options.algorithms = ml_json_get_text_array(json, "algorithms", &options.n_algorithms);
	if (options.n_algorithms == 0 || (options.n_algorithms < 0 && ml_json_get(json, "algorithms") != NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"algorithms\" of the search must be an array of names"),
				 errhint("mlops_algorithms() lists them.")));
	return options;
}
