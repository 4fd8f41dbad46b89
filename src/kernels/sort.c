/*
 * sort.c: argsort of 64-bit keys, and order statistics.
 *
 * The sort packs the 32 most significant bits in which keys differ, and the
 * row number, into one word, and sorts the words by a radix sort of fixed
 * blocks (count, prefix sums, stable scatter), each block a bounded piece of
 * work for the pool.  For row hashes and for scores 32 bits decide all but a
 * few neighbours, which an insertion sort settles.  When they do not, the sort
 * runs again as two rounds, low bits first; each round is stable, so the
 * second leaves equal high bits in the order of the first.
 *
 * Doubles become keys by flipping bits so that unsigned order is numeric order.
 */
#include <string.h>

#include "kernels/sort.h"

#define BLOCK_ROWS 65536
#define DIGIT_BITS 11
#define DIGITS (1 << DIGIT_BITS)
#define INDEX_BITS 32
#define SHORT_RUN 32			/* a longer run of equal high bits is not worth an insertion sort */
#define SMALL_SORT 64			/* below this an insertion sort alone */

#define SIGN_BIT UINT64_C(0x8000000000000000)
#define INFINITY_BITS UINT64_C(0x7ff0000000000000)

typedef struct Range
{
	uint64_t	min;
	uint64_t	max;
} Range;

typedef struct Sort
{
	MlkPool    *pool;
	const void *key;			/* uint64_t or double */
	bool		is_double;
	int64_t		n;
	int64_t		blocks;
	uint64_t	min;			/* of the keys */
	int			shift;			/* of the round: bits of key - min below the packed ones */
	int			digit_shift;	/* of the pass, in the packed word */
	bool		by_order;		/* pack rows in the order so far, not from first to last */
	uint64_t   *from;			/* packed words, n */
	uint64_t   *to;
	uint32_t   *count;			/* DIGITS per block: rows of a digit, then where the next of them goes */
	Range	   *range;			/* per block, in the room of count */
	uint32_t   *order;
} Sort;

/* NaN, of either sign, is above infinity; the zeros are equal */
static inline uint64_t
double_key(double x)
{
	uint64_t	bits;
	uint64_t	magnitude;

	memcpy(&bits, &x, sizeof(bits));
	magnitude = bits & ~SIGN_BIT;
	if (magnitude > INFINITY_BITS)
		return UINT64_MAX;
	if (magnitude == 0)
		return SIGN_BIT;
	return bits & SIGN_BIT ? ~bits : bits | SIGN_BIT;
}

static inline uint64_t
key_at(const Sort *sort, int64_t row)
{
	return sort->is_double ? double_key(((const double *) sort->key)[row]) : ((const uint64_t *) sort->key)[row];
}

static inline int64_t
block_end(const Sort *sort, int64_t block)
{
	int64_t		end = (block + 1) * BLOCK_ROWS;

	return end < sort->n ? end : sort->n;
}

/* ---- blocks ---- */

static void
range_block(void *arg, int64_t block, int worker)
{
	Sort	   *sort = arg;
	Range		range = {UINT64_MAX, 0};

	for (int64_t i = block * BLOCK_ROWS; i < block_end(sort, block); i++)
	{
		uint64_t	key = key_at(sort, i);

		range.min = key < range.min ? key : range.min;
		range.max = key > range.max ? key : range.max;
	}
	sort->range[block] = range;
}

static void
pack_block(void *arg, int64_t block, int worker)
{
	Sort	   *sort = arg;

	for (int64_t i = block * BLOCK_ROWS; i < block_end(sort, block); i++)
	{
		uint64_t	row = sort->by_order ? sort->order[i] : (uint64_t) i;

		sort->from[i] = ((key_at(sort, row) - sort->min) >> sort->shift) << INDEX_BITS | row;
	}
}

static void
count_block(void *arg, int64_t block, int worker)
{
	Sort	   *sort = arg;
	uint32_t   *count = sort->count + block * DIGITS;

	memset(count, 0, DIGITS * sizeof(uint32_t));
	for (int64_t i = block * BLOCK_ROWS; i < block_end(sort, block); i++)
		count[(sort->from[i] >> sort->digit_shift) & (DIGITS - 1)]++;
}

