/*
 * tree_close.c: the end of building trees: thresholds that no split uses are dropped, leaves that say the same share their
 * values (those of a forest of deep trees mostly do), and with that every node gets its rank.
 */
#include "algorithms/tree_internal.h"

#include "utils/memutils.h"

/* values that leaves may share: places of 16 bits, in a table that is never more than half full */
#define MAX_SHARED 65536
#define SHARED_SLOTS (2 * MAX_SHARED)

/* by slot, of numbers: where the feature's thresholds begin; elsewhere spare, a place that is no threshold's */
static uint32 *
first_by_slot(const MlkEnsemble *e, uint32 spare)
{
	uint32		n_slots = mlk_slot_category(e, e->n_features, true);
	uint32	   *first = ml_tree_array(uint32, n_slots);

	for (uint32 slot = 0; slot < n_slots; slot++)
		first[slot] = spare;
	for (uint32 f = 0; f < e->n_features; f++)
		first[f] = first[f + e->n_features] = e->first_threshold[f];
	return first;
}

/* thresholds that no split has go; new_rank: what becomes of each one's place among those of its feature */
static void
drop_thresholds(MlkEnsemble *e, const uint32 *first_of, uint16 *new_rank)
{
	uint32		n = e->first_threshold[e->n_features];
	bool	   *used = palloc0(sizeof(bool) * ((Size) n + PG_UINT16_MAX + 1));
	uint32		kept = 0;

	for (uint32 i = 0; i < e->n_nodes; i++)
		used[first_of[e->nodes[i].slot] + e->nodes[i].rank] = true;
	for (uint32 f = 0; f < e->n_features; f++)
	{
		uint32		first = e->first_threshold[f];
		uint32		end = e->first_threshold[f + 1];

		e->first_threshold[f] = kept;
		for (uint32 i = first; i < end; i++)
		{
			new_rank[i] = kept - e->first_threshold[f];
			e->thresholds[kept] = e->thresholds[i];
			kept += used[i];
		}
	}
	e->first_threshold[e->n_features] = kept;
	pfree(used);
}

/* place[n_leaves] of each leaf's values among the n_shared different ones, whose first leaves are first[]; false: not worth it */
static bool
find_shared(const MlkEnsemble *e, uint32 n_leaves, uint16 *place, uint32 *first, uint32 *n_shared)
{
	Size		size = sizeof(double) * e->values_per_leaf;
	uint32		most = Min(n_leaves / 2, MAX_SHARED);
	uint32	   *slots = palloc0(sizeof(uint32) * SHARED_SLOTS);	/* 1 + place; 0: free */
	uint32		n = 0;

	for (uint32 i = 0; i < n_leaves && n <= most; i++)
	{
		const double *values = e->values + (Size) i * e->values_per_leaf;
		uint64		hash = 0;
		uint32		at;

		for (uint32 k = 0; k < e->values_per_leaf; k++)
		{
			uint64		bits;

			memcpy(&bits, &values[k], sizeof(bits));
			hash = (hash ^ bits) * UINT64CONST(0x9e3779b97f4a7c15);
			hash ^= hash >> 32;
		}
		at = (uint32) hash % SHARED_SLOTS;
		while (slots[at] != 0 && memcmp(e->values + (Size) first[slots[at] - 1] * e->values_per_leaf, values, size) != 0)
			at = (at + 1) % SHARED_SLOTS;
		if (slots[at] == 0)
		{
			if (n < most)
				first[n] = i;
			slots[at] = ++n;
		}
		place[i] = (uint16) (slots[at] - 1);
	}
	pfree(slots);
	*n_shared = n;
	return n <= most;
}

/* leaves that say the same share their values when that pays; returns each leaf's place then, else NULL */
static uint16 *
share_values(MlkEnsemble *e)
{
	uint32		n_leaves = e->n_values / e->values_per_leaf;
	uint16	   *place = ml_tree_array(uint16, (Size) n_leaves + 1);
	uint32	   *first = ml_tree_array(uint32, Min(n_leaves / 2, MAX_SHARED));
	uint32		n;

	if (n_leaves == 0 || !find_shared(e, n_leaves, place, first, &n))
	{
		pfree(place);
		pfree(first);
		return NULL;
	}
	for (uint32 i = 0; i < n; i++)
		memmove(e->values + (Size) i * e->values_per_leaf, e->values + (Size) first[i] * e->values_per_leaf,
				sizeof(double) * e->values_per_leaf);
	e->n_values = n * e->values_per_leaf;
	e->values = repalloc_huge(e->values, sizeof(double) * e->n_values);
	pfree(first);
	return place;
}

/*
 * The ranks of all nodes: until now, splits of numbers had the place of their bin, and the others none.  Whether a node is a
 * leaf is as good as random: no branch depends on it.
 */
static void
rank_nodes(MlkEnsemble *e, const uint32 *first_of, const uint16 *new_rank, const uint16 *place)
{
	const uint32 leaf_slot = mlk_slot_leaf(e);
	uint32		leaf = 0;
	uint32		set = 0;
	uint32		first_leaf = 0;
	uint32		first_set = 0;

	for (uint32 i = 0; i < e->n_nodes; i++)
	{
		MlkNode    *node = &e->nodes[i];
		uint32		is_leaf = ((uint32) (node->slot ^ leaf_slot) - 1) >> 31;
		uint32		own = place != NULL ? place[leaf] : leaf - first_leaf;

		if (i % MLK_PAGE_NODES == 0)
		{
			e->sets_page[i >> MLK_PAGE_BITS] = first_set = set;
			e->values_page[i >> MLK_PAGE_BITS] = place != NULL ? 0 : leaf;
			first_leaf = leaf;
			own = place != NULL ? own : 0;
		}
		if (node->slot > leaf_slot)
		{
			node->rank = set++ - first_set;
			continue;
		}
		node->rank = (own & -is_leaf) | (new_rank[first_of[node->slot] + node->rank] & ~-is_leaf);
		leaf += is_leaf;
	}
}

void
ml_tree_close_up(MlkEnsemble *e)
{
	uint32		spare = e->first_threshold[e->n_features];
	uint32	   *first_of = first_by_slot(e, spare);
	uint16	   *new_rank = palloc0(sizeof(uint16) * ((Size) spare + PG_UINT16_MAX + 1));
	uint16	   *place;

	drop_thresholds(e, first_of, new_rank);
	place = share_values(e);
	rank_nodes(e, first_of, new_rank, place);
	if (place != NULL)
		pfree(place);
	pfree(new_rank);
	pfree(first_of);
}
