/*
 * tree_bytes.c: the bytes of tree ensembles.
 *
 * One array for each property of the nodes, in breadth-first order, in which the structure need not be written: the children of
 * the k-th split of a tree are its nodes 2 k + 1 and 2 k + 2.  Most properties are small numbers whose largest one is known, and
 * take one byte.  So a model of megabytes is read by a few loops over arrays (tree_read.c).
 */
#include "algorithms/tree_internal.h"

#include "kernels/tree_unpack.h"

static MlTreeSorts
count_sorts(const MlkEnsemble *e)
{
	MlTreeSorts sorts = {0};

	for (uint32 i = 0; i < e->n_nodes; i++)
	{
		sorts.leaves += mlk_node_is_leaf(e, &e->nodes[i]);
		sorts.categories += mlk_node_is_category(e, &e->nodes[i]);
	}
	sorts.numbers = e->n_nodes - sorts.leaves - sorts.categories;
	return sorts;
}

/* an array of items of one width, as ml_blob_get_array reads it */
typedef struct Narrow
{
	uint8	   *items;
	uint32		n;
	int			width;
} Narrow;

static Narrow
narrow_array(uint32 room, uint32 largest)
{
	Narrow		a = {.width = mlk_unpack_width(largest)};

	a.items = ml_tree_array(uint8, ((Size) room + 1) * a.width);
	return a;
}

/* keep: whether v stays; it is written anyway, because which nodes have an item is nothing a processor could foretell */
static inline void
add(Narrow *a, uint32 v, uint32 keep)
{
	uint8	   *at = a->items + (Size) a->n * a->width;

	at[0] = (uint8) v;
	for (int i = 1; i < a->width; i++)
		at[i] = (uint8) (v >> (8 * i));
	a->n += keep;
}

static void
put_narrow(MlBlobWriter *w, Narrow *a)
{
	ml_blob_put_u32(w, a->n);
	ml_blob_put_bytes(w, a->items, (Size) a->n * a->width);
	pfree(a->items);
}

/* by slot, the node's line in the array of tests: 0 for a leaf, else 1 + 2 * feature + (missing values go left) */
static uint32 *
test_by_slot(const MlkEnsemble *e)
{
	uint32	   *test = ml_tree_array(uint32, mlk_slot_category(e, e->n_features, true));

	test[mlk_slot_leaf(e)] = 0;
	for (uint32 f = 0; f < e->n_features; f++)
		for (int left = 0; left < 2; left++)
			test[mlk_slot_number(e, f, left)] = test[mlk_slot_category(e, f, left)] = 1 + 2 * f + left;
	return test;
}

static uint32
most_thresholds(const MlkEnsemble *e)
{
	uint32		most = 1;

	for (uint32 f = 0; f < e->n_features; f++)
		most = Max(most, e->first_threshold[f + 1] - e->first_threshold[f]);
	return most;
}

static void
write_thresholds(const MlkEnsemble *e, MlBlobWriter *w)
{
	ml_blob_put_u32(w, e->n_features);
	for (uint32 f = 0; f < e->n_features; f++)
		ml_blob_put_u32(w, e->first_threshold[f + 1] - e->first_threshold[f]);
	ml_blob_put_f64_array(w, e->thresholds, e->first_threshold[e->n_features]);
}

static void
write_tests(const MlkEnsemble *e, MlTreeSorts sorts, MlBlobWriter *w)
{
	Narrow		test = narrow_array(e->n_nodes, 2 * e->n_features);
	Narrow		rank = narrow_array(sorts.numbers, most_thresholds(e) - 1);
	uint32	   *test_of = test_by_slot(e);

	for (uint32 i = 0; i < e->n_nodes; i++)
	{
		const MlkNode *node = &e->nodes[i];

		add(&test, test_of[node->slot], 1);
		add(&rank, node->rank, node->slot < mlk_slot_leaf(e));
	}
	pfree(test_of);
	put_narrow(w, &test);
	put_narrow(w, &rank);
}

/* sets lie in the order of their nodes, and their words in theirs */
static void
write_sets(const MlkEnsemble *e, MlBlobWriter *w)
{
	ml_blob_put_u32(w, e->n_sets);
	for (uint32 i = 0; i < e->n_sets; i++)
		ml_blob_put_u32(w, e->sets[i].begin | (uint32) e->sets[i].words << 16);
	ml_blob_put_u32_array(w, e->category_sets, e->n_set_words);
}

/* values in the order of the leaves, or shared and then each leaf's place among them */
static void
write_values(const MlkEnsemble *e, MlTreeSorts sorts, MlBlobWriter *w)
{
	uint32		n = e->n_values / e->values_per_leaf;
	Narrow		place;

	ml_blob_put_f64_array(w, e->values, e->n_values);
	ml_blob_put_u8(w, n != sorts.leaves);
	if (n == sorts.leaves)
		return;
	place = narrow_array(sorts.leaves, n - 1);
	for (uint32 i = 0; i < e->n_nodes; i++)
		add(&place, mlk_leaf_place(e, i), mlk_node_is_leaf(e, &e->nodes[i]));
	put_narrow(w, &place);
}

/* rows of the leaves, gains of the splits */
static void
write_info(const MlkEnsemble *e, MlTreeSorts sorts, MlBlobWriter *w)
{
	uint32		largest = 1;
	Narrow		rows;
	Narrow		gain = narrow_array(sorts.numbers + sorts.categories, PG_UINT32_MAX);

	for (uint32 i = 0; i < e->n_nodes; i++)
	{
		uint32		leaf_rows = e->info[i].rows & -(uint32) mlk_node_is_leaf(e, &e->nodes[i]);

		largest = Max(largest, leaf_rows);
	}
	rows = narrow_array(sorts.leaves, largest);
	for (uint32 i = 0; i < e->n_nodes; i++)
	{
		uint32		is_leaf = mlk_node_is_leaf(e, &e->nodes[i]);
		uint32		bits;

		memcpy(&bits, &e->info[i].gain, sizeof(bits));
		add(&rows, e->info[i].rows, is_leaf);
		add(&gain, bits, 1 - is_leaf);
	}
	ml_blob_put_u32(w, largest);
	put_narrow(w, &rows);
	put_narrow(w, &gain);
}

void
ml_tree_write(const void *state, MlBlobWriter *w)
{
	const MlTreeState *s = state;
	const MlkEnsemble *e = &s->e;
	MlTreeSorts sorts = count_sorts(e);

	ml_tree_need_info(s);
	ml_blob_put_u8(w, s->link);
	ml_blob_put_u32(w, e->n_outputs);
	ml_blob_put_u32(w, e->values_per_leaf);
	ml_blob_put_f64(w, e->scale);
	ml_blob_put_f64_array(w, e->base, e->n_outputs);
	ml_blob_put_u32_array(w, e->codes, e->n_features);
	ml_blob_put_u32(w, e->n_trees);
	for (uint32 t = 0; t < e->n_trees; t++)
		ml_blob_put_u32(w, e->roots[t + 1] - e->roots[t]);
	write_thresholds(e, w);
	write_tests(e, sorts, w);
	write_sets(e, w);
	write_values(e, sorts, w);
	write_info(e, sorts, w);
}
