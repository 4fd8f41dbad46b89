/*
 * split.c: the best cut of a node, from its histogram.
 *
 * With G and H the sums of gradient and hessian, a child's loss falls by G^2 / (H + l2) (times a half, as everywhere), and a
 * cut gains what its children fall by more than the node.  Where rows of the node miss the value, both directions are
 * tried; where none does, missing values go with the larger child.  Categories are put in the order of
 * G / (H + cat_smooth) first: for a convex loss the best division in two is a cut of that order (Fisher, "On grouping for
 * maximum homogeneity", 1958), but for the smoothing, which keeps rare categories near the middle.  An order
 * that was found from the same rows flatters the cut, the more the more categories there are.  So a cut moves few of them, from
 * either end of the order (LightGBM's rules), and what it would gain if the categories were all alike is taken from its gain.
 */
#include <string.h>

#include "kernels/grow_internal.h"
#include "kernels/special.h"

#define PARALLEL_BINS 16384		/* below: a node's features are searched by one thread */

/* a cut must gain this share of what the node's own value does, or it is rounding */
#define LEAST_SHARE 1e-9

/* what the best of a number's cuts gains by chance, in units of noise: simulated, 3.0 for 10 bins and 5.1 for 255 */
#define CHANCE_OF_NUMBER 5.0

typedef struct Search
{
	MlkGrower  *g;
	const MlkGrownNode *node;
	const MlkOpenNode *open;
	const MlkHistogram *histogram;
	double		gradient;		/* of the node, in true units */
	double		hessian;
	double		base;			/* what the node falls by with its own value */
} Search;

/* running sums on the left of a cut */
typedef struct Side
{
	int64_t		gradient;
	int64_t		hessian;
	int64_t		rows;
} Side;

static inline void
add_bin(Side *s, const MlkHistogram *h, int64_t at)
{
	s->gradient += h->gradient[at];
	s->hessian += h->hessian[at];
	s->rows += h->rows[at];
}

static inline double
clip(double x, double lower, double upper)
{
	return x < lower ? lower : (x > upper ? upper : x);
}

/* what sums with value fall by; the value within its bounds */
static inline double
fall(double gradient, double hessian, double value)
{
	return -(2.0 * gradient + hessian * value) * value;
}

/* gain of a cut where a monotone constraint holds somewhere; values are those of the children */
static double
constrained_gain(const Search *s, int sign, double gl, double hl, double gr, double hr, MlkSplit *split)
{
	double		left = clip(hl > 0.0 ? -gl / hl : 0.0, s->node->lower, s->node->upper);
	double		right = clip(hr > 0.0 ? -gr / hr : 0.0, s->node->lower, s->node->upper);

	split->left_value = left;
	split->right_value = right;
	if ((sign > 0 && left > right) || (sign < 0 && left < right))
		return -INFINITY;
	return fall(gl, hl, left) + fall(gr, hr, right) - s->base;
}

/* try the cut with these rows on the left; keep it when it is better than best */
static inline void
try_cut(const Search *s, int32_t feature, const Side *left, int32_t bin, bool missing_left, double l2, double price,
		MlkSplit *best)
{
	const MlkGrower *g = s->g;
	const MlkGrowOptions *o = &g->options;
	double		gl = (double) left->gradient * g->gradient_unit;
	double		hl = (double) left->hessian * g->hessian_unit;
	double		gr = s->gradient - gl;
	double		hr = s->hessian - hl;
	double		gain;
	MlkSplit	split = {.feature = feature, .bin = bin, .missing_left = missing_left};

	if ((double) left->rows < o->min_samples_leaf || (double) (s->node->rows - left->rows) < o->min_samples_leaf ||
		left->rows == 0 || left->rows == s->node->rows || hl < o->min_hessian_leaf || hr < o->min_hessian_leaf)
		return;
	hl += l2;
	hr += l2;
	if (o->monotonic != NULL)
		gain = constrained_gain(s, o->monotonic[feature], gl, hl, gr, hr, &split);
	else
		gain = (gl * gl * hr + gr * gr * hl) / (hl * hr) - s->base;
	gain -= price;
	if (gain > best->gain)
	{
		split.gain = gain;
		*best = split;
	}
}

/*
 * Gain of each cut behind bins at .. at + n - 1, with side on its left from the start; as try_cut has it where there is no
 * monotone constraint, -1 where it is not allowed.
 */
