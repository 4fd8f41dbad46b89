/*
 * aggregate_ranking.c: area under the ROC curve and average precision of a score.
 *
 * The state keeps every row's score and truth, and its weight once a row has one that is not 1: 9 or 17 bytes a row.
 * Rows are sorted by the final functions, which leave the state as it is: a window may ask again.
 */
#include "postgres.h"

#include <math.h>

#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "api/aggregate.h"
#include "api/pool.h"
#include "guc.h"
#include "interrupts.h"
#include "kernels/metrics.h"

PG_FUNCTION_INFO_V1(mlops_ranking_accum);
PG_FUNCTION_INFO_V1(mlops_ranking_accum_weighted);
PG_FUNCTION_INFO_V1(mlops_ranking_combine);
PG_FUNCTION_INFO_V1(mlops_ranking_serial);
PG_FUNCTION_INFO_V1(mlops_ranking_deserial);
PG_FUNCTION_INFO_V1(mlops_roc_auc_final);
PG_FUNCTION_INFO_V1(mlops_pr_auc_final);

#define FIRST_ROOM 64
/* below it a sort is over before a thread has started */
#define THREADS_ROWS 100000

typedef struct Ranking
{
	MemoryContext context;
	int64		n;
	int64		room;
	double	   *score;
	double	   *weight;			/* NULL: all 1 */
	uint8	   *positive;
} Ranking;

static Size
bytes_per_row(const Ranking *r)
{
	return sizeof(double) + sizeof(uint8) + (r->weight != NULL ? sizeof(double) : 0);
}

static Ranking *
make_ranking(MemoryContext context, int64 room, bool weighted)
{
	Ranking    *r = MemoryContextAllocZero(context, sizeof(Ranking));

	r->context = context;
	r->room = Max(room, FIRST_ROOM);
	r->score = MemoryContextAllocHuge(context, mul_size(r->room, sizeof(double)));
	r->positive = MemoryContextAllocHuge(context, r->room);
	if (weighted)
		r->weight = MemoryContextAllocHuge(context, mul_size(r->room, sizeof(double)));
	return r;
}

/* what is over mlops.max_memory is refused with both numbers */
static void
price(const Ranking *r, Size bytes, const char *more)
{
	if (bytes / 1024 > (Size) ml_max_memory_kb)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("ranking %s" INT64_FORMAT " rows needs %zu MB, mlops.max_memory is %d MB",
						more, r->n, bytes >> 20, ml_max_memory_kb / 1024),
				 errhint("Raise mlops.max_memory, or take a sample of the rows: TABLESAMPLE SYSTEM (10).")));
}

/* for `more` rows */
static void
make_room(Ranking *r, int64 more)
{
	int64		room = Max(r->room * 2, r->n + more);

	if (r->n + more <= r->room)
		return;
	price(r, mul_size(room, bytes_per_row(r)), "more than ");
	r->room = room;
	r->score = repalloc_huge(r->score, mul_size(room, sizeof(double)));
	r->positive = repalloc_huge(r->positive, room);
	if (r->weight != NULL)
		r->weight = repalloc_huge(r->weight, mul_size(room, sizeof(double)));
}

/* the rows so far had weight 1 */
static void
need_weights(Ranking *r)
{
	if (r->weight != NULL)
		return;
	r->weight = MemoryContextAllocHuge(r->context, mul_size(r->room, sizeof(double)));
	for (int64 i = 0; i < r->n; i++)
		r->weight[i] = 1;
}

static inline void
add_row(Ranking *r, bool positive, double score, double weight)
{
	if (unlikely(r->n == r->room))
		make_room(r, 1);
	if (unlikely(weight != 1))
		need_weights(r);
	r->score[r->n] = score;
	r->positive[r->n] = positive;
	if (r->weight != NULL)
		r->weight[r->n] = weight;
	r->n++;
}

static Datum
ranking_accum(FunctionCallInfo fcinfo, bool weighted)
{
	Ranking    *r = PG_ARGISNULL(0) ? make_ranking(ml_aggregate_context(fcinfo), 0, false) :
		(Ranking *) PG_GETARG_POINTER(0);
	double		weight;

	if (ml_aggregate_has_row(fcinfo, weighted, &weight) && weight > 0)
		add_row(r, PG_GETARG_BOOL(1), ml_aggregate_number(fcinfo, 2, "score"), weight);
	PG_RETURN_POINTER(r);
}

/* (state, truth boolean, score float8) */
Datum
mlops_ranking_accum(PG_FUNCTION_ARGS)
{
	return ranking_accum(fcinfo, false);
}

/* (state, truth boolean, score float8, weight float8) */
Datum
mlops_ranking_accum_weighted(PG_FUNCTION_ARGS)
{
	return ranking_accum(fcinfo, true);
}

