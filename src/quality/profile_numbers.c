/*
 * profile_numbers.c: kept numbers described, many columns and groups at a time on threads.
 *
 * A block of the pool gathers and describes some groups of one column, up to BLOCK_ROWS rows, so that a cancel waits for no more than
 * that.  A group with more rows is done alone: the whole pool sorts it.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/timestamp.h"

#include "interrupts.h"
#include "quality/profile_internal.h"

#define BLOCK_ROWS (2 * 1024 * 1024)

#define EPOCH_DAYS (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)

/* some groups of one column */
typedef struct NumberBlock
{
	int			column;
	int			from;
	int			to;
} NumberBlock;

typedef struct NumberJob
{
	const MlProfileStore *store;
	const MlProfileOrder *order;
	MlProfile  *profile;
	NumberBlock *blocks;
	int64		n_blocks;
	int64		room;			/* rows that values and scratch hold */
	Size		scratch_bytes;
	double	   *values;			/* room a thread */
	char	   *scratch;
} NumberJob;

static bool
is_kept(const MlProfileColumn *column)
{
	return column->kind == ML_PROFILE_NUMBER && column->sketch == NULL;
}

/* ---- a group ---- */

/* Values of the group's rows without NULL and NaN; how many. */
static int64
gather(const NumberJob *job, int c, int group, double *out)
{
	const MlProfileStore *store = job->store;
	double	  **piece = store->columns[c].number;
	int64		to = job->order->start[group + 1];
	int64		n = 0;

	for (int64 i = job->order->start[group]; i < to; i++)
	{
		int64		row = job->order->order == NULL ? i : job->order->order[i];
		double		x = piece[row >> store->batch_bits][row & (store->batch - 1)];

		out[n] = x;
		n += !isnan(x);
	}
	return n;
}

void
ml_profile_take_description(MlColumnProfile *out, const MlkDescription *d)
{
	out->infinities = d->infinities;
	out->zeros = d->zeros;
	out->distinct = d->distinct;
	out->min = d->min;
	out->max = d->max;
	out->mean = d->mean;
	out->stddev = d->stddev;
	out->skew = d->skew;
	out->mad = d->mad;
	out->outliers_iqr = d->outliers_iqr;
	out->outliers_z = d->outliers_z;
	out->integral = d->finite > 0 && d->integral;
	out->n_bins = d->n_bins;
	memcpy(out->edge, d->edge, sizeof(out->edge));
	memcpy(out->count, d->count, sizeof(out->count));
	out->n_top = d->n_top;
	for (int i = 0; i < d->n_top; i++)
	{
		out->top[i].number = d->top[i].value;
		out->top[i].count = d->top[i].count;
	}
	if (d->extreme > ML_PROFILE_EXTREME)
		out->remarks |= ML_REMARK_OUTLIERS;
}

/* x[n] is sorted */
static void
find_placeholders(MlColumnProfile *out, const MlkDescription *d, const double *x, int64 n)
{
	int64		n_min = d->distinct > 2 ? mlk_sorted_place(x, n, d->second) - mlk_sorted_place(x, n, d->min) : 0;
	int64		n_max = d->distinct > 2 ? mlk_sorted_place(x, n, INFINITY) - mlk_sorted_place(x, n, d->max) : 0;

	out->remarks |= ml_profile_code_for_missing(d, n_min, n_max, &out->placeholders);
}

static MlkStatus
describe_group(const NumberJob *job, MlkPool *pool, int c, int group, double *values, void *scratch)
{
	MlColumnProfile *out = &job->profile->columns[(Size) group * job->profile->n_columns + c];
	int64		n = gather(job, c, group, values);
	MlkStatus	status = mlk_sort_values(pool, values, n, scratch);
	MlkDescription d;

	if (status == MLK_OK)
		status = mlk_describe(pool, values, n, ml_profile_probabilities, ML_PROFILE_QUANTILES, out->quantile, &d);
	if (status == MLK_OK)
	{
		ml_profile_take_description(out, &d);
		find_placeholders(out, &d, values, n);
	}
	return status;
}

static void
describe_block(void *arg, int64_t block, int worker)
{
	NumberJob  *job = arg;
	NumberBlock *b = &job->blocks[block];

	for (int group = b->from; group < b->to; group++)
		(void) describe_group(job, NULL, b->column, group, job->values + worker * job->room,
							  job->scratch + worker * job->scratch_bytes);
}

/* ---- cutting the work ---- */

static int64
rows_of(const NumberJob *job, int group)
{
	return job->order->start[group + 1] - job->order->start[group];
}

static void
add_blocks(NumberJob *job, int c)
{
	int			from = 0;
	int64		rows = 0;

	for (int group = 0; group <= job->store->n_groups; group++)
	{
		bool		end = group == job->store->n_groups || rows_of(job, group) > BLOCK_ROWS;

		if (group > from && (end || rows + rows_of(job, group) > BLOCK_ROWS))
		{
			job->blocks[job->n_blocks++] = (NumberBlock) {c, from, group};
			from = group;
			rows = 0;
		}
		if (end)
			from = group + 1;
		else
			rows += rows_of(job, group);
	}
}

static int64
count_blocks(const NumberJob *job)
{
	int64		n = job->store->rows / (BLOCK_ROWS / 2) + 2;

	for (int group = 0; group < job->store->n_groups; group++)
		n += rows_of(job, group) > BLOCK_ROWS;
	return n * job->store->n_columns;
}

