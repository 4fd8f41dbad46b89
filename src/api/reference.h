/*
 * reference.h: the training distribution that a version keeps, as JSON and back.
 */
#ifndef ML_REFERENCE_H
#define ML_REFERENCE_H

#include "postgres.h"
#include "utils/jsonb.h"
#include "dataset/dataset.h"

/*
 * [{"feature": "age", "edges": [...], "counts": [...]}, {"feature": "city", "labels": [...], "counts": [...]}, ...];
 * the last count is that of NULL
 */
extern Jsonb *ml_reference_json(const MlReference *reference, int n);
/* ERROR XX001 when it is not of that form */
extern MlReference *ml_reference_parse(Jsonb *json, int *n);

#endif							/* ML_REFERENCE_H */
