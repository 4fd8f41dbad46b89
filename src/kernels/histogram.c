/*
 * histogram.c: sums of the rounded gradients by bin (see grow_internal.h).
 *
 * This is where a boosting run spends its time.  The bins of a row lie together, so a node of few rows touches one or two
 * cache lines a row whatever the number of features; eight features are read by one load, and the histograms of a pass, at
 * most 40 kB, lie in the first-level cache of today's CPUs (most of them in an older one's).  What bounds the loop is one store a
 * row and feature.
 */
#include <endian.h>
#include <string.h>

#include "kernels/grow_internal.h"

#define AHEAD 24				/* rows to prefetch ahead: about the latency of memory */
#define PARALLEL_ROWS 1024		/* below: what two threads have summed takes longer to add up than a thread gains */

typedef struct Build
{
	MlkGrower  *g;
	MlkHistogram *out;
	const uint32_t *index;		/* of the node; NULL: rows in order */
	int64_t		rows;
	int64_t		block_rows;
} Build;

/* a row's rounded gradients, ready to be added; fields from the low end: rows, hessian, gradient */
static inline uint64_t
pack(int64_t word)
{
	return 1 + ((uint64_t) (word >> 16) << MLK_HIST_COUNT_BITS) +
		((uint64_t) (int64_t) (int16_t) word << (MLK_HIST_COUNT_BITS + MLK_HIST_FIELD_BITS));
}

MLK_CLONES
static void
pack_coarse(const int32_t *restrict rounded, const uint32_t *restrict index, int64_t n, uint64_t *restrict packed)
{
	if (index == NULL)
	{
		for (int64_t i = 0; i < n; i++)
			packed[i] = pack(rounded[i]);
		return;
	}
	for (int64_t i = 0; i < n; i++)
		packed[i] = pack(rounded[index[i]]);
}

static void
pack_fine(const int32_t *rounded, const uint32_t *index, int64_t first, int64_t n, uint64_t *packed)
{
	for (int64_t i = 0; i < n; i++)
		memcpy(&packed[i], &rounded[2 * (index != NULL ? (int64_t) index[i] : first + i)], sizeof(uint64_t));
}

/* eight features or fewer of a row, read by one load that may go up to seven bytes too far */
static inline void
add_word(const uint8_t *bins, uint64_t value, uint64_t *sum, int width)
{
	uint64_t	word;

	memcpy(&word, bins, sizeof(word));
	word = le64toh(word);
	for (int k = 0; k < (width < 8 ? width : 8); k++)
		sum[k * MLK_HIST_STRIDE + ((word >> (8 * k)) & 255)] += value;
}

/* one pass: width features side by side; width and gather are constants where this is inlined */
static inline void
add_rows(const uint8_t *bins, int64_t stride, const uint32_t *index, int64_t first, int64_t n,
		 const int32_t *rounded, uint64_t *sum, int width, bool gather)
{
	for (int64_t i = 0; i < n; i++)
	{
		int64_t		row = gather ? (int64_t) index[i] : first + i;
		const uint8_t *at = bins + row * stride;
		uint64_t	value = pack(rounded[row]);

		/* the index array goes on behind the node, or ends in as many spare entries */
		if (gather)
		{
			__builtin_prefetch(bins + (int64_t) index[i + AHEAD] * stride);
			__builtin_prefetch(rounded + index[i + AHEAD]);
		}
		add_word(at, value, sum, width);
		if (width > 8)
			add_word(at + 8, value, sum + 8 * MLK_HIST_STRIDE, width - 8);
		if (width > 16)
			add_word(at + 16, value, sum + 16 * MLK_HIST_STRIDE, width - 16);
	}
}

#define ADD_ROWS(width) \
	case width: \
		if (index != NULL) \
			add_rows(bins, stride, index, first, n, rounded, sum, width, true); \
		else \
			add_rows(bins, stride, index, first, n, rounded, sum, width, false); \
		break

