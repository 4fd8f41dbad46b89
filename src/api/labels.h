/*
 * labels.h: class labels: texts of the target column as sorted classes, and back.
 */
#ifndef ML_LABELS_H
#define ML_LABELS_H

#include "postgres.h"
#include "dataset/dataset.h"
#include "scoring/scorer.h"

#define ML_MAX_CLASSES 1000
#define ML_UNKNOWN_CLASS (-1)

/*
 * Classes that occur in the training rows, in the order of the target's type (numbers by value, enums by declaration, text
 * by C collation): fills task-independent fields target_type, n_classes, classes and class_value of model.
 * ERROR 22023 for fewer than two classes, 54000 for more than ML_MAX_CLASSES.
 */
extern void ml_labels_learn(MlModel *model, const MlColumn *target, const MlRows *rows);

/* class of each dictionary entry from `from` on, ML_UNKNOWN_CLASS for a label the model does not know */
extern void ml_labels_map(const MlModel *model, const MlDictionary *dict, uint32 from, int32 *class_of_code);

/* the target of a model as a column to read; ERROR 42703, 42804 when the source has none that fits */
extern MlColumnRequest ml_labels_request(const MlModel *model, const MlSource *source);

/* class index of rows order[0..n) */
extern void ml_labels_gather(const MlModel *model, const MlColumn *target, const uint32 *order, int64 n, int32 *label);

#endif							/* ML_LABELS_H */
