/*
 * fixed.c: sums of products of columns in fixed point (see fixed.h).
 *
 * Some hundred rows at a time are scaled into a panel, column by column, where their products are taken while they are in the
 * cache.  Adding a large constant and subtracting it again rounds a product to the unit; a panel's sum of such numbers is exact in
 * a double, and panels are added as integers, which no order changes either.
 */
#include "kernels/fixed.h"

#include <string.h>

#include "kernels/vector.h"

#define PANEL_ROWS 256			/* a multiple of MLK_LANES; 20 columns of them fit into the first-level cache */
#define BLOCK_ROWS 16384		/* between two polls; divides a chunk */
#define PANEL_BITS 44			/* 256 terms of at most 1 (and a rounding) in units of 2^-44 take 52 bits */
#define SUM_BITS 62				/* of an integer that a sum may take */
#define TOGETHER 4				/* products with one column that are taken at once */

typedef struct FixedJob
{
	const MlkColumns *x;
	int			q;				/* 1 + cols */
	double		big;			/* numbers near it are multiples of the unit */
	double		unit;
	const double *b;			/* NULL: products, else residuals */
	double		inverse_scale;
	char	   *scratch;
	size_t		per_thread;		/* bytes */
} FixedJob;

/* of one thread */
typedef struct FixedWorker
{
	double	   *panel;			/* q columns of PANEL_ROWS */
	int64_t    *sum;			/* q * q, upper triangle; or of the residuals q */
	double	   *most;
} FixedWorker;

static size_t
worker_bytes(int q)
{
	return sizeof(double) * ((size_t) q * PANEL_ROWS + (size_t) q * q + MLK_LANES);
}

double
mlk_fixed_scratch(const MlkColumns *x, int threads)
{
	double		q = 1.0 + x->cols;

	return (double) threads * sizeof(double) * (q * PANEL_ROWS + q * q + MLK_LANES);
}

static FixedWorker
worker_of(const FixedJob *job, int worker)
{
	FixedWorker w;

	w.panel = (double *) (job->scratch + worker * job->per_thread);
	w.sum = (int64_t *) (w.panel + (size_t) job->q * PANEL_ROWS);
	w.most = (double *) (w.sum + (size_t) job->q * job->q);
	return w;
}

/* ---- panels ---- */

MLK_CLONES
static void
scale_column(const double *x, const double *counts, int n, double center, double inverse, double *restrict z)
{
	for (int i = 0; i < n; i++)
		z[i] = (x[i] - center) * inverse * counts[i];
	memset(z + n, 0, sizeof(double) * (PANEL_ROWS - n));
}

/* rows that do not count are zero in every column, the constant included */
static void
load_panel(const FixedJob *job, int64_t from, int n, double *panel)
{
	const MlkColumns *x = job->x;
	int64_t		chunk = from >> x->chunk_bits;
	int64_t		at = from & (((int64_t) 1 << x->chunk_bits) - 1);

	for (int i = 0; i < n; i++)
		panel[i] = x->counts[from + i];
	memset(panel + n, 0, sizeof(double) * (PANEL_ROWS - n));
	for (int j = 0; j < x->cols; j++)
		scale_column(x->number[j][chunk] + at, panel, n, x->center[j], x->inverse[j], panel + (size_t) (1 + j) * PANEL_ROWS);
}

/* ---- products ---- */

/* out[k] := sum over a panel's rows of a times column k of b, each product rounded to the unit; exact but for that */
MLK_CLONES
static void
multiply_columns(const double *restrict a, const double *restrict b, double big, double *restrict out)
{
	const double *restrict c = b + PANEL_ROWS;
	const double *restrict d = c + PANEL_ROWS;
	const double *restrict e = d + PANEL_ROWS;
	double		sb[MLK_LANES] = {0},
				sc[MLK_LANES] = {0},
				sd[MLK_LANES] = {0},
				se[MLK_LANES] = {0};

	for (int i = 0; i < PANEL_ROWS; i += MLK_LANES)
	{
		for (int l = 0; l < MLK_LANES; l++)
		{
			sb[l] += (a[i + l] * b[i + l] + big) - big;
			sc[l] += (a[i + l] * c[i + l] + big) - big;
			sd[l] += (a[i + l] * d[i + l] + big) - big;
			se[l] += (a[i + l] * e[i + l] + big) - big;
		}
	}
	out[0] = mlk_lanes_sum(sb);
	out[1] = mlk_lanes_sum(sc);
	out[2] = mlk_lanes_sum(sd);
	out[3] = mlk_lanes_sum(se);
}

MLK_CLONES
static double
multiply_column(const double *restrict a, const double *restrict b, double big)
{
	double		sum[MLK_LANES] = {0};

	for (int i = 0; i < PANEL_ROWS; i += MLK_LANES)
	{
		for (int l = 0; l < MLK_LANES; l++)
			sum[l] += (a[i + l] * b[i + l] + big) - big;
	}
	return mlk_lanes_sum(sum);
}

/* sum[k] += products of column a of the panel with columns [from, to) */
static void
add_products(const FixedJob *job, const double *panel, const double *a, int from, int to, int64_t *sum)
{
	double		out[TOGETHER];
	int			k = from;

	for (; k + TOGETHER <= to; k += TOGETHER)
	{
		multiply_columns(a, panel + (size_t) k * PANEL_ROWS, job->big, out);
		for (int l = 0; l < TOGETHER; l++)
			sum[k + l] += (int64_t) (out[l] / job->unit);
	}
	for (; k < to; k++)
		sum[k] += (int64_t) (multiply_column(a, panel + (size_t) k * PANEL_ROWS, job->big) / job->unit);
}

