/*
 * interrupts.h: how kernels, which may not throw, stop on Ctrl-C.
 *
 * Pools get ml_stop_requested as their stop callback.  A kernel that returns
 * MLK_CANCELLED has joined its threads already; ml_check_status() then raises
 * the cancel in the ordinary way.
 */
#ifndef ML_INTERRUPTS_H
#define ML_INTERRUPTS_H

#include "postgres.h"
#include "miscadmin.h"
#include "kernels/mlk.h"

static inline bool
ml_stop_requested(void)
{
	return InterruptPending && (QueryCancelPending || ProcDiePending);
}

/* MLK_OK and MLK_NOT_CONVERGED pass; every other status is an ERROR */
static inline void
ml_check_status(MlkStatus status)
{
	CHECK_FOR_INTERRUPTS();
	switch (status)
	{
		case MLK_OK:
		case MLK_NOT_CONVERGED:
			return;
		case MLK_CANCELLED:
			ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED), errmsg("canceling statement due to user request")));
			break;
		case MLK_NO_MEMORY:
			ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
			break;
		case MLK_SINGULAR:
		case MLK_NOT_FINITE:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("the computation left the range of double precision"),
					 errhint("Look for extreme values in the features, or scale them with preprocess => '{\"*\": {\"scale\": \"standard\"}}'.")));
			break;
	}
}

#endif							/* ML_INTERRUPTS_H */
