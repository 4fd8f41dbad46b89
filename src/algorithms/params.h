/*
 * params.h: checked parameters, as the files of parameters see them; everybody else goes through algorithm.h.
 */
#ifndef ML_PARAMS_H
#define ML_PARAMS_H

#include "algorithms/algorithm.h"

typedef struct MlParamValue
{
	bool		is_null;
	double		number;			/* INT, REAL; BOOL: 0 or 1; NaN for a word in its place */
	char	   *text;			/* ENUM, and whatever else was given as a word */
	double	   *list;			/* INT_LIST */
	int			n_list;
	JsonbValue	json;			/* as given, for the record */
	bool		given;			/* by the caller */
} MlParamValue;

struct MlParams
{
	const MlAlgorithm *algorithm;
	const MlParamSpec **specs;	/* of ml_params_specs */
	int			n;
	int			n_own;			/* the algorithm's own come first */
	MlParamValue *values;		/* one per spec */
};

/* the value of a parameter, or NULL when the algorithm has none of that name */
extern const MlParamValue *ml_params_value(const MlParams *p, const char *name);

/* double of a JSON number: nearest, infinite when out of range */
extern double ml_params_json_number(const JsonbValue *value);

/* the allowed values in words: "a number greater than 0", "an integer from 1 to 1000", "one of l2, l1" (param_values.c) */
extern char *ml_params_describe(const MlParamSpec *spec);
/* a value as the caller would know it again, cut to a readable length */
extern char *ml_params_show(const JsonbValue *value);
/* store value when it fits the row of the table */
extern bool ml_params_accept(const MlParamSpec *spec, const JsonbValue *value, MlParamValue *out);
/* {"cost": {"fp": cost, "fn": cost}}, costs >= 0 and one of them above 0; false for anything else (param_values.c) */
extern bool ml_params_read_costs(const JsonbValue *value, double *false_positive, double *false_negative);
/* text is one of choices, "a|b|c" */
extern bool ml_params_is_choice(const char *choices, const char *text);

#endif							/* ML_PARAMS_H */
