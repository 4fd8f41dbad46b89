/*
 * destination.h: a table or view made for the caller, with the caller's rights.
 */
#ifndef ML_DESTINATION_H
#define ML_DESTINATION_H

#include "postgres.h"
#include "nodes/parsenodes.h"

typedef struct MlDestination
{
	char	   *schema;
	char	   *name;
	Oid			existing;		/* what has the name now; InvalidOid */
} MlDestination;

/*
 * The name looked up as CREATE TABLE would: ERROR 42501 without the right to create there.  What exists: ERROR 42P07 unless it may be replaced, and
 * then it must be a table or view that the query does not read (55006).
 */
extern MlDestination *ml_destination_open(const char *name, bool replace, Query *reads);
/* the same schema, name_suffix (cut to the length of a name) */
extern MlDestination *ml_destination_beside(const MlDestination *destination, const char *suffix, bool replace, Query *reads);

/* drops what exists; ERROR 2BP01 naming what depends on it */
extern void ml_destination_clear(const MlDestination *destination);
/* a table of the query's columns without rows, or a view; extra: a text column at the end of the table, or NULL */
extern Oid	ml_destination_create(const MlDestination *destination, const char *query, bool view, const char *extra);

#endif							/* ML_DESTINATION_H */
