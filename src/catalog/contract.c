/*
 * contract.c: contracts as rows of mlops.contract.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "catalog/contract.h"
#include "catalog/tables.h"
#include "nearest.h"

#define MAX_HINT_NAMES 1000

static void
contract_from_tuple(HeapTuple tuple, TupleDesc desc, MlContractRow *out)
{
	Datum		values[CONTRACT_COLUMNS];
	bool		nulls[CONTRACT_COLUMNS];

	heap_deform_tuple(tuple, desc, values, nulls);
	out->contract_id = DatumGetInt64(values[CONTRACT_ID - 1]);
	out->name = TextDatumGetCString(values[CONTRACT_NAME - 1]);
	out->owner = DatumGetObjectId(values[CONTRACT_OWNER - 1]);
	out->source = TextDatumGetCString(values[CONTRACT_SOURCE - 1]);
	out->path = TextDatumGetCString(values[CONTRACT_PATH - 1]);
	out->rules = DatumGetJsonbPCopy(values[CONTRACT_RULES - 1]);
}

static bool
find_contract(const char *name, MlContractRow *out)
{
	ScanKeyData key;
	MlScan		scan;
	HeapTuple	tuple;
	bool		found;

	ml_key_text(&key, CONTRACT_NAME, name);
	ml_scan_begin(&scan, ML_TABLE_CONTRACT, ML_INDEX_CONTRACT_NAME, GetActiveSnapshot(), &key, 1);
	tuple = ml_scan_next(&scan);
	found = (tuple != NULL);
	if (found)
		contract_from_tuple(tuple, RelationGetDescr(scan.heap), out);
	ml_scan_end(&scan);
	return found;
}

static void
unknown_contract(const char *name)
{
	const char **names = palloc(sizeof(char *) * MAX_HINT_NAMES);
	int			n = 0;
	MlScan		scan;
	HeapTuple	tuple;

	ml_scan_begin_all(&scan, ML_TABLE_CONTRACT, GetActiveSnapshot());
	while (n < MAX_HINT_NAMES && (tuple = ml_scan_next(&scan)) != NULL)
	{
		MlContractRow row;

		CHECK_FOR_INTERRUPTS();
		contract_from_tuple(tuple, RelationGetDescr(scan.heap), &row);
		if (has_privs_of_role(GetUserId(), row.owner))
			names[n++] = row.name;
	}
	ml_scan_end(&scan);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("contract \"%s\" does not exist", name),
			 errhint("%s", n > 0 ? ml_nearest_hint(name, names, n) : "Write one down with mlops_expect().")));
}

static void
require_member(const char *name, Oid owner)
{
	if (!has_privs_of_role(GetUserId(), owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for contract \"%s\"", name),
				 errdetail("It belongs to role \"%s\".", GetUserNameFromId(owner, true)),
				 errhint("Become a member of that role, or write a contract of your own under another name.")));
}

void
ml_contract_open(const char *name, MlContractRow *out)
{
	if (!find_contract(name, out))
		unknown_contract(name);
	require_member(name, out->owner);
}

/*
 * Two sessions that write one name meet at its row: ON CONFLICT waits, and the owner is asked of the row that is locked then.
 */
void
ml_contract_store(const char *name, const char *source, const char *path, Jsonb *rules)
{
	MlWriter	writer;
	MlSqlArgs	insert = {0};
	MlSqlArgs	lock = {0};
	MlSqlArgs	update = {0};

	ml_catalog_check_name(name, "a contract");
	ml_writer_begin(&writer, "mlops_expect()");
	ml_sql_put_text(&insert, name);
	ml_sql_put_role(&insert, writer.caller);
	ml_sql_put_text(&insert, source);
	ml_sql_put_text(&insert, path);
	ml_sql_put_jsonb(&insert, rules);
	if (ml_sql_run("INSERT INTO mlops.contract (name, owner, source, path, rules) VALUES ($1, $2, $3, $4, $5)"
				   " ON CONFLICT (name) DO NOTHING", &insert) == 0)
	{
		Oid			owner;

		ml_sql_put_text(&lock, name);
		if (ml_sql_run("SELECT owner FROM mlops.contract WHERE name = $1 FOR UPDATE", &lock) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_IN_USE),
					 errmsg("contract \"%s\" was dropped by another session", name),
					 errhint("Call mlops_expect() again.")));
		owner = ml_sql_get_oid(1);
		if (!has_privs_of_role(writer.caller, owner))
		{
			ml_writer_end(&writer);
			require_member(name, owner);
		}
		ml_sql_put_text(&update, name);
		ml_sql_put_text(&update, source);
		ml_sql_put_text(&update, path);
		ml_sql_put_jsonb(&update, rules);
		ml_sql_run("UPDATE mlops.contract SET source = $2, path = $3, rules = $4, updated_at = now() WHERE name = $1", &update);
	}
	ml_writer_end(&writer);
}

void
ml_contract_drop(const char *name)
{
	MlContractRow row;
	MlWriter	writer;
	MlSqlArgs	args = {0};

	ml_contract_open(name, &row);
	ml_writer_begin(&writer, "mlops_drop_contract()");
	ml_sql_put_int64(&args, row.contract_id);
	ml_sql_run("DELETE FROM mlops.contract WHERE contract_id = $1", &args);
	ml_writer_end(&writer);
}
