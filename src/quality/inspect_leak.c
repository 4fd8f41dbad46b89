/*
 * inspect_leak.c: columns that alone predict the target almost perfectly.
 *
 * Such a column is most often a consequence of the target, known only after it.  Each column is judged by the simplest model there
 * is: rows are put into bins (numbers by quantiles, categories by value, NULL apart), and a row is predicted by the other half of the
 * sample's mean target, or most frequent class, in its bin.  Judging by the other half keeps ids and rare categories from looking
 * like leaks.
 */
#include "postgres.h"

#include <math.h>

#include "interrupts.h"
#include "kernels/metrics.h"
#include "kernels/sort.h"

#include "quality/inspect_internal.h"

#define SAMPLE_ROWS 4096
#define LEAST_ROWS 100			/* below it chance looks like a leak */
#define LEAST_OF_A_CLASS 10
#define BINS 64
#define MAX_CELLS (1 << 18)		/* categories x classes of a column that can be judged */
#define MAX_CLASSES 64

#define LEAK_AUC 0.995			/* two classes */
#define LEAK_ACCURACY 0.995		/* more classes, */
#define LEAK_BASELINE 0.95		/* when always saying the most frequent one is right less often than that */
#define LEAK_R2 0.99			/* numbers; 64 bins of a straight line leave 0.0003 */

/* one element of one feature */
typedef struct Candidate
{
	int			column;
	int			element;
	double		score;			/* of the target's measure; NaN: could not be judged */
} Candidate;

/* of one thread */
typedef struct Scratch
{
	double	   *value;			/* rows each */
	uint32	   *code;
	uint32	   *bin;
	uint32	   *sorted;
	double	   *predicted;
	void	   *sort;
	void	   *ranking;
	double	   *sum;			/* bins x outputs x 2 halves */
	double	   *count;			/* bins x 2 */
} Scratch;

typedef struct LeakJob
{
	const MlInspected *in;
	int64		n;				/* rows of the sample */
	int			outputs;		/* numbers a row: 1, or a class each when there are more than two */
	uint8	   *positive;		/* two classes */
	double		mean;			/* of the target in the sample; share of the positive class */
	double		deviation;		/* regression: sum of squares */
	Candidate  *candidates;
	int			n_candidates;
	int64		max_bins;
	Scratch    *scratch;
} LeakJob;

/* ---- bins ---- */

/* equal values share a bin, NaN has the last one; returns how many there are */
static int64
bin_numbers(const LeakJob *job, Scratch *s)
{
	int64		n = job->n;
	int64		known = n;
	int64		bin = 0;
	int64		filled = 0;

	(void) mlk_argsort_f64(NULL, s->value, n, s->sorted, s->sort);
	while (known > 0 && isnan(s->value[s->sorted[known - 1]]))
		known--;
	for (int64 i = 0; i < known; i++)
	{
		if (filled * BINS >= known && s->value[s->sorted[i]] != s->value[s->sorted[i - 1]])
		{
			bin++;
			filled = 0;
		}
		s->bin[s->sorted[i]] = (uint32) bin;
		filled++;
	}
	for (int64 i = known; i < n; i++)
		s->bin[s->sorted[i]] = (uint32) bin + 1;
	return bin + 2;
}

/* codes are the bins, NULL behind them */
static int64
bin_codes(const LeakJob *job, Scratch *s, uint32 n_codes)
{
	for (int64 i = 0; i < job->n; i++)
		s->bin[i] = s->code[i] == ML_NULL_CODE ? n_codes : s->code[i];
	return (int64) n_codes + 1;
}

/* ---- one column as a model ---- */

/* the two halves take turns by position, which is random */
static inline int
half_of(int64 i)
{
	return (int) (i & 1);
}

