/*
 * test_mlp.c: networks against one written down plainly in 64 bits, whose differences are the oracle of the gradient; scoring
 * against the same; the optimisers against scikit-learn's.
 */
#include "unit.h"

#include "designs.h"
#include "kernels/adam.h"
#include "kernels/mlp.h"
#include "kernels/parallel.h"

#define ROWS 700
#define CLASSES 3
#define MOST_WIDTH 600
#define STEP 1e-6

/* 32-bit products and sums of some hundred terms of about 1; relative */
#define TOLERANCE 5e-6

static const MlkUnit units[] = {MLK_UNIT_IDENTITY, MLK_UNIT_LOGISTIC, MLK_UNIT_TANH, MLK_UNIT_RELU};

/* both forms of MLK_MLP_SIGMOID_SQUARED: one output, and one a class */
static const struct
{
	MlkMlpLoss	loss;
	int			outputs;
}			losses[] = {{MLK_MLP_SQUARED, 1}, {MLK_MLP_LOGISTIC, 1}, {MLK_MLP_SOFTMAX, CLASSES},
{MLK_MLP_SIGMOID_SQUARED, 1}, {MLK_MLP_SIGMOID_SQUARED, CLASSES}};

typedef struct Case
{
	UnitDesign	d;
	MlkMlp		net;
	MlkMlpPass	pass;
	float	   *params;
	double	   *exact;			/* params in 64 bits */
	float		y[ROWS];
	int32_t		label[ROWS];
	float		weight[ROWS];
	uint32_t	order[ROWS];	/* every row once, mixed */
} Case;

static MlkMlp
make_net(MlkUnit unit, MlkMlpLoss loss, int first, int second, int outputs)
{
	MlkMlp		net = {.unit = unit, .loss = loss, .n_layers = 1, .width = {MIXED_COLS}};

	if (first > 0)
		net.width[net.n_layers++] = first;
	if (second > 0)
		net.width[net.n_layers++] = second;
	net.width[net.n_layers] = outputs;
	mlk_mlp_place(&net);
	assert_true(mlk_mlp_price(&net) == net.n_params);
	return net;
}

static Case *
make_case(MlkMlp net, bool weighted, double dropout)
{
	Case	   *c = unit_array(Case, 1);
	int			outputs = net.width[net.n_layers];
	MlkRng		rng;

	mlk_rng_seed(&rng, 5);
	c->d = unit_design(ROWS, 11);
	c->net = net;
	c->params = unit_array(float, net.n_params);
	c->exact = unit_array(double, net.n_params);
	mlk_mlp_initialise(&net, 3, c->params);
	for (size_t i = 0; i < net.n_params; i++)
		c->exact[i] = c->params[i];
	for (int i = 0; i < ROWS; i++)
	{
		c->y[i] = (float) c->d.y[i];
		c->label[i] = (int32_t) mlk_rng_below(&rng, outputs == 1 ? 2 : outputs);
		c->weight[i] = (float) (2.0 * c->d.w[i]);
		c->order[i] = (uint32_t) (((int64_t) i * 143 + 20) % ROWS);	/* 143 and 700 have no common divisor */
	}
	c->pass = (MlkMlpPass) {.net = &c->net, .x = unit_design_of(&c->d), .max_rows = ROWS, .alpha = 3.0, .dropout = dropout,
		.y = c->y, .label = c->label, .weight = weighted ? c->weight : NULL};
	return c;
}

static void
free_case(Case *c)
{
	unit_design_free(&c->d);
	unit_free(c->params);
	unit_free(c->exact);
	unit_free(c);
}

/* gradient: NULL, or room for it */
static void
evaluate(Case *c, int threads, int64_t n, float *gradient, double *loss, double *right)
{
	void	   *memory = test_malloc((size_t) mlk_mlp_plan(&c->pass, threads));
	MlkPool    *pool = threads > 1 ? mlk_pool_create(threads, NULL) : NULL;

	mlk_mlp_memory(&c->pass, memory, threads);
	mlk_mlp_start(&c->pass, c->params, c->order, n, gradient != NULL, 99);
	while (c->pass.rounds.next < c->pass.rounds.blocks)
		assert_int_equal(mlk_mlp_round(&c->pass, pool), MLK_OK);
	assert_int_equal(mlk_mlp_finish(&c->pass, pool, loss, right), MLK_OK);
	if (gradient != NULL)
		memcpy(gradient, c->pass.gradient, sizeof(float) * c->net.n_params);
	mlk_pool_destroy(pool);
	test_free(memory);
}

/* ---- the oracle ---- */

