/*
 * test_grow.c: trees against a search that tries every cut from the rows themselves; constraints, categories, missing
 * values, row lists and threads.
 */
#include "unit.h"

#include "kernels/grow.h"

#define FEATURES 11				/* a group of eight and a rest */
#define MOST_BINS 300

typedef struct Data
{
	MlkBinned	binned;
	MlkBinFeature features[FEATURES];
	float	   *gradient;
	float	   *hessian;
} Data;

static int32_t
bin_of(const Data *d, int f, int64_t row)
{
	const MlkBinFeature *feature = &d->features[f];

	return feature->wide ? ((const uint16_t *) feature->bins)[row] : ((const uint8_t *) feature->bins)[row];
}

/* features 0 .. 7 numbers of growing numbers of bins, 8 and 9 categories, 10 a wide category; every third one has missing values */
static Data *
make_data(int64_t rows, uint64_t seed)
{
	Data	   *d = unit_array(Data, 1);
	MlkRng		rng;

	mlk_rng_seed(&rng, seed);
	d->gradient = unit_array(float, rows);
	d->hessian = unit_array(float, rows);
	for (int f = 0; f < FEATURES; f++)
	{
		MlkBinFeature *feature = &d->features[f];
		void	   *bins = test_calloc(rows, sizeof(uint16_t));

		feature->category = f >= 8;
		feature->wide = f == 10;
		feature->n_bins = f == 10 ? MOST_BINS : (f == 7 ? 255 : 2 + 5 * f);
		for (int64_t i = 0; i < rows; i++)
		{
			bool		missing = f % 3 == 1 && mlk_rng_below(&rng, 8) == 0;
			uint64_t	bin = missing ? feature->n_bins : mlk_rng_below(&rng, feature->n_bins);

			if (feature->wide)
				((uint16_t *) bins)[i] = (uint16_t) bin;
			else
				((uint8_t *) bins)[i] = (uint8_t) bin;
		}
		feature->bins = bins;
	}
	d->binned = (MlkBinned) {rows, FEATURES, d->features};
	for (int64_t i = 0; i < rows; i++)
	{
		double		signal = sin(bin_of(d, 6, i)) + (bin_of(d, 9, i) % 3 == 1) + 0.01 * bin_of(d, 7, i) +
		2.0 * (bin_of(d, 4, i) == d->features[4].n_bins) + 0.5 * (bin_of(d, 10, i) % 2);

		d->gradient[i] = (float) (signal + mlk_rng_normal(&rng));
		d->hessian[i] = (float) (0.2 + mlk_rng_uniform(&rng));
	}
	return d;
}

static void
free_data(Data *d)
{
	for (int f = 0; f < FEATURES; f++)
		test_free((void *) d->features[f].bins);
	unit_free(d->gradient);
	unit_free(d->hessian);
	unit_free(d);
}

/* a grower with its memory and what it grew */
typedef struct Grown
{
	MlkGrower  *g;
	void	   *memory;
	const MlkGrownNode *nodes;
	const uint32_t *index;
	const uint32_t *sets;
	int			n;
} Grown;

static Grown
grow(const Data *d, const MlkGrowOptions *o, MlkPool *pool, const uint32_t *rows, int64_t n_rows, bool hessian, uint64_t seed)
{
	Grown		t;
	MlkRng		rng;

	t.memory = test_malloc(mlk_grower_size(&d->binned, o, mlk_pool_threads(pool)));
	t.g = mlk_grower_init(t.memory, &d->binned, o, pool);
	mlk_rng_seed(&rng, seed);
	assert_int_equal(mlk_grower_grow(t.g, rows, n_rows, d->gradient, hessian ? d->hessian : NULL, &rng), MLK_OK);
	t.n = mlk_grower_nodes(t.g, &t.nodes, &t.index, &t.sets);
	return t;
}

static bool
goes_left(const Data *d, const Grown *t, const MlkGrownNode *node, int64_t row)
{
	int32_t		bin = bin_of(d, node->feature, row);

	if (bin == d->features[node->feature].n_bins)
		return node->missing_left;
	if (d->features[node->feature].category)
		return (t->sets[node->set + bin / 32] >> (bin % 32)) & 1;
	return bin <= node->bin;
}

