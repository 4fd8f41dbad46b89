/*
 * classification.c: what predicted probabilities are worth against the labels.
 *
 * Three steps: a threaded pass over the probabilities (losses and predicted
 * classes), a count of truth against prediction from which every score of hard
 * predictions follows, and the rankings, one sort a class (one in all for two
 * classes).
 */
#include <float.h>
#include <string.h>

#include "kernels/metrics.h"
#include "kernels/metrics_internal.h"

#define BLOCK_ROWS 16384
#define MAX_BLOCKS 256

/* sums of one block, weighted */
typedef struct LossSums
{
	double		weight;
	double		log_loss;
	double		brier;
} LossSums;

typedef struct ClassTask
{
	MlkPool    *pool;
	const int32_t *label;
	const double *prob;			/* n rows of k */
	int			k;
	const double *threshold;	/* NULL: the likeliest class */
	const double *weight;
	int64_t		n;
	MlkSpan		span;
	LossSums	sums[MAX_BLOCKS];
	int			ranked;			/* class whose ranking is being prepared */

	/* scratch, n each */
	double	   *score;
	void	   *ranking;		/* mlk_ranking_scratch(n) bytes */
	int32_t    *predicted;
	uint8_t    *positive;
} ClassTask;

/* ---- losses and predictions ---- */

static inline int32_t
predict_row(const ClassTask *t, const double *p)
{
	int32_t		best = 0;

	if (t->k == 2)
		return t->threshold != NULL ? p[1] >= *t->threshold : p[1] > 0.5;
	for (int c = 1; c < t->k; c++)
		if (p[c] > p[best])
			best = c;
	return best;
}

/* scikit-learn 1.2: every probability is clipped, and the row normalised again; NaN stays NaN */
static inline double
log_loss_row(const double *p, int k, int label)
{
	double		sum = 0.0;
	double		truth = NAN;

	for (int c = 0; c < k; c++)
	{
		double		clipped = p[c];

		if (clipped < DBL_EPSILON)
			clipped = DBL_EPSILON;
		else if (clipped > 1.0 - DBL_EPSILON)
			clipped = 1.0 - DBL_EPSILON;
		sum += clipped;
		if (c == label)
			truth = clipped;
	}
	return -log(truth / sum);
}

static inline double
brier_row(const double *p, int k, int label)
{
	double		sum = 0.0;

	if (k == 2)
		return (p[1] - label) * (p[1] - label);
	for (int c = 0; c < k; c++)
	{
		double		d = p[c] - (c == label ? 1.0 : 0.0);

		sum += d * d;
	}
	return sum;
}

static void
loss_block(void *arg, int64_t block, int worker)
{
	ClassTask  *t = arg;
	LossSums	s = {0};

	for (int64_t i = block * t->span.rows; i < mlk_span_end(&t->span, block, t->n); i++)
	{
		const double *p = t->prob + i * t->k;
		double		w = mlk_weight(t->weight, i);

		t->predicted[i] = predict_row(t, p);
		s.weight += w;
		s.log_loss += w * log_loss_row(p, t->k, t->label[i]);
		s.brier += w * brier_row(p, t->k, t->label[i]);
	}
	t->sums[block] = s;
}

static MlkStatus
sum_losses(ClassTask *t, MlkClassificationMetrics *out)
{
	MlkStatus	status = mlk_parallel_for(t->pool, t->span.blocks, loss_block, t);
	LossSums	all = {0};

	if (status != MLK_OK)
		return status;
	for (int64_t block = 0; block < t->span.blocks; block++)
	{
		all.weight += t->sums[block].weight;
		all.log_loss += t->sums[block].log_loss;
		all.brier += t->sums[block].brier;
	}
	out->log_loss = all.log_loss / all.weight;
	out->brier = all.brier / all.weight;
	return MLK_OK;
}

/* ---- hard predictions ---- */

static void
predict_block(void *arg, int64_t block, int worker)
{
	ClassTask  *t = arg;

	for (int64_t i = block * t->span.rows; i < mlk_span_end(&t->span, block, t->n); i++)
		t->predicted[i] = predict_row(t, t->prob + i * t->k);
}

