/*
 * expression.c: what one action is in SQL.
 *
 * Names come from the caller of this file, already quoted; values go through literal.c.  Expressions are parsed with pg_catalog alone on the search
 * path.  NaN counts as missing: comparisons, in which it is the greatest number, leave it as it is.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "cleaning/compose.h"
#include "cleaning/expression.h"

static char *
text_array(char *const *values, int n)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, "ARRAY[");
	for (int i = 0; i < n; i++)
		appendStringInfo(&out, "%s%s", i > 0 ? ", " : "", quote_literal_cstr(values[i]));
	appendStringInfoString(&out, "]::text[]");
	return out.data;
}

static const char *
option_literal(const MlRule *rule, const char *option)
{
	const char *text = ml_rule_value(rule, option)->text;

	return text == NULL ? "NULL" : quote_literal_cstr(text);
}

/* conditions that are true beyond the bounds */
static char *
below(const MlAction *action, const char *ref)
{
	return action->low == NULL ? NULL : psprintf("%s < %s", ref, ml_cleaning_literal(action->low, getBaseType(action->type)));
}

static char *
above(const MlAction *action, const char *ref)
{
	if (action->high == NULL)
		return NULL;
	return psprintf("%s > %s%s", ref, ml_cleaning_literal(action->high, getBaseType(action->type)),
					ml_cleaning_is_float(action->type) ? psprintf(" AND %s <> 'NaN'", ref) : "");
}

static char *
outside(const MlAction *action, const char *ref)
{
	char	   *low = below(action, ref);
	char	   *high = above(action, ref);

	if (low != NULL && high != NULL)
		return psprintf("%s OR %s", low, high);
	return low != NULL ? low : high != NULL ? high : pstrdup("false");
}

static void
append_clip(const MlAction *action, const char *ref, StringInfo out)
{
	char	   *low = below(action, ref);
	char	   *high = above(action, ref);
	Oid			type = getBaseType(action->type);

	appendStringInfoString(out, "CASE");
	if (low != NULL)
		appendStringInfo(out, " WHEN %s THEN %s", low, ml_cleaning_literal(action->low, type));
	if (high != NULL)
		appendStringInfo(out, " WHEN %s THEN %s", high, ml_cleaning_literal(action->high, type));
	appendStringInfo(out, " ELSE %s END", ref);
}

/* The list of texts first, which the server looks up in a hash table: most values are not to be replaced. */
static void
append_map(const MlAction *action, const char *ref, StringInfo out)
{
	Oid			type = getBaseType(action->result_type);
	bool		listed = type == TEXTOID && action->n_values > 1;

	if (listed)
		appendStringInfo(out, "CASE WHEN %s = ANY (%s) THEN ", ref, text_array(action->values, action->n_values));
	appendStringInfo(out, "CASE %s", ref);
	for (int i = 0; i < action->n_values; i++)
		appendStringInfo(out, " WHEN %s THEN %s", ml_cleaning_literal(action->values[i], type),
						 action->to[i] == NULL ? "NULL" : ml_cleaning_literal(action->to[i], type));
	appendStringInfo(out, listed ? " END ELSE %s END" : " ELSE %s END", ref);
}

static void
append_placeholders(const MlAction *action, const char *ref, StringInfo out)
{
	if (action->result_type == TEXTOID)
	{
		appendStringInfo(out, ML_CLEAN_SCHEMA ".without(%s, %s)", ref, text_array(action->values, action->n_values));
		return;
	}
	for (int i = 0; i < action->n_values; i++)
		appendStringInfoString(out, "NULLIF(");
	appendStringInfoString(out, ref);
	for (int i = 0; i < action->n_values; i++)
		appendStringInfo(out, ", %s)", ml_cleaning_literal(action->values[i], action->result_type));
}

