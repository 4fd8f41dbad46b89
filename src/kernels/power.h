/*
 * power.h: the power transforms of Box and Cox (1964) and of Yeo and Johnson (2000), and their most likely exponent.
 */
#ifndef MLK_POWER_H
#define MLK_POWER_H

#include "kernels/parallel.h"

typedef enum MlkPower
{
	MLK_POWER_YEO_JOHNSON,		/* any number */
	MLK_POWER_BOX_COX			/* numbers above 0 */
} MlkPower;

/* x transformed; NaN for NaN and outside of the domain */
extern double mlk_power_value(MlkPower power, double lambda, double x);

/* bytes of scratch that mlk_power_fit wants for n values */
extern size_t mlk_power_scratch(int64_t n);

/*
 * The exponent under which x[n] (no NaN, all in the domain) is most likely a sample of a normal distribution; 1 when all
 * values are equal.  The same for any number of threads.
 */
extern MlkStatus mlk_power_fit(MlkPool *pool, MlkPower power, const double *x, int64_t n, void *scratch, double *lambda);

#endif							/* MLK_POWER_H */
