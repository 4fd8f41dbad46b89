/*
 * neighbours.h: missing numbers of a row from the rows most like it.
 */
#ifndef MLK_NEIGHBOURS_H
#define MLK_NEIGHBOURS_H

#include "kernels/mlk.h"

typedef struct MlkDonors
{
	int32_t		cols;
	int64_t		n;
	const double *value;		/* [n, cols], row-major; NaN for missing */
	const double *mean;			/* [cols]: where no donor can be compared with the row */
	int32_t		neighbours;
	bool		by_distance;	/* donors count by the inverse of their distance */
} MlkDonors;

/* bytes of scratch of mlk_neighbours_fill */
extern size_t mlk_neighbours_scratch(const MlkDonors *donors);

/*
 * Each NaN of row[cols] := mean of the column over the `neighbours` donors nearest to the row among those that have the column, the
 * earlier one on ties.  Distance: that of Euclid over the columns that both have, times the root of cols over their number, as
 * scikit-learn's nan_euclidean; donors with none in common do not count.  All columns are filled from the row as it came.
 */
extern void mlk_neighbours_fill(const MlkDonors *donors, double *row, void *scratch);

#endif							/* MLK_NEIGHBOURS_H */
