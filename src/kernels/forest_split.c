/*
 * forest_split.c: the best split of one node.
 *
 * Score of a split: for Gini and squared error the sum over both sides of (sum of squares) / weight, for entropy the sum of
 * c log c less w log w; what impurity falls by, but for a constant of the node.
 */
#include "kernels/forest_internal.h"

#define BITMAP_WORDS 4			/* 256 bits: the bins of a number, the missing one included */
#define WIDE_CATEGORY 64		/* values of a category from which its order is not trusted */
#define DENSE_ROWS 512			/* from here on looking at every bin is cheaper than keeping a bitmap */

/* one feature of the node at hand */
typedef struct Scan
{
	const MlkForest *f;
	MlkForestScratch *s;
	const MlkBinFeature *feature;
	int			n_order;		/* bins in use, without the missing one */
	int			cut;			/* random splits: the only place to look at; -1: all of them */
	bool		missing;		/* some rows of the node have no value */
	int64_t		rows;
	double		price;			/* taken from the scores, but for all values against the missing ones */
	double		score;			/* best so far over all features */
	int			at;				/* where; -1: no better one here */
	bool		missing_left;
} Scan;

static inline uint32_t
bin_of(const MlkBinFeature *feature, uint32_t row)
{
	return feature->wide ? ((const uint16_t *) feature->bins)[row] : ((const uint8_t *) feature->bins)[row];
}

static inline double
xlogx(double x)
{
	return x > 0.0 ? x * log2(x) : 0.0;
}

/* ---- cells ---- */

/* returns whether the cell was empty */
static inline bool
add_row(const MlkForest *f, MlkForestScratch *s, MlkCellKind kind, int64_t i, uint32_t bin)
{
	double	   *cell;
	bool		first;

	if (kind == MLK_CELL_BINARY)
	{
		uint64_t	before = s->cells.packed[bin];

		s->cells.packed[bin] = before + s->packed[i];
		return before == 0;
	}
	cell = s->cells.sums + (size_t) bin * f->stride;
	if (kind == MLK_CELL_REGRESSION)
	{
		first = cell[2] == 0.0;
		cell[0] += s->weight[i];
		cell[1] += s->moment[i];
		cell[2] += 1.0;
		return first;
	}
	first = cell[f->data.n_classes] == 0.0;
	cell[s->label[i]] += s->weight[i];
	cell[f->data.n_classes] += 1.0;
	return first;
}

static inline double
cell_rows(const MlkForest *f, const MlkForestScratch *s, uint32_t bin)
{
	return f->kind == MLK_CELL_BINARY ? (double) (s->cells.packed[bin] & MLK_PACK_MASK)
		: s->cells.sums[(size_t) bin * f->stride + f->stride - 1];
}

static inline void
clear_cell(const MlkForest *f, MlkForestScratch *s, uint32_t bin)
{
	if (f->kind == MLK_CELL_BINARY)
		s->cells.packed[bin] = 0;
	else
	{
		double	   *cell = s->cells.sums + (size_t) bin * f->stride;

		for (int k = 0; k < f->stride; k++)
			cell[k] = 0.0;
	}
}

/* few rows: the bins in use are noted while they are filled, and come out in ascending order */
static inline __attribute__((always_inline)) int
fill_sparse(const MlkForest *f, MlkForestScratch *s, const uint8_t *bins, const MlkEntry *entries, int64_t n, MlkCellKind kind)
{
	uint64_t	used[BITMAP_WORDS] = {0};
	int			n_order = 0;

	for (int64_t i = 0; i < n; i++)
	{
		uint32_t	bin = bins[entries[i].row];

		(void) add_row(f, s, kind, i, bin);
		used[bin / 64] |= UINT64_C(1) << (bin % 64);
	}
	for (int w = 0; w < BITMAP_WORDS; w++)
	{
		for (uint64_t word = used[w]; word != 0; word &= word - 1)
			s->order[n_order++] = 64 * w + __builtin_ctzll(word);
	}
	return n_order;
}

