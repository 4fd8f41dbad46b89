/*
 * forest.c: growing trees: bootstrap samples, and the order in which nodes are split.
 *
 * A tree keeps its rows in one array of entries; a node is a segment of it, and splitting a node parts its segment in place,
 * keeping the rows of either side ascending.  Nothing else about a split needs room: which categories went left can be read
 * off the rows of the left child when the tree is finished.  What is left to do is an explicit stack (depth first) or heap
 * (best first), so that a tree can be left at any node and gone on with later, by another thread.
 */
#include "kernels/forest_internal.h"

#include <string.h>

/* cells touched in one call of advance, by each slot: 50 to 150 ms */
#define ADVANCE_CELLS INT64_C(30000000)

/* ---- the rows of a tree ---- */

static inline uint32_t
entry_draws(const MlkForest *f, const MlkEntry *entry)
{
	return f->kind == MLK_CELL_BINARY ? entry->draws >> 1 : entry->draws;
}

static inline double
entry_weight(const MlkForest *f, const MlkEntry *entry)
{
	return entry_draws(f, entry) * (f->data.weight != NULL ? f->data.weight[entry->row] : 1.0);
}

/* binary: what a row adds to a cell */
static inline uint64_t
packed_entry(const MlkEntry *entry)
{
	uint64_t	draws = entry->draws >> 1;
	uint64_t	positive = draws & -(uint64_t) (entry->draws & 1);

	return 1 + (draws << MLK_PACK_BITS) + (positive << (2 * MLK_PACK_BITS));
}

static void
add_entry(const MlkForest *f, MlkForestSlot *slot, int64_t at, uint32_t draws)
{
	MlkEntry   *entry = &slot->entries[slot->n_entries];

	entry->row = f->data.used != NULL ? f->data.used[at] : (uint32_t) at;
	entry->draws = f->kind == MLK_CELL_BINARY ? 2 * draws + (uint32_t) f->data.label[entry->row] : draws;
	slot->weight += entry_weight(f, entry);
	slot->packed += packed_entry(entry);
	slot->n_entries++;
}

static void
draw_rows(const MlkForest *f, MlkForestSlot *slot, MlkForestScratch *s)
{
	int64_t		n = f->data.used != NULL ? f->data.n_used : f->data.x->rows;
	uint32_t   *draws = (uint32_t *) s->spare;

	slot->n_entries = 0;
	slot->weight = 0.0;
	slot->packed = 0;
	if (f->options.draws == 0)
	{
		for (int64_t i = 0; i < n; i++)
			add_entry(f, slot, i, 1);
		return;
	}
	memset(draws, 0, sizeof(uint32_t) * n);
	for (int64_t i = 0; i < f->options.draws; i++)
		draws[mlk_rng_below(&slot->rng, n)]++;
	for (int64_t i = 0; i < n; i++)
	{
		if (draws[i] > 0)
			add_entry(f, slot, i, draws[i]);
	}
}

/* ---- what the rows of a node add to the cells ---- */

void
mlk_forest_stream_packed(MlkForestScratch *s, const MlkEntry *entries, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		s->packed[i] = packed_entry(&entries[i]);
}

/* each returns whether the node is pure; totals are left in s */
static bool
stream_classes(const MlkForest *f, MlkForestScratch *s, const MlkEntry *entries, int64_t n)
{
	bool		pure = true;

	memset(s->total, 0, sizeof(double) * f->stride);
	for (int64_t i = 0; i < n; i++)
	{
		s->weight[i] = entry_weight(f, &entries[i]);
		s->label[i] = (uint32_t) f->data.label[entries[i].row];
		s->total[s->label[i]] += s->weight[i];
		pure &= s->label[i] == s->label[0];
	}
	s->total[f->data.n_classes] = (double) n;
	return pure;
}

