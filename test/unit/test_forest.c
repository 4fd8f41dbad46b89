/*
 * test_forest.c: trees against exhaustive searches, scikit-learn's pruning, and what must hold for any tree.
 */
#include "unit.h"

#include "kernels/forest.h"

#define GAIN_TOLERANCE 1e-12
#define MAX_COLS 8

/* binned data, all narrow */
typedef struct Data
{
	MlkBinFeature feature[MAX_COLS];
	MlkBinned	x;
	uint8_t    *bins[MAX_COLS];
	double	   *edges;
	int32_t    *label;
	double	   *y;
	double	   *weight;
} Data;

static Data *
make_data(int64_t rows, int cols, int n_bins)
{
	Data	   *d = unit_array(Data, 1);

	d->edges = unit_array(double, 256);
	for (int b = 0; b < 256; b++)
		d->edges[b] = b + 0.5;
	for (int j = 0; j < cols; j++)
	{
		d->bins[j] = unit_array(uint8_t, rows);
		d->feature[j] = (MlkBinFeature) {false, false, n_bins, d->edges, d->bins[j]};
	}
	d->x = (MlkBinned) {rows, cols, d->feature};
	d->label = unit_array(int32_t, rows);
	d->y = unit_array(double, rows);
	d->weight = unit_array(double, rows);
	for (int64_t i = 0; i < rows; i++)
		d->weight[i] = 1.0;
	return d;
}

static void
free_data(Data *d)
{
	for (int j = 0; j < d->x.n_features; j++)
		unit_free(d->bins[j]);
	unit_free(d->edges);
	unit_free(d->label);
	unit_free(d->y);
	unit_free(d->weight);
	unit_free(d);
}

/* bins, one in eight of them missing, and labels and targets that depend on them */
static Data *
random_data(int64_t rows, int cols, int n_bins, int n_classes, uint64_t seed)
{
	Data	   *d = make_data(rows, cols, n_bins);
	MlkRng		rng;

	mlk_rng_seed(&rng, seed);
	for (int64_t i = 0; i < rows; i++)
	{
		double		signal = mlk_rng_normal(&rng);

		for (int j = 0; j < cols; j++)
		{
			d->bins[j][i] = (uint8_t) (mlk_rng_below(&rng, 8) == 0 ? n_bins : mlk_rng_below(&rng, n_bins));
			signal += j % 2 == 0 ? 2.0 * d->bins[j][i] / n_bins : (d->bins[j][i] * 7 % 5) * 0.3;
		}
		d->y[i] = signal + 100.0;
		d->label[i] = (int32_t) (fabs(signal) * 1.5) % n_classes;
		d->weight[i] = (double) (1 + mlk_rng_below(&rng, 4));
	}
	return d;
}

static MlkForestData
view(const Data *d, int n_classes, bool weighted)
{
	return (MlkForestData) {.x = &d->x, .label = n_classes > 0 ? d->label : NULL, .n_classes = n_classes,
		.y = n_classes > 0 ? NULL : d->y, .weight = weighted ? d->weight : NULL};
}

static MlkForestOptions
plain_options(const Data *d, MlkCriterion criterion)
{
	return (MlkForestOptions) {.criterion = criterion, .min_samples_split = 2, .min_samples_leaf = 1,
		.max_features = d->x.n_features, .seed = 7};
}

typedef struct Grown
{
	MlkForest  *forest;
	const MlkGrownNode *nodes;
	int			n;
	int			leaves;
	double	   *values;
	uint32_t   *sets;
} Grown;

static void
finish_tree(Grown *g, int slot, int outputs)
{
	g->n = mlk_forest_nodes(g->forest, slot, &g->nodes);
	g->leaves = (g->n + 1) / 2;
	g->values = unit_array(double, (size_t) g->leaves * outputs);
	mlk_forest_leaf_values(g->forest, slot, g->values);
	g->sets = unit_array(uint32_t, mlk_forest_set_words(g->forest, slot));
	mlk_forest_sets(g->forest, slot, g->sets);
}

