/*
 * curves.h: how good one score is at telling positives from the rest, threshold by threshold.
 *
 * Everything is read off the cuts of the score: one for each distinct value, from the highest down.  Rows of equal score are on
 * the same side of every threshold, so the order in which the rows came does not matter.
 */
#ifndef MLK_CURVES_H
#define MLK_CURVES_H

#include "kernels/parallel.h"

/* counts of the rows whose score is at least this one */
typedef struct MlkCut
{
	double		score;
	int64_t		rows;
	int64_t		positives;
} MlkCut;

/* cut[n] has room for n, of which *n_cuts are made; the last one holds all rows.  n >= 1.  MLK_NOT_FINITE: a score is NaN */
extern size_t mlk_cuts_scratch(int64_t n);
extern MlkStatus mlk_cuts(MlkPool *pool, const uint8_t *positive, const double *score, int64_t n, void *scratch,
						  MlkCut *cut, int64_t *n_cuts);

/* drop, in place, cuts on a straight line between their neighbours, as scikit-learn's roc_curve does; how many are left */
extern int64_t mlk_roc_corners(MlkCut *cut, int64_t n_cuts);

/* ---- calibration ---- */

typedef struct MlkCalibrationBin
{
	int64_t		rows;
	int64_t		positives;
	double		sum;			/* of the scores */
} MlkCalibrationBin;

/*
 * bins of equal width over [0, 1], or between quantiles of the scores; a score on an edge belongs to the bin below it
 * (scikit-learn's calibration_curve).  out[bins]; some may stay empty.
 */
extern void mlk_calibration_bins(const MlkCut *cut, int64_t n_cuts, int bins, bool quantiles, MlkCalibrationBin *out);

/* ---- lift ---- */

typedef struct MlkLiftGroup
{
	int64_t		rows;
	double		positives;
	double		gain;			/* share of all positives in this group and those before it; NaN without positives */
	double		ks;				/* gain less the same share of the other rows; NaN without both */
} MlkLiftGroup;

/*
 * Groups of equal size (the first ones have a row more where n is no multiple), highest scores first.  Rows of
 * equal score that a boundary parts count on either side with the share of positives among them: what a random order of these rows
 * gives on average.  out[groups]; groups <= rows.
 */
extern void mlk_lift_groups(const MlkCut *cut, int64_t n_cuts, int groups, MlkLiftGroup *out);

/* ---- thresholds ---- */

/* cost of a row by what became of it */
typedef struct MlkCosts
{
	double		tp,
				fp,
				fn,
				tn;
} MlkCosts;

/* all: the last cut */
extern double mlk_cut_f1(const MlkCut *cut, const MlkCut *all);	/* 0 without a hit */
extern double mlk_cut_cost(const MlkCut *cut, const MlkCut *all, const MlkCosts *costs);

/*
 * The cut of least cost, or without costs of the best f1; the highest one where several are equal.  -1: no cut beats taking no row at all as
 * positive.
 */
extern int64_t mlk_best_cut(const MlkCut *cut, int64_t n_cuts, const MlkCosts *costs);

#endif							/* MLK_CURVES_H */
