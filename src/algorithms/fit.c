/*
 * fit.c: memory, passes and messages that the learners share (see fit.h).
 */
#include "algorithms/fit.h"

#include "interrupts.h"
#include "kernels/gram.h"
#include "kernels/lbfgs.h"
#include "kernels/squares.h"
#include "utils/memutils.h"

#define NAMES_SHOWN 10
#define CURVATURE_ROWS 4096		/* between two polls */
/* part of the constant's steepness below which a column counts as if it had that much: hardly any rows set it */
#define LEAST_CURVATURE 1e-12

double *
ml_fit_doubles(double count)
{
	double		bytes = count * sizeof(double);

	if (bytes >= (double) MaxAllocHugeSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the computation needs %.0f MB of memory at once", bytes / (1024 * 1024)),
				 errhint("Use fewer features or categories.")));
	return MemoryContextAllocHuge(CurrentMemoryContext, count < 1.0 ? sizeof(double) : (Size) bytes);
}

MemoryContext
ml_fit_enter(const char *name, MemoryContext *result)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "mlops fit", ALLOCSET_DEFAULT_SIZES);

	MemoryContextSetIdentifier(scratch, name);
	*result = MemoryContextSwitchTo(scratch);
	return scratch;
}

void
ml_fit_leave(MemoryContext scratch, MemoryContext result)
{
	MemoryContextSwitchTo(result);
	MemoryContextDelete(scratch);
}

double
ml_fit_total_weight(const double *weight, int64 rows, int64 *counted)
{
	double		total = 0.0;

	*counted = rows;
	if (weight == NULL)
		return (double) rows;
	*counted = 0;
	for (int64 i = 0; i < rows; i++)
	{
		total += weight[i];
		*counted += weight[i] > 0.0;
	}
	return total;
}

double *
ml_fit_gram(const MlProblem *problem, const MlFitControl *control, const double *shift)
{
	MlkGramShape shape = mlk_gram_shape(problem->x, NULL, problem->x->cols, shift, true);
	MlkGram		gram;
	double		size = mlk_gram_plan(&gram, &shape, problem->weight, problem->y, mlk_pool_threads(problem->pool));

	mlk_gram_start(&gram, ml_fit_doubles(size));
	while (gram.rounds.next < gram.rounds.blocks)
	{
		ml_check_status(mlk_gram_round(&gram, problem->pool));
		control->progress("products", gram.rounds.next, gram.rounds.blocks);
	}
	ml_check_status(mlk_gram_finish(&gram));
	return gram.slots;
}

/* one pass with memory that the caller took for it */
static double
squares_pass(MlkSquares *pass, double *memory, const MlProblem *problem, const MlFitControl *control,
			 const char *phase, const double *b, double *product)
{
	double		sum;

	mlk_squares_start(pass, memory, b);
	while (pass->rounds.next < pass->rounds.blocks)
	{
		ml_check_status(mlk_squares_round(pass, problem->pool));
		control->progress(phase, pass->rounds.next, pass->rounds.blocks);
	}
	ml_check_status(mlk_squares_finish(pass, &sum, product));
	return sum;
}

double
ml_fit_squares(const MlProblem *problem, const MlFitControl *control, const char *phase,
			   const double *y, const double *b, double *product)
{
	MlkSquares	pass;
	double	   *memory = ml_fit_doubles(mlk_squares_plan(&pass, problem->x, y, problem->weight,
														 mlk_pool_threads(problem->pool)));
	double		sum = squares_pass(&pass, memory, problem, control, phase, b, product);

	pfree(memory);
	return sum;
}

double *
ml_fit_means(const MlProblem *problem, const MlFitControl *control)
{
	int			cols = problem->x->cols;
	double	   *b;
	double	   *product;

	if (problem->x->center != NULL)
		return NULL;
	b = ml_fit_doubles(1.0 + cols);
	product = ml_fit_doubles(1.0 + cols);
	memset(b, 0, sizeof(double) * (1 + (Size) cols));
	(void) ml_fit_squares(problem, control, "means", NULL, b, product);
	for (int j = 0; j < cols; j++)
		product[1 + j] /= product[0];
	return product + 1;
}

