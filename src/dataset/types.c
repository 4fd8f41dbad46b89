/*
 * types.c: which SQL types a model can use, and the number in a Datum.
 *
 * The loader, and the scorer for single rows, take numbers from here, so a value means the same at training
 * and at scoring.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "datatype/timestamp.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "dataset/dataset.h"

#define UNIX_EPOCH_DAYS (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)
#define UNIX_EPOCH_USECS ((int64) UNIX_EPOCH_DAYS * USECS_PER_DAY)

/*
 * numeric_send's format: int16 count of base-10000 digits, weight of the first, sign, display scale, digits.
 */
#define NUMERIC_HEADER 8
#define NUMERIC_BASE 10000
#define NUMERIC_BASE_DIGITS 4
#define NUMERIC_NEGATIVE 0x4000 /* sign field of a finite negative number */

/* powers of ten that a double holds exactly */
static const double power_of_ten[] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22
};

static bool
is_number(MlType type)
{
	return type == ML_TYPE_BOOL || type == ML_TYPE_INTEGER || type == ML_TYPE_FLOAT;
}

/*
 * pgvector's extension and type are both called "vector".  Its layout, which its authors keep for the sake of pg_upgrade: the
 * varlena header, number of elements and an unused field of 16 bits each, then the elements as float4.
 */
#define VECTOR_NAME "vector"

typedef struct VectorValue
{
	int32		vl_len_;
	int16		n;
	int16		unused;
	float4		element[FLEXIBLE_ARRAY_MEMBER];
} VectorValue;

bool
ml_type_is_vector(Oid base_type)
{
	HeapTuple	tuple;
	bool		named;
	Oid			extension;
	char	   *name;

	if (base_type < FirstNormalObjectId)
		return false;
	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(base_type));
	if (!HeapTupleIsValid(tuple))
		return false;
	named = strcmp(NameStr(((Form_pg_type) GETSTRUCT(tuple))->typname), VECTOR_NAME) == 0 &&
		((Form_pg_type) GETSTRUCT(tuple))->typlen == -1;
	ReleaseSysCache(tuple);
	if (!named)
		return false;
	extension = getExtensionOfObject(TypeRelationId, base_type);
	name = OidIsValid(extension) ? get_extension_name(extension) : NULL;
	return name != NULL && strcmp(name, VECTOR_NAME) == 0;
}

const float4 *
ml_type_vector(Datum value, int *n)
{
	VectorValue *vector = (VectorValue *) PG_DETOAST_DATUM(value);
	Size		size = VARSIZE(vector);

	*n = size < offsetof(VectorValue, element) ? -1 : vector->n;
	if (*n < 0 || size != offsetof(VectorValue, element) + sizeof(float4) * (Size) *n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("a value of type vector has an unknown layout"),
				 errdetail("It has %zu bytes for %d elements.", size, *n),
				 errhint("Cast the column to real[] in the source.")));
	return vector->element;
}

/* Types outside the fixed list: enums, arrays of numbers, and string types of extensions such as citext. */
static bool
classify_other(Oid base, MlType *out)
{
	Oid			element = get_element_type(base);
	MlType		element_type;
	char		category;
	bool		preferred;

	if (OidIsValid(element))
	{
		*out = ML_TYPE_ARRAY;
		return ml_type_classify(element, &element_type) && is_number(element_type);
	}
	*out = ML_TYPE_ARRAY;
	if (ml_type_is_vector(base))
		return true;
	*out = ML_TYPE_CATEGORY;
	if (type_is_enum(base))
		return true;
	get_type_category_preferred(base, &category, &preferred);
	return category == TYPCATEGORY_STRING;
}

bool
ml_type_classify(Oid type, MlType *out)
{
	Oid			base = getBaseType(type);

	switch (base)
	{
		case BOOLOID:
			*out = ML_TYPE_BOOL;
			return true;
		case INT2OID:
		case INT4OID:
		case INT8OID:
			*out = ML_TYPE_INTEGER;
			return true;
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			*out = ML_TYPE_FLOAT;
			return true;
		case DATEOID:
		case TIMEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			*out = ML_TYPE_TIME;
			return true;
		case INTERVALOID:
			*out = ML_TYPE_INTERVAL;
			return true;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case NAMEOID:
		case UUIDOID:
			*out = ML_TYPE_CATEGORY;
			return true;
		default:
			return classify_other(base, out);
	}
}

