/*
 * describe.h: what a column of numbers holds, read off its values in ascending order.
 *
 * One sort answers quantiles, distinct and most frequent values, deviations from the median, outliers and the histogram; and
 * sums over sorted values do not depend on the order in which the rows came.
 */
#ifndef MLK_DESCRIBE_H
#define MLK_DESCRIBE_H

#include "kernels/parallel.h"

#define MLK_DESCRIBE_TOP 10
#define MLK_DESCRIBE_BINS 20

typedef struct MlkFrequent
{
	double		value;
	int64_t		count;
} MlkFrequent;

/* of the finite values, unless said otherwise; NaN where there are too few */
typedef struct MlkDescription
{
	int64_t		finite;
	int64_t		infinities;
	int64_t		zeros;
	int64_t		distinct;		/* with infinities */
	double		min;
	double		max;
	double		second;			/* the smallest value but one; NaN when there is one value */
	double		second_last;	/* the largest value but one */
	double		mean;
	double		stddev;			/* n - 1 */
	double		skew;			/* third central moment / second^1.5, both over n */
	double		mad;			/* median of |x - median|, times 1.4826 */
	int64_t		outliers_iqr;	/* more than 1.5 interquartile ranges beyond the quartiles */
	int64_t		outliers_z;		/* more than 3.5 mad from the median; 0 when mad is 0 */
	double		extreme;		/* largest |x - median| in mads; 0 when mad is 0 */
	bool		integral;		/* all are whole numbers, infinities apart */
	int			n_bins;			/* 0 without values */
	double		edge[MLK_DESCRIBE_BINS + 1];
	int64_t		count[MLK_DESCRIBE_BINS];	/* edge[b] <= x < edge[b + 1], the last one closed */
	int			n_top;
	MlkFrequent top[MLK_DESCRIBE_TOP];	/* most frequent first, ties by value; with infinities */
} MlkDescription;

/* in place, ascending, no NaN; -0 becomes 0.  n <= UINT32_MAX.  scratch: mlk_sort_scratch(n) bytes */
extern size_t mlk_sort_scratch(int64_t n);
extern MlkStatus mlk_sort_values(MlkPool *pool, double *x, int64_t n, void *scratch);
extern MlkStatus mlk_sort_keys(MlkPool *pool, uint64_t *key, int64_t n, void *scratch);

/* numpy's "linear" quantile, q in [0, 1], of sorted x[n]; NaN when n = 0 */
extern double mlk_sorted_quantile(const double *x, int64_t n, double q);

/* place of the first of sorted x[n] that is >= value; n when there is none */
extern int64_t mlk_sorted_place(const double *x, int64_t n, double value);

/*
 * x[n] is sorted, without NaN; probabilities[n_quantiles] go to quantile[].  pool is asked to stop only: from a block of
 * a loop it must be NULL.
 */
extern MlkStatus mlk_describe(const MlkPool *pool, const double *x, int64_t n, const double *probability, int n_quantiles,
							  double *quantile, MlkDescription *out);

/* edges of the histogram over [min, max]: a bin a value for whole numbers that are near each other.  How many bins */
extern int	mlk_describe_edges(double min, double max, bool integral, double *edge);

#endif							/* MLK_DESCRIBE_H */