MLK_CLONES
static void
add_group(const uint8_t *bins, int64_t stride, const uint32_t *index, int64_t first, int64_t n,
		  const int32_t *rounded, uint64_t *sum, int width)
{
	switch (width)
	{
			ADD_ROWS(1);
			ADD_ROWS(2);
			ADD_ROWS(3);
			ADD_ROWS(4);
			ADD_ROWS(5);
			ADD_ROWS(6);
			ADD_ROWS(7);
			ADD_ROWS(8);
			ADD_ROWS(9);
			ADD_ROWS(10);
			ADD_ROWS(11);
			ADD_ROWS(12);
			ADD_ROWS(13);
			ADD_ROWS(14);
			ADD_ROWS(15);
			ADD_ROWS(16);
			ADD_ROWS(17);
			ADD_ROWS(18);
			ADD_ROWS(19);
			ADD_ROWS(20);
	}
}

/* a block's sums of one feature to the wide ones; leaves zeros behind */
MLK_CLONES
static void
flush(uint64_t *restrict sum, int64_t bins, int64_t *restrict gradient, int64_t *restrict hessian, uint32_t *restrict rows)
{
	for (int64_t b = 0; b < bins; b++)
	{
		uint64_t	s = sum[b];

		gradient[b] += (int64_t) s >> (MLK_HIST_COUNT_BITS + MLK_HIST_FIELD_BITS);
		hessian[b] += (int64_t) ((s >> MLK_HIST_COUNT_BITS) & ((1 << MLK_HIST_FIELD_BITS) - 1));
		rows[b] += (uint32_t) (s & ((1 << MLK_HIST_COUNT_BITS) - 1));
		sum[b] = 0;
	}
}

/* all byte-wide features, in as few passes over the rows as there are groups, of much the same width */
static void
add_narrow_coarse(const MlkGrower *g, const MlkGrowWorker *w, MlkHistogram *out, const uint32_t *index, int64_t first, int64_t n)
{
	int			passes = (g->n_narrow + MLK_HIST_GROUP - 1) / MLK_HIST_GROUP;
	int32_t		from = 0;

	for (int pass = 0; pass < passes; pass++)
	{
		int			width = (g->n_narrow - from) / (passes - pass);

		add_group(g->row_bins + from, g->n_narrow, index, first, n, g->rounded, w->group, width);
		for (int k = 0; k < width; k++)
		{
			int32_t		feature = g->narrow[from + k];
			int64_t		at = g->offset[feature];

			flush(w->group + k * MLK_HIST_STRIDE, g->offset[feature + 1] - at, out->gradient + at, out->hessian + at,
				  out->rows + at);
		}
		from += width;
	}
}

/* gradient and hessian of a packed row */
static inline void
unpack(const MlkGrower *g, uint64_t packed, int64_t *gradient, int64_t *hessian)
{
	if (g->fine)
	{
		int32_t		pair[2];

		memcpy(pair, &packed, sizeof(pair));
		*gradient = pair[0];
		*hessian = pair[1];
	}
	else
	{
		*gradient = (int64_t) packed >> (MLK_HIST_COUNT_BITS + MLK_HIST_FIELD_BITS);
		*hessian = (int64_t) ((packed >> MLK_HIST_COUNT_BITS) & ((1 << MLK_HIST_FIELD_BITS) - 1));
	}
}

static inline void
add_one(MlkHistogram *out, int64_t at, int64_t gradient, int64_t hessian)
{
	out->gradient[at] += gradient;
	out->hessian[at] += hessian;
	out->rows[at]++;
}

static void
add_narrow_fine(const MlkGrower *g, const MlkGrowWorker *w, MlkHistogram *out, const uint32_t *index, int64_t first, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
	{
		int64_t		row = index != NULL ? (int64_t) index[i] : first + i;
		const uint8_t *bins = g->row_bins + row * g->n_narrow;
		int64_t		gradient;
		int64_t		hessian;

		unpack(g, w->packed[i], &gradient, &hessian);
		for (int32_t k = 0; k < g->n_narrow; k++)
			add_one(out, g->offset[g->narrow[k]] + bins[k], gradient, hessian);
	}
}

