/*
 * gram.c: X'DX by panels for numbers and by counting for categories (see gram.h).
 */
#include "kernels/gram.h"

#include <string.h>

#include "kernels/blas.h"
#include "kernels/vector.h"

#define MAX_BLOCK_ROWS 2048

MlkGramShape
mlk_gram_shape(const MlkDesign *x, const int32_t *position, int n, const double *shift, bool target)
{
	MlkGramShape shape = {x, position, shift, target, n, 1 + n + (target ? 1 : 0), 1 + (target ? 1 : 0), false};

	for (int b = 0; b < x->n_blocks; b++)
	{
		const MlkBlock *block = &x->blocks[b];

		if (block->kind == MLK_BLOCK_CODES)
		{
			shape.has_codes = true;
			continue;
		}
		for (int j = 0; j < block->cols; j++)
			shape.dense += position == NULL || position[block->first + j] >= 0;
	}
	return shape;
}

double
mlk_gram_flops(const MlkGramShape *shape)
{
	double		codes = shape->has_codes ? shape->x->n_blocks : 0.0;

	return (double) shape->dense * shape->dense + 4.0 * codes * (shape->dense + codes);
}

size_t
mlk_gram_scratch(const MlkGramShape *shape, int64_t rows)
{
	size_t		dense = (size_t) shape->dense;
	size_t		codes = shape->has_codes ? (size_t) shape->x->n_blocks : 0;

	/* panel, roots; with one-hot columns also the dense product, and the places (int32) of panel and codes */
	return dense * rows + rows + (shape->has_codes ? dense * dense + dense + codes : 0);
}

/* place in the product of a design column, or -1 */
static inline int
place_of(const MlkGramShape *shape, int column)
{
	int			position = shape->position == NULL ? column : shape->position[column];

	return position < 0 ? -1 : position + 1;
}

/* numbers of one dense block into the panel, from panel column `at` on; returns the next free panel column */
static int
load_dense(const MlkGramShape *shape, const MlkBlock *block, int64_t from, int64_t rows, double *panel, int at)
{
	const double *x = block->dense + from * block->stride;
	int64_t		m = shape->dense;

	if (shape->position == NULL && shape->shift == NULL)
	{
		for (int64_t i = 0; i < rows; i++)
			memcpy(panel + i * m + at, x + i * block->stride, sizeof(double) * block->cols);
		return at + block->cols;
	}
	for (int j = 0; j < block->cols; j++)
	{
		double		shift = shape->shift == NULL ? 0.0 : shape->shift[block->first + j];

		if (place_of(shape, block->first + j) < 0)
			continue;
		for (int64_t i = 0; i < rows; i++)
			panel[i * m + at] = x[i * block->stride + j] - shift;
		at++;
	}
	return at;
}

MLK_CLONES
static void
weigh_panel(double *panel, int64_t rows, int m, const double *d, double *root)
{
	for (int64_t i = 0; i < rows; i++)
		root[i] = sqrt(d[i]);
	for (int64_t i = 0; i < rows; i++)
	{
		for (int k = 0; k < m; k++)
			panel[i * m + k] *= root[i];
	}
}

/* sqrt(d) [1 dense y] */
static void
load_panel(const MlkGramShape *shape, int64_t from, int64_t rows, const double *d, const double *y,
		   double *panel, double *root)
{
	int			m = shape->dense;
	int			at = 1;

	for (int64_t i = 0; i < rows; i++)
		panel[i * m] = 1.0;
	for (int b = 0; b < shape->x->n_blocks; b++)
	{
		if (shape->x->blocks[b].kind == MLK_BLOCK_DENSE)
			at = load_dense(shape, &shape->x->blocks[b], from, rows, panel, at);
	}
	if (shape->target)
	{
		for (int64_t i = 0; i < rows; i++)
			panel[i * m + at] = y[i];
	}
	if (d != NULL)
		weigh_panel(panel, rows, m, d, root);
	else
	{
		for (int64_t i = 0; i < rows; i++)
			root[i] = 1.0;
	}
}

/* place in the product of each panel column */
static void
panel_places(const MlkGramShape *shape, int32_t *place)
{
	int			at = 0;

	place[at++] = 0;
	for (int b = 0; b < shape->x->n_blocks; b++)
	{
		const MlkBlock *block = &shape->x->blocks[b];

		for (int j = 0; block->kind == MLK_BLOCK_DENSE && j < block->cols; j++)
		{
			int			p = place_of(shape, block->first + j);

			if (p >= 0)
				place[at++] = p;
		}
	}
	if (shape->target)
		place[at] = shape->q - 1;
}

