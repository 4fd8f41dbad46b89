/*
 * grow_memory.c: the memory of a grower, and what of it depends on the data alone.
 */
#include <string.h>
#include <sys/mman.h>

#include "kernels/grow_internal.h"

#define ALIGN 64
#define HUGE_PAGE ((uintptr_t) 2 * 1024 * 1024)
#define SPARE_INDEX 64			/* entries read ahead of, behind the row index */
#define SLOT_BYTES (256.0 * 1024 * 1024)	/* what histograms may take */
#define MAX_LEAVES (1 << 24)
#define MAX_SET_WORDS (INT64_C(1) << 27)
#define BLOCK_ROWS 16384
#define LEAF_ROWS 16384			/* whose gradients stay in the second-level cache */

/* ---- memory: one pass that measures and one that hands out, by the same code ---- */

typedef struct Arena
{
	char	   *base;			/* NULL: measuring */
	size_t		used;
} Arena;

static void *
take(Arena *a, size_t count, size_t size)
{
	void	   *out = a->base == NULL ? NULL : a->base + a->used;

	a->used += (count * size + ALIGN - 1) / ALIGN * ALIGN;
	return out;
}

static void
take_histogram(Arena *a, MlkHistogram *h, int64_t bins)
{
	MlkHistogram planes;

	planes.gradient = take(a, bins, sizeof(int64_t));
	planes.hessian = take(a, bins, sizeof(int64_t));
	planes.rows = take(a, bins, sizeof(uint32_t));
	if (h != NULL)
		*h = planes;
}

static int32_t
most_leaves(const MlkBinned *data, const MlkGrowOptions *o)
{
	double		least = o->min_samples_leaf > 1.0 ? o->min_samples_leaf : 1.0;
	double		leaves = floor((double) data->rows / least);

	if (o->max_leaves > 0 && o->max_leaves < leaves)
		leaves = o->max_leaves;
	if (o->max_depth > 0 && o->max_depth < 24 && ldexp(1.0, o->max_depth) < leaves)
		leaves = ldexp(1.0, o->max_depth);
	if (leaves > MAX_LEAVES)
		leaves = MAX_LEAVES;
	return leaves < 1.0 ? 1 : (int32_t) leaves;
}

typedef struct Sizes
{
	int64_t		bins;
	int64_t		category_bins;	/* of the category with most */
	int32_t		narrow;
	int32_t		leaves;
	int32_t		slots;
	int64_t		set_words;
} Sizes;

static Sizes
measure(const MlkBinned *data, const MlkGrowOptions *o)
{
	Sizes		s = {.leaves = most_leaves(data, o)};
	double		slots;

	for (int32_t f = 0; f < data->n_features; f++)
	{
		const MlkBinFeature *feature = &data->features[f];

		s.bins += feature->n_bins + 1;
		s.narrow += !feature->wide;
		if (feature->category && feature->n_bins > s.category_bins)
			s.category_bins = feature->n_bins;
	}
	slots = floor(SLOT_BYTES / ((double) s.bins * 20.0));
	slots = slots > s.leaves + (double) MLK_CUT_SLOTS ? s.leaves + (double) MLK_CUT_SLOTS : slots;
	s.slots = slots < MLK_CUT_SLOTS + 1.0 ? MLK_CUT_SLOTS + 1 : (int32_t) slots;
	s.set_words = (s.category_bins + 31) / 32 * (3 * (int64_t) s.leaves + 4);
	if (s.set_words > MAX_SET_WORDS)
		s.set_words = MAX_SET_WORDS;
	return s;
}

static void
take_workers(Arena *a, MlkGrower *g, const Sizes *s, int threads)
{
	MlkGrowWorker *workers = take(a, threads, sizeof(MlkGrowWorker));

	for (int k = 0; k < threads; k++)
	{
		MlkGrowWorker w = {.used = false};

		if (k > 0)
			take_histogram(a, &w.sums, s->bins);
		w.group = take(a, MLK_HIST_GROUP * MLK_HIST_STRIDE, sizeof(uint64_t));
		w.packed = take(a, MLK_HIST_ROWS, sizeof(uint64_t));
		w.right = take(a, MLK_PART_ROWS, sizeof(uint32_t));
		w.key = take(a, s->category_bins + 1, sizeof(double));
		w.order = take(a, s->category_bins + 1, sizeof(uint32_t));
		w.order_scratch = take(a, s->category_bins + 1, sizeof(uint32_t));
		if (g != NULL)
		{
			memset(w.group, 0, sizeof(uint64_t) * MLK_HIST_GROUP * MLK_HIST_STRIDE);
			workers[k] = w;
		}
	}
	if (g != NULL)
		g->workers = workers;
}

