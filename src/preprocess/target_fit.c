/*
 * target_fit.c: learns a target encoding, cross-fitted.
 *
 * A category's encoding is the mean of the target in its rows, drawn towards the mean of all rows where they are few (as in scikit-learn
 * 1.3's TargetEncoder, after Micci-Barreca 2001): with a number m as smoothing,
 *	 (sum + m mean) / (count + m),
 * and with "auto", from the variances v within the category and V of all rows,
 *	 share * category mean + (1 - share) * mean,  share = V count / (V count + v).
 * Counts are sums of weights.  A row that took part in its own encoding would see its answer, so the training rows get that of the other
 * folds.  Folds are ranges of the canonical order, in which rows that are alike stand together: no twin tells either.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "interrupts.h"
#include "preprocess/target.h"

#define PIECE ML_LOOKUP_PIECE
#define NO_FOLD UINT8_MAX

/* weighted count, mean and squared deviations of one output */
typedef struct Tally
{
	double		count;
	double		mean;
	double		m2;
} Tally;

typedef struct Job
{
	MlTargetEncoding *t;
	const MlFitInput *data;
	MlBoundStep bound;
	uint32		places;			/* categories, NULL */
	Tally	  **tally;			/* a fold: outputs a place */
} Job;

static void
add_value(Tally *tally, double weight, double y)
{
	double		off = y - tally->mean;

	if (weight <= 0)
		return;
	tally->count += weight;
	tally->mean += off * (weight / tally->count);
	tally->m2 += weight * off * (y - tally->mean);
}

/* Chan's update; into may be empty */
static void
merge(Tally *into, const Tally *from)
{
	double		count = into->count + from->count;
	double		off = from->mean - into->mean;

	if (from->count <= 0)
		return;
	into->mean += off * (from->count / count);
	into->m2 += from->m2 + off * off * (into->count * from->count / count);
	into->count = count;
}

/* what output k of a training row should be */
static inline double
answer(const MlPrepTarget *target, int outputs, int64 row, int k)
{
	if (target->y != NULL)
		return target->y[row];
	return target->label[row] == (outputs == 1 ? 1 : k) ? 1 : 0;
}

/* first training row of a fold, as numpy splits n rows: the first n % folds have one more */
static int64
fold_start(int64 n, int folds, int fold)
{
	return n / folds * fold + Min(n % folds, fold);
}

/* the rows of one fold; on any thread */
static void
tally_fold(void *arg, int64 fold, int worker)
{
	const Job  *job = arg;
	const MlFitInput *data = job->data;
	int			outputs = job->t->outputs;
	Tally	   *tally = job->tally[fold];
	int64		end = fold_start(data->n, job->t->folds, (int) fold + 1);
	uint32		place[PIECE];

	for (int64 from = fold_start(data->n, job->t->folds, (int) fold); from < end; from += PIECE)
	{
		int64		rows = Min(PIECE, end - from);

		ml_lookup_rows(&job->bound, data->order + from, rows, place);
		for (int64 i = 0; i < rows; i++)
		{
			double		weight = data->target->weight != NULL ? data->target->weight[from + i] : 1;
			Tally	   *of_place = tally + (Size) Min(place[i], job->places - 1) * outputs;

			for (int k = 0; k < outputs; k++)
				add_value(&of_place[k], weight, answer(data->target, outputs, from + i, k));
			job->t->fold[data->order[from + i]] = (uint8) fold;
		}
	}
}

/* one place's encoding, drawn towards the mean of all */
static double
smoothed(const Tally *place, const Tally *all, double smooth)
{
	double		variance;
	double		within;
	double		share;

	if (!isnan(smooth))
		return place->count + smooth > 0 ? (place->count * place->mean + smooth * all->mean) / (place->count + smooth) : all->mean;
	if (place->count <= 0)
		return all->mean;
	variance = all->m2 / all->count;
	within = place->m2 / place->count;
	share = variance * place->count / (variance * place->count + within);
	return isnan(share) ? all->mean : share * place->mean + (1 - share) * all->mean;
}

static void
too_large(const MlFitInput *data)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("values of the target are too large to encode column \"%s\" by them", data->column->name),
			 errhint("Divide the target by a power of ten in the source.")));
}

