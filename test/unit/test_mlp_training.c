/*
 * test_mlp_training.c: whole trainings of small networks beside scikit-learn's, one step by hand, and the ends of the range:
 * layers as wide as they may be, numbers as large as they come, losses that leave the numbers.
 */
#include "unit.h"

#include "designs.h"
#include "kernels/adam.h"
#include "kernels/mlp.h"

#define MOST_PARAMS 400
/* sums of some hundred products in 32 bits */
#define FLOAT_TOLERANCE 2e-5

static MlkMlp
make_net(MlkUnit unit, MlkMlpLoss loss, int cols, int n_hidden, const int *hidden, int outputs)
{
	MlkMlp		net = {.unit = unit, .loss = loss, .n_layers = n_hidden + 1};

	net.width[0] = cols;
	for (int l = 0; l < n_hidden; l++)
		net.width[l + 1] = hidden[l];
	net.width[n_hidden + 1] = outputs;
	mlk_mlp_place(&net);
	assert_true((double) net.n_params == mlk_mlp_price(&net));
	return net;
}

/* layers as wide as the stack buffers, more outputs than are made at once, more numbers than are taken in at once */
static void
wide_layers(void **state)
{
	const int	cols = 150;
	const int	hidden[] = {MLK_MLP_MAX_WIDTH, 5};
	const int	outputs = 600;
	MlkMlp		net = make_net(MLK_UNIT_RELU, MLK_MLP_SOFTMAX, cols, 2, hidden, outputs);
	MlkBlock	block;
	double		row[2 * 150];
	MlkDesign	x = dense_design(row, 2, cols, &block);
	float	   *params = unit_array(float, net.n_params);
	float	   *memory = unit_array(float, mlk_mlp_scorer_size(&net));
	double		hidden_sum[5] = {0};
	double	   *z = unit_array(double, 2 * outputs);
	double	   *alone = unit_array(double, outputs);
	MlkMlpScorer scorer;

	mlk_mlp_initialise(&net, 4, params);
	for (int i = 0; i < 2 * cols; i++)
		row[i] = sin(i);
	mlk_mlp_scorer(&scorer, &net, params, memory);
	mlk_mlp_outputs(&scorer, &x, 0, 2, z, outputs);
	mlk_mlp_outputs(&scorer, &x, 1, 1, alone, outputs);
	assert_memory_equal(alone, z + outputs, sizeof(double) * outputs);
	for (int h = 0; h < hidden[0]; h++)
	{
		double		a = params[net.bias_at[0] + h];

		for (int i = 0; i < cols; i++)
			a += row[cols + i] * params[(size_t) i * hidden[0] + h];
		for (int k = 0; k < 5 && a > 0.0; k++)
			hidden_sum[k] += a * params[net.weight_at[1] + (size_t) h * 5 + k];
	}
	for (int k = 0; k < outputs; k++)
	{
		double		expected = params[net.bias_at[2] + k];

		for (int h = 0; h < 5; h++)
			expected += fmax(hidden_sum[h] + params[net.bias_at[1] + h], 0.0) * params[net.weight_at[2] + (size_t) h * outputs + k];
		assert_true(fabs(alone[k] - expected) <= FLOAT_TOLERANCE);
	}
	unit_free(params);
	unit_free(memory);
	unit_free(z);
	unit_free(alone);
}

/* numbers that 32 bits cannot hold are as good as very large ones */
static void
huge_numbers(void **state)
{
	const int	hidden[] = {20};
	MlkMlp		net = make_net(MLK_UNIT_RELU, MLK_MLP_SQUARED, 2, 1, hidden, 1);
	MlkBlock	block;
	double		row[2] = {1e300, -1e300};
	MlkDesign	x = dense_design(row, 1, 2, &block);
	float		params[81];
	float		memory[200];
	double		z;
	MlkMlpScorer scorer;

	assert_int_equal(net.n_params, 81);
	assert_true(mlk_mlp_scorer_size(&net) <= 200);
	mlk_mlp_initialise(&net, 4, params);
	mlk_mlp_scorer(&scorer, &net, params, memory);
	mlk_mlp_outputs(&scorer, &x, 0, 1, &z, 1);
	assert_true(isfinite(z) && fabs(z) > 1e15);
}

