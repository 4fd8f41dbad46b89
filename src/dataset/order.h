/*
 * order.h: hashes of rows (private to the dataset room).
 */
#ifndef ML_ORDER_H
#define ML_ORDER_H

#include "dataset/dataset.h"

/*
 * key[rows] := hash of each row over the used columns and the seed, and the seed-free fingerprint of all rows.
 */
extern uint64 ml_order_keys(const MlDataset *data, const int *used, int n_used, uint64 seed, uint64 *key, MlkPool *pool);

#endif							/* ML_ORDER_H */
