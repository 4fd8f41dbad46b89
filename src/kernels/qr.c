/*
 * qr.c: Householder panels appended to a triangle (see qr.h).
 *
 * For column j the reflector is 1 at R's row j and v on the panel; R's other
 * rows are not touched by it.  Narrow matrices apply it at once; wide ones
 * gather 32 of them as I - V T' V' (compact WY; Schreiber, Van Loan 1989) so
 * that nearly all the work is matrix products.
 */
#include "kernels/qr.h"

#include <string.h>

#include "kernels/blas.h"
#include "kernels/panel.h"
#include "kernels/vector.h"

#define WY_COLUMNS 32			/* reflectors in one product */
#define NARROW 64				/* up to so many columns at once: panel and triangle stay in the first caches */
#define NARROW_PANEL_BYTES (32 * 1024)
#define WIDE_PANEL_ROWS 256

size_t
mlk_qr_append_scratch(int q)
{
	return q <= NARROW ? 0 : (size_t) WY_COLUMNS * (q + WY_COLUMNS);
}

/* columns [0, count) of the panel and of R's row: subtract tau (r + v'p) (1, v) */
MLK_CLONES
static void
reflect(int count, double *r, double *panel, int64_t ld, const double *restrict v, int n, double tau)
{
	int			k = 0;

	for (; k + 4 <= count; k += 4)
	{
		double	   *restrict a = panel + k * ld;
		double	   *restrict b = a + ld;
		double	   *restrict c = b + ld;
		double	   *restrict d = c + ld;
		double		sa[MLK_LANES] = {0},
					sb[MLK_LANES] = {0},
					sc[MLK_LANES] = {0},
					sd[MLK_LANES] = {0};
		double		wa,
					wb,
					wc,
					wd;
		int			i = 0;

		for (; i + MLK_LANES <= n; i += MLK_LANES)
		{
			for (int l = 0; l < MLK_LANES; l++)
			{
				sa[l] += v[i + l] * a[i + l];
				sb[l] += v[i + l] * b[i + l];
				sc[l] += v[i + l] * c[i + l];
				sd[l] += v[i + l] * d[i + l];
			}
		}
		for (; i < n; i++)
		{
			sa[0] += v[i] * a[i];
			sb[0] += v[i] * b[i];
			sc[0] += v[i] * c[i];
			sd[0] += v[i] * d[i];
		}
		r[k] -= wa = tau * (r[k] + mlk_lanes_sum(sa));
		r[k + 1] -= wb = tau * (r[k + 1] + mlk_lanes_sum(sb));
		r[k + 2] -= wc = tau * (r[k + 2] + mlk_lanes_sum(sc));
		r[k + 3] -= wd = tau * (r[k + 3] + mlk_lanes_sum(sd));
		for (i = 0; i < n; i++)
		{
			a[i] -= wa * v[i];
			b[i] -= wb * v[i];
			c[i] -= wc * v[i];
			d[i] -= wd * v[i];
		}
	}
	for (; k < count; k++)
	{
		double		w = tau * (r[k] + mlk_vector_dot(v, panel + k * ld, n));

		r[k] -= w;
		mlk_vector_axpy(-w, v, panel + k * ld, n);
	}
}

/* v becomes the panel part of the reflector that sends (*diagonal, v) to (new diagonal, 0); returns tau, 0 for none */
MLK_CLONES
static double
make_reflector(double *diagonal, double *v, int n)
{
	double		length2 = mlk_vector_dot(v, v, n);
	double		beta;
	double		scale;
	double		tau;

	if (length2 == 0.0)
		return 0.0;
	beta = -copysign(sqrt(*diagonal * *diagonal + length2), *diagonal);
	scale = 1.0 / (*diagonal - beta);
	for (int i = 0; i < n; i++)
		v[i] *= scale;
	tau = (beta - *diagonal) / beta;
	*diagonal = beta;
	return tau;
}

/* columns [from, to): make their reflectors and apply each to the columns behind it, up to `to` */
static void
factor_columns(int q, double *r, int from, int to, int n, double *panel, int64_t ld, bool triangular, double *tau)
{
	for (int j = from; j < to; j++)
	{
		double	   *v = panel + j * ld;
		double	   *row = r + (size_t) j * q;
		int			length = triangular && j + 1 < n ? j + 1 : n;
		double		t = make_reflector(&row[j], v, length);

		if (t != 0.0)
			reflect(to - j - 1, row + j + 1, v + ld, ld, v, length, t);
		if (tau != NULL)
		{
			tau[j - from] = t;
			/* the products below read all n rows of v */
			memset(v + length, 0, sizeof(double) * (n - length));
		}
	}
}