static bool
stream_regression(const MlkForest *f, MlkForestScratch *s, const MlkEntry *entries, int64_t n)
{
	double		first = f->data.y[entries[0].row];
	double		weight = 0.0;
	double		sum = 0.0;
	double		mean;
	bool		pure = true;

	for (int64_t i = 0; i < n; i++)
	{
		double		y = f->data.y[entries[i].row];

		s->weight[i] = entry_weight(f, &entries[i]);
		s->moment[i] = y;
		weight += s->weight[i];
		sum += s->weight[i] * (y - first);
		pure &= y == first;
	}
	/* about the mean of the node, so that a large mean does not cost the gains their digits */
	mean = first + sum / weight;
	sum = 0.0;
	for (int64_t i = 0; i < n; i++)
	{
		s->moment[i] = s->weight[i] * (s->moment[i] - mean);
		sum += s->moment[i];
	}
	s->total[0] = weight;
	s->total[1] = sum;
	s->total[2] = (double) n;
	return pure;
}

/* packed: of the node, when cells are binary; then purity is known without a look at the rows */
static bool
make_stream(const MlkForest *f, MlkForestScratch *s, const MlkEntry *entries, int64_t n, uint64_t packed, MlkGrownNode *node)
{
	bool		pure;

	if (f->kind == MLK_CELL_BINARY)
	{
		uint64_t	draws = (packed >> MLK_PACK_BITS) & MLK_PACK_MASK;
		uint64_t	positives = packed >> (2 * MLK_PACK_BITS);

		s->packed_total = packed;
		node->sum_hessian = (double) draws;
		node->sum_gradient = (double) positives;
		return positives == 0 || positives == draws;
	}
	if (f->kind == MLK_CELL_REGRESSION)
	{
		pure = stream_regression(f, s, entries, n);
		node->sum_hessian = s->total[0];
		return pure;
	}
	pure = stream_classes(f, s, entries, n);
	for (int k = 0; k < f->data.n_classes; k++)
		node->sum_hessian += s->total[k];
	return pure;
}

/* ---- parting a segment ---- */

/* stable: left rows first, both sides in their old order; number of rows on the left */
static inline __attribute__((always_inline)) int64_t
part_by(MlkEntry *entries, int64_t n, MlkEntry *spare, const uint8_t *narrow, const uint16_t *wide, const uint8_t *side)
{
	int64_t		left = 0;
	int64_t		right = 0;

	for (int64_t i = 0; i < n; i++)
	{
		MlkEntry	entry = entries[i];
		int			goes_left = side[narrow != NULL ? narrow[entry.row] : wide[entry.row]];

		entries[left] = entry;
		spare[right] = entry;
		left += goes_left;
		right += 1 - goes_left;
	}
	memcpy(entries + left, spare, sizeof(MlkEntry) * right);
	return left;
}

/* the same where the side is a comparison */
static int64_t
part_number(MlkEntry *entries, int64_t n, MlkEntry *spare, const uint8_t *bins, int bin, int missing)
{
	int64_t		left = 0;
	int64_t		right = 0;

	for (int64_t i = 0; i < n; i++)
	{
		MlkEntry	entry = entries[i];
		int			b = bins[entry.row];
		int			goes_left = (b <= bin) | (b == missing);

		entries[left] = entry;
		spare[right] = entry;
		left += goes_left;
		right += 1 - goes_left;
	}
	memcpy(entries + left, spare, sizeof(MlkEntry) * right);
	return left;
}

static int64_t
part(const MlkForest *f, MlkForestScratch *s, MlkEntry *entries, int64_t n, const MlkForestBest *best)
{
	const MlkBinFeature *feature = &f->data.x->features[best->feature];
	int64_t		left;

	/* bins above every one in use never match */
	if (!feature->category)
		return part_number(entries, n, s->spare, feature->bins, best->bin, best->missing_left ? feature->n_bins : -1);
	for (int i = 0; i < best->n_codes; i++)
		s->side[s->best_codes[i]] = 1;
	s->side[feature->n_bins] = best->missing_left;
	if (feature->wide)
		left = part_by(entries, n, s->spare, NULL, feature->bins, s->side);
	else
		left = part_by(entries, n, s->spare, feature->bins, NULL, s->side);
	for (int i = 0; i < best->n_codes; i++)
		s->side[s->best_codes[i]] = 0;
	s->side[feature->n_bins] = 0;
	return left;
}

