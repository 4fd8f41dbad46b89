/*
 * calibration.c: scores made into probabilities: Platt's sigmoid and isotonic regression.
 *
 * Platt, "Probabilistic outputs for support vector machines", 1999; the minimisation follows Lin, Lin and Weng, "A note on Platt's
 * probabilistic outputs", 2007.  Zadrozny and Elkan, "Transforming classifier scores into accurate multiclass probability estimates",
 * 2002, for isotonic regression and for several classes.  Both give what scikit-learn's CalibratedClassifierCV(cv="prefit") gives.
 */
#include "kernels/calibration.h"

#include "kernels/metrics_internal.h"
#include "kernels/sort.h"

/* scores this close are one: the resolution of a double near 1, as scikit-learn has it */
#define SAME_SCORE 1e-15

/* ---- sigmoid ---- */

#define MAX_NEWTON 100
#define MAX_HALVINGS 60
/* of the gradient, per unit of weight, in standardised scores */
#define GRADIENT_ENOUGH 1e-13
#define RIDGE 1e-12

typedef struct Sigmoid
{
	MlkPool    *pool;
	const double *score;
	const uint8_t *positive;
	const double *weight;
	int64_t		n;
	double		mean;			/* of the scores, and their standard deviation: Newton sees (score - mean) / deviation */
	double		deviation;
	double		total;			/* weight */
	double		target[2];		/* smoothed, of other and positive rows */
} Sigmoid;

/* loss of slope and offset, gradient and curvature of the three kinds */
typedef struct SigmoidSums
{
	double		loss;
	double		slope;
	double		offset;
	double		slope_slope;
	double		slope_offset;
	double		offset_offset;
} SigmoidSums;

/* log(1 + exp(z)) */
static inline double
softplus(double z)
{
	return z > 0.0 ? z + log1p(exp(-z)) : log1p(exp(z));
}

static MlkStatus
describe_scores(Sigmoid *s, double *negative, double *positive)
{
	double		mean = 0.0;
	double		squares = 0.0;

	*negative = *positive = s->total = 0.0;
	for (int64_t i = 0; i < s->n; i++)
	{
		double		w = mlk_weight(s->weight, i);
		double		distance = s->score[i] - mean;

		if (i % MLK_POLL_ROWS == 0 && mlk_pool_stop(s->pool))
			return MLK_CANCELLED;
		if (w == 0.0)
			continue;
		*(s->positive[i] ? positive : negative) += w;
		s->total += w;
		mean += distance * w / s->total;
		squares += w * distance * (s->score[i] - mean);
	}
	s->mean = mean;
	s->deviation = s->total > 0.0 ? sqrt(squares / s->total) : 0.0;
	return isfinite(s->deviation) ? MLK_OK : MLK_NOT_FINITE;
}

static MlkStatus
sum_sigmoid(const Sigmoid *s, double slope, double offset, SigmoidSums *sums)
{
	*sums = (SigmoidSums) {0};
	for (int64_t i = 0; i < s->n; i++)
	{
		double		w = mlk_weight(s->weight, i);
		double		x = s->deviation > 0.0 ? (s->score[i] - s->mean) / s->deviation : 0.0;
		double		z = slope * x + offset;
		double		t = s->target[s->positive[i] != 0];
		double		p = 1.0 / (1.0 + exp(z));
		double		residual = w * (t - p);
		double		curvature = w * p * (1.0 - p);

		if (i % MLK_POLL_ROWS == 0 && mlk_pool_stop(s->pool))
			return MLK_CANCELLED;
		sums->loss += w * (softplus(z) - (1.0 - t) * z);
		sums->slope += residual * x;
		sums->offset += residual;
		sums->slope_slope += curvature * x * x;
		sums->slope_offset += curvature * x;
		sums->offset_offset += curvature;
	}
	return MLK_OK;
}