double *
ml_fit_curvature(const MlProblem *problem, const MlFitControl *control, const double *weight, double share, double l2)
{
	const MlkDesign *x = problem->x;
	double	   *curvature = ml_fit_doubles(1.0 + x->cols);
	int64		counted;
	double		total = ml_fit_total_weight(weight, x->rows, &counted);

	memset(curvature, 0, sizeof(double) * (1 + (Size) x->cols));
	for (int64 from = 0; from < x->rows; from += CURVATURE_ROWS)
	{
		control->progress("curvature", from, x->rows);
		mlk_design_squares(x, from, Min(x->rows - from, CURVATURE_ROWS), weight == NULL ? NULL : weight + from, curvature + 1);
	}
	curvature[0] = share;
	for (int j = 1; j <= x->cols; j++)
		curvature[j] = Max(share * (curvature[j] / total) + l2, share * LEAST_CURVATURE);
	return curvature;
}

/* what the minimiser's callback needs */
typedef struct WidePass
{
	const MlWideProblem *wide;
	MlkSquares	pass;
	double	   *memory;
	double		total;
} WidePass;

static MlkStatus
wide_objective(void *arg, const double *b, double *value, double *gradient)
{
	WidePass   *w = arg;
	const MlWideProblem *wide = w->wide;
	int			cols = wide->problem->x->cols;
	double		norm2 = 0.0;
	double		sum = squares_pass(&w->pass, w->memory, wide->problem, wide->control, "gradient", b, gradient);

	for (int j = 0; j <= cols; j++)
		gradient[j] /= -w->total;
	if (!wide->intercept)
		gradient[0] = 0.0;
	for (int j = 1; j <= cols; j++)
	{
		gradient[j] += wide->l2 * b[j];
		norm2 += b[j] * b[j];
	}
	*value = 0.5 * sum / w->total + 0.5 * wide->l2 * norm2;
	return MLK_OK;
}

bool
ml_fit_wide(MlWideProblem *wide, double *b)
{
	const MlProblem *problem = wide->problem;
	int			cols = problem->x->cols;
	WidePass	w = {.wide = wide};
	MlkLbfgs	minimiser = {.n = 1 + cols, .objective = wide_objective, .arg = &w, .max_iter = wide->max_iter};
	double	   *l1 = ml_fit_doubles(1.0 + cols);
	double	   *scratch = ml_fit_doubles(mlk_lbfgs_scratch(1 + cols));
	int64		counted;
	double		y2;
	MlkStatus	status;

	w.total = ml_fit_total_weight(problem->weight, problem->x->rows, &counted);
	w.memory = ml_fit_doubles(mlk_squares_plan(&w.pass, problem->x, problem->y, problem->weight,
											   mlk_pool_threads(problem->pool)));
	y2 = squares_pass(&w.pass, w.memory, problem, wide->control, "gradient", b, l1) / w.total;
	minimiser.tolerance = wide->tolerance * sqrt(y2);
	l1[0] = 0.0;
	for (int j = 1; j <= cols; j++)
		l1[j] = wide->l1;
	minimiser.l1 = wide->l1 > 0.0 ? l1 : NULL;
	minimiser.curvature = ml_fit_curvature(problem, wide->control, problem->weight, 1.0, wide->l2);
	status = mlk_lbfgs_minimise(&minimiser, b, scratch);
	ml_check_status(status);
	wide->iterations = minimiser.iterations;
	return status == MLK_OK;
}

void
ml_fit_warn_iterations(const char *algorithm, int iterations, const char *detail)
{
	ereport(WARNING,
			(errmsg("%s did not converge in %d iterations", algorithm, iterations),
			 detail != NULL ? errdetail("%s", detail) : 0,
			 errhint("Raise max_iter or tol, scale the features, or use a stronger penalty.")));
}

void
ml_fit_notice_dependent(const MlProblem *problem, const bool *dropped)
{
	StringInfoData names;
	int			count = 0;

	initStringInfo(&names);
	for (int j = 0; j < problem->x->cols; j++)
	{
		if (!dropped[j])
			continue;
		if (count < NAMES_SHOWN)
			appendStringInfo(&names, "%s\"%s\"", count > 0 ? ", " : "", problem->names[j]);
		count++;
	}
	if (count > NAMES_SHOWN)
		appendStringInfo(&names, " and %d more", count - NAMES_SHOWN);
	if (count > 0)
		ereport(NOTICE,
				(errmsg("%d of %d columns depend on others and have no coefficient: %s",
						count, problem->x->cols, names.data),
				 errdetail("They are linear combinations of the columns before them; predictions do not need them.")));
}
