/*
 * literal.c: values of rules as constants of a column's type.
 *
 * Nothing a caller or the data gives is put into SQL but through here: as a quoted string with a cast, and only after the type's own
 * input function has taken it.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "cleaning/plan.h"

void
ml_cleaning_check_value(const char *value, Oid type)
{
	Oid			input;
	Oid			parameter;

	getTypeInputInfo(type, &input, &parameter);
	(void) OidInputFunctionCall(input, unconstify(char *, value), parameter, -1);
}

char *
ml_cleaning_literal(const char *value, Oid type)
{
	return psprintf("%s::%s", quote_literal_cstr(value), format_type_be_qualified(type));
}

/* largest magnitude of an integer type; 0 for others */
static double
integer_limit(Oid type)
{
	switch (type)
	{
		case INT2OID:
			return PG_INT16_MAX;
		case INT4OID:
			return PG_INT32_MAX;
		case INT8OID:
			return (double) PG_INT64_MAX;
		default:
			return 0;
	}
}

char *
ml_cleaning_bound(const char *value, Oid type, bool lower)
{
	double		limit = integer_limit(type);
	Datum		number;

	if (limit == 0)
	{
		ml_cleaning_check_value(value, type);
		return pstrdup(value);
	}
	/* 2.5 is a bound of integers: whole numbers of at least 3, or of at most 2 */
	ml_cleaning_check_value(value, NUMERICOID);
	number = DirectFunctionCall3(numeric_in, CStringGetDatum(value), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	if (numeric_is_nan(DatumGetNumeric(number)) || fabs(strtod(value, NULL)) >= limit)
		return NULL;
	number = DirectFunctionCall1(lower ? numeric_ceil : numeric_floor, number);
	return DatumGetCString(DirectFunctionCall1(numeric_out, number));
}

char *
ml_cleaning_number_text(double value, Oid type)
{
	char		text[DOUBLE_SHORTEST_DECIMAL_LEN];
	double		limit = integer_limit(type);

	if (!isfinite(value))
		return NULL;
	if (limit != 0)
		return fabs(value) >= limit ? NULL : psprintf("%.0f", rint(value));
	double_to_shortest_decimal_buf(value, text);
	return pstrdup(text);
}
