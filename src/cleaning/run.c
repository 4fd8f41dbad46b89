/*
 * run.c: the rows of a plan: counted, and put into tables.
 *
 * The traced query brings for each row the versions of its columns and the conditions it meets, and one pass over its actions tells what each did:
 * a version that differs from the one before was touched, until a condition that holds ends the row.  So what is counted is what was written.
 *
 * A query has at most MaxTupleAttributeNumber columns.  When the versions of all columns are more, the source is read again for the
 * actions that did not fit.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "cleaning/bulk.h"
#include "cleaning/compose.h"
#include "cleaning/filter.h"
#include "cleaning/run.h"

#define MAX_PLACES 1500			/* columns of a query; the planner adds some for sorting */
#define PROGRESS_ROWS 8192
#define SHOWN_COLUMNS 6			/* of a row in an example */
#define SHOWN_CELL 24			/* bytes of a cell in it */

void		(*ml_cleaning_progress) (int64 rows) = NULL;

/* cells of an action that are compared in this reading */
typedef struct Cells
{
	MlAction   *action;
	int			index;			/* of the action */
	int			from;			/* places of the versions */
	int			to;
	bool		same_type;
	int16		length;
	bool		by_value;
	FmgrInfo	from_out;
	FmgrInfo	to_out;
} Cells;

/* an action that drops rows */
typedef struct Drop
{
	Datum		reason;			/* text, for the rejected table */
	int			place;			/* of the value tested; -1: whole rows */
	FmgrInfo	out;
} Drop;

typedef struct Runner
{
	DestReceiver pub;
	MlCleanPlan *plan;
	MlTrace    *trace;
	MlFilter   *filter;
	int			n;
	Cells	   *cells;			/* in the order of the actions */
	Drop	   *drops;			/* one an action */
	bool		first;			/* dropped rows are counted in the first reading */
	MlBulk	   *destination;	/* NULL: not in this reading */
	int			n_places;
	int		   *places;			/* of the destination's columns */
	MlBulk	   *rejected;
	int		   *originals;		/* places of all columns as the source has them */
	FmgrInfo   *original_out;	/* of the first SHOWN_COLUMNS */
	int64		rows;
	MemoryContext scratch;		/* of one row's texts */
	bool		scratched;
} Runner;

/* ---- examples ---- */

static char *
cell_text(Runner *runner, FmgrInfo *out, TupleTableSlot *slot, int place)
{
	runner->scratched = true;
	return slot->tts_isnull[place] ? NULL : OutputFunctionCall(out, slot->tts_values[place]);
}

static void
add_change(Runner *runner, Cells *check, TupleTableSlot *slot)
{
	MemoryContext old = MemoryContextSwitchTo(runner->scratch);
	char	   *from = cell_text(runner, &check->from_out, slot, check->from);
	char	   *to = cell_text(runner, &check->to_out, slot, check->to);

	MemoryContextSwitchTo(old);
	ml_examples_add(check->action->examples, from, to);
}

/* "a=1, b=x, ..." of the first columns */
static char *
row_text(Runner *runner, TupleTableSlot *slot)
{
	StringInfoData out;
	int			n = Min(runner->plan->n_columns, SHOWN_COLUMNS);

	initStringInfo(&out);
	for (int c = 0; c < n; c++)
	{
		char	   *text = cell_text(runner, &runner->original_out[c], slot, runner->originals[c]);

		if (text != NULL)
			text[pg_mbcliplen(text, strlen(text), SHOWN_CELL)] = '\0';
		appendStringInfo(&out, "%s%s=%s", c > 0 ? ", " : "", runner->plan->columns[c].name, text == NULL ? "NULL" : text);
	}
	if (n < runner->plan->n_columns)
		appendStringInfoString(&out, ", ...");
	return out.data;
}

static void
add_dropped(Runner *runner, MlAction *action, Drop *drop, TupleTableSlot *slot)
{
	MemoryContext old;
	char	   *text;

	if (drop->place < 0 && ml_examples_full(action->examples))
		return;
	runner->scratched = true;
	old = MemoryContextSwitchTo(runner->scratch);
	text = drop->place < 0 ? row_text(runner, slot) : cell_text(runner, &drop->out, slot, drop->place);
	MemoryContextSwitchTo(old);
	ml_examples_add(action->examples, text, NULL);
}

