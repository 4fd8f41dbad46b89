/*
 * associate.h: how the columns of a source go together, with one another and with a target.
 *
 * Numbers, times, intervals and booleans are numbers; texts, enums and uuids are categories.  Columns of other types are left out.
 */
#ifndef ML_QUALITY_ASSOCIATE_H
#define ML_QUALITY_ASSOCIATE_H

#include "dataset/dataset.h"

typedef enum MlCorrelationMethod
{
	ML_CORRELATION_AUTO,		/* by the pair: pearson, cramers_v, correlation_ratio */
	ML_CORRELATION_PEARSON,
	ML_CORRELATION_SPEARMAN,
	ML_CORRELATION_CRAMERS_V,
	ML_CORRELATION_CRAMERS_V_CORRECTED,
	ML_CORRELATION_RATIO,
	ML_CORRELATION_METHODS
} MlCorrelationMethod;

extern const char *const ml_correlation_names[ML_CORRELATION_METHODS];

typedef struct MlCorrelation
{
	const char *a;
	const char *b;
	MlCorrelationMethod method;
	double		value;			/* NaN: one of the two does not vary */
	int64		rows;			/* where both have a value */
} MlCorrelation;

/*
 * One entry a pair of columns, in the order of the source; NULL columns: all that the method can use, others are named in a NOTICE.
 * ERROR 42703 unknown column, 42804 a named column that the method cannot use, 02000 no rows.
 */
extern MlCorrelation *ml_correlations(MlSource *source, MlCorrelationMethod method, char **columns, int n_columns,
									  MlBudget *budget, MlkPool *pool, int *n);

typedef struct MlAssociation
{
	const char *feature;
	double		information;	/* nats */
	double		share;			/* of the target's entropy; NaN for a number as target */
	const char *method;
	int64		rows;
} MlAssociation;

/* one entry a column but target, most informative first; errors as above */
extern MlAssociation *ml_associations(MlSource *source, const char *target, char **columns, int n_columns,
									  MlBudget *budget, MlkPool *pool, int *n);

/* ---- shared by both ---- */

/*
 * Places (0-based) of the columns asked for in source->desc, NULL: all; *n of them.  skip: one that is left out, or NULL.
 * Columns of a type that is no feature, and arrays, are an ERROR 42804 when named, else left out with a NOTICE.
 */
extern int *ml_associate_columns(const MlSource *source, char **columns, int n_columns, const char *skip, int *n);
extern int	ml_source_attribute(const MlSource *source, const char *name);	/* ERROR 42703 */

#endif							/* ML_QUALITY_ASSOCIATE_H */