/* every row is in the leaf it walks to, sums are those of the rows, limits hold */
static void
check_tree(const Data *d, const Grown *t, const MlkGrowOptions *o, int64_t n_rows, bool hessian)
{
	int			leaves = 0;
	int64_t		seen = 0;

	for (int k = 0; k < t->n; k++)
	{
		const MlkGrownNode *node = &t->nodes[k];
		double		gradient = 0.0;
		double		curvature = 0.0;

		assert_true((double) node->rows >= o->min_samples_leaf);
		for (int64_t i = node->first_row; i < node->first_row + node->rows; i++)
		{
			int			at = 0;

			gradient += d->gradient[t->index[i]];
			curvature += hessian ? d->hessian[t->index[i]] : 1.0;
			while (t->nodes[at].feature >= 0 && at != k)
				at = goes_left(d, t, &t->nodes[at], t->index[i]) ? t->nodes[at].left : t->nodes[at].right;
			assert_int_equal(at, k);
			if (i > node->first_row && node->feature < 0)
				assert_true(t->index[i] > t->index[i - 1]);
		}
		assert_true(fabs(gradient - node->sum_gradient) < 1e-9 * n_rows);
		assert_true(fabs(curvature - node->sum_hessian) < 1e-9 * n_rows);
		if (node->feature >= 0)
		{
			assert_true(node->left > k && node->right > k && node->gain > 0.0);
			continue;
		}
		leaves++;
		seen += node->rows;
	}
	assert_int_equal(seen, n_rows);
	assert_int_equal(t->n, 2 * leaves - 1);
	if (o->max_leaves > 0)
		assert_true(leaves <= o->max_leaves);
}

static double
gain_of(double gl, double hl, double gr, double hr)
{
	double		g = gl + gr;

	return gl * gl / hl + gr * gr / hr - g * g / (hl + hr);
}

/* the best gain that one cut of a number can have */
static double
naive_best(const Data *d, const MlkGrowOptions *o, int64_t rows)
{
	double		best = 0.0;

	for (int f = 0; f < 8; f++)
	{
		for (int side = 0; side < 2; side++)
		{
			for (int b = 0; b < d->features[f].n_bins; b++)
			{
				double		sum[2][3] = {{0}};

				for (int64_t i = 0; i < rows; i++)
				{
					int32_t		bin = bin_of(d, f, i);
					bool		left = bin == d->features[f].n_bins ? side == 1 : bin <= b;

					sum[left][0] += d->gradient[i];
					sum[left][1] += d->hessian[i];
					sum[left][2] += 1.0;
				}
				if (sum[0][2] >= o->min_samples_leaf && sum[1][2] >= o->min_samples_leaf)
					best = fmax(best, gain_of(sum[1][0], sum[1][1] + o->l2, sum[0][0], sum[0][1] + o->l2));
			}
		}
	}
	return best;
}

static void
test_best_cut(void **state)
{
	for (uint64_t seed = 1; seed <= 5; seed++)
	{
		Data	   *d = make_data(500, seed);
		MlkGrowOptions o = {.max_leaves = 2, .min_samples_leaf = 20};
		Grown		t;

		d->binned.n_features = 8;
		t = grow(d, &o, NULL, NULL, 500, true, seed);
		check_tree(d, &t, &o, 500, true);
		assert_close(t.nodes[0].gain, naive_best(d, &o, 500), 1e-6);
		test_free(t.memory);
		free_data(d);
	}
}

/* many shapes; both widths of the sums (65,536 rows and more are coarse), more leaves than histograms */
static void
test_shapes(void **state)
{
	const int64_t rows[] = {1, 2, 37, 3000, 70000};

	for (int k = 0; k < 5; k++)
	{
		Data	   *d = make_data(rows[k], 40 + k);

		for (int shape = 0; shape < 4; shape++)
		{
			MlkGrowOptions o = {.max_leaves = shape == 1 ? 0 : 31, .min_samples_leaf = shape == 1 ? 5 : 1, .l2 = shape,
			.cat_smooth = 10.0, .max_depth = shape == 2 ? 4 : 0, .max_features = shape == 3 ? 3 : 0};
			Grown		t = grow(d, &o, NULL, NULL, rows[k], shape != 0, 7);

			if (rows[k] >= o.min_samples_leaf)
				check_tree(d, &t, &o, rows[k], shape != 0);
			if (rows[k] >= 3000)
				assert_true(t.n > 5);
			test_free(t.memory);
		}
		free_data(d);
	}
}

