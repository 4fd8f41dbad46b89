/*
 * test_special.c: tails and quantiles against 50-digit values, identities, and the ends of the range.
 */
#include "unit.h"

#include "kernels/special.h"

/* far tails multiply the rounding of their argument: a few hundred times the machine's precision */
#define TAIL_TOLERANCE 1e-13
#define QUANTILE_TOLERANCE 1e-14
#define ROUND_TRIP_TOLERANCE 1e-12

/* all tables: /usr/bin/python3 reference/special.py */

typedef struct Normal
{
	double		argument;
	double		expected;
} Normal;

typedef struct Student
{
	double		argument;
	double		df;
	double		expected;
} Student;

static const Normal normal_tail[] = {
	{0.01, 0.9920212873707368},
	{0.5, 0.6170750774519738},
	{1.0, 0.3173105078629141},
	{1.96, 0.04999579029644087},
	{5.0, 5.733031437583878e-07},
	{13.0, 1.223432879909976e-38},
	{37.0, 1.1451142445049154e-299}
};

static const Normal normal_quantile[] = {
	{1e-300, -37.0470962993612},
	{1e-20, -9.262340089798407},
	{0.001, -3.0902323061678136},
	{0.2, -0.8416212335729142},
	{0.4999, -0.00025066283008800747},
	{0.6, 0.2533471031357997},
	{0.975, 1.9599639845400538}
};

static const Student t_tail[] = {
	{0.01, 0.5, 0.9946067436361045},
	{1.0, 0.5, 0.6022432216826442},
	{1.96, 0.5, 0.44972297773837916},
	{6.0, 0.5, 0.2613093774699988},
	{25.0, 0.5, 0.12826500250224998},
	{100000000.0, 0.5, 6.414019508284458e-05},
	{0.01, 1.0, 0.9936340144701835},
	{1.0, 1.0, 0.5},
	{1.96, 1.0, 0.3003428917760331},
	{6.0, 1.0, 0.10513691342250686},
	{25.0, 1.0, 0.025451222695983662},
	{100000000.0, 1.0, 6.366197723675813e-09},
	{0.01, 2.5, 0.9927639943579083},
	{1.0, 2.5, 0.4040610272782735},
	{1.96, 2.5, 0.162947564472814},
	{6.0, 2.5, 0.0152817298855229},
	{25.0, 2.5, 0.00045859385474060753},
	{100000000.0, 2.5, 1.438679438166344e-20},
	{0.01, 10.0, 0.9922179749909714},
	{1.0, 10.0, 0.34089313230205986},
	{1.96, 10.0, 0.07843624024769971},
	{6.0, 10.0, 0.0001321088603547856},
	{25.0, 10.0, 2.399392760063341e-10},
	{100000000.0, 10.0, 2.4609374999999887e-76},
	{0.01, 40.0, 0.9920709969599448},
	{1.0, 40.0, 0.3233218117482909},
	{1.96, 40.0, 0.05698822403200635},
	{6.0, 40.0, 4.7264551327881875e-07},
	{25.0, 40.0, 4.963343444478319e-26},
	{0.01, 101.0, 0.9920410132288617},
	{1.0, 101.0, 0.3197003177765819},
	{1.96, 101.0, 0.05275124950878237},
	{6.0, 101.0, 3.1018843613210363e-08},
	{25.0, 101.0, 4.6933609109922126e-45},
	{0.01, 12345.5, 0.992021448951145},
	{1.0, 12345.5, 0.31733010737888956},
	{1.96, 12345.5, 0.05001825170624477},
	{6.0, 12345.5, 2.028460025154918e-09},
	{25.0, 12345.5, 1.3202920463722745e-134},
	{0.01, 1000000000.0, 0.9920212873727317},
	{1.0, 1000000000.0, 0.3173105081048848},
	{1.96, 1000000000.0, 0.0499957905737296},
	{6.0, 1000000000.0, 1.9731759644984917e-09},
	{25.0, 1000000000.0, 6.113992361856227e-138}
};

