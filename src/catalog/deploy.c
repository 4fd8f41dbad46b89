/*
 * deploy.c: which version is live, which have other names, and which go.
 *
 * The history is a stack with memory: every deployment remembers the one it replaced (previous_id), and a roll-back goes to
 * that one and remembers what came before it, so rolling back again goes further back.  Rows of the history outlive their
 * versions: a dropped version leaves its number there and is passed over.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "catalog/tables.h"

/* the deployment that made the live version live; 0 = none */
static int64
current_deployment(int64 model_id)
{
	MlSqlArgs	args = {0};

	ml_sql_put_int64(&args, model_id);
	ml_sql_run("SELECT max(deployment_id) FROM mlops.deployment WHERE model_id = $1", &args);
	return ml_sql_get_int64(1, 0);
}

static void
move_pointer(int64 model_id, int64 version_id)
{
	MlSqlArgs	args = {0};

	ml_sql_put_int64(&args, model_id);
	ml_sql_put_int64(&args, version_id);
	ml_sql_run("UPDATE mlops.model SET live_version_id = $2 WHERE model_id = $1", &args);
}

/* previous_id 0 = none; returns the version's number, 0 when the model has no such version */
static int
record(int64 model_id, int64 version_id, const char *action, const char *reason, int64 previous_id, Oid caller)
{
	MlSqlArgs	args = {0};

	ml_sql_put_int64(&args, model_id);
	ml_sql_put_int64(&args, version_id);
	ml_sql_put_text(&args, action);
	ml_sql_put_text(&args, reason);
	ml_sql_put_int64(&args, previous_id);
	ml_sql_put_role(&args, caller);
	if (ml_sql_run("INSERT INTO mlops.deployment (model_id, version_id, version, action, reason, previous_id, deployed_by)"
				   " SELECT model_id, version_id, version, $3, $4, nullif($5, 0), $6"
				   " FROM mlops.model_version WHERE model_id = $1 AND version_id = $2 RETURNING version", &args) == 0)
		return 0;
	return ml_sql_get_int32(1, 0);
}

void
ml_catalog_deploy(const MlModelRow *model, int64 version_id, const char *reason)
{
	MlWriter	writer;

	ml_catalog_require(model, ML_PRIV_MANAGE);
	ml_writer_begin(&writer, "mlops_deploy()");
	if (ml_catalog_lock_row(model) == version_id)
		ereport(NOTICE,
				(errmsg("version %d of model \"%s\" is live already", ml_catalog_version_number(version_id), model->name)));
	else
	{
		if (record(model->model_id, version_id, "deploy", reason, current_deployment(model->model_id), writer.caller) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("the version to deploy does not exist any more"),
					 errdetail("Model \"%s\" lost it to another session.", model->name),
					 errhint("The view mlops.versions lists what there is.")));
		move_pointer(model->model_id, version_id);
	}
	ml_writer_end(&writer);
}

/*
 * Where a roll-back leads: down the stack from the current deployment to the first one of another version that still exists.
 * False when the bottom is reached.
 */
static bool
find_previous(int64 model_id, int64 live_version_id, int64 *version_id, int64 *previous_id)
{
	MlSqlArgs	args = {0};

	ml_sql_put_int64(&args, current_deployment(model_id));
	ml_sql_put_int64(&args, live_version_id);
	if (ml_sql_run("WITH RECURSIVE past AS ("
				   "SELECT d.deployment_id, d.version_id, d.previous_id FROM mlops.deployment d WHERE d.deployment_id = $1"
				   " UNION ALL "
				   "SELECT d.deployment_id, d.version_id, d.previous_id FROM mlops.deployment d"
				   " JOIN past ON d.deployment_id = past.previous_id)"
				   " SELECT p.version_id, p.previous_id FROM past p WHERE p.version_id <> $2"
				   " AND EXISTS (SELECT FROM mlops.model_version v WHERE v.version_id = p.version_id)"
				   " ORDER BY p.deployment_id DESC LIMIT 1", &args) == 0)
		return false;
	*version_id = ml_sql_get_int64(1, 0);
	*previous_id = ml_sql_get_int64(2, 0);
	return true;
}

int
ml_catalog_rollback(const MlModelRow *model)
{
	MlWriter	writer;
	int64		live;
	int64		version_id;
	int64		previous_id;
	int			version;

	ml_catalog_require(model, ML_PRIV_MANAGE);
	ml_writer_begin(&writer, "mlops_rollback()");
	live = ml_catalog_lock_row(model);
	if (!find_previous(model->model_id, live, &version_id, &previous_id))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" has no earlier deployment to roll back to", model->name),
				 errhint("The view mlops.deployments shows the history; mlops_deploy() takes any version.")));
	version = record(model->model_id, version_id, "rollback",
					 psprintf("rolled back from version %d", ml_catalog_version_number(live)), previous_id, writer.caller);
	move_pointer(model->model_id, version_id);
	ml_writer_end(&writer);
	return version;
}

/* ---- aliases ---- */

static void
remove_alias(const MlModelRow *model, const char *alias)
{
	MlSqlArgs	args = {0};

	ml_sql_put_int64(&args, model->model_id);
	ml_sql_put_text(&args, alias);
	if (ml_sql_run("DELETE FROM mlops.model_alias WHERE model_id = $1 AND alias = $2", &args) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" has no alias \"%s\"", model->name, alias),
				 errhint("The view mlops.aliases lists what there is.")));
}

