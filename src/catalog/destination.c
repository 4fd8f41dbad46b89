/*
 * destination.c: a table or view made for the caller, with the caller's rights.
 *
 * The server's own CREATE and DROP do it, as the caller and on a search path of pg_catalog alone: whose schema, whose table and what depends on it
 * is checked by them.  What can be known before the rows are read is checked here before.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "commands/defrem.h"
#include "commands/tablecmds.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_relation.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

#include "catalog/destination.h"
#include "catalog/tables.h"

/* ---- what the query reads ---- */

typedef struct ReadsContext
{
	Oid			relation;
	bool		found;
} ReadsContext;

/* the relation itself, or a table of which it is a part */
static bool
is_read(Oid read, Oid relation)
{
	return read == relation || list_member_oid(find_all_inheritors(read, NoLock, NULL), relation);
}

static bool
find_read(Node *node, void *arg)
{
	ReadsContext *context = arg;

	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		RangeTblEntry *entry = (RangeTblEntry *) node;

		context->found |= entry->rtekind == RTE_RELATION && is_read(entry->relid, context->relation);
		return context->found;
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, find_read, arg, QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, find_read, arg);
}

static bool
query_reads(Query *query, Oid relation)
{
	ReadsContext context = {relation, false};

	find_read((Node *) query, &context);
	return context.found;
}

/* ---- names ---- */

static void
check_existing(const MlDestination *destination, bool replace, Query *reads)
{
	char		relkind;

	if (!OidIsValid(destination->existing))
		return;
	if (!replace)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("relation \"%s\" already exists", destination->name),
				 errhint("Name another destination, or write replace => true.")));
	relkind = get_rel_relkind(destination->existing);
	if (relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE && relkind != RELKIND_VIEW)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" cannot be replaced", destination->name),
				 errdetail_relkind_not_supported(relkind),
				 errhint("Name a table, a view, or what does not exist yet.")));
	if (query_reads(reads, destination->existing))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("\"%s\" cannot be replaced: the source reads it", destination->name),
				 errdetail("A source is never changed."),
				 errhint("Name another destination.")));
}

static MlDestination *
open_in(Oid schema, const char *name, bool replace, Query *reads)
{
	MlDestination *destination = palloc0(sizeof(MlDestination));
	AclResult	allowed = pg_namespace_aclcheck(schema, GetUserId(), ACL_CREATE);

	if (allowed != ACLCHECK_OK)
		aclcheck_error(allowed, OBJECT_SCHEMA, get_namespace_name(schema));
	destination->schema = get_namespace_name_or_temp(schema);
	destination->name = pstrdup(name);
	destination->existing = get_relname_relid(name, schema);
	check_existing(destination, replace, reads);
	return destination;
}

MlDestination *
ml_destination_open(const char *name, bool replace, Query *reads)
{
	RangeVar   *relation = makeRangeVarFromNameList(textToQualifiedNameList(cstring_to_text(name)));

	return open_in(RangeVarGetCreationNamespace(relation), relation->relname, replace, reads);
}

MlDestination *
ml_destination_beside(const MlDestination *destination, const char *suffix, bool replace, Query *reads)
{
	return open_in(LookupCreationNamespace(destination->schema), makeObjectName(destination->name, NULL, suffix), replace, reads);
}

/* ---- statements ---- */

static const char *
qualified_name(const MlDestination *destination)
{
	return quote_qualified_identifier(destination->schema, destination->name);
}

static void
run_utility(const char *sql)
{
	MlWriter	writer;
	int			result;

	ml_caller_begin(&writer);
	result = SPI_execute(sql, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
	ml_writer_end(&writer);
	CommandCounterIncrement();
}

/* DROP ... CASCADE, which the server proposes, is not for us to recommend. */
static void
clear_error_context(void *arg)
{
	if (geterrcode() == ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST)
		errhint("Name another destination, or drop what depends on it first.");
}

void
ml_destination_clear(const MlDestination *destination)
{
	ErrorContextCallback callback;

	if (!OidIsValid(destination->existing))
		return;
	callback.callback = clear_error_context;
	callback.arg = NULL;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	run_utility(psprintf("DROP %s %s RESTRICT", get_rel_relkind(destination->existing) == RELKIND_VIEW ? "VIEW" : "TABLE",
						 qualified_name(destination)));
	error_context_stack = callback.previous;
}

Oid
ml_destination_create(const MlDestination *destination, const char *query, bool view, const char *extra)
{
	if (view)
		run_utility(psprintf("CREATE VIEW %s AS %s", qualified_name(destination), query));
	else if (extra == NULL)
		run_utility(psprintf("CREATE TABLE %s AS %s WITH NO DATA", qualified_name(destination), query));
	else
		run_utility(psprintf("CREATE TABLE %s AS SELECT s.*, NULL::text AS %s FROM (%s) AS s WITH NO DATA", qualified_name(destination),
							 quote_identifier(extra), query));
	return get_relname_relid(destination->name, LookupExplicitNamespace(destination->schema, false));
}
