/*
 * profile.c: mlops_profile: what the columns of a source hold.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "api/args.h"
#include "api/pool.h"
#include "guc.h"
#include "monitoring/progress.h"
#include "quality/profile.h"

PG_FUNCTION_INFO_V1(mlops_profile);

#define RESULT_COLUMNS 28

/* the result row that is being filled */
typedef struct Row
{
	Datum		values[RESULT_COLUMNS];
	bool		nulls[RESULT_COLUMNS];
	int			n;
} Row;

static void
put_text(Row *row, const char *value)
{
	row->values[row->n] = ml_result_text(value, &row->nulls[row->n]);
	row->n++;
}

static void
put_count(Row *row, int64 value, bool known)
{
	row->values[row->n] = Int64GetDatum(value);
	row->nulls[row->n++] = !known;
}

static void
put_number(Row *row, double value)
{
	row->values[row->n] = ml_result_float(value, &row->nulls[row->n]);
	row->n++;
}

static void
put_datum(Row *row, Datum value, bool isnull)
{
	row->values[row->n] = value;
	row->nulls[row->n++] = isnull;
}

/* [{"value": ..., "count": ...}]; of many values those that occur once say nothing */
static Datum
top_values(const MlColumnProfile *p)
{
	StringInfoData out;
	int			n = p->n_top;

	while (n > 0 && p->top[n - 1].count == 1 && p->distinct > ML_PROFILE_TOP)
		n--;
	initStringInfo(&out);
	appendStringInfoChar(&out, '[');
	for (int i = 0; i < n; i++)
	{
		ml_json_key(&out, NULL);
		appendStringInfoChar(&out, '{');
		ml_json_text(&out, "value", p->top[i].text);
		ml_json_int(&out, "count", p->top[i].count);
		appendStringInfoChar(&out, '}');
	}
	appendStringInfoChar(&out, ']');
	return JsonbPGetDatum(ml_json_parse(out.data));
}

static void
put_histogram(Row *row, const MlColumnProfile *p)
{
	Datum		edges[ML_PROFILE_BINS + 1];
	Datum		counts[ML_PROFILE_BINS];
	bool		none = p->n_bins == 0;

	if (none)
	{
		put_datum(row, (Datum) 0, true);
		put_datum(row, (Datum) 0, true);
		put_text(row, NULL);
		return;
	}
	for (int i = 0; i <= p->n_bins; i++)
		edges[i] = Float8GetDatum(p->edge[i]);
	for (int i = 0; i < p->n_bins; i++)
		counts[i] = Int64GetDatum(p->count[i]);
	put_datum(row, PointerGetDatum(construct_array(edges, p->n_bins + 1, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
												   TYPALIGN_DOUBLE)), false);
	put_datum(row, PointerGetDatum(construct_array(counts, p->n_bins, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
												   TYPALIGN_DOUBLE)), false);
	put_text(row, ml_profile_sparkline(p->count, p->n_bins));
}

/* moments and quantiles of times are seconds that nobody can read: min and max say it in words, the rest is left to numbers */
static void
put_column(ReturnSetInfo *result, const char *group, const MlColumnProfile *p)
{
	bool		described = !(p->remarks & ML_REMARK_UNSUPPORTED);
	bool		number = described && p->type != ML_TYPE_CATEGORY;
	Row			row = {0};

	put_text(&row, group);
	put_text(&row, p->name);
	put_text(&row, p->type_name);
	put_count(&row, p->rows, true);
	put_count(&row, p->nulls, true);
	put_count(&row, p->distinct, described);
	put_datum(&row, BoolGetDatum(p->exact), !described);
	put_text(&row, p->min_text);
	put_text(&row, p->max_text);
	put_number(&row, p->mean);
	put_number(&row, p->stddev);
	put_number(&row, p->skew);
	for (int i = 0; i < ML_PROFILE_QUANTILES; i++)
		put_number(&row, p->quantile[i]);
	put_count(&row, p->zeros, number);
	put_count(&row, p->infinities, number);
	put_count(&row, p->outliers_iqr, number);
	put_count(&row, p->outliers_z, number);
	put_datum(&row, described ? top_values(p) : (Datum) 0, !described);
	put_histogram(&row, p);
	put_text(&row, p->remark[0] == '\0' ? NULL : p->remark);
	tuplestore_putvalues(result->setResult, result->setDesc, row.values, row.nulls);
}

static void
put_profile(ReturnSetInfo *result, const MlProfile *profile)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops profile row", ALLOCSET_DEFAULT_SIZES);

	for (int g = 0; g < profile->n_groups; g++)
		for (int c = 0; c < profile->n_columns; c++)
		{
			MemoryContext old = MemoryContextSwitchTo(context);

			CHECK_FOR_INTERRUPTS();
			put_column(result, profile->group[g], &profile->columns[(Size) g * profile->n_columns + c]);
			MemoryContextSwitchTo(old);
			MemoryContextReset(context);
		}
}

static void
report_rows(int64 rows)
{
	ml_progress_update("rows", rows, 0);
}

/* the progress hook must not outlive the call */
static MlProfile *
profile_source(MlSource *source, char **columns, int n_columns, const char *by)
{
	MlBudget   *budget = ml_budget_create(CurrentMemoryContext, (Size) ml_max_memory_kb * 1024);
	MlProfile  *profile = NULL;

	ml_progress_stage(ML_STAGE_LOAD, 0);
	ml_dataset_progress = report_rows;
	PG_TRY();
	{
		profile = ml_profile_source(source, columns, n_columns, by, budget, ml_pool_create());
	}
	PG_FINALLY();
	{
		ml_dataset_progress = NULL;
	}
	PG_END_TRY();
	return profile;
}

/*
 * mlops_profile(source text, columns text[] DEFAULT NULL, by text DEFAULT NULL) -> one row a column and group
 */
Datum
mlops_profile(PG_FUNCTION_ARGS)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlops profile", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	MlSource   *source;
	char	  **columns;
	int			n_columns;
	char	   *by;

	InitMaterializedSRF(fcinfo, 0);
	old = MemoryContextSwitchTo(context);
	source = ml_source_open(ml_arg_required_text(fcinfo, 0, "source"));
	columns = ml_arg_text_array(fcinfo, 1, "columns", &n_columns);
	by = ml_arg_text(fcinfo, 2);
	ml_progress_start("mlops_profile", ml_source_label(source));
	put_profile((ReturnSetInfo *) fcinfo->resultinfo, profile_source(source, columns, n_columns, by));
	ml_progress_end();
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return (Datum) 0;
}