/* room for the largest group that is done in a block, for each thread; for the largest of all, once */
static void
make_room(NumberJob *job, bool large)
{
	int			threads = large ? 1 : mlk_pool_threads(job->store->pool);
	int64		most = 1;

	for (int group = 0; group < job->store->n_groups; group++)
		if ((rows_of(job, group) > BLOCK_ROWS) == large)
			most = Max(most, rows_of(job, group));
	job->room = most;
	job->scratch_bytes = TYPEALIGN(64, mlk_sort_scratch(most));
	job->values = ml_budget_alloc(job->store->budget, threads * most, sizeof(double), "sorted columns");
	job->scratch = ml_budget_alloc(job->store->budget, threads, job->scratch_bytes, "sorted columns");
}

static void
release_room(NumberJob *job)
{
	ml_budget_free(job->store->budget, job->values);
	ml_budget_free(job->store->budget, job->scratch);
}

static void
describe_large(NumberJob *job)
{
	bool		any = false;

	for (int group = 0; group < job->store->n_groups; group++)
		any |= rows_of(job, group) > BLOCK_ROWS;
	if (!any)
		return;
	make_room(job, true);
	for (int group = 0; group < job->store->n_groups; group++)
		for (int c = 0; c < job->store->n_columns && rows_of(job, group) > BLOCK_ROWS; c++)
			if (is_kept(&job->store->columns[c]))
				ml_check_status(describe_group(job, job->store->pool, c, group, job->values, job->scratch));
	release_room(job);
}

/* ---- texts of numbers ---- */

static char *
interval_text(double seconds)
{
	Interval	span = {0};

	if (fabs(seconds) > 9e12)
		return psprintf("%.0f s", seconds);
	span.time = (int64) rint(seconds * 1e6);
	return DatumGetCString(DirectFunctionCall1(interval_out, DirectFunctionCall1(interval_justify_hours, IntervalPGetDatum(&span))));
}

static char *
time_text(Oid base_type, double seconds)
{
	double		days = seconds / SECS_PER_DAY - EPOCH_DAYS;
	double		usecs = rint(seconds * 1e6) - (double) EPOCH_DAYS * USECS_PER_DAY;
	Timestamp	stamp;
	DateADT		date;

	if (base_type == TIMEOID)
		return DatumGetCString(DirectFunctionCall1(time_out, TimeADTGetDatum((TimeADT) rint(seconds * 1e6))));
	if (base_type == DATEOID)
	{
		if (isinf(seconds))
			date = seconds < 0 ? DATEVAL_NOBEGIN : DATEVAL_NOEND;
		else
			date = (DateADT) rint(days);
		return DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(date)));
	}
	if (isinf(seconds))
		stamp = seconds < 0 ? DT_NOBEGIN : DT_NOEND;
	else if (usecs >= (double) END_TIMESTAMP)
		stamp = END_TIMESTAMP - 1;
	else
		stamp = usecs < (double) MIN_TIMESTAMP ? MIN_TIMESTAMP : (Timestamp) usecs;
	return DatumGetCString(DirectFunctionCall1(base_type == TIMESTAMPOID ? timestamp_out : timestamptz_out, TimestampGetDatum(stamp)));
}

char *
ml_profile_number_text(Oid base_type, MlType type, double number)
{
	if (type == ML_TYPE_BOOL)
		return pstrdup(number != 0.0 ? "true" : "false");
	if (type == ML_TYPE_TIME)
		return time_text(base_type, number);
	if (type == ML_TYPE_INTERVAL)
		return interval_text(number);
	if (type == ML_TYPE_INTEGER && fabs(number) < 9.2e18)
		return psprintf(INT64_FORMAT, (int64) number);
	if (base_type == FLOAT4OID)
		return DatumGetCString(DirectFunctionCall1(float4out, Float4GetDatum((float4) number)));
	return DatumGetCString(DirectFunctionCall1(float8out, Float8GetDatum(number)));
}

void
ml_profile_name_values(const MlProfileColumn *column, MlColumnProfile *out)
{
	for (int i = 0; i < out->n_top; i++)
		out->top[i].text = ml_profile_number_text(column->base_type, column->type, out->top[i].number);
	if (isnan(out->min))
		return;
	out->min_text = ml_profile_number_text(column->base_type, column->type, out->min);
	out->max_text = ml_profile_number_text(column->base_type, column->type, out->max);
}

/* ---- all columns of numbers ---- */

static void
describe_kept(NumberJob *job)
{
	make_room(job, false);
	ml_check_status(mlk_parallel_for(job->store->pool, job->n_blocks, describe_block, job));
	release_room(job);
	describe_large(job);
}

void
ml_profile_numbers(MlProfileStore *store, const MlProfileOrder *order, MlProfile *profile)
{
	NumberJob	job = {.store = store, .order = order, .profile = profile};

	job.blocks = ml_palloc_array(count_blocks(&job) + 1, sizeof(NumberBlock));
	for (int c = 0; c < store->n_columns; c++)
		if (is_kept(&store->columns[c]))
			add_blocks(&job, c);
	if (store->n_kept > 0)
		describe_kept(&job);
	for (int g = 0; g < store->n_groups; g++)
		for (int c = 0; c < store->n_columns; c++)
		{
			CHECK_FOR_INTERRUPTS();
			if (is_kept(&store->columns[c]))
				ml_profile_name_values(&store->columns[c], &profile->columns[(Size) g * profile->n_columns + c]);
		}
	pfree(job.blocks);
}