static void
test_row_lists(void **state)
{
	Data	   *d = make_data(9000, 3);
	MlkGrowOptions o = {.max_leaves = 20, .min_samples_leaf = 10, .cat_smooth = 10.0};
	uint32_t   *rows = unit_array(uint32_t, 3000);
	double	   *score = unit_array(double, 9000);
	double	   *expected = unit_array(double, 9000);
	double		value[40];
	Grown		t;

	for (int i = 0; i < 3000; i++)
		rows[i] = 3 * i + 1;
	t = grow(d, &o, NULL, rows, 3000, true, 3);
	check_tree(d, &t, &o, 3000, true);
	for (int k = 0; k < t.n; k++)
		value[k] = k + 1.0;
	assert_int_equal(mlk_grower_add(t.g, value, score), MLK_OK);
	assert_int_equal(mlk_grower_add_rows(t.g, value, rows, 3000, expected), MLK_OK);
	assert_memory_equal(score, expected, sizeof(double) * 9000);
	assert_int_equal(mlk_grower_add_rows(t.g, value, NULL, 9000, expected), MLK_OK);
	for (int i = 0; i < 9000; i++)
		assert_true(expected[i] >= 1.0 && (i % 3 != 1 || expected[i] == 2.0 * score[i]));
	test_free(t.memory);
	unit_free(rows);
	unit_free(score);
	unit_free(expected);
	free_data(d);
}

static void
test_threads(void **state)
{
	for (int k = 0; k < 2; k++)
	{
		int64_t		rows = k == 0 ? 20000 : 70000;
		Data	   *d = make_data(rows, 8);
		MlkGrowOptions o = {.max_leaves = 31, .min_samples_leaf = 20, .cat_smooth = 10.0};
		MlkPool    *pool = mlk_pool_create(3, NULL);
		Grown		one = grow(d, &o, NULL, NULL, rows, true, 5);
		Grown		three = grow(d, &o, pool, NULL, rows, true, 5);

		assert_int_equal(one.n, three.n);
		for (int i = 0; i < one.n; i++)
		{
			assert_int_equal(one.nodes[i].feature, three.nodes[i].feature);
			assert_int_equal(one.nodes[i].bin, three.nodes[i].bin);
			assert_int_equal(one.nodes[i].set, three.nodes[i].set);
			assert_true(one.nodes[i].sum_gradient == three.nodes[i].sum_gradient);
			assert_true(one.nodes[i].gain == three.nodes[i].gain);
		}
		assert_memory_equal(one.index, three.index, sizeof(uint32_t) * rows);
		test_free(one.memory);
		test_free(three.memory);
		mlk_pool_destroy(pool);
		free_data(d);
	}
}

/* what a leaf may say between its bounds never falls with a feature that must rise */
/* leaves over several blocks of rows: their sums and scores against the walk of each row alone */
static void
test_leaf_blocks(void **state)
{
	int64_t		rows = 70000;
	Data	   *d = make_data(rows, 9);
	MlkGrowOptions o = {.max_leaves = 31, .min_samples_leaf = 20, .cat_smooth = 10.0};
	MlkPool    *pool = mlk_pool_create(2, NULL);
	double	   *score = unit_array(double, rows);
	double	   *walked = unit_array(double, rows);
	double		value[80];
	double		sum[80][2] = {{0}};
	Grown		t = grow(d, &o, pool, NULL, rows, true, 5);

	for (int k = 0; k < t.n; k++)
		value[k] = k;
	assert_int_equal(mlk_grower_add(t.g, value, score), MLK_OK);
	assert_int_equal(mlk_grower_add_rows(t.g, value, NULL, rows, walked), MLK_OK);
	assert_memory_equal(score, walked, sizeof(double) * rows);
	for (int64_t i = 0; i < rows; i++)
	{
		sum[(int) score[i]][0] += d->gradient[i];
		sum[(int) score[i]][1] += d->hessian[i];
	}
	for (int k = 0; k < t.n; k++)
	{
		if (t.nodes[k].feature >= 0)
			continue;
		assert_true(fabs(t.nodes[k].sum_gradient - sum[k][0]) <= 1e-9 * (double) rows);
		assert_true(fabs(t.nodes[k].sum_hessian - sum[k][1]) <= 1e-9 * (double) rows);
	}
	test_free(t.memory);
	mlk_pool_destroy(pool);
	unit_free(score);
	unit_free(walked);
	free_data(d);
}