static inline __attribute__((always_inline)) int
fill_dense(const MlkForest *f, MlkForestScratch *s, const uint8_t *bins, const MlkEntry *entries, int64_t n, int n_cells,
		   MlkCellKind kind)
{
	int			n_order = 0;

	for (int64_t i = 0; i < n; i++)
		(void) add_row(f, s, kind, i, bins[entries[i].row]);
	for (int bin = 0; bin < n_cells; bin++)
	{
		s->order[n_order] = bin;
		n_order += cell_rows(f, s, bin) > 0.0;
	}
	return n_order;
}

/* the bins of a category come in the order of their first row */
static int
fill_category(const MlkForest *f, MlkForestScratch *s, const MlkBinFeature *feature, const MlkEntry *entries, int64_t n)
{
	int			n_order = 0;

	for (int64_t i = 0; i < n; i++)
	{
		uint32_t	bin = bin_of(feature, entries[i].row);

		s->order[n_order] = bin;
		n_order += add_row(f, s, f->kind, i, bin);
	}
	return n_order;
}

static int
fill_number(const MlkForest *f, MlkForestScratch *s, const MlkBinFeature *feature, const MlkEntry *entries, int64_t n)
{
	const uint8_t *bins = feature->bins;
	int			n_cells = feature->n_bins + 1;

	if (n < DENSE_ROWS)
	{
		switch (f->kind)
		{
			case MLK_CELL_BINARY:
				return fill_sparse(f, s, bins, entries, n, MLK_CELL_BINARY);
			case MLK_CELL_CLASSES:
				return fill_sparse(f, s, bins, entries, n, MLK_CELL_CLASSES);
			case MLK_CELL_REGRESSION:
				return fill_sparse(f, s, bins, entries, n, MLK_CELL_REGRESSION);
		}
	}
	switch (f->kind)
	{
		case MLK_CELL_BINARY:
			return fill_dense(f, s, bins, entries, n, n_cells, MLK_CELL_BINARY);
		case MLK_CELL_CLASSES:
			return fill_dense(f, s, bins, entries, n, n_cells, MLK_CELL_CLASSES);
		case MLK_CELL_REGRESSION:
			return fill_dense(f, s, bins, entries, n, n_cells, MLK_CELL_REGRESSION);
	}
	return 0;
}

/* ---- scores ---- */

/* of one side; larger is purer */
static inline double
score_packed(uint64_t side, MlkCriterion criterion)
{
	double		n = (double) ((side >> MLK_PACK_BITS) & MLK_PACK_MASK);
	double		p = (double) (side >> (2 * MLK_PACK_BITS));

	if (criterion == MLK_CRITERION_GINI)
		return p * p / n;
	return xlogx(p) + xlogx(n - p) - xlogx(n);
}

static inline double
score_sums(const MlkForest *f, const double *side)
{
	double		weight = 0.0;
	double		sum = 0.0;

	if (f->kind == MLK_CELL_REGRESSION)
		return side[1] * side[1] / side[0];
	for (int k = 0; k < f->data.n_classes; k++)
	{
		weight += side[k];
		sum += f->options.criterion == MLK_CRITERION_GINI ? side[k] * side[k] : xlogx(side[k]);
	}
	return f->options.criterion == MLK_CRITERION_GINI ? sum / weight : sum - xlogx(weight);
}

static inline void
keep(Scan *scan, double score, int at, bool missing_left)
{
	score -= at + 1 < scan->n_order ? scan->price : 0.0;
	if (score > scan->score)
	{
		scan->score = score;
		scan->at = at;
		scan->missing_left = missing_left;
	}
}

