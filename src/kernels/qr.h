/*
 * qr.h: the triangular factor of a tall matrix, a panel of rows at a time.
 *
 * TSQR (Demmel, Grigori, Hoemmen, Langou 2012): Householder panels are
 * appended to the R of their slot, and the slots' R are appended to each
 * other in order.  Only R is kept.  With the target as last column R holds
 * all that least squares needs: R b = last column, and the last diagonal
 * element is the root of the residual sum of squares.  No product X'X is
 * formed, so the condition number is not squared.
 */
#ifndef MLK_QR_H
#define MLK_QR_H

#include "kernels/rounds.h"
#include "kernels/design.h"

/* doubles of scratch that mlk_qr_append needs for q columns */
extern size_t mlk_qr_append_scratch(int q);

/*
 * R := the triangular factor of R on top of a panel of n rows.  r[q, q] row-major, upper triangle (the rest is not
 * touched).  The panel is given as columns: column k is panel[k * ld .. + n), and is destroyed.  triangular says
 * that column k is zero below row k.
 */
extern void mlk_qr_append(int q, double *r, int n, double *panel, int64_t ld, bool triangular, double *scratch);

/* The factor of sqrt(w) [1 X y] over all rows, in rounds */
typedef struct MlkTsqr
{
	const MlkDesign *x;
	const double *y;			/* NULL: no last column */
	const double *w;			/* NULL: all one */
	bool		intercept;		/* first column is 1 */
	int			q;				/* intercept + cols + (y != NULL) */
	int			panel_rows;
	MlkRounds	rounds;
	double	   *slots;			/* slots * q * q */
	double	   *threads;		/* per-thread panels and scratch */
	size_t		per_thread;		/* doubles */
} MlkTsqr;

/* fills the plan; returns the doubles of memory that it needs */
extern double mlk_tsqr_plan(MlkTsqr *t, const MlkDesign *x, bool intercept, const double *y, const double *w,
							int threads);
extern void mlk_tsqr_start(MlkTsqr *t, double *memory);
/* one round; to be called until t->rounds.next == t->rounds.blocks */
extern MlkStatus mlk_tsqr_round(MlkTsqr *t, MlkPool *pool);
/* combine; the result is t->slots[q, q], lower triangle zero.  MLK_NOT_FINITE when a value is not. */
extern MlkStatus mlk_tsqr_finish(MlkTsqr *t, MlkPool *pool);

/*
 * Sequential rank detection, as R's lm does it: of columns [0, p) of r[q, q], those whose part orthogonal to the
 * columns kept before them is at most tolerance times their length are taken out (columns >= p, the target, stay).
 * kept[] gets the numbers of those that stay; returns their count k, or -1 when the pool asks to stop.  r is then
 * triangular in its first k + (q - p) columns, in place with the same leading dimension q.
 */
extern int	mlk_qr_reveal_rank(MlkPool *pool, int q, int p, double *r, double tolerance, int32_t *kept);

#endif							/* MLK_QR_H */
