/*
 * compose.c: one SELECT made from a plan.
 *
 * Levels are nested SELECTs, the innermost reads the source.  In the plain form a column keeps its name from level to level and conditions
 * are WHERE clauses.  In the traced form version v of column c is c<c>_<v>, the condition of action a is the column f<a>, and
 * rows are all there.  The planner may merge levels, and push conditions of a query on a view down to the source; but merged levels compute a version
 * again for each that is made from it, so where that would be often, OFFSET 0 keeps them apart.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "cleaning/compose.h"
#include "cleaning/expression.h"

/* computations of one value that are accepted before a level is closed to the planner */
#define MAX_REPEATED 16
/* the same in the traced form, where a level costs as much time as a few cheap computations */
#define MAX_REPEATED_TRACED 4

typedef struct Composer
{
	const MlCleanPlan *plan;
	int			n_actions;		/* of the plan that take part */
	MlTrace    *trace;			/* NULL: the plain form */
	int			level;			/* being written */
	int			below;			/* the level it reads; 0: the source */
	int			levels;
	const int  *columns;		/* plain: of the outermost level; NULL = all */
	int			n_columns;
	const char *rank;			/* plain: name of a rank, unlike any column's */
	int		   *repeated;		/* computations of a column when levels are merged */
} Composer;

/* ---- names ---- */

static char *
version_name(const Composer *composer, int column, int version, int level)
{
	if (composer->trace == NULL || level == 0)
		return pstrdup(quote_identifier(composer->plan->columns[column].name));
	return psprintf("c%d_%d", column, version);
}

/* MlRefFn: in the level below */
static char *
reference(int column, int version, void *arg)
{
	const Composer *composer = arg;

	return version_name(composer, column, version, composer->below);
}

static const char *
rank_name(const Composer *composer, int action)
{
	return composer->trace == NULL ? composer->rank : psprintf("k%d", action);
}

