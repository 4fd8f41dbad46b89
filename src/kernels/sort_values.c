/*
 * sort_values.c: radix sort of 64-bit keys, and of doubles, in place.
 *
 * Unlike the argsort of sort.c nothing is carried along, so a word is the whole key.  Two passes of 11 bits (three, for many
 * keys) sort by the most significant bits in which keys differ; that leaves short runs of equal high bits, which an insertion sort
 * settles, or a merge sort where the keys crowd.  Without a pool all digits are counted in one pass; with one each pass works
 * on blocks (count, places, stable scatter), so that threads share it and a cancel is seen between them.
 */
#include <string.h>

#include "kernels/describe.h"

#define BLOCK_KEYS 262144
#define DIGIT_BITS 11
#define DIGITS (1 << DIGIT_BITS)
#define MOST_DIGITS 3
#define FEW_KEYS (1 << 21)		/* two digits leave short runs of so many */
#define SHORT_RUN 24			/* a longer run of equal high bits is not worth an insertion sort */
#define LONG_RUN 65536			/* nor one above this a merge sort */
#define SMALL_SORT 64

#define SIGN_BIT UINT64_C(0x8000000000000000)

typedef struct KeySort
{
	MlkPool    *pool;
	uint64_t   *from;
	uint64_t   *to;
	int64_t		n;
	int64_t		block_keys;
	int64_t		blocks;
	uint64_t	min;
	int			shift;			/* of the pass's digit */
	int			digits;			/* counted at once: more than one for a single block */
	uint32_t   *count;			/* DIGITS a block: keys of a digit, then where the next of them goes */
	uint64_t   *range;			/* min and max a block, in the room of count */
} KeySort;

static inline int64_t
block_end(const KeySort *sort, int64_t block)
{
	int64_t		end = (block + 1) * sort->block_keys;

	return end < sort->n ? end : sort->n;
}

MLK_CLONES
static void
find_range(const uint64_t *key, int64_t n, uint64_t *range)
{
	uint64_t	min = UINT64_MAX;
	uint64_t	max = 0;

	for (int64_t i = 0; i < n; i++)
	{
		min = key[i] < min ? key[i] : min;
		max = key[i] > max ? key[i] : max;
	}
	range[0] = min;
	range[1] = max;
}

static void
range_block(void *arg, int64_t block, int worker)
{
	KeySort    *sort = arg;
	int64_t		from = block * sort->block_keys;

	find_range(sort->from + from, block_end(sort, block) - from, sort->range + 2 * block);
}

/* Counts of the digits from the pass's one up; those of different digits lie one after the other. */
static void
count_block(void *arg, int64_t block, int worker)
{
	KeySort    *sort = arg;
	uint32_t   *count = sort->count + block * DIGITS;

	memset(count, 0, sort->digits * DIGITS * sizeof(uint32_t));
	for (int64_t i = block * sort->block_keys; i < block_end(sort, block); i++)
	{
		uint64_t	key = (sort->from[i] - sort->min) >> sort->shift;

		count[key & (DIGITS - 1)]++;
		for (int digit = 1; digit < sort->digits; digit++)
			count[digit * DIGITS + ((key >> (digit * DIGIT_BITS)) & (DIGITS - 1))]++;
	}
}

static void
scatter_block(void *arg, int64_t block, int worker)
{
	KeySort    *sort = arg;
	uint32_t   *next = sort->count + block * DIGITS;

	for (int64_t i = block * sort->block_keys; i < block_end(sort, block); i++)
	{
		uint64_t	key = sort->from[i];

		sort->to[next[((key - sort->min) >> sort->shift) & (DIGITS - 1)]++] = key;
	}
}

/* Counts become places; false when all keys have the same digit, so that the pass would change nothing. */
static bool
place_digits(KeySort *sort)
{
	uint32_t	place = 0;

	for (int digit = 0; digit < DIGITS; digit++)
	{
		uint32_t	first = place;

		for (int64_t block = 0; block < sort->blocks; block++)
		{
			uint32_t   *count = &sort->count[block * DIGITS + digit];
			uint32_t	keys = *count;

			*count = place;
			place += keys;
		}
		if (place - first == sort->n)
			return false;
	}
	return true;
}

