/*
 * mlp_pass.c: loss and gradient of a network over rows, by blocks (see mlp.h).
 *
 * A block of m rows goes forward layer by layer, its activations kept, and back again.  Products are BLAS's; of the first layer,
 * only the dense blocks of the design are: they are copied out as 32-bit numbers, while codes and sparse entries add rows of
 * weights going forward, and add to rows of the gradient going back.
 */
#include "kernels/mlp.h"

#include <string.h>

#include "kernels/blas.h"
#include "kernels/rng.h"
#include "kernels/sigmoid.h"

/* of a block: some 100 us, about ten times what waking a thread costs */
#define BLOCK_FLOPS 1.0e7
#define MOST_BLOCK_ROWS 1024
#define LEAST_BLOCK_ROWS 32
#define BLOCK_STEP 8			/* blocks are multiples of this */
#define SCRATCH_FLOATS 4.0e6	/* of a worker, about, however wide the layers are */
#define MOST_SLOTS 16
#define SLOT_BYTES 6.4e7		/* of all slots, about */
#define CHUNK_PARAMS 65536		/* of the parameters that are summed and moved at once */

/* what one worker needs for one block: arrays of `rows` rows */
typedef struct Block
{
	const MlkMlpPass *pass;
	const uint32_t *row;		/* of the design */
	int			rows;
	float	   *gradient;		/* of the slot */
	bool		first;			/* the slot is empty yet */
	MlkRng		rng;
	double	   *number;			/* room for the loss */
	float	   *input;			/* [rows, columns of a dense block] */
	float	   *delta;			/* [rows, width], and as many after it */
	float	   *spare;
	float	   *value[MLK_MLP_MAX_LAYERS + 1];	/* [rows, width[l + 1]]: what layer l puts out */
	float	   *mask[MLK_MLP_MAX_LAYERS + 1];	/* the same of the dropout; NULL: none */
} Block;

/* ---- memory ---- */

static int32_t
widest_layer(const MlkMlp *net)
{
	int32_t		most = 1;

	for (int l = 1; l <= net->n_layers; l++)
		most = net->width[l] > most ? net->width[l] : most;
	return most;
}

static int32_t
widest_block(const MlkDesign *x)
{
	int32_t		most = 0;

	for (int b = 0; b < x->n_blocks; b++)
	{
		if (x->blocks[b].kind == MLK_BLOCK_DENSE && x->blocks[b].cols > most)
			most = x->blocks[b].cols;
	}
	return most;
}

/* numbers of 64 bits that the losses take for a row, beside its outputs */
#define LOSS_NUMBERS 4

/* floats that a row of a block takes */
static double
row_floats(const MlkMlpPass *pass)
{
	const MlkMlp *net = pass->net;
	double		values = 0.0;

	for (int l = 1; l <= net->n_layers; l++)
		values += net->width[l];
	return values * (pass->dropout > 0.0 ? 2.0 : 1.0) + pass->wide + 2.0 * widest_layer(net) +
		2.0 * (net->width[net->n_layers] + LOSS_NUMBERS);
}

static double
row_flops(const MlkMlpPass *pass)
{
	const MlkMlp *net = pass->net;
	double		products = mlk_design_entries(pass->x) * net->width[1];

	for (int l = 1; l < net->n_layers; l++)
		products += (double) net->width[l] * net->width[l + 1];
	return 6.0 * products;
}

/* rows of a block: a whole number of blocks of about the same size, each worth a thread */
static int64_t
choose_rows(const MlkMlpPass *pass)
{
	double		wanted = BLOCK_FLOPS / (row_flops(pass) + 1.0);
	double		held = SCRATCH_FLOATS / row_floats(pass);
	int64_t		rows = pass->max_rows;
	int64_t		blocks;

	wanted = wanted < LEAST_BLOCK_ROWS ? LEAST_BLOCK_ROWS : wanted;
	wanted = wanted > MOST_BLOCK_ROWS ? MOST_BLOCK_ROWS : wanted;
	wanted = wanted > held ? held : wanted;
	wanted = wanted < BLOCK_STEP ? BLOCK_STEP : floor(wanted);
	blocks = (rows + (int64_t) wanted - 1) / (int64_t) wanted;
	rows = (rows + blocks - 1) / blocks;
	return (rows + BLOCK_STEP - 1) / BLOCK_STEP * BLOCK_STEP;
}

