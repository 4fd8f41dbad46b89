/*
 * logistic.c: loss, gradient and Hessian of logistic models, fused in one pass (see logistic.h).
 *
 * A block's linear predictors, probabilities and curvatures live in the thread's scratch and are used up before the
 * next block, so a pass reads the data once and keeps nothing per row.  The Hessian's block (a, b) is
 * X' D X with D = w p_a (1 - p_a) on the diagonal and -w p_a p_b off it: the weights are positive but for the sign.
 */
#include "kernels/logistic.h"

#include <string.h>

#include "kernels/sigmoid.h"
#include "kernels/vector.h"

#define MAX_BLOCK_ROWS 2048
#define BORDER_SLOTS 8
#define SLOT_HEAD 2				/* loss and margin before the gradient */

/* x, label, weight, outputs, border and shape are set */
static double
plan(MlkLogistic *l, double hessian_size, int threads)
{
	const MlkDesign *x = l->x;
	int			outputs = l->outputs;
	bool		hessian = hessian_size > 0.0;
	double		pairs = 0.5 * outputs * (outputs + 1.0);
	double		size = (double) outputs * (1.0 + x->cols);
	double		slot = SLOT_HEAD + size + hessian_size;
	double		flops = outputs * (4.0 * mlk_design_entries(x) + 50.0);
	int64_t		rows;

	if (hessian)
		flops += pairs * mlk_gram_flops(&l->shape);
	l->q = 1 + x->cols;
	l->size = (int64_t) outputs * l->q;
	l->rounds = mlk_rounds_plan(x->rows, flops, sizeof(double) * slot, 64, MAX_BLOCK_ROWS);
	/* a border is megabytes: slots are cleared and added up in every pass */
	if (l->border != NULL && l->rounds.slots > BORDER_SLOTS)
		l->rounds.slots = BORDER_SLOTS;
	rows = l->rounds.block_rows;
	l->per_slot = (size_t) slot;
	l->hessian_size = (size_t) hessian_size;
	/* eta, residual, curvature, two of scratch, and the panel */
	l->per_thread = (size_t) rows * (outputs + 4) + (hessian ? mlk_gram_scratch(&l->shape, rows) : 0);
	return (double) l->rounds.slots * slot + (double) threads * (double) l->per_thread;
}

double
mlk_logistic_plan(MlkLogistic *l, const MlkDesign *x, const int32_t *label, const double *weight,
				  int outputs, bool hessian, int threads)
{
	double		size = (double) outputs * (1.0 + x->cols);

	memset(l, 0, sizeof(*l));
	l->x = x;
	l->label = label;
	l->weight = weight;
	l->outputs = outputs;
	l->shape = mlk_gram_shape(x, NULL, x->cols, NULL, false);
	return plan(l, hessian ? size * size : 0.0, threads);
}

double
mlk_logistic_plan_bordered(MlkLogistic *l, const MlkDesign *x, const int32_t *label, const double *weight,
						   const MlkBlock *border, const int32_t *position, int n, int threads)
{
	double		q = 1.0 + n;

	memset(l, 0, sizeof(*l));
	l->x = x;
	l->label = label;
	l->weight = weight;
	l->outputs = 1;
	l->border = border;
	l->shape = mlk_gram_shape(x, position, n, NULL, false);
	return plan(l, q * q + border->cols * (1.0 + q), threads);
}

void
mlk_logistic_memory(MlkLogistic *l, double *memory)
{
	l->slots = memory;
	l->threads = memory + l->rounds.slots * l->per_slot;
}

/* a pass over few rows leaves slots empty; the first one is always there */
static int64_t
used_slots(const MlkLogistic *l)
{
	int64_t		used = l->rounds.blocks < l->rounds.slots ? l->rounds.blocks : l->rounds.slots;

	return used > 0 ? used : 1;
}