static const Student t_quantile[] = {
	{1e-10, 0.5, -1.02849115631634e+19},
	{0.025, 0.5, -164.55767348048852},
	{0.26, 0.5, -1.4220108861411678},
	{0.49, 0.5, -0.03710700354529342},
	{0.75, 0.5, 1.5537739740300374},
	{0.999, 0.5, 102849.11563017537},
	{1e-10, 1.0, -3183098861.837907},
	{0.025, 1.0, -12.706204736174705},
	{0.26, 1.0, -0.9390625058174923},
	{0.49, 1.0, -0.03142626604335118},
	{0.75, 1.0, 1.0},
	{0.999, 1.0, 318.30883898555015},
	{1e-10, 3.0, -2225.7692846830932},
	{0.025, 3.0, -3.1824463052837095},
	{0.26, 3.0, -0.7266619873794447},
	{0.49, 3.0, -0.027211467049118022},
	{0.75, 3.0, 0.7648923284043453},
	{0.999, 3.0, 10.214531852407383},
	{1e-10, 30.0, -9.377489780407144},
	{0.025, 30.0, -2.042272456301238},
	{0.26, 30.0, -0.6510033234442638},
	{0.49, 30.0, -0.025278783971765813},
	{0.75, 30.0, 0.6827556933212926},
	{0.999, 30.0, 3.385184866829305},
	{1e-10, 1000.0, -6.427876283134213},
	{0.025, 1000.0, -1.9623390808264085},
	{0.26, 1000.0, -0.6435728810506947},
	{0.49, 1000.0, -0.025075180209466443},
	{0.75, 1000.0, 0.6747351646070094},
	{0.999, 1000.0, 3.0984021639129224}
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void
test_normal(void **state)
{
	for (size_t i = 0; i < LENGTH(normal_tail); i++)
	{
		assert_close(mlk_normal_two_sided(normal_tail[i].argument), normal_tail[i].expected, TAIL_TOLERANCE);
		assert_close(mlk_normal_two_sided(-normal_tail[i].argument), normal_tail[i].expected, TAIL_TOLERANCE);
	}
	for (size_t i = 0; i < LENGTH(normal_quantile); i++)
		assert_close(mlk_normal_quantile(normal_quantile[i].argument), normal_quantile[i].expected, QUANTILE_TOLERANCE);
}

static void
test_student(void **state)
{
	for (size_t i = 0; i < LENGTH(t_tail); i++)
	{
		assert_close(mlk_t_two_sided(t_tail[i].argument, t_tail[i].df), t_tail[i].expected, TAIL_TOLERANCE);
		assert_close(mlk_t_two_sided(-t_tail[i].argument, t_tail[i].df), t_tail[i].expected, TAIL_TOLERANCE);
	}
	for (size_t i = 0; i < LENGTH(t_quantile); i++)
		assert_close(mlk_t_quantile(t_quantile[i].argument, t_quantile[i].df), t_quantile[i].expected, TAIL_TOLERANCE);
}

/* closed forms of 1 and 2 degrees of freedom, where t leaves the range of its square */
static void
test_student_closed_forms(void **state)
{
	static const double t[] = {1e-200, 1e-9, 0.3, 1.0, 1.7, 1.8, 50.0, 1e9, 1e160, 1e300};

	for (size_t i = 0; i < LENGTH(t); i++)
	{
		assert_close(mlk_t_two_sided(t[i], 1.0), M_2_PI * atan(1.0 / t[i]), TAIL_TOLERANCE);
		if (t[i] < 1e150)
		{
			double		root = sqrt(2.0 + t[i] * t[i]);

			assert_close(mlk_t_two_sided(t[i], 2.0), 2.0 / (root * (root + t[i])), TAIL_TOLERANCE);
		}
	}
}

/* both methods of the tail, on either side of where one takes over, and quantiles that lead back */
static void
test_round_trip(void **state)
{
	for (double df = 0.7; df < 1e12; df *= 1.9)
		for (double p = 1e-12; p < 0.5; p *= 1.7)
		{
			double		t = mlk_t_quantile(p, df);

			assert_close(0.5 * mlk_t_two_sided(t, df), p, ROUND_TRIP_TOLERANCE);
			assert_true(t < 0.0);
		}
	for (double p = 1e-300; p < 0.5; p *= 3.0)
		assert_close(0.5 * mlk_normal_two_sided(mlk_normal_quantile(p)), p, ROUND_TRIP_TOLERANCE);
}

static void
test_limits(void **state)
{
	assert_close(mlk_normal_two_sided(0.0), 1.0, 0.0);
	assert_close(mlk_normal_two_sided(INFINITY), 0.0, 0.0);
	assert_close(mlk_normal_two_sided(NAN), NAN, 0.0);
	assert_close(mlk_normal_quantile(0.0), -INFINITY, 0.0);
	assert_close(mlk_normal_quantile(1.0), INFINITY, 0.0);
	assert_close(mlk_normal_quantile(0.5), 0.0, 0.0);
	assert_close(mlk_normal_quantile(-0.1), NAN, 0.0);
	assert_close(mlk_normal_quantile(NAN), NAN, 0.0);

	assert_close(mlk_t_two_sided(0.0, 5.0), 1.0, 0.0);
	assert_close(mlk_t_two_sided(-INFINITY, 5.0), 0.0, 0.0);
	assert_close(mlk_t_two_sided(1e250, 1e6), 0.0, 0.0);
	assert_close(mlk_t_two_sided(2.0, 0.0), NAN, 0.0);
	assert_close(mlk_t_two_sided(2.0, -1.0), NAN, 0.0);
	assert_close(mlk_t_two_sided(NAN, 5.0), NAN, 0.0);
	assert_close(mlk_t_two_sided(2.0, INFINITY), mlk_normal_two_sided(2.0), 0.0);
	assert_close(mlk_t_quantile(0.0, 5.0), -INFINITY, 0.0);
	assert_close(mlk_t_quantile(1.0, 5.0), INFINITY, 0.0);
	assert_close(mlk_t_quantile(0.5, 5.0), 0.0, 0.0);
	assert_close(mlk_t_quantile(0.2, 0.0), NAN, 0.0);
	assert_close(mlk_t_quantile(1e-200, 0.5), -INFINITY, 0.0);
	assert_close(mlk_t_quantile(0.975, INFINITY), mlk_normal_quantile(0.975), 0.0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normal),
		cmocka_unit_test(test_student),
		cmocka_unit_test(test_student_closed_forms),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests_name("special", tests, NULL, NULL);
}
