/*
 * correlate.c: correlations of columns with one another.
 *
 * Sums are those of standardised columns, so that they neither overflow nor cancel, but for pairs whose common rows differ much from
 * the whole columns.
 */
#include <string.h>

#include "kernels/blas.h"
#include "kernels/correlate.h"
#include "kernels/sort.h"
#include "kernels/vector.h"

#define MAX_BLOCK_ROWS 2048
#define LOST_DIGITS 1e-6		/* share of a sum of squares that is left after the mean is taken off */

double
mlk_correlate_plan(MlkCorrelate *c, int64_t rows, int p, const MlkMoments *moments, int threads)
{
	bool		missing = false;
	double		size;

	for (int j = 0; j < p; j++)
		missing |= moments[j].missing > 0 || moments[j].infinite > 0;
	c->p = p;
	c->q = missing ? 3 * p : p;
	size = (double) c->q * c->q;
	c->rounds = mlk_rounds_plan(rows, 2.0 * size, sizeof(double) * size, 64, MAX_BLOCK_ROWS);
	c->per_thread = (size_t) c->rounds.block_rows * c->q;
	return 2.0 * p + (double) c->rounds.slots * size + (double) threads * (double) c->per_thread;
}

void
mlk_correlate_start(MlkCorrelate *c, double *memory, const MlkMoments *moments)
{
	size_t		slots = (size_t) c->rounds.slots * c->q * c->q;

	c->center = memory;
	c->scale = c->center + c->p;
	c->slots = c->scale + c->p;
	c->threads = c->slots + slots;
	memset(c->slots, 0, slots * sizeof(double));
	for (int j = 0; j < c->p; j++)
	{
		const MlkMoments *m = &moments[j];
		int64_t		finite = m->count - m->infinite;
		double		variance = finite > 0 ? m->m2 / (double) finite : 0.0;
		bool		constant = !(m->max > m->min);

		/* the rounded mean of a constant would leave something that looks like variation */
		c->center[j] = constant ? (isfinite(m->min) ? m->min : 0.0) : m->mean;
		c->scale[j] = !constant && variance > 0.0 && isfinite(variance) ? 1.0 / sqrt(variance) : 1.0;
	}
}

/* out[i * stride] := standardised value of row from + i, and its square and mask in the panels behind when there are any */
static void
fill_column(const MlkCorrelate *c, int j, int64_t from, int64_t rows, double *out)
{
	int64_t		mask = ((int64_t) 1 << c->chunk_bits) - 1;
	double		center = c->center[j];
	double		scale = c->scale[j];

	for (int64_t i = 0; i < rows; i++)
	{
		int64_t		row = from + i;
		double		z = (c->column[j][row >> c->chunk_bits][row & mask] - center) * scale;

		out[i * c->q + j] = z;
		if (c->q > c->p)
		{
			bool		there = isfinite(z);

			out[i * c->q + j] = there ? z : 0.0;
			out[i * c->q + c->p + j] = there ? 1.0 : 0.0;
			out[i * c->q + 2 * c->p + j] = there ? z * z : 0.0;
		}
	}
}

static void
correlate_block(void *arg, int64_t index, int worker)
{
	const MlkCorrelate *c = arg;
	int64_t		block = c->rounds.next + index;
	int64_t		rows = mlk_rounds_block_rows(&c->rounds, block);
	double	   *panel = c->threads + worker * c->per_thread;

	for (int j = 0; j < c->p; j++)
		fill_column(c, j, block * c->rounds.block_rows, rows, panel);
	mlk_dsyrk_t((int) rows, c->q, panel, c->q, c->slots + (block % c->rounds.slots) * c->q * c->q, c->q);
}

MlkStatus
mlk_correlate_round(MlkCorrelate *c, MlkPool *pool)
{
	int64_t		width = mlk_rounds_width(&c->rounds);
	MlkStatus	status = mlk_parallel_for(pool, width, correlate_block, c);

	c->rounds.next += width;
	return status;
}

void
mlk_correlate_finish(MlkCorrelate *c)
{
	int64_t		size = (int64_t) c->q * c->q;

	for (int64_t s = 1; s < c->rounds.slots; s++)
		mlk_vector_axpy(1.0, c->slots + s * size, c->slots, size);
}

