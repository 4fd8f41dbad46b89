/*
 * select.c: keeps the columns that say most of the target, each judged alone, as scikit-learn's SelectKBest and SelectPercentile.
 *
 * "f": the F of f_classif or f_regression, over all training rows; a category of the native layout has that of the best of
 * its one-hot columns.  "mutual_info": of one-hot columns and categories with a class, exact over all training rows, and likewise of words, which
 * are there or not; with a number on either side the estimate of kernels/mutual.h, over the first SAMPLE_ROWS training
 * rows, whose canonical order makes them a uniform sample.  Rows where the number is missing do not count; weights do not either.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"

#include "dataset/bigmem.h"
#include "interrupts.h"
#include "kernels/mutual.h"
#include "kernels/scores.h"
#include "preprocess/keep.h"

#define SAMPLE_ROWS 10000
#define NOISE_SEED 1
#define DEFAULT_K 10
#define MAX_K (1 << 26)

enum
{
	OPTION_K,
	OPTION_BY,
	OPTION_PERCENTILE
};

typedef enum By
{
	BY_F,
	BY_MUTUAL_INFO
} By;

static const char *const by_choices[] = {"f", "mutual_info", NULL};

static const MlOptionSpec options[] = {
	{.name = "k",.type = ML_OPTION_NUMBER,.fallback = 0,.min = 0,.max = MAX_K,.integral = true,.word = "all",
	.help = "how many features stay"},
	{.name = "by",.type = ML_OPTION_CHOICE,.choices = by_choices,
	.help = "what they are judged by"},
	{.name = "percentile",.type = ML_OPTION_NUMBER,.fallback = 0,.min = 0,.max = 100,
	.help = "share of the features that stays, in percent"},
	{.name = NULL}
};

static void
select_check(const double *option)
{
	if (option[OPTION_K] != 0 && option[OPTION_PERCENTILE] != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("preprocess option \"select\" has both \"k\" and \"percentile\""),
				 errhint("Give one of them.")));
}

typedef struct Score
{
	MlKeep	   *keep;
	const MlStageFit *data;
	const MlRowShape *in;
	const MlPrepTarget *target;
	int			classes;		/* 0: regression */
	double		y_mean;
	double	   *y;				/* of the sample, prepared; regression by mutual information */
	int64		sample;			/* rows */
	char	   *scratch;		/* of each thread */
	Size		scratch_size;
} Score;

/* ---- F of numbers ---- */

/* NaN for a constant, whose F would be made of rounding errors */
static double
column_mean(const Score *s, int column)
{
	double		sum = 0;
	double		min = INFINITY;
	double		max = -INFINITY;
	int64		count = 0;

	for (int64 i = 0; i < s->data->n; i++)
	{
		double		x = s->data->dense[i * s->in->n_dense + column];

		if (isnan(x))
			continue;
		sum += x;
		min = Min(min, x);
		max = Max(max, x);
		count++;
	}
	return min < max ? sum / count : NAN;
}

/* one column, all rows */
static void
f_number(void *arg, int64 column, int worker)
{
	const Score *s = arg;
	const double *x = s->data->dense + column;
	double		mean = column_mean(s, (int) column);

	if (s->classes > 0)
	{
		MlkGroupSums *groups = (MlkGroupSums *) (s->scratch + worker * s->scratch_size);

		memset(groups, 0, sizeof(MlkGroupSums) * s->classes);
		mlk_group_sums(x, s->in->n_dense, s->data->n, s->target->label, mean, groups);
		s->keep->score[column] = mlk_f_groups(groups, s->classes);
	}
	else
	{
		MlkPairSums sums = {0};

		mlk_pair_sums(x, s->in->n_dense, s->target->y, s->data->n, mean, s->y_mean, &sums);
		s->keep->score[column] = mlk_f_pair(&sums);
	}
}

/* ---- columns of codes ---- */

