/*
 * tree_read.c: tree ensembles from their bytes (see tree_bytes.c).
 *
 * Every array is checked against the bytes that are left before it is used, and one check of the result covers building and
 * reading.  What only explanations need comes last and stays as it is until it is asked for.
 */
#include "algorithms/tree_internal.h"

#include "kernels/tree_unpack.h"
#include "pages.h"

/* an array of exactly n items, whose bytes must be there before memory is taken; NULL on failure */
static uint32 *
read_u32(MlBlobReader *r, uint32 n)
{
	uint32	   *array;

	if (ml_blob_left(r) / sizeof(uint32) < n)
		ml_blob_fail(r, "the trees are cut short");
	if (!ml_blob_ok(r))
		return NULL;
	array = ml_tree_array(uint32, n);
	ml_blob_get_u32_array(r, array, n);
	return ml_blob_ok(r) ? array : NULL;
}

static double *
read_f64(MlBlobReader *r, double n)
{
	double	   *array;

	if ((double) (ml_blob_left(r) / sizeof(double)) < n)
		ml_blob_fail(r, "the trees are cut short");
	if (!ml_blob_ok(r))
		return NULL;
	array = ml_tree_array(double, n);
	ml_blob_get_f64_array(r, array, (uint32) n);
	return ml_blob_ok(r) ? array : NULL;
}

/* the count of the array that comes next, which read_u32 or read_f64 reads then */
static uint32
peek_count(const MlBlobReader *r)
{
	MlBlobReader ahead = *r;
	uint32		n = ml_blob_get_count(&ahead, sizeof(uint32), PG_INT32_MAX);

	return ml_blob_ok(&ahead) ? n : 0;
}

static bool
link_fits(MlTreeLink link, const MlkEnsemble *e, const MlShape *shape)
{
	uint32		classes = shape->n_classes;

	if (e->values_per_leaf != 1 && e->values_per_leaf != e->n_outputs)
		return false;
	switch (link)
	{
		case ML_TREE_IDENTITY:
		case ML_TREE_EXP:
			return shape->task == ML_TASK_REGRESSION && e->n_outputs == 1;
		case ML_TREE_LOGISTIC:
			return shape->task == ML_TASK_CLASSIFICATION && classes == 2 && e->n_outputs == 1;
		case ML_TREE_SOFTMAX:
			return shape->task == ML_TASK_CLASSIFICATION && e->n_outputs == classes;
		case ML_TREE_AVERAGE:
			return e->n_outputs == (shape->task == ML_TASK_REGRESSION ? 1 : classes);
	}
	return false;
}

static void
read_head(MlTreeState *s, MlBlobReader *r, const MlShape *shape)
{
	MlkEnsemble *e = &s->e;

	s->task = shape->task;
	s->link = ml_blob_get_u8(r);
	e->n_outputs = ml_blob_get_u32(r);
	e->values_per_leaf = ml_blob_get_u32(r);
	e->scale = ml_blob_get_f64(r);
	if (ml_blob_ok(r) && (shape->cols < 0 || !link_fits(s->link, e, shape)))
		ml_blob_fail(r, "the trees do not fit the model's features or classes");
	if (ml_blob_ok(r) && shape->cols > MLK_MAX_TREE_FEATURES)
		ml_blob_fail(r, "the trees have too many features");
	e->n_features = ml_blob_ok(r) ? shape->cols : 0;
	e->base = read_f64(r, e->n_outputs);
	e->codes = read_u32(r, e->n_features);
}

/* roots from the numbers of nodes of the trees */
static void
read_roots(MlkEnsemble *e, MlBlobReader *r)
{
	uint32		n_trees = peek_count(r);
	uint32	   *nodes = read_u32(r, n_trees);
	uint64		sum = 0;

	if (nodes == NULL)
		return;
	e->n_trees = n_trees;
	e->depth = ml_tree_array(uint32, n_trees);
	e->roots = ml_tree_array(uint32, (Size) n_trees + 1);
	for (uint32 t = 0; t < n_trees; t++)
	{
		e->roots[t] = (uint32) sum;
		sum += nodes[t];
		if (nodes[t] == 0 || sum > PG_INT32_MAX)
		{
			ml_blob_fail(r, "a tree has an impossible number of nodes");
			return;
		}
	}
	e->roots[n_trees] = e->n_nodes = (uint32) sum;
	pfree(nodes);
}

static void
read_thresholds(MlkEnsemble *e, MlBlobReader *r)
{
	uint32	   *n = read_u32(r, e->n_features);
	uint64		sum = 0;

	if (n == NULL)
		return;
	e->first_threshold = ml_tree_array(uint32, (Size) e->n_features + 1);
	for (uint32 f = 0; f < e->n_features; f++)
	{
		e->first_threshold[f] = (uint32) sum;
		sum += n[f];
		if (n[f] > MLK_MAX_THRESHOLDS)
			ml_blob_fail(r, "a feature has too many thresholds");
	}
	e->first_threshold[e->n_features] = (uint32) sum;
	e->thresholds = read_f64(r, (double) sum);
	pfree(n);
}