/* Serial: k * k cells a block could be more memory than the rows, and an addition a row is soon done. */
static MlkStatus
count_confusion(const ClassTask *t, double *confusion)
{
	memset(confusion, 0, (size_t) t->k * t->k * sizeof(double));
	for (int64_t i = 0; i < t->n; i++)
	{
		if (i % MLK_POLL_ROWS == 0 && mlk_pool_stop(t->pool))
			return MLK_CANCELLED;
		confusion[(size_t) t->label[i] * t->k + t->predicted[i]] += mlk_weight(t->weight, i);
	}
	return MLK_OK;
}

static inline double
ratio_or_zero(double a, double b)
{
	return b > 0.0 ? a / b : 0.0;
}

/* what the scores of all classes are made of */
typedef struct ConfusionSums
{
	double		total;
	double		correct;
	double		truth_squares;	/* sum over classes of (weight of the class)^2 */
	double		guess_squares;	/* the same of the predictions */
	double		truth_guess;	/* sum over classes of the product of both */
	int			present;		/* classes that occur in truth or prediction */
	int			occurring;		/* in truth */
	int			guessed;		/* in prediction */
	double		recall;			/* sum over occurring classes */
	double		macro[3];		/* precision, recall, f1: sums over present classes */
	double		weighted[3];
} ConfusionSums;

/* Fill class c's line and add it to the sums. */
static void
add_class(ConfusionSums *s, const double *confusion, int k, int c, MlkClassMetrics *m)
{
	double		hit = confusion[(size_t) c * k + c];
	double		truth = 0.0;
	double		guess = 0.0;
	double		line[3];

	for (int j = 0; j < k; j++)
	{
		truth += confusion[(size_t) c * k + j];
		guess += confusion[(size_t) j * k + c];
	}
	m->support = truth;
	m->precision = ratio_or_zero(hit, guess);
	m->recall = ratio_or_zero(hit, truth);
	m->f1 = ratio_or_zero(2.0 * m->precision * m->recall, m->precision + m->recall);

	s->total += truth;
	s->correct += hit;
	s->truth_squares += truth * truth;
	s->guess_squares += guess * guess;
	s->truth_guess += truth * guess;
	s->present += truth > 0.0 || guess > 0.0;
	s->occurring += truth > 0.0;
	s->guessed += guess > 0.0;
	s->recall += m->recall;
	line[0] = m->precision;
	line[1] = m->recall;
	line[2] = m->f1;
	for (int i = 0; i < 3; i++)
	{
		s->macro[i] += line[i];
		s->weighted[i] += truth * line[i];
	}
}

/* Matthews' coefficient for any number of classes (Gorodkin, 2004); 0 when truth or prediction is constant */
static double
matthews(const ConfusionSums *s)
{
	double		square = s->total * s->total;
	double		truth = square - s->truth_squares;
	double		guess = square - s->guess_squares;
	double		coefficient;

	/* counted, because the differences of rounded sums of weights need not vanish */
	if (s->occurring < 2 || s->guessed < 2 || truth <= 0.0 || guess <= 0.0)
		return 0.0;
	coefficient = (s->correct * s->total - s->truth_guess) / sqrt(truth) / sqrt(guess);
	/* rounding may lead an ulp beyond; NaN stays NaN */
	return coefficient > 1.0 ? 1.0 : coefficient < -1.0 ? -1.0 : coefficient;
}

static void
score_confusion(const double *confusion, int k, MlkClassificationMetrics *out, MlkClassMetrics *per_class)
{
	ConfusionSums s = {0};

	for (int c = 0; c < k; c++)
		add_class(&s, confusion, k, c, &per_class[c]);
	out->accuracy = s.correct / s.total;
	out->balanced_accuracy = s.recall / s.occurring;
	out->mcc = s.total > 0.0 ? matthews(&s) : NAN;
	out->macro_precision = s.macro[0] / s.present;
	out->macro_recall = s.macro[1] / s.present;
	out->macro_f1 = s.macro[2] / s.present;
	out->weighted_precision = s.weighted[0] / s.total;
	out->weighted_recall = s.weighted[1] / s.total;
	out->weighted_f1 = s.weighted[2] / s.total;
}

/* ---- rankings ---- */

static void
score_block(void *arg, int64_t block, int worker)
{
	ClassTask  *t = arg;

	for (int64_t i = block * t->span.rows; i < mlk_span_end(&t->span, block, t->n); i++)
	{
		t->score[i] = t->prob[i * t->k + t->ranked];
		t->positive[i] = t->label[i] == t->ranked;
	}
}

