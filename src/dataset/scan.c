/*
 * scan.c: what is counted about a column a block of rows at a time, and the errors that follow from it.
 *
 * The loop over rows stays free of this: a block is scanned while its numbers are still in the second-level cache.
 */
#include "postgres.h"

#include "kernels/fixed.h"

#include "dataset/writer.h"

/* Count what needs care in n numbers; cheap when all are finite. */
static void
count_special(MlColumn *column, const double *x, int64 n, int64 nulls)
{
	int64		special = 0;

	for (int64 i = 0; i < n; i++)
		special += !(x[i] - x[i] == 0);
	if (special > nulls)
	{
		int64		infinities = 0;

		for (int64 i = 0; i < n; i++)
			infinities += isinf(x[i]) != 0;
		column->infinities += infinities;
		column->nans += special - infinities - nulls;
		column->all_integral &= infinities == 0;
	}
	for (int64 i = 0; column->all_integral && i < n; i++)
		column->all_integral = isnan(x[i]) || x[i] == rint(x[i]);
}

void
ml_writer_scan(MlWriter *writer, int64 from, int64 to)
{
	MlColumn   *column = writer->column;
	int			width = column->width;

	/* integers and booleans have nothing but NULL to count */
	if (writer->number != NULL && writer->kind != ML_WRITER_CODE &&
		(column->type == ML_TYPE_FLOAT || column->type == ML_TYPE_TIME ||
		 column->type == ML_TYPE_INTERVAL || column->type == ML_TYPE_ARRAY))
		count_special(column, writer->number + from * width, (to - from) * width, writer->nulls * width);
	if (writer->number != NULL && writer->kind != ML_WRITER_CODE && width == 1)
		mlk_range(writer->number + from, to - from, &column->min, &column->max);
	if (column->role == ML_ROLE_WEIGHT)
		for (int64 i = from; i < to; i++)
			writer->negatives += writer->number[i] < 0;
	column->nulls += writer->nulls;
	writer->nulls = 0;
}

static void
check_weight(const MlWriter *writer)
{
	const MlColumn *column = writer->column;
	int64		bad = column->nulls + column->nans + column->infinities + writer->negatives;

	if (bad > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("weight column \"%s\" has values that are no weights", column->name),
				 errdetail("Rows: %lld NULL, %lld NaN, %lld infinite, %lld negative.",
						   (long long) column->nulls, (long long) column->nans,
						   (long long) column->infinities, (long long) writer->negatives),
				 errhint("A weight is a finite number, zero or more. Leave these rows out, or replace the value, in a SELECT given as source.")));
}

static void
check_target(const MlColumn *column)
{
	int64		bad = column->nans + column->infinities;

	if (bad > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("target column \"%s\" has values that cannot be learned", column->name),
				 errdetail("Rows: %lld NaN, %lld infinite.", (long long) column->nans, (long long) column->infinities),
				 errhint("Leave these rows out in a SELECT given as source, or make the target NULL there: rows without a target are skipped.")));
}

void
ml_writer_check(const MlWriter *writer)
{
	if (writer->column->role == ML_ROLE_WEIGHT)
		check_weight(writer);
	else if (writer->column->role == ML_ROLE_TARGET_NUMBER)
		check_target(writer->column);
}
