/*
 * calibration.h: what rows that a model was not fitted to teach about its scores: probabilities that can be taken at their word, and
 * where to cut them.
 *
 * weight may be NULL (all ones).  The pool is asked for its stop only: held-back rows are few.
 */
#ifndef MLK_CALIBRATION_H
#define MLK_CALIBRATION_H

#include "kernels/parallel.h"

typedef enum MlkCalibrationKind
{
	MLK_CALIBRATION_SIGMOID = 1,
	MLK_CALIBRATION_ISOTONIC = 2
} MlkCalibrationKind;

/* a score made into a probability */
typedef struct MlkCalibrator
{
	MlkCalibrationKind kind;
	double		slope;			/* sigmoid: 1 / (1 + exp(slope * score + offset)) */
	double		offset;
	int64_t		n;				/* isotonic: points, joined by straight lines, constant beyond the ends */
	const double *score;		/* [n], ascending strictly */
	const double *value;		/* [n], ascending, within [0, 1] */
} MlkCalibrator;

/*
 * Platt's sigmoid: maximum likelihood of smoothed targets, (n1 + 1) / (n1 + 2) for positive rows and 1 / (n0 + 2) for the others, where
 * n1 and n0 are their weights; by Newton's method.  n >= 1; finite scores.
 */
extern MlkStatus mlk_sigmoid_fit(MlkPool *pool, const double *score, const uint8_t *positive, const double *weight,
								 int64_t n, MlkCalibrator *out);

/*
 * Least squares among the functions that never fall, by pooling adjacent violators; scores closer than 1e-15 count as one.
 * points[2 * n] is room for the result, which lies in it; scratch: mlk_isotonic_scratch(n) bytes.  n >= 1; weights > 0.
 */
extern size_t mlk_isotonic_scratch(int64_t n);
extern MlkStatus mlk_isotonic_fit(MlkPool *pool, const double *score, const uint8_t *positive, const double *weight,
								  int64_t n, double *points, void *scratch, MlkCalibrator *out);

/* NaN stays NaN */
extern double mlk_calibrated(const MlkCalibrator *calibrator, double score);

/* score of a probability: itself, or log(p / (1 - p)), within +-34.6 */
extern double mlk_calibration_score(double probability, bool log_odds);

/*
 * prob[rows * classes], row-major, in place.  Two classes: one calibrator, of the second; more: one a class, and the row is divided by its
 * sum (all alike when that is 0).
 */
extern void mlk_calibrate_rows(const MlkCalibrator *calibrators, bool log_odds, int classes, double *prob, int64_t rows);

/* what a decision threshold is to make best of */
typedef struct MlkThresholdAim
{
	bool		f1;				/* the largest F1 score; else the least cost */
	double		false_positive; /* cost of one, >= 0 */
	double		false_negative;
} MlkThresholdAim;

/*
 * Rows of probability >= *threshold are positive.  Candidates are the probabilities that occur and, for costs, 1 when nothing is
 * that likely (no row is positive); of equals the highest.  *value: F1, or the mean cost of a row.  scratch: mlk_argsort_scratch(n)
 * bytes, and n * 4 of order before them.
 */
extern size_t mlk_threshold_scratch(int64_t n);
extern MlkStatus mlk_threshold_fit(MlkPool *pool, const double *probability, const uint8_t *positive, const double *weight, int64_t n,
								   const MlkThresholdAim *aim, void *scratch, double *threshold, double *value);

/*
 * Split conformal prediction: the rank, counted from 1, of the score among n that a new row's stays below or at with probability >=
 * coverage: ceil((n + 1) * coverage).  More than n: no score does.  0 < coverage < 1.
 */
extern int64_t mlk_conformal_rank(int64_t n, double coverage);

/* rank of stored point j, 0-based, of m that stand for n sorted scores: the last is the largest; and the first point of at least a rank */
extern int64_t mlk_conformal_point_rank(int64_t n, int64_t m, int64_t j);
extern int64_t mlk_conformal_point(int64_t n, int64_t m, int64_t rank);

#endif							/* MLK_CALIBRATION_H */
