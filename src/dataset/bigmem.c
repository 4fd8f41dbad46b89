/*
 * bigmem.c: large arrays from memory up to a limit, from mapped temporary files beyond it.
 *
 * Arrays are carved from segments: a segment is one palloc'd region or one mapped file, so that 1,600 columns in
 * many chunks need neither 25,000 files nor as many system calls.  A segment goes back as a whole when the last of its
 * arrays is freed.  No huge pages are asked for: reading in random order gains from them, but making them costs more than that
 * where the system has to find or clear them first (a training of a million rows took twice as long on new memory).
 *
 * Who owns a file.  The server's resource owner closes (and unlinks) a temporary file when a (sub)transaction ends, which may
 * be before or after the memory context of the budget goes.  A context callback cannot see which came first, so all
 * segments with a file are in one list, and a resource release callback drops the file from the segments of the owner
 * that is being released.  The mapping stays usable until the context goes, which unmaps it; on exit the kernel does.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "commands/tablespace.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/wait_event.h"

#include "dataset/bigmem.h"

#define ARRAY_ALIGNMENT 64		/* a cache line, and the widest vector */
#define MB ((Size) 1024 * 1024)

/* Sizes of pooled segments: a share of what is held already, so that waste and their number both stay small. */
#define MEMORY_SEGMENT_MIN ((Size) 256 * 1024)
#define MEMORY_SEGMENT_MAX (64 * MB)
#define FILE_SEGMENT_MIN (16 * MB)
#define FILE_SEGMENT_MAX (1024 * MB)

/* posix_fallocate may take seconds on a slow disk: reserve in steps and poll for a cancel between them */
#define RESERVE_STEP (256 * MB)

typedef struct Segment
{
	dlist_node	node;			/* in budget->segments */
	dlist_node	file_node;		/* in file_segments, when file_listed */
	bool		file_listed;
	MlBudget   *budget;
	char	   *base;			/* first usable byte, aligned */
	void	   *raw;			/* what palloc returned; NULL for a mapped file */
	Size		size;			/* usable bytes */
	Size		taken;			/* bytes handed out from the front */
	int64		arrays;			/* alive */
	File		file;			/* -1: memory, or closed by the server already */
	ResourceOwner owner;		/* that the file is registered with */
} Segment;

/* in front of every array */
typedef struct ArrayHeader
{
	Segment    *segment;
	Size		size;			/* with header, as carved */
} ArrayHeader;

struct MlBudget
{
	MemoryContext context;
	Size		limit;
	Size		memory;
	Size		in_file;
	Size		peak;
	dlist_head	segments;
	Segment    *memory_pool;	/* where small arrays are carved now, or NULL */
	Segment    *file_pool;
	MemoryContextCallback callback;
};

StaticAssertDecl(sizeof(ArrayHeader) <= ARRAY_ALIGNMENT, "array header must fit in one alignment unit");

/* all segments of this backend whose file is open */
static dlist_head file_segments = DLIST_STATIC_INIT(file_segments);

static void segment_release_file(Segment *segment);

/* The owner at hand lets go of its files: close ours first, so that nobody closes them twice. */
static void
release_owned_files(ResourceReleasePhase phase, bool isCommit, bool isTopLevel, void *arg)
{
	dlist_mutable_iter iter;

	if (phase != RESOURCE_RELEASE_BEFORE_LOCKS)
		return;
	dlist_foreach_modify(iter, &file_segments)
	{
		Segment    *segment = dlist_container(Segment, file_node, iter.cur);

		if (segment->owner == CurrentResourceOwner)
			segment_release_file(segment);
	}
}

static void
segment_release_file(Segment *segment)
{
	if (segment->file_listed)
	{
		dlist_delete(&segment->file_node);
		segment->file_listed = false;
	}
	if (segment->file >= 0)
	{
		File		file = segment->file;

		segment->file = -1;
		FileClose(file);
	}
}

/* The context of the budget goes: memory goes with it, mappings and files are ours to end. */
static void
budget_unmap(void *arg)
{
	MlBudget   *budget = arg;
	dlist_iter	iter;

	dlist_foreach(iter, &budget->segments)
	{
		Segment    *segment = dlist_container(Segment, node, iter.cur);

		if (segment->raw == NULL && segment->base != NULL)
			munmap(segment->base, segment->size);
		segment_release_file(segment);
	}
	dlist_init(&budget->segments);
}

