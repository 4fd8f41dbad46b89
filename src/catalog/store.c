/*
 * store.c: new models and new versions.
 *
 * Everything that changes a model takes the row lock of mlops.model first, so changes of one model happen one after the
 * other and version numbers have no gaps of use: a number is given once, even when its version is dropped later.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "catalog/tables.h"

int64
ml_catalog_lock_row(const MlModelRow *model)
{
	MlSqlArgs	args = {0};

	ml_sql_put_int64(&args, model->model_id);
	if (ml_sql_run("SELECT live_version_id FROM mlops.model WHERE model_id = $1 FOR UPDATE", &args) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" does not exist any more", model->name),
				 errhint("It was dropped by another session.")));
	return ml_sql_get_int64(1, 0);
}

/* the row as it is now, locked; false when there is none */
static bool
lock_by_name(const char *name, MlModelRow *out, MemoryContext context)
{
	MlSqlArgs	args = {0};

	ml_sql_put_text(&args, name);
	if (ml_sql_run("SELECT model_id, name, owner, task, live_version_id FROM mlops.model"
				   " WHERE name = $1 FOR UPDATE", &args) == 0)
		return false;
	out->model_id = ml_sql_get_int64(1, 0);
	out->name = ml_sql_get_text(2, context);
	out->owner = ml_sql_get_oid(3);
	out->task = ml_sql_get_text(4, context);
	out->live_version_id = ml_sql_get_int64(5, 0);
	return true;
}

/*
 * False when another session made a model of that name first: ON CONFLICT waits for it, so that the row can be locked
 * then.
 */
static bool
insert_model(const char *name, const char *task, Oid owner)
{
	MlSqlArgs	args = {0};

	ml_sql_put_text(&args, name);
	ml_sql_put_role(&args, owner);
	ml_sql_put_text(&args, task);
	return ml_sql_run("INSERT INTO mlops.model (name, owner, task) VALUES ($1, $2, $3)"
					  " ON CONFLICT (name) DO NOTHING", &args) > 0;
}

static void
check_task(const MlModelRow *model, const char *task)
{
	if (strcmp(model->task, task) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("model \"%s\" is for %s, not for %s", model->name, model->task, task),
				 errdetail("All versions of a model have the same task."),
				 errhint("Choose another model name, or drop the model first with mlops_drop(%s).",
						 quote_literal_cstr(model->name))));
}

void
ml_catalog_lock_model(const char *name, const char *task, MlModelRow *out, bool *created)
{
	MemoryContext context = CurrentMemoryContext;
	MlWriter	writer;

	*created = false;
	ml_writer_begin(&writer, "mlops_train()");
	while (!lock_by_name(name, out, context))
	{
		CHECK_FOR_INTERRUPTS();
		ml_catalog_check_name(name, "a model");
		*created = insert_model(name, task, writer.caller);
	}
	ml_writer_end(&writer);

	if (!*created)
		ml_catalog_require(out, ML_PRIV_MANAGE);
	check_task(out, task);
}

static int
next_version(int64 model_id)
{
	MlSqlArgs	args = {0};

	ml_sql_put_int64(&args, model_id);
	if (ml_sql_run("UPDATE mlops.model SET last_version = last_version + 1 WHERE model_id = $1"
				   " RETURNING last_version", &args) == 0)
		elog(ERROR, "model " INT64_FORMAT " vanished while locked", model_id);
	return ml_sql_get_int32(1, 0);
}

static int64
insert_row(const MlVersionRow *row, Size len, Oid caller)
{
	MlSqlArgs	args = {0};

	ml_sql_put_int64(&args, row->model_id);
	ml_sql_put_int32(&args, row->version);
	ml_sql_put_text(&args, row->algorithm);
	ml_sql_put_text(&args, row->task);
	ml_sql_put_jsonb(&args, row->params);
	ml_sql_put_jsonb(&args, row->definition);
	ml_sql_put_jsonb(&args, row->preprocess);
	ml_sql_put_jsonb(&args, row->features);
	ml_sql_put_jsonb(&args, row->classes);
	ml_sql_put_jsonb(&args, row->reference);
	ml_sql_put_jsonb(&args, row->metrics);
	ml_sql_put_text(&args, row->metric);
	ml_sql_put_float(&args, row->value);
	ml_sql_put_float(&args, row->baseline);
	ml_sql_put_int64(&args, row->train_rows);
	ml_sql_put_int64(&args, row->test_rows);
	ml_sql_put_int64(&args, row->skipped_rows);
	ml_sql_put_int64(&args, row->seed);
	ml_sql_put_int64(&args, (int64) row->fingerprint);
	ml_sql_put_float(&args, row->seconds);
	ml_sql_put_int64(&args, (int64) len);
	ml_sql_put_text(&args, row->build);
	ml_sql_put_role(&args, caller);
	ml_sql_put_jsonb(&args, row->inspection);
	ml_sql_run("INSERT INTO mlops.model_version (model_id, version, algorithm, task, params, definition, preprocess,"
			   " features, classes, reference, metrics, metric, value, baseline, train_rows, test_rows, skipped_rows,"
			   " seed, fingerprint, seconds, bytes, build, created_by, inspection)"
			   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,"
			   " $21, $22, $23, $24) RETURNING version_id", &args);
	return ml_sql_get_int64(1, 0);
}

