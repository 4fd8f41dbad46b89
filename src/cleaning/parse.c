/*
 * parse.c: cleaning rules from JSON, checked against the table of kinds.
 *
 * Whether columns exist and types fit is known with the source only (plan.c); everything else that can be wrong is said here.
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "cleaning/rules.h"
#include "nearest.h"

#define SHOWN_BYTES 60			/* of a value in a message */

static char *
string_of(const JsonbValue *v)
{
	return pnstrdup(v->val.string.val, v->val.string.len);
}

/* a value as the caller would know it again */
static char *
shown(const JsonbValue *v)
{
	char	   *text;

	switch (v->type)
	{
		case jbvNull:
			return pstrdup("null");
		case jbvBool:
			return pstrdup(v->val.boolean ? "true" : "false");
		case jbvNumeric:
			text = numeric_normalize(v->val.numeric);
			break;
		case jbvString:
			text = psprintf("\"%s\"", string_of(v));
			break;
		default:
			text = JsonbToCString(NULL, v->val.binary.data, v->val.binary.len);
			break;
	}
	text[pg_mbcliplen(text, strlen(text), SHOWN_BYTES)] = '\0';
	return text;
}

static void
bad_rules(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", what),
			 errhint("Write rules => '[{\"rule\": \"trim\", \"columns\": \"*\"}, ...]', or '{\"as\": \"view\", \"rules\": [...]}'.")));
}

static void
bad_option(const MlRule *rule, const char *option, const JsonbValue *given, const char *takes)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" of rule %d (%s) cannot be %s", option, rule->step, rule->kind->name, shown(given)),
			 errdetail("It takes %s.", takes)));
}

/* ---- values ---- */

/* a scalar as text, NULL for null; false for what is none */
static bool
scalar_text(const JsonbValue *v, char **text)
{
	*text = NULL;
	switch (v->type)
	{
		case jbvNull:
			return true;
		case jbvString:
			*text = string_of(v);
			return true;
		case jbvNumeric:
			*text = numeric_normalize(v->val.numeric);
			return true;
		case jbvBool:
			*text = pstrdup(v->val.boolean ? "true" : "false");
			return true;
		default:
			return false;
	}
}

static bool
is_array(const JsonbValue *v)
{
	return v->type == jbvBinary && JsonContainerIsArray(v->val.binary.data);
}

static bool
is_object(const JsonbValue *v)
{
	return v->type == jbvBinary && JsonContainerIsObject(v->val.binary.data);
}

/* elements of an array of scalars, or one scalar for an array of it; false when it is something else */
static bool
text_list(const JsonbValue *v, bool strings_only, int *n, char ***texts)
{
	JsonbIterator *it;
	JsonbValue	item;
	JsonbIteratorToken token;

	if (!is_array(v))
	{
		*n = 1;
		*texts = palloc(sizeof(char *));
		return (v->type == jbvString || !strings_only) && scalar_text(v, &(*texts)[0]) && (*texts)[0] != NULL;
	}
	*n = 0;
	*texts = palloc(sizeof(char *) * Max(JsonContainerSize(v->val.binary.data), 1));
	it = JsonbIteratorInit(v->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if ((strings_only && item.type != jbvString) || !scalar_text(&item, &(*texts)[*n]) || (*texts)[*n] == NULL)
			return false;
		(*n)++;
	}
	return *n > 0;
}

static bool
text_map(const JsonbValue *v, MlRuleValue *out)
{
	JsonbIterator *it;
	JsonbValue	item;
	JsonbIteratorToken token;

	if (!is_object(v) || JsonContainerSize(v->val.binary.data) == 0)
		return false;
	out->keys = palloc(sizeof(char *) * JsonContainerSize(v->val.binary.data));
	out->texts = palloc(sizeof(char *) * JsonContainerSize(v->val.binary.data));
	it = JsonbIteratorInit(v->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			out->keys[out->n] = string_of(&item);
		else if (token == WJB_VALUE)
		{
			if (!scalar_text(&item, &out->texts[out->n]))
				return false;
			out->n++;
		}
	}
	return true;
}

static char *
choices_text(const char *choices)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoString(&text, "one of ");
	for (const char *c = choices; *c != '\0'; c++)
	{
		if (*c == '|')
			appendStringInfoString(&text, ", ");
		else
			appendStringInfoChar(&text, *c);
	}
	return text.data;
}

static bool
is_choice(const char *choices, const char *text)
{
	size_t		length = strlen(text);

	for (;;)
	{
		size_t		width = strcspn(choices, "|");

		if (width == length && strncmp(choices, text, length) == 0)
			return true;
		if (choices[width] == '\0')
			return false;
		choices += width + 1;
	}
}

static char *
range_text(const MlRuleOption *option)
{
	if (option->max > 1e300)
		return psprintf("a number from %g", option->min);
	return psprintf("a number from %g to %g", option->min, option->max);
}

