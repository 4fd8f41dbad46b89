/*
 * aggregate.h: what the aggregates over truth and prediction share.
 *
 * A row counts when truth, prediction and, where there is one, weight are all there; rows with a NULL are left out, as the server's
 * own aggregates of two columns do.  A metric of no rows is NULL.  States live in the aggregate's context, merge, and travel
 * between parallel workers as bytes.
 */
#ifndef ML_AGGREGATE_H
#define ML_AGGREGATE_H

#include "postgres.h"
#include "fmgr.h"
#include "lib/stringinfo.h"

/* the context that the state lives in; elog(ERROR) when not called as an aggregate */
extern MemoryContext ml_aggregate_context(FunctionCallInfo fcinfo);

/* false when an argument behind the state is NULL; *weight: the last one when weighted, else 1; it may be 0 */
extern bool ml_aggregate_has_row(FunctionCallInfo fcinfo, bool weighted, double *weight);

/* number of an argument that must not be NaN: ERROR 22003 with what */
extern double ml_aggregate_number(FunctionCallInfo fcinfo, int i, const char *what);
/* nor infinite: the same ERROR */
extern double ml_aggregate_finite(FunctionCallInfo fcinfo, int i, const char *what);
/* a probability: ERROR 22003 outside of [0, 1] */
extern double ml_aggregate_probability(FunctionCallInfo fcinfo, int i);

/* a state as bytes: everything of an array of doubles and back; ERROR XX001 for another length */
extern void ml_aggregate_send_doubles(StringInfo out, const double *value, int64 n);
extern void ml_aggregate_read_doubles(StringInfo in, double *value, int64 n);

/* a metric as result: NaN is NULL */
extern Datum ml_aggregate_result(FunctionCallInfo fcinfo, double value);

#endif							/* ML_AGGREGATE_H */