static Grown
grow_pruned(const MlkForestData *data, const MlkForestOptions *options, int64_t tree, double alpha)
{
	Grown		g;

	g.forest = mlk_forest_init(unit_array(char, mlk_forest_size(data, options, 1, 1)), data, options, 1, NULL);
	mlk_forest_begin(g.forest, 0, tree);
	while (!mlk_forest_done(g.forest, 0))
		assert_int_equal(mlk_forest_advance(g.forest), MLK_OK);
	if (alpha > 0.0)
	{
		void	   *work = unit_array(char, mlk_forest_prune_work(g.forest, 0));

		mlk_forest_prune(g.forest, 0, alpha, work);
		unit_free(work);
	}
	finish_tree(&g, 0, data->n_classes > 0 ? data->n_classes : 1);
	return g;
}

static Grown
grow_one(const MlkForestData *data, const MlkForestOptions *options, int64_t tree)
{
	return grow_pruned(data, options, tree, 0.0);
}

static void
free_grown(Grown *g)
{
	unit_free(g->values);
	unit_free(g->sets);
	unit_free(g->forest);
}

static int
leaf_number(const Grown *g, int node)
{
	int			number = 0;

	for (int i = 0; i < node; i++)
		number += g->nodes[i].feature < 0;
	return number;
}

/* value of output k for a row */
static double
predict(const Grown *g, const MlkForestData *data, int64_t row, int k)
{
	int			leaf = leaf_number(g, mlk_forest_walk(data->x, g->nodes, g->sets, row));

	return g->values[leaf * (data->n_classes > 0 ? data->n_classes : 1) + k];
}

/* children behind parents, rows and weights add up, segments nest */
static void
check_structure(const Grown *g)
{
	for (int i = 0; i < g->n; i++)
	{
		const MlkGrownNode *node = &g->nodes[i];
		const MlkGrownNode *left;
		const MlkGrownNode *right;

		if (node->feature < 0)
			continue;
		assert_true(node->left > i && node->right > i && node->left < g->n && node->right < g->n);
		left = &g->nodes[node->left];
		right = &g->nodes[node->right];
		assert_true(left->rows > 0 && right->rows > 0);
		assert_int_equal(left->rows + right->rows, node->rows);
		assert_int_equal(left->first_row, node->first_row);
		assert_int_equal(right->first_row, node->first_row + left->rows);
		assert_close(left->sum_hessian + right->sum_hessian, node->sum_hessian, GAIN_TOLERANCE);
		assert_true(node->gain >= 0.0);
	}
}

/* ---- an exhaustive search at the root ---- */

static double
weighted_impurity(const MlkForestData *d, MlkCriterion criterion, const bool *in)
{
	double		by_class[8] = {0};
	double		weight = 0.0;
	double		sum = 0.0;
	double		impurity = 0.0;

	for (int64_t i = 0; i < d->x->rows; i++)
	{
		double		w = !in[i] ? 0.0 : d->weight != NULL ? d->weight[i] : 1.0;

		weight += w;
		if (d->label != NULL)
			by_class[d->label[i]] += w;
		else
			sum += w * d->y[i];
	}
	for (int64_t i = 0; i < d->x->rows && d->label == NULL; i++)
	{
		double		e = d->y[i] - sum / weight;

		impurity += !in[i] ? 0.0 : e * e * (d->weight != NULL ? d->weight[i] : 1.0);
	}
	for (int k = 0; k < d->n_classes; k++)
	{
		double		p = by_class[k] / weight;

		if (p > 0.0)
			impurity += criterion == MLK_CRITERION_GINI ? weight * p * (1.0 - p) : -weight * p * log2(p);
	}
	return impurity;
}

