/*
 * contingency.c: tables of counts of two columns of codes.
 *
 * A small table is counted into directly.  One with more cells than rows, as of two columns with thousands of codes each, is
 * never made: pairs are sorted, and runs of equal ones are the cells that are not empty.
 */
#include <string.h>

#include "kernels/contingency.h"
#include "kernels/describe.h"

#define SMALL_TABLE 65536

static bool
is_dense(int64_t n, int64_t n_a, int64_t n_b)
{
	return n_a == 0 || n_b == 0 || n_a <= (n > SMALL_TABLE ? n : SMALL_TABLE) / n_b;
}

static int64_t
most_cells(int64_t n, int64_t n_a, int64_t n_b)
{
	return is_dense(n, n_a, n_b) ? n_a * n_b : n;
}

/* totals, keys and counts of cells, and for pairs what the sort wants */
size_t
mlk_contingency_scratch(int64_t n, int64_t n_a, int64_t n_b)
{
	size_t		bytes = (size_t) (n_a + n_b) * sizeof(int64_t) + (size_t) most_cells(n, n_a, n_b) * (sizeof(uint64_t) + sizeof(uint32_t));

	return bytes + sizeof(uint64_t) + (is_dense(n, n_a, n_b) ? 0 : mlk_sort_scratch(n));
}

static void
count_dense(const uint32_t *a, const uint32_t *b, int64_t n, MlkContingency *t)
{
	int64_t		room = t->n_a * t->n_b;

	memset(t->count, 0, room * sizeof(uint32_t));
	for (int64_t i = 0; i < n; i++)
		t->count[a[i] * t->n_b + b[i]]++;
	for (int64_t cell = 0; cell < room; cell++)
	{
		if (t->count[cell] == 0)
			continue;
		t->key[t->cells] = cell;
		t->count[t->cells++] = t->count[cell];
	}
}

static MlkStatus
count_pairs(MlkPool *pool, const uint32_t *a, const uint32_t *b, int64_t n, void *scratch, MlkContingency *t)
{
	MlkStatus	status;

	for (int64_t i = 0; i < n; i++)
		t->key[i] = (uint64_t) a[i] * (uint64_t) t->n_b + b[i];
	status = mlk_sort_keys(pool, t->key, n, scratch);
	for (int64_t from = 0, to; from < n; from = to)
	{
		for (to = from + 1; to < n && t->key[to] == t->key[from]; to++)
			;
		t->key[t->cells] = t->key[from];
		t->count[t->cells++] = (uint32_t) (to - from);
	}
	return status;
}

MlkStatus
mlk_contingency_count(MlkPool *pool, const uint32_t *a, const uint32_t *b, int64_t n, int64_t n_a, int64_t n_b,
					  void *scratch, MlkContingency *out)
{
	int64_t		room = most_cells(n, n_a, n_b);
	MlkStatus	status = MLK_OK;

	*out = (MlkContingency) {.n = n, .n_a = n_a, .n_b = n_b};
	out->row = scratch;
	out->column = out->row + n_a;
	out->key = (uint64_t *) (out->column + n_b);
	out->count = (uint32_t *) (out->key + room);
	if (is_dense(n, n_a, n_b))
		count_dense(a, b, n, out);
	else
		status = count_pairs(pool, a, b, n, out->key + room + (room + 1) / 2, out);
	memset(out->row, 0, n_a * sizeof(int64_t));
	memset(out->column, 0, n_b * sizeof(int64_t));
	for (int64_t cell = 0; cell < out->cells; cell++)
	{
		out->row[out->key[cell] / n_b] += out->count[cell];
		out->column[out->key[cell] % n_b] += out->count[cell];
	}
	return status;
}

double
mlk_contingency_information(const MlkContingency *t)
{
	double		sum = 0.0;
	double		n = (double) t->n;

	for (int64_t cell = 0; cell < t->cells; cell++)
	{
		double		row = (double) t->row[t->key[cell] / t->n_b];
		double		column = (double) t->column[t->key[cell] % t->n_b];

		sum += t->count[cell] / n * (log(t->count[cell] / row) - log(column / n));
	}
	return sum > 0.0 ? sum : 0.0;
}

double
mlk_contingency_entropy(const MlkContingency *t)
{
	double		sum = 0.0;

	for (int64_t b = 0; b < t->n_b; b++)
		if (t->column[b] > 0)
			sum -= (double) t->column[b] / (double) t->n * log((double) t->column[b] / (double) t->n);
	return sum > 0.0 ? sum : 0.0;
}

static int64_t
count_used(const int64_t *total, int64_t n)
{
	int64_t		used = 0;

	for (int64_t i = 0; i < n; i++)
		used += total[i] > 0;
	return used;
}

/* chi^2 / n is the sum of count^2 / (row * column) less one: empty cells are in it */
double
mlk_contingency_cramer(const MlkContingency *t, bool corrected)
{
	double		rows = (double) count_used(t->row, t->n_a);
	double		columns = (double) count_used(t->column, t->n_b);
	double		phi = 0.0;
	double		cell_share;

	for (int64_t cell = 0; cell < t->cells; cell++)
	{
		double		row = (double) t->row[t->key[cell] / t->n_b];
		double		column = (double) t->column[t->key[cell] % t->n_b];

		cell_share = row / (double) t->n * column;
		phi += (t->count[cell] - cell_share) * (t->count[cell] / cell_share);
	}
	phi /= (double) t->n;
	if (rows < 2.0 || columns < 2.0)
		return NAN;
	if (corrected)
	{
		phi -= (rows - 1.0) * (columns - 1.0) / ((double) t->n - 1.0);
		rows -= (rows - 1.0) * (rows - 1.0) / ((double) t->n - 1.0);
		columns -= (columns - 1.0) * (columns - 1.0) / ((double) t->n - 1.0);
	}
	phi = phi > 0.0 ? phi : 0.0;
	phi = sqrt(phi / (fmin(rows, columns) - 1.0));
	return phi < 1.0 || corrected ? phi : 1.0;
}
