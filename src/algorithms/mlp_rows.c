/*
 * mlp_rows.c: the rows that a network learns from and those it is watched by, with their weights and targets.
 *
 * Rows come in canonical order, which is that of their hashes, so any stretch of them is a uniform sample: the last ones of each
 * class (or of all, for numbers) are held back.
 */
#include "algorithms/mlp.h"

#include "algorithms/fit.h"

static int
class_of(const MlProblem *problem, int64 row)
{
	return problem->label == NULL ? 0 : problem->label[row];
}

/*
 * rows[class]: how many rows with weight to learn from, before the first one is held back.  Shares of classes are rounded
 * alone, so that a rare class is on both sides as soon as it has two rows.
 */
static int64 *
count_rows(MlMlpFit *f, const double *weight)
{
	const MlProblem *problem = f->problem;
	int			classes = Max(problem->n_classes, 1);
	int64	   *rows = palloc0(sizeof(int64) * classes);

	for (int64 i = 0; i < problem->rows; i++)
		rows[class_of(problem, i)] += weight == NULL || weight[i] > 0.0;
	for (int k = 0; k < classes; k++)
	{
		double		share = rint(f->validation_fraction * (double) rows[k]);
		int64		held = !f->stopping || rows[k] < 2 ? 0 : (int64) Max(1.0, Min(share, (double) (rows[k] - 1)));

		rows[k] -= held;
		f->n_train += rows[k];
		f->n_held += held;
	}
	return rows;
}

static void
divide_rows(MlMlpFit *f, const double *weight)
{
	const MlFitControl *control = f->control;
	int64	   *rows = count_rows(f, weight);
	int64		train = 0;
	int64		held = 0;

	f->stopping = f->n_held > 0;
	f->order = control->alloc(control->budget, f->n_train, sizeof(uint32), "training rows");
	if (f->n_held > 0)
		f->held = control->alloc(control->budget, f->n_held, sizeof(uint32), "validation rows");
	for (int64 i = 0; i < f->problem->rows; i++)
	{
		if (weight != NULL && !(weight[i] > 0.0))
			continue;
		if (rows[class_of(f->problem, i)]-- > 0)
			f->order[train++] = (uint32) i;
		else
			f->held[held++] = (uint32) i;
	}
}

static void
set_weights(MlMlpFit *f, const double *weight)
{
	double		total = 0.0;

	if (weight == NULL)
		return;
	for (int64 i = 0; i < f->n_train; i++)
		total += weight[f->order[i]];
	f->weight = f->control->alloc(f->control->budget, f->problem->rows, sizeof(float), "weights of the rows");
	for (int64 i = 0; i < f->problem->rows; i++)
		f->weight[i] = (float) (weight[i] * ((double) f->n_train / total));
}

static double
weight_of(const MlMlpFit *f, uint32 row)
{
	return f->weight == NULL ? 1.0 : f->weight[row];
}

/* weighted mean and standard deviation of the targets of some rows; running, which does not overflow on the way to the mean */
static void
measure_targets(const MlMlpFit *f, const double *y, const uint32 *order, int64 n, double *mean, double *deviation)
{
	double		total = 0.0;
	double		squares = 0.0;

	*mean = 0.0;
	for (int64 i = 0; i < n; i++)
	{
		total += weight_of(f, order[i]);
		*mean += (y[order[i]] - *mean) * (weight_of(f, order[i]) / total);
	}
	for (int64 i = 0; i < n; i++)
	{
		double		distance = y[order[i]] - *mean;

		squares += weight_of(f, order[i]) * distance * distance;
	}
	*deviation = sqrt(squares / total);
}

static void
set_targets(MlMlpFit *f)
{
	const MlProblem *problem = f->problem;
	const MlMlpState *earlier = problem->warm_state;

	measure_targets(f, problem->y, f->order, f->n_train, &f->center, &f->scale);
	if (earlier != NULL)
	{
		f->center = earlier->center;
		f->scale = earlier->scale;
	}
	if (!isfinite(f->scale))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the squares of the target values leave the range of double precision"),
				 errhint("Divide the target by a constant, or take its logarithm.")));
	/* a target that is constant, or nearly so beside its size */
	if (!(f->scale > 1e-15 * fabs(f->center)) || f->scale < 1e-150)
		f->scale = 1.0;
	f->y = f->control->alloc(f->control->budget, problem->rows, sizeof(float), "target values");
	for (int64 i = 0; i < problem->rows; i++)
		f->y[i] = (float) ((problem->y[i] - f->center) / f->scale);
}

/* what the sum of squares of the held rows is compared with */
static void
measure_held(MlMlpFit *f)
{
	double		mean;
	double		deviation;

	for (int64 i = 0; i < f->n_held; i++)
		f->held_weight += weight_of(f, f->held[i]);
	if (f->problem->y == NULL || f->n_held == 0)
		return;
	measure_targets(f, f->problem->y, f->held, f->n_held, &mean, &deviation);
	f->held_squares = f->held_weight * (deviation / f->scale) * (deviation / f->scale);
}

void
ml_mlp_choose_rows(MlMlpFit *f, const MlParams *given)
{
	double	   *weight = ml_class_weights(given, f->problem);

	f->scale = 1.0;
	divide_rows(f, weight);
	set_weights(f, weight);
	if (f->problem->y != NULL)
		set_targets(f);
	measure_held(f);
	if (f->solver == ML_MLP_LBFGS)
		f->batch = f->n_train;
	else
		f->batch = f->batch == 0 ? Min(f->n_train, 200) : Min(f->n_train, f->batch);
}
