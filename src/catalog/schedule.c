/*
 * schedule.c: retraining by the clock: one pg_cron job a model.
 *
 * The job belongs to the caller and runs with the caller's rights; ours is only the record of which job it is.  A job is
 * taken away by the catalog's owner, so that everybody who may manage the model can: it is identified by number, name
 * and database together, because job numbers from a restored dump may meanwhile be somebody else's.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "commands/dbcommands.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "catalog/tables.h"

#define CRON_EXTENSION "pg_cron"
#define CRON_SCHEMA "cron"

static bool
cron_installed(void)
{
	return OidIsValid(get_extension_oid(CRON_EXTENSION, true)) && OidIsValid(get_namespace_oid(CRON_SCHEMA, true));
}

/* pg_cron works in one database only; when that is another one, say so */
static void
not_installed(void)
{
	const char *home = GetConfigOption("cron.database_name", true, false);
	bool		elsewhere = home != NULL && get_database_oid(home, true) != MyDatabaseId;

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("scheduling needs the extension %s, which is not installed in this database", CRON_EXTENSION),
			 elsewhere ? errdetail("This server runs it in database \"%s\" (setting cron.database_name).", home) : 0,
			 errhint("In postgresql.conf, followed by a restart:  shared_preload_libraries = 'pg_cron'\n"
					 "In this database:  CREATE EXTENSION pg_cron;")));
}

static void
require_cron(void)
{
	if (!cron_installed())
		not_installed();
	if (pg_namespace_aclcheck(get_namespace_oid(CRON_SCHEMA, false), GetUserId(), ACL_USAGE) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for schema %s", CRON_SCHEMA),
				 errhint("A superuser can run: GRANT USAGE ON SCHEMA %s TO %s;", CRON_SCHEMA,
						 quote_identifier(GetUserNameFromId(GetUserId(), false)))));
}

/* pg_cron keeps job names as type name; one that would be cut gets the model's number, so that it stays unique */
static char *
job_name(const MlModelRow *model)
{
	char	   *full = psprintf("mlops: %s", model->name);
	char	   *tail;

	if (strlen(full) < NAMEDATALEN)
		return full;
	tail = psprintf(" #" INT64_FORMAT, model->model_id);
	full[pg_mbcliplen(full, strlen(full), NAMEDATALEN - 1 - strlen(tail))] = '\0';
	return psprintf("%s%s", full, tail);
}

/* what the job runs, independent of the search path it will find */
static char *
job_command(const MlModelRow *model, const char *source, MemoryContext context)
{
	MlSqlArgs	args = {0};

	ml_sql_put_text(&args, model->name);
	ml_sql_put_text(&args, source);
	ml_sql_run("SELECT format('SELECT * FROM %I.mlops_retrain(%L', n.nspname, $1)"
			   " || CASE WHEN $2 IS NULL THEN '' ELSE format(', source => %L', $2) END || ')'"
			   " FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'mlops'", &args);
	return ml_sql_get_text(1, context);
}

/*
 * As the caller, for whom pg_cron will run the job.  What pg_cron says of a malformed schedule is reworded with the argument's
 * name; nothing is recovered from, the statement fails either way.
 */
static int64
create_job(const char *name, const char *schedule, const char *command)
{
	MemoryContext context = CurrentMemoryContext;
	MlSqlArgs	args = {0};

	ml_sql_put_text(&args, name);
	ml_sql_put_text(&args, schedule);
	ml_sql_put_text(&args, command);
	PG_TRY();
	{
		ml_sql_run("SELECT cron.schedule($1, $2, $3)", &args);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (strstr(error->message, schedule) == NULL || error->sqlerrcode == ERRCODE_QUERY_CANCELED)
			PG_RE_THROW();
		FlushErrorState();
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not a schedule", schedule),
				 errdetail("pg_cron says: %s", error->message),
				 errhint("Write minute, hour, day of month, month, day of week; '0 3 * * *' is every night at three (GMT).")));
	}
	PG_END_TRY();
	return ml_sql_get_int64(1, 0);
}

/* removes the recorded job from pg_cron, when it is still there and still ours */
static bool
remove_job(const MlModelRow *model)
{
	MlSqlArgs	args = {0};

	ml_sql_put_int64(&args, model->model_id);
	if (ml_sql_run("DELETE FROM mlops.model_schedule WHERE model_id = $1 RETURNING job_id, job_name", &args) == 0)
		return false;
	if (cron_installed())
	{
		MlSqlArgs	job = {0};

		ml_sql_put_int64(&job, ml_sql_get_int64(1, 0));
		ml_sql_put_text(&job, ml_sql_get_text(2, CurrentMemoryContext));
		ml_sql_run("SELECT cron.unschedule(j.jobid) FROM cron.job j"
				   " WHERE j.jobid = $1 AND j.jobname = $2::name AND j.database = current_database()", &job);
	}
	return true;
}

static void
record_job(const MlModelRow *model, int64 job_id, const char *name, const char *schedule, Jsonb *options, Oid caller)
{
	MlSqlArgs	args = {0};

	ml_sql_put_int64(&args, model->model_id);
	ml_sql_put_int64(&args, job_id);
	ml_sql_put_text(&args, name);
	ml_sql_put_text(&args, schedule);
	ml_sql_put_jsonb(&args, options);
	ml_sql_put_role(&args, caller);
	ml_sql_run("INSERT INTO mlops.model_schedule (model_id, job_id, job_name, schedule, options, created_by)"
			   " VALUES ($1, $2, $3, $4, $5, $6)", &args);
}

int64
ml_catalog_schedule(const MlModelRow *model, const char *schedule, const char *source, Jsonb *options)
{
	MemoryContext context = CurrentMemoryContext;
	MlWriter	writer;
	char	   *name = job_name(model);
	char	   *command;
	int64		job_id;

	PreventCommandIfReadOnly("mlops_schedule()");
	ml_catalog_require(model, ML_PRIV_MANAGE);
	require_cron();

	ml_writer_begin(&writer, "mlops_schedule()");
	(void) ml_catalog_lock_row(model);
	(void) remove_job(model);
	command = job_command(model, source, context);
	ml_writer_end(&writer);

	ml_caller_begin(&writer);
	job_id = create_job(name, schedule, command);
	ml_writer_end(&writer);

	ml_writer_begin(&writer, "mlops_schedule()");
	record_job(model, job_id, name, schedule, options, writer.caller);
	ml_writer_end(&writer);
	return job_id;
}

bool
ml_catalog_unschedule(const MlModelRow *model)
{
	MlWriter	writer;
	bool		found;

	ml_catalog_require(model, ML_PRIV_MANAGE);
	ml_writer_begin(&writer, "mlops_unschedule()");
	(void) ml_catalog_lock_row(model);
	found = remove_job(model);
	ml_writer_end(&writer);
	return found;
}
