/*
 * blas.h: the one seam to OpenBLAS.
 *
 * The library is opened at first use with dlopen (never when this extension
 * is loaded, so the postmaster gets no thread), single-threaded; our own pool
 * runs several products side by side.  When it cannot be opened, plain loops
 * with the same results to rounding take over: they are also the oracle of
 * the unit tests.  All matrices here are ROW-major; ld is the row stride.
 */
#ifndef MLK_BLAS_H
#define MLK_BLAS_H

#include "kernels/mlk.h"

typedef struct MlkBlasInfo
{
	bool		loaded;
	char		library[256];	/* path or soname; "built-in loops" when not loaded */
	char		version[64];
	char		core[64];		/* kernel in use, e.g. SapphireRapids */
} MlkBlasInfo;

/*
 * Idempotent.  core overrides the choice of kernel (OPENBLAS_CORETYPE); NULL or ""
 * lets us choose: when OpenBLAS names a kernel below what the CPU has, it is
 * loaded again with a better one.  Called on the main thread only.
 */
extern void mlk_blas_open(const char *core);
extern const MlkBlasInfo *mlk_blas_info(void);

/* C[m,n] = alpha * op(A) op(B) + beta * C; ta/tb: transpose */
extern void mlk_dgemm(bool ta, bool tb, int m, int n, int k, double alpha,
					  const double *a, int lda, const double *b, int ldb,
					  double beta, double *c, int ldc);
/* the same in 32 bits */
extern void mlk_sgemm(bool ta, bool tb, int m, int n, int k, float alpha,
					  const float *a, int lda, const float *b, int ldb,
					  float beta, float *c, int ldc);
/* C[n,n] += A' A for A[m,n]; the UPPER triangle of C only */
extern void mlk_dsyrk_t(int m, int n, const double *a, int lda, double *c, int ldc);
/* y[m] = A[m,n] x + beta y */
extern void mlk_dgemv(int m, int n, const double *a, int lda, const double *x, double beta, double *y);
/* y[n] += A[m,n]' x */
extern void mlk_dgemv_t(int m, int n, const double *a, int lda, const double *x, double *y);
/* In place Cholesky A = U'U of the upper triangle; false when not positive definite */
extern bool mlk_dpotrf_u(int n, double *a, int lda);
/* In place inverse of a symmetric matrix from its dpotrf_u factor; fills both triangles */
extern bool mlk_dpotri_u(int n, double *a, int lda);

#endif							/* MLK_BLAS_H */
