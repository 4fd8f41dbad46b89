/*
 * expression.h: what one action is in SQL (private to the room).
 */
#ifndef ML_CLEANING_EXPRESSION_H
#define ML_CLEANING_EXPRESSION_H

#include "cleaning/plan.h"
#include "lib/stringinfo.h"

/* the SQL of a version of a column in the level below */
typedef char *(*MlRefFn) (int column, int version, void *arg);

/* the next version of a column, ref being the present one */
extern void ml_expression_cell(const MlAction *action, const char *ref, StringInfo out);
/* how often it names ref: when SELECTs are merged, what ref stands for is computed as often */
extern int	ml_expression_refs(const MlAction *action);
/* true for rows to drop; may be NULL */
extern void ml_expression_row(const MlCleanPlan *plan, const MlAction *action, MlRefFn ref, void *arg, StringInfo out);
/* the rank of a row among its like, from 1; apart: an expression that keeps rows apart, or NULL */
extern void ml_expression_rank(const MlCleanPlan *plan, const MlAction *action, MlRefFn ref, void *arg, const char *apart, StringInfo out);
/* true for rows of a rank to drop */
extern void ml_expression_outranked(const MlAction *action, const char *rank, MlRefFn ref, void *arg, StringInfo out);

#endif							/* ML_CLEANING_EXPRESSION_H */
