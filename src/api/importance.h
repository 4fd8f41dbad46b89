/*
 * importance.h: importance by permutation: what a model loses when a column's values are dealt out anew.
 */
#ifndef ML_IMPORTANCE_H
#define ML_IMPORTANCE_H

#include "postgres.h"
#include "dataset/source.h"
#include "scoring/scorer.h"

/*
 * drop[n_inputs] := the default metric of the task on the source's rows, less its mean over some permutations of each input column.
 * The source is loaded once, within mlops.max_memory; it needs the features and the target.
 */
extern void ml_importance_permute(const MlModel *model, MlSource *source, double *drop);

#endif							/* ML_IMPORTANCE_H */
