/*
 * clean.c: mlops_clean: a table or view made from a source by rules, and what each rule did.
 *
 * The rules are read and checked against the columns, then what they have to learn is learned, then the destination is made, and last one pass over the
 * rows fills and counts.  A dry run makes nothing and does the rest.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "api/args.h"
#include "api/pool.h"
#include "catalog/destination.h"
#include "cleaning/compose.h"
#include "cleaning/describe.h"
#include "cleaning/propose.h"
#include "cleaning/run.h"
#include "guc.h"
#include "monitoring/progress.h"
#include "quality/profile.h"

PG_FUNCTION_INFO_V1(mlops_clean);

/* result columns */
enum
{
	COLUMN_STEP, COLUMN_RULE, COLUMN_NAME, COLUMN_TOUCHED, COLUMN_EXAMPLES, COLUMN_DETAIL, COLUMN_APPLIED, N_COLUMNS
};

typedef struct Cleaning
{
	char	   *given;			/* destination as named; NULL in a dry run */
	MlSource   *source;
	MlRuleSet  *set;
	bool		dry_run;
	Snapshot	snapshot;		/* of all readings, the profile's too */
	MlDestination *destination;
	MlDestination *rejected;	/* NULL: not asked for */
	MlBudget   *budget;
	MlkPool    *pool;
} Cleaning;

static void
show_rows(int64 rows)
{
	ml_progress_update("rows cleaned", rows, 0);
}

static void
show_loaded(int64 rows)
{
	ml_progress_update("rows looked at", rows, 0);
}

/*
 * Sorting for duplicates is what an index build is to a table, so it may take as much memory.  Expressions are many, short, and run once a call: compiling
 * them took longer than it saved (a third of the time for 336,776 rows of 16 columns).  Undone with the nest level.
 */
