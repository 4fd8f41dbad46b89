/*
 * parallel.c: a small pool of POSIX threads behind a parallel loop and a background task.
 *
 * OpenMP is not used because libgomp's idle threads spin by default and read
 * the setting that stops them only when the library is loaded; beside another
 * busy process that costs more than a second thread gains.  Here idle threads
 * sleep on a condition variable.  Loops of some ten microseconds that follow
 * each other at once would spend their time on waking up: for those,
 * mlk_pool_attend lets both sides look for a moment before they sleep.
 *
 * A loop invites as many helpers as can be useful.  An invitation is a counter
 * under the lock: a helper that wakes up takes one, and the caller withdraws
 * those still lying there once no block is left, so a helper that the
 * scheduler woke too late delays nobody.  Blocks are handed out by an atomic
 * counter; everything else is protected by the lock.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "kernels/parallel.h"

/* how long an attentive thread looks for what it waits for, before it sleeps: some times what waking it would take */
#define LOOK_NANOSECONDS 50000
#define LOOKS 32				/* between two readings of the clock */

typedef struct Helper
{
	MlkPool    *pool;
	int			worker;			/* 1 .. threads - 1; the caller is 0 */
	pthread_t	thread;
} Helper;

struct MlkPool
{
	int			threads;		/* as asked for, with the caller */
	MlkStopFn	stop;
	int			started;		/* helpers running; main thread only */
	bool		start_failed;	/* the system refused a thread: do not ask again */

	pthread_mutex_t lock;
	pthread_cond_t invitation;	/* helpers wait here */
	pthread_cond_t idle;		/* the caller waits here for working = 0 */
	bool		closing;
	atomic_int	invited;		/* invitations nobody has taken yet */
	atomic_int	working;		/* helpers inside the current loop */
	atomic_bool attentive;		/* the next loop comes soon */

	/* the current loop; written by the caller while working = 0 */
	MlkBlockFn	fn;
	void	   *arg;
	int64_t		blocks;
	atomic_int_fast64_t next;	/* first block that nobody has taken */
	atomic_bool stopped;

	Helper		helper[];		/* threads - 1 */
};

/* Take blocks until there are none.  Only the calling thread asks stop: the callback is not made for threads. */
static void
work(MlkPool *pool, int worker)
{
	for (;;)
	{
		int64_t		block;

		if (worker == 0 && mlk_pool_stop(pool))
			atomic_store_explicit(&pool->stopped, true, memory_order_relaxed);
		if (atomic_load_explicit(&pool->stopped, memory_order_relaxed))
			return;
		block = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
		if (block >= pool->blocks)
			return;
		pool->fn(pool->arg, block, worker);
	}
}

static inline int64_t
nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline void
relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

/*
 * Wait a moment, outside the lock, for there to be a number, or none.  What was seen is looked at again under the lock: this only saves
 * the sleep.  The processor is offered to whoever else wants it each time that the clock is read.
 */
static void
look(const MlkPool *pool, const atomic_int *number, bool some)
{
	int64_t		end;

	if (!atomic_load_explicit(&pool->attentive, memory_order_relaxed))
		return;
	end = nanoseconds() + LOOK_NANOSECONDS;
	do
	{
		for (int i = 0; i < LOOKS; i++)
		{
			if ((atomic_load_explicit(number, memory_order_relaxed) != 0) == some)
				return;
			relax();
		}
		sched_yield();
	} while (nanoseconds() < end);
}

