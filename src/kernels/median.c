/*
 * median.c: (weighted) median of non-negative doubles by counting, in blocks.
 *
 * Non-negative doubles are ordered like their bits.  The median's 63 bits are
 * found nine at a time: each pass builds a histogram of the next nine bits of
 * the values that begin with the bits found so far, and the cumulated weights
 * say in which bin the median lies.  Unlike a selection by partitioning this
 * runs in threads, keeps weights beside values without moving either, and
 * takes the same time whatever the input.
 */
#include <stdlib.h>
#include <string.h>

#include "kernels/metrics_internal.h"

#define DIGIT_BITS 9
#define BINS (1 << DIGIT_BITS)
#define TOP_SHIFT 54			/* 63 bits: seven digits of nine */
#define BLOCK_ROWS 16384
#define MAX_BLOCKS 64

typedef struct MedianSearch
{
	const double *value;
	const double *weight;
	int64_t		n;
	MlkSpan		span;
	uint64_t	prefix;			/* bits found, in place; those below shift + DIGIT_BITS are zero */
	int			shift;			/* of the digit looked for */
	double	   *histogram;		/* BINS sums of weights per block */
	double		least_above[MAX_BLOCKS];	/* per block: least value above `found` */
	double		found;
} MedianSearch;

static inline uint64_t
bits_of(double x)
{
	uint64_t	bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits & INT64_MAX;	/* -0.0 is 0.0 */
}

static void
histogram_block(void *arg, int64_t block, int worker)
{
	MedianSearch *s = arg;
	double	   *bin = s->histogram + block * BINS;
	uint64_t	prefix = s->prefix >> s->shift;

	memset(bin, 0, BINS * sizeof(double));
	for (int64_t i = block * s->span.rows; i < mlk_span_end(&s->span, block, s->n); i++)
	{
		/* a value that begins otherwise differs from the prefix above the digit */
		uint64_t	digit = (bits_of(s->value[i]) >> s->shift) ^ prefix;

		if (digit < BINS)
			bin[digit] += mlk_weight(s->weight, i);
	}
}

static void
above_block(void *arg, int64_t block, int worker)
{
	MedianSearch *s = arg;
	double		least = INFINITY;

	for (int64_t i = block * s->span.rows; i < mlk_span_end(&s->span, block, s->n); i++)
		if (s->value[i] > s->found && s->value[i] < least)
			least = s->value[i];
	s->least_above[block] = least;
}

/* Block 0's histogram becomes the sum of all, added in block order; returns the sum of its bins. */
static double
combine_histograms(MedianSearch *s)
{
	double		total = 0.0;

	for (int64_t block = 1; block < s->span.blocks; block++)
		for (int i = 0; i < BINS; i++)
			s->histogram[i] += s->histogram[block * BINS + i];
	for (int i = 0; i < BINS; i++)
		total += s->histogram[i];
	return total;
}

/*
 * The first bin where *below plus the bins so far reaches the target, with *below moved
 * to what lies before it.  Rounding may keep the sums just short of the target: then the last bin that holds any.
 */
static int
find_bin(const double *bin, double target, double *below)
{
	double		sum = *below;
	int			last = 0;

	for (int i = 0; i < BINS; i++)
	{
		if (bin[i] <= 0.0)
			continue;
		*below = sum;
		sum += bin[i];
		last = i;
		if (sum >= target)
			break;
	}
	return last;
}

/* s->found := the least value with a cumulated weight of at least half; *upto := its cumulated weight */
static MlkStatus
find_lower_median(MlkPool *pool, MedianSearch *s, double *upto)
{
	double		target = 0.0;
	double		below = 0.0;

	for (s->shift = TOP_SHIFT; s->shift >= 0; s->shift -= DIGIT_BITS)
	{
		MlkStatus	status = mlk_parallel_for(pool, s->span.blocks, histogram_block, s);
		double		total;
		uint64_t	bin;

		if (status != MLK_OK)
			return status;
		total = combine_histograms(s);
		if (s->shift == TOP_SHIFT)
			target = 0.5 * total;
		bin = (uint64_t) find_bin(s->histogram, target, &below);
		s->prefix |= bin << s->shift;
		*upto = below + s->histogram[bin];
	}
	memcpy(&s->found, &s->prefix, sizeof(s->found));
	return MLK_OK;
}

/* The mean of the middle two, when the count is even and the upper one is another value. */
static MlkStatus
average_with_next(MlkPool *pool, MedianSearch *s, double *median)
{
	MlkStatus	status = mlk_parallel_for(pool, s->span.blocks, above_block, s);
	double		next = INFINITY;

	if (status != MLK_OK)
		return status;
	for (int64_t block = 0; block < s->span.blocks; block++)
		next = s->least_above[block] < next ? s->least_above[block] : next;
	*median = 0.5 * (s->found + next);
	return MLK_OK;
}

MlkStatus
mlk_median(MlkPool *pool, const double *value, const double *weight, int64_t n, double *median)
{
	MedianSearch s = {.value = value, .weight = weight, .n = n, .span = mlk_span(n, BLOCK_ROWS, MAX_BLOCKS)};
	MlkStatus	status;
	double		upto = 0.0;

	*median = NAN;
	if (n == 0)
		return MLK_OK;
	s.histogram = malloc((size_t) s.span.blocks * BINS * sizeof(double));
	if (s.histogram == NULL)
		return MLK_NO_MEMORY;
	status = find_lower_median(pool, &s, &upto);
	free(s.histogram);
	if (status != MLK_OK)
		return status;
	*median = s.found;
	if (weight == NULL && upto * 2.0 == (double) n)
		status = average_with_next(pool, &s, median);
	return status;
}