static void
activations(void **state)
{
	enum {N = 4001};
	float		x[N];
	float		y[N];

	for (int i = 0; i < N; i++)
		x[i] = (float) (i - N / 2) * (i % 2 == 0 ? 0.01f : 0.0001f);
	memcpy(y, x, sizeof(x));
	mlk_unit_apply(MLK_UNIT_TANH, y, N);
	for (int i = 0; i < N; i++)
		assert_close(y[i], tanh((double) x[i]), 4 * 0x1p-23);
	memcpy(y, x, sizeof(x));
	mlk_unit_apply(MLK_UNIT_LOGISTIC, y, N);
	for (int i = 0; i < N; i++)
		assert_close(y[i], 1.0 / (1.0 + exp(-(double) x[i])), 4 * 0x1p-23);
	for (int i = 0; i < N; i++)
		y[i] = i == 0 ? INFINITY : (i == 1 ? -INFINITY : (i == 2 ? NAN : -0.0f));
	mlk_unit_apply(MLK_UNIT_TANH, y, N);
	assert_true(y[0] == 1.0f && y[1] == -1.0f && isnan(y[2]) && y[3] == 0.0f);
}

/* ---- scikit-learn ---- */

/* rows and first parameters as test/reference/mlp_training.py makes them */
#define REFERENCE_ROWS 20
#define REFERENCE_COLS 3

typedef struct Reference
{
	double		x[REFERENCE_ROWS * REFERENCE_COLS];
	float		y[REFERENCE_ROWS];
	int32_t		label[REFERENCE_ROWS];
	uint32_t	order[REFERENCE_ROWS];
	float		params[MOST_PARAMS];
	float		mean[MOST_PARAMS];
	float		square[MOST_PARAMS];
	MlkBlock	block;
	MlkDesign	design;
} Reference;

static void
make_reference(Reference *r, int label_step, int classes)
{
	memset(r, 0, sizeof(*r));
	for (int i = 0; i < REFERENCE_ROWS; i++)
	{
		for (int j = 0; j < REFERENCE_COLS; j++)
			r->x[i * REFERENCE_COLS + j] = cos(3 * i + 7 * j);
		r->y[i] = (float) sin(i);
		r->label[i] = i * label_step % classes;
		r->order[i] = (uint32_t) i;
	}
	for (int i = 0; i < MOST_PARAMS; i++)
		r->params[i] = (float) (0.5 * sin(i + 1));
	r->design = dense_design(r->x, REFERENCE_ROWS, REFERENCE_COLS, &r->block);
}

/* four times through the rows; adam NULL: gradient descent with momentum */
static void
train_reference(Reference *r, const MlkMlp *net, double alpha, int batch, MlkAdam *adam, double rate, double momentum, bool nesterov,
				double *curve)
{
	MlkMlpPass	pass = {.net = net, .x = &r->design, .max_rows = batch, .alpha = alpha, .y = r->y, .label = r->label};
	void	   *memory = test_malloc((size_t) mlk_mlp_plan(&pass, 1));
	int64_t		step = 0;

	mlk_mlp_memory(&pass, memory, 1);
	for (int epoch = 0; epoch < 4; epoch++)
	{
		curve[epoch] = 0.0;
		for (int from = 0; from < REFERENCE_ROWS; from += batch)
		{
			int			n = REFERENCE_ROWS - from < batch ? REFERENCE_ROWS - from : batch;
			double		loss;
			double		right;

			mlk_mlp_start(&pass, r->params, r->order + from, n, true, 0);
			while (pass.rounds.next < pass.rounds.blocks)
				mlk_mlp_round(&pass, NULL);
			assert_int_equal(mlk_mlp_finish(&pass, NULL, &loss, &right), MLK_OK);
			curve[epoch] += loss * n / REFERENCE_ROWS;
			if (adam != NULL)
			{
				adam->rate = mlk_adam_rate(rate, adam->beta_1, adam->beta_2, ++step);
				mlk_adam_step(adam, r->params, pass.gradient, r->mean, r->square, (int64_t) net->n_params);
			}
			else
				mlk_momentum_step((float) rate, (float) momentum, nesterov, r->params, pass.gradient, r->mean, (int64_t) net->n_params);
		}
	}
	test_free(memory);
}

static void
compare_reference(const Reference *r, const MlkMlp *net, const double *params, const double *curve, const double *expected_curve)
{
	for (size_t i = 0; i < net->n_params; i += 5)
		assert_true(fabs(r->params[i] - params[i / 5]) < 1e-5);
	for (int epoch = 0; epoch < 4; epoch++)
		assert_close(curve[epoch], expected_curve[epoch], 1e-6);
}

