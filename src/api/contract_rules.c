/*
 * contract_rules.c: the rules of a contract as JSON, as structs and as words.
 *
 * A table says which keys each kind of rule takes; reading, checking, hints and writing go by it.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "api/args.h"
#include "api/contract_rules.h"
#include "nearest.h"

/* keys of a rule, as bits */
enum
{
	KEY_RULE = 1 << 0,
	KEY_COLUMN = 1 << 1,
	KEY_COLUMNS = 1 << 2,
	KEY_MIN = 1 << 3,
	KEY_MAX = 1 << 4,
	KEY_VALUES = 1 << 5,
	KEY_TYPE = 1 << 6,
	KEY_PATTERN = 1 << 7,
	KEY_EXPRESSION = 1 << 8,
	KEY_MAX_AGE = 1 << 9,
	KEY_TOLERANCE = 1 << 10,
	KEY_SEVERITY = 1 << 11
};

#define KEYS 12

static const char *const key_names[KEYS] = {
	"rule", "column", "columns", "min", "max", "values", "type", "pattern", "expression", "max_age", "tolerance", "severity"
};

#define COMMON (KEY_RULE | KEY_SEVERITY)
#define ROWS (COMMON | KEY_COLUMN | KEY_TOLERANCE)

typedef struct RuleSpec
{
	const char *name;
	uint32		keys;			/* that it takes */
	uint32		needs;			/* that it cannot do without; of KEY_MIN and KEY_MAX one is enough */
} RuleSpec;

/* in the order of MlRuleKind */
static const RuleSpec specs[] = {
	{"type", COMMON | KEY_COLUMN | KEY_TYPE, KEY_COLUMN | KEY_TYPE},
	{"not_null", ROWS, KEY_COLUMN},
	{"null_share", COMMON | KEY_COLUMN | KEY_MAX, KEY_COLUMN | KEY_MAX},
	{"range", ROWS | KEY_MIN | KEY_MAX, KEY_COLUMN},
	{"in", ROWS | KEY_VALUES, KEY_COLUMN | KEY_VALUES},
	{"matches", ROWS | KEY_PATTERN, KEY_COLUMN | KEY_PATTERN},
	{"unique", ROWS | KEY_COLUMNS, 0},
	{"expression", COMMON | KEY_TOLERANCE | KEY_EXPRESSION, KEY_EXPRESSION},
	{"row_count", COMMON | KEY_MIN | KEY_MAX, 0},
	{"freshness", COMMON | KEY_COLUMN | KEY_MAX_AGE, KEY_COLUMN | KEY_MAX_AGE},
};

const char *
ml_rule_name(MlRuleKind kind)
{
	return specs[kind].name;
}

MlRule *
ml_rules_add(MlRules *rules, MlRuleKind kind, const char *column)
{
	MlRule	   *rule;

	if (rules->n == rules->room)
	{
		rules->room = Max(rules->room * 2, 16);
		rules->rules = rules->rules ? repalloc(rules->rules, sizeof(MlRule) * rules->room) :
			palloc(sizeof(MlRule) * rules->room);
	}
	rule = &rules->rules[rules->n++];
	memset(rule, 0, sizeof(MlRule));
	rule->kind = kind;
	rule->low = rule->high = -1;
	rule->tolerance = 1;
	if (column != NULL)
	{
		rule->columns = palloc(sizeof(char *));
		rule->columns[0] = pstrdup(column);
		rule->n_columns = 1;
	}
	return rule;
}

/* ---- reading ---- */

/* where we are, for messages */
typedef struct Reader
{
	int			number;			/* of the rule, from 1 */
	const RuleSpec *spec;
	Jsonb	   *object;
} Reader;

static void
refuse(const Reader *r, const char *what, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 r->spec == NULL ? errmsg("rule %d of the contract %s", r->number, what) :
			 errmsg("rule %d of the contract (\"%s\") %s", r->number, r->spec->name, what),
			 errhint("%s", hint)));
}

static int
key_index(uint32 bit)
{
	return pg_rightmost_one_pos32(bit);
}

/* names of keys, for hints */
static char *
key_list(uint32 keys)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < KEYS; i++)
	{
		if (keys & (1U << i))
			appendStringInfo(&out, "%s\"%s\"", out.len > 0 ? ", " : "", key_names[i]);
	}
	return out.data;
}

