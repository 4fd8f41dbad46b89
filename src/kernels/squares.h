/*
 * squares.h: residuals of a linear model over all rows: their sum of squares and X'Wr, in rounds.
 *
 * For refinement of a direct solution and for designs too wide for one.
 */
#ifndef MLK_SQUARES_H
#define MLK_SQUARES_H

#include "kernels/rounds.h"
#include "kernels/design.h"

typedef struct MlkSquares
{
	const MlkDesign *x;
	const double *y;			/* NULL: all one */
	const double *w;			/* NULL: all one */
	const double *coefficients; /* [1 + cols], the constant first */
	MlkRounds	rounds;
	double	   *slots;			/* each: sum of squares, X'Wr of [1 X] */
	double	   *threads;
} MlkSquares;

extern double mlk_squares_plan(MlkSquares *s, const MlkDesign *x, const double *y, const double *w, int threads);
extern void mlk_squares_start(MlkSquares *s, double *memory, const double *coefficients);
extern MlkStatus mlk_squares_round(MlkSquares *s, MlkPool *pool);
/* sum: of w r^2, r = y - [1 X] b.  product[1 + cols] := [1 X]'Wr */
extern MlkStatus mlk_squares_finish(MlkSquares *s, double *sum, double *product);

#endif							/* MLK_SQUARES_H */
