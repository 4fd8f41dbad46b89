/*
 * plan.c: rules matched with columns: targets resolved, types followed from rule to rule, contradictions refused, levels given.
 *
 * All of it happens before a row is read.  Columns that drop_missing_columns may drop count as there, for whether they go is known
 * with the rows; what later rules have to do with them is then left out.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "cleaning/plan.h"
#include "nearest.h"

#define PLACEHOLDER_TEXTS {"", "?", "-", "--", ".", "N/A", "NA", "n.a.", "#N/A", "NULL", "(null)", "NaN"}
#define PLACEHOLDER_NUMBERS {"-999", "-9999"}

/* ---- types ---- */

int
ml_cleaning_class(Oid type)
{
	char		category;
	bool		preferred;

	type = getBaseType(type);
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			return ML_CLEAN_NUMBER;
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return ML_CLEAN_TIME;
		case BOOLOID:
			return ML_CLEAN_BOOL;
		case NAMEOID:
			return ML_CLEAN_TEXT;
	}
	get_type_category_preferred(type, &category, &preferred);
	return category == TYPCATEGORY_STRING || category == TYPCATEGORY_ENUM ? ML_CLEAN_TEXT : ML_CLEAN_OTHER;
}

bool
ml_cleaning_is_float(Oid type)
{
	type = getBaseType(type);
	return type == FLOAT4OID || type == FLOAT8OID || type == NUMERICOID;
}

bool
ml_cleaning_is_comparable(Oid type)
{
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_LT_OPR | TYPECACHE_EQ_OPR | TYPECACHE_HASH_EXTENDED_PROC);

	return OidIsValid(entry->lt_opr) && OidIsValid(entry->eq_opr) && OidIsValid(entry->hash_extended_proc);
}

bool
ml_cleaning_is_there(const MlCleanPlan *plan, const MlAction *action, int column)
{
	const MlRule *dropped_by = plan->columns[column].dropped_by;

	return dropped_by == NULL || dropped_by->step >= action->rule->step;
}

bool
ml_cleaning_counts_missing(const MlAction *action)
{
	return action->kind == ML_ACTION_ROW && action->column < 0;
}

int
ml_cleaning_allowed_missing(const MlAction *action, int n)
{
	/* a share such as 0.1 of 10 columns is one column, whatever its last bit */
	return (int) floor(action->share * n * (1 + 1e-12));
}

char *
ml_cleaning_type_name(Oid type)
{
	return format_type_be(type);
}

static const MlVersion *
latest(const MlCleanColumn *column)
{
	return &column->versions[column->n_versions - 1];
}

/* ---- columns ---- */

static void
unknown_column(const MlCleanPlan *plan, const MlRule *rule, const char *name)
{
	const char **names = palloc(sizeof(char *) * Max(plan->n_columns, 1));

	for (int i = 0; i < plan->n_columns; i++)
		names[i] = plan->columns[i].name;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("rule %d (%s) names column \"%s\", which the source does not have", rule->step, rule->kind->name, name),
			 errhint("%s", ml_nearest_hint(name, names, plan->n_columns))));
}

static int
find_column(const MlCleanPlan *plan, const MlRule *rule, const char *name)
{
	for (int i = 0; i < plan->n_columns; i++)
	{
		const MlCleanColumn *column = &plan->columns[i];

		if (strcmp(column->name, name) != 0)
			continue;
		if (column->dropped_by != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("rules %d and %d contradict each other", column->dropped_by->step, rule->step),
					 errdetail("Rule %d (%s) drops column \"%s\", and rule %d (%s) works on it.", column->dropped_by->step,
							   column->dropped_by->kind->name, name, rule->step, rule->kind->name)));
		return i;
	}
	unknown_column(plan, rule, name);
	return -1;
}

static const MlRule *
maker(const MlCleanPlan *plan, const MlCleanColumn *column)
{
	int			action = latest(column)->action;

	return action < 0 ? NULL : plan->actions[action].rule;
}

static void
wrong_type(const MlCleanPlan *plan, const MlRule *rule, const MlCleanColumn *column)
{
	const MlRule *before = maker(plan, column);

	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("rule %d (%s) cannot work on column \"%s\" of type %s", rule->step, rule->kind->name, column->name,
					ml_cleaning_type_name(latest(column)->type)),
			 before == NULL ? 0 : errdetail("Rule %d (%s) has given it this type.", before->step, before->kind->name),
			 errhint("It works on%s%s%s%s.", rule->kind->types & ML_CLEAN_TEXT ? " texts" : "",
					 rule->kind->types & ML_CLEAN_NUMBER ? (rule->kind->types & ML_CLEAN_TEXT ? ", numbers" : " numbers") : "",
					 rule->kind->types & ML_CLEAN_TIME ? ", dates and timestamps" : "",
					 rule->kind->types & ML_CLEAN_BOOL ? ", booleans" : "")));
}