/* the target's column becomes r */
MLK_CLONES
static void
take_residuals(double *restrict panel, int q, const double *b, double inverse_scale, double *most)
{
	double	   *restrict r = panel + (size_t) (q - 1) * PANEL_ROWS;
	double		top = *most;

	for (int k = 0; k < q - 1; k++)
	{
		const double *z = panel + (size_t) k * PANEL_ROWS;

		for (int i = 0; i < PANEL_ROWS; i++)
			r[i] -= b[k] * z[i];
	}
	for (int i = 0; i < PANEL_ROWS; i++)
		r[i] *= inverse_scale;
	for (int i = 0; i < PANEL_ROWS; i++)
		top = fabs(r[i]) > top ? fabs(r[i]) : top;
	*most = top;
}

static void
fixed_block(void *arg, int64_t block, int worker)
{
	const FixedJob *job = arg;
	FixedWorker w = worker_of(job, worker);
	int64_t		from = block * BLOCK_ROWS;
	int64_t		end = from + BLOCK_ROWS < job->x->rows ? from + BLOCK_ROWS : job->x->rows;
	int			q = job->q;

	for (; from < end; from += PANEL_ROWS)
	{
		load_panel(job, from, end - from < PANEL_ROWS ? (int) (end - from) : PANEL_ROWS, w.panel);
		if (job->b != NULL)
		{
			take_residuals(w.panel, q, job->b, job->inverse_scale, w.most);
			add_products(job, w.panel, w.panel + (size_t) (q - 1) * PANEL_ROWS, 0, q, w.sum);
			continue;
		}
		for (int j = 0; j < q; j++)
			add_products(job, w.panel, w.panel + (size_t) j * PANEL_ROWS, j, q, w.sum + (size_t) j * q);
	}
}

/* ---- whole passes ---- */

/* the sums of all threads are in the first one's then */
static MlkStatus
run(FixedJob *job, const MlkColumns *x, MlkPool *pool, void *scratch)
{
	int			threads = mlk_pool_threads(pool);
	int			bits = PANEL_BITS;
	FixedWorker first;
	MlkStatus	status;

	while (bits > 0 && x->counted > (int64_t) 1 << (SUM_BITS - bits))
		bits--;
	job->x = x;
	job->q = 1 + x->cols;
	job->unit = ldexp(1.0, -bits);
	job->big = ldexp(1.5, 52 - bits);
	job->scratch = scratch;
	job->per_thread = worker_bytes(job->q);
	memset(scratch, 0, threads * job->per_thread);
	status = mlk_parallel_for(pool, (x->rows + BLOCK_ROWS - 1) / BLOCK_ROWS, fixed_block, job);
	first = worker_of(job, 0);
	for (int t = 1; t < threads; t++)
	{
		FixedWorker other = worker_of(job, t);

		for (size_t i = 0; i < (size_t) job->q * job->q; i++)
			first.sum[i] += other.sum[i];
		*first.most = *other.most > *first.most ? *other.most : *first.most;
	}
	return status;
}

MlkStatus
mlk_fixed_products(const MlkColumns *x, MlkPool *pool, void *scratch, double *product)
{
	FixedJob	job = {0};
	MlkStatus	status = run(&job, x, pool, scratch);
	const int64_t *sum = worker_of(&job, 0).sum;

	for (int i = 0; i < job.q; i++)
	{
		for (int j = i; j < job.q; j++)
			product[(size_t) i * job.q + j] = product[(size_t) j * job.q + i] = (double) sum[(size_t) i * job.q + j] * job.unit;
	}
	return status;
}

MlkStatus
mlk_fixed_residuals(const MlkColumns *x, MlkPool *pool, void *scratch, const double *b, double scale,
					double *product, double *most)
{
	FixedJob	job = {.b = b,.inverse_scale = 1.0 / scale};
	MlkStatus	status = run(&job, x, pool, scratch);
	FixedWorker first = worker_of(&job, 0);

	for (int j = 0; j < job.q; j++)
		product[j] = (double) first.sum[j] * job.unit;
	*most = *first.most;
	return status;
}

MLK_CLONES
void
mlk_range(const double *x, int64_t n, double *min, double *max)
{
	double		low[MLK_LANES];
	double		high[MLK_LANES];
	int64_t		i = 0;

	for (int l = 0; l < MLK_LANES; l++)
	{
		low[l] = *min;
		high[l] = *max;
	}
	for (; i + MLK_LANES <= n; i += MLK_LANES)
	{
		for (int l = 0; l < MLK_LANES; l++)
		{
			low[l] = x[i + l] < low[l] ? x[i + l] : low[l];
			high[l] = x[i + l] > high[l] ? x[i + l] : high[l];
		}
	}
	for (; i < n; i++)
	{
		low[0] = x[i] < low[0] ? x[i] : low[0];
		high[0] = x[i] > high[0] ? x[i] : high[0];
	}
	for (int l = 0; l < MLK_LANES; l++)
	{
		*min = low[l] < *min ? low[l] : *min;
		*max = high[l] > *max ? high[l] : *max;
	}
}
