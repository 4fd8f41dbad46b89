/*
 * units.h: what the units of a hidden layer do to their input, over arrays of 32-bit numbers, in loops that vectorise.
 */
#ifndef MLK_UNITS_H
#define MLK_UNITS_H

#include "kernels/mlk.h"

/* stored: append only */
typedef enum MlkUnit
{
	MLK_UNIT_IDENTITY = 1,
	MLK_UNIT_LOGISTIC,
	MLK_UNIT_TANH,
	MLK_UNIT_RELU
} MlkUnit;

/* z[i] := f(z[i]); logistic and tanh within 4 ulp.  An element's result does not depend on its place or on n */
extern void mlk_unit_apply(MlkUnit unit, float *z, int64_t n);

/* delta[i] *= f'(z[i]), given a[i] = f(z[i]) */
extern void mlk_unit_slope(MlkUnit unit, const float *a, float *delta, int64_t n);

#endif							/* MLK_UNITS_H */
