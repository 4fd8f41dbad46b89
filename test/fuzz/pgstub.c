/*
 * pgstub.c: palloc, ereport and what else the readers of model bytes call, on top of malloc and longjmp.
 *
 * Every allocation is a malloc of its own, so that the sanitizers see each overrun, and stands on one list that a run gives
 * back at its end.  Memory contexts are names only.  The checksum is a toy: the fuzzer seals its inputs with the same.
 */
#include "pgstub.h"

#include <setjmp.h>

#include "catalog/namespace.h"
#include "common/cryptohash.h"
#include "dataset/bigmem.h"
#include "dataset/dataset.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/regproc.h"

#undef qsort

typedef struct Chunk
{
	struct Chunk *next;
	struct Chunk *previous;
	size_t		size;
	size_t		align;			/* the bytes that follow are aligned like malloc's */
} Chunk;

static Chunk chunks = {&chunks, &chunks, 0, 0};
static size_t in_use;
static size_t peak;
static jmp_buf *on_error;
static int	level;
static char message[1024];

volatile sig_atomic_t InterruptPending;
volatile sig_atomic_t QueryCancelPending;
volatile sig_atomic_t ProcDiePending;
MemoryContext CurrentMemoryContext;
MemoryContext TopMemoryContext;
MemoryContext CacheMemoryContext;

/* ---- memory ---- */

static void *
take(size_t size)
{
	Chunk	   *chunk = malloc(sizeof(Chunk) + size);

	if (chunk == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	chunk->size = size;
	chunk->next = &chunks;
	chunk->previous = chunks.previous;
	chunks.previous->next = chunk;
	chunks.previous = chunk;
	in_use += size;
	peak = Max(peak, in_use);
	return chunk + 1;
}

/* PostgreSQL's limit of an ordinary allocation is part of what is tested */
static void *
take_ordinary(size_t size)
{
	if (size > MaxAllocSize)
		elog(ERROR, "invalid memory alloc request size %zu", size);
	return take(size);
}

void *
palloc(Size size)
{
	return take_ordinary(size);
}

void *
palloc0(Size size)
{
	return memset(take_ordinary(size), 0, size);
}

void
pfree(void *pointer)
{
	Chunk	   *chunk = (Chunk *) pointer - 1;

	chunk->previous->next = chunk->next;
	chunk->next->previous = chunk->previous;
	in_use -= chunk->size;
	free(chunk);
}

static void *
move(void *pointer, size_t size)
{
	void	   *moved = take(size);

	memcpy(moved, pointer, Min(((Chunk *) pointer - 1)->size, size));
	pfree(pointer);
	return moved;
}

void *
repalloc(void *pointer, Size size)
{
	if (size > MaxAllocSize)
		elog(ERROR, "invalid memory alloc request size %zu", size);
	return move(pointer, size);
}

void *
repalloc_huge(void *pointer, Size size)
{
	if (size > MaxAllocHugeSize)
		elog(ERROR, "invalid memory alloc request size %zu", size);
	return move(pointer, size);
}

void *
MemoryContextAlloc(MemoryContext context, Size size)
{
	return take_ordinary(size);
}

void *
MemoryContextAllocZero(MemoryContext context, Size size)
{
	return palloc0(size);
}

void *
MemoryContextAllocZeroAligned(MemoryContext context, Size size)
{
	return palloc0(size);
}

void *
MemoryContextAllocHuge(MemoryContext context, Size size)
{
	if (size > MaxAllocHugeSize)
		elog(ERROR, "invalid memory alloc request size %zu", size);
	return take(size);
}

void *
palloc_extended(Size size, int flags)
{
	void	   *pointer = (flags & MCXT_ALLOC_HUGE) != 0 ? take(size) : take_ordinary(size);

	return (flags & MCXT_ALLOC_ZERO) != 0 ? memset(pointer, 0, size) : pointer;
}

void *
MemoryContextAllocExtended(MemoryContext context, Size size, int flags)
{
	return palloc_extended(size, flags);
}

char *
pnstrdup(const char *in, Size len)
{
	size_t		n = strnlen(in, len);
	char	   *out = take_ordinary(n + 1);

	memcpy(out, in, n);
	out[n] = '\0';
	return out;
}

char *
pstrdup(const char *in)
{
	return pnstrdup(in, strlen(in));
}

MemoryContext
AllocSetContextCreateInternal(MemoryContext parent, const char *name, Size min, Size initial, Size max)
{
	return NULL;
}

void
MemoryContextDelete(MemoryContext context)
{
}

void
MemoryContextReset(MemoryContext context)
{
}

Size
mul_size(Size a, Size b)
{
	Size		product;

	if (__builtin_mul_overflow(a, b, &product))
		elog(ERROR, "requested size overflows");
	return product;
}

Size
add_size(Size a, Size b)
{
	Size		sum;

	if (__builtin_add_overflow(a, b, &sum))
		elog(ERROR, "requested size overflows");
	return sum;
}

/* ---- errors ---- */

bool
errstart(int elevel, const char *domain)
{
	level = elevel;
	return elevel >= ERROR;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return errstart(elevel, domain);
}

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	if (level < ERROR)
		return;
	if (on_error == NULL)
	{
		fprintf(stderr, "error outside of a run: %s\n", message);
		abort();
	}
	longjmp(*on_error, 1);
}

