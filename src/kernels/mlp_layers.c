/*
 * mlp_layers.c: a block of rows forward through the layers of a network, and its derivatives back (see mlp_block.h).
 *
 * Products are BLAS's.  What lies between them touches every number once, and is written so that it vectorises: for networks
 * of a hundred units it would otherwise take longer than the products.
 */
#include "kernels/mlp_block.h"

#include <string.h>

#include "kernels/blas.h"

/* ---- forward ---- */

/* z := unit of z + bias, in one pass where the unit is simple */
MLK_CLONES
static void
add_bias(const float *restrict bias, int n, int rows, bool relu, float *restrict z)
{
	for (int i = 0; i < rows; i++)
	{
		float	   *restrict row = z + (size_t) i * n;

		/* the comparison lets NaN through */
		for (int j = 0; j < n && relu; j++)
		{
			float		v = row[j] + bias[j];

			row[j] = v < 0.0f ? 0.0f : v;
		}
		for (int j = 0; j < n && !relu; j++)
			row[j] += bias[j];
	}
}

/* each unit of each row is left out with probability dropout; the others are raised, so that their sum is right on average */
static void
drop_units(MlkMlpBlock *b, float *value, float *mask, size_t n)
{
	double		dropout = b->pass->dropout;
	uint32_t	limit = (uint32_t) (dropout * 4294967296.0);
	float		raised = (float) (1.0 / (1.0 - dropout));
	uint64_t	bits = 0;

	for (size_t i = 0; i < n; i++)
	{
		bits = i % 2 == 0 ? mlk_rng_u64(&b->rng) : bits >> 32;
		mask[i] = (uint32_t) bits < limit ? 0.0f : raised;
	}
	for (size_t i = 0; i < n; i++)
		value[i] *= mask[i];
}

void
mlk_mlp_forward(MlkMlpBlock *b)
{
	const MlkMlp *net = b->pass->net;
	const float *params = b->pass->params;

	for (int l = 0; l < net->n_layers; l++)
	{
		int			n = net->width[l + 1];
		float	   *z = b->value[l];
		bool		hidden = l < net->n_layers - 1;
		bool		relu = hidden && net->unit == MLK_UNIT_RELU;

		if (l == 0)
			mlk_mlp_from_design(b, z);
		else
			mlk_sgemm(false, false, b->rows, n, net->width[l], 1.0f, b->value[l - 1], net->width[l],
					  params + net->weight_at[l], n, 0.0f, z, n);
		add_bias(params + net->bias_at[l], n, b->rows, relu, z);
		if (!hidden)
			break;
		if (!relu)
			mlk_unit_apply(net->unit, z, (int64_t) b->rows * n);
		if (b->mask[l] != NULL)
			drop_units(b, z, b->mask[l], (size_t) b->rows * n);
	}
}

/* ---- back ---- */

MLK_CLONES
static void
add_columns(const float *delta, int rows, int n, float *restrict sum)
{
	for (int i = 0; i < rows; i++)
	{
		for (int j = 0; j < n; j++)
			sum[j] += delta[(size_t) i * n + j];
	}
}

static void
multiply(float *restrict x, const float *restrict by, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] *= by[i];
}

/* product of a column and a row: BLAS would move it about first */
MLK_CLONES
static void
outer_product(const float *restrict column, const float *restrict row, int rows, int n, float *restrict out)
{
	for (int i = 0; i < rows; i++)
	{
		for (int j = 0; j < n; j++)
			out[(size_t) i * n + j] = column[i] * row[j];
	}
}

/* what mlk_unit_slope does for relu, and the sums of the columns with it */
MLK_CLONES
static void
slope_and_sum(const float *restrict value, int rows, int n, float *restrict delta, float *restrict sum)
{
	for (int i = 0; i < rows; i++)
	{
		const float *restrict a = value + (size_t) i * n;
		float	   *restrict d = delta + (size_t) i * n;

		for (int j = 0; j < n; j++)
		{
			float		v = a[j] > 0.0f ? d[j] : 0.0f;

			d[j] = v;
			sum[j] += v;
		}
	}
}

