/*
 * call_site.h: functions of a row and a model, called once a row.
 */
#ifndef ML_CALL_SITE_H
#define ML_CALL_SITE_H

#include "postgres.h"
#include "fmgr.h"
#include "scoring/scorer.h"

/* what a function asks of models; static, one a function */
typedef struct MlCallKind
{
	void		(*check) (const MlModel *model);	/* ERROR unless the model has this kind of answer; called when the model is met first */
	bool		whole_row;		/* argument 1 is the whole row and others follow; else the values may be arguments 1, 2, ... */
} MlCallKind;

/*
 * Argument 0 names the model.  Its outputs for the row of this call, valid until the next one; NULL for a NULL model or row.  *model is
 * set unless the result is NULL.
 */
extern const double *ml_call_score(FunctionCallInfo fcinfo, const MlCallKind *kind, const MlModel **model);

/* checks for MlCallKind */
extern void ml_call_check_classes(const MlModel *model);

#endif							/* ML_CALL_SITE_H */
