/*
 * hash.h: the 64-bit hashes that make a training reproducible.
 *
 * A row's hash mixes the seed and the columns in use, in order; the order of
 * the hashes is the canonical order of the rows (DESIGN, "Reproducible by
 * construction").  Not cryptographic.  -0.0 and 0.0 hash alike, as do all NaNs
 * (NULL is NaN in a numeric column).
 */
#ifndef MLK_HASH_H
#define MLK_HASH_H

#include "kernels/mlk.h"

extern uint64_t mlk_hash_bytes(const void *data, size_t len, uint64_t seed);
extern uint64_t mlk_hash_u64(uint64_t h, uint64_t value);	/* one mixing step */

/* fold n doubles (stride in doubles) into n running hashes */
extern void mlk_hash_fold_f64(uint64_t *h, const double *x, int64_t stride, int64_t n);
/* fold dictionary codes: code_hash[code] is the hash of the entry's text; null_code marks NULL */
extern void mlk_hash_fold_codes(uint64_t *h, const uint32_t *code, const uint64_t *code_hash,
								uint32_t null_code, int64_t n);
/* avalanche, to be applied once after the last fold */
extern void mlk_hash_finish(uint64_t *h, int64_t n);

#endif							/* MLK_HASH_H */
