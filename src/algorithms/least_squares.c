/*
 * least_squares.c: least squares from an orthogonal factor, or from products where that would take too long.
 *
 * Both ways lead to the same few things (Factor): a triangle of the centred columns, a right-hand side, the means.
 * The penalty is appended to the triangle as rows sqrt(alpha) I, so ridge squares no condition number either.
 */
#include "algorithms/least_squares.h"

#include "algorithms/fit.h"
#include "interrupts.h"
#include "kernels/cholesky.h"
#include "kernels/qr.h"
#include "kernels/triangular.h"

/* work (rows x columns^2) up to which the orthogonal factorisation is worth its accuracy: some seconds */
#define QR_FLOPS 2e11
#define QR_COLUMNS 1024
/* a column is dependent when what it adds to those before it is this part of its length */
#define QR_TOLERANCE 1e-11
/* the same on squared lengths, for the factor of the products: their rounding hides less than the root of this */
#define GRAM_TOLERANCE 1e-12
#define WIDE_TOLERANCE 1e-10
#define WIDE_MAX_ITER 10000

typedef struct Factor
{
	const MlProblem *problem;
	const MlFitControl *control;
	bool		intercept;
	double		alpha;
	int			cols;			/* of the design */

	int			n;				/* columns of the triangle */
	int32_t    *kept;			/* their design columns */
	bool	   *dropped;		/* [cols]: dependent */
	const double *r;			/* triangle of centred X, penalty included; [n, ld] */
	const double *c;			/* without the penalty; NULL: the same */
	int64		ld;
	double	   *rhs;			/* [n], in the rotation of c */
	double	   *mean;			/* [n], 0 without intercept */
	double		y_mean;
	double		total;			/* sum of weights */
	double	   *w;				/* [n], the solution */
	double		rss;
} Factor;

static void
allocate(Factor *f)
{
	f->kept = (int32_t *) ml_fit_doubles(f->cols + 2.0);
	f->dropped = palloc0(sizeof(bool) * (f->cols + 1));
	f->rhs = ml_fit_doubles(f->cols + 1.0);
	f->mean = ml_fit_doubles(f->cols + 1.0);
	f->w = ml_fit_doubles(f->cols + 1.0);
}

static double *
factorise_rows(Factor *f, int *q)
{
	const MlProblem *problem = f->problem;
	MlkTsqr		t;
	double		size = mlk_tsqr_plan(&t, problem->x, f->intercept, problem->y, problem->weight,
									 mlk_pool_threads(problem->pool));

	mlk_tsqr_start(&t, ml_fit_doubles(size));
	while (t.rounds.next < t.rounds.blocks)
	{
		ml_check_status(mlk_tsqr_round(&t, problem->pool));
		f->control->progress("factorisation", t.rounds.next, t.rounds.blocks);
	}
	ml_check_status(mlk_tsqr_finish(&t, problem->pool));
	*q = t.q;
	return t.slots;
}

/* R of [X y] on top of sqrt(alpha) I: a triangle of its own, so that the bare one stays for the variances */
static double *
append_penalty(const Factor *f, const double *bare, int64 ld, int n)
{
	int			q = n + 1;
	double	   *r = ml_fit_doubles((double) q * q);
	double	   *panel = ml_fit_doubles((double) q * q);
	double	   *scratch = ml_fit_doubles(mlk_qr_append_scratch(q));

	for (int i = 0; i < q; i++)
		memcpy(r + (Size) i * q, bare + i * ld, sizeof(double) * q);
	memset(panel, 0, sizeof(double) * q * q);
	for (int k = 0; k < n; k++)
		panel[(Size) k * q + k] = sqrt(f->alpha);
	mlk_qr_append(q, r, q, panel, q, true, scratch);
	return r;
}

static double
squared_length(const double *v, int n)
{
	double		sum = 0.0;

	for (int i = 0; i < n; i++)
		sum += v[i] * v[i];
	return sum;
}

/* numbers of the kept columns (with the constant first, if any) become design columns */
static void
note_kept(Factor *f, const int32_t *kept, int rank)
{
	int			first = f->intercept ? 1 : 0;

	f->n = 0;
	for (int j = 0; j < f->cols; j++)
		f->dropped[j] = true;
	for (int i = 0; i < rank; i++)
	{
		if (kept[i] < first)
			continue;
		f->kept[f->n++] = kept[i] - first;
		f->dropped[kept[i] - first] = false;
	}
}

/*
 * From R of [1 X y].  Its first row holds the means (times the root of the weights), the rows below are the
 * triangle of the centred columns.
 */
