/*
 * trial.c: what was tried before a version was trained.
 *
 * Trials are written with their version, in its transaction: they name it, and go when it goes.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"

#include "catalog/tables.h"
#include "catalog/trial.h"

static void
insert_trial(const MlVersionRow *version, const char *command, const char *metric, const MlTrialRow *row)
{
	MlSqlArgs	args = {0};

	ml_sql_put_int64(&args, version->model_id);
	ml_sql_put_int32(&args, version->version);
	ml_sql_put_int32(&args, row->trial);
	ml_sql_put_text(&args, command);
	ml_sql_put_int32(&args, row->rank);
	ml_sql_put_text(&args, row->algorithm);
	ml_sql_put_jsonb(&args, row->params);
	ml_sql_put_text(&args, row->status);
	ml_sql_put_text(&args, row->message);
	ml_sql_put_int32(&args, row->folds);
	ml_sql_put_int64(&args, row->train_rows);
	ml_sql_put_text(&args, metric);
	ml_sql_put_float(&args, row->mean);
	ml_sql_put_float(&args, row->stddev);
	ml_sql_put_float(&args, row->seconds);
	ml_sql_put_datum(&args, TIMESTAMPTZOID, TimestampTzGetDatum(row->started));
	ml_sql_run("INSERT INTO mlops.trial (model_id, version, trial, command, rank, algorithm, params, status, message, folds, train_rows,"
			   " metric, mean, stddev, seconds, started_at)"
			   " VALUES ($1, $2, $3, $4, nullif($5, 0), $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)", &args);
}

void
ml_catalog_insert_trials(const MlVersionRow *version, const char *command, const char *metric, const MlTrialRow *rows, int n)
{
	MlWriter	writer;

	ml_writer_begin(&writer, "mlops_tune()");
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		insert_trial(version, command, metric, &rows[i]);
	}
	ml_writer_end(&writer);
}
