/*
 * designs.h: a random design of every kind of block, and the same as plain numbers: the oracle.
 */
#ifndef UNIT_DESIGNS_H
#define UNIT_DESIGNS_H

#include "unit.h"

#include "kernels/design.h"
#include "kernels/rng.h"

#define DENSE_1 3
#define CODES_1 4
#define DENSE_2 2
#define CODES_2 3
#define SPARSE 5
#define VECTORS 40				/* distinct sparse vectors that rows share */
#define FIRST_SPARSE (DENSE_1 + CODES_1 + DENSE_2 + CODES_2)
#define MIXED_COLS (FIRST_SPARSE + SPARSE)
#define MIXED_BLOCKS 5

typedef struct UnitDesign
{
	MlkDesign	x;
	MlkBlock	blocks[MIXED_BLOCKS];
	double	   *dense;			/* both dense blocks, with a gap between rows */
	uint32_t   *codes;
	MlkSparse	sparse;
	int64_t		start[VECTORS + 1];
	uint32_t	column[VECTORS * SPARSE];
	double		value[VECTORS * SPARSE];
	double	   *plain;			/* [rows, MIXED_COLS] */
	double	   *y;
	double	   *w;				/* some of them 0 */
} UnitDesign;

static inline void
fill_plain(UnitDesign *d)
{
	for (int64_t i = 0; i < d->x.rows; i++)
	{
		double	   *row = d->plain + i * MIXED_COLS;
		const double *dense = d->dense + i * (DENSE_1 + DENSE_2 + 1);
		const uint32_t *code = d->codes + 3 * i;

		for (int j = 0; j < DENSE_1; j++)
			row[j] = dense[j];
		for (int j = 0; j < DENSE_2; j++)
			row[DENSE_1 + CODES_1 + j] = dense[DENSE_1 + j];
		if (code[0] < CODES_1)
			row[DENSE_1 + code[0]] = 1.0;
		if (code[1] < CODES_2)
			row[DENSE_1 + CODES_1 + DENSE_2 + code[1]] = 1.0;
		for (int64_t e = code[2] < VECTORS ? d->start[code[2]] : 0; code[2] < VECTORS && e < d->start[code[2] + 1]; e++)
			row[FIRST_SPARSE + d->column[e]] = d->value[e];
	}
}

/* some vectors are empty, and some rows name none; a stream of its own keeps the other blocks as they were */
static inline void
fill_sparse(UnitDesign *d, uint64_t seed)
{
	int64_t		n = 0;
	MlkRng		rng;

	mlk_rng_seed(&rng, seed + 1000);
	for (int v = 0; v < VECTORS; v++)
	{
		d->start[v] = n;
		for (int j = 0; j < SPARSE; j++)
		{
			if (mlk_rng_below(&rng, 3) > 0)
				continue;
			d->column[n] = (uint32_t) j;
			d->value[n++] = mlk_rng_normal(&rng);
		}
	}
	d->start[VECTORS] = n;
	for (int64_t i = 0; i < d->x.rows; i++)
		d->codes[3 * i + 2] = mlk_rng_below(&rng, 9) == 0 ? MLK_NO_CODE : (uint32_t) mlk_rng_below(&rng, VECTORS);
}

static inline UnitDesign
unit_design(int64_t rows, uint64_t seed)
{
	UnitDesign	d;
	int64_t		stride = DENSE_1 + DENSE_2 + 1;
	MlkRng		rng;

	mlk_rng_seed(&rng, seed);
	d.dense = unit_array(double, rows * stride);
	d.codes = unit_array(uint32_t, rows * 3);
	d.plain = unit_array(double, rows * MIXED_COLS);
	d.y = unit_array(double, rows);
	d.w = unit_array(double, rows);
	for (int64_t i = 0; i < rows * stride; i++)
		d.dense[i] = mlk_rng_normal(&rng);
	for (int64_t i = 0; i < rows; i++)
	{
		/* one value in five or four sets no column */
		d.codes[3 * i] = mlk_rng_below(&rng, 5) == 0 ? MLK_NO_CODE : (uint32_t) mlk_rng_below(&rng, CODES_1);
		d.codes[3 * i + 1] = (uint32_t) mlk_rng_below(&rng, CODES_2 + 1);
		d.y[i] = mlk_rng_normal(&rng);
		d.w[i] = mlk_rng_below(&rng, 6) == 0 ? 0.0 : mlk_rng_uniform(&rng);
	}
	d.blocks[0] = (MlkBlock) {MLK_BLOCK_DENSE, 0, DENSE_1, stride, d.dense, NULL};
	d.blocks[1] = (MlkBlock) {MLK_BLOCK_CODES, DENSE_1, CODES_1, 3, NULL, d.codes};
	d.blocks[2] = (MlkBlock) {MLK_BLOCK_DENSE, DENSE_1 + CODES_1, DENSE_2, stride, d.dense + DENSE_1, NULL};
	d.blocks[3] = (MlkBlock) {MLK_BLOCK_CODES, DENSE_1 + CODES_1 + DENSE_2, CODES_2, 3, NULL, d.codes + 1};
	d.blocks[4] = (MlkBlock) {MLK_BLOCK_SPARSE, FIRST_SPARSE, SPARSE, 3, NULL, d.codes + 2};
	d.x = (MlkDesign) {rows, MIXED_COLS, MIXED_BLOCKS, NULL, NULL, NULL};
	fill_sparse(&d, seed);
	fill_plain(&d);
	return d;
}

/* blocks live in the struct, so the design can point to them only where the struct has come to rest */
static inline const MlkDesign *
unit_design_of(UnitDesign *d)
{
	d->sparse = (MlkSparse) {VECTORS, d->start, d->column, d->value};
	d->blocks[MIXED_BLOCKS - 1].sparse = &d->sparse;
	d->x.blocks = d->blocks;
	return &d->x;
}

static inline void
unit_design_free(UnitDesign *d)
{
	unit_free(d->dense);
	unit_free(d->codes);
	unit_free(d->plain);
	unit_free(d->y);
	unit_free(d->w);
}

/* one dense block over a plain row-major matrix; block is the caller's */
static inline MlkDesign
dense_design(const double *x, int64_t rows, int cols, MlkBlock *block)
{
	*block = (MlkBlock) {MLK_BLOCK_DENSE, 0, cols, cols, x, NULL};
	return (MlkDesign) {rows, cols, 1, block, NULL, NULL};
}

#endif							/* UNIT_DESIGNS_H */
