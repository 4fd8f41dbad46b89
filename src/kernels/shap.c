/*
 * shap.c: exact path-dependent SHAP values of tree ensembles.
 *
 * For one leaf of value v, let the path to it test m features.  o_j is 1 when the row passes all tests of feature j on
 * the path and 0 otherwise; z_j is the share of the training rows that passes them (product of the rows ratios).  The Shapley value of
 * feature i in the game that averages over the features that are not known is v (o_i - z_i) times a sum over subsets of the others,
 * which is an integral of positive terms:
 *
 *	  phi_i = v (o_i - z_i) * integral over t in [0, 1] of the product over j != i of (z_j (1 - t) + o_j t)
 *
 * The integrand is a polynomial of degree m - 1, so Gauss-Legendre quadrature with m / 2 points is exact.  Nothing cancels, where
 * the unwinding of the published algorithm divides by differences and loses digits on deep paths.
 *
 * At each point the product over a whole path is kept while the tree is walked depth-first, and sums over the
 * leaves below go back up, so that an edge costs one pass over the points and not one a leaf: O(nodes x points) a tree.  A feature
 * that is tested again on the way replaces its factor; what its earlier edge has counted for the leaves below is taken
 * back.  The walk has its own stack: how deep a tree is, is up to the bytes it was read from.
 */
#include "kernels/tree.h"

#include <string.h>

#define SMALLEST_SHARE 1e-290	/* shares only shrink; a factor must not become zero */
#define NEWTON_STEPS 100

/* an edge of the path: what its feature has come to once it is taken */
typedef struct Edge
{
	double		zero;			/* z */
	double		one;			/* o */
	double		weight;			/* product of all ratios of the path: of the expected value */
	uint32_t	node;			/* the edge leads to it */
	uint32_t	feature;
	uint32_t	earlier;		/* level of the edge that tested the feature before; 0: none */
	uint32_t	visited;		/* children of node that are done */
} Edge;

typedef struct Walk
{
	const MlkEnsemble *e;
	uint16_t   *row;
	uint32_t	points;
	double	   *t;				/* points */
	double	   *rest;			/* 1 - t */
	double	   *weight;			/* of the quadrature */
	double	   *product;		/* [levels][points]: of the factors on the path */
	double	   *below;			/* [levels][points]: sum over the leaves below, value times product */
	Edge	   *edge;			/* [levels]; level 0 is the root, which no edge leads to */
	uint32_t   *latest;			/* [n_features]: level of the latest edge of the feature on the path; 0: none */
	double	   *phi;
	double		expected;
} Walk;

static uint32_t
max_depth(const MlkEnsemble *e)
{
	uint32_t	depth = 0;

	for (uint32_t t = 0; t < e->n_trees; t++)
		depth = e->depth[t] > depth ? e->depth[t] : depth;
	return depth;
}

static uint32_t
quadrature_points(const MlkEnsemble *e, uint32_t depth)
{
	uint32_t	features = depth < e->n_features ? depth : e->n_features;

	return features < 2 ? 1 : (features + 1) / 2;
}

size_t
mlk_shap_work(const MlkEnsemble *e)
{
	size_t		features = e->n_features;
	size_t		levels = (size_t) max_depth(e) + 1;
	size_t		points = quadrature_points(e, max_depth(e));

	return sizeof(double) * (3 * points + 2 * levels * points) + sizeof(Edge) * levels +
		sizeof(uint32_t) * features + sizeof(uint16_t) * MLK_ROW_SLOTS(features);
}

static void
divide_work(Walk *walk, void *work)
{
	size_t		features = walk->e->n_features;
	size_t		levels = (size_t) max_depth(walk->e) + 1;
	size_t		points = quadrature_points(walk->e, max_depth(walk->e));

	walk->points = (uint32_t) points;
	walk->t = work;
	walk->rest = walk->t + points;
	walk->weight = walk->rest + points;
	walk->product = walk->weight + points;
	walk->below = walk->product + levels * points;
	walk->edge = (Edge *) (walk->below + levels * points);
	walk->latest = (uint32_t *) (walk->edge + levels);
	walk->row = (uint16_t *) (walk->latest + features);
	memset(walk->latest, 0, sizeof(uint32_t) * features);
}

/* Legendre polynomial of degree n at x, and its derivative */
static double
legendre(uint32_t n, double x, double *derivative)
{
	double		before = 1.0;
	double		value = x;

	for (uint32_t k = 2; k <= n; k++)
	{
		double		next = ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k;

		before = value;
		value = next;
	}
	*derivative = n * (x * value - before) / (x * x - 1.0);
	return value;
}

/* Gauss-Legendre on [0, 1], by Newton's method from the usual guess at the roots */
static void
make_quadrature(Walk *walk)
{
	uint32_t	n = walk->points;

	for (uint32_t i = 0; i < n; i++)
	{
		double		x = cos(M_PI * (i + 0.75) / (n + 0.5));
		double		derivative;
		double		value = legendre(n, x, &derivative);

		for (int step = 0; step < NEWTON_STEPS && fabs(value / derivative) > 1e-16; step++)
		{
			x -= value / derivative;
			value = legendre(n, x, &derivative);
		}
		walk->t[i] = 0.5 * (1.0 - x);
		walk->rest[i] = 0.5 * (1.0 + x);
		walk->weight[i] = 1.0 / ((1.0 - x * x) * derivative * derivative);
	}
}

