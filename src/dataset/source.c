/*
 * source.c: from the caller's text to an analysed SELECT.
 *
 * The form of the text decides what it is: dotted identifiers and nothing else are a relation, everything else
 * must be one SELECT.  No SELECT has the form of a name (TABLE x and VALUES (1) do not), so there is nothing to guess, and
 * a misspelt table is reported as a missing table and not as a syntax error.
 *
 * Names are resolved on the caller's search path, once.  What is recorded is the analysed query deparsed under
 * search_path = pg_catalog, pg_temp, where ruleutils qualifies every other name, and read again under the same.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_namespace.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "parser/scansup.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/ruleutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "dataset/source.h"
#include "nearest.h"

#define LABEL_BYTES 60			/* of a SELECT in messages */

static const char *
skip_space(const char *p)
{
	while (scanner_isspace(*p))
		p++;
	return p;
}

/* One line of at most LABEL_BYTES, for messages. */
static char *
clip(const char *text)
{
	const char *start = skip_space(text);
	int			length = strlen(start);
	int			cut = length;
	char	   *label;

	if (length > LABEL_BYTES)
		cut = pg_mbcliplen(start, length, LABEL_BYTES - 3);
	while (cut > 0 && scanner_isspace(start[cut - 1]))
		cut--;
	label = psprintf("%.*s%s", cut, start, length > LABEL_BYTES ? "..." : "");
	for (char *p = label; *p != '\0'; p++)
		if (scanner_isspace(*p))
			*p = ' ';
	return label;
}

static bool
is_name_start(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || IS_HIGHBIT_SET(c);
}

static bool
is_name_rest(unsigned char c)
{
	return is_name_start(c) || (c >= '0' && c <= '9') || c == '$';
}

/* Past one identifier, quoted or not; NULL when p does not start one. */
static const char *
skip_identifier(const char *p)
{
	if (*p == '"')
	{
		for (p++; *p != '\0'; p++)
		{
			if (*p == '"' && p[1] == '"')
				p++;
			else if (*p == '"')
				return p + 1;
		}
		return NULL;
	}
	if (!is_name_start((unsigned char) *p))
		return NULL;
	while (is_name_rest((unsigned char) *p))
		p++;
	return p;
}

/* Dotted identifiers and nothing else. */
static bool
has_form_of_name(const char *text)
{
	const char *p = skip_space(text);

	for (;;)
	{
		p = skip_identifier(p);
		if (p == NULL)
			return false;
		p = skip_space(p);
		if (*p != '.')
			return *p == '\0';
		p = skip_space(p + 1);
	}
}

static bool
is_readable_relkind(char relkind)
{
	return relkind == RELKIND_RELATION || relkind == RELKIND_PARTITIONED_TABLE || relkind == RELKIND_VIEW ||
		relkind == RELKIND_MATVIEW || relkind == RELKIND_FOREIGN_TABLE;
}

/*
 * Names of what could have been meant: the relations of the schema that was given, else of the search path.  A scan of pg_class:
 * this is the way to an error.
 */
static const char **
candidate_names(const RangeVar *relation, int *n)
{
	List	   *path = fetch_search_path(true);
	Oid			schema = relation->schemaname ? get_namespace_oid(relation->schemaname, true) : InvalidOid;
	Relation	pg_class = table_open(RelationRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(pg_class, InvalidOid, false, NULL, 0, NULL);
	int			room = 64;
	const char **names = palloc(room * sizeof(char *));
	HeapTuple	tuple;

	*n = 0;
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);

		CHECK_FOR_INTERRUPTS();
		if (!is_readable_relkind(form->relkind))
			continue;
		if (OidIsValid(schema) ? form->relnamespace != schema :
			form->relnamespace == PG_CATALOG_NAMESPACE || !list_member_oid(path, form->relnamespace))
			continue;
		if (*n == room)
		{
			room *= 2;
			names = repalloc_huge(names, room * sizeof(char *));
		}
		names[(*n)++] = pstrdup(NameStr(form->relname));
	}
	systable_endscan(scan);
	table_close(pg_class, AccessShareLock);
	return names;
}