/* gain of the subset (bit b: bin b goes left), as share of the weight; -1 when a side is too small */
static double
subset_gain(const MlkForestData *d, const MlkForestOptions *o, int feature, uint64_t subset)
{
	const uint8_t *bins = d->x->features[feature].bins;
	int64_t		rows = d->x->rows;
	bool	   *all = unit_array(bool, rows);
	bool	   *left = unit_array(bool, rows);
	bool	   *right = unit_array(bool, rows);
	int64_t		n_left = 0;
	double		weight = 0.0;
	double		gain = -1.0;

	for (int64_t i = 0; i < rows; i++)
	{
		all[i] = true;
		left[i] = subset >> bins[i] & 1;
		right[i] = !left[i];
		n_left += left[i];
		weight += d->weight != NULL ? d->weight[i] : 1.0;
	}
	if (n_left >= o->min_samples_leaf && rows - n_left >= o->min_samples_leaf)
		gain = (weighted_impurity(d, o->criterion, all) - weighted_impurity(d, o->criterion, left) -
				weighted_impurity(d, o->criterion, right)) / weight;
	unit_free(all);
	unit_free(left);
	unit_free(right);
	return gain;
}

static double
best_gain(const MlkForestData *d, const MlkForestOptions *o)
{
	double		best = -1.0;

	for (int j = 0; j < d->x->n_features; j++)
	{
		const MlkBinFeature *feature = &d->x->features[j];
		uint64_t	subsets = UINT64_C(1) << feature->n_bins;

		for (uint64_t i = 1; i < (feature->category ? subsets : (uint64_t) feature->n_bins + 1); i++)
		{
			uint64_t	subset = feature->category ? i : (UINT64_C(1) << i) - 1;

			best = fmax(best, subset_gain(d, o, j, subset));
			best = fmax(best, subset_gain(d, o, j, subset | subsets));
		}
	}
	return best;
}

static void
check_root(int n_classes, MlkCriterion criterion, bool weighted, bool categories, int64_t min_leaf)
{
	for (uint64_t seed = 1; seed <= 8; seed++)
	{
		Data	   *d = random_data(60, 3, 6, n_classes > 0 ? n_classes : 2, seed);
		MlkForestData data = view(d, n_classes, weighted);
		MlkForestOptions o = plain_options(d, criterion);
		Grown		g;

		d->feature[1].category = d->feature[2].category = categories;
		o.max_depth = 1;
		o.min_samples_leaf = min_leaf;
		g = grow_one(&data, &o, 0);
		assert_int_equal(g.n, 3);
		assert_close(g.nodes[0].gain, best_gain(&data, &o), 1e-9);
		check_structure(&g);
		free_grown(&g);
		free_data(d);
	}
}

static void
test_best_split(void **state)
{
	for (int weighted = 0; weighted < 2; weighted++)
	{
		check_root(2, MLK_CRITERION_GINI, weighted, false, 1);
		check_root(2, MLK_CRITERION_ENTROPY, weighted, false, 9);
		check_root(3, MLK_CRITERION_GINI, weighted, false, 5);
		check_root(4, MLK_CRITERION_ENTROPY, weighted, false, 1);
		check_root(0, MLK_CRITERION_SQUARED, weighted, false, 7);
	}
}

/* the order of the means finds the best of all subsets */
static void
test_best_subset(void **state)
{
	check_root(2, MLK_CRITERION_GINI, false, true, 1);
	check_root(2, MLK_CRITERION_GINI, true, true, 1);
	check_root(2, MLK_CRITERION_ENTROPY, true, true, 1);
	check_root(0, MLK_CRITERION_SQUARED, true, true, 1);
}

/* for three classes it is an approximation: close to the best */
static void
test_subset_classes(void **state)
{
	for (uint64_t seed = 1; seed <= 10; seed++)
	{
		Data	   *d = random_data(120, 1, 7, 3, seed);
		MlkForestData data = view(d, 3, false);
		MlkForestOptions o = plain_options(d, MLK_CRITERION_GINI);
		Grown		g;

		d->feature[0].category = true;
		o.max_depth = 1;
		g = grow_one(&data, &o, 0);
		assert_true(g.nodes[0].gain >= 0.85 * best_gain(&data, &o));
		free_grown(&g);
		free_data(d);
	}
}

/* ---- what must hold ---- */

