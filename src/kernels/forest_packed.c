/*
 * forest_packed.c: the split that most nodes of most forests want, done fast: two classes without weights, a number without
 * missing values, Gini.
 *
 * What it finds is what forest_split.c would find; only the order of work differs.  Nodes of a few rows, which are most nodes of a
 * deep tree, compare all rows with all rows and never look at a bin that is not theirs.  Larger ones add their rows into the cells,
 * note which cells they touched, and weigh all cuts at once.  No branch depends on a value but the number of cells in use.
 */
#include "kernels/forest_internal.h"

#include <string.h>

#define TINY MLK_FOREST_TINY
#define FLAG_WORDS 32			/* 256 flags of a byte each */

/* first of the largest scores p^2 / n + (P - p)^2 / (N - n), none of which is negative; score has room for count */
MLK_CLONES
static double
best_gini(const double *n, const double *p, int count, double all_n, double all_p, double *score, int *at)
{
	int64_t		most = -1;
	int64_t		bits;
	double		result;

	for (int i = 0; i < count; i++)
		score[i] = p[i] * p[i] / n[i] + (all_p - p[i]) * (all_p - p[i]) / (all_n - n[i]);
	/* doubles that are not negative order as their bits do */
	for (int i = 0; i < count; i++)
	{
		memcpy(&bits, &score[i], sizeof(bits));
		most = bits > most ? bits : most;
	}
	memcpy(&result, &most, sizeof(result));
	for (*at = 0; *at < count && score[*at] != result;)
		++*at;
	return result;
}

static void
take(MlkForestBest *best, double score, int feature, int bin, int next, uint64_t left)
{
	best->score = score;
	best->feature = feature;
	best->bin = bin;
	best->next = next;
	best->had_missing = false;
	best->missing_left = false;
	best->packed_left = left;
}

/* ---- nodes of a few rows ---- */

void
mlk_forest_tiny_rows(const MlkEntry *entries, int n, MlkForestTiny *rows)
{
	memset(rows, 0, sizeof(*rows));
	for (int i = 0; i < n; i++)
	{
		rows->draws[i] = (int32_t) (entries[i].draws >> 1);
		rows->positives[i] = rows->draws[i] & -(int32_t) (entries[i].draws & 1);
	}
}

/* what a node of a few rows and one feature come to */
typedef struct TinyCut
{
	int32_t		all_n;
	int32_t		all_p;
	int32_t		least;
	int32_t		high;			/* largest bin */
	double		score;			/* of the best cut; 0: there is none */
	int32_t		bin;			/* left of it: the smallest one of those that are as good */
	int32_t		next;			/* right of it */
	int32_t		n;				/* left: draws, positives, rows */
	int32_t		p;
	int32_t		rows;
} TinyCut;

/*
 * Each row's bin is tried as the last one on the left: its sums are those of all rows up to that bin.  bin[lanes]: behind the last
 * row larger than any bin.  A cut that splits nothing off, or too little, scores 0, less than any other, since some are positive.
 */
