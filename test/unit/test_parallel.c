/*
 * test_parallel.c: every block runs once, on no more threads than asked for, until somebody says stop.
 */
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "kernels/parallel.h"

#define BLOCKS 1000
#define MAX_THREADS 8

/* ---- a system that refuses threads (the linker sends pthread_create here) ---- */

static int	threads_allowed = MAX_THREADS;

extern int	__real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*main) (void *), void *arg);
extern int	__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*main) (void *), void *arg);

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*main) (void *), void *arg)
{
	if (threads_allowed == 0)
		return EAGAIN;
	threads_allowed--;
	return __real_pthread_create(thread, attr, main, arg);
}

/* ---- what the blocks do ---- */

typedef struct Record
{
	atomic_int	runs[BLOCKS];
	atomic_int	total;
	atomic_int	by_worker[MAX_THREADS];
	atomic_int	signals_open;	/* helpers that could take a SIGINT, SIGTERM or SIGUSR1 */
} Record;

static void
record_block(void *arg, int64_t block, int worker)
{
	Record	   *record = arg;
	sigset_t	mask;

	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	if (worker > 0 && !(sigismember(&mask, SIGINT) && sigismember(&mask, SIGTERM) && sigismember(&mask, SIGUSR1)))
		atomic_fetch_add(&record->signals_open, 1);
	atomic_fetch_add(&record->runs[block], 1);
	atomic_fetch_add(&record->by_worker[worker], 1);
	atomic_fetch_add(&record->total, 1);
}

static int	polls_left;

static bool
stop_after_polls(void)
{
	return polls_left-- <= 0;
}

static void
check_all_run(MlkPool *pool, int blocks)
{
	Record	   *record = unit_array(Record, 1);

	assert_int_equal(mlk_parallel_for(pool, blocks, record_block, record), MLK_OK);
	assert_int_equal(record->total, blocks);
	for (int i = 0; i < blocks; i++)
		assert_int_equal(record->runs[i], 1);
	assert_int_equal(record->signals_open, 0);
	for (int i = mlk_pool_threads(pool); i < MAX_THREADS; i++)
		assert_int_equal(record->by_worker[i], 0);
	unit_free(record);
}

static void
test_every_block_once(void **state)
{
	static const int counts[] = {0, 1, 2, 3, 17, BLOCKS};

	for (int threads = 0; threads <= MAX_THREADS; threads++)
	{
		MlkPool    *pool = threads == 0 ? NULL : mlk_pool_create(threads, NULL);

		assert_int_equal(mlk_pool_threads(pool), threads == 0 ? 1 : threads);
		threads_allowed = MAX_THREADS;
		for (int round = 0; round < 20; round++)
			for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
				check_all_run(pool, counts[i]);
		mlk_pool_destroy(pool);
	}
}

/* no thread is started that no block could use */
static void
test_no_idle_helpers(void **state)
{
	MlkPool    *pool = mlk_pool_create(MAX_THREADS, NULL);

	threads_allowed = MAX_THREADS;
	check_all_run(pool, 1);
	assert_int_equal(threads_allowed, MAX_THREADS);
	check_all_run(pool, 3);
	assert_int_equal(threads_allowed, MAX_THREADS - 2);
	check_all_run(pool, BLOCKS);
	assert_int_equal(threads_allowed, 1);
	mlk_pool_destroy(pool);
}

static void
test_threads_refused(void **state)
{
	for (int allowed = 0; allowed < 3; allowed++)
	{
		MlkPool    *pool = mlk_pool_create(4, NULL);

		threads_allowed = allowed;
		check_all_run(pool, BLOCKS);
		check_all_run(pool, BLOCKS);
		assert_int_equal(mlk_pool_threads(pool), 4);
		mlk_pool_destroy(pool);
	}
	threads_allowed = MAX_THREADS;
}

static void
test_stop(void **state)
{
	for (int threads = 1; threads <= 3; threads++)
	{
		MlkPool    *pool = mlk_pool_create(threads, stop_after_polls);
		Record	   *record = unit_array(Record, 1);

		/* asked before the first block: alone, the caller runs none; helpers may have been quicker */
		polls_left = 0;
		assert_int_equal(mlk_parallel_for(pool, BLOCKS, record_block, record), MLK_CANCELLED);
		if (threads == 1)
			assert_int_equal(record->total, 0);

		/* asked between any two blocks */
		memset(record, 0, sizeof(Record));
		polls_left = 10;
		if (mlk_parallel_for(pool, BLOCKS, record_block, record) == MLK_OK)
			assert_int_equal(record->total, BLOCKS);
		else
			assert_int_equal(record->by_worker[0], 10);

		/* the pool is as good as new */
		polls_left = INT32_MAX;
		check_all_run(pool, BLOCKS);
		unit_free(record);
		mlk_pool_destroy(pool);
	}
}