double
mlk_mlp_plan(MlkMlpPass *pass, int threads)
{
	size_t		params = pass->net->n_params;
	double		slots = SLOT_BYTES / (sizeof(float) * (double) params);
	int64_t		blocks;

	pass->wide = widest_block(pass->x);
	pass->block_rows = choose_rows(pass);
	blocks = (pass->max_rows + pass->block_rows - 1) / pass->block_rows;
	pass->slots = slots > MOST_SLOTS ? MOST_SLOTS : (slots < 2.0 ? 2 : (int64_t) slots);
	pass->slots = pass->slots > blocks ? blocks : pass->slots;
	pass->chunks = (int64_t) ((params + CHUNK_PARAMS - 1) / CHUNK_PARAMS);
	pass->scratch_size = (size_t) (row_floats(pass) * (double) pass->block_rows);
	/* a worker's part begins with numbers of 64 bits */
	pass->scratch_size = (pass->scratch_size + 15) / 16 * 16;
	return sizeof(double) * (2.0 * (double) pass->slots + (double) pass->chunks) +
		sizeof(float) * ((double) pass->scratch_size * threads + (double) pass->slots * (double) params);
}

void
mlk_mlp_memory(MlkMlpPass *pass, void *memory, int threads)
{
	pass->partial = memory;
	pass->squares = pass->partial + 2 * pass->slots;
	pass->scratch = (float *) (pass->squares + pass->chunks);
	pass->gradient = pass->scratch + pass->scratch_size * threads;
}

static Block
make_block(const MlkMlpPass *pass, int64_t index, int worker)
{
	const MlkMlp *net = pass->net;
	int64_t		slot = index % pass->rounds.slots;
	size_t		rows = (size_t) pass->block_rows;
	size_t		layer = rows * widest_layer(net);
	float	   *at = pass->scratch + pass->scratch_size * worker;
	Block		b = {.pass = pass};

	b.row = pass->order + index * pass->block_rows;
	b.rows = (int) mlk_rounds_block_rows(&pass->rounds, index);
	b.gradient = pass->gradient + (size_t) slot * net->n_params;
	b.first = index == slot;
	b.number = (double *) at;
	b.input = at + 2 * rows * (net->width[net->n_layers] + LOSS_NUMBERS);
	b.delta = b.input + rows * pass->wide;
	b.spare = b.delta + layer;
	at = b.spare + layer;
	for (int l = 0; l < net->n_layers; l++)
	{
		b.value[l] = at;
		at += rows * net->width[l + 1];
		b.mask[l] = NULL;
		if (pass->with_gradient && pass->dropout > 0.0 && l < net->n_layers - 1)
		{
			b.mask[l] = at;
			at += rows * net->width[l + 1];
		}
	}
	if (pass->with_gradient && pass->dropout > 0.0)
		mlk_rng_seed(&b.rng, pass->dropout_seed + (uint64_t) index);
	return b;
}

/* ---- forward ---- */

MLK_CLONES
static void
gather_dense(const double *x, int64_t stride, int cols, const uint32_t *row, int rows, float *restrict out)
{
	for (int i = 0; i < rows; i++)
	{
		const double *from = x + (int64_t) row[i] * stride;

		for (int j = 0; j < cols; j++)
			out[(size_t) i * cols + j] = (float) from[j];
	}
}

/* y += factor x */
static inline void
add_row(float factor, const float *restrict x, float *restrict y, int n)
{
	for (int j = 0; j < n; j++)
		y[j] += factor * x[j];
}

/* the vector that a row names */
static inline void
sparse_entries(const MlkBlock *block, uint32_t row, int64_t *from, int64_t *to)
{
	uint32_t	code = block->codes[(int64_t) row * block->stride];

	*from = *to = 0;
	if (code < block->sparse->n)
	{
		*from = block->sparse->start[code];
		*to = block->sparse->start[code + 1];
	}
}

