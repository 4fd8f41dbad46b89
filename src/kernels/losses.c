/*
 * losses.c: gradients and values of losses, block by block, with the vectorised exp of sigmoid.c.
 */
#include <string.h>

#include "kernels/losses.h"
#include "kernels/sigmoid.h"
#include "kernels/sort.h"

#define CHUNK 512				/* rows whose doubles wait on the stack */
#define LEAST_SHARE 1e-12		/* of a class or of a mean, so that its logarithm is finite */

bool
mlk_loss_renews(const MlkLoss *loss)
{
	return loss->kind == MLK_LOSS_ABSOLUTE || loss->kind == MLK_LOSS_QUANTILE;
}

bool
mlk_loss_constant_hessian(const MlkLoss *loss)
{
	return loss->weight == NULL && (loss->kind == MLK_LOSS_SQUARED || mlk_loss_renews(loss));
}

static inline double
row_weight(const MlkLoss *loss, int64_t row)
{
	return loss->weight == NULL ? 1.0 : loss->weight[row];
}

/* ---- quantiles ---- */

size_t
mlk_loss_work(const MlkLoss *loss, int64_t n)
{
	if (!mlk_loss_renews(loss))
		return 0;
	if (loss->weight == NULL)
		return sizeof(double) * (size_t) n;
	return (2 * sizeof(double) + sizeof(uint32_t)) * (size_t) n + 64 + mlk_argsort_scratch(n);
}

/* the smallest value at which the weight up to it reaches the share q of all; between two values: their midpoint */
static double
weighted_quantile(double *value, double *weight, int64_t n, double q, uint32_t *order, void *scratch)
{
	double		total = 0.0;
	double		sum = 0.0;

	(void) mlk_argsort_f64(NULL, value, n, order, scratch);
	for (int64_t i = 0; i < n; i++)
		total += weight[order[i]];
	for (int64_t i = 0; i < n; i++)
	{
		sum += weight[order[i]];
		if (sum > q * total || i == n - 1)
			return value[order[i]];
		if (sum == q * total && weight[order[i + 1]] > 0.0)
			return 0.5 * value[order[i]] + 0.5 * value[order[i + 1]];
	}
	return NAN;
}

/* quantile of y - score (score NULL: of y) */
static double
residual_quantile(const MlkLoss *loss, const double *score, const uint32_t *rows, int64_t n, void *work)
{
	double		q = loss->kind == MLK_LOSS_ABSOLUTE ? 0.5 : loss->quantile;
	double	   *value = work;
	double	   *weight = value + n;
	uint32_t   *order = (uint32_t *) (weight + n);
	uintptr_t	scratch = ((uintptr_t) (order + n) + 63) / 64 * 64;

	for (int64_t i = 0; i < n; i++)
	{
		int64_t		row = rows != NULL ? (int64_t) rows[i] : i;

		value[i] = loss->y[row] - (score != NULL ? score[row] : 0.0);
		if (loss->weight != NULL)
			weight[i] = loss->weight[row];
	}
	if (loss->weight != NULL)
		return weighted_quantile(value, weight, n, q, order, (void *) scratch);
	return mlk_quantile_f64(value, n, q);
}

double
mlk_loss_renew(const MlkLoss *loss, const double *score, const uint32_t *rows, int64_t n, void *work)
{
	return residual_quantile(loss, score, rows, n, work);
}

/* ---- where scores start ---- */

static double
weighted_mean(const MlkLoss *loss, const uint32_t *rows, int64_t n)
{
	double		mean = 0.0;
	double		total = 0.0;

	for (int64_t i = 0; i < n; i++)
	{
		int64_t		row = rows != NULL ? (int64_t) rows[i] : i;
		double		w = row_weight(loss, row);

		total += w;
		if (w > 0.0)
			mean += (loss->y[row] - mean) * (w / total);
	}
	return mean;
}

static double
at_least(double x)
{
	return x > LEAST_SHARE ? x : LEAST_SHARE;
}

