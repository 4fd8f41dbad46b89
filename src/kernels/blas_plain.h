/*
 * blas_plain.h: plain loops with the contracts of blas.h.
 *
 * They run when OpenBLAS cannot be opened and for products too small to be
 * worth a call, and they are the oracle of the unit tests.
 */
#ifndef MLK_BLAS_PLAIN_H
#define MLK_BLAS_PLAIN_H

#include "kernels/mlk.h"

extern void mlk_dgemm_plain(bool ta, bool tb, int m, int n, int k, double alpha,
							const double *a, int lda, const double *b, int ldb,
							double beta, double *c, int ldc);
extern void mlk_sgemm_plain(bool ta, bool tb, int m, int n, int k, float alpha,
							const float *a, int lda, const float *b, int ldb,
							float beta, float *c, int ldc);
extern void mlk_dsyrk_t_plain(int m, int n, const double *a, int lda, double *c, int ldc);
extern void mlk_dgemv_plain(int m, int n, const double *a, int lda, const double *x, double beta, double *y);
extern void mlk_dgemv_t_plain(int m, int n, const double *a, int lda, const double *x, double *y);
extern bool mlk_dpotrf_u_plain(int n, double *a, int lda);
extern bool mlk_dpotri_u_plain(int n, double *a, int lda);

/* what both share: the upper triangle copied below the diagonal */
extern void mlk_mirror_upper(int n, double *a, int lda);

#endif							/* MLK_BLAS_PLAIN_H */