static void
sum_bins(const LeakJob *job, Scratch *s, int64 bins)
{
	int			k = job->outputs;

	memset(s->sum, 0, sizeof(double) * bins * k * 2);
	memset(s->count, 0, sizeof(double) * bins * 2);
	for (int64 i = 0; i < job->n; i++)
	{
		int64		slot = (int64) s->bin[i] * 2 + half_of(i);

		s->count[slot] += 1;
		if (job->in->y != NULL)
			s->sum[slot] += job->in->y[i];
		else if (k == 1)
			s->sum[slot] += job->positive[i];
		else
			s->sum[slot * k + job->in->label[i]] += 1;
	}
}

/* regression and two classes: the mean of the other half in the row's bin, the sample's mean where there is none */
static void
predict_means(const LeakJob *job, Scratch *s)
{
	for (int64 i = 0; i < job->n; i++)
	{
		int64		slot = (int64) s->bin[i] * 2 + 1 - half_of(i);

		s->predicted[i] = s->count[slot] > 0 ? s->sum[slot] / s->count[slot] : job->mean;
	}
}

static double
score_regression(const LeakJob *job, Scratch *s)
{
	double		square = 0;

	predict_means(job, s);
	for (int64 i = 0; i < job->n; i++)
		square += (job->in->y[i] - s->predicted[i]) * (job->in->y[i] - s->predicted[i]);
	return job->deviation > 0 ? 1 - square / job->deviation : NAN;
}

static double
score_binary(const LeakJob *job, Scratch *s)
{
	double		auc = NAN;
	double		precision;

	predict_means(job, s);
	(void) mlk_ranking_metrics(NULL, job->positive, s->predicted, NULL, job->n, s->ranking, &auc, &precision);
	return auc;
}

/* share of rows whose class is the other half's most frequent one in their bin */
static double
score_classes(const LeakJob *job, Scratch *s)
{
	int			k = job->outputs;
	int64		right = 0;

	for (int64 i = 0; i < job->n; i++)
	{
		const double *sum = s->sum + ((int64) s->bin[i] * 2 + 1 - half_of(i)) * k;
		int			best = 0;

		for (int c = 1; c < k; c++)
		{
			if (sum[c] > sum[best])
				best = c;
		}
		right += sum[best] > 0 && best == job->in->label[i];
	}
	return (double) right / job->n;
}

static void
judge_block(void *arg, int64_t block, int worker)
{
	LeakJob    *job = arg;
	Candidate  *candidate = &job->candidates[block];
	const MlColumn *column = &job->in->data->columns[candidate->column];
	Scratch    *s = &job->scratch[worker];
	int64		bins;

	if (column->code != NULL)
	{
		ml_column_gather_codes(column, job->in->rows->order, job->n, s->code);
		bins = bin_codes(job, s, column->dict->n);
	}
	else
	{
		ml_column_gather(column, candidate->element, job->in->rows->order, job->n, s->value, 1);
		bins = bin_numbers(job, s);
	}
	sum_bins(job, s, bins);
	if (job->in->y != NULL)
		candidate->score = score_regression(job, s);
	else
		candidate->score = job->outputs == 1 ? score_binary(job, s) : score_classes(job, s);
}

/* ---- the job ---- */

/* false when the sample cannot tell: too few rows, or too few of a class */
static bool
describe_target(LeakJob *job)
{
	const MlInspected *in = job->in;
	int64		count[MAX_CLASSES] = {0};
	int64		most = 0;

	job->outputs = 1;
	for (int64 i = 0; in->y != NULL && i < job->n; i++)
		job->mean += in->y[i] / job->n;
	for (int64 i = 0; in->y != NULL && i < job->n; i++)
		job->deviation += (in->y[i] - job->mean) * (in->y[i] - job->mean);
	if (in->y != NULL || in->n_classes > MAX_CLASSES)
		return in->y != NULL && isfinite(job->deviation);

	for (int64 i = 0; i < job->n; i++)
		count[in->label[i]]++;
	if (in->n_classes > 2)
	{
		job->outputs = in->n_classes;
		for (int c = 0; c < in->n_classes; c++)
			most = Max(most, count[c]);
		return most < LEAK_BASELINE * job->n;
	}
	job->positive = palloc(job->n);
	for (int64 i = 0; i < job->n; i++)
		job->positive[i] = in->label[i] == 1;
	job->mean = (double) count[1] / job->n;
	return Min(count[0], count[1]) >= LEAST_OF_A_CLASS;
}

