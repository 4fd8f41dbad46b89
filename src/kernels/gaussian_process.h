/*
 * gaussian_process.h: what a few measured points say about others: mean and doubt, and where the next measurement promises most.
 *
 * A Gaussian process with the Matern 5/2 kernel (Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, algorithm 2.1
 * and section 4.2), the same length in every direction.  Values are standardised; length and noise are those of a small grid
 * under which the values are likeliest.
 */
#ifndef MLK_GAUSSIAN_PROCESS_H
#define MLK_GAUSSIAN_PROCESS_H

#include "kernels/mlk.h"

typedef struct MlkGaussianProcess
{
	int			n;
	int			d;
	const double *x;			/* [n, d], the caller's */
	double		center;			/* of the values */
	double		spread;
	double		length;
	double		noise;			/* variance, of standardised values */
	double	   *factor;			/* [n, n] lower triangle of the Cholesky factor */
	double	   *alpha;			/* [n] */
} MlkGaussianProcess;

/* doubles of scratch for mlk_gp_fit: factor, alpha and room to try others */
extern size_t mlk_gp_scratch(int n);

/*
 * n >= 1 points x[n, d] with values y[n], finite.  scratch must live as long as the result.  MLK_SINGULAR cannot be: noise is at
 * least 1e-6.
 */
extern void mlk_gp_fit(MlkGaussianProcess *gp, const double *x, const double *y, int n, int d, double *scratch);
/* mean and standard deviation of the value at point[d]; row: n doubles of scratch */
extern void mlk_gp_predict(const MlkGaussianProcess *gp, const double *point, double *row, double *mean, double *deviation);
/* log marginal likelihood of y (standardised) for a length and noise; for the tests */
extern double mlk_gp_likelihood(const double *x, const double *y, int n, int d, double length, double noise, double *factor, double *alpha);

/* by how much a value of that mean and deviation is expected to exceed best (Jones, Schonlau and Welch 1998) */
extern double mlk_expected_improvement(double mean, double deviation, double best);

#endif							/* MLK_GAUSSIAN_PROCESS_H */
