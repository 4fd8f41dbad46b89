/*
 * propose.c: the point of a search space where the next trial promises most.
 *
 * Expected improvement has many hills, so it is asked at many points: drawn all over the space, and drawn near the best so far.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "api/propose.h"
#include "dataset/bigmem.h"
#include "kernels/gaussian_process.h"

#define DRAWS 600				/* all over the space */
#define NEAR_DRAWS 300			/* near the best point */
#define NEAR 0.1				/* standard deviation of a step, in units of the space */
#define MAX_POINTS 150			/* that the process is fitted to: its cost grows with their cube */

/*
 * The larger the better, whatever the metric; worst for what has no value.  Folds are not alike: a candidate judged on one must not look
 * better for that one being easy, so values are those beyond a reference's on the same folds.
 */
static double *
values_of(const MlContest *contest, MlCandidate *const *tried, int n, const MlCandidate *reference)
{
	double	   *y = palloc(sizeof(double) * n);
	double		sign = ml_report_better(contest->metric, 0, 1) ? -1 : 1;
	double		worst = NAN;

	for (int i = 0; i < n; i++)
	{
		if (tried[i]->status == ML_CANDIDATE_FAILED)
			y[i] = NAN;
		else
			y[i] = reference != NULL ? ml_contest_lead(contest, tried[i], reference) : sign * tried[i]->mean;
		if (isnan(worst) || y[i] < worst)
			worst = y[i];
	}
	for (int i = 0; i < n; i++)
		if (isnan(y[i]))
			y[i] = worst;
	return y;
}

static int
largest(const double *y, int n)
{
	int			best = 0;

	for (int i = 1; i < n; i++)
		if (y[i] > y[best])
			best = i;
	return best;
}

/* a step from a point; half of the dimensions stay, so that steps along few of them come too */
static void
draw_near(const MlSearch *search, const double *from, MlkRng *rng, double *point)
{
	for (int d = 0; d < search->n; d++)
	{
		double		step = NEAR * mlk_rng_normal(rng);
		bool		stay = mlk_rng_uniform(rng) < 0.5;

		if (search->dimension[d].n > 0 && !stay && mlk_rng_uniform(rng) < 0.3)
			point[d] = mlk_rng_uniform(rng);
		else
			point[d] = Min(Max(from[d] + (stay ? 0 : step), 0), 1 - 1e-9);
	}
}

void
ml_propose(const MlContest *contest, const MlSearch *search, MlCandidate *const *tried, int n, const MlCandidate *reference,
		   MlkRng *rng, double *point)
{
	int			first = Max(n - MAX_POINTS, 0);
	int			coordinates = ml_search_encode(search, (double[ML_MAX_DIMENSIONS]) {0}, NULL);
	double	   *x;
	double	   *y;
	double	   *code;
	double	   *row;
	double		drawn[ML_MAX_DIMENSIONS];
	double		most = -INFINITY;
	MlkGaussianProcess gp;
	int			best;

	ml_search_draw(search, rng, point);
	tried += first;
	n -= first;
	if (n < 2)
		return;
	y = values_of(contest, tried, n, reference);
	best = largest(y, n);
	if (isnan(y[best]))
		return;
	x = ml_palloc_array((Size) n * coordinates, sizeof(double));
	code = palloc(sizeof(double) * coordinates);
	row = palloc(sizeof(double) * n);
	for (int i = 0; i < n; i++)
		(void) ml_search_encode(search, tried[i]->point, x + (Size) i * coordinates);
	mlk_gp_fit(&gp, x, y, n, coordinates, ml_palloc_array(mlk_gp_scratch(n), sizeof(double)));
	for (int i = 0; i < DRAWS + NEAR_DRAWS; i++)
	{
		double		mean;
		double		deviation;
		double		gain;

		if ((i & 31) == 0)
			CHECK_FOR_INTERRUPTS();
		if (i < DRAWS)
			ml_search_draw(search, rng, drawn);
		else
			draw_near(search, tried[best]->point, rng, drawn);
		(void) ml_search_encode(search, drawn, code);
		mlk_gp_predict(&gp, code, row, &mean, &deviation);
		gain = mlk_expected_improvement(mean, deviation, y[best]);
		if (gain > most)
		{
			most = gain;
			memcpy(point, drawn, sizeof(double) * search->n);
		}
	}
}
