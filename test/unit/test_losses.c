/*
 * test_losses.c: gradients and hessians against finite differences of the losses, starts and leaves against their definition.
 */
#include "unit.h"

#include "kernels/losses.h"
#include "kernels/rng.h"

#define ROWS 1100				/* more than two chunks */
#define CLASSES 3
#define STEP 1e-4

/* float holds 2^-24; the differences add STEP^2 of curvature and rounding of 1e-16 / STEP^2 */
#define GRADIENT_TOLERANCE 1e-6
#define HESSIAN_TOLERANCE 1e-5

typedef struct Case
{
	MlkLoss		loss;
	double		y[ROWS];
	int32_t		label[ROWS];
	double		weight[ROWS];
	double		score[CLASSES * ROWS];
	float		gradient[CLASSES * ROWS];
	float		hessian[CLASSES * ROWS];
	double		partial[2];
} Case;

static void
fill(Case *c, MlkLossKind kind, bool weighted)
{
	MlkRng		rng;

	mlk_rng_seed(&rng, 17 + kind);
	c->loss = (MlkLoss) {.kind = kind, .quantile = 0.3, .rows = ROWS, .outputs = kind == MLK_LOSS_SOFTMAX ? CLASSES : 1,
		.y = c->y, .label = c->label, .weight = weighted ? c->weight : NULL};
	for (int i = 0; i < ROWS; i++)
	{
		c->y[i] = 0.1 + fabs(mlk_rng_normal(&rng)) * 3.0;
		c->label[i] = (int32_t) mlk_rng_below(&rng, kind == MLK_LOSS_SOFTMAX ? CLASSES : 2);
		c->weight[i] = i % 9 == 0 ? 0.0 : 0.5 + mlk_rng_uniform(&rng);
		for (int k = 0; k < CLASSES; k++)
			c->score[k * ROWS + i] = mlk_rng_normal(&rng);
	}
}

/* weighted loss of one row with its score of output k moved */
static double
moved_loss(Case *c, int k, uint32_t row, double step)
{
	double		kept = c->score[k * ROWS + row];
	double		value;

	c->score[k * ROWS + row] += step;
	assert_int_equal(mlk_loss_value(&c->loss, NULL, c->score, &row, 1, c->partial, &value), MLK_OK);
	c->score[k * ROWS + row] = kept;
	return value * (c->loss.weight == NULL ? 1.0 : c->weight[row]);
}

static void
check_derivatives(MlkLossKind kind, bool weighted)
{
	Case	   *c = unit_array(Case, 1);
	bool		smooth = kind != MLK_LOSS_ABSOLUTE && kind != MLK_LOSS_QUANTILE;

	fill(c, kind, weighted);
	assert_int_equal(mlk_loss_gradients(&c->loss, NULL, c->score, c->gradient,
										mlk_loss_constant_hessian(&c->loss) ? NULL : c->hessian), MLK_OK);
	for (uint32_t i = 0; i < ROWS; i++)
	{
		for (int k = 0; k < c->loss.outputs; k++)
		{
			double		up = moved_loss(c, k, i, STEP);
			double		down = moved_loss(c, k, i, -STEP);
			double		here = moved_loss(c, k, i, 0.0);
			double		size = 1.0 + fabs(here);

			if (!smooth && fabs(c->y[i] - c->score[i]) < 2.0 * STEP)
				continue;
			assert_true(fabs((up - down) / (2.0 * STEP) - c->gradient[k * ROWS + i]) < GRADIENT_TOLERANCE * size);
			if (smooth && !mlk_loss_constant_hessian(&c->loss))
				assert_true(fabs((up - 2.0 * here + down) / (STEP * STEP) - c->hessian[k * ROWS + i]) < HESSIAN_TOLERANCE * size);
		}
	}
	unit_free(c);
}

static void
test_derivatives(void **state)
{
	for (int kind = MLK_LOSS_SQUARED; kind <= MLK_LOSS_SOFTMAX; kind++)
	{
		check_derivatives(kind, false);
		check_derivatives(kind, true);
	}
}

