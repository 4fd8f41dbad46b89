/*
 * inspect.h: what is wrong with the data of a training, as far as the data itself tells.
 *
 * Looks at a uniform sample of the training rows (the first of the canonical order), so that it costs the same for a
 * million rows as for ten thousand.
 */
#ifndef ML_QUALITY_INSPECT_H
#define ML_QUALITY_INSPECT_H

#include "postgres.h"
#include "dataset/dataset.h"

typedef struct MlFinding
{
	const char *finding;		/* "leak", "repeated_rows", ... */
	bool		warning;		/* a training says so in a NOTICE; else it is worth knowing */
	const char *column;			/* NULL: about the rows, or the target */
	double		value;			/* of the measure that detail names */
	char	   *detail;			/* one sentence without a full stop */
	const char *hint;			/* what to do; NULL: nothing */
} MlFinding;

typedef struct MlFindings
{
	int			n;
	int			room;
	MlFinding  *items;
} MlFindings;

/* the data of a training before it is preprocessed */
typedef struct MlInspected
{
	const MlDataset *data;
	const MlRows *rows;
	const int  *features;		/* columns in use */
	int			n_features;
	int			n_offered;		/* columns 0 .. n_offered - 1 of the data were offered as features */
	int			split_column;	/* -1: none */
	bool		by_time;		/* the split is by that column's time */
	const char *target;
	const double *y;			/* in canonical order: regression */
	const int32 *label;			/* classification; negative: a label that no training row has */
	int			n_classes;
	char *const *classes;
	double		now;			/* seconds since 1970-01-01 UTC */
} MlInspected;

extern MlFinding *ml_findings_add(MlFindings *findings, const char *finding, bool warning, const char *column, double value);

/* in the current memory context; polls for interrupts */
extern void ml_inspect_data(const MlInspected *in, MlkPool *pool, MlFindings *findings);

#endif							/* ML_QUALITY_INSPECT_H */
