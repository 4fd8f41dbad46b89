/*
 * contract_sql.c: contracts measured by aggregate queries, as the caller.
 *
 * Names and values are quoted; a custom expression is parsed alone first and refused unless it is one expression, so
 * that it cannot leave the parentheses it is put in.  All rules that can be applied to the columns are measured in one pass.  Those that
 * cannot, because a column is gone or has another type, are found by analysing them apart, in a subtransaction, and count as failed.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "optimizer/optimizer.h"
#include "parser/analyze.h"
#include "parser/parse_coerce.h"
#include "parser/parser.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "catalog/contract.h"
#include "catalog/tables.h"
#include "nearest.h"

#define EXAMPLES 3
#define OUTPUTS 3				/* columns of the query for each rule: failing rows, and two texts */
#define RULES_PER_QUERY 400		/* a target list holds 1,664 columns */

/* ---- text ---- */

static const char *
column(const char *name)
{
	return psprintf("s.%s", quote_identifier(name));
}

static int
find_attribute(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
	{
		if (!TupleDescAttr(desc, i)->attisdropped && strcmp(NameStr(TupleDescAttr(desc, i)->attname), name) == 0)
			return i;
	}
	return -1;
}

/* 'literal'::type of the column, which is there */
static const char *
literal(const char *value, TupleDesc desc, const char *name)
{
	Form_pg_attribute att = TupleDescAttr(desc, find_attribute(desc, name));

	return psprintf("%s::%s", quote_literal_cstr(value), format_type_be_qualified(att->atttypid));
}

static void
append_values(StringInfo sql, const MlRule *rule)
{
	appendStringInfoString(sql, "ARRAY[");
	for (int i = 0; i < rule->n_values; i++)
		appendStringInfo(sql, "%s%s", i > 0 ? ", " : "", quote_literal_cstr(rule->values[i]));
	appendStringInfoString(sql, "]::text[]");
}

/* the condition of a row that violates the rule; it may be NULL, which is no violation.  False for rules that are not about rows */
static bool
append_violation(StringInfo sql, const MlRule *rule, TupleDesc desc)
{
	const char *c = rule->n_columns == 1 ? column(rule->columns[0]) : NULL;

	switch (rule->kind)
	{
		case ML_RULE_NOT_NULL:
		case ML_RULE_NULL_SHARE:
			appendStringInfo(sql, "%s IS NULL", c);
			return true;
		case ML_RULE_RANGE:
			if (rule->min != NULL)
				appendStringInfo(sql, "%s < %s", c, literal(rule->min, desc, rule->columns[0]));
			if (rule->min != NULL && rule->max != NULL)
				appendStringInfoString(sql, " OR ");
			if (rule->max != NULL)
				appendStringInfo(sql, "%s > %s", c, literal(rule->max, desc, rule->columns[0]));
			return true;
		case ML_RULE_IN:
			appendStringInfo(sql, "%s::text <> ALL (", c);
			append_values(sql, rule);
			appendStringInfoChar(sql, ')');
			return true;
		case ML_RULE_MATCHES:
			appendStringInfo(sql, "%s::text !~ %s", c, quote_literal_cstr(rule->text));
			return true;
		case ML_RULE_EXPRESSION:
			/* the line ends before the parenthesis: the text may end in a comment */
			appendStringInfo(sql, "(%s\n) IS FALSE", rule->text);
			return true;
		default:
			return false;
	}
}

/* "a, b" and "a IS NOT NULL AND b IS NOT NULL" of a rule about several columns */
static void
append_columns(StringInfo sql, const MlRule *rule, const char *suffix, const char *between)
{
	for (int i = 0; i < rule->n_columns; i++)
		appendStringInfo(sql, "%s%s%s", i > 0 ? between : "", column(rule->columns[i]), suffix);
}

