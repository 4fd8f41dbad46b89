/*
 * moments.c: mean and squared deviations of a column, in pieces that merge.
 *
 * Values are taken in pieces that stay in the first-level cache: a pass for
 * count, mean and range, a second one for the deviations from that mean, then
 * Chan, Golub and LeVeque's update ("Updating formulae and a pairwise
 * algorithm for computing sample variances", 1979) joins the piece to what
 * came before.
 */
#include <float.h>
#include <string.h>

#include "kernels/moments.h"

#define PIECE 512
#define LANES 2
#define GROUP (2 * LANES)		/* two chains of additions, so that one's latency hides behind the other */

/*
 * GCC's vector extension, which clang shares, in the width that every x86-64 and
 * arm64 has: wider ones are taken apart badly before function clones are made.
 */
typedef double Vec __attribute__((vector_size(LANES * sizeof(double))));
typedef int64_t Mask __attribute__((vector_size(LANES * sizeof(int64_t))));

typedef struct Chain
{
	Mask		count;
	Mask		missing;
	Vec			sum;
	Vec			min;
	Vec			max;
} Chain;

typedef struct Deviations
{
	Vec			square;			/* of x - mean */
	Vec			residue;		/* sum of x - mean: what the rounding of the mean left */
} Deviations;

void
mlk_moments_init(MlkMoments *m)
{
	m->count = 0;
	m->missing = 0;
	m->infinite = 0;
	m->mean = 0.0;
	m->m2 = 0.0;
	m->min = INFINITY;
	m->max = -INFINITY;
}

/* mask ? yes : no, a lane at a time; a mask is all ones or all zeros */
#define CHOOSE(mask, yes, no) ((Vec) (((Mask) (yes) & (mask)) | ((Mask) (no) & ~(mask))))

/* NaN and infinities fail the comparison */
static inline Mask
finite_lanes(Vec v)
{
	return (Vec) ((Mask) v & INT64_MAX) <= DBL_MAX;
}

static inline void
chain_add(Chain *a, const double *x)
{
	const Vec	zero = {0};
	Vec			v;
	Mask		finite;
	Mask		less;
	Mask		more;

	memcpy(&v, x, sizeof(v));
	finite = finite_lanes(v);
	less = finite & (v < a->min);
	more = finite & (v > a->max);
	/* a true lane is -1 */
	a->count -= finite;
	a->missing -= v != v;
	a->sum += CHOOSE(finite, v, zero);
	a->min = CHOOSE(less, v, a->min);
	a->max = CHOOSE(more, v, a->max);
}

static inline void
deviations_add(Deviations *a, const double *x, double mean)
{
	const Vec	zero = {0};
	Vec			v;
	Vec			d;

	memcpy(&v, x, sizeof(v));
	d = v - mean;
	d = CHOOSE(finite_lanes(v), d, zero);
	a->square += d * d;
	a->residue += d;
}

static void
chain_finish(MlkMoments *m, double *sum, const Chain *a)
{
	for (int j = 0; j < LANES; j++)
	{
		m->count += a->count[j];
		m->missing += a->missing[j];
		*sum += a->sum[j];
		m->min = a->min[j] < m->min ? a->min[j] : m->min;
		m->max = a->max[j] > m->max ? a->max[j] : m->max;
	}
}

/* count, missing, min, max and the sum of n values, a multiple of GROUP */
static double
sum_piece(MlkMoments *m, const double *x, int n)
{
	Chain		even = {.min = (Vec) {0} + INFINITY, .max = (Vec) {0} - INFINITY};
	Chain		odd = even;
	double		sum = 0.0;

	for (int i = 0; i < n; i += GROUP)
	{
		chain_add(&even, x + i);
		chain_add(&odd, x + i + LANES);
	}
	chain_finish(m, &sum, &even);
	chain_finish(m, &sum, &odd);
	return sum;
}

/* m2 of n values, a multiple of GROUP, and the mean with its rounding given back */
static void
deviate_piece(MlkMoments *m, const double *x, int n)
{
	Deviations	even = {0};
	Deviations	odd = {0};
	double		drift = 0.0;

	for (int i = 0; i < n; i += GROUP)
	{
		deviations_add(&even, x + i, m->mean);
		deviations_add(&odd, x + i + LANES, m->mean);
	}
	even.square += odd.square;
	even.residue += odd.residue;
	for (int j = 0; j < LANES; j++)
	{
		m->m2 += even.square[j];
		drift += even.residue[j];
	}
	m->mean += drift / (double) m->count;
	m->m2 = fmax(0.0, m->m2 - drift * drift / (double) m->count);
}

/* One piece of at most PIECE values, padded with infinities to whole groups; they do not count as the column's. */
static void
piece_moments(MlkMoments *m, double *x, int n)
{
	int			padded = (n + GROUP - 1) / GROUP * GROUP;
	double		sum;

	for (int i = n; i < padded; i++)
		x[i] = INFINITY;
	mlk_moments_init(m);
	sum = sum_piece(m, x, padded);
	m->infinite = n - m->count - m->missing;
	if (m->count == 0)
		return;

	/* a rounded mean of equal values may miss them by a bit, and a constant column must have no variance */
	m->mean = m->min == m->max ? m->min : sum / (double) m->count;
	deviate_piece(m, x, padded);
}

void
mlk_moments_add(MlkMoments *m, const double *x, int64_t stride, int64_t n)
{
	double		piece[PIECE];
	MlkMoments	part;

	for (int64_t from = 0; from < n; from += PIECE)
	{
		int			rows = n - from < PIECE ? (int) (n - from) : PIECE;

		for (int i = 0; i < rows; i++)
			piece[i] = x[(from + i) * stride];
		piece_moments(&part, piece, rows);
		mlk_moments_merge(m, &part);
	}
}

void
mlk_moments_merge(MlkMoments *into, const MlkMoments *from)
{
	into->missing += from->missing;
	into->infinite += from->infinite;
	if (from->count == 0)
		return;
	if (into->count == 0)
	{
		into->mean = from->mean;
		into->m2 = from->m2;
	}
	else
	{
		double		delta = from->mean - into->mean;
		double		share = (double) from->count / (double) (into->count + from->count);

		into->mean += delta * share;
		into->m2 += from->m2 + delta * delta * (double) into->count * share;
	}
	into->count += from->count;
	into->min = from->min < into->min ? from->min : into->min;
	into->max = from->max > into->max ? from->max : into->max;
}
