/*
 * learn.c: what depends on the rows becomes constants, so that a view treats fresh rows as it treated these.
 *
 * A rule learns from the rows as the rules before it leave them; the columns of one rule from the same rows.  Actions whose columns are
 * not touched in between, and with no row dropped in between, share one reading of the source, which computes the columns they need and no others.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "cleaning/compose.h"
#include "cleaning/filter.h"
#include "kernels/moments.h"
#include "kernels/sort.h"

#define MAD_SCALE 1.4826022185056018	/* 1 / normal quantile of 3/4: makes it the standard deviation of normal values */
#define SHOWN_VALUES 5			/* listed in a note */

static bool
learns(const MlAction *action)
{
	if (action->rule == NULL || action->idle)
		return false;
	switch (action->rule->kind->id)
	{
		case ML_RULE_DROP_MISSING_COLUMNS:
			return true;
		case ML_RULE_CLIP:
		case ML_RULE_DROP_OUTLIERS:
			return !ml_rule_value(action->rule, "min")->given && !ml_rule_value(action->rule, "max")->given;
		case ML_RULE_MERGE_RARE:
			return !ml_rule_value(action->rule, "keep")->given;
		case ML_RULE_MERGE_SIMILAR:
			return true;
		case ML_RULE_FILL:
			return !ml_rule_value(action->rule, "value")->given;
		default:
			return false;
	}
}

static void
idle(MlAction *action, char *note)
{
	action->idle = true;
	action->note = note;
}

/* ---- numbers ---- */