static inline __attribute__((always_inline)) void
try_packed(Scan *scan, uint64_t left, int at, bool missing_left, MlkCriterion criterion)
{
	uint64_t	right = scan->s->packed_total - left;
	uint64_t	least = (uint64_t) scan->f->options.min_samples_leaf;

	if ((left & MLK_PACK_MASK) < least || (right & MLK_PACK_MASK) < least)
		return;
	keep(scan, score_packed(left, criterion) + score_packed(right, criterion), at, missing_left);
}

static inline __attribute__((always_inline)) void
scan_packed(Scan *scan, int from, int to, uint64_t missing, MlkCriterion criterion)
{
	const uint64_t *cells = scan->s->cells.packed;
	const uint32_t *order = scan->s->order;
	uint64_t	left = 0;

	for (int i = 0; i < from; i++)
		left += cells[order[i]];
	for (int i = from; i <= to; i++)
	{
		left += cells[order[i]];
		try_packed(scan, left, i, false, criterion);
		if (missing != 0)
			try_packed(scan, left + missing, i, true, criterion);
	}
}

static void
try_sums(Scan *scan, const double *left, int at, bool missing_left)
{
	const MlkForest *f = scan->f;
	double	   *right = scan->s->trial;
	double		least = (double) f->options.min_samples_leaf;
	int			rows = f->stride - 1;

	for (int k = 0; k < f->stride; k++)
		right[k] = scan->s->total[k] - left[k];
	if (left[rows] < least || right[rows] < least)
		return;
	/* what rounding leaves of an empty class or of a tiny weight must not count */
	for (int k = 0; k < rows && f->kind == MLK_CELL_CLASSES; k++)
		right[k] = right[k] > 0.0 ? right[k] : 0.0;
	keep(scan, score_sums(f, left) + score_sums(f, right), at, missing_left);
}

static void
scan_sums(Scan *scan, int from, int to)
{
	const MlkForest *f = scan->f;
	MlkForestScratch *s = scan->s;
	double	   *with_missing = s->missing + f->stride;

	for (int k = 0; k < f->stride; k++)
		s->left[k] = 0.0;
	for (int i = 0; i <= to; i++)
	{
		const double *cell = s->cells.sums + (size_t) s->order[i] * f->stride;

		for (int k = 0; k < f->stride; k++)
			s->left[k] += cell[k];
		if (i < from)
			continue;
		try_sums(scan, s->left, i, false);
		if (!scan->missing)
			continue;
		for (int k = 0; k < f->stride; k++)
			with_missing[k] = s->left[k] + s->missing[k];
		try_sums(scan, with_missing, i, true);
	}
}

/* ---- a feature ---- */

/* take the missing bin out of the order */
static void
set_missing_apart(Scan *scan)
{
	MlkForestScratch *s = scan->s;
	uint32_t	missing = scan->feature->n_bins;
	int			n = 0;

	scan->missing = cell_rows(scan->f, s, missing) > 0.0;
	if (!scan->missing)
		return;
	if (scan->f->kind != MLK_CELL_BINARY)
	{
		for (int k = 0; k < scan->f->stride; k++)
			s->missing[k] = s->cells.sums[(size_t) missing * scan->f->stride + k];
	}
	for (int i = 0; i < scan->n_order; i++)
	{
		if (s->order[i] != missing)
			s->order[n++] = s->order[i];
	}
	scan->n_order = n;
}

/*
 * Any edge between the smallest and the largest value, each as likely: uniform in rank, which long tails do not upset.
 * Returns its bin.
 */
static int
random_threshold(Scan *scan, MlkRng *rng)
{
	const uint32_t *order = scan->s->order;
	int			first = (int) order[0];
	int			bin = first + (int) mlk_rng_below(rng, order[scan->n_order - 1] - first);

	scan->cut = 0;
	while ((int) order[scan->cut + 1] <= bin)
		scan->cut++;
	return bin;
}