static void
list_candidates(LeakJob *job)
{
	const MlInspected *in = job->in;
	int64		elements = 0;

	for (int i = 0; i < in->n_features; i++)
		elements += Max(in->data->columns[in->features[i]].width, 1);
	job->candidates = ml_palloc_array(elements, sizeof(Candidate));
	job->max_bins = BINS + 2;
	for (int i = 0; i < in->n_features; i++)
	{
		const MlColumn *column = &in->data->columns[in->features[i]];

		if (column->code != NULL && column->dict->n > MAX_CELLS / job->outputs)
			continue;
		if (column->code != NULL)
			job->max_bins = Max(job->max_bins, (int64) column->dict->n + 1);
		for (int k = 0; k < (column->code != NULL ? 1 : column->width); k++)
		{
			Candidate	candidate = {in->features[i], k, NAN};

			job->candidates[job->n_candidates++] = candidate;
		}
	}
}

static void
make_scratch(LeakJob *job, int threads)
{
	job->scratch = palloc0(sizeof(Scratch) * threads);
	for (int i = 0; i < threads; i++)
	{
		Scratch    *s = &job->scratch[i];

		s->value = palloc(sizeof(double) * job->n);
		s->code = palloc(sizeof(uint32) * job->n);
		s->bin = palloc(sizeof(uint32) * job->n);
		s->sorted = palloc(sizeof(uint32) * job->n);
		s->predicted = palloc(sizeof(double) * job->n);
		s->sort = palloc(mlk_argsort_scratch(job->n));
		s->ranking = palloc(mlk_classification_scratch(job->n));
		s->sum = ml_palloc_array(job->max_bins * 2 * job->outputs, sizeof(double));
		s->count = ml_palloc_array(job->max_bins * 2, sizeof(double));
	}
}

static void
report(const LeakJob *job, const Candidate *candidate, MlFindings *findings)
{
	const MlInspected *in = job->in;
	const MlColumn *column = &in->data->columns[candidate->column];
	double		limit = in->y != NULL ? LEAK_R2 : job->outputs == 1 ? LEAK_AUC : LEAK_ACCURACY;
	const char *measure = in->y != NULL ? "R2" : job->outputs == 1 ? "area under the ROC curve" : "accuracy";
	char	   *name = column->code == NULL && column->width > 1 ? psprintf("%s[%d]", column->name, candidate->element + 1) : column->name;
	MlFinding  *finding;

	/* what predicts the opposite perfectly is binned by its mean target: the measure is never far below one half */
	if (!(candidate->score >= limit))
		return;
	finding = ml_findings_add(findings, "leak", true, name, candidate->score);
	finding->detail = psprintf("column \"%s\" alone predicts target \"%s\" almost perfectly (%s %.4f)", name, in->target, measure,
							   candidate->score);
	finding->hint = "If it is known only after the target, leave it out: name it in exclude.";
}

void
ml_inspect_leaks(const MlInspected *in, MlkPool *pool, MlFindings *findings)
{
	LeakJob		job = {in};

	job.n = Min(in->rows->n_train, SAMPLE_ROWS);
	if (job.n < LEAST_ROWS || !describe_target(&job))
		return;
	list_candidates(&job);
	make_scratch(&job, mlk_pool_threads(pool));
	ml_check_status(mlk_parallel_for(pool, job.n_candidates, judge_block, &job));
	for (int i = 0; i < job.n_candidates; i++)
		report(&job, &job.candidates[i], findings);
}