/* ---- one row ---- */

static bool
is_touched(const Cells *check, const TupleTableSlot *slot)
{
	Datum		from = slot->tts_values[check->from];
	Datum		to = slot->tts_values[check->to];

	if (slot->tts_isnull[check->from] || slot->tts_isnull[check->to])
		return slot->tts_isnull[check->from] != slot->tts_isnull[check->to];
	if (!check->same_type)
		return true;
	if (check->by_value || from == to)
		return from != to;
	return !datum_image_eq(from, to, false, check->length);
}

/* Values that are read into another type are touched when that succeeds; the failures are what examples show. */
static void
count_cell(Runner *runner, Cells *check, TupleTableSlot *slot)
{
	bool		reads = !check->same_type;

	if (!is_touched(check, slot))
		return;
	if (reads && !slot->tts_isnull[check->to])
	{
		check->action->touched++;
		return;
	}
	*(reads ? &check->action->failed : &check->action->touched) += 1;
	add_change(runner, check, slot);
}

static void
put_kept(Runner *runner, const TupleTableSlot *slot)
{
	TupleTableSlot *out = ml_bulk_slot(runner->destination);

	for (int i = 0; i < runner->n_places; i++)
	{
		out->tts_values[i] = slot->tts_values[runner->places[i]];
		out->tts_isnull[i] = slot->tts_isnull[runner->places[i]];
	}
	ml_bulk_put(runner->destination);
}

/* the columns of a row that came as one value */
static void
take_apart(TupleDesc desc, Datum row, TupleTableSlot *out)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(row);
	HeapTupleData tuple;

	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, desc, out->tts_values, out->tts_isnull);
}

static void
put_rejected(Runner *runner, const Drop *drop, const TupleTableSlot *slot)
{
	TupleTableSlot *out = ml_bulk_slot(runner->rejected);
	int			n = runner->plan->n_columns;

	if (runner->trace->wants_whole)
		take_apart(runner->plan->source->desc, slot->tts_values[runner->trace->whole], out);
	else
		for (int c = 0; c < n; c++)
		{
			out->tts_values[c] = slot->tts_values[runner->originals[c]];
			out->tts_isnull[c] = slot->tts_isnull[runner->originals[c]];
		}
	out->tts_values[n] = drop->reason;
	out->tts_isnull[n] = false;
	ml_bulk_put(runner->rejected);
}

static void
drop_row(Runner *runner, int a, TupleTableSlot *slot)
{
	MlAction   *action = &runner->plan->actions[a];

	if (runner->first)
	{
		action->touched++;
		add_dropped(runner, action, &runner->drops[a], slot);
	}
	if (runner->rejected != NULL)
		put_rejected(runner, &runner->drops[a], slot);
}

/* What an action does to a row counts until the action that drops the row. */
static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	Runner	   *runner = (Runner *) self;
	int			dropped = ml_filter_drops(runner->filter, slot);

	for (int i = 0; i < runner->n; i++)
	{
		if (dropped >= 0 && runner->cells[i].index > dropped)
			break;
		count_cell(runner, &runner->cells[i], slot);
	}
	if (dropped >= 0)
		drop_row(runner, dropped, slot);
	else if (runner->destination != NULL)
		put_kept(runner, slot);
	if (runner->scratched)
	{
		MemoryContextReset(runner->scratch);
		runner->scratched = false;
	}
	if (++runner->rows % PROGRESS_ROWS == 0 && ml_cleaning_progress != NULL)
		ml_cleaning_progress(runner->rows);
	return true;
}

static void
startup(DestReceiver *self, int operation, TupleDesc desc)
{
}

static void
shutdown(DestReceiver *self)
{
}

/* ---- one reading ---- */

static void
output_function(Oid type, FmgrInfo *out)
{
	Oid			function;
	bool		varlena;

	getTypeOutputInfo(type, &function, &varlena);
	fmgr_info(function, out);
}

static Oid
version_type(const MlCleanPlan *plan, int column, int version)
{
	return plan->columns[column].versions[version].type;
}

