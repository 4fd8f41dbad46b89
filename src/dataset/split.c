/*
 * split.c: the canonical order of the rows, and which of them are the test set.
 *
 * One sort does both.  The test flag of a row is worked into its key before sorting, so that training rows come first and each
 * side is in hash order:
 * - random, many rows: the test rows are those whose hash is below test_size of the range.  Subtracting that threshold from
 *	 all keys (modulo 2^64) moves them behind the others.  A row's hash alone decides, so it stays on its side when the table grows.
 * - time and column: the flag becomes the top bit of the key.
 * - random, few rows: exact counts matter more than staying put, so rows are sorted first and told apart afterwards.
 * Equal rows have one hash, and fall on one side of a random split.
 */
#include "postgres.h"

#include "interrupts.h"
#include "kernels/sort.h"

#include "dataset/order.h"

#define SAMPLE_ROWS 10000		/* that are looked at for repeats */
#define EXACT_ROWS 1000			/* up to here the split is exact and stratified */
#define TOP_BIT (UINT64CONST(1) << 63)

/* round(share * n) for n >= 2, at least one row on each side */
static int64
exact_count(double share, int64 n)
{
	int64		count = (int64) rint(share * (double) n);

	return Min(Max(count, 1), n - 1);
}

/* ---- random, many rows ---- */

/* Keys move so that test rows sort last; returns the number of training rows. */
static int64
split_by_hash(uint64 *key, int64 n, double test_size)
{
	uint64		threshold = (uint64) ldexp(test_size, 64);
	int64		n_train = 0;

	for (int64 i = 0; i < n; i++)
	{
		n_train += key[i] >= threshold;
		key[i] -= threshold;
	}
	/* so many equal rows that all fall on the test side: there is nothing to tell apart */
	return n_train > 0 ? n_train : n;
}

/* ---- time and column ---- */

/* NULL is the oldest of all */
static inline double
time_of(const MlColumn *column, int64 row)
{
	double		x = column->number[row >> ML_CHUNK_BITS][row & ML_CHUNK_MASK];

	return isnan(x) ? -INFINITY : x;
}

/*
 * Rows at or after *boundary are the test set.  Rows of one time stay together: they go to the side that brings the
 * test set closer to test_size and leaves rows to train on and to test; false when all times are one.
 */
static bool
find_boundary(const MlDataset *data, const MlColumn *column, double test_size, double *boundary)
{
	int64		n = data->rows;
	int64		cut;
	int64		before = 0;		/* rows older than those at the cut */
	int64		until = 0;		/* with them */
	double		next = INFINITY;	/* first time after them */
	double	   *times;
	double		at;

	if (n < 2)
		return false;
	cut = n - exact_count(test_size, n);
	times = ml_budget_alloc(data->budget, n, sizeof(double), "times of the split");
	for (int64 row = 0; row < n; row++)
		times[row] = time_of(column, row);
	CHECK_FOR_INTERRUPTS();
	at = mlk_select_f64(times, n, cut);
	CHECK_FOR_INTERRUPTS();
	for (int64 row = 0; row < n; row++)
	{
		before += times[row] < at;
		until += times[row] <= at;
		if (times[row] > at && times[row] < next)
			next = times[row];
	}
	ml_budget_free(data->budget, times);
	if (before > 0 && (until == n || cut - before <= until - cut))
		*boundary = at;
	else
		*boundary = next;
	return before > 0 || until < n;
}

/* The flag becomes the top bit of the key (the lowest bit of the hash is given up for it). */
static int64
split_by_flag(const MlDataset *data, const MlColumn *column, const MlSplit *split, uint64 *key)
{
	bool		by_time = split->method == ML_SPLIT_TIME;
	double		boundary = 0;
	bool		any = !by_time || find_boundary(data, column, split->test_size, &boundary);
	int64		n_test = 0;

	for (int64 row = 0; row < data->rows; row++)
	{
		double		x = column->number[row >> ML_CHUNK_BITS][row & ML_CHUNK_MASK];
		bool		test = any && (by_time ? x >= boundary : x != 0 && !isnan(x));

		key[row] = (key[row] >> 1) | (test ? TOP_BIT : 0);
		n_test += test;
	}
	return data->rows - n_test;
}

/* ---- random, few rows ---- */

typedef struct Stratum
{
	const char *text;			/* label; NULL sorts first */
	int64		rows;
	int64		quota;			/* test rows still to be taken */
	double		remainder;
} Stratum;

