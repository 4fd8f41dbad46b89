/*
 * mlp_score.c: the outputs of a network for rows of a design (see mlp.h).
 *
 * A row's result must have the same bits alone and among others, and the same on every CPU: every output is its bias, then the
 * products in the order of the inputs, each rounded (nothing is fused).  Outputs are the vectors' direction, so that this order
 * costs nothing.  Layers of few outputs go the other way, by sums over sixteen fixed lanes.
 */
#include "kernels/mlp.h"

#include <string.h>

#define LANES MLK_MLP_LANES
#define NARROW 8				/* outputs up to which lanes of inputs win over lanes of outputs */
#define TILE_ROWS 32			/* rows that go through all layers together */
#define OUTPUT_COLS 256			/* of the last layer, at once */
#define INPUT_COLS 64			/* of the design's numbers, at once */
#define LARGEST 1e18			/* so that no later layer overflows */

typedef float Lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));

/* ---- layout ---- */

static size_t
padded(size_t n)
{
	return (n + LANES - 1) / LANES * LANES;
}

static MlkMlpLayer
plan_layer(const MlkMlp *net, int l)
{
	MlkMlpLayer layer = {.in = net->width[l], .out = net->width[l + 1]};

	layer.narrow = l > 0 && layer.out <= NARROW;
	layer.ld = (int32_t) padded(layer.narrow ? layer.in : layer.out);
	return layer;
}

double
mlk_mlp_scorer_size(const MlkMlp *net)
{
	double		size = 0.0;

	for (int l = 0; l < net->n_layers; l++)
	{
		MlkMlpLayer layer = plan_layer(net, l);

		size += (double) layer.ld * (layer.narrow ? layer.out : layer.in) + (double) padded(layer.out);
	}
	return size;
}

void
mlk_mlp_scorer(MlkMlpScorer *scorer, const MlkMlp *net, const float *params, float *memory)
{
	memset(memory, 0, sizeof(float) * (size_t) mlk_mlp_scorer_size(net));
	scorer->net = net;
	for (int l = 0; l < net->n_layers; l++)
	{
		MlkMlpLayer *layer = &scorer->layer[l];
		const float *w = params + net->weight_at[l];

		*layer = plan_layer(net, l);
		layer->bias = memory;
		layer->weights = memory + padded(layer->out);
		memory = layer->weights + (size_t) layer->ld * (layer->narrow ? layer->out : layer->in);
		memcpy(layer->bias, params + net->bias_at[l], sizeof(float) * layer->out);
		for (int i = 0; i < layer->in; i++)
		{
			for (int k = 0; k < layer->out; k++)
				layer->weights[layer->narrow ? (size_t) k * layer->ld + i : (size_t) i * layer->ld + k] =
					w[(size_t) i * layer->out + k];
		}
	}
}

void
mlk_mlp_scorer_params(const MlkMlpScorer *scorer, float *params)
{
	const MlkMlp *net = scorer->net;

	for (int l = 0; l < net->n_layers; l++)
	{
		const MlkMlpLayer *layer = &scorer->layer[l];
		float	   *w = params + net->weight_at[l];

		memcpy(params + net->bias_at[l], layer->bias, sizeof(float) * layer->out);
		for (int i = 0; i < layer->in; i++)
		{
			for (int k = 0; k < layer->out; k++)
				w[(size_t) i * layer->out + k] =
					layer->weights[layer->narrow ? (size_t) k * layer->ld + i : (size_t) i * layer->ld + k];
		}
	}
}

/* ---- products ---- */

/* z[rows, vectors of LANES] += x[rows, n] w[n, ...]; rows and vectors are constants where this is inlined */
static inline __attribute__((always_inline)) void
tile(int rows, int vectors, const float *x, size_t ldx, int n, const float *w, size_t ldw, float *z, size_t ldz)
{
	Lanes		sum[4][4];

	for (int r = 0; r < rows; r++)
		for (int v = 0; v < vectors; v++)
			sum[r][v] = *(const Lanes *) (z + r * ldz + v * LANES);
	for (int i = 0; i < n; i++)
	{
		for (int v = 0; v < vectors; v++)
		{
			Lanes		weight = *(const Lanes *) (w + i * ldw + v * LANES);

			for (int r = 0; r < rows; r++)
				sum[r][v] += x[r * ldx + i] * weight;
		}
	}
	for (int r = 0; r < rows; r++)
		for (int v = 0; v < vectors; v++)
			*(Lanes *) (z + r * ldz + v * LANES) = sum[r][v];
}

