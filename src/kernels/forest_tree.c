/*
 * forest_tree.c: a finished tree: pruning, leaf values, category sets, and walking it by bins.
 */
#include "kernels/forest_internal.h"

#include <string.h>

#define UNSEEN_ROWS 8192		/* a block */
#define TOGETHER 16				/* rows walked side by side */

static inline uint32_t
bin_of(const MlkBinFeature *feature, int64_t row)
{
	return feature->wide ? ((const uint16_t *) feature->bins)[row] : ((const uint8_t *) feature->bins)[row];
}

static inline double
weight_of(const MlkForest *f, const MlkEntry *entry)
{
	uint32_t	draws = f->kind == MLK_CELL_BINARY ? entry->draws >> 1 : entry->draws;

	return draws * (f->data.weight != NULL ? f->data.weight[entry->row] : 1.0);
}

int
mlk_forest_nodes(const MlkForest *f, int slot, const MlkGrownNode **nodes)
{
	*nodes = f->slots[slot].nodes;
	return f->slots[slot].n_nodes;
}

/* ---- values ---- */

/* about the first value, so that a leaf of equal values is exact */
static double
leaf_mean(const MlkForest *f, const MlkEntry *entries, int64_t n)
{
	double		first = f->data.y[entries[0].row];
	double		weight = 0.0;
	double		sum = 0.0;

	for (int64_t i = 0; i < n; i++)
	{
		double		w = weight_of(f, &entries[i]);

		weight += w;
		sum += w * (f->data.y[entries[i].row] - first);
	}
	return first + sum / weight;
}

static void
leaf_classes(const MlkForest *f, const MlkEntry *entries, int64_t n, double *out)
{
	memset(out, 0, sizeof(double) * f->data.n_classes);
	for (int64_t i = 0; i < n; i++)
		out[f->data.label[entries[i].row]] += weight_of(f, &entries[i]);
}

void
mlk_forest_leaf_values(const MlkForest *f, int slot, double *out)
{
	const MlkForestSlot *tree = &f->slots[slot];

	for (int i = 0; i < tree->n_nodes; i++)
	{
		const MlkGrownNode *node = &tree->nodes[i];

		if (node->feature >= 0)
			continue;
		if (f->kind == MLK_CELL_REGRESSION)
		{
			*out++ = leaf_mean(f, tree->entries + node->first_row, node->rows);
			continue;
		}
		if (f->kind == MLK_CELL_BINARY)
		{
			*out++ = (node->sum_hessian - node->sum_gradient) / node->sum_hessian;
			*out++ = node->sum_gradient / node->sum_hessian;
			continue;
		}
		leaf_classes(f, tree->entries + node->first_row, node->rows, out);
		for (int k = 0; k < f->data.n_classes; k++)
			out[k] /= node->sum_hessian;
		out += f->data.n_classes;
	}
}

/* ---- category sets ---- */

static inline int64_t
set_words(const MlkForest *f, const MlkGrownNode *node)
{
	if (node->feature < 0 || !f->data.x->features[node->feature].category)
		return 0;
	return (f->data.x->features[node->feature].n_bins + 31) / 32;
}

int64_t
mlk_forest_set_words(const MlkForest *f, int slot)
{
	const MlkForestSlot *tree = &f->slots[slot];
	int64_t		words = 0;

	for (int i = 0; i < tree->n_nodes; i++)
		words += set_words(f, &tree->nodes[i]);
	return words;
}

/* missing right: the codes of the left child's rows; missing left: all but those of the right child's */
static void
fill_set(const MlkForestSlot *tree, const MlkBinFeature *feature, const MlkGrownNode *node, uint32_t *set)
{
	const MlkGrownNode *child = &tree->nodes[node->missing_left ? node->right : node->left];
	int64_t		words = (feature->n_bins + 31) / 32;
	uint32_t	flip = node->missing_left ? UINT32_MAX : 0;

	memset(set, 0, sizeof(uint32_t) * words);
	for (int64_t i = 0; i < child->rows; i++)
	{
		uint32_t	bin = bin_of(feature, tree->entries[child->first_row + i].row);

		if (bin < (uint32_t) feature->n_bins)
			set[bin / 32] |= UINT32_C(1) << (bin % 32);
	}
	for (int64_t w = 0; w < words; w++)
		set[w] ^= flip;
	if (feature->n_bins % 32 != 0)
		set[words - 1] &= (UINT32_C(1) << (feature->n_bins % 32)) - 1;
}

