/*
 * contract_rules.h: the rules of a contract as JSON, as structs and as words.
 */
#ifndef ML_CONTRACT_RULES_H
#define ML_CONTRACT_RULES_H

#include "catalog/contract.h"
#include "dataset/source.h"
#include "kernels/parallel.h"

typedef struct MlRules
{
	int			n;
	int			room;
	MlRule	   *rules;
} MlRules;

/* name of a kind: "not_null" */
extern const char *ml_rule_name(MlRuleKind kind);

/* a rule to be filled in: no columns, tolerance 1, severity error */
extern MlRule *ml_rules_add(MlRules *rules, MlRuleKind kind, const char *column);

/* array of objects; ERROR 22023 naming the rule (counted from 1), what is wrong and what is valid */
extern MlRules ml_rules_parse(Jsonb *json);
extern Jsonb *ml_rules_json(const MlRules *rules);

/* "a, b"; NULL for a rule about the whole source */
extern char *ml_rule_columns(const MlRule *rule);
/* what must be, in words: "between 0 and 120" */
extern char *ml_rule_expected(const MlRule *rule);

/* what the rows of today say must be (contract_learn.c) */
extern MlRules ml_rules_learn(MlSource *source, MlkPool *pool);

#endif							/* ML_CONTRACT_RULES_H */
