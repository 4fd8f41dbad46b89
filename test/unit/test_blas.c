/*
 * test_blas.c: OpenBLAS behind the seam, and the plain loops, agree with each other and with the definitions.
 *
 * The order of the tests matters: the first ones run before the library is open.
 */
#include "unit.h"

#include "kernels/blas.h"
#include "kernels/blas_plain.h"
#include "kernels/rng.h"

/* sums of a few hundred products of numbers around 1 */
#define PRODUCT_TOLERANCE 1e-12
#define PRODUCT_TOLERANCE_32 1e-5
/* inverse of a well-conditioned matrix */
#define INVERSE_TOLERANCE 1e-9
#define TRIALS 60
#define MAX_SIDE 70

static MlkRng rng;

static double *
random_matrix(int rows, int ld)
{
	double	   *a = unit_array(double, (size_t) rows * ld);

	for (size_t i = 0; i < (size_t) rows * ld; i++)
		a[i] = mlk_rng_normal(&rng);
	return a;
}

static int
random_side(void)
{
	return (int) mlk_rng_below(&rng, MAX_SIDE) + 1;
}

/* relative to the largest element, since single ones may cancel */
static void
assert_matrices_close(const double *a, const double *b, size_t n, double tolerance)
{
	double		size = 1.0;

	for (size_t i = 0; i < n; i++)
		size = fmax(size, fabs(b[i]));
	for (size_t i = 0; i < n; i++)
		if (!(fabs(a[i] - b[i]) <= tolerance * size))
			assert_close(a[i], b[i], tolerance);
}

/* the definition, element by element; padding beyond n must stay as it was */
static void
gemm_by_definition(bool ta, bool tb, int m, int n, int k, double alpha, const double *a, int lda,
				   const double *b, int ldb, double beta, double *c, int ldc)
{
	for (int i = 0; i < m; i++)
		for (int j = 0; j < n; j++)
		{
			double		sum = 0.0;

			for (int p = 0; p < k; p++)
				sum += (ta ? a[p * lda + i] : a[i * lda + p]) * (tb ? b[j * ldb + p] : b[p * ldb + j]);
			c[i * ldc + j] = alpha * sum + (beta == 0.0 ? 0.0 : beta * c[i * ldc + j]);
		}
}

static void
check_gemm(bool ta, bool tb, double beta)
{
	int			m = random_side();
	int			n = random_side();
	int			k = random_side();
	int			lda = (ta ? m : k) + 3;
	int			ldb = (tb ? k : n) + 2;
	int			ldc = n + 1;
	double	   *a = random_matrix(ta ? k : m, lda);
	double	   *b = random_matrix(tb ? n : k, ldb);
	double	   *c = random_matrix(m, ldc);
	double	   *plain = unit_array(double, (size_t) m * ldc);
	double	   *expected = unit_array(double, (size_t) m * ldc);

	if (beta == 0.0)
		c[0] = NAN;
	memcpy(plain, c, (size_t) m * ldc * sizeof(double));
	memcpy(expected, c, (size_t) m * ldc * sizeof(double));
	gemm_by_definition(ta, tb, m, n, k, 1.5, a, lda, b, ldb, beta, expected, ldc);
	mlk_dgemm(ta, tb, m, n, k, 1.5, a, lda, b, ldb, beta, c, ldc);
	mlk_dgemm_plain(ta, tb, m, n, k, 1.5, a, lda, b, ldb, beta, plain, ldc);
	assert_matrices_close(c, expected, (size_t) m * ldc, PRODUCT_TOLERANCE);
	assert_matrices_close(plain, expected, (size_t) m * ldc, PRODUCT_TOLERANCE);
	unit_free(a);
	unit_free(b);
	unit_free(c);
	unit_free(plain);
	unit_free(expected);
}

/* the product in 32 bits is that in 64 bits of the same numbers, to rounding */
static void
check_sgemm(bool ta, bool tb, double beta)
{
	int			m = random_side();
	int			n = random_side();
	int			k = random_side();
	int			lda = (ta ? m : k) + 3;
	int			ldb = (tb ? k : n) + 2;
	int			ldc = n + 1;
	size_t		size[3] = {(size_t) (ta ? k : m) * lda, (size_t) (tb ? n : k) * ldb, (size_t) m * ldc};
	double	   *wide[3];
	float	   *narrow[3];
	float	   *plain = unit_array(float, size[2]);
	double	   *found = unit_array(double, size[2]);

	for (int i = 0; i < 3; i++)
	{
		wide[i] = random_matrix(1, (int) size[i]);
		narrow[i] = unit_array(float, size[i]);
		for (size_t j = 0; j < size[i]; j++)
			wide[i][j] = narrow[i][j] = (float) wide[i][j];
	}
	if (beta == 0.0)
		narrow[2][0] = NAN;
	memcpy(plain, narrow[2], size[2] * sizeof(float));
	gemm_by_definition(ta, tb, m, n, k, 1.5, wide[0], lda, wide[1], ldb, beta, wide[2], ldc);
	mlk_sgemm(ta, tb, m, n, k, 1.5f, narrow[0], lda, narrow[1], ldb, (float) beta, narrow[2], ldc);
	mlk_sgemm_plain(ta, tb, m, n, k, 1.5f, narrow[0], lda, narrow[1], ldb, (float) beta, plain, ldc);
	for (int i = 0; i < 2; i++)
	{
		for (size_t j = 0; j < size[2]; j++)
			found[j] = i == 0 ? narrow[2][j] : plain[j];
		assert_matrices_close(found, wide[2], size[2], PRODUCT_TOLERANCE_32);
	}
	for (int i = 0; i < 3; i++)
	{
		unit_free(wide[i]);
		unit_free(narrow[i]);
	}
	unit_free(plain);
	unit_free(found);
}

