/*
 * writers.c: from a Datum to the number, code or text a column keeps.
 *
 * Text goes to its dictionary straight from the varlena bytes, without an output function.  Labels of types passed by
 * value (integers, booleans, enums, dates) go through a small direct-mapped memo, so that their text is made once a
 * value and not once a row.  The text form of a label does not depend on the session's settings (DateStyle,
 * extra_float_digits), since it is recorded in the model.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "dataset/dictionary.h"
#include "dataset/writer.h"

#define SHORT_TEXT (MAXDATELEN + 1)	/* room for the text of any number, date or boolean */

StaticAssertDecl(MAXDATELEN >= DOUBLE_SHORTEST_DECIMAL_LEN, "a double must fit in a short text");

/* ---- text forms ---- */

/* The bytes of a string value; char(n) without its padding, which is not part of the value. */
static const char *
string_bytes(Oid type, Datum value, uint32 *length)
{
	text	   *string = DatumGetTextPP(value);
	const char *bytes = VARDATA_ANY(string);
	uint32		n = VARSIZE_ANY_EXHDR(string);

	if (type == BPCHAROID)
		while (n > 0 && bytes[n - 1] == ' ')
			n--;
	*length = n;
	return bytes;
}

/* -0 and 0 are one value and get one text */
static const char *
short_text(Oid type, Datum value, char *buffer)
{
	static const int utc = 0;
	float4		single;
	float8		wide;

	switch (type)
	{
		case BOOLOID:
			return DatumGetBool(value) ? "true" : "false";
		case INT2OID:
			pg_lltoa(DatumGetInt16(value), buffer);
			return buffer;
		case INT4OID:
			pg_lltoa(DatumGetInt32(value), buffer);
			return buffer;
		case INT8OID:
			pg_lltoa(DatumGetInt64(value), buffer);
			return buffer;
		case FLOAT4OID:
			single = DatumGetFloat4(value);
			float_to_shortest_decimal_buf(single == 0 ? 0 : single, buffer);
			return buffer;
		case FLOAT8OID:
			wide = DatumGetFloat8(value);
			double_to_shortest_decimal_buf(wide == 0 ? 0 : wide, buffer);
			return buffer;
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return JsonEncodeDateTime(buffer, value, type, &utc);
		default:
			return NULL;
	}
}

/* Text of any value, *length its bytes; valid until buffer or the current context goes. */
static const char *
value_text(MlWriter *writer, Datum value, char *buffer, uint32 *length)
{
	Oid			type = writer->column->base_type;
	const char *text;

	if (type == TEXTOID || type == VARCHAROID || type == BPCHAROID)
		return string_bytes(type, value, length);
	text = type == NAMEOID ? NameStr(*DatumGetName(value)) : short_text(type, value, buffer);
	if (text == NULL)
		text = OutputFunctionCall(&writer->output, value);
	*length = strlen(text);
	return text;
}

/* ---- categories and labels ---- */

static void
put_string(MlWriter *writer, int64 row, Datum value)
{
	uint32		length;
	const char *text = string_bytes(writer->column->base_type, value, &length);

	writer->code[row] = ml_dictionary_code(writer->column->dict, text, length);
}

static void
put_text_form(MlWriter *writer, int64 row, Datum value)
{
	char		buffer[SHORT_TEXT];
	uint32		length;
	const char *text = value_text(writer, value, buffer, &length);

	writer->code[row] = ml_dictionary_code(writer->column->dict, text, length);
}

static void
put_by_value(MlWriter *writer, int64 row, Datum value)
{
	uint64		mixed = (uint64) value * UINT64CONST(0x9e3779b97f4a7c15);
	MlMemo	   *memo = &writer->memo[(mixed >> 32) % ML_MEMO_SIZE];

	if (memo->code == ML_NULL_CODE || memo->value != value)
	{
		put_text_form(writer, row, value);
		memo->value = value;
		memo->code = writer->code[row];
	}
	else
		writer->code[row] = memo->code;
}

/* ---- keys ---- */

static void
put_key(MlWriter *writer, int64 row, Datum value)
{
	char		buffer[SHORT_TEXT];
	uint32		length;
	Oid			type = writer->column->base_type;
	const char *text;
	char	   *copy;

	/* a key is shown as the caller's own query would show it: dates by DateStyle */
	if (type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID)
	{
		text = OutputFunctionCall(&writer->output, value);
		length = strlen(text);
	}
	else
		text = value_text(writer, value, buffer, &length);
	copy = MemoryContextAlloc(writer->keys, (Size) length + 1);
	memcpy(copy, text, length);
	copy[length] = '\0';
	writer->text[row] = copy;
}

/* ---- numbers ---- */

static void
put_number(MlWriter *writer, int64 row, Datum value)
{
	writer->number[row] = ml_type_number(writer->column->base_type, value);
}

static void
put_presence(MlWriter *writer, int64 row, Datum value)
{
	writer->number[row] = 0.0;
}

static void
check_width(MlWriter *writer, int found)
{
	MlColumn   *column = writer->column;

	if (found == 0)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("column \"%s\" holds an empty array", column->name),
				 errdetail("All arrays of a column must have the same number of elements, at least one."),
				 errhint("Leave these rows out, or make the arrays NULL.")));
	if (column->width == 0)
		writer->set_width(writer->loader, writer, found);
	else if (column->width != found)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("arrays of column \"%s\" differ in length", column->name),
				 errdetail("Expected %d elements, as in the rows before, found %d.", column->width, found),
				 errhint("All arrays of a column must have the same number of elements; NULL stands for a missing array.")));
}