static const char *
unlike_columns(const MlCleanPlan *plan)
{
	const char *name = "duplicate_rank";

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

/* ---- versions ---- */

int
ml_cleaning_last_version(const MlCleanPlan *plan, int column, int n_actions)
{
	const MlCleanColumn *c = &plan->columns[column];
	int			version = c->n_versions - 1;

	while (version > 0 && c->versions[version].action >= n_actions)
		version--;
	return version;
}

/* the version a level hands on */
static int
version_at(const Composer *composer, int column, int level)
{
	const MlCleanColumn *c = &composer->plan->columns[column];
	int			version = ml_cleaning_last_version(composer->plan, column, composer->n_actions);

	while (version > 0 && c->versions[version].level > level)
		version--;
	return version;
}

bool
ml_cleaning_has_flag(const MlAction *action)
{
	return (action->kind == ML_ACTION_ROW || action->kind == ML_ACTION_DUPLICATES) && !action->idle;
}

/* is an action done by SELECT DISTINCT, or left to the reader? */
static bool
is_distinct(const Composer *composer, const MlAction *action)
{
	return action->distinct && (composer->trace == NULL || composer->trace->read);
}

static bool
is_left(const Composer *composer, const MlAction *action)
{
	return composer->trace != NULL && composer->trace->read && (action->distinct || ml_cleaning_counts_missing(action));
}

static bool
has_condition(const Composer *composer, const MlAction *action)
{
	return ml_cleaning_has_flag(action) && !is_distinct(composer, action) && !is_left(composer, action);
}

static int
flag_level(const Composer *composer, const MlAction *action)
{
	return action->level + (action->kind == ML_ACTION_DUPLICATES && !is_distinct(composer, action));
}

static int
count_levels(const Composer *composer)
{
	int			levels = 1;

	for (int a = 0; a < composer->n_actions; a++)
		if (composer->plan->actions[a].kind != ML_ACTION_COLUMN &&
			!is_left(composer, &composer->plan->actions[a]))
			levels = Max(levels, flag_level(composer, &composer->plan->actions[a]));
	return levels;
}

/* the action that makes the level a SELECT DISTINCT, or NULL */
static const MlAction *
distinct_at(const Composer *composer, int level)
{
	for (int a = 0; composer->trace == NULL && a < composer->n_actions; a++)
		if (composer->plan->actions[a].distinct && composer->plan->actions[a].level == level)
			return &composer->plan->actions[a];
	return NULL;
}

/* rows of a DISTINCT level are what they are by the columns there: one that was dropped before is not handed on */
static bool
is_gone(const Composer *composer, int column)
{
	for (int a = 0; composer->trace == NULL && a < composer->n_actions; a++)
	{
		const MlAction *action = &composer->plan->actions[a];

		if (action->distinct && action->level <= composer->level && !ml_cleaning_is_there(composer->plan, action, column))
			return true;
	}
	return false;
}

static bool
chooses_above_distinct(const Composer *composer)
{
	const MlAction *distinct = distinct_at(composer, composer->levels);
	bool		chooses = composer->columns != NULL;

	if (distinct == NULL)
		return false;
	for (int c = 0; c < composer->plan->n_columns; c++)
		chooses |= composer->plan->columns[c].dropped_by != NULL && ml_cleaning_is_there(composer->plan, distinct, c);
	return chooses;
}

/* a level on which nothing is done is left out, but for the outermost */
static bool
is_idle_level(const Composer *composer)
{
	if (composer->level == composer->levels || distinct_at(composer, composer->level) != NULL)
		return false;
	for (int a = 0; a < composer->n_actions; a++)
	{
		const MlAction *action = &composer->plan->actions[a];

		if (action->kind == ML_ACTION_COLUMN || (action->kind != ML_ACTION_CELL && !has_condition(composer, action)))
			continue;
		if (action->level == composer->level || flag_level(composer, action) == composer->level)
			return false;
	}
	return true;
}

/* ---- one level ---- */

static void
append_separator(StringInfo out, int *n)
{
	appendStringInfoString(out, (*n)++ > 0 ? ", " : "");
}

/* one version of one column in the list of the level being written */
static void
append_version(const Composer *composer, int c, int version, StringInfo out)
{
	const MlVersion *made = &composer->plan->columns[c].versions[version];
	char	   *name = version_name(composer, c, version, composer->level);
	char	   *below;

	if (version > 0 && made->level == composer->level)
	{
		ml_expression_cell(&composer->plan->actions[made->action], reference(c, version - 1, (void *) composer), out);
		appendStringInfo(out, " AS %s", name);
		return;
	}
	below = reference(c, version, (void *) composer);
	appendStringInfoString(out, below);
	if (strcmp(below, name) != 0)
		appendStringInfo(out, " AS %s", name);
}

static void
append_condition(Composer *composer, int a, StringInfo out)
{
	const MlAction *action = &composer->plan->actions[a];

	appendStringInfoChar(out, '(');
	if (action->kind == ML_ACTION_DUPLICATES)
		ml_expression_outranked(action, rank_name(composer, a), reference, composer, out);
	else
		ml_expression_row(composer->plan, action, reference, composer, out);
	appendStringInfoChar(out, ')');
}

/* traced: rows that an earlier action dropped are apart from the others */
static char *
rows_apart(const Composer *composer, int before)
{
	StringInfoData out;
	int			n = 0;

	if (composer->trace == NULL)
		return NULL;
	initStringInfo(&out);
	for (int a = 0; a < before; a++)
		if (has_condition(composer, &composer->plan->actions[a]))
			appendStringInfo(&out, "%sf%d", n++ > 0 ? " OR " : "(", a);
	if (n == 0)
		return NULL;
	appendStringInfoChar(&out, ')');
	return out.data;
}

static void
append_ranks(Composer *composer, StringInfo out, int *n)
{
	for (int a = 0; a < composer->n_actions; a++)
	{
		const MlAction *action = &composer->plan->actions[a];

		if (action->kind != ML_ACTION_DUPLICATES || action->level != composer->level || is_distinct(composer, action))
			continue;
		append_separator(out, n);
		ml_expression_rank(composer->plan, action, reference, composer, rows_apart(composer, a), out);
		appendStringInfo(out, " AS %s", rank_name(composer, a));
	}
}

static void
append_plain_list(Composer *composer, StringInfo out)
{
	const MlAction *distinct = distinct_at(composer, composer->level);
	bool		top = composer->level == composer->levels;
	int			n = 0;

	if (distinct != NULL)
		appendStringInfoString(out, "DISTINCT ");
	if (top && composer->columns != NULL)
	{
		for (int i = 0; i < composer->n_columns; i++)
		{
			append_separator(out, &n);
			append_version(composer, composer->columns[i], version_at(composer, composer->columns[i], composer->level), out);
		}
		return;
	}
	for (int c = 0; c < composer->plan->n_columns; c++)
	{
		if ((top && composer->plan->columns[c].dropped_by != NULL) || is_gone(composer, c))
			continue;
		append_separator(out, &n);
		append_version(composer, c, version_at(composer, c, composer->level), out);
	}
	append_ranks(composer, out, &n);
}

static void
append_traced_versions(Composer *composer, StringInfo out, int *n)
{
	bool		top = composer->level == composer->levels;

	for (int c = 0; c < composer->plan->n_columns; c++)
	{
		int			last = version_at(composer, c, composer->level);

		for (int version = 0; version <= last; version++)
		{
			if (!composer->trace->want[c][version] && (top || version < last))
				continue;
			if (top)
				composer->trace->place[c][version] = *n;
			append_separator(out, n);
			append_version(composer, c, version, out);
		}
	}
}

static void
append_traced_list(Composer *composer, StringInfo out)
{
	bool		top = composer->level == composer->levels;
	int			n = 0;

	append_traced_versions(composer, out, &n);
	for (int a = 0; a < composer->n_actions; a++)
	{
		const MlAction *action = &composer->plan->actions[a];

		if (!has_condition(composer, action) || flag_level(composer, action) > composer->level)
			continue;
		if (top)
			composer->trace->flag[a] = n;
		append_separator(out, &n);
		if (flag_level(composer, action) == composer->level)
		{
			append_condition(composer, a, out);
			appendStringInfo(out, " IS TRUE AS f%d", a);
		}
		else
			appendStringInfo(out, "f%d", a);
	}
	append_ranks(composer, out, &n);
	if (composer->trace->wants_whole)
	{
		composer->trace->whole = n;
		append_separator(out, &n);
		appendStringInfoString(out, composer->below == 0 ? "ROW(s.*) AS whole" : "whole");
	}
	if (n == 0)
	{
		appendStringInfoString(out, "1");
		n++;
	}
	if (top)
		composer->trace->n = n;
}

static void
append_where(Composer *composer, StringInfo out)
{
	int			n = 0;

	for (int a = 0; a < composer->n_actions; a++)
	{
		const MlAction *action = &composer->plan->actions[a];

		if (!has_condition(composer, action) || flag_level(composer, action) != composer->level)
			continue;
		appendStringInfoString(out, n++ > 0 ? " AND " : " WHERE ");
		append_condition(composer, a, out);
		appendStringInfoString(out, " IS NOT TRUE");
	}
}

/* must the level below be closed, so that no value is computed too often? */
static bool
must_close(Composer *composer)
{
	bool		traced = composer->trace != NULL;
	int			limit = traced ? MAX_REPEATED_TRACED : MAX_REPEATED;
	/* what is merged is sorted together, and very wide rows would become too wide for that */
	bool		close = traced && !composer->trace->read;

	for (int c = 0; c < composer->plan->n_columns; c++)
	{
		int			version = version_at(composer, c, composer->level);
		const MlVersion *made = &composer->plan->columns[c].versions[version];

		if (version > 0 && made->level == composer->level)
			/* a version that is wanted itself is computed once more than the next one needs it */
			composer->repeated[c] *= ml_expression_refs(&composer->plan->actions[made->action]) +
				(traced && version > 1 && composer->trace->want[c][version - 1]);
		close |= composer->repeated[c] > limit;
	}
	for (int c = 0; close && c < composer->plan->n_columns; c++)
		composer->repeated[c] = 1;
	return close;
}

/* the level, reading from what is written already */
static char *
wrap(Composer *composer, const char *from)
{
	StringInfoData out;
	bool		close;

	initStringInfo(&out);
	appendStringInfoString(&out, "SELECT ");
	close = must_close(composer);
	if (composer->trace == NULL)
		append_plain_list(composer, &out);
	else
		append_traced_list(composer, &out);
	appendStringInfo(&out, " FROM (%s%s) AS s", from, close && composer->below > 0 ? " OFFSET 0" : "");
	if (composer->trace == NULL)
		append_where(composer, &out);
	return out.data;
}

/* as part of a larger query */
static char *
source_text(const MlCleanPlan *plan)
{
	char	   *text = pstrdup(plan->source->qualified);
	int			length = strlen(text);

	while (length > 0 && (text[length - 1] == ';' || text[length - 1] == ' ' || text[length - 1] == '\n'))
		text[--length] = '\0';
	return text;
}

static char *
compose(Composer *composer)
{
	char	   *sql = source_text(composer->plan);

	composer->levels = count_levels(composer);
	/* what is asked for of distinct rows is chosen above them */
	composer->levels += chooses_above_distinct(composer);
	composer->rank = unlike_columns(composer->plan);
	composer->repeated = palloc(sizeof(int) * Max(composer->plan->n_columns, 1));
	for (int c = 0; c < composer->plan->n_columns; c++)
		composer->repeated[c] = 1;
	composer->below = 0;
	for (composer->level = 1; composer->level <= composer->levels; composer->level++)
	{
		char	   *below = sql;

		if (is_idle_level(composer))
			continue;
		sql = wrap(composer, below);
		pfree(below);
		composer->below = composer->level;
	}
	return sql;
}

char *
ml_cleaning_query(const MlCleanPlan *plan, int n_actions, const int *columns, int n)
{
	Composer	composer = {.plan = plan, .n_actions = n_actions, .columns = columns, .n_columns = n};

	return compose(&composer);
}

MlTrace *
ml_cleaning_trace(const MlCleanPlan *plan)
{
	MlTrace    *trace = palloc0(sizeof(MlTrace));

	trace->want = palloc(sizeof(bool *) * Max(plan->n_columns, 1));
	trace->place = palloc(sizeof(int *) * Max(plan->n_columns, 1));
	for (int c = 0; c < plan->n_columns; c++)
	{
		trace->want[c] = palloc0(sizeof(bool) * plan->columns[c].n_versions);
		trace->place[c] = palloc0(sizeof(int) * plan->columns[c].n_versions);
	}
	trace->flag = palloc(sizeof(int) * Max(plan->n_actions, 1));
	for (int a = 0; a < plan->n_actions; a++)
		trace->flag[a] = -1;
	return trace;
}

char *
ml_cleaning_traced_query(const MlCleanPlan *plan, int n_actions, MlTrace *trace)
{
	Composer	composer = {.plan = plan, .n_actions = n_actions, .trace = trace};

	return compose(&composer);
}

/* ---- rejected rows ---- */

char *
ml_cleaning_reason(const MlCleanPlan *plan, const MlAction *action)
{
	const MlRule *rule = action->rule;

	if (action->column < 0)
		return psprintf("rule %d: %s", rule->step, rule->kind->name);
	return psprintf("rule %d: %s, column \"%s\"", rule->step, rule->kind->name, plan->columns[action->column].name);
}

char *
ml_cleaning_rejected_query(const MlCleanPlan *plan, const char *reason_name)
{
	MlTrace    *trace = ml_cleaning_trace(plan);
	StringInfoData out;
	StringInfoData any;
	char	   *traced;

	for (int c = 0; c < plan->n_columns; c++)
		trace->want[c][0] = true;
	traced = ml_cleaning_traced_query(plan, plan->n_actions, trace);
	initStringInfo(&out);
	initStringInfo(&any);
	appendStringInfoString(&out, "SELECT ");
	for (int c = 0; c < plan->n_columns; c++)
		appendStringInfo(&out, "c%d_0 AS %s, ", c, quote_identifier(plan->columns[c].name));
	appendStringInfoString(&out, "CASE");
	for (int a = 0; a < plan->n_actions; a++)
	{
		if (trace->flag[a] < 0)
			continue;
		appendStringInfo(&out, " WHEN f%d THEN %s", a, quote_literal_cstr(ml_cleaning_reason(plan, &plan->actions[a])));
		appendStringInfo(&any, "%sf%d", any.len > 0 ? " OR " : "", a);
	}
	if (any.len == 0)
	{
		appendStringInfoString(&out, " WHEN true THEN NULL::text");
		appendStringInfoString(&any, "false");
	}
	appendStringInfo(&out, " END AS %s FROM (%s) AS t WHERE %s", quote_identifier(reason_name), traced, any.data);
	return out.data;
}
