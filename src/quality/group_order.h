/*
 * group_order.h: the order in which groups are shown: by value, as the column's type has it.
 */
#ifndef ML_GROUP_ORDER_H
#define ML_GROUP_ORDER_H

#include "postgres.h"
#include "catalog/pg_attribute.h"

/*
 * palloc'd; [i] is the group that comes at place i: numbers, enums, times and intervals by value (timestamptz as ISO text alone), all
 * else by the column's collation, NULL last
 */
extern int *ml_group_order(char *const *text, int n, Form_pg_attribute attribute);

#endif							/* ML_GROUP_ORDER_H */