/* the columns of a rule, in the order given; of "*" those it can work on */
static int *
targets(const MlCleanPlan *plan, const MlRule *rule, int *n)
{
	int		   *list = palloc(sizeof(int) * Max(plan->n_columns, rule->n_columns + 1));

	*n = 0;
	if (rule->all)
	{
		for (int i = 0; i < plan->n_columns; i++)
			if (plan->columns[i].dropped_by == NULL &&
				(rule->kind->types & ml_cleaning_class(latest(&plan->columns[i])->type)))
				list[(*n)++] = i;
		return list;
	}
	for (int k = 0; k < rule->n_columns; k++)
	{
		int			i = find_column(plan, rule, rule->columns[k]);

		if (!(rule->kind->types & ml_cleaning_class(latest(&plan->columns[i])->type)))
			wrong_type(plan, rule, &plan->columns[i]);
		for (int j = 0; j < *n; j++)
			if (list[j] == i)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("rule %d (%s) names column \"%s\" twice", rule->step, rule->kind->name, rule->columns[k])));
		list[(*n)++] = i;
	}
	return list;
}

static MlColumnUse
use(const MlCleanPlan *plan, int column)
{
	MlColumnUse result;

	result.column = column;
	result.version = plan->columns[column].n_versions - 1;
	result.type = latest(&plan->columns[column])->type;
	return result;
}

/* ---- actions ---- */

static MlAction *
add_action(MlCleanPlan *plan, const MlRule *rule, MlActionKind kind, int column)
{
	MlAction   *action;

	if (plan->n_actions == plan->room)
	{
		plan->room *= 2;
		plan->actions = repalloc(plan->actions, mul_size(plan->room, sizeof(MlAction)));
	}
	action = &plan->actions[plan->n_actions++];
	memset(action, 0, sizeof(MlAction));
	action->rule = rule;
	action->kind = kind;
	action->column = column;
	action->by.column = -1;
	if (column >= 0)
	{
		action->version = plan->columns[column].n_versions - 1;
		action->type = latest(&plan->columns[column])->type;
	}
	return action;
}

/* The next version of a column, of type result_type. */
static MlAction *
add_cell(MlCleanPlan *plan, const MlRule *rule, int c, Oid result_type)
{
	MlCleanColumn *column = &plan->columns[c];
	MlAction   *action = add_action(plan, rule, ML_ACTION_CELL, c);
	MlVersion  *version;

	action->result_type = result_type;
	action->level = Max(Max(latest(column)->level + 1, column->floor), plan->barrier + 1);
	column->versions = repalloc(column->versions, sizeof(MlVersion) * (column->n_versions + 1));
	version = &column->versions[column->n_versions++];
	version->action = plan->n_actions - 1;
	version->level = action->level;
	version->type = result_type;
	plan->levels = Max(plan->levels, action->level);
	return action;
}

/* Level of a condition on one version: above where it is made; the next version may not be made below. */
static void
read_at(MlCleanPlan *plan, MlAction *action, int column)
{
	action->level = Max(action->level, Max(latest(&plan->columns[column])->level, plan->barrier) + 1);
}

static void
settle_row(MlCleanPlan *plan, MlAction *action)
{
	if (action->column >= 0)
		plan->columns[action->column].floor = Max(plan->columns[action->column].floor, action->level);
	for (int i = 0; i < action->n_uses; i++)
		plan->columns[action->uses[i].column].floor = Max(plan->columns[action->uses[i].column].floor, action->level);
	plan->row_level = Max(plan->row_level, action->level);
	plan->levels = Max(plan->levels, action->level);
}

/* A condition on one column. */
static MlAction *
add_row(MlCleanPlan *plan, const MlRule *rule, int column)
{
	MlAction   *action = add_action(plan, rule, ML_ACTION_ROW, column);

	read_at(plan, action, column);
	settle_row(plan, action);
	return action;
}

