/*
 * histogram.c: gradients as whole numbers, and their sums by bin (see grow_internal.h).
 *
 * This is where a boosting run spends its time.  The bins of a row lie together, so a node of few rows touches one or two
 * cache lines a row whatever the number of features; eight features are read by one load and have their histograms, 16 kB,
 * in the first-level cache; the packed gradients of a block wait in the second-level one.
 */
#include <endian.h>
#include <string.h>

#include "kernels/grow_internal.h"

/* coarse unless there are fewer rows, or the largest gradient is more times the mean one than this */
#define COARSE_ROWS 65536
#define COARSE_SPREAD 512.0
#define AHEAD 24				/* rows to prefetch ahead: about the latency of memory */
#define PARALLEL_ROWS 4096		/* below: waking a thread costs more than it does */

typedef struct Round
{
	MlkGrower  *g;
	uint32_t	seed;
	float		gradient_scale;
	float		hessian_scale;
} Round;

/* ---- rounding ---- */

MLK_CLONES
static void
measure_block(void *arg, int64_t block, int worker)
{
	MlkGrower  *g = ((Round *) arg)->g;
	int64_t		from = block * MLK_ROUND_ROWS;
	int64_t		to = from + MLK_ROUND_ROWS < g->data->rows ? from + MLK_ROUND_ROWS : g->data->rows;
	double		sum[2][8] = {{0}};
	float		most[2][8] = {{0}};
	double	   *out = g->statistics + 4 * block;

	for (int64_t i = from; i < to; i++)
	{
		float		gradient = fabsf(g->gradient[i]);
		float		hessian = g->hessian != NULL ? g->hessian[i] : 1.0f;
		int			lane = i & 7;

		sum[0][lane] += gradient;
		sum[1][lane] += hessian;
		most[0][lane] = gradient > most[0][lane] ? gradient : most[0][lane];
		most[1][lane] = hessian > most[1][lane] ? hessian : most[1][lane];
	}
	for (int k = 0; k < 2; k++)
	{
		out[k] = 0.0;
		out[2 + k] = 0.0;
		for (int lane = 0; lane < 8; lane++)
		{
			out[k] += sum[k][lane];
			out[2 + k] = most[k][lane] > out[2 + k] ? most[k][lane] : out[2 + k];
		}
	}
}

/* 32 bits that look random for a row of a tree: the finaliser of MurmurHash3 */
static inline uint32_t
row_noise(uint32_t row, uint32_t seed)
{
	uint32_t	x = row * 0x9e3779b1u ^ seed;

	x = (x ^ (x >> 16)) * 0x85ebca6bu;
	x = (x ^ (x >> 13)) * 0xc2b2ae35u;
	return x ^ (x >> 16);
}

static inline float
at_most(float x, float limit)
{
	return x < limit ? x : limit;
}

MLK_CLONES
static void
round_coarse(void *arg, int64_t block, int worker)
{
	const Round *r = arg;
	MlkGrower  *g = r->g;
	int64_t		from = block * MLK_ROUND_ROWS;
	int64_t		to = from + MLK_ROUND_ROWS < g->data->rows ? from + MLK_ROUND_ROWS : g->data->rows;
	const float *gradient = g->gradient;
	const float *hessian = g->hessian;
	int32_t    *out = g->rounded;

	if (hessian == NULL)
	{
		for (int64_t i = from; i < to; i++)
		{
			float		u = (float) (row_noise((uint32_t) i, r->seed) & 0xffff) * 0x1p-16f;
			int32_t		q = (int32_t) at_most(floorf(gradient[i] * r->gradient_scale + u), (float) MLK_HIST_COARSE);

			out[i] = (1 << 16) | (q & 0xffff);
		}
		return;
	}
	for (int64_t i = from; i < to; i++)
	{
		uint32_t	noise = row_noise((uint32_t) i, r->seed);
		float		u = (float) (int32_t) (noise & 0xffff) * 0x1p-16f;
		float		v = (float) (int32_t) (noise >> 16) * 0x1p-16f;
		int32_t		q = (int32_t) at_most(floorf(gradient[i] * r->gradient_scale + u), (float) MLK_HIST_COARSE);
		int32_t		p = (int32_t) at_most(hessian[i] * r->hessian_scale + v, (float) MLK_HIST_COARSE);

		out[i] = (p << 16) | (q & 0xffff);
	}
}

static void
round_fine(void *arg, int64_t block, int worker)
{
	MlkGrower  *g = ((Round *) arg)->g;
	int64_t		from = block * MLK_ROUND_ROWS;
	int64_t		to = from + MLK_ROUND_ROWS < g->data->rows ? from + MLK_ROUND_ROWS : g->data->rows;

	for (int64_t i = from; i < to; i++)
	{
		g->rounded[2 * i] = (int32_t) rint(g->gradient[i] / g->gradient_unit);
		g->rounded[2 * i + 1] = g->hessian == NULL ? 1 : (int32_t) rint(g->hessian[i] / g->hessian_unit);
	}
}