MLK_CLONES
static void
cut_gains(const Search *s, int64_t at, int32_t n, const Side *side, double *gain)
{
	const MlkGrower *g = s->g;
	const MlkGrowOptions *o = &g->options;
	const MlkHistogram *h = s->histogram;
	int64_t		rows = s->node->rows;
	int64_t		least = o->min_samples_leaf > 1.0 ? (int64_t) ceil(o->min_samples_leaf) : 1;
	double		base = s->base;
	double		sums[3][MLK_MAX_NUMBER_BINS];
	Side		left = *side;

	for (int32_t b = 0; b < n; b++)
	{
		add_bin(&left, h, at + b);
		sums[0][b] = (double) left.gradient;
		sums[1][b] = (double) left.hessian;
		sums[2][b] = (double) left.rows;
	}
	for (int32_t b = 0; b < n; b++)
	{
		double		gl = sums[0][b] * g->gradient_unit;
		double		hl = sums[1][b] * g->hessian_unit;
		double		gr = s->gradient - gl;
		double		hr = s->hessian - hl;
		bool		allowed = (sums[2][b] >= (double) least) & ((double) rows - sums[2][b] >= (double) least) &
			(hl >= o->min_hessian_leaf) & (hr >= o->min_hessian_leaf);

		hl += o->l2;
		hr += o->l2;
		gain[b] = (gl * gl * hr + gr * gr * hl) / (hl * hr) - base;
		gain[b] = allowed ? gain[b] : -1.0;
	}
}

/* a number without monotone constraints: all gains at once, then the first of the largest */
static void
search_number_fast(const Search *s, int32_t feature, bool missing, MlkSplit *best)
{
	const MlkHistogram *h = s->histogram;
	int64_t		at = s->g->offset[feature];
	int32_t		n_bins = s->g->data->features[feature].n_bins;
	int32_t		n = missing ? n_bins : n_bins - 1;
	Side		start = {0};
	double		gain[2][MLK_MAX_NUMBER_BINS];

	cut_gains(s, at, n, &start, gain[0]);
	if (missing)
	{
		add_bin(&start, h, at + n_bins);
		cut_gains(s, at, n_bins - 1, &start, gain[1]);
	}
	for (int32_t b = 0; b < n; b++)
	{
		for (int side = 0; side < (missing && b < n_bins - 1 ? 2 : 1); side++)
		{
			if (gain[side][b] > best->gain)
				*best = (MlkSplit) {
				.gain = gain[side][b], .feature = feature, .bin = b, .missing_left = side == 1
			};
		}
	}
}

static void
search_number(const Search *s, int32_t feature, MlkSplit *best)
{
	const MlkHistogram *h = s->histogram;
	int64_t		at = s->g->offset[feature];
	int32_t		n_bins = s->g->data->features[feature].n_bins;
	bool		missing = h->rows[at + n_bins] > 0;
	double		l2 = s->g->options.l2;
	Side		left = {0};
	Side		with_missing = {0};

	if (missing)
		add_bin(&with_missing, h, at + n_bins);
	for (int32_t b = 0; b < n_bins && s->g->options.monotonic != NULL; b++)
	{
		add_bin(&left, h, at + b);
		add_bin(&with_missing, h, at + b);
		if (b < n_bins - 1 || missing)
			try_cut(s, feature, &left, b, false, l2, 0.0, best);
		if (b < n_bins - 1 && missing)
			try_cut(s, feature, &with_missing, b, true, l2, 0.0, best);
	}
	if (s->g->options.monotonic == NULL)
		search_number_fast(s, feature, missing, best);
	if (best->feature == feature && !missing)
	{
		Side		kept = {0};

		for (int32_t b = 0; b <= best->bin; b++)
			add_bin(&kept, h, at + b);
		best->missing_left = 2 * kept.rows > s->node->rows;
	}
}

/* stable merge sort of bin numbers by key[bin] */
static void
sort_by_key(const double *key, uint32_t *order, uint32_t *scratch, int64_t n)
{
	int64_t		half = n / 2;
	int64_t		i = 0;
	int64_t		j = half;

	if (n < 2)
		return;
	sort_by_key(key, order, scratch, half);
	sort_by_key(key, order + half, scratch, n - half);
	memcpy(scratch, order, sizeof(uint32_t) * n);
	for (int64_t k = 0; k < n; k++)
	{
		bool		second = i >= half || (j < n && key[scratch[j]] < key[scratch[i]]);

		order[k] = second ? scratch[j++] : scratch[i++];
	}
}

/*
 * The categories of the node's rows in the order in which they are cut; how many.  Those of too few rows for a sum to
 * mean anything go where missing values go, and are counted with them in rest.
 */