/* z[rows, cols] += x[rows, n] w[n, cols]; cols a multiple of LANES */
MLK_CLONES
static void
add_products(const float *x, size_t ldx, int rows, int n, const float *w, size_t ldw, int cols, float *z, size_t ldz)
{
	int			r = 0;

	for (; r + 4 <= rows; r += 4)
	{
		for (int c = 0; c < cols; c += LANES)
			tile(4, 1, x + r * ldx, ldx, n, w + c, ldw, z + r * ldz + c, ldz);
	}
	for (; r < rows; r++)
	{
		int			c = 0;

		for (; c + 4 * LANES <= cols; c += 4 * LANES)
			tile(1, 4, x + r * ldx, ldx, n, w + c, ldw, z + r * ldz + c, ldz);
		for (; c < cols; c += LANES)
			tile(1, 1, x + r * ldx, ldx, n, w + c, ldw, z + r * ldz + c, ldz);
	}
}

/* out[rows, stride] of a narrow layer; the inputs beyond its own are finite */
MLK_CLONES
static void
dot_products(const MlkMlpLayer *layer, const float *x, size_t ldx, int rows, float *out, size_t stride)
{
	for (int r = 0; r < rows; r++)
	{
		for (int k = 0; k < layer->out; k++)
		{
			const float *w = layer->weights + (size_t) k * layer->ld;
			Lanes		sum = {0};
			float		lane[LANES];

			for (int i = 0; i < layer->ld; i += LANES)
				sum += *(const Lanes *) (x + r * ldx + i) * *(const Lanes *) (w + i);
			memcpy(lane, &sum, sizeof(lane));
			for (int half = LANES / 2; half > 0; half /= 2)
			{
				for (int i = 0; i < half; i++)
					lane[i] += lane[i + half];
			}
			out[r * stride + k] = layer->bias[k] + lane[0];
		}
	}
}

/* ---- the design ---- */

MLK_CLONES
static void
narrow_numbers(const double *x, int n, float *restrict out)
{
	for (int i = 0; i < n; i++)
	{
		double		v = x[i];

		v = v > LARGEST ? LARGEST : v;
		v = v < -LARGEST ? -LARGEST : v;
		out[i] = (float) v;
	}
}

static void
add_dense(const MlkBlock *block, int64_t from, int rows, const float *w, size_t ldw, int cols, float *z, size_t ldz)
{
	float		input[4 * INPUT_COLS] __attribute__((aligned(64)));

	for (int r = 0; r < rows; r += 4)
	{
		int			some = rows - r < 4 ? rows - r : 4;

		for (int at = 0; at < block->cols; at += INPUT_COLS)
		{
			int			n = block->cols - at < INPUT_COLS ? block->cols - at : INPUT_COLS;

			for (int i = 0; i < some; i++)
				narrow_numbers(block->dense + (from + r + i) * block->stride + at, n, input + i * INPUT_COLS);
			add_products(input, INPUT_COLS, some, n, w + at * ldw, ldw, cols, z + r * ldz, ldz);
		}
	}
}

/* z += factor w */
static inline void
add_row(float factor, const float *restrict w, float *restrict z, int n)
{
	for (int j = 0; j < n; j++)
		z[j] += factor * w[j];
}

MLK_CLONES
static void
add_codes(const MlkBlock *block, int64_t from, int rows, const float *w, size_t ldw, int cols, float *z, size_t ldz)
{
	for (int r = 0; r < rows; r++)
	{
		uint32_t	code = block->codes[(from + r) * block->stride];

		if (code < (uint32_t) block->cols)
			add_row(1.0f, w + code * ldw, z + r * ldz, cols);
	}
}

MLK_CLONES
static void
add_sparse(const MlkBlock *block, int64_t from, int rows, const float *w, size_t ldw, int cols, float *z, size_t ldz)
{
	const MlkSparse *sparse = block->sparse;

	for (int r = 0; r < rows; r++)
	{
		uint32_t	code = block->codes[(from + r) * block->stride];

		if (code >= sparse->n)
			continue;
		for (int64_t e = sparse->start[code]; e < sparse->start[code + 1]; e++)
			add_row((float) sparse->value[e], w + sparse->column[e] * ldw, z + r * ldz, cols);
	}
}