/* what the bytes say of the nodes, array by array, where it lies in the bytes */
typedef struct NodeArrays
{
	MlTreeSorts sorts;
	const uint8 *test;			/* n_nodes */
	const uint8 *rank;			/* splits of numbers */
	const uint8 *place;			/* leaves whose values are shared, else NULL */
	int			width_test;
	int			width_rank;
	int			width_place;
} NodeArrays;

/* counts the sorts; false when a test is of no feature */
static bool
sort_tests(const MlkEnsemble *e, NodeArrays *a)
{
	uint32		largest;
	uint32		leaves;

	mlk_unpack_count(a->test, a->width_test, e->n_nodes, &leaves, &largest);
	if (largest > 2 * e->n_features)
		return false;
	a->sorts.leaves = leaves;
	for (uint32 i = 0; i < e->n_nodes && e->categories; i++)
	{
		uint32		test = mlk_unpack(a->test, a->width_test, i);

		a->sorts.categories += test > 0 && e->codes[(test - 1) / 2] > 0;
	}
	a->sorts.numbers = e->n_nodes - leaves - a->sorts.categories;
	return true;
}

/* sets follow each other; what does not fit is found by the check of the whole */
static void
read_sets(MlkEnsemble *e, uint32 n, MlBlobReader *r)
{
	const uint8 *range = ml_blob_get_array(r, sizeof(uint32), n);
	uint32		word = 0;

	e->n_set_words = peek_count(r);
	e->category_sets = read_u32(r, e->n_set_words);
	if (!ml_blob_ok(r))
		return;
	e->n_sets = n;
	e->sets = ml_tree_array(MlkNodeSet, n);
	for (uint32 i = 0; i < n; i++)
	{
		uint32		bits = ml_blob_load_u32(range, i);

		e->sets[i] = (MlkNodeSet) {.first = word,.begin = bits & 0xffff,.words = bits >> 16};
		if (word <= e->n_set_words)
			word += bits >> 16;
	}
}

static void
read_values(MlkEnsemble *e, NodeArrays *a, MlBlobReader *r)
{
	uint32		n = peek_count(r);

	e->values = read_f64(r, n);
	e->n_values = n;
	if (ml_blob_get_bool(r))
	{
		a->width_place = mlk_unpack_width(n / e->values_per_leaf - (n >= e->values_per_leaf));
		a->place = ml_blob_get_array(r, a->width_place, a->sorts.leaves);
		if (ml_blob_ok(r) && a->width_place > 2)
			ml_blob_fail(r, "leaves share too many values");
	}
	else if (n / e->values_per_leaf != a->sorts.leaves)
		ml_blob_fail(r, "the leaves have another number of values");
}

/* of each tree, the rows must add up to those of its root */
static bool
valid_rows(const MlTreeState *s)
{
	const MlkEnsemble *e = &s->e;
	Size		at = 0;

	for (uint32 t = 0; t < e->n_trees; t++)
	{
		uint32		leaves = (e->roots[t + 1] - e->roots[t] + 1) / 2;

		if (!mlk_unpack_rows_valid(s->leaf_rows + at * s->width_rows, s->width_rows, leaves))
			return false;
		at += leaves;
	}
	return true;
}

static const uint8 *
copy_bytes(const uint8 *bytes, Size len)
{
	uint8	   *copy = ml_large_pages(ml_tree_array(uint8, len), len);

	memcpy(copy, bytes, len);
	return copy;
}

/* checked now, kept as bytes, and made into what it means when it is asked for */
static void
read_info(MlTreeState *s, MlTreeSorts sorts, MlBlobReader *r)
{
	uint32		splits = sorts.numbers + sorts.categories;

	s->width_rows = mlk_unpack_width(ml_blob_get_u32(r));
	s->leaf_rows = ml_blob_get_array(r, s->width_rows, sorts.leaves);
	s->gain = ml_blob_get_array(r, sizeof(uint32), splits);
	if (!ml_blob_ok(r))
		return;
	if (!mlk_unpack_finite(s->gain, splits) || !valid_rows(s))
		ml_blob_fail(r, "the trees have impossible rows or gains");
	s->leaf_rows = copy_bytes(s->leaf_rows, (Size) sorts.leaves * s->width_rows);
	s->gain = copy_bytes(s->gain, (Size) splits * sizeof(uint32));
}