static void
solve_by_qr(Factor *f)
{
	int			q;
	double	   *r = factorise_rows(f, &q);
	int			first = f->intercept ? 1 : 0;
	int			last = q - 1;
	int32_t    *kept = (int32_t *) ml_fit_doubles(q);
	const double *bare;

	if (f->alpha == 0.0)
	{
		last = mlk_qr_reveal_rank(f->problem->pool, q, q - 1, r, QR_TOLERANCE, kept);
		if (last < 0)
			ml_check_status(MLK_CANCELLED);
	}
	else
	{
		for (int i = 0; i < last; i++)
			kept[i] = i;
	}
	note_kept(f, kept, last);
	bare = r + first * (Size) (q + 1);
	f->ld = q;
	f->y_mean = f->intercept ? r[last] / r[0] : 0.0;
	for (int i = 0; i < f->n; i++)
	{
		f->mean[i] = f->intercept ? r[first + i] / r[0] : 0.0;
		f->rhs[i] = bare[i * (Size) q + f->n];
	}
	f->rss = r[last * (Size) (q + 1)] * r[last * (Size) (q + 1)];
	f->r = bare;
	f->c = NULL;
	memcpy(f->w, f->rhs, sizeof(double) * f->n);
	if (f->alpha > 0.0)
	{
		double	   *penalised = append_penalty(f, bare, q, f->n);
		double	   *fitted = ml_fit_doubles(f->n);

		/* both triangles with one leading dimension for the variances: narrow the bare one to the other's */
		for (int i = 0; i < f->n; i++)
		{
			f->w[i] = penalised[i * (Size) (f->n + 1) + f->n];
			memmove(r + i * (Size) (f->n + 1), bare + i * (Size) q, sizeof(double) * f->n);
		}
		f->ld = f->n + 1;
		f->r = penalised;
		f->c = r;
		mlk_triangular_solve(f->n, f->r, f->ld, f->w);
		mlk_triangular_multiply(f->n, f->c, f->ld, f->w, fitted);
		for (int i = 0; i < f->n; i++)
			fitted[i] -= f->rhs[i];
		f->rss += squared_length(fitted, f->n);
	}
	else
		mlk_triangular_solve(f->n, f->r, f->ld, f->w);
}

/* factor of the products plus penalty * I, in a copy; dropped columns of an unpenalised one are noted */
static double *
factor_products(Factor *f, const double *g, int64 ld, double penalty)
{
	int			n = f->cols;
	double	   *a = ml_fit_doubles((double) n * n);
	double	   *diagonal = ml_fit_doubles(n);
	uint8	   *dropped = palloc0(n + 1);

	for (int i = 0; i < n; i++)
	{
		memcpy(a + (Size) i * n, g + i * ld, sizeof(double) * n);
		a[(Size) i * n + i] += penalty;
	}
	ml_check_status(mlk_cholesky(f->problem->pool, n, a, n, GRAM_TOLERANCE, dropped, diagonal));
	for (int j = 0; j < n; j++)
	{
		if (penalty == f->alpha)
			f->dropped[j] = dropped[j];
		/* multiplied with later, where infinity would not mean "none" */
		else if (dropped[j])
			a[(Size) j * n + j] = 0.0;
	}
	return a;
}

/* subtract the means from products of [1 X y]: g[i, j] -= g[0, i] g[0, j] / g[0, 0] */
static void
center_products(double *g, int64 q)
{
	for (int64 i = 1; i < q; i++)
	{
		double		factor = g[i] / g[0];

		CHECK_FOR_INTERRUPTS();
		for (int64 j = 1; j < q; j++)
			g[i * q + j] -= factor * g[j];
	}
}

/* constant and weights as the design wants them */
static void
expand_solution(const Factor *f, double *b)
{
	memset(b, 0, sizeof(double) * (1 + (Size) f->cols));
	b[0] = f->y_mean;
	for (int i = 0; i < f->n; i++)
	{
		b[1 + f->kept[i]] = f->w[i];
		b[0] -= f->mean[i] * f->w[i];
	}
}

/* ml_fit_squares, by whichever way the problem has */
static double
squares(const Factor *f, const char *phase, const double *b, double *product)
{
	double		square;

	if (f->problem->sums == NULL)
		return ml_fit_squares(f->problem, f->control, phase, f->problem->y, b, product);
	ml_check_status(mlk_sums_residuals(f->problem->sums, f->problem->pool, b, product, &square));
	return square;
}

/*
 * The sum of squares after a step h that is so small that no digit is lost: rss - 2 h'X'r + h'X'X h, product = X'r.
 * R'R holds the penalty, too.
 */
