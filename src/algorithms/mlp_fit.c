/*
 * mlp_fit.c: the minimisers of a network's loss: batches by Adam or gradient descent, or all rows by L-BFGS.
 */
#include "algorithms/mlp.h"

#include "algorithms/fit.h"
#include "interrupts.h"
#include "kernels/adam.h"
#include "kernels/lbfgs.h"

#define STEP_PARAMS 65536		/* moved by one thread at once */
#define LEAST_RATE 1e-6			/* adaptive: no division below it, as scikit-learn has it */

void
ml_mlp_diverged(const MlMlpFit *f)
{
	/* a search goes on with other trials, on the same threads */
	mlk_pool_attend(f->problem->pool, false);
	if (f->solver == ML_MLP_LBFGS)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the training of mlp diverged: the loss is no longer a number"),
				 errhint("Scale the features with preprocess => '{\"*\": {\"scale\": \"standard\"}}', or raise alpha.")));
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("the training of mlp diverged in iteration %d: the loss is no longer a number", f->n_curve + 1),
			 errdetail("learning_rate_init is %g.", f->learning_rate),
			 errhint("Lower learning_rate_init, or scale the features with preprocess => '{\"*\": {\"scale\": \"standard\"}}'.")));
}

void
ml_mlp_add_point(MlMlpFit *f, double loss, double validation)
{
	MlCurvePoint *point;

	if (f->n_curve == f->room_curve)
	{
		MlCurvePoint *larger = (MlCurvePoint *) ml_fit_doubles((2.0 * f->room_curve + 64.0) * sizeof(MlCurvePoint) / sizeof(double));

		f->room_curve = 2 * f->room_curve + 64;
		if (f->n_curve > 0)
			memcpy(larger, f->curve, sizeof(MlCurvePoint) * f->n_curve);
		f->curve = larger;
	}
	point = &f->curve[f->n_curve++];
	point->iteration = f->n_curve;
	point->train_loss = loss * f->scale * f->scale;
	point->validation_value = validation;
}

MlkStatus
ml_mlp_evaluate(MlMlpFit *f, const uint32 *order, int64 n, bool gradient, double *loss, double *right)
{
	MlkMlpPass *pass = &f->pass;
	MlkStatus	status;

	mlk_mlp_start(pass, f->params, order, n, gradient, pass->dropout > 0.0 ? mlk_rng_u64(&f->rng) : 0);
	while (pass->rounds.next < pass->rounds.blocks)
	{
		ml_check_status(mlk_mlp_round(pass, f->problem->pool));
		f->control->progress("steps", f->step, f->steps_in_all);
	}
	status = mlk_mlp_finish(pass, f->problem->pool, loss, right);
	if (status != MLK_NOT_FINITE)
		ml_check_status(status);
	return status;
}

/* ---- adam and sgd ---- */

typedef struct Step
{
	MlMlpFit   *f;
	MlkAdam		adam;
	double		rate;			/* of sgd, as the schedule has it now */
} Step;

static void
move_params(void *arg, int64_t chunk, int worker)
{
	Step	   *step = arg;
	MlMlpFit   *f = step->f;
	Size		from = (Size) chunk * STEP_PARAMS;
	int64		n = Min(f->net.n_params - from, STEP_PARAMS);

	if (f->solver == ML_MLP_ADAM)
		mlk_adam_step(&step->adam, f->params + from, f->pass.gradient + from, f->mean + from, f->square + from, n);
	else
		mlk_momentum_step((float) step->rate, (float) f->momentum, f->nesterov, f->params + from, f->pass.gradient + from,
						  f->mean + from, n);
}

static void
take_step(Step *step)
{
	MlMlpFit   *f = step->f;

	f->step++;
	step->adam.rate = mlk_adam_rate(f->learning_rate, f->beta_1, f->beta_2, f->step);
	ml_check_status(mlk_parallel_for(f->problem->pool, (int64) ((f->net.n_params + STEP_PARAMS - 1) / STEP_PARAMS),
									 move_params, step));
}

/* Fisher and Yates */
static void
shuffle_rows(MlMlpFit *f)
{
	for (int64 i = f->n_train - 1; i > 0; i--)
	{
		int64		j = (int64) mlk_rng_below(&f->rng, (uint64) i + 1);
		uint32		row = f->order[i];

		f->order[i] = f->order[j];
		f->order[j] = row;
	}
}

/* once through all rows; returns the mean loss over its batches */
static double
iterate(Step *step)
{
	MlMlpFit   *f = step->f;
	double		sum = 0.0;

	if (f->shuffle)
		shuffle_rows(f);
	for (int64 from = 0; from < f->n_train; from += f->batch)
	{
		int64		n = Min(f->n_train - from, f->batch);
		double		loss;
		double		right;

		if (ml_mlp_evaluate(f, f->order + from, n, true, &loss, &right) == MLK_NOT_FINITE)
			ml_mlp_diverged(f);
		sum += loss * (double) n;
		take_step(step);
	}
	return sum / (double) f->n_train;
}

/* accuracy, or R2, of the rows held back; NaN when there are none */
static double
validate(MlMlpFit *f)
{
	double		loss;
	double		right;

	if (!f->stopping)
		return NAN;
	if (ml_mlp_evaluate(f, f->held, f->n_held, false, &loss, &right) == MLK_NOT_FINITE)
		ml_mlp_diverged(f);
	if (f->problem->task == ML_TASK_CLASSIFICATION)
		return right / f->held_weight;
	return f->held_squares > 0.0 ? 1.0 - 2.0 * loss * (double) f->n_held / f->held_squares : 0.0;
}

/* scikit-learn's rule: iterations in a row that are not better than the best by more than tol */
typedef struct Watch
{
	double		best;
	int			without;
} Watch;