/* output of test/reference/mlp_training.py */
static void
sklearn_adam(void **state)
{
	static const double params[] = {0.307888788, -0.0271706585, -0.385161836, -0.0936419128, 0.343482662, 0.362767709, -0.155519332,
	-0.392238724, -0.0795260066, 0.418950259, 0.273850012, -0.218370557};
	static const double expected[] = {1.15606118, 1.14332515, 1.13723249, 1.13381097};
	MlkMlp		net = make_net(MLK_UNIT_TANH, MLK_MLP_SOFTMAX, REFERENCE_COLS, 2, (int[]) {5, 4}, 3);
	MlkAdam		adam = {0, 0.9, 0.999, 1e-8};
	Reference	r;
	double		curve[4];

	make_reference(&r, 7, 3);
	train_reference(&r, &net, 0.1, 8, &adam, 0.01, 0, false, curve);
	compare_reference(&r, &net, params, curve, expected);
}

static void
sklearn_nesterov(void **state)
{
	static const double params[] = {0.407929217, -0.0698326316, -0.332496987, -0.215048789, -0.0148590884, 0.213610845, -0.188866448};
	static const double expected[] = {0.9677738, 0.833663309, 0.722323668, 0.651248309};
	MlkMlp		net = make_net(MLK_UNIT_RELU, MLK_MLP_LOGISTIC, REFERENCE_COLS, 1, (int[]) {6}, 1);
	Reference	r;
	double		curve[4];

	make_reference(&r, 5, 2);
	train_reference(&r, &net, 0.01, 7, NULL, 0.05, 0.9, true, curve);
	compare_reference(&r, &net, params, curve, expected);
}

static void
sklearn_momentum(void **state)
{
	static const double params[] = {0.419365353, -0.140481986, -0.499047348, -0.353885985, 0.07480066};
	static const double expected[] = {0.543638862, 0.433750847, 0.327369315, 0.265847923};
	MlkMlp		net = make_net(MLK_UNIT_LOGISTIC, MLK_MLP_SQUARED, REFERENCE_COLS, 1, (int[]) {4}, 1);
	Reference	r;
	double		curve[4];

	make_reference(&r, 1, 2);
	train_reference(&r, &net, 0.0, 20, NULL, 0.1, 0.5, false, curve);
	compare_reference(&r, &net, params, curve, expected);
}

/* ---- by hand: two inputs, three sigmoid units, one sigmoid output, mean squared error, all rows at once, rate 0.1 ---- */

static double
sigmoid(double z)
{
	return 1.0 / (1.0 + exp(-z));
}

static void
textbook_step(void **state)
{
	enum {ROWS = 4};
	const double rate = 0.1;
	double		x[ROWS * 2] = {0.5, 1.0, -1.0, 0.25, 2.0, -0.5, -0.75, -1.5};
	int32_t		label[ROWS] = {1, 1, 0, 0};	/* above the line y = x / 2, or below it */
	uint32_t	order[ROWS] = {0, 1, 2, 3};
	MlkBlock	block;
	MlkDesign	design = dense_design(x, ROWS, 2, &block);
	MlkMlp		net = make_net(MLK_UNIT_LOGISTIC, MLK_MLP_SIGMOID_SQUARED, 2, 1, (int[]) {3}, 1);
	MlkMlpPass	pass = {.net = &net, .x = &design, .max_rows = ROWS, .label = label};
	void	   *memory = test_malloc((size_t) mlk_mlp_plan(&pass, 1));
	/* w[input][unit], v[unit], b[unit], c */
	float		params[13] = {0.1f, -0.2f, 0.3f, 0.4f, 0.5f, -0.6f, 0.7f, -0.8f, 0.9f, 0.05f, -0.1f, 0.15f, 0.2f};
	double		p[13];
	double		step[13] = {0};
	float		velocity[13] = {0};
	double		error = 0.0;
	double		loss;
	double		right;

	for (int i = 0; i < 13; i++)
		p[i] = params[i];
	for (int r = 0; r < ROWS; r++)
	{
		double		h[3];
		double		out = p[12];
		double		delta;

		for (int u = 0; u < 3; u++)
		{
			h[u] = sigmoid(x[2 * r] * p[u] + x[2 * r + 1] * p[3 + u] + p[9 + u]);
			out += h[u] * p[6 + u];
		}
		out = sigmoid(out);
		error += (out - label[r]) * (out - label[r]) / 2.0 / ROWS;
		delta = (out - label[r]) * out * (1.0 - out) / ROWS;
		step[12] += delta;
		for (int u = 0; u < 3; u++)
		{
			double		hidden = delta * p[6 + u] * h[u] * (1.0 - h[u]);

			step[6 + u] += delta * h[u];
			step[9 + u] += hidden;
			step[u] += hidden * x[2 * r];
			step[3 + u] += hidden * x[2 * r + 1];
		}
	}
	mlk_mlp_memory(&pass, memory, 1);
	mlk_mlp_start(&pass, params, order, ROWS, true, 0);
	while (pass.rounds.next < pass.rounds.blocks)
		mlk_mlp_round(&pass, NULL);
	assert_int_equal(mlk_mlp_finish(&pass, NULL, &loss, &right), MLK_OK);
	assert_close(loss, error, 1e-6);
	mlk_momentum_step((float) rate, 0.0f, false, params, pass.gradient, velocity, 13);
	for (int i = 0; i < 13; i++)
		assert_true(fabs(params[i] - (p[i] - rate * step[i])) < 1e-7);
	test_free(memory);
}