static double
step_residuals(const Factor *f, const double *h, const double *product)
{
	double	   *image = ml_fit_doubles(f->n + 1.0);
	double		change = 0.0;

	mlk_triangular_multiply(f->n, f->r, f->ld, h, image);
	for (int i = 0; i < f->n; i++)
		change += 2.0 * h[i] * product[i];
	return f->rss - change + squared_length(image, f->n) - f->alpha * squared_length(h, f->n);
}

/*
 * One step of iterative refinement from the residuals of the rows (corrected seminormal equations; Bjorck 1987),
 * which gives back most of the digits that forming the products lost.
 */
static void
refine(Factor *f)
{
	bool		rows = f->problem->sums == NULL;
	double	   *b = ml_fit_doubles(1.0 + f->cols);
	double	   *product = ml_fit_doubles(1.0 + f->cols);
	double	   *step = ml_fit_doubles(f->n + 1.0);

	expand_solution(f, b);
	f->rss = squares(f, "refinement", b, product);
	for (int i = 0; i < f->n; i++)
		step[i] = product[1 + i] -= f->mean[i] * product[0];
	for (int i = 0; i < f->n; i++)
		step[i] -= f->alpha * f->w[i];
	mlk_triangular_solve_t(f->n, f->r, f->ld, step);
	mlk_triangular_solve(f->n, f->r, f->ld, step);
	for (int i = 0; i < f->n; i++)
		f->w[i] += step[i];
	expand_solution(f, b);
	if (rows)
		f->rss = squares(f, "residuals", b, product);
	else
		f->rss = step_residuals(f, step, product + 1);
}

/* of [1 X y], to be overwritten */
static double *
products(const Factor *f, const double *shift)
{
	double		size = (2.0 + f->cols) * (2.0 + f->cols);

	if (f->problem->sums == NULL)
		return ml_fit_gram(f->problem, f->control, shift);
	return memcpy(ml_fit_doubles(size), f->problem->sums->product, sizeof(double) * (Size) size);
}

static void
solve_by_products(Factor *f)
{
	double	   *shift = f->intercept ? ml_fit_means(f->problem, f->control) : NULL;
	double	   *g = products(f, shift);
	int64		q = 2 + f->cols;
	const double *centred = g + q + 1;

	f->n = f->cols;
	f->ld = f->cols;
	for (int j = 0; j < f->cols; j++)
	{
		f->kept[j] = j;
		/* one-hot columns are never shifted */
		f->mean[j] = f->intercept ? g[1 + j] / g[0] : 0.0;
	}
	if (shift != NULL)
	{
		for (int b = 0; b < f->problem->x->n_blocks; b++)
		{
			const MlkBlock *block = &f->problem->x->blocks[b];

			for (int j = 0; block->kind == MLK_BLOCK_DENSE && j < block->cols; j++)
				f->mean[block->first + j] += shift[block->first + j];
		}
	}
	f->y_mean = f->intercept ? g[q - 1] / g[0] : 0.0;
	if (f->intercept)
		center_products(g, q);
	f->r = factor_products(f, centred, q, f->alpha);
	f->c = f->alpha > 0.0 ? factor_products(f, centred, q, 0.0) : NULL;
	for (int j = 0; j < f->n; j++)
		f->w[j] = g[(1 + j) * q + q - 1];
	mlk_triangular_solve_t(f->n, f->r, f->ld, f->w);
	mlk_triangular_solve(f->n, f->r, f->ld, f->w);
	refine(f);
}

/* too wide for either: gradients only, no standard errors */
static void
solve_wide(Factor *f, const char *name, double *b)
{
	MlWideProblem wide = {f->problem, f->control, f->intercept, 0.0, f->alpha / f->total,
	WIDE_TOLERANCE, WIDE_MAX_ITER, 0};

	memset(b, 0, sizeof(double) * (1 + (Size) f->cols));
	if (!ml_fit_wide(&wide, b))
		ereport(WARNING,
				(errmsg("%s did not converge in %d iterations", name, wide.iterations),
				 errdetail("With more than %d columns the solution is found by gradients.", ML_FIT_DIRECT_COLUMNS),
				 errhint("Lower max_categories of the widest category.")));
}

/* variance of u'w in units of the residual variance */
static double
variance_of(const Factor *f, const double *u)
{
	double	   *z = ml_fit_doubles(f->n + 1.0);
	double	   *product = ml_fit_doubles(f->n + 1.0);

	memcpy(z, u, sizeof(double) * f->n);
	mlk_triangular_solve_t(f->n, f->r, f->ld, z);
	if (f->c == NULL)
		return squared_length(z, f->n);
	mlk_triangular_solve(f->n, f->r, f->ld, z);
	mlk_triangular_multiply(f->n, f->c, f->ld, z, product);
	return squared_length(product, f->n);
}