void
mlk_logistic_start(MlkLogistic *l, int64_t rows, bool want_hessian, const double *coefficients)
{
	MlkRounds  *r = &l->rounds;

	l->rows = rows;
	l->want_hessian = want_hessian;
	l->coefficients = coefficients;
	r->rows = rows;
	r->blocks = (rows + r->block_rows - 1) / r->block_rows;
	r->next = 0;
	for (int64_t s = 0; s < used_slots(l); s++)
	{
		double	   *slot = l->slots + s * l->per_slot;

		memset(slot, 0, sizeof(double) * (want_hessian ? l->per_slot : SLOT_HEAD + (size_t) l->size));
		slot[1] = INFINITY;
	}
}

/* one output's part of the gradient: [sum r, X'r] */
static void
add_gradient(const MlkLogistic *l, int64_t from, int64_t rows, const double *residual, double *gradient)
{
	gradient[0] += mlk_design_dot_t(l->x, from, rows, residual, gradient + 1);
}

static void
binary_block(const MlkLogistic *l, int64_t from, int64_t rows, double *slot, double *eta)
{
	double	   *residual = eta + rows;
	double	   *curvature = residual + rows;
	double	   *scratch = curvature + rows;
	const double *w = l->weight == NULL ? NULL : l->weight + from;
	double	   *gradient = slot + SLOT_HEAD;

	mlk_design_dot(l->x, from, rows, l->coefficients + 1, l->coefficients[0], eta);
	slot[0] += mlk_logistic_rows(eta, l->label + from, w, rows, residual, l->want_hessian ? curvature : NULL,
								 scratch, &slot[1]);
	add_gradient(l, from, rows, residual, gradient);
	if (l->want_hessian)
		mlk_gram_block(&l->shape, from, rows, curvature, NULL, gradient + l->size,
					   l->border == NULL ? l->size : l->shape.q, scratch);
	if (l->want_hessian && l->border != NULL)
		mlk_gram_border(&l->shape, l->border, from, rows,
						gradient + l->size + (int64_t) l->shape.q * l->shape.q, scratch);
}

/* into[i] := w p_a (1 - p_a), or w p_a p_b */
MLK_CLONES
static void
pair_weights(const double *pa, const double *pb, const double *w, int64_t rows, double *restrict into)
{
	for (int64_t i = 0; i < rows; i++)
		into[i] = pa == pb ? pa[i] * (1.0 - pa[i]) : pa[i] * pb[i];
	if (w != NULL)
	{
		for (int64_t i = 0; i < rows; i++)
			into[i] *= w[i];
	}
}

/* w (p_k - [label is k]) */
static void
class_residual(const double *p, const int32_t *label, int k, const double *w, int64_t rows, double *restrict residual)
{
	for (int64_t i = 0; i < rows; i++)
		residual[i] = p[i] - (label[i] == k ? 1.0 : 0.0);
	if (w != NULL)
	{
		for (int64_t i = 0; i < rows; i++)
			residual[i] *= w[i];
	}
}

static void
multinomial_block(const MlkLogistic *l, int64_t from, int64_t rows, double *slot, double *eta)
{
	int			outputs = l->outputs;
	double	   *residual = eta + (int64_t) outputs * rows;
	double	   *curvature = residual + rows;
	double	   *scratch = curvature + rows;
	const double *w = l->weight == NULL ? NULL : l->weight + from;
	double	   *gradient = slot + SLOT_HEAD;
	double	   *hessian = gradient + l->size;

	for (int k = 0; k < outputs; k++)
	{
		const double *b = l->coefficients + (int64_t) k * l->q;

		mlk_design_dot(l->x, from, rows, b + 1, b[0], eta + k * rows);
	}
	slot[0] += mlk_softmax_rows(eta, rows, outputs, l->label + from, w, rows, scratch, &slot[1]);
	for (int k = 0; k < outputs; k++)
	{
		class_residual(eta + k * rows, l->label + from, k, w, rows, residual);
		add_gradient(l, from, rows, residual, gradient + (int64_t) k * l->q);
	}
	for (int a = 0; l->want_hessian && a < outputs; a++)
	{
		for (int b = a; b < outputs; b++)
		{
			pair_weights(eta + a * rows, eta + b * rows, w, rows, curvature);
			mlk_gram_block(&l->shape, from, rows, curvature, NULL,
						   hessian + (int64_t) a * l->q * l->size + (int64_t) b * l->q, l->size, scratch);
		}
	}
}

