/*
 * source.h: what the caller named as source, as a query that runs with the caller's rights.
 *
 * A source is the name of a table, view, materialised view or foreign table,
 * or one SELECT (WITH, VALUES and TABLE included).  INTO, FOR UPDATE, data-modifying CTEs and more
 * than one statement are refused (42601 / 0A000 with a hint).
 */
#ifndef ML_SOURCE_H
#define ML_SOURCE_H

#include "postgres.h"
#include "access/tupdesc.h"
#include "executor/tuptable.h"
#include "nodes/parsenodes.h"
#include "utils/snapshot.h"
#include "tcop/dest.h"

typedef struct MlSource
{
	char	   *given;			/* the caller's text */
	char	   *sql;			/* the query that runs */
	char	   *qualified;		/* analysed query deparsed, every name schema-qualified: what a version records */
	Oid			relid;			/* the relation when a relation was named, else InvalidOid */
	TupleDesc	desc;			/* result columns (blessed copy) */
	Query	   *query;			/* analysed, not yet rewritten */
	bool		(*keeps) (TupleTableSlot *slot, void *filter);	/* loading and streaming pass over rows that it does not; NULL: none */
	void	   *filter;
	Snapshot	snapshot;		/* rows seen; NULL: those of a fresh one */
} MlSource;

extern MlSource *ml_source_open(const char *text);
/* text is MlSource.qualified of an earlier call */
extern MlSource *ml_source_open_recorded(const char *text);

/* "customers" or the SELECT cut to a readable length, for messages */
extern const char *ml_source_label(const MlSource *source);

/* ERROR 02000: reading it brought no row */
extern void ml_source_no_rows(const MlSource *source) pg_attribute_noreturn();

/*
 * Plan (parallel query allowed at the planner's own prices, see run.c), run into dest, fresh snapshot, as the
 * current user.  Interruptible.  May be called again.
 */
extern void ml_source_run(MlSource *source, DestReceiver *dest);

/* the one-column primary key of source->relid, or NULL */
extern char *ml_source_primary_key(const MlSource *source);

#endif							/* ML_SOURCE_H */
