/*
 * mlp_pass.c: loss and gradient of a network over rows, by blocks (see mlp.h).
 *
 * A block of rows goes forward layer by layer, its values kept (mlp_layers.c), meets the loss (mlp_loss.c) and goes back.
 */
#include "kernels/mlp_block.h"

#include <string.h>

#include "kernels/flush.h"

/* of a block: some 10 us, about ten times what it costs to hand it to a thread that attends (see mlk_pool_attend) */
#define BLOCK_FLOPS 1.3e6
#define MOST_BLOCK_ROWS 1024
#define LEAST_BLOCK_ROWS 32
#define BLOCK_STEP 8			/* blocks are multiples of this */
#define SCRATCH_FLOATS 4.0e6	/* of a worker, about, however wide the layers are */
#define MOST_SLOTS 16
#define SLOT_BYTES 6.4e7		/* of all slots, about */
#define CHUNK_PARAMS 65536		/* of the parameters that are summed and moved at once */

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

/* floats that a row of a block takes */
static double
row_floats(const MlkMlpPass *pass)
{
	const MlkMlp *net = pass->net;
	double		values = 0.0;

	for (int l = 1; l <= net->n_layers; l++)
		values += net->width[l];
	return values * (pass->dropout > 0.0 ? 2.0 : 1.0) + pass->wide + 2.0 * widest_layer(net) +
		2.0 * (net->width[net->n_layers] + MLK_MLP_LOSS_NUMBERS);
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

/* rows of a block: an even number of blocks of about the same size, each worth a thread; or all rows */
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
	blocks += blocks > 1 ? blocks % 2 : 0;
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

static MlkMlpBlock
make_block(const MlkMlpPass *pass, int64_t index, int worker)
{
	const MlkMlp *net = pass->net;
	int64_t		slot = index % pass->rounds.slots;
	size_t		rows = (size_t) pass->block_rows;
	size_t		layer = rows * widest_layer(net);
	float	   *at = pass->scratch + pass->scratch_size * worker;
	MlkMlpBlock b = {.pass = pass};

	b.row = pass->order + index * pass->block_rows;
	b.rows = (int) mlk_rounds_block_rows(&pass->rounds, index);
	b.gradient = pass->gradient + (size_t) slot * net->n_params;
	b.first = index == slot;
	b.number = (double *) at;
	b.input = at + 2 * rows * (net->width[net->n_layers] + MLK_MLP_LOSS_NUMBERS);
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

/* ---- the evaluation ---- */

static void
run_block(void *arg, int64_t block, int worker)
{
	MlkMlpPass *pass = arg;
	int64_t		index = pass->rounds.next + block;
	MlkMlpBlock b = make_block(pass, index, worker);
	double	   *partial = pass->partial + 2 * (index % pass->rounds.slots);
	unsigned	mode = mlk_flush_begin();
	double		right;

	mlk_mlp_forward(&b);
	partial[0] += mlk_mlp_loss(&b, &right);
	partial[1] += right;
	if (pass->with_gradient)
		mlk_mlp_back(&b);
	mlk_flush_end(mode);
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
	unsigned	mode = mlk_flush_begin();

	pass->squares[chunk] = reduce(sum + from, sum + net->n_params + from, others, net->n_params, pass->params + from,
								  (int64_t) (biases - from), (float) pass->alpha, share);
	reduce(sum + biases, sum + net->n_params + biases, others, net->n_params, pass->params + biases,
		   (int64_t) (to - biases), 0.0f, share);
	mlk_flush_end(mode);
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