/* Stable sort by `digits` digits of key - min from bit `low` up. */
static MlkStatus
sort_digits(KeySort *sort, int low, int digits)
{
	uint32_t   *counts = sort->count;
	MlkStatus	status = MLK_OK;

	sort->digits = sort->blocks == 1 ? digits : 1;
	for (int digit = 0; digit < digits && status == MLK_OK; digit++)
	{
		uint64_t   *swap = sort->to;

		sort->shift = low + digit * DIGIT_BITS;
		if (digit == 0 || sort->blocks > 1)
			status = mlk_parallel_for(sort->pool, sort->blocks, count_block, sort);
		else
			sort->count += DIGITS;
		if (status != MLK_OK || !place_digits(sort))
			continue;
		status = mlk_parallel_for(sort->pool, sort->blocks, scatter_block, sort);
		sort->to = sort->from;
		sort->from = swap;
	}
	sort->count = counts;
	return status;
}

static void
insertion_sort(uint64_t *key, int64_t n)
{
	for (int64_t i = 1; i < n; i++)
	{
		uint64_t	moving = key[i];
		int64_t		j = i;

		for (; j > 0 && key[j - 1] > moving; j--)
			key[j] = key[j - 1];
		key[j] = moving;
	}
}

static bool
is_sorted(const uint64_t *key, int64_t n)
{
	for (int64_t i = 1; i < n; i++)
		if (key[i - 1] > key[i])
			return false;
	return true;
}

/* other[n] is room */
static void
merge_sort(uint64_t *key, uint64_t *other, int64_t n)
{
	int64_t		half = n / 2;
	int64_t		left = 0;
	int64_t		right = half;

	if (n <= SHORT_RUN)
	{
		insertion_sort(key, n);
		return;
	}
	merge_sort(key, other, half);
	merge_sort(key + half, other, n - half);
	memcpy(other, key, n * sizeof(uint64_t));
	for (int64_t i = 0; i < n; i++)
	{
		if (right >= n || (left < half && other[left] <= other[right]))
			key[i] = other[left++];
		else
			key[i] = other[right++];
	}
}

/*
 * Order runs of keys that are equal from bit `shift` up; *settled becomes false at one that is so long that a whole sort is the
 * better way.
 */
static MlkStatus
settle_runs(const KeySort *sort, int shift, bool *settled)
{
	uint64_t   *key = sort->from;
	int64_t		next_poll = BLOCK_KEYS;

	*settled = false;
	for (int64_t from = 0, to; from < sort->n; from = to)
	{
		uint64_t	high = (key[from] - sort->min) >> shift;

		for (to = from + 1; to < sort->n && (key[to] - sort->min) >> shift == high; to++)
			;
		if (to - from > 1 && to - from <= SHORT_RUN)
			insertion_sort(key + from, to - from);
		else if (to - from > 1 && !is_sorted(key + from, to - from))
		{
			if (to - from > LONG_RUN)
				return MLK_OK;
			merge_sort(key + from, sort->to, to - from);
		}
		if (to >= next_poll)
		{
			if (mlk_pool_stop(sort->pool))
				return MLK_CANCELLED;
			next_poll = to + BLOCK_KEYS;
		}
	}
	*settled = true;
	return MLK_OK;
}

/* sort->min, and how many bits key - min takes */
static MlkStatus
measure(KeySort *sort, int *bits)
{
	MlkStatus	status = mlk_parallel_for(sort->pool, sort->blocks, range_block, sort);
	uint64_t	max = 0;

	sort->min = UINT64_MAX;
	for (int64_t block = 0; block < sort->blocks && status == MLK_OK; block++)
	{
		sort->min = sort->range[2 * block] < sort->min ? sort->range[2 * block] : sort->min;
		max = sort->range[2 * block + 1] > max ? sort->range[2 * block + 1] : max;
	}
	*bits = status != MLK_OK || max == sort->min ? 0 : 64 - __builtin_clzll(max - sort->min);
	return status;
}

