/*
 * adam.h: one step of a parameter vector down a stochastic gradient, by Adam or by gradient descent with momentum.
 *
 * Element by element, so a vector may be cut up anywhere without a change of the result.
 */
#ifndef MLK_ADAM_H
#define MLK_ADAM_H

#include "kernels/mlk.h"

/* Kingma, Ba 2015, algorithm 1 in its second form; rate: with both corrections of the start already in it */
typedef struct MlkAdam
{
	double		rate;
	double		beta_1;
	double		beta_2;
	double		epsilon;
} MlkAdam;

/* learning_rate sqrt(1 - beta_2^step) / (1 - beta_1^step), step from 1 */
extern double mlk_adam_rate(double learning_rate, double beta_1, double beta_2, int64_t step);

/* mean, square: running averages of the gradient and its square, zeros at the start */
extern void mlk_adam_step(const MlkAdam *adam, float *restrict x, const float *restrict gradient, float *restrict mean,
						  float *restrict square, int64_t n);

/* velocity := momentum velocity - rate gradient; x += velocity, or with nesterov momentum velocity - rate gradient */
extern void mlk_momentum_step(float rate, float momentum, bool nesterov, float *restrict x, const float *restrict gradient,
							  float *restrict velocity, int64_t n);

#endif							/* MLK_ADAM_H */
