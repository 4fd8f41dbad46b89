/*
 * scorer.h: a version ready to score: preprocessing + fitted state + labels, one row or a block of rows.
 *
 * Models are immutable and cached per backend by version id (cache.c); a statement pins what it uses.
 */
#ifndef ML_SCORER_H
#define ML_SCORER_H

#include "postgres.h"
#include "algorithms/algorithm.h"
#include "catalog/catalog.h"
#include "preprocess/preprocess.h"
#include "scoring/held.h"

typedef struct MlModel
{
	/* what the bytes hold */
	MlTask		task;
	MlType		target_type;	/* class of the target's type, for mlops_predict */
	char	   *target;			/* column name of the target */
	int			n_classes;
	char	  **classes;		/* sorted; binary: [1] is the positive one */
	double	   *class_value;	/* number of each class; NaN when the label is no number or boolean */
	MlPrep	   *prep;
	const MlAlgorithm *algorithm;
	void	   *state;
	const MlHeld *held;			/* NULL: nothing was learned of held-back rows */

	/* what the catalog adds */
	char	   *name;			/* 'churn/3', for messages */
	int64		version_id;
	MemoryContext context;
	Size		bytes;			/* memory of the context */
	int			pins;
} MlModel;

/* ---- bytes (model_bytes.c) ---- */
extern uint8 *ml_model_write(const MlModel *model, Size *len);
extern MlModel *ml_model_read(const uint8 *data, Size len); /* in the current context; ERROR XX001 on bad bytes */

/* ---- cache (cache.c) ---- */
/* pinned until ml_model_release or the end of the transaction, whichever comes first */
extern MlModel *ml_model_acquire(const MlModelRef *ref);
extern void ml_model_release(MlModel *model);
/* of this backend, since it started; any pointer may be NULL */
extern void ml_cache_stats(int64 *entries, int64 *bytes, int64 *hits, int64 *misses);

/* ---- blocks of rows (scorer.c) ---- */
static inline int
ml_model_outputs(const MlModel *model)
{
	return model->task == ML_TASK_REGRESSION ? 1 : model->n_classes;
}

/* out[rows * outputs] of rows [from, from + rows) of the design, calibrated; what every way of scoring comes down to; as thread-safe as predict */
static inline void
ml_model_predict_rows(const MlModel *model, const MlkDesign *x, int64 from, int64 rows, double *out)
{
	model->algorithm->predict(model->state, x, from, rows, out);
	if (unlikely(model->held != NULL) && model->held->calibrators != NULL)
		mlk_calibrate_rows(model->held->calibrators, model->held->log_odds, model->n_classes, out, rows);
}

/* out[n * outputs]: all rows of the design, in parallel blocks of 1024 rows */
extern void ml_model_predict(const MlModel *model, const MlkDesign *x, double *out, MlkPool *pool);
extern int	ml_model_argmax(const double *prob, int n_classes); /* first on ties; binary: 1 when prob[1] > 0.5 */

/* the probability from which on a row is positive, or NULL: the likeliest class is predicted */
static inline const double *
ml_model_threshold(const MlModel *model)
{
	return model->held != NULL && model->held->has_threshold ? &model->held->threshold : NULL;
}

/* the class predicted for a row of these probabilities */
static inline int
ml_model_decide(const MlModel *model, const double *prob)
{
	if (unlikely(model->held != NULL) && model->held->has_threshold)
		return prob[1] >= model->held->threshold;
	return ml_model_argmax(prob, model->n_classes);
}

/*
 * Stream a source through the model in batches.  request lists further columns (target, weight, key) the caller wants; they
 * follow the model's inputs in batch->columns; where rows were left out, the last batch may be empty.  Missing or retyped inputs: ERROR before a row is read.
 */
typedef void (*MlScoredFn) (const MlDataset *batch, int first_extra, const double *out, void *arg);
extern int64 ml_model_stream(const MlModel *model, MlSource *source, const MlColumnRequest *extra, int n_extra,
							 MlScoredFn fn, void *arg);

/* the same without predictions: fn sees the rows as the model would, in the order of the source; x is valid for the call */
typedef void (*MlPreparedFn) (const MlkDesign *x, void *arg);
extern int64 ml_model_stream_prepared(const MlModel *model, MlSource *source, MlPreparedFn fn, void *arg);

/* position (1-based) of each input of the model in desc, checked: ERROR 42703 missing, 42804 another kind */
extern void ml_model_match_columns(const MlModel *model, TupleDesc desc, int *attnums);
/* ERROR 42804 unless a value of type given can stand for the input */
extern void ml_model_check_type(const MlModel *model, const MlInput *input, Oid given);

#endif							/* ML_SCORER_H */