/* units of the rounded numbers; the coarse ones are powers of two and some, as float holds them */
static void
choose_units(Round *r, const double *statistics)
{
	MlkGrower  *g = r->g;
	double		limit;
	double		rows = (double) g->data->rows;
	bool		spread = statistics[2] * rows > COARSE_SPREAD * statistics[0] ||
		(g->hessian != NULL && statistics[3] * rows > COARSE_SPREAD * statistics[1]);

	g->fine = g->data->rows < COARSE_ROWS || spread;
	limit = g->fine ? MLK_HIST_FINE : MLK_HIST_COARSE;
	g->gradient_unit = statistics[2] > 0.0 ? statistics[2] / limit : 1.0;
	g->hessian_unit = g->hessian != NULL && statistics[3] > 0.0 ? statistics[3] / limit : 1.0;
	r->gradient_scale = (float) (1.0 / g->gradient_unit);
	r->hessian_scale = (float) (1.0 / g->hessian_unit);
	if (!g->fine && !(isfinite(r->gradient_scale) && isfinite(r->hessian_scale)))
		g->fine = true;
	if (g->fine && limit != MLK_HIST_FINE)
	{
		g->gradient_unit *= MLK_HIST_COARSE / MLK_HIST_FINE;
		g->hessian_unit *= g->hessian != NULL ? MLK_HIST_COARSE / MLK_HIST_FINE : 1.0;
	}
}

MlkStatus
mlk_grow_round(MlkGrower *g, uint64_t seed)
{
	Round		r = {.g = g, .seed = (uint32_t) (seed ^ (seed >> 32))};
	int64_t		blocks = (g->data->rows + MLK_ROUND_ROWS - 1) / MLK_ROUND_ROWS;
	double		total[4] = {0};
	MlkStatus	status = mlk_parallel_for(g->pool, blocks, measure_block, &r);

	if (status != MLK_OK)
		return status;
	for (int64_t block = 0; block < blocks; block++)
	{
		const double *s = g->statistics + 4 * block;

		for (int k = 0; k < 2; k++)
		{
			total[k] += s[k];
			total[2 + k] = s[2 + k] > total[2 + k] ? s[2 + k] : total[2 + k];
		}
	}
	if (!isfinite(total[0]) || !isfinite(total[1]))
		return MLK_NOT_FINITE;
	choose_units(&r, total);
	return mlk_parallel_for(g->pool, blocks, g->fine ? round_fine : round_coarse, &r);
}

/* ---- sums by bin ---- */

typedef struct Build
{
	MlkGrower  *g;
	MlkHistogram *out;
	const uint32_t *index;		/* of the node; NULL: rows in order */
	int64_t		rows;
	int64_t		block_rows;
} Build;

/* the rounded gradients of a block, ready to be added; fields from the low end: rows, hessian, gradient */
static void
pack_block(const MlkGrower *g, const uint32_t *index, int64_t first, int64_t n, uint64_t *packed)
{
	for (int64_t i = 0; i < n; i++)
	{
		int64_t		row = index != NULL ? (int64_t) index[i] : first + i;

		if (g->fine)
			memcpy(&packed[i], &g->rounded[2 * row], sizeof(uint64_t));
		else
		{
			int64_t		word = g->rounded[row];

			packed[i] = 1 + ((uint64_t) (word >> 16) << MLK_HIST_COUNT_BITS) +
				((uint64_t) (int64_t) (int16_t) word << (MLK_HIST_COUNT_BITS + MLK_HIST_FIELD_BITS));
		}
	}
}

/* one pass: width features side by side; width and gather are constants where this is inlined */
static inline void
add_rows(const uint8_t *bins, int64_t stride, const uint32_t *index, int64_t first, int64_t n,
		 const uint64_t *packed, uint64_t *sum, int width, bool gather)
{
	for (int64_t i = 0; i < n; i++)
	{
		int64_t		row = gather ? (int64_t) index[i] : first + i;
		uint64_t	value = packed[i];
		uint64_t	word;

		/* the index array goes on behind the node, or ends in as many spare entries */
		if (gather)
			__builtin_prefetch(bins + (int64_t) index[i + AHEAD] * stride);
		memcpy(&word, bins + row * stride, sizeof(word));
		word = le64toh(word);
		for (int k = 0; k < width; k++)
			sum[k * MLK_HIST_STRIDE + ((word >> (8 * k)) & 255)] += value;
	}
}

#define ADD_ROWS(width) \
	case width: \
		if (index != NULL) \
			add_rows(bins, stride, index, first, n, packed, sum, width, true); \
		else \
			add_rows(bins, stride, index, first, n, packed, sum, width, false); \
		break

MLK_CLONES
static void
add_group(const uint8_t *bins, int64_t stride, const uint32_t *index, int64_t first, int64_t n,
		  const uint64_t *packed, uint64_t *sum, int width)
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

static void
add_narrow_coarse(const MlkGrower *g, const MlkGrowWorker *w, MlkHistogram *out, const uint32_t *index, int64_t first, int64_t n)
{
	for (int32_t from = 0; from < g->n_narrow; from += MLK_HIST_GROUP)
	{
		int			width = g->n_narrow - from < MLK_HIST_GROUP ? g->n_narrow - from : MLK_HIST_GROUP;

		add_group(g->row_bins + from, g->n_narrow, index, first, n, w->packed, w->group, width);
		for (int k = 0; k < width; k++)
		{
			int32_t		feature = g->narrow[from + k];
			int64_t		at = g->offset[feature];

			flush(w->group + k * MLK_HIST_STRIDE, g->offset[feature + 1] - at, out->gradient + at, out->hessian + at,
				  out->rows + at);
		}
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
	pack_block(g, index, first, n, w->packed);
	if (g->fine)
		add_narrow_fine(g, w, out, index, first, n);
	else
		add_narrow_coarse(g, w, out, index, first, n);
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
