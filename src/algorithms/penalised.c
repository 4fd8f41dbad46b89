/*
 * penalised.c: lasso and elastic net by coordinate descent on the products of the centred columns.
 *
 * The rows are read once (twice when the design is not centred); after that the work depends on the columns alone.
 */
#include "algorithms/penalised.h"

#include "algorithms/fit.h"
#include "interrupts.h"
#include "kernels/coordinate.h"

typedef struct Products
{
	int			n;
	int64		ld;
	double	   *g;				/* [n, ld] centred products / W */
	double	   *c;				/* [n] with the target */
	double	   *mean;			/* [n] */
	double		y_mean;
	double		variance;		/* of the target */
} Products;

MlPenalty
ml_penalty_read(const MlParams *params, const char *algorithm, double l1_ratio)
{
	MlPenalty	penalty = {
		.algorithm = algorithm,
		.alpha = ml_params_real(params, "alpha"),
		.l1_ratio = l1_ratio,
		.tol = ml_params_real(params, "tol"),
		.max_iter = (int) ml_params_int(params, "max_iter"),
		.fit_intercept = ml_params_bool(params, "fit_intercept"),
		.positive = ml_params_bool(params, "positive"),
	};

	return penalty;
}

/* means of the columns as the design has them: the shift of dense columns comes back */
static void
set_means(const MlProblem *problem, const double *g, const double *shift, double *mean)
{
	for (int b = 0; b < problem->x->n_blocks; b++)
	{
		const MlkBlock *block = &problem->x->blocks[b];
		bool		shifted = shift != NULL && block->kind == MLK_BLOCK_DENSE;

		for (int j = block->first; j < block->first + block->cols; j++)
			mean[j] = g[1 + j] / g[0] + (shifted ? shift[j] : 0.0);
	}
}

static Products
form_products(const MlProblem *problem, const MlFitControl *control, bool intercept)
{
	double	   *shift = intercept ? ml_fit_means(problem, control) : NULL;
	double	   *g = ml_fit_gram(problem, control, shift);
	int64		q = 2 + problem->x->cols;
	Products	p = {.n = problem->x->cols, .ld = q, .g = g + q + 1};
	double		total = g[0];

	p.c = ml_fit_doubles(p.n + 1.0);
	p.mean = ml_fit_doubles(p.n + 1.0);
	memset(p.mean, 0, sizeof(double) * p.n);
	if (intercept)
	{
		set_means(problem, g, shift, p.mean);
		p.y_mean = g[q - 1] / total;
	}
	for (int64 i = 1; i < q; i++)
	{
		double		factor = intercept ? g[i] / total : 0.0;

		CHECK_FOR_INTERRUPTS();
		for (int64 j = 1; j < q; j++)
			g[i * q + j] = (g[i * q + j] - factor * g[j]) / total;
	}
	for (int j = 0; j < p.n; j++)
		p.c[j] = p.g[j * q + p.n];
	p.variance = p.g[p.n * q + p.n];
	return p;
}

/* n + 1 of them: the first is read even when there are no columns */
static double *
filled(int n, double value)
{
	double	   *v = ml_fit_doubles(n + 1.0);

	for (int j = 0; j <= n; j++)
		v[j] = value;
	return v;
}

/* b[1 + cols] from the products */
static void
fit_products(const MlProblem *problem, const MlFitControl *control, const MlPenalty *penalty, double *b)
{
	Products	p = form_products(problem, control, penalty->fit_intercept);
	double		l1 = penalty->alpha * penalty->l1_ratio;
	double		l2 = penalty->alpha * (1.0 - penalty->l1_ratio);
	MlkQuadratic quadratic = {p.n, p.g, p.ld, p.c, filled(p.n, l1), filled(p.n, l2), penalty->positive};

	/* without l1 the gap is no useful bound: then the moves alone decide */
	MlkDescent	descent = {.tolerance = penalty->tol, .gap = l1 > 0.0 ? penalty->tol * p.variance : 0.0,
	.norm2 = p.variance, .max_iter = penalty->max_iter};
	MlkStatus	status = mlk_coordinate_descent(&quadratic, &descent, problem->pool, b + 1,
												ml_fit_doubles(p.n + 1.0), (int32_t *) ml_fit_doubles(p.n + 1.0));

	ml_check_status(status);
	if (status == MLK_NOT_CONVERGED)
		ml_fit_warn_iterations(penalty->algorithm, descent.sweeps,
							   isnan(descent.last_gap) ? NULL :
							   psprintf("The duality gap is %.3g, tol asks for %.3g.", descent.last_gap, descent.gap));
	b[0] = p.y_mean;
	for (int j = 0; j < p.n; j++)
		b[0] -= p.mean[j] * b[1 + j];
}

static void
fit_wide(const MlProblem *problem, const MlFitControl *control, const MlPenalty *penalty, double *b)
{
	MlWideProblem wide = {problem, control, penalty->fit_intercept, penalty->alpha * penalty->l1_ratio,
	penalty->alpha * (1.0 - penalty->l1_ratio), penalty->tol, penalty->max_iter, 0};

	if (penalty->positive)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s with \"positive\" takes at most %d columns", penalty->algorithm, ML_FIT_DIRECT_COLUMNS),
				 errdetail("There are %d columns after preprocessing.", problem->x->cols),
				 errhint("Lower max_categories of the widest category, or leave \"positive\" out.")));
	if (!ml_fit_wide(&wide, b))
		ml_fit_warn_iterations(penalty->algorithm, wide.iterations, NULL);
}

MlLinearState *
ml_penalised_fit(const MlProblem *problem, const MlFitControl *control, const MlPenalty *penalty)
{
	int			cols = problem->x->cols;
	MlLinearState *state = ml_linear_state_create(ML_TASK_REGRESSION, cols, 1);
	MemoryContext result;
	MemoryContext scratch = ml_fit_enter(penalty->algorithm, &result);
	double	   *b = filled(1 + cols, 0.0);

	if (cols > ML_FIT_DIRECT_COLUMNS)
		fit_wide(problem, control, penalty, b);
	else
		fit_products(problem, control, penalty, b);
	state->intercept[0] = b[0];
	memcpy(state->weights, b + 1, sizeof(double) * cols);
	ml_linear_state_estimate(state, problem->x, penalty->fit_intercept);
	ml_linear_state_means(state, problem, control);
	ml_fit_leave(scratch, result);
	return state;
}