/* z += rows of the weights w, of width n, that codes or sparse entries name */
MLK_CLONES
static void
add_named(const MlkBlock *block, const uint32_t *row, int rows, const float *w, int n, float *z)
{
	for (int i = 0; i < rows; i++)
	{
		int64_t		from;
		int64_t		to;

		if (block->kind != MLK_BLOCK_SPARSE)
		{
			uint32_t	code = block->codes[(int64_t) row[i] * block->stride];

			if (code < (uint32_t) block->cols)
				add_row(1.0f, w + (size_t) code * n, z + (size_t) i * n, n);
			continue;
		}
		sparse_entries(block, row[i], &from, &to);
		for (int64_t e = from; e < to; e++)
			add_row((float) block->sparse->value[e], w + (size_t) block->sparse->column[e] * n, z + (size_t) i * n, n);
	}
}

/* the way back: rows of the gradient g += factors times delta */
MLK_CLONES
static void
add_to_named(const MlkBlock *block, const uint32_t *row, int rows, const float *delta, int n, float *g)
{
	for (int i = 0; i < rows; i++)
	{
		int64_t		from;
		int64_t		to;

		if (block->kind != MLK_BLOCK_SPARSE)
		{
			uint32_t	code = block->codes[(int64_t) row[i] * block->stride];

			if (code < (uint32_t) block->cols)
				add_row(1.0f, delta + (size_t) i * n, g + (size_t) code * n, n);
			continue;
		}
		sparse_entries(block, row[i], &from, &to);
		for (int64_t e = from; e < to; e++)
			add_row((float) block->sparse->value[e], delta + (size_t) i * n, g + (size_t) block->sparse->column[e] * n, n);
	}
}

static void
fill_bias(const float *bias, int n, int rows, float *z)
{
	for (int i = 0; i < rows; i++)
		memcpy(z + (size_t) i * n, bias, sizeof(float) * n);
}

/* what the design gives to the first layer */
static void
add_design(Block *b, float *z)
{
	const MlkMlp *net = b->pass->net;
	const MlkDesign *x = b->pass->x;
	int			n = net->width[1];

	for (int k = 0; k < x->n_blocks; k++)
	{
		const MlkBlock *block = &x->blocks[k];
		const float *w = b->pass->params + (size_t) block->first * n;

		if (block->kind != MLK_BLOCK_DENSE)
		{
			add_named(block, b->row, b->rows, w, n, z);
			continue;
		}
		if (block->cols == 0)
			continue;
		gather_dense(block->dense, block->stride, block->cols, b->row, b->rows, b->input);
		mlk_sgemm(false, false, b->rows, n, block->cols, 1.0f, b->input, block->cols, w, n, 1.0f, z, n);
	}
}

/* each unit of each row is left out with probability dropout; the others are raised, so that their sum is right on average */
static void
drop_units(Block *b, float *value, float *mask, size_t n)
{
	double		dropout = b->pass->dropout;
	uint32_t	limit = (uint32_t) (dropout * 4294967296.0);
	float		raised = (float) (1.0 / (1.0 - dropout));
	uint64_t	bits = 0;

	for (size_t i = 0; i < n; i++)
	{
		bits = i % 2 == 0 ? mlk_rng_u64(&b->rng) : bits >> 32;
		mask[i] = (uint32_t) bits < limit ? 0.0f : raised;
	}
	for (size_t i = 0; i < n; i++)
		value[i] *= mask[i];
}

static void
go_forward(Block *b)
{
	const MlkMlp *net = b->pass->net;
	const float *params = b->pass->params;

	for (int l = 0; l < net->n_layers; l++)
	{
		int			n = net->width[l + 1];
		float	   *z = b->value[l];

		fill_bias(params + net->bias_at[l], n, b->rows, z);
		if (l == 0)
			add_design(b, z);
		else
			mlk_sgemm(false, false, b->rows, n, net->width[l], 1.0f, b->value[l - 1], net->width[l],
					  params + net->weight_at[l], n, 1.0f, z, n);
		if (l == net->n_layers - 1)
			break;
		mlk_unit_apply(net->unit, z, (int64_t) b->rows * n);
		if (b->mask[l] != NULL)
			drop_units(b, z, b->mask[l], (size_t) b->rows * n);
	}
}

