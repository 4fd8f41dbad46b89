/*
 * mlops.c: the library's entry: module magic and the list of initialisers.
 */
#include "postgres.h"
#include "fmgr.h"

#include "guc.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

void
_PG_init(void)
{
	GucInit();
}
