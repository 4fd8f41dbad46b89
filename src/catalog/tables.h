/*
 * tables.h: the layout of our tables and the two ways to them: index scans for reading, a writer for changing.
 *
 * Column numbers follow sql/mlops--0.1.0.sql; later scripts may only append columns.
 */
#ifndef ML_CATALOG_TABLES_H
#define ML_CATALOG_TABLES_H

#include "postgres.h"
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/skey.h"
#include "utils/rel.h"

#include "catalog/catalog.h"

#define ML_CATALOG_SCHEMA "mlops"
#define ML_CATALOG_EXTENSION "mlops"

/* bytes of model are stored in pieces of this size: far below the 1 GB of a datum */
#define ML_CHUNK_BYTES (16 * 1024 * 1024)

#define ML_MAX_NAME_BYTES 200

typedef enum MlTable
{
	ML_TABLE_MODEL,
	ML_TABLE_VERSION,
	ML_TABLE_CHUNK,
	ML_TABLE_ALIAS,
	ML_TABLE_PRIVILEGE,
	ML_TABLE_CONTRACT
} MlTable;

typedef enum MlIndex
{
	ML_INDEX_MODEL_NAME,		/* model(name) */
	ML_INDEX_VERSION_ID,		/* model_version(version_id) */
	ML_INDEX_VERSION_NUMBER,	/* model_version(model_id, version) */
	ML_INDEX_CHUNK,				/* model_chunk(version_id, chunk) */
	ML_INDEX_ALIAS,				/* model_alias(model_id, alias) */
	ML_INDEX_PRIVILEGE,			/* model_privilege(model_id, grantee, privilege) */
	ML_INDEX_CONTRACT_NAME		/* contract(name) */
} MlIndex;

enum
{
	MODEL_ID = 1,
	MODEL_NAME,
	MODEL_OWNER,
	MODEL_TASK,
	MODEL_LIVE_VERSION_ID,
	MODEL_LAST_VERSION,
	MODEL_CREATED_AT,
	MODEL_COLUMNS = MODEL_CREATED_AT
};

enum
{
	VERSION_ID = 1,
	VERSION_MODEL_ID,
	VERSION_NUMBER,
	VERSION_ALGORITHM,
	VERSION_TASK,
	VERSION_PARAMS,
	VERSION_DEFINITION,
	VERSION_PREPROCESS,
	VERSION_FEATURES,
	VERSION_CLASSES,
	VERSION_REFERENCE,
	VERSION_METRICS,
	VERSION_METRIC,
	VERSION_VALUE,
	VERSION_BASELINE,
	VERSION_TRAIN_ROWS,
	VERSION_TEST_ROWS,
	VERSION_SKIPPED_ROWS,
	VERSION_SEED,
	VERSION_FINGERPRINT,
	VERSION_SECONDS,
	VERSION_BYTES,
	VERSION_BUILD,
	VERSION_CREATED_BY,
	VERSION_CREATED_AT,
	VERSION_INSPECTION,
	VERSION_COLUMNS = VERSION_INSPECTION
};

enum
{
	CHUNK_VERSION_ID = 1,
	CHUNK_NUMBER,
	CHUNK_DATA
};

enum
{
	ALIAS_MODEL_ID = 1,
	ALIAS_NAME,
	ALIAS_VERSION_ID
};

enum
{
	PRIVILEGE_MODEL_ID = 1,
	PRIVILEGE_GRANTEE,
	PRIVILEGE_NAME
};

enum
{
	CONTRACT_ID = 1,
	CONTRACT_NAME,
	CONTRACT_OWNER,
	CONTRACT_SOURCE,
	CONTRACT_PATH,
	CONTRACT_RULES,
	CONTRACT_CREATED_AT,
	CONTRACT_UPDATED_AT,
	CONTRACT_COLUMNS = CONTRACT_UPDATED_AT
};

/* ---- reading (scan.c) ---- */

