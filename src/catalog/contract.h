/*
 * contract.h: what a table must hold, written down under a name, and how it is measured.
 *
 * A contract is a list of rules over the rows of a source.  It is measured by ordinary aggregate queries that run with the
 * caller's rights: one pass over the source for all rules together, and a short one for the examples of each rule
 * that fails.
 */
#ifndef ML_CATALOG_CONTRACT_H
#define ML_CATALOG_CONTRACT_H

#include "postgres.h"
#include "access/tupdesc.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

typedef enum MlRuleKind
{
	ML_RULE_TYPE,				/* column is there and of type text */
	ML_RULE_NOT_NULL,
	ML_RULE_NULL_SHARE,			/* share of NULLs <= number */
	ML_RULE_RANGE,				/* min <= column <= max; NULL is no violation */
	ML_RULE_IN,					/* text of the column is one of values */
	ML_RULE_MATCHES,			/* text of the column matches the regular expression text */
	ML_RULE_UNIQUE,				/* columns together; rows with a NULL do not count */
	ML_RULE_EXPRESSION,			/* boolean expression text is not false */
	ML_RULE_ROW_COUNT,			/* low <= rows <= high */
	ML_RULE_FRESHNESS			/* newest value of column is at most text (an interval) old */
} MlRuleKind;

typedef struct MlRule
{
	MlRuleKind	kind;
	char	  **columns;
	int			n_columns;
	char	   *min;			/* RANGE: literals, NULL for none */
	char	   *max;
	bool		numeric;		/* min and max were given as numbers */
	char	  **values;			/* IN */
	int			n_values;
	char	   *text;			/* TYPE, MATCHES, EXPRESSION, FRESHNESS */
	double		number;			/* NULL_SHARE */
	int64		low;			/* ROW_COUNT; -1: no limit */
	int64		high;
	double		tolerance;		/* share of the rows that must satisfy it, in (0, 1] */
	bool		warning;		/* severity: warning, else error */
} MlRule;

typedef struct MlRuleResult
{
	bool		passed;
	int64		failing;		/* rows; -1: the rule is not about rows */
	char	   *observed;
	Jsonb	   *examples;		/* array of failing rows, or NULL */
} MlRuleResult;

typedef struct MlContractRow
{
	int64		contract_id;
	char	   *name;
	Oid			owner;
	char	   *source;			/* qualified */
	char	   *path;			/* search path that the expressions were written under */
	Jsonb	   *rules;
} MlContractRow;

/* ERROR 42704 with the nearest name, 42501 unless the caller is a member of the owner */
extern void ml_contract_open(const char *name, MlContractRow *out);
/* made, or replaced when the caller may; ERROR 42501, 22023 for an unusable name */
extern void ml_contract_store(const char *name, const char *source, const char *path, Jsonb *rules);
extern void ml_contract_drop(const char *name);

/* ---- measuring (contract_sql.c): read only, as the caller ---- */

/*
 * Every rule on the rows of source (a SELECT with qualified names) whose result has the columns of desc.  A rule that cannot be applied to
 * them (a column that is gone or of another type) has failed, and observed says why.  *rows: of the source.
 */
extern MlRuleResult *ml_contract_measure(const MlRule *rules, int n, const char *source, TupleDesc desc, const char *path, int64 *rows);

/*
 * ERROR unless the rule makes sense for the columns: 42703 unknown column, 42804 an expression that is not boolean, 42601 one that
 * is no single expression, 42803 / 0A000 aggregates, window functions and sets, 42P17 volatile functions, and whatever the server says of a literal.
 */
extern void ml_contract_check_rule(const MlRule *rule, const char *source, TupleDesc desc, const char *path);

#endif							/* ML_CATALOG_CONTRACT_H */
