/*
 * adam.c: steps of stochastic optimisers (see adam.h).
 */
#include "kernels/adam.h"

#include "kernels/flush.h"

double
mlk_adam_rate(double learning_rate, double beta_1, double beta_2, int64_t step)
{
	return learning_rate * sqrt(1.0 - pow(beta_2, (double) step)) / (1.0 - pow(beta_1, (double) step));
}

MLK_CLONES
void
mlk_adam_step(const MlkAdam *adam, float *restrict x, const float *restrict gradient, float *restrict mean,
			  float *restrict square, int64_t n)
{
	float		rate = (float) adam->rate;
	float		beta_1 = (float) adam->beta_1;
	float		beta_2 = (float) adam->beta_2;
	float		rest_1 = (float) (1.0 - adam->beta_1);
	float		rest_2 = (float) (1.0 - adam->beta_2);
	float		epsilon = (float) adam->epsilon;
	unsigned	mode = mlk_flush_begin();

	for (int64_t i = 0; i < n; i++)
	{
		float		g = gradient[i];

		mean[i] = beta_1 * mean[i] + rest_1 * g;
		square[i] = beta_2 * square[i] + rest_2 * g * g;
		x[i] -= rate * mean[i] / (sqrtf(square[i]) + epsilon);
	}
	mlk_flush_end(mode);
}

MLK_CLONES
void
mlk_momentum_step(float rate, float momentum, bool nesterov, float *restrict x, const float *restrict gradient,
				  float *restrict velocity, int64_t n)
{
	float		again = nesterov ? momentum : 1.0f;
	float		direct = nesterov ? rate : 0.0f;
	unsigned	mode = mlk_flush_begin();

	for (int64_t i = 0; i < n; i++)
	{
		velocity[i] = momentum * velocity[i] - rate * gradient[i];
		x[i] += again * velocity[i] - direct * gradient[i];
	}
	mlk_flush_end(mode);
}