static inline double
factor(const Walk *walk, const Edge *edge, uint32_t q)
{
	return edge->zero * walk->rest[q] + edge->one * walk->t[q];
}

/* the next level of the path: from the node at level to its child */
static void
descend(Walk *walk, uint32_t level, uint32_t child)
{
	const MlkEnsemble *e = walk->e;
	const Edge *parent = &walk->edge[level];
	const MlkNode *node = &e->nodes[parent->node];
	uint32_t	feature = mlk_node_feature(e, node);
	uint32_t	earlier = walk->latest[feature];
	double		ratio = (double) e->info[child].rows / e->info[parent->node].rows;
	bool		passes = mlk_tree_step(e, node, walk->row) == child;
	const Edge *before = &walk->edge[earlier];
	const double *from = walk->product + (size_t) level * walk->points;
	double	   *to = walk->product + (size_t) (level + 1) * walk->points;
	Edge	   *edge = &walk->edge[level + 1];

	/* level 0 carries shares of 1 and factors of 1, so that "none before" needs no case of its own */
	edge->zero = fmax(before->zero * ratio, SMALLEST_SHARE);
	edge->one = passes ? before->one : 0.0;
	edge->weight = parent->weight * ratio;
	edge->node = child;
	edge->feature = feature;
	edge->earlier = earlier;
	edge->visited = 0;
	for (uint32_t q = 0; q < walk->points; q++)
		to[q] = from[q] * factor(walk, edge, q) / factor(walk, before, q);
	walk->latest[feature] = level + 1;
}

/* what the edge of a level gives its feature, from the sums of the leaves below another one (or the same) */
static double
contribution(const Walk *walk, const Edge *edge, const double *below)
{
	double		sum = 0.0;

	for (uint32_t q = 0; q < walk->points; q++)
		sum += walk->weight[q] * below[q] / factor(walk, edge, q);
	return (edge->one - edge->zero) * sum;
}

/* all below the edge of this level is done: settle it and hand its sums to the level above */
static void
ascend(Walk *walk, uint32_t level)
{
	const Edge *edge = &walk->edge[level];
	const double *below = walk->below + (size_t) level * walk->points;
	double	   *above = walk->below + (size_t) (level - 1) * walk->points;

	walk->phi[edge->feature] += contribution(walk, edge, below);
	if (edge->earlier > 0)
		walk->phi[edge->feature] -= contribution(walk, &walk->edge[edge->earlier], below);
	for (uint32_t q = 0; q < walk->points; q++)
		above[q] += below[q];
	walk->latest[edge->feature] = edge->earlier;
}

static void
walk_tree(Walk *walk, uint32_t root, uint32_t value_index)
{
	const MlkEnsemble *e = walk->e;
	uint32_t	level = 0;

	walk->edge[0] = (Edge)
	{
		.zero = 1.0,.one = 1.0,.weight = 1.0,.node = root
	};
	for (uint32_t q = 0; q < walk->points; q++)
		walk->product[q] = 1.0;
	for (;;)
	{
		Edge	   *edge = &walk->edge[level];
		const MlkNode *node = &e->nodes[edge->node];
		const double *product = walk->product + (size_t) level * walk->points;
		double	   *below = walk->below + (size_t) level * walk->points;

		if (mlk_node_is_leaf(e, node))
		{
			double		value = mlk_leaf_values(e, node)[value_index];

			for (uint32_t q = 0; q < walk->points; q++)
				below[q] = value * product[q];
			walk->expected += value * edge->weight;
			edge->visited = 2;
		}
		else if (edge->visited == 0)
			memset(below, 0, sizeof(double) * walk->points);
		if (edge->visited < 2)
		{
			descend(walk, level, node->left + edge->visited++);
			level++;
		}
		else if (level > 0)
			ascend(walk, level--);
		else
			break;
	}
}

void
mlk_shap_row(const MlkEnsemble *e, const MlkDesign *x, int64_t row, uint32_t output,
			 double *phi, double *expected, void *work)
{
	Walk		walk = {.e = e,.phi = phi};

	divide_work(&walk, work);
	make_quadrature(&walk);
	mlk_tree_row(e, x, row, walk.row);
	memset(phi, 0, sizeof(double) * e->n_features);
	for (uint32_t t = 0; t < e->n_trees; t++)
	{
		uint32_t	value_index;

		if (mlk_tree_feeds(e, t, output, &value_index))
			walk_tree(&walk, e->roots[t], value_index);
	}
	for (uint32_t f = 0; f < e->n_features; f++)
		phi[f] *= e->scale;
	*expected = e->base[output] + e->scale * walk.expected;
}