/* the table of encodings from the rows of all folds but one (-1: of all) */
static double *
encode(const Job *job, int left_out)
{
	const MlTargetEncoding *t = job->t;
	double	   *encoding = ml_budget_alloc(job->data->budget, ml_target_size(t), sizeof(double), "target encodings");

	for (int k = 0; k < t->outputs; k++)
	{
		Tally		all = {0};

		for (uint32 place = 0; place < job->places; place++)
			for (int f = 0; f < t->folds; f++)
				if (f != left_out)
					merge(&all, &job->tally[f][(Size) place * t->outputs + k]);
		for (uint32 place = 0; place < job->places; place++)
		{
			Tally		one = {0};

			for (int f = 0; f < t->folds; f++)
				if (f != left_out)
					merge(&one, &job->tally[f][(Size) place * t->outputs + k]);
			encoding[(Size) place * t->outputs + k] = smoothed(&one, &all, t->lookup.step.option[ML_TARGET_OPTION_SMOOTH]);
		}
		if (!isfinite(all.mean))
			too_large(job->data);
		encoding[(Size) job->places * t->outputs + k] = all.mean;
		CHECK_FOR_INTERRUPTS();
	}
	return encoding;
}

static void
require_target(const MlStep *step, const MlFitInput *data)
{
	if (data->target == NULL || (data->target->y == NULL && data->target->label == NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" cannot be encoded by the target: there is none", step->input->name)));
	if (data->n < step->option[ML_TARGET_OPTION_FOLDS])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" cannot be encoded by the target in %d folds", step->input->name,
						(int) step->option[ML_TARGET_OPTION_FOLDS]),
				 errdetail("There are " INT64_FORMAT " training rows.", data->n),
				 errhint("Give more rows, or fewer \"folds\".")));
}

static void
name_classes(MlTargetEncoding *t, const MlPrepTarget *target)
{
	if (t->outputs == 1)
		return;
	t->classes = palloc(sizeof(char *) * t->outputs);
	for (int k = 0; k < t->outputs; k++)
		t->classes[k] = pstrdup(target->classes[k]);
}

/* rows behind the last training row need no place */
static void
make_folds(MlTargetEncoding *t, const MlFitInput *data)
{
	uint32		last = 0;

	for (int64 i = 0; i < data->n; i++)
		last = Max(last, data->order[i]);
	t->fold_rows = (int64) last + 1;
	t->fold = ml_budget_alloc(data->budget, t->fold_rows, sizeof(uint8), "folds of the rows");
	memset(t->fold, NO_FOLD, t->fold_rows);
}

void
ml_target_fit(MlStep *step, const MlFitInput *data)
{
	MlTargetEncoding *t = (MlTargetEncoding *) step;
	Job			job = {.t = t,.data = data};
	Size		size;

	require_target(step, data);
	ml_lookup_fit_all(&t->lookup, data, NULL);
	t->outputs = data->target->y == NULL && data->target->n_classes > 2 ? data->target->n_classes : 1;
	step->option[ML_TARGET_OPTION_OUTPUTS] = t->outputs;
	t->folds = (int) step->option[ML_TARGET_OPTION_FOLDS];
	name_classes(t, data->target);
	make_folds(t, data);

	job.places = t->lookup.kept.n + 1;
	job.bound = (MlBoundStep) {.step = step,.column = data->column,};
	job.bound.context = AllocSetContextCreate(CurrentMemoryContext, "mlops target encoding", ALLOCSET_DEFAULT_SIZES);
	ml_lookup_refresh(&job.bound);
	size = mul_size(job.places, mul_size(t->outputs, sizeof(Tally)));
	job.tally = palloc(sizeof(Tally *) * t->folds);
	for (int f = 0; f < t->folds; f++)
	{
		job.tally[f] = ml_budget_alloc(data->budget, size, 1, "sums of the target by category");
		memset(job.tally[f], 0, size);
	}
	ml_check_status(mlk_parallel_for(data->pool, t->folds, tally_fold, &job));

	t->encoding = encode(&job, -1);
	t->fold_encoding = palloc(sizeof(double *) * t->folds);
	for (int f = 0; f < t->folds; f++)
		t->fold_encoding[f] = encode(&job, f);
	t->trained_on = data->column;
	for (int f = 0; f < t->folds; f++)
		ml_budget_free(data->budget, job.tally[f]);
	MemoryContextDelete(job.bound.context);
}