static void
test_separable(void **state)
{
	Data	   *d = make_data(200, 2, 200);
	MlkForestData data = view(d, 2, false);
	MlkForestOptions o = plain_options(d, MLK_CRITERION_GINI);
	Grown		g;

	for (int i = 0; i < 200; i++)
	{
		d->bins[0][i] = (uint8_t) (i * 37 % 200);
		d->bins[1][i] = (uint8_t) (i * 91 % 200);
		d->label[i] = d->bins[0][i] > 120;
	}
	g = grow_one(&data, &o, 0);
	assert_int_equal(g.n, 3);
	for (int i = 0; i < 200; i++)
		assert_true(predict(&g, &data, i, d->label[i]) == 1.0);
	free_grown(&g);
	free_data(d);
}

/* no split of the root gains anything, and yet the tree ends pure */
static void
test_xor(void **state)
{
	Data	   *d = make_data(40, 2, 2);
	MlkForestData data = view(d, 2, false);
	MlkForestOptions o = plain_options(d, MLK_CRITERION_ENTROPY);
	Grown		g;

	for (int i = 0; i < 40; i++)
	{
		d->bins[0][i] = i & 1;
		d->bins[1][i] = i >> 1 & 1;
		d->label[i] = d->bins[0][i] ^ d->bins[1][i];
	}
	g = grow_one(&data, &o, 0);
	assert_int_equal(g.leaves, 4);
	for (int i = 0; i < 40; i++)
		assert_true(predict(&g, &data, i, d->label[i]) == 1.0);
	free_grown(&g);
	free_data(d);
}

static void
test_constant_target(void **state)
{
	Data	   *d = random_data(50, 3, 9, 2, 3);
	MlkForestData data = view(d, 0, true);
	MlkForestOptions o = plain_options(d, MLK_CRITERION_SQUARED);
	Grown		g;

	for (int i = 0; i < 50; i++)
		d->y[i] = 1.0 / 3.0;
	g = grow_one(&data, &o, 0);
	assert_int_equal(g.n, 1);
	assert_true(g.values[0] == 1.0 / 3.0);
	free_grown(&g);
	free_data(d);
}

static void
test_no_features(void **state)
{
	Data	   *d = random_data(50, 0, 9, 2, 3);
	MlkForestData data = view(d, 2, false);
	MlkForestOptions o = plain_options(d, MLK_CRITERION_GINI);
	Grown		g;

	o.max_features = 1;
	g = grow_one(&data, &o, 0);
	assert_int_equal(g.n, 1);
	assert_close(g.values[0] + g.values[1], 1.0, GAIN_TOLERANCE);
	free_grown(&g);
	free_data(d);
}

/* a large mean must not hide the differences */
static void
test_row_per_leaf(void **state)
{
	Data	   *d = make_data(250, 2, 255);
	MlkForestData data = view(d, 0, false);
	MlkForestOptions o = plain_options(d, MLK_CRITERION_SQUARED);
	Grown		g;

	for (int i = 0; i < 250; i++)
	{
		d->bins[0][i] = (uint8_t) (i * 33 % 250);
		d->bins[1][i] = 0;
		d->y[i] = 1e9 + i;
	}
	g = grow_one(&data, &o, 0);
	assert_int_equal(g.leaves, 250);
	check_structure(&g);
	for (int i = 0; i < 250; i++)
		assert_true(predict(&g, &data, i, 0) == d->y[i]);
	free_grown(&g);
	free_data(d);
}

/* every split keeps to the limits */
static void
test_limits(void **state)
{
	Data	   *d = random_data(3000, 5, 40, 3, 11);
	MlkForestData data = view(d, 3, false);
	MlkForestOptions o = plain_options(d, MLK_CRITERION_GINI);
	Grown		g;
	int		   *depth;

	o.max_features = 2;
	o.max_depth = 7;
	o.min_samples_leaf = 13;
	o.min_samples_split = 40;
	g = grow_one(&data, &o, 5);
	depth = unit_array(int, g.n);
	check_structure(&g);
	for (int i = 0; i < g.n; i++)
	{
		assert_true(g.nodes[i].rows >= 13);
		if (g.nodes[i].feature < 0)
			continue;
		assert_true(g.nodes[i].rows >= 40 && depth[i] < 7);
		depth[g.nodes[i].left] = depth[g.nodes[i].right] = depth[i] + 1;
	}
	assert_true(g.leaves > 20);
	unit_free(depth);
	free_grown(&g);
	free_data(d);
}