/* the finite values of a column, in an array of the budget */
static double *
finite_values(const MlDataset *data, const MlColumn *column, int64 *n)
{
	double	   *values = ml_budget_alloc(data->budget, Max(data->rows, 1), sizeof(double), "values of a column");

	*n = 0;
	for (int64 row = 0; row < data->rows; row++)
	{
		double		x = column->number[row >> ML_CHUNK_BITS][row & ML_CHUNK_MASK];

		if ((row & ML_CHUNK_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
		if (isfinite(x))
			values[(*n)++] = x;
	}
	return values;
}

typedef struct Bounds
{
	double		low,
				high;
} Bounds;

static Bounds
around(double centre, double width)
{
	Bounds		bounds = {centre - width, centre + width};

	return bounds;
}

static Bounds
find_bounds(const char *method, double threshold, double *x, int64 n)
{
	Bounds		bounds;
	MlkMoments	moments;

	if (strcmp(method, "z") == 0)
	{
		mlk_moments_init(&moments);
		mlk_moments_add(&moments, x, 1, n);
		return around(moments.mean, threshold * sqrt(moments.m2 / Max(n - 1, 1)));
	}
	if (strcmp(method, "robust_z") == 0)
	{
		double		median = mlk_quantile_f64(x, n, 0.5);

		for (int64 i = 0; i < n; i++)
			x[i] = fabs(x[i] - median);
		return around(median, threshold * MAD_SCALE * mlk_quantile_f64(x, n, 0.5));
	}
	if (strcmp(method, "quantile") == 0)
	{
		bounds.low = mlk_quantile_f64(x, n, threshold);
		bounds.high = mlk_quantile_f64(x, n, 1 - threshold);
		return bounds;
	}
	bounds.low = mlk_quantile_f64(x, n, 0.25);
	bounds.high = mlk_quantile_f64(x, n, 0.75);
	threshold *= bounds.high - bounds.low;
	bounds.low -= threshold;
	bounds.high += threshold;
	return bounds;
}

static double
default_threshold(const char *method)
{
	return strcmp(method, "iqr") == 0 ? 1.5 : strcmp(method, "z") == 0 ? 3 : strcmp(method, "robust_z") == 0 ? 3.5 : 0.01;
}

static char *
bound_text(double value, Oid type, bool lower)
{
	char	   *text = ml_cleaning_number_text(value, FLOAT8OID);

	return text == NULL ? NULL : ml_cleaning_bound(text, type, lower);
}

static void
learn_bounds(MlAction *action, const MlDataset *data, const MlColumn *column)
{
	const char *method = ml_rule_value(action->rule, "method")->text;
	double		threshold = ml_rule_value(action->rule, "threshold")->number;
	Oid			type = getBaseType(action->type);
	int64		n;
	double	   *x = finite_values(data, column, &n);
	Bounds		bounds;

	if (isnan(threshold))
		threshold = default_threshold(method);
	bounds = find_bounds(method, threshold, x, n);
	ml_budget_free(data->budget, x);
	if (n == 0)
		idle(action, pstrdup("no values to learn bounds from"));
	else if (!(bounds.low < bounds.high))
		idle(action, psprintf("left as it is: %s finds no spread", method));
	else
	{
		action->low = bound_text(bounds.low, type, true);
		action->high = bound_text(bounds.high, type, false);
		action->note = psprintf("bounds %s and %s by %s (%g) from " INT64_FORMAT " values", action->low ? action->low : "none",
								action->high ? action->high : "none", method, threshold, n);
	}
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return x < y ? -1 : x > y;
}

/* ties: the smallest */
static double
most_frequent_number(double *x, int64 n)
{
	double		best = NAN;
	int64		best_run = 0;

	qsort(x, n, sizeof(double), compare_doubles);
	for (int64 from = 0, to; from < n; from = to)
	{
		for (to = from + 1; to < n && x[to] == x[from];)
			to++;
		if (to - from > best_run)
		{
			best_run = to - from;
			best = x[from];
		}
	}
	return best;
}

static void
learn_fill_number(MlAction *action, const char *method, const MlDataset *data, const MlColumn *column)
{
	int64		n;
	double	   *x = finite_values(data, column, &n);
	double		value;

	if (strcmp(method, "mean") == 0)
	{
		MlkMoments	moments;

		mlk_moments_init(&moments);
		mlk_moments_add(&moments, x, 1, n);
		value = n == 0 ? NAN : moments.mean;
	}
	else if (strcmp(method, "median") == 0)
		value = mlk_quantile_f64(x, n, 0.5);
	else
		value = most_frequent_number(x, n);
	ml_budget_free(data->budget, x);
	if (action->result_type == BOOLOID)
		action->fill = isnan(value) ? NULL : value != 0 ? "true" : "false";
	else
		action->fill = ml_cleaning_number_text(value, action->result_type);
}

/* ---- categories ---- */

static int64 *
count_codes(const MlDataset *data, const MlColumn *column)
{
	int64	   *counts = MemoryContextAllocExtended(CurrentMemoryContext, mul_size(Max(column->dict->n, 1), sizeof(int64)),
													MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	for (int64 row = 0; row < data->rows; row++)
	{
		uint32		code = column->code[row >> ML_CHUNK_BITS][row & ML_CHUNK_MASK];

		if ((row & ML_CHUNK_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
		if (code != ML_NULL_CODE)
			counts[code]++;
	}
	return counts;
}

static void
learn_fill_text(MlAction *action, const MlDataset *data, const MlColumn *column)
{
	int64	   *counts = count_codes(data, column);
	int			best = -1;

	for (int i = 0; i < column->dict->n; i++)
		if (best < 0 || counts[i] > counts[best] ||
			(counts[i] == counts[best] && strcmp(column->dict->text[i], column->dict->text[best]) < 0))
			best = i;
	action->fill = best < 0 ? NULL : pstrdup(column->dict->text[best]);
	pfree(counts);
}

static void
learn_fill(MlAction *action, const MlDataset *data, const MlColumn *column)
{
	const char *method = ml_rule_value(action->rule, "method")->text;

	if (method == NULL)
		method = ml_cleaning_class(action->type) == ML_CLEAN_NUMBER ? "median" : "most_frequent";
	if (column->code != NULL)
		learn_fill_text(action, data, column);
	else
		learn_fill_number(action, method, data, column);
	if (action->fill == NULL)
		idle(action, pstrdup("no values to learn from"));
	else
		action->note = psprintf("%s: %s", method, action->fill);
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

static void
learn_rare(MlAction *action, const MlDataset *data, const MlColumn *column)
{
	const MlRuleValue *count = ml_rule_value(action->rule, "count");
	int64	   *counts = count_codes(data, column);
	int64		values = data->rows - column->nulls;
	double		limit = count->given ? count->number : ml_rule_value(action->rule, "share")->number * values;

	action->values = ml_palloc_array(Max(column->dict->n, 1), sizeof(char *));
	for (int i = 0; i < column->dict->n; i++)
		if (counts[i] >= limit)
			action->values[action->n_values++] = pstrdup(column->dict->text[i]);
	qsort(action->values, action->n_values, sizeof(char *), compare_texts);
	pfree(counts);
	if (action->n_values == 0)
		idle(action, pstrdup(column->dict->n == 0 ? "no values to learn from" : "left as it is: every category is rare"));
	else
		action->note = psprintf("%d of %u categories have %.0f rows or more and stay", action->n_values, column->dict->n, ceil(limit));
}

/* "a", "b" -> "c"; ... */
static char *
list_changes(const MlAction *action)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < action->n_values && i < SHOWN_VALUES; i++)
		appendStringInfo(&out, "%s\"%s\" becomes \"%s\"", i > 0 ? ", " : "", action->values[i], action->to[i]);
	if (action->n_values > SHOWN_VALUES)
		appendStringInfo(&out, ", and %d more", action->n_values - SHOWN_VALUES);
	return out.data;
}

typedef struct Change
{
	char	   *from;
	char	   *to;
} Change;

static void
learn_similar(MlAction *action, const MlDataset *data, const MlColumn *column)
{
	int			n = column->dict->n;
	int64	   *counts = count_codes(data, column);
	int		   *into = ml_palloc_array(Max(n, 1), sizeof(int));
	Change	   *changes = ml_palloc_array(Max(n, 1), sizeof(Change));
	int			n_changes = 0;

	ml_cleaning_similar(action->rule, column->dict->text, counts, n, into);
	for (int i = 0; i < n; i++)
	{
		if (into[i] == i)
			continue;
		changes[n_changes].from = pstrdup(column->dict->text[i]);
		changes[n_changes++].to = pstrdup(column->dict->text[into[i]]);
	}
	/* codes follow the order of the rows, which the statement should not */
	qsort(changes, n_changes, sizeof(Change), compare_texts);
	action->n_values = n_changes;
	action->values = ml_palloc_array(Max(n_changes, 1), sizeof(char *));
	action->to = ml_palloc_array(Max(n_changes, 1), sizeof(char *));
	for (int i = 0; i < n_changes; i++)
	{
		action->values[i] = changes[i].from;
		action->to[i] = changes[i].to;
	}
	if (n_changes == 0)
		idle(action, psprintf("no similar spellings among %d texts", n));
	else
		action->note = list_changes(action);
}

/* ---- one reading ---- */

static void
learn_action(MlAction *action, const MlDataset *data, const MlColumn *column)
{
	switch (action->rule->kind->id)
	{
		case ML_RULE_CLIP:
		case ML_RULE_DROP_OUTLIERS:
			learn_bounds(action, data, column);
			break;
		case ML_RULE_FILL:
			learn_fill(action, data, column);
			break;
		case ML_RULE_MERGE_RARE:
			learn_rare(action, data, column);
			break;
		case ML_RULE_MERGE_SIMILAR:
			learn_similar(action, data, column);
			break;
		default:
			elog(ERROR, "rule %s learns nothing", action->rule->kind->name);
	}
}

static bool
keeps_row(TupleTableSlot *slot, void *filter)
{
	return ml_filter_drops(filter, slot) < 0;
}

/* actions of list, all of which read their column as the first `from` actions leave it */
static void
learn_together(MlCleanPlan *plan, int from, const int *list, int n, MlBudget *budget, MlkPool *pool)
{
	MlColumnRequest *request = palloc0(sizeof(MlColumnRequest) * n);
	MlTrace    *trace = ml_cleaning_trace(plan);
	MlSource   *source;
	MlDataset  *data;

	for (int i = 0; i < n; i++)
	{
		int			column = plan->actions[list[i]].column;

		trace->want[column][ml_cleaning_last_version(plan, column, from)] = true;
	}
	ml_filter_want(plan, from, trace);
	source = ml_cleaning_open(plan, ml_cleaning_traced_query(plan, from, trace));
	source->filter = ml_filter_create(plan, from, trace, source->desc, budget);
	source->keeps = keeps_row;
	for (int i = 0; i < n; i++)
	{
		int			column = plan->actions[list[i]].column;

		request[i].attnum = trace->place[column][ml_cleaning_last_version(plan, column, from)] + 1;
		request[i].role = ML_ROLE_FEATURE;
	}
	data = ml_dataset_load(source, request, n, budget, pool);
	if (plan->repeatable)
		ml_filter_tell(source->filter, plan);
	for (int i = 0; i < n; i++)
	{
		learn_action(&plan->actions[list[i]], data, &data->columns[i]);
		CHECK_FOR_INTERRUPTS();
	}
	for (int i = 0; i < n; i++)
	{
		for (int64 chunk = 0; chunk << ML_CHUNK_BITS < data->rows; chunk++)
			ml_budget_free(budget, data->columns[i].code != NULL ? (void *) data->columns[i].code[chunk] :
						   (void *) data->columns[i].number[chunk]);
	}
}

/*
 * Actions from `from` on that can learn from one reading: no row is dropped in between but by the rule at hand, and the column is
 * as it was.  No column twice.
 */
static int
gather(const MlCleanPlan *plan, int from, int *list)
{
	const MlRule *dropping = NULL;
	bool	   *taken = palloc0(sizeof(bool) * plan->n_columns);
	int			n = 0;

	for (int a = from; a < plan->n_actions; a++)
	{
		const MlAction *action = &plan->actions[a];

		if (dropping != NULL && action->rule != dropping)
			break;
		if (action->kind == ML_ACTION_COLUMN && a != from && learns(action))
			break;
		if (learns(action) && !taken[action->column] &&
			action->version == ml_cleaning_last_version(plan, action->column, from))
		{
			taken[action->column] = true;
			list[n++] = a;
		}
		if (action->kind == ML_ACTION_ROW || action->kind == ML_ACTION_DUPLICATES)
			dropping = action->rule;
	}
	return n;
}

/* ---- missing columns ---- */

typedef struct CountReceiver
{
	DestReceiver pub;
	int64	   *count;
	int			n;
} CountReceiver;

static bool
receive_counts(TupleTableSlot *slot, DestReceiver *self)
{
	CountReceiver *receiver = (CountReceiver *) self;

	slot_getallattrs(slot);
	for (int i = 0; i < receiver->n; i++)
		receiver->count[i] = DatumGetInt64(slot->tts_values[i]);
	return true;
}

static void
start_counts(DestReceiver *self, int operation, TupleDesc desc)
{
}

static void
end_counts(DestReceiver *self)
{
}

/* count(*), then count of each column, NaN left out */
static int64 *
count_values(const MlCleanPlan *plan, int from, const int *columns, int n)
{
	CountReceiver receiver = {{receive_counts, start_counts, end_counts, end_counts, DestNone}};
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT count(*)");
	for (int i = 0; i < n; i++)
	{
		const MlCleanColumn *column = &plan->columns[columns[i]];
		Oid			type = column->versions[ml_cleaning_last_version(plan, columns[i], from)].type;

		appendStringInfo(&sql, ml_cleaning_is_float(type) ? ", count(NULLIF(%s, 'NaN'))" : ", count(%s)", quote_identifier(column->name));
	}
	appendStringInfo(&sql, " FROM (%s) AS s", ml_cleaning_query(plan, from, columns, n));
	receiver.n = n + 1;
	receiver.count = palloc0(sizeof(int64) * (n + 1));
	ml_source_run(ml_cleaning_open(plan, sql.data), &receiver.pub);
	return receiver.count;
}

/* the actions of one rule, one a column; returns the one after the last */
static int
learn_missing(MlCleanPlan *plan, int from)
{
	const MlRule *rule = plan->actions[from].rule;
	double		share = ml_rule_value(rule, "share")->number;
	int		   *columns = palloc(sizeof(int) * plan->n_columns);
	int			n = 0;
	int64	   *count;

	for (int a = from; a < plan->n_actions && plan->actions[a].rule == rule; a++)
		columns[n++] = plan->actions[a].column;
	count = count_values(plan, from, columns, n);
	for (int i = 0; i < n; i++)
	{
		MlAction   *action = &plan->actions[from + i];

		action->share = count[0] == 0 ? 0 : 1 - (double) count[i + 1] / count[0];
		action->dropped = action->share > share && plan->columns[columns[i]].dropped_by == NULL;
		if (action->dropped)
			plan->columns[columns[i]].dropped_by = rule;
	}
	return from + n;
}

/* ---- all ---- */

static void
check_some_column_left(const MlCleanPlan *plan)
{
	for (int c = 0; c < plan->n_columns; c++)
		if (plan->columns[c].dropped_by == NULL)
			return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the rules drop every column"),
			 errhint("Raise \"share\" of the rule drop_missing_columns.")));
}

void
ml_cleaning_learn(MlCleanPlan *plan, MlBudget *budget, MlkPool *pool)
{
	int		   *list = palloc(sizeof(int) * Max(plan->n_actions, 1));
	bool	   *done = palloc0(sizeof(bool) * Max(plan->n_actions, 1));

	for (int a = 0; a < plan->n_actions; a++)
	{
		MlAction   *action = &plan->actions[a];
		int			n;

		CHECK_FOR_INTERRUPTS();
		if (action->rule != NULL && action->column >= 0 && action->kind != ML_ACTION_COLUMN &&
			plan->columns[action->column].dropped_by != NULL && plan->columns[action->column].dropped_by->step < action->rule->step)
			idle(action, psprintf("left out: rule %d drops the column", plan->columns[action->column].dropped_by->step));
		if (done[a] || !learns(action))
			continue;
		if (action->kind == ML_ACTION_COLUMN)
		{
			a = learn_missing(plan, a) - 1;
			check_some_column_left(plan);
			continue;
		}
		n = gather(plan, a, list);
		learn_together(plan, a, list, n, budget, pool);
		for (int i = 0; i < n; i++)
			done[list[i]] = true;
	}
}