/* the caller's own mask is left as it was */
static void
test_caller_mask(void **state)
{
	MlkPool    *pool = mlk_pool_create(2, NULL);
	sigset_t	mask;

	threads_allowed = MAX_THREADS;
	check_all_run(pool, 10);
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	assert_false(sigismember(&mask, SIGINT));
	mlk_pool_destroy(pool);
	mlk_pool_destroy(NULL);
}

/* Each of many tasks has run, once, when its wait returns: with helpers, without, and with a system that refuses them. */
static void
run_tasks(MlkPool *pool)
{
	Record	   *record = calloc(1, sizeof(Record));

	assert_non_null(record);
	for (int i = 1; i <= 200; i++)
	{
		mlk_task_start(pool, record_block, record);
		assert_int_equal(mlk_task_wait(pool), MLK_OK);
		assert_int_equal(atomic_load(&record->runs[0]), i);
	}
	/* nothing is under way: waiting again is harmless, and loops work as before */
	assert_int_equal(mlk_task_wait(pool), MLK_OK);
	assert_int_equal(atomic_load(&record->runs[0]), 200);
	assert_int_equal(mlk_parallel_for(pool, BLOCKS, record_block, record), MLK_OK);
	assert_int_equal(atomic_load(&record->total), 200 + BLOCKS);
	assert_int_equal(atomic_load(&record->signals_open), 0);
	free(record);
}

static void
test_tasks(void **state)
{
	(void) state;
	run_tasks(NULL);
	for (int threads = 1; threads <= 3; threads++)
	{
		MlkPool    *pool = mlk_pool_create(threads, NULL);

		threads_allowed = MAX_THREADS;
		run_tasks(pool);
		mlk_pool_destroy(pool);
	}
	threads_allowed = 0;
	{
		MlkPool    *pool = mlk_pool_create(2, NULL);

		run_tasks(pool);
		mlk_pool_destroy(pool);
	}
	threads_allowed = MAX_THREADS;
}

/* ---- threads that look before they sleep ---- */

typedef struct Chain
{
	int64_t		value[BLOCKS];
	int64_t		round;
	atomic_int	wrong;
} Chain;

/* reads what another block of the last round wrote, maybe on another thread: two halves in turn */
static void
halves_block(void *arg, int64_t block, int worker)
{
	Chain	   *chain = arg;
	int64_t		half = BLOCKS / 2;
	int64_t		own = (chain->round & 1) * half + block;
	int64_t		other = (1 - (chain->round & 1)) * half + (half - 1 - block);

	(void) worker;
	if (chain->value[other] != chain->round - 1)
		atomic_fetch_add(&chain->wrong, 1);
	chain->value[own] = chain->round;
}

static void
test_attentive(void **state)
{
	(void) state;
	threads_allowed = 100 * MAX_THREADS;
	for (int threads = 1; threads <= 4; threads++)
	{
		MlkPool    *pool = mlk_pool_create(threads, stop_after_polls);
		Chain	   *chain = unit_array(Chain, 1);

		memset(chain, 0, sizeof(Chain));
		polls_left = INT32_MAX;
		mlk_pool_attend(pool, true);
		check_all_run(pool, BLOCKS);
		for (chain->round = 1; chain->round <= 300; chain->round++)
		{
			/* at times after everybody has gone to sleep */
			if (chain->round % 100 == 0)
				usleep(1000);
			assert_int_equal(mlk_parallel_for(pool, BLOCKS / 2, halves_block, chain), MLK_OK);
		}
		assert_int_equal(chain->wrong, 0);
		/* cancelled in its midst, a task, then off again in the middle of it all */
		polls_left = 3;
		(void) mlk_parallel_for(pool, BLOCKS / 2, halves_block, chain);
		polls_left = INT32_MAX;
		run_tasks(pool);
		mlk_pool_attend(pool, false);
		check_all_run(pool, BLOCKS);
		/* ended while the helpers look */
		mlk_pool_attend(pool, true);
		check_all_run(pool, 2);
		mlk_pool_destroy(pool);
		unit_free(chain);
	}
	mlk_pool_attend(NULL, true);
	threads_allowed = MAX_THREADS;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_block_once),
		cmocka_unit_test(test_no_idle_helpers),
		cmocka_unit_test(test_threads_refused),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_caller_mask),
		cmocka_unit_test(test_tasks),
		cmocka_unit_test(test_attentive),
	};

	return cmocka_run_group_tests_name("parallel", tests, NULL, NULL);
}
