/*
 * plan.h: rules matched with the columns of a source: what happens to which column, in which order and at which level.
 *
 * A plan is a list of actions in the order of the rules.  A column has versions: 0 as the source has it, one more for each action that
 * changes it.  The query made from a plan is a nest of SELECTs; level 1 reads the source and level l reads level l - 1.
 * An action's level is the lowest at which all it reads is there, so that the nest is as deep as the longest chain, not
 * as the list of rules.
 *
 * check (plan.c) -> learn (learn.c: thresholds, categories, spellings as constants) -> compose (compose.c: SQL) -> run (run.c)
 */
#ifndef ML_CLEANING_PLAN_H
#define ML_CLEANING_PLAN_H

#include "postgres.h"
#include "cleaning/examples.h"
#include "cleaning/rules.h"
#include "dataset/dataset.h"

typedef enum MlActionKind
{
	ML_ACTION_CELL,				/* makes the next version of a column */
	ML_ACTION_ROW,				/* drops rows by a condition on columns */
	ML_ACTION_DUPLICATES,		/* drops rows by their rank among their like: level ranks, level + 1 drops */
	ML_ACTION_COLUMN			/* drops a column */
} MlActionKind;

typedef struct MlColumnUse
{
	int			column;
	int			version;
	Oid			type;
} MlColumnUse;

typedef struct MlAction
{
	const MlRule *rule;			/* NULL: a cast that no rule asked for */
	MlActionKind kind;
	bool		failures;		/* ROW: the texts that the rule's CELL action next in the list cannot read */
	int			level;
	int			column;			/* CELL, COLUMN, ROW of one column; -1: whole rows */
	int			version;		/* of column: the one that is read */
	Oid			type;			/* of that version */
	Oid			result_type;	/* CELL: of the next one */
	int			n_uses;			/* ROW of no one column, DUPLICATES: the columns that decide */
	MlColumnUse *uses;
	bool		distinct;		/* DUPLICATES: whole rows, all of types that can be hashed and compared: SELECT DISTINCT does it */
	MlColumnUse by;				/* DUPLICATES: column -1 = none */
	int			n_all;			/* DUPLICATES: every column there is, to make the choice among equals one */
	MlColumnUse *all;

	/* fixed by the rule or learned; values are texts that the type's input function takes */
	bool		idle;			/* nothing to do: there was nothing to learn from, or nothing was found */
	char	   *low;			/* bounds; NULL: none */
	char	   *high;
	int			n_values;		/* placeholders; categories to keep; from */
	char	  **values;
	char	  **to;				/* map: NULL elements are NULL */
	char	   *fill;
	double		share;			/* drop_missing_*: what was asked for; COLUMN: what was found missing */
	bool		dropped;		/* COLUMN: it is */
	bool		none_found;		/* DUPLICATES: a reading found no row twice; queries that were not made from this one still look */
	char	   *note;			/* what a reader should know; NULL */

	/* counted by run.c */
	int64		touched;
	int64		failed;			/* CELL that reads: texts that could not be read */
	MlExamples *examples;
} MlAction;

typedef struct MlVersion
{
	int			action;			/* that makes it; -1: the source */
	int			level;			/* from which on it is there */
	Oid			type;
} MlVersion;

typedef struct MlCleanColumn
{
	char	   *name;
	int			n_versions;
	MlVersion  *versions;
	int			floor;			/* lowest level for the next version: conditions below still read the present one */
	const MlRule *dropped_by;	/* NULL: it is in the result */
} MlCleanColumn;

typedef struct MlCleanPlan
{
	MlSource   *source;
	const MlRuleSet *set;
	int			n_columns;
	MlCleanColumn *columns;
	int			n_actions;
	int			room;
	MlAction   *actions;
	int			barrier;		/* level of the last ranking: what comes later is above it */
	int			row_level;		/* highest level of a condition so far */
	int			levels;
	Snapshot	snapshot;		/* of all readings */
	bool		repeatable;		/* the source has no volatile function: two readings see the same rows */
	int64		expected_rows;	/* of the source, about; 0: unknown */
	int64		rows;			/* of the source, when it was counted; -1 */
} MlCleanPlan;

/*
 * All readings of a plan see the rows of the snapshot active when it is made, which must stay registered.  ERROR for unknown columns (42703),
 * types that a rule cannot work on (42804), contradictions (22023).
 */
extern MlCleanPlan *ml_cleaning_plan(MlSource *source, const MlRuleSet *set, Snapshot snapshot);
/* a query made from the plan, to be read; its messages speak of what the caller named */
extern MlSource *ml_cleaning_open(const MlCleanPlan *plan, const char *sql);

/* everything that depends on the rows becomes a constant; reads the source as often as a rule depends on what others left */
extern void ml_cleaning_learn(MlCleanPlan *plan, MlBudget *budget, MlkPool *pool);

extern int	ml_cleaning_class(Oid type); /* one of ML_CLEAN_*; domains looked through */
extern bool ml_cleaning_is_float(Oid type); /* has NaN, which counts as missing */
extern bool ml_cleaning_is_comparable(Oid type);	/* can be hashed, compared and sorted */
/* is the action a count of missing values over several columns; how many of n are allowed */
extern bool ml_cleaning_counts_missing(const MlAction *action);
extern int	ml_cleaning_allowed_missing(const MlAction *action, int n);
/* what an earlier rule than the action's dropped is not there for it */
extern bool ml_cleaning_is_there(const MlCleanPlan *plan, const MlAction *action, int column);
extern char *ml_cleaning_type_name(Oid type);	/* for messages */

/* ---- literal.c ---- */

/* value::type for SQL; ERROR of the type's input function when it is none */
extern char *ml_cleaning_literal(const char *value, Oid type);
extern void ml_cleaning_check_value(const char *value, Oid type);
/*
 * A bound as a text that type takes: up to a whole number for lower bounds of integer columns, down for upper ones.  NULL when no value
 * of the type can be beyond it.
 */
extern char *ml_cleaning_bound(const char *value, Oid type, bool lower);
extern char *ml_cleaning_number_text(double value, Oid type);	/* rounded for integers; NULL for NaN and infinities */

/* ---- similar.c ---- */

/*
 * Spellings among n distinct texts that stand for a more frequent one: into[i] = index of that, or i itself.
 */
extern void ml_cleaning_similar(const MlRule *rule, char *const *texts, const int64 *counts, int n, int *into);

#endif							/* ML_CLEANING_PLAN_H */
