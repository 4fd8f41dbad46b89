/*
 * dictionary.h: distinct texts numbered in order of arrival (private to the dataset room).
 */
#ifndef ML_DICTIONARY_H
#define ML_DICTIONARY_H

#include "dataset/dataset.h"

/* everything comes from the budget; column is named in errors and must live as long */
extern MlDictionary *ml_dictionary_create(MlBudget *budget, const char *column);

/* code of text, entered when it is new; text need not be NUL-terminated and is copied */
extern uint32 ml_dictionary_code(MlDictionary *dict, const char *text, uint32 length);

#endif							/* ML_DICTIONARY_H */
