/*
 * scores.h: how much a column alone says of the target: the statistics of feature selection.
 */
#ifndef MLK_SCORES_H
#define MLK_SCORES_H

#include "kernels/mlk.h"

/* sums of the deviations of x from a point near its mean, a group; groups may be empty */
typedef struct MlkGroupSums
{
	double		count;
	double		sum;
	double		square;
} MlkGroupSums;

/* x[i * stride], i < n, into the group of its label; NaN is passed over */
extern void mlk_group_sums(const double *x, int64_t stride, int64_t n, const int32_t *label, double shift, MlkGroupSums *groups);

/*
 * F of the one-way analysis of variance: NaN when x is constant, infinite when it is within every group.  As scikit-learn's f_classif.
 */
extern double mlk_f_groups(const MlkGroupSums *groups, int n_groups);

/* sums of the deviations of two columns from points near their means */
typedef struct MlkPairSums
{
	double		count;
	double		x;
	double		y;
	double		xx;
	double		yy;
	double		xy;
} MlkPairSums;

/* x[i * stride] and y[i], i < n; rows with NaN in x are passed over */
extern void mlk_pair_sums(const double *x, int64_t stride, const double *y, int64_t n, double x_shift, double y_shift, MlkPairSums *sums);

/*
 * F of the regression of y on x alone: 0 when either is constant, DBL_MAX when they are proportional.  As scikit-learn's f_regression.
 */
extern double mlk_f_pair(const MlkPairSums *sums);

/* mutual information of two categories, in nats, from their table of counts count[a, b] */
extern double mlk_information_of_counts(const int64_t *count, int64_t a, int64_t b);

#endif							/* MLK_SCORES_H */