static int
suit_settings(void)
{
	int			level = NewGUCNestLevel();

	if (maintenance_work_mem > work_mem)
		(void) set_config_option("work_mem", psprintf("%d", maintenance_work_mem), PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("jit", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return level;
}

static Cleaning *
read_arguments(FunctionCallInfo fcinfo)
{
	Cleaning   *c = palloc0(sizeof(Cleaning));
	char	   *source = ml_arg_required_text(fcinfo, 0, "source");

	c->dry_run = !PG_ARGISNULL(3) && PG_GETARG_BOOL(3);
	c->given = c->dry_run ? ml_arg_text(fcinfo, 1) : ml_arg_required_text(fcinfo, 1, "destination");
	c->set = ml_cleaning_parse(PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2));
	c->set->replace |= !PG_ARGISNULL(4) && PG_GETARG_BOOL(4);
	c->source = ml_source_open(source);
	c->budget = ml_budget_create(CurrentMemoryContext, (Size) ml_max_memory_kb * 1024);
	c->pool = ml_pool_create();
	return c;
}

static void
open_destination(Cleaning *c)
{
	PreventCommandIfReadOnly("mlops_clean()");
	c->destination = ml_destination_open(c->given, c->set->replace, c->source->query);
	if (c->set->rejected)
		c->rejected = ml_destination_beside(c->destination, "rejected", c->set->replace, c->source->query);
}

/* The caller gave no rules: those of the profile, with the other settings as given. */
static void
propose(Cleaning *c)
{
	MlProfile  *profile = ml_profile_source(c->source, NULL, 0, NULL, c->budget, c->pool);
	MlRuleSet  *proposed = ml_cleaning_parse(ml_json_parse(ml_cleaning_propose(profile)));

	c->set->n = proposed->n;
	c->set->rules = proposed->rules;
	if (proposed->n == 0)
		ereport(NOTICE, (errmsg("nothing stands out in %s that a rule should change", ml_source_label(c->source))));
}

/* name of the column that holds the reasons, unlike those of the source */
static const char *
reason_name(const MlCleanPlan *plan)
{
	const char *name = "reject_reason";

	for (int i = 0; i < plan->n_columns; i++)
	{
		if (strcmp(plan->columns[i].name, name) == 0)
		{
			name = psprintf("%s_", name);
			i = -1;
		}
	}
	return name;
}

static void
make_and_fill(Cleaning *c, MlCleanPlan *plan)
{
	bool		view = c->set->view;
	Oid			table = InvalidOid;
	Oid			rejected = InvalidOid;

	if (c->destination != NULL)
	{
		ml_destination_clear(c->destination);
		table = ml_destination_create(c->destination, ml_cleaning_query(plan, plan->n_actions, NULL, 0), view, NULL);
	}
	if (c->rejected != NULL)
	{
		ml_destination_clear(c->rejected);
		rejected = ml_destination_create(c->rejected,
										 view ? ml_cleaning_rejected_query(plan, reason_name(plan)) :
										 psprintf("SELECT * FROM (%s) AS s", c->source->qualified),
										 view, view ? NULL : reason_name(plan));
	}
	ml_progress_stage(ML_STAGE_STORE, 0);
	ml_cleaning_run(plan, view ? InvalidOid : table, view ? InvalidOid : rejected, c->budget);
}

static void
put_action(ReturnSetInfo *result, const MlCleanPlan *plan, const MlAction *action)
{
	Datum		values[N_COLUMNS];
	bool		nulls[N_COLUMNS] = {false};
	char	   *applied = ml_cleaning_applied(plan, action);

	values[COLUMN_STEP] = Int32GetDatum(action->rule->step);
	values[COLUMN_RULE] = CStringGetTextDatum(action->rule->kind->name);
	values[COLUMN_NAME] = ml_result_text(action->column < 0 ? NULL : plan->columns[action->column].name, &nulls[COLUMN_NAME]);
	values[COLUMN_TOUCHED] = Int64GetDatum(action->touched);
	values[COLUMN_EXAMPLES] = JsonbPGetDatum(ml_json_parse(ml_cleaning_examples(action)));
	values[COLUMN_DETAIL] = ml_result_text(ml_cleaning_detail(plan, action), &nulls[COLUMN_DETAIL]);
	nulls[COLUMN_APPLIED] = applied == NULL;
	values[COLUMN_APPLIED] = applied == NULL ? (Datum) 0 : JsonbPGetDatum(ml_json_parse(applied));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
clean(Cleaning *c, ReturnSetInfo *result)
{
	MlCleanPlan *plan;

	ml_progress_stage(ML_STAGE_LOAD, 0);
	if (c->set->proposed)
		propose(c);
	plan = ml_cleaning_plan(c->source, c->set, c->snapshot);
	ml_cleaning_learn(plan, c->budget, c->pool);
	make_and_fill(c, plan);
	for (int a = 0; a < plan->n_actions; a++)
	{
		if (ml_cleaning_is_reported(plan, a))
			put_action(result, plan, &plan->actions[a]);
	}
}

/* the same, with progress shown */
static void
clean_watched(Cleaning *c, ReturnSetInfo *result)
{
	PG_TRY();
	{
		ml_cleaning_progress = show_rows;
		ml_dataset_progress = show_loaded;
		clean(c, result);
	}
	PG_FINALLY();
	{
		ml_cleaning_progress = NULL;
		ml_dataset_progress = NULL;
	}
	PG_END_TRY();
}

/*
 * mlops_clean(source text, destination text, rules jsonb, dry_run boolean, replace boolean)
 *     -> rows (step, rule, column_name, rows_touched, examples, detail, applied)
 */
Datum
mlops_clean(PG_FUNCTION_ARGS)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops clean", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	Cleaning   *c;
	int			guc_level;

	InitMaterializedSRF(fcinfo, 0);
	old = MemoryContextSwitchTo(context);
	c = read_arguments(fcinfo);
	if (!c->dry_run)
		open_destination(c);
	guc_level = suit_settings();
	CommandCounterIncrement();
	c->snapshot = c->source->snapshot = RegisterSnapshot(GetTransactionSnapshot());
	ml_progress_start("mlops_clean", c->given == NULL ? ml_source_label(c->source) : c->given);
	clean_watched(c, (ReturnSetInfo *) fcinfo->resultinfo);
	ml_progress_end();
	UnregisterSnapshot(c->snapshot);
	AtEOXact_GUC(true, guc_level);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return (Datum) 0;
}
