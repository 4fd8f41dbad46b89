/*
 * triangular.h: solves with an upper triangular matrix r[n, ld], row-major.
 *
 * A diagonal element of infinity stands for a column that was taken out: its unknown comes out as 0.
 */
#ifndef MLK_TRIANGULAR_H
#define MLK_TRIANGULAR_H

#include "kernels/parallel.h"

/* b := R^-1 b, b := R'^-1 b */
extern void mlk_triangular_solve(int n, const double *r, int64_t ld, double *b);
extern void mlk_triangular_solve_t(int n, const double *r, int64_t ld, double *b);
/* out := R b */
extern void mlk_triangular_multiply(int n, const double *r, int64_t ld, const double *b, double *out);

/*
 * Of S = (R'R)^-1: variance[j] := S_jj.  With a second triangle c (n by n, same ld): of the sandwich S C'C S instead,
 * and then trace[0] := trace of S C'C.  scratch: threads * 2 * n doubles.
 */
extern MlkStatus mlk_triangular_variances(MlkPool *pool, int n, const double *r, const double *c, int64_t ld,
										  double *variance, double *trace, double *scratch);

#endif							/* MLK_TRIANGULAR_H */
