/*
 * target.h: what target encoding learns, shared by learning (target_fit.c) and applying (target.c).
 */
#ifndef ML_PREP_TARGET_H
#define ML_PREP_TARGET_H

#include "preprocess/lookup.h"

/* places in the options: append only */
enum
{
	ML_TARGET_OPTION_SMOOTH,	/* NaN: "auto" */
	ML_TARGET_OPTION_FOLDS,
	ML_TARGET_OPTION_SCALE,
	ML_TARGET_OPTION_OUTPUTS	/* set by fit */
};

/*
 * Encodings are a table of outputs numbers each for every category, then for NULL, then for what was never seen.
 */
typedef struct MlTargetEncoding
{
	MlLookup	lookup;
	int			outputs;		/* 1, or one a class of more than two */
	const char **classes;		/* outputs > 1: their labels; palloc'd */
	double	   *encoding;		/* of all training rows; in the budget or palloc'd */

	/* in the training that learned it only: encodings without a fold, for the rows of that fold */
	const MlColumn *trained_on; /* NULL: not in a training */
	int			folds;
	double	  **fold_encoding;	/* in the budget */
	int64		fold_rows;
	uint8	   *fold;			/* of rows 0 .. fold_rows - 1 of the data; >= folds: not a training row.  In the budget */
} MlTargetEncoding;

extern void ml_target_fit(MlStep *step, const MlFitInput *data);

/* numbers of a table */
static inline Size
ml_target_size(const MlTargetEncoding *t)
{
	return (Size) t->outputs * (t->lookup.kept.n + 2);
}

#endif							/* ML_PREP_TARGET_H */
