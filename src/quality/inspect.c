/*
 * inspect.c: what is wrong with the data of a training, as far as the data itself tells.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "quality/inspect_internal.h"

#define FEW_OF_A_CLASS 10
#define SOME_REPEATED 0.01		/* share of the rows */
#define UNLIKE_CHANCE 3.0		/* test rows in training beside repeats in training: more cannot be few distinct values alone */
#define SOME_LATER 0.01			/* share of a column's times after the row's own */
#define SECONDS_A_DAY 86400.0
#define WIDE_CATEGORIES 1000
#define MOSTLY_MISSING 0.95
#define TIME_SAMPLE 10000

MlFinding *
ml_findings_add(MlFindings *findings, const char *name, bool warning, const char *column, double value)
{
	MlFinding  *finding;

	if (findings->n == findings->room)
	{
		findings->room = Max(findings->room * 2, 16);
		findings->items = findings->items ? repalloc(findings->items, sizeof(MlFinding) * findings->room) :
			palloc(sizeof(MlFinding) * findings->room);
	}
	finding = &findings->items[findings->n++];
	finding->finding = name;
	finding->warning = warning;
	finding->column = column;
	finding->value = value;
	finding->detail = NULL;
	finding->hint = NULL;
	return finding;
}

/* ---- columns ---- */

static bool
is_feature(const MlInspected *in, int column)
{
	for (int i = 0; i < in->n_features; i++)
	{
		if (in->features[i] == column)
			return true;
	}
	return false;
}

/* offered, and left out by the training, which says so itself */
static void
inspect_left_out(const MlInspected *in, MlFindings *findings)
{
	for (int i = 0; i < in->n_offered; i++)
	{
		const MlColumn *column = &in->data->columns[i];
		MlFinding  *finding;

		CHECK_FOR_INTERRUPTS();
		if (is_feature(in, i))
			continue;
		if (ml_column_is_constant(in->data, i))
		{
			finding = ml_findings_add(findings, "constant", false, column->name, NAN);
			finding->detail = psprintf("column \"%s\" has one value only", column->name);
		}
		else
		{
			finding = ml_findings_add(findings, "id", false, column->name, NAN);
			finding->detail = psprintf("column \"%s\" looks like an id: as many distinct values as rows", column->name);
		}
	}
}

/* every NULL and NaN counts; of an array each element */
static void
inspect_missing(const MlColumn *column, int64 rows, MlFindings *findings)
{
	double		share = (double) (column->nulls + column->nans) / Max(rows * Max(column->width, 1), 1);

	if (share > MOSTLY_MISSING && share < 1)
		ml_findings_add(findings, "missing", false, column->name, share)->detail =
			psprintf("column \"%s\" is missing in %.1f %% of the rows", column->name, 100 * share);
}

static void
inspect_categories(const MlColumn *column, int64 rows, MlFindings *findings)
{
	if (column->code == NULL || column->dict->n <= WIDE_CATEGORIES)
		return;
	ml_findings_add(findings, "wide_category", false, column->name, column->dict->n)->detail =
		psprintf("column \"%s\" has %u categories, one for every %.1f rows", column->name, column->dict->n, (double) rows / column->dict->n);
}

/* times that lie after the row's own time, or after today, were not known when the target was to be predicted */
static void
inspect_times(const MlInspected *in, const MlColumn *column, MlFindings *findings)
{
	const MlColumn *own = in->by_time ? &in->data->columns[in->split_column] : NULL;
	int64		n = Min(in->rows->n_train, TIME_SAMPLE);
	double	   *x;
	double	   *time;
	int64		later = 0;
	double		share;
	MlFinding  *finding;

	if (column->type != ML_TYPE_TIME || (own != NULL && own->type != ML_TYPE_TIME) || n == 0)
		return;
	x = palloc(sizeof(double) * n);
	time = palloc(sizeof(double) * n);
	ml_column_gather(column, 0, in->rows->order, n, x, 1);
	if (own != NULL)
		ml_column_gather(own, 0, in->rows->order, n, time, 1);
	for (int64 i = 0; i < n; i++)
		later += x[i] > (own != NULL ? time[i] : in->now + SECONDS_A_DAY);
	share = (double) later / n;
	pfree(time);
	pfree(x);
	if (share <= SOME_LATER)
		return;
	finding = ml_findings_add(findings, "later", true, column->name, share);
	finding->detail = own != NULL ?
		psprintf("column \"%s\" lies after \"%s\" in %.1f %% of the rows", column->name, own->name, 100 * share) :
		psprintf("column \"%s\" lies in the future in %.1f %% of the rows", column->name, 100 * share);
	finding->hint = "If it is known only after the target, leave it out: name it in exclude.";
}

