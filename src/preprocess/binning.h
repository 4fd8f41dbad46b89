/*
 * binning.h: what the two ways to bins share: columns read one by one (binning.c), and whole rows by stages (binning_stages.c).
 */
#ifndef ML_PREP_BINNING_H
#define ML_PREP_BINNING_H

#include "preprocess/prep.h"

#define ML_BIN_SAMPLE_ROWS 200000	/* scikit-learn's _BinMapper takes as many */
#define ML_BIN_MIN_SAMPLE_ROWS 1000
#define ML_BIN_SAMPLE_VALUES (16 * 1024 * 1024) /* 128 MB: of one long array, or of all numbers, whose sample has fewer rows then */
#define ML_BIN_PADDING 64		/* bytes behind a column's bins that may be read, and where rows without a place go */

/* describe the features that are categories */
extern void ml_prep_bin_categories(const MlkBlock *blocks, int n_blocks, MlkBinFeature *features);
extern MlkBinned *ml_prep_bin_stages(const MlPrep *prep, const MlDataset *data, const MlRows *rows, int max_bins,
									 MlBudget *budget, MlkPool *pool);

#endif							/* ML_PREP_BINNING_H */
