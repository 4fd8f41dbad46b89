/*
 * correlate.h: correlations of columns with one another.
 */
#ifndef MLK_CORRELATE_H
#define MLK_CORRELATE_H

#include "kernels/moments.h"
#include "kernels/rounds.h"

/*
 * All pairs of p columns at once, each over the rows where both are finite.  Columns are standardised, missing values are 0 in them,
 * and with Z, its squares and the 0/1 mask of what is there all sums of all pairs are products of the panel [Z M Z^2] with itself.
 * Without missing values Z'Z is enough.
 */
typedef struct MlkCorrelate
{
	int			p;
	int			q;				/* columns of the panel: p or 3 p */
	const double *const *const *column; /* [p][chunk][row in chunk]; NaN is missing */
	int			chunk_bits;		/* rows of a chunk, all but the last */
	double	   *center;			/* [p] */
	double	   *scale;
	MlkRounds	rounds;
	double	   *slots;
	double	   *threads;
	size_t		per_thread;
} MlkCorrelate;

/* moments[p] of the columns; how many doubles of memory start wants */
extern double mlk_correlate_plan(MlkCorrelate *c, int64_t rows, int p, const MlkMoments *moments, int threads);
extern void mlk_correlate_start(MlkCorrelate *c, double *memory, const MlkMoments *moments);
extern MlkStatus mlk_correlate_round(MlkCorrelate *c, MlkPool *pool);
/*
 * After the last round: correlation of columns i and j, and the rows of the pair.  *exact becomes false when digits were lost because
 * the pair's rows vary much less than their columns: mlk_correlation is to be asked.  NaN when one of them does not vary.
 */
extern void mlk_correlate_finish(MlkCorrelate *c);
extern double mlk_correlate_pair(const MlkCorrelate *c, int i, int j, int64_t *rows, bool *exact);

/* Pearson's correlation of two finite columns; NaN when one does not vary */
extern double mlk_correlation(const double *x, const double *y, int64_t n);

/* rank[i] := place of x[i] among x[n] from 1, ties their mean.  scratch: mlk_ranks_scratch(n) bytes */
extern size_t mlk_ranks_scratch(int64_t n);
extern MlkStatus mlk_ranks(MlkPool *pool, const double *x, int64_t n, double *rank, void *scratch);

/* eta: root of the share of x's sum of squares that lies between the codes; NaN when x does not vary.  scratch: 2 n_codes doubles */
extern double mlk_correlation_ratio(const double *x, const uint32_t *code, int64_t n, int64_t n_codes, double *scratch);

#endif							/* MLK_CORRELATE_H */
