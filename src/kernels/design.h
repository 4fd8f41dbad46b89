/*
 * design.h: the design matrix, the hand-over between preprocessing and learning.
 *
 * It is a list of blocks side by side, not one dense table: numbers are dense
 * (row-major), a one-hot encoded column stays a column of codes.  Linear
 * learners use nothing of it but the products below and row panels, so a
 * category of 4,000 values costs its rows, not rows x 4,000.  The intercept
 * is NOT a column: learners add it.  Read-only once built.
 */
#ifndef MLK_DESIGN_H
#define MLK_DESIGN_H

#include "kernels/parallel.h"

#define MLK_NO_CODE UINT32_MAX	/* a code that sets no column */

typedef enum MlkBlockKind
{
	MLK_BLOCK_DENSE,			/* cols numbers a row */
	MLK_BLOCK_CODES,			/* one code a row: column first + code is 1, the others 0 */
	MLK_BLOCK_CATEGORY,			/* native layout only: one column whose value is the code; n_codes of them */
	MLK_BLOCK_SPARSE			/* one code a row: the row of a table of sparse vectors */
} MlkBlockKind;

/*
 * Sparse vectors, one a distinct text: a design's rows name them by code, so that a text that occurs a thousand times is
 * held once.  Columns ascend within a vector and are those of the block, from 0.
 */
typedef struct MlkSparse
{
	int64_t		n;				/* vectors */
	const int64_t *start;		/* n + 1: vector i is the entries start[i] .. start[i + 1] - 1 */
	const uint32_t *column;
	const double *value;
} MlkSparse;

typedef struct MlkBlock
{
	MlkBlockKind kind;
	int32_t		first;			/* design column of the block's first column */
	int32_t		cols;
	int64_t		stride;			/* dense: doubles from a row to the next; codes: codes from a row to the next */
	const double *dense;
	const uint32_t *codes;		/* >= cols (MLK_NO_CODE): no column set; category: missing or never seen */
	int32_t		n_codes;		/* category: number of codes */
	const MlkSparse *sparse;	/* sparse: what codes name; a code >= n: all columns 0 */
} MlkBlock;

typedef struct MlkDesign
{
	int64_t		rows;
	int32_t		cols;			/* total design columns, without intercept */
	int32_t		n_blocks;
	const MlkBlock *blocks;		/* in column order, together covering [0, cols) */

	/*
	 * How each column was standardised: original = design * scale + center (codes: 0 and 1).  Learners
	 * report coefficients in original units with it.  NULL: not standardised.
	 */
	const double *center;
	const double *scale;

	/*
	 * Several designs of the same rows, where the members of an ensemble want different ones; there are no blocks then.  Nothing below
	 * looks at them.
	 */
	int32_t		n_parts;
	const struct MlkDesign *parts;
} MlkDesign;

/* entries of the mean row that are not zero by construction: what a product with it costs */
extern double mlk_design_entries(const MlkDesign *x);

/* rows [from, from + rows) of x, sharing its buffers; blocks_out has room for x->n_blocks */
extern MlkDesign mlk_design_slice(const MlkDesign *x, int64_t from, int64_t rows, MlkBlock *blocks_out);

/* out[rows, ld] := rows [from, from + rows) as plain numbers, ld >= cols */
extern void mlk_design_expand(const MlkDesign *x, int64_t from, int64_t rows, double *out, int64_t ld);

/* out[rows] := intercept + X w; serial, for one block of rows (any size) */
extern void mlk_design_dot(const MlkDesign *x, int64_t from, int64_t rows, const double *w, double intercept, double *out);

/* g[cols] += X' r over rows [from, from + rows), r[0] belongs to row from; returns sum of r */
extern double mlk_design_dot_t(const MlkDesign *x, int64_t from, int64_t rows, const double *r, double *g);

/* g[cols] += sum of w x^2 over rows [from, from + rows); w as r above, NULL: all one */
extern void mlk_design_squares(const MlkDesign *x, int64_t from, int64_t rows, const double *w, double *g);

#endif							/* MLK_DESIGN_H */
