/*
 * row_values.c: one row of an SQL call as the values a model's preprocessing reads.
 *
 * Four forms: a composite and a jsonb object are matched by name, an array and plain values by position.  The
 * form is fixed by the types of the arguments, which a call site never changes; a composite's row type can
 * change under it (ALTER TABLE, or a record of another shape), so its identity is compared for every row and
 * the columns are matched anew when it differs.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "api/row_decode.h"
#include "api/row_values.h"
#include "dataset/bigmem.h"
#include "scoring/inputs.h"

typedef bool (*ReadFn) (MlRowReader *reader, FunctionCallInfo fcinfo);

struct MlRowReader
{
	const MlModel *model;
	int			first_arg;
	int			n_args;
	int			n_inputs;
	MlDecoder  *decoders;		/* one an input */
	MlValue    *values;			/* the row */
	ReadFn		read;			/* false when the row is NULL */

	/* composite: what the columns were matched with */
	MemoryContext row_context;	/* everything below, reset when the row type changes */
	Oid			row_type;
	int32		row_typmod;
	uint64		row_identifier;
	TupleDesc	desc;			/* own copy */
	int		   *attnums;
	Datum	   *datums;			/* [desc->natts] */
	bool	   *nulls;

	/* array */
	Oid			element_type;
	int16		element_length;
	bool		element_by_value;
	char		element_align;
	bool		plain_numbers;	/* float8 elements, none for a category: copied as they are */
};

static void
wrong_count(const MlRowReader *reader, int needed, int given)
{
	if (needed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model \"%s\" has no features, %d values were given", ml_model_name(reader->model), given),
				 errhint("Give an empty object, '{}'::jsonb, or a whole row.")));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("wrong number of values for model \"%s\": %d instead of %d", ml_model_name(reader->model), given, needed),
			 errdetail("In this order: %s.", ml_model_input_list(reader->model)),
			 given == 1 ?
			 errhint("To give a whole row, use an alias of its table that is not also the name of a column.") :
			 errhint("Give all values in the order of the features, or a whole row or jsonb object, which are matched by name.")));
}

/* ---- the values themselves ---- */

static bool
read_values(MlRowReader *reader, FunctionCallInfo fcinfo)
{
	const NullableDatum *args = &fcinfo->args[reader->first_arg];

	for (int i = 0; i < reader->n_inputs; i++)
		ml_decode(&reader->decoders[i], args[i].value, args[i].isnull, reader->values);
	return true;
}

static void
init_values(MlRowReader *reader, FunctionCallInfo fcinfo)
{
	int			given = reader->n_args;

	if (given != reader->n_inputs)
		wrong_count(reader, reader->n_inputs, given);
	for (int i = 0; i < given; i++)
		ml_decoder_init(&reader->decoders[i], reader->model, i,
						get_fn_expr_argtype(fcinfo->flinfo, reader->first_arg + i));
	reader->read = read_values;
}

/* ---- one composite ---- */

/*
 * Match the columns of a row type.  The descriptor is copied with its constraints, because columns added later
 * keep their value for older rows there.  It stays whole, though the last columns may not be needed: the server
 * finds what it must know about a stored row's age behind the last attribute.
 */
static void
bind_row_type(MlRowReader *reader, Oid type, int32 typmod, uint64 identifier)
{
	TupleDesc	shared;
	MemoryContext caller;

	reader->row_type = InvalidOid;	/* stays so after an error */
	MemoryContextReset(reader->row_context);
	caller = MemoryContextSwitchTo(reader->row_context);
	shared = lookup_rowtype_tupdesc(type, typmod);
	reader->desc = CreateTupleDescCopyConstr(shared);
	ReleaseTupleDesc(shared);

	reader->attnums = ml_palloc_array(reader->n_inputs + 1, sizeof(int));
	ml_model_locate_columns(reader->model, reader->desc, reader->attnums);
	for (int i = 0; i < reader->n_inputs; i++)
		ml_decoder_init(&reader->decoders[i], reader->model, i,
						TupleDescAttr(reader->desc, reader->attnums[i] - 1)->atttypid);
	reader->datums = ml_palloc_array(reader->desc->natts + 1, sizeof(Datum));
	reader->nulls = ml_palloc_array(reader->desc->natts + 1, sizeof(bool));
	MemoryContextSwitchTo(caller);

	reader->row_type = type;
	reader->row_typmod = typmod;
	reader->row_identifier = identifier;
}

