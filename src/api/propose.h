/*
 * propose.h: the point of a search space where the next trial promises most.
 */
#ifndef ML_PROPOSE_H
#define ML_PROPOSE_H

#include "api/contest.h"

/*
 * reference: a candidate judged on all folds, or NULL when all tried ones were judged on the same folds; candidates are compared by how far
 * they differ from it on the folds they have in common.
 *
 * By expected improvement under a Gaussian process of the candidates' means (kernels/gaussian_process.h); those that failed or are not
 * defined count as the worst.  tried[n] come from this space; with fewer than two of different values the point is drawn at random.
 */
extern void ml_propose(const MlContest *contest, const MlSearch *search, MlCandidate *const *tried, int n, const MlCandidate *reference,
					   MlkRng *rng, double *point);

#endif							/* ML_PROPOSE_H */
