/*
 * schedule.c: mlops_schedule and mlops_unschedule: retraining by the clock.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "api/args.h"
#include "catalog/catalog.h"
#include "dataset/source.h"
#include "nearest.h"

PG_FUNCTION_INFO_V1(mlops_schedule);
PG_FUNCTION_INFO_V1(mlops_unschedule);

static void
open_model(FunctionCallInfo fcinfo, MlModelRow *model)
{
	PushActiveSnapshot(GetTransactionSnapshot());
	ml_catalog_open(ml_arg_required_text(fcinfo, 0, "model"), ML_PRIV_MANAGE, model);
	PopActiveSnapshot();
}

/* every key must be known; returns the source, or NULL */
static char *
check_options(Jsonb *options)
{
	static const char *const known[] = {"source"};
	JsonbIterator *it = JsonbIteratorInit(&options->root);
	JsonbValue	item;
	JsonbIteratorToken token;
	char	   *source = NULL;

	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		char	   *key;

		if (token != WJB_KEY)
			continue;
		key = pnstrdup(item.val.string.val, item.val.string.len);
		if (strcmp(key, "source") != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unknown option \"%s\" of mlops_schedule", key),
					 errhint("%s", ml_nearest_hint(key, known, lengthof(known)))));
		(void) JsonbIteratorNext(&it, &item, true);
		if (item.type == jbvString)
			source = pnstrdup(item.val.string.val, item.val.string.len);
		else if (item.type != jbvNull)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"source\" of mlops_schedule must be a string"),
					 errhint("It names a table or holds a SELECT, as the argument source of mlops_retrain does.")));
	}
	return source;
}

/*
 * mlops_schedule(model text, schedule text, options jsonb) -> bigint
 *
 * A pg_cron job that calls mlops_retrain as the caller; replaces the model's earlier schedule.  A source among the
 * options is analysed now, so that a mistake shows here and not at night.  Returns pg_cron's job id.
 */
Datum
mlops_schedule(PG_FUNCTION_ARGS)
{
	char	   *schedule = ml_arg_required_text(fcinfo, 1, "schedule");
	Jsonb	   *options = ml_arg_object(fcinfo, 2, "options");
	char	   *source = check_options(options);
	MlModelRow	model;

	PreventCommandIfReadOnly("mlops_schedule()");
	open_model(fcinfo, &model);
	if (source != NULL)
		source = ml_source_open(source)->qualified;
	PG_RETURN_INT64(ml_catalog_schedule(&model, schedule, source, options));
}

/*
 * mlops_unschedule(model text) -> boolean
 *
 * False when there was no schedule.
 */
Datum
mlops_unschedule(PG_FUNCTION_ARGS)
{
	MlModelRow	model;

	PreventCommandIfReadOnly("mlops_unschedule()");
	open_model(fcinfo, &model);
	PG_RETURN_BOOL(ml_catalog_unschedule(&model));
}