/* texts are bytes, whichever of the two types they have */
static bool
same_bytes(Oid a, Oid b)
{
	a = getBaseType(a);
	b = getBaseType(b);
	return a == b || (a == VARCHAROID && b == TEXTOID);
}

static void
prepare_cells(Runner *runner, Cells *cells, int a)
{
	MlAction   *action = &runner->plan->actions[a];
	int		   *place = runner->trace->place[action->column];

	cells->action = action;
	cells->index = a;
	cells->from = place[action->version];
	cells->to = place[action->version + 1];
	cells->same_type = same_bytes(action->type, action->result_type);
	get_typlenbyval(getBaseType(action->result_type), &cells->length, &cells->by_value);
	output_function(action->type, &cells->from_out);
	output_function(action->result_type, &cells->to_out);
}

static void
prepare_drop(Runner *runner, Drop *drop, const MlAction *action)
{
	drop->place = -1;
	drop->reason = CStringGetTextDatum(ml_cleaning_reason(runner->plan, action));
	if (action->column < 0)
		return;
	drop->place = runner->trace->place[action->column][action->version];
	output_function(action->type, &drop->out);
}

/* compared[a]: the cells of action a are, in this reading */
static void
prepare_actions(Runner *runner, const bool *compared)
{
	MlCleanPlan *plan = runner->plan;

	runner->cells = palloc0(mul_size(Max(plan->n_actions, 1), sizeof(Cells)));
	runner->drops = palloc0(mul_size(Max(plan->n_actions, 1), sizeof(Drop)));
	for (int a = 0; a < plan->n_actions; a++)
	{
		if (compared[a])
			prepare_cells(runner, &runner->cells[runner->n++], a);
		else if (ml_cleaning_has_flag(&plan->actions[a]))
			prepare_drop(runner, &runner->drops[a], &plan->actions[a]);
	}
}

static void
prepare_originals(Runner *runner)
{
	int			n = runner->plan->n_columns;

	runner->originals = palloc(sizeof(int) * n);
	runner->original_out = palloc(sizeof(FmgrInfo) * SHOWN_COLUMNS);
	for (int c = 0; c < n; c++)
		runner->originals[c] = runner->trace->place[c][0];
	for (int c = 0; c < Min(n, SHOWN_COLUMNS); c++)
		output_function(version_type(runner->plan, c, 0), &runner->original_out[c]);
}

static void
prepare_places(Runner *runner)
{
	MlCleanPlan *plan = runner->plan;

	runner->places = palloc(sizeof(int) * plan->n_columns);
	for (int c = 0; c < plan->n_columns; c++)
		if (plan->columns[c].dropped_by == NULL)
			runner->places[runner->n_places++] = runner->trace->place[c][plan->columns[c].n_versions - 1];
}

static int64
read_rows(MlCleanPlan *plan, MlTrace *trace, const bool *cells, bool first, Oid destination, Oid rejected, MlBudget *budget)
{
	Runner		runner = {{receive_row, startup, shutdown, shutdown, DestNone}};
	MlSource   *source = ml_cleaning_open(plan, ml_cleaning_traced_query(plan, plan->n_actions, trace));

	runner.plan = plan;
	runner.trace = trace;
	runner.first = first;
	runner.filter = ml_filter_create(plan, plan->n_actions, trace, source->desc, budget);
	runner.scratch = AllocSetContextCreate(CurrentMemoryContext, "mlops clean row", ALLOCSET_SMALL_SIZES);
	prepare_actions(&runner, cells);
	prepare_originals(&runner);
	prepare_places(&runner);
	if (OidIsValid(destination))
		runner.destination = ml_bulk_begin(destination);
	if (OidIsValid(rejected))
		runner.rejected = ml_bulk_begin(rejected);
	ml_source_run(source, &runner.pub);
	if (runner.destination != NULL)
		ml_bulk_end(runner.destination);
	if (runner.rejected != NULL)
		ml_bulk_end(runner.rejected);
	MemoryContextDelete(runner.scratch);
	return runner.rows;
}

/* ---- what fits into a reading ---- */

