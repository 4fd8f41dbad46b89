/*
 * test_tree.c: ensembles of random trees: scores against a plain walk, SHAP values against the sum over all subsets.
 */
#include "unit.h"

#include "kernels/rng.h"
#include "kernels/tree.h"

#define SUM_TOLERANCE 1e-12
#define SHAP_TOLERANCE 1e-10
#define ADDS_UP_TOLERANCE 1e-9

#define MAX_CODES 70			/* more than two words */
#define ROWS 203

/* thresholds of each number: halves around 0, and infinity */
#define LOWEST_THRESHOLD (-4.0)
#define THRESHOLDS 18

typedef struct Forest
{
	MlkEnsemble e;
	uint32_t	room_nodes;
	uint32_t	room_values;
	uint32_t	room_words;
} Forest;

/* ---- random ensembles ---- */

static void
make_forest(Forest *f, uint32_t numbers, uint32_t categories, uint32_t outputs, uint32_t per_leaf,
			uint32_t trees, uint32_t nodes_a_tree)
{
	MlkEnsemble *e = &f->e;

	memset(f, 0, sizeof(*f));
	e->n_features = numbers + categories;
	e->n_outputs = outputs;
	e->values_per_leaf = per_leaf;
	f->room_nodes = trees * nodes_a_tree;
	f->room_values = f->room_nodes * per_leaf;
	f->room_words = f->room_nodes * 3;
	e->roots = unit_array(uint32_t, trees + 1);
	e->depth = unit_array(uint32_t, trees);
	e->nodes = unit_array(MlkNode, f->room_nodes);
	e->info = unit_array(MlkNodeInfo, f->room_nodes);
	e->values = unit_array(double, f->room_values);
	e->values_page = unit_array(uint32_t, mlk_pages(f->room_nodes));
	e->sets = unit_array(MlkNodeSet, f->room_nodes);
	e->sets_page = unit_array(uint32_t, mlk_pages(f->room_nodes));
	e->thresholds = unit_array(double, numbers * THRESHOLDS);
	e->first_threshold = unit_array(uint32_t, e->n_features + 1);
	for (uint32_t j = 0; j < e->n_features; j++)
		e->first_threshold[j + 1] = (j < numbers ? j + 1 : numbers) * THRESHOLDS;
	for (uint32_t i = 0; i < numbers * THRESHOLDS; i++)
		e->thresholds[i] = i % THRESHOLDS == THRESHOLDS - 1 ? INFINITY : LOWEST_THRESHOLD + 0.5 * (i % THRESHOLDS);
	e->category_sets = unit_array(uint32_t, f->room_words);
	e->codes = unit_array(uint32_t, e->n_features);
	e->base = unit_array(double, outputs);
	for (uint32_t j = 0; j < categories; j++)
		e->codes[numbers + j] = 2 + (j * 33) % (MAX_CODES - 1);
	for (uint32_t k = 0; k < outputs; k++)
		e->base[k] = 0.25 * k - 1.0;
	e->scale = 0.5;
}

static void
free_forest(Forest *f)
{
	unit_free(f->e.roots);
	unit_free(f->e.depth);
	unit_free(f->e.nodes);
	unit_free(f->e.info);
	unit_free(f->e.values);
	unit_free(f->e.values_page);
	unit_free(f->e.sets);
	unit_free(f->e.sets_page);
	unit_free(f->e.thresholds);
	unit_free(f->e.first_threshold);
	unit_free(f->e.category_sets);
	unit_free(f->e.codes);
	unit_free(f->e.base);
}

static void
random_leaf(Forest *f, uint32_t at, MlkRng *rng)
{
	MlkEnsemble *e = &f->e;
	MlkNode    *node = &e->nodes[at];

	node->slot = mlk_slot_leaf(e);
	node->left = at;
	node->rank = (uint16_t) (e->n_values / e->values_per_leaf - e->values_page[at >> MLK_PAGE_BITS]);
	for (uint32_t k = 0; k < e->values_per_leaf; k++)
		e->values[e->n_values++] = mlk_rng_normal(rng);
}