static void
inspect_columns(const MlInspected *in, MlFindings *findings)
{
	for (int i = 0; i < in->n_features; i++)
	{
		const MlColumn *column = &in->data->columns[in->features[i]];

		CHECK_FOR_INTERRUPTS();
		inspect_missing(column, in->data->rows, findings);
		inspect_categories(column, in->data->rows, findings);
		inspect_times(in, column, findings);
	}
}

/* ---- rows ---- */

static void
inspect_repeats(const MlInspected *in, MlFindings *findings)
{
	const MlRows *rows = in->rows;
	double		repeated = (double) rows->repeated / Max(rows->sampled, 1);
	double		straddling = (double) rows->straddling / Max(rows->test_sampled, 1);
	MlFinding  *finding;

	/* columns of few distinct values repeat rows by nature: not worth a warning */
	if (repeated > SOME_REPEATED)
	{
		finding = ml_findings_add(findings, "repeated_rows", false, NULL, repeated);
		finding->detail = psprintf("%.1f %% of the training rows repeat another one in all columns in use", 100 * repeated);
		finding->hint = "mlops_clean() drops repeated rows.";
	}
	if (straddling > SOME_REPEATED)
	{
		finding = ml_findings_add(findings, "test_rows_in_training", straddling > UNLIKE_CHANCE * repeated, NULL, straddling);
		finding->detail = psprintf("%.1f %% of the test rows are among the training rows, too", 100 * straddling);
		finding->hint = "The test metrics look better than they are. mlops_clean() drops repeated rows.";
	}
}

static void
inspect_shape(const MlInspected *in, MlFindings *findings)
{
	int64		columns = 0;

	for (int i = 0; i < in->n_features; i++)
		columns += Max(in->data->columns[in->features[i]].width, 1);
	if (columns > in->rows->n_train)
	{
		MlFinding  *finding = ml_findings_add(findings, "more_columns_than_rows", true, NULL, columns);

		finding->detail = psprintf(INT64_FORMAT " columns to learn from, but " INT64_FORMAT " training rows only", columns,
								   in->rows->n_train);
		finding->hint = "Name the columns that matter in features, or use ridge or lasso.";
	}
}

/* ---- target ---- */

static void
inspect_target(const MlInspected *in, MlFindings *findings)
{
	double		share = (double) in->data->skipped / Max(in->data->skipped + in->data->rows, 1);

	if (in->data->skipped > 0)
		ml_findings_add(findings, "missing_target", false, in->target, share)->detail =
			psprintf("target \"%s\" is NULL in %.1f %% of the rows", in->target, 100 * share);
}

static void
inspect_classes(const MlInspected *in, MlFindings *findings)
{
	int64	   *count;

	if (in->label == NULL)
		return;
	count = palloc0(sizeof(int64) * in->n_classes);
	for (int64 i = 0; i < in->rows->n_train; i++)
	{
		if ((i & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
		count[in->label[i]]++;
	}
	for (int c = 0; c < in->n_classes; c++)
	{
		MlFinding  *finding;

		if (count[c] >= FEW_OF_A_CLASS)
			continue;
		finding = ml_findings_add(findings, "tiny_class", in->rows->n_train >= 10 * FEW_OF_A_CLASS * in->n_classes, in->target, count[c]);
		finding->detail = psprintf("class \"%s\" of target \"%s\" has " INT64_FORMAT " training rows only", in->classes[c], in->target, count[c]);
		finding->hint = "Get more rows of it, or merge it with another class.";
	}
	pfree(count);
}

void
ml_inspect_data(const MlInspected *in, MlkPool *pool, MlFindings *findings)
{
	ml_inspect_leaks(in, pool, findings);
	inspect_columns(in, findings);
	inspect_left_out(in, findings);
	inspect_repeats(in, findings);
	inspect_shape(in, findings);
	inspect_target(in, findings);
	inspect_classes(in, findings);
}