static double
plain_unit(MlkUnit unit, double z)
{
	switch (unit)
	{
		case MLK_UNIT_IDENTITY:
			return z;
		case MLK_UNIT_LOGISTIC:
			return 1.0 / (1.0 + exp(-z));
		case MLK_UNIT_TANH:
			return tanh(z);
		case MLK_UNIT_RELU:
			return z > 0.0 ? z : 0.0;
	}
	return NAN;
}

static void
plain_outputs(const MlkMlp *net, const double *params, const double *row, double *out)
{
	double		value[2][MOST_WIDTH];
	const double *in = row;

	for (int l = 0; l < net->n_layers; l++)
	{
		bool		last = l == net->n_layers - 1;
		int			n = net->width[l + 1];
		double	   *z = last ? out : value[l % 2];

		memcpy(z, params + net->bias_at[l], sizeof(double) * n);
		for (int i = 0; i < net->width[l]; i++)
		{
			for (int k = 0; k < n; k++)
				z[k] += in[i] * params[net->weight_at[l] + (size_t) i * n + k];
		}
		for (int k = 0; k < n && !last; k++)
			z[k] = plain_unit(net->unit, z[k]);
		in = z;
	}
}

static double
plain_row_loss(const MlkMlp *net, const double *z, double y, int label)
{
	int			outputs = net->width[net->n_layers];
	double		sum = 0.0;

	if (net->loss == MLK_MLP_SQUARED)
		return 0.5 * (z[0] - y) * (z[0] - y);
	if (net->loss == MLK_MLP_LOGISTIC)
		return log1p(exp(label == 1 ? -z[0] : z[0]));
	for (int k = 0; k < outputs; k++)
	{
		double		is = outputs == 1 ? label == 1 : label == k;
		double		p = 1.0 / (1.0 + exp(-z[k]));

		sum += net->loss == MLK_MLP_SOFTMAX ? exp(z[k] - z[label]) : 0.5 * (p - is) * (p - is);
	}
	return net->loss == MLK_MLP_SOFTMAX ? log(sum) : sum;
}

/* loss with its penalty of rows order[0..n), and the weight of those whose class was met */
static double
plain_loss(const Case *c, int64_t n, bool penalty, double *right)
{
	const MlkMlp *net = &c->net;
	int			outputs = net->width[net->n_layers];
	double		sum = 0.0;
	double		z[MOST_WIDTH];

	*right = 0.0;
	for (int64_t i = 0; i < n; i++)
	{
		uint32_t	row = c->order[i];
		double		weight = c->pass.weight == NULL ? 1.0 : c->weight[row];
		int			best = 0;

		plain_outputs(net, c->exact, c->d.plain + row * MIXED_COLS, z);
		sum += weight * plain_row_loss(net, z, c->y[row], c->label[row]);
		for (int k = 1; k < outputs; k++)
			best = z[k] > z[best] ? k : best;
		best = outputs == 1 ? z[0] > 0.0 : best;
		*right += best == c->label[row] ? weight : 0.0;
	}
	for (size_t i = 0; i < net->n_weights && penalty; i++)
		sum += 0.5 * c->pass.alpha * c->exact[i] * c->exact[i];
	return sum / n;
}

/* ---- the gradient ---- */

static void
check_values(Case *c, int64_t n, float *gradient)
{
	double		loss;
	double		right;
	double		expected_right;
	double		expected = plain_loss(c, n, true, &expected_right);

	evaluate(c, 1, n, gradient, &loss, &right);
	assert_close(loss, expected, TOLERANCE);
	if (c->net.loss != MLK_MLP_SQUARED)
		assert_close(right, expected_right, 1e-12);
	expected = plain_loss(c, n, false, &expected_right);
	evaluate(c, 1, n, NULL, &loss, &right);
	assert_close(loss, expected, TOLERANCE);
}

static void
check_gradient(MlkMlp net, bool weighted)
{
	Case	   *c = make_case(net, weighted, 0.0);
	float	   *gradient = unit_array(float, net.n_params);
	double		largest = 0.0;
	double		right;
	int64_t		n = ROWS / 7;

	check_values(c, n, gradient);
	for (size_t i = 0; i < net.n_params; i++)
		largest = fmax(largest, fabs(gradient[i]));
	assert_true(largest > 0.0);
	for (size_t i = 0; i < net.n_params; i++)
	{
		double		kept = c->exact[i];
		double		up;
		double		down;

		c->exact[i] = kept + STEP;
		up = plain_loss(c, n, true, &right);
		c->exact[i] = kept - STEP;
		down = plain_loss(c, n, true, &right);
		c->exact[i] = kept;
		assert_true(fabs((up - down) / (2.0 * STEP) - gradient[i]) < TOLERANCE * largest);
	}
	unit_free(gradient);
	free_case(c);
}

