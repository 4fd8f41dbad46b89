/*
 * sums.c: a preprocessing learned from sums, for learners that need nothing else of the rows.
 *
 * Standardised numbers without gaps are the usual case of least squares on many rows.  Then there is no design: the
 * columns are read where they were loaded, and the copy of all numbers in canonical order, which costs more than the arithmetic, is
 * not made.  Everything else goes the ordinary way.
 */
#include "postgres.h"

#include "interrupts.h"
#include "preprocess/chain.h"

extern const MlStepKind ml_step_number;

/* below it a design costs little, and more is known of its accuracy */
#define LEAST_ROWS 50000
#define MOST_COLUMNS 64

/* numbers as they are, none missing, standardised */
static bool
is_plain(const MlStep *step, const MlColumn *column)
{
	MlDenseRule rule;

	if (step->kind != &ml_step_number || column->number == NULL || column->width != 1 || !step->kind->copies(step))
		return false;
	rule = step->kind->rule(step, 0);
	return rule.scale == ML_SCALE_STANDARD &&
		(rule.impute == ML_IMPUTE_NONE || rule.impute == ML_IMPUTE_MEAN || rule.impute == ML_IMPUTE_CONSTANT);
}

static bool
has_spread(const MlColumn *column)
{
	return column->number != NULL && column->nulls + column->nans + column->infinities == 0 && column->min < column->max;
}

/* before anything is fitted: can there be sums? */
static bool
columns_fit(const MlDataset *data, const MlRows *rows, const int *features, int n_features, int target)
{
	if (rows->n_train < LEAST_ROWS || rows->n != data->rows || n_features == 0 || n_features > MOST_COLUMNS ||
		!has_spread(&data->columns[target]))
		return false;
	for (int i = 0; i < n_features; i++)
	{
		if (data->columns[features[i]].width != 1 || !has_spread(&data->columns[features[i]]))
			return false;
	}
	return true;
}

static bool
steps_fit(const MlPrep *prep, const MlDataset *data, const int *features)
{
	for (int i = 0; i < prep->n_inputs; i++)
	{
		if (!is_plain(prep->steps[i], &data->columns[features[i]]))
			return false;
	}
	return prep->n_stages == 0;
}

/* 1 for training rows */
static uint8 *
mark_rows(const MlDataset *data, const MlRows *rows)
{
	uint8	   *counts = ml_budget_alloc(data->budget, data->rows, sizeof(uint8), "the mask of the training rows");

	memset(counts, 1, data->rows);
	for (int64 i = rows->n_train; i < rows->n; i++)
	{
		if ((i & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
		counts[rows->order[i]] = 0;
	}
	return counts;
}

/* NULL: ranges that are too wide, or too narrow, to compute with */
static MlkSums *
start_sums(const MlDataset *data, const MlRows *rows, const int *features, int n_features, int target, MlkPool *pool)
{
	MlkSums    *sums = palloc0(sizeof(MlkSums));
	double	   *min = palloc(sizeof(double) * (n_features + 1));
	double	   *max = palloc(sizeof(double) * (n_features + 1));
	double	  **const *number = palloc(sizeof(double **) * (n_features + 1));
	double	  ***slot = (double ***) number;
	Size		memory = (Size) mlk_sums_memory(n_features, mlk_pool_threads(pool)) + 1;

	for (int i = 0; i <= n_features; i++)
	{
		const MlColumn *column = &data->columns[i < n_features ? features[i] : target];

		slot[i] = column->number;
		min[i] = column->min;
		max[i] = column->max;
	}
	sums->x.rows = data->rows;
	sums->x.cols = n_features + 1;
	sums->x.chunk_bits = ML_CHUNK_BITS;
	sums->x.number = (double *const *const *) number;
	sums->x.counted = rows->n_train;
	if (!mlk_sums_start(sums, min, max, ml_palloc_array(memory, sizeof(double))))
		return NULL;
	sums->x.counts = mark_rows(data, rows);
	return sums;
}

/* what standardises, as ml_prep_learn_dense would have it */
static void
take_scales(MlPrep *prep, const MlkSums *sums)
{
	for (int j = 0; j < prep->n_dense; j++)
	{
		MlDenseRule rule = prep->steps[j]->kind->rule(prep->steps[j], 0);

		prep->center[j] = sums->center[j];
		prep->scale[j] = sums->scale[j];
		prep->fill[j] = rule.impute == ML_IMPUTE_NONE ? NAN :
			rule.impute == ML_IMPUTE_CONSTANT ? rule.constant : sums->center[j];
	}
	ml_prep_set_inverse(prep);
}

MlPrep *
ml_prep_fit_sums(const MlDataset *data, const MlRows *rows, const int *features, int n_features, int target_column,
				 Jsonb *options, const MlPrepDefaults *defaults, const MlPrepTarget *target, MlkPool *pool, MlkSums **sums)
{
	MlPrep	   *prep;
	MlkStatus	status;

	if (!columns_fit(data, rows, features, n_features, target_column))
		return NULL;
	prep = ml_prep_fit_steps(data, rows, features, n_features, options, defaults, target, pool);
	ml_chain_choose(prep, options, defaults);
	if (!steps_fit(prep, data, features))
		return NULL;
	*sums = start_sums(data, rows, features, n_features, target_column, pool);
	if (*sums == NULL)
		return NULL;
	status = mlk_sums_learn(*sums, pool);
	if (status == MLK_SINGULAR)
	{
		ml_budget_free(data->budget, unconstify(uint8 *, (*sums)->x.counts));
		return NULL;
	}
	ml_check_status(status);
	take_scales(prep, *sums);
	ml_chain_outline(prep);
	return prep;
}