/* a row ends where its segment says, whatever the mix of numbers, categories and missing values */
static void
test_walk(void **state)
{
	for (int n_classes = 0; n_classes <= 3; n_classes += n_classes == 0 ? 2 : 1)
	{
		for (int random_splits = 0; random_splits < 2; random_splits++)
		{
			Data	   *d = random_data(2000, 4, 50, n_classes > 0 ? n_classes : 2, 21);
			MlkForestData data = view(d, n_classes, false);
			MlkForestOptions o = plain_options(d, n_classes > 0 ? MLK_CRITERION_GINI : MLK_CRITERION_SQUARED);
			double	   *sums;
			Grown		g;

			d->feature[2].category = d->feature[3].category = true;
			o.random_splits = random_splits;
			o.min_samples_leaf = 4;
			o.max_features = 2;
			g = grow_one(&data, &o, 1);
			check_structure(&g);
			sums = unit_array(double, g.n);
			for (int i = 0; i < 2000; i++)
				sums[mlk_forest_walk(&d->x, g.nodes, g.sets, i)] += 1.0;
			for (int i = 0; i < g.n; i++)
				assert_true(g.nodes[i].feature >= 0 ? sums[i] == 0.0 : sums[i] == (double) g.nodes[i].rows);
			unit_free(sums);
			free_grown(&g);
			free_data(d);
		}
	}
}

/* codes above a byte, most of them rare: unseen ones go where missing values go */
static void
test_wide_category(void **state)
{
	int			codes = 3000;
	Data	   *d = random_data(4000, 2, 10, 2, 5);
	uint16_t   *wide = unit_array(uint16_t, 4000);
	MlkForestData data = view(d, 2, false);
	MlkForestOptions o = plain_options(d, MLK_CRITERION_GINI);
	Grown		g;

	for (int i = 0; i < 4000; i++)
	{
		wide[i] = (uint16_t) (i % 17 == 0 ? codes : i * 7919 % (codes - 100));
		d->label[i] = wide[i] % 3 == 0;
	}
	d->feature[1] = (MlkBinFeature) {true, true, codes, NULL, wide};
	o.min_samples_leaf = 20;
	g = grow_one(&data, &o, 0);
	check_structure(&g);
	assert_int_equal(g.nodes[0].feature, 1);
	for (int code = codes - 100; code < codes; code++)
		assert_int_equal(g.sets[g.nodes[0].set + code / 32] >> (code % 32) & 1, g.nodes[0].missing_left);
	unit_free(wide);
	free_grown(&g);
	free_data(d);
}

/* whole weights are the same as rows repeated, up to the rounding of sums */
static void
test_weights_are_repeats(void **state)
{
	Data	   *once = random_data(400, 3, 30, 3, 31);
	Data	   *often;
	MlkForestData data = view(once, 3, true);
	MlkForestData repeated;
	MlkForestOptions o = plain_options(once, MLK_CRITERION_GINI);
	int64_t		n = 0;
	int64_t		at = 0;
	Grown		a;
	Grown		b;

	for (int i = 0; i < 400; i++)
		n += (int64_t) once->weight[i];
	often = make_data(n, 3, 30);
	for (int i = 0; i < 400; i++)
	{
		for (int k = 0; k < (int) once->weight[i]; k++, at++)
		{
			often->label[at] = once->label[i];
			for (int j = 0; j < 3; j++)
				often->bins[j][at] = once->bins[j][i];
		}
	}
	repeated = view(often, 3, false);
	a = grow_one(&data, &o, 0);
	b = grow_one(&repeated, &o, 0);
	assert_int_equal(a.n, b.n);
	for (int i = 0; i < a.n; i++)
	{
		assert_int_equal(a.nodes[i].feature, b.nodes[i].feature);
		assert_int_equal(a.nodes[i].bin, b.nodes[i].bin);
		assert_close(a.nodes[i].sum_hessian, b.nodes[i].sum_hessian, GAIN_TOLERANCE);
	}
	free_grown(&a);
	free_grown(&b);
	free_data(once);
	free_data(often);
}