int
errcode(int sqlerrcode)
{
	return 0;
}

static void
keep_message(const char *fmt, va_list args)
{
	vsnprintf(message, sizeof(message), fmt, args);
}

int
errmsg(const char *fmt,...)
{
	va_list		args;

	va_start(args, fmt);
	keep_message(fmt, args);
	va_end(args);
	return 0;
}

int
errmsg_internal(const char *fmt,...)
{
	va_list		args;

	va_start(args, fmt);
	keep_message(fmt, args);
	va_end(args);
	return 0;
}

int
errdetail(const char *fmt,...)
{
	return 0;
}

int
errdetail_internal(const char *fmt,...)
{
	return 0;
}

int
errhint(const char *fmt,...)
{
	return 0;
}

void
ProcessInterrupts(void)
{
}

void
ExceptionalCondition(const char *condition, const char *type, const char *file, int line)
{
	fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
	abort();
}

const char *
stub_message(void)
{
	return message;
}

size_t
stub_peak(void)
{
	return peak;
}

bool
stub_run(void (*fn) (void *arg), void *arg, bool keep)
{
	jmp_buf		here;
	jmp_buf    *outer = on_error;
	volatile bool fine = false;	/* set between setjmp and longjmp */

	peak = in_use;
	if (setjmp(here) == 0)
	{
		on_error = &here;
		fn(arg);
		fine = true;
	}
	on_error = outer;
	while (!keep && chunks.next != &chunks)
		pfree(chunks.next + 1);
	return fine;
}

/* ---- sorting ---- */

void
pg_qsort(void *base, size_t nel, size_t elsize, int (*cmp) (const void *, const void *))
{
	qsort(base, nel, elsize, cmp);
}

void
qsort_arg(void *base, size_t nel, size_t elsize, qsort_arg_comparator cmp, void *arg)
{
	qsort_r(base, nel, elsize, cmp, arg);
}

/* ---- texts: the encoding is UTF-8, and there is no text search ---- */

int
GetDatabaseEncoding(void)
{
	return PG_UTF8;
}

char *
pg_any_to_server(const char *s, int len, int encoding)
{
	return unconstify(char *, s);
}

List *
stringToQualifiedNameList(const char *string)
{
	return NIL;
}

Oid
get_ts_config_oid(List *names, bool missing_ok)
{
	return InvalidOid;
}

/* ---- the checksum: FNV-1a in 32 bytes ---- */

struct pg_cryptohash_ctx
{
	uint64		hash;
};

pg_cryptohash_ctx *
pg_cryptohash_create(pg_cryptohash_type type)
{
	return palloc0(sizeof(pg_cryptohash_ctx));
}

int
pg_cryptohash_init(pg_cryptohash_ctx *ctx)
{
	ctx->hash = UINT64CONST(0xcbf29ce484222325);
	return 0;
}

int
pg_cryptohash_update(pg_cryptohash_ctx *ctx, const uint8 *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		ctx->hash = (ctx->hash ^ data[i]) * UINT64CONST(0x100000001b3);
	return 0;
}

int
pg_cryptohash_final(pg_cryptohash_ctx *ctx, uint8 *dest, size_t len)
{
	for (size_t i = 0; i < len; i++)
		dest[i] = (uint8) (ctx->hash >> (8 * (i % 8)));
	return 0;
}

void
pg_cryptohash_free(pg_cryptohash_ctx *ctx)
{
	pfree(ctx);
}

const char *
pg_cryptohash_error(pg_cryptohash_ctx *ctx)
{
	return "none";
}

/* ---- the dataset room: columns of one chunk ---- */

void *
ml_budget_alloc(MlBudget *budget, Size count, Size size, const char *what)
{
	return take(Max(mul_size(count, size), 1));
}

void
ml_budget_free(MlBudget *budget, void *array)
{
	if (array != NULL)
		pfree(array);
}

void *
ml_palloc_array(Size count, Size size)
{
	return take_ordinary(mul_size(count, size));
}

const char *
ml_type_name(MlType type)
{
	return "any";
}

bool
ml_column_is_prose(const MlColumn *column)
{
	return false;
}

int
ml_dataset_column(const MlDataset *data, const char *name)
{
	for (int i = 0; i < data->n_columns; i++)
	{
		if (strcmp(data->columns[i].name, name) == 0)
			return i;
	}
	return -1;
}

void
ml_column_gather(const MlColumn *column, int k, const uint32 *order, int64 n, double *out, int64 stride)
{
	for (int64 i = 0; i < n; i++)
	{
		uint32		row = order[i];

		out[i * stride] = column->number[row >> ML_CHUNK_BITS][(row & ML_CHUNK_MASK) * column->width + k];
	}
}

void
ml_column_gather_codes(const MlColumn *column, const uint32 *order, int64 n, uint32 *out)
{
	for (int64 i = 0; i < n; i++)
		out[i] = column->code[order[i] >> ML_CHUNK_BITS][order[i] & ML_CHUNK_MASK];
}
