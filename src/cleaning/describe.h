/*
 * describe.h: what the actions of a plan did, for its reader.
 */
#ifndef ML_CLEANING_DESCRIBE_H
#define ML_CLEANING_DESCRIBE_H

#include "cleaning/plan.h"

/* has action a a row of its own? */
extern bool ml_cleaning_is_reported(const MlCleanPlan *plan, int a);
/* JSON array: what was changed into what, most frequent first; of dropped rows: what they hold */
extern char *ml_cleaning_examples(const MlAction *action);
/* in words; NULL: nothing to say */
extern char *ml_cleaning_detail(const MlCleanPlan *plan, const MlAction *action);
/* the rule for this column with what was learned, as JSON that can be given again; NULL: no rule is needed for what happened */
extern char *ml_cleaning_applied(const MlCleanPlan *plan, const MlAction *action);

#endif							/* ML_CLEANING_DESCRIBE_H */
