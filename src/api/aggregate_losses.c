/*
 * aggregate_losses.c: metrics that are sums over the rows: errors of a regression, and losses of probabilities.
 *
 * One state serves all metrics of a family, so that the server runs it once for a query that asks for several.
 * Definitions are scikit-learn's (sklearn.metrics).
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "libpq/pqformat.h"

#include "api/aggregate.h"

PG_FUNCTION_INFO_V1(mlops_errors_accum);
PG_FUNCTION_INFO_V1(mlops_errors_accum_weighted);
PG_FUNCTION_INFO_V1(mlops_errors_combine);
PG_FUNCTION_INFO_V1(mlops_errors_serial);
PG_FUNCTION_INFO_V1(mlops_errors_deserial);
PG_FUNCTION_INFO_V1(mlops_rmse_final);
PG_FUNCTION_INFO_V1(mlops_mae_final);
PG_FUNCTION_INFO_V1(mlops_mape_final);
PG_FUNCTION_INFO_V1(mlops_r2_final);

PG_FUNCTION_INFO_V1(mlops_losses_accum);
PG_FUNCTION_INFO_V1(mlops_losses_accum_weighted);
PG_FUNCTION_INFO_V1(mlops_losses_combine);
PG_FUNCTION_INFO_V1(mlops_losses_serial);
PG_FUNCTION_INFO_V1(mlops_losses_deserial);
PG_FUNCTION_INFO_V1(mlops_log_loss_final);
PG_FUNCTION_INFO_V1(mlops_brier_final);

/* what both families look like to the code that moves them: a number of doubles, the first of which is the weight */
#define ERRORS_DOUBLES 8
#define LOSSES_DOUBLES 3

typedef struct Errors
{
	double		weight;
	double		rows;			/* of weight > 0 */
	double		origin;			/* a truth: what lies near it is subtracted without rounding */
	double		mean;			/* of the truth, less origin */
	double		deviation;		/* sum of (truth - origin - mean)^2 */
	double		square;
	double		absolute;
	double		relative;		/* |e| / max(|truth|, DBL_EPSILON) */
} Errors;

typedef struct Losses
{
	double		weight;
	double		log_loss;
	double		brier;
} Losses;

StaticAssertDecl(sizeof(Errors) == ERRORS_DOUBLES * sizeof(double), "Errors holds doubles alone");
StaticAssertDecl(sizeof(Losses) == LOSSES_DOUBLES * sizeof(double), "Losses holds doubles alone");

/* the state of argument 0, made when it is the first row */
static void *
state_of(FunctionCallInfo fcinfo, Size size)
{
	if (PG_ARGISNULL(0))
		return MemoryContextAllocZero(ml_aggregate_context(fcinfo), size);
	return PG_GETARG_POINTER(0);
}

static Datum
serial(FunctionCallInfo fcinfo, int doubles)
{
	StringInfoData out;

	(void) ml_aggregate_context(fcinfo);
	pq_begintypsend(&out);
	ml_aggregate_send_doubles(&out, (const double *) PG_GETARG_POINTER(0), doubles);
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

static Datum
deserial(FunctionCallInfo fcinfo, int doubles)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	double	   *state = palloc(doubles * sizeof(double));
	StringInfoData in;

	(void) ml_aggregate_context(fcinfo);
	in.data = VARDATA_ANY(bytes);
	in.len = in.maxlen = VARSIZE_ANY_EXHDR(bytes);
	in.cursor = 0;
	ml_aggregate_read_doubles(&in, state, doubles);
	pq_getmsgend(&in);
	PG_RETURN_POINTER(state);
}

/*
 * Both states, when there are two: *into in the aggregate's context.  Returns false when there is nothing to merge, and *into
 * is the result, which may be NULL.
 */
static bool
merging(FunctionCallInfo fcinfo, Size size, void **into, const void **from)
{
	MemoryContext context = ml_aggregate_context(fcinfo);

	*into = PG_ARGISNULL(0) ? NULL : PG_GETARG_POINTER(0);
	*from = PG_ARGISNULL(1) ? NULL : PG_GETARG_POINTER(1);
	if (*from == NULL)
		return false;
	if (*into == NULL)
	{
		*into = memcpy(MemoryContextAlloc(context, size), *from, size);
		return false;
	}
	return true;
}