MlBudget *
ml_budget_create(MemoryContext context, Size limit)
{
	static bool registered = false;
	MlBudget   *budget = MemoryContextAllocZero(context, sizeof(MlBudget));

	if (!registered)
	{
		RegisterResourceReleaseCallback(release_owned_files, NULL);
		registered = true;
	}
	budget->context = context;
	budget->limit = limit;
	dlist_init(&budget->segments);
	budget->callback.func = budget_unmap;
	budget->callback.arg = budget;
	MemoryContextRegisterResetCallback(context, &budget->callback);
	return budget;
}

static void
report_overflow(Size count, Size size)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("array of %zu elements of %zu bytes exceeds the address space", count, size)));
}

static Segment *
segment_create(MlBudget *budget)
{
	Segment    *segment = MemoryContextAllocZero(budget->context, sizeof(Segment));

	segment->budget = budget;
	segment->file = -1;
	return segment;
}

/* Into the budget's list and sums, once nothing can fail any more. */
static void
segment_enter(Segment *segment, Size *sum)
{
	MlBudget   *budget = segment->budget;

	*sum += segment->size;
	budget->peak = Max(budget->peak, budget->memory + budget->in_file);
	dlist_push_tail(&budget->segments, &segment->node);
}

static Segment *
segment_in_memory(MlBudget *budget, Size size, const char *what)
{
	Segment    *segment = segment_create(budget);

	segment->raw = MemoryContextAllocExtended(budget->context, size + ARRAY_ALIGNMENT,
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
	if (segment->raw == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory for %s", what),
				 errdetail("The system does not give %zu MB beside the %zu MB in use.",
						   size / MB + 1, budget->memory / MB),
				 errhint("Lower mlops.max_memory, so that the data goes to a temporary file, or use fewer columns or rows.")));
	segment->base = (char *) TYPEALIGN(ARRAY_ALIGNMENT, segment->raw);
	segment->size = size;
	segment_enter(segment, &budget->memory);
	return segment;
}

/* what a refusal says of the state of things */
static int
errdetail_budget(const MlBudget *budget)
{
	return errdetail("%zu MB are in memory, where mlops.max_memory allows %zu MB, and %zu MB in temporary files.",
					 budget->memory / MB, budget->limit / MB, budget->in_file / MB);
}

static void
report_file_failure(const MlBudget *budget, int error, Size size, const char *what)
{
	errno = error;
	ereport(ERROR,
			(errcode(error == ENOSPC || error == EDQUOT || error == EFBIG ?
					 ERRCODE_DISK_FULL : ERRCODE_IO_ERROR),
			 errmsg("could not reserve %zu MB in a temporary file for %s: %m", size / MB, what),
			 errdetail_budget(budget),
			 errhint("Raise mlops.max_memory, free space where temp_tablespaces points, or use fewer columns or rows.")));
}

/*
 * temp_file_limit is enforced by the server when the file is written to; this says so beforehand and with the numbers.
 * Other temporary files of the session may still lead to the server's own message.
 */
static void
check_file_limit(const MlBudget *budget, Size size, const char *what)
{
	if (temp_file_limit >= 0 && budget->in_file + size > (Size) temp_file_limit * 1024)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("%zu MB more for %s exceed temp_file_limit (%d MB)", size / MB, what, temp_file_limit / 1024),
				 errdetail_budget(budget),
				 errhint("Raise mlops.max_memory or temp_file_limit, or use fewer columns or rows.")));
}

/*
 * Make the file size bytes long with every block reserved, so that writing to the mapping cannot run into a full disk (which would
 * be a SIGBUS).  The one byte written through the server's own door is what temp_file_limit is checked with.
 */
static void
reserve_file(const MlBudget *budget, File file, Size size, const char *what)
{
	char		byte = 0;
	int			written = FileWrite(file, &byte, 1, (off_t) size - 1, WAIT_EVENT_BUFFILE_WRITE);

	if (written != 1)
		report_file_failure(budget, written < 0 ? errno : ENOSPC, size, what);
	for (Size from = 0; from < size; from += RESERVE_STEP)
	{
		int			error;

		do
		{
			CHECK_FOR_INTERRUPTS();
			error = posix_fallocate(FileGetRawDesc(file), (off_t) from,
									(off_t) Min(RESERVE_STEP, size - from));
		} while (error == EINTR);
		if (error != 0)
			report_file_failure(budget, error, size, what);
	}
}