/* each category to either side with equal chance, none of them empty */
static void
random_set(Scan *scan, MlkRng *rng)
{
	uint32_t   *order = scan->s->order;
	int			n_left = 0;

	for (int i = 0; i < scan->n_order; i++)
	{
		if (mlk_rng_u64(rng) >> 63)
		{
			uint32_t	code = order[i];

			order[i] = order[n_left];
			order[n_left++] = code;
		}
	}
	if (n_left == 0)
		n_left = 1;
	if (n_left == scan->n_order)
		n_left--;
	scan->cut = n_left - 1;
}

static void
scan_feature(Scan *scan, MlkRng *rng, int *random_bin)
{
	const MlkForest *f = scan->f;
	MlkForestScratch *s = scan->s;
	int			to = scan->n_order - (scan->missing ? 1 : 2);
	int			from = 0;

	scan->cut = -1;
	if (f->options.random_splits && scan->n_order > 1)
	{
		if (scan->feature->category)
			random_set(scan, rng);
		else
			*random_bin = random_threshold(scan, rng);
		from = to = scan->cut;
	}
	else if (scan->feature->category)
	{
		mlk_forest_order_categories(f, s, scan->n_order);
		/* n categories of noise have n - 1 degrees of freedom between them, and the more of them the fewer rows each has */
		if (f->options.cat_penalty > 0.0 && scan->feature->n_bins > WIDE_CATEGORY)
			scan->price = f->options.cat_penalty * mlk_forest_noise(f, s, scan->rows) * (scan->n_order - 1);
	}

	if (f->kind != MLK_CELL_BINARY)
		scan_sums(scan, from, to);
	else
	{
		uint64_t	missing = scan->missing ? s->cells.packed[scan->feature->n_bins] : 0;

		if (f->options.criterion == MLK_CRITERION_GINI)
			scan_packed(scan, from, to, missing, MLK_CRITERION_GINI);
		else
			scan_packed(scan, from, to, missing, MLK_CRITERION_ENTROPY);
	}
}

/* binary: sum over the rows left of the best cut */
static uint64_t
packed_left(const Scan *scan)
{
	const uint64_t *cells = scan->s->cells.packed;
	uint64_t	left = scan->missing && scan->missing_left ? cells[scan->feature->n_bins] : 0;

	for (int i = 0; i <= scan->at; i++)
		left += cells[scan->s->order[i]];
	return left;
}

static void
take_best(const Scan *scan, int feature, int random_bin, MlkForestBest *best)
{
	const uint32_t *order = scan->s->order;

	best->score = scan->score;
	best->feature = feature;
	best->had_missing = scan->missing;
	best->missing_left = scan->missing_left;
	if (scan->f->kind == MLK_CELL_BINARY)
		best->packed_left = packed_left(scan);
	if (scan->feature->category)
	{
		best->n_codes = scan->at + 1;
		for (int i = 0; i < best->n_codes; i++)
			scan->s->best_codes[i] = order[i];
		return;
	}
	best->bin = random_bin >= 0 ? random_bin : (int) order[scan->at];
	best->next = random_bin < 0 && scan->at + 1 < scan->n_order ? (int) order[scan->at + 1] : -1;
	/* all values on one side, the missing ones on the other */
	if (scan->at + 1 == scan->n_order)
		best->bin = scan->feature->n_bins - 1;
}

/* false: the feature does not vary in this node */
static bool
try_feature(const MlkForest *f, MlkForestScratch *s, MlkRng *rng, const MlkEntry *entries, int64_t n, int feature,
			MlkForestBest *best)
{
	Scan		scan = {.f = f, .s = s, .feature = &f->data.x->features[feature], .rows = n, .score = best->score, .at = -1};
	int			random_bin = -1;
	bool		varies;

	scan.n_order = scan.feature->category ? fill_category(f, s, scan.feature, entries, n)
		: fill_number(f, s, scan.feature, entries, n);
	varies = scan.n_order > 1;
	if (varies)
	{
		set_missing_apart(&scan);
		scan_feature(&scan, rng, &random_bin);
		if (scan.at >= 0)
			take_best(&scan, feature, random_bin, best);
		if (scan.missing)
			clear_cell(f, s, scan.feature->n_bins);
	}
	for (int i = 0; i < scan.n_order; i++)
		clear_cell(f, s, s->order[i]);
	return varies;
}