/* the kind, by "rule"; every other key must belong to it; returns those that are there */
static uint32
read_keys(Reader *r, MlRuleKind *kind)
{
	const char *names[lengthof(specs)];
	char	   *name = ml_json_get_text(r->object, "rule");
	uint32		present = 0;
	JsonbIterator *it = JsonbIteratorInit(&r->object->root);
	JsonbValue	value;
	JsonbIteratorToken token;

	for (int i = 0; i < lengthof(specs); i++)
	{
		names[i] = specs[i].name;
		if (name != NULL && strcmp(specs[i].name, name) == 0)
			r->spec = &specs[i];
	}
	if (name == NULL)
		refuse(r, "does not say which rule it is", psprintf("Write {\"rule\": ...}. %s", ml_nearest_hint("", names, lengthof(names))));
	if (r->spec == NULL)
		refuse(r, psprintf("is of the unknown kind \"%s\"", name), ml_nearest_hint(name, names, lengthof(names)));
	*kind = (MlRuleKind) (r->spec - specs);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		char	   *key;
		int			i = 0;

		if (token != WJB_KEY)
			continue;
		key = pnstrdup(value.val.string.val, value.val.string.len);
		while (i < KEYS && strcmp(key, key_names[i]) != 0)
			i++;
		if (i == KEYS || !(r->spec->keys & (1U << i)))
			refuse(r, psprintf("has no option \"%s\"", key), psprintf("It takes %s.", key_list(r->spec->keys)));
		present |= 1U << i;
	}
	if (r->spec->needs & ~present)
		refuse(r, psprintf("needs \"%s\"", key_names[key_index(r->spec->needs & ~present)]),
			   psprintf("It takes %s.", key_list(r->spec->keys)));
	return present;
}

static char *
read_text(const Reader *r, uint32 key)
{
	JsonbValue *value = ml_json_get(r->object, key_names[key_index(key)]);

	if (value == NULL || value->type != jbvString)
		refuse(r, psprintf("needs a string as \"%s\"", key_names[key_index(key)]), "Write it in double quotes.");
	return pnstrdup(value->val.string.val, value->val.string.len);
}

/* a number, string or boolean as the text of a literal; NULL when it is not there */
static char *
read_literal(const Reader *r, uint32 key)
{
	JsonbValue *value = ml_json_get(r->object, key_names[key_index(key)]);

	if (value == NULL)
		return NULL;
	if (value->type == jbvNumeric)
		return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	if (value->type == jbvString)
		return pnstrdup(value->val.string.val, value->val.string.len);
	if (value->type == jbvBool)
		return pstrdup(value->val.boolean ? "true" : "false");
	refuse(r, psprintf("needs a number or a string as \"%s\"", key_names[key_index(key)]), "A date is written as a string.");
	return NULL;
}

static bool
is_number(const Reader *r, uint32 key)
{
	JsonbValue *value = ml_json_get(r->object, key_names[key_index(key)]);

	return value != NULL && value->type == jbvNumeric;
}

static double
read_number(const Reader *r, uint32 key, double low, double high)
{
	JsonbValue *value = ml_json_get(r->object, key_names[key_index(key)]);
	double		number = NAN;

	if (value != NULL && value->type == jbvNumeric)
		number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
	if (!(number >= low && number <= high))
		refuse(r, psprintf("needs a number from %g to %g as \"%s\"", low, high, key_names[key_index(key)]),
			   "Shares are written as fractions: 0.99 is 99 %.");
	return number;
}

static void
read_columns(const Reader *r, uint32 present, MlRule *rule)
{
	if (present & KEY_COLUMN)
	{
		rule->columns = palloc(sizeof(char *));
		rule->columns[0] = read_text(r, KEY_COLUMN);
		rule->n_columns = 1;
		if (present & KEY_COLUMNS)
			refuse(r, "has both \"column\" and \"columns\"", "Give one of them.");
	}
	else if (present & KEY_COLUMNS)
	{
		rule->columns = ml_json_get_text_array(r->object, "columns", &rule->n_columns);
		for (int i = 0; i < rule->n_columns; i++)
			if (rule->columns[i] == NULL)
				rule->n_columns = -1;
	}
	if ((r->spec->keys & KEY_COLUMN) && rule->n_columns < 1)
		refuse(r, "names no column", "Write \"column\": \"name\", or \"columns\": [\"a\", \"b\"] for a key of several.");
}