/* The file is in the list before anything can fail, so that an error in between finds it. */
static Segment *
segment_in_file(MlBudget *budget, Size size, const char *what)
{
	Segment    *segment = segment_create(budget);
	void	   *base;

	size = TYPEALIGN((Size) getpagesize(), size);
	check_file_limit(budget, size, what);
	PrepareTempTablespaces();
	segment->file = OpenTemporaryFile(false);
	segment->owner = CurrentResourceOwner;
	dlist_push_tail(&file_segments, &segment->file_node);
	segment->file_listed = true;
	segment->size = size;
	dlist_push_tail(&budget->segments, &segment->node);

	reserve_file(budget, segment->file, size, what);
	base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, FileGetRawDesc(segment->file), 0);
	if (base == MAP_FAILED)
		report_file_failure(budget, errno, size, what);
	segment->base = base;
	dlist_delete(&segment->node);
	segment_enter(segment, &budget->in_file);
	return segment;
}

static void
segment_drop(Segment *segment)
{
	MlBudget   *budget = segment->budget;

	if (budget->memory_pool == segment)
		budget->memory_pool = NULL;
	if (budget->file_pool == segment)
		budget->file_pool = NULL;
	dlist_delete(&segment->node);
	if (segment->raw != NULL)
	{
		budget->memory -= segment->size;
		pfree(segment->raw);
	}
	else
	{
		budget->in_file -= segment->size;
		munmap(segment->base, segment->size);
		segment_release_file(segment);
	}
	pfree(segment);
}

Size
ml_budget_room(const MlBudget *budget)
{
	return budget->limit > budget->memory ? budget->limit - budget->memory : 0;
}

/* Room for need bytes: the pool at hand, else a new segment, which becomes the pool unless the array is large. */
static Segment *
find_room(MlBudget *budget, Size need, const char *what)
{
	Size		left = ml_budget_room(budget);
	Segment    *segment;
	Size		size;

	segment = budget->memory_pool;
	if (segment != NULL && segment->size - segment->taken >= need)
		return segment;
	if (need <= left)
	{
		size = Max(need, Min(Max(budget->memory / 8, MEMORY_SEGMENT_MIN), MEMORY_SEGMENT_MAX));
		segment = segment_in_memory(budget, Min(size, left), what);
		if (segment->size > need)
			budget->memory_pool = segment;
		return segment;
	}
	segment = budget->file_pool;
	if (segment != NULL && segment->size - segment->taken >= need)
		return segment;
	size = Max(need, Min(Max(budget->in_file / 8, FILE_SEGMENT_MIN), FILE_SEGMENT_MAX));
	segment = segment_in_file(budget, size, what);
	if (segment->size > need)
		budget->file_pool = segment;
	return segment;
}

void *
ml_budget_alloc(MlBudget *budget, Size count, Size size, const char *what)
{
	Size		bytes;
	Segment    *segment;
	ArrayHeader *header;

	if (__builtin_mul_overflow(count, size, &bytes) || bytes > MaxAllocHugeSize - 4 * MB)
		report_overflow(count, size);
	bytes = TYPEALIGN(ARRAY_ALIGNMENT, bytes) + ARRAY_ALIGNMENT;
	segment = find_room(budget, bytes, what);
	header = (ArrayHeader *) (segment->base + segment->taken);
	header->segment = segment;
	header->size = bytes;
	segment->taken += bytes;
	segment->arrays++;
	return (char *) header + ARRAY_ALIGNMENT;
}

void
ml_budget_free(MlBudget *budget, void *array)
{
	ArrayHeader *header;
	Segment    *segment;

	if (array == NULL)
		return;
	header = (ArrayHeader *) ((char *) array - ARRAY_ALIGNMENT);
	segment = header->segment;
	Assert(segment->budget == budget);
	/* the youngest array of a segment gives its room back at once: arrays that grow by copying do not pile up */
	if ((char *) header + header->size == segment->base + segment->taken)
		segment->taken -= header->size;
	if (--segment->arrays == 0)
		segment_drop(segment);
}

Size
ml_budget_used(const MlBudget *budget)
{
	return budget->memory + budget->in_file;
}

Size
ml_budget_peak(const MlBudget *budget)
{
	return budget->peak;
}

Size
ml_budget_in_file(const MlBudget *budget)
{
	return budget->in_file;
}

void *
ml_palloc_array(Size count, Size size)
{
	Size		bytes;

	if (__builtin_mul_overflow(count, size, &bytes) || bytes > MaxAllocHugeSize)
		report_overflow(count, size);
	return MemoryContextAllocHuge(CurrentMemoryContext, Max(bytes, 1));
}