/* ---- losses: the outputs' derivatives into delta; they return the sum of the losses ---- */

static inline double
weight_of(const Block *b, int i)
{
	return b->pass->weight == NULL ? 1.0 : b->pass->weight[b->row[i]];
}

static double
loss_squared(Block *b, const float *z)
{
	double		sum = 0.0;

	for (int i = 0; i < b->rows; i++)
	{
		double		w = weight_of(b, i);
		double		residual = (double) z[i] - b->pass->y[b->row[i]];

		sum += 0.5 * w * residual * residual;
		b->delta[i] = (float) (w * residual);
	}
	return sum;
}

static double
loss_logistic(Block *b, const float *z, double *right)
{
	int			rows = b->rows;
	double	   *eta = b->number;
	double	   *residual = eta + rows;
	double	   *scratch = residual + rows;
	double	   *weight = b->pass->weight == NULL ? NULL : scratch + rows;
	/* the next layer's room is free here */
	int32_t    *positive = (int32_t *) b->spare;
	double		margin = 0.0;
	double		loss;

	for (int i = 0; i < rows; i++)
	{
		eta[i] = z[i];
		positive[i] = b->pass->label[b->row[i]];
		if (weight != NULL)
			weight[i] = weight_of(b, i);
		*right += (eta[i] > 0.0) == (positive[i] == 1) ? weight_of(b, i) : 0.0;
	}
	loss = mlk_logistic_rows(eta, positive, weight, rows, residual, NULL, scratch, &margin);
	for (int i = 0; i < rows; i++)
		b->delta[i] = (float) residual[i];
	return loss;
}

/* first on ties, as predictions are */
static bool
is_right(const float *z, int classes, int label)
{
	int			best = 0;

	for (int k = 1; k < classes; k++)
		best = z[k] > z[best] ? k : best;
	return best == label;
}

static double
loss_softmax(Block *b, const float *z, double *right)
{
	int			classes = b->pass->net->width[b->pass->net->n_layers];
	double		sum = 0.0;
	double	   *p = b->number;

	for (int i = 0; i < b->rows; i++)
	{
		int			label = b->pass->label[b->row[i]];
		double		w = weight_of(b, i);
		const float *row = z + (size_t) i * classes;
		float	   *delta = b->delta + (size_t) i * classes;
		double		most = row[0];

		for (int k = 0; k < classes; k++)
		{
			most = row[k] > most ? row[k] : most;
			p[k] = row[k];
		}
		*right += is_right(row, classes, label) ? w : 0.0;
		mlk_softmax(p, 1, classes);
		/* where the probability is too small to be held apart from 0, its logarithm is about the distance to the largest */
		sum += w * (p[label] > 1e-300 ? -log(p[label]) : most - row[label]);
		for (int k = 0; k < classes; k++)
			delta[k] = (float) (w * (p[k] - (k == label)));
	}
	return sum;
}

static double
loss_sigmoid_squared(Block *b, const float *z, double *right)
{
	int			outputs = b->pass->net->width[b->pass->net->n_layers];
	int			n = b->rows * outputs;
	double	   *p = b->number;
	double		sum = 0.0;

	for (int i = 0; i < n; i++)
		p[i] = z[i];
	mlk_sigmoid(p, n);
	for (int i = 0; i < b->rows; i++)
	{
		int			label = b->pass->label[b->row[i]];
		double		w = weight_of(b, i);
		const float *row = z + (size_t) i * outputs;
		bool		hit = outputs == 1 ? (row[0] > 0.0f) == (label == 1) : is_right(row, outputs, label);

		*right += hit ? w : 0.0;
		for (int k = 0; k < outputs; k++)
		{
			double		q = p[i * outputs + k];
			double		residual = q - (outputs == 1 ? label == 1 : label == k);

			sum += 0.5 * w * residual * residual;
			b->delta[i * outputs + k] = (float) (w * residual * q * (1.0 - q));
		}
	}
	return sum;
}