/* of the edges that part the rows alike, the one in the middle between the values on both sides */
static void
centre_threshold(const MlkForest *f, MlkForestBest *best)
{
	const MlkBinFeature *feature = &f->data.x->features[best->feature];
	double		middle;

	if (feature->category || best->next < 0)
		return;
	middle = 0.5 * feature->edges[best->bin] + 0.5 * feature->edges[best->next - 1];
	while (best->bin + 1 < best->next &&
		   fabs(feature->edges[best->bin + 1] - middle) < fabs(feature->edges[best->bin] - middle))
		best->bin++;
}

/* two classes, Gini, all cuts of a number: the way made for that, which leaves missing values to the general one */
static bool
try_any(const MlkForest *f, MlkForestScratch *s, MlkRng *rng, const MlkEntry *entries, int64_t n, const MlkForestTiny *tiny,
		bool *streamed, int feature, MlkForestBest *best)
{
	MlkForestTried tried = MLK_TRIED_NOT;
	bool		packed = tiny != NULL && !f->data.x->features[feature].category;

	if (packed && n <= MLK_FOREST_TINY)
		tried = mlk_forest_try_tiny(f, s, tiny, entries, (int) n, feature, best);
	if (tried != MLK_TRIED_NOT)
		return tried == MLK_TRIED_VARIES;
	if (!*streamed)
		mlk_forest_stream_packed(s, entries, n);
	*streamed = true;
	if (packed && n > MLK_FOREST_TINY)
		tried = mlk_forest_try_packed(f, s, entries, n, feature, best);
	return tried == MLK_TRIED_NOT ? try_feature(f, s, rng, entries, n, feature, best) : tried == MLK_TRIED_VARIES;
}

/* both sides are pure: nothing can be better */
static bool
is_perfect(const MlkForest *f, const MlkForestScratch *s, const MlkForestBest *best)
{
	return f->kind == MLK_CELL_BINARY && f->options.criterion == MLK_CRITERION_GINI &&
		best->score == (double) (s->packed_total >> (2 * MLK_PACK_BITS));
}

bool
mlk_forest_find(const MlkForest *f, MlkForestScratch *s, MlkForestSlot *slot, const MlkEntry *entries, int64_t n,
				MlkForestBest *best, double *gain)
{
	int			n_features = f->data.x->n_features;
	int			varying = 0;
	bool		packed = f->kind == MLK_CELL_BINARY;
	bool		fast = packed && f->options.criterion == MLK_CRITERION_GINI && !f->options.random_splits;
	bool		streamed = !packed;
	MlkForestTiny tiny;

	if (fast && n <= MLK_FOREST_TINY)
		mlk_forest_tiny_rows(entries, (int) n, &tiny);
	best->score = -INFINITY;
	best->feature = -1;
	for (int k = 0; k < n_features && (k < f->options.max_features || varying == 0); k++)
	{
		int			other = k + (int) mlk_rng_below(&slot->rng, n_features - k);
		int32_t		feature = slot->features[other];

		slot->features[other] = slot->features[k];
		slot->features[k] = feature;
		varying += try_any(f, s, &slot->rng, entries, n, fast ? &tiny : NULL, &streamed, feature, best);
		if (is_perfect(f, s, best))
			break;
	}
	if (best->feature < 0)
		return false;
	centre_threshold(f, best);
	*gain = best->score - (packed ? score_packed(s->packed_total, f->options.criterion) : score_sums(f, s->total));
	/* two classes: the squares of the other class fall by as much */
	if (packed && f->options.criterion == MLK_CRITERION_GINI)
		*gain *= 2.0;
	*gain = *gain > 0.0 ? *gain : 0.0;
	return true;
}
