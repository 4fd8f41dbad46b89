/*
 * blas.c: OpenBLAS behind the wrappers of blas.h.
 *
 * The library is opened with dlopen at first use in a backend, never linked:
 * it starts threads when it is loaded, and the postmaster must not have any.
 * It is told to keep to one thread, because the pool already runs products
 * side by side, and again by a call once it is open.
 *
 * OpenBLAS chooses a kernel for the CPU when it is loaded, and a version older
 * than the CPU chooses badly (0.3.21 falls back to the SSE3 "Prescott" on
 * models it has not heard of, six times slower in a product).  The name it
 * reports is compared with what the CPU can do, and the library is closed and
 * opened again with OPENBLAS_CORETYPE when it could do better.
 *
 * The table of entry points is the one piece of static state in the kernels:
 * it is written once, on the main thread, before any pool exists that could
 * read it.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "kernels/blas.h"
#include "kernels/blas_plain.h"

/* CBLAS's numbers, from the reference implementation's cblas.h */
enum
{
	CBLAS_ROW_MAJOR = 101,
	CBLAS_NO_TRANS = 111,
	CBLAS_TRANS = 112,
	CBLAS_UPPER = 121
};

/*
 * Multiplications below which the plain loops win, measured for each: a call
 * into OpenBLAS costs about as much.
 */
#define SMALL_GEMM 64.0
#define SMALL_SYRK 400.0
#define SMALL_GEMV 200.0
#define SMALL_GEMV_T 32.0
#define SMALL_FACTOR 500.0

typedef void (*GemmFn) (int order, int ta, int tb, int m, int n, int k, double alpha, const double *a, int lda,
						const double *b, int ldb, double beta, double *c, int ldc);
typedef void (*Gemm32Fn) (int order, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda,
						  const float *b, int ldb, float beta, float *c, int ldc);
typedef void (*SyrkFn) (int order, int uplo, int trans, int n, int k, double alpha, const double *a, int lda,
						double beta, double *c, int ldc);
typedef void (*GemvFn) (int order, int trans, int m, int n, double alpha, const double *a, int lda,
						const double *x, int incx, double beta, double *y, int incy);
typedef void (*FactorFn) (const char *uplo, const int *n, double *a, const int *lda, int *info, size_t uplo_len);

typedef struct Blas
{
	void	   *handle;
	GemmFn		gemm;
	Gemm32Fn	gemm32;
	SyrkFn		syrk;
	GemvFn		gemv;
	FactorFn	potrf;
	FactorFn	potri;
	bool		serial;			/* the library does not lock: one call at a time */
	bool		opened;			/* tried, with or without success */
	MlkBlasInfo info;
} Blas;

static Blas blas = {.info = {.library = "built-in loops"}};
static pthread_mutex_t serial_lock = PTHREAD_MUTEX_INITIALIZER;

static const char *const sonames[] = {"libopenblas.so.0", "libopenblas.so"};

/* ---- environment variables that OpenBLAS reads while it is loaded ---- */

typedef struct Environment
{
	const char *name;
	char	   *before;			/* copy, NULL when it was not set */
} Environment;

static Environment
environment_set(const char *name, const char *value)
{
	const char *before = getenv(name);
	Environment saved = {name, before == NULL ? NULL : strdup(before)};

	setenv(name, value, 1);
	return saved;
}

static void
environment_restore(Environment *saved)
{
	if (saved->before != NULL)
		setenv(saved->name, saved->before, 1);
	else
		unsetenv(saved->name);
	free(saved->before);
}

/* ---- opening ---- */

/* dlsym gives an object pointer; POSIX says that it may be stored as a function pointer this way */
static bool
find(void *handle, const char *name, void *function)
{
	void	   *symbol = dlsym(handle, name);

	memcpy(function, &symbol, sizeof(symbol));
	return symbol != NULL;
}

static void
copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from == NULL ? "" : from);
}

/* "OpenBLAS 0.3.21 NO_LAPACKE ...": the second word */
static void
read_version(char *to, size_t size, const char *config)
{
	const char *p = config == NULL ? NULL : strchr(config, ' ');

	snprintf(to, size, "%.*s", p == NULL ? 0 : (int) strcspn(p + 1, " "), p == NULL ? "" : p + 1);
}

