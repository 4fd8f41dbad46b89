/*
 * tree_bytes.c: the bytes of tree ensembles.
 *
 * One array for each property of the nodes, in breadth-first order, in which the structure need not be written: the children of
 * the k-th split of a tree are its nodes 2 k + 1 and 2 k + 2.  So a model of megabytes is read by a few loops over
 * arrays, and one check of the result covers building and reading.
 */
#include "algorithms/tree_internal.h"

/* the node's line in the array of tests: 0 for a leaf, else 1 + 2 * feature + (missing values go left) */
static uint32
test_code(const MlkEnsemble *e, const MlkNode *node)
{
	if (mlk_node_is_leaf(e, node))
		return 0;
	return 1 + 2 * mlk_node_feature(e, node) + mlk_node_missing_left(e, node);
}

/* how many nodes are of each sort */
typedef struct Sorts
{
	uint32		leaves;
	uint32		numbers;
	uint32		categories;
} Sorts;

static Sorts
count_sorts(const MlkEnsemble *e)
{
	Sorts		sorts = {0};

	for (uint32 i = 0; i < e->n_nodes; i++)
	{
		if (mlk_node_is_leaf(e, &e->nodes[i]))
			sorts.leaves++;
		else if (mlk_node_is_category(e, &e->nodes[i]))
			sorts.categories++;
		else
			sorts.numbers++;
	}
	return sorts;
}

static uint32
float_bits(float v)
{
	uint32		bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits;
}