static void
class_base(const MlkLoss *loss, const uint32_t *rows, int64_t n, double *base)
{
	bool		binary = loss->kind == MLK_LOSS_LOGISTIC;
	double		total = 0.0;
	double		positive = 0.0;

	memset(base, 0, sizeof(double) * loss->outputs);
	for (int64_t i = 0; i < n; i++)
	{
		int64_t		row = rows != NULL ? (int64_t) rows[i] : i;
		double		w = row_weight(loss, row);

		total += w;
		if (binary)
			positive += loss->label[row] == 1 ? w : 0.0;
		else
			base[loss->label[row]] += w;
	}
	if (binary)
		base[0] = log(at_least(positive / total)) - log(at_least((total - positive) / total));
	for (int k = 0; !binary && k < loss->outputs; k++)
		base[k] = log(at_least(base[k] / total));
}

MlkStatus
mlk_loss_base(const MlkLoss *loss, const uint32_t *rows, int64_t n, void *work, double *base)
{
	switch (loss->kind)
	{
		case MLK_LOSS_SQUARED:
			base[0] = weighted_mean(loss, rows, n);
			break;
		case MLK_LOSS_ABSOLUTE:
		case MLK_LOSS_QUANTILE:
			base[0] = residual_quantile(loss, NULL, rows, n, work);
			break;
		case MLK_LOSS_POISSON:
		case MLK_LOSS_GAMMA:
			base[0] = log(weighted_mean(loss, rows, n));
			break;
		case MLK_LOSS_LOGISTIC:
		case MLK_LOSS_SOFTMAX:
			class_base(loss, rows, n, base);
			break;
	}
	for (int k = 0; k < loss->outputs; k++)
	{
		if (!isfinite(base[k]))
			return MLK_NOT_FINITE;
	}
	return MLK_OK;
}

/* ---- gradients ---- */

typedef struct Pass
{
	const MlkLoss *loss;
	const double *score;
	float	   *gradient;
	float	   *hessian;
	const uint32_t *rows;
	int64_t		n;
	double	   *partial;
} Pass;

/* of rows [from, from + n), n <= CHUNK, whose weights are all one; e is exp of what the loss exponentiates */
static inline void
regression_gradients(const MlkLoss *loss, const double *score, const double *y, const double *e, int n,
					 double *gradient, double *hessian)
{
	double		q = loss->kind == MLK_LOSS_ABSOLUTE ? 0.5 : loss->quantile;
	double		slope = loss->kind == MLK_LOSS_ABSOLUTE ? 2.0 : 1.0;

	for (int i = 0; i < n; i++)
	{
		hessian[i] = 1.0;
		switch (loss->kind)
		{
			case MLK_LOSS_SQUARED:
				gradient[i] = score[i] - y[i];
				break;
			case MLK_LOSS_POISSON:
				gradient[i] = e[i] - y[i];
				hessian[i] = e[i];
				break;
			case MLK_LOSS_GAMMA:
				gradient[i] = 1.0 - y[i] * e[i];
				hessian[i] = y[i] * e[i];
				break;
			default:
				gradient[i] = slope * (score[i] > y[i] ? 1.0 - q : (score[i] < y[i] ? -q : 0.0));
				break;
		}
	}
}

MLK_CLONES
static void
chunk_of_one_output(const Pass *p, int64_t from, int n)
{
	const MlkLoss *loss = p->loss;
	double		e[CHUNK];
	double		gradient[CHUNK];
	double		hessian[CHUNK];

	for (int i = 0; i < n; i++)
		e[i] = loss->kind == MLK_LOSS_GAMMA ? -p->score[from + i] : p->score[from + i];
	if (loss->kind == MLK_LOSS_LOGISTIC)
	{
		mlk_sigmoid(e, n);
		for (int i = 0; i < n; i++)
		{
			gradient[i] = e[i] - (loss->label[from + i] == 1 ? 1.0 : 0.0);
			hessian[i] = e[i] * (1.0 - e[i]);
		}
	}
	else
	{
		if (loss->kind == MLK_LOSS_POISSON || loss->kind == MLK_LOSS_GAMMA)
			mlk_exp(e, n);
		regression_gradients(loss, p->score + from, loss->y + from, e, n, gradient, hessian);
	}
	for (int i = 0; i < n && loss->weight != NULL; i++)
	{
		gradient[i] *= loss->weight[from + i];
		hessian[i] *= loss->weight[from + i];
	}
	for (int i = 0; i < n; i++)
		p->gradient[from + i] = (float) gradient[i];
	for (int i = 0; i < n && p->hessian != NULL; i++)
		p->hessian[from + i] = (float) hessian[i];
}

