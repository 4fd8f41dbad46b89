/*
 * transform.h: a number clipped and bent, before it is imputed and scaled.
 *
 * A step that offers this has ML_TRANSFORM_ROWS in its table of options, and one MlTransform an element of its column.
 */
#ifndef ML_PREP_TRANSFORM_H
#define ML_PREP_TRANSFORM_H

#include "preprocess/step.h"

typedef enum MlTransformKind
{
	ML_TRANSFORM_NONE,
	ML_TRANSFORM_LOG,
	ML_TRANSFORM_LOG1P,
	ML_TRANSFORM_SQRT,
	ML_TRANSFORM_YEO_JOHNSON,
	ML_TRANSFORM_BOX_COX,
	ML_TRANSFORM_QUANTILE_UNIFORM,
	ML_TRANSFORM_QUANTILE_NORMAL
} MlTransformKind;

extern const char *const ml_transform_choices[];

/* places from the first of ML_TRANSFORM_ROWS on: append only */
enum
{
	ML_TRANSFORM_OPTION_KIND,
	ML_TRANSFORM_OPTION_QUANTILES,
	ML_TRANSFORM_OPTION_CLIP,
	ML_TRANSFORM_OPTION_LOW,
	ML_TRANSFORM_OPTION_HIGH,
	ML_TRANSFORM_OPTIONS
};

#define ML_TRANSFORM_ROWS \
	{.name = "transform",.type = ML_OPTION_CHOICE,.choices = ml_transform_choices, \
	.help = "bends the number, so that its distribution is less skewed"}, \
	{.name = "n_quantiles",.type = ML_OPTION_NUMBER,.fallback = 1000,.min = 2,.max = 10000,.integral = true, \
	.help = "points by which \"transform\": \"quantile_...\" knows the distribution"}, \
	{.name = "clip",.type = ML_OPTION_CLIP, \
	.help = "numbers below and above become the nearest number that is allowed"}, \
	{.name = "clip low",.type = ML_OPTION_PART,.min = -DBL_MAX,.max = DBL_MAX}, \
	{.name = "clip high",.type = ML_OPTION_PART,.min = -DBL_MAX,.max = DBL_MAX}

/* what is learned of one element */
typedef struct MlTransform
{
	MlTransformKind kind;
	double		low;			/* clip; infinite: open */
	double		high;
	double		lambda;			/* of the power transforms */
	uint32		n_grid;			/* of the quantile transforms, >= 2 */
	double	   *grid;			/* ascending; palloc'd */
} MlTransform;

/* true when the options change any number; option is the place of the first row */
extern bool ml_transform_wanted(const double *option);
/* ERROR 22023 when n_quantiles would be ignored */
extern void ml_transform_check(const char *column, const double *option);

/* ERROR 22003 when training values are outside of the domain */
extern void ml_transform_fit(MlTransform *t, const double *option, const MlFitInput *data, int element);
/* NaN for NaN, and for what is outside of the domain; runs on any thread */
extern double ml_transform_value(const MlTransform *t, double x);

/* MlStepKind.describe for an element */
extern void ml_transform_describe(const MlTransform *t, JsonbParseState **state);

#define ML_TRANSFORM_MIN_BYTES (2 * sizeof(double))
extern void ml_transform_write(const MlTransform *t, MlBlobWriter *w);
extern void ml_transform_read(MlTransform *t, const double *option, MlBlobReader *r);

#endif							/* ML_PREP_TRANSFORM_H */
