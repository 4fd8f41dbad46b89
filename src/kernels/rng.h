/*
 * rng.h: random numbers, always from a state the caller holds and seeds (xoshiro256**).
 */
#ifndef MLK_RNG_H
#define MLK_RNG_H

#include "kernels/mlk.h"

typedef struct MlkRng
{
	uint64_t	s[4];
} MlkRng;

extern void mlk_rng_seed(MlkRng *rng, uint64_t seed);
extern uint64_t mlk_rng_u64(MlkRng *rng);
extern double mlk_rng_uniform(MlkRng *rng);	/* [0, 1), 53 bits */
extern uint64_t mlk_rng_below(MlkRng *rng, uint64_t n);	/* unbiased, n > 0 */
extern double mlk_rng_normal(MlkRng *rng);

#endif							/* MLK_RNG_H */