static double
evaluate_loss(Block *b, double *right)
{
	const float *z = b->value[b->pass->net->n_layers - 1];

	*right = 0.0;
	switch (b->pass->net->loss)
	{
		case MLK_MLP_SQUARED:
			return loss_squared(b, z);
		case MLK_MLP_LOGISTIC:
			return loss_logistic(b, z, right);
		case MLK_MLP_SOFTMAX:
			return loss_softmax(b, z, right);
		case MLK_MLP_SIGMOID_SQUARED:
			return loss_sigmoid_squared(b, z, right);
	}
	return NAN;
}

/* ---- back ---- */

MLK_CLONES
static void
add_columns(const float *delta, int rows, int n, float *restrict sum)
{
	for (int i = 0; i < rows; i++)
		add_row(1.0f, delta + (size_t) i * n, sum, n);
}

static void
first_layer_gradient(Block *b)
{
	const MlkDesign *x = b->pass->x;
	int			n = b->pass->net->width[1];
	bool		gathered = true;

	/* backwards: what was gathered on the way forward is the last dense block's, until another one takes its place */
	for (int k = x->n_blocks - 1; k >= 0; k--)
	{
		const MlkBlock *block = &x->blocks[k];
		float	   *g = b->gradient + (size_t) block->first * n;

		if (block->kind != MLK_BLOCK_DENSE)
		{
			if (b->first)
				memset(g, 0, sizeof(float) * (size_t) block->cols * n);
			add_to_named(block, b->row, b->rows, b->delta, n, g);
			continue;
		}
		if (block->cols == 0)
			continue;
		if (!gathered)
			gather_dense(block->dense, block->stride, block->cols, b->row, b->rows, b->input);
		gathered = false;
		mlk_sgemm(true, false, block->cols, n, b->rows, 1.0f, b->input, block->cols, b->delta, n,
				  b->first ? 0.0f : 1.0f, g, n);
	}
}

static void
multiply(float *restrict x, const float *restrict by, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] *= by[i];
}

/* delta of layer l - 1 from that of layer l */
static void
pass_back(Block *b, int l)
{
	const MlkMlp *net = b->pass->net;
	int			n = net->width[l];
	size_t		size = (size_t) b->rows * n;
	float	   *earlier = b->spare;
	float	   *value = b->value[l - 1];

	mlk_sgemm(false, true, b->rows, n, net->width[l + 1], 1.0f, b->delta, net->width[l + 1],
			  b->pass->params + net->weight_at[l], net->width[l + 1], 0.0f, earlier, n);
	if (b->mask[l - 1] != NULL)
	{
		float		lowered = (float) (1.0 - b->pass->dropout);

		multiply(earlier, b->mask[l - 1], size);
		for (size_t i = 0; i < size; i++)
			value[i] *= lowered;
	}
	mlk_unit_slope(net->unit, value, earlier, (int64_t) size);
	b->spare = b->delta;
	b->delta = earlier;
}

static void
go_back(Block *b)
{
	const MlkMlp *net = b->pass->net;

	for (int l = net->n_layers - 1; l >= 0; l--)
	{
		int			n = net->width[l + 1];
		float	   *bias = b->gradient + net->bias_at[l];

		if (b->first)
			memset(bias, 0, sizeof(float) * n);
		add_columns(b->delta, b->rows, n, bias);
		if (l == 0)
			first_layer_gradient(b);
		else
		{
			mlk_sgemm(true, false, net->width[l], n, b->rows, 1.0f, b->value[l - 1], net->width[l], b->delta, n,
					  b->first ? 0.0f : 1.0f, b->gradient + net->weight_at[l], n);
			pass_back(b, l);
		}
	}
}

/* ---- the evaluation ---- */

static void
run_block(void *arg, int64_t block, int worker)
{
	MlkMlpPass *pass = arg;
	int64_t		index = pass->rounds.next + block;
	Block		b = make_block(pass, index, worker);
	double	   *partial = pass->partial + 2 * (index % pass->rounds.slots);
	double		right;

	go_forward(&b);
	partial[0] += evaluate_loss(&b, &right);
	partial[1] += right;
	if (pass->with_gradient)
		go_back(&b);
}

