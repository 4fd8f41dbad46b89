/*
 * test_categories.c: cuts of categories, by the grower of boosted trees and by forests: against all subsets, against their
 * limits one by one, and on categories that mean nothing.
 */
#include "unit.h"

#include "kernels/forest.h"

#define MOST_CATEGORIES 1000

/* feature 0 is a category, feature 1 a number of ten bins */
typedef struct Data
{
	MlkBinned	binned;
	MlkBinFeature features[2];
	uint16_t   *category;
	uint8_t    *number;
	float	   *gradient;
	MlkRng		rng;
} Data;

static Data *
make_data(int64_t rows, int32_t n_categories, double missing, uint64_t seed)
{
	Data	   *d = unit_array(Data, 1);
	static const double edges[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

	mlk_rng_seed(&d->rng, seed);
	d->category = unit_array(uint16_t, rows);
	d->number = unit_array(uint8_t, rows);
	d->gradient = unit_array(float, rows);
	for (int64_t i = 0; i < rows; i++)
	{
		bool		none = mlk_rng_uniform(&d->rng) < missing;

		d->category[i] = (uint16_t) (none ? n_categories : mlk_rng_below(&d->rng, n_categories));
		d->number[i] = (uint8_t) mlk_rng_below(&d->rng, 10);
		d->gradient[i] = (float) mlk_rng_normal(&d->rng);
	}
	d->features[0] = (MlkBinFeature) {.category = true, .wide = true, .n_bins = n_categories, .bins = d->category};
	d->features[1] = (MlkBinFeature) {.n_bins = 10, .edges = edges, .bins = d->number};
	d->binned = (MlkBinned) {rows, 1, d->features};
	return d;
}

static void
free_data(Data *d)
{
	unit_free(d->category);
	unit_free(d->number);
	unit_free(d->gradient);
	unit_free(d);
}

/* the root's cut */
typedef struct Cut
{
	double		gain;			/* 0: none */
	bool		missing_left;
	bool		left[MOST_CATEGORIES];
} Cut;

static Cut
cut_root(const Data *d, MlkGrowOptions *o)
{
	Cut			cut = {0};
	void	   *memory;
	MlkGrower  *g;
	MlkRng		rng;
	const MlkGrownNode *nodes;
	const uint32_t *rows;
	const uint32_t *sets;

	o->max_leaves = 2;
	memory = test_malloc(mlk_grower_size(&d->binned, o, 1));
	g = mlk_grower_init(memory, &d->binned, o, NULL);
	mlk_rng_seed(&rng, 1);
	assert_int_equal(mlk_grower_grow(g, NULL, 0, d->gradient, NULL, &rng), MLK_OK);
	if (mlk_grower_nodes(g, &nodes, &rows, &sets) == 3)
	{
		cut.gain = nodes[0].gain;
		cut.missing_left = nodes[0].missing_left;
		for (int b = 0; b < d->features[0].n_bins; b++)
			cut.left[b] = (sets[nodes[0].set + b / 32] >> (b % 32)) & 1;
	}
	test_free(memory);
	return cut;
}

typedef struct Sum
{
	double		gradient;
	double		rows;
} Sum;

static double
gain_of(Sum a, Sum all, double l2)
{
	Sum			b = {all.gradient - a.gradient, all.rows - a.rows};

	return a.gradient * a.gradient / (a.rows + l2) + b.gradient * b.gradient / (b.rows + l2) -
		all.gradient * all.gradient / all.rows;
}

/* sums by category, the missing one last, and of all rows */
static Sum
sum_up(const Data *d, Sum *sums)
{
	Sum			all = {0};

	memset(sums, 0, sizeof(Sum) * (d->features[0].n_bins + 1));
	for (int64_t i = 0; i < d->binned.rows; i++)
	{
		sums[d->category[i]].gradient += d->gradient[i];
		sums[d->category[i]].rows += 1.0;
		all.gradient += d->gradient[i];
		all.rows += 1.0;
	}
	return all;
}

/* without limits and smoothing: the best of all ways to divide the categories in two */
static void
test_all_subsets(void **state)
{
	for (int seed = 1; seed <= 6; seed++)
	{
		Data	   *d = make_data(400, 10, seed % 2 ? 0.0 : 0.1, seed);
		MlkGrowOptions o = {.min_samples_leaf = 1};
		Sum			sums[11];
		Sum			all = sum_up(d, sums);
		double		best = 0.0;

		for (int subset = 1; subset < 2047; subset++)
		{
			Sum			side = {0};

			for (int b = 0; b < 11; b++)
			{
				side.gradient += subset >> b & 1 ? sums[b].gradient : 0.0;
				side.rows += subset >> b & 1 ? sums[b].rows : 0.0;
			}
			if (side.rows > 0.0 && side.rows < all.rows)
				best = fmax(best, gain_of(side, all, 0.0));
		}
		assert_close(cut_root(d, &o).gain, best, 1e-6);
		free_data(d);
	}
}

/* the limits as they are documented, for sorted sums: from an end of the order, with and without the rest */
static double
naive_limited(const MlkGrowOptions *o, const Sum *sorted, int n, Sum rest, Sum all)
{
	double		best = gain_of(rest, all, o->cat_l2);

	for (int end = 0; end < 2; end++)
	{
		Sum			taken = {0};
		double		group = 0.0;

		for (int k = 0; k < o->cat_most && k < (n + 1) / 2; k++)
		{
			Sum			with_rest;

			taken.gradient += sorted[end ? n - 1 - k : k].gradient;
			taken.rows += sorted[end ? n - 1 - k : k].rows;
			group += sorted[end ? n - 1 - k : k].rows;
			if (group < o->cat_group_rows)
				continue;
			group = 0.0;
			with_rest = (Sum) {taken.gradient + rest.gradient, taken.rows + rest.rows};
			best = fmax(best, fmax(gain_of(taken, all, o->cat_l2), gain_of(with_rest, all, o->cat_l2)));
		}
	}
	return best;
}

static void
test_limits(void **state)
{
	for (int seed = 1; seed <= 6; seed++)
	{
		Data	   *d = make_data(4000, 300, 0.05, seed);
		MlkGrowOptions o = {.min_samples_leaf = 1, .cat_smooth = 10.0, .cat_l2 = 10.0, .cat_min_rows = 10, .cat_most = 7,
		.cat_group_rows = 5 * seed};
		Sum			sums[301];
		Sum			sorted[300];
		Sum			all = sum_up(d, sums);
		Sum			rest = sums[300];
		Cut			cut = cut_root(d, &o);
		int			n = 0;
		int			left = 0;

		for (int b = 0; b < 300; b++)
		{
			int			at = n;

			if (sums[b].rows < 10.0)
			{
				rest = (Sum) {rest.gradient + sums[b].gradient, rest.rows + sums[b].rows};
				assert_int_equal(cut.left[b], cut.missing_left);
				continue;
			}
			left += cut.left[b];
			for (n++; at > 0 && sums[b].gradient / (sums[b].rows + 10.0) < sorted[at - 1].gradient / (sorted[at - 1].rows + 10.0); at--)
				sorted[at] = sorted[at - 1];
			sorted[at] = sums[b];
		}
		assert_close(cut.gain, naive_limited(&o, sorted, n, rest, all), 1e-6);
		assert_true(left <= 7 || n - left <= 7);
		free_data(d);
	}
}

/* categories of noise gain next to nothing when chance is taken off, those that mean something still do, and are found */
static void
test_chance(void **state)
{
	double		noise = 0.0;
	double		noise_priced = 0.0;

	for (int seed = 1; seed <= 10; seed++)
	{
		Data	   *d = make_data(40000, 1000, 0.0, seed);
		MlkGrowOptions o = {.min_samples_leaf = 1, .cat_smooth = 10.0, .cat_most = 32};
		Cut			cut;
		int			right = 0;

		noise += cut_root(d, &o).gain;
		o.cat_penalty = 1.0;
		noise_priced += cut_root(d, &o).gain;
		for (int64_t i = 0; i < 40000; i++)
			d->gradient[i] += d->category[i] % 50 == 7 ? 1.5f : 0.0f;
		cut = cut_root(d, &o);
		for (int b = 0; b < 1000; b++)
			right += cut.left[b] == (b % 50 == 7 ? cut.left[7] : !cut.left[7]);
		assert_true(cut.gain > 1000.0);
		assert_true(right >= 985);
		free_data(d);
	}
	assert_true(noise > 1500.0);
	assert_true(noise_priced < 0.1 * noise);
}

/* the feature that a single tree's root is split by */
static int
root_feature(const Data *d, const MlkForestData *data, MlkCriterion criterion, double penalty)
{
	MlkForestOptions o = {.criterion = criterion, .max_depth = 1, .min_samples_split = 2, .min_samples_leaf = 1,
	.max_features = 2, .cat_penalty = penalty, .seed = 3};
	void	   *memory = test_malloc((size_t) mlk_forest_size(data, &o, 1, 1));
	MlkForest  *f = mlk_forest_init(memory, data, &o, 1, NULL);
	const MlkGrownNode *nodes;
	int			feature;

	mlk_forest_begin(f, 0, 0);
	while (!mlk_forest_done(f, 0))
		assert_int_equal(mlk_forest_advance(f), MLK_OK);
	assert_int_equal(mlk_forest_nodes(f, 0, &nodes), 3);
	feature = nodes[0].feature;
	test_free(memory);
	return feature;
}

/* a number that means something against many categories that mean nothing, in every kind of cell and criterion */
static void
test_forest(void **state)
{
	Data	   *d = make_data(6000, 1000, 0.0, 5);
	double	   *y = unit_array(double, 6000);
	double	   *weight = unit_array(double, 6000);
	int32_t    *two = unit_array(int32_t, 6000);
	int32_t    *three = unit_array(int32_t, 6000);
	MlkForestData data[4] = {{.y = y}, {.label = two, .n_classes = 2}, {.label = two, .n_classes = 2, .weight = weight},
	{.label = three, .n_classes = 3}};

	d->binned.n_features = 2;
	for (int i = 0; i < 6000; i++)
	{
		double		signal = d->gradient[i] + (d->number[i] >= 4 ? 0.5 : 0.0);

		y[i] = 100.0 + signal;
		two[i] = signal > 0.2;
		three[i] = (signal > -0.3) + (signal > 0.6);
		weight[i] = 1.0 + i % 3;
	}
	for (int k = 0; k < 4; k++)
	{
		data[k].x = &d->binned;
		for (int entropy = 0; entropy < 2; entropy++)
		{
			MlkCriterion criterion = k == 0 ? MLK_CRITERION_SQUARED : entropy ? MLK_CRITERION_ENTROPY : MLK_CRITERION_GINI;

			assert_int_equal(root_feature(d, &data[k], criterion, 0.0), 0);
			assert_int_equal(root_feature(d, &data[k], criterion, 1.0), 1);
		}
	}
	/* and a category that means something is still found */
	for (int i = 0; i < 6000; i++)
		two[i] = d->category[i] % 2;
	assert_int_equal(root_feature(d, &data[1], MLK_CRITERION_GINI, 1.0), 0);
	unit_free(y);
	unit_free(weight);
	unit_free(two);
	unit_free(three);
	free_data(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_subsets),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_chance),
		cmocka_unit_test(test_forest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