static Datum
state_result(FunctionCallInfo fcinfo, void *state)
{
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/* ---- errors of a regression: (state, truth float8, predicted float8 [, weight float8]) ---- */

/* Chan's update of mean and deviation with one value of weight w */
static void
add_error(Errors *s, double truth, double predicted, double w)
{
	double		error = truth - predicted;
	double		delta;

	if (s->rows == 0)
		s->origin = truth;
	delta = truth - s->origin - s->mean;
	s->rows += 1;
	s->weight += w;
	s->mean += delta * (w / s->weight);
	s->deviation += w * delta * (truth - s->origin - s->mean);
	s->square += w * error * error;
	s->absolute += w * fabs(error);
	s->relative += w * fabs(error) / Max(fabs(truth), DBL_EPSILON);
}

static Datum
errors_accum(FunctionCallInfo fcinfo, bool weighted)
{
	Errors	   *s = state_of(fcinfo, sizeof(Errors));
	double		weight;

	if (ml_aggregate_has_row(fcinfo, weighted, &weight) && weight > 0)
		add_error(s, ml_aggregate_finite(fcinfo, 1, "truth"), ml_aggregate_finite(fcinfo, 2, "prediction"), weight);
	PG_RETURN_POINTER(s);
}

Datum
mlops_errors_accum(PG_FUNCTION_ARGS)
{
	return errors_accum(fcinfo, false);
}

Datum
mlops_errors_accum_weighted(PG_FUNCTION_ARGS)
{
	return errors_accum(fcinfo, true);
}

static void
merge_errors(Errors *a, const Errors *b)
{
	double		weight = a->weight + b->weight;
	double		delta = (b->origin - a->origin) + (b->mean - a->mean);

	if (b->weight == 0)
		return;
	if (a->weight == 0)
	{
		*a = *b;
		return;
	}
	a->deviation += b->deviation + delta * delta * (a->weight * (b->weight / weight));
	a->mean += delta * (b->weight / weight);
	a->weight = weight;
	a->rows += b->rows;
	a->square += b->square;
	a->absolute += b->absolute;
	a->relative += b->relative;
}

Datum
mlops_errors_combine(PG_FUNCTION_ARGS)
{
	void	   *into;
	const void *from;

	if (merging(fcinfo, sizeof(Errors), &into, &from))
		merge_errors(into, from);
	return state_result(fcinfo, into);
}

Datum
mlops_errors_serial(PG_FUNCTION_ARGS)
{
	return serial(fcinfo, ERRORS_DOUBLES);
}

Datum
mlops_errors_deserial(PG_FUNCTION_ARGS)
{
	return deserial(fcinfo, ERRORS_DOUBLES);
}

/* the state of a final function, or one of no rows */
static Errors
final_errors(FunctionCallInfo fcinfo)
{
	Errors		none = {0};

	return PG_ARGISNULL(0) ? none : *(const Errors *) PG_GETARG_POINTER(0);
}

Datum
mlops_rmse_final(PG_FUNCTION_ARGS)
{
	Errors		s = final_errors(fcinfo);

	return ml_aggregate_result(fcinfo, sqrt(s.square / s.weight));
}

Datum
mlops_mae_final(PG_FUNCTION_ARGS)
{
	Errors		s = final_errors(fcinfo);

	return ml_aggregate_result(fcinfo, s.absolute / s.weight);
}

Datum
mlops_mape_final(PG_FUNCTION_ARGS)
{
	Errors		s = final_errors(fcinfo);

	return ml_aggregate_result(fcinfo, s.relative / s.weight);
}

/* of one row: unknown; of a constant truth: 1 when it was met exactly, else 0 */
Datum
mlops_r2_final(PG_FUNCTION_ARGS)
{
	Errors		s = final_errors(fcinfo);

	if (s.rows < 2)
		PG_RETURN_NULL();
	if (s.deviation == 0)
		PG_RETURN_FLOAT8(s.square == 0 ? 1 : 0);
	return ml_aggregate_result(fcinfo, 1 - s.square / s.deviation);
}

/* ---- losses of probabilities: (state, truth boolean, probability float8 [, weight float8]) ---- */

/* clipped as scikit-learn 1.2 does, which then makes both sides of the row add up to 1 again */
static double
log_loss(bool truth, double p)
{
	double		clipped = Min(Max(p, DBL_EPSILON), 1 - DBL_EPSILON);
	double		other = Min(Max(1 - p, DBL_EPSILON), 1 - DBL_EPSILON);

	return -log((truth ? clipped : other) / (clipped + other));
}

static Datum
losses_accum(FunctionCallInfo fcinfo, bool weighted)
{
	Losses	   *s = state_of(fcinfo, sizeof(Losses));
	double		weight;

	if (ml_aggregate_has_row(fcinfo, weighted, &weight) && weight > 0)
	{
		bool		truth = PG_GETARG_BOOL(1);
		double		p = ml_aggregate_probability(fcinfo, 2);
		double		error = p - (truth ? 1 : 0);

		s->weight += weight;
		s->log_loss += weight * log_loss(truth, p);
		s->brier += weight * error * error;
	}
	PG_RETURN_POINTER(s);
}

Datum
mlops_losses_accum(PG_FUNCTION_ARGS)
{
	return losses_accum(fcinfo, false);
}

Datum
mlops_losses_accum_weighted(PG_FUNCTION_ARGS)
{
	return losses_accum(fcinfo, true);
}

Datum
mlops_losses_combine(PG_FUNCTION_ARGS)
{
	void	   *into;
	const void *from;

	if (merging(fcinfo, sizeof(Losses), &into, &from))
	{
		Losses	   *a = into;
		const Losses *b = from;

		a->weight += b->weight;
		a->log_loss += b->log_loss;
		a->brier += b->brier;
	}
	return state_result(fcinfo, into);
}

Datum
mlops_losses_serial(PG_FUNCTION_ARGS)
{
	return serial(fcinfo, LOSSES_DOUBLES);
}

Datum
mlops_losses_deserial(PG_FUNCTION_ARGS)
{
	return deserial(fcinfo, LOSSES_DOUBLES);
}

static Losses
final_losses(FunctionCallInfo fcinfo)
{
	Losses		none = {0};

	return PG_ARGISNULL(0) ? none : *(const Losses *) PG_GETARG_POINTER(0);
}

Datum
mlops_log_loss_final(PG_FUNCTION_ARGS)
{
	Losses		s = final_losses(fcinfo);

	return ml_aggregate_result(fcinfo, s.log_loss / s.weight);
}

Datum
mlops_brier_final(PG_FUNCTION_ARGS)
{
	Losses		s = final_losses(fcinfo);

	return ml_aggregate_result(fcinfo, s.brier / s.weight);
}