static inline __attribute__((always_inline)) void
cut_tiny(const int32_t *bin, const MlkForestTiny *rows, int n, int lanes, TinyCut *cut)
{
	int32_t		left_n[TINY] = {0};
	int32_t		left_p[TINY] = {0};
	int32_t		left_rows[TINY] = {0};
	double		score[TINY];
	int64_t		bits[TINY];
	int64_t		most = 0;
	int64_t		low = INT32_MAX;
	int32_t		next = INT32_MAX;
	int32_t		sum_n = 0;
	int32_t		sum_p = 0;
	int32_t		sum_rows = 0;

	for (int j = 0; j < n; j++)
	{
		int32_t		b = bin[j];
		int32_t		d = rows->draws[j];
		int32_t		p = rows->positives[j];

		for (int i = 0; i < lanes; i++)
		{
			int32_t		here = -(b <= bin[i]);

			left_n[i] += here & d;
			left_p[i] += here & p;
			left_rows[i] -= here;
		}
	}
	for (int i = 0; i < lanes; i++)
	{
		double		l = left_n[i];
		double		p = left_p[i];

		/* nothing on the right: NaN, which is not valid below */
		score[i] = p * p / l + (cut->all_p - p) * (cut->all_p - p) / (cut->all_n - l);
	}
	/* doubles that are not negative order as their bits do */
	memcpy(bits, score, sizeof(double) * lanes);
	for (int i = 0; i < lanes; i++)
	{
		int32_t		valid = -((bin[i] < cut->high) & (left_rows[i] >= cut->least) & (n - left_rows[i] >= cut->least));

		bits[i] &= (int64_t) valid;
	}
	for (int i = 0; i < lanes; i++)
		most = bits[i] > most ? bits[i] : most;
	for (int i = 0; i < lanes; i++)
	{
		/* other rows count as a bin that is larger than any */
		int64_t		b = (int64_t) bin[i] | ((int64_t) (bits[i] != most) << 32);

		low = b < low ? b : low;
	}
	for (int i = 0; i < lanes; i++)
	{
		int32_t		behind = bin[i] > (int32_t) low ? bin[i] : INT32_MAX;
		int32_t		here = -(bin[i] <= (int32_t) low);

		next = behind < next ? behind : next;
		sum_n += here & rows->draws[i];
		sum_p += here & rows->positives[i];
		sum_rows -= here;
	}
	cut->n = sum_n;
	cut->p = sum_p;
	cut->rows = sum_rows;
	memcpy(&cut->score, &most, sizeof(most));
	cut->bin = (int32_t) low;
	cut->next = next;
}

/* two rows in different bins: one way to part them */
static void
cut_pair(const int32_t *bin, const MlkForestTiny *rows, TinyCut *cut)
{
	int			left = bin[1] < bin[0];

	if (cut->least > 1)
		return;
	cut->bin = bin[left];
	cut->next = bin[1 - left];
	cut->n = rows->draws[left];
	cut->p = rows->positives[left];
	cut->rows = 1;
	cut->score = (double) cut->p * cut->p / cut->n +
		(double) (cut->all_p - cut->p) * (cut->all_p - cut->p) / (cut->all_n - cut->n);
}

MLK_CLONES
static void
cut_half(const int32_t *bin, const MlkForestTiny *rows, int n, TinyCut *cut)
{
	cut_tiny(bin, rows, n, TINY / 2, cut);
}

MLK_CLONES
static void
cut_whole(const int32_t *bin, const MlkForestTiny *rows, int n, TinyCut *cut)
{
	cut_tiny(bin, rows, n, TINY, cut);
}

MlkForestTried
mlk_forest_try_tiny(const MlkForest *f, const MlkForestScratch *s, const MlkForestTiny *rows, const MlkEntry *entries, int n,
					int feature, MlkForestBest *best)
{
	const MlkBinFeature *column = &f->data.x->features[feature];
	const uint8_t *bins = column->bins;
	TinyCut		cut = {.high = 0};
	int32_t		bin[TINY];
	int32_t		low = INT32_MAX;

	for (int i = 0; i < n; i++)
	{
		int32_t		b = bins[entries[i].row];

		bin[i] = b;
		low = b < low ? b : low;
		cut.high = b > cut.high ? b : cut.high;
	}
	if (cut.high == column->n_bins)
		return MLK_TRIED_NOT;
	if (low == cut.high)
		return MLK_TRIED_SAME;
	for (int i = n; i < TINY; i++)
		bin[i] = INT32_MAX;
	cut.all_n = (int32_t) ((s->packed_total >> MLK_PACK_BITS) & MLK_PACK_MASK);
	cut.all_p = (int32_t) (s->packed_total >> (2 * MLK_PACK_BITS));
	cut.least = (int32_t) f->options.min_samples_leaf;
	if (n == 2)
		cut_pair(bin, rows, &cut);
	else if (n <= TINY / 2)
		cut_half(bin, rows, n, &cut);
	else
		cut_whole(bin, rows, n, &cut);
	if (cut.score > 0.0 && cut.score > best->score)
		take(best, cut.score, feature, cut.bin, cut.next,
			 (uint64_t) cut.rows + ((uint64_t) cut.n << MLK_PACK_BITS) + ((uint64_t) cut.p << (2 * MLK_PACK_BITS)));
	return MLK_TRIED_VARIES;
}