static void
random_split(Forest *f, uint32_t at, uint32_t left, MlkRng *rng)
{
	MlkEnsemble *e = &f->e;
	MlkNode    *node = &e->nodes[at];
	uint32_t	feature = (uint32_t) mlk_rng_below(rng, e->n_features);
	bool		missing_left = mlk_rng_below(rng, 2) == 1;
	uint32_t	rows = e->info[at].rows;
	uint32_t	to_left = rows < 3 ? 1 : 1 + (uint32_t) mlk_rng_below(rng, rows - 1);
	MlkNodeSet *set;

	node->left = left;
	e->info[at].gain = (float) mlk_rng_uniform(rng);
	e->info[left].rows = to_left;
	e->info[left + 1].rows = rows - to_left > 0 ? rows - to_left : 1;
	if (e->codes[feature] == 0)
	{
		node->slot = mlk_slot_number(e, feature, missing_left);
		node->rank = (uint16_t) mlk_rng_below(rng, mlk_rng_below(rng, 20) == 0 ? THRESHOLDS : THRESHOLDS - 1);
		return;
	}
	node->slot = mlk_slot_category(e, feature, missing_left);
	node->rank = (uint16_t) (e->n_sets - e->sets_page[at >> MLK_PAGE_BITS]);
	set = &e->sets[e->n_sets++];
	set->first = e->n_set_words;
	set->begin = (uint16_t) mlk_rng_below(rng, 2);
	set->words = (uint16_t) mlk_rng_below(rng, 3);
	for (uint32_t i = 0; i < set->words; i++)
		e->category_sets[e->n_set_words++] = (uint32_t) mlk_rng_u64(rng);
}

/* nodes: odd; a chain splits the last node only */
static void
add_tree(Forest *f, uint32_t nodes, bool chain, MlkRng *rng)
{
	MlkEnsemble *e = &f->e;
	uint32_t	first = e->n_nodes;
	uint32_t	made = 1;

	e->info[first].rows = 1000;
	for (uint32_t i = 0; i < made; i++)
	{
		bool		last = i + 1 == made;
		bool		split = made < nodes && e->info[first + i].rows > 1 && (last || (!chain && mlk_rng_below(rng, 3) > 0));

		if ((first + i) % MLK_PAGE_NODES == 0)
		{
			e->values_page[(first + i) >> MLK_PAGE_BITS] = e->n_values / e->values_per_leaf;
			e->sets_page[(first + i) >> MLK_PAGE_BITS] = e->n_sets;
		}
		if (split)
		{
			random_split(f, first + i, first + made, rng);
			made += 2;
		}
		else
			random_leaf(f, first + i, rng);
	}
	e->roots[e->n_trees++] = first;
	e->n_nodes += made;
	e->roots[e->n_trees] = e->n_nodes;
	assert_true(e->n_nodes <= f->room_nodes);
}

/* ---- random rows: one dense block and a block for each category ---- */

typedef struct Rows
{
	MlkDesign	x;
	MlkBlock   *blocks;
	double	   *dense;
	uint32_t   *codes;
} Rows;

static void
make_rows(Rows *r, const MlkEnsemble *e, uint32_t numbers, int64_t rows, MlkRng *rng)
{
	uint32_t	categories = e->n_features - numbers;
	int			b = 0;

	r->dense = unit_array(double, rows * numbers);
	r->codes = unit_array(uint32_t, rows * categories);
	r->blocks = unit_array(MlkBlock, categories + 1);
	for (int64_t i = 0; i < rows * numbers; i++)
	{
		r->dense[i] = floor(4.0 * mlk_rng_normal(rng)) / 2.0;
		if (mlk_rng_below(rng, 6) == 0)
			r->dense[i] = mlk_rng_below(rng, 4) > 0 ? NAN : -INFINITY;
	}
	if (numbers > 0)
		r->blocks[b++] = (MlkBlock)
		{
			.kind = MLK_BLOCK_DENSE,.cols = (int32_t) numbers,.stride = numbers,.dense = r->dense
		};
	for (uint32_t j = 0; j < categories; j++)
	{
		for (int64_t i = 0; i < rows; i++)
		{
			uint32_t	code = (uint32_t) mlk_rng_below(rng, e->codes[numbers + j] + 2);

			r->codes[i * categories + j] = code > e->codes[numbers + j] ? MLK_NO_CODE : code;
		}
		r->blocks[b++] = (MlkBlock)
		{
			.kind = MLK_BLOCK_CATEGORY,.first = (int32_t) (numbers + j),.cols = 1,.stride = categories,
				.codes = r->codes + j,.n_codes = (int32_t) e->codes[numbers + j]
		};
	}
	r->x = (MlkDesign)
	{
		.rows = rows,.cols = (int32_t) e->n_features,.n_blocks = b,.blocks = r->blocks
	};
}