/* columns [first, first + cols) of the first layer, before its unit */
static void
from_design(const MlkMlpLayer *layer, const MlkDesign *x, int64_t from, int rows, int first, int cols, float *z, size_t ldz)
{
	for (int r = 0; r < rows; r++)
		memcpy(z + r * ldz, layer->bias + first, sizeof(float) * cols);
	for (int b = 0; b < x->n_blocks; b++)
	{
		const MlkBlock *block = &x->blocks[b];
		const float *w = layer->weights + (size_t) block->first * layer->ld + first;

		if (block->kind == MLK_BLOCK_DENSE)
			add_dense(block, from, rows, w, layer->ld, cols, z, ldz);
		else if (block->kind == MLK_BLOCK_SPARSE)
			add_sparse(block, from, rows, w, layer->ld, cols, z, ldz);
		else
			add_codes(block, from, rows, w, layer->ld, cols, z, ldz);
	}
}

/* ---- the layers ---- */

static void
from_layer(const MlkMlpLayer *layer, const float *input, size_t ldi, int rows, int first, int cols, float *z, size_t ldz)
{
	for (int r = 0; r < rows; r++)
		memcpy(z + r * ldz, layer->bias + first, sizeof(float) * cols);
	add_products(input, ldi, rows, layer->in, layer->weights + first, layer->ld, cols, z, ldz);
}

/* the last layer: input NULL: it is the first one too */
static void
last_layer(const MlkMlpLayer *layer, const MlkDesign *x, int64_t from, int rows, const float *input, size_t ldi,
		   double *out, int64_t stride)
{
	float		z[TILE_ROWS * OUTPUT_COLS] __attribute__((aligned(64)));
	int			step = layer->narrow ? layer->out : OUTPUT_COLS;

	for (int first = 0; first < layer->out; first += step)
	{
		int			width = layer->out - first < step ? layer->out - first : step;
		int			cols = (int) padded(width);

		if (layer->narrow)
			dot_products(layer, input, ldi, rows, z, cols);
		else if (input == NULL)
			from_design(layer, x, from, rows, first, cols, z, cols);
		else
			from_layer(layer, input, ldi, rows, first, cols, z, cols);
		for (int r = 0; r < rows; r++)
		{
			for (int k = 0; k < width; k++)
				out[r * stride + first + k] = z[r * cols + k];
		}
	}
}

/* rows that two buffers of MLK_MLP_MAX_WIDTH hold of the widest hidden layer */
static int
choose_rows(const MlkMlp *net)
{
	size_t		widest = LANES;
	size_t		rows;

	for (int l = 1; l < net->n_layers; l++)
		widest = padded(net->width[l]) > widest ? padded(net->width[l]) : widest;
	rows = MLK_MLP_MAX_WIDTH / widest;
	return rows > TILE_ROWS ? TILE_ROWS : (int) rows;
}

/* one tile through all layers */
static void
score_tile(const MlkMlpScorer *scorer, const MlkDesign *x, int64_t from, int rows, float *value, float *next, double *out, int64_t stride)
{
	const MlkMlp *net = scorer->net;
	size_t		ld = 0;

	for (int l = 0; l < net->n_layers - 1; l++)
	{
		const MlkMlpLayer *layer = &scorer->layer[l];
		size_t		width = padded(layer->out);
		float	   *swap = value;

		if (l == 0)
			from_design(layer, x, from, rows, 0, (int) width, next, width);
		else if (layer->narrow)
		{
			memset(next, 0, sizeof(float) * rows * width);
			dot_products(layer, value, ld, rows, next, width);
		}
		else
			from_layer(layer, value, ld, rows, 0, (int) width, next, width);
		mlk_unit_apply(net->unit, next, (int64_t) (rows * width));
		value = next;
		next = swap;
		ld = width;
	}
	last_layer(&scorer->layer[net->n_layers - 1], x, from, rows, net->n_layers == 1 ? NULL : value, ld, out, stride);
}

void
mlk_mlp_outputs(const MlkMlpScorer *scorer, const MlkDesign *x, int64_t from, int64_t rows, double *out, int64_t stride)
{
	float		first[MLK_MLP_MAX_WIDTH] __attribute__((aligned(64)));
	float		second[MLK_MLP_MAX_WIDTH] __attribute__((aligned(64)));
	int			step = choose_rows(scorer->net);

	for (int64_t at = 0; at < rows; at += step)
	{
		int			some = rows - at < step ? (int) (rows - at) : step;

		score_tile(scorer, x, from + at, some, first, second, out + at * stride, stride);
	}
}