/* rows beyond the first of their values */
static void
append_repeats(StringInfo sql, const MlRule *rule)
{
	appendStringInfoString(sql, "(count(*) FILTER (WHERE ");
	append_columns(sql, rule, " IS NOT NULL", " AND ");
	appendStringInfoString(sql, ") - count(DISTINCT ");
	appendStringInfoString(sql, rule->n_columns > 1 ? "(" : "");
	append_columns(sql, rule, "", ", ");
	appendStringInfoString(sql, rule->n_columns > 1 ? ")) FILTER (WHERE " : ") FILTER (WHERE ");
	append_columns(sql, rule, " IS NOT NULL", " AND ");
	appendStringInfoString(sql, "))::text, NULL, NULL");
}

/* the OUTPUTS columns of one rule, all text */
static void
append_outputs(StringInfo sql, const MlRule *rule, TupleDesc desc)
{
	const char *c = rule->n_columns == 1 ? column(rule->columns[0]) : NULL;

	appendStringInfoString(sql, ", ");
	if (rule->kind == ML_RULE_UNIQUE)
		append_repeats(sql, rule);
	else if (rule->kind == ML_RULE_FRESHNESS)
		appendStringInfo(sql, "NULL, max(%s)::text, (max(%s)::timestamptz >= now() - %s::interval)::text", c, c,
						 quote_literal_cstr(rule->text));
	else
	{
		appendStringInfoString(sql, "count(*) FILTER (WHERE ");
		if (!append_violation(sql, rule, desc))
			appendStringInfoString(sql, "false");
		appendStringInfoString(sql, ")::text, ");
		if (rule->kind == ML_RULE_RANGE)
			appendStringInfo(sql, "min(%s)::text, max(%s)::text", c, c);
		else
			appendStringInfoString(sql, "NULL, NULL");
	}
}

/* one pass over the source for rules which[0..n) */
static char *
measuring_query(const MlRule *rules, const int *which, int n, const char *source, TupleDesc desc)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT count(*)::text");
	for (int i = 0; i < n; i++)
		append_outputs(&sql, &rules[which[i]], desc);
	appendStringInfo(&sql, " FROM (%s\n) AS s", source);
	return sql.data;
}

/* ---- analysis ---- */

static void
set_path(const char *path)
{
	(void) set_config_option("search_path", path, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

/* positions are in our text, not in the caller's */
static void
error_in_query(void *sql)
{
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(sql);
	}
}

static Query *
analyse(const char *sql)
{
	ErrorContextCallback callback = {error_context_stack, error_in_query, unconstify(char *, sql)};
	List	   *parsed;
	Query	   *query;

	error_context_stack = &callback;
	parsed = pg_parse_query(sql);

	/* all there is in the text is ours or was parsed alone */
	if (list_length(parsed) != 1)
		elog(ERROR, "the rules of a contract make %d statements", list_length(parsed));
	query = parse_analyze_fixedparams(linitial_node(RawStmt, parsed), sql, NULL, 0, NULL);
	error_context_stack = callback.previous;
	return query;
}

/*
 * NULL when the text can be analysed, else what the server says of it.  An error leaves no trace: it happens in a subtransaction.
 */
static char *
complaint(const char *sql)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	char	   *volatile message = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		(void) analyse(sql);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED || error->sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE)
			ReThrowError(error);
		message = error->message;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return message;
}

/* ---- checks of a new rule ---- */

static bool
is_plain_select(const SelectStmt *s)
{
	return s->op == SETOP_NONE && s->valuesLists == NIL && list_length(s->targetList) == 1 && s->fromClause == NIL &&
		s->whereClause == NULL && s->groupClause == NIL && s->havingClause == NULL && s->windowClause == NIL &&
		s->sortClause == NIL && s->limitOffset == NULL && s->limitCount == NULL && s->lockingClause == NIL &&
		s->withClause == NULL && s->distinctClause == NIL && s->intoClause == NULL &&
		linitial_node(ResTarget, s->targetList)->name == NULL;
}