static void
put_array(MlWriter *writer, int64 row, Datum value)
{
	ArrayType  *array = DatumGetArrayTypeP(value);
	int			n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	double	   *out;
	Datum	   *values;
	bool	   *nulls;

	check_width(writer, n);
	out = writer->number + row * n;
	if (writer->element == FLOAT8OID && !ARR_HASNULL(array))
	{
		memcpy(out, ARR_DATA_PTR(array), n * sizeof(double));
		return;
	}
	if (writer->element == FLOAT4OID && !ARR_HASNULL(array))
	{
		const float4 *from = (const float4 *) ARR_DATA_PTR(array);

		for (int i = 0; i < n; i++)
			out[i] = from[i];
		return;
	}
	deconstruct_array(array, ARR_ELEMTYPE(array), writer->element_length, writer->element_byval,
					  writer->element_align, &values, &nulls, &n);
	for (int i = 0; i < n; i++)
		out[i] = nulls[i] ? NAN : ml_type_number(writer->element, values[i]);
}

static void
put_vector(MlWriter *writer, int64 row, Datum value)
{
	int			n;
	const float4 *from = ml_type_vector(value, &n);
	double	   *out;

	check_width(writer, n);
	out = writer->number + row * n;
	for (int i = 0; i < n; i++)
		out[i] = from[i];
}

void
ml_writer_put_null(MlWriter *writer, int64 row)
{
	switch (writer->kind)
	{
		case ML_WRITER_CODE:
			writer->code[row] = ML_NULL_CODE;
			break;
		case ML_WRITER_KEY:
			writer->text[row] = NULL;
			break;
		case ML_WRITER_ARRAY:
			for (int i = 0; i < writer->column->width; i++)
				writer->number[row * writer->column->width + i] = NAN;
			break;
		default:
			writer->number[row] = NAN;
			break;
	}
	writer->nulls++;
}

/* ---- choice of the writer ---- */

static const char *
role_name(MlRole role)
{
	switch (role)
	{
		case ML_ROLE_FEATURE:
			return "a feature";
		case ML_ROLE_TARGET_NUMBER:
			return "the target of a regression";
		case ML_ROLE_TARGET_LABEL:
			return "a class label";
		case ML_ROLE_WEIGHT:
			return "a weight";
		case ML_ROLE_SPLIT:
			return "a split";
		case ML_ROLE_KEY:
			return "a key";
		case ML_ROLE_PRESENCE:
			return "a presence";
	}
	return "a column";
}

static void
report_unfit(const MlColumn *column)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" of type %s cannot be used as %s",
					column->name, format_type_be(column->type_oid), role_name(column->role)),
			 column->role == ML_ROLE_FEATURE ?
			 errhint("Leave the column out with exclude, or convert it in a SELECT given as source.") :
			 errhint("Convert the column in a SELECT given as source.")));
}

static MlWriterKind
number_kind(Oid base_type)
{
	switch (base_type)
	{
		case FLOAT8OID:
			return ML_WRITER_FLOAT8;
		case FLOAT4OID:
			return ML_WRITER_FLOAT4;
		case INT8OID:
			return ML_WRITER_INT8;
		case INT4OID:
			return ML_WRITER_INT4;
		case INT2OID:
			return ML_WRITER_INT2;
		case BOOLOID:
			return ML_WRITER_BOOL;
		default:
			return ML_WRITER_NUMBER;
	}
}

static void
init_codes(MlWriter *writer, Form_pg_attribute attribute, MlBudget *budget)
{
	MlColumn   *column = writer->column;
	Oid			type = column->base_type;

	writer->kind = ML_WRITER_CODE;
	column->dict = ml_dictionary_create(budget, column->name);
	if (type == TEXTOID || type == VARCHAROID || type == BPCHAROID)
		writer->put = put_string;
	else if (attribute->attbyval)
	{
		writer->put = put_by_value;
		writer->memo = palloc(ML_MEMO_SIZE * sizeof(MlMemo));
		for (int i = 0; i < ML_MEMO_SIZE; i++)
			writer->memo[i].code = ML_NULL_CODE;
	}
	else
		writer->put = put_text_form;
}

static void
init_array(MlWriter *writer)
{
	Oid			element = get_element_type(writer->column->base_type);

	writer->kind = ML_WRITER_ARRAY;
	if (!OidIsValid(element))
	{
		writer->put = put_vector;
		return;
	}
	writer->put = put_array;
	writer->element = getBaseType(element);
	get_typlenbyvalalign(element, &writer->element_length, &writer->element_byval, &writer->element_align);
}

void
ml_writer_init(MlWriter *writer, MlColumn *column, Form_pg_attribute attribute, MlBudget *budget)
{
	bool		usable = ml_type_classify(column->type_oid, &column->type);
	bool		number = usable && column->type != ML_TYPE_CATEGORY && column->type != ML_TYPE_ARRAY;
	Oid			function;
	bool		is_varlena;

	writer->column = column;
	getTypeOutputInfo(column->type_oid, &function, &is_varlena);
	fmgr_info(function, &writer->output);

	if (column->role == ML_ROLE_KEY)
	{
		writer->kind = ML_WRITER_KEY;
		writer->put = put_key;
	}
	else if (column->role == ML_ROLE_PRESENCE)
	{
		writer->kind = ML_WRITER_NUMBER;
		writer->put = put_presence;
	}
	else if (column->role == ML_ROLE_TARGET_LABEL)
	{
		/* any type has a text; one that is no feature counts as category */
		if (!usable)
			column->type = ML_TYPE_CATEGORY;
		init_codes(writer, attribute, budget);
	}
	else if (number)
	{
		writer->kind = number_kind(column->base_type);
		writer->put = put_number;
	}
	else if (!usable || column->role != ML_ROLE_FEATURE)
		report_unfit(column);
	else if (column->type == ML_TYPE_ARRAY)
		init_array(writer);
	else
		init_codes(writer, attribute, budget);
}