static void
test_sgemm(void **state)
{
	static const double beta[] = {0.0, 1.0, -0.5};

	for (int i = 0; i < TRIALS; i++)
		check_sgemm(i & 1, i & 2, beta[i % 3]);
}

static void
test_gemm(void **state)
{
	static const double beta[] = {0.0, 1.0, -0.5};

	for (int i = 0; i < TRIALS; i++)
		check_gemm(i & 1, i & 2, beta[i % 3]);
	/* nothing to add up: C = beta C */
	{
		double		c[2] = {2.0, 4.0};

		mlk_dgemm(false, false, 1, 2, 0, 1.0, NULL, 1, NULL, 2, 0.5, c, 2);
		assert_true(c[0] == 1.0 && c[1] == 2.0);
	}
}

/* y := A x + beta y and y += A'x against gemm's definition */
static void
check_gemv(void)
{
	int			m = random_side();
	int			n = random_side();
	int			lda = n + 2;
	double	   *a = random_matrix(m, lda);
	double	   *x = random_matrix(m > n ? m : n, 1);
	double	   *y = random_matrix(m > n ? m : n, 1);
	double	   *expected = unit_array(double, m > n ? m : n);
	double	   *plain = unit_array(double, m > n ? m : n);

	memcpy(expected, y, (m > n ? m : n) * sizeof(double));
	memcpy(plain, y, (m > n ? m : n) * sizeof(double));
	gemm_by_definition(false, false, m, 1, n, 1.0, a, lda, x, 1, 0.25, expected, 1);
	mlk_dgemv(m, n, a, lda, x, 0.25, y);
	mlk_dgemv_plain(m, n, a, lda, x, 0.25, plain);
	assert_matrices_close(y, expected, m, PRODUCT_TOLERANCE);
	assert_matrices_close(plain, expected, m, PRODUCT_TOLERANCE);

	memcpy(y, expected, (m > n ? m : n) * sizeof(double));
	memcpy(plain, expected, (m > n ? m : n) * sizeof(double));
	gemm_by_definition(true, false, n, 1, m, 1.0, a, lda, x, 1, 1.0, expected, 1);
	mlk_dgemv_t(m, n, a, lda, x, y);
	mlk_dgemv_t_plain(m, n, a, lda, x, plain);
	assert_matrices_close(y, expected, n, PRODUCT_TOLERANCE);
	assert_matrices_close(plain, expected, n, PRODUCT_TOLERANCE);
	unit_free(a);
	unit_free(x);
	unit_free(y);
	unit_free(expected);
	unit_free(plain);
}

static void
test_gemv(void **state)
{
	for (int i = 0; i < TRIALS; i++)
		check_gemv();
}

/* upper triangle of A'A + C; what lies below the diagonal is nobody's business */
static void
check_syrk(void)
{
	int			m = random_side();
	int			n = random_side();
	int			lda = n + 1;
	int			ldc = n + 2;
	double	   *a = random_matrix(m, lda);
	double	   *c = random_matrix(n, ldc);
	double	   *plain = unit_array(double, (size_t) n * ldc);
	double	   *expected = unit_array(double, (size_t) n * ldc);

	memcpy(plain, c, (size_t) n * ldc * sizeof(double));
	memcpy(expected, c, (size_t) n * ldc * sizeof(double));
	gemm_by_definition(true, false, n, n, m, 1.0, a, lda, a, lda, 1.0, expected, ldc);
	mlk_dsyrk_t(m, n, a, lda, c, ldc);
	mlk_dsyrk_t_plain(m, n, a, lda, plain, ldc);
	for (int i = 0; i < n; i++)
	{
		assert_matrices_close(c + i * ldc + i, expected + i * ldc + i, n - i, PRODUCT_TOLERANCE);
		assert_matrices_close(plain + i * ldc + i, expected + i * ldc + i, n - i, PRODUCT_TOLERANCE);
	}
	unit_free(a);
	unit_free(c);
	unit_free(plain);
	unit_free(expected);
}