/* columns of the widest level */
static int
count_places(const MlCleanPlan *plan, const MlTrace *trace)
{
	int			n = 0;

	for (int a = 0; a < plan->n_actions; a++)
		n += ml_cleaning_has_flag(&plan->actions[a]) * 2;
	for (int c = 0; c < plan->n_columns; c++)
	{
		int			last = plan->columns[c].n_versions - 1;

		/* a level hands on the present version, wanted or not, and the wanted ones before it */
		n++;
		for (int version = 0; version < last; version++)
			n += trace->want[c][version];
	}
	return n;
}

static void
want(MlTrace *trace, int column, int version)
{
	trace->want[column][version] = true;
}

/* what conditions need for their examples */
static void
want_dropped(const MlCleanPlan *plan, MlTrace *trace)
{
	for (int a = 0; a < plan->n_actions; a++)
	{
		const MlAction *action = &plan->actions[a];

		if (!ml_cleaning_has_flag(action))
			continue;
		if (action->column >= 0)
			want(trace, action->column, action->version);
		else
			for (int c = 0; c < Min(plan->n_columns, SHOWN_COLUMNS); c++)
				want(trace, c, 0);
	}
}

static void
want_results(const MlCleanPlan *plan, MlTrace *trace)
{
	for (int c = 0; c < plan->n_columns; c++)
		if (plan->columns[c].dropped_by == NULL)
			want(trace, c, plan->columns[c].n_versions - 1);
}

static void
want_originals(const MlCleanPlan *plan, MlTrace *trace)
{
	for (int c = 0; c < plan->n_columns; c++)
		want(trace, c, 0);
}

/* does an action have cells to compare? */
static bool
is_compared(const MlAction *action)
{
	return action->kind == ML_ACTION_CELL && action->rule != NULL && !action->idle;
}

/* the cells of actions not done yet, as many as fit; returns whether all did */
static bool
want_cells(const MlCleanPlan *plan, MlTrace *trace, bool *done, bool *cells)
{
	int			places = count_places(plan, trace);

	for (int a = 0; a < plan->n_actions; a++)
	{
		const MlAction *action = &plan->actions[a];

		if (!is_compared(action) || done[a])
			continue;
		places += 2;
		if (places > MAX_PLACES)
			return false;
		want(trace, action->column, action->version);
		want(trace, action->column, action->version + 1);
		done[a] = cells[a] = true;
	}
	return true;
}

void
ml_cleaning_run(MlCleanPlan *plan, Oid destination, Oid rejected, MlBudget *budget)
{
	bool	   *done = palloc0(sizeof(bool) * Max(plan->n_actions, 1));
	bool		first = true;
	bool		complete;

	for (int a = 0; a < plan->n_actions; a++)
		plan->actions[a].examples = ml_examples_create();
	do
	{
		MlTrace    *trace = ml_cleaning_trace(plan);
		bool	   *cells = palloc0(sizeof(bool) * Max(plan->n_actions, 1));
		Oid			rejected_now = InvalidOid;
		int64		rows;

		ml_filter_want(plan, plan->n_actions, trace);
		if (first)
			want_dropped(plan, trace);
		if (OidIsValid(destination))
			want_results(plan, trace);
		if (OidIsValid(rejected))
		{
			MlTrace    *both = ml_cleaning_trace(plan);

			want_results(plan, both);
			want_originals(plan, both);
			/* rows of the one table and of the other in two readings, when there are too many columns for one */
			if (!OidIsValid(destination) || count_places(plan, both) <= MAX_PLACES)
			{
				if (OidIsValid(destination) || count_places(plan, both) <= MAX_PLACES)
					want_originals(plan, trace);
				else
					trace->wants_whole = true;
				rejected_now = rejected;
			}
		}
		complete = want_cells(plan, trace, done, cells);
		rows = read_rows(plan, trace, cells, first, destination, rejected_now, budget);
		if (first)
			plan->rows = rows;
		destination = InvalidOid;
		if (OidIsValid(rejected_now))
			rejected = InvalidOid;
		first = false;
	} while (!complete || OidIsValid(rejected));
	for (int a = 0; a < plan->n_actions; a++)
		if (plan->actions[a].kind == ML_ACTION_COLUMN && plan->actions[a].dropped)
			plan->actions[a].touched = plan->rows;
}
