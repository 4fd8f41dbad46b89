/*
 * bins.h: the native layout of trees: every value as the number of its bin, column by column.
 *
 * A number's bins are intervals between edges; a category's bins are its codes.  The bin behind the last value bin stands for
 * NULL and for categories never seen.  255 value bins and fewer fit in a byte; a category of more takes two.
 */
#ifndef MLK_BINS_H
#define MLK_BINS_H

#include "kernels/parallel.h"

#define MLK_MAX_NUMBER_BINS 255
#define MLK_MAX_CATEGORY_BINS 65535

typedef struct MlkBinFeature
{
	bool		category;
	bool		wide;			/* bins are uint16_t, else uint8_t */
	int32_t		n_bins;			/* value bins, 0 .. n_bins - 1; bin n_bins is "missing" */
	const double *edges;		/* numbers: n_bins - 1, ascending: bin b holds edges[b - 1] < x <= edges[b] */
	const void *bins;			/* rows of them; of byte-wide ones, three more bytes may be read */
} MlkBinFeature;

typedef struct MlkBinned
{
	int64_t		rows;
	int32_t		n_features;
	const MlkBinFeature *features;
} MlkBinned;

/*
 * Edges of a numeric column from sample[n] (NaN = missing; reordered): midpoints between distinct values when there
 * are at most max_bins of them, else between distinct quantiles (scikit-learn's _BinMapper: percentiles by "midpoint",
 * duplicates merged).  edges has room for max_bins - 1; returns the number of value bins (>= 1).
 */
extern int	mlk_bin_edges(double *sample, int64_t n, int max_bins, double *edges);

/* out[i] := bin of x[i * stride]; NaN: n_bins.  Fast: tens of millions of values a second. */
extern void mlk_bin_numbers(const double *x, int64_t stride, int64_t n, const double *edges, int n_bins, uint8_t *out);

#endif							/* MLK_BINS_H */