/* by remainder, largest first; ties by text, since codes depend on the physical order */
static int
compare_strata(const void *a, const void *b)
{
	const Stratum *left = *(Stratum *const *) a;
	const Stratum *right = *(Stratum *const *) b;

	if (left->remainder != right->remainder)
		return left->remainder > right->remainder ? -1 : 1;
	if (left->text == NULL || right->text == NULL)
		return (left->text != NULL) - (right->text != NULL);
	return strcmp(left->text, right->text);
}

/*
 * Share n_test among the strata by largest remainder.  Every class keeps at least one row to train on, so a class of one row is
 * not tested; when no class can spare a row there is no quota at all.
 */
static void
set_quotas(Stratum *strata, int n_strata, int64 n, int64 n_test)
{
	Stratum   **sorted = ml_palloc_array(n_strata, sizeof(Stratum *));
	int64		left;
	int64		spare = 0;

	for (int i = 0; i < n_strata; i++)
		spare += Max(strata[i].rows - 1, 0);
	left = n_test = Min(n_test, spare);
	for (int i = 0; i < n_strata; i++)
	{
		double		ideal = (double) n_test * strata[i].rows / n;

		strata[i].quota = Min((int64) floor(ideal), Max(strata[i].rows - 1, 0));
		strata[i].remainder = ideal - strata[i].quota;
		left -= strata[i].quota;
		sorted[i] = &strata[i];
	}
	qsort(sorted, n_strata, sizeof(Stratum *), compare_strata);
	while (left > 0)
		for (int i = 0; i < n_strata && left > 0; i++)
			if (sorted[i]->quota < sorted[i]->rows - 1)
			{
				sorted[i]->quota++;
				left--;
			}
	pfree(sorted);
}

/* Strata of the label column, the last one for NULL; one stratum of all rows without label. */
static Stratum *
make_strata(const MlDataset *data, const MlColumn *label, int *n_strata, int64 n_test)
{
	int			n = label ? (int) label->dict->n + 1 : 1;
	Stratum    *strata = ml_palloc_array(n, sizeof(Stratum));

	memset(strata, 0, n * sizeof(Stratum));
	for (int64 row = 0; row < data->rows; row++)
	{
		uint32		code = label ? label->code[0][row] : 0;

		strata[label && code == ML_NULL_CODE ? n - 1 : code].rows++;
	}
	for (int i = 0; label && i < n - 1; i++)
		strata[i].text = label->dict->text[i];
	set_quotas(strata, n, data->rows, n_test);
	*n_strata = n;
	return strata;
}

/*
 * order is sorted by key: move the first rows of every stratum to the end until its quota is met, keeping the order on both
 * sides.  Equal rows, which have one key, stay together: they are tested when that brings the stratum closer to its quota.
 */
static int64
split_exact(const MlDataset *data, const MlColumn *label, double test_size, const uint64 *key, uint32 *order)
{
	int64		n = data->rows;
	int			n_strata;
	Stratum    *strata;
	uint32	   *test;
	int64		n_train = 0;
	int64		n_test = 0;
	int64		next;

	if (n < 2)
		return n;
	strata = make_strata(data, label, &n_strata, exact_count(test_size, n));
	test = ml_palloc_array(n, sizeof(uint32));
	for (int64 i = 0; i < n; i = next)
	{
		uint32		code = label ? label->code[0][order[i]] : 0;
		Stratum    *stratum = &strata[label && code == ML_NULL_CODE ? n_strata - 1 : code];
		int64		equal;

		for (next = i + 1; next < n && key[order[next]] == key[order[i]]; next++)
			;
		equal = next - i;
		if (equal < 2 * stratum->quota && equal < stratum->rows)
		{
			stratum->quota -= equal;
			stratum->rows -= equal;
			memcpy(test + n_test, order + i, equal * sizeof(uint32));
			n_test += equal;
		}
		else
		{
			memmove(order + n_train, order + i, equal * sizeof(uint32));
			n_train += equal;
		}
	}
	memcpy(order + n_train, test, n_test * sizeof(uint32));
	pfree(test);
	pfree(strata);
	return n_train;
}

/* ---- rows held back ---- */

/* the place of order closest to place where the row is not equal to the one before; n when there is none but the first */
static int64
between_different(const uint64 *key, const uint32 *order, int64 n, int64 place)
{
	int64		before = place;
	int64		after = place;

	while (before > 0 && key[order[before]] == key[order[before - 1]])
		before--;
	while (after < n && key[order[after]] == key[order[after - 1]])
		after++;
	return before > 0 && place - before <= after - place ? before : after;
}

/*
 * The last of the training rows in hash order.  Of many rows the hash alone decides, as for the test set, so that a row stays on its side
 * when the table grows; range is that of the training rows' keys (0: 2^64).  Equal rows stay together.
 */