static void
free_rows(Rows *r)
{
	unit_free(r->dense);
	unit_free(r->codes);
	unit_free(r->blocks);
}

/* ---- the oracle: where a row goes, told by the meaning of the node alone ---- */

static bool
goes_left(const Forest *f, const Rows *r, uint32_t numbers, int64_t row, const MlkNode *node)
{
	const MlkEnsemble *e = &f->e;
	uint32_t	feature = mlk_node_feature(e, node);

	if (e->codes[feature] == 0)
	{
		double		x = r->dense[row * numbers + feature];

		return isnan(x) ? mlk_node_missing_left(e, node) : x <= mlk_node_threshold(e, node);
	}
	else
	{
		uint32_t	code = r->codes[row * (e->n_features - numbers) + (feature - numbers)];
		uint32_t	word = code / 32;
		const MlkNodeSet *set;

		if (code >= e->codes[feature])
			return mlk_node_missing_left(e, node);
		set = mlk_node_set(e, node);
		if (word < set->begin || word >= (uint32_t) set->begin + set->words)
			return false;
		return (e->category_sets[set->first + word - set->begin] >> (code % 32)) % 2 == 1;
	}
}

static void
plain_scores(const Forest *f, const Rows *r, uint32_t numbers, int64_t row, double *raw)
{
	const MlkEnsemble *e = &f->e;

	for (uint32_t k = 0; k < e->n_outputs; k++)
		raw[k] = e->base[k];
	for (uint32_t t = 0; t < e->n_trees; t++)
	{
		uint32_t	at = e->roots[t];

		while (!mlk_node_is_leaf(e, &e->nodes[at]))
			at = e->nodes[at].left + !goes_left(f, r, numbers, row, &e->nodes[at]);
		for (uint32_t k = 0; k < e->n_outputs; k++)
		{
			if (e->values_per_leaf > 1)
				raw[k] += e->scale * mlk_leaf_values(e, &e->nodes[at])[k];
			else if (t % e->n_outputs == k)
				raw[k] += e->scale * *mlk_leaf_values(e, &e->nodes[at]);
		}
	}
}

/* ---- scoring ---- */

static void
compare_scores(const Forest *f, const Rows *r, uint32_t numbers)
{
	const MlkEnsemble *e = &f->e;
	double	   *block = unit_array(double, r->x.rows * e->n_outputs);
	double	   *plain = unit_array(double, e->n_outputs);
	double	   *alone = unit_array(double, e->n_outputs);

	mlk_ensemble_score(e, &r->x, 0, r->x.rows, block);
	for (int64_t i = 0; i < r->x.rows; i++)
	{
		plain_scores(f, r, numbers, i, plain);
		mlk_ensemble_score(e, &r->x, i, 1, alone);
		for (uint32_t k = 0; k < e->n_outputs; k++)
			assert_true(fabs(block[i * e->n_outputs + k] - plain[k]) <= SUM_TOLERANCE * (1.0 + fabs(plain[k])));
		assert_memory_equal(alone, block + i * e->n_outputs, sizeof(double) * e->n_outputs);
	}
	unit_free(block);
	unit_free(plain);
	unit_free(alone);
}

static void
check_scores(uint32_t numbers, uint32_t categories, uint32_t outputs, bool all_values, bool chain, uint32_t trees)
{
	Forest		f;
	Rows		rows;
	MlkRng		rng;

	mlk_rng_seed(&rng, 7 * numbers + categories + trees);
	make_forest(&f, numbers, categories, outputs, all_values ? outputs : 1, trees, 61);
	for (uint32_t t = 0; t < trees; t++)
		add_tree(&f, t % 5 == 4 ? 1 : 61, chain, &rng);
	assert_true(mlk_ensemble_valid(&f.e));
	make_rows(&rows, &f.e, numbers, ROWS, &rng);
	compare_scores(&f, &rows, numbers);
	if (mlk_flat_possible(&f.e))
	{
		f.e.flat_splits = unit_array(MlkFlatSplit, f.e.n_nodes);
		f.e.flat_values = unit_array(double, f.e.n_nodes);
		mlk_flatten(&f.e);
		compare_scores(&f, &rows, numbers);
		unit_free(f.e.flat_splits);
		unit_free(f.e.flat_values);
	}
	else
		assert_true(categories > 0 || all_values || f.e.n_nodes > 61);
	free_rows(&rows);
	free_forest(&f);
}

