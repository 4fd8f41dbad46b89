/*
 * logistic_border.c: a wide category eliminated from Newton's equations.
 *
 * No row is of two values of one category, so its block of the Hessian is diagonal: with E for it, A for the rest and B between,
 *	 (A - B' E^-1 B) s = -g + B' E^-1 g_E,	 s_E = -E^-1 (g_E + B s)
 * is exact (the Schur complement; Golub, Van Loan 2013, section 4.2), and four thousand values cost little more than their rows.
 */
#include "algorithms/logistic.h"

#include "algorithms/fit.h"
#include "interrupts.h"
#include "kernels/blas.h"
#include "kernels/cholesky.h"
#include "kernels/triangular.h"

#define DEPENDENT_TOLERANCE 1e-11
#define PIECE 256				/* values of the category taken together */

const MlkBlock *
ml_logistic_find_border(const MlLogisticFit *fit)
{
	const MlkDesign *x = fit->problem->x;
	const MlkBlock *widest = NULL;
	double		rest;

	if (fit->outputs > 1 || fit->l1 > 0.0)
		return NULL;
	for (int b = 0; b < x->n_blocks; b++)
	{
		const MlkBlock *block = &x->blocks[b];

		if (block->kind == MLK_BLOCK_CODES && (widest == NULL || block->cols > widest->cols))
			widest = block;
	}
	if (widest == NULL)
		return NULL;
	rest = 1.0 + x->cols - widest->cols;
	return rest <= ML_LOGISTIC_NEWTON_SIZE && rest * widest->cols <= ML_LOGISTIC_BORDER_SIZE ? widest : NULL;
}

void
ml_logistic_place_border(MlLogisticFit *fit)
{
	int			cols = fit->problem->x->cols;
	int			first = fit->border->first;

	fit->small = 1 + cols - fit->border->cols;
	fit->position = palloc(sizeof(int32_t) * (cols + 1));
	for (int j = 0; j < cols; j++)
		fit->position[j] = j < first ? j : (j < first + fit->border->cols ? -1 : j - fit->border->cols);
}

/* the diagonal and the border's row of one value */
static inline double *
border_row(const MlLogisticFit *fit, int c)
{
	return fit->hessian + (Size) fit->small * fit->small + (Size) c * (1 + fit->small);
}

/* 1 / E_cc; a value whose rows are all certain has no say, as it has no penalty either */
static inline double
inverse(const double *row)
{
	return row[0] > 0.0 ? 1.0 / row[0] : 0.0;
}

void
ml_logistic_border_penalty(MlLogisticFit *fit)
{
	for (int i = 1; i < fit->small; i++)
		fit->hessian[(Size) i * fit->small + i] += fit->l2;
	for (int c = 0; c < fit->border->cols; c++)
		border_row(fit, c)[0] += fit->l2;
	if (fit->intercept)
		return;
	for (int i = 0; i < fit->small; i++)
		fit->hessian[i] = fit->hessian[(Size) i * fit->small] = 0.0;
	fit->hessian[0] = 1.0;
	for (int c = 0; c < fit->border->cols; c++)
		border_row(fit, c)[1] = 0.0;
}

void
ml_logistic_border_factor(MlLogisticFit *fit, double *factor, uint8 *dropped, double *scratch)
{
	int			q = fit->small;
	double	   *piece = ml_fit_doubles((double) PIECE * q);
	double	   *taken = ml_fit_doubles((double) q * q);

	memset(taken, 0, sizeof(double) * (Size) q * q);
	for (int from = 0; from < fit->border->cols; from += PIECE)
	{
		int			n = Min(PIECE, fit->border->cols - from);

		CHECK_FOR_INTERRUPTS();
		for (int c = 0; c < n; c++)
		{
			const double *row = border_row(fit, from + c);
			double		root = sqrt(inverse(row));

			for (int k = 0; k < q; k++)
				piece[(Size) c * q + k] = root * row[1 + k];
		}
		mlk_dsyrk_t(n, q, piece, q, taken, q);
	}
	for (Size i = 0; i < (Size) q * q; i++)
		factor[i] = fit->hessian[i] - taken[i];
	pfree(piece);
	pfree(taken);
	ml_check_status(mlk_cholesky(fit->problem->pool, q, factor, q, fit->l2 > 0.0 ? 0.0 : DEPENDENT_TOLERANCE,
								 dropped, scratch));
}

