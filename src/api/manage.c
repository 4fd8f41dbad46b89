/*
 * manage.c: deploy, roll back, drop, alias, grant and revoke: what is done to models that exist.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "api/args.h"
#include "catalog/catalog.h"
#include "nearest.h"

PG_FUNCTION_INFO_V1(mlops_deploy);
PG_FUNCTION_INFO_V1(mlops_rollback);
PG_FUNCTION_INFO_V1(mlops_drop);
PG_FUNCTION_INFO_V1(mlops_alias);
PG_FUNCTION_INFO_V1(mlops_grant);
PG_FUNCTION_INFO_V1(mlops_revoke);

/*
 * The model as it is now rather than when the statement began, so that several calls in one statement build on each other.
 * With version_id, also looks for the version: ERROR 42704 when there is none of that number.
 */
static void
open_model(FunctionCallInfo fcinfo, MlPrivilege need, MlModelRow *model, int version, int64 *version_id)
{
	PushActiveSnapshot(GetTransactionSnapshot());
	ml_catalog_open(ml_arg_required_text(fcinfo, 0, "model"), need, model);
	if (version_id != NULL)
	{
		*version_id = ml_catalog_version_id(model->model_id, version);
		if (*version_id == 0)
			ml_catalog_unknown_version(model, version);
	}
	PopActiveSnapshot();
}

/*
 * mlops_deploy(model text, version int) -> int
 *
 * Makes a version the one that the bare name means; returns its number.
 */
Datum
mlops_deploy(PG_FUNCTION_ARGS)
{
	MlModelRow	model;
	int64		version_id;

	PreventCommandIfReadOnly("mlops_deploy()");
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"version\" must not be null")));
	open_model(fcinfo, ML_PRIV_MANAGE, &model, PG_GETARG_INT32(1), &version_id);
	ml_catalog_deploy(&model, version_id, "called mlops_deploy");
	PG_RETURN_INT32(PG_GETARG_INT32(1));
}

/*
 * mlops_rollback(model text) -> int
 *
 * Back to the version that was live before this one; again, further back.  Returns the number of the version now live.
 */
Datum
mlops_rollback(PG_FUNCTION_ARGS)
{
	MlModelRow	model;

	PreventCommandIfReadOnly("mlops_rollback()");
	open_model(fcinfo, ML_PRIV_MANAGE, &model, 0, NULL);
	PG_RETURN_INT32(ml_catalog_rollback(&model));
}

/*
 * mlops_drop(model text, version int) -> int
 *
 * One version, or with a NULL version the model and all it had; returns the number of versions dropped.
 */
Datum
mlops_drop(PG_FUNCTION_ARGS)
{
	bool		whole = PG_ARGISNULL(1);
	MlModelRow	model;
	int64		version_id;

	PreventCommandIfReadOnly("mlops_drop()");
	if (whole)
	{
		open_model(fcinfo, ML_PRIV_OWN, &model, 0, NULL);
		PG_RETURN_INT32(ml_catalog_drop(&model, 0));
	}
	open_model(fcinfo, ML_PRIV_MANAGE, &model, PG_GETARG_INT32(1), &version_id);
	PG_RETURN_INT32(ml_catalog_drop(&model, PG_GETARG_INT32(1)));
}

/*
 * mlops_alias(model text, alias text, version int) -> void
 *
 * 'model@alias' means that version from now on; NULL removes the alias.
 */
Datum
mlops_alias(PG_FUNCTION_ARGS)
{
	char	   *alias = ml_arg_required_text(fcinfo, 1, "alias");
	MlModelRow	model;
	int64		version_id = 0;

	PreventCommandIfReadOnly("mlops_alias()");
	if (PG_ARGISNULL(2))
		open_model(fcinfo, ML_PRIV_MANAGE, &model, 0, NULL);
	else
		open_model(fcinfo, ML_PRIV_MANAGE, &model, PG_GETARG_INT32(2), &version_id);
	ml_catalog_alias(&model, alias, version_id);
	PG_RETURN_VOID();
}

/* InvalidOid for public */
static Oid
role_argument(FunctionCallInfo fcinfo)
{
	const char *role;

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"role\" must not be null")));
	role = NameStr(*PG_GETARG_NAME(1));
	return strcmp(role, "public") == 0 ? InvalidOid : get_role_oid(role, false);
}

static MlPrivilege
privilege_argument(FunctionCallInfo fcinfo)
{
	static const char *const names[] = {"predict", "manage"};
	char	   *privilege = ml_arg_required_text(fcinfo, 2, "privilege");

	if (strcmp(privilege, "predict") == 0)
		return ML_PRIV_PREDICT;
	if (strcmp(privilege, "manage") == 0)
		return ML_PRIV_MANAGE;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" is not a privilege of models", privilege),
			 errhint("%s", ml_nearest_hint(privilege, names, lengthof(names)))));
}

/*
 * mlops_grant(model text, role name, privilege text) -> void
 */
Datum
mlops_grant(PG_FUNCTION_ARGS)
{
	MlPrivilege privilege = privilege_argument(fcinfo);
	Oid			role = role_argument(fcinfo);
	MlModelRow	model;

	PreventCommandIfReadOnly("mlops_grant()");
	open_model(fcinfo, ML_PRIV_OWN, &model, 0, NULL);
	ml_catalog_grant(&model, role, privilege);
	PG_RETURN_VOID();
}

/*
 * mlops_revoke(model text, role name, privilege text) -> void
 *
 * Like REVOKE it is content when there was nothing to take away, but says so.
 */
Datum
mlops_revoke(PG_FUNCTION_ARGS)
{
	MlPrivilege privilege = privilege_argument(fcinfo);
	Oid			role = role_argument(fcinfo);
	MlModelRow	model;

	PreventCommandIfReadOnly("mlops_revoke()");
	open_model(fcinfo, ML_PRIV_OWN, &model, 0, NULL);
	if (!ml_catalog_revoke(&model, role, privilege))
		ereport(NOTICE,
				(errmsg("role \"%s\" was not granted \"%s\" on model \"%s\"",
						OidIsValid(role) ? GetUserNameFromId(role, false) : "public",
						privilege == ML_PRIV_MANAGE ? "manage" : "predict", model.name)));
	PG_RETURN_VOID();
}
