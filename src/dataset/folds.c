/*
 * folds.c: rows dealt out for cross-validation.
 *
 * Rows are taken in the order of their hashes, which is random and does not depend on how the table lies on disk, and each
 * goes to the fold that has the fewest of its class, then the fewest of all: folds differ by one row at most, in every class.  Rows
 * with one hash are equal and go together, so that no test row was seen in training.  Groups are dealt out whole, the largest first,
 * each to the fold with the fewest rows so far (as scikit-learn's GroupKFold); time is cut into equal parts, of which each is tested
 * by what comes before it (as scikit-learn's TimeSeriesSplit).
 */
#include "postgres.h"

#include <math.h>

#include "interrupts.h"
#include "kernels/hash.h"
#include "kernels/sort.h"

#include "dataset/folds.h"
#include "dataset/order.h"

/* one call's working state */
typedef struct Dealer
{
	const MlDataset *data;
	const MlFoldSpec *spec;
	MlkPool    *pool;
	int64		n;
	uint64	   *key;			/* of each candidate, ascending */
	uint32	   *order;
	uint32	   *place;
	uint64		seed;
} Dealer;

static void
too_many_folds(int folds, int64 most, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%d folds cannot be made of " INT64_FORMAT " %s", folds, most, what),
			 errhint("Each fold needs at least one of its own to test: ask for fewer folds.")));
}

/* ---- the order of the hashes ---- */

static void
sort_candidates(Dealer *d, const MlRows *rows, const int *used, int n_used)
{
	MlBudget   *budget = d->data->budget;
	uint64	   *all = ml_budget_alloc(budget, d->data->rows, sizeof(uint64), "row hashes");
	uint64	   *some = ml_budget_alloc(budget, d->n, sizeof(uint64), "row hashes");
	uint32	   *rank = ml_budget_alloc(budget, d->n, sizeof(uint32), "the order of the rows");
	void	   *scratch = ml_budget_alloc(budget, mlk_argsort_scratch(d->n), 1, "sorting the rows");

	(void) ml_order_keys(d->data, used, n_used, d->seed, all, d->pool);
	for (int64 i = 0; i < d->n; i++)
		some[i] = all[rows->order[i]];
	ml_check_status(mlk_argsort_u64(d->pool, some, d->n, rank, scratch));
	for (int64 i = 0; i < d->n; i++)
	{
		d->order[i] = rows->order[rank[i]];
		d->key[i] = some[rank[i]];
	}
	ml_budget_free(budget, scratch);
	ml_budget_free(budget, rank);
	ml_budget_free(budget, some);
	ml_budget_free(budget, all);
}

/* ---- stratified and random ---- */

static uint32
code_of(const MlColumn *column, uint32 row)
{
	return column->code[row >> ML_CHUNK_BITS][row & ML_CHUNK_MASK];
}

/* the fold with the fewest rows of the class, then of all, then the first */
static int
lightest_fold(const int64 *of_class, const int64 *of_all, int folds)
{
	int			best = 0;

	for (int f = 1; f < folds; f++)
		if (of_class[f] < of_class[best] || (of_class[f] == of_class[best] && of_all[f] < of_all[best]))
			best = f;
	return best;
}

static int64
rarest_class(const int64 *of_class, int classes, int folds)
{
	int64		rarest = PG_INT64_MAX;

	for (int c = 0; c < classes; c++)
	{
		int64		rows = 0;

		for (int f = 0; f < folds; f++)
			rows += of_class[(Size) c * folds + f];
		if (rows > 0)
			rarest = Min(rarest, rows);
	}
	return rarest;
}

static void
deal_rows(Dealer *d, MlFolds *out)
{
	const MlColumn *label = d->spec->label >= 0 ? &d->data->columns[d->spec->label] : NULL;
	int			folds = d->spec->folds;
	int			classes = label ? (int) label->dict->n : 1;
	int64	   *of_class = ml_budget_alloc(d->data->budget, mul_size(classes, folds), sizeof(int64), "rows of each class and fold");
	int64	   *of_all = ml_palloc_array(folds, sizeof(int64));
	int64		different = 0;
	int64		next;

	memset(of_class, 0, sizeof(int64) * (Size) classes * folds);
	memset(of_all, 0, sizeof(int64) * folds);
	for (int64 i = 0; i < d->n; i = next)
	{
		int64	   *own = of_class + (Size) (label ? code_of(label, d->order[i]) : 0) * folds;
		int			fold = lightest_fold(own, label ? of_all : own, folds);

		if ((different++ & 0xff) == 0)
			CHECK_FOR_INTERRUPTS();
		for (next = i; next < d->n && d->key[next] == d->key[i]; next++)
			d->place[next] = fold;
		own[fold] += next - i;
		of_all[fold] += next - i;
	}
	if (different < folds)
		too_many_folds(folds, different, different < d->n ? "different rows" : "rows");
	for (int f = 0; f < folds; f++)
		if (of_all[f] == 0)
			too_many_folds(folds, different, "different rows");
	out->smallest_class = rarest_class(of_class, classes, folds);
	pfree(of_all);
	ml_budget_free(d->data->budget, of_class);
}

