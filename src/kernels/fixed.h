/*
 * fixed.h: sums of products of columns in fixed point, in which the order of the rows does not show.
 *
 * Sums in floating point depend on the order of their terms, so that rows have to be brought into one order before anything is
 * learned of them, and a second copy of the data is made for it.  Here each product is rounded to a multiple of one unit
 * before it is added, and sums of those are exact: the rows are read as they lie in memory, by any number of
 * threads, and the result has the same bits.  What rounding costs is far below a double's own: errors of n terms
 * grow with the root of n, and the unit is the 2^-42nd part of the largest term (a million rows).  (Pre-rounding:
 * Demmel and Nguyen, "Fast reproducible floating-point summation", 2013.)
 */
#ifndef MLK_FIXED_H
#define MLK_FIXED_H

#include "kernels/parallel.h"

/* columns as they were loaded; z = (x - center) * inverse must lie within [-1, 1], but for a rounding, and be a number */
typedef struct MlkColumns
{
	int64_t		rows;
	int			cols;			/* the last one is the target */
	int			chunk_bits;		/* >= 14: row r of column j is number[j][r >> chunk_bits][r & (2^chunk_bits - 1)] */
	double *const *const *number;
	const uint8_t *counts;		/* one a row: 1 when it counts, else 0 */
	int64_t		counted;		/* rows that do */
	const double *center;
	const double *inverse;
} MlkColumns;

/* bytes of scratch that either of the two needs */
extern double mlk_fixed_scratch(const MlkColumns *x, int threads);

/* product[1 + cols, 1 + cols] := [1 Z]'[1 Z] over the rows that count, symmetric */
extern MlkStatus mlk_fixed_products(const MlkColumns *x, MlkPool *pool, void *scratch, double *product);

/*
 * Of r = (z of the target - b[0] - sum of b[j] z of column j) / scale, within [-1, 1]:
 * product[1 + cols] := [1 Z]'r, but the last one is r'r; *most := the largest |r|.
 */
extern MlkStatus mlk_fixed_residuals(const MlkColumns *x, MlkPool *pool, void *scratch, const double *b, double scale,
									 double *product, double *most);

/* smallest and largest of n numbers, NaN passed over; *min and *max come with those of others */
extern void mlk_range(const double *x, int64_t n, double *min, double *max);

#endif							/* MLK_FIXED_H */
