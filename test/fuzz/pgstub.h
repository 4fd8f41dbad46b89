/*
 * pgstub.h: as much of a server as reading and scoring a model needs, without a server.
 */
#ifndef PGSTUB_H
#define PGSTUB_H

#include "postgres.h"

/* run fn; false when it raised an ERROR.  All that it palloc'd is free afterwards, unless keep */
extern bool stub_run(void (*fn) (void *arg), void *arg, bool keep);

/* message of the last ERROR */
extern const char *stub_message(void);

/* most bytes that were palloc'd at one time since the last stub_run began */
extern size_t stub_peak(void);

#endif							/* PGSTUB_H */
