/*
 * ensemble.h: the fitted state of an ensemble, for those who make one.
 */
#ifndef ML_ENSEMBLE_H
#define ML_ENSEMBLE_H

#include "algorithms/algorithm.h"
#include "kernels/mixture.h"

#define ML_ENSEMBLE_MOST MLK_MIXTURE_MAX

/* room for the predictions of a member, on the stack of whatever thread predicts; so no more classes than that */
#define ML_ENSEMBLE_OUTPUTS 4096

typedef struct MlEnsembleMember
{
	const MlAlgorithm *algorithm;
	double		weight;			/* >= 0; 1 in sum */
	int			part;			/* of the designs */
	void	   *state;
} MlEnsembleMember;

typedef struct MlEnsemble
{
	int			outputs;
	int			n;
	MlEnsembleMember member[ML_ENSEMBLE_MOST];
} MlEnsemble;

#endif							/* ML_ENSEMBLE_H */
