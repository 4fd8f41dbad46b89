/*
 * forest_memory.c: what a forest needs and where it lies: one area, cut up by the same code that adds it up.
 */
#include "kernels/forest_internal.h"

#include <string.h>

/* the next array of an area; at NULL: only counted */
typedef struct Carver
{
	char	   *at;
	double		bytes;
} Carver;

static void *
carve(Carver *c, double count, size_t size)
{
	double		bytes = ceil((count > 1.0 ? count : 1.0) * size / 64.0) * 64.0;
	void	   *result = c->at;

	c->bytes += bytes;
	if (c->at != NULL)
		c->at += (size_t) bytes;
	return result;
}

static int32_t
widest(const MlkBinned *x)
{
	int32_t		most = 0;

	for (int j = 0; j < x->n_features; j++)
		most = x->features[j].n_bins > most ? x->features[j].n_bins : most;
	return most + 1;
}

int64_t
mlk_forest_max_leaves(const MlkForestData *data, const MlkForestOptions *options)
{
	int64_t		rows = data->used != NULL ? data->n_used : data->x->rows;
	int64_t		most = rows;

	if (options->draws > 0 && options->draws < most)
		most = options->draws;
	if (options->min_samples_leaf > 1)
		most /= options->min_samples_leaf;
	if (options->max_leaf_nodes > 0 && options->max_leaf_nodes < most)
		most = options->max_leaf_nodes;
	if (options->max_depth > 0 && options->max_depth < 62 && (INT64_C(1) << options->max_depth) < most)
		most = INT64_C(1) << options->max_depth;
	return most > 1 ? most : 1;
}

static void
plan_kind(MlkForest *f)
{
	const MlkForestData *d = &f->data;

	f->draws = f->options.draws > 0 ? f->options.draws : (d->used != NULL ? d->n_used : d->x->rows);
	if (d->label == NULL)
	{
		f->kind = MLK_CELL_REGRESSION;
		f->stride = 3;
	}
	else if (d->n_classes == 2 && d->weight == NULL && f->draws < (int64_t) MLK_PACK_MASK)
	{
		f->kind = MLK_CELL_BINARY;
		f->stride = 1;
	}
	else
	{
		f->kind = MLK_CELL_CLASSES;
		f->stride = d->n_classes + 1;
	}
	f->max_slots = widest(d->x);
}

static void
carve_slot(const MlkForest *f, Carver *c, MlkForestSlot *slot)
{
	double		rows = (double) (f->data.used != NULL ? f->data.n_used : f->data.x->rows);
	double		leaves = (double) mlk_forest_max_leaves(&f->data, &f->options);

	if (f->options.draws > 0 && f->options.draws < rows)
		rows = (double) f->options.draws;
	slot->entries = carve(c, rows, sizeof(MlkEntry));
	slot->nodes = carve(c, 2.0 * leaves, sizeof(MlkGrownNode));
	slot->features = carve(c, f->data.x->n_features, sizeof(int32_t));
	if (f->options.max_leaf_nodes > 0)
		slot->heap = carve(c, leaves + 2.0, sizeof(MlkForestCandidate));
	else
		slot->stack = carve(c, leaves + 2.0, sizeof(MlkForestItem));
}

static void
carve_scratch(const MlkForest *f, Carver *c, MlkForestScratch *s)
{
	double		rows = (double) f->data.x->rows;
	double		cells = f->max_slots + 1.0;

	if (f->kind == MLK_CELL_BINARY)
	{
		s->packed = carve(c, rows, sizeof(uint64_t));
		s->cuts = carve(c, 1, sizeof(MlkForestCuts));
	}
	else
		s->weight = carve(c, rows, sizeof(double));
	if (f->kind == MLK_CELL_REGRESSION)
		s->moment = carve(c, rows, sizeof(double));
	if (f->kind == MLK_CELL_CLASSES)
		s->label = carve(c, rows, sizeof(uint32_t));
	s->spare = carve(c, rows, sizeof(MlkEntry));
	s->cells.sums = carve(c, cells * f->stride, sizeof(double));
	s->order = carve(c, cells, sizeof(uint32_t));
	s->key = carve(c, cells, sizeof(double));
	s->best_codes = carve(c, cells, sizeof(uint32_t));
	s->side = carve(c, cells, sizeof(uint8_t));
	s->total = carve(c, f->stride, sizeof(double));
	s->left = carve(c, f->stride, sizeof(double));
	s->missing = carve(c, 2.0 * f->stride, sizeof(double));
	s->trial = carve(c, f->stride, sizeof(double));
	s->direction = carve(c, 2.0 * f->stride, sizeof(double));
}

static void
carve_all(MlkForest *f, Carver *c)
{
	MlkForestSlot slot = {0};
	MlkForestScratch scratch = {0};

	f->slots = carve(c, f->n_slots, sizeof(MlkForestSlot));
	f->scratch = carve(c, f->n_threads, sizeof(MlkForestScratch));
	for (int i = 0; i < f->n_slots; i++)
	{
		if (c->at != NULL)
			f->slots[i] = slot;
		carve_slot(f, c, c->at != NULL ? &f->slots[i] : &slot);
	}
	for (int i = 0; i < f->n_threads; i++)
	{
		if (c->at != NULL)
			f->scratch[i] = scratch;
		carve_scratch(f, c, c->at != NULL ? &f->scratch[i] : &scratch);
	}
}

double
mlk_forest_size(const MlkForestData *data, const MlkForestOptions *options, int slots, int threads)
{
	MlkForest	f = {.data = *data, .options = *options, .n_slots = slots, .n_threads = threads};
	Carver		c = {NULL, 0.0};

	plan_kind(&f);
	carve_all(&f, &c);
	return c.bytes + sizeof(MlkForest) + 128.0;
}

MlkForest *
mlk_forest_init(void *memory, const MlkForestData *data, const MlkForestOptions *options, int slots, MlkPool *pool)
{
	MlkForest  *f = memory;
	Carver		c = {(char *) memory + (sizeof(MlkForest) + 63) / 64 * 64, 0.0};

	*f = (MlkForest) {.data = *data, .options = *options, .n_slots = slots, .n_threads = mlk_pool_threads(pool), .pool = pool};
	plan_kind(f);
	carve_all(f, &c);
	for (int i = 0; i < slots; i++)
		f->slots[i].idle = true;
	for (int i = 0; i < f->n_threads; i++)
	{
		memset(f->scratch[i].cells.sums, 0, sizeof(double) * f->stride * (f->max_slots + 1));
		memset(f->scratch[i].side, 0, f->max_slots + 1);
	}
	return f;
}