/* Six digits are a whole key. */
static MlkStatus
sort_all(KeySort *sort)
{
	MlkStatus	status = sort_digits(sort, 0, MOST_DIGITS);

	if (status == MLK_OK)
		status = sort_digits(sort, MOST_DIGITS * DIGIT_BITS, MOST_DIGITS);
	return status;
}

static MlkStatus
sort_keys(KeySort *sort)
{
	int			digits = sort->n <= FEW_KEYS ? 2 : MOST_DIGITS;
	bool		settled = true;
	int			bits;
	int			low;
	MlkStatus	status = measure(sort, &bits);

	low = bits > digits * DIGIT_BITS ? bits - digits * DIGIT_BITS : 0;
	if (status == MLK_OK)
		status = sort_digits(sort, low, digits);
	if (status == MLK_OK && low > 0)
		status = settle_runs(sort, low, &settled);
	if (status == MLK_OK && !settled)
		status = sort_all(sort);
	return status;
}

static int64_t
block_count(int64_t n)
{
	return (n + BLOCK_KEYS - 1) / BLOCK_KEYS;
}

/* a second array of keys, and the counts of every block, or of three digits */
size_t
mlk_sort_scratch(int64_t n)
{
	int64_t		counts = block_count(n) > MOST_DIGITS ? block_count(n) : MOST_DIGITS;

	return (size_t) n * sizeof(uint64_t) + (size_t) counts * DIGITS * sizeof(uint32_t);
}

/* *sorted: where the keys are then, key or scratch */
static MlkStatus
sort_anywhere(MlkPool *pool, uint64_t *key, int64_t n, void *scratch, uint64_t **sorted)
{
	KeySort		sort = {.pool = pool, .from = key, .to = scratch, .n = n};
	MlkStatus	status = MLK_OK;

	if (n <= SMALL_SORT)
		insertion_sort(key, n);
	else
	{
		sort.block_keys = pool == NULL ? n : BLOCK_KEYS;
		sort.blocks = pool == NULL ? 1 : block_count(n);
		sort.count = (uint32_t *) (sort.to + n);
		sort.range = (uint64_t *) sort.count;
		status = sort_keys(&sort);
	}
	*sorted = sort.from;
	return status;
}

MlkStatus
mlk_sort_keys(MlkPool *pool, uint64_t *key, int64_t n, void *scratch)
{
	uint64_t   *sorted;
	MlkStatus	status = sort_anywhere(pool, key, n, scratch, &sorted);

	if (sorted != key)
		memcpy(key, sorted, n * sizeof(uint64_t));
	return status;
}

/*
 * Doubles and keys share an array, so both are loaded and stored as bytes.  Unsigned order of the keys is numeric order; adding zero
 * makes one of the two zeros.
 */
MLK_CLONES
static void
values_to_keys(void *array, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
	{
		double		x;
		uint64_t	bits;

		memcpy(&x, (char *) array + i * sizeof(x), sizeof(x));
		x += 0.0;
		memcpy(&bits, &x, sizeof(bits));
		bits ^= (0 - (bits >> 63)) | SIGN_BIT;
		memcpy((char *) array + i * sizeof(bits), &bits, sizeof(bits));
	}
}

MLK_CLONES
static void
keys_to_values(const void *key, void *value, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
	{
		uint64_t	bits;

		memcpy(&bits, (const char *) key + i * sizeof(bits), sizeof(bits));
		bits ^= ((bits >> 63) - 1) | SIGN_BIT;
		memcpy((char *) value + i * sizeof(bits), &bits, sizeof(bits));
	}
}

MlkStatus
mlk_sort_values(MlkPool *pool, double *x, int64_t n, void *scratch)
{
	uint64_t   *sorted;
	MlkStatus	status;

	values_to_keys(x, n);
	status = sort_anywhere(pool, (uint64_t *) (void *) x, n, scratch, &sorted);
	keys_to_values(sorted, x, n);
	return status;
}
