/*
 * contract.h: contracts as trainings use them.
 */
#ifndef ML_API_CONTRACT_H
#define ML_API_CONTRACT_H

#include "dataset/source.h"

/* ERROR 23514 naming the rules of severity error that the source breaks, a WARNING each for the others */
extern void ml_contract_enforce(const char *name, const MlSource *source);

#endif							/* ML_API_CONTRACT_H */