/* the values as texts: numbers and booleans as the server prints them */
static void
read_values(const Reader *r, MlRule *rule)
{
	JsonbValue *value = ml_json_get(r->object, "values");
	Jsonb	   *array;
	JsonbIterator *it;
	JsonbValue	item;
	JsonbIteratorToken token;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data) || JsonContainerSize(value->val.binary.data) == 0)
		refuse(r, "needs an array as \"values\"", "Write \"values\": [\"a\", \"b\"].");
	array = JsonbValueToJsonb(value);
	rule->values = palloc(sizeof(char *) * JB_ROOT_COUNT(array));
	it = JsonbIteratorInit(&array->root);
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (item.type == jbvString)
			rule->values[rule->n_values++] = pnstrdup(item.val.string.val, item.val.string.len);
		else if (item.type == jbvNumeric)
			rule->values[rule->n_values++] = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(item.val.numeric)));
		else if (item.type == jbvBool)
			rule->values[rule->n_values++] = pstrdup(item.val.boolean ? "true" : "false");
		else
			refuse(r, "has a value that is no string, number or boolean", "NULLs are never among the values; the rule \"not_null\" is about them.");
	}
}

static void
read_row_count(const Reader *r, uint32 present, MlRule *rule)
{
	if (present & KEY_MIN)
		rule->low = (int64) read_number(r, KEY_MIN, 0, 1e15);
	if (present & KEY_MAX)
		rule->high = (int64) read_number(r, KEY_MAX, 0, 1e15);
	if (rule->low >= 0 && rule->high >= 0 && rule->low > rule->high)
		refuse(r, "has a \"min\" above its \"max\"", "No number of rows could satisfy it.");
}

static void
read_severity(const Reader *r, uint32 present, MlRule *rule)
{
	char	   *severity = present & KEY_SEVERITY ? read_text(r, KEY_SEVERITY) : pstrdup("error");

	rule->warning = strcmp(severity, "warning") == 0;
	if (!rule->warning && strcmp(severity, "error") != 0)
		refuse(r, psprintf("has the unknown severity \"%s\"", severity), "Valid are: error, warning.");
}

static void
read_rule(Reader *r, MlRules *rules)
{
	MlRuleKind	kind;
	uint32		present = read_keys(r, &kind);
	MlRule	   *rule = ml_rules_add(rules, kind, NULL);

	read_columns(r, present, rule);
	read_severity(r, present, rule);
	if (present & KEY_TOLERANCE)
		rule->tolerance = read_number(r, KEY_TOLERANCE, 0, 1);
	if (kind == ML_RULE_NULL_SHARE)
		rule->number = read_number(r, KEY_MAX, 0, 1);
	else if (kind == ML_RULE_ROW_COUNT)
		read_row_count(r, present, rule);
	else
	{
		rule->min = read_literal(r, KEY_MIN);
		rule->max = read_literal(r, KEY_MAX);
		rule->numeric = is_number(r, KEY_MIN) || is_number(r, KEY_MAX);
	}
	if ((r->spec->keys & KEY_MIN) && !(present & (KEY_MIN | KEY_MAX)))
		refuse(r, "has neither \"min\" nor \"max\"", "Give at least one of them.");
	if (present & KEY_VALUES)
		read_values(r, rule);
	if (present & KEY_TYPE)
		rule->text = read_text(r, KEY_TYPE);
	if (present & KEY_PATTERN)
		rule->text = read_text(r, KEY_PATTERN);
	if (present & KEY_EXPRESSION)
		rule->text = read_text(r, KEY_EXPRESSION);
	if (present & KEY_MAX_AGE)
		rule->text = read_text(r, KEY_MAX_AGE);
}

MlRules
ml_rules_parse(Jsonb *json)
{
	MlRules		rules = {0};
	Reader		reader = {0};
	JsonbIterator *it;
	JsonbValue	item;
	JsonbIteratorToken token;

	if (!JB_ROOT_IS_ARRAY(json) || JB_ROOT_IS_SCALAR(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the rules of a contract must be an array"),
				 errhint("Write [{\"rule\": \"not_null\", \"column\": \"id\"}, ...], or leave them out to have them learned from the source.")));
	it = JsonbIteratorInit(&json->root);
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token != WJB_ELEM)
			continue;
		reader.number++;
		reader.spec = NULL;
		if (item.type != jbvBinary || !JsonContainerIsObject(item.val.binary.data))
			refuse(&reader, "is no object", "Write {\"rule\": \"not_null\", \"column\": \"id\"}.");
		reader.object = JsonbValueToJsonb(&item);
		read_rule(&reader, &rules);
	}
	if (rules.n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a contract needs at least one rule"),
				 errhint("Leave the rules out to have them learned from the source.")));
	return rules;
}