/* rows of each code and class; the last code is that of rows without one */
static int64 *
count_classes(const Score *s, int block, int n_codes)
{
	int64	   *count = ml_budget_alloc(s->data->budget, mul_size(n_codes + 1, s->classes), sizeof(int64), "counts of categories");

	memset(count, 0, sizeof(int64) * (n_codes + 1) * s->classes);
	for (int64 i = 0; i < s->data->n; i++)
	{
		uint32		code = Min(s->data->codes[i * s->in->n_codes + block], (uint32) n_codes);

		if ((i & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
		count[(Size) code * s->classes + s->target->label[i]]++;
	}
	return count;
}

/* the column that is 1 for one code, against the classes; total: rows of each class.  groups, table: scratch */
static double
indicator_by_class(const Score *s, const int64 *count, const int64 *total, By by, MlkGroupSums *groups, int64 *table)
{
	for (int c = 0; c < s->classes; c++)
	{
		groups[c].count = total[c];
		groups[c].sum = groups[c].square = count[c];
		table[c] = count[c];
		table[s->classes + c] = total[c] - count[c];
	}
	return by == BY_F ? mlk_f_groups(groups, s->classes) : mlk_information_of_counts(table, 2, s->classes);
}

static double
better(double a, double b)
{
	return isnan(a) || b > a ? b : a;
}

static void
codes_by_class(Score *s, int b, By by)
{
	const MlkBlock *block = &s->in->blocks[b];
	bool		category = block->kind == MLK_BLOCK_CATEGORY;
	int			n = category ? block->n_codes : block->cols;
	int64	   *count = count_classes(s, b, n);
	int64	   *total = palloc0(sizeof(int64) * s->classes);
	int64	   *table = palloc(sizeof(int64) * 2 * s->classes);
	MlkGroupSums *groups = palloc(sizeof(MlkGroupSums) * s->classes);
	double		best = NAN;

	for (int64 i = 0; i < (int64) (n + 1) * s->classes; i++)
		total[i % s->classes] += count[i];
	for (int k = 0; k < n + category; k++)
	{
		double		score = indicator_by_class(s, count + (Size) k * s->classes, total, by, groups, table);

		if (!category)
			s->keep->score[block->first + k] = score;
		best = better(best, score);
	}
	if (category)
		s->keep->score[block->first] = by == BY_F ? best : mlk_information_of_counts(count, n + 1, s->classes);
	pfree(groups);
	pfree(table);
	pfree(total);
	ml_budget_free(s->data->budget, count);
}

/* F of the columns of a block with a number as the target: from the count and the sum of the target of each code */
static void
codes_by_number(Score *s, int b)
{
	const MlkBlock *block = &s->in->blocks[b];
	bool		category = block->kind == MLK_BLOCK_CATEGORY;
	int			n = category ? block->n_codes : block->cols;
	MlkPairSums *sums = palloc0(sizeof(MlkPairSums) * ((Size) n + 1));
	MlkPairSums all = {0};
	double		best = NAN;

	for (int64 i = 0; i < s->data->n; i++)
	{
		MlkPairSums *sum = &sums[Min(s->data->codes[i * s->in->n_codes + b], (uint32) n)];
		double		dy = s->target->y[i] - s->y_mean;

		if ((i & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
		sum->x += 1;
		sum->xy += dy;
		all.y += dy;
		all.yy += dy * dy;
	}
	for (int k = 0; k < n + category; k++)
	{
		MlkPairSums pair = {s->data->n, sums[k].x, all.y, sums[k].x, all.yy, sums[k].xy};
		double		score = mlk_f_pair(&pair);

		if (!category)
			s->keep->score[block->first + k] = score;
		best = better(best, score);
	}
	if (category)
		s->keep->score[block->first] = best;
	pfree(sums);
}

/* ---- words ---- */

typedef struct WordSums
{
	const Score *s;
	int			first;
	MlkGroupSums *groups;		/* a column and class */
	MlkPairSums *pairs;			/* a column */
	int64	   *count;			/* a column and class: rows that have the word */
} WordSums;

static void
add_word(void *arg, int64 row, int column, double value)
{
	WordSums   *w = arg;
	Size		k = column - w->first;

	if (w->groups != NULL)
	{
		Size		cell = k * w->s->classes + w->s->target->label[row];

		w->groups[cell].sum += value;
		w->groups[cell].square += value * value;
		w->count[cell]++;
		return;
	}
	w->pairs[k].x += value;
	w->pairs[k].xx += value * value;
	w->pairs[k].xy += value * (w->s->target->y[row] - w->s->y_mean);
}

static void
words_by_class(Score *s, int b, By by)
{
	const MlkBlock *block = &s->in->blocks[b];
	Size		cells = mul_size(block->cols, s->classes);
	WordSums	w = {.s = s,.first = block->first};
	int64	   *total = palloc0(sizeof(int64) * s->classes);
	int64	   *table = palloc(sizeof(int64) * 2 * s->classes);
	MlkGroupSums *indicator = palloc(sizeof(MlkGroupSums) * s->classes);

	w.groups = ml_budget_alloc(s->data->budget, cells, sizeof(MlkGroupSums), "scores of words");
	w.count = ml_budget_alloc(s->data->budget, cells, sizeof(int64), "scores of words");
	memset(w.groups, 0, sizeof(MlkGroupSums) * cells);
	memset(w.count, 0, sizeof(int64) * cells);
	ml_keep_each_entry(&s->keep->stage, s->data, b, add_word, &w);
	for (int64 i = 0; i < s->data->n; i++)
		total[s->target->label[i]]++;
	for (int k = 0; k < block->cols; k++)
	{
		MlkGroupSums *groups = w.groups + (Size) k * s->classes;

		for (int c = 0; c < s->classes; c++)
			groups[c].count = total[c];
		s->keep->score[block->first + k] = by == BY_F ? mlk_f_groups(groups, s->classes) :
			indicator_by_class(s, w.count + (Size) k * s->classes, total, by, indicator, table);
	}
	ml_budget_free(s->data->budget, w.count);
	ml_budget_free(s->data->budget, w.groups);
	pfree(indicator);
	pfree(table);
	pfree(total);
}

static void
words_by_number(Score *s, int b)
{
	const MlkBlock *block = &s->in->blocks[b];
	WordSums	w = {.s = s,.first = block->first};
	MlkPairSums all = {.count = s->data->n};

	w.pairs = ml_budget_alloc(s->data->budget, block->cols, sizeof(MlkPairSums), "scores of words");
	memset(w.pairs, 0, sizeof(MlkPairSums) * block->cols);
	ml_keep_each_entry(&s->keep->stage, s->data, b, add_word, &w);
	for (int64 i = 0; i < s->data->n; i++)
	{
		double		dy = s->target->y[i] - s->y_mean;

		all.y += dy;
		all.yy += dy * dy;
	}
	for (int k = 0; k < block->cols; k++)
	{
		MlkPairSums pair = {all.count, w.pairs[k].x, all.y, w.pairs[k].xx, all.yy, w.pairs[k].xy};

		s->keep->score[block->first + k] = mlk_f_pair(&pair);
	}
	ml_budget_free(s->data->budget, w.pairs);
}

static void
score_words(Score *s, int b, By by)
{
	if (s->classes > 0)
		words_by_class(s, b, by);
	else if (by == BY_F)
		words_by_number(s, b);
	else
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("words cannot be selected by mutual information with a number"),
				 errhint("Use \"by\": \"f\".")));
}

/* ---- mutual information with a number on either side ---- */

/* values of a number in the sample, and the class or number of their rows */
static void
mutual_number(void *arg, int64 column, int worker)
{
	const Score *s = arg;
	double	   *x = (double *) (s->scratch + worker * s->scratch_size);
	double	   *y = x + s->sample;
	uint32	   *label = (uint32 *) (y + s->sample);
	void	   *scratch = label + s->sample + (s->sample & 1);
	int64		n = 0;

	for (int64 i = 0; i < s->sample; i++)
	{
		double		v = s->data->dense[i * s->in->n_dense + column];

		if (isnan(v))
			continue;
		x[n] = v;
		if (s->classes > 0)
			label[n] = s->target->label[i];
		else
			y[n] = s->y[i];
		n++;
	}
	s->keep->score[column] = 0;
	if (n <= MLK_MUTUAL_NEIGHBOURS)
		return;
	mlk_mutual_prepare(x, n, NOISE_SEED);
	s->keep->score[column] = s->classes > 0 ?
		mlk_mutual_mixed(x, label, n, s->classes, MLK_MUTUAL_NEIGHBOURS, scratch) :
		mlk_mutual_numbers(x, y, n, MLK_MUTUAL_NEIGHBOURS, scratch);
}

typedef struct CodesJob
{
	const Score *s;
	int			block;
	int			n;				/* codes of a category, else columns */
} CodesJob;

/* a one-hot column, or a category as a whole, with a number as the target */
static void
mutual_codes(void *arg, int64 k, int worker)
{
	const CodesJob *job = arg;
	const Score *s = job->s;
	const MlkBlock *block = &s->in->blocks[job->block];
	uint32	   *code = (uint32 *) (s->scratch + worker * s->scratch_size);
	void	   *scratch = code + s->sample + (s->sample & 1);
	bool		category = block->kind == MLK_BLOCK_CATEGORY;

	for (int64 i = 0; i < s->sample; i++)
	{
		uint32		c = s->data->codes[i * s->in->n_codes + job->block];

		code[i] = category ? Min(c, (uint32) job->n) : c == k;
	}
	s->keep->score[block->first + k] = s->sample <= MLK_MUTUAL_NEIGHBOURS ? 0 :
		mlk_mutual_mixed(s->y, code, s->sample, category ? job->n + 1 : 2, MLK_MUTUAL_NEIGHBOURS, scratch);
}

/* the target's numbers of the sample */
static void
prepare_target(Score *s)
{
	s->y = ml_budget_alloc(s->data->budget, Max(s->sample, 1), sizeof(double), "sample of the target");
	memcpy(s->y, s->target->y, sizeof(double) * s->sample);
	mlk_mutual_prepare(s->y, s->sample, NOISE_SEED + 1);
}

static Size
mutual_scratch(const Score *s)
{
	Size		room = Max(mlk_mutual_numbers_scratch(s->sample), mlk_mutual_mixed_scratch(s->sample, Max(s->classes, 2)));

	for (int b = 0; b < s->in->n_codes; b++)
		room = Max(room, mlk_mutual_mixed_scratch(s->sample, s->in->blocks[b].n_codes + 1));
	return room + (2 * sizeof(double) + sizeof(uint32)) * s->sample + 2 * sizeof(double);
}

/* ---- all columns ---- */

static void
score_columns(Score *s, By by)
{
	MlkPool    *pool = s->data->pool;

	s->scratch_size = by == BY_F ? sizeof(MlkGroupSums) * Max(s->classes, 1) : mutual_scratch(s);
	s->scratch_size = TYPEALIGN(64, s->scratch_size);
	s->scratch = ml_budget_alloc(s->data->budget, mlk_pool_threads(pool), s->scratch_size, "scores of features");
	if (by == BY_MUTUAL_INFO && s->classes == 0)
		prepare_target(s);
	ml_check_status(mlk_parallel_for(pool, s->in->n_dense, by == BY_F ? f_number : mutual_number, s));
	for (int b = 0; b < s->in->n_codes; b++)
	{
		const MlkBlock *block = &s->in->blocks[b];
		CodesJob	job = {s, b, block->kind == MLK_BLOCK_CATEGORY ? block->n_codes : block->cols};

		if (block->kind == MLK_BLOCK_SPARSE)
			score_words(s, b, by);
		else if (s->classes > 0)
			codes_by_class(s, b, by);
		else if (by == BY_F)
			codes_by_number(s, b);
		else
			ml_check_status(mlk_parallel_for(pool, block->cols, mutual_codes, &job));
	}
	ml_budget_free(s->data->budget, s->y);
	ml_budget_free(s->data->budget, s->scratch);
}

/* ---- choosing ---- */

typedef struct Ranked
{
	double		score;
	int			column;
} Ranked;

/* ascending; scores that are none come first, ties keep the order of the columns */
static int
by_score(const void *a, const void *b)
{
	const Ranked *x = a;
	const Ranked *y = b;

	if (x->score != y->score)
		return x->score < y->score ? -1 : 1;
	return x->column - y->column;
}

static Ranked *
rank(const MlKeep *keep)
{
	int			n = keep->stage.in->cols;
	Ranked	   *ranked = ml_palloc_array(Max(n, 1), sizeof(Ranked));

	for (int j = 0; j < n; j++)
	{
		ranked[j].score = isnan(keep->score[j]) ? -DBL_MAX : keep->score[j];
		ranked[j].column = j;
	}
	qsort(ranked, n, sizeof(Ranked), by_score);
	return ranked;
}

/* the last k of the ascending order, so that of equal ones the later stay: as scikit-learn */
static void
keep_best(MlKeep *keep, int k)
{
	int			n = keep->stage.in->cols;
	Ranked	   *ranked = rank(keep);

	for (int i = Max(n - k, 0); i < n; i++)
		keep->kept[ranked[i].column] = true;
	pfree(ranked);
}

/* numpy's percentile of the scores is the threshold; of those that equal it the first stay, as many as there is room for */
static void
keep_percentile(MlKeep *keep, double percentile)
{
	int			n = keep->stage.in->cols;
	Ranked	   *ranked = rank(keep);
	double		place = (100 - percentile) / 100 * (n - 1);
	int			below = (int) floor(place);
	double		low = ranked[below].score;
	double		high = ranked[Min(below + 1, n - 1)].score;
	double		threshold = low + (place - below) * (high - low);
	int			room = (int) (n * percentile / 100);

	for (int i = 0; i < n; i++)
	{
		if (ranked[i].score > threshold)
		{
			keep->kept[ranked[i].column] = true;
			room--;
		}
	}
	for (int i = 0; i < n && room > 0; i++)
	{
		if (ranked[i].score == threshold)
		{
			keep->kept[ranked[i].column] = true;
			room--;
		}
	}
	pfree(ranked);
}

static void
choose(MlKeep *keep)
{
	const double *option = keep->stage.option;
	int			n = keep->stage.in->cols;
	int			kept = 0;

	if (option[OPTION_PERCENTILE] == 100 || isnan(option[OPTION_K]))
		keep_best(keep, n);
	else if (option[OPTION_PERCENTILE] > 0)
		keep_percentile(keep, option[OPTION_PERCENTILE]);
	else
		keep_best(keep, option[OPTION_K] == 0 ? DEFAULT_K : (int) Min(option[OPTION_K], n));
	for (int j = 0; j < n; j++)
		kept += keep->kept[j];
	if (kept == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("preprocess option \"select\" keeps no feature"),
				 errdetail("%g percent of %d features are less than one.", option[OPTION_PERCENTILE], n),
				 errhint("Choose a greater \"percentile\", or \"k\".")));
}

static double
target_mean(const MlPrepTarget *target, int64 n)
{
	double		sum = 0;

	for (int64 i = 0; i < n; i++)
		sum += target->y[i];
	return sum / n;
}

static void
select_fit(MlStage *stage, const MlStageFit *data)
{
	MlKeep	   *keep = (MlKeep *) stage;
	Score		s = {.keep = keep,.data = data,.in = stage->in,.target = data->target};

	if (data->target == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("preprocess option \"select\" needs a target"),
				 errhint("Leave it out, or use \"variance_threshold\".")));
	ml_keep_make(keep);
	if (stage->in->cols == 0)
		return;
	s.classes = data->target->y == NULL ? data->target->n_classes : 0;
	s.sample = Min(data->n, SAMPLE_ROWS);
	if (s.classes == 0)
		s.y_mean = target_mean(data->target, data->n);
	score_columns(&s, (By) stage->option[OPTION_BY]);
	choose(keep);
}

static void
select_describe(const MlStage *stage, const char *const *names, int k, JsonbParseState **state)
{
	const MlKeep *keep = (const MlKeep *) stage;

	ml_json_put_float(state, by_choices[(int) stage->option[OPTION_BY]], keep->score[keep->source[k]]);
}

const MlStageKind ml_stage_select = {
	.name = "select",
	.id = 5,
	.size = sizeof(MlKeep),
	.options = options,
	.check = select_check,
	.fit = select_fit,
	.shape = ml_keep_shape,
	.apply = ml_keep_apply,
	.source = ml_keep_source,
	.describe = select_describe,
	.write = ml_keep_write,
	.read = ml_keep_read
};
