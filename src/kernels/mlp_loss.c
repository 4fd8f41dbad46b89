/*
 * mlp_loss.c: losses of a network's outputs, with their derivatives (see mlp_block.h).
 */
#include "kernels/mlp_block.h"

#include "kernels/sigmoid.h"

static inline double
weight_of(const MlkMlpBlock *b, int i)
{
	return b->pass->weight == NULL ? 1.0 : b->pass->weight[b->row[i]];
}

static double
loss_squared(MlkMlpBlock *b, const float *z)
{
	double		sum = 0.0;

	for (int i = 0; i < b->rows; i++)
	{
		double		w = weight_of(b, i);
		double		residual = (double) z[i] - b->pass->y[b->row[i]];

		sum += 0.5 * w * residual * residual;
		b->delta[i] = (float) (w * residual);
	}
	return sum;
}

static double
loss_logistic(MlkMlpBlock *b, const float *z, double *right)
{
	int			rows = b->rows;
	double	   *eta = b->number;
	double	   *residual = eta + rows;
	double	   *scratch = residual + rows;
	double	   *weight = b->pass->weight == NULL ? NULL : scratch + rows;
	/* the next layer's room is free here */
	int32_t    *positive = (int32_t *) b->spare;
	double		margin = 0.0;
	double		loss;

	for (int i = 0; i < rows; i++)
	{
		eta[i] = z[i];
		positive[i] = b->pass->label[b->row[i]];
		if (weight != NULL)
			weight[i] = weight_of(b, i);
		*right += (eta[i] > 0.0) == (positive[i] == 1) ? weight_of(b, i) : 0.0;
	}
	loss = mlk_logistic_rows(eta, positive, weight, rows, residual, NULL, scratch, &margin);
	for (int i = 0; i < rows; i++)
		b->delta[i] = (float) residual[i];
	return loss;
}

/* first on ties, as predictions are */
static bool
is_right(const float *z, int classes, int label)
{
	int			best = 0;

	for (int k = 1; k < classes; k++)
		best = z[k] > z[best] ? k : best;
	return best == label;
}

static double
loss_softmax(MlkMlpBlock *b, const float *z, double *right)
{
	int			classes = b->pass->net->width[b->pass->net->n_layers];
	double		sum = 0.0;
	double	   *p = b->number;

	for (int i = 0; i < b->rows; i++)
	{
		int			label = b->pass->label[b->row[i]];
		double		w = weight_of(b, i);
		const float *row = z + (size_t) i * classes;
		float	   *delta = b->delta + (size_t) i * classes;
		double		most = row[0];

		for (int k = 0; k < classes; k++)
		{
			most = row[k] > most ? row[k] : most;
			p[k] = row[k];
		}
		*right += is_right(row, classes, label) ? w : 0.0;
		mlk_softmax(p, 1, classes);
		/* where the probability is too small to be held apart from 0, its logarithm is about the distance to the largest */
		sum += w * (p[label] > 1e-300 ? -log(p[label]) : most - row[label]);
		for (int k = 0; k < classes; k++)
			delta[k] = (float) (w * (p[k] - (k == label)));
	}
	return sum;
}

static double
loss_sigmoid_squared(MlkMlpBlock *b, const float *z, double *right)
{
	int			outputs = b->pass->net->width[b->pass->net->n_layers];
	int			n = b->rows * outputs;
	double	   *p = b->number;
	double		sum = 0.0;

	for (int i = 0; i < n; i++)
		p[i] = z[i];
	mlk_sigmoid(p, n);
	for (int i = 0; i < b->rows; i++)
	{
		int			label = b->pass->label[b->row[i]];
		double		w = weight_of(b, i);
		const float *row = z + (size_t) i * outputs;
		bool		hit = outputs == 1 ? (row[0] > 0.0f) == (label == 1) : is_right(row, outputs, label);

		*right += hit ? w : 0.0;
		for (int k = 0; k < outputs; k++)
		{
			double		q = p[i * outputs + k];
			double		residual = q - (outputs == 1 ? label == 1 : label == k);

			sum += 0.5 * w * residual * residual;
			b->delta[i * outputs + k] = (float) (w * residual * q * (1.0 - q));
		}
	}
	return sum;
}

double
mlk_mlp_loss(MlkMlpBlock *b, double *right)
{
	const float *z = b->value[b->pass->net->n_layers - 1];

	*right = 0.0;
	switch (b->pass->net->loss)
	{
		case MLK_MLP_SQUARED:
			return loss_squared(b, z);
		case MLK_MLP_LOGISTIC:
			return loss_logistic(b, z, right);
		case MLK_MLP_SOFTMAX:
			return loss_softmax(b, z, right);
		case MLK_MLP_SIGMOID_SQUARED:
			return loss_sigmoid_squared(b, z, right);
	}
	return NAN;
}