static bool
read_composite(MlRowReader *reader, FunctionCallInfo fcinfo)
{
	HeapTupleHeader header;
	HeapTupleData tuple;
	Oid			type;
	int32		typmod;
	uint64		identifier;

	if (PG_ARGISNULL(reader->first_arg))
		return false;
	header = PG_GETARG_HEAPTUPLEHEADER(reader->first_arg);
	type = HeapTupleHeaderGetTypeId(header);
	typmod = HeapTupleHeaderGetTypMod(header);
	identifier = assign_record_type_identifier(type, typmod);
	if (type != reader->row_type || typmod != reader->row_typmod || identifier != reader->row_identifier)
		bind_row_type(reader, type, typmod, identifier);

	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, reader->desc, reader->datums, reader->nulls);
	for (int i = 0; i < reader->n_inputs; i++)
	{
		int			column = reader->attnums[i] - 1;

		ml_decode(&reader->decoders[i], reader->datums[column], reader->nulls[column], reader->values);
	}
	return true;
}

static void
init_composite(MlRowReader *reader)
{
	reader->row_context = AllocSetContextCreate(CurrentMemoryContext, "mlops row type", ALLOCSET_SMALL_SIZES);
	reader->row_type = InvalidOid;
	reader->read = read_composite;
}

/* ---- one jsonb object ---- */

static void
missing_key(const MlRowReader *reader, JsonbContainer *object, const char *name)
{
	JsonbIterator *iterator = JsonbIteratorInit(object);
	const char **given = ml_palloc_array(JsonContainerSize(object) + 1, sizeof(char *));
	JsonbIteratorToken token;
	JsonbValue	value;
	int			n = 0;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_KEY)
			given[n++] = pnstrdup(value.val.string.val, value.val.string.len);
	ml_model_missing(reader->model, name, given, n);
}

static void
decode_object(MlRowReader *reader, Jsonb *row)
{
	if (!JB_ROOT_IS_OBJECT(row))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a jsonb row for model \"%s\" must be an object", ml_model_name(reader->model)),
				 errhint("Write it as '{\"feature\": value, ...}' with the features %s.",
						 ml_model_input_list(reader->model))));
	for (int i = 0; i < reader->n_inputs; i++)
	{
		const char *name = reader->decoders[i].input->name;
		JsonbValue	member;

		if (getKeyJsonValueFromContainer(&row->root, name, strlen(name), &member) == NULL)
			missing_key(reader, &row->root, name);
		ml_decode_json(&reader->decoders[i], &member, reader->values);
	}
}

static bool
read_jsonb(MlRowReader *reader, FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(reader->first_arg))
		return false;
	decode_object(reader, PG_GETARG_JSONB_P(reader->first_arg));
	return true;
}

/* json, which keeps the text */
static bool
read_json(MlRowReader *reader, FunctionCallInfo fcinfo)
{
	char	   *json;

	if (PG_ARGISNULL(reader->first_arg))
		return false;
	json = text_to_cstring(PG_GETARG_TEXT_PP(reader->first_arg));
	decode_object(reader, DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json))));
	return true;
}

static bool
read_json_literal(MlRowReader *reader, FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(reader->first_arg))
		return false;
	decode_object(reader, DatumGetJsonbP(DirectFunctionCall1(jsonb_in, PG_GETARG_DATUM(reader->first_arg))));
	return true;
}

static void
init_json(MlRowReader *reader, ReadFn read)
{
	for (int i = 0; i < reader->n_inputs; i++)
		ml_decoder_init_json(&reader->decoders[i], reader->model, i);
	reader->read = read;
}

/* ---- one array ---- */

/* an element each for scalars, width elements for an array feature */
static void
decode_elements(MlRowReader *reader, const Datum *elements, const bool *nulls)
{
	int			next = 0;

	for (int i = 0; i < reader->n_inputs; i++)
	{
		const MlDecoder *decoder = &reader->decoders[i];

		if (decoder->input->type != ML_TYPE_ARRAY)
		{
			ml_decode(decoder, elements[next], nulls[next], reader->values);
			next++;
			continue;
		}
		for (int k = 0; k < decoder->input->width; k++, next++)
			ml_decode_element(decoder, k, nulls[next] ? NAN : ml_type_number(reader->element_type, elements[next]),
							  reader->values);
	}
}

/* values lie in the order of the features, as the elements do */
static void
copy_numbers(MlRowReader *reader, const double *elements, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (unlikely(isinf(elements[i])))
		{
			int			input = reader->n_inputs - 1;

			while (reader->decoders[input].input->offset > i)
				input--;
			ml_decode_infinite(&reader->decoders[input], i - reader->decoders[input].input->offset);
		}
		reader->values[i].number = elements[i];
	}
}

static void
decode_whole_array(MlRowReader *reader, ArrayType *array)
{
	int			n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	int			needed = ml_prep_n_values(reader->model->prep);
	Datum	   *elements;
	bool	   *nulls;

	if (n != needed)
		wrong_count(reader, needed, n);
	if (reader->plain_numbers && !ARR_HASNULL(array))
	{
		copy_numbers(reader, (const double *) ARR_DATA_PTR(array), n);
		return;
	}
	deconstruct_array(array, ARR_ELEMTYPE(array), reader->element_length, reader->element_by_value,
					  reader->element_align, &elements, &nulls, &n);
	decode_elements(reader, elements, nulls);
	pfree(elements);
	pfree(nulls);
}