static MlkStatus
rank_class(ClassTask *t, int c, double *roc_auc, double *average_precision)
{
	MlkStatus	status;

	t->ranked = c;
	status = mlk_parallel_for(t->pool, t->span.blocks, score_block, t);
	if (status != MLK_OK)
		return status;
	return mlk_ranking_metrics(t->pool, t->positive, t->score, t->weight, t->n, t->ranking,
							   roc_auc, average_precision);
}

/* One class against the rest, averaged over the classes that occur (roc_auc: and do not make up all). */
static MlkStatus
rank_classes(ClassTask *t, const MlkClassMetrics *per_class, MlkClassificationMetrics *out)
{
	double		roc_sum = 0.0;
	double		precision_sum = 0.0;
	int			roc_classes = 0;
	int			precision_classes = 0;
	double		total = 0.0;

	for (int c = 0; c < t->k; c++)
		total += per_class[c].support;
	for (int c = 0; c < t->k; c++)
	{
		double		roc;
		double		precision;
		MlkStatus	status;

		if (per_class[c].support <= 0.0)
			continue;
		status = rank_class(t, c, &roc, &precision);
		if (status != MLK_OK)
			return status;
		precision_sum += precision;
		precision_classes++;
		if (per_class[c].support < total)
		{
			roc_sum += roc;
			roc_classes++;
		}
	}
	out->roc_auc = roc_sum / roc_classes;
	out->pr_auc = precision_sum / precision_classes;
	return MLK_OK;
}

/* ---- all of it ---- */

size_t
mlk_classification_scratch(int64_t n)
{
	return mlk_ranking_scratch(n) + (size_t) n * (sizeof(double) + sizeof(int32_t) + sizeof(uint8_t));
}

MlkStatus
mlk_classification_metrics(MlkPool *pool, const int32_t *label, const double *prob, int k,
						   const double *weight, int64_t n, void *scratch,
						   MlkClassificationMetrics *out, MlkClassMetrics *per_class,
						   double *confusion)
{
	return mlk_classification_metrics_at(pool, label, prob, k, NULL, weight, n, scratch, out, per_class, confusion);
}

MlkStatus
mlk_classification_metrics_at(MlkPool *pool, const int32_t *label, const double *prob, int k, const double *threshold,
							  const double *weight, int64_t n, void *scratch, MlkClassificationMetrics *out,
							  MlkClassMetrics *per_class, double *confusion)
{
	ClassTask	t = {.pool = pool, .label = label, .prob = prob, .k = k, .weight = weight, .n = n};
	MlkStatus	status;

	t.threshold = k == 2 ? threshold : NULL;
	t.span = mlk_span(n, BLOCK_ROWS, MAX_BLOCKS);
	t.score = scratch;
	t.ranking = t.score + n;
	t.predicted = (int32_t *) ((char *) t.ranking + mlk_ranking_scratch(n));
	t.positive = (uint8_t *) (t.predicted + n);

	status = sum_losses(&t, out);
	if (status == MLK_OK)
		status = count_confusion(&t, confusion);
	if (status != MLK_OK)
		return status;
	score_confusion(confusion, k, out, per_class);
	if (k == 2)
		return rank_class(&t, 1, &out->roc_auc, &out->pr_auc);
	return rank_classes(&t, per_class, out);
}

MlkStatus
mlk_predicted_class_metrics(MlkPool *pool, const int32_t *label, const double *prob, int k,
							const double *threshold, const double *weight, int64_t n, int32_t *predicted,
							MlkClassificationMetrics *out, MlkClassMetrics *per_class, double *confusion)
{
	ClassTask	t = {.pool = pool, .label = label, .prob = prob, .k = k, .weight = weight, .n = n, .predicted = predicted};
	MlkStatus	status;

	t.threshold = k == 2 ? threshold : NULL;
	t.span = mlk_span(n, BLOCK_ROWS, MAX_BLOCKS);
	status = mlk_parallel_for(pool, t.span.blocks, predict_block, &t);
	if (status == MLK_OK)
		status = count_confusion(&t, confusion);
	if (status != MLK_OK)
		return status;
	score_confusion(confusion, k, out, per_class);
	out->log_loss = out->brier = out->roc_auc = out->pr_auc = NAN;
	return MLK_OK;
}