/* ---- a node ---- */

static MlkGrownNode *
add_node(MlkForestSlot *slot, int64_t first, int64_t rows)
{
	MlkGrownNode *node = &slot->nodes[slot->n_nodes++];

	*node = (MlkGrownNode) {.feature = -1, .left = -1, .right = -1, .rows = rows, .first_row = first};
	return node;
}

/*
 * Weigh the node, and when it is to be split, part its rows.  Returns the cells touched; split->feature < 0: a leaf.
 */
static int64_t
split_node(const MlkForest *f, MlkForestScratch *s, MlkForestSlot *slot, MlkGrownNode *node, int depth, uint64_t packed,
		   MlkForestSplit *split)
{
	const MlkForestOptions *o = &f->options;
	MlkEntry   *entries = slot->entries + node->first_row;
	int64_t		n = node->rows;
	MlkForestBest best;
	bool		pure = make_stream(f, s, entries, n, packed, node);

	split->feature = -1;
	if (pure || (o->max_depth > 0 && depth >= o->max_depth) || n < o->min_samples_split || n < 2 * o->min_samples_leaf)
		return n;
	if (!mlk_forest_find(f, s, slot, entries, n, &best, &split->gain) ||
		split->gain / slot->weight + 2.3e-16 < o->min_impurity_decrease)
		return n * (1 + o->max_features);
	split->feature = best.feature;
	split->bin = best.bin;
	split->missing_left = best.missing_left;
	split->packed_left = best.packed_left;
	split->n_left = (uint32_t) part(f, s, entries, n, &best);
	/* nothing was missing here: should it be later, follow the many */
	if (!best.had_missing)
		split->missing_left = 2 * (int64_t) split->n_left >= n;
	return n * (2 + o->max_features);
}

static void
take_split(const MlkForestSlot *slot, MlkGrownNode *node, const MlkForestSplit *split)
{
	node->feature = split->feature;
	node->bin = split->bin;
	node->missing_left = split->missing_left;
	node->gain = split->gain / slot->weight;
}

/* ---- depth first ---- */

static int64_t
grow_next(const MlkForest *f, MlkForestScratch *s, MlkForestSlot *slot)
{
	MlkForestItem item = slot->stack[--slot->n_pending];
	int32_t		index = slot->n_nodes;
	MlkGrownNode *node = add_node(slot, item.first, item.rows);
	MlkForestSplit split;
	int64_t		cells = split_node(f, s, slot, node, item.depth, item.packed, &split);

	if (item.parent >= 0)
	{
		if (item.right)
			slot->nodes[item.parent].right = index;
		else
			slot->nodes[item.parent].left = index;
	}
	if (split.feature < 0)
		return cells;
	take_split(slot, node, &split);
	slot->stack[slot->n_pending++] = (MlkForestItem)
	{
		item.first + split.n_left, item.rows - split.n_left, index, item.depth + 1, true, item.packed - split.packed_left
	};
	slot->stack[slot->n_pending++] = (MlkForestItem)
	{
		item.first, split.n_left, index, item.depth + 1, false, split.packed_left
	};
	return cells;
}

/* ---- best first ---- */

static bool
better(const MlkForestCandidate *a, const MlkForestCandidate *b)
{
	return a->split.gain > b->split.gain || (a->split.gain == b->split.gain && a->node < b->node);
}

