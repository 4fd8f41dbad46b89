/*
 * sketch.c: quantiles, distinct and frequent values of a stream.
 */
#include <string.h>

#include "kernels/describe.h"
#include "kernels/sketch.h"

#define LEAST_LEVEL 8			/* items a level has room for, however low */
#define SHRINK (2.0 / 3.0)		/* of a level's room to that of the one above */

/* ---- bytes ---- */

static void
put_u64(unsigned char **out, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		*(*out)++ = (unsigned char) (value >> (8 * i));
}

static uint64_t
get_u64(const unsigned char **in)
{
	uint64_t	value = 0;

	for (int i = 0; i < 8; i++)
		value |= (uint64_t) *(*in)++ << (8 * i);
	return value;
}

static uint64_t
bits_of(double x)
{
	uint64_t	bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

static double
double_of(uint64_t bits)
{
	double		x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

/* ---- quantiles ---- */

/* items level h of `levels` may hold */
static int32_t
level_room(int32_t k, int32_t levels, int32_t h)
{
	double		room = k * pow(SHRINK, levels - 1 - h);

	return room > LEAST_LEVEL ? (int32_t) ceil(room) : LEAST_LEVEL;
}

/* The rooms of all levels that are worth k (2/3)^i > 8 add up to less than 3 k + 1 each; the rest have 8. */
int32_t
mlk_kll_room(int32_t k)
{
	int32_t		room = 0;

	for (int h = 0; h < MLK_KLL_LEVELS; h++)
		room += level_room(k, MLK_KLL_LEVELS, h);
	return room;
}

void
mlk_kll_init(MlkKll *kll, int32_t k, double *item)
{
	*kll = (MlkKll) {.k = k, .room = mlk_kll_room(k), .levels = 1, .random = UINT64_C(0x9e3779b97f4a7c15), .item = item};
	for (int h = 0; h <= MLK_KLL_LEVELS; h++)
		kll->start[h] = kll->room;
}

static int32_t
level_size(const MlkKll *kll, int32_t h)
{
	return kll->start[h + 1] - kll->start[h];
}

/* xorshift64: a coin needs no more */
static int32_t
coin(MlkKll *kll)
{
	kll->random ^= kll->random << 13;
	kll->random ^= kll->random >> 7;
	kll->random ^= kll->random << 17;
	return (int32_t) (kll->random >> 63);
}

static void
sort_items(double *x, int32_t n)
{
	/* heapsort: a level is small, and there is no scratch here */
	for (int32_t end = n, root = n / 2; end > 1;)
	{
		double		moving;
		int32_t		hole;

		if (root > 0)
			moving = x[--root];
		else
		{
			moving = x[--end];
			x[end] = x[0];
		}
		hole = root;
		for (int32_t child = 2 * hole + 1; child < end; child = 2 * hole + 1)
		{
			if (child + 1 < end && x[child + 1] > x[child])
				child++;
			if (x[child] <= moving)
				break;
			x[hole] = x[child];
			hole = child;
		}
		x[hole] = moving;
	}
}

/*
 * Every other item of level h goes up, sorted in among the next level's.  The survivors are put at the end of level h's room first; the
 * merge then runs upwards from there, never overtaking what it reads.
 */
static void
compact_level(MlkKll *kll, int32_t h)
{
	int32_t		from = kll->start[h];
	int32_t		to = kll->start[h + 1];
	int32_t		odd = (to - from) & 1;
	int32_t		half = (to - from) / 2;
	int32_t		offset = coin(kll);
	int32_t		low = to - half;	/* of the survivors */
	int32_t		next = to;
	int32_t		end = kll->start[h + 2];
	int32_t		place;
	double	   *x = kll->item;

	if (h == 0)
		sort_items(x + from, to - from);
	/* an odd item stays behind in its level: the first one */
	for (int32_t i = half - 1; i >= 0; i--)
		x[low + i] = x[from + odd + 2 * i + offset];
	place = low;
	if (half > 0 && next < end)
	{
		/* survivors go in front of the room they leave, so that the merge has a gap to write into */
		memmove(x + low - half, x + low, half * sizeof(double));
		place = low;
		for (int32_t a = low - half, b = next; a < low || b < end;)
		{
			if (a < low && (b >= end || x[a] <= x[b]))
				x[place++] = x[a++];
			else
				x[place++] = x[b++];
		}
	}
	kll->start[h + 1] = low;
	if (odd)
	{
		double		left = x[from];

		memmove(x + low - 1 - (from - kll->start[0]), x + kll->start[0], (from - kll->start[0]) * sizeof(double));
		x[low - 1] = left;
	}
	else
		memmove(x + low - (from - kll->start[0]), x + kll->start[0], (from - kll->start[0]) * sizeof(double));
	for (int32_t g = 0; g <= h; g++)
		kll->start[g] += half;
}

/* Full: the lowest level that has outgrown its room is compacted.  There is one, as there is room for all levels' rooms. */
static void
compress(MlkKll *kll)
{
	int32_t		h = 0;

	while (h < kll->levels - 1 && level_size(kll, h) < level_room(kll->k, kll->levels, h))
		h++;
	if (h == kll->levels - 1)
		kll->levels++;
	compact_level(kll, h);
}

void
mlk_kll_add(MlkKll *kll, double x)
{
	if (kll->start[0] == 0)
		compress(kll);
	kll->item[--kll->start[0]] = x;
	kll->n++;
}

/* one sorted item into level h > 0, or any into level 0 */
static void
insert_item(MlkKll *kll, int32_t h, double x)
{
	int32_t		place;

	if (kll->start[0] == 0)
		compress(kll);
	while (kll->levels <= h)
		kll->levels++;
	place = kll->start[h];
	while (h > 0 && place < kll->start[h + 1] && kll->item[place] < x)
		place++;
	memmove(kll->item + kll->start[0] - 1, kll->item + kll->start[0], (place - kll->start[0]) * sizeof(double));
	kll->item[place - 1] = x;
	for (int32_t g = 0; g <= h; g++)
		kll->start[g]--;
}

void
mlk_kll_merge(MlkKll *into, const MlkKll *from)
{
	for (int32_t h = from->levels - 1; h >= 0; h--)
		for (int32_t i = from->start[h]; i < from->start[h + 1]; i++)
			insert_item(into, h, from->item[i]);
	into->n += from->n;
}

/* Insertion by level: few items, and most come in order. */
int32_t
mlk_kll_items(const MlkKll *kll, double *value, int64_t *weight)
{
	int32_t		n = 0;

	for (int32_t h = 0; h < kll->levels; h++)
	{
		int32_t		from = n;
		int32_t		a = from - 1;
		int32_t		b;

		for (int32_t i = kll->start[h]; i < kll->start[h + 1]; i++)
			value[n++] = kll->item[i];
		if (h == 0)
			sort_items(value, n);
		for (int32_t i = from; i < n; i++)
			weight[i] = (int64_t) 1 << h;
		/* merge the level, which lies behind, into what is sorted already: from the back, each item moves once a level */
		for (b = from; b < n; b++)
		{
			double		moving = value[b];

			for (a = b - 1; a >= 0 && value[a] > moving; a--)
			{
				value[a + 1] = value[a];
				weight[a + 1] = weight[a];
			}
			value[a + 1] = moving;
			weight[a + 1] = (int64_t) 1 << h;
		}
	}
	return n;
}

void
mlk_kll_expand(const MlkKll *kll, double *value, int64_t *weight, double *x, int64_t m)
{
	int32_t		items = mlk_kll_items(kll, value, weight);
	int32_t		i = 0;
	double		passed = (double) weight[0];	/* values up to item i */

	for (int64_t j = 0; j < m; j++)
	{
		double		rank = ((double) j + 0.5) / (double) m * (double) kll->n;

		while (passed < rank && i + 1 < items)
			passed += (double) weight[++i];
		x[j] = value[i];
	}
}

/* k, levels, n, random, sizes of the levels, items */
size_t
mlk_kll_size(const MlkKll *kll)
{
	return sizeof(uint64_t) * (size_t) (4 + kll->levels + kll->room - kll->start[0]);
}

void
mlk_kll_write(const MlkKll *kll, unsigned char *out)
{
	put_u64(&out, (uint64_t) kll->k);
	put_u64(&out, (uint64_t) kll->levels);
	put_u64(&out, (uint64_t) kll->n);
	put_u64(&out, kll->random);
	for (int32_t h = 0; h < kll->levels; h++)
		put_u64(&out, (uint64_t) level_size(kll, h));
	for (int32_t i = kll->start[0]; i < kll->room; i++)
		put_u64(&out, bits_of(kll->item[i]));
}

/* sizes of the levels, from the top down so that each knows where it starts; their weights must add up to n */
static bool
read_levels(MlkKll *kll, const unsigned char *in)
{
	uint64_t	weight = 0;

	for (int32_t h = kll->levels - 1; h >= 0; h--)
	{
		const unsigned char *at = in + h * sizeof(uint64_t);
		uint64_t	size = get_u64(&at);

		if (size > (uint64_t) kll->start[h + 1])
			return false;
		kll->start[h] = kll->start[h + 1] - (int32_t) size;
		weight += size << h;
	}
	return weight == (uint64_t) kll->n;
}

bool
mlk_kll_read(MlkKll *kll, int32_t k, double *item, const unsigned char *in, size_t size)
{
	uint64_t	levels;

	mlk_kll_init(kll, k, item);
	if (size < 4 * sizeof(uint64_t) || get_u64(&in) != (uint64_t) k)
		return false;
	levels = get_u64(&in);
	kll->n = (int64_t) get_u64(&in);
	kll->random = get_u64(&in);
	if (levels < 1 || levels >= MLK_KLL_LEVELS || size < (4 + levels) * sizeof(uint64_t) || kll->random == 0)
		return false;
	kll->levels = (int32_t) levels;
	if (!read_levels(kll, in) || size != mlk_kll_size(kll))
		return false;
	in += levels * sizeof(uint64_t);
	for (int32_t i = kll->start[0]; i < kll->room; i++)
	{
		item[i] = double_of(get_u64(&in));
		if (isnan(item[i]))
			return false;
	}
	for (int32_t h = 1; h < kll->levels; h++)
		for (int32_t i = kll->start[h] + 1; i < kll->start[h + 1]; i++)
			if (item[i] < item[i - 1])
				return false;
	return true;
}

/* ---- distinct values ---- */

void
mlk_hll_init(MlkHll *hll, int32_t bits, uint8_t *rank)
{
	hll->bits = bits;
	hll->rank = rank;
	memset(rank, 0, (size_t) 1 << bits);
}

/* Ertl's sigma and tau: corrections for registers that are empty and that are full */
static double
sigma(double x)
{
	double		y = 1.0;
	double		z = x;
	double		before;

	if (x == 1.0)
		return INFINITY;
	do
	{
		x *= x;
		before = z;
		z += x * y;
		y += y;
	} while (z != before);
	return z;
}

static double
tau(double x)
{
	double		y = 1.0;
	double		z = 1.0 - x;
	double		before;

	if (x == 0.0 || x == 1.0)
		return 0.0;
	do
	{
		x = sqrt(x);
		before = z;
		y *= 0.5;
		z -= (1.0 - x) * (1.0 - x) * y;
	} while (z != before);
	return z / 3.0;
}

double
mlk_hll_estimate(const MlkHll *hll)
{
	int32_t		q = 64 - hll->bits;
	double		m = (double) ((size_t) 1 << hll->bits);
	int64_t		count[66] = {0};
	double		z;

	for (size_t i = 0; i < (size_t) 1 << hll->bits; i++)
		count[hll->rank[i]]++;
	z = m * tau(1.0 - (double) count[q + 1] / m);
	for (int32_t r = q; r >= 1; r--)
		z = 0.5 * (z + (double) count[r]);
	z += m * sigma((double) count[0] / m);
	return m * m / (2.0 * log(2.0)) / z;
}

void
mlk_hll_merge(MlkHll *into, const MlkHll *from)
{
	for (size_t i = 0; i < (size_t) 1 << into->bits; i++)
		into->rank[i] = from->rank[i] > into->rank[i] ? from->rank[i] : into->rank[i];
}

size_t
mlk_hll_size(const MlkHll *hll)
{
	return 1 + ((size_t) 1 << hll->bits);
}

void
mlk_hll_write(const MlkHll *hll, unsigned char *out)
{
	*out = (unsigned char) hll->bits;
	memcpy(out + 1, hll->rank, (size_t) 1 << hll->bits);
}

bool
mlk_hll_read(MlkHll *hll, int32_t bits, uint8_t *rank, const unsigned char *in, size_t size)
{
	mlk_hll_init(hll, bits, rank);
	if (size != mlk_hll_size(hll) || *in != bits)
		return false;
	memcpy(rank, in + 1, (size_t) 1 << bits);
	for (size_t i = 0; i < (size_t) 1 << bits; i++)
		if (rank[i] > 65 - bits)
			return false;
	return true;
}

/* ---- frequent values ---- */

void
mlk_frequency_init(MlkFrequency *f, int32_t room, uint64_t *key, int64_t *count)
{
	*f = (MlkFrequency) {.room = room, .key = key, .count = count};
	memset(count, 0, room * sizeof(int64_t));
	memset(key, 0, room * sizeof(uint64_t));
}

/* the slot of the key, or the empty one where it belongs */
static int32_t
slot_of(const MlkFrequency *f, uint64_t key)
{
	int32_t		slot = (int32_t) ((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (f->room - 1);

	while (f->count[slot] != 0 && f->key[slot] != key)
		slot = (slot + 1) & (f->room - 1);
	return slot;
}

int32_t
mlk_frequency_find(const MlkFrequency *f, uint64_t key)
{
	int32_t		slot = slot_of(f, key);

	return f->count[slot] != 0 ? slot : -1;
}

/* the median of up to 64 counts, taken evenly: near enough to halve the counters */
static int64_t
typical_count(const MlkFrequency *f)
{
	int64_t		sample[64];
	int			n = 0;
	int32_t		step = f->room > 128 ? f->room / 128 : 1;

	for (int32_t slot = 0; slot < f->room && n < 64; slot += step)
	{
		int			i = n;

		if (f->count[slot] == 0)
			continue;
		for (; i > 0 && sample[i - 1] > f->count[slot]; i--)
			sample[i] = sample[i - 1];
		sample[i] = f->count[slot];
		n++;
	}
	return sample[n / 2];
}

/*
 * Take the typical count off all, and close the gaps: a counter goes back to the first free slot of its run.  Starting behind an
 * empty slot, so that no run is met in its middle.
 */
static void
thin_out(MlkFrequency *f)
{
	int64_t		off = typical_count(f);
	int32_t		begin = 0;

	while (f->count[begin] != 0)
		begin++;
	f->lost += off;
	f->used = 0;
	for (int32_t i = 1; i <= f->room; i++)
	{
		int32_t		slot = (begin + i) & (f->room - 1);
		uint64_t	key = f->key[slot];
		int64_t		count = f->count[slot] > off ? f->count[slot] - off : 0;

		f->count[slot] = 0;
		if (count == 0)
			continue;
		slot = slot_of(f, key);
		f->key[slot] = key;
		f->count[slot] = count;
		f->used++;
	}
}

bool
mlk_frequency_add(MlkFrequency *f, uint64_t key, int64_t count)
{
	int32_t		slot = slot_of(f, key);
	bool		thinned = false;

	if (f->count[slot] == 0)
	{
		while (f->used >= f->room / 4 * 3)
		{
			thin_out(f);
			thinned = true;
		}
		slot = slot_of(f, key);
		f->used++;
		f->key[slot] = key;
	}
	f->count[slot] += count;
	return thinned;
}

void
mlk_frequency_merge(MlkFrequency *into, const MlkFrequency *from)
{
	for (int32_t slot = 0; slot < from->room; slot++)
		if (from->count[slot] != 0)
			(void) mlk_frequency_add(into, from->key[slot], from->count[slot]);
	into->lost += from->lost;
}

/* room, lost, used, then key and count of each */
size_t
mlk_frequency_size(const MlkFrequency *f)
{
	return sizeof(uint64_t) * (3 + 2 * (size_t) f->used);
}

void
mlk_frequency_write(const MlkFrequency *f, unsigned char *out)
{
	put_u64(&out, (uint64_t) f->room);
	put_u64(&out, (uint64_t) f->lost);
	put_u64(&out, (uint64_t) f->used);
	for (int32_t slot = 0; slot < f->room; slot++)
		if (f->count[slot] != 0)
		{
			put_u64(&out, f->key[slot]);
			put_u64(&out, (uint64_t) f->count[slot]);
		}
}

bool
mlk_frequency_read(MlkFrequency *f, int32_t room, uint64_t *key, int64_t *count, const unsigned char *in, size_t size)
{
	uint64_t	used;

	mlk_frequency_init(f, room, key, count);
	if (size < 3 * sizeof(uint64_t) || get_u64(&in) != (uint64_t) room)
		return false;
	f->lost = (int64_t) get_u64(&in);
	used = get_u64(&in);
	if (f->lost < 0 || used > (uint64_t) (room / 4 * 3) || size != (3 + 2 * used) * sizeof(uint64_t))
		return false;
	for (uint64_t i = 0; i < used; i++)
	{
		uint64_t	at = get_u64(&in);
		int64_t		rows = (int64_t) get_u64(&in);

		if (rows <= 0 || mlk_frequency_find(f, at) >= 0)
			return false;
		(void) mlk_frequency_add(f, at, rows);
	}
	return true;
}