/*
 * Standard errors in original units.  With a penalty the covariance is the sandwich s^2 S X'X S,
 * S = (X'X + alpha I)^-1, and the model's degrees of freedom are the trace of S X'X.
 */
static void
set_errors(const Factor *f, MlLinearState *state, int64 counted)
{
	const MlProblem *problem = f->problem;
	double	   *variance = ml_fit_doubles(f->n + 1.0);
	double	   *scratch = ml_fit_doubles(2.0 * f->n * mlk_pool_threads(problem->pool) + 1.0);
	double		freedom = 0.0;
	double		sigma2;

	ml_check_status(mlk_triangular_variances(problem->pool, f->n, f->r, f->c, f->ld, variance, &freedom, scratch));
	if (f->c == NULL)
	{
		for (int i = 0; i < f->n; i++)
			freedom += !f->dropped[f->kept[i]];
	}
	state->df = counted - freedom - (f->intercept ? 1.0 : 0.0);
	if (!(state->df > 1e-9))
	{
		ereport(NOTICE,
				(errmsg("no standard errors: as many coefficients as rows"),
				 errdetail("The model uses %.15g degrees of freedom of " INT64_FORMAT " rows.",
						   counted - state->df, counted)));
		return;
	}
	sigma2 = f->rss / state->df;
	for (int i = 0; i < f->n; i++)
	{
		if (!f->dropped[f->kept[i]])
			state->std_error[1 + f->kept[i]] = sqrt(sigma2 * variance[i]) / ml_linear_scale(problem->x, f->kept[i]);
		/* from here on: what the intercept takes from weight i */
		variance[i] = ml_linear_shift(problem->x, f->kept[i]) - f->mean[i];
	}
	state->std_error[0] = sqrt(sigma2 * (variance_of(f, variance) + (f->intercept ? 1.0 / f->total : 0.0)));
	if (f->alpha == 0.0)
		state->inference = ML_INFER_T;
}

static void
take_solution(const Factor *f, const double *b, MlLinearState *state)
{
	state->intercept[0] = b[0];
	memcpy(state->weights, b + 1, sizeof(double) * f->cols);
	ml_linear_state_estimate(state, f->problem->x, f->intercept);
	for (int j = 0; j < f->cols; j++)
	{
		if (f->dropped[j])
			state->estimate[1 + j] = NAN;
	}
}

static void
warn_few_rows(const Factor *f, int64 counted)
{
	if (f->alpha > 0.0 || counted >= f->cols + (f->intercept ? 1 : 0))
		return;
	ereport(WARNING,
			(errmsg("fewer rows than columns: the coefficients are not unique"),
			 errdetail("Rows: " INT64_FORMAT ", columns: %d.", counted, f->cols),
			 errhint("Use ridge, lasso or elastic_net, or fewer features.")));
}

MlLinearState *
ml_least_squares_fit(const MlProblem *problem, const MlFitControl *control, const char *name,
					 bool intercept, double alpha)
{
	Factor		f = {.problem = problem, .control = control, .intercept = intercept, .alpha = alpha};
	int64		rows = problem->x->rows;
	MlLinearState *state = ml_linear_state_create(ML_TASK_REGRESSION, problem->x->cols, 1);
	MemoryContext result;
	MemoryContext scratch = ml_fit_enter(name, &result);
	double	   *b = ml_fit_doubles(1.0 + problem->x->cols);
	double		q = 2.0 + problem->x->cols;
	bool		wide = problem->x->cols > ML_FIT_DIRECT_COLUMNS;
	int64		counted;

	f.cols = problem->x->cols;
	f.total = ml_fit_total_weight(problem->weight, rows, &counted);
	allocate(&f);
	warn_few_rows(&f, counted);
	if (wide)
		solve_wide(&f, name, b);
	else
	{
		if (problem->sums == NULL && q <= QR_COLUMNS && 2.0 * rows * q * q <= QR_FLOPS)
			solve_by_qr(&f);
		else
			solve_by_products(&f);
		expand_solution(&f, b);
	}
	take_solution(&f, b, state);
	if (problem->sums != NULL)
	{
		for (int j = 0; j < f.cols; j++)
			state->mean[j] = problem->sums->product[1 + j] / problem->sums->product[0];
	}
	else
		ml_linear_state_means(state, problem, control);
	if (!wide)
	{
		ml_fit_notice_dependent(problem, f.dropped);
		set_errors(&f, state, counted);
	}
	ml_fit_leave(scratch, result);
	return state;
}