/* ---- writing ---- */

/* what was a number stays one */
static void
write_limit(StringInfo out, const char *key, const char *limit, bool numeric)
{
	if (limit == NULL)
		return;
	if (!numeric)
		ml_json_text(out, key, limit);
	else
	{
		ml_json_key(out, key);
		appendStringInfoString(out, limit);
	}
}

static void
write_rule(StringInfo out, const MlRule *rule)
{
	uint32		keys = specs[rule->kind].keys;

	ml_json_key(out, NULL);
	appendStringInfoChar(out, '{');
	ml_json_text(out, "rule", ml_rule_name(rule->kind));
	if (rule->n_columns == 1)
		ml_json_text(out, "column", rule->columns[0]);
	else if (rule->n_columns > 1)
		ml_json_text_array(out, "columns", rule->columns, rule->n_columns);
	write_limit(out, "min", rule->min, rule->numeric);
	write_limit(out, "max", rule->max, rule->numeric);
	if (rule->kind == ML_RULE_NULL_SHARE)
		ml_json_float(out, "max", rule->number);
	if (rule->low >= 0)
		ml_json_int(out, "min", rule->low);
	if (rule->high >= 0)
		ml_json_int(out, "max", rule->high);
	if (rule->n_values > 0)
		ml_json_text_array(out, "values", rule->values, rule->n_values);
	for (int i = 0; i < KEYS; i++)
	{
		if ((1U << i) & keys & (KEY_TYPE | KEY_PATTERN | KEY_EXPRESSION | KEY_MAX_AGE))
			ml_json_text(out, key_names[i], rule->text);
	}
	if ((keys & KEY_TOLERANCE) && rule->tolerance < 1)
		ml_json_float(out, "tolerance", rule->tolerance);
	if (rule->warning)
		ml_json_text(out, "severity", "warning");
	appendStringInfoChar(out, '}');
}

Jsonb *
ml_rules_json(const MlRules *rules)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoChar(&out, '[');
	for (int i = 0; i < rules->n; i++)
		write_rule(&out, &rules->rules[i]);
	appendStringInfoChar(&out, ']');
	return ml_json_parse(out.data);
}

/* ---- words ---- */

static char *
join(char *const *names, int n, int most)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < n && i < most; i++)
		appendStringInfo(&out, "%s%s", i > 0 ? ", " : "", names[i]);
	if (n > most)
		appendStringInfo(&out, ", ... (%d in all)", n);
	return out.data;
}

char *
ml_rule_columns(const MlRule *rule)
{
	return rule->n_columns > 0 ? join(rule->columns, rule->n_columns, rule->n_columns) : NULL;
}

static char *
between(const char *min, const char *max, const char *unit)
{
	if (max == NULL)
		return psprintf("at least %s%s", min, unit);
	if (min == NULL)
		return psprintf("at most %s%s", max, unit);
	return psprintf("between %s and %s%s", min, max, unit);
}

char *
ml_rule_expected(const MlRule *rule)
{
	switch (rule->kind)
	{
		case ML_RULE_NOT_NULL:
			return pstrdup("no NULL");
		case ML_RULE_NULL_SHARE:
			return psprintf("at most %.6g %% NULL", rule->number * 100);
		case ML_RULE_RANGE:
			return between(rule->min, rule->max, "");
		case ML_RULE_IN:
			return psprintf("one of %s", join(rule->values, rule->n_values, 10));
		case ML_RULE_MATCHES:
			return psprintf("matches %s", rule->text);
		case ML_RULE_UNIQUE:
			return pstrdup("no value twice");
		case ML_RULE_ROW_COUNT:
			return between(rule->low < 0 ? NULL : psprintf(INT64_FORMAT, rule->low),
						   rule->high < 0 ? NULL : psprintf(INT64_FORMAT, rule->high), " rows");
		case ML_RULE_FRESHNESS:
			return psprintf("newest at most %s old", rule->text);
		case ML_RULE_TYPE:
		case ML_RULE_EXPRESSION:
			return pstrdup(rule->text);
	}
	return NULL;
}