/* ---- groups ---- */

typedef struct Group
{
	int64		rows;
	uint64		hash;			/* of its text and the seed: codes depend on the physical order */
	uint32		code;
	uint32		fold;
} Group;

static int
compare_groups(const void *a, const void *b)
{
	const Group *left = a;
	const Group *right = b;

	if (left->rows != right->rows)
		return left->rows > right->rows ? -1 : 1;
	return left->hash < right->hash ? -1 : left->hash > right->hash;
}

static void
deal_groups(Dealer *d, MlFolds *out)
{
	const MlColumn *column = &d->data->columns[d->spec->column];
	uint32		n = column->dict->n;
	int			folds = d->spec->folds;
	Group	   *groups = ml_palloc_array(Max(n, 1), sizeof(Group));
	uint32	   *fold_of = ml_palloc_array(Max(n, 1), sizeof(uint32));
	int64	   *rows = ml_palloc_array(folds, sizeof(int64));
	uint32		used = 0;

	memset(rows, 0, sizeof(int64) * folds);
	for (uint32 g = 0; g < n; g++)
	{
		groups[g].rows = 0;
		groups[g].code = g;
		groups[g].hash = mlk_hash_u64(column->dict->hash[g], d->seed);
	}
	for (int64 i = 0; i < d->n; i++)
	{
		uint32		code = code_of(column, d->order[i]);

		if (code != ML_NULL_CODE)
			groups[code].rows++;
	}
	qsort(groups, n, sizeof(Group), compare_groups);
	while (used < n && groups[used].rows > 0)
		used++;
	if (used < folds)
		too_many_folds(folds, used, used == 1 ? "group" : "groups");
	for (uint32 g = 0; g < used; g++)
	{
		int			fold = lightest_fold(rows, rows, folds);

		if ((g & 0xff) == 0)
			CHECK_FOR_INTERRUPTS();
		rows[fold] += groups[g].rows;
		fold_of[groups[g].code] = fold;
	}
	for (int64 i = 0; i < d->n; i++)
	{
		uint32		code = code_of(column, d->order[i]);

		d->place[i] = code == ML_NULL_CODE ? ML_NO_FOLD : fold_of[code];
		out->left_out += code == ML_NULL_CODE;
	}
	pfree(rows);
	pfree(fold_of);
	pfree(groups);
}

/* ---- time ---- */

static double
time_of(const MlColumn *column, uint32 row)
{
	return column->number[row >> ML_CHUNK_BITS][row & ML_CHUNK_MASK];
}

/* rank among times[n], ascending, of the first that is not below */
static int64
first_not_below(const double *times, int64 n, double below)
{
	int64		low = 0;
	int64		high = n;

	while (low < high)
	{
		int64		middle = low + (high - low) / 2;

		if (times[middle] < below)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* n times, ascending; rows of one time are not told apart */
static void
cut_time(const MlFoldSpec *spec, const double *times, int64 n, MlFolds *out)
{
	int			folds = spec->folds;
	int64		size = n / (folds + 1);

	if (size == 0)
		too_many_folds(folds, n, "rows in time: the first part only trains");
	for (int f = 0; f < folds; f++)
	{
		int64		start = first_not_below(times, n, times[n - (folds - f) * size]);

		out->test_start[f] = start;
		out->test_end[f] = n;
		if (f > 0)
			out->test_end[f - 1] = start;
		out->train_end[f] = Min(Max(start - spec->gap_rows, 0), first_not_below(times, n, times[start] - spec->gap_time));
		if (start == 0 || (f > 0 && start == out->test_start[f - 1]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column \"%s\" has too few different times for %d folds", spec->column_name, folds),
					 errdetail("Rows of one time stay together, and fold %d has none of its own.", start == 0 ? 1 : f),
					 errhint("Ask for fewer folds.")));
		if (out->train_end[f] == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the gap leaves fold %d no row to train on", f + 1),
					 errhint("Make the gap smaller, or ask for fewer folds.")));
	}
}