static void
test_gradient(void **state)
{
	for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++)
	{
		for (size_t k = 0; k < sizeof(losses) / sizeof(losses[0]); k++)
		{
			check_gradient(make_net(units[u], losses[k].loss, 7, 5, losses[k].outputs), false);
			check_gradient(make_net(units[u], losses[k].loss, 6, 0, losses[k].outputs), true);
		}
	}
	check_gradient(make_net(MLK_UNIT_RELU, MLK_MLP_SOFTMAX, 0, 0, CLASSES), true);
}

/* more blocks than slots: along the gradient the loss rises by its length */
static void
test_many_blocks(void **state)
{
	for (size_t k = 0; k < sizeof(losses) / sizeof(losses[0]); k++)
	{
		MlkMlp		net = make_net(MLK_UNIT_TANH, losses[k].loss, 240, 210, losses[k].outputs);
		Case	   *c = make_case(net, true, 0.0);
		float	   *gradient = unit_array(float, net.n_params);
		double		length = 0.0;
		double		right;
		double		side[2];

		check_values(c, ROWS - 3, gradient);
		assert_true(c->pass.rounds.blocks > c->pass.rounds.slots);
		for (size_t i = 0; i < net.n_params; i++)
			length += (double) gradient[i] * gradient[i];
		length = sqrt(length);
		for (int s = 0; s < 2; s++)
		{
			for (size_t i = 0; i < net.n_params; i++)
				c->exact[i] = c->params[i] + (2 * s - 1) * 1e-4 * gradient[i] / length;
			side[s] = plain_loss(c, ROWS - 3, true, &right);
		}
		assert_close((side[1] - side[0]) / 2e-4, length, TOLERANCE);
		unit_free(gradient);
		free_case(c);
	}
}

/* units left out are those of the seed: differences of the loss itself, whose 32 bits allow long steps only */
static void
test_dropout(void **state)
{
	MlkMlp		net = make_net(MLK_UNIT_TANH, MLK_MLP_SOFTMAX, 7, 5, CLASSES);
	Case	   *c = make_case(net, true, 0.4);
	float	   *gradient = unit_array(float, net.n_params);
	float	   *moved = unit_array(float, net.n_params);
	double		right;
	double		here;
	double		without;

	evaluate(c, 1, ROWS, gradient, &here, &right);
	for (size_t i = 0; i < net.n_params; i++)
	{
		float		kept = c->params[i];
		double		side[2];
		double		at[2];

		for (int s = 0; s < 2; s++)
		{
			c->params[i] = kept + (2 * s - 1) * 0.01f;
			at[s] = c->params[i];
			evaluate(c, 1, ROWS, moved, &side[s], &right);
		}
		c->params[i] = kept;
		assert_true(fabs((side[1] - side[0]) / (at[1] - at[0]) - gradient[i]) < 1e-4);
	}
	without = plain_loss(c, ROWS, true, &right);
	assert_true(fabs(here - without) > 1e-4);
	unit_free(gradient);
	unit_free(moved);
	free_case(c);
}

static void
test_threads(void **state)
{
	for (int dropout = 0; dropout < 2; dropout++)
	{
		MlkMlp		net = make_net(MLK_UNIT_RELU, MLK_MLP_SOFTMAX, 240, 210, CLASSES);
		Case	   *c = make_case(net, true, dropout * 0.3);
		float	   *one = unit_array(float, net.n_params);
		float	   *two = unit_array(float, net.n_params);
		double		loss[2];
		double		right[2];

		evaluate(c, 1, ROWS, one, &loss[0], &right[0]);
		evaluate(c, 2, ROWS, two, &loss[1], &right[1]);
		assert_memory_equal(one, two, sizeof(float) * net.n_params);
		assert_true(loss[0] == loss[1] && right[0] == right[1]);
		unit_free(one);
		unit_free(two);
		free_case(c);
	}
}

/* ---- scoring ---- */

