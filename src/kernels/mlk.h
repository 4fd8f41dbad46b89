/*
 * mlk.h: what every kernel shares: status codes and build helpers.
 *
 * Kernels are plain C11 on caller-supplied buffers.  They include no
 * PostgreSQL header, keep no mutable static state and never allocate inside a
 * loop, so they can be tested, sanitised and fuzzed without a server.
 */
#ifndef MLK_H
#define MLK_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum MlkStatus
{
	MLK_OK = 0,
	MLK_CANCELLED,				/* the stop callback said so; results undefined */
	MLK_NO_MEMORY,
	MLK_SINGULAR,				/* matrix not positive definite / rank zero */
	MLK_NOT_CONVERGED,			/* best point so far is in the output */
	MLK_NOT_FINITE				/* overflow or NaN on the way */
} MlkStatus;

/*
 * Hot loops are compiled for several instruction sets and dispatched at load
 * time by what the CPU can do (a model name such as arch=haswell would match that
 * model only); the library itself stays portable.  Off under sanitizers and clang
 * (ifunc resolvers run before the sanitizer runtime is up).
 */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(MLK_NO_CLONES)
#define MLK_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define MLK_CLONES
#endif

#endif							/* MLK_H */