/* Fill the table from an open library; false when it lacks an entry point that we need. */
static bool
bind_library(void *handle, const char *soname)
{
	char	   *(*get_config) (void) = NULL;
	char	   *(*get_core) (void) = NULL;
	int			(*get_parallel) (void) = NULL;
	void		(*set_threads) (int) = NULL;
	const char *config;

	if (!find(handle, "cblas_dgemm", &blas.gemm) || !find(handle, "cblas_sgemm", &blas.gemm32) ||
		!find(handle, "cblas_dsyrk", &blas.syrk) ||
		!find(handle, "cblas_dgemv", &blas.gemv) || !find(handle, "dpotrf_", &blas.potrf) ||
		!find(handle, "dpotri_", &blas.potri) || !find(handle, "openblas_get_config", &get_config) ||
		!find(handle, "openblas_get_corename", &get_core))
		return false;
	if (find(handle, "openblas_set_num_threads", &set_threads))
		set_threads(1);
	config = get_config();
	blas.serial = find(handle, "openblas_get_parallel", &get_parallel) && get_parallel() == 0 &&
		(config == NULL || strstr(config, "USE_LOCKING") == NULL);
	blas.handle = handle;
	blas.info.loaded = true;
	copy_text(blas.info.library, sizeof(blas.info.library), soname);
	copy_text(blas.info.core, sizeof(blas.info.core), get_core());
	read_version(blas.info.version, sizeof(blas.info.version), config);
	return true;
}

static void
close_library(void)
{
	if (blas.handle != NULL)
		dlclose(blas.handle);
	memset(&blas, 0, sizeof(blas));
	copy_text(blas.info.library, sizeof(blas.info.library), "built-in loops");
}

/* core NULL: OpenBLAS's own choice, or that of the server's environment */
static bool
load(const char *core)
{
	Environment threads = environment_set("OPENBLAS_NUM_THREADS", "1");
	Environment core_type = {NULL, NULL};
	bool		loaded = false;

	if (core != NULL)
		core_type = environment_set("OPENBLAS_CORETYPE", core);
	for (size_t i = 0; i < sizeof(sonames) / sizeof(sonames[0]) && !loaded; i++)
	{
		void	   *handle = dlopen(sonames[i], RTLD_NOW | RTLD_LOCAL);

		loaded = handle != NULL && bind_library(handle, sonames[i]);
		if (handle != NULL && !loaded)
			dlclose(handle);
	}
	if (!loaded)
		close_library();
	if (core != NULL)
		environment_restore(&core_type);
	environment_restore(&threads);
	return loaded;
}

/* ---- the kernel that fits the CPU ---- */

#if defined(__x86_64__)

/* Steps of what x86 CPUs can do; a core of a higher level is faster.  Names that are not here are trusted. */
static const struct
{
	const char *core;
	int			level;
}			core_levels[] = {
	{"Prescott", 0}, {"Core2", 0}, {"Penryn", 0}, {"Dunnington", 0}, {"Nehalem", 0}, {"Atom", 0},
	{"Athlon", 0}, {"Opteron", 0}, {"Opteron_SSE3", 0}, {"Barcelona", 0}, {"Bobcat", 0}, {"Nano", 0},
	{"Sandybridge", 1}, {"Bulldozer", 1}, {"Piledriver", 1}, {"Steamroller", 1},
	{"Excavator", 2}, {"Haswell", 2}, {"Zen", 2},
	{"SkylakeX", 3}, {"Cooperlake", 4}, {"SapphireRapids", 5}
};

static int
core_level(const char *core)
{
	for (size_t i = 0; i < sizeof(core_levels) / sizeof(core_levels[0]); i++)
		if (strcasecmp(core, core_levels[i].core) == 0)
			return core_levels[i].level;
	return 5;
}

/* CPUID leaf 7, EDX bit 23: half-precision arithmetic, which came with Sapphire Rapids (Intel SDM, volume 2A) */
static bool
cpu_has_fp16(void)
{
	unsigned	eax,
				ebx,
				ecx,
				edx;

	return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (edx & (1u << 23)) != 0;
}

/* __builtin_cpu_supports asks the operating system too, whether it saves the wide registers */
static int
cpu_level(void)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
	{
		if (!__builtin_cpu_supports("avx512bf16"))
			return 3;
		return cpu_has_fp16() ? 5 : 4;
	}
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 2 : 0;
}

/*
 * Load again with the best kernel that the CPU can run.  A build without that
 * kernel takes another; the next one down is tried only while it would still
 * be better than what is loaded.  Nothing changes when the library cannot be
 * unloaded because something else in the process holds it.
 */
static void
improve_core(void)
{
	static const char *const best_first[] = {"SapphireRapids", "Cooperlake", "SkylakeX", "Haswell"};
	int			cpu = cpu_level();

	for (size_t i = 0; i < sizeof(best_first) / sizeof(best_first[0]) && blas.info.loaded; i++)
	{
		int			level = core_level(best_first[i]);

		if (level > cpu || level <= core_level(blas.info.core))
			continue;
		close_library();
		if (!load(best_first[i]))
			load(NULL);
	}
}

#else

static void
improve_core(void)
{
}

