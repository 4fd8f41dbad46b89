/*
 * kinds.c: the table of cleaning rules.
 *
 * One entry a rule: what it works on and which options it takes.  parse.c checks against it; plan.c, learn.c and compose.c give the
 * entries their meaning.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "cleaning/rules.h"

#define NUMBER(name, min, max, preset, help) {name, ML_RULE_NUMBER, NULL, NULL, min, max, preset, help}
#define CHOICE(name, choices, fallback, help) {name, ML_RULE_CHOICE, choices, fallback, 0, 0, 0, help}
#define OPTION(type, name, help) {name, type, NULL, NULL, 0, 0, 0, help}
#define TEXT(name, fallback, help) {name, ML_RULE_TEXT, NULL, fallback, 0, 0, 0, help}

#define BOUNDS \
	CHOICE("method", "iqr|z|robust_z|quantile", "iqr", "how the bounds are learned from the rows"), \
	NUMBER("threshold", 0, DBL_MAX, NAN, "interquartile ranges (1.5), deviations (z 3, robust_z 3.5), or the share cut off at each end (quantile 0.01)"), \
	OPTION(ML_RULE_VALUE, "min", "lower bound, instead of a learned one"), \
	OPTION(ML_RULE_VALUE, "max", "upper bound, instead of a learned one")

#define FAILURES \
	CHOICE("failures", "null|drop", "null", "what becomes of texts that cannot be read: NULL, or their rows are dropped")

const MlRuleKind ml_rule_kinds[] = {
	{ML_RULE_DROP_DUPLICATES, "drop_duplicates", ML_TARGETS_NONE, ML_CLEAN_ANY,
		"drops rows that are there already",
		{OPTION(ML_RULE_COLUMN_LIST, "key", "columns that make two rows the same; by default all of them"),
			OPTION(ML_RULE_COLUMN, "by", "column that says which row of a key is kept"),
		CHOICE("keep", "first|last", NULL, "the row with the lowest or the highest value of by")}},
	{ML_RULE_DROP_MISSING_ROWS, "drop_missing_rows", ML_TARGETS_OPTIONAL, ML_CLEAN_ANY,
		"drops rows in which values are missing",
		{NUMBER("share", 0, 1, NAN, "drop when more than this share of the columns is missing; by default 0 (any of them) for named columns, 0.5 for all")}},
	{ML_RULE_DROP_MISSING_COLUMNS, "drop_missing_columns", ML_TARGETS_OPTIONAL, ML_CLEAN_ANY,
		"drops columns of which too much is missing",
		{NUMBER("share", 0, 1, 0.5, "drop when more than this share of the rows is missing")}},
	{ML_RULE_DROP_COLUMNS, "drop_columns", ML_TARGETS_NAMED, ML_CLEAN_ANY, "leaves columns out", {{0}}},
	{ML_RULE_TRIM, "trim", ML_TARGETS_OPTIONAL, ML_CLEAN_TEXT, "takes white space off both ends", {{0}}},
	{ML_RULE_COLLAPSE_SPACE, "collapse_space", ML_TARGETS_OPTIONAL, ML_CLEAN_TEXT,
		"makes one blank of each run of white space, and trims", {{0}}},
	{ML_RULE_FOLD_CASE, "fold_case", ML_TARGETS_REQUIRED, ML_CLEAN_TEXT, "writes all in one case",
		{CHOICE("to", "lower|upper", "lower", "which")}},
	{ML_RULE_PLACEHOLDERS, "placeholders", ML_TARGETS_OPTIONAL, ML_CLEAN_TEXT | ML_CLEAN_NUMBER,
		"makes NULL of what stands for a missing value",
		{OPTION(ML_RULE_VALUE_LIST, "values", "what stands for it; texts match trimmed and in any case")}},
	{ML_RULE_TO_NUMBER, "to_number", ML_TARGETS_NAMED, ML_CLEAN_TEXT, "reads texts as numbers",
		{CHOICE("type", "numeric|bigint|double precision", "numeric", "type of the column"),
			TEXT("decimal", ".", "the decimal sign"),
			TEXT("thousands", "", "sign between groups of three digits"),
			TEXT("strip", "", "characters to take off both ends, as in \"$%\""),
		FAILURES}},
	{ML_RULE_TO_DATE, "to_date", ML_TARGETS_NAMED, ML_CLEAN_TEXT, "reads texts as dates",
		{TEXT("format", "", "as for the server's to_date; by default what the server reads as a date"),
			CHOICE("order", "YMD|DMY|MDY", NULL, "order of year, month and day; by default as in DateStyle"),
		FAILURES}},
	{ML_RULE_TO_TIMESTAMP, "to_timestamp", ML_TARGETS_NAMED, ML_CLEAN_TEXT, "reads texts as timestamps",
		{TEXT("format", "", "as for the server's to_timestamp; by default what the server reads as a timestamp"),
			CHOICE("order", "YMD|DMY|MDY", NULL, "order of year, month and day; by default as in DateStyle"),
			CHOICE("type", "timestamp|timestamptz", "timestamp", "type of the column"),
		FAILURES}},
	{ML_RULE_CLIP, "clip", ML_TARGETS_REQUIRED, ML_CLEAN_NUMBER, "moves outliers to the bound they are beyond", {BOUNDS}},
	{ML_RULE_DROP_OUTLIERS, "drop_outliers", ML_TARGETS_REQUIRED, ML_CLEAN_NUMBER, "drops rows with outliers", {BOUNDS}},
	{ML_RULE_RANGE, "range", ML_TARGETS_NAMED, ML_CLEAN_NUMBER | ML_CLEAN_TIME, "what lies outside is taken for wrong",
		{OPTION(ML_RULE_VALUE, "min", "lowest value allowed"),
			OPTION(ML_RULE_VALUE, "max", "highest value allowed"),
		CHOICE("outside", "null|drop", "null", "NULL, or their rows are dropped")}},
	{ML_RULE_MERGE_RARE, "merge_rare", ML_TARGETS_REQUIRED, ML_CLEAN_TEXT, "makes one category of the rare ones",
		{NUMBER("share", 0, 1, 0.01, "rare is below this share of the rows that have a value"),
			NUMBER("count", 1, DBL_MAX, NAN, "rare is below this many rows, instead of a share"),
			TEXT("other", "other", "what they become"),
		OPTION(ML_RULE_VALUE_LIST, "keep", "categories to keep, instead of learned ones")}},
	{ML_RULE_MERGE_SIMILAR, "merge_similar", ML_TARGETS_REQUIRED, ML_CLEAN_TEXT,
		"makes one spelling of several, the most frequent one",
		{CHOICE("method", "edit|trigram|case", "edit", "near by edit distance, by trigrams, or equal but for case, blanks and punctuation"),
			NUMBER("max_distance", 1, 10, 1, "edit: single-character changes allowed"),
		NUMBER("similarity", 0, 1, 0.6, "trigram: share of trigrams in common")}},
	{ML_RULE_MAP, "map", ML_TARGETS_NAMED, ML_CLEAN_TEXT | ML_CLEAN_NUMBER | ML_CLEAN_TIME | ML_CLEAN_BOOL,
		"replaces values", {OPTION(ML_RULE_VALUE_MAP, "values", "{\"from\": \"to\", ...}; null makes NULL")}},
	{ML_RULE_FILL, "fill", ML_TARGETS_REQUIRED, ML_CLEAN_TEXT | ML_CLEAN_NUMBER | ML_CLEAN_TIME | ML_CLEAN_BOOL,
		"puts a value where one is missing",
		{CHOICE("method", "mean|median|most_frequent|constant", NULL, "what; by default median for numbers, most_frequent for texts"),
		OPTION(ML_RULE_VALUE, "value", "constant: the value")}},
};

const int	ml_rule_n_kinds = lengthof(ml_rule_kinds);
