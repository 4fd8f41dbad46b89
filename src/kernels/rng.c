/*
 * rng.c: xoshiro256** (Blackman and Vigna, "Scrambled linear pseudorandom
 * number generators", 2018), seeded by splitmix64 as its authors advise.
 *
 * The sequence of a seed is part of what makes a training reproducible: it
 * must never change.
 */
#include "kernels/rng.h"

static const double two_pi = 6.283185307179586476925286766559;

static inline uint64_t
rotate_left(uint64_t x, int bits)
{
	return (x << bits) | (x >> (64 - bits));
}

/* One step of splitmix64; four of them never give the all-zero state that xoshiro cannot leave. */
static uint64_t
splitmix(uint64_t *state)
{
	uint64_t	z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void
mlk_rng_seed(MlkRng *rng, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		rng->s[i] = splitmix(&seed);
}

uint64_t
mlk_rng_u64(MlkRng *rng)
{
	uint64_t   *s = rng->s;
	uint64_t	result = rotate_left(s[1] * 5, 7) * 9;
	uint64_t	t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate_left(s[3], 45);
	return result;
}

double
mlk_rng_uniform(MlkRng *rng)
{
	return (double) (mlk_rng_u64(rng) >> 11) * 0x1p-53;
}

/*
 * Lemire's multiplication: the high word of u * n is uniform once the draws
 * whose low word falls below 2^64 mod n are thrown away.
 */
uint64_t
mlk_rng_below(MlkRng *rng, uint64_t n)
{
	unsigned __int128 product = (unsigned __int128) mlk_rng_u64(rng) * n;

	if ((uint64_t) product < n)
	{
		uint64_t	uneven = -n % n;

		while ((uint64_t) product < uneven)
			product = (unsigned __int128) mlk_rng_u64(rng) * n;
	}
	return (uint64_t) (product >> 64);
}

/* Box and Muller, one of the pair: always two draws, so that positions in the stream do not depend on values. */
double
mlk_rng_normal(MlkRng *rng)
{
	double		u = 1.0 - mlk_rng_uniform(rng); /* (0, 1]: log is finite */
	double		v = mlk_rng_uniform(rng);

	return sqrt(-2.0 * log(u)) * cos(two_pi * v);
}