static void
test_monotonic(void **state)
{
	Data	   *d = make_data(5000, 12);
	int8_t		sign[FEATURES] = {[6] = 1, [7] = -1};
	MlkGrowOptions o = {.max_leaves = 31, .min_samples_leaf = 5, .cat_smooth = 10.0, .monotonic = sign};
	Grown		t = grow(d, &o, NULL, NULL, 5000, true, 2);

	check_tree(d, &t, &o, 5000, true);
	for (int64_t row = 0; row < 300; row++)
	{
		for (int f = 6; f <= 7; f++)
		{
			double		before = -INFINITY;
			uint8_t    *bin = (uint8_t *) d->features[f].bins + row;
			uint8_t		kept = *bin;

			for (int b = 0; b < d->features[f].n_bins; b++)
			{
				int			at = 0;
				double		value;

				*bin = (uint8_t) b;
				while (t.nodes[at].feature >= 0)
					at = goes_left(d, &t, &t.nodes[at], row) ? t.nodes[at].left : t.nodes[at].right;
				value = -t.nodes[at].sum_gradient / t.nodes[at].sum_hessian;
				value = sign[f] * fmax(t.nodes[at].lower, fmin(t.nodes[at].upper, value));
				assert_true(value >= before);
				before = value;
			}
			*bin = kept;
		}
	}
	test_free(t.memory);
	free_data(d);
}

/* no path holds features of two groups */
static void
test_interaction(void **state)
{
	Data	   *d = make_data(5000, 21);
	uint8_t		member[2][FEATURES] = {{1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1}};
	MlkGrowOptions o = {.max_leaves = 31, .min_samples_leaf = 5, .cat_smooth = 10.0, .interaction = member[0], .n_groups = 2};
	Grown		t = grow(d, &o, NULL, NULL, 5000, true, 2);

	check_tree(d, &t, &o, 5000, true);
	for (int64_t row = 0; row < 5000; row++)
	{
		int			first = -1;

		for (int at = 0; t.nodes[at].feature >= 0;)
		{
			int			group = t.nodes[at].feature >= 7;

			assert_true(first < 0 || first == group);
			first = group;
			at = goes_left(d, &t, &t.nodes[at], row) ? t.nodes[at].left : t.nodes[at].right;
		}
	}
	test_free(t.memory);
	free_data(d);
}

/* gradients that are all the same, or of which one is a million times the others */
static void
test_odd_gradients(void **state)
{
	Data	   *d = make_data(70000, 30);
	MlkGrowOptions o = {.max_leaves = 31, .min_samples_leaf = 20, .cat_smooth = 10.0};
	Grown		t;

	d->gradient[77] = 1e6f;
	t = grow(d, &o, NULL, NULL, 70000, true, 4);
	check_tree(d, &t, &o, 70000, true);
	test_free(t.memory);
	for (int i = 0; i < 70000; i++)
		d->gradient[i] = 0.0f;
	t = grow(d, &o, NULL, NULL, 70000, true, 4);
	assert_int_equal(t.n, 1);
	test_free(t.memory);
	free_data(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_best_cut),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_row_lists),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_leaf_blocks),
		cmocka_unit_test(test_monotonic),
		cmocka_unit_test(test_interaction),
		cmocka_unit_test(test_odd_gradients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