/* no constant nearby has less loss than the start */
static void
check_base(MlkLossKind kind, bool weighted)
{
	Case	   *c = unit_array(Case, 1);
	void	   *work;
	double		base[CLASSES];
	double		value[3];

	fill(c, kind, weighted);
	work = test_malloc(mlk_loss_work(&c->loss, ROWS) + 1);
	assert_int_equal(mlk_loss_base(&c->loss, NULL, ROWS, work, base), MLK_OK);
	for (int m = 0; m < 3; m++)
	{
		for (int k = 0; k < c->loss.outputs; k++)
		{
			for (int i = 0; i < ROWS; i++)
				c->score[k * ROWS + i] = base[k] + (k == 0 ? (m - 1) * 0.01 : 0.0);
		}
		assert_int_equal(mlk_loss_value(&c->loss, NULL, c->score, NULL, ROWS, c->partial, &value[m]), MLK_OK);
	}
	assert_true(value[1] <= value[0] && value[1] <= value[2]);
	test_free(work);
	unit_free(c);
}

static void
test_base(void **state)
{
	for (int kind = MLK_LOSS_SQUARED; kind <= MLK_LOSS_SOFTMAX; kind++)
	{
		check_base(kind, false);
		check_base(kind, true);
	}
}

/* a weight of 2 is the row twice, a weight of 0 no row */
static void
test_renew(void **state)
{
	double		y[] = {5.0, 1.0, 2.0, 9.0, 4.0};
	double		weight[] = {1.0, 2.0, 1.0, 0.0, 1.0};
	double		score[] = {1.0, 0.0, 0.0, 0.0, 0.0};
	uint32_t	rows[] = {0, 1, 2, 3, 4};
	MlkLoss		loss = {.kind = MLK_LOSS_ABSOLUTE, .rows = 5, .outputs = 1, .y = y};
	void	   *work;

	work = test_malloc(mlk_loss_work(&loss, 5));
	assert_true(mlk_loss_renew(&loss, score, rows, 5, work) == 4.0);
	test_free(work);
	loss.weight = weight;
	work = test_malloc(mlk_loss_work(&loss, 5));
	assert_true(mlk_loss_renew(&loss, score, rows, 5, work) == 2.0);
	test_free(work);
}

/* against libm, over more rows than are done at once */
static void
test_predict(void **state)
{
	enum {COUNT = 1300, GROUPS = 3};
	double	   *score = unit_array(double, COUNT * GROUPS);
	double	   *out = unit_array(double, COUNT * GROUPS);

	for (int i = 0; i < COUNT * GROUPS; i++)
		score[i] = sin(i) * 4.0;
	for (int kind = MLK_LOSS_SQUARED; kind <= MLK_LOSS_SOFTMAX; kind++)
	{
		MlkLoss		loss = {.kind = kind, .rows = COUNT, .outputs = kind == MLK_LOSS_SOFTMAX ? GROUPS : 1};

		assert_int_equal(mlk_loss_predict(&loss, NULL, score, out), MLK_OK);
		for (int i = 0; i < COUNT; i++)
		{
			double		s = score[i];
			double		sum = exp(s) + exp(score[COUNT + i]) + exp(score[2 * COUNT + i]);

			if (kind == MLK_LOSS_SOFTMAX)
				for (int k = 0; k < GROUPS; k++)
					assert_true(fabs(out[GROUPS * i + k] - exp(score[k * COUNT + i]) / sum) < 1e-14);
			else if (kind == MLK_LOSS_LOGISTIC)
				assert_true(fabs(out[2 * i + 1] - 1.0 / (1.0 + exp(-s))) < 1e-14 && out[2 * i] == 1.0 - out[2 * i + 1]);
			else if (kind == MLK_LOSS_POISSON || kind == MLK_LOSS_GAMMA)
				assert_true(fabs(out[i] / exp(s) - 1.0) < 1e-14);
			else
				assert_true(out[i] == s);
		}
	}
	unit_free(score);
	unit_free(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_derivatives),
		cmocka_unit_test(test_base),
		cmocka_unit_test(test_renew),
		cmocka_unit_test(test_predict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
