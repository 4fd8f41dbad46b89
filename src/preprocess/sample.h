/*
 * sample.h: the training values of one element of a column, for steps that learn from their order.
 */
#ifndef ML_PREP_SAMPLE_H
#define ML_PREP_SAMPLE_H

#include "preprocess/step.h"

typedef struct MlSample
{
	double	   *x;				/* in the budget; without those that are missing */
	int64		n;
} MlSample;

/* in canonical order */
extern MlSample ml_sample_take(const MlFitInput *data, int element);
/* ascending */
extern void ml_sample_sort(const MlFitInput *data, MlSample *sample);
extern void ml_sample_free(const MlFitInput *data, MlSample *sample);

#endif							/* ML_PREP_SAMPLE_H */