static void
append_reading(const MlAction *action, const char *ref, StringInfo out)
{
	const MlRule *rule = action->rule;
	const char *function;

	if (rule->kind->id == ML_RULE_TO_NUMBER)
	{
		function = ml_rule_chosen(rule, "type", "bigint") ? "read_bigint" :
			ml_rule_chosen(rule, "type", "numeric") ? "read_numeric" : "read_float";
		appendStringInfo(out, ML_CLEAN_SCHEMA ".%s(%s, %s, %s, %s)", function, ref, option_literal(rule, "decimal"),
						 option_literal(rule, "thousands"), option_literal(rule, "strip"));
		return;
	}
	function = rule->kind->id == ML_RULE_TO_DATE ? "read_date" :
		ml_rule_chosen(rule, "type", "timestamptz") ? "read_timestamptz" : "read_timestamp";
	appendStringInfo(out, ML_CLEAN_SCHEMA ".%s(%s, %s, %s)", function, ref, option_literal(rule, "format"),
					 quote_literal_cstr(action->fill));
}

void
ml_expression_cell(const MlAction *action, const char *ref, StringInfo out)
{
	if (action->rule == NULL)
	{
		appendStringInfo(out, "%s::text", ref);
		return;
	}
	if (action->result_type == TEXTOID && action->type != TEXTOID)
		ref = psprintf("%s::text", ref);
	if (action->idle)
	{
		appendStringInfoString(out, ref);
		return;
	}
	switch (action->rule->kind->id)
	{
		case ML_RULE_TRIM:
			appendStringInfo(out, ML_CLEAN_SCHEMA ".trim(%s)", ref);
			break;
		case ML_RULE_COLLAPSE_SPACE:
			appendStringInfo(out, ML_CLEAN_SCHEMA ".collapse_space(%s)", ref);
			break;
		case ML_RULE_FOLD_CASE:
			appendStringInfo(out, "%s(%s)", ml_rule_value(action->rule, "to")->text, ref);
			break;
		case ML_RULE_PLACEHOLDERS:
			append_placeholders(action, ref, out);
			break;
		case ML_RULE_TO_NUMBER:
		case ML_RULE_TO_DATE:
		case ML_RULE_TO_TIMESTAMP:
			append_reading(action, ref, out);
			break;
		case ML_RULE_CLIP:
			append_clip(action, ref, out);
			break;
		case ML_RULE_RANGE:
			appendStringInfo(out, "CASE WHEN %s THEN NULL ELSE %s END", outside(action, ref), ref);
			break;
		case ML_RULE_MERGE_RARE:
			appendStringInfo(out, "CASE WHEN %s IS NULL OR %s = ANY (%s) THEN %s ELSE %s END", ref, ref,
							 text_array(action->values, action->n_values), ref, ml_cleaning_literal(action->fill, TEXTOID));
			break;
		case ML_RULE_MERGE_SIMILAR:
		case ML_RULE_MAP:
			append_map(action, ref, out);
			break;
		case ML_RULE_FILL:
			appendStringInfo(out, ml_cleaning_is_float(action->type) ? "COALESCE(NULLIF(%s, 'NaN'), %s)" : "COALESCE(%s, %s)", ref,
							 ml_cleaning_literal(action->fill, action->result_type));
			break;
		default:
			elog(ERROR, "rule %s changes no values", action->rule->kind->name);
	}
}

int
ml_expression_refs(const MlAction *action)
{
	if (action->rule == NULL || action->idle)
		return 1;
	switch (action->rule->kind->id)
	{
		case ML_RULE_CLIP:
		case ML_RULE_RANGE:
		case ML_RULE_MERGE_RARE:
		case ML_RULE_MERGE_SIMILAR:
		case ML_RULE_MAP:
			return 3;
		default:
			return 1;
	}
}

/* ---- rows ---- */