static void
check_scores(MlkMlp net)
{
	Case	   *c = make_case(net, false, 0.0);
	int			outputs = net.width[net.n_layers];
	int			stride = outputs + 1;
	float	   *memory = NULL;
	float	   *back = unit_array(float, net.n_params);
	double	   *block = unit_array(double, ROWS * stride);
	double	   *alone = unit_array(double, 50 * stride);
	double	   *exact = unit_array(double, outputs);
	MlkMlpScorer scorer;

	assert_int_equal(posix_memalign((void **) &memory, 64, sizeof(float) * (size_t) mlk_mlp_scorer_size(&net)), 0);
	mlk_mlp_scorer(&scorer, &c->net, c->params, memory);
	mlk_mlp_scorer_params(&scorer, back);
	assert_memory_equal(back, c->params, sizeof(float) * net.n_params);
	mlk_mlp_outputs(&scorer, c->pass.x, 0, ROWS, block, stride);
	for (int i = 0; i < ROWS; i++)
	{
		mlk_mlp_outputs(&scorer, c->pass.x, i, 1, alone, stride);
		assert_memory_equal(alone, block + i * stride, sizeof(double) * outputs);
		assert_true(block[i * stride + outputs] == 0.0);	/* the gap between rows is left alone */
		plain_outputs(&net, c->exact, c->d.plain + i * MIXED_COLS, exact);
		for (int k = 0; k < outputs; k++)
			assert_true(fabs(alone[k] - exact[k]) < TOLERANCE * (1.0 + fabs(exact[k])));
	}
	mlk_mlp_outputs(&scorer, c->pass.x, 13, 50, alone, stride);
	for (int i = 0; i < 50; i++)
		assert_memory_equal(alone + i * stride, block + (13 + i) * stride, sizeof(double) * outputs);
	free(memory);
	unit_free(back);
	unit_free(block);
	unit_free(alone);
	unit_free(exact);
	free_case(c);
}

/* layers that are narrow, of many lanes, of lanes not filled, and outputs that are more than go at once */
static void
test_scores(void **state)
{
	for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++)
	{
		check_scores(make_net(units[u], MLK_MLP_SQUARED, 0, 0, 1));
		check_scores(make_net(units[u], MLK_MLP_LOGISTIC, 100, 0, 1));
		check_scores(make_net(units[u], MLK_MLP_SOFTMAX, 33, 5, CLASSES));
		check_scores(make_net(units[u], MLK_MLP_SOFTMAX, 3, 70, 9));
	}
	check_scores(make_net(MLK_UNIT_RELU, MLK_MLP_SOFTMAX, 40, 20, 300));
	check_scores(make_net(MLK_UNIT_RELU, MLK_MLP_SOFTMAX, 0, 0, 300));
	check_scores(make_net(MLK_UNIT_RELU, MLK_MLP_SOFTMAX, 520, 17, CLASSES));
}

/* ---- optimisers ---- */

#define PARAMS 4

static const float start[PARAMS] = {0.5f, -1.25f, 2.0f, 0.0f};
static const float gradients[3][PARAMS] = {{1.0f, -0.5f, 0.001f, 0.0f}, {0.5f, 0.25f, -0.002f, 0.0f}, {-2.0f, 0.75f, 0.004f, 1.0f}};

/* scikit-learn 1.2.1: /usr/bin/python3 test/reference/mlp.py */
static const double adam_steps[3][PARAMS] = {
	{0.400000032, -1.150000063, 1.900031613, 0.000000000},
	{0.306782094, -1.123366374, 1.936636788, 0.000000000},
	{0.327417794, -1.162305340, 1.894674122, -0.063881340},
};
static const double momentum_steps[2][3][PARAMS] = {
	{
		{0.400000000, -1.200000000, 1.999900000, 0.000000000},
		{0.260000000, -1.180000000, 2.000010000, 0.000000000},
		{0.334000000, -1.237000000, 1.999709000, -0.100000000},
	},
	{
		{0.310000000, -1.155000000, 1.999810000, 0.000000000},
		{0.134000000, -1.162000000, 2.000109000, 0.000000000},
		{0.400600000, -1.288300000, 1.999438100, -0.190000000},
	},
};

static void
assert_params(const float *x, const double *expected)
{
	for (int i = 0; i < PARAMS; i++)
		assert_true(fabs(x[i] - expected[i]) < 1e-6);
}

static void
test_adam(void **state)
{
	MlkAdam		adam = {.beta_1 = 0.9, .beta_2 = 0.999, .epsilon = 1e-8};
	float		x[PARAMS];
	float		mean[PARAMS] = {0};
	float		square[PARAMS] = {0};

	memcpy(x, start, sizeof(x));
	for (int s = 0; s < 3; s++)
	{
		adam.rate = mlk_adam_rate(0.1, adam.beta_1, adam.beta_2, s + 1);
		mlk_adam_step(&adam, x, gradients[s], mean, square, PARAMS);
		assert_params(x, adam_steps[s]);
	}
}

static void
test_momentum(void **state)
{
	for (int nesterov = 0; nesterov < 2; nesterov++)
	{
		float		x[PARAMS];
		float		velocity[PARAMS] = {0};

		memcpy(x, start, sizeof(x));
		for (int s = 0; s < 3; s++)
		{
			mlk_momentum_step(0.1f, 0.9f, nesterov == 1, x, gradients[s], velocity, PARAMS);
			assert_params(x, momentum_steps[nesterov][s]);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gradient),
		cmocka_unit_test(test_many_blocks),
		cmocka_unit_test(test_dropout),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_scores),
		cmocka_unit_test(test_adam),
		cmocka_unit_test(test_momentum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