/* ---- larger nodes ---- */

/* a bit for each of 64 flags, which are cleared */
static inline uint64_t
take_flags(uint64_t *flags)
{
	uint64_t	bits = 0;

	for (int i = 0; i < 8; i++)
	{
		/* the byte of flag j times 2^(56 - 7 j) puts it to bit 56 + j */
		bits |= (flags[i] * UINT64_C(0x0102040810204080)) >> 56 << (8 * i);
		flags[i] = 0;
	}
	return bits;
}

/* cells into cuts, from the lowest bin on; the cells are empty then.  Returns the number of bins in use */
static int
make_cuts(MlkForestScratch *s, uint64_t *flags, int n_bins)
{
	MlkForestCuts *cuts = s->cuts;
	uint64_t   *cells = s->cells.packed;
	uint64_t	left = 0;
	int			n = 0;

	for (int w = 0; 64 * w < n_bins; w++)
	{
		for (uint64_t word = take_flags(flags + 8 * w); word != 0; word &= word - 1)
		{
			int			bin = 64 * w + __builtin_ctzll(word);

			left += cells[bin];
			cells[bin] = 0;
			cuts->bin[n] = (uint8_t) bin;
			cuts->left[n] = left;
			cuts->draws[n] = (double) (int64_t) ((left >> MLK_PACK_BITS) & MLK_PACK_MASK);
			cuts->positives[n] = (double) (int64_t) (left >> (2 * MLK_PACK_BITS));
			n++;
		}
	}
	return n;
}

MlkForestTried
mlk_forest_try_packed(const MlkForest *f, MlkForestScratch *s, const MlkEntry *entries, int64_t n, int feature, MlkForestBest *best)
{
	const MlkBinFeature *column = &f->data.x->features[feature];
	const MlkForestCuts *cuts = s->cuts;
	const uint8_t *bins = column->bins;
	uint64_t   *cells = s->cells.packed;
	uint64_t	flags[FLAG_WORDS] = {0};
	uint8_t    *flag = (uint8_t *) flags;
	uint64_t	least = (uint64_t) f->options.min_samples_leaf;
	double		all_n = (double) ((s->packed_total >> MLK_PACK_BITS) & MLK_PACK_MASK);
	double		all_p = (double) (s->packed_total >> (2 * MLK_PACK_BITS));
	double		score;
	int			from = 0;
	int			to;
	int			at;

	for (int64_t i = 0; i < n; i++)
	{
		uint32_t	bin = bins[entries[i].row];

		cells[bin] += s->packed[i];
		flag[bin] = 1;
	}
	if (flag[column->n_bins])
	{
		for (int i = 0; i <= column->n_bins; i++)
			cells[i] = 0;
		return MLK_TRIED_NOT;
	}
	to = make_cuts(s, flags, column->n_bins) - 1;
	if (to < 1)
		return MLK_TRIED_SAME;
	while (from < to && (cuts->left[from] & MLK_PACK_MASK) < least)
		from++;
	while (to > from && (uint64_t) n - (cuts->left[to - 1] & MLK_PACK_MASK) < least)
		to--;
	if (from == to)
		return MLK_TRIED_VARIES;
	score = best_gini(cuts->draws + from, cuts->positives + from, to - from, all_n, all_p, s->cuts->score, &at);
	at += from;
	if (score > best->score)
		take(best, score, feature, cuts->bin[at], cuts->bin[at + 1], cuts->left[at]);
	return MLK_TRIED_VARIES;
}
