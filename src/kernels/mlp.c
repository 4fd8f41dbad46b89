/*
 * mlp.c: the shape of a network and where its learning starts (see mlp.h).
 */
#include "kernels/mlp.h"

#include "kernels/rng.h"

double
mlk_mlp_price(const MlkMlp *net)
{
	double		params = 0.0;

	for (int l = 0; l < net->n_layers; l++)
		params += ((double) net->width[l] + 1.0) * net->width[l + 1];
	return params;
}

void
mlk_mlp_place(MlkMlp *net)
{
	size_t		at = 0;

	for (int l = 0; l < net->n_layers; l++)
	{
		net->weight_at[l] = at;
		at += (size_t) net->width[l] * net->width[l + 1];
	}
	net->n_weights = at;
	for (int l = 0; l < net->n_layers; l++)
	{
		net->bias_at[l] = at;
		at += net->width[l + 1];
	}
	net->n_params = at;
}

static void
fill_uniform(MlkRng *rng, double bound, float *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (float) (bound * (2.0 * mlk_rng_uniform(rng) - 1.0));
}

void
mlk_mlp_initialise(const MlkMlp *net, uint64_t seed, float *params)
{
	double		factor = net->unit == MLK_UNIT_LOGISTIC ? 2.0 : 6.0;
	MlkRng		rng;

	mlk_rng_seed(&rng, seed);
	for (int l = 0; l < net->n_layers; l++)
	{
		double		in = net->width[l];
		double		out = net->width[l + 1];
		double		bound = sqrt(factor / (in + out));

		fill_uniform(&rng, bound, params + net->weight_at[l], (size_t) net->width[l] * net->width[l + 1]);
		fill_uniform(&rng, bound, params + net->bias_at[l], (size_t) net->width[l + 1]);
	}
}
