/*
 * aggregate.c: arguments, bytes and results of the aggregates over truth and prediction.
 */
#include "postgres.h"

#include <math.h>

#include "libpq/pqformat.h"
#include "utils/float.h"

#include "api/aggregate.h"

/* products of two sums of weights stay in the range of numbers */
#define MOST_WEIGHT 1e140

MemoryContext
ml_aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called outside of an aggregate");
	return context;
}

static double
read_weight(FunctionCallInfo fcinfo, int i)
{
	double		weight = PG_GETARG_FLOAT8(i);

	if (!(weight >= 0 && weight <= MOST_WEIGHT))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("weight of a row is %s", float8out_internal(weight)),
				 errhint("Weights are numbers from 0 to %g.", MOST_WEIGHT)));
	return weight;
}

bool
ml_aggregate_has_row(FunctionCallInfo fcinfo, bool weighted, double *weight)
{
	for (int i = 1; i < PG_NARGS(); i++)
	{
		if (PG_ARGISNULL(i))
			return false;
	}
	*weight = weighted ? read_weight(fcinfo, PG_NARGS() - 1) : 1;
	return true;
}

double
ml_aggregate_number(FunctionCallInfo fcinfo, int i, const char *what)
{
	double		value = PG_GETARG_FLOAT8(i);

	if (isnan(value))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s of a row is NaN", what),
				 errhint("Leave such rows out: FILTER (WHERE ... <> 'NaN').")));
	return value;
}

double
ml_aggregate_finite(FunctionCallInfo fcinfo, int i, const char *what)
{
	double		value = ml_aggregate_number(fcinfo, i, what);

	if (isinf(value))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s of a row is %s", what, float8out_internal(value)),
				 errhint("Leave such rows out: FILTER (WHERE abs(...) < 'Infinity').")));
	return value;
}

double
ml_aggregate_probability(FunctionCallInfo fcinfo, int i)
{
	double		value = ml_aggregate_number(fcinfo, i, "probability");

	if (value < 0 || value > 1)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("probability of a row is %s", float8out_internal(value)),
				 errhint("This metric takes probabilities from 0 to 1. For scores of another scale use mlops_roc_auc or mlops_pr_auc.")));
	return value;
}

void
ml_aggregate_send_doubles(StringInfo out, const double *value, int64 n)
{
	/* to a worker of the same server: no need for network order */
	pq_sendbytes(out, (const char *) value, (int) (n * sizeof(double)));
}

void
ml_aggregate_read_doubles(StringInfo in, double *value, int64 n)
{
	pq_copymsgbytes(in, (char *) value, (int) (n * sizeof(double)));
}

Datum
ml_aggregate_result(FunctionCallInfo fcinfo, double value)
{
	if (isnan(value))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}
