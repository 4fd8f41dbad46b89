/*
 * contract.c: mlops_expect, mlops_check and mlops_drop_contract: what a table must hold, and whether it does.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "catalog/namespace.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "api/args.h"
#include "api/contract.h"
#include "api/contract_rules.h"
#include "api/pool.h"

PG_FUNCTION_INFO_V1(mlops_expect);
PG_FUNCTION_INFO_V1(mlops_check);
PG_FUNCTION_INFO_V1(mlops_drop_contract);

#define EXPECT_COLUMNS 6
#define CHECK_COLUMNS 9
#define MAX_NAMED_RULES 5		/* in the error of a training */

static const char *
severity(const MlRule *rule)
{
	return rule->warning ? "warning" : "error";
}

/* ---- mlops_expect ---- */

static void
put_rule(ReturnSetInfo *result, int number, const MlRule *rule)
{
	Datum		values[EXPECT_COLUMNS];
	bool		nulls[EXPECT_COLUMNS] = {false};

	values[0] = Int32GetDatum(number);
	values[1] = CStringGetTextDatum(ml_rule_name(rule->kind));
	values[2] = ml_result_text(ml_rule_columns(rule), &nulls[2]);
	values[3] = CStringGetTextDatum(ml_rule_expected(rule));
	values[4] = CStringGetTextDatum(severity(rule));
	values[5] = Float8GetDatum(rule->tolerance);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
write_down(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *name = ml_arg_required_text(fcinfo, 0, "name");
	MlSource   *source = ml_source_open(ml_arg_required_text(fcinfo, 1, "source"));
	MlRules		rules = PG_ARGISNULL(2) ? ml_rules_learn(source, ml_pool_create()) : ml_rules_parse(PG_GETARG_JSONB_P(2));

	for (int i = 0; i < rules.n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		ml_contract_check_rule(&rules.rules[i], source->qualified, source->desc, namespace_search_path);
	}
	ml_contract_store(name, source->qualified, namespace_search_path, ml_rules_json(&rules));
	for (int i = 0; i < rules.n; i++)
		put_rule(result, i + 1, &rules.rules[i]);
}

/* all of a call in a context of its own */
static Datum
in_context(FunctionCallInfo fcinfo, void (*work) (FunctionCallInfo))
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops contract", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;

	InitMaterializedSRF(fcinfo, 0);
	old = MemoryContextSwitchTo(context);
	work(fcinfo);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return (Datum) 0;
}

/*
 * mlops_expect(name text, source text, rules jsonb) -> rows (rule_id, rule, column_name, expected, severity, tolerance)
 *
 * Rules left out are learned from the rows of the source.  Every rule is analysed against the source before anything is stored.
 */
Datum
mlops_expect(PG_FUNCTION_ARGS)
{
	PreventCommandIfReadOnly("mlops_expect()");
	return in_context(fcinfo, write_down);
}

/* ---- mlops_check ---- */

static void
put_result(ReturnSetInfo *result, int number, const MlRule *rule, const MlRuleResult *r)
{
	Datum		values[CHECK_COLUMNS];
	bool		nulls[CHECK_COLUMNS] = {false};

	values[0] = Int32GetDatum(number);
	values[1] = CStringGetTextDatum(ml_rule_name(rule->kind));
	values[2] = ml_result_text(ml_rule_columns(rule), &nulls[2]);
	values[3] = CStringGetTextDatum(severity(rule));
	values[4] = BoolGetDatum(r->passed);
	values[5] = ml_result_text(r->observed, &nulls[5]);
	values[6] = CStringGetTextDatum(ml_rule_expected(rule));
	nulls[7] = r->failing < 0;
	values[7] = Int64GetDatum(r->failing);
	nulls[8] = r->examples == NULL;
	values[8] = JsonbPGetDatum(r->examples);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
check(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *given = ml_arg_text(fcinfo, 1);
	MlContractRow contract;
	MlSource   *source;
	MlRules		rules;
	MlRuleResult *results;
	int64		rows;

	ml_contract_open(ml_arg_required_text(fcinfo, 0, "name"), &contract);
	source = given != NULL ? ml_source_open(given) : ml_source_open_recorded(contract.source);
	rules = ml_rules_parse(contract.rules);
	results = ml_contract_measure(rules.rules, rules.n, source->qualified, source->desc, contract.path, &rows);
	for (int i = 0; i < rules.n; i++)
		put_result(result, i + 1, &rules.rules[i], &results[i]);
}

/*
 * mlops_check(name text, source text) -> rows (rule_id, rule, column_name, severity, passed, observed, expected, failing_rows, examples)
 *
 * The source is read as the caller, by default the one the contract was written for.
 */
Datum
mlops_check(PG_FUNCTION_ARGS)
{
	return in_context(fcinfo, check);
}

/* ---- in a training ---- */

static void
append_failure(StringInfo out, int number, const MlRule *rule, const MlRuleResult *r)
{
	char	   *columns = ml_rule_columns(rule);

	appendStringInfo(out, "%sRule %d, %s%s%s: expected %s, found %s.", out->len > 0 ? "\n" : "", number, ml_rule_name(rule->kind),
					 columns != NULL ? " of " : "", columns != NULL ? columns : "", ml_rule_expected(rule), r->observed);
}

void
ml_contract_enforce(const char *name, const MlSource *source)
{
	MlContractRow contract;
	MlRules		rules;
	MlRuleResult *results;
	StringInfoData failures;
	int			failed = 0;
	int64		rows;

	ml_contract_open(name, &contract);
	rules = ml_rules_parse(contract.rules);
	results = ml_contract_measure(rules.rules, rules.n, source->qualified, source->desc, contract.path, &rows);
	initStringInfo(&failures);
	for (int i = 0; i < rules.n; i++)
	{
		StringInfoData one;

		if (results[i].passed)
			continue;
		if (!rules.rules[i].warning)
		{
			if (failed++ < MAX_NAMED_RULES)
				append_failure(&failures, i + 1, &rules.rules[i], &results[i]);
			continue;
		}
		initStringInfo(&one);
		append_failure(&one, i + 1, &rules.rules[i], &results[i]);
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("the source does not keep contract \"%s\"", name),
				 errdetail_internal("%s", one.data)));
	}
	if (failed > 0)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("the source breaks contract \"%s\": %d of %d rules failed", name, failed, rules.n),
				 errdetail_internal("%s", failures.data),
				 errhint("SELECT * FROM mlops_check(%s, ...) shows failing rows. Clean the source, or change the contract with mlops_expect().",
						 quote_literal_cstr(name))));
}

/*
 * mlops_drop_contract(name text) -> void
 */
Datum
mlops_drop_contract(PG_FUNCTION_ARGS)
{
	PreventCommandIfReadOnly("mlops_drop_contract()");
	ml_contract_drop(ml_arg_required_text(fcinfo, 0, "name"));
	PG_RETURN_VOID();
}
