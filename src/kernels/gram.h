/*
 * gram.h: cross products of all columns, X'DX, that know a one-hot column from a number.
 *
 * Positions in the product: 0 is the constant column, 1 .. n the chosen columns of the design, then the target if
 * there is one.  Dense columns go through a weighted panel and one BLAS call; a one-hot column costs its rows.
 */
#ifndef MLK_GRAM_H
#define MLK_GRAM_H

#include "kernels/rounds.h"
#include "kernels/design.h"

/* what does not change from block to block; made once */
typedef struct MlkGramShape
{
	const MlkDesign *x;
	const int32_t *position;	/* position[column] = place in [0, n) or -1: left out; NULL: all columns */
	const double *shift;		/* subtracted from each dense column (by design column), or NULL */
	bool		target;			/* last column is a target */
	int			n;				/* chosen columns */
	int			q;				/* 1 + n + target */
	int			dense;			/* columns of the panel: constant, dense chosen ones, target */
	bool		has_codes;
} MlkGramShape;

extern MlkGramShape mlk_gram_shape(const MlkDesign *x, const int32_t *position, int n, const double *shift,
								   bool target);

/* floating-point operations a row, about */
extern double mlk_gram_flops(const MlkGramShape *shape);

/* doubles of scratch that one block of up to `rows` rows needs */
extern size_t mlk_gram_scratch(const MlkGramShape *shape, int64_t rows);

/*
 * into[q, ld] += [1 X y]' D [1 X y] over rows [from, from + rows), d[0] belonging to row from (NULL: all one), d >= 0.
 * Elements between a dense and a one-hot column may land below the diagonal: mlk_gram_fold puts them where they belong.
 */
extern void mlk_gram_block(const MlkGramShape *shape, int64_t from, int64_t rows, const double *d, const double *y,
						   double *into, int64_t ld, double *scratch);

/*
 * Right after mlk_gram_block of the same rows, whose scratch it reads: products of one block of categories, which shape leaves out, with
 * the constant and the columns of shape: into[code, place] += d x, into[cols of the block, 1 + n].  What the block has with itself
 * is diagonal, and stands at place 0.
 */
extern void mlk_gram_border(const MlkGramShape *shape, const MlkBlock *border, int64_t from, int64_t rows, double *into,
							double *scratch);

/* make the upper triangle whole and copy it below: the full symmetric matrix */
extern void mlk_gram_fold(int q, double *g, int64_t ld);

/* The product over all rows, in rounds */
typedef struct MlkGram
{
	MlkGramShape shape;
	const double *w;			/* NULL: all one */
	const double *y;
	MlkRounds	rounds;
	double	   *slots;
	double	   *threads;
	size_t		per_thread;
} MlkGram;

extern double mlk_gram_plan(MlkGram *g, const MlkGramShape *shape, const double *w, const double *y, int threads);
extern void mlk_gram_start(MlkGram *g, double *memory);
extern MlkStatus mlk_gram_round(MlkGram *g, MlkPool *pool);
/* the result, symmetric, is g->slots[q, q] */
extern MlkStatus mlk_gram_finish(MlkGram *g);

#endif							/* MLK_GRAM_H */