static void
test_scores(void **state)
{
	check_scores(20, 0, 1, false, false, 100);
	check_scores(3, 0, 1, false, true, 19);
	check_scores(2, 5, 1, false, false, 23);
	check_scores(0, 4, 1, false, true, 9);
	check_scores(6, 1, 3, false, false, 30);
	check_scores(6, 2, 3, true, false, 17);
	check_scores(5, 0, 2, true, false, 1);
	/* several pages of nodes; deep and wide */
	check_scores(20, 2, 2, true, false, 2500);
	check_scores(7, 0, 1, false, false, 1200);
	/* rows so wide that few of them fit on the stack */
	check_scores(MLK_MAX_TREE_FEATURES, 0, 1, false, false, 20);
	check_scores(300, 2000, 2, true, false, 12);
	check_scores(400, 3, 1, false, false, 12);
}

static void
test_no_trees(void **state)
{
	Forest		f;
	MlkDesign	x = {.rows = 3};
	double		raw[6];

	make_forest(&f, 0, 0, 2, 1, 0, 0);
	assert_true(mlk_ensemble_valid(&f.e));
	mlk_ensemble_score(&f.e, &x, 0, 3, raw);
	for (int i = 0; i < 6; i++)
		assert_true(raw[i] == f.e.base[i % 2]);
	free_forest(&f);
}

/* ---- SHAP ---- */

/* expected value of the subtree when the features in known follow the row and the others follow the training rows */
static double
conditional(const Forest *f, const Rows *r, uint32_t numbers, int64_t row, uint32_t at, uint32_t known, uint32_t value)
{
	const MlkEnsemble *e = &f->e;
	const MlkNode *node = &e->nodes[at];
	double		rows = e->info[at].rows;

	if (mlk_node_is_leaf(e, node))
		return mlk_leaf_values(e, node)[value];
	if (known >> mlk_node_feature(e, node) & 1)
		return conditional(f, r, numbers, row, node->left + !goes_left(f, r, numbers, row, node), known, value);
	return e->info[node->left].rows / rows * conditional(f, r, numbers, row, node->left, known, value) +
		e->info[node->left + 1].rows / rows * conditional(f, r, numbers, row, node->left + 1, known, value);
}

static double
game(const Forest *f, const Rows *r, uint32_t numbers, int64_t row, uint32_t known, uint32_t output)
{
	const MlkEnsemble *e = &f->e;
	double		sum = 0.0;

	for (uint32_t t = 0; t < e->n_trees; t++)
	{
		uint32_t	value;

		if (mlk_tree_feeds(e, t, output, &value))
			sum += conditional(f, r, numbers, row, e->roots[t], known, value);
	}
	return e->base[output] + e->scale * sum;
}

static double
factorial(int n)
{
	return tgamma(n + 1.0);
}

/* Shapley's definition */
static double
shapley(const double *worth, int features, int i)
{
	double		sum = 0.0;

	for (uint32_t subset = 0; subset < 1U << features; subset++)
	{
		int			size = __builtin_popcount(subset);

		if ((subset >> i & 1) == 0)
			sum += factorial(size) * factorial(features - size - 1) / factorial(features) *
				(worth[subset | 1U << i] - worth[subset]);
	}
	return sum;
}

static void
check_shap(uint32_t numbers, uint32_t categories, uint32_t outputs, bool all_values, uint32_t nodes, bool chain)
{
	uint32_t	features = numbers + categories;
	double	   *worth = unit_array(double, 1U << features);
	double	   *phi = unit_array(double, features);
	Forest		f;
	Rows		rows;
	MlkRng		rng;
	void	   *work;

	mlk_rng_seed(&rng, 100 * numbers + nodes);
	make_forest(&f, numbers, categories, outputs, all_values ? outputs : 1, 4, nodes);
	for (int t = 0; t < 4; t++)
		add_tree(&f, nodes, chain, &rng);
	assert_true(mlk_ensemble_valid(&f.e));
	make_rows(&rows, &f.e, numbers, 12, &rng);
	work = unit_array(char, mlk_shap_work(&f.e));
	for (int64_t row = 0; row < 12; row++)
	{
		uint32_t	output = (uint32_t) row % outputs;
		double		expected;

		mlk_shap_row(&f.e, &rows.x, row, output, phi, &expected, work);
		for (uint32_t subset = 0; subset < 1U << features; subset++)
			worth[subset] = game(&f, &rows, numbers, row, subset, output);
		assert_true(fabs(expected - worth[0]) <= SHAP_TOLERANCE);
		for (uint32_t i = 0; i < features; i++)
			assert_true(fabs(phi[i] - shapley(worth, (int) features, (int) i)) <= SHAP_TOLERANCE);
	}
	unit_free(work);
	free_rows(&rows);
	free_forest(&f);
	unit_free(worth);
	unit_free(phi);
}

