/*
 * examples.h: what a rule did, shown: the most frequent changes with how often each was seen.
 */
#ifndef ML_CLEANING_EXAMPLES_H
#define ML_CLEANING_EXAMPLES_H

#include "postgres.h"
#include "lib/stringinfo.h"

/* different changes that are counted apart; of others only the rule's total knows */
#define ML_EXAMPLES_COUNTED 256
#define ML_EXAMPLES_SHOWN 3

typedef struct MlExamples MlExamples;

/* lives in the current context */
extern MlExamples *ml_examples_create(void);
/* texts are copied; NULL is NULL */
extern void ml_examples_add(MlExamples *examples, const char *from, const char *to);
extern bool ml_examples_full(const MlExamples *examples);
/* [{"from": ..., "to": ..., "rows": n}, ...], the most frequent first, ties by text; with_to false: {"value": ..., "rows": n} */
extern void ml_examples_write(const MlExamples *examples, bool with_to, StringInfo out);

#endif							/* ML_CLEANING_EXAMPLES_H */