/* all weights 1 go another way through the code, to the same tree */
static void
test_packed_or_not(void **state)
{
	for (int criterion = MLK_CRITERION_GINI; criterion <= MLK_CRITERION_ENTROPY; criterion++)
	{
		Data	   *d = random_data(3000, 5, 60, 2, 41);
		MlkForestData packed = view(d, 2, false);
		MlkForestData sums = view(d, 2, true);
		MlkForestOptions o = plain_options(d, criterion);
		Grown		a;
		Grown		b;

		for (int i = 0; i < 3000; i++)
			d->weight[i] = 1.0;
		d->feature[4].category = true;
		o.draws = 3000;
		o.max_depth = 4;
		a = grow_one(&packed, &o, 3);
		b = grow_one(&sums, &o, 3);
		assert_int_equal(a.n, b.n);
		for (int i = 0; i < a.n; i++)
		{
			assert_int_equal(a.nodes[i].rows, b.nodes[i].rows);
			assert_close(a.nodes[i].sum_hessian, b.nodes[i].sum_hessian, GAIN_TOLERANCE);
			assert_true(fabs(a.nodes[i].gain - b.nodes[i].gain) <= 1e-10);
		}
		free_grown(&a);
		free_grown(&b);
		free_data(d);
	}
}

/* ---- many trees ---- */

/* one run over all trees; a digest of every node and value, in the order of the trees */
static uint64_t
forest_digest(const MlkForestData *data, const MlkForestOptions *options, int slots, int threads, int trees)
{
	MlkPool    *pool = mlk_pool_create(threads, NULL);
	int			outputs = data->n_classes > 0 ? data->n_classes : 1;
	Grown		g = {0};
	uint64_t	digest = 0;

	g.forest = mlk_forest_init(unit_array(char, mlk_forest_size(data, options, slots, threads)), data, options, slots, pool);
	for (int from = 0; from < trees; from += slots)
	{
		int			count = trees - from < slots ? trees - from : slots;
		bool		done = false;

		for (int i = 0; i < count; i++)
			mlk_forest_begin(g.forest, i, from + i);
		while (!done)
		{
			assert_int_equal(mlk_forest_advance(g.forest), MLK_OK);
			done = true;
			for (int i = 0; i < count; i++)
				done &= mlk_forest_done(g.forest, i);
		}
		for (int i = 0; i < count; i++)
		{
			finish_tree(&g, i, outputs);
			for (int k = 0; k < g.n; k++)
				digest = digest * 31 + (uint64_t) (g.nodes[k].feature * 1000 + g.nodes[k].bin + g.nodes[k].rows * 7);
			for (int k = 0; k < g.leaves * outputs; k++)
			{
				uint64_t	bits;

				memcpy(&bits, &g.values[k], sizeof(bits));
				digest = digest * 31 + bits;
			}
			unit_free(g.values);
			unit_free(g.sets);
		}
	}
	unit_free(g.forest);
	mlk_pool_destroy(pool);
	return digest;
}

static void
test_threads(void **state)
{
	for (int n_classes = 0; n_classes <= 3; n_classes += n_classes == 0 ? 2 : 1)
	{
		Data	   *d = random_data(2000, 6, 80, n_classes > 0 ? n_classes : 2, 51);
		MlkForestData data = view(d, n_classes, false);
		MlkForestOptions o = plain_options(d, n_classes > 0 ? MLK_CRITERION_GINI : MLK_CRITERION_SQUARED);
		uint64_t	expected;

		d->feature[1].category = true;
		o.max_features = 2;
		o.draws = 2000;
		expected = forest_digest(&data, &o, 1, 1, 7);
		assert_true(forest_digest(&data, &o, 2, 2, 7) == expected);
		assert_true(forest_digest(&data, &o, 5, 3, 7) == expected);
		o.max_leaf_nodes = 50;
		expected = forest_digest(&data, &o, 1, 1, 7);
		assert_true(forest_digest(&data, &o, 4, 2, 7) == expected);
		o.seed++;
		assert_false(forest_digest(&data, &o, 4, 2, 7) == expected);
		free_data(d);
	}
}

