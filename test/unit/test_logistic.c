/*
 * test_logistic.c: derivatives of the logistic loss against finite differences, for two and for three classes.
 */
#include "designs.h"

#include "kernels/blas.h"
#include "kernels/logistic.h"

#define ROWS 5000
#define Q (1 + MIXED_COLS)
#define MAX_SIZE (3 * Q)
#define STEP 1e-5
/* central differences at STEP, relative to the number of rows */
#define DIFFERENCE_TOLERANCE 1e-8

typedef struct Fixture
{
	UnitDesign	d;
	int32_t		label[ROWS];
	int			outputs;
	int			size;
	double		b[MAX_SIZE];
} Fixture;

static Fixture *
fixture(int outputs)
{
	Fixture    *f = unit_array(Fixture, 1);
	int			classes = outputs == 1 ? 2 : outputs;
	MlkRng		rng;

	f->d = unit_design(ROWS, 40 + outputs);
	mlk_rng_seed(&rng, 41);
	f->outputs = outputs;
	f->size = outputs * Q;
	for (int i = 0; i < ROWS; i++)
		f->label[i] = (int32_t) mlk_rng_below(&rng, classes);
	for (int j = 0; j < f->size; j++)
		f->b[j] = 0.3 * mlk_rng_normal(&rng);
	return f;
}

static void
fixture_free(Fixture *f)
{
	unit_design_free(&f->d);
	unit_free(f);
}

static double
evaluate(Fixture *f, int threads, int64_t rows, double *gradient, double *hessian)
{
	MlkPool    *pool = mlk_pool_create(threads, NULL);
	MlkLogistic l;
	double	   *memory = unit_array(double, (size_t) mlk_logistic_plan(&l, unit_design_of(&f->d), f->label, f->d.w,
																	   f->outputs, true, threads));
	double		loss;
	double		margin;

	mlk_logistic_memory(&l, memory);
	mlk_logistic_start(&l, rows, hessian != NULL, f->b);
	while (l.rounds.next < l.rounds.blocks)
		assert_int_equal(mlk_logistic_round(&l, pool), MLK_OK);
	assert_int_equal(mlk_logistic_finish(&l, &loss, &margin, gradient, hessian), MLK_OK);
	assert_true(margin < 0.0);
	unit_free(memory);
	mlk_pool_destroy(pool);
	return loss;
}

static void
check_derivatives(int outputs)
{
	Fixture    *f = fixture(outputs);
	double		gradient[MAX_SIZE];
	double	   *hessian = unit_array(double, f->size * f->size);

	evaluate(f, 1, ROWS, gradient, hessian);
	for (int j = 0; j < f->size; j++)
	{
		double		keep = f->b[j];
		double		up[MAX_SIZE];
		double		down[MAX_SIZE];
		double		above;
		double		below;

		f->b[j] = keep + STEP;
		above = evaluate(f, 1, ROWS, up, NULL);
		f->b[j] = keep - STEP;
		below = evaluate(f, 1, ROWS, down, NULL);
		f->b[j] = keep;
		assert_true(fabs((above - below) / (2 * STEP) - gradient[j]) <= DIFFERENCE_TOLERANCE * ROWS);
		for (int k = 0; k < f->size; k++)
		{
			assert_true(fabs((up[k] - down[k]) / (2 * STEP) - hessian[j * f->size + k]) <= DIFFERENCE_TOLERANCE * ROWS);
			assert_true(hessian[j * f->size + k] == hessian[k * f->size + j]);
		}
	}
	unit_free(hessian);
	fixture_free(f);
}

static void
test_derivatives(void **state)
{
	check_derivatives(1);
	check_derivatives(3);
}

static void
check_threads(int outputs)
{
	Fixture    *f = fixture(outputs);
	double		gradient[2][MAX_SIZE];
	double	   *hessian[2];

	for (int k = 0; k < 2; k++)
	{
		hessian[k] = unit_array(double, f->size * f->size);
		evaluate(f, 1 + 2 * k, ROWS - 1000, gradient[k], hessian[k]);
	}
	assert_memory_equal(gradient[0], gradient[1], sizeof(double) * f->size);
	assert_memory_equal(hessian[0], hessian[1], sizeof(double) * f->size * f->size);
	unit_free(hessian[0]);
	unit_free(hessian[1]);
	fixture_free(f);
}

static void
test_threads(void **state)
{
	check_threads(1);
	check_threads(3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_derivatives),
		cmocka_unit_test(test_threads),
	};

	mlk_blas_open(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