/* g NULL: only measure */
static void
lay_out(Arena *a, MlkGrower *g, const MlkBinned *data, const MlkGrowOptions *o, int threads)
{
	Sizes		s = measure(data, o);
	int64_t		rows = data->rows;
	int32_t		nodes = 2 * s.leaves;
	MlkGrower	m = {0};
	MlkHistogram *slots;

	m.offset = take(a, data->n_features + 1, sizeof(int64_t));
	m.narrow = take(a, data->n_features, sizeof(int32_t));
	m.wide = take(a, data->n_features, sizeof(int32_t));
	m.row_bins = take(a, (size_t) rows * s.narrow + sizeof(uint64_t), 1);
	m.rounded = take(a, rows, 2 * sizeof(int32_t));
	m.row_index = take(a, rows + SPARE_INDEX, sizeof(uint32_t));
	m.row_scratch = take(a, rows, sizeof(uint32_t));
	slots = take(a, s.slots, sizeof(MlkHistogram));
	for (int32_t k = 0; k < s.slots; k++)
		take_histogram(a, g != NULL ? &slots[k] : NULL, s.bins);
	m.free_slots = take(a, s.slots, sizeof(int32_t));
	m.nodes = take(a, nodes, sizeof(MlkGrownNode));
	m.open = take(a, nodes, sizeof(MlkOpenNode));
	m.heap = take(a, nodes, sizeof(int32_t));
	m.groups = take(a, (size_t) nodes * o->n_groups, 1);
	m.sets = take(a, s.set_words, sizeof(uint32_t));
	m.found = take(a, data->n_features, sizeof(MlkSplit));
	m.allowed = take(a, data->n_features, 1);
	m.leaves = take(a, s.leaves, sizeof(int32_t));
	/* so many rows that what is kept of a block and a leaf is a few bytes a row */
	m.row_block = LEAF_ROWS > 8 * (int64_t) s.leaves ? LEAF_ROWS : 8 * (int64_t) s.leaves;
	m.n_row_blocks = rows > 0 ? (rows + m.row_block - 1) / m.row_block : 1;
	m.leaf_from = take(a, (size_t) (m.n_row_blocks + 1) * s.leaves, sizeof(uint32_t));
	m.leaf_sums = take(a, (size_t) m.n_row_blocks * s.leaves, 2 * sizeof(double));
	m.block_left = take(a, rows / MLK_PART_ROWS + 1, sizeof(uint32_t));
	m.statistics = take(a, rows / MLK_ROUND_ROWS + 1, 4 * sizeof(double));
	m.slots = slots;
	m.n_slots = s.slots;
	m.max_leaves = s.leaves;
	m.max_set_words = s.set_words;
	m.set_room = (s.category_bins + 31) / 32;
	m.total_bins = s.bins;
	if (g != NULL)
		*g = m;
	take_workers(a, g, &s, threads);
}

size_t
mlk_grower_size(const MlkBinned *data, const MlkGrowOptions *options, int threads)
{
	Arena		a = {NULL, 0};

	(void) take(&a, 1, sizeof(MlkGrower));
	lay_out(&a, NULL, data, options, threads);
	return a.used + ALIGN;
}

/*
 * The rows of a small node lie far apart: with pages of 4 kB, nearly every one of them would miss the TLB as well as the cache.  Only
 * a wish: the system may have no huge pages, or not want to give them.
 */
static void
ask_for_huge_pages(void *from, void *to)
{
#ifdef MADV_HUGEPAGE
	uintptr_t	first = ((uintptr_t) from + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
	uintptr_t	end = (uintptr_t) to / HUGE_PAGE * HUGE_PAGE;

	if (end > first)
		(void) madvise((void *) first, end - first, MADV_HUGEPAGE);
#endif
}

/* bins of the byte-wide features, row by row */
static void
transpose_block(void *arg, int64_t block, int worker)
{
	MlkGrower  *g = arg;
	int64_t		from = block * BLOCK_ROWS;
	int64_t		to = g->data->rows - from < BLOCK_ROWS ? g->data->rows : from + BLOCK_ROWS;

	for (int32_t k = 0; k < g->n_narrow; k++)
	{
		const uint8_t *bins = g->data->features[g->narrow[k]].bins;

		for (int64_t i = from; i < to; i++)
			g->row_bins[i * g->n_narrow + k] = bins[i];
	}
}

MlkGrower *
mlk_grower_init(void *memory, const MlkBinned *data, const MlkGrowOptions *options, MlkPool *pool)
{
	Arena		a = {(char *) (((uintptr_t) memory + ALIGN - 1) / ALIGN * ALIGN), 0};
	MlkGrower  *g = take(&a, 1, sizeof(MlkGrower));
	int			threads = mlk_pool_threads(pool);

	lay_out(&a, g, data, options, threads);
	g->data = data;
	g->options = *options;
	g->pool = pool;
	g->threads = threads;
	g->offset[0] = 0;
	for (int32_t f = 0; f < data->n_features; f++)
	{
		g->offset[f + 1] = g->offset[f] + data->features[f].n_bins + 1;
		if (data->features[f].wide)
			g->wide[g->n_wide++] = f;
		else
			g->narrow[g->n_narrow++] = f;
	}
	ask_for_huge_pages(g->row_bins, g->row_index);
	memset(g->row_index + data->rows, 0, SPARE_INDEX * sizeof(uint32_t));
	memset(g->row_bins + data->rows * g->n_narrow, 0, sizeof(uint64_t));
	/* when it is stopped half way, so is every loop that would read the rest */
	(void) mlk_parallel_for(pool, (data->rows + BLOCK_ROWS - 1) / BLOCK_ROWS, transpose_block, g);
	return g;
}
