/*
 * counts.h: the distinct values of the training rows of one column, and how often each occurs.
 */
#ifndef ML_PREP_COUNTS_H
#define ML_PREP_COUNTS_H

#include "preprocess/step.h"

typedef struct MlValueCount
{
	const char *text;			/* a number's: as the server prints it */
	uint32		length;
	double		number;			/* of a numeric column */
	uint64		count;
} MlValueCount;

typedef struct MlValueCounts
{
	MlValueCount *item;			/* in no order that means anything */
	uint32		n;
	uint64		nulls;
} MlValueCounts;

/* in the current memory context; ERROR 54000 for more than ML_MAX_CATEGORIES values */
extern MlValueCounts ml_count_values(const MlFitInput *data);

#endif							/* ML_PREP_COUNTS_H */
