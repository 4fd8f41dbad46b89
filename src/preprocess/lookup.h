/*
 * lookup.h: steps whose outputs follow from which of the learned categories a value is.
 */
#ifndef ML_PREP_LOOKUP_H
#define ML_PREP_LOOKUP_H

#include "preprocess/categories.h"
#include "preprocess/counts.h"
#include "preprocess/step.h"

#define ML_LOOKUP_PIECE 512		/* rows looked up at a time, on the stack */

/* such a step's struct begins with this */
typedef struct MlLookup
{
	MlStep		step;
	MlCategories kept;
} MlLookup;

/* order of MlValueCount by text, for qsort */
extern int	ml_lookup_by_text(const void *a, const void *b);
/* learns the first n of counts, which are in the order of their texts; in the current context, as all of a step */
extern void ml_lookup_keep(MlLookup *lookup, const MlValueCounts *counts, uint32 n);
/*
 * Learns all values of the training rows.  rows, when not NULL: palloc'd, how many rows each has, then those that are NULL.
 * WARNING when all are NULL.
 */
extern void ml_lookup_fit_all(MlLookup *lookup, const MlFitInput *data, uint64 **rows);
extern void ml_lookup_warn_empty(const MlStep *step);

/* MlStepKind.refresh, MlStepKind.code, and a MlStepKind.describe that counts the categories */
extern void ml_lookup_refresh(MlBoundStep *bound);
extern void ml_lookup_describe(const MlStep *step, int k, JsonbParseState **state);
extern uint32 ml_lookup_code(const MlStep *step, const char *text, int len);

/*
 * place[i] := index of the category of row order[i]: kept.n for a value never seen, ML_NULL_CODE for NULL.
 * n <= ML_LOOKUP_PIECE; runs on any thread.
 */
extern void ml_lookup_rows(const MlBoundStep *bound, const uint32 *order, int64 n, uint32 *place);
/* what the category at place makes of a row's outputs */
typedef void (*MlLookupPut) (const MlBoundStep *bound, uint32 row, uint32 place, double *dense);

/* MlStepKind.block of a step whose outputs are put by put; inline, and so is put */
static inline void
ml_lookup_block(const MlBoundStep *bound, const uint32 *order, int64 n, double *dense, int64 stride, MlLookupPut put)
{
	uint32		place[ML_LOOKUP_PIECE];

	for (int64 from = 0; from < n; from += ML_LOOKUP_PIECE)
	{
		int64		rows = Min(ML_LOOKUP_PIECE, n - from);

		ml_lookup_rows(bound, order + from, rows, place);
		for (int64 i = 0; i < rows; i++)
			put(bound, order[from + i], place[i], dense + (from + i) * stride);
	}
}

/* ml_lookup_rows for one row's value */
extern uint32 ml_lookup_value(const MlLookup *lookup, const MlValue *value);

#endif							/* ML_PREP_LOOKUP_H */