/* T of I - V T V', upper triangular with leading dimension WY_COLUMNS, from the reflectors and their tau */
static void
form_t(int count, const double *v, int64_t ld, int n, const double *tau, double *t)
{
	for (int j = 0; j < count; j++)
	{
		double		product[WY_COLUMNS];

		for (int i = 0; i < j; i++)
			product[i] = mlk_vector_dot(v + i * ld, v + j * ld, n);
		for (int i = 0; i < j; i++)
			t[i * WY_COLUMNS + j] = -tau[j] * mlk_vector_dot(t + i * WY_COLUMNS + i, product + i, j - i);
		t[j * WY_COLUMNS + j] = tau[j];
	}
}

/* apply the reflectors of columns [from, to) to the columns behind them */
static void
apply_wy(int q, double *r, int from, int to, int n, double *panel, int64_t ld, const double *tau, double *scratch)
{
	int			count = to - from;
	int			rest = q - to;
	double	   *t = scratch;
	double	   *w = scratch + WY_COLUMNS * WY_COLUMNS;
	double	   *v = panel + from * ld;
	double	   *target = panel + to * ld;

	form_t(count, v, ld, n, tau, t);
	for (int i = 0; i < count; i++)
		memcpy(w + (size_t) i * rest, r + (size_t) (from + i) * q + to, sizeof(double) * rest);
	mlk_dgemm(false, true, count, rest, n, 1.0, v, (int) ld, target, (int) ld, 1.0, w, rest);
	/* w := T' w, from the last row up so that each row still finds the rows it needs */
	for (int i = count - 1; i >= 0; i--)
	{
		for (int k = 0; k < rest; k++)
			w[(size_t) i * rest + k] *= t[i * WY_COLUMNS + i];
		for (int l = 0; l < i; l++)
			mlk_vector_axpy(t[l * WY_COLUMNS + i], w + (size_t) l * rest, w + (size_t) i * rest, rest);
	}
	for (int i = 0; i < count; i++)
		mlk_vector_axpy(-1.0, w + (size_t) i * rest, r + (size_t) (from + i) * q + to, rest);
	mlk_dgemm(true, false, rest, n, count, -1.0, w, rest, v, (int) ld, 1.0, target, (int) ld);
}

void
mlk_qr_append(int q, double *r, int n, double *panel, int64_t ld, bool triangular, double *scratch)
{
	double		tau[WY_COLUMNS];

	if (q <= NARROW)
	{
		factor_columns(q, r, 0, q, n, panel, ld, triangular, NULL);
		return;
	}
	for (int from = 0; from < q; from += WY_COLUMNS)
	{
		int			to = from + WY_COLUMNS < q ? from + WY_COLUMNS : q;
		int			length = triangular && to < n ? to : n;

		factor_columns(q, r, from, to, length, panel, ld, triangular, tau);
		if (to < q)
			apply_wy(q, r, from, to, length, panel, ld, tau, scratch);
	}
}

double
mlk_tsqr_plan(MlkTsqr *t, const MlkDesign *x, bool intercept, const double *y, const double *w, int threads)
{
	int			q = x->cols + (intercept ? 1 : 0) + (y != NULL ? 1 : 0);
	int			rows = WIDE_PANEL_ROWS;

	t->x = x;
	t->y = y;
	t->w = w;
	t->intercept = intercept;
	t->q = q;
	if (q <= NARROW)
	{
		rows = NARROW_PANEL_BYTES / (int) sizeof(double) / (q > 0 ? q : 1);
		rows = rows > 512 ? 512 : rows - rows % MLK_LANES;
	}
	t->panel_rows = rows;
	t->rounds = mlk_rounds_plan(x->rows, 2.0 * q * q, sizeof(double) * (double) q * q, rows, 32 * (int64_t) rows);
	/* the final combination uses a panel of q rows */
	t->per_thread = (size_t) q * (rows > q ? rows : q) + rows + mlk_qr_append_scratch(q);
	return (double) t->rounds.slots * q * q + (double) threads * (double) t->per_thread;
}

void
mlk_tsqr_start(MlkTsqr *t, double *memory)
{
	size_t		slots = (size_t) t->rounds.slots * t->q * t->q;

	t->slots = memory;
	t->threads = memory + slots;
	t->rounds.next = 0;
	memset(t->slots, 0, sizeof(double) * slots);
}