/* the one-hot columns of each row: among themselves, and with the row's numbers */
static void
add_codes(const MlkGramShape *shape, int64_t from, int64_t rows, const double *panel, const double *root,
		  const int32_t *place, int32_t *hot, double *into, int64_t ld)
{
	int			m = shape->dense;

	for (int64_t i = 0; i < rows; i++)
	{
		int			n_hot = 0;

		for (int b = 0; b < shape->x->n_blocks; b++)
		{
			const MlkBlock *block = &shape->x->blocks[b];
			uint32_t	code;
			int			p;

			if (block->kind != MLK_BLOCK_CODES)
				continue;
			code = block->codes[(from + i) * block->stride];
			p = code < (uint32_t) block->cols ? place_of(shape, block->first + (int) code) : -1;
			if (p >= 0)
				hot[n_hot++] = p;
		}
		for (int a = 0; a < n_hot; a++)
		{
			double	   *row = into + hot[a] * ld;

			for (int b = a; b < n_hot; b++)
				row[hot[b]] += root[i] * root[i];
			for (int k = 0; k < m; k++)
				row[place[k]] += root[i] * panel[i * m + k];
		}
	}
}

void
mlk_gram_block(const MlkGramShape *shape, int64_t from, int64_t rows, const double *d, const double *y,
			   double *into, int64_t ld, double *scratch)
{
	int			m = shape->dense;
	double	   *panel = scratch;
	double	   *root = panel + (size_t) m * rows;
	double	   *product = root + rows;
	int32_t    *place = (int32_t *) (product + (size_t) m * m);

	load_panel(shape, from, rows, d, y, panel, root);
	if (!shape->has_codes)
	{
		mlk_dsyrk_t((int) rows, m, panel, m, into, (int) ld);
		return;
	}
	memset(product, 0, sizeof(double) * m * m);
	mlk_dsyrk_t((int) rows, m, panel, m, product, m);
	panel_places(shape, place);
	for (int a = 0; a < m; a++)
	{
		for (int b = a; b < m; b++)
			into[place[a] * ld + place[b]] += product[(size_t) a * m + b];
	}
	add_codes(shape, from, rows, panel, root, place, place + m, into, ld);
}

void
mlk_gram_fold(int q, double *g, int64_t ld)
{
	for (int i = 0; i < q; i++)
	{
		for (int j = i + 1; j < q; j++)
		{
			g[i * ld + j] += g[j * ld + i];
			g[j * ld + i] = g[i * ld + j];
		}
	}
}

double
mlk_gram_plan(MlkGram *g, const MlkGramShape *shape, const double *w, const double *y, int threads)
{
	double		size = (double) shape->q * shape->q;

	g->shape = *shape;
	g->w = w;
	g->y = y;
	g->rounds = mlk_rounds_plan(shape->x->rows, mlk_gram_flops(shape), sizeof(double) * size, 64, MAX_BLOCK_ROWS);
	g->per_thread = mlk_gram_scratch(shape, g->rounds.block_rows);
	return (double) g->rounds.slots * size + (double) threads * (double) g->per_thread;
}

void
mlk_gram_start(MlkGram *g, double *memory)
{
	size_t		slots = (size_t) g->rounds.slots * g->shape.q * g->shape.q;

	g->slots = memory;
	g->threads = memory + slots;
	g->rounds.next = 0;
	memset(g->slots, 0, sizeof(double) * slots);
}

static void
gram_block(void *arg, int64_t index, int worker)
{
	const MlkGram *g = arg;
	int64_t		block = g->rounds.next + index;
	int64_t		from = block * g->rounds.block_rows;
	double	   *slot = g->slots + (block % g->rounds.slots) * g->shape.q * g->shape.q;

	mlk_gram_block(&g->shape, from, mlk_rounds_block_rows(&g->rounds, block),
				   g->w == NULL ? NULL : g->w + from, g->y == NULL ? NULL : g->y + from,
				   slot, g->shape.q, g->threads + worker * g->per_thread);
}

MlkStatus
mlk_gram_round(MlkGram *g, MlkPool *pool)
{
	int64_t		width = mlk_rounds_width(&g->rounds);
	MlkStatus	status = mlk_parallel_for(pool, width, gram_block, g);

	g->rounds.next += width;
	return status;
}

MlkStatus
mlk_gram_finish(MlkGram *g)
{
	int64_t		size = (int64_t) g->shape.q * g->shape.q;

	for (int64_t s = 1; s < g->rounds.slots; s++)
		mlk_vector_axpy(1.0, g->slots + s * size, g->slots, size);
	mlk_gram_fold(g->shape.q, g->slots, g->shape.q);
	return mlk_vector_finite(g->slots, size) ? MLK_OK : MLK_NOT_FINITE;
}