static void
parse_option(MlRule *rule, const MlRuleOption *option, MlRuleValue *out, const JsonbValue *v)
{
	out->given = true;
	switch (option->type)
	{
		case ML_RULE_NUMBER:
			if (v->type == jbvNumeric)
				out->number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(v->val.numeric)));
			if (v->type != jbvNumeric || !(out->number >= option->min && out->number <= option->max))
				bad_option(rule, option->name, v, range_text(option));
			break;
		case ML_RULE_CHOICE:
			/* null says what "null" says */
			if (v->type == jbvNull ? !is_choice(option->choices, "null") :
				v->type != jbvString || !is_choice(option->choices, string_of(v)))
				bad_option(rule, option->name, v, choices_text(option->choices));
			out->text = v->type == jbvNull ? pstrdup("null") : string_of(v);
			break;
		case ML_RULE_TEXT:
		case ML_RULE_COLUMN:
			if (v->type != jbvString)
				bad_option(rule, option->name, v, option->type == ML_RULE_TEXT ? "a string" : "the name of a column");
			out->text = string_of(v);
			break;
		case ML_RULE_VALUE:
			if (!scalar_text(v, &out->text) || out->text == NULL)
				bad_option(rule, option->name, v, "a string, a number, true or false");
			break;
		case ML_RULE_COLUMN_LIST:
			if (!text_list(v, true, &out->n, &out->texts))
				bad_option(rule, option->name, v, "a name, or an array of names");
			break;
		case ML_RULE_VALUE_LIST:
			if (!text_list(v, false, &out->n, &out->texts))
				bad_option(rule, option->name, v, "an array of strings and numbers");
			break;
		case ML_RULE_VALUE_MAP:
			if (!text_map(v, out))
				bad_option(rule, option->name, v, "an object of values, {\"from\": \"to\", ...}");
			break;
	}
}

/* ---- one rule ---- */

static const MlRuleKind *
find_kind(const char *name)
{
	const char **names = palloc(sizeof(char *) * ml_rule_n_kinds);

	for (int i = 0; i < ml_rule_n_kinds; i++)
	{
		if (strcmp(ml_rule_kinds[i].name, name) == 0)
			return &ml_rule_kinds[i];
		names[i] = ml_rule_kinds[i].name;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown rule \"%s\"", name),
			 errhint("%s", ml_nearest_hint(name, names, ml_rule_n_kinds))));
	return NULL;
}

static void
unknown_option(const MlRule *rule, const char *name)
{
	const char *names[ML_RULE_OPTIONS + 4];
	int			n = 0;

	names[n++] = "rule";
	if (rule->kind->targets != ML_TARGETS_NONE)
	{
		names[n++] = "column";
		names[n++] = "columns";
	}
	for (int i = 0; i < ML_RULE_OPTIONS && rule->kind->options[i].name != NULL; i++)
		names[n++] = rule->kind->options[i].name;
	names[n++] = "reason";
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown option \"%s\" of rule %d (%s)", name, rule->step, rule->kind->name),
			 errhint("%s", ml_nearest_hint(name, names, n))));
}

static void
parse_targets(MlRule *rule, const char *key, const JsonbValue *v)
{
	if (rule->all || rule->n_columns > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rule %d (%s) has both \"column\" and \"columns\"", rule->step, rule->kind->name)));
	if (!text_list(v, true, &rule->n_columns, &rule->columns))
		bad_option(rule, key, v, "a name, an array of names, or \"*\"");
	if (rule->n_columns == 1 && strcmp(rule->columns[0], "*") == 0)
	{
		rule->all = true;
		rule->n_columns = 0;
	}
}

static void
check_targets(MlRule *rule)
{
	bool		missing = !rule->all && rule->n_columns == 0;

	if (rule->kind->targets == ML_TARGETS_OPTIONAL && missing)
		rule->all = true;
	else if (rule->kind->targets != ML_TARGETS_NONE && missing)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rule %d (%s) names no columns", rule->step, rule->kind->name),
				 errhint("Add \"columns\": [\"...\"]%s.", rule->kind->targets == ML_TARGETS_REQUIRED ? ", or \"columns\": \"*\"" : "")));
	if (rule->kind->targets == ML_TARGETS_NAMED && rule->all)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rule %d (%s) takes no \"*\"", rule->step, rule->kind->name),
				 errhint("Name the columns it is meant for.")));
}

static void
preset_options(MlRule *rule)
{
	for (int i = 0; i < ML_RULE_OPTIONS && rule->kind->options[i].name != NULL; i++)
	{
		const MlRuleOption *option = &rule->kind->options[i];

		rule->value[i].number = option->type == ML_RULE_NUMBER ? option->preset : NAN;
		rule->value[i].text = option->fallback == NULL ? NULL : pstrdup(option->fallback);
	}
}

