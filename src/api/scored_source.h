/*
 * scored_source.h: truth and prediction of every row of a source, slice by slice: what all evaluations start from.
 */
#ifndef ML_SCORED_SOURCE_H
#define ML_SCORED_SOURCE_H

#include "postgres.h"
#include "api/report.h"
#include "dataset/source.h"
#include "scoring/scorer.h"

#define ML_MOST_SLICES 10000

/* rows [start[s], start[s + 1]) are slice s */
typedef struct MlScoredSource
{
	const MlModel *model;
	int64		n;
	double	   *y;				/* regression */
	int32	   *label;			/* classification */
	double	   *out;			/* n rows of ml_model_outputs(model) */
	int			n_slices;		/* 1 without by */
	char	  **slice;			/* value of each, in its order; NULL: NULL, or no by */
	int64	   *start;
	Size		bytes;			/* of truth and predictions */
} MlScoredSource;

/*
 * Reads the source once, in the current memory context.  by: column whose values are the slices, or NULL.  Rows without a
 * target and rows of a class that the model does not know are left out, with a NOTICE.  ERROR 02000 when no row is left, 42703 for an unknown
 * column, 54000 for more than ML_MOST_SLICES, 53200 over mlops.max_memory.
 */
extern MlScoredSource *ml_scored_source_read(const MlModel *model, MlSource *source, const char *by);

/* the rows of a slice, as a report wants them */
extern MlScored ml_scored_slice(const MlScoredSource *source, int slice);

#endif							/* ML_SCORED_SOURCE_H */
