/*
 * contract_learn.c: the rules of a contract as the rows of today suggest them.
 *
 * Rules are learned so that the source keeps them today and tomorrow's rows of the same kind most likely will: numbers get a tenth of their
 * range as room on both sides (none across zero), shares of NULL twice what was seen, the number of rows from a half to the double.  What only
 * seems to be so is a warning.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "api/contract_rules.h"
#include "guc.h"
#include "quality/profile.h"

#define FEW_CATEGORIES 20		/* a set of categories is written down up to here */
#define ROWS_A_CATEGORY 10		/* and when each has so many rows on average */
#define LEAST_NULL_SHARE 0.01
#define LEAST_KEY_ROWS 10
#define RECENT_DAYS 7			/* a newest value from within so many days says that fresh rows arrive */
#define SECONDS_A_DAY 86400.0

static void
learn_nulls(MlRules *rules, const MlColumnProfile *c)
{
	double		share = c->rows > 0 ? (double) c->nulls / c->rows : 0;

	if (c->nulls == 0)
		(void) ml_rules_add(rules, ML_RULE_NOT_NULL, c->name);
	else if (share < 1)
	{
		MlRule	   *rule = ml_rules_add(rules, ML_RULE_NULL_SHARE, c->name);

		rule->number = Min(ceil(Max(2 * share, LEAST_NULL_SHARE) * 1000) / 1000, 1);
		rule->warning = true;
	}
}

/* rounded outwards to two digits more than the range has, so that the rule reads well */
static char *
bound(double value, double range, bool integral, bool up)
{
	double		unit = range > 0 ? pow(10, floor(log10(range)) - 2) : 1;

	if (integral)
		unit = Max(unit, 1);
	value = up ? ceil(value / unit) * unit : floor(value / unit) * unit;
	return integral ? psprintf("%.0f", value) : psprintf("%.15g", value);
}

static void
learn_range(MlRules *rules, const MlColumnProfile *c)
{
	double		range = c->max - c->min;
	double		room = 0.1 * range;
	double		low = c->min - room;
	double		high = c->max + room;
	MlRule	   *rule;

	if (!isfinite(range) || (c->remarks & ML_REMARK_ID) != 0)
		return;
	if (c->min >= 0)
		low = Max(low, 0);
	if (c->max <= 0)
		high = Min(high, 0);
	rule = ml_rules_add(rules, ML_RULE_RANGE, c->name);
	rule->min = bound(low, range, c->integral, false);
	rule->max = bound(high, range, c->integral, true);
	rule->numeric = true;
	rule->tolerance = 0.99;
}

static void
learn_categories(MlRules *rules, const MlColumnProfile *c)
{
	int64		values = c->rows - c->nulls;
	MlRule	   *rule;

	if (c->distinct > Min(FEW_CATEGORIES, ML_PROFILE_TOP) || c->distinct * ROWS_A_CATEGORY > values || c->n_top < c->distinct)
		return;
	rule = ml_rules_add(rules, ML_RULE_IN, c->name);
	rule->values = palloc(sizeof(char *) * Max(c->n_top, 1));
	for (int i = 0; i < c->n_top; i++)
		rule->values[rule->n_values++] = pstrdup(c->top[i].text);
	rule->tolerance = 0.99;
}

static void
learn_freshness(MlRules *rules, const MlColumnProfile *c)
{
	double		now = (double) GetCurrentTransactionStartTimestamp() / USECS_PER_SEC +
		(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECONDS_A_DAY;
	double		age = (now - c->max) / SECONDS_A_DAY;

	if (c->type == ML_TYPE_TIME && age >= 0 && age <= RECENT_DAYS)
	{
		MlRule	   *rule = ml_rules_add(rules, ML_RULE_FRESHNESS, c->name);

		rule->text = psprintf("%d days", (int) ceil(age) * 2 + 1);
		rule->warning = true;
	}
}

static void
learn_column(MlRules *rules, const MlColumnProfile *c, const char *type)
{
	ml_rules_add(rules, ML_RULE_TYPE, c->name)->text = pstrdup(type);
	if ((c->remarks & ML_REMARK_EMPTY) != 0)
		return;
	learn_nulls(rules, c);
	if ((c->remarks & ML_REMARK_UNSUPPORTED) != 0)
		return;
	if ((c->remarks & ML_REMARK_ID) != 0 && c->exact && c->rows - c->nulls >= LEAST_KEY_ROWS)
		(void) ml_rules_add(rules, ML_RULE_UNIQUE, c->name);
	if (c->type == ML_TYPE_INTEGER || c->type == ML_TYPE_FLOAT)
		learn_range(rules, c);
	else if (c->type == ML_TYPE_CATEGORY)
		learn_categories(rules, c);
	else if (c->type == ML_TYPE_TIME)
		learn_freshness(rules, c);
}

MlRules
ml_rules_learn(MlSource *source, MlkPool *pool)
{
	MlBudget   *budget = ml_budget_create(CurrentMemoryContext, (Size) ml_max_memory_kb * 1024);
	MlProfile  *profile = ml_profile_source(source, NULL, 0, NULL, budget, pool);
	MlRules		rules = {0};
	MlRule	   *count;

	if (profile->rows == 0)
		ml_source_no_rows(source);
	for (int i = 0; i < profile->n_columns; i++)
	{
		CHECK_FOR_INTERRUPTS();
		learn_column(&rules, &profile->columns[i], format_type_be(profile->columns[i].type_oid));
	}
	count = ml_rules_add(&rules, ML_RULE_ROW_COUNT, NULL);
	count->low = profile->rows / 2;
	count->high = profile->rows * 2;
	count->warning = true;
	return rules;
}