static void
check_alone(const char *expression)
{
	ErrorContextCallback callback = {error_context_stack, error_in_query, unconstify(char *, expression)};
	List	   *parsed;

	error_context_stack = &callback;
	parsed = raw_parser(expression, RAW_PARSE_PLPGSQL_EXPR);
	error_context_stack = callback.previous;
	if (list_length(parsed) != 1 || !IsA(linitial_node(RawStmt, parsed)->stmt, SelectStmt) ||
		!is_plain_select((SelectStmt *) linitial_node(RawStmt, parsed)->stmt))
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("\"%s\" is not one expression", expression),
				 errhint("Write a condition on the columns of a row, as in a CHECK constraint: price > 0 AND quantity >= 1.")));
}

static void
refuse_expression(int code, const char *expression, const char *what, const char *hint)
{
	ereport(ERROR,
			(errcode(code),
			 errmsg("expression \"%s\" %s", expression, what),
			 errhint("%s", hint)));
}

static void
check_expression(const MlRule *rule, const char *source)
{
	Query	   *query;
	Oid			type;

	check_alone(rule->text);
	query = analyse(psprintf("SELECT (%s\n) FROM (%s\n) AS s", rule->text, source));
	type = exprType((Node *) linitial_node(TargetEntry, query->targetList)->expr);
	if (query->hasAggs || query->hasWindowFuncs)
		refuse_expression(ERRCODE_GROUPING_ERROR, rule->text, "looks at more than one row",
						  "An expression is about one row; for the number of rows there is the rule \"row_count\".");
	if (query->hasTargetSRFs)
		refuse_expression(ERRCODE_FEATURE_NOT_SUPPORTED, rule->text, "returns a set", "It must be true or false for each row.");
	if (type != BOOLOID)
		refuse_expression(ERRCODE_DATATYPE_MISMATCH, rule->text, psprintf("is of type %s, not boolean", format_type_be(type)),
						  "Write a condition that is true for good rows.");
	if (contain_volatile_functions((Node *) query->targetList))
		refuse_expression(ERRCODE_INVALID_OBJECT_DEFINITION, rule->text, "calls a volatile function",
						  "A rule must say the same of a row each time; use IMMUTABLE or STABLE functions.");
}

/* limits that are numbers are for columns of numbers: texts would be compared as texts */
static bool
is_numeric_misfit(const MlRule *rule, TupleDesc desc)
{
	return rule->numeric &&
		TypeCategory(TupleDescAttr(desc, find_attribute(desc, rule->columns[0]))->atttypid) != TYPCATEGORY_NUMERIC;
}

static void
check_numeric(const MlRule *rule, TupleDesc desc)
{
	if (is_numeric_misfit(rule, desc))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is no number, but the limits of its range are", rule->columns[0]),
				 errdetail("It is of type %s.", format_type_be(TupleDescAttr(desc, find_attribute(desc, rule->columns[0]))->atttypid)),
				 errhint("Write limits of other types as strings: \"min\": \"2026-01-01\".")));
}

void
ml_contract_check_rule(const MlRule *rule, const char *source, TupleDesc desc, const char *path)
{
	int			nest_level = NewGUCNestLevel();

	set_path(path);
	for (int i = 0; i < rule->n_columns; i++)
	{
		if (find_attribute(desc, rule->columns[i]) < 0)
		{
			const char **names = palloc(sizeof(char *) * Max(desc->natts, 1));

			for (int a = 0; a < desc->natts; a++)
				names[a] = NameStr(TupleDescAttr(desc, a)->attname);
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" does not exist in the source", rule->columns[i]),
					 errhint("%s", ml_nearest_hint(rule->columns[i], names, desc->natts))));
		}
	}
	check_numeric(rule, desc);
	if (rule->kind == ML_RULE_EXPRESSION)
		check_expression(rule, source);
	else if (rule->kind != ML_RULE_TYPE)
	{
		int			which = 0;

		(void) analyse(measuring_query(rule, &which, 1, source, desc));
		/* an expression that cannot be compiled should be known today */
		if (rule->kind == ML_RULE_MATCHES)
			(void) DirectFunctionCall2Coll(textregexeq, DEFAULT_COLLATION_OID, CStringGetTextDatum(""),
										   CStringGetTextDatum(rule->text));
	}
	AtEOXact_GUC(true, nest_level);
}

