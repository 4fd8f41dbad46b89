/*
 * scan.c: index scans of our tables by the caller's snapshot.
 *
 * No SPI: scoring reads the catalog from parallel workers and on hot standbys, once per statement, so the way in must be
 * short.  Relations are found by name, checked to belong to the extension (anybody may make a schema of that name
 * where the extension is not installed), and remembered until an invalidation says otherwise.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "catalog/tables.h"

#define N_TABLES (ML_TABLE_CONTRACT + 1)
#define N_INDEXES (ML_INDEX_CONTRACT_NAME + 1)

static const char *const table_names[N_TABLES] = {
	[ML_TABLE_MODEL] = "model",
	[ML_TABLE_VERSION] = "model_version",
	[ML_TABLE_CHUNK] = "model_chunk",
	[ML_TABLE_ALIAS] = "model_alias",
	[ML_TABLE_PRIVILEGE] = "model_privilege",
	[ML_TABLE_CONTRACT] = "contract",
};

static const char *const index_names[N_INDEXES] = {
	[ML_INDEX_MODEL_NAME] = "model_name_key",
	[ML_INDEX_VERSION_ID] = "model_version_pkey",
	[ML_INDEX_VERSION_NUMBER] = "model_version_number_key",
	[ML_INDEX_CHUNK] = "model_chunk_pkey",
	[ML_INDEX_ALIAS] = "model_alias_pkey",
	[ML_INDEX_PRIVILEGE] = "model_privilege_pkey",
	[ML_INDEX_CONTRACT_NAME] = "contract_name_key",
};

/* what the names mean in this database, now */
typedef struct Relations
{
	bool		valid;
	Oid			table[N_TABLES];
	Oid			index[N_INDEXES];
} Relations;

static Relations relations;
static bool callbacks_registered = false;

/* a relation of ours was dropped, rebuilt under another OID or everything was reset */
static void
relation_changed(Datum arg, Oid relid)
{
	if (!OidIsValid(relid))
		relations.valid = false;
	for (int i = 0; i < N_TABLES; i++)
	{
		if (relations.table[i] == relid)
			relations.valid = false;
	}
	for (int i = 0; i < N_INDEXES; i++)
	{
		if (relations.index[i] == relid)
			relations.valid = false;
	}
}

static void
schema_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	relations.valid = false;
}

static void
not_installed(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("extension \"%s\" is not installed in this database", ML_CATALOG_EXTENSION),
			 errhint("Install it with: CREATE EXTENSION %s;", ML_CATALOG_EXTENSION)));
}

static Oid
relation_named(const char *name, Oid schema)
{
	Oid			relid = get_relname_relid(name, schema);

	if (!OidIsValid(relid))
		not_installed();
	return relid;
}

/* callbacks come first, so that what changes while we look is not missed */
static const Relations *
current_relations(void)
{
	Relations	found;
	Oid			schema;
	Oid			extension;

	if (relations.valid)
		return &relations;
	if (!callbacks_registered)
	{
		CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
		CacheRegisterSyscacheCallback(NAMESPACEOID, schema_changed, (Datum) 0);
		callbacks_registered = true;
	}
	schema = get_namespace_oid(ML_CATALOG_SCHEMA, true);
	extension = get_extension_oid(ML_CATALOG_EXTENSION, true);
	if (!OidIsValid(schema) || !OidIsValid(extension))
		not_installed();

	for (int i = 0; i < N_TABLES; i++)
	{
		found.table[i] = relation_named(table_names[i], schema);
		if (getExtensionOfObject(RelationRelationId, found.table[i]) != extension)
			not_installed();
	}
	for (int i = 0; i < N_INDEXES; i++)
		found.index[i] = relation_named(index_names[i], schema);
	found.valid = true;
	relations = found;
	return &relations;
}

Oid
ml_catalog_relid(MlTable table)
{
	return current_relations()->table[table];
}

Oid
ml_catalog_version_relid(void)
{
	return ml_catalog_relid(ML_TABLE_VERSION);
}

/*
 * The lock on the table comes before the index is looked up: only then is the answer safe from REINDEX CONCURRENTLY,
 * which gives an index another OID.
 */
void
ml_scan_begin(MlScan *scan, MlTable table, MlIndex index, Snapshot snapshot, ScanKey keys, int n)
{
	scan->ordered = false;
	scan->index = NULL;
	scan->heap = table_open(current_relations()->table[table], AccessShareLock);
	scan->scan = systable_beginscan(scan->heap, current_relations()->index[index], true, snapshot, n, keys);
}

void
ml_scan_begin_ordered(MlScan *scan, MlTable table, MlIndex index, Snapshot snapshot, ScanKey keys, int n)
{
	scan->ordered = true;
	scan->heap = table_open(current_relations()->table[table], AccessShareLock);
	scan->index = index_open(current_relations()->index[index], AccessShareLock);
	scan->scan = systable_beginscan_ordered(scan->heap, scan->index, snapshot, n, keys);
}

void
ml_scan_begin_all(MlScan *scan, MlTable table, Snapshot snapshot)
{
	scan->ordered = false;
	scan->index = NULL;
	scan->heap = table_open(current_relations()->table[table], AccessShareLock);
	scan->scan = systable_beginscan(scan->heap, InvalidOid, false, snapshot, 0, NULL);
}

HeapTuple
ml_scan_next(MlScan *scan)
{
	return scan->ordered ? systable_getnext_ordered(scan->scan, ForwardScanDirection) : systable_getnext(scan->scan);
}

void
ml_scan_end(MlScan *scan)
{
	if (scan->ordered)
	{
		systable_endscan_ordered(scan->scan);
		index_close(scan->index, AccessShareLock);
	}
	else
		systable_endscan(scan->scan);
	table_close(scan->heap, AccessShareLock);
}

void
ml_key_int64(ScanKey key, int column, int64 value)
{
	ScanKeyInit(key, column, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(value));
}

void
ml_key_int32(ScanKey key, int column, int32 value)
{
	ScanKeyInit(key, column, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(value));
}

/* ScanKeyInit would take the default collation; our names are compared byte by byte */
void
ml_key_text(ScanKey key, int column, const char *value)
{
	ScanKeyEntryInitialize(key, 0, column, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(value));
}
