/*
 * privilege.c: who may do what with a model.
 *
 * The owner's role, its members and superusers may everything.  Others hold what mlops_grant recorded: 'predict', or
 * 'manage', which includes it.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "catalog/tables.h"

static const char *
privilege_name(MlPrivilege privilege)
{
	return privilege == ML_PRIV_MANAGE ? "manage" : "predict";
}

static bool
grant_covers(HeapTuple tuple, TupleDesc desc, Oid user, MlPrivilege need)
{
	bool		isnull;
	Oid			grantee = DatumGetObjectId(heap_getattr(tuple, PRIVILEGE_GRANTEE, desc, &isnull));
	text	   *name = DatumGetTextPP(heap_getattr(tuple, PRIVILEGE_NAME, desc, &isnull));
	const char *manage = privilege_name(ML_PRIV_MANAGE);

	if (need == ML_PRIV_MANAGE &&
		(VARSIZE_ANY_EXHDR(name) != strlen(manage) || memcmp(VARDATA_ANY(name), manage, strlen(manage)) != 0))
		return false;
	return !OidIsValid(grantee) || has_privs_of_role(user, grantee);
}

bool
ml_catalog_allowed(const MlModelRow *model, MlPrivilege need)
{
	Oid			user = GetUserId();
	ScanKeyData key;
	MlScan		scan;
	HeapTuple	tuple;
	bool		allowed = false;

	if (has_privs_of_role(user, model->owner))
		return true;
	if (need == ML_PRIV_OWN)
		return false;

	ml_key_int64(&key, PRIVILEGE_MODEL_ID, model->model_id);
	ml_scan_begin(&scan, ML_TABLE_PRIVILEGE, ML_INDEX_PRIVILEGE, GetActiveSnapshot(), &key, 1);
	while (!allowed && (tuple = ml_scan_next(&scan)) != NULL)
		allowed = grant_covers(tuple, RelationGetDescr(scan.heap), user, need);
	ml_scan_end(&scan);
	return allowed;
}

void
ml_catalog_require(const MlModelRow *model, MlPrivilege need)
{
	if (ml_catalog_allowed(model, need))
		return;
	if (need == ML_PRIV_OWN)
	{
		const char *owner = GetUserNameFromId(model->owner, true);

		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for model \"%s\"", model->name),
				 owner != NULL ? errdetail("Only the owner \"%s\" may do this.", owner) :
				 errdetail("Its owner was dropped, so only a superuser may do this.")));
	}
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for model \"%s\"", model->name),
			 errhint("Its owner can run: SELECT mlops_grant(%s, %s, '%s');", quote_literal_cstr(model->name),
					 quote_literal_cstr(GetUserNameFromId(GetUserId(), false)), privilege_name(need))));
}

void
ml_catalog_grant(const MlModelRow *model, Oid grantee, MlPrivilege privilege)
{
	MlWriter	writer;
	MlSqlArgs	args = {0};

	ml_catalog_require(model, ML_PRIV_OWN);
	ml_writer_begin(&writer, "mlops_grant()");
	(void) ml_catalog_lock_row(model);
	ml_sql_put_int64(&args, model->model_id);
	ml_sql_put_role(&args, grantee);
	ml_sql_put_text(&args, privilege_name(privilege));
	ml_sql_put_role(&args, writer.caller);
	ml_sql_run("INSERT INTO mlops.model_privilege (model_id, grantee, privilege, granted_by)"
			   " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", &args);
	ml_writer_end(&writer);
}

bool
ml_catalog_revoke(const MlModelRow *model, Oid grantee, MlPrivilege privilege)
{
	MlWriter	writer;
	MlSqlArgs	args = {0};
	bool		found;

	ml_catalog_require(model, ML_PRIV_OWN);
	ml_writer_begin(&writer, "mlops_revoke()");
	(void) ml_catalog_lock_row(model);
	ml_sql_put_int64(&args, model->model_id);
	ml_sql_put_role(&args, grantee);
	ml_sql_put_text(&args, privilege_name(privilege));
	found = ml_sql_run("DELETE FROM mlops.model_privilege"
					   " WHERE model_id = $1 AND grantee = $2 AND privilege = $3", &args) > 0;
	ml_writer_end(&writer);
	return found;
}
