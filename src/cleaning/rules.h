/*
 * rules.h: cleaning rules as the caller wrote them: the kinds there are, and a checked list.
 *
 * A rule is one JSON object: {"rule": "clip", "columns": ["a", "b"], "method": "iqr"}.  Its kind is one row of the table in kinds.c,
 * which gives the options with their defaults and bounds; parse.c knows no kind by name.
 */
#ifndef ML_CLEANING_RULES_H
#define ML_CLEANING_RULES_H

#include "postgres.h"
#include "utils/jsonb.h"

#define ML_RULE_OPTIONS 6

typedef enum MlRuleId
{
	ML_RULE_DROP_DUPLICATES,
	ML_RULE_DROP_MISSING_ROWS,
	ML_RULE_DROP_MISSING_COLUMNS,
	ML_RULE_DROP_COLUMNS,
	ML_RULE_TRIM,
	ML_RULE_COLLAPSE_SPACE,
	ML_RULE_FOLD_CASE,
	ML_RULE_PLACEHOLDERS,
	ML_RULE_TO_NUMBER,
	ML_RULE_TO_DATE,
	ML_RULE_TO_TIMESTAMP,
	ML_RULE_CLIP,
	ML_RULE_DROP_OUTLIERS,
	ML_RULE_RANGE,
	ML_RULE_MERGE_RARE,
	ML_RULE_MERGE_SIMILAR,
	ML_RULE_MAP,
	ML_RULE_FILL
} MlRuleId;

/* classes of types a rule can work on, as bits */
#define ML_CLEAN_TEXT 1			/* text, varchar, char, name, enum, citext */
#define ML_CLEAN_NUMBER 2		/* integers, floats, numeric */
#define ML_CLEAN_TIME 4			/* date, timestamp, timestamptz */
#define ML_CLEAN_BOOL 8
#define ML_CLEAN_OTHER 16		/* kept as it is */
#define ML_CLEAN_ANY 31

typedef enum MlRuleTargets
{
	ML_TARGETS_NONE,			/* the rule names its columns in options of its own */
	ML_TARGETS_OPTIONAL,		/* "column", "columns"; left out it is "*" */
	ML_TARGETS_REQUIRED,		/* must be given, may be "*" */
	ML_TARGETS_NAMED			/* must be given by name */
} MlRuleTargets;

typedef enum MlRuleOptionType
{
	ML_RULE_NUMBER,
	ML_RULE_CHOICE,				/* one of choices, "a|b|c" */
	ML_RULE_TEXT,
	ML_RULE_COLUMN,				/* a name */
	ML_RULE_COLUMN_LIST,
	ML_RULE_VALUE,				/* string, number, boolean: kept as text */
	ML_RULE_VALUE_LIST,
	ML_RULE_VALUE_MAP			/* {"from": to, ...}; to may be null */
} MlRuleOptionType;

typedef struct MlRuleOption
{
	const char *name;			/* NULL ends the list */
	MlRuleOptionType type;
	const char *choices;		/* CHOICE */
	const char *fallback;		/* CHOICE, TEXT: when not given; NULL: none */
	double		min,
				max,			/* NUMBER */
				preset;			/* NUMBER: when not given; NaN: none */
	const char *help;
} MlRuleOption;

typedef struct MlRuleKind
{
	MlRuleId	id;
	const char *name;
	MlRuleTargets targets;
	int			types;			/* bits of ML_CLEAN_* it can work on */
	const char *help;
	MlRuleOption options[ML_RULE_OPTIONS];	/* unused ones have no name */
} MlRuleKind;

extern const MlRuleKind ml_rule_kinds[];
extern const int ml_rule_n_kinds;

typedef struct MlRuleValue
{
	bool		given;
	double		number;			/* NUMBER */
	char	   *text;			/* CHOICE, TEXT, COLUMN, VALUE */
	int			n;				/* lists and maps */
	char	  **texts;			/* elements, or what a map leads to: NULL is SQL NULL */
	char	  **keys;			/* MAP */
} MlRuleValue;

typedef struct MlRule
{
	int			step;			/* position in the list, from 1 */
	const MlRuleKind *kind;
	Jsonb	   *json;			/* as given */
	bool		all;			/* "*" */
	int			n_columns;
	char	  **columns;
	char	   *reason;			/* option "reason" of every rule; NULL */
	MlRuleValue value[ML_RULE_OPTIONS]; /* in the order of kind->options */
} MlRule;

typedef struct MlRuleSet
{
	bool		view;			/* "as": "view" */
	bool		replace;
	bool		rejected;
	bool		proposed;		/* the caller gave no rules: these come from the profile */
	int			n;
	MlRule	   *rules;
} MlRuleSet;

/*
 * rules: an array of rules, or {"as": ..., "replace": ..., "rejected": ..., "rules": [...]}; NULL, and an object without
 * "rules": proposed is set and there are none.  ERROR 22023 with the nearest name for what is not known.
 */
extern MlRuleSet *ml_cleaning_parse(Jsonb *rules);

/* the value of an option of rule's kind, by name */
extern const MlRuleValue *ml_rule_value(const MlRule *rule, const char *option);
extern bool ml_rule_chosen(const MlRule *rule, const char *option, const char *choice);

#endif							/* ML_CLEANING_RULES_H */
