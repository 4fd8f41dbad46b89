/*
 * dense.c: learns how each dense output is imputed and scaled, from the training rows.
 *
 * Means, deviations and ranges come from moments that the gather made on its way; order statistics take a copy of
 * one column at a time, and only where they are asked for.  Scaling is learned on the imputed column, as in a
 * scikit-learn pipeline of SimpleImputer and a scaler, without writing that column: the imputed rows are one more
 * group of equal values to be merged.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "interrupts.h"
#include "kernels/moments.h"
#include "kernels/sort.h"
#include "preprocess/prep.h"

/* what is known of one column while it is learned */
typedef struct Learner
{
	const MlPass *pass;
	MlBudget   *budget;
	MlkPool    *pool;
	const MlStep *step;
	int			column;			/* of the design */
	MlDenseRule rule;
	MlkMoments	moments;		/* values that are there */
	double	   *copy;			/* of the values that are there; reordered at will; NULL until needed */
} Learner;

/* combined in block order: the result does not depend on threads */
static void
merge_blocks(Learner *l)
{
	int64		blocks = ml_prep_pass_blocks(l->pass, l->pass->n_moments);

	mlk_moments_init(&l->moments);
	for (int64 b = 0; b < blocks; b++)
		mlk_moments_merge(&l->moments, &l->pass->moments[b * l->pass->prep->n_dense + l->column]);
}

/* the training values of the column, with room for the imputed ones behind them */
static double *
column_copy(Learner *l)
{
	const double *dense = l->pass->dense + l->column;
	int64		stride = l->pass->prep->n_dense;
	int64		n = 0;

	if (l->copy != NULL)
		return l->copy;
	l->copy = ml_budget_alloc(l->budget, l->pass->n_moments, sizeof(double), "column copy");
	for (int64 i = 0; i < l->pass->n_moments; i++)
	{
		if (!isnan(dense[i * stride]))
			l->copy[n++] = dense[i * stride];
		if ((i & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return l->copy;
}

/* longest run of equal values in ascending order, the smallest value on ties */
static double
most_frequent(Learner *l)
{
	const double *x = column_copy(l);
	int64		n = l->moments.count;
	uint32	   *order = ml_budget_alloc(l->budget, n, sizeof(uint32), "sorted column");
	void	   *scratch = ml_budget_alloc(l->budget, mlk_argsort_scratch(n), 1, "sort space");
	int64		start = 0;
	int64		best = 0;
	double		value = 0;

	ml_check_status(mlk_argsort_f64(l->pool, x, n, order, scratch));
	for (int64 i = 1; i <= n; i++)
	{
		if (i < n && x[order[i]] == x[order[start]])
			continue;
		if (i - start > best)
		{
			best = i - start;
			value = x[order[start]];
		}
		start = i;
	}
	ml_budget_free(l->budget, scratch);
	ml_budget_free(l->budget, order);
	return value;
}

/* NaN where missing values stay missing */
static double
learn_fill(Learner *l)
{
	if (l->rule.impute == ML_IMPUTE_NONE)
		return NAN;
	if (l->rule.impute == ML_IMPUTE_CONSTANT)
		return l->rule.constant;
	if (l->moments.count == 0)
		return 0;
	switch (l->rule.impute)
	{
		case ML_IMPUTE_MEDIAN:
			return mlk_quantile_f64(column_copy(l), l->moments.count, 0.5);
		case ML_IMPUTE_MOST_FREQUENT:
			return most_frequent(l);
		default:
			return l->moments.mean;
	}
}

/* moments of the column as it will be once imputed */
static MlkMoments
imputed_moments(const Learner *l, double fill)
{
	MlkMoments	all = l->moments;
	MlkMoments	imputed;

	if (!isnan(fill) && all.missing > 0)
	{
		mlk_moments_init(&imputed);
		imputed.count = all.missing;
		imputed.mean = imputed.min = imputed.max = fill;
		all.missing = 0;
		mlk_moments_merge(&all, &imputed);
	}
	return all;
}

static void
robust_scale(Learner *l, double fill, double *center, double *scale)
{
	double	   *x = column_copy(l);
	int64		n = l->moments.count;

	if (!isnan(fill))
	{
		for (int64 i = 0; i < l->moments.missing; i++)
			x[n++] = fill;
	}
	*center = mlk_quantile_f64(x, n, 0.5);
	*scale = mlk_quantile_f64(x, n, 0.75) - mlk_quantile_f64(x, n, 0.25);
}

/* center and scale; a column without spread keeps its unit, so that its values become 0 and not noise */
static void
learn_scale(Learner *l, double fill, double *center, double *scale)
{
	MlkMoments	m = imputed_moments(l, fill);

	*center = 0;
	*scale = 1;
	if (m.count == 0 || l->rule.scale == ML_SCALE_NONE)
		return;
	if (l->rule.scale == ML_SCALE_ROBUST)
		robust_scale(l, fill, center, scale);
	else if (l->rule.scale == ML_SCALE_MINMAX)
	{
		*center = m.min;
		*scale = m.max - m.min;
	}
	else
	{
		*center = m.mean;
		*scale = sqrt(m.m2 / m.count);
		/* squares of very large or very small deviations leave the range of a double before the values do */
		if (!(*scale >= DBL_MIN) || !isfinite(*scale))
			*scale = m.max - m.min;
	}
	if (m.min == m.max)
		*center = m.min;
	if (m.min == m.max || !(*scale >= DBL_MIN))
		*scale = 1;
	if (!isfinite(*center) || !isfinite(*scale))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("values of column \"%s\" are too large to be scaled", l->step->input->name),
				 errdetail("They reach from %g to %g.", m.min, m.max),
				 errhint("Divide the column by a power of ten in the source, or exclude it.")));
}

/* once a column, however many outputs it has: empty ones, the first of which is element `first` (from 1) of an array */
static void
warn_empty(const MlStep *step, int empty, int first, double fill)
{
	const MlInput *input = step->input;

	if (empty < input->width)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("elements of column \"%s\" are NULL in every training row", input->name),
				 errdetail("They are %d of %d, %s[%d] the first. They are filled with %g and say nothing.",
						   empty, input->width, input->name, first, fill),
				 errhint("Leave them out of the array.")));
	else
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("column \"%s\" is NULL in every training row", input->name),
				 errdetail("Its feature is filled with %g and says nothing.", fill),
				 errhint("Leave it out of features, or name it in exclude.")));
}

static void
learn_column(Learner *l, MlPrep *prep)
{
	int			j = l->column;

	merge_blocks(l);
	prep->fill[j] = learn_fill(l);
	learn_scale(l, prep->fill[j], &prep->center[j], &prep->scale[j]);
	ml_budget_free(l->budget, l->copy);
}

void
ml_prep_learn_dense(MlPrep *prep, const MlPass *pass, MlBudget *budget, MlkPool *pool)
{
	for (int i = 0; i < prep->n_inputs; i++)
	{
		const MlStep *step = prep->steps[i];
		int			empty = 0;
		int			first = 0;

		for (int k = 0; k < step->n_dense; k++)
		{
			Learner		l = {pass, budget, pool, step, step->first_dense + k, step->kind->rule(step, k)};

			CHECK_FOR_INTERRUPTS();
			learn_column(&l, prep);
			if (l.moments.count == 0 && empty++ == 0)
				first = k;
		}
		if (empty > 0)
			warn_empty(step, empty, first + 1, prep->fill[step->first_dense + first]);
	}
}
