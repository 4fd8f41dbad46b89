/*
 * mlp_block.h: the inside of mlp_pass.c: one block of rows on its way through a network and back.
 */
#ifndef MLK_MLP_BLOCK_H
#define MLK_MLP_BLOCK_H

#include "kernels/mlp.h"
#include "kernels/rng.h"

/* what one worker needs for one block: arrays of `rows` rows */
typedef struct MlkMlpBlock
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
} MlkMlpBlock;

/* ---- between the design and the first layer (mlp_input.c) ---- */

/* z[rows, width[1]] := the design's rows times the first layer's weights */
extern void mlk_mlp_from_design(MlkMlpBlock *b, float *z);
/* the gradient of these weights += the design's rows, transposed, times delta */
extern void mlk_mlp_to_design(MlkMlpBlock *b);

/* ---- layers (mlp_layers.c) ---- */

extern void mlk_mlp_forward(MlkMlpBlock *b);
/* after the loss has set delta */
extern void mlk_mlp_back(MlkMlpBlock *b);

/* ---- losses (mlp_loss.c) ---- */

/* numbers of 64 bits that they take for a row, beside its outputs */
#define MLK_MLP_LOSS_NUMBERS 4

/* delta := the derivatives by the outputs; the sum of the losses.  *right: weight of the rows whose class was met */
extern double mlk_mlp_loss(MlkMlpBlock *b, double *right);

#endif							/* MLK_MLP_BLOCK_H */