/* largest score of each row */
static void
chunk_largest(const MlkLoss *loss, const double *score, int64_t from, int n, double *most)
{
	memcpy(most, score + from, sizeof(double) * n);
	for (int k = 1; k < loss->outputs; k++)
	{
		const double *s = score + (int64_t) k * loss->rows + from;

		for (int i = 0; i < n; i++)
			most[i] = s[i] > most[i] ? s[i] : most[i];
	}
}

MLK_CLONES
static void
chunk_of_classes(const Pass *p, int64_t from, int n)
{
	const MlkLoss *loss = p->loss;
	double		most[CHUNK];
	double		sum[CHUNK] = {0};
	double		e[CHUNK];

	chunk_largest(loss, p->score, from, n, most);
	for (int k = 0; k < loss->outputs; k++)
	{
		const double *s = p->score + (int64_t) k * loss->rows + from;
		float	   *gradient = p->gradient + (int64_t) k * loss->rows + from;

		for (int i = 0; i < n; i++)
			e[i] = s[i] - most[i];
		mlk_exp(e, n);
		for (int i = 0; i < n; i++)
		{
			sum[i] += e[i];
			gradient[i] = (float) e[i];
		}
	}
	for (int k = 0; k < loss->outputs; k++)
	{
		float	   *gradient = p->gradient + (int64_t) k * loss->rows + from;
		float	   *hessian = p->hessian + (int64_t) k * loss->rows + from;

		for (int i = 0; i < n; i++)
		{
			double		share = gradient[i] / sum[i];
			double		w = row_weight(loss, from + i);

			gradient[i] = (float) (w * (share - (loss->label[from + i] == k ? 1.0 : 0.0)));
			hessian[i] = (float) (w * share * (1.0 - share));
		}
	}
}

static void
gradient_block(void *arg, int64_t block, int worker)
{
	const Pass *p = arg;
	int64_t		from = block * MLK_LOSS_ROWS;
	int64_t		to = p->n - from < MLK_LOSS_ROWS ? p->n : from + MLK_LOSS_ROWS;

	for (; from < to; from += CHUNK)
	{
		int			n = to - from < CHUNK ? (int) (to - from) : CHUNK;

		if (p->loss->kind == MLK_LOSS_SOFTMAX)
			chunk_of_classes(p, from, n);
		else
			chunk_of_one_output(p, from, n);
	}
}

MlkStatus
mlk_loss_gradients(const MlkLoss *loss, MlkPool *pool, const double *score, float *gradient, float *hessian)
{
	Pass		p = {.loss = loss, .score = score, .gradient = gradient, .hessian = hessian, .n = loss->rows};

	return mlk_parallel_for(pool, (p.n + MLK_LOSS_ROWS - 1) / MLK_LOSS_ROWS, gradient_block, &p);
}

/* ---- predictions ---- */

typedef struct Predict
{
	const MlkLoss *loss;
	const double *score;
	double	   *out;
} Predict;

/* both probabilities of rows [from, from + n), n <= CHUNK */
static void
predict_two(const Predict *p, int64_t from, int n)
{
	double		positive[CHUNK];
	double	   *out = p->out + 2 * from;

	memcpy(positive, p->score + from, sizeof(double) * n);
	mlk_sigmoid(positive, n);
	for (int i = 0; i < n; i++)
	{
		out[2 * i] = 1.0 - positive[i];
		out[2 * i + 1] = positive[i];
	}
}

static void
predict_chunk(const Predict *p, int64_t from, int n)
{
	const MlkLoss *loss = p->loss;
	double	   *out = p->out + from * loss->outputs;

	if (loss->kind == MLK_LOSS_LOGISTIC)
	{
		predict_two(p, from, n);
		return;
	}
	for (int k = 0; k < loss->outputs; k++)
	{
		for (int i = 0; i < n; i++)
			out[(int64_t) i * loss->outputs + k] = p->score[k * loss->rows + from + i];
	}
	if (loss->kind == MLK_LOSS_SOFTMAX)
		mlk_softmax(out, n, loss->outputs);
	else if (loss->kind == MLK_LOSS_POISSON || loss->kind == MLK_LOSS_GAMMA)
		mlk_exp(out, n);
}