static void
scatter_block(void *arg, int64_t block, int worker)
{
	Sort	   *sort = arg;
	uint32_t   *next = sort->count + block * DIGITS;

	for (int64_t i = block * BLOCK_ROWS; i < block_end(sort, block); i++)
	{
		uint64_t	word = sort->from[i];

		sort->to[next[(word >> sort->digit_shift) & (DIGITS - 1)]++] = word;
	}
}

static void
unpack_block(void *arg, int64_t block, int worker)
{
	Sort	   *sort = arg;

	for (int64_t i = block * BLOCK_ROWS; i < block_end(sort, block); i++)
		sort->order[i] = (uint32_t) sort->from[i];
}

/* ---- passes and rounds ---- */

/* Counts become places; false when all rows have the same digit, so that the pass would change nothing. */
static bool
place_digits(Sort *sort)
{
	uint32_t	place = 0;

	for (int digit = 0; digit < DIGITS; digit++)
	{
		uint32_t	first = place;

		for (int64_t block = 0; block < sort->blocks; block++)
		{
			uint32_t   *count = &sort->count[block * DIGITS + digit];
			uint32_t	rows = *count;

			*count = place;
			place += rows;
		}
		if (place - first == sort->n)
			return false;
	}
	return true;
}

/* Stable sort of the words by `bits` bits above the row number. */
static MlkStatus
sort_words(Sort *sort, int bits)
{
	MlkStatus	status = MLK_OK;

	for (int done = 0; done < bits && status == MLK_OK; done += DIGIT_BITS)
	{
		uint64_t   *swap = sort->to;

		sort->digit_shift = INDEX_BITS + done;
		status = mlk_parallel_for(sort->pool, sort->blocks, count_block, sort);
		if (status != MLK_OK || !place_digits(sort))
			continue;
		status = mlk_parallel_for(sort->pool, sort->blocks, scatter_block, sort);
		sort->to = sort->from;
		sort->from = swap;
	}
	return status;
}

/* Pack the bits of the keys from `shift` up, at most 32, and sort by them. */
static MlkStatus
sort_round(Sort *sort, int shift, int bits, bool by_order)
{
	MlkStatus	status;

	sort->shift = shift;
	sort->by_order = by_order;
	status = mlk_parallel_for(sort->pool, sort->blocks, pack_block, sort);
	if (status == MLK_OK)
		status = sort_words(sort, bits < INDEX_BITS ? bits : INDEX_BITS);
	return status;
}

static void
insertion_sort(const Sort *sort, uint64_t *word, int64_t n)
{
	for (int64_t i = 1; i < n; i++)
	{
		uint64_t	moving = word[i];
		uint64_t	key = key_at(sort, (uint32_t) moving);
		int64_t		j = i;

		for (; j > 0 && key_at(sort, (uint32_t) word[j - 1]) > key; j--)
			word[j] = word[j - 1];
		word[j] = moving;
	}
}

static bool
is_sorted(const Sort *sort, const uint64_t *word, int64_t n)
{
	for (int64_t i = 1; i < n; i++)
		if (key_at(sort, (uint32_t) word[i - 1]) > key_at(sort, (uint32_t) word[i]))
			return false;
	return true;
}

/*
 * Order runs of equal high bits by whole keys.  *settled becomes false at a long run
 * that is not in order already (ties are: the sort is stable).
 */
static MlkStatus
settle_runs(Sort *sort, bool *settled)
{
	uint64_t   *word = sort->from;
	int64_t		from = 0;
	int64_t		next_poll = BLOCK_ROWS;

	*settled = false;
	while (from < sort->n)
	{
		int64_t		to = from + 1;

		while (to < sort->n && word[to] >> INDEX_BITS == word[from] >> INDEX_BITS)
			to++;
		if (to - from > SHORT_RUN && !is_sorted(sort, word + from, to - from))
			return MLK_OK;
		if (to - from > 1 && to - from <= SHORT_RUN)
			insertion_sort(sort, word + from, to - from);
		from = to;
		if (from >= next_poll)
		{
			if (mlk_pool_stop(sort->pool))
				return MLK_CANCELLED;
			next_poll = from + BLOCK_ROWS;
		}
	}
	*settled = true;
	return MLK_OK;
}

