/*
 * keep.h: what stages that leave columns out have in common.
 */
#ifndef ML_PREP_KEEP_H
#define ML_PREP_KEEP_H

#include "preprocess/stage.h"

/* begins the struct of such a stage; made by fit and read, the rest by ml_keep_shape */
typedef struct MlKeep
{
	MlStage		stage;
	bool	   *kept;			/* a column of in */
	double	   *score;			/* a column of in: what decided on it */

	int		   *source;			/* a column of out: the column of in */
	int		   *block;			/* a block of out: the block of in */
	uint32	  **code;			/* a block of out: its code for each code of the block of in, or MLK_NO_CODE; NULL: unchanged */
} MlKeep;

/* kept and score, for fit to fill in */
extern void ml_keep_make(MlKeep *keep);
/* the functions of the kind */
extern void ml_keep_shape(MlStage *stage);
extern void ml_keep_apply(const MlStage *stage, int64 n, double *dense, const uint32 *codes, double *out, uint32 *out_codes,
						  void *scratch);
extern int	ml_keep_source(const MlStage *stage, int k);
extern void ml_keep_write(const MlStage *stage, MlBlobWriter *w);
extern void ml_keep_read(MlStage *stage, MlBlobReader *r);

/* rows of each code of a block, and behind them those without a column or a category; palloc'd */
extern int64 *ml_keep_count_codes(const MlStage *stage, const MlStageFit *data, int block, int *n_codes);

/* what is not 0 of a block of vectors: column is of in */
typedef void (*MlEntryFn) (void *arg, int64 row, int column, double value);
extern void ml_keep_each_entry(const MlStage *stage, const MlStageFit *data, int block, MlEntryFn fn, void *arg);

#endif							/* ML_PREP_KEEP_H */
