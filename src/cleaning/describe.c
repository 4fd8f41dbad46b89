/*
 * describe.c: what the actions of a plan did, for its reader.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "cleaning/describe.h"

/* columns that drop_missing_columns leaves are not shown, unless it dropped none: then the first one stands for the rule */
static bool
shows_columns(const MlCleanPlan *plan, int a)
{
	const MlRule *rule = plan->actions[a].rule;
	int			first = a;
	bool		any = false;

	if (plan->actions[a].dropped || !rule->all)
		return true;
	while (first > 0 && plan->actions[first - 1].rule == rule)
		first--;
	for (int i = first; i < plan->n_actions && plan->actions[i].rule == rule; i++)
		any |= plan->actions[i].dropped;
	return !any && a == first;
}

bool
ml_cleaning_is_reported(const MlCleanPlan *plan, int a)
{
	const MlAction *action = &plan->actions[a];

	if (action->rule == NULL || action->failures)
		return false;
	return action->kind != ML_ACTION_COLUMN || shows_columns(plan, a);
}

/* the rows dropped for texts that could not be read are counted by an action of their own, which is before this one */
static const MlAction *
failures_of(const MlAction *action)
{
	return action->kind == ML_ACTION_CELL && ml_cleaning_class(action->type) == ML_CLEAN_TEXT &&
		(action->rule->kind->id == ML_RULE_TO_NUMBER || action->rule->kind->id == ML_RULE_TO_DATE ||
		 action->rule->kind->id == ML_RULE_TO_TIMESTAMP) && ml_rule_chosen(action->rule, "failures", "drop") ? action - 1 : NULL;
}

char *
ml_cleaning_examples(const MlAction *action)
{
	StringInfoData out;
	const MlAction *failures = failures_of(action);

	initStringInfo(&out);
	if (failures != NULL)
		action = failures;
	ml_examples_write(action->examples, action->kind == ML_ACTION_CELL, &out);
	return out.data;
}

static void
say(StringInfo out, const char *text)
{
	appendStringInfo(out, "%s%s", out->len > 0 ? "; " : "", text);
}

static void
say_reading(const MlAction *action, StringInfo out)
{
	const MlAction *failures = failures_of(action);

	if (failures != NULL && failures->touched > 0)
		say(out, psprintf(INT64_FORMAT " could not be read: their rows are dropped", failures->touched));
	else if (action->failed > 0)
		say(out, psprintf(INT64_FORMAT " could not be read and became NULL", action->failed));
}

static void
say_missing(const MlAction *action, StringInfo out)
{
	if (action->rule->kind->id == ML_RULE_DROP_COLUMNS)
		return;
	say(out, psprintf("%.4g %% missing%s", action->share * 100, action->dropped ? "" : ": stays"));
}

char *
ml_cleaning_detail(const MlCleanPlan *plan, const MlAction *action)
{
	StringInfoData out;

	initStringInfo(&out);
	if (action->note != NULL)
		say(&out, action->note);
	if (action->kind == ML_ACTION_COLUMN)
		say_missing(action, &out);
	if (action->kind == ML_ACTION_CELL)
		say_reading(action, &out);
	if (action->rule->reason != NULL)
		say(&out, action->rule->reason);
	return out.len > 0 ? out.data : NULL;
}

/* ---- rules to be given again ---- */

static void
put_text(StringInfo out, const char *key, const char *text)
{
	appendStringInfo(out, ", \"%s\": ", key);
	if (text == NULL)
		appendStringInfoString(out, "null");
	else
		escape_json(out, text);
}

static void
put_texts(StringInfo out, const char *key, char *const *texts, int n)
{
	appendStringInfo(out, ", \"%s\": [", key);
	for (int i = 0; i < n; i++)
	{
		appendStringInfoString(out, i > 0 ? ", " : "");
		escape_json(out, texts[i]);
	}
	appendStringInfoChar(out, ']');
}