/* a sample with replacement of n out of n leaves out 1 / e of the rows */
static void
test_bootstrap(void **state)
{
	Data	   *d = random_data(20000, 2, 10, 2, 61);
	MlkForestData data = view(d, 2, false);
	MlkForestOptions o = plain_options(d, MLK_CRITERION_GINI);
	uint64_t   *bag = unit_array(uint64_t, (20000 + 63) / 64);
	double	   *sums = unit_array(double, 20000 * 3);
	int32_t    *leaf;
	int			in = 0;
	Grown		g;

	o.draws = 20000;
	o.max_depth = 3;
	g = grow_one(&data, &o, 2);
	assert_close(g.nodes[0].sum_hessian, 20000.0, GAIN_TOLERANCE);
	mlk_forest_bag(g.forest, 0, bag);
	leaf = unit_array(int32_t, g.n);
	for (int i = 0; i < g.n; i++)
		leaf[i] = leaf_number(&g, i);
	assert_int_equal(mlk_forest_score_unseen(g.forest, 0, g.sets, leaf, g.values, bag, sums), MLK_OK);
	for (int i = 0; i < 20000; i++)
	{
		bool		seen = bag[i / 64] >> (i % 64) & 1;

		in += seen;
		assert_true(sums[3 * i + 2] == (seen ? 0.0 : 1.0));
		assert_true(sums[3 * i] == (seen ? 0.0 : predict(&g, &data, i, 0)));
	}
	assert_int_equal(in, g.nodes[0].rows);
	/* seven standard deviations around 1 - 1 / e */
	assert_true(fabs(in / 20000.0 - 0.63212) < 0.016);
	unit_free(bag);
	unit_free(sums);
	unit_free(leaf);
	free_grown(&g);
	free_data(d);
}

/* with room for all leaves, best first ends at the same leaves; with less, at the best ones */
static void
test_best_first(void **state)
{
	Data	   *d = random_data(500, 4, 30, 2, 71);
	MlkForestData data = view(d, 0, false);
	MlkForestOptions o = plain_options(d, MLK_CRITERION_SQUARED);
	double		total = 0.0;
	double		best = 0.0;
	Grown		all;
	Grown		few;

	o.min_samples_leaf = 5;
	all = grow_one(&data, &o, 0);
	o.max_leaf_nodes = 100000;
	few = grow_one(&data, &o, 0);
	assert_int_equal(all.leaves, few.leaves);
	check_structure(&few);
	for (int i = 0; i < 500; i++)
		assert_close(predict(&few, &data, i, 0), predict(&all, &data, i, 0), 1e-12);
	free_grown(&few);
	o.max_leaf_nodes = 8;
	few = grow_one(&data, &o, 0);
	assert_int_equal(few.leaves, 8);
	check_structure(&few);
	for (int i = 0; i < few.n; i++)
		total += few.nodes[i].gain;
	/* no depth-first tree of 8 leaves gains as much from its first levels */
	o.max_leaf_nodes = 0;
	o.max_depth = 3;
	free_grown(&all);
	all = grow_one(&data, &o, 0);
	for (int i = 0; i < all.n; i++)
		best += all.nodes[i].gain;
	assert_true(total >= best * (1.0 - 1e-12));
	free_grown(&all);
	free_grown(&few);
	free_data(d);
}

static void
test_min_impurity_decrease(void **state)
{
	Data	   *d = random_data(2000, 4, 30, 2, 81);
	MlkForestData data = view(d, 2, true);
	MlkForestOptions o = plain_options(d, MLK_CRITERION_GINI);
	Grown		g;

	o.min_impurity_decrease = 0.002;
	g = grow_one(&data, &o, 0);
	assert_true(g.leaves > 2);
	for (int i = 0; i < g.n; i++)
		assert_true(g.nodes[i].feature < 0 || g.nodes[i].gain >= 0.002);
	free_grown(&g);
	free_data(d);
}

/* ---- pruning ---- */

/*
 * scikit-learn 1.2.1: x0 = 7 i mod 24, x1 = (5 i^2 + 3 i) mod 97 + i / 100, i = 0 .. 23; y = (3 i^2 + i) mod 11 > 4, or
 * (37 i mod 29) / 4 + x0 for regression; DecisionTree*(random_state=0).cost_complexity_pruning_path(x, y).ccp_alphas,
 * and get_n_leaves() of the trees with ccp_alpha a billionth below and above each.
 */