static void
hold_back(MlRows *rows, const uint64 *key, uint64 range, double share)
{
	const uint32 *order = rows->order;
	int64		n = rows->n_train;
	int64		fit;

	if (share <= 0 || n < 2)
		return;
	fit = n - exact_count(share, n);
	if (n > EXACT_ROWS)
	{
		uint64		threshold = (uint64) ((range == 0 ? ldexp(1.0, 64) : (double) range) * (1.0 - share));
		int64		high = n;

		fit = 0;
		while (fit < high)
		{
			int64		middle = fit + (high - fit) / 2;

			if (key[order[middle]] < threshold)
				fit = middle + 1;
			else
				high = middle;
		}
	}
	/* so many equal rows that all fall on one side */
	if (fit == 0 || fit == n)
		fit = n - exact_count(share, n);
	fit = between_different(key, order, n, fit);
	rows->n_train = fit;
	rows->n_held = n - fit;
}

/* where the keys of training rows end; 0: nowhere */
static uint64
train_range(const MlSplit *split, int64 n)
{
	switch (split->method)
	{
		case ML_SPLIT_RANDOM:
			return n > EXACT_ROWS ? -(uint64) ldexp(split->test_size, 64) : 0;
		case ML_SPLIT_TIME:
		case ML_SPLIT_COLUMN:
			return TOP_BIT;
		case ML_SPLIT_NONE:
			break;
	}
	return 0;
}

/* ---- equal rows ---- */

/*
 * Equal rows have one hash and are neighbours, and the first of the order are a uniform sample of all hashes: of the sampled
 * ones every copy is there.  Test rows of a split by time or column have the hash without the flag in the top bit.
 */
static void
count_repeats(MlRows *rows, const uint64 *key)
{
	const uint32 *order = rows->order;
	int64		train = Min(rows->n_train, SAMPLE_ROWS);
	int64		test = rows->n_train;
	uint64		last;

	rows->sampled = train;
	if (train == 0)
		return;
	for (int64 i = 1; i < train; i++)
		rows->repeated += key[order[i]] == key[order[i - 1]];
	last = train == rows->n_train ? UINT64_MAX : key[order[train - 1]];
	for (int64 i = 0; test < rows->n; test++)
	{
		uint64		hash = key[order[test]] & ~TOP_BIT;

		if (hash > last)
			break;
		while (i < train && key[order[i]] < hash)
			i++;
		rows->test_sampled++;
		rows->straddling += i < train && key[order[i]] == hash;
	}
}

/* ---- all together ---- */

/* Training rows by the method, with the keys made so that one sort puts them first; all rows when that comes later. */
static int64
prepare_keys(const MlDataset *data, int split_column, const MlSplit *split, uint64 *key)
{
	switch (split->method)
	{
		case ML_SPLIT_RANDOM:
			return data->rows > EXACT_ROWS ? split_by_hash(key, data->rows, split->test_size) : data->rows;
		case ML_SPLIT_TIME:
		case ML_SPLIT_COLUMN:
			Assert(split_column >= 0);
			return split_by_flag(data, &data->columns[split_column], split, key);
		case ML_SPLIT_NONE:
			break;
	}
	return data->rows;
}

MlRows *
ml_rows_order(const MlDataset *data, const int *used, int n_used, int label, int split_column,
			  const MlSplit *split, uint64 seed, MlkPool *pool)
{
	MlRows	   *rows = MemoryContextAllocZero(data->context, sizeof(MlRows));
	int64		n = data->rows;
	uint32	   *order = ml_budget_alloc(data->budget, n, sizeof(uint32), "the order of the rows");
	uint64	   *key = ml_budget_alloc(data->budget, n, sizeof(uint64), "row hashes");
	void	   *scratch = ml_budget_alloc(data->budget, mlk_argsort_scratch(n), 1, "sorting the rows");

	rows->n = n;
	rows->fingerprint = ml_order_keys(data, used, n_used, seed, key, pool);
	rows->n_train = prepare_keys(data, split_column, split, key);
	ml_check_status(mlk_argsort_u64(pool, key, n, order, scratch));
	ml_budget_free(data->budget, scratch);
	if (split->method == ML_SPLIT_RANDOM && n <= EXACT_ROWS)
		rows->n_train = split_exact(data, label < 0 ? NULL : &data->columns[label], split->test_size, key, order);
	rows->order = order;
	count_repeats(rows, key);
	hold_back(rows, key, train_range(split, n), split->held);
	ml_budget_free(data->budget, key);
	return rows;
}
