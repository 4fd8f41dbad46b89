/*
 * filter.c: which rows of a traced query are dropped, and by which action.
 *
 * Conditions are columns of the query, but for two that are told faster here, from the values that come anyway: too many missing ones, and rows that
 * are there twice.  Rows of several hundred columns leave them to the server, for the columns of a query are limited; so does a plan that ranks
 * rows by a key, whose ranks must know what was dropped before.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "cleaning/distinct.h"
#include "cleaning/filter.h"

#define MAX_COLUMNS 400

typedef enum ConditionKind
{
	CONDITION_FLAG,				/* a boolean of the query */
	CONDITION_MISSING,
	CONDITION_DISTINCT
} ConditionKind;

typedef struct Condition
{
	ConditionKind kind;
	int			action;
	int			flag;			/* place */
	int			n;				/* MISSING: the columns looked at */
	int		   *places;
	Oid		   *nan_type;		/* type that has NaN, else InvalidOid */
	int			allowed;		/* missing values */
	MlDistinct *distinct;
	int64		dropped;		/* rows */
} Condition;

struct MlFilter
{
	int			n;
	Condition  *conditions;		/* in the order of the actions */
	MemoryContext scratch;
};

static void
want_uses(const MlColumnUse *uses, int n, MlTrace *trace)
{
	for (int i = 0; i < n; i++)
		trace->want[uses[i].column][uses[i].version] = true;
}

void
ml_filter_want(const MlCleanPlan *plan, int n_actions, MlTrace *trace)
{
	int			ranked = 0;

	for (int a = 0; a < n_actions; a++)
		if (plan->actions[a].kind == ML_ACTION_DUPLICATES)
			ranked += plan->actions[a].distinct ? 1 : 2;
	trace->read = ranked <= 1 && plan->n_columns <= MAX_COLUMNS;
	for (int a = 0; trace->read && a < n_actions; a++)
	{
		const MlAction *action = &plan->actions[a];

		if (action->kind == ML_ACTION_DUPLICATES && !action->none_found)
			want_uses(action->all, action->n_all, trace);
		if (ml_cleaning_counts_missing(action))
			want_uses(action->uses, action->n_uses, trace);
	}
}

static void
make_missing(const MlCleanPlan *plan, const MlAction *action, const MlTrace *trace, Condition *condition)
{
	condition->kind = CONDITION_MISSING;
	condition->places = palloc(sizeof(int) * Max(action->n_uses, 1));
	condition->nan_type = palloc(sizeof(Oid) * Max(action->n_uses, 1));
	for (int i = 0; i < action->n_uses; i++)
	{
		const MlColumnUse *use = &action->uses[i];

		if (!ml_cleaning_is_there(plan, action, use->column))
			continue;
		condition->places[condition->n] = trace->place[use->column][use->version];
		condition->nan_type[condition->n++] = ml_cleaning_is_float(use->type) ? getBaseType(use->type) : InvalidOid;
	}
	condition->allowed = ml_cleaning_allowed_missing(action, condition->n);
}

static void
make_distinct(const MlCleanPlan *plan, const MlAction *action, const MlTrace *trace, TupleDesc desc, MlBudget *budget, Condition *condition)
{
	int		   *places = palloc(sizeof(int) * Max(action->n_all, 1));
	int			n = 0;

	for (int i = 0; i < action->n_all; i++)
		if (ml_cleaning_is_there(plan, action, action->all[i].column))
			places[n++] = trace->place[action->all[i].column][action->all[i].version];
	condition->kind = CONDITION_DISTINCT;
	condition->distinct = ml_distinct_create(desc, places, n, plan->expected_rows, budget);
}

MlFilter *
ml_filter_create(const MlCleanPlan *plan, int n_actions, const MlTrace *trace, TupleDesc desc, MlBudget *budget)
{
	MlFilter   *filter = palloc0(sizeof(MlFilter));

	filter->conditions = palloc0(mul_size(Max(n_actions, 1), sizeof(Condition)));
	filter->scratch = AllocSetContextCreate(CurrentMemoryContext, "mlops filter", ALLOCSET_SMALL_SIZES);
	for (int a = 0; a < n_actions; a++)
	{
		const MlAction *action = &plan->actions[a];
		Condition  *condition = &filter->conditions[filter->n];

		if (!ml_cleaning_has_flag(action) || (trace->flag[a] < 0 && action->none_found))
			continue;
		filter->n++;
		condition->action = a;
		condition->flag = trace->flag[a];
		if (trace->flag[a] >= 0)
			condition->kind = CONDITION_FLAG;
		else if (action->kind == ML_ACTION_DUPLICATES)
			make_distinct(plan, action, trace, desc, budget, condition);
		else
			make_missing(plan, action, trace, condition);
	}
	return filter;
}

void
ml_filter_tell(const MlFilter *filter, MlCleanPlan *plan)
{
	for (int i = 0; i < filter->n; i++)
		if (filter->conditions[i].kind == CONDITION_DISTINCT && filter->conditions[i].dropped == 0)
			plan->actions[filter->conditions[i].action].none_found = true;
}

static bool
is_nan(Oid type, Datum value)
{
	bool		result;
	Numeric		number;

	switch (type)
	{
		case FLOAT4OID:
			return isnan(DatumGetFloat4(value));
		case FLOAT8OID:
			return isnan(DatumGetFloat8(value));
		case NUMERICOID:
			number = DatumGetNumeric(value);
			result = numeric_is_nan(number);
			if ((Pointer) number != DatumGetPointer(value))
				pfree(number);
			return result;
		default:
			return false;
	}
}

static bool
misses_too_many(const Condition *condition, const TupleTableSlot *slot)
{
	int			missing = 0;

	for (int i = 0; i < condition->n; i++)
	{
		int			place = condition->places[i];

		missing += slot->tts_isnull[place] || is_nan(condition->nan_type[i], slot->tts_values[place]);
	}
	return missing > condition->allowed;
}

static bool
is_repeated(MlFilter *filter, MlDistinct *distinct, const TupleTableSlot *slot)
{
	MemoryContext old = MemoryContextSwitchTo(filter->scratch);
	bool		first = ml_distinct_add(distinct, slot);

	MemoryContextSwitchTo(old);
	if (ml_distinct_leaves_garbage(distinct))
		MemoryContextReset(filter->scratch);
	return !first;
}

int
ml_filter_drops(MlFilter *filter, TupleTableSlot *slot)
{
	slot_getallattrs(slot);
	for (int i = 0; i < filter->n; i++)
	{
		Condition  *condition = &filter->conditions[i];
		bool		met;

		if (condition->kind == CONDITION_FLAG)
			met = DatumGetBool(slot->tts_values[condition->flag]);
		else if (condition->kind == CONDITION_MISSING)
			met = misses_too_many(condition, slot);
		else
			met = is_repeated(filter, condition->distinct, slot);
		if (met)
		{
			condition->dropped++;
			return condition->action;
		}
	}
	return -1;
}
