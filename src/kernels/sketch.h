/*
 * sketch.h: what a stream of values holds, in bounded memory: quantiles, distinct values, frequent values.
 *
 * Each sketch lies in memory of the caller's, merges with one of its own size, and is written to and read from bytes
 * field by field, little-endian.  Same values in the same order give the same sketch.
 */
#ifndef MLK_SKETCH_H
#define MLK_SKETCH_H

#include "kernels/mlk.h"

/* ---- quantiles: KLL (Karnin, Lang and Liberty 2016) ---- */

#define MLK_KLL_LEVELS 48

/*
 * Items of level h stand for 2^h values each.  The rank of a quantile is off by about 1.7 / k of all values at 99 % confidence.
 * Levels lie one after the other in item[], those above 0 sorted; the free room is in front.
 */
typedef struct MlkKll
{
	int32_t		k;				/* room of the top level: 8 .. 65536 */
	int32_t		room;			/* items there is memory for: mlk_kll_room(k) */
	int32_t		levels;
	int64_t		n;				/* values added */
	uint64_t	random;
	int32_t		start[MLK_KLL_LEVELS + 1];	/* of each level in item[] */
	double	   *item;
} MlkKll;

extern int32_t mlk_kll_room(int32_t k);
extern void mlk_kll_init(MlkKll *kll, int32_t k, double *item);
extern void mlk_kll_add(MlkKll *kll, double x); /* no NaN */
extern void mlk_kll_merge(MlkKll *into, const MlkKll *from);
/* items and their weights in ascending order, at most room of them; how many */
extern int32_t mlk_kll_items(const MlkKll *kll, double *value, int64_t *weight);
/* x[m] := m values at even ranks, ascending; value and weight have room items each.  n > 0 */
extern void mlk_kll_expand(const MlkKll *kll, double *value, int64_t *weight, double *x, int64_t m);
extern size_t mlk_kll_size(const MlkKll *kll);
extern void mlk_kll_write(const MlkKll *kll, unsigned char *out);
/* false: no sketch, or not of k.  item has room for mlk_kll_room(k) */
extern bool mlk_kll_read(MlkKll *kll, int32_t k, double *item, const unsigned char *in, size_t size);

/* ---- distinct values: HyperLogLog with Ertl's estimator (2017) ---- */

/* 2^bits registers of a byte; standard error 1.04 / sqrt(2^bits) */
typedef struct MlkHll
{
	int32_t		bits;			/* 4 .. 16 */
	uint8_t    *rank;
} MlkHll;

extern void mlk_hll_init(MlkHll *hll, int32_t bits, uint8_t *rank);
extern double mlk_hll_estimate(const MlkHll *hll);
extern void mlk_hll_merge(MlkHll *into, const MlkHll *from);
extern size_t mlk_hll_size(const MlkHll *hll);
extern void mlk_hll_write(const MlkHll *hll, unsigned char *out);
extern bool mlk_hll_read(MlkHll *hll, int32_t bits, uint8_t *rank, const unsigned char *in, size_t size);

/* hash: of the value, all bits of it mixed */
static inline void
mlk_hll_add(MlkHll *hll, uint64_t hash)
{
	uint64_t	place = hash >> (64 - hll->bits);
	uint64_t	rest = hash << hll->bits | (uint64_t) 1 << (hll->bits - 1);
	uint8_t		rank = (uint8_t) (1 + __builtin_clzll(rest));

	if (rank > hll->rank[place])
		hll->rank[place] = rank;
}

/* ---- frequent values: counters that are thinned out together (Misra and Gries 1982) ---- */

/*
 * Up to room values, by a 64-bit key.  A count is too small by at most `lost`, never too large.  When the counters are full, the
 * median count is taken off all of them, and those that are not above it go.
 */
typedef struct MlkFrequency
{
	int32_t		room;			/* slots: a power of two, three quarters of them used at most */
	int32_t		used;
	int64_t		lost;
	uint64_t   *key;			/* [room] */
	int64_t    *count;			/* [room] 0: empty */
} MlkFrequency;

extern void mlk_frequency_init(MlkFrequency *f, int32_t room, uint64_t *key, int64_t *count);
/* slot of the key; -1 when it has none.  Slots move when counters are thinned out */
extern int32_t mlk_frequency_find(const MlkFrequency *f, uint64_t key);
/* true when the counters were thinned out on the way */
extern bool mlk_frequency_add(MlkFrequency *f, uint64_t key, int64_t count);
extern void mlk_frequency_merge(MlkFrequency *into, const MlkFrequency *from);
extern size_t mlk_frequency_size(const MlkFrequency *f);
extern void mlk_frequency_write(const MlkFrequency *f, unsigned char *out);
extern bool mlk_frequency_read(MlkFrequency *f, int32_t room, uint64_t *key, int64_t *count, const unsigned char *in, size_t size);

#endif							/* MLK_SKETCH_H */