static void
predict_block(void *arg, int64_t block, int worker)
{
	const Predict *p = arg;
	int64_t		from = block * MLK_LOSS_ROWS;
	int64_t		to = p->loss->rows - from < MLK_LOSS_ROWS ? p->loss->rows : from + MLK_LOSS_ROWS;

	for (; from < to; from += CHUNK)
		predict_chunk(p, from, to - from < CHUNK ? (int) (to - from) : CHUNK);
}

MlkStatus
mlk_loss_predict(const MlkLoss *loss, MlkPool *pool, const double *score, double *out)
{
	Predict		p = {.loss = loss, .score = score, .out = out};

	return mlk_parallel_for(pool, (loss->rows + MLK_LOSS_ROWS - 1) / MLK_LOSS_ROWS, predict_block, &p);
}

/* ---- values ---- */

/* log(1 + exp(x)) without overflow */
static double
softplus(double x)
{
	return (x > 0.0 ? x : 0.0) + log1p(exp(-fabs(x)));
}

static double
softmax_loss(const MlkLoss *loss, const double *score, int64_t row)
{
	double		most = -INFINITY;
	double		sum = 0.0;

	for (int k = 0; k < loss->outputs; k++)
		most = fmax(most, score[(int64_t) k * loss->rows + row]);
	for (int k = 0; k < loss->outputs; k++)
		sum += exp(score[(int64_t) k * loss->rows + row] - most);
	return log(sum) + most - score[(int64_t) loss->label[row] * loss->rows + row];
}

static double
row_loss(const MlkLoss *loss, const double *score, int64_t row)
{
	double		s = score[row];
	double		error;

	switch (loss->kind)
	{
		case MLK_LOSS_LOGISTIC:
			return softplus(loss->label[row] == 1 ? -s : s);
		case MLK_LOSS_SOFTMAX:
			return softmax_loss(loss, score, row);
		case MLK_LOSS_POISSON:
			return exp(s) - loss->y[row] * s;
		case MLK_LOSS_GAMMA:
			return s + loss->y[row] * exp(-s);
		default:
			break;
	}
	error = loss->y[row] - s;
	if (loss->kind == MLK_LOSS_SQUARED)
		return 0.5 * error * error;
	if (loss->kind == MLK_LOSS_ABSOLUTE)
		return fabs(error);
	return error > 0.0 ? loss->quantile * error : (loss->quantile - 1.0) * error;
}

static void
value_block(void *arg, int64_t block, int worker)
{
	const Pass *p = arg;
	int64_t		from = block * MLK_LOSS_ROWS;
	int64_t		to = p->n - from < MLK_LOSS_ROWS ? p->n : from + MLK_LOSS_ROWS;
	double		sum = 0.0;
	double		total = 0.0;

	for (int64_t i = from; i < to; i++)
	{
		int64_t		row = p->rows != NULL ? (int64_t) p->rows[i] : i;
		double		w = row_weight(p->loss, row);

		total += w;
		sum += w > 0.0 ? w * row_loss(p->loss, p->score, row) : 0.0;
	}
	p->partial[2 * block] = sum;
	p->partial[2 * block + 1] = total;
}

MlkStatus
mlk_loss_value(const MlkLoss *loss, MlkPool *pool, const double *score, const uint32_t *rows, int64_t n,
			   double *partial, double *value)
{
	Pass		p = {.loss = loss, .score = score, .rows = rows, .n = n, .partial = partial};
	int64_t		blocks = (n + MLK_LOSS_ROWS - 1) / MLK_LOSS_ROWS;
	MlkStatus	status = mlk_parallel_for(pool, blocks, value_block, &p);
	double		sum = 0.0;
	double		total = 0.0;

	for (int64_t block = 0; block < blocks && status == MLK_OK; block++)
	{
		sum += partial[2 * block];
		total += partial[2 * block + 1];
	}
	*value = total > 0.0 ? sum / total : 0.0;
	return status;
}