static void
test_syrk(void **state)
{
	for (int i = 0; i < TRIALS; i++)
		check_syrk();
}

/* factor and inverse: U'U = A in the upper triangle, A^-1 A = I with both triangles */
static void
check_cholesky(int n, bool plain)
{
	int			ld = n + 1;
	double	   *x = random_matrix(2 * n + 5, n);
	double	   *a = unit_array(double, (size_t) n * ld);
	double	   *f = unit_array(double, (size_t) n * ld);
	double	   *u = unit_array(double, (size_t) n * ld);
	double	   *product = unit_array(double, (size_t) n * ld);

	gemm_by_definition(true, false, n, n, 2 * n + 5, 1.0, x, n, x, n, 0.0, a, ld);
	memcpy(f, a, (size_t) n * ld * sizeof(double));
	assert_true(plain ? mlk_dpotrf_u_plain(n, f, ld) : mlk_dpotrf_u(n, f, ld));
	for (int i = 0; i < n; i++)
		for (int j = i; j < n; j++)
			u[i * ld + j] = f[i * ld + j];
	gemm_by_definition(true, false, n, n, n, 1.0, u, ld, u, ld, 0.0, product, ld);
	assert_matrices_close(product, a, (size_t) n * ld, PRODUCT_TOLERANCE);

	assert_true(plain ? mlk_dpotri_u_plain(n, f, ld) : mlk_dpotri_u(n, f, ld));
	gemm_by_definition(false, false, n, n, n, 1.0, f, ld, a, ld, 0.0, product, ld);
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			assert_true(fabs(product[i * ld + j] - (i == j)) < INVERSE_TOLERANCE);
	unit_free(x);
	unit_free(a);
	unit_free(f);
	unit_free(u);
	unit_free(product);
}

static void
test_cholesky(void **state)
{
	for (int n = 1; n <= MAX_SIDE; n += 3)
	{
		check_cholesky(n, true);
		check_cholesky(n, false);
	}
}

/* indefinite, rank-deficient, NaN, infinite: refused by both, small and large */
static void
test_not_positive_definite(void **state)
{
	static const double bad[] = {-1.0, 0.0, NAN, INFINITY};

	for (int n = 3; n <= 40; n += 37)
		for (int b = 0; b < 4; b++)
		{
			double	   *a = unit_array(double, n * n);
			double	   *copy = unit_array(double, n * n);

			for (int i = 0; i < n; i++)
				a[i * n + i] = 1.0;
			a[(n - 1) * n + n - 1] = bad[b];
			memcpy(copy, a, n * n * sizeof(double));
			assert_false(mlk_dpotrf_u(n, a, n));
			assert_false(mlk_dpotrf_u_plain(n, copy, n));
			unit_free(a);
			unit_free(copy);
		}
}

/* ---- the library ---- */

static int
process_threads(void)
{
	FILE	   *status = fopen("/proc/self/status", "r");
	char		line[256];
	int			threads = -1;

	assert_non_null(status);
	while (fgets(line, sizeof(line), status) != NULL)
		sscanf(line, "Threads: %d", &threads);
	fclose(status);
	return threads;
}

static void
test_before_open(void **state)
{
	assert_false(mlk_blas_info()->loaded);
	assert_string_equal(mlk_blas_info()->library, "built-in loops");
}

/* loading starts no thread, leaves the environment alone, and happens once */
static void
test_open(void **state)
{
	int			threads = process_threads();
	MlkBlasInfo first;

	setenv("OPENBLAS_NUM_THREADS", "7", 1);
	unsetenv("OPENBLAS_CORETYPE");
	mlk_blas_open(NULL);
	assert_int_equal(process_threads(), threads);
	assert_string_equal(getenv("OPENBLAS_NUM_THREADS"), "7");
	assert_null(getenv("OPENBLAS_CORETYPE"));

	first = *mlk_blas_info();
	mlk_blas_open("Haswell");
	assert_memory_equal(&first, mlk_blas_info(), sizeof(first));
	if (!first.loaded)
		skip();
	assert_true(first.core[0] != '\0' && first.version[0] != '\0');
	print_message("%s %s, kernel %s\n", first.library, first.version, first.core);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_open),
		cmocka_unit_test(test_gemm),
		cmocka_unit_test(test_sgemm),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_gemm),
		cmocka_unit_test(test_sgemm),
		cmocka_unit_test(test_gemv),
		cmocka_unit_test(test_syrk),
		cmocka_unit_test(test_cholesky),
		cmocka_unit_test(test_not_positive_definite),
	};

	mlk_rng_seed(&rng, 20);
	return cmocka_run_group_tests_name("blas", tests, NULL, NULL);
}