static void
add_wide(const MlkGrower *g, const MlkGrowWorker *w, MlkHistogram *out, const uint32_t *index, int64_t first, int64_t n)
{
	for (int32_t k = 0; k < g->n_wide; k++)
	{
		const uint16_t *bins = g->data->features[g->wide[k]].bins;
		int64_t		offset = g->offset[g->wide[k]];

		for (int64_t i = 0; i < n; i++)
		{
			int64_t		row = index != NULL ? (int64_t) index[i] : first + i;
			int64_t		gradient;
			int64_t		hessian;

			unpack(g, w->packed[i], &gradient, &hessian);
			add_one(out, offset + bins[row], gradient, hessian);
		}
	}
}

static void
clear(MlkHistogram *h, int64_t bins)
{
	memset(h->gradient, 0, sizeof(int64_t) * bins);
	memset(h->hessian, 0, sizeof(int64_t) * bins);
	memset(h->rows, 0, sizeof(uint32_t) * bins);
}

static void
build_block(void *arg, int64_t block, int worker)
{
	const Build *b = arg;
	const MlkGrower *g = b->g;
	MlkGrowWorker *w = &b->g->workers[worker];
	MlkHistogram *out = worker == 0 ? b->out : &w->sums;
	int64_t		first = block * b->block_rows;
	int64_t		n = b->rows - first < b->block_rows ? b->rows - first : b->block_rows;
	const uint32_t *index = b->index != NULL ? b->index + first : NULL;

	if (worker > 0 && !w->used)
		clear(out, g->total_bins);
	w->used = true;
	if (g->fine)
	{
		pack_fine(g->rounded, index, first, n, w->packed);
		add_narrow_fine(g, w, out, index, first, n);
	}
	else
	{
		if (g->n_wide > 0)
			pack_coarse(index != NULL ? g->rounded : g->rounded + first, index, n, w->packed);
		add_narrow_coarse(g, w, out, index, first, n);
	}
	add_wide(g, w, out, index, first, n);
}

MLK_CLONES
static void
merge(MlkHistogram *into, const MlkHistogram *from, int64_t bins)
{
	for (int64_t b = 0; b < bins; b++)
	{
		into->gradient[b] += from->gradient[b];
		into->hessian[b] += from->hessian[b];
		into->rows[b] += from->rows[b];
	}
}

MLK_CLONES
void
mlk_grow_subtract(MlkHistogram *parent, const MlkHistogram *child, int64_t bins)
{
	for (int64_t b = 0; b < bins; b++)
	{
		parent->gradient[b] -= child->gradient[b];
		parent->hessian[b] -= child->hessian[b];
		parent->rows[b] -= child->rows[b];
	}
}

/* root: every row of the tree, whether there is an index or not */
MlkStatus
mlk_grow_histogram(MlkGrower *g, const MlkGrownNode *node, bool root, MlkHistogram *out)
{
	Build		b = {.g = g, .out = out, .rows = node->rows, .block_rows = MLK_HIST_ROWS};
	int64_t		blocks;
	MlkStatus	status;

	b.index = root && g->all_rows ? NULL : g->row_index + node->first_row;
	if (g->threads > 1 && node->rows >= PARALLEL_ROWS && node->rows < g->threads * (int64_t) MLK_HIST_ROWS)
		b.block_rows = (node->rows + g->threads - 1) / g->threads;
	blocks = (node->rows + b.block_rows - 1) / b.block_rows;
	clear(out, g->total_bins);
	for (int k = 0; k < g->threads; k++)
		g->workers[k].used = false;
	status = mlk_parallel_for(g->pool, blocks, build_block, &b);
	for (int k = 1; k < g->threads && status == MLK_OK; k++)
	{
		if (g->workers[k].used)
			merge(out, &g->workers[k].sums, g->total_bins);
	}
	return status;
}
