/*
 * run.h: the rows of a plan: counted, and put into tables.
 */
#ifndef ML_CLEANING_RUN_H
#define ML_CLEANING_RUN_H

#include "cleaning/plan.h"

/*
 * budget: of the hashes of rows, for rules that drop what is there twice.  Reads the source once (tables of many hundred columns: a few times), counts what each action touches, and writes the rows into the new,
 * empty tables destination and rejected, which the caller has made from the plan's queries; InvalidOid: not.
 */
extern void ml_cleaning_run(MlCleanPlan *plan, Oid destination, Oid rejected, MlBudget *budget);

/* told rows read and, when all are read, their number; NULL = nobody listens */
extern void (*ml_cleaning_progress) (int64 rows);

#endif							/* ML_CLEANING_RUN_H */