static void *
helper_main(void *arg)
{
	Helper	   *self = arg;
	MlkPool    *pool = self->pool;

	pthread_mutex_lock(&pool->lock);
	for (;;)
	{
		if (pool->invited == 0 && !pool->closing)
		{
			pthread_mutex_unlock(&pool->lock);
			look(pool, &pool->invited, true);
			pthread_mutex_lock(&pool->lock);
		}
		while (pool->invited == 0 && !pool->closing)
			pthread_cond_wait(&pool->invitation, &pool->lock);
		if (pool->closing)
			break;
		pool->invited--;
		pool->working++;
		pthread_mutex_unlock(&pool->lock);

		work(pool, self->worker);

		pthread_mutex_lock(&pool->lock);
		if (--pool->working == 0)
			pthread_cond_signal(&pool->idle);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/*
 * Have `wanted` helpers running, or as many as the system gives.  They inherit
 * a mask with every signal blocked, so that the server's handlers run on the
 * main thread only.
 */
static void
start_helpers(MlkPool *pool, int wanted)
{
	sigset_t	all;
	sigset_t	before;

	if (pool->started >= wanted || pool->start_failed)
		return;
	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return;
	while (pool->started < wanted && !pool->start_failed)
	{
		Helper	   *helper = &pool->helper[pool->started];

		helper->pool = pool;
		helper->worker = pool->started + 1;
		if (pthread_create(&helper->thread, NULL, helper_main, helper) == 0)
			pool->started++;
		else
			pool->start_failed = true;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Threads are started by the first loop that can use them: many calls never run one. */
MlkPool *
mlk_pool_create(int threads, MlkStopFn stop)
{
	int			helpers = threads > 1 ? threads - 1 : 0;
	MlkPool    *pool = calloc(1, sizeof(MlkPool) + (size_t) helpers * sizeof(Helper));

	if (pool == NULL)
		return NULL;
	pool->threads = helpers + 1;
	pool->stop = stop;
	if (pthread_mutex_init(&pool->lock, NULL) != 0)
		goto no_lock;
	if (pthread_cond_init(&pool->invitation, NULL) != 0)
		goto no_invitation;
	if (pthread_cond_init(&pool->idle, NULL) != 0)
		goto no_idle;
	return pool;

no_idle:
	pthread_cond_destroy(&pool->invitation);
no_invitation:
	pthread_mutex_destroy(&pool->lock);
no_lock:
	free(pool);
	return NULL;
}

void
mlk_pool_destroy(MlkPool *pool)
{
	if (pool == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->closing = true;
	pthread_cond_broadcast(&pool->invitation);
	pthread_mutex_unlock(&pool->lock);
	for (int i = 0; i < pool->started; i++)
		pthread_join(pool->helper[i].thread, NULL);
	pthread_cond_destroy(&pool->idle);
	pthread_cond_destroy(&pool->invitation);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

int
mlk_pool_threads(const MlkPool *pool)
{
	return pool == NULL ? 1 : pool->threads;
}

void
mlk_pool_attend(MlkPool *pool, bool attentive)
{
	if (pool != NULL)
		atomic_store_explicit(&pool->attentive, attentive, memory_order_relaxed);
}

bool
mlk_pool_stop(const MlkPool *pool)
{
	return pool != NULL && pool->stop != NULL && pool->stop();
}

static void
invite(MlkPool *pool, int helpers)
{
	pthread_mutex_lock(&pool->lock);
	pool->invited = helpers;
	if (helpers == pool->started)
		pthread_cond_broadcast(&pool->invitation);
	else
		for (int i = 0; i < helpers; i++)
			pthread_cond_signal(&pool->invitation);
	pthread_mutex_unlock(&pool->lock);
}

/* After this no helper touches fn, arg or what they point to. */
static void
join(MlkPool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->invited = 0;
	if (pool->working > 0)
	{
		pthread_mutex_unlock(&pool->lock);
		look(pool, &pool->working, false);
		pthread_mutex_lock(&pool->lock);
	}
	while (pool->working > 0)
		pthread_cond_wait(&pool->idle, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
}

/* Set the next loop up and have helpers at hand for it; how many there are. */
static int
prepare(MlkPool *pool, int64_t blocks, MlkBlockFn fn, void *arg, int helpers)
{
	pool->fn = fn;
	pool->arg = arg;
	pool->blocks = blocks;
	atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
	atomic_store_explicit(&pool->stopped, false, memory_order_relaxed);
	if (helpers > 0)
		start_helpers(pool, helpers);
	return helpers < pool->started ? helpers : pool->started;
}

static MlkStatus
finish(MlkPool *pool, bool invited)
{
	work(pool, 0);
	if (invited)
		join(pool);
	return atomic_load_explicit(&pool->stopped, memory_order_relaxed) ? MLK_CANCELLED : MLK_OK;
}

/*
 * Run fn for every block.  A block must not start a loop on the same pool:
 * the loop at hand is the pool's only one.
 */
MlkStatus
mlk_parallel_for(MlkPool *pool, int64_t blocks, MlkBlockFn fn, void *arg)
{
	int			helpers;

	if (pool == NULL)
	{
		for (int64_t block = 0; block < blocks; block++)
			fn(arg, block, 0);
		return MLK_OK;
	}
	helpers = blocks < pool->threads ? (int) blocks - 1 : pool->threads - 1;
	helpers = prepare(pool, blocks, fn, arg, helpers);
	if (helpers > 0)
		invite(pool, helpers);
	return finish(pool, helpers > 0);
}

/* A task is a loop of one block that the caller leaves to a helper. */
void
mlk_task_start(MlkPool *pool, MlkBlockFn fn, void *arg)
{
	if (pool == NULL)
		fn(arg, 0, 0);
	else if (prepare(pool, 1, fn, arg, pool->threads > 1 ? 1 : 0) > 0)
		invite(pool, 1);
}

MlkStatus
mlk_task_wait(MlkPool *pool)
{
	return pool == NULL ? MLK_OK : finish(pool, pool->started > 0);
}
