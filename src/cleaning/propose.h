/*
 * propose.h: rules that a careful person would write after looking at a profile.
 */
#ifndef ML_CLEANING_PROPOSE_H
#define ML_CLEANING_PROPOSE_H

#include "quality/profile.h"

/* a JSON array of rules, each with its "reason"; "[]" when nothing stands out */
extern char *ml_cleaning_propose(const MlProfile *profile);

#endif							/* ML_CLEANING_PROPOSE_H */
