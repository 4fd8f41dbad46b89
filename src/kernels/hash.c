/*
 * hash.c: 64-bit hashes of rows, a column at a time.
 *
 * A column is folded into the running hashes of all rows, which keeps the
 * loop free of types and branches so that it vectorises.  One step mixes the
 * value first (doubles of small whole numbers differ in their high bits only,
 * and a product carries differences upwards, never down), then the running
 * hash; each half is a bijection, so two rows collide only when differences
 * of two columns cancel.  A fingerprint is stored with every version: the
 * functions must never change.
 */
#include <string.h>

#include "kernels/hash.h"

/* odd, about as many ones as zeros, no regular pattern: the golden ratio and sqrt(2) - 1 as fractions of 2^64 */
#define VALUE_FACTOR UINT64_C(0x9e3779b97f4a7c15)
#define HASH_FACTOR UINT64_C(0x6a09e667f3bcc909)

#define NAN_BITS UINT64_C(0x7ff8000000000000)
#define NULL_HASH UINT64_C(0x7ff8000000000000)
#define EXPONENT_BITS UINT64_C(0x7ff0000000000000)
#define SIGN_BIT UINT64_C(0x8000000000000000)

static inline uint64_t
step(uint64_t h, uint64_t value)
{
	value ^= value >> 32;
	value *= VALUE_FACTOR;
	value ^= value >> 29;
	h = (h ^ value) * HASH_FACTOR;
	return h ^ (h >> 32);
}

/* Every bit of the result depends on every bit of h (the finaliser of splitmix64). */
static inline uint64_t
avalanche(uint64_t h)
{
	h = (h ^ (h >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ (h >> 27)) * UINT64_C(0x94d049bb133111eb);
	return h ^ (h >> 31);
}

/* Bits of x, one pattern for all NaNs and one for both zeros; integer operations only, so that it vectorises. */
static inline uint64_t
canonical_bits(double x)
{
	uint64_t	bits;
	uint64_t	magnitude;

	memcpy(&bits, &x, sizeof(bits));
	magnitude = bits & ~SIGN_BIT;
	bits = magnitude == 0 ? 0 : bits;
	return magnitude > EXPONENT_BITS ? NAN_BITS : bits;
}

/* up to 8 bytes, little-endian whatever the machine, so that fingerprints travel */
static inline uint64_t
load_bytes(const unsigned char *p, size_t len)
{
	uint64_t	word = 0;

	for (size_t i = 0; i < len; i++)
		word |= (uint64_t) p[i] << (8 * i);
	return word;
}

uint64_t
mlk_hash_u64(uint64_t h, uint64_t value)
{
	return step(h, value);
}

/* The length goes in first: a tail of zero bytes is not the same as none. */
uint64_t
mlk_hash_bytes(const void *data, size_t len, uint64_t seed)
{
	const unsigned char *p = data;
	uint64_t	h = step(seed, (uint64_t) len);

	for (; len >= 8; p += 8, len -= 8)
		h = step(h, load_bytes(p, 8));
	if (len > 0)
		h = step(h, load_bytes(p, len));
	return avalanche(h);
}

MLK_CLONES
static void
fold_contiguous(uint64_t *h, const double *x, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		h[i] = step(h[i], canonical_bits(x[i]));
}

void
mlk_hash_fold_f64(uint64_t *h, const double *x, int64_t stride, int64_t n)
{
	if (stride == 1)
	{
		fold_contiguous(h, x, n);
		return;
	}
	for (int64_t i = 0; i < n; i++)
		h[i] = step(h[i], canonical_bits(x[i * stride]));
}

void
mlk_hash_fold_codes(uint64_t *h, const uint32_t *code, const uint64_t *code_hash,
					uint32_t null_code, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		h[i] = step(h[i], code[i] == null_code ? NULL_HASH : code_hash[code[i]]);
}

MLK_CLONES
void
mlk_hash_finish(uint64_t *h, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		h[i] = avalanche(h[i]);
}