static void
report_missing_relation(List *names, const RangeVar *relation)
{
	int			n;
	const char **candidates = candidate_names(relation, &n);
	const char *nearest = ml_nearest(relation->relname, candidates, n);
	const char *hint;

	if (nearest == NULL)
		hint = "A source is the name of a table or view, schema-qualified where it is not on the search path, or a SELECT.";
	else if (quote_identifier(nearest) == nearest)
		hint = psprintf("Did you mean \"%s\"?", nearest);
	else
		hint = psprintf("Did you mean \"%s\"? That name must be written in double quotes.", nearest);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_TABLE),
			 errmsg("relation \"%s\" does not exist", NameListToString(names)),
			 errhint("%s", hint)));
}

/* The relation named by text; AccessShareLock is kept to the end of the transaction. */
static Oid
resolve_relation(const char *text)
{
	List	   *names = textToQualifiedNameList(cstring_to_text(text));
	RangeVar   *relation = makeRangeVarFromNameList(names);
	Oid			relid = RangeVarGetRelidExtended(relation, AccessShareLock, RVR_MISSING_OK, NULL, NULL);
	char		relkind;

	if (!OidIsValid(relid))
		report_missing_relation(names, relation);
	relkind = get_rel_relkind(relid);
	if (!is_readable_relkind(relkind))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" cannot be read as a source", text),
				 errdetail_relkind_not_supported(relkind),
				 errhint("A source is a table, view, materialized view or foreign table, or a SELECT.")));
	return relid;
}

/* SELECT * as it was asked for: columns added later take part when the recorded query runs again */
static char *
relation_query(Oid relid)
{
	return psprintf("SELECT * FROM %s",
					quote_qualified_identifier(get_namespace_name_or_temp(get_rel_namespace(relid)),
											   get_rel_name(relid)));
}

/*
 * An error in the caller's SELECT keeps its message; its position is one in the SELECT, not in the statement that
 * called us, and is turned into an internal one as SPI does.
 */
static void
source_error_context(void *arg)
{
	const char *text = arg;
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(text);
		if (geterrcode() == ERRCODE_SYNTAX_ERROR)
			errhint("A source is the name of a table or view, double-quoted where SQL asks for it, or a SELECT.");
	}
	errcontext("source \"%s\"", clip(text));
}

static bool
contains_row_locks(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		Query	   *query = (Query *) node;

		if (query->rowMarks != NIL)
			return true;
		return query_tree_walker(query, contains_row_locks, context, 0);
	}
	return expression_tree_walker(node, contains_row_locks, context);
}

static void
refuse(int code, const char *what)
{
	ereport(ERROR,
			(errcode(code),
			 errmsg("source must be a single SELECT that only reads"),
			 errdetail("%s", what),
			 errhint("Give the name of a table or view, or one SELECT without INTO, FOR UPDATE or FOR SHARE.")));
}

/* One statement, one SELECT, reading only. */
static Query *
analyse_select(const char *text)
{
	List	   *parsed = pg_parse_query(text);
	RawStmt    *raw;
	Query	   *query;

	if (list_length(parsed) == 0)
		refuse(ERRCODE_SYNTAX_ERROR, "The source holds no statement.");
	if (list_length(parsed) > 1)
		refuse(ERRCODE_SYNTAX_ERROR, psprintf("The source holds %d statements.", list_length(parsed)));
	raw = linitial_node(RawStmt, parsed);
	if (!IsA(raw->stmt, SelectStmt))
		refuse(ERRCODE_SYNTAX_ERROR, psprintf("The source is no SELECT but %s.", GetCommandTagName(CreateCommandTag(raw->stmt))));
	query = parse_analyze_fixedparams(raw, text, NULL, 0, NULL);
	if (query->commandType != CMD_SELECT)
		refuse(ERRCODE_FEATURE_NOT_SUPPORTED, "The source writes into a table (INTO).");
	if (query->hasModifyingCTE)
		refuse(ERRCODE_FEATURE_NOT_SUPPORTED, "The source holds a WITH query that writes.");
	if (contains_row_locks((Node *) query, NULL))
		refuse(ERRCODE_FEATURE_NOT_SUPPORTED, "The source locks rows (FOR UPDATE or FOR SHARE).");
	return query;
}