#endif

/*
 * The first call decides for the life of the process: code may be running in
 * the library, and another kernel would round otherwise.
 */
void
mlk_blas_open(const char *core)
{
	bool		chosen = core != NULL && core[0] != '\0';

	if (blas.opened)
		return;
	if (load(chosen ? core : NULL) && !chosen && getenv("OPENBLAS_CORETYPE") == NULL)
		improve_core();
	blas.opened = true;
}

const MlkBlasInfo *
mlk_blas_info(void)
{
	return &blas.info;
}

/* ---- the wrappers ---- */

static inline void
enter(void)
{
	if (blas.serial)
		pthread_mutex_lock(&serial_lock);
}

static inline void
leave(void)
{
	if (blas.serial)
		pthread_mutex_unlock(&serial_lock);
}

/* also true for empty matrices, whose strides the library may refuse */
static inline bool
plain_is_better(double multiplications, double small)
{
	return !blas.info.loaded || multiplications < small;
}

void
mlk_dgemm(bool ta, bool tb, int m, int n, int k, double alpha,
		  const double *a, int lda, const double *b, int ldb,
		  double beta, double *c, int ldc)
{
	if (plain_is_better((double) m * n * k, SMALL_GEMM))
	{
		mlk_dgemm_plain(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
		return;
	}
	enter();
	blas.gemm(CBLAS_ROW_MAJOR, ta ? CBLAS_TRANS : CBLAS_NO_TRANS, tb ? CBLAS_TRANS : CBLAS_NO_TRANS,
			  m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
	leave();
}

void
mlk_sgemm(bool ta, bool tb, int m, int n, int k, float alpha,
		  const float *a, int lda, const float *b, int ldb,
		  float beta, float *c, int ldc)
{
	if (plain_is_better((double) m * n * k, SMALL_GEMM))
	{
		mlk_sgemm_plain(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
		return;
	}
	enter();
	blas.gemm32(CBLAS_ROW_MAJOR, ta ? CBLAS_TRANS : CBLAS_NO_TRANS, tb ? CBLAS_TRANS : CBLAS_NO_TRANS,
				m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
	leave();
}

void
mlk_dsyrk_t(int m, int n, const double *a, int lda, double *c, int ldc)
{
	if (plain_is_better((double) m * n * n, SMALL_SYRK))
	{
		mlk_dsyrk_t_plain(m, n, a, lda, c, ldc);
		return;
	}
	enter();
	blas.syrk(CBLAS_ROW_MAJOR, CBLAS_UPPER, CBLAS_TRANS, n, m, 1.0, a, lda, 1.0, c, ldc);
	leave();
}

void
mlk_dgemv(int m, int n, const double *a, int lda, const double *x, double beta, double *y)
{
	if (plain_is_better((double) m * n, SMALL_GEMV))
	{
		mlk_dgemv_plain(m, n, a, lda, x, beta, y);
		return;
	}
	enter();
	blas.gemv(CBLAS_ROW_MAJOR, CBLAS_NO_TRANS, m, n, 1.0, a, lda, x, 1, beta, y, 1);
	leave();
}

void
mlk_dgemv_t(int m, int n, const double *a, int lda, const double *x, double *y)
{
	if (plain_is_better((double) m * n, SMALL_GEMV_T))
	{
		mlk_dgemv_t_plain(m, n, a, lda, x, y);
		return;
	}
	enter();
	blas.gemv(CBLAS_ROW_MAJOR, CBLAS_TRANS, m, n, 1.0, a, lda, x, 1, 1.0, y, 1);
	leave();
}

/* LAPACK reads columns, so our upper triangle is its lower one, and U'U is its L L'. */
bool
mlk_dpotrf_u(int n, double *a, int lda)
{
	int			info = 0;

	if (plain_is_better((double) n * n * n / 3.0, SMALL_FACTOR))
		return mlk_dpotrf_u_plain(n, a, lda);
	enter();
	blas.potrf("L", &n, a, &lda, &info, 1);
	leave();
	if (info != 0)
		return false;
	/* optimised kernels let NaN and infinity pass */
	for (int i = 0; i < n; i++)
	{
		double		d = a[(size_t) i * lda + i];

		if (!(d > 0.0) || isinf(d))
			return false;
	}
	return true;
}

bool
mlk_dpotri_u(int n, double *a, int lda)
{
	int			info = 0;

	if (plain_is_better((double) n * n * n / 3.0, SMALL_FACTOR))
		return mlk_dpotri_u_plain(n, a, lda);
	enter();
	blas.potri("L", &n, a, &lda, &info, 1);
	leave();
	if (info != 0)
		return false;
	mlk_mirror_upper(n, a, lda);
	return true;
}