/* ---- measuring ---- */

/* why the rule cannot be applied to these columns, or NULL */
static char *
misfit(const MlRule *rule, const char *source, TupleDesc desc, bool analyse_it)
{
	int			which = 0;

	for (int i = 0; i < rule->n_columns; i++)
	{
		if (find_attribute(desc, rule->columns[i]) < 0)
			return psprintf("column \"%s\" does not exist", rule->columns[i]);
	}
	if (is_numeric_misfit(rule, desc))
		return psprintf("of type %s, no number",
						format_type_be(TupleDescAttr(desc, find_attribute(desc, rule->columns[0]))->atttypid));
	if (rule->kind == ML_RULE_TYPE || !analyse_it)
		return NULL;
	return complaint(measuring_query(rule, &which, 1, source, desc));
}

static void
observe_type(const MlRule *rule, TupleDesc desc, MlRuleResult *result)
{
	Form_pg_attribute att = TupleDescAttr(desc, find_attribute(desc, rule->columns[0]));

	result->observed = format_type_be(att->atttypid);
	result->passed = strcmp(result->observed, rule->text) == 0;
}

static bool
within_tolerance(const MlRule *rule, int64 failing, int64 rows)
{
	if (rule->kind == ML_RULE_NULL_SHARE)
		return rows == 0 || (double) failing / rows <= rule->number;
	return failing <= (int64) floor((1 - rule->tolerance) * rows + 1e-9);
}

static char *
describe_failing(const MlRule *rule, int64 failing, int64 rows)
{
	double		percent = rows > 0 ? 100.0 * failing / rows : 0;

	switch (rule->kind)
	{
		case ML_RULE_NOT_NULL:
		case ML_RULE_NULL_SHARE:
			return psprintf("%.6g %% NULL", percent);
		case ML_RULE_UNIQUE:
			return psprintf(INT64_FORMAT " repeated", failing);
		default:
			return psprintf(INT64_FORMAT " of " INT64_FORMAT " rows", failing, rows);
	}
}

/* what the query said of one rule */
static void
observe(const MlRule *rule, char *const *output, int64 rows, MlRuleResult *result)
{
	if (rule->kind == ML_RULE_ROW_COUNT)
	{
		result->observed = psprintf(INT64_FORMAT, rows);
		result->passed = (rule->low < 0 || rows >= rule->low) && (rule->high < 0 || rows <= rule->high);
		return;
	}
	if (rule->kind == ML_RULE_FRESHNESS)
	{
		result->observed = output[1] != NULL ? psprintf("newest is %s", output[1]) : pstrdup("no value");
		result->passed = output[2] != NULL && strcmp(output[2], "true") == 0;
		return;
	}
	result->failing = pg_strtoint64(output[0]);
	result->passed = within_tolerance(rule, result->failing, rows);
	if (rule->kind == ML_RULE_RANGE && output[1] != NULL)
		result->observed = psprintf("from %s to %s", output[1], output[2]);
	else
		result->observed = describe_failing(rule, result->failing, rows);
}

/* SPI is connected; rows of text out in the caller's context */
static char **
run_one_row(const char *sql, int columns, MemoryContext context)
{
	char	  **out = MemoryContextAllocZero(context, sizeof(char *) * columns);
	int			result = SPI_execute(sql, true, 0);
	MemoryContext old;

	if (result != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "the query of a contract returned %d", result);
	old = MemoryContextSwitchTo(context);
	for (int i = 0; i < columns; i++)
	{
		char	   *text = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1);

		if (text != NULL)
			out[i] = MemoryContextStrdup(context, text);
	}
	MemoryContextSwitchTo(old);
	SPI_freetuptable(SPI_tuptable);
	return out;
}

