/*
 * drift.c: the verdict of mlops_drift.
 *
 * The industry's rule is "PSI over 0.2 has drifted".  On few rows that rule
 * cries wolf: without any drift, PSI of n against m rows behaves as
 * (1/n + 1/m) times a chi-squared variable with bins - 1 degrees of freedom
 * (Yurdakul & Naranjo, "Statistical properties of the population stability
 * index", 2020).  The threshold is therefore the larger of 0.2 and the 99.9 % point of that law.
 */
#include "postgres.h"

#include <math.h>

#include "kernels/metrics.h"
#include "kernels/special.h"
#include "monitoring/drift.h"

#define PSI_THRESHOLD 0.2
#define NOISE_QUANTILE 0.999

/* Wilson & Hilferty 1931: within 3 percent of the 99.9 % point for 1 degree of freedom, 2 for 3, 1 from 9 on */
static double
chi_squared_quantile(double p, double df)
{
	double		spread = 2.0 / (9.0 * df);
	double		root = 1.0 - spread + mlk_normal_quantile(p) * sqrt(spread);

	return df * root * root * root;
}

static double
total(const double *counts, int bins)
{
	double		sum = 0;

	for (int i = 0; i < bins; i++)
		sum += counts[i];
	return sum;
}

MlDrift
ml_drift_judge(const double *expected, const double *actual, int bins)
{
	MlDrift		result;
	double		n = total(expected, bins);
	double		m = total(actual, bins);
	int			used = 0;

	for (int i = 0; i < bins; i++)
		used += expected[i] > 0 || actual[i] > 0;

	result.psi = mlk_psi(expected, actual, bins);
	result.threshold = PSI_THRESHOLD;
	if (n > 0 && m > 0 && used > 1)
		result.threshold = Max(PSI_THRESHOLD,
							   (1.0 / n + 1.0 / m) * chi_squared_quantile(NOISE_QUANTILE, used - 1));
	result.drifted = result.psi > result.threshold;
	return result;
}