/* sqrt(w) [1 X y] of some rows, as columns */
static void
load_panel(const MlkTsqr *t, int64_t from, int rows, double *panel, double *root)
{
	double	   *column = panel;
	int64_t		ld = t->panel_rows;

	if (t->intercept)
	{
		for (int i = 0; i < rows; i++)
			column[i] = 1.0;
		column += ld;
	}
	mlk_panel_columns(t->x, from, rows, column, ld);
	if (t->y != NULL)
		memcpy(panel + (t->q - 1) * ld, t->y + from, sizeof(double) * rows);
	if (t->w == NULL)
		return;
	for (int i = 0; i < rows; i++)
		root[i] = sqrt(t->w[from + i]);
	for (int k = 0; k < t->q; k++)
	{
		for (int i = 0; i < rows; i++)
			panel[k * ld + i] *= root[i];
	}
}

static void
tsqr_block(void *arg, int64_t index, int worker)
{
	const MlkTsqr *t = arg;
	int64_t		block = t->rounds.next + index;
	int64_t		from = block * t->rounds.block_rows;
	int64_t		end = from + mlk_rounds_block_rows(&t->rounds, block);
	double	   *r = t->slots + (block % t->rounds.slots) * t->q * t->q;
	double	   *panel = t->threads + worker * t->per_thread;
	double	   *root = panel + (size_t) t->q * (t->panel_rows > t->q ? t->panel_rows : t->q);
	double	   *scratch = root + t->panel_rows;

	for (; from < end; from += t->panel_rows)
	{
		int			rows = end - from < t->panel_rows ? (int) (end - from) : t->panel_rows;

		load_panel(t, from, rows, panel, root);
		mlk_qr_append(t->q, r, rows, panel, t->panel_rows, false, scratch);
	}
}

MlkStatus
mlk_tsqr_round(MlkTsqr *t, MlkPool *pool)
{
	int64_t		width = mlk_rounds_width(&t->rounds);
	MlkStatus	status = mlk_parallel_for(pool, width, tsqr_block, t);

	t->rounds.next += width;
	return status;
}

MlkStatus
mlk_tsqr_finish(MlkTsqr *t, MlkPool *pool)
{
	int			q = t->q;
	double	   *panel = t->threads;
	double	   *scratch = panel + (size_t) q * (t->panel_rows > q ? t->panel_rows : q) + t->panel_rows;

	for (int64_t s = 1; s < t->rounds.slots; s++)
	{
		const double *r = t->slots + s * q * q;

		if (mlk_pool_stop(pool))
			return MLK_CANCELLED;
		for (int k = 0; k < q; k++)
		{
			for (int i = 0; i <= k; i++)
				panel[(size_t) k * q + i] = r[(size_t) i * q + k];
			memset(panel + (size_t) k * q + k + 1, 0, sizeof(double) * (q - k - 1));
		}
		mlk_qr_append(q, t->slots, q, panel, q, true, scratch);
	}
	return mlk_vector_finite(t->slots, (int64_t) q * q) ? MLK_OK : MLK_NOT_FINITE;
}

/* rotate rows i and i + 1 so that the element below the diagonal in column i vanishes; columns [i, width) */
static void
rotate_rows(int q, double *r, int i, int width)
{
	double	   *upper = r + (size_t) i * q;
	double	   *lower = upper + q;
	double		length = hypot(upper[i], lower[i]);
	double		c;
	double		s;

	if (lower[i] == 0.0)
		return;
	c = upper[i] / length;
	s = lower[i] / length;
	for (int k = i; k < width; k++)
	{
		double		a = upper[k];
		double		b = lower[k];

		upper[k] = c * a + s * b;
		lower[k] = c * b - s * a;
	}
	lower[i] = 0.0;
}

int
mlk_qr_reveal_rank(MlkPool *pool, int q, int p, double *r, double tolerance, int32_t *kept)
{
	int			width = q;
	int			rank = 0;

	for (int column = 0; column < p; column++)
	{
		double		length2 = 0.0;

		for (int i = 0; i <= rank; i++)
			length2 += r[(size_t) i * q + rank] * r[(size_t) i * q + rank];
		if (fabs(r[(size_t) rank * q + rank]) > tolerance * sqrt(length2))
		{
			kept[rank++] = column;
			continue;
		}
		if (mlk_pool_stop(pool))
			return -1;
		/* take the column out: what is left is a Hessenberg matrix from here on, which rotations make triangular */
		width--;
		for (int i = 0; i < q; i++)
			memmove(r + (size_t) i * q + rank, r + (size_t) i * q + rank + 1, sizeof(double) * (width - rank));
		for (int i = rank; i < width && i + 1 < q; i++)
			rotate_rows(q, r, i, width);
	}
	return rank;
}
