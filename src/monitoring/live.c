/*
 * live.c: the trials of a search while it runs, for other sessions.
 *
 * One writer, any number of readers, no lock: each place has a count that is odd while it is written (as the server's own status
 * entries have), and a reader that meets an odd or changed one tries again.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/dsm.h"

#include "monitoring/live.h"
#include "monitoring/progress.h"

#define LIVE_MAGIC UINT64CONST(0x6d6c6f70736c6976)
#define LIVE_PLACES 500
#define READ_ATTEMPTS 100

typedef struct Place
{
	uint32		changes;
	MlLiveTrial trial;
} Place;

typedef struct Board
{
	uint64		magic;
	Oid			database;
	MlLiveSearch search;
	Place		places[LIVE_PLACES];
} Board;

/* ours; NULL when nothing is shown */
static Board *board = NULL;
static dsm_segment *segment = NULL;

/* also when a transaction ends in an error: the mapping belongs to its resource owner */
static void
forget(dsm_segment *detached, Datum arg)
{
	board = NULL;
	segment = NULL;
}

void
ml_live_start(const MlLiveSearch *search)
{
	Board	   *b;

	ml_live_end();
	segment = dsm_create(sizeof(Board), DSM_CREATE_NULL_IF_MAXSEGMENTS);
	if (segment == NULL)
		return;
	b = dsm_segment_address(segment);
	memset(b, 0, sizeof(Board));
	b->database = MyDatabaseId;
	b->search = *search;
	pg_write_barrier();
	b->magic = LIVE_MAGIC;
	on_dsm_detach(segment, forget, (Datum) 0);
	board = b;
	ml_progress_board(dsm_segment_handle(segment));
}

void
ml_live_put(const MlLiveTrial *trial)
{
	Place	   *place;

	if (board == NULL)
		return;
	place = &board->places[(trial->trial - 1) % LIVE_PLACES];
	place->changes++;
	pg_write_barrier();
	place->trial = *trial;
	pg_write_barrier();
	place->changes++;
}

void
ml_live_end(void)
{
	if (segment == NULL)
		return;
	ml_progress_board(0);
	dsm_detach(segment);
}

static bool
read_place(const volatile Place *place, MlLiveTrial *out)
{
	for (int i = 0; i < READ_ATTEMPTS; i++)
	{
		uint32		before = place->changes;

		pg_read_barrier();
		memcpy(out, (const void *) &place->trial, sizeof(MlLiveTrial));
		pg_read_barrier();
		if (before == place->changes && (before & 1) == 0)
			return out->trial > 0;
		CHECK_FOR_INTERRUPTS();
	}
	return false;
}

static int
compare_trials(const void *a, const void *b)
{
	return ((const MlLiveTrial *) a)->trial - ((const MlLiveTrial *) b)->trial;
}

int
ml_live_read(int backend, MlLiveSearch *search, MlLiveTrial **trials)
{
	uint32		handle = ml_progress_read_board(backend);
	dsm_segment *mapped;
	const Board *b;
	bool		own;
	int			n = 0;

	if (handle == 0)
		return 0;
	mapped = dsm_find_mapping(handle);
	own = mapped != NULL;
	if (!own)
		mapped = dsm_attach(handle);
	if (mapped == NULL)
		return 0;
	b = dsm_segment_address(mapped);
	/* the name may have been given anew since it was read */
	if (dsm_segment_map_length(mapped) >= sizeof(Board) && b->magic == LIVE_MAGIC && b->database == MyDatabaseId)
	{
		*search = b->search;
		*trials = palloc(sizeof(MlLiveTrial) * LIVE_PLACES);
		for (int i = 0; i < LIVE_PLACES; i++)
			n += read_place(&b->places[i], &(*trials)[n]);
		qsort(*trials, n, sizeof(MlLiveTrial), compare_trials);
	}
	if (!own)
		dsm_detach(mapped);
	return n;
}
