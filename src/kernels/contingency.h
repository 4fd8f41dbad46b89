/*
 * contingency.h: how often two columns of codes meet, and what follows from that.
 */
#ifndef MLK_CONTINGENCY_H
#define MLK_CONTINGENCY_H

#include "kernels/parallel.h"

/* the cells that are not empty; all arrays lie in the scratch of mlk_contingency_count */
typedef struct MlkContingency
{
	int64_t		n;				/* rows */
	int64_t		n_a;
	int64_t		n_b;
	int64_t    *row;			/* [n_a] rows of each code of a */
	int64_t    *column;			/* [n_b] */
	int64_t		cells;
	uint64_t   *key;			/* a * n_b + b, ascending */
	uint32_t   *count;
} MlkContingency;

/* a[i] < n_a, b[i] < n_b, both at most UINT32_MAX: n as well.  scratch: 8-byte aligned, mlk_contingency_scratch() bytes */
extern size_t mlk_contingency_scratch(int64_t n, int64_t n_a, int64_t n_b);
extern MlkStatus mlk_contingency_count(MlkPool *pool, const uint32_t *a, const uint32_t *b, int64_t n, int64_t n_a,
									   int64_t n_b, void *scratch, MlkContingency *out);

/* in nats */
extern double mlk_contingency_information(const MlkContingency *table);
/* of the codes of b, in nats */
extern double mlk_contingency_entropy(const MlkContingency *table);

/*
 * Cramer's V: sqrt(chi^2 / (n (min(rows, columns) - 1))), rows and columns being those that are not empty.  NaN when there is
 * but one of either.  corrected: for bias, Bergsma (2013).
 */
extern double mlk_contingency_cramer(const MlkContingency *table, bool corrected);

#endif							/* MLK_CONTINGENCY_H */
