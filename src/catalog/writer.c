/*
 * writer.c: statements that change our tables, as their owner and for that statement only.
 *
 * Rights were checked by the caller of this file; here the identity changes, the search path shrinks to pg_catalog (so that
 * nobody's function or operator can take the place of a built-in one), and SPI does the rest.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "catalog/pg_class.h"

#include "catalog/tables.h"

static Oid
relation_owner(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

static void
begin_as(MlWriter *writer, Oid user, int context)
{
	GetUserIdAndSecContext(&writer->saved_user, &writer->saved_context);
	writer->caller = writer->saved_user;
	SetUserIdAndSecContext(user, writer->saved_context | context);
	writer->guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

void
ml_writer_begin(MlWriter *writer, const char *command)
{
	PreventCommandIfReadOnly(command);
	begin_as(writer, relation_owner(ml_catalog_relid(ML_TABLE_MODEL)),
			 SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
}

void
ml_caller_begin(MlWriter *writer)
{
	begin_as(writer, GetUserId(), 0);
}

void
ml_writer_end(MlWriter *writer)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	AtEOXact_GUC(true, writer->guc_level);
	SetUserIdAndSecContext(writer->saved_user, writer->saved_context);
}

void
ml_sql_put_datum(MlSqlArgs *args, Oid type, Datum value)
{
	Assert(args->n < ML_SQL_MAX_ARGS);
	args->type[args->n] = type;
	args->value[args->n] = value;
	args->null[args->n] = ' ';
	args->n++;
}

static void
put_null(MlSqlArgs *args, Oid type)
{
	ml_sql_put_datum(args, type, (Datum) 0);
	args->null[args->n - 1] = 'n';
}

void
ml_sql_put_int64(MlSqlArgs *args, int64 value)
{
	ml_sql_put_datum(args, INT8OID, Int64GetDatum(value));
}

void
ml_sql_put_int32(MlSqlArgs *args, int32 value)
{
	ml_sql_put_datum(args, INT4OID, Int32GetDatum(value));
}

void
ml_sql_put_role(MlSqlArgs *args, Oid value)
{
	ml_sql_put_datum(args, REGROLEOID, ObjectIdGetDatum(value));
}

void
ml_sql_put_float(MlSqlArgs *args, double value)
{
	if (isnan(value))
		put_null(args, FLOAT8OID);
	else
		ml_sql_put_datum(args, FLOAT8OID, Float8GetDatum(value));
}

void
ml_sql_put_text(MlSqlArgs *args, const char *value)
{
	if (value == NULL)
		put_null(args, TEXTOID);
	else
		ml_sql_put_datum(args, TEXTOID, CStringGetTextDatum(value));
}

void
ml_sql_put_jsonb(MlSqlArgs *args, Jsonb *value)
{
	if (value == NULL)
		put_null(args, JSONBOID);
	else
		ml_sql_put_datum(args, JSONBOID, JsonbPGetDatum(value));
}

uint64
ml_sql_run(const char *sql, MlSqlArgs *args)
{
	int			result = SPI_execute_with_args(sql, args->n, args->type, args->value, args->null, false, 0);

	if (result < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(result));
	return SPI_processed;
}

static Datum
first_row(int column, bool *isnull)
{
	Assert(SPI_tuptable != NULL && SPI_processed > 0);
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, isnull);
}

int64
ml_sql_get_int64(int column, int64 fallback)
{
	bool		isnull;
	Datum		value = first_row(column, &isnull);

	return isnull ? fallback : DatumGetInt64(value);
}

int32
ml_sql_get_int32(int column, int32 fallback)
{
	bool		isnull;
	Datum		value = first_row(column, &isnull);

	return isnull ? fallback : DatumGetInt32(value);
}

Oid
ml_sql_get_oid(int column)
{
	bool		isnull;
	Datum		value = first_row(column, &isnull);

	return isnull ? InvalidOid : DatumGetObjectId(value);
}

char *
ml_sql_get_text(int column, MemoryContext context)
{
	bool		isnull;
	Datum		value = first_row(column, &isnull);
	MemoryContext old;
	char	   *result;

	if (isnull)
		return NULL;
	old = MemoryContextSwitchTo(context);
	result = TextDatumGetCString(value);
	MemoryContextSwitchTo(old);
	return result;
}