static bool
read_arrays(MlTreeState *s, MlBlobReader *r, NodeArrays *a)
{
	MlkEnsemble *e = &s->e;
	uint32		most = 1;

	for (uint32 f = 0; f < e->n_features; f++)
	{
		most = Max(most, e->first_threshold[f + 1] - e->first_threshold[f]);
		e->categories |= e->codes[f] > 0;
	}
	a->width_test = mlk_unpack_width(2 * e->n_features);
	a->width_rank = mlk_unpack_width(most - 1);
	a->test = ml_blob_get_array(r, a->width_test, e->n_nodes);
	if (ml_blob_ok(r) && !sort_tests(e, a))
		ml_blob_fail(r, "a node tests a feature that is not there");
	/* each tree has one leaf more than splits; with that, arrays over the leaves can be cut into trees */
	if (ml_blob_ok(r) && (uint64) a->sorts.leaves * 2 != (uint64) e->n_nodes + e->n_trees)
		ml_blob_fail(r, "the trees have not as many leaves as their splits need");
	a->rank = ml_blob_get_array(r, a->width_rank, a->sorts.numbers);
	read_sets(e, a->sorts.categories, r);
	read_values(e, a, r);
	read_info(s, a->sorts, r);
	return ml_blob_ok(r);
}

static void
take_any(MlkEnsemble *e, const NodeArrays *a, const uint16 *slot_of, uint32 from, uint32 to, MlkUnpack *c)
{
	for (uint32 i = from; i < to; i++)
	{
		uint32		test = mlk_unpack(a->test, a->width_test, i);
		MlkNode    *node = &e->nodes[i];

		node->slot = slot_of[test];
		node->left = test == 0 ? i : c->next_child;
		c->next_child += test == 0 ? 0 : 2;
		if (test == 0 && a->place != NULL)
			node->rank = mlk_unpack(a->place, a->width_place, c->leaf++);
		else if (test == 0)
			node->rank = c->leaf++ - e->values_page[i >> MLK_PAGE_BITS];
		else if (e->codes[(test - 1) / 2] > 0)
			node->rank = c->category++ - e->sets_page[i >> MLK_PAGE_BITS];
		else
			node->rank = mlk_unpack(a->rank, a->width_rank, c->number++);
	}
}

/* what is the node's slot for each test */
static uint16 *
make_slots(const MlkEnsemble *e)
{
	uint16	   *slot = ml_tree_array(uint16, 2 * (Size) e->n_features + 1);

	slot[0] = mlk_slot_leaf(e);
	for (uint32 f = 0; f < e->n_features; f++)
		for (int left = 0; left < 2; left++)
			slot[1 + 2 * f + left] = e->codes[f] > 0 ? mlk_slot_category(e, f, left) : mlk_slot_number(e, f, left);
	return slot;
}

/* tree by tree, each checked while it is in the cache; false: damaged */
static bool
take_nodes(MlkEnsemble *e, const NodeArrays *a)
{
	MlkUnpack	c = {a->test, a->rank, a->place, a->width_test, a->width_rank, a->width_place};
	uint16	   *slot_of = make_slots(e);
	bool		categories = e->categories;
	bool		valid = mlk_ensemble_valid_head(e);
	uint32		from = 0;

	for (uint32 tree = 0; tree < e->n_trees && valid; tree++)
	{
		uint32		end = e->roots[tree + 1];

		c.next_child = from + 1;
		for (uint32 to; from < end; from = to)
		{
			if (from % MLK_PAGE_NODES == 0)
			{
				e->values_page[from >> MLK_PAGE_BITS] = a->place == NULL ? c.leaf : 0;
				e->sets_page[from >> MLK_PAGE_BITS] = c.category;
			}
			to = Min(end, (from / MLK_PAGE_NODES + 1) * MLK_PAGE_NODES);
			if (categories)
				take_any(e, a, slot_of, from, to, &c);
			else
				mlk_unpack_nodes(e, slot_of, from, to, &c);
		}
		valid = mlk_ensemble_valid_tree(e, tree);
	}
	pfree(slot_of);
	return valid;
}

void *
ml_tree_read(MlBlobReader *r, const MlShape *shape)
{
	MlTreeState *s = palloc0(sizeof(MlTreeState));
	MlkEnsemble *e = &s->e;
	NodeArrays	a = {0};

	s->context = CurrentMemoryContext;
	read_head(s, r, shape);
	if (!ml_blob_ok(r))
		return NULL;
	read_roots(e, r);
	read_thresholds(e, r);
	if (!ml_blob_ok(r) || !read_arrays(s, r, &a))
		return NULL;
	e->nodes = ml_large_pages(ml_tree_array(MlkNode, e->n_nodes), sizeof(MlkNode) * (Size) e->n_nodes);
	e->values_page = ml_tree_array(uint32, mlk_pages(e->n_nodes));
	e->sets_page = ml_tree_array(uint32, mlk_pages(e->n_nodes));
	if (!take_nodes(e, &a))
		ml_blob_fail(r, "the trees are damaged");
	else
		ml_tree_flatten(e);
	return ml_blob_ok(r) ? s : NULL;
}