/* What names in recorded text mean, whoever reads it: a temporary table stands in for nothing. */
static void
set_recorded_path(void)
{
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/* The query's text with every name outside pg_catalog qualified. */
static char *
deparse_qualified(const Query *query)
{
	int			nest_level = NewGUCNestLevel();
	char	   *text;

	set_recorded_path();
	text = pg_get_querydef(copyObject((Query *) query), false);
	AtEOXact_GUC(true, nest_level);
	/* ruleutils begins with a blank */
	return pstrdup(skip_space(text));
}

/* From source->sql to its analysed form; what the caller may not read is refused. */
static void
analyse(MlSource *source)
{
	ErrorContextCallback callback;

	callback.callback = source_error_context;
	callback.arg = source->sql;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	source->query = analyse_select(source->sql);
	error_context_stack = callback.previous;

	/* the executor checks again; here it comes before any message about columns */
	(void) ExecCheckRTPerms(source->query->rtable, true);
	source->desc = BlessTupleDesc(ExecCleanTypeFromTL(source->query->targetList));
}

/*
 * It is recorded again as it stands, so that SELECT * stays one.  The caller's search path has no say, which could put
 * a function of somebody else in the place of a polymorphic one of pg_catalog.
 */
MlSource *
ml_source_open_recorded(const char *text)
{
	MlSource   *source = palloc0(sizeof(MlSource));
	int			nest_level = NewGUCNestLevel();

	source->given = source->sql = source->qualified = pstrdup(text);
	set_recorded_path();
	analyse(source);
	AtEOXact_GUC(true, nest_level);
	return source;
}

MlSource *
ml_source_open(const char *text)
{
	MlSource   *source = palloc0(sizeof(MlSource));

	if (*skip_space(text) == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("source must not be empty"),
				 errhint("Give the name of a table or view, or a SELECT.")));
	source->given = pstrdup(text);
	if (has_form_of_name(text))
	{
		source->relid = resolve_relation(text);
		source->sql = relation_query(source->relid);
	}
	else
		source->sql = source->given;
	analyse(source);
	source->qualified = OidIsValid(source->relid) ? source->sql : deparse_qualified(source->query);
	return source;
}

const char *
ml_source_label(const MlSource *source)
{
	return clip(source->given);
}

void
ml_source_no_rows(const MlSource *source)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA),
			 errmsg("the source has no rows: %s", ml_source_label(source)),
			 errhint("Check the table, the WHERE clause, and row-level security for role \"%s\".",
					 GetUserNameFromId(GetUserId(), false))));
}

char *
ml_source_primary_key(const MlSource *source)
{
	Relation	relation;
	Oid			index;
	HeapTuple	tuple;
	Form_pg_index form;
	char	   *name = NULL;

	if (!OidIsValid(source->relid))
		return NULL;
	relation = relation_open(source->relid, AccessShareLock);
	/* fills rd_pkindex */
	list_free(RelationGetIndexList(relation));
	index = relation->rd_pkindex;
	relation_close(relation, NoLock);
	if (!OidIsValid(index))
		return NULL;
	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for index %u", index);
	form = (Form_pg_index) GETSTRUCT(tuple);
	if (form->indnkeyatts == 1)
		name = get_attname(source->relid, form->indkey.values[0], false);
	ReleaseSysCache(tuple);
	return name;
}