static void
insert_chunks(int64 version_id, const uint8 *bytes, Size len)
{
	int			number = 0;

	for (Size from = 0; from < len; from += ML_CHUNK_BYTES)
	{
		Size		size = Min(len - from, ML_CHUNK_BYTES);
		bytea	   *data = palloc(VARHDRSZ + size);
		MlSqlArgs	args = {0};

		CHECK_FOR_INTERRUPTS();
		SET_VARSIZE(data, VARHDRSZ + size);
		memcpy(VARDATA(data), bytes + from, size);
		ml_sql_put_int64(&args, version_id);
		ml_sql_put_int32(&args, number++);
		ml_sql_put_datum(&args, BYTEAOID, PointerGetDatum(data));
		ml_sql_run("INSERT INTO mlops.model_chunk (version_id, chunk, data) VALUES ($1, $2, $3)", &args);
		pfree(data);
	}
}

static Datum
make_array(Datum *values, bool *nulls, int n, Oid type)
{
	int			dims[1] = {n};
	int			lower[1] = {1};
	bool		is_text = (type == TEXTOID);

	return PointerGetDatum(construct_md_array(values, nulls, 1, dims, lower, type, is_text ? -1 : (int) sizeof(float8),
											  !is_text && FLOAT8PASSBYVAL, is_text ? TYPALIGN_INT : TYPALIGN_DOUBLE));
}

/* one statement for all: a model of many classes has thousands of them */
static void
insert_metrics(int64 version_id, const MlMetricRow *metrics, int n)
{
	Datum	   *values[4];
	bool	   *nulls[4];
	MlSqlArgs	args = {0};

	if (n == 0)
		return;
	for (int column = 0; column < 4; column++)
	{
		values[column] = palloc(mul_size(n, sizeof(Datum)));
		nulls[column] = palloc0(mul_size(n, sizeof(bool)));
	}
	for (int i = 0; i < n; i++)
	{
		values[0][i] = CStringGetTextDatum(metrics[i].dataset);
		values[1][i] = CStringGetTextDatum(metrics[i].metric);
		nulls[2][i] = (metrics[i].label == NULL);
		values[2][i] = nulls[2][i] ? (Datum) 0 : CStringGetTextDatum(metrics[i].label);
		nulls[3][i] = isnan(metrics[i].value);
		values[3][i] = Float8GetDatum(metrics[i].value);
	}
	ml_sql_put_int64(&args, version_id);
	for (int column = 0; column < 3; column++)
		ml_sql_put_datum(&args, TEXTARRAYOID, make_array(values[column], nulls[column], n, TEXTOID));
	ml_sql_put_datum(&args, FLOAT8ARRAYOID, make_array(values[3], nulls[3], n, FLOAT8OID));
	ml_sql_run("INSERT INTO mlops.model_metric (version_id, dataset, metric, label, value)"
			   " SELECT $1, m.* FROM unnest($2, $3, $4, $5) AS m", &args);
}

void
ml_catalog_insert_version(MlVersionRow *row, const uint8 *bytes, Size len, const MlMetricRow *metrics, int n_metrics)
{
	MlWriter	writer;

	ml_writer_begin(&writer, "mlops_train()");
	row->version = next_version(row->model_id);
	row->version_id = insert_row(row, len, writer.caller);
	insert_chunks(row->version_id, bytes, len);
	insert_metrics(row->version_id, metrics, n_metrics);
	ml_writer_end(&writer);
}
