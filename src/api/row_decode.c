/*
 * row_decode.c: one value of one SQL type as the number or code of a feature.
 *
 * The decision which way a value goes is taken once, in ml_decoder_init; what is left for each row is one
 * switch.  A scalar and the same value loaded from a table must give the same number or text, so numbers of
 * less common types go through the dataset's own ml_type_number, and texts follow the dataset's rules (blanks
 * of char(n), true / false).
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "api/row_decode.h"
#include "dataset/dataset.h"
#include "scoring/inputs.h"

/* ---- choosing the way ---- */

static MlDecodeKind
number_kind(Oid base_type)
{
	switch (base_type)
	{
		case FLOAT8OID:
			return ML_DECODE_FLOAT8;
		case FLOAT4OID:
			return ML_DECODE_FLOAT4;
		case INT2OID:
			return ML_DECODE_INT2;
		case INT4OID:
			return ML_DECODE_INT4;
		case INT8OID:
			return ML_DECODE_INT8;
		case BOOLOID:
			return ML_DECODE_BOOL;
		default:
			return ML_DECODE_NUMBER;
	}
}

static MlDecodeKind
category_kind(Oid base_type)
{
	switch (base_type)
	{
		case TEXTOID:
		case VARCHAROID:
			return ML_DECODE_TEXT;
		case BPCHAROID:
			return ML_DECODE_BPCHAR;
		case BOOLOID:
			return ML_DECODE_BOOL_TEXT;
		default:
			return ML_DECODE_OUTPUT;
	}
}

/* element type, domains looked through, and how elements are stored */
static void
init_array(MlDecoder *decoder, Oid array_type)
{
	decoder->type = getBaseType(get_base_element_type(array_type));
	get_typlenbyvalalign(decoder->type, &decoder->length, &decoder->by_value, &decoder->align);
}

/*
 * The type that literals of a feature are parsed as: the declared one.  Its oid was recorded at training; after
 * a restore the oid of a user's type may be another type's, so it counts only while it still is of the same
 * class.
 */
static Oid
literal_type(const MlInput *input)
{
	MlType		type;

	switch (input->type)
	{
		case ML_TYPE_INTEGER:
		case ML_TYPE_FLOAT:
			return FLOAT8OID;
		case ML_TYPE_BOOL:
			return BOOLOID;
		case ML_TYPE_INTERVAL:
			return INTERVALOID;
		case ML_TYPE_ARRAY:
			return FLOAT8ARRAYOID;
		case ML_TYPE_TIME:
			if (get_typisdefined(input->type_oid) && ml_type_classify(input->type_oid, &type) && type == ML_TYPE_TIME)
				return getBaseType(input->type_oid);
			return TIMESTAMPTZOID;
		case ML_TYPE_CATEGORY:
			break;
	}
	return InvalidOid;
}

static void
init_parse(MlDecoder *decoder)
{
	Oid			function;

	decoder->kind = ML_DECODE_LITERAL;
	decoder->parse_type = literal_type(decoder->input);
	if (!OidIsValid(decoder->parse_type))
		return;
	getTypeInputInfo(decoder->parse_type, &function, &decoder->parse_ioparam);
	fmgr_info(function, &decoder->parse);
	if (decoder->input->type == ML_TYPE_ARRAY)
		init_array(decoder, decoder->parse_type);
}

static void
start(MlDecoder *decoder, const MlModel *model, int i)
{
	memset(decoder, 0, sizeof(MlDecoder));
	decoder->model = model;
	decoder->input = ml_prep_input(model->prep, i);
	decoder->index = i;
	decoder->text = ml_prep_wants_text(model->prep, i);
}

void
ml_decoder_init_json(MlDecoder *decoder, const MlModel *model, int i)
{
	start(decoder, model, i);
	init_parse(decoder);
}

void
ml_decoder_init(MlDecoder *decoder, const MlModel *model, int i, Oid given)
{
	const MlInput *input = ml_prep_input(model->prep, i);
	Oid			function;
	bool		is_varlena;

	start(decoder, model, i);
	if (given == UNKNOWNOID)
	{
		init_parse(decoder);
		return;
	}

	ml_model_check_type(model, input, given);
	decoder->type = getBaseType(given);
	if (input->type == ML_TYPE_ARRAY && ml_type_is_vector(decoder->type))
		decoder->kind = ML_DECODE_VECTOR;
	else if (input->type == ML_TYPE_ARRAY)
	{
		decoder->kind = ML_DECODE_ARRAY;
		init_array(decoder, decoder->type);
	}
	else if (input->type == ML_TYPE_CATEGORY)
		decoder->kind = category_kind(decoder->type);
	else
		decoder->kind = number_kind(decoder->type);
	if (decoder->kind == ML_DECODE_OUTPUT)
	{
		getTypeOutputInfo(decoder->type, &function, &is_varlena);
		fmgr_info(function, &decoder->output);
	}
}

