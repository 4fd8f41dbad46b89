/*
 * metrics_internal.h: what the files behind metrics.h share.
 */
#ifndef MLK_METRICS_INTERNAL_H
#define MLK_METRICS_INTERNAL_H

#include "kernels/parallel.h"

/* rows between two polls of stop in a serial loop */
#define MLK_POLL_ROWS 65536

/* weight NULL: all ones */
static inline double
mlk_weight(const double *weight, int64_t row)
{
	return weight == NULL ? 1.0 : weight[row];
}

/*
 * Fixed blocks whose number is bounded, so that their partial sums fit into a
 * small array; they depend on n alone, never on the threads.
 */
typedef struct MlkSpan
{
	int64_t		rows;			/* a block */
	int64_t		blocks;			/* <= the limit given */
} MlkSpan;

static inline MlkSpan
mlk_span(int64_t n, int64_t least_rows, int64_t most_blocks)
{
	MlkSpan		span;

	span.rows = (n + most_blocks - 1) / most_blocks;
	if (span.rows < least_rows)
		span.rows = least_rows;
	span.blocks = (n + span.rows - 1) / span.rows;
	return span;
}

static inline int64_t
mlk_span_end(const MlkSpan *span, int64_t block, int64_t n)
{
	int64_t		end = (block + 1) * span->rows;

	return end < n ? end : n;
}

/*
 * Median of values that are >= 0 and not NaN.  Without weights numpy's median
 * (mean of the middle two), with weights scikit-learn 1.2's lower weighted one:
 * the least value whose cumulated weight reaches half of the whole.
 * MLK_NO_MEMORY: no room for the histograms (256 kB).
 */
extern MlkStatus mlk_median(MlkPool *pool, const double *value, const double *weight, int64_t n, double *median);

#endif							/* MLK_METRICS_INTERNAL_H */
