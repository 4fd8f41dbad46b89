/*
 * compat.h: the only file that mentions PG_VERSION_NUM.
 *
 * Debian 12 ships PostgreSQL 15; later servers differ in the places named here.
 */
#ifndef ML_COMPAT_H
#define ML_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "mlops needs PostgreSQL 15 or later"
#endif

#endif							/* ML_COMPAT_H */