static void
parse_pair(MlRule *rule, const char *key, const JsonbValue *v)
{
	if (strcmp(key, "rule") == 0)
		return;
	if (strcmp(key, "reason") == 0)
	{
		if (v->type != jbvString)
			bad_option(rule, key, v, "a string");
		rule->reason = string_of(v);
		return;
	}
	if (rule->kind->targets != ML_TARGETS_NONE && (strcmp(key, "column") == 0 || strcmp(key, "columns") == 0))
	{
		parse_targets(rule, key, v);
		return;
	}
	for (int i = 0; i < ML_RULE_OPTIONS && rule->kind->options[i].name != NULL; i++)
	{
		if (strcmp(rule->kind->options[i].name, key) == 0)
		{
			parse_option(rule, &rule->kind->options[i], &rule->value[i], v);
			return;
		}
	}
	unknown_option(rule, key);
}

static void
parse_rule(MlRule *rule, const JsonbValue *v)
{
	JsonbIterator *it;
	JsonbValue	item;
	JsonbIteratorToken token;
	JsonbValue *name = is_object(v) ? getKeyJsonValueFromContainer(v->val.binary.data, "rule", 4, NULL) : NULL;
	char	   *key = NULL;

	if (name == NULL || name->type != jbvString)
		bad_rules(psprintf("rule %d must be a JSON object with the name of a rule: %s", rule->step, shown(v)));
	rule->kind = find_kind(string_of(name));
	rule->json = JsonbValueToJsonb((JsonbValue *) v);
	preset_options(rule);
	it = JsonbIteratorInit(v->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			key = string_of(&item);
		else if (token == WJB_VALUE)
			parse_pair(rule, key, &item);
	}
	check_targets(rule);
}

/* ---- the list, and what is around it ---- */

static void
parse_list(MlRuleSet *set, JsonbContainer *list)
{
	JsonbIterator *it = JsonbIteratorInit(list);
	JsonbValue	item;
	JsonbIteratorToken token;

	set->proposed = false;
	set->rules = palloc0(sizeof(MlRule) * Max(JsonContainerSize(list), 1));
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		set->rules[set->n].step = set->n + 1;
		parse_rule(&set->rules[set->n++], &item);
	}
}

static void
parse_setting(MlRuleSet *set, const char *key, const JsonbValue *v)
{
	static const char *const names[] = {"as", "replace", "rejected", "rules"};

	if (strcmp(key, "rules") == 0)
	{
		if (v->type == jbvNull)
			return;
		if (!is_array(v))
			bad_rules("\"rules\" must be an array");
		parse_list(set, v->val.binary.data);
	}
	else if (strcmp(key, "as") == 0)
	{
		char	   *as = v->type == jbvString ? string_of(v) : "";

		set->view = strcmp(as, "view") == 0;
		if (!set->view && strcmp(as, "table") != 0)
			bad_rules(psprintf("\"as\" must be \"table\" or \"view\", not %s", shown(v)));
	}
	else if (strcmp(key, "replace") == 0 || strcmp(key, "rejected") == 0)
	{
		if (v->type != jbvBool)
			bad_rules(psprintf("\"%s\" must be true or false, not %s", key, shown(v)));
		*(key[2] == 'p' ? &set->replace : &set->rejected) = v->val.boolean;
	}
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown option \"%s\" beside the rules", key),
				 errhint("%s", ml_nearest_hint(key, names, lengthof(names)))));
}

MlRuleSet *
ml_cleaning_parse(Jsonb *rules)
{
	MlRuleSet  *set = palloc0(sizeof(MlRuleSet));
	JsonbIterator *it;
	JsonbValue	item;
	JsonbIteratorToken token;
	char	   *key = NULL;

	set->proposed = true;
	if (rules == NULL)
		return set;
	if (JB_ROOT_IS_SCALAR(rules))
		bad_rules("argument \"rules\" must be a JSON array or object");
	if (JB_ROOT_IS_ARRAY(rules))
	{
		parse_list(set, &rules->root);
		return set;
	}
	it = JsonbIteratorInit(&rules->root);
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			key = string_of(&item);
		else if (token == WJB_VALUE)
			parse_setting(set, key, &item);
	}
	return set;
}

const MlRuleValue *
ml_rule_value(const MlRule *rule, const char *option)
{
	for (int i = 0; i < ML_RULE_OPTIONS && rule->kind->options[i].name != NULL; i++)
		if (strcmp(rule->kind->options[i].name, option) == 0)
			return &rule->value[i];
	elog(ERROR, "rule %s has no option %s", rule->kind->name, option);
	return NULL;
}

bool
ml_rule_chosen(const MlRule *rule, const char *option, const char *choice)
{
	const char *text = ml_rule_value(rule, option)->text;

	return text != NULL && strcmp(text, choice) == 0;
}