/* element of the product; only the upper triangle is there */
static double
product(const MlkCorrelate *c, int i, int j)
{
	return i <= j ? c->slots[(int64_t) i * c->q + j] : c->slots[(int64_t) j * c->q + i];
}

static double
bounded(double r)
{
	return r > 1.0 ? 1.0 : (r < -1.0 ? -1.0 : r);
}

double
mlk_correlate_pair(const MlkCorrelate *c, int i, int j, int64_t *rows, bool *exact)
{
	int			p = c->p;
	bool		masked = c->q > p;
	double		n = masked ? product(c, p + i, p + j) : (double) c->rounds.rows;
	double		x = masked ? product(c, i, p + j) : 0.0;
	double		y = masked ? product(c, j, p + i) : 0.0;
	double		xx = masked ? product(c, 2 * p + i, p + j) : product(c, i, i);
	double		yy = masked ? product(c, 2 * p + j, p + i) : product(c, j, j);
	double		vx = xx - x * x / n;
	double		vy = yy - y * y / n;

	*rows = (int64_t) n;
	*exact = !masked || (vx > LOST_DIGITS * xx && vy > LOST_DIGITS * yy);
	if (!(n > 1.0) || xx == 0.0 || yy == 0.0)
	{
		*exact = true;
		return NAN;
	}
	return bounded((product(c, i, j) - x * y / n) / (sqrt(vx) * sqrt(vy)));
}

double
mlk_correlation(const double *x, const double *y, int64_t n)
{
	double		mean_x = 0.0;
	double		mean_y = 0.0;
	double		xx = 0.0;
	double		yy = 0.0;
	double		xy = 0.0;
	bool		vary_x = false;
	bool		vary_y = false;

	for (int64_t i = 0; i < n; i++)
	{
		mean_x += (x[i] - x[0]) / (double) n;
		mean_y += (y[i] - y[0]) / (double) n;
		vary_x |= x[i] != x[0];
		vary_y |= y[i] != y[0];
	}
	if (!vary_x || !vary_y)
		return NAN;
	for (int64_t i = 0; i < n; i++)
	{
		double		dx = x[i] - x[0] - mean_x;
		double		dy = y[i] - y[0] - mean_y;

		xx += dx * dx;
		yy += dy * dy;
		xy += dx * dy;
	}
	return bounded(xy / (sqrt(xx) * sqrt(yy)));
}

size_t
mlk_ranks_scratch(int64_t n)
{
	return ((size_t) n + 1) / 2 * 2 * sizeof(uint32_t) + mlk_argsort_scratch(n);
}

MlkStatus
mlk_ranks(MlkPool *pool, const double *x, int64_t n, double *rank, void *scratch)
{
	uint32_t   *order = scratch;
	MlkStatus	status = mlk_argsort_f64(pool, x, n, order, order + (n + 1) / 2 * 2);

	for (int64_t from = 0, to; from < n && status == MLK_OK; from = to)
	{
		for (to = from + 1; to < n && x[order[to]] == x[order[from]]; to++)
			;
		for (int64_t i = from; i < to; i++)
			rank[order[i]] = 0.5 * (double) (from + 1 + to);
	}
	return status;
}

double
mlk_correlation_ratio(const double *x, const uint32_t *code, int64_t n, int64_t n_codes, double *scratch)
{
	double	   *sum = scratch;
	double	   *count = scratch + n_codes;
	double		mean = 0.0;
	double		total = 0.0;
	double		between = 0.0;
	double		rest = 0.0;
	bool		vary = false;

	memset(scratch, 0, 2 * n_codes * sizeof(double));
	for (int64_t i = 0; i < n; i++)
	{
		mean += (x[i] - x[0]) / (double) n;
		vary |= x[i] != x[0];
	}
	if (!vary)
		return NAN;
	for (int64_t i = 0; i < n; i++)
	{
		double		d = x[i] - x[0] - mean;

		sum[code[i]] += d;
		count[code[i]] += 1.0;
		total += d * d;
		rest += d;
	}
	for (int64_t c = 0; c < n_codes; c++)
		if (count[c] > 0.0)
			between += sum[c] * (sum[c] / count[c]);
	between -= rest * rest / (double) n;
	total -= rest * rest / (double) n;
	return sqrt(fmin(fmax(between, 0.0) / total, 1.0));
}
