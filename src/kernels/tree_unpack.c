/*
 * tree_unpack.c: loops over the stored arrays of trees (see tree_unpack.h).
 */
#include "kernels/tree_unpack.h"

MLK_CLONES
void
mlk_unpack_count(const uint8_t *items, int width, uint32_t n, uint32_t *zeros, uint32_t *largest)
{
	uint32_t	zero = 0;
	uint32_t	most = 0;

	for (uint32_t i = 0; i < n && width == 1; i++)
	{
		zero += items[i] == 0;
		most = items[i] > most ? items[i] : most;
	}
	for (uint32_t i = 0; i < n && width != 1; i++)
	{
		uint32_t	v = mlk_unpack(items, width, i);

		zero += v == 0;
		most = v > most ? v : most;
	}
	*zeros = zero;
	*largest = most;
}

MLK_CLONES
bool
mlk_unpack_rows_valid(const uint8_t *items, int width, uint32_t n)
{
	uint64_t	sum = 0;
	uint32_t	zeros = 0;

	for (uint32_t i = 0; i < n && width == 1; i++)
	{
		sum += items[i];
		zeros += items[i] == 0;
	}
	for (uint32_t i = 0; i < n && width != 1; i++)
	{
		uint32_t	v = mlk_unpack(items, width, i);

		sum += v;
		zeros += v == 0;
	}
	return zeros == 0 && sum <= UINT32_MAX;
}

MLK_CLONES
bool
mlk_unpack_finite(const uint8_t *items, uint32_t n)
{
	uint32_t	wrong = 0;

	for (uint32_t i = 0; i < n; i++)
		wrong |= (mlk_unpack(items, 4, i) & 0x7f800000) == 0x7f800000;
	return wrong == 0;
}

/* whether a node is a leaf is as good as random: no branch depends on it */
static inline __attribute__((always_inline)) void
unpack(MlkEnsemble *e, int width_test, int width_rank, int width_place, const uint16_t *slot_of, uint32_t from, uint32_t to,
	   MlkUnpack *c)
{
	uint32_t	first_leaf = e->values_page[from >> MLK_PAGE_BITS];
	uint32_t	number = c->number;
	uint32_t	leaf = c->leaf;
	uint32_t	next_child = c->next_child;

	for (uint32_t i = from; i < to; i++)
	{
		uint32_t	test = mlk_unpack(c->test, width_test, i);
		uint32_t	is_leaf = (test - 1) >> 31;	/* 1 for 0, in a form that compilers do not make a branch of */
		uint32_t	mask = -is_leaf;
		uint32_t	place = width_place == 0 ? leaf - first_leaf : mlk_unpack(c->place, width_place, leaf);
		uint32_t	rank = mlk_unpack(c->rank, width_rank, number);

		e->nodes[i].slot = slot_of[test];
		e->nodes[i].rank = (uint16_t) ((place & mask) | (rank & ~mask));
		e->nodes[i].left = (i & mask) | (next_child & ~mask);
		leaf += is_leaf;
		number += 1 - is_leaf;
		next_child += 2 - 2 * is_leaf;
	}
	c->number = number;
	c->leaf = leaf;
	c->next_child = next_child;
}

void
mlk_unpack_nodes(MlkEnsemble *e, const uint16_t *slot_of, uint32_t from, uint32_t to, MlkUnpack *c)
{
	int			width_place = c->place == NULL ? 0 : c->width_place;

	if (c->width_test == 1 && c->width_rank == 1 && width_place == 0)
		unpack(e, 1, 1, 0, slot_of, from, to, c);
	else if (c->width_test == 1 && c->width_rank == 1 && width_place == 1)
		unpack(e, 1, 1, 1, slot_of, from, to, c);
	else
		unpack(e, c->width_test, c->width_rank, width_place, slot_of, from, to, c);
}
