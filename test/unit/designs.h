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
#define MIXED_COLS (DENSE_1 + CODES_1 + DENSE_2 + CODES_2)

typedef struct UnitDesign
{
	MlkDesign	x;
	MlkBlock	blocks[4];
	double	   *dense;			/* both dense blocks, with a gap between rows */
	uint32_t   *codes;
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
		const uint32_t *code = d->codes + 2 * i;

		for (int j = 0; j < DENSE_1; j++)
			row[j] = dense[j];
		for (int j = 0; j < DENSE_2; j++)
			row[DENSE_1 + CODES_1 + j] = dense[DENSE_1 + j];
		if (code[0] < CODES_1)
			row[DENSE_1 + code[0]] = 1.0;
		if (code[1] < CODES_2)
			row[DENSE_1 + CODES_1 + DENSE_2 + code[1]] = 1.0;
	}
}

static inline UnitDesign
unit_design(int64_t rows, uint64_t seed)
{
	UnitDesign	d;
	int64_t		stride = DENSE_1 + DENSE_2 + 1;
	MlkRng		rng;

	mlk_rng_seed(&rng, seed);
	d.dense = unit_array(double, rows * stride);
	d.codes = unit_array(uint32_t, rows * 2);
	d.plain = unit_array(double, rows * MIXED_COLS);
	d.y = unit_array(double, rows);
	d.w = unit_array(double, rows);
	for (int64_t i = 0; i < rows * stride; i++)
		d.dense[i] = mlk_rng_normal(&rng);
	for (int64_t i = 0; i < rows; i++)
	{
		/* one value in five or four sets no column */
		d.codes[2 * i] = mlk_rng_below(&rng, 5) == 0 ? MLK_NO_CODE : (uint32_t) mlk_rng_below(&rng, CODES_1);
		d.codes[2 * i + 1] = (uint32_t) mlk_rng_below(&rng, CODES_2 + 1);
		d.y[i] = mlk_rng_normal(&rng);
		d.w[i] = mlk_rng_below(&rng, 6) == 0 ? 0.0 : mlk_rng_uniform(&rng);
	}
	d.blocks[0] = (MlkBlock) {MLK_BLOCK_DENSE, 0, DENSE_1, stride, d.dense, NULL};
	d.blocks[1] = (MlkBlock) {MLK_BLOCK_CODES, DENSE_1, CODES_1, 2, NULL, d.codes};
	d.blocks[2] = (MlkBlock) {MLK_BLOCK_DENSE, DENSE_1 + CODES_1, DENSE_2, stride, d.dense + DENSE_1, NULL};
	d.blocks[3] = (MlkBlock) {MLK_BLOCK_CODES, DENSE_1 + CODES_1 + DENSE_2, CODES_2, 2, NULL, d.codes + 1};
	d.x = (MlkDesign) {rows, MIXED_COLS, 4, NULL, NULL, NULL};
	fill_plain(&d);
	return d;
}

/* blocks live in the struct, so the design can point to them only where the struct has come to rest */
static inline const MlkDesign *
unit_design_of(UnitDesign *d)
{
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