/* one step of Newton's method, halved until the loss falls; *done when it cannot, or need not */
static MlkStatus
step_sigmoid(const Sigmoid *s, double *slope, double *offset, SigmoidSums *sums, bool *done)
{
	double		ridge = RIDGE * s->total;
	double		a = sums->slope_slope + ridge;
	double		c = sums->offset_offset + ridge;
	double		determinant = a * c - sums->slope_offset * sums->slope_offset;
	double		d_slope = -(c * sums->slope - sums->slope_offset * sums->offset) / determinant;
	double		d_offset = -(a * sums->offset - sums->slope_offset * sums->slope) / determinant;
	double		length = 1.0;

	*done = fmax(fabs(sums->slope), fabs(sums->offset)) <= GRADIENT_ENOUGH * s->total;
	for (int i = 0; i < MAX_HALVINGS && !*done; i++, length /= 2)
	{
		SigmoidSums next;
		MlkStatus	status = sum_sigmoid(s, *slope + length * d_slope, *offset + length * d_offset, &next);

		if (status != MLK_OK)
			return status;
		if (next.loss < sums->loss ||
			(next.loss == sums->loss && fabs(next.slope) + fabs(next.offset) < fabs(sums->slope) + fabs(sums->offset)))
		{
			*slope += length * d_slope;
			*offset += length * d_offset;
			*sums = next;
			return MLK_OK;
		}
	}
	*done = true;
	return MLK_OK;
}

MlkStatus
mlk_sigmoid_fit(MlkPool *pool, const double *score, const uint8_t *positive, const double *weight, int64_t n,
				MlkCalibrator *out)
{
	Sigmoid		s = {.pool = pool,.score = score,.positive = positive,.weight = weight,.n = n};
	SigmoidSums sums;
	double		negatives;
	double		positives;
	double		slope = 0.0;
	double		offset;
	bool		done = false;
	MlkStatus	status = describe_scores(&s, &negatives, &positives);

	if (status != MLK_OK)
		return status;
	s.target[0] = 1.0 / (negatives + 2.0);
	s.target[1] = (positives + 1.0) / (positives + 2.0);
	offset = log((negatives + 1.0) / (positives + 1.0));
	status = sum_sigmoid(&s, slope, offset, &sums);
	for (int i = 0; i < MAX_NEWTON && !done && status == MLK_OK; i++)
		status = step_sigmoid(&s, &slope, &offset, &sums, &done);
	if (status != MLK_OK)
		return status;
	*out = (MlkCalibrator) {.kind = MLK_CALIBRATION_SIGMOID};
	out->slope = s.deviation > 0.0 ? slope / s.deviation : 0.0;
	out->offset = offset - out->slope * s.mean;
	return isfinite(out->slope) && isfinite(out->offset) ? MLK_OK : MLK_NOT_FINITE;
}

/* ---- isotonic regression ---- */

/* rows of one score, or of several once pooled: their last score, mean and weight */
typedef struct Pool
{
	double		first;
	double		last;
	double		mean;
	double		weight;
} Pool;

size_t
mlk_isotonic_scratch(int64_t n)
{
	return sizeof(Pool) * (size_t) n + sizeof(uint32_t) * (size_t) n + mlk_argsort_scratch(n) + 16;
}

/* the last pool takes the one after it in */
static void
merge(Pool *into, const Pool *from)
{
	double		weight = into->weight + from->weight;

	into->mean = (into->mean * into->weight + from->mean * from->weight) / weight;
	into->weight = weight;
	into->last = from->last;
}

/* a pool and the rows of its two ends; a point between others of its value says nothing */
static int64_t
put_points(const Pool *pool, int64_t pools, double *score, double *value)
{
	int64_t		n = 0;

	for (int64_t i = 0; i < pools; i++)
	{
		double		mean = pool[i].mean < 0.0 ? 0.0 : pool[i].mean > 1.0 ? 1.0 : pool[i].mean;

		score[n] = pool[i].first;
		value[n++] = mean;
		if (pool[i].last > pool[i].first)
		{
			score[n] = pool[i].last;
			value[n++] = mean;
		}
	}
	return n;
}