/* Sort by the low 32 bits, then, from that order, by the rest. */
static MlkStatus
sort_whole_keys(Sort *sort, int bits)
{
	MlkStatus	status = sort_round(sort, 0, INDEX_BITS, false);

	if (status == MLK_OK)
		status = mlk_parallel_for(sort->pool, sort->blocks, unpack_block, sort);
	if (status == MLK_OK)
		status = sort_round(sort, INDEX_BITS, bits - INDEX_BITS, true);
	return status;
}

/* *bits := how many bits key - min takes */
static MlkStatus
find_range(Sort *sort, int *bits)
{
	MlkStatus	status = mlk_parallel_for(sort->pool, sort->blocks, range_block, sort);
	Range		all = {UINT64_MAX, 0};

	if (status != MLK_OK)
		return status;
	for (int64_t block = 0; block < sort->blocks; block++)
	{
		all.min = sort->range[block].min < all.min ? sort->range[block].min : all.min;
		all.max = sort->range[block].max > all.max ? sort->range[block].max : all.max;
	}
	sort->min = all.min;
	*bits = all.max == all.min ? 0 : 64 - __builtin_clzll(all.max - all.min);
	return MLK_OK;
}

static MlkStatus
argsort(Sort *sort)
{
	MlkStatus	status;
	int			bits;
	bool		settled = true;

	status = find_range(sort, &bits);
	if (status == MLK_OK)
		status = sort_round(sort, bits > INDEX_BITS ? bits - INDEX_BITS : 0, bits, false);
	if (status == MLK_OK && bits > INDEX_BITS)
		status = settle_runs(sort, &settled);
	if (status == MLK_OK && !settled)
		status = sort_whole_keys(sort, bits);
	if (status == MLK_OK)
		status = mlk_parallel_for(sort->pool, sort->blocks, unpack_block, sort);
	return status;
}

static void
argsort_small(const Sort *sort)
{
	for (int64_t i = 0; i < sort->n; i++)
	{
		uint64_t	key = key_at(sort, i);
		int64_t		j = i;

		for (; j > 0 && key_at(sort, sort->order[j - 1]) > key; j--)
			sort->order[j] = sort->order[j - 1];
		sort->order[j] = (uint32_t) i;
	}
}

static int64_t
block_count(int64_t n)
{
	return (n + BLOCK_ROWS - 1) / BLOCK_ROWS;
}

static MlkStatus
argsort_keys(MlkPool *pool, const void *key, bool is_double, int64_t n, uint32_t *order, void *scratch)
{
	Sort		sort = {.pool = pool, .key = key, .is_double = is_double, .n = n, .order = order};

	if (n <= SMALL_SORT)
	{
		argsort_small(&sort);
		return MLK_OK;
	}
	sort.blocks = block_count(n);
	sort.from = scratch;
	sort.to = sort.from + n;
	sort.count = (uint32_t *) (sort.to + n);
	sort.range = (Range *) sort.count;
	return argsort(&sort);
}

/* two arrays of words, and the counts of every block */
size_t
mlk_argsort_scratch(int64_t n)
{
	return (size_t) n * 2 * sizeof(uint64_t) + (size_t) block_count(n) * DIGITS * sizeof(uint32_t);
}

MlkStatus
mlk_argsort_u64(MlkPool *pool, const uint64_t *key, int64_t n, uint32_t *order, void *scratch)
{
	return argsort_keys(pool, key, false, n, order, scratch);
}

MlkStatus
mlk_argsort_f64(MlkPool *pool, const double *key, int64_t n, uint32_t *order, void *scratch)
{
	return argsort_keys(pool, key, true, n, order, scratch);
}