static void
watch(Watch *w, MlMlpFit *f, double loss, double validation)
{
	bool		better = f->stopping ? validation >= w->best + f->tol : loss <= w->best - f->tol;
	bool		best = f->stopping ? validation > w->best : loss < w->best;

	w->without = better ? 0 : w->without + 1;
	if (!best)
		return;
	w->best = f->stopping ? validation : loss;
	if (f->stopping)
		memcpy(f->best, f->params, sizeof(float) * f->net.n_params);
}

/* after so many iterations without improvement: stop, or go on with smaller steps */
static bool
should_stop(Watch *w, Step *step)
{
	MlMlpFit   *f = step->f;

	if (w->without <= f->n_iter_no_change)
		return false;
	if (f->solver != ML_MLP_SGD || f->schedule != ML_MLP_ADAPTIVE || step->rate <= LEAST_RATE)
		return true;
	step->rate /= 5.0;
	w->without = 0;
	return false;
}

static float *
zeros(MlMlpFit *f, const char *what)
{
	float	   *x = f->control->alloc(f->control->budget, f->net.n_params, sizeof(float), what);

	memset(x, 0, sizeof(float) * f->net.n_params);
	CHECK_FOR_INTERRUPTS();
	return x;
}

void
ml_mlp_run_stochastic(MlMlpFit *f)
{
	Step		step = {.f = f, .rate = f->learning_rate, .adam = {0, f->beta_1, f->beta_2, f->epsilon}};
	Watch		w = {.best = f->stopping ? -INFINITY : INFINITY};
	int			done = 0;
	bool		stop = false;

	mlk_rng_seed(&f->rng, ~f->problem->seed);
	f->mean = zeros(f, f->solver == ML_MLP_ADAM ? "means of the gradient" : "velocities");
	if (f->solver == ML_MLP_ADAM)
		f->square = zeros(f, "mean squares of the gradient");
	f->steps_in_all = f->max_iter * ((f->n_train + f->batch - 1) / f->batch);
	/* a step takes some ten microseconds */
	mlk_pool_attend(f->problem->pool, true);
	while (done < f->max_iter && !stop)
	{
		double		loss = iterate(&step);
		double		validation = validate(f);

		done++;
		ml_mlp_add_point(f, loss, validation);
		if (f->schedule == ML_MLP_INVSCALING)
			step.rate = f->learning_rate / pow((double) done * (double) f->n_train + 1.0, f->power_t);
		watch(&w, f, loss, validation);
		stop = should_stop(&w, &step);
	}
	mlk_pool_attend(f->problem->pool, false);
	if (f->stopping && isfinite(w.best))
		memcpy(f->params, f->best, sizeof(float) * f->net.n_params);
	if (!stop)
		ml_fit_warn_iterations("mlp", done, NULL);
}

/* ---- lbfgs ---- */

typedef struct Objective
{
	MlMlpFit   *f;
	const MlkLbfgs *minimiser;
	int			earlier;		/* points of the curve before the first */
	int64		evaluations;
} Objective;

/* the last evaluation of an iteration is the one it ends with */
static void
note_value(Objective *o, double value)
{
	MlMlpFit   *f = o->f;
	int			at = o->earlier + o->minimiser->iterations;

	if (at == o->earlier)
		return;
	f->n_curve = at - 1;
	ml_mlp_add_point(f, value, NAN);
}

static MlkStatus
evaluate_at(void *arg, const double *x, double *value, double *gradient)
{
	Objective  *o = arg;
	MlMlpFit   *f = o->f;
	double		right;

	if (o->evaluations == f->max_fun)
		return MLK_NOT_CONVERGED;
	o->evaluations++;
	f->step = o->minimiser->iterations;
	for (Size i = 0; i < f->net.n_params; i++)
		f->params[i] = (float) x[i];
	/* the search for a step takes a shorter one when the value is infinite */
	if (ml_mlp_evaluate(f, f->order, f->n_train, true, value, &right) == MLK_NOT_FINITE)
		*value = INFINITY;
	for (Size i = 0; i < f->net.n_params; i++)
		gradient[i] = f->pass.gradient[i];
	note_value(o, *value);
	return MLK_OK;
}

/*
 * Steps end where 32-bit numbers tell no better point from a worse one; that is as far as this network goes, so only
 * max_iter and max_fun count as not converged.
 */
void
ml_mlp_run_lbfgs(MlMlpFit *f)
{
	MlkLbfgs	minimiser = {.n = (int64) f->net.n_params, .tolerance = f->tol, .max_iter = f->max_iter};
	Objective	o = {.f = f, .minimiser = &minimiser, .earlier = f->n_curve};
	Size		n = f->net.n_params;
	Size		scratch = (Size) mlk_lbfgs_scratch(minimiser.n);
	double	   *x = f->control->alloc(f->control->budget, n + scratch, sizeof(double), "steps of lbfgs");
	MlkStatus	status;

	minimiser.objective = evaluate_at;
	minimiser.arg = &o;
	f->steps_in_all = f->max_iter;
	for (Size i = 0; i < n; i++)
		x[i] = f->params[i];
	status = mlk_lbfgs_minimise(&minimiser, x, x + n);
	if (status == MLK_NOT_FINITE)
		ml_mlp_diverged(f);
	ml_check_status(status);
	for (Size i = 0; i < n; i++)
		f->params[i] = (float) x[i];
	while (f->n_curve > o.earlier && f->curve[f->n_curve - 1].train_loss != minimiser.value * f->scale * f->scale)
		f->n_curve--;
	if (status == MLK_NOT_CONVERGED && (minimiser.iterations == f->max_iter || o.evaluations == f->max_fun))
		ml_fit_warn_iterations("mlp", minimiser.iterations, NULL);
}
