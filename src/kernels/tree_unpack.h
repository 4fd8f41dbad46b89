/*
 * tree_unpack.h: from the arrays that trees are stored as to their nodes, millions a model.
 *
 * Numbers that are known to be at most so large are stored in 1, 2 or 4 bytes, the low ones first.
 */
#ifndef MLK_TREE_UNPACK_H
#define MLK_TREE_UNPACK_H

#include "kernels/tree.h"

#include <string.h>

/* bytes of a number that is at most largest */
static inline int
mlk_unpack_width(uint32_t largest)
{
	return largest < 256 ? 1 : largest < 65536 ? 2 : 4;
}

/* number i of an array; written out, so that compilers see a plain load on little-endian machines */
static inline uint32_t
mlk_unpack(const uint8_t *items, int width, size_t i)
{
	const uint8_t *at = items + i * width;

	return width == 1 ? at[0] : width == 2 ? at[0] | (uint32_t) at[1] << 8 :
		(uint32_t) at[0] | (uint32_t) at[1] << 8 | (uint32_t) at[2] << 16 | (uint32_t) at[3] << 24;
}

static inline float
mlk_unpack_float(const uint8_t *items, size_t i)
{
	uint32_t	bits = mlk_unpack(items, 4, i);
	float		v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

/* arrays of all nodes, and how far they are read */
typedef struct MlkUnpack
{
	const uint8_t *test;		/* of each node: 0 leaf, else 1 + 2 * feature + missing left */
	const uint8_t *rank;		/* of each split of a number */
	const uint8_t *place;		/* of each leaf among the shared values; NULL: each leaf has its own */
	int			width_test;
	int			width_rank;
	int			width_place;
	uint32_t	number;
	uint32_t	category;
	uint32_t	leaf;
	uint32_t	next_child;
} MlkUnpack;

/* number of zeros, and the largest */
extern void mlk_unpack_count(const uint8_t *items, int width, uint32_t n, uint32_t *zeros, uint32_t *largest);

/* no zero, and a sum of 32 bits */
extern bool mlk_unpack_rows_valid(const uint8_t *items, int width, uint32_t n);

/* no float is infinite or NaN */
extern bool mlk_unpack_finite(const uint8_t *items, uint32_t n);

/*
 * Nodes [from, to), all of one tree and of one page, in an ensemble without categories; slot_of[2 * n_features + 1] by test.
 * values_page must be set.  One item behind the arrays may be read, and is not used.
 */
extern void mlk_unpack_nodes(MlkEnsemble *e, const uint16_t *slot_of, uint32_t from, uint32_t to, MlkUnpack *c);

#endif							/* MLK_TREE_UNPACK_H */