/* a few rows that violate the rule */
static Jsonb *
examples(const MlRule *rule, const char *source, TupleDesc desc, MemoryContext context)
{
	StringInfoData sql;
	char	  **out;
	MemoryContext old;
	Jsonb	   *result;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT jsonb_agg(to_jsonb(e))::text FROM (");
	if (rule->kind == ML_RULE_UNIQUE)
	{
		appendStringInfoString(&sql, "SELECT ");
		append_columns(&sql, rule, "", ", ");
		appendStringInfo(&sql, ", count(*) AS rows FROM (%s\n) AS s WHERE ", source);
		append_columns(&sql, rule, " IS NOT NULL", " AND ");
		appendStringInfoString(&sql, " GROUP BY ");
		append_columns(&sql, rule, "", ", ");
		appendStringInfoString(&sql, " HAVING count(*) > 1 ORDER BY count(*) DESC, ");
		append_columns(&sql, rule, "", ", ");
	}
	else
	{
		appendStringInfo(&sql, "SELECT * FROM (%s\n) AS s WHERE ", source);
		(void) append_violation(&sql, rule, desc);
	}
	appendStringInfo(&sql, " LIMIT %d) AS e", EXAMPLES);
	out = run_one_row(sql.data, 1, context);
	if (out[0] == NULL)
		return NULL;
	old = MemoryContextSwitchTo(context);
	result = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(out[0])));
	MemoryContextSwitchTo(old);
	return result;
}

/* rules which[0..n) in one pass; returns the rows of the source */
static int64
measure_some(const MlRule *rules, const int *which, int n, const char *source, TupleDesc desc, MemoryContext context,
			 MlRuleResult *results)
{
	char	  **out = run_one_row(measuring_query(rules, which, n, source, desc), 1 + n * OUTPUTS, context);
	int64		rows = pg_strtoint64(out[0]);

	for (int i = 0; i < n; i++)
	{
		MlRuleResult *result = &results[which[i]];
		MemoryContext old = MemoryContextSwitchTo(context);

		observe(&rules[which[i]], out + 1 + i * OUTPUTS, rows, result);
		MemoryContextSwitchTo(old);
		if (result->failing > 0)
			result->examples = examples(&rules[which[i]], source, desc, context);
	}
	return rows;
}

/* the rules that a query can measure; the others are decided here.  all_well: none need be analysed apart */
static int
choose(const MlRule *rules, int n, const char *source, TupleDesc desc, bool all_well, int *which, MlRuleResult *results)
{
	int			chosen = 0;

	for (int i = 0; i < n; i++)
	{
		MlRuleResult *result = &results[i];

		CHECK_FOR_INTERRUPTS();
		memset(result, 0, sizeof(MlRuleResult));
		result->failing = -1;
		result->observed = misfit(&rules[i], source, desc, !all_well);
		if (result->observed != NULL)
			continue;
		if (rules[i].kind == ML_RULE_TYPE)
			observe_type(&rules[i], desc, result);
		else
			which[chosen++] = i;
	}
	return chosen;
}

MlRuleResult *
ml_contract_measure(const MlRule *rules, int n, const char *source, TupleDesc desc, const char *path, int64 *rows)
{
	MemoryContext context = CurrentMemoryContext;
	MlRuleResult *results = palloc0(sizeof(MlRuleResult) * Max(n, 1));
	int		   *which = palloc(sizeof(int) * Max(n, 1));
	MlWriter	writer;
	int			chosen;

	ml_caller_begin(&writer);
	set_path(path);
	MemoryContextSwitchTo(context);
	chosen = choose(rules, n, source, desc, true, which, results);
	for (int from = 0; from < chosen; from += RULES_PER_QUERY)
	{
		if (complaint(measuring_query(rules, which + from, Min(RULES_PER_QUERY, chosen - from), source, desc)) == NULL)
			continue;
		chosen = choose(rules, n, source, desc, false, which, results);
		break;
	}
	*rows = measure_some(rules, which, Min(chosen, RULES_PER_QUERY), source, desc, context, results);
	for (int from = RULES_PER_QUERY; from < chosen; from += RULES_PER_QUERY)
		(void) measure_some(rules, which + from, Min(RULES_PER_QUERY, chosen - from), source, desc, context, results);
	ml_writer_end(&writer);
	MemoryContextSwitchTo(context);
	return results;
}