/* ---- decoding ---- */

void
ml_decode_infinite(const MlDecoder *decoder, int element)
{
	if (decoder->input->width > 1)
		ml_model_not_finite(decoder->model, psprintf("%s[%d]", decoder->input->name, element + 1));
	ml_model_not_finite(decoder->model, decoder->input->name);
}

/* char(n) has blanks at its end wherever it comes from; they are no part of the category */
static inline void
put_code(const MlDecoder *decoder, char *text, int length, MlValue *row)
{
	if (decoder->kind == ML_DECODE_BPCHAR || decoder->input->type_oid == BPCHAROID)
		length = bpchartruelen(text, length);
	if (decoder->text)
	{
		row[decoder->input->offset].text = (struct varlena *) cstring_to_text_with_len(text, length);
		return;
	}
	row[decoder->input->offset].code = ml_prep_code(decoder->model->prep, decoder->index, text, length);
}

void
ml_decode_element(const MlDecoder *decoder, int element, double number, MlValue *row)
{
	if (isinf(number))
		ml_decode_infinite(decoder, element);
	row[decoder->input->offset + element].number = number;
}

void
ml_decode_null(const MlDecoder *decoder, MlValue *row)
{
	if (decoder->text)
		row[decoder->input->offset].text = NULL;
	else if (decoder->input->type == ML_TYPE_CATEGORY)
		row[decoder->input->offset].code = ML_NULL_CODE;
	else
		for (int i = 0; i < decoder->input->width; i++)
			row[decoder->input->offset + i].number = NAN;
}

static void
decode_array(const MlDecoder *decoder, Datum value, MlValue *row)
{
	ArrayType  *array = DatumGetArrayTypeP(value);
	Datum	   *elements;
	bool	   *nulls;
	int			n;

	deconstruct_array(array, ARR_ELEMTYPE(array), decoder->length, decoder->by_value, decoder->align, &elements, &nulls, &n);
	if (n != decoder->input->width)
		ml_model_wrong_width(decoder->model, decoder->input, n);
	for (int i = 0; i < n; i++)
		ml_decode_element(decoder, i, nulls[i] ? NAN : ml_type_number(decoder->type, elements[i]), row);
	pfree(elements);
	pfree(nulls);
}

static void
decode_vector(const MlDecoder *decoder, Datum value, MlValue *row)
{
	int			n;
	const float4 *element = ml_type_vector(value, &n);

	if (n != decoder->input->width)
		ml_model_wrong_width(decoder->model, decoder->input, n);
	for (int i = 0; i < n; i++)
		ml_decode_element(decoder, i, element[i], row);
}

static void
decode_varlena(const MlDecoder *decoder, Datum value, MlValue *row)
{
	struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);
	char	   *text = VARDATA_ANY(packed);

	/* the text of most rows is taken where it lies */
	if (decoder->text && decoder->kind == ML_DECODE_TEXT && decoder->input->type_oid != BPCHAROID)
	{
		row[decoder->input->offset].text = packed;
		return;
	}
	put_code(decoder, text, VARSIZE_ANY_EXHDR(packed), row);
	if ((Pointer) packed != DatumGetPointer(value))
		pfree(packed);
}

/* an error of an input function knows its type only; this adds whose value it was */
static void
name_feature(void *arg)
{
	const MlDecoder *decoder = arg;

	errcontext("value of feature \"%s\" of model \"%s\"", decoder->input->name, ml_model_name(decoder->model));
}

static void
parse_text(const MlDecoder *decoder, char *text, MlValue *row)
{
	ErrorContextCallback context = {error_context_stack, name_feature, (void *) decoder};
	Datum		value;

	if (decoder->input->type == ML_TYPE_CATEGORY)
	{
		put_code(decoder, text, strlen(text), row);
		return;
	}
	error_context_stack = &context;
	value = InputFunctionCall((FmgrInfo *) &decoder->parse, text, decoder->parse_ioparam, -1);
	error_context_stack = context.previous;
	if (decoder->input->type == ML_TYPE_ARRAY)
		decode_array(decoder, value, row);
	else
		ml_decode_put(decoder, ml_type_number(decoder->parse_type, value), row);
}