/* What works on texts works on type text: name, char(n), enums and others are cast first, of which nobody need hear. */
static void
make_text(MlCleanPlan *plan, int column)
{
	Oid			type = latest(&plan->columns[column])->type;

	if (ml_cleaning_class(type) == ML_CLEAN_TEXT && type != TEXTOID && type != VARCHAROID)
		(void) add_cell(plan, NULL, column, TEXTOID);
}

/* ---- the rules one by one ---- */

static void
contradiction(const MlRule *rule, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("rule %d (%s) contradicts itself", rule->step, rule->kind->name),
			 errdetail("%s", what)));
}

static void
plan_duplicates(MlCleanPlan *plan, const MlRule *rule)
{
	const MlRuleValue *key = ml_rule_value(rule, "key");
	const MlRuleValue *by = ml_rule_value(rule, "by");
	MlAction   *action;
	int			by_column = by->given ? find_column(plan, rule, by->text) : -1;

	if (by->given && !key->given)
		contradiction(rule, "Option \"by\" chooses among rows of one key, and there is no \"key\".");
	if (ml_rule_value(rule, "keep")->given && !by->given)
		contradiction(rule, "Rows of a table have no order: \"keep\" needs a column \"by\".");
	action = add_action(plan, rule, ML_ACTION_DUPLICATES, -1);
	action->all = palloc(sizeof(MlColumnUse) * Max(plan->n_columns, 1));
	action->level = Max(plan->row_level, plan->barrier) + 1;
	action->distinct = !key->given;
	for (int i = 0; i < plan->n_columns; i++)
	{
		if (plan->columns[i].dropped_by != NULL)
			continue;
		action->all[action->n_all++] = use(plan, i);
		action->distinct &= ml_cleaning_is_comparable(latest(&plan->columns[i])->type);
		read_at(plan, action, i);
	}
	action->uses = palloc(sizeof(MlColumnUse) * Max(plan->n_columns, key->n + 1));
	for (int i = 0; i < key->n; i++)
		action->uses[action->n_uses++] = use(plan, find_column(plan, rule, key->texts[i]));
	if (!key->given)
	{
		memcpy(action->uses, action->all, sizeof(MlColumnUse) * action->n_all);
		action->n_uses = action->n_all;
	}
	if (by->given)
		action->by = use(plan, by_column);
	plan->barrier = action->level;
	plan->row_level = action->level + 1;
	plan->levels = Max(plan->levels, action->level + 1);
}

static void
plan_missing_rows(MlCleanPlan *plan, const MlRule *rule)
{
	const MlRuleValue *share = ml_rule_value(rule, "share");
	int			n;
	int		   *list = targets(plan, rule, &n);
	MlAction   *action = add_action(plan, rule, ML_ACTION_ROW, -1);

	action->share = share->given ? share->number : rule->all ? 0.5 : 0;
	action->uses = palloc(sizeof(MlColumnUse) * Max(n, 1));
	action->level = plan->barrier + 1;
	for (int i = 0; i < n; i++)
	{
		int			made_by = latest(&plan->columns[list[i]])->action;

		if (!rule->all && made_by >= 0 && plan->actions[made_by].rule != NULL && plan->actions[made_by].rule->kind->id == ML_RULE_FILL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("rules %d and %d contradict each other", plan->actions[made_by].rule->step, rule->step),
					 errdetail("Rule %d (fill) leaves nothing missing in column \"%s\".", plan->actions[made_by].rule->step,
							   plan->columns[list[i]].name)));
		action->uses[action->n_uses++] = use(plan, list[i]);
		read_at(plan, action, list[i]);
	}
	settle_row(plan, action);
}

static void
plan_columns(MlCleanPlan *plan, const MlRule *rule)
{
	int			n;
	int		   *list = targets(plan, rule, &n);
	bool		learned = rule->kind->id == ML_RULE_DROP_MISSING_COLUMNS;

	for (int i = 0; i < n; i++)
	{
		MlAction   *action = add_action(plan, rule, ML_ACTION_COLUMN, list[i]);

		action->dropped = !learned;
		if (!learned)
			plan->columns[list[i]].dropped_by = rule;
	}
}