/* with the numbers of a mixed design in 32 bits beside it: the same bits, whichever are fetched */
static void
copied_numbers(void **state)
{
	enum {ROWS = 300};
	MlkMlp		net = make_net(MLK_UNIT_RELU, MLK_MLP_SQUARED, MIXED_COLS, 2, (int[]) {9, 7}, 1);
	UnitDesign	d = unit_design(ROWS, 31);
	MlkMlpPass	pass = {.net = &net, .x = unit_design_of(&d), .max_rows = ROWS, .alpha = 0.5};
	float	   *copy = unit_array(float, mlk_mlp_copy_size(pass.x));
	float	   *params = unit_array(float, net.n_params);
	float	   *first = unit_array(float, net.n_params);
	float		y[ROWS];
	uint32_t	order[ROWS];
	void	   *memory = test_malloc((size_t) mlk_mlp_plan(&pass, 1));
	double		loss[2];
	double		right;

	for (int i = 0; i < ROWS; i++)
	{
		y[i] = (float) d.y[i];
		order[i] = (uint32_t) (i * 7 % ROWS);
	}
	pass.y = y;
	mlk_mlp_initialise(&net, 1, params);
	mlk_mlp_copy(pass.x, 0, 100, copy);
	mlk_mlp_copy(pass.x, 100, ROWS - 100, copy);
	mlk_mlp_memory(&pass, memory, 1);
	for (int with = 0; with < 2; with++)
	{
		pass.copy = with ? copy : NULL;
		mlk_mlp_start(&pass, params, order, ROWS, true, 0);
		while (pass.rounds.next < pass.rounds.blocks)
			mlk_mlp_round(&pass, NULL);
		assert_int_equal(mlk_mlp_finish(&pass, NULL, &loss[with], &right), MLK_OK);
		if (!with)
			memcpy(first, pass.gradient, sizeof(float) * net.n_params);
	}
	assert_true(loss[0] == loss[1]);
	assert_memory_equal(first, pass.gradient, sizeof(float) * net.n_params);
	test_free(memory);
	unit_free(copy);
	unit_free(params);
	unit_free(first);
	unit_design_free(&d);
}

/* weights beyond all bounds: said, not passed on */
static void
divergence(void **state)
{
	MlkMlp		net = make_net(MLK_UNIT_RELU, MLK_MLP_SQUARED, REFERENCE_COLS, 1, (int[]) {5}, 1);
	MlkMlpPass	pass = {.net = &net, .max_rows = REFERENCE_ROWS};
	Reference	r;
	void	   *memory;
	double		loss;
	double		right;

	make_reference(&r, 1, 2);
	pass.x = &r.design;
	pass.y = r.y;
	for (size_t i = 0; i < net.n_params; i++)
		r.params[i] = 1e30f;
	memory = test_malloc((size_t) mlk_mlp_plan(&pass, 1));
	mlk_mlp_memory(&pass, memory, 1);
	mlk_mlp_start(&pass, r.params, r.order, REFERENCE_ROWS, true, 0);
	while (pass.rounds.next < pass.rounds.blocks)
		mlk_mlp_round(&pass, NULL);
	assert_int_equal(mlk_mlp_finish(&pass, NULL, &loss, &right), MLK_NOT_FINITE);
	test_free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wide_layers),
		cmocka_unit_test(huge_numbers),
		cmocka_unit_test(activations),
		cmocka_unit_test(sklearn_adam),
		cmocka_unit_test(sklearn_nesterov),
		cmocka_unit_test(sklearn_momentum),
		cmocka_unit_test(textbook_step),
		cmocka_unit_test(copied_numbers),
		cmocka_unit_test(divergence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