static void
logistic_block(void *arg, int64_t index, int worker)
{
	const MlkLogistic *l = arg;
	int64_t		block = l->rounds.next + index;
	int64_t		from = block * l->rounds.block_rows;
	int64_t		rows = mlk_rounds_block_rows(&l->rounds, block);
	double	   *slot = l->slots + (block % l->rounds.slots) * l->per_slot;
	double	   *scratch = l->threads + worker * l->per_thread;

	if (l->outputs == 1)
		binary_block(l, from, rows, slot, scratch);
	else
		multinomial_block(l, from, rows, slot, scratch);
}

MlkStatus
mlk_logistic_round(MlkLogistic *l, MlkPool *pool)
{
	int64_t		width = mlk_rounds_width(&l->rounds);
	MlkStatus	status = mlk_parallel_for(pool, width, logistic_block, l);

	l->rounds.next += width;
	return status;
}

/* sums are [cols, q]; the diagonal, which is what the constant saw, gets a place of its own before each row */
static void
assemble_bordered(const MlkLogistic *l, const double *sum, double *hessian)
{
	int64_t		q = l->shape.q;
	const double *from = sum + q * q;
	double	   *border = hessian + q * q;

	memcpy(hessian, sum, sizeof(double) * (size_t) (q * q));
	mlk_gram_fold((int) q, hessian, q);
	for (int64_t c = 0; c < l->border->cols; c++)
	{
		border[c * (1 + q)] = from[c * q];
		memcpy(border + c * (1 + q) + 1, from + c * q, sizeof(double) * (size_t) q);
	}
}

/* each pair's block holds its upper part: make it whole, negate it off the diagonal, mirror it */
static void
assemble_hessian(const MlkLogistic *l, const double *sum, double *hessian)
{
	int64_t		n = l->size;

	memcpy(hessian, sum, sizeof(double) * (size_t) n * n);
	for (int a = 0; a < l->outputs; a++)
	{
		for (int b = a; b < l->outputs; b++)
		{
			double	   *block = hessian + a * l->q * n + b * l->q;
			double	   *mirror = hessian + b * l->q * n + a * l->q;

			mlk_gram_fold(l->q, block, n);
			for (int i = 0; a != b && i < l->q; i++)
			{
				for (int j = 0; j < l->q; j++)
				{
					block[i * n + j] = -block[i * n + j];
					mirror[j * n + i] = block[i * n + j];
				}
			}
		}
	}
}

MlkStatus
mlk_logistic_finish(MlkLogistic *l, double *loss, double *margin, double *gradient, double *hessian)
{
	double	   *total = l->slots;
	int64_t		length = l->size + (l->want_hessian ? (int64_t) l->hessian_size : 0);

	for (int64_t s = 1; s < used_slots(l); s++)
	{
		const double *slot = l->slots + s * l->per_slot;

		total[0] += slot[0];
		total[1] = slot[1] < total[1] ? slot[1] : total[1];
		mlk_vector_axpy(1.0, slot + SLOT_HEAD, total + SLOT_HEAD, length);
	}
	*loss = total[0];
	*margin = total[1];
	memcpy(gradient, total + SLOT_HEAD, sizeof(double) * l->size);
	if (hessian != NULL && l->border != NULL)
		assemble_bordered(l, total + SLOT_HEAD + l->size, hessian);
	else if (hessian != NULL)
		assemble_hessian(l, total + SLOT_HEAD + l->size, hessian);
	return mlk_vector_finite(total + SLOT_HEAD, length) && isfinite(*loss) ? MLK_OK : MLK_NOT_FINITE;
}