static void
plan_placeholders(MlCleanPlan *plan, const MlRule *rule, int c)
{
	static const char *const texts[] = PLACEHOLDER_TEXTS;
	static const char *const numbers[] = PLACEHOLDER_NUMBERS;
	const MlRuleValue *values = ml_rule_value(rule, "values");
	Oid			type = getBaseType(latest(&plan->columns[c])->type);
	bool		text = ml_cleaning_class(type) == ML_CLEAN_TEXT;
	const char *const *from = values->given ? (const char *const *) values->texts : text ? texts : numbers;
	int			n = values->given ? values->n : text ? lengthof(texts) : lengthof(numbers);
	MlAction   *action;
	char	  **kept = palloc(sizeof(char *) * n);
	int			n_kept = 0;

	for (int i = 0; i < n; i++)
	{
		char	   *bound = text ? unconstify(char *, from[i]) : ml_cleaning_bound(from[i], type, true);

		/* what is no value of the type cannot be found in it */
		if (bound != NULL && (text || strtod(bound, NULL) == strtod(from[i], NULL)))
			kept[n_kept++] = bound;
	}
	if (n_kept == 0 && rule->all)
		return;
	if (n_kept == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no value of rule %d (%s) can be in column \"%s\" of type %s", rule->step, rule->kind->name,
						plan->columns[c].name, ml_cleaning_type_name(type))));
	action = add_cell(plan, rule, c, text ? TEXTOID : type);
	action->values = kept;
	action->n_values = n_kept;
}

/* As given, or the session's, which the rule then keeps; NULL for numbers. */
static const char *
date_order(const MlRule *rule)
{
	const char *order;

	if (rule->kind->id == ML_RULE_TO_NUMBER)
		return NULL;
	order = ml_rule_value(rule, "order")->text;
	if (order != NULL)
		return order;
	return DateOrder == DATEORDER_YMD ? "YMD" : DateOrder == DATEORDER_DMY ? "DMY" : "MDY";
}

static void
plan_reading(MlCleanPlan *plan, const MlRule *rule, int c)
{
	Oid			type;

	if (rule->kind->id == ML_RULE_TO_NUMBER)
		type = ml_rule_chosen(rule, "type", "bigint") ? INT8OID :
			ml_rule_chosen(rule, "type", "numeric") ? NUMERICOID : FLOAT8OID;
	else if (rule->kind->id == ML_RULE_TO_DATE)
		type = DATEOID;
	else
		type = ml_rule_chosen(rule, "type", "timestamptz") ? TIMESTAMPTZOID : TIMESTAMPOID;
	if (ml_rule_chosen(rule, "failures", "drop"))
	{
		MlAction   *failures = add_row(plan, rule, c);

		failures->failures = true;
		failures->fill = unconstify(char *, date_order(rule));
	}
	add_cell(plan, rule, c, type)->fill = unconstify(char *, date_order(rule));
}

static void
check_bounds(const MlRule *rule, const MlAction *action)
{
	if (action->low != NULL && action->high != NULL && ml_cleaning_class(action->type) == ML_CLEAN_NUMBER &&
		strtod(action->low, NULL) > strtod(action->high, NULL))
		contradiction(rule, psprintf("The lower bound %s is above the upper bound %s.", action->low, action->high));
}

static void
plan_bounds(MlCleanPlan *plan, const MlRule *rule, int c)
{
	const MlRuleValue *min = ml_rule_value(rule, "min");
	const MlRuleValue *max = ml_rule_value(rule, "max");
	bool		range = rule->kind->id == ML_RULE_RANGE;
	bool		drop = range ? ml_rule_chosen(rule, "outside", "drop") : rule->kind->id == ML_RULE_DROP_OUTLIERS;
	Oid			type = getBaseType(latest(&plan->columns[c])->type);
	MlAction   *action;

	if (range && !min->given && !max->given)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rule %d (range) has neither \"min\" nor \"max\"", rule->step)));
	if (!range && (min->given || max->given) &&
		(ml_rule_value(rule, "method")->given || ml_rule_value(rule, "threshold")->given))
		contradiction(rule, "Bounds are given with \"min\" and \"max\", or learned with \"method\" and \"threshold\".");
	if (!range && ml_rule_chosen(rule, "method", "quantile") && ml_rule_value(rule, "threshold")->number >= 0.5)
		contradiction(rule, "Option \"threshold\" of method quantile is the share cut off at each end: below 0.5.");
	action = drop ? add_row(plan, rule, c) : add_cell(plan, rule, c, type);
	if (min->given)
		action->low = ml_cleaning_bound(min->text, type, true);
	if (max->given)
		action->high = ml_cleaning_bound(max->text, type, false);
	check_bounds(rule, action);
}