void
mlk_forest_sets(MlkForest *f, int slot, uint32_t *sets)
{
	MlkForestSlot *tree = &f->slots[slot];
	int64_t		at = 0;

	for (int i = 0; i < tree->n_nodes; i++)
	{
		MlkGrownNode *node = &tree->nodes[i];
		int64_t		words = set_words(f, node);

		if (words == 0)
			continue;
		node->set = (int32_t) at;
		fill_set(tree, &f->data.x->features[node->feature], node, sets + at);
		at += words;
	}
}

/* ---- pruning ---- */

/* what a node knows of its rows; classification: weights of the classes, regression: weight, mean, sum of squares about it */
static double
node_risk(const MlkForest *f, const double *stats)
{
	double		weight = 0.0;
	double		sum = 0.0;

	if (f->kind == MLK_CELL_REGRESSION)
		return stats[2];
	for (int k = 0; k < f->data.n_classes; k++)
	{
		double		c = stats[k];

		weight += c;
		if (f->options.criterion == MLK_CRITERION_GINI)
			sum += c * c;
		else if (c > 0.0)
			sum += c * log2(c);
	}
	return f->options.criterion == MLK_CRITERION_GINI ? weight - sum / weight : weight * log2(weight) - sum;
}

static void
leaf_stats(const MlkForest *f, const MlkEntry *entries, int64_t n, double *stats)
{
	if (f->kind != MLK_CELL_REGRESSION)
	{
		leaf_classes(f, entries, n, stats);
		return;
	}
	stats[0] = stats[2] = 0.0;
	stats[1] = leaf_mean(f, entries, n);
	for (int64_t i = 0; i < n; i++)
	{
		double		w = weight_of(f, &entries[i]);
		double		e = f->data.y[entries[i].row] - stats[1];

		stats[0] += w;
		stats[2] += w * e * e;
	}
}

static void
merge_stats(const MlkForest *f, const double *a, const double *b, double *out)
{
	double		weight;
	double		apart;

	if (f->kind != MLK_CELL_REGRESSION)
	{
		for (int k = 0; k < f->data.n_classes; k++)
			out[k] = a[k] + b[k];
		return;
	}
	weight = a[0] + b[0];
	apart = b[1] - a[1];
	out[0] = weight;
	out[1] = a[1] + apart * b[0] / weight;
	out[2] = a[2] + b[2] + apart * apart * a[0] * b[0] / weight;
}

static int
stats_width(const MlkForest *f)
{
	return f->kind == MLK_CELL_REGRESSION ? 3 : f->data.n_classes;
}

size_t
mlk_forest_prune_work(const MlkForest *f, int slot)
{
	return (size_t) f->slots[slot].n_nodes * ((stats_width(f) + 2) * sizeof(double) + sizeof(int32_t));
}

/* keep what is below a root that stays, with new numbers in the old order */
static void
compact(MlkForestSlot *tree, int32_t *number)
{
	int32_t		n = 0;

	for (int i = 0; i < tree->n_nodes; i++)
		number[i] = i == 0 ? 0 : -1;
	for (int i = 0; i < tree->n_nodes; i++)
	{
		MlkGrownNode *node = &tree->nodes[i];

		if (number[i] < 0)
			continue;
		number[i] = n++;
		if (node->feature >= 0)
			number[node->left] = number[node->right] = 0;
	}
	for (int i = 0; i < tree->n_nodes; i++)
	{
		MlkGrownNode node = tree->nodes[i];

		if (number[i] < 0)
			continue;
		if (node.feature >= 0)
		{
			node.left = number[node.left];
			node.right = number[node.right];
		}
		tree->nodes[number[i]] = node;
	}
	tree->n_nodes = n;
}

/*
 * From the leaves up: a branch that does not pay for its leaves becomes a leaf.  That gives the same subtree as cutting
 * weakest links one by one as long as their price is at most alpha.
 */
void
mlk_forest_prune(MlkForest *f, int slot, double alpha, void *work)
{
	MlkForestSlot *tree = &f->slots[slot];
	int			width = stats_width(f);
	double	   *stats = work;
	double	   *cost = stats + (size_t) tree->n_nodes * width;
	double	   *leaves = cost + tree->n_nodes;

	for (int i = tree->n_nodes - 1; i >= 0; i--)
	{
		MlkGrownNode *node = &tree->nodes[i];
		double	   *own = stats + (size_t) i * width;
		double		alone;

		if (node->feature >= 0)
			merge_stats(f, stats + (size_t) node->left * width, stats + (size_t) node->right * width, own);
		else
			leaf_stats(f, tree->entries + node->first_row, node->rows, own);
		alone = node_risk(f, own) / tree->weight;
		leaves[i] = 1.0;
		cost[i] = alone;
		if (node->feature < 0)
			continue;
		cost[i] = cost[node->left] + cost[node->right];
		leaves[i] = leaves[node->left] + leaves[node->right];
		if (alone <= cost[i] + alpha * (leaves[i] - 1.0))
		{
			node->feature = node->left = node->right = -1;
			node->gain = 0.0;
			cost[i] = alone;
			leaves[i] = 1.0;
		}
	}
	compact(tree, (int32_t *) (leaves + tree->n_nodes));
}

