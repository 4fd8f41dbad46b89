/*
 * chain.h: the stages of a preprocessing, one after the other.
 */
#ifndef ML_PREP_CHAIN_H
#define ML_PREP_CHAIN_H

#include "preprocess/prep.h"
#include "preprocess/stage.h"

/* where rows pass through the chain; one a thread */
typedef struct MlChainSpace
{
	double	   *dense[2];		/* [0] takes the raw outputs of the steps */
	uint32	   *codes[2];
	void	   *scratch;
} MlChainSpace;

/* rows that pass through at a time */
extern int64 ml_chain_rows(const MlPrep *prep);
/* room for workers, from the budget, or without one from the current memory context; *memory is what to free */
extern MlChainSpace *ml_chain_spaces(const MlPrep *prep, int workers, int64 rows, MlBudget *budget, void **memory);
/* n raw rows in the space (dense[0], codes[0]) to rows of the design; on any thread */
extern void ml_chain_apply(const MlPrep *prep, MlChainSpace *space, int64 n, double *dense, uint32 *codes);

/* the stages that the options ask for, not yet fitted */
extern void ml_chain_choose(MlPrep *prep, Jsonb *options, const MlPrepDefaults *defaults);

/*
 * Fitting on the first n_moments of the pass's rows and taking all of them along, in two parts: on the raw outputs, and on what
 * imputing and scaling made of them.  The second may replace the pass's arrays.
 */
extern void ml_chain_fit_raw(MlPrep *prep, MlPass *pass, const MlPrepTarget *target, MlBudget *budget, MlkPool *pool);
extern void ml_chain_fit(MlPrep *prep, MlPass *pass, const MlPrepTarget *target, MlBudget *budget, MlkPool *pool);

/* shape of the design; once all is fitted or read */
extern void ml_chain_outline(MlPrep *prep);

/* names of the columns that enter stage i; palloc'd */
extern const char *const *ml_chain_names(const MlPrep *prep, int i);
/* column of the steps that a design column is, -1 when a stage made it */
extern int	ml_chain_source(const MlPrep *prep, int column);

extern void ml_chain_write(const MlPrep *prep, MlBlobWriter *w);
extern void ml_chain_read(MlPrep *prep, MlBlobReader *r);

#endif							/* ML_PREP_CHAIN_H */
