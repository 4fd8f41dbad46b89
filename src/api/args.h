/*
 * args.h: arguments in, result rows and JSON out: what every SQL-callable function repeats.
 */
#ifndef ML_ARGS_H
#define ML_ARGS_H

#include "postgres.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/jsonb.h"

/* NULL when the argument is NULL */
extern char *ml_arg_text(FunctionCallInfo fcinfo, int i);
/* ERROR 22004 naming the argument when it is NULL */
extern char *ml_arg_required_text(FunctionCallInfo fcinfo, int i, const char *name);
/* elements as strings; NULL elements are an ERROR 22004; *n = -1 when the argument is NULL */
extern char **ml_arg_text_array(FunctionCallInfo fcinfo, int i, const char *name, int *n);
/* a jsonb argument that must be an object: ERROR 22023 otherwise; NULL reads as {} */
extern Jsonb *ml_arg_object(FunctionCallInfo fcinfo, int i, const char *name);

/* index of given in names[n]; ERROR 22023 "unknown <what>" with the nearest name */
extern int	ml_arg_choice(const char *what, const char *given, const char *const *names, int n);
/* ERROR 22023 naming the argument and its range unless within [min, max]; fallback for NULL */
extern int	ml_arg_int(FunctionCallInfo fcinfo, int i, const char *name, int fallback, int min, int max);

/* Datums for result columns: NULL strings and NaN become SQL NULL */
extern Datum ml_result_text(const char *value, bool *isnull);
extern Datum ml_result_float(double value, bool *isnull);

/* ---- JSON objects written as text: keys in the order they are put ---- */
extern void ml_json_key(StringInfo out, const char *key);	/* comma when needed, then "key": */
extern void ml_json_text(StringInfo out, const char *key, const char *value);	/* NULL = null */
extern void ml_json_float(StringInfo out, const char *key, double value);	/* NaN and infinities = null */
extern void ml_json_int(StringInfo out, const char *key, int64 value);
extern void ml_json_jsonb(StringInfo out, const char *key, Jsonb *value);	/* NULL = null */
extern void ml_json_text_array(StringInfo out, const char *key, char *const *values, int n);	/* n < 0 = null */
extern Jsonb *ml_json_parse(const char *text);

/* ---- JSON objects read back; absent and null are the same ---- */
extern JsonbValue *ml_json_get(Jsonb *object, const char *key);
extern char *ml_json_get_text(Jsonb *object, const char *key);
extern char **ml_json_get_text_array(Jsonb *object, const char *key, int *n);	/* *n = -1 when absent */
extern double *ml_json_get_floats(Jsonb *object, const char *key, int *n);
extern Jsonb *ml_json_get_object(Jsonb *object, const char *key);	/* {} when absent */

#endif							/* ML_ARGS_H */
