/*
 * test_coordinate.c: coordinate descent against conditions of optimality and closed forms.
 */
#include "unit.h"

#include "kernels/coordinate.h"
#include "kernels/rng.h"

#define N 40
#define ROWS 60
#define KKT_TOLERANCE 1e-10

typedef struct Problem
{
	double		g[N * N];
	double		c[N];
	double		l1[N];
	double		l2[N];
	double		norm2;
} Problem;

/* products of ROWS random rows with correlated columns, divided by their number */
static Problem *
random_problem(double l1, double l2)
{
	Problem    *p = unit_array(Problem, 1);
	MlkRng		rng;

	mlk_rng_seed(&rng, 31);
	for (int i = 0; i < ROWS; i++)
	{
		double		x[N];
		double		y = mlk_rng_normal(&rng);

		for (int j = 0; j < N; j++)
			x[j] = mlk_rng_normal(&rng) + (j > 0 ? 0.7 * x[j - 1] : 0.0);
		y += x[3] - 2.0 * x[17];
		for (int a = 0; a < N; a++)
		{
			p->c[a] += x[a] * y / ROWS;
			for (int b = 0; b < N; b++)
				p->g[a * N + b] += x[a] * x[b] / ROWS;
		}
		p->norm2 += y * y / ROWS;
	}
	for (int j = 0; j < N; j++)
	{
		p->l1[j] = l1;
		p->l2[j] = l2;
	}
	return p;
}

/* at the minimum the slope is l1 against the sign of w, and at most l1 where w is 0 */
static void
check_optimal(const Problem *p, const double *w, bool positive)
{
	for (int j = 0; j < N; j++)
	{
		double		slope = p->c[j] - p->l2[j] * w[j];

		for (int k = 0; k < N; k++)
			slope -= p->g[j * N + k] * w[k];
		if (w[j] != 0.0)
			assert_true(fabs(slope - copysign(p->l1[j], w[j])) <= KKT_TOLERANCE);
		else
			assert_true((positive ? slope : fabs(slope)) <= p->l1[j] + KKT_TOLERANCE);
		assert_true(!positive || w[j] >= 0.0);
	}
}

static void
test_optimality(void **state)
{
	static const double l1[] = {0.0, 0.01, 0.3, 0.3, 100.0};
	static const double l2[] = {0.1, 0.0, 0.0, 0.5, 0.0};

	for (int k = 0; k < 10; k++)
	{
		Problem    *p = random_problem(l1[k / 2], l2[k / 2]);
		MlkQuadratic q = {N, p->g, N, p->c, p->l1, p->l2, k % 2 == 1};
		MlkDescent	d = {.tolerance = 1e-14, .gap = l1[k / 2] > 0.0 ? 1e-13 : 0.0, .norm2 = p->norm2, .max_iter = 100000};
		double		w[N] = {0};
		double		gradient[N];
		int32_t		active[N];

		assert_int_equal(mlk_coordinate_descent(&q, &d, NULL, w, gradient, active), MLK_OK);
		check_optimal(p, w, q.positive);
		if (l1[k / 2] > 0.0)
			assert_true(d.last_gap <= 1e-13);
		if (l1[k / 2] == 100.0)
			assert_true(w[3] == 0.0 && w[17] == 0.0);
		unit_free(p);
	}
}

/* orthogonal columns: the answer is the soft-thresholded product */
static void
test_orthogonal(void **state)
{
	double		g[] = {2.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0};
	double		c[] = {3.0, -1.0, 0.0};
	double		l1[] = {0.5, 0.5, 0.5};
	double		l2[] = {1.0, 1.0, 0.0};
	MlkQuadratic q = {3, g, 3, c, l1, l2, false};
	MlkDescent	d = {.tolerance = 1e-15, .max_iter = 10};
	double		w[] = {0.0, 0.0, 9.0};	/* a column of zeros gives up its start */
	double		gradient[3];
	int32_t		active[3];

	assert_int_equal(mlk_coordinate_descent(&q, &d, NULL, w, gradient, active), MLK_OK);
	assert_close(w[0], 2.5 / 3.0, 1e-15);
	assert_close(w[1], -0.1, 1e-15);
	assert_true(w[2] == 0.0);
}

static void
test_not_converged(void **state)
{
	Problem    *p = random_problem(1e-6, 0.0);
	MlkQuadratic q = {N, p->g, N, p->c, p->l1, p->l2, false};
	MlkDescent	d = {.tolerance = 1e-16, .gap = 1e-30, .norm2 = p->norm2, .max_iter = 1};
	double		w[N] = {0};
	double		gradient[N];
	int32_t		active[N];

	assert_int_equal(mlk_coordinate_descent(&q, &d, NULL, w, gradient, active), MLK_NOT_CONVERGED);
	assert_int_equal(d.sweeps, 1);
	unit_free(p);
}

static bool
always(void)
{
	return true;
}

static void
test_stop(void **state)
{
	Problem    *p = random_problem(1e-6, 0.0);
	MlkQuadratic q = {N, p->g, N, p->c, p->l1, p->l2, false};
	MlkDescent	d = {.tolerance = 1e-16, .max_iter = 1000};
	MlkPool    *pool = mlk_pool_create(1, always);
	double		w[N] = {0};
	double		gradient[N];
	int32_t		active[N];

	assert_int_equal(mlk_coordinate_descent(&q, &d, pool, w, gradient, active), MLK_CANCELLED);
	mlk_pool_destroy(pool);
	unit_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_optimality),
		cmocka_unit_test(test_orthogonal),
		cmocka_unit_test(test_not_converged),
		cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