static void
put_map(StringInfo out, const MlAction *action)
{
	appendStringInfoString(out, ", \"values\": {");
	for (int i = 0; i < action->n_values; i++)
	{
		appendStringInfoString(out, i > 0 ? ", " : "");
		escape_json(out, action->values[i]);
		appendStringInfoString(out, ": ");
		if (action->to[i] == NULL)
			appendStringInfoString(out, "null");
		else
			escape_json(out, action->to[i]);
	}
	appendStringInfoChar(out, '}');
}

/* options as given, for rules that learn nothing */
static void
put_options(StringInfo out, const MlRule *rule)
{
	for (int i = 0; i < ML_RULE_OPTIONS && rule->kind->options[i].name != NULL; i++)
	{
		const MlRuleOption *option = &rule->kind->options[i];
		const MlRuleValue *value = &rule->value[i];

		if (!value->given)
			continue;
		if (option->type == ML_RULE_NUMBER)
			appendStringInfo(out, ", \"%s\": %.15g", option->name, value->number);
		else if (option->type == ML_RULE_COLUMN_LIST || option->type == ML_RULE_VALUE_LIST)
			put_texts(out, option->name, value->texts, value->n);
		else
			put_text(out, option->name, value->text);
	}
}

/* the name under which the outcome can be asked for */
static const char *
applied_name(const MlAction *action)
{
	switch (action->rule->kind->id)
	{
		case ML_RULE_DROP_MISSING_COLUMNS:
			return "drop_columns";
		case ML_RULE_MERGE_SIMILAR:
			return "map";
		default:
			return action->rule->kind->name;
	}
}

static void
put_outcome(StringInfo out, const MlAction *action)
{
	switch (action->rule->kind->id)
	{
		case ML_RULE_DROP_MISSING_COLUMNS:
		case ML_RULE_DROP_COLUMNS:
			break;
		case ML_RULE_CLIP:
		case ML_RULE_DROP_OUTLIERS:
		case ML_RULE_RANGE:
			if (action->low != NULL)
				put_text(out, "min", action->low);
			if (action->high != NULL)
				put_text(out, "max", action->high);
			if (action->rule->kind->id == ML_RULE_RANGE)
				put_text(out, "outside", ml_rule_value(action->rule, "outside")->text);
			break;
		case ML_RULE_MERGE_RARE:
			put_texts(out, "keep", action->values, action->n_values);
			put_text(out, "other", action->fill);
			break;
		case ML_RULE_MERGE_SIMILAR:
		case ML_RULE_MAP:
			put_map(out, action);
			break;
		case ML_RULE_FILL:
			put_text(out, "value", action->fill);
			break;
		case ML_RULE_PLACEHOLDERS:
			put_texts(out, "values", action->values, action->n_values);
			break;
		case ML_RULE_TO_DATE:
		case ML_RULE_TO_TIMESTAMP:
			put_options(out, action->rule);
			if (!ml_rule_value(action->rule, "order")->given)
				put_text(out, "order", action->fill);
			break;
		default:
			put_options(out, action->rule);
			break;
	}
}

/* a rule over many columns looks at all of them together */
static void
put_columns(StringInfo out, const MlCleanPlan *plan, const MlAction *action)
{
	char	  **names = palloc(sizeof(char *) * Max(action->n_uses, 1));

	if (action->column >= 0)
	{
		put_text(out, "column", plan->columns[action->column].name);
		return;
	}
	if (action->rule->kind->targets == ML_TARGETS_NONE)
		return;
	for (int i = 0; i < action->n_uses; i++)
		names[i] = plan->columns[action->uses[i].column].name;
	if (action->rule->all)
		put_text(out, "columns", "*");
	else
		put_texts(out, "columns", names, action->n_uses);
}

char *
ml_cleaning_applied(const MlCleanPlan *plan, const MlAction *action)
{
	StringInfoData out;

	if (action->idle || (action->kind == ML_ACTION_COLUMN && !action->dropped))
		return NULL;
	initStringInfo(&out);
	appendStringInfo(&out, "{\"rule\": \"%s\"", applied_name(action));
	put_columns(&out, plan, action);
	put_outcome(&out, action);
	appendStringInfoChar(&out, '}');
	return out.data;
}
