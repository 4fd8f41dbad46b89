/*
 * forest_order.c: the order in which a category's values are scanned for a split.
 *
 * For two classes and for squared error the best of all 2^(k - 1) subsets is a prefix in the order of the means (L. Breiman,
 * J. Friedman, R. Olshen, C. Stone: Classification and Regression Trees, 1984, theorem 4.5).  For more classes there is no
 * such order; that of the first principal direction of the class shares comes close (D. Coppersmith, S. Hong, J. Hosking:
 * Partitioning nominal attributes in decision trees, Data Mining and Knowledge Discovery 3, 1999).
 */
#include "kernels/forest_internal.h"

#define BITS_OF_A_SQUARE 0.72134752044448170368	/* 1 / (2 ln 2) */
#define POWER_STEPS 16			/* the direction only orders: digits do not matter */

/* ties by code, so that the order is one */
static inline bool
less(double key_a, uint32_t code_a, double key_b, uint32_t code_b)
{
	return key_a < key_b || (key_a == key_b && code_a < code_b);
}

static void
sift(double *key, uint32_t *order, int at, int n)
{
	double		k = key[at];
	uint32_t	code = order[at];
	int			child;

	while ((child = 2 * at + 1) < n)
	{
		if (child + 1 < n && less(key[child], order[child], key[child + 1], order[child + 1]))
			child++;
		if (!less(k, code, key[child], order[child]))
			break;
		key[at] = key[child];
		order[at] = order[child];
		at = child;
	}
	key[at] = k;
	order[at] = code;
}

/* heap sort: needs no memory and is never quadratic */
static void
sort_by_key(double *key, uint32_t *order, int n)
{
	for (int i = n / 2 - 1; i >= 0; i--)
		sift(key, order, i, n);
	for (int i = n - 1; i > 0; i--)
	{
		double		k = key[i];
		uint32_t	code = order[i];

		key[i] = key[0];
		order[i] = order[0];
		key[0] = k;
		order[0] = code;
		sift(key, order, 0, i);
	}
}

static double
cell_weight(const double *cell, int n_classes)
{
	double		sum = 0.0;

	for (int k = 0; k < n_classes; k++)
		sum += cell[k];
	return sum;
}

/* product[n_classes] += (share - mean) * weight * (direction . (share - mean)) over the cells */
static void
covariance_times(const MlkForest *f, const MlkForestScratch *s, int n, double total, const double *direction, double *product)
{
	int			n_classes = f->data.n_classes;

	for (int k = 0; k < n_classes; k++)
		product[k] = 0.0;
	for (int i = 0; i < n; i++)
	{
		const double *cell = s->cells.sums + (size_t) s->order[i] * f->stride;
		double		weight = cell_weight(cell, n_classes);
		double		dot = 0.0;

		for (int k = 0; k < n_classes; k++)
			dot += direction[k] * (cell[k] / weight - s->total[k] / total);
		for (int k = 0; k < n_classes; k++)
			product[k] += dot * (cell[k] - weight * s->total[k] / total);
	}
}

/*
 * s->direction: first principal direction of the class shares, by power iteration from a start without symmetry; of two
 * classes, towards the second.
 */
static void
find_direction(const MlkForest *f, MlkForestScratch *s, int n)
{
	int			n_classes = f->data.n_classes;
	double		total = cell_weight(s->total, n_classes);
	double	   *direction = s->direction;
	double	   *product = s->direction + n_classes;

	for (int k = 0; k < n_classes; k++)
		direction[k] = k + 1.0;
	for (int step = 0; step < POWER_STEPS; step++)
	{
		double		norm = 0.0;

		covariance_times(f, s, n, total, direction, product);
		for (int k = 0; k < n_classes; k++)
			norm += product[k] * product[k];
		if (!(norm > 0.0))
			return;
		for (int k = 0; k < n_classes; k++)
			direction[k] = product[k] / sqrt(norm);
	}
}

static double
category_key(const MlkForest *f, const MlkForestScratch *s, uint32_t code)
{
	const double *cell;
	double		weight;
	double		dot = 0.0;

	if (f->kind == MLK_CELL_BINARY)
	{
		uint64_t	packed = s->cells.packed[code];

		return (double) (packed >> (2 * MLK_PACK_BITS)) / (double) ((packed >> MLK_PACK_BITS) & MLK_PACK_MASK);
	}
	cell = s->cells.sums + (size_t) code * f->stride;
	if (f->kind == MLK_CELL_REGRESSION)
		return cell[1] / cell[0];
	weight = cell_weight(cell, f->data.n_classes);
	for (int k = 0; k < f->data.n_classes; k++)
		dot += s->direction[k] * cell[k] / weight;
	return dot;
}

void
mlk_forest_order_categories(const MlkForest *f, MlkForestScratch *s, int n)
{
	if (f->kind == MLK_CELL_CLASSES)
		find_direction(f, s, n);
	for (int i = 0; i < n; i++)
		s->key[i] = category_key(f, s, s->order[i]);
	sort_by_key(s->key, s->order, n);
}

/* ---- what an order gains by chance: see mlk_forest_noise() ---- */

static double
noise_binary(const MlkForest *f, const MlkForestScratch *s, int64_t n_rows)
{
	double		draws = (double) ((s->packed_total >> MLK_PACK_BITS) & MLK_PACK_MASK);
	double		share = (double) (s->packed_total >> (2 * MLK_PACK_BITS)) / draws;
	double		squares = 0.0;

	for (int64_t i = 0; i < n_rows; i++)
	{
		double		w = (double) ((s->packed[i] >> MLK_PACK_BITS) & MLK_PACK_MASK);
		double		apart = s->packed[i] >> (2 * MLK_PACK_BITS) ? 1.0 - share : share;

		squares += w * w * (f->options.criterion == MLK_CRITERION_GINI ? apart * apart : BITS_OF_A_SQUARE);
	}
	return squares / draws;
}

static double
noise_regression(const MlkForest *f, const MlkForestScratch *s, int64_t n_rows)
{
	double		squares = 0.0;

	for (int64_t i = 0; i < n_rows; i++)
		squares += s->moment[i] * s->moment[i];
	return squares / s->total[0];
}

/* shares of k classes vary in k - 1 directions, and the order follows one */
static double
noise_classes(const MlkForest *f, const MlkForestScratch *s, int64_t n_rows)
{
	int			n_classes = f->data.n_classes;
	double		total = cell_weight(s->total, n_classes);
	double		length = 0.0;
	double		squares = 0.0;

	for (int k = 0; k < n_classes; k++)
		length += s->total[k] / total * (s->total[k] / total);
	for (int64_t i = 0; i < n_rows; i++)
	{
		double		apart = 1.0 - 2.0 * s->total[s->label[i]] / total + length;

		squares += s->weight[i] * s->weight[i] *
			(f->options.criterion == MLK_CRITERION_GINI ? apart / (n_classes - 1) : BITS_OF_A_SQUARE);
	}
	return squares / total;
}

double
mlk_forest_noise(const MlkForest *f, const MlkForestScratch *s, int64_t n_rows)
{
	switch (f->kind)
	{
		case MLK_CELL_BINARY:
			return noise_binary(f, s, n_rows);
		case MLK_CELL_CLASSES:
			return noise_classes(f, s, n_rows);
		case MLK_CELL_REGRESSION:
			return noise_regression(f, s, n_rows);
	}
	return 0.0;
}
