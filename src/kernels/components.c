/*
 * components.c: one-sided Jacobi and projection (see components.h).
 */
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/components.h"
#include "kernels/vector.h"

#define MAX_SWEEPS 60
/* cosine of the angle below which two rows count as orthogonal */
#define ORTHOGONAL (4 * DBL_EPSILON)
/* numbers that a block of pairs should at least turn: less does not pay a thread */
#define BLOCK_NUMBERS 65536

typedef struct Sweep
{
	int			d;
	int			players;		/* d, made even: one sits out when d is odd */
	int			round;
	double	   *a;
	int			block_pairs;
	bool	   *turned;			/* a pair of the round */
} Sweep;

/* true unless the rows were orthogonal already */
MLK_CLONES
static bool
turn_rows(double *restrict x, double *restrict y, int d)
{
	double		xx = mlk_vector_dot(x, x, d);
	double		yy = mlk_vector_dot(y, y, d);
	double		xy = mlk_vector_dot(x, y, d);
	double		zeta;
	double		t;
	double		c;
	double		s;

	if (fabs(xy) <= ORTHOGONAL * sqrt(xx) * sqrt(yy))
		return false;
	zeta = (yy - xx) / (2.0 * xy);
	t = copysign(1.0, zeta) / (fabs(zeta) + hypot(1.0, zeta));
	c = 1.0 / sqrt(1.0 + t * t);
	s = c * t;
	for (int j = 0; j < d; j++)
	{
		double		v = x[j];

		x[j] = c * v - s * y[j];
		y[j] = s * v + c * y[j];
	}
	return true;
}

/* the round-robin of a tournament: in players - 1 rounds everybody meets everybody, and in a round all pairs are apart */
static void
pair_of(const Sweep *sweep, int pair, int *i, int *j)
{
	int			n = sweep->players - 1;

	*i = pair == 0 ? n : (sweep->round + pair) % n;
	*j = (sweep->round + n - pair) % n;
}

static void
turn_block(void *arg, int64_t block, int worker)
{
	Sweep	   *sweep = arg;
	int			end = (int) (block + 1) * sweep->block_pairs;

	for (int pair = (int) block * sweep->block_pairs; pair < end && pair < sweep->players / 2; pair++)
	{
		int			i;
		int			j;

		pair_of(sweep, pair, &i, &j);
		sweep->turned[pair] = i < sweep->d && j < sweep->d &&
			turn_rows(sweep->a + (size_t) i * sweep->d, sweep->a + (size_t) j * sweep->d, sweep->d);
	}
}

/* all pairs once */
static MlkStatus
run_sweep(MlkPool *pool, Sweep *sweep, bool *turned)
{
	int			pairs = sweep->players / 2;

	*turned = false;
	for (sweep->round = 0; sweep->round < sweep->players - 1; sweep->round++)
	{
		MlkStatus	status = mlk_parallel_for(pool, (pairs + sweep->block_pairs - 1) / sweep->block_pairs, turn_block, sweep);

		if (status != MLK_OK)
			return status;
		for (int pair = 0; pair < pairs; pair++)
			*turned |= sweep->turned[pair];
	}
	return MLK_OK;
}

/* rows to unit length, the longest first; equal ones keep their order */
static void
sort_rows(int d, double *a, double *s)
{
	for (int i = 0; i < d; i++)
		s[i] = sqrt(mlk_vector_dot(a + (size_t) i * d, a + (size_t) i * d, d));
	for (int i = 0; i < d; i++)
	{
		int			best = i;
		double		length;

		for (int j = i + 1; j < d; j++)
			best = s[j] > s[best] ? j : best;
		length = s[best];
		s[best] = s[i];
		s[i] = length <= s[0] * d * DBL_EPSILON ? 0.0 : length;
		for (int j = 0; j < d; j++)
		{
			double		v = a[(size_t) best * d + j];

			a[(size_t) best * d + j] = a[(size_t) i * d + j];
			a[(size_t) i * d + j] = s[i] > 0.0 ? v / length : 0.0;
		}
	}
}

MlkStatus
mlk_right_singular(MlkPool *pool, int d, double *a, double *s)
{
	Sweep		sweep = {.d = d,.players = d + d % 2,.a = a};
	MlkStatus	status = MLK_OK;
	bool		turned = d > 1;

	if (!mlk_vector_finite(a, (int64_t) d * d))
		return MLK_NOT_FINITE;
	sweep.block_pairs = BLOCK_NUMBERS / (2 * (d > 0 ? d : 1)) + 1;
	sweep.turned = calloc(sweep.players / 2 + 1, sizeof(bool));
	if (sweep.turned == NULL)
		return MLK_NO_MEMORY;
	for (int i = 0; i < MAX_SWEEPS && turned && status == MLK_OK; i++)
		status = run_sweep(pool, &sweep, &turned);
	free(sweep.turned);
	if (status == MLK_OK)
		sort_rows(d, a, s);
	return status;
}

MLK_CLONES
void
mlk_project(int64_t n, int d, const double *x, const double *center, int k, const double *v, double *out,
			double *scratch)
{
	for (int64_t i = 0; i < n; i++)
	{
		for (int j = 0; j < d; j++)
			scratch[j] = x[i * d + j] - center[j];
		for (int c = 0; c < k; c++)
			out[i * k + c] = mlk_vector_dot(scratch, v + (size_t) c * d, d);
	}
}
