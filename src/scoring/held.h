/*
 * held.h: what rows that were held back from the fit taught about a model: probabilities corrected, a decision threshold, and the errors
 * from which intervals and label sets with a promised coverage are made.
 */
#ifndef ML_HELD_H
#define ML_HELD_H

#include "postgres.h"
#include "kernels/calibration.h"
#include "model/blob.h"

/* conformal scores are stored in full up to here, and as that many of their quantiles above */
#define ML_CONFORMAL_POINTS 10000

typedef struct MlHeld
{
	MlkCalibrator *calibrators; /* NULL: probabilities are the algorithm's own; else one for two classes, one a class for more */
	int			n_calibrators;
	bool		log_odds;		/* of what the calibrators were fitted to */

	bool		has_threshold;	/* two classes: positive where the probability is >= threshold */
	double		threshold;

	int64		conformal_rows; /* 0: trained without "conformal" */
	int			n_points;
	double	   *point;			/* ascending; of the scores |y - prediction|, or 1 - probability of the true class */
} MlHeld;

/*
 * The size of error that a new row's stays within with probability >= coverage (0 < coverage < 1); infinite when there are too few
 * held-back rows to say.
 */
extern double ml_held_quantile(const MlHeld *held, double coverage);

extern void ml_held_write(const MlHeld *held, MlBlobWriter *w);
/* palloc'd; calls ml_blob_fail and returns NULL on bad bytes.  n_classes 0: a regression */
extern MlHeld *ml_held_read(MlBlobReader *r, int n_classes);

#endif							/* ML_HELD_H */