/* the same of an outer product, which is not formed before */
MLK_CLONES
static void
outer_slope_and_sum(const float *restrict column, const float *restrict row, const float *restrict value, int rows, int n,
					float *restrict delta, float *restrict sum)
{
	for (int i = 0; i < rows; i++)
	{
		const float *restrict a = value + (size_t) i * n;
		float	   *restrict d = delta + (size_t) i * n;
		float		factor = column[i];

		for (int j = 0; j < n; j++)
		{
			float		v = factor * row[j];

			v = a[j] > 0.0f ? v : 0.0f;
			d[j] = v;
			sum[j] += v;
		}
	}
}

/* delta of layer l - 1 from that of layer l, for relu without dropout; the gradient of the layer's biases comes along */
static void
pass_back_relu(MlkMlpBlock *b, int l)
{
	const MlkMlp *net = b->pass->net;
	int			n = net->width[l];
	float	   *earlier = b->spare;
	float	   *bias = b->gradient + net->bias_at[l - 1];
	const float *w = b->pass->params + net->weight_at[l];

	if (b->first)
		memset(bias, 0, sizeof(float) * n);
	if (net->width[l + 1] == 1)
		outer_slope_and_sum(b->delta, w, b->value[l - 1], b->rows, n, earlier, bias);
	else
	{
		mlk_sgemm(false, true, b->rows, n, net->width[l + 1], 1.0f, b->delta, net->width[l + 1], w, net->width[l + 1], 0.0f, earlier, n);
		slope_and_sum(b->value[l - 1], b->rows, n, earlier, bias);
	}
	b->spare = b->delta;
	b->delta = earlier;
}

/* delta of layer l - 1 from that of layer l */
static void
pass_back(MlkMlpBlock *b, int l)
{
	const MlkMlp *net = b->pass->net;
	int			n = net->width[l];
	size_t		size = (size_t) b->rows * n;
	float	   *earlier = b->spare;
	float	   *value = b->value[l - 1];

	if (net->width[l + 1] == 1)
		outer_product(b->delta, b->pass->params + net->weight_at[l], b->rows, n, earlier);
	else
		mlk_sgemm(false, true, b->rows, n, net->width[l + 1], 1.0f, b->delta, net->width[l + 1],
				  b->pass->params + net->weight_at[l], net->width[l + 1], 0.0f, earlier, n);
	if (b->mask[l - 1] != NULL)
	{
		float		lowered = (float) (1.0 - b->pass->dropout);

		multiply(earlier, b->mask[l - 1], size);
		for (size_t i = 0; i < size; i++)
			value[i] *= lowered;
	}
	mlk_unit_slope(net->unit, value, earlier, (int64_t) size);
	b->spare = b->delta;
	b->delta = earlier;
}

void
mlk_mlp_back(MlkMlpBlock *b)
{
	const MlkMlp *net = b->pass->net;
	bool		relu = net->unit == MLK_UNIT_RELU && b->pass->dropout == 0.0;

	for (int l = net->n_layers - 1; l >= 0; l--)
	{
		int			n = net->width[l + 1];
		float	   *bias = b->gradient + net->bias_at[l];

		if (!relu || l == net->n_layers - 1)
		{
			if (b->first)
				memset(bias, 0, sizeof(float) * n);
			add_columns(b->delta, b->rows, n, bias);
		}
		if (l == 0)
		{
			mlk_mlp_to_design(b);
			break;
		}
		mlk_sgemm(true, false, net->width[l], n, b->rows, 1.0f, b->value[l - 1], net->width[l], b->delta, n,
				  b->first ? 0.0f : 1.0f, b->gradient + net->weight_at[l], n);
		if (relu)
			pass_back_relu(b, l);
		else
			pass_back(b, l);
	}
}