static void
plan_map(MlCleanPlan *plan, const MlRule *rule, int c)
{
	const MlRuleValue *values = ml_rule_value(rule, "values");
	Oid			type = getBaseType(latest(&plan->columns[c])->type);
	MlAction   *action;

	if (!values->given)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rule %d (map) has no \"values\"", rule->step),
				 errhint("Write \"values\": {\"from\": \"to\", ...}.")));
	if (ml_cleaning_class(type) == ML_CLEAN_TEXT)
		type = TEXTOID;
	for (int i = 0; i < values->n; i++)
	{
		ml_cleaning_check_value(values->keys[i], type);
		if (values->texts[i] != NULL)
			ml_cleaning_check_value(values->texts[i], type);
	}
	action = add_cell(plan, rule, c, type);
	action->n_values = values->n;
	action->values = values->keys;
	action->to = values->texts;
}

static void
plan_fill(MlCleanPlan *plan, const MlRule *rule, int c)
{
	const MlRuleValue *value = ml_rule_value(rule, "value");
	const char *method = ml_rule_value(rule, "method")->text;
	Oid			type = getBaseType(latest(&plan->columns[c])->type);
	int			class = ml_cleaning_class(type);
	const MlRule *before = maker(plan, &plan->columns[c]);
	MlAction   *action;

	if (value->given && method != NULL && strcmp(method, "constant") != 0)
		contradiction(rule, psprintf("Method %s finds the value itself, and a \"value\" is given.", method));
	if (!value->given && method != NULL && strcmp(method, "constant") == 0)
		contradiction(rule, "Method constant needs a \"value\".");
	if (!value->given && class != ML_CLEAN_NUMBER &&
		(class == ML_CLEAN_TIME || (method != NULL && strcmp(method, "most_frequent") != 0)))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("rule %d (fill) cannot find a %s of column \"%s\" of type %s", rule->step,
						method == NULL ? "value" : method, plan->columns[c].name, ml_cleaning_type_name(type)),
				 errhint(class == ML_CLEAN_TIME ? "Give a \"value\"." : "Use method most_frequent, or give a \"value\".")));
	if (before != NULL && before->kind->id == ML_RULE_FILL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rules %d and %d contradict each other", before->step, rule->step),
				 errdetail("Both fill column \"%s\".", plan->columns[c].name)));
	if (class == ML_CLEAN_TEXT)
		type = TEXTOID;
	if (value->given)
		ml_cleaning_check_value(value->text, type);
	action = add_cell(plan, rule, c, type);
	action->fill = value->text;
}

static void
plan_category(MlCleanPlan *plan, const MlRule *rule, int c)
{
	MlAction   *action;

	if (rule->kind->id == ML_RULE_MERGE_RARE)
	{
		const MlRuleValue *keep = ml_rule_value(rule, "keep");

		if (ml_rule_value(rule, "share")->given + ml_rule_value(rule, "count")->given + keep->given > 1)
			contradiction(rule, "What is rare is said by \"share\", \"count\" or \"keep\", one of them.");
		action = add_cell(plan, rule, c, TEXTOID);
		action->fill = ml_rule_value(rule, "other")->text;
		action->n_values = keep->n;
		action->values = keep->texts;
	}
	else
		(void) add_cell(plan, rule, c, TEXTOID);
}

static void
plan_fold(MlCleanPlan *plan, const MlRule *rule, int c)
{
	const MlCleanColumn *column = &plan->columns[c];

	for (int v = 1; v < column->n_versions; v++)
	{
		const MlRule *before = plan->actions[column->versions[v].action].rule;

		if (before != NULL && before->kind->id == ML_RULE_FOLD_CASE &&
			strcmp(ml_rule_value(before, "to")->text, ml_rule_value(rule, "to")->text) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("rules %d and %d contradict each other", before->step, rule->step),
					 errdetail("They fold column \"%s\" to %s and to %s case.", column->name, ml_rule_value(before, "to")->text,
							   ml_rule_value(rule, "to")->text)));
	}
	(void) add_cell(plan, rule, c, TEXTOID);
}

