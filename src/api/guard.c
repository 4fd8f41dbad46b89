/*
 * guard.c: the trigger that keeps what is stored of a version as it was stored.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(mlops_refuse_update);

/*
 * BEFORE UPDATE FOR EACH STATEMENT: refuses superusers too.  Inserting and deleting stay possible, so that dumps restore and
 * versions can be dropped.
 */
Datum
mlops_refuse_update(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("mlops_refuse_update can only be called as a trigger")));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("rows of \"%s\" cannot be changed", RelationGetRelationName(trigger->tg_relation)),
			 errdetail("A model version never changes."),
			 errhint("Train another version with mlops_train() or mlops_retrain().")));
}
