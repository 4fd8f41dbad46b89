/*
 * mlp.h: neural networks of fully connected layers: their loss with its gradient, and their outputs.
 *
 * Numbers are 32-bit, as everywhere in such networks; losses are summed in 64 bits.  Learning (mlp_pass.c) takes blocks of rows
 * through BLAS; scoring (mlp_score.c) has loops of its own, whose order of additions is fixed, so that a row gets the same bits
 * alone and in a block.  Both read the design as it is: a code or a sparse entry picks rows of the first layer's weights, and
 * nothing of the size rows x vocabulary is ever formed.
 */
#ifndef MLK_MLP_H
#define MLK_MLP_H

#include "kernels/design.h"
#include "kernels/rounds.h"
#include "kernels/units.h"

/* most units of a hidden layer: scoring keeps two layers of a row on the stack */
#define MLK_MLP_MAX_WIDTH 32768
#define MLK_MLP_MAX_LAYERS 100	/* hidden ones */

/* what the outputs are and what is minimised; stored: append only */
typedef enum MlkMlpLoss
{
	MLK_MLP_SQUARED = 1,		/* one number: (z - y)^2 / 2 */
	MLK_MLP_LOGISTIC,			/* two classes, one output: log loss of its logistic function */
	MLK_MLP_SOFTMAX,			/* an output a class: log loss of the softmax */
	MLK_MLP_SIGMOID_SQUARED		/* logistic outputs, one (two classes) or one a class: sum of (p - [is class])^2 / 2 */
} MlkMlpLoss;

/*
 * The shape.  Parameters are one vector: the weights [in, out] of all layers, row-major, then the biases of all layers.
 */
typedef struct MlkMlp
{
	MlkUnit		unit;			/* of the hidden layers */
	MlkMlpLoss	loss;
	int			n_layers;		/* of weights: hidden layers + 1 */
	int32_t		width[MLK_MLP_MAX_LAYERS + 2];	/* columns, units of the hidden layers, outputs */

	/* from mlk_mlp_place */
	size_t		weight_at[MLK_MLP_MAX_LAYERS + 1];
	size_t		bias_at[MLK_MLP_MAX_LAYERS + 1];
	size_t		n_weights;
	size_t		n_params;
} MlkMlp;

/* number of parameters, exact up to 2^53: for pricing, before mlk_mlp_place */
extern double mlk_mlp_price(const MlkMlp *net);
extern void mlk_mlp_place(MlkMlp *net);

/* Glorot and Bengio 2010, as scikit-learn has it: uniform up to +-sqrt(6 / (in + out)), 2 in place of 6 for logistic; biases too */
extern void mlk_mlp_initialise(const MlkMlp *net, uint64_t seed, float *params);

/* ---- learning ---- */

/*
 * One evaluation of the loss over some rows of a design:
 *	 (sum of w loss + alpha / 2 |W|^2) / n,  biases without penalty, n the number of rows.
 * Rows are cut into blocks whose size depends on the network and on max_rows alone, and each slot has a gradient of its own
 * (see rounds.h), so the sums do not depend on the number of threads.
 */
typedef struct MlkMlpPass
{
	/* set by the caller before the plan */
	const MlkMlp *net;
	const MlkDesign *x;
	int64_t		max_rows;		/* of one evaluation that wants a gradient */
	double		alpha;
	double		dropout;		/* share of the hidden units left out at each evaluation with a gradient */
	const float *y;				/* by row of the design, of a network for numbers */
	const int32_t *label;		/* by row of the design, of a network for classes */
	const float *weight;		/* by row of the design; NULL: all one */
	const float *copy;			/* from mlk_mlp_copy; NULL: the design's own numbers are used */

	/* the plan */
	int64_t		block_rows;
	int64_t		slots;
	int64_t		chunks;			/* of parameters, for what is done to each of them */
	int32_t		wide;			/* columns of the widest dense block */
	size_t		scratch_size;	/* floats of one worker */
	float	   *gradient;		/* [slots, n_params]; the first one is the result */
	float	   *scratch;		/* [workers, scratch_size] */
	double	   *partial;		/* [slots, 2]: loss and weight of the rows that were right */
	double	   *squares;		/* [chunks] */

	/* the evaluation at hand */
	const float *params;
	const uint32_t *order;
	bool		with_gradient;
	uint64_t	dropout_seed;
	MlkRounds	rounds;
} MlkMlpPass;

/*
 * The design's numbers in 32 bits, half as much to fetch for each batch: how many there are, and those of some rows into their
 * places.
 */
extern double mlk_mlp_copy_size(const MlkDesign *x);
extern void mlk_mlp_copy(const MlkDesign *x, int64_t from, int64_t rows, float *copy);

/* bytes of memory that mlk_mlp_memory divides up */
extern double mlk_mlp_plan(MlkMlpPass *pass, int threads);
extern void mlk_mlp_memory(MlkMlpPass *pass, void *memory, int threads);

/* rows order[0..n) at params; seed: of the dropout, another one for each evaluation */
extern void mlk_mlp_start(MlkMlpPass *pass, const float *params, const uint32_t *order, int64_t n, bool gradient, uint64_t seed);
/* between two rounds the caller may leave; done when rounds.next == rounds.blocks */
extern MlkStatus mlk_mlp_round(MlkMlpPass *pass, MlkPool *pool);
/* loss as above (without a gradient: without the penalty); *right: weight of the rows whose class was met; MLK_NOT_FINITE: diverged */
extern MlkStatus mlk_mlp_finish(MlkMlpPass *pass, MlkPool *pool, double *loss, double *right);

/* ---- scoring ---- */

typedef struct MlkMlpLayer
{
	int32_t		in;
	int32_t		out;
	int32_t		ld;				/* floats from a row of weights to the next, a multiple of MLK_MLP_LANES */
	bool		narrow;			/* few outputs: weights [out, ld], a row an output; else [in, ld] */
	float	   *weights;		/* what is beyond in or out is 0 */
	float	   *bias;			/* out, then zeros up to a multiple of MLK_MLP_LANES */
} MlkMlpLayer;

#define MLK_MLP_LANES 16

/* the same network laid out for scoring */
typedef struct MlkMlpScorer
{
	const MlkMlp *net;
	MlkMlpLayer layer[MLK_MLP_MAX_LAYERS + 1];
} MlkMlpScorer;

/* floats that mlk_mlp_scorer lays the parameters out in; they should be aligned to 64 bytes */
extern double mlk_mlp_scorer_size(const MlkMlp *net);
extern void mlk_mlp_scorer(MlkMlpScorer *scorer, const MlkMlp *net, const float *params, float *memory);
/* the parameters back */
extern void mlk_mlp_scorer_params(const MlkMlpScorer *scorer, float *params);

/*
 * out[rows, stride] := outputs before the loss's function (z).  Thread-safe, allocates nothing; numbers beyond +-1e18 count as that.
 */
extern void mlk_mlp_outputs(const MlkMlpScorer *scorer, const MlkDesign *x, int64_t from, int64_t rows, double *out, int64_t stride);

#endif							/* MLK_MLP_H */