void
mlk_mlp_start(MlkMlpPass *pass, const float *params, const uint32_t *order, int64_t n, bool gradient, uint64_t seed)
{
	MlkRounds  *rounds = &pass->rounds;

	pass->params = params;
	pass->order = order;
	pass->with_gradient = gradient;
	pass->dropout_seed = seed;
	rounds->rows = n;
	rounds->block_rows = pass->block_rows;
	rounds->blocks = (n + pass->block_rows - 1) / pass->block_rows;
	rounds->slots = rounds->blocks < pass->slots ? rounds->blocks : pass->slots;
	rounds->next = 0;
	memset(pass->partial, 0, sizeof(double) * 2 * (size_t) pass->slots);
}

MlkStatus
mlk_mlp_round(MlkMlpPass *pass, MlkPool *pool)
{
	int64_t		width = mlk_rounds_width(&pass->rounds);
	MlkStatus	status = mlk_parallel_for(pool, width, run_block, pass);

	pass->rounds.next += width;
	return status;
}

/* sum := sum + what other slots have, then the penalty's part, per row; returns the sum of the squared weights */
MLK_CLONES
static double
reduce(float *restrict sum, const float *others, int64_t slots, size_t apart, const float *restrict params, int64_t n,
	   float alpha, float share)
{
	double		lane[16] = {0};
	int64_t		i = 0;

	for (int64_t s = 0; s < slots; s++)
	{
		const float *restrict other = others + s * apart;

		for (int64_t j = 0; j < n; j++)
			sum[j] += other[j];
	}
	for (; i + 16 <= n; i += 16)
	{
		for (int k = 0; k < 16; k++)
		{
			double		w = params[i + k];

			lane[k] += w * w;
			sum[i + k] = (sum[i + k] + alpha * params[i + k]) * share;
		}
	}
	for (; i < n; i++)
	{
		lane[0] += (double) params[i] * params[i];
		sum[i] = (sum[i] + alpha * params[i]) * share;
	}
	for (int k = 1; k < 16; k++)
		lane[0] += lane[k];
	return lane[0];
}

static void
reduce_chunk(void *arg, int64_t chunk, int worker)
{
	MlkMlpPass *pass = arg;
	const MlkMlp *net = pass->net;
	size_t		from = (size_t) chunk * CHUNK_PARAMS;
	size_t		to = from + CHUNK_PARAMS < net->n_params ? from + CHUNK_PARAMS : net->n_params;
	size_t		biases = net->n_weights < from ? from : (net->n_weights > to ? to : net->n_weights);
	float		share = (float) (1.0 / (double) pass->rounds.rows);
	float	   *sum = pass->gradient;
	int64_t		others = pass->rounds.slots - 1;

	pass->squares[chunk] = reduce(sum + from, sum + net->n_params + from, others, net->n_params, pass->params + from,
								  (int64_t) (biases - from), (float) pass->alpha, share);
	reduce(sum + biases, sum + net->n_params + biases, others, net->n_params, pass->params + biases,
		   (int64_t) (to - biases), 0.0f, share);
}

MlkStatus
mlk_mlp_finish(MlkMlpPass *pass, MlkPool *pool, double *loss, double *right)
{
	MlkStatus	status = MLK_OK;
	double		sum = 0.0;

	*right = 0.0;
	for (int64_t s = 0; s < pass->rounds.slots; s++)
	{
		sum += pass->partial[2 * s];
		*right += pass->partial[2 * s + 1];
	}
	if (pass->with_gradient)
	{
		status = mlk_parallel_for(pool, pass->chunks, reduce_chunk, pass);
		for (int64_t c = 0; c < pass->chunks && status == MLK_OK; c++)
			sum += 0.5 * pass->alpha * pass->squares[c];
	}
	*loss = sum / (double) pass->rounds.rows;
	return status != MLK_OK ? status : isfinite(*loss) ? MLK_OK : MLK_NOT_FINITE;
}
