/*
 * run.c: planning and running a source into a receiver, as the current user.
 *
 * Parallel query is allowed, at the planner's own prices.  A Gather copies every row into a queue and out of it again, on the
 * leader's account; parallel_tuple_cost stands for that.  Measured with two cores, a million rows of 20 float8 into the receiver of load.c:
 * with parallel_tuple_cost = 0 (the planner then always gathers) one worker took 1.4 times and two workers 1.6 times as long as the
 * serial scan, and with ten exp and ln a row two workers still took 1.2 times as long.  What does gain, queries that filter,
 * join or aggregate before they return rows, the default price lets through.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "rewrite/rewriteHandler.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#include "dataset/source.h"

static void
run_error_context(void *arg)
{
	errcontext("reading source \"%s\"", ml_source_label(arg));
}

static PlannedStmt *
plan_source(const MlSource *source, bool parallel)
{
	List	   *rewritten = QueryRewrite(copyObject(source->query));

	if (list_length(rewritten) != 1)
		elog(ERROR, "source was rewritten to %d queries", list_length(rewritten));
	return pg_plan_query(linitial_node(Query, rewritten), source->sql,
						 parallel ? CURSOR_OPT_PARALLEL_OK : 0, NULL);
}

void
ml_source_run(MlSource *source, DestReceiver *dest)
{
	bool		parallel = !IsInParallelMode();
	ErrorContextCallback callback;
	QueryDesc  *query_desc;

	callback.callback = run_error_context;
	callback.arg = source;
	callback.previous = error_context_stack;
	error_context_stack = &callback;

	if (!IsInParallelMode())
	{
		/* see what this transaction wrote up to now, as a volatile SQL function would */
		CommandCounterIncrement();
		PushActiveSnapshot(source->snapshot != NULL ? source->snapshot : GetTransactionSnapshot());
	}
	else
		PushActiveSnapshot(GetActiveSnapshot());
	query_desc = CreateQueryDesc(plan_source(source, parallel), source->sql, GetActiveSnapshot(), InvalidSnapshot,
								 dest, NULL, NULL, 0);
	ExecutorStart(query_desc, 0);
	ExecutorRun(query_desc, ForwardScanDirection, 0, true);
	ExecutorFinish(query_desc);
	ExecutorEnd(query_desc);
	FreeQueryDesc(query_desc);
	PopActiveSnapshot();
	error_context_stack = callback.previous;
}