static float
bits_float(uint32 bits)
{
	float		v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

/* a count and as many items, as ml_blob_put_*_array writes them: what the nodes hold side by side */
static void
write_nodes(const MlkEnsemble *e, Sorts sorts, MlBlobWriter *w)
{
	ml_blob_put_u32(w, e->n_nodes);
	for (uint32 i = 0; i < e->n_nodes; i++)
		ml_blob_put_u32(w, test_code(e, &e->nodes[i]));
	ml_blob_put_u32(w, e->n_nodes);
	for (uint32 i = 0; i < e->n_nodes; i++)
		ml_blob_put_u32(w, e->info[i].rows);
	ml_blob_put_u32(w, sorts.numbers + sorts.categories);
	for (uint32 i = 0; i < e->n_nodes; i++)
	{
		if (!mlk_node_is_leaf(e, &e->nodes[i]))
			ml_blob_put_u32(w, float_bits(e->info[i].gain));
	}
	ml_blob_put_u32(w, sorts.numbers);
	for (uint32 i = 0; i < e->n_nodes; i++)
	{
		if (!mlk_node_is_leaf(e, &e->nodes[i]) && !mlk_node_is_category(e, &e->nodes[i]))
			ml_blob_put_f64(w, e->nodes[i].test.threshold);
	}
	ml_blob_put_u32(w, sorts.categories);
	for (uint32 i = 0; i < e->n_nodes; i++)
	{
		if (mlk_node_is_category(e, &e->nodes[i]))
			ml_blob_put_u32(w, e->nodes[i].test.set.begin | (uint32) e->nodes[i].test.set.words << 16);
	}
}

/* sets and values lie in the order of their nodes, whatever built the ensemble */
static void
write_leaves(const MlkEnsemble *e, Sorts sorts, MlBlobWriter *w)
{
	ml_blob_put_u32(w, sorts.leaves * e->values_per_leaf);
	for (uint32 i = 0; i < e->n_nodes; i++)
	{
		const double *value = mlk_leaf_values(e, &e->nodes[i]);

		for (uint32 k = 0; mlk_node_is_leaf(e, &e->nodes[i]) && k < e->values_per_leaf; k++)
			ml_blob_put_f64(w, value[k]);
	}
}

void
ml_tree_write(const void *state, MlBlobWriter *w)
{
	const MlTreeState *s = state;
	const MlkEnsemble *e = &s->e;
	Sorts		sorts = count_sorts(e);

	ml_blob_put_u8(w, s->link);
	ml_blob_put_u32(w, e->n_outputs);
	ml_blob_put_u32(w, e->values_per_leaf);
	ml_blob_put_f64(w, e->scale);
	ml_blob_put_f64_array(w, e->base, e->n_outputs);
	ml_blob_put_u32_array(w, e->codes, e->n_features);
	ml_blob_put_u32(w, e->n_trees);
	for (uint32 t = 0; t < e->n_trees; t++)
		ml_blob_put_u32(w, e->roots[t + 1] - e->roots[t]);
	write_nodes(e, sorts, w);
	ml_blob_put_u32_array(w, e->category_sets, e->n_set_words);
	write_leaves(e, sorts, w);
}

/* ---- reading ---- */

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

/* what the bytes say of the nodes, array by array, where it lies in the bytes */
typedef struct NodeArrays
{
	Sorts		sorts;
	const uint8 *test;			/* n_nodes */
	const uint8 *rows;			/* n_nodes */
	const uint8 *gain;			/* splits */
	const uint8 *threshold;		/* splits of numbers */
	const uint8 *range;			/* splits of categories */
	const uint8 *value;			/* leaves, when each has one */
} NodeArrays;

/* counts the sorts; false when a test is of no feature */
static bool
sort_tests(const MlkEnsemble *e, const uint8 *tests, Sorts *sorts)
{
	for (uint32 i = 0; i < e->n_nodes; i++)
	{
		uint32		test = ml_blob_load_u32(tests, i);

		if (test == 0)
			sorts->leaves++;
		else if ((test - 1) / 2 >= e->n_features)
			return false;
		else if (e->codes[(test - 1) / 2] > 0)
			sorts->categories++;
		else
			sorts->numbers++;
	}
	return true;
}

static bool
read_arrays(MlkEnsemble *e, MlBlobReader *r, NodeArrays *a)
{
	a->test = ml_blob_get_array(r, sizeof(uint32), e->n_nodes);
	a->rows = ml_blob_get_array(r, sizeof(uint32), e->n_nodes);
	if (ml_blob_ok(r) && !sort_tests(e, a->test, &a->sorts))
		ml_blob_fail(r, "a node tests a feature that is not there");
	a->gain = ml_blob_get_array(r, sizeof(uint32), a->sorts.numbers + a->sorts.categories);
	a->threshold = ml_blob_get_array(r, sizeof(double), a->sorts.numbers);
	a->range = ml_blob_get_array(r, sizeof(uint32), a->sorts.categories);
	e->n_set_words = peek_count(r);
	e->category_sets = read_u32(r, e->n_set_words);
	if (e->values_per_leaf == 1)
		a->value = ml_blob_get_array(r, sizeof(double), a->sorts.leaves);
	else
	{
		e->values = read_f64(r, (double) a->sorts.leaves * e->values_per_leaf);
		e->n_values = a->sorts.leaves * e->values_per_leaf;
	}
	return ml_blob_ok(r);
}

/* sets follow each other in the order of the nodes; what does not fit is found by the check of the whole */
static void
take_set(MlkNode *node, uint32 range, uint32 *next_word)
{
	node->test.set.first = *next_word;
	node->test.set.begin = range & 0xffff;
	node->test.set.words = range >> 16;
	*next_word = *next_word > PG_INT32_MAX ? *next_word : *next_word + node->test.set.words;
}

static void
take_nodes(MlkEnsemble *e, const NodeArrays *a)
{
	uint32		split = 0;
	uint32		number = 0;
	uint32		category = 0;
	uint32		leaf = 0;
	uint32		word = 0;
	uint32		next_child = 0;
	uint32		tree = 0;

	memset(e->nodes, 0, sizeof(MlkNode) * e->n_nodes);
	for (uint32 i = 0; i < e->n_nodes; i++)
	{
		MlkNode    *node = &e->nodes[i];
		uint32		test = ml_blob_load_u32(a->test, i);
		uint32		feature = (test - 1) / 2;
		bool		missing_left = (test - 1) % 2 == 1;

		if (i == e->roots[tree])
		{
			next_child = i + 1;
			tree++;
		}
		e->info[i].rows = ml_blob_load_u32(a->rows, i);
		e->info[i].gain = 0.0f;
		if (test == 0)
		{
			node->slot = mlk_slot_leaf(e);
			node->left = i;
			if (e->values_per_leaf == 1)
				node->test.value = ml_blob_load_f64(a->value, leaf++);
			else
				node->test.leaf = leaf++;
			continue;
		}
		e->info[i].gain = bits_float(ml_blob_load_u32(a->gain, split++));
		node->left = next_child;
		next_child += 2;
		if (e->codes[feature] > 0)
		{
			node->slot = mlk_slot_category(e, feature, missing_left);
			take_set(node, ml_blob_load_u32(a->range, category++), &word);
		}
		else
		{
			node->slot = mlk_slot_number(e, feature, missing_left);
			node->test.threshold = ml_blob_load_f64(a->threshold, number++);
		}
	}
}

void *
ml_tree_read(MlBlobReader *r, const MlShape *shape)
{
	MlTreeState *s = palloc0(sizeof(MlTreeState));
	MlkEnsemble *e = &s->e;
	NodeArrays	a = {0};

	read_head(s, r, shape);
	if (!ml_blob_ok(r))
		return NULL;
	read_roots(e, r);
	if (!ml_blob_ok(r) || !read_arrays(e, r, &a))
		return NULL;
	e->nodes = ml_tree_array(MlkNode, e->n_nodes);
	e->info = ml_tree_array(MlkNodeInfo, e->n_nodes);
	take_nodes(e, &a);
	if (!mlk_ensemble_valid(e))
		ml_blob_fail(r, "the trees are damaged");
	else
		ml_tree_flatten(e);
	return ml_blob_ok(r) ? s : NULL;
}