MlkStatus
mlk_isotonic_fit(MlkPool *pool, const double *score, const uint8_t *positive, const double *weight, int64_t n,
				 double *points, void *scratch, MlkCalibrator *out)
{
	Pool	   *pools = scratch;
	uint32_t   *order = (uint32_t *) (pools + n);
	void	   *sorting = (void *) (((uintptr_t) (order + n) + 15) & ~(uintptr_t) 15);
	MlkStatus	status = mlk_argsort_f64(pool, score, n, order, sorting);
	int64_t		m = 0;

	if (status != MLK_OK)
		return status;
	for (int64_t i = 0; i < n;)
	{
		Pool		group = {.first = score[order[i]],.last = score[order[i]]};

		if (mlk_pool_stop(pool))
			return MLK_CANCELLED;
		for (; i < n && score[order[i]] - group.first < SAME_SCORE; i++)
		{
			Pool		row = {.last = group.first,.mean = positive[order[i]] != 0,.weight = mlk_weight(weight, order[i])};

			merge(&group, &row);
		}
		/* equal means are pooled too: the line between them is level */
		while (m > 0 && pools[m - 1].mean >= group.mean)
		{
			merge(&pools[m - 1], &group);
			group = pools[--m];
		}
		pools[m++] = group;
	}
	*out = (MlkCalibrator) {.kind = MLK_CALIBRATION_ISOTONIC,.score = points,.value = points + n};
	out->n = put_points(pools, m, points, points + n);
	return MLK_OK;
}

/* ---- use ---- */

/* probabilities of 0 and 1 have no logarithm of odds */
#define LEAST_PROBABILITY 1e-15

double
mlk_calibration_score(double probability, bool log_odds)
{
	double		p = probability;

	if (!log_odds)
		return p;
	p = p < LEAST_PROBABILITY ? LEAST_PROBABILITY : p > 1.0 - LEAST_PROBABILITY ? 1.0 - LEAST_PROBABILITY : p;
	return log(p / (1.0 - p));
}

static double
interpolate(const MlkCalibrator *c, double score)
{
	int64_t		low = 0;
	int64_t		high = c->n - 1;

	if (score <= c->score[0])
		return c->value[0];
	if (score >= c->score[high])
		return c->value[high];
	while (high - low > 1)
	{
		int64_t		middle = low + (high - low) / 2;

		if (c->score[middle] <= score)
			low = middle;
		else
			high = middle;
	}
	return c->value[low] + (c->value[high] - c->value[low]) * ((score - c->score[low]) / (c->score[high] - c->score[low]));
}

double
mlk_calibrated(const MlkCalibrator *calibrator, double score)
{
	if (isnan(score))
		return score;
	if (calibrator->kind == MLK_CALIBRATION_SIGMOID)
		return 1.0 / (1.0 + exp(calibrator->slope * score + calibrator->offset));
	return interpolate(calibrator, score);
}

static void
calibrate_row(const MlkCalibrator *calibrators, bool log_odds, int classes, double *p)
{
	double		sum = 0.0;

	for (int c = 0; c < classes; c++)
	{
		p[c] = mlk_calibrated(&calibrators[c], mlk_calibration_score(p[c], log_odds));
		sum += p[c];
	}
	for (int c = 0; c < classes; c++)
		p[c] = sum == 0.0 ? 1.0 / classes : p[c] / sum;
}

void
mlk_calibrate_rows(const MlkCalibrator *calibrators, bool log_odds, int classes, double *prob, int64_t rows)
{
	if (classes > 2)
	{
		for (int64_t i = 0; i < rows; i++)
			calibrate_row(calibrators, log_odds, classes, prob + i * classes);
		return;
	}
	for (int64_t i = 0; i < rows; i++)
	{
		double	   *p = prob + i * 2;

		p[1] = mlk_calibrated(calibrators, mlk_calibration_score(p[1], log_odds));
		p[0] = 1.0 - p[1];
	}
}