typedef struct Path
{
	MlkCriterion criterion;
	int			n;
	double		alpha[8];
	int			below[8];
	int			above[8];
} Path;

static const Path paths[] = {
	{MLK_CRITERION_GINI, 3, {0.036111111111111115, 0.040740740740740716, 0.054166666666666696}, {10, 6, 3}, {6, 3, 1}},
	{MLK_CRITERION_ENTROPY, 2, {0.08594382081992409, 0.10483568935983212}, {10, 3}, {3, 1}},
	{MLK_CRITERION_SQUARED, 8, {0.005208333333333333, 0.3520833333333299, 0.5281249999999986, 1.12890625, 1.1580078125000046,
		1.6771701388888896, 4.389062499999957, 44.13296440972223}, {24, 9, 8, 7, 6, 5, 4, 2}, {15, 8, 7, 6, 5, 4, 3, 1}},
};

static Data *
path_data(void)
{
	Data	   *d = make_data(24, 2, 24);

	for (int i = 0; i < 24; i++)
	{
		int			rank = 0;

		for (int k = 0; k < 24; k++)
			rank += (k * k * 5 + k * 3) % 97 + k * 0.01 < (i * i * 5 + i * 3) % 97 + i * 0.01;
		d->bins[0][i] = (uint8_t) (i * 7 % 24);
		d->bins[1][i] = (uint8_t) rank;
		d->label[i] = (i * i * 3 + i) % 11 > 4;
		d->y[i] = (i * 37 % 29) / 4.0 + i * 7 % 24;
	}
	return d;
}

static void
test_pruning(void **state)
{
	Data	   *d = path_data();

	for (int p = 0; p < 3; p++)
	{
		const Path *path = &paths[p];
		MlkForestData data = view(d, path->criterion == MLK_CRITERION_SQUARED ? 0 : 2, false);
		MlkForestOptions o = plain_options(d, path->criterion);

		for (int i = 0; i < path->n; i++)
		{
			Grown		below = grow_pruned(&data, &o, 0, path->alpha[i] * (1.0 - 1e-9));
			Grown		above = grow_pruned(&data, &o, 0, path->alpha[i] * (1.0 + 1e-9));

			assert_int_equal(below.leaves, path->below[i]);
			assert_int_equal(above.leaves, path->above[i]);
			check_structure(&below);
			check_structure(&above);
			free_grown(&below);
			free_grown(&above);
		}
	}
	free_data(d);
}

/* ---- stopping ---- */

static bool
always(void)
{
	return true;
}

static void
test_cancel(void **state)
{
	Data	   *d = random_data(100, 2, 10, 2, 91);
	MlkForestData data = view(d, 2, false);
	MlkForestOptions o = plain_options(d, MLK_CRITERION_GINI);
	MlkPool    *pool = mlk_pool_create(2, always);
	MlkForest  *f = mlk_forest_init(unit_array(char, mlk_forest_size(&data, &o, 2, 2)), &data, &o, 2, pool);

	mlk_forest_begin(f, 0, 0);
	assert_int_equal(mlk_forest_advance(f), MLK_CANCELLED);
	assert_false(mlk_forest_done(f, 0));
	mlk_pool_destroy(pool);
	unit_free(f);
	free_data(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_best_split),
		cmocka_unit_test(test_best_subset),
		cmocka_unit_test(test_subset_classes),
		cmocka_unit_test(test_separable),
		cmocka_unit_test(test_xor),
		cmocka_unit_test(test_constant_target),
		cmocka_unit_test(test_no_features),
		cmocka_unit_test(test_row_per_leaf),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_wide_category),
		cmocka_unit_test(test_weights_are_repeats),
		cmocka_unit_test(test_packed_or_not),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_bootstrap),
		cmocka_unit_test(test_best_first),
		cmocka_unit_test(test_min_impurity_decrease),
		cmocka_unit_test(test_pruning),
		cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
