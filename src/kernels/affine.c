/*
 * affine.c: impute, center and scale rows in place.
 */
#include "kernels/affine.h"

#define LANES 4

typedef double Lanes __attribute__((vector_size(LANES * sizeof(double)), aligned(sizeof(double)), may_alias));
typedef int64_t Mask __attribute__((vector_size(LANES * sizeof(double)), aligned(sizeof(double)), may_alias));

static inline double
affine(double x, double fill, double center, double inverse)
{
	return ((x != x ? fill : x) - center) * inverse;
}

/*
 * Columns are the inner loop, in vectors that the compiler maps to what each clone has; no multiplication
 * is followed by an addition, so that no instruction set fuses (and rounds) differently.
 */
MLK_CLONES
void
mlk_affine_apply(double *x, int64_t rows, int64_t stride, int cols,
				 const double *fill, const double *center, const double *inverse)
{
	int			whole = cols - cols % LANES;

	for (int64_t i = 0; i < rows; i++)
	{
		double	   *row = x + i * stride;
		int			j;

		for (j = 0; j < whole; j += LANES)
		{
			Lanes		v = *(const Lanes *) (row + j);
			Lanes		missing = *(const Lanes *) (fill + j);
			Mask		is_nan = (v != v);

			v = (Lanes) (((Mask) missing & is_nan) | ((Mask) v & ~is_nan));
			*(Lanes *) (row + j) = (v - *(const Lanes *) (center + j)) * *(const Lanes *) (inverse + j);
		}
		for (; j < cols; j++)
			row[j] = affine(row[j], fill[j], center[j], inverse[j]);
	}
}