static void
deal_time(Dealer *d, MlFolds *out)
{
	const MlColumn *column = &d->data->columns[d->spec->column];
	MlBudget   *budget = d->data->budget;
	double	   *times = ml_budget_alloc(budget, d->n, sizeof(double), "times of the rows");
	double	   *sorted = ml_budget_alloc(budget, d->n, sizeof(double), "times of the rows");
	uint32	   *by_time = ml_budget_alloc(budget, d->n, sizeof(uint32), "the order of the rows");
	void	   *scratch = ml_budget_alloc(budget, mlk_argsort_scratch(d->n), 1, "sorting the rows");
	int64		known = 0;

	for (int64 i = 0; i < d->n; i++)
		times[i] = time_of(column, d->order[i]);
	ml_check_status(mlk_argsort_f64(d->pool, times, d->n, by_time, scratch));
	for (int64 r = 0; r < d->n; r++)
	{
		sorted[r] = times[by_time[r]];
		d->place[by_time[r]] = isnan(sorted[r]) ? ML_NO_FOLD : (uint32) r;
		known += !isnan(sorted[r]);
	}
	out->left_out = d->n - known;
	out->train_end = ml_palloc_array(d->spec->folds, sizeof(int64));
	out->test_start = ml_palloc_array(d->spec->folds, sizeof(int64));
	out->test_end = ml_palloc_array(d->spec->folds, sizeof(int64));
	cut_time(d->spec, sorted, known, out);
	ml_budget_free(budget, scratch);
	ml_budget_free(budget, by_time);
	ml_budget_free(budget, sorted);
	ml_budget_free(budget, times);
}

/* ---- all together ---- */

MlFolds *
ml_folds_make(const MlDataset *data, const MlRows *rows, const int *used, int n_used,
			  const MlFoldSpec *spec, uint64 seed, MlkPool *pool)
{
	MlFolds    *out = palloc0(sizeof(MlFolds));
	Dealer		d = {data, spec, pool, rows->n_train};

	Assert(spec->folds >= 2 && spec->folds <= ML_MAX_FOLDS);
	if (spec->folds > d.n)
		too_many_folds(spec->folds, d.n, d.n == 1 ? "row" : "rows");
	d.seed = seed;
	d.key = ml_budget_alloc(data->budget, d.n, sizeof(uint64), "row hashes");
	d.order = ml_budget_alloc(data->budget, d.n, sizeof(uint32), "the order of the rows");
	d.place = ml_budget_alloc(data->budget, d.n, sizeof(uint32), "folds of the rows");
	sort_candidates(&d, rows, used, n_used);
	out->n = spec->folds;
	out->method = spec->method;
	out->data_rows = data->rows;
	out->n_rows = d.n;
	switch (spec->method)
	{
		case ML_FOLDS_STRATIFIED:
		case ML_FOLDS_RANDOM:
			deal_rows(&d, out);
			break;
		case ML_FOLDS_GROUP:
			deal_groups(&d, out);
			break;
		case ML_FOLDS_TIME:
			deal_time(&d, out);
			break;
	}
	ml_budget_free(data->budget, d.key);
	out->order = d.order;
	out->place = d.place;
	return out;
}

void
ml_folds_free(MlFolds *folds, MlBudget *budget)
{
	ml_budget_free(budget, unconstify(uint32 *, folds->place));
	ml_budget_free(budget, unconstify(uint32 *, folds->order));
	pfree(folds);
}

typedef enum Side
{
	SIDE_TRAIN,
	SIDE_TEST,
	SIDE_NEITHER
} Side;

static Side
side_of(const MlFolds *folds, int fold, uint32 place)
{
	if (place == ML_NO_FOLD)
		return SIDE_NEITHER;
	if (folds->method != ML_FOLDS_TIME)
		return place == fold ? SIDE_TEST : SIDE_TRAIN;
	if (place < folds->train_end[fold])
		return SIDE_TRAIN;
	return place >= folds->test_start[fold] && place < folds->test_end[fold] ? SIDE_TEST : SIDE_NEITHER;
}

/* rows that are no candidates come last, in no order that matters: found by marking the others */
static void
append_others(const MlFolds *folds, uint32 *into)
{
	bool	   *candidate = MemoryContextAllocExtended(CurrentMemoryContext, folds->data_rows, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	for (int64 i = 0; i < folds->n_rows; i++)
		candidate[folds->order[i]] = true;
	for (int64 row = 0; row < folds->data_rows; row++)
		if (!candidate[row])
			*into++ = (uint32) row;
	pfree(candidate);
}

void
ml_folds_order(const MlFolds *folds, int fold, MlFold *out)
{
	int64		at[3] = {0, 0, 0};
	int64		count[3] = {0, 0, 0};

	for (int64 i = 0; i < folds->n_rows; i++)
		count[side_of(folds, fold, folds->place[i])]++;
	at[SIDE_TEST] = count[SIDE_TRAIN];
	at[SIDE_NEITHER] = count[SIDE_TRAIN] + count[SIDE_TEST];
	for (int64 i = 0; i < folds->n_rows; i++)
		out->order[at[side_of(folds, fold, folds->place[i])]++] = folds->order[i];
	if (folds->n_rows < folds->data_rows)
		append_others(folds, out->order + folds->n_rows);
	out->n_train = count[SIDE_TRAIN];
	out->n_test = count[SIDE_TEST];
}