static void
test_shapley(void **state)
{
	check_shap(1, 0, 1, false, 9, false);
	check_shap(4, 0, 1, false, 31, false);
	check_shap(3, 3, 1, false, 41, false);
	check_shap(8, 0, 1, false, 41, true);
	check_shap(7, 1, 2, false, 61, false);
	check_shap(5, 2, 3, true, 61, false);
}

/* deep trees, where the products of many shares would lose their digits */
static void
test_adds_up(void **state)
{
	const uint32_t numbers = 40;
	double		phi[41];
	Forest		f;
	Rows		rows;
	MlkRng		rng;
	void	   *work;

	mlk_rng_seed(&rng, 3);
	make_forest(&f, numbers, 1, 1, 1, 20, 401);
	for (int t = 0; t < 20; t++)
		add_tree(&f, 401, t % 2 == 0, &rng);
	assert_true(mlk_ensemble_valid(&f.e));
	make_rows(&rows, &f.e, numbers, 20, &rng);
	work = unit_array(char, mlk_shap_work(&f.e));
	for (int64_t row = 0; row < 20; row++)
	{
		double		sum;
		double		raw;

		mlk_shap_row(&f.e, &rows.x, row, 0, phi, &sum, work);
		for (uint32_t i = 0; i < f.e.n_features; i++)
			sum += phi[i];
		mlk_ensemble_score(&f.e, &rows.x, row, 1, &raw);
		assert_true(fabs(sum - raw) <= ADDS_UP_TOLERANCE);
	}
	unit_free(work);
	free_rows(&rows);
	free_forest(&f);
}

/* ---- structure ---- */

static void
test_importance(void **state)
{
	double		gain[4];
	double		splits[4];
	double		total = 0.0;
	Forest		f;
	MlkRng		rng;

	mlk_rng_seed(&rng, 1);
	make_forest(&f, 3, 1, 1, 1, 5, 31);
	for (int t = 0; t < 5; t++)
		add_tree(&f, 31, false, &rng);
	assert_true(mlk_ensemble_valid(&f.e));
	mlk_ensemble_importance(&f.e, true, gain);
	mlk_ensemble_importance(&f.e, false, splits);
	for (uint32_t i = 0; i < f.e.n_nodes; i++)
		total += f.e.info[i].gain;
	assert_close(gain[0] + gain[1] + gain[2] + gain[3], total, SUM_TOLERANCE);
	assert_true(splits[0] + splits[1] + splits[2] + splits[3] == (f.e.n_nodes - 5) / 2);
	free_forest(&f);
}

/* whatever single byte of a node is damaged: refused, or scored without reading a byte that is not the ensemble's (sanitizers watch) */
static void
test_damage(void **state)
{
	Forest		f;
	Rows		rows;
	MlkRng		rng;
	double	   *raw = unit_array(double, 3 * ROWS);
	uint8_t    *bytes;
	int			refused = 0;
	int			scored = 0;

	mlk_rng_seed(&rng, 11);
	make_forest(&f, 3, 2, 3, 3, 6, 31);
	for (int t = 0; t < 6; t++)
		add_tree(&f, 31, false, &rng);
	assert_true(mlk_ensemble_valid(&f.e));
	make_rows(&rows, &f.e, 3, 20, &rng);
	bytes = (uint8_t *) f.e.nodes;
	for (size_t i = 0; i < sizeof(MlkNode) * f.e.n_nodes; i++)
	{
		uint8_t		before = bytes[i];

		bytes[i] ^= (uint8_t) (1 + mlk_rng_below(&rng, 255));
		if (mlk_ensemble_valid(&f.e))
		{
			mlk_ensemble_score(&f.e, &rows.x, 0, 20, raw);
			scored++;
		}
		else
			refused++;
		bytes[i] = before;
	}
	assert_true(refused > 0 && scored > 0);
	unit_free(raw);
	free_rows(&rows);
	free_forest(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scores),
		cmocka_unit_test(test_no_trees),
		cmocka_unit_test(test_shapley),
		cmocka_unit_test(test_adds_up),
		cmocka_unit_test(test_importance),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
