/*
 * special.h: tail probabilities and quantiles of the normal and Student's t distribution.
 */
#ifndef MLK_SPECIAL_H
#define MLK_SPECIAL_H

#include "kernels/mlk.h"

extern double mlk_normal_two_sided(double z);	/* P(|Z| > |z|) */
extern double mlk_normal_quantile(double p);
extern double mlk_t_two_sided(double t, double df); /* P(|T| > |t|) */
extern double mlk_t_quantile(double p, double df);

#endif							/* MLK_SPECIAL_H */