void
ml_decode_slow(const MlDecoder *decoder, Datum value, MlValue *row)
{
	char	   *text;

	switch (decoder->kind)
	{
		case ML_DECODE_FLOAT8:
			ml_decode_put(decoder, DatumGetFloat8(value), row);
			break;
		case ML_DECODE_FLOAT4:
			ml_decode_put(decoder, DatumGetFloat4(value), row);
			break;
		case ML_DECODE_INT2:
			ml_decode_put(decoder, DatumGetInt16(value), row);
			break;
		case ML_DECODE_INT4:
			ml_decode_put(decoder, DatumGetInt32(value), row);
			break;
		case ML_DECODE_INT8:
			ml_decode_put(decoder, (double) DatumGetInt64(value), row);
			break;
		case ML_DECODE_BOOL:
			ml_decode_put(decoder, DatumGetBool(value) ? 1.0 : 0.0, row);
			break;
		case ML_DECODE_NUMBER:
			ml_decode_put(decoder, ml_type_number(decoder->type, value), row);
			break;
		case ML_DECODE_TEXT:
		case ML_DECODE_BPCHAR:
			decode_varlena(decoder, value, row);
			break;
		case ML_DECODE_BOOL_TEXT:
			text = DatumGetBool(value) ? "true" : "false";
			put_code(decoder, text, strlen(text), row);
			break;
		case ML_DECODE_OUTPUT:
			text = OutputFunctionCall((FmgrInfo *) &decoder->output, value);
			put_code(decoder, text, strlen(text), row);
			pfree(text);
			break;
		case ML_DECODE_ARRAY:
			decode_array(decoder, value, row);
			break;
		case ML_DECODE_VECTOR:
			decode_vector(decoder, value, row);
			break;
		case ML_DECODE_LITERAL:
			parse_text(decoder, DatumGetCString(value), row);
			break;
	}
}

/* ---- members of a jsonb object ---- */

static const char *
json_type(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			return "null";
		case jbvString:
			return "string";
		case jbvNumeric:
			return "number";
		case jbvBool:
			return "boolean";
		case jbvBinary:
			return JsonContainerIsArray(value->val.binary.data) ? "array" : "object";
		default:
			return "value";
	}
}

/* numbers, booleans and null are elements of an array feature; everything else is of the wrong type */
static void
json_array(const MlDecoder *decoder, const JsonbValue *value, MlValue *row)
{
	JsonbContainer *array = value->val.binary.data;
	uint32		n;

	if (value->type != jbvBinary || !JsonContainerIsArray(array))
		ml_model_wrong_json(decoder->model, decoder->input, json_type(value));
	n = JsonContainerSize(array);
	if (n != (uint32) decoder->input->width)
		ml_model_wrong_width(decoder->model, decoder->input, n);
	for (uint32 i = 0; i < n; i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(array, i);

		if (element->type == jbvNull)
			ml_decode_element(decoder, i, NAN, row);
		else if (element->type == jbvBool)
			ml_decode_element(decoder, i, element->val.boolean ? 1.0 : 0.0, row);
		else if (element->type == jbvNumeric)
			ml_decode_element(decoder, i, ml_type_number(NUMERICOID, NumericGetDatum(element->val.numeric)), row);
		else
			ml_model_wrong_json(decoder->model, decoder->input, psprintf("array with elements of type %s", json_type(element)));
	}
}

static void
json_category(const MlDecoder *decoder, const JsonbValue *value, MlValue *row)
{
	char	   *text;

	switch (value->type)
	{
		case jbvString:
			put_code(decoder, value->val.string.val, value->val.string.len, row);
			return;
		case jbvBool:
			text = value->val.boolean ? "true" : "false";
			break;
		case jbvNumeric:
			text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
			break;
		default:
			ml_model_wrong_json(decoder->model, decoder->input, json_type(value));
	}
	put_code(decoder, text, strlen(text), row);
}

void
ml_decode_json(const MlDecoder *decoder, const JsonbValue *value, MlValue *row)
{
	MlType		type = decoder->input->type;
	bool		number = type == ML_TYPE_BOOL || type == ML_TYPE_INTEGER || type == ML_TYPE_FLOAT;

	if (value->type == jbvNull)
		ml_decode_null(decoder, row);
	else if (type == ML_TYPE_ARRAY)
		json_array(decoder, value, row);
	else if (type == ML_TYPE_CATEGORY)
		json_category(decoder, value, row);
	else if (number && value->type == jbvBool)
		ml_decode_put(decoder, value->val.boolean ? 1.0 : 0.0, row);
	else if (number && value->type == jbvNumeric)
		ml_decode_put(decoder, ml_type_number(NUMERICOID, NumericGetDatum(value->val.numeric)), row);
	else if (!number && value->type == jbvString)
		parse_text(decoder, pnstrdup(value->val.string.val, value->val.string.len), row);
	else
		ml_model_wrong_json(decoder->model, decoder->input, json_type(value));
}