/* one column of a rule that works on columns one by one */
static void
plan_one(MlCleanPlan *plan, const MlRule *rule, int column)
{
	switch (rule->kind->id)
	{
		case ML_RULE_FOLD_CASE:
			plan_fold(plan, rule, column);
			break;
		case ML_RULE_PLACEHOLDERS:
			plan_placeholders(plan, rule, column);
			break;
		case ML_RULE_TO_NUMBER:
		case ML_RULE_TO_DATE:
		case ML_RULE_TO_TIMESTAMP:
			plan_reading(plan, rule, column);
			break;
		case ML_RULE_CLIP:
		case ML_RULE_DROP_OUTLIERS:
		case ML_RULE_RANGE:
			plan_bounds(plan, rule, column);
			break;
		case ML_RULE_MERGE_RARE:
		case ML_RULE_MERGE_SIMILAR:
			plan_category(plan, rule, column);
			break;
		case ML_RULE_MAP:
			plan_map(plan, rule, column);
			break;
		case ML_RULE_FILL:
			plan_fill(plan, rule, column);
			break;
		default:
			(void) add_cell(plan, rule, column, TEXTOID);
			break;
	}
}

static void
plan_rule(MlCleanPlan *plan, const MlRule *rule)
{
	int			n;
	int		   *list;

	switch (rule->kind->id)
	{
		case ML_RULE_DROP_DUPLICATES:
			plan_duplicates(plan, rule);
			break;
		case ML_RULE_DROP_MISSING_ROWS:
			plan_missing_rows(plan, rule);
			break;
		case ML_RULE_DROP_MISSING_COLUMNS:
		case ML_RULE_DROP_COLUMNS:
			plan_columns(plan, rule);
			break;
		default:
			list = targets(plan, rule, &n);
			for (int i = 0; i < n; i++)
				make_text(plan, list[i]);
			for (int i = 0; i < n; i++)
				plan_one(plan, rule, list[i]);
			break;
	}
}

static void
rule_error_context(void *arg)
{
	const MlRule *rule = arg;

	/* messages of ours name the rule; those of input functions do not */
	if (ERRCODE_TO_CATEGORY(geterrcode()) != ERRCODE_DATA_EXCEPTION || geterrcode() == ERRCODE_INVALID_PARAMETER_VALUE)
		return;
	errcontext("rule %d (%s)", rule->step, rule->kind->name);
}

MlSource *
ml_cleaning_open(const MlCleanPlan *plan, const char *sql)
{
	MlSource   *source = ml_source_open_recorded(sql);

	source->given = plan->source->given;
	source->snapshot = plan->snapshot;
	return source;
}

/* what the last ANALYZE or VACUUM counted */
static int64
estimate_rows(const MlSource *source)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(source->relid));
	float4		rows;

	if (!HeapTupleIsValid(tuple))
		return 0;
	rows = ((Form_pg_class) GETSTRUCT(tuple))->reltuples;
	ReleaseSysCache(tuple);
	return rows > 0 ? (int64) rows : 0;
}

static void
open_columns(MlCleanPlan *plan)
{
	TupleDesc	desc = plan->source->desc;

	plan->n_columns = desc->natts;
	plan->columns = palloc0(mul_size(Max(desc->natts, 1), sizeof(MlCleanColumn)));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		MlCleanColumn *column = &plan->columns[i];

		column->name = pstrdup(NameStr(attribute->attname));
		column->n_versions = 1;
		column->versions = palloc(sizeof(MlVersion));
		column->versions[0].action = -1;
		column->versions[0].level = 0;
		column->versions[0].type = attribute->atttypid;
		for (int j = 0; j < i; j++)
			if (strcmp(plan->columns[j].name, column->name) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_COLUMN),
						 errmsg("the source has two columns \"%s\"", column->name),
						 errhint("Give them different names in the SELECT.")));
	}
	if (desc->natts == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("the source has no columns")));
}

MlCleanPlan *
ml_cleaning_plan(MlSource *source, const MlRuleSet *set, Snapshot snapshot)
{
	MlCleanPlan *plan = palloc0(sizeof(MlCleanPlan));

	plan->source = source;
	plan->set = set;
	plan->snapshot = snapshot;
	plan->repeatable = !contain_volatile_functions((Node *) source->query);
	plan->rows = -1;
	plan->expected_rows = estimate_rows(source);
	plan->room = 64;
	plan->actions = palloc(plan->room * sizeof(MlAction));
	open_columns(plan);
	for (int i = 0; i < set->n; i++)
	{
		ErrorContextCallback callback;

		callback.callback = rule_error_context;
		callback.arg = (void *) &set->rules[i];
		callback.previous = error_context_stack;
		error_context_stack = &callback;
		plan_rule(plan, &set->rules[i]);
		error_context_stack = callback.previous;
	}
	for (int i = 0; i < plan->n_columns; i++)
		if (plan->columns[i].dropped_by == NULL)
			return plan;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the rules drop every column")));
	return NULL;
}
