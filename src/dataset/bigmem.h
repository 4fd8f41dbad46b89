/*
 * bigmem.h: large arrays, priced before they are taken.
 *
 * A budget belongs to one training.  Arrays come from memory up to
 * mlops.max_memory; what is over it lives in a mapped temporary file of the
 * server (space reserved first, counted against temp_file_limit, gone with the
 * memory context, the transaction or a restart).  Everything is released when the
 * context of the budget is deleted or reset.
 */
#ifndef ML_BIGMEM_H
#define ML_BIGMEM_H

#include "postgres.h"

typedef struct MlBudget MlBudget;

/* limit in bytes; context owns the budget and all it hands out */
extern MlBudget *ml_budget_create(MemoryContext context, Size limit);

/*
 * Uninitialised array of count items, 64-byte aligned.  count * size is overflow-checked; what names the
 * array in the error ("feature columns").  ERROR 53200 / 53100 / 53400 with both numbers when it cannot be had.
 */
extern void *ml_budget_alloc(MlBudget *budget, Size count, Size size, const char *what);
/* give one array back early; NULL is allowed */
extern void ml_budget_free(MlBudget *budget, void *array);
extern Size ml_budget_room(const MlBudget *budget);	/* bytes that memory still has for new arrays, before files are used */
extern Size ml_budget_used(const MlBudget *budget); /* memory + file, now */
extern Size ml_budget_peak(const MlBudget *budget);
extern Size ml_budget_in_file(const MlBudget *budget);	/* bytes that live in files now */

/* palloc-like, same overflow check, for small arrays in the current context */
extern void *ml_palloc_array(Size count, Size size);

#endif							/* ML_BIGMEM_H */
