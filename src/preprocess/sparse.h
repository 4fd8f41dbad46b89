/*
 * sparse.h: steps whose outputs are a sparse vector a text (MlStepKind.vector), and the tables of such vectors.
 */
#ifndef ML_PREP_SPARSE_H
#define ML_PREP_SPARSE_H

#include "postgres.h"

#include "kernels/design.h"

struct MlBoundStep;
struct MlPieces;

/* indices of the option "norm" of steps that make vectors */
typedef enum MlVectorNorm
{
	ML_NORM_L2,
	ML_NORM_L1,
	ML_NORM_NONE
} MlVectorNorm;

extern const char *const ml_norm_choices[];

/* One vector in the making, with its working memory; all of it lives in context.  Made once, filled again and again. */
typedef struct MlSparseVector
{
	MemoryContext context;
	struct MlPieces *pieces;	/* of ml_analyze */
	uint32	   *column;
	double	   *value;
	int64		n;
	int64		room;
} MlSparseVector;

extern MlSparseVector *ml_vector_create(MemoryContext context);
/* one more entry; columns may repeat until ml_vector_gather */
extern void ml_vector_add(MlSparseVector *v, uint32 column, double value);
/* columns ascend and are there once, with the sum of their values; those that cancel out are left away */
extern void ml_vector_gather(MlSparseVector *v);
extern void ml_vector_normalise(MlSparseVector *v, MlVectorNorm norm);

/* refresh and block of steps with a vector */
/* columns that a stage left out are taken away, the others numbered anew; kept NULL: nothing is done */
extern void ml_vector_keep(MlSparseVector *v, const uint32 *kept);
/* the same for vectors that were made before the stage was there */
extern void ml_sparse_keep(struct MlBoundStep *bound);

extern void ml_sparse_refresh(struct MlBoundStep *bound);
extern void ml_sparse_block(const struct MlBoundStep *bound, const uint32 *order, int64 n,
							double *dense, int64 dense_stride, uint32 *codes, int64 code_stride);

#endif							/* ML_PREP_SPARSE_H */
