/*
 * guc.c: every setting of the extension (prefix mlops.), and what follows from them.
 */
#include "postgres.h"

#include <sched.h>
#include <unistd.h>

#include "access/parallel.h"
#include "miscadmin.h"
#include "utils/guc.h"

#include "guc.h"

int			ml_max_memory_kb;
int			ml_max_threads;
int			ml_cache_size_kb;
bool		ml_progress;
bool		ml_inspect_training;
char	   *ml_blas_core;

#define FLOOR_MEMORY_KB (64 * 1024)

/* a quarter of the machine: two trainings and the server's own memory fit beside each other */
static int
default_max_memory_kb(void)
{
	double		pages = (double) sysconf(_SC_PHYS_PAGES);
	double		kb = pages * (double) sysconf(_SC_PAGESIZE) / 1024.0 / 4.0;

	if (!(kb > FLOOR_MEMORY_KB))
		return FLOOR_MEMORY_KB;
	return kb < (double) MAX_KILOBYTES ? (int) kb : MAX_KILOBYTES;
}

/* CPUs this process may run on; taskset and cgroup cpusets are honoured */
static int
cpus_at_hand(void)
{
	cpu_set_t	set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return Max(1, CPU_COUNT(&set));
}

/*
 * Parallel workers already share the CPUs with their leader, so they compute
 * on one thread.
 */
int
ml_threads(void)
{
	if (IsParallelWorker())
		return 1;
	if (ml_max_threads > 0)
		return ml_max_threads;
	return Min(cpus_at_hand(), max_parallel_maintenance_workers + 1);
}

void
GucInit(void)
{
	DefineCustomIntVariable("mlops.max_memory",
							"Memory one training may take before its data moves to a mapped temporary file.",
							"The default is a quarter of the machine's memory.",
							&ml_max_memory_kb, default_max_memory_kb(), 1024, MAX_KILOBYTES,
							PGC_USERSET, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("mlops.max_threads",
							"Threads one call may compute with.",
							"0 means the CPUs at hand, at most max_parallel_maintenance_workers + 1.",
							&ml_max_threads, 0, 0, 256,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("mlops.cache_size",
							"Memory for models kept ready in each session.",
							NULL,
							&ml_cache_size_kb, 256 * 1024, 64, MAX_KILOBYTES,
							PGC_USERSET, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomBoolVariable("mlops.progress",
							 "Tells the client every few seconds how far a long call is.",
							 NULL,
							 &ml_progress, true,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("mlops.inspect",
							 "Has every training look for leaks, repeated rows and other faults of its data.",
							 "What it finds comes as NOTICEs and is stored with the version.",
							 &ml_inspect_training, true,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	/* not for every user: a kernel that the CPU cannot run ends the backend, and with it all others */
	DefineCustomStringVariable("mlops.blas_core",
							   "OpenBLAS kernel to use, for example Haswell.",
							   "Empty lets the extension choose; it takes effect at the first use in a session.",
							   &ml_blas_core, "",
							   PGC_SUSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("mlops");
}