static bool
read_array(MlRowReader *reader, FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(reader->first_arg))
		return false;
	decode_whole_array(reader, PG_GETARG_ARRAYTYPE_P(reader->first_arg));
	return true;
}

static bool
read_array_literal(MlRowReader *reader, FunctionCallInfo fcinfo)
{
	Datum		array;

	if (PG_ARGISNULL(reader->first_arg))
		return false;
	array = OidInputFunctionCall(F_ARRAY_IN, PG_GETARG_CSTRING(reader->first_arg), FLOAT8OID, -1);
	decode_whole_array(reader, DatumGetArrayTypeP(array));
	return true;
}

static void
init_array(MlRowReader *reader, Oid array_type, ReadFn read)
{
	Oid			element = getBaseType(get_base_element_type(array_type));

	reader->element_type = element;
	get_typlenbyvalalign(element, &reader->element_length, &reader->element_by_value, &reader->element_align);
	reader->plain_numbers = (element == FLOAT8OID);
	for (int i = 0; i < reader->n_inputs; i++)
	{
		const MlInput *input = ml_prep_input(reader->model->prep, i);
		MlType		type;

		if (input->type != ML_TYPE_ARRAY)
			ml_decoder_init(&reader->decoders[i], reader->model, i, element);
		else if (ml_type_classify(array_type, &type) && type == ML_TYPE_ARRAY)
			ml_decoder_init(&reader->decoders[i], reader->model, i, array_type);
		else
			ml_model_wrong_type(reader->model, input, format_type_be(array_type));
		if (input->type == ML_TYPE_CATEGORY)
			reader->plain_numbers = false;
	}
	reader->read = read;
}

/* ---- choosing the form ---- */

/*
 * '{"age": 40}' is a jsonb object, '{1,2,3}' an array, everything else the value of the only feature.
 */
static void
init_literal(MlRowReader *reader, FunctionCallInfo fcinfo)
{
	const char *literal = PG_ARGISNULL(reader->first_arg) ? "{}" : PG_GETARG_CSTRING(reader->first_arg);
	const char *spaces = " \t\r\n";
	const char *inner;

	literal += strspn(literal, spaces);
	if (*literal != '{' ||
		(reader->n_inputs == 1 && ml_prep_input(reader->model->prep, 0)->type == ML_TYPE_CATEGORY))
	{
		init_values(reader, fcinfo);
		return;
	}
	inner = literal + 1 + strspn(literal + 1, spaces);
	if (*inner == '"' || *inner == '}')
		init_json(reader, read_json_literal);
	else
		init_array(reader, FLOAT8ARRAYOID, read_array_literal);
}

/* the one argument there is decides by its type */
static void
init_single(MlRowReader *reader, FunctionCallInfo fcinfo, bool variadic)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, reader->first_arg);
	bool		one_input = reader->n_inputs == 1;

	if (type == UNKNOWNOID && !(one_input && PG_ARGISNULL(reader->first_arg)))
		init_literal(reader, fcinfo);
	else if (OidIsValid(type) && type_is_rowtype(type))
		init_composite(reader);
	else if (getBaseType(type) == JSONBOID)
		init_json(reader, read_jsonb);
	else if (getBaseType(type) == JSONOID)
		init_json(reader, read_json);
	else if (OidIsValid(get_base_element_type(type)) &&
			 (variadic || !one_input || ml_prep_input(reader->model->prep, 0)->type != ML_TYPE_ARRAY))
		init_array(reader, type, read_array);
	else
		init_values(reader, fcinfo);
}

MlRowReader *
ml_row_reader_create(const MlModel *model, FunctionCallInfo fcinfo, int first_arg, int n_args)
{
	MlRowReader *reader = palloc0(sizeof(MlRowReader));
	bool		variadic = get_fn_expr_variadic(fcinfo->flinfo);

	reader->model = model;
	reader->first_arg = first_arg;
	reader->n_args = n_args;
	reader->n_inputs = ml_prep_n_inputs(model->prep);
	reader->decoders = ml_palloc_array(reader->n_inputs + 1, sizeof(MlDecoder));
	reader->values = ml_palloc_array(ml_prep_n_values(model->prep) + 1, sizeof(MlValue));
	for (int i = 0; i < PG_NARGS(); i++)
		if (!OidIsValid(get_fn_expr_argtype(fcinfo->flinfo, i)))
			ereport(ERROR,
					(errcode(ERRCODE_INDETERMINATE_DATATYPE),
					 errmsg("could not determine the data type of argument %d", i + 1)));
	if (n_args == 1)
		init_single(reader, fcinfo, variadic);
	else
		init_values(reader, fcinfo);
	return reader;
}

const MlValue *
ml_row_reader_read(MlRowReader *reader, FunctionCallInfo fcinfo)
{
	return reader->read(reader, fcinfo) ? reader->values : NULL;
}