static void
push_candidate(MlkForestSlot *slot, const MlkForestCandidate *c)
{
	int64_t		at = slot->n_pending++;

	while (at > 0 && better(c, &slot->heap[(at - 1) / 2]))
	{
		slot->heap[at] = slot->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	slot->heap[at] = *c;
}

static MlkForestCandidate
pop_candidate(MlkForestSlot *slot)
{
	MlkForestCandidate top = slot->heap[0];
	MlkForestCandidate last = slot->heap[--slot->n_pending];
	int64_t		at = 0;
	int64_t		child;

	while ((child = 2 * at + 1) < slot->n_pending)
	{
		if (child + 1 < slot->n_pending && better(&slot->heap[child + 1], &slot->heap[child]))
			child++;
		if (!better(&slot->heap[child], &last))
			break;
		slot->heap[at] = slot->heap[child];
		at = child;
	}
	slot->heap[at] = last;
	return top;
}

/* a new leaf; waits on the heap when it can be split */
static int64_t
add_leaf(const MlkForest *f, MlkForestScratch *s, MlkForestSlot *slot, int64_t first, int64_t rows, int depth, uint64_t packed)
{
	MlkForestCandidate c = {.node = slot->n_nodes, .depth = depth, .packed = packed};
	MlkGrownNode *node = add_node(slot, first, rows);
	int64_t		cells = split_node(f, s, slot, node, depth, packed, &c.split);

	if (c.split.feature >= 0)
		push_candidate(slot, &c);
	return cells;
}

static int64_t
grow_best(const MlkForest *f, MlkForestScratch *s, MlkForestSlot *slot)
{
	MlkForestCandidate c = pop_candidate(slot);
	MlkGrownNode *node = &slot->nodes[c.node];
	int64_t		first = node->first_row;
	int64_t		rows = node->rows;
	int64_t		cells;

	take_split(slot, node, &c.split);
	node->left = slot->n_nodes;
	node->right = slot->n_nodes + 1;
	cells = add_leaf(f, s, slot, first, c.split.n_left, c.depth + 1, c.split.packed_left);
	cells += add_leaf(f, s, slot, first + c.split.n_left, rows - c.split.n_left, c.depth + 1,
					  c.packed - c.split.packed_left);
	if (++slot->n_leaves == f->options.max_leaf_nodes)
		slot->n_pending = 0;
	return cells;
}

/* ---- a tree ---- */

/* two rounds of mixing: neighbouring trees and seeds have nothing in common */
static uint64_t
tree_seed(uint64_t seed, int64_t tree)
{
	MlkRng		rng;

	mlk_rng_seed(&rng, seed);
	mlk_rng_seed(&rng, mlk_rng_u64(&rng) ^ ((uint64_t) tree * UINT64_C(0xd1342543de82ef95)));
	return mlk_rng_u64(&rng);
}

static int64_t
start_tree(const MlkForest *f, MlkForestScratch *s, MlkForestSlot *slot)
{
	mlk_rng_seed(&slot->rng, tree_seed(f->options.seed, slot->tree));
	for (int j = 0; j < f->data.x->n_features; j++)
		slot->features[j] = j;
	slot->n_nodes = 0;
	slot->n_pending = 0;
	slot->n_leaves = 1;
	slot->started = true;
	draw_rows(f, slot, s);
	if (f->options.max_leaf_nodes > 0)
		return slot->n_entries + add_leaf(f, s, slot, 0, slot->n_entries, 0, slot->packed);
	slot->stack[slot->n_pending++] = (MlkForestItem) {0, (uint32_t) slot->n_entries, -1, 0, false, slot->packed};
	return slot->n_entries;
}

static void
advance_slot(void *arg, int64_t block, int worker)
{
	const MlkForest *f = arg;
	MlkForestSlot *slot = &f->slots[block];
	MlkForestScratch *s = &f->scratch[worker];
	int64_t		cells = 0;

	if (slot->idle)
		return;
	if (!slot->started)
		cells = start_tree(f, s, slot);
	while (slot->n_pending > 0 && cells < ADVANCE_CELLS)
		cells += f->options.max_leaf_nodes > 0 ? grow_best(f, s, slot) : grow_next(f, s, slot);
	slot->idle = slot->n_pending == 0;
}

void
mlk_forest_begin(MlkForest *f, int slot, int64_t tree)
{
	f->slots[slot].tree = tree;
	f->slots[slot].idle = false;
	f->slots[slot].started = false;
}

MlkStatus
mlk_forest_advance(MlkForest *f)
{
	if (mlk_pool_stop(f->pool))
		return MLK_CANCELLED;
	return mlk_parallel_for(f->pool, f->n_slots, advance_slot, f);
}

bool
mlk_forest_done(const MlkForest *f, int slot)
{
	return f->slots[slot].idle;
}