typedef struct MlScan
{
	Relation	heap;
	Relation	index;			/* ordered scans only */
	SysScanDesc scan;
	bool		ordered;
} MlScan;

/* ERROR 42704 when the extension is not there */
extern Oid	ml_catalog_relid(MlTable table);

/* rows equal to the keys; snapshot must stay registered or active until the end */
extern void ml_scan_begin(MlScan *scan, MlTable table, MlIndex index, Snapshot snapshot, ScanKey keys, int n);
/* the same in the order of the index */
extern void ml_scan_begin_ordered(MlScan *scan, MlTable table, MlIndex index, Snapshot snapshot, ScanKey keys, int n);
/* every row, in no order */
extern void ml_scan_begin_all(MlScan *scan, MlTable table, Snapshot snapshot);
/* NULL after the last; valid until the next call */
extern HeapTuple ml_scan_next(MlScan *scan);
extern void ml_scan_end(MlScan *scan);

extern void ml_key_int64(ScanKey key, int column, int64 value);
extern void ml_key_int32(ScanKey key, int column, int32 value);
extern void ml_key_text(ScanKey key, int column, const char *value);

/* number of a version known by its id */
extern int	ml_catalog_version_number(int64 version_id);

/* ---- writing (writer.c) ---- */

typedef struct MlWriter
{
	Oid			caller;			/* who is recorded as having done it */
	Oid			saved_user;
	int			saved_context;
	int			guc_level;
} MlWriter;

/*
 * Between begin and end statements run as the owner of our tables, on a search path of pg_catalog alone.  An ERROR in
 * between leaves through the end of the (sub)transaction, which undoes both.  command names the culprit when nothing
 * may be written here (ERROR 25006).
 */
extern void ml_writer_begin(MlWriter *writer, const char *command);
/* the same search path, but as the caller: for other extensions' functions */
extern void ml_caller_begin(MlWriter *writer);
extern void ml_writer_end(MlWriter *writer);

#define ML_SQL_MAX_ARGS 32

/* arguments of one statement */
typedef struct MlSqlArgs
{
	int			n;
	Oid			type[ML_SQL_MAX_ARGS];
	Datum		value[ML_SQL_MAX_ARGS];
	char		null[ML_SQL_MAX_ARGS];	/* 'n' or ' ', as SPI wants it */
} MlSqlArgs;

extern void ml_sql_put_int64(MlSqlArgs *args, int64 value);
extern void ml_sql_put_int32(MlSqlArgs *args, int32 value);
extern void ml_sql_put_role(MlSqlArgs *args, Oid value);
extern void ml_sql_put_float(MlSqlArgs *args, double value);	/* NaN = NULL */
extern void ml_sql_put_text(MlSqlArgs *args, const char *value);	/* NULL = NULL */
extern void ml_sql_put_jsonb(MlSqlArgs *args, Jsonb *value);	/* NULL = NULL */
extern void ml_sql_put_datum(MlSqlArgs *args, Oid type, Datum value);

/* between begin and end, or between SPI_connect and SPI_finish: rows processed or returned */
extern uint64 ml_sql_run(const char *sql, MlSqlArgs *args);
/* columns (1-based) of the first row of the last statement; fallback when NULL */
extern int64 ml_sql_get_int64(int column, int64 fallback);
extern int32 ml_sql_get_int32(int column, int32 fallback);
extern Oid	ml_sql_get_oid(int column);
extern char *ml_sql_get_text(int column, MemoryContext context);	/* NULL when NULL */

/* ---- names (resolve.c) ---- */

/* ERROR 42704 with the nearest name the caller may see */
extern void ml_catalog_unknown_model(const char *name) pg_attribute_noreturn();

/* row lock on the model (store.c), ERROR 42704 when it was dropped meanwhile; returns the live version's id (0: none) */
extern int64 ml_catalog_lock_row(const MlModelRow *model);

#endif							/* ML_CATALOG_TABLES_H */