/* rows of b behind those of a */
static void
append(Ranking *a, const Ranking *b)
{
	if (b->weight != NULL)
		need_weights(a);
	make_room(a, b->n);
	memcpy(a->score + a->n, b->score, sizeof(double) * b->n);
	memcpy(a->positive + a->n, b->positive, b->n);
	for (int64 i = 0; a->weight != NULL && i < b->n; i++)
		a->weight[a->n + i] = b->weight != NULL ? b->weight[i] : 1;
	a->n += b->n;
}

Datum
mlops_ranking_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = ml_aggregate_context(fcinfo);
	Ranking    *a = PG_ARGISNULL(0) ? NULL : (Ranking *) PG_GETARG_POINTER(0);
	const Ranking *b = PG_ARGISNULL(1) ? NULL : (const Ranking *) PG_GETARG_POINTER(1);

	if (a == NULL && b == NULL)
		PG_RETURN_NULL();
	if (a == NULL)
		a = make_ranking(context, b->n, b->weight != NULL);
	if (b != NULL)
		append(a, b);
	PG_RETURN_POINTER(a);
}

Datum
mlops_ranking_serial(PG_FUNCTION_ARGS)
{
	const Ranking *r = (const Ranking *) PG_GETARG_POINTER(0);
	StringInfoData out;

	(void) ml_aggregate_context(fcinfo);
	if (mul_size(r->n, bytes_per_row(r)) > MaxAllocSize - 64)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a parallel worker cannot hand over the scores of " INT64_FORMAT " rows", r->n),
				 errhint("SET max_parallel_workers_per_gather = 0 for this query.")));
	pq_begintypsend(&out);
	pq_sendint64(&out, r->n);
	pq_sendbyte(&out, r->weight != NULL);
	ml_aggregate_send_doubles(&out, r->score, r->n);
	pq_sendbytes(&out, (const char *) r->positive, (int) r->n);
	if (r->weight != NULL)
		ml_aggregate_send_doubles(&out, r->weight, r->n);
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

Datum
mlops_ranking_deserial(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	StringInfoData in;
	Ranking    *r;
	int64		n;
	bool		weighted;

	(void) ml_aggregate_context(fcinfo);
	in.data = VARDATA_ANY(bytes);
	in.len = in.maxlen = VARSIZE_ANY_EXHDR(bytes);
	in.cursor = 0;
	n = pq_getmsgint64(&in);
	weighted = pq_getmsgbyte(&in) != 0;
	if (n < 0 || n > in.len / (int64) sizeof(double))
		elog(ERROR, "damaged state of a ranking");
	r = make_ranking(CurrentMemoryContext, n, weighted);
	ml_aggregate_read_doubles(&in, r->score, n);
	pq_copymsgbytes(&in, (char *) r->positive, (int) n);
	if (weighted)
		ml_aggregate_read_doubles(&in, r->weight, n);
	pq_getmsgend(&in);
	r->n = n;
	PG_RETURN_POINTER(r);
}

/* NaN where there is none: no rows, or rows of one side alone */
static void
rank(FunctionCallInfo fcinfo, double *roc_auc, double *pr_auc)
{
	const Ranking *r = PG_ARGISNULL(0) ? NULL : (const Ranking *) PG_GETARG_POINTER(0);
	MemoryContext scratch;
	MemoryContext old;

	*roc_auc = *pr_auc = NAN;
	if (r == NULL || r->n == 0)
		return;
	if (r->n > UINT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot rank " INT64_FORMAT " rows", r->n),
				 errdetail("A ranking takes at most %u rows.", UINT32_MAX)));
	price(r, add_size(mul_size(r->room, bytes_per_row(r)), mlk_ranking_scratch(r->n)), "");
	scratch = AllocSetContextCreate(CurrentMemoryContext, "mlops ranking", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(scratch);
	ml_check_status(mlk_ranking_metrics(r->n >= THREADS_ROWS ? ml_pool_create() : NULL,
										r->positive, r->score, r->weight, r->n,
										MemoryContextAllocHuge(scratch, mlk_ranking_scratch(r->n)),
										roc_auc, pr_auc));
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
}

Datum
mlops_roc_auc_final(PG_FUNCTION_ARGS)
{
	double		roc_auc;
	double		pr_auc;

	rank(fcinfo, &roc_auc, &pr_auc);
	return ml_aggregate_result(fcinfo, roc_auc);
}

Datum
mlops_pr_auc_final(PG_FUNCTION_ARGS)
{
	double		roc_auc;
	double		pr_auc;

	rank(fcinfo, &roc_auc, &pr_auc);
	return ml_aggregate_result(fcinfo, pr_auc);
}