static int32_t
order_categories(const MlkGrower *g, const MlkHistogram *h, int32_t feature, MlkGrowWorker *w, Side *rest)
{
	int64_t		at = g->offset[feature];
	int32_t		n_bins = g->data->features[feature].n_bins;
	int32_t		n = 0;

	add_bin(rest, h, at + n_bins);
	for (int32_t b = 0; b < n_bins; b++)
	{
		if (h->rows[at + b] < g->options.cat_min_rows)
			add_bin(rest, h, at + b);
		if (h->rows[at + b] == 0 || h->rows[at + b] < g->options.cat_min_rows)
			continue;
		w->key[b] = (double) h->gradient[at + b] * g->gradient_unit /
			((double) h->hessian[at + b] * g->hessian_unit + g->options.cat_smooth + 1e-30);
		w->order[n++] = (uint32_t) b;
	}
	sort_by_key(w->key, w->order, w->order_scratch, n);
	return n;
}

/*
 * What a cut behind k of n categories in order gains by chance, beyond what a number does, in units of noise.  Sums of noise over
 * categories, each by the root of its size, are n normal numbers.  The lowest share q of them has the mean -d / q, where d is
 * the normal density at the quantile q, the others d / (1 - q): that is n d^2 / (q (1 - q)) between the sides.
 */
static double
chance_gain(int32_t k, int32_t n)
{
	double		share = (double) k / n;
	double		z = mlk_normal_quantile(share);
	double		between = (n - 1) * exp(-z * z) / (2.0 * M_PI) / (share * (1.0 - share));

	return between > CHANCE_OF_NUMBER ? between - CHANCE_OF_NUMBER : 0.0;
}

/* the cut with these rows on one side, the categories [0, bin) of the order on the left */
static void
try_category_cut(const Search *s, int32_t feature, Side taken, bool taken_left, int32_t bin, bool missing_left, double price,
				 MlkSplit *best)
{
	Side		left = taken;

	if (!taken_left)
	{
		left.gradient = s->open->gradient - taken.gradient;
		left.hessian = s->open->hessian - taken.hessian;
		left.rows = s->node->rows - taken.rows;
	}
	try_cut(s, feature, &left, bin, missing_left, s->g->options.l2 + s->g->options.cat_l2, price, best);
}

/*
 * Cuts that take one category more after the other from one end of the order, with and without the rest, while the
 * limits of the options allow it.
 */
static void
walk_categories(const Search *s, int32_t feature, const MlkGrowWorker *w, int32_t n, bool from_left, const Side *rest,
				MlkSplit *best)
{
	const MlkGrowOptions *o = &s->g->options;
	int64_t		at = s->g->offset[feature];
	int32_t		most = o->cat_most > 0 && o->cat_most < (n + 1) / 2 ? o->cat_most : (n + 1) / 2;
	int64_t		group = 0;
	Side		taken = {0};

	for (int32_t k = 1; k <= most && k < n; k++)
	{
		int64_t		bin = at + w->order[from_left ? k - 1 : n - k];
		int32_t		cut = from_left ? k : n - k;
		Side		with_rest;
		double		price;

		add_bin(&taken, s->histogram, bin);
		group += s->histogram->rows[bin];
		if (s->node->rows - taken.rows < o->cat_group_rows)
			return;
		if (group < o->cat_group_rows || (double) taken.rows < o->min_samples_leaf)
			continue;
		group = 0;
		price = o->cat_penalty * s->g->noise * chance_gain(k, n);
		if (rest->rows == 0)
		{
			/* what comes later goes with the larger child */
			try_category_cut(s, feature, taken, from_left, cut, from_left == (2 * taken.rows > s->node->rows), price, best);
			continue;
		}
		with_rest = (Side) {taken.gradient + rest->gradient, taken.hessian + rest->hessian, taken.rows + rest->rows};
		try_category_cut(s, feature, taken, from_left, cut, !from_left, price, best);
		try_category_cut(s, feature, with_rest, from_left, cut, from_left, price, best);
	}
}

static void
search_category(const Search *s, int32_t feature, MlkGrowWorker *w, MlkSplit *best)
{
	Side		rest = {0};
	int32_t		n = order_categories(s->g, s->histogram, feature, w, &rest);

	walk_categories(s, feature, w, n, true, &rest, best);
	walk_categories(s, feature, w, n, false, &rest, best);
	if (rest.rows > 0)
		try_category_cut(s, feature, rest, false, n, false, 0.0, best);
}

static void
search_feature(void *arg, int64_t block, int worker)
{
	const Search *s = arg;
	MlkGrower  *g = s->g;
	int32_t		feature = (int32_t) block;
	MlkSplit   *best = &g->found[feature];

	best->gain = 0.0;
	best->feature = -1;
	if (!g->allowed[feature])
		return;
	/* every open node may come to write its set */
	if (g->data->features[feature].category && g->n_set_words + (g->n_heap + 3) * g->set_room > g->max_set_words)
		return;
	if (g->data->features[feature].category)
		search_category(s, feature, &g->workers[worker], best);
	else
		search_number(s, feature, best);
}