/* index in the vector of all coefficients of place p of what stays */
static inline int
index_of(const MlLogisticFit *fit, int p)
{
	return p <= fit->border->first ? p : p + fit->border->cols;
}

void
ml_logistic_border_solve(const MlLogisticFit *fit, const double *factor, double *x, double *s)
{
	const double *g = fit->gradient;
	const double *g_border = g + 1 + fit->border->first;
	double	   *x_border = x + 1 + fit->border->first;
	int			q = fit->small;

	for (int p = 0; p < q; p++)
		s[p] = -g[index_of(fit, p)];
	for (int c = 0; c < fit->border->cols; c++)
	{
		const double *row = border_row(fit, c);
		double		share = inverse(row) * g_border[c];

		for (int p = 0; p < q; p++)
			s[p] += share * row[1 + p];
	}
	mlk_triangular_solve_t(q, factor, q, s);
	mlk_triangular_solve(q, factor, q, s);
	for (int c = 0; c < fit->border->cols; c++)
	{
		const double *row = border_row(fit, c);
		double		sum = g_border[c];

		for (int p = 0; p < q; p++)
			sum += row[1 + p] * s[p];
		x_border[c] = -inverse(row) * sum;
	}
	for (int p = 0; p < q; p++)
		x[index_of(fit, p)] = s[p];
}

/* |R'^-1 t|^2, t is destroyed */
static double
squared_length(const MlLogisticFit *fit, const double *factor, double *t)
{
	double		sum = 0.0;

	mlk_triangular_solve_t(fit->small, factor, fit->small, t);
	for (int p = 0; p < fit->small; p++)
		sum += t[p] * t[p];
	return sum;
}

/* of the inverse: its part for what stays is that of the factor, and E^-1 + E^-1 B S^-1 B' E^-1 for the category */
void
ml_logistic_border_errors(MlLogisticFit *fit, MlLinearState *state, bool *dependent)
{
	MlkPool    *pool = fit->problem->pool;
	int			q = fit->small;
	double	   *factor = ml_fit_doubles((double) q * q);
	double	   *variance = ml_fit_doubles(q);
	double	   *scratch = ml_fit_doubles(2.0 * q * mlk_pool_threads(pool));
	uint8	   *dropped = palloc0(q);

	ml_logistic_border_factor(fit, factor, dropped, variance);
	ml_check_status(mlk_triangular_variances(pool, q, factor, NULL, q, variance, NULL, scratch));
	state->inference = ML_INFER_Z;
	for (int p = 1; p < q; p++)
	{
		int			at = index_of(fit, p);

		if (dropped[p])
		{
			dependent[at - 1] = true;
			state->estimate[at] = NAN;
		}
		else
			state->std_error[at] = sqrt(variance[p]) / ml_linear_scale(fit->problem->x, at - 1);
	}
	for (int c = 0; c < fit->border->cols; c++)
	{
		const double *row = border_row(fit, c);

		if (c % PIECE == 0)
			CHECK_FOR_INTERRUPTS();
		memcpy(scratch, row + 1, sizeof(double) * q);
		state->std_error[1 + fit->border->first + c] =
			sqrt(inverse(row) * (1.0 + inverse(row) * squared_length(fit, factor, scratch)));
	}
	for (int p = 0; p < q; p++)
		scratch[p] = p == 0 ? (fit->intercept ? 1.0 : 0.0) : ml_linear_shift(fit->problem->x, index_of(fit, p) - 1);
	state->std_error[0] = sqrt(squared_length(fit, factor, scratch));
}