const char *
ml_type_name(MlType type)
{
	switch (type)
	{
		case ML_TYPE_BOOL:
			return "boolean";
		case ML_TYPE_INTEGER:
			return "integer";
		case ML_TYPE_FLOAT:
			return "number";
		case ML_TYPE_TIME:
			return "time";
		case ML_TYPE_INTERVAL:
			return "interval";
		case ML_TYPE_CATEGORY:
			return "category";
		case ML_TYPE_ARRAY:
			return "array";
	}
	return "unknown";
}

static inline int
get_int16(const unsigned char *p)
{
	return (int16) (p[0] << 8 | p[1]);
}

/*
 * Up to 2^53 / 10^k with k <= 22 both sides of the division are exact, so the quotient is the correctly rounded
 * value; that covers nearly all numerics met in tables.  The rest goes the server's way through text.
 * (Measured beside numeric_float8_no_overflow on numeric(12,2): about half of its time.)
 */
static double
numeric_number(Datum value)
{
	bytea	   *sent = DatumGetByteaPP(DirectFunctionCall1(numeric_send, value));
	const unsigned char *p = (const unsigned char *) VARDATA_ANY(sent);
	int			digits = get_int16(p);
	int			weight = get_int16(p + 2);
	int			sign = get_int16(p + 4);
	int			scale = (digits - 1 - weight) * NUMERIC_BASE_DIGITS;
	int64		whole = 0;
	double		result;

	if (digits > 4 || (sign != 0 && sign != NUMERIC_NEGATIVE) || scale > 22 || scale < -22)
		return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
	if (digits == 0)
		return 0.0;
	for (int i = 0; i < digits; i++)
		whole = whole * NUMERIC_BASE + get_int16(p + NUMERIC_HEADER + 2 * i);
	if (whole > (INT64CONST(1) << 53))
		return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
	result = scale >= 0 ? (double) whole / power_of_ten[scale] : (double) whole * power_of_ten[-scale];
	return sign == NUMERIC_NEGATIVE ? -result : result;
}

/* -infinity and infinity keep their meaning */
static double
timestamp_number(Timestamp value)
{
	if (TIMESTAMP_IS_NOBEGIN(value))
		return -INFINITY;
	if (TIMESTAMP_IS_NOEND(value))
		return INFINITY;
	/* 294276 AD is 9.3e18 microseconds after 1970, beyond an int64: add the epoch as a double there */
	if (value > PG_INT64_MAX - UNIX_EPOCH_USECS)
		return ((double) value + (double) UNIX_EPOCH_USECS) / 1e6;
	return (double) (value + UNIX_EPOCH_USECS) / 1e6;
}

static double
date_number(DateADT value)
{
	if (DATE_IS_NOBEGIN(value))
		return -INFINITY;
	if (DATE_IS_NOEND(value))
		return INFINITY;
	return ((double) value + UNIX_EPOCH_DAYS) * SECS_PER_DAY;
}

static double
interval_number(const Interval *value)
{
	return ((double) value->month * DAYS_PER_MONTH + value->day) * SECS_PER_DAY + (double) value->time / 1e6;
}

double
ml_type_number(Oid base_type, Datum value)
{
	switch (base_type)
	{
		case BOOLOID:
			return DatumGetBool(value) ? 1.0 : 0.0;
		case INT2OID:
			return DatumGetInt16(value);
		case INT4OID:
			return DatumGetInt32(value);
		case INT8OID:
			return (double) DatumGetInt64(value);
		case FLOAT4OID:
			return DatumGetFloat4(value);
		case FLOAT8OID:
			return DatumGetFloat8(value);
		case NUMERICOID:
			return numeric_number(value);
		case DATEOID:
			return date_number(DatumGetDateADT(value));
		case TIMEOID:
			return (double) DatumGetTimeADT(value) / 1e6;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return timestamp_number(DatumGetTimestamp(value));
		case INTERVALOID:
			return interval_number(DatumGetIntervalP(value));
		default:
			elog(ERROR, "type %u is no number", base_type);
	}
	return 0.0;					/* not reached */
}