static void
set_alias(const MlModelRow *model, const char *alias, int64 version_id, Oid caller)
{
	MlSqlArgs	args = {0};

	ml_sql_put_int64(&args, model->model_id);
	ml_sql_put_text(&args, alias);
	ml_sql_put_int64(&args, version_id);
	ml_sql_put_role(&args, caller);
	ml_sql_run("INSERT INTO mlops.model_alias AS a (model_id, alias, version_id, set_by) VALUES ($1, $2, $3, $4)"
			   " ON CONFLICT (model_id, alias) DO UPDATE"
			   " SET version_id = excluded.version_id, set_by = excluded.set_by, set_at = excluded.set_at", &args);
}

void
ml_catalog_alias(const MlModelRow *model, const char *alias, int64 version_id)
{
	MlWriter	writer;

	ml_catalog_require(model, ML_PRIV_MANAGE);
	ml_catalog_check_name(alias, "an alias");
	ml_writer_begin(&writer, "mlops_alias()");
	(void) ml_catalog_lock_row(model);
	if (version_id == 0)
		remove_alias(model, alias);
	else
		set_alias(model, alias, version_id, writer.caller);
	ml_writer_end(&writer);
}

/* ---- dropping ---- */

/* an alias is somebody's promise to callers: it must be moved or removed by name */
static void
refuse_aliased(const MlModelRow *model, int64 version_id, int version)
{
	MlSqlArgs	args = {0};
	char	   *alias;

	ml_sql_put_int64(&args, model->model_id);
	ml_sql_put_int64(&args, version_id);
	if (ml_sql_run("SELECT alias FROM mlops.model_alias WHERE model_id = $1 AND version_id = $2"
				   " ORDER BY alias LIMIT 1", &args) == 0)
		return;
	alias = ml_sql_get_text(1, CurrentMemoryContext);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 errmsg("version %d of model \"%s\" has the alias \"%s\"", version, model->name, alias),
			 errhint("Let the alias name another version, or remove it with mlops_alias(%s, %s, NULL).",
					 quote_literal_cstr(model->name), quote_literal_cstr(alias))));
}

/* everything that hangs on one version but its deployments, which are history */
static void
delete_version(int64 version_id)
{
	MlSqlArgs	args = {0};

	ml_sql_put_int64(&args, version_id);
	ml_sql_run("DELETE FROM mlops.model_chunk WHERE version_id = $1", &args);
	ml_sql_run("DELETE FROM mlops.model_metric WHERE version_id = $1", &args);
	ml_sql_run("DELETE FROM mlops.trial t USING mlops.model_version v"
			   " WHERE v.version_id = $1 AND t.model_id = v.model_id AND t.version = v.version", &args);
	ml_sql_run("DELETE FROM mlops.model_version WHERE version_id = $1", &args);
}

static void
drop_version(const MlModelRow *model, int version)
{
	MlWriter	writer;
	MlSqlArgs	args = {0};
	int64		live;
	int64		version_id;

	ml_catalog_require(model, ML_PRIV_MANAGE);
	ml_writer_begin(&writer, "mlops_drop()");
	live = ml_catalog_lock_row(model);
	ml_sql_put_int64(&args, model->model_id);
	ml_sql_put_int32(&args, version);
	if (ml_sql_run("SELECT version_id FROM mlops.model_version WHERE model_id = $1 AND version = $2", &args) == 0)
		ml_catalog_unknown_version(model, version);
	version_id = ml_sql_get_int64(1, 0);
	if (version_id == live)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("version %d of model \"%s\" is live", version, model->name),
				 errhint("Deploy another version first, or drop the whole model with mlops_drop(%s).",
						 quote_literal_cstr(model->name))));
	refuse_aliased(model, version_id, version);
	delete_version(version_id);
	ml_writer_end(&writer);
}

/* returns the number of versions the model had */
static int
drop_model(const MlModelRow *model)
{
	MlWriter	writer;
	MlSqlArgs	args = {0};
	int			versions;

	ml_catalog_require(model, ML_PRIV_OWN);
	(void) ml_catalog_unschedule(model);
	ml_writer_begin(&writer, "mlops_drop()");
	(void) ml_catalog_lock_row(model);
	ml_sql_put_int64(&args, model->model_id);
	ml_sql_run("DELETE FROM mlops.model_chunk c USING mlops.model_version v"
			   " WHERE v.version_id = c.version_id AND v.model_id = $1", &args);
	ml_sql_run("DELETE FROM mlops.model_metric m USING mlops.model_version v"
			   " WHERE v.version_id = m.version_id AND v.model_id = $1", &args);
	ml_sql_run("DELETE FROM mlops.trial WHERE model_id = $1", &args);
	versions = (int) ml_sql_run("DELETE FROM mlops.model_version WHERE model_id = $1", &args);
	ml_sql_run("DELETE FROM mlops.deployment WHERE model_id = $1", &args);
	ml_sql_run("DELETE FROM mlops.model_alias WHERE model_id = $1", &args);
	ml_sql_run("DELETE FROM mlops.model_privilege WHERE model_id = $1", &args);
	ml_sql_run("DELETE FROM mlops.model WHERE model_id = $1", &args);
	ml_writer_end(&writer);
	return versions;
}

int
ml_catalog_drop(const MlModelRow *model, int version)
{
	if (version == 0)
		return drop_model(model);
	drop_version(model, version);
	return 1;
}