static void
append_missing(const MlCleanPlan *plan, const MlAction *action, MlRefFn ref, void *arg, StringInfo out)
{
	int			n = 0;

	for (int i = 0; i < action->n_uses; i++)
	{
		const MlColumnUse *use = &action->uses[i];

		if (!ml_cleaning_is_there(plan, action, use->column))
			continue;
		/* a call takes at most FUNC_MAX_ARGS arguments */
		appendStringInfoString(out, n == 0 ? "num_nulls(" : n % FUNC_MAX_ARGS == 0 ? ") + num_nulls(" : ", ");
		appendStringInfo(out, ml_cleaning_is_float(use->type) ? "NULLIF(%s, 'NaN')" : "%s", ref(use->column, use->version, arg));
		n++;
	}
	if (n == 0)
		appendStringInfoString(out, "false");
	else
		appendStringInfo(out, ") > %d", ml_cleaning_allowed_missing(action, n));
}

void
ml_expression_row(const MlCleanPlan *plan, const MlAction *action, MlRefFn ref, void *arg, StringInfo out)
{
	char	   *value;

	if (action->idle)
	{
		appendStringInfoString(out, "false");
		return;
	}
	if (action->column < 0)
	{
		append_missing(plan, action, ref, arg, out);
		return;
	}
	value = ref(action->column, action->version, arg);
	if (action->failures)
	{
		appendStringInfo(out, "%s IS NOT NULL AND ", value);
		if (action->type != TEXTOID)
			value = psprintf("%s::text", value);
		append_reading(action, value, out);
		appendStringInfoString(out, " IS NULL");
	}
	else
		appendStringInfoString(out, outside(action, value));
}

/* a column as something that can be hashed and compared: json and its like as their text */
static char *
comparable(const MlColumnUse *use, MlRefFn ref, void *arg)
{
	char	   *value = ref(use->column, use->version, arg);

	if (ml_cleaning_is_comparable(use->type))
		return value;
	return psprintf("%s::text", value);
}

static void
append_hash(const MlCleanPlan *plan, const MlAction *action, const MlColumnUse *uses, int n, MlRefFn ref, void *arg, StringInfo out)
{
	int			written = 0;

	appendStringInfoString(out, "hash_record_extended(ROW(");
	for (int i = 0; i < n; i++)
		if (ml_cleaning_is_there(plan, action, uses[i].column))
			appendStringInfo(out, "%s%s", written++ > 0 ? ", " : "", comparable(&uses[i], ref, arg));
	appendStringInfoString(out, "), 0)");
}

/*
 * Rows are sorted by a hash first: comparing one number decides nearly always, and the columns themselves only where hashes are
 * equal.  The hash of the whole row makes the choice among rows of a key the same whatever order the table is in.
 */
void
ml_expression_rank(const MlCleanPlan *plan, const MlAction *action, MlRefFn ref, void *arg, const char *apart, StringInfo out)
{
	bool		key = ml_rule_value(action->rule, "key")->given;

	appendStringInfoString(out, "row_number() OVER (PARTITION BY ");
	append_hash(plan, action, action->uses, action->n_uses, ref, arg, out);
	if (apart != NULL)
		appendStringInfo(out, ", %s", apart);
	for (int i = 0; i < action->n_uses; i++)
		if (ml_cleaning_is_there(plan, action, action->uses[i].column))
			appendStringInfo(out, ", %s", comparable(&action->uses[i], ref, arg));
	if (key)
		appendStringInfoString(out, " ORDER BY ");
	if (action->by.column >= 0)
		appendStringInfo(out, "%s %s NULLS LAST, ", comparable(&action->by, ref, arg),
						 ml_rule_chosen(action->rule, "keep", "last") ? "DESC" : "ASC");
	if (key)
		append_hash(plan, action, action->all, action->n_all, ref, arg, out);
	appendStringInfoChar(out, ')');
}

/* Rows whose key is missing are not known to be the same. */
void
ml_expression_outranked(const MlAction *action, const char *rank, MlRefFn ref, void *arg, StringInfo out)
{
	appendStringInfo(out, "%s > 1", rank);
	if (!ml_rule_value(action->rule, "key")->given)
		return;
	for (int i = 0; i < action->n_uses; i++)
		appendStringInfo(out, " AND %s IS NOT NULL", ref(action->uses[i].column, action->uses[i].version, arg));
}