/* groups that hold every feature of the path allow their features; max_features of those are drawn */
static void
choose_features(MlkGrower *g, int32_t node, MlkRng *rng)
{
	const MlkGrowOptions *o = &g->options;
	int32_t		n = g->data->n_features;
	int32_t		left = 0;
	int32_t		wanted;

	for (int32_t f = 0; f < n; f++)
	{
		g->allowed[f] = o->interaction == NULL;
		for (int32_t k = 0; o->interaction != NULL && k < o->n_groups; k++)
			g->allowed[f] |= g->groups[(int64_t) node * o->n_groups + k] & o->interaction[(int64_t) k * n + f];
		left += g->allowed[f];
	}
	wanted = o->max_features > 0 && o->max_features < left ? o->max_features : left;
	for (int32_t f = 0; f < n && wanted < left; f++)
	{
		if (!g->allowed[f])
			continue;
		/* each of those left is taken with the share still wanted of them */
		if ((int32_t) mlk_rng_below(rng, (uint64_t) left) < wanted)
			wanted--;
		else
			g->allowed[f] = 0;
		left--;
	}
}

/* of the rows of the tree */
static void
measure_noise(MlkGrower *g)
{
	double		squares = 0.0;
	double		hessian = 0.0;

	for (int64_t i = 0; i < g->n_rows; i++)
	{
		double		gradient = g->gradient[g->row_index[i]];

		squares += gradient * gradient;
		hessian += g->hessian == NULL ? 1.0 : g->hessian[g->row_index[i]];
	}
	g->noise = hessian > 0.0 ? squares / hessian : 0.0;
}

MlkStatus
mlk_grow_find_split(MlkGrower *g, int32_t node, MlkRng *rng)
{
	MlkOpenNode *open = &g->open[node];
	Search		s = {.g = g, .node = &g->nodes[node], .open = open, .histogram = &g->slots[open->slot]};
	double		value;
	MlkStatus	status = MLK_OK;

	if (node == 0 && g->set_room > 0 && g->options.cat_penalty > 0.0)
		measure_noise(g);
	s.gradient = (double) open->gradient * g->gradient_unit;
	s.hessian = (double) open->hessian * g->hessian_unit;
	value = s.hessian + g->options.l2 > 0.0 ? -s.gradient / (s.hessian + g->options.l2) : 0.0;
	s.base = fall(s.gradient, s.hessian + g->options.l2, clip(value, s.node->lower, s.node->upper));
	choose_features(g, node, rng);
	if (g->threads > 1 && g->total_bins >= PARALLEL_BINS)
		status = mlk_parallel_for(g->pool, g->data->n_features, search_feature, &s);
	else
	{
		for (int32_t f = 0; f < g->data->n_features; f++)
			search_feature(&s, f, 0);
	}
	open->split.gain = 0.0;
	for (int32_t f = 0; f < g->data->n_features && status == MLK_OK; f++)
	{
		if (g->found[f].gain > open->split.gain)
			open->split = g->found[f];
	}
	if (open->split.gain <= g->options.min_gain || open->split.gain <= LEAST_SHARE * fabs(s.base))
		open->split.gain = 0.0;
	return status;
}

void
mlk_grow_write_set(MlkGrower *g, int32_t node)
{
	const MlkOpenNode *open = &g->open[node];
	int32_t		feature = open->split.feature;
	const MlkHistogram *h = &g->slots[open->slot];
	int32_t		n_bins = g->data->features[feature].n_bins;
	int64_t		words = (n_bins + 31) / 32;
	uint32_t   *set = g->sets + g->n_set_words;
	MlkGrowWorker *w = &g->workers[0];
	Side		rest = {0};
	int32_t		n;

	n = order_categories(g, h, feature, w, &rest);
	for (int64_t k = 0; k < words; k++)
		set[k] = 0;
	for (int32_t b = 0; b < n_bins && open->split.missing_left; b++)
		set[b / 32] |= UINT32_C(1) << (b % 32);
	for (int32_t k = open->split.bin; k < n && open->split.missing_left; k++)
		set[w->order[k] / 32] &= ~(UINT32_C(1) << (w->order[k] % 32));
	for (int32_t k = 0; k < open->split.bin; k++)
		set[w->order[k] / 32] |= UINT32_C(1) << (w->order[k] % 32);
	g->nodes[node].set = (int32_t) g->n_set_words;
	g->n_set_words += words;
}