/* ---- rows ---- */

void
mlk_forest_bag(const MlkForest *f, int slot, uint64_t *bag)
{
	const MlkForestSlot *tree = &f->slots[slot];

	memset(bag, 0, sizeof(uint64_t) * ((f->data.x->rows + 63) / 64));
	for (int64_t i = 0; i < tree->n_entries; i++)
		bag[tree->entries[i].row / 64] |= UINT64_C(1) << (tree->entries[i].row % 64);
}

static inline int
walk_step(const MlkBinned *x, const MlkGrownNode *node, const uint32_t *sets, int64_t row)
{
	const MlkBinFeature *feature = &x->features[node->feature];
	uint32_t	bin = bin_of(feature, row);
	bool		left;

	if (feature->category && bin < (uint32_t) feature->n_bins)
		left = sets[node->set + bin / 32] >> (bin % 32) & 1;
	else
		left = bin == (uint32_t) feature->n_bins ? node->missing_left : (int32_t) bin <= node->bin;
	return left ? node->left : node->right;
}

int
mlk_forest_walk(const MlkBinned *x, const MlkGrownNode *nodes, const uint32_t *sets, int64_t row)
{
	int			at = 0;

	while (nodes[at].feature >= 0)
		at = walk_step(x, &nodes[at], sets, row);
	return at;
}

/* what score_unseen hands to its blocks */
typedef struct Unseen
{
	const MlkForest *f;
	const MlkGrownNode *nodes;
	const uint32_t *sets;
	const int32_t *leaf;
	const double *values;
	const uint64_t *bag;
	double	   *sums;
} Unseen;

/* rows[n] side by side, so that the loads of one hide behind those of the others */
static void
walk_together(const Unseen *u, const int64_t *rows, int n, int *at)
{
	bool		moved = true;

	for (int i = 0; i < n; i++)
		at[i] = 0;
	while (moved)
	{
		moved = false;
		for (int i = 0; i < n; i++)
		{
			if (u->nodes[at[i]].feature < 0)
				continue;
			at[i] = walk_step(u->f->data.x, &u->nodes[at[i]], u->sets, rows[i]);
			moved = true;
		}
	}
}

static void
score_rows(const Unseen *u, const int64_t *rows, int n)
{
	int			outputs = u->f->data.n_classes > 0 ? u->f->data.n_classes : 1;
	int			at[TOGETHER];

	walk_together(u, rows, n, at);
	for (int i = 0; i < n; i++)
	{
		double	   *sum = u->sums + rows[i] * (outputs + 1);
		const double *value = u->values + (int64_t) u->leaf[at[i]] * outputs;

		for (int k = 0; k < outputs; k++)
			sum[k] += value[k];
		sum[outputs] += 1.0;
	}
}

static void
score_block(void *arg, int64_t block, int worker)
{
	const Unseen *u = arg;
	int64_t		all = u->f->data.x->rows;
	int64_t		end = (block + 1) * UNSEEN_ROWS < all ? (block + 1) * UNSEEN_ROWS : all;
	int64_t		rows[TOGETHER];
	int			n = 0;

	for (int64_t row = block * UNSEEN_ROWS; row < end; row++)
	{
		if (u->bag[row / 64] >> (row % 64) & 1)
			continue;
		rows[n++] = row;
		if (n == TOGETHER)
		{
			score_rows(u, rows, n);
			n = 0;
		}
	}
	score_rows(u, rows, n);
}

MlkStatus
mlk_forest_score_unseen(MlkForest *f, int slot, const uint32_t *sets, const int32_t *leaf, const double *values,
						const uint64_t *bag, double *sums)
{
	Unseen		u = {f, f->slots[slot].nodes, sets, leaf, values, bag, sums};

	return mlk_parallel_for(f->pool, (f->data.x->rows + UNSEEN_ROWS - 1) / UNSEEN_ROWS, score_block, &u);
}
