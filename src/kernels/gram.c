/*
 * gram.c: X'DX by panels for numbers and by counting for categories (see gram.h).
 */
#include "kernels/gram.h"

#include <string.h>

#include "kernels/blas.h"
#include "kernels/vector.h"

#define MAX_BLOCK_ROWS 2048

/* entries of a row that are set, at most: one a category, all columns of a block of sparse vectors */
static size_t
most_hot(const MlkDesign *x)
{
	size_t		most = 0;

	for (int b = 0; b < x->n_blocks; b++)
	{
		if (x->blocks[b].kind != MLK_BLOCK_DENSE)
			most += x->blocks[b].kind == MLK_BLOCK_SPARSE ? (size_t) x->blocks[b].cols : 1;
	}
	return most;
}

static double
dense_columns(const MlkDesign *x)
{
	double		n = 0.0;

	for (int b = 0; b < x->n_blocks; b++)
		n += x->blocks[b].kind == MLK_BLOCK_DENSE ? x->blocks[b].cols : 0;
	return n;
}

MlkGramShape
mlk_gram_shape(const MlkDesign *x, const int32_t *position, int n, const double *shift, bool target)
{
	MlkGramShape shape = {x, position, shift, target, n, 1 + n + (target ? 1 : 0), 1 + (target ? 1 : 0), false};

	for (int b = 0; b < x->n_blocks; b++)
	{
		const MlkBlock *block = &x->blocks[b];

		if (block->kind != MLK_BLOCK_DENSE)
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
	double		codes = shape->has_codes ? mlk_design_entries(shape->x) - dense_columns(shape->x) : 0.0;

	return (double) shape->dense * shape->dense + 4.0 * codes * (shape->dense + codes);
}

size_t
mlk_gram_scratch(const MlkGramShape *shape, int64_t rows)
{
	size_t		dense = (size_t) shape->dense;
	size_t		hot = shape->has_codes ? most_hot(shape->x) : 0;

	/* panel, roots; with other blocks also the dense product, the places (int32) of the panel, and values and places of a row */
	return dense * rows + rows + (shape->has_codes ? dense * dense + dense + 2 * hot : 0);
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

/* what is set in a row beside its numbers, in the order of the design's columns: places and values; how many */
static int
row_hot(const MlkGramShape *shape, int64_t row, int32_t *hot, double *value)
{
	int			n = 0;

	for (int b = 0; b < shape->x->n_blocks; b++)
	{
		const MlkBlock *block = &shape->x->blocks[b];
		uint32_t	code;
		int			p;

		if (block->kind == MLK_BLOCK_DENSE)
			continue;
		code = block->codes[row * block->stride];
		if (block->kind == MLK_BLOCK_SPARSE)
		{
			const MlkSparse *sparse = block->sparse;

			for (int64_t e = code < sparse->n ? sparse->start[code] : 0; code < sparse->n && e < sparse->start[code + 1]; e++)
			{
				p = place_of(shape, block->first + (int) sparse->column[e]);
				hot[n] = p;
				value[n] = sparse->value[e];
				n += p >= 0;
			}
			continue;
		}
		p = code < (uint32_t) block->cols ? place_of(shape, block->first + (int) code) : -1;
		if (p >= 0)
		{
			hot[n] = p;
			value[n++] = 1.0;
		}
	}
	return n;
}

/* what is set in each row: among itself, and with the row's numbers */
static void
add_codes(const MlkGramShape *shape, int64_t from, int64_t rows, const double *panel, const double *root,
		  const int32_t *place, int32_t *hot, double *value, double *into, int64_t ld)
{
	int			m = shape->dense;

	for (int64_t i = 0; i < rows; i++)
	{
		int			n_hot = row_hot(shape, from + i, hot, value);

		for (int a = 0; a < n_hot; a++)
		{
			double	   *row = into + hot[a] * ld;
			double		weight = root[i] * value[a];

			for (int b = a; b < n_hot; b++)
				row[hot[b]] += weight * (root[i] * value[b]);
			for (int k = 0; k < m; k++)
				row[place[k]] += weight * panel[i * m + k];
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
	double	   *value = product + (size_t) m * m + m;

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
	add_codes(shape, from, rows, panel, root, place, (int32_t *) (value + most_hot(shape->x)), value, into, ld);
}

#define BORDER_ROWS 16			/* rows whose places are asked for before the first of them is written */
#define BORDER_HOT 32			/* entries of a row, beside its numbers, up to which this is done */

/* where the rows of a piece go */
typedef struct BorderRow
{
	double	   *row;			/* NULL: nowhere */
	int			n_hot;
	int32_t		hot[BORDER_HOT];
	double		value[BORDER_HOT];
} BorderRow;

/* a border is larger than a cache, and rows hit it at random */
static void
ask_for(const BorderRow *r)
{
	if (r->row == NULL)
		return;
	__builtin_prefetch(r->row, 1);
	for (int k = 0; k < r->n_hot; k++)
		__builtin_prefetch(r->row + r->hot[k], 1);
}

static double *
border_place(const MlkGramShape *shape, const MlkBlock *border, int64_t row, double d, double *into)
{
	uint32_t	code = border->codes[row * border->stride];

	return code < (uint32_t) border->cols && d != 0.0 ? into + (int64_t) code * (1 + shape->n) : NULL;
}

/* row += d x: panel are the row's numbers, their root of d included, as load_panel leaves them */
static void
add_row(const MlkGramShape *shape, const double *panel, double root, const int32_t *place, const int32_t *hot,
		const double *value, int n_hot, double *row)
{
	for (int k = 0; k < shape->dense; k++)
		row[place[k]] += root * panel[k];
	for (int k = 0; k < n_hot; k++)
		row[hot[k]] += root * root * value[k];
}

static void
add_piece(const MlkGramShape *shape, const MlkBlock *border, int64_t from, int64_t first, int64_t n, const double *panel,
		  const double *root, const int32_t *place, double *into)
{
	BorderRow	piece[BORDER_ROWS];

	for (int64_t i = 0; i < n; i++)
	{
		BorderRow  *r = &piece[i];

		r->row = border_place(shape, border, from + first + i, root[first + i], into);
		r->n_hot = r->row == NULL ? 0 : row_hot(shape, from + first + i, r->hot, r->value);
		ask_for(r);
	}
	for (int64_t i = 0; i < n; i++)
	{
		if (piece[i].row != NULL)
			add_row(shape, panel + (first + i) * shape->dense, root[first + i], place, piece[i].hot, piece[i].value,
					piece[i].n_hot, piece[i].row);
	}
}

/* scratch is as mlk_gram_block has left it */
void
mlk_gram_border(const MlkGramShape *shape, const MlkBlock *border, int64_t from, int64_t rows, double *into, double *scratch)
{
	int			m = shape->dense;
	const double *panel = scratch;
	const double *root = panel + (size_t) m * rows;
	const int32_t *place = (const int32_t *) (root + rows + (size_t) m * m);
	double	   *value = scratch + (size_t) m * rows + rows + (size_t) m * m + m;
	int32_t    *hot = (int32_t *) (value + most_hot(shape->x));

	if (most_hot(shape->x) <= BORDER_HOT)
	{
		for (int64_t first = 0; first < rows; first += BORDER_ROWS)
			add_piece(shape, border, from, first, rows - first < BORDER_ROWS ? rows - first : BORDER_ROWS, panel, root, place, into);
		return;
	}
	for (int64_t i = 0; i < rows; i++)
	{
		double	   *row = border_place(shape, border, from + i, root[i], into);

		if (row != NULL)
			add_row(shape, panel + i * m, root[i], place, hot, value, row_hot(shape, from + i, hot, value), row);
	}
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
