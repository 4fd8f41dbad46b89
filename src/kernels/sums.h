/*
 * sums.h: what least squares needs of many rows: products of standardised columns, and of residuals.
 *
 * Taken in fixed point (fixed.h) from the columns as they were loaded: no design matrix is made, and no order of rows is needed.
 * S are the features, each minus its mean and divided by its standard deviation; y is the target as it is.
 */
#ifndef MLK_SUMS_H
#define MLK_SUMS_H

#include "kernels/fixed.h"

typedef struct MlkSums
{
	MlkColumns	x;				/* center and inverse: of the ranges */
	int			features;		/* x.cols - 1 */
	double	   *center;			/* [features]: means */
	double	   *scale;			/* [features]: standard deviations, of the population */
	double	   *product;		/* [2 + features, 2 + features]: [1 S y]'[1 S y] */

	/* private: of z, and what rounding took from the means, in units of scale */
	double	   *mean;			/* [cols] */
	double	   *deviation;		/* [cols] */
	double	   *rest;			/* [features] */
	double	   *scratch;		/* (2 + features)^2 */
	void	   *passes;			/* of mlk_fixed_scratch */
} MlkSums;

/* doubles of memory that mlk_sums_start shares out */
extern double mlk_sums_memory(int features, int threads);

/*
 * min, max: of all rows of each column, the target last; min < max.  s->x has rows, cols, chunk_bits, number, counts and counted.
 * False: a range is out of range itself.
 */
extern bool mlk_sums_start(MlkSums *s, const double *min, const double *max, double *memory);

/*
 * One pass over the rows.  MLK_SINGULAR: sums cannot stand for these rows, as half the range of a column is more than 128 standard
 * deviations, or a column is nearly a combination of others.
 */
extern MlkStatus mlk_sums_learn(MlkSums *s, MlkPool *pool);

/* *square := sum of (y - [1 S] b)^2, product[1 + features] := [1 S]'(y - [1 S] b).  A pass, or two where the residuals are small */
extern MlkStatus mlk_sums_residuals(const MlkSums *s, MlkPool *pool, const double *b, double *product, double *square);

#endif							/* MLK_SUMS_H */
