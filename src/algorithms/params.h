/*
 * params.h: checked parameters, as params.c and class_weights.c see them; everybody else goes through algorithm.h.
 */
#ifndef ML_PARAMS_H
#define ML_PARAMS_H

#include "algorithms/algorithm.h"

typedef struct MlParamValue
{
	bool		is_null;
	double		number;			/* INT, REAL; BOOL: 0 or 1 */
	char	   *text;			/* ENUM, and CLASS_WEIGHT when it is a word */
	JsonbValue	json;			/* as given, for the record */
} MlParamValue;

struct MlParams
{
	const MlAlgorithm *algorithm;
	int			n;
	MlParamValue *values;		/* one per row of algorithm->params */
};

/* the value of a parameter, or NULL when the algorithm has none of that name */
extern const MlParamValue *ml_params_value(const MlParams *p, const char *name);

/* double of a JSON number: nearest, infinite when out of range */
extern double ml_params_number(const JsonbValue *value);

#endif							/* ML_PARAMS_H */
