/*
 * row_decode.h: one value of one SQL type as the number or code of a feature.
 */
#ifndef ML_ROW_DECODE_H
#define ML_ROW_DECODE_H

#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "utils/jsonb.h"
#include "scoring/scorer.h"

typedef enum MlDecodeKind
{
	ML_DECODE_FLOAT8,
	ML_DECODE_FLOAT4,
	ML_DECODE_INT2,
	ML_DECODE_INT4,
	ML_DECODE_INT8,
	ML_DECODE_BOOL,
	ML_DECODE_NUMBER,			/* other types with a number: numeric, times, intervals */
	ML_DECODE_TEXT,				/* category from the bytes of a varlena */
	ML_DECODE_BPCHAR,			/* the same, without trailing blanks */
	ML_DECODE_BOOL_TEXT,		/* category from a boolean: true / false, as the dataset has it */
	ML_DECODE_OUTPUT,			/* category from the type's output function */
	ML_DECODE_ARRAY,
	ML_DECODE_VECTOR,			/* pgvector's */
	ML_DECODE_LITERAL			/* an untyped literal, a cstring */
} MlDecodeKind;

/* how to read one feature; made once a call site */
typedef struct MlDecoder
{
	const MlModel *model;
	const MlInput *input;
	int			index;			/* of the input */
	MlDecodeKind kind;
	bool		text;			/* of a category: the step wants the text, not a code */
	Oid			type;			/* base type of what is given; arrays: of the elements */
	FmgrInfo	output;			/* OUTPUT */

	/* parsing of literals and jsonb strings: an input function, and the type it makes */
	FmgrInfo	parse;
	Oid			parse_type;
	Oid			parse_ioparam;

	/* ARRAY: storage of the elements */
	int16		length;
	bool		by_value;
	char		align;
} MlDecoder;

/*
 * Reader of input i for values of type given, UNKNOWNOID for untyped literals; or for members of a jsonb object, which
 * go through ml_decode_json alone.  Function look-ups go to the current context.  ERROR 42804.
 */
extern void ml_decoder_init(MlDecoder *decoder, const MlModel *model, int i, Oid given);
extern void ml_decoder_init_json(MlDecoder *decoder, const MlModel *model, int i);

/* write the input's values into row (the whole row); ERROR 22003 for infinities, 2202E for another length */
extern void ml_decode_slow(const MlDecoder *decoder, Datum value, MlValue *row);
extern void ml_decode_null(const MlDecoder *decoder, MlValue *row);
extern void ml_decode_json(const MlDecoder *decoder, const JsonbValue *value, MlValue *row);
/* one number of an array feature */
extern void ml_decode_element(const MlDecoder *decoder, int element, double number, MlValue *row);


extern void ml_decode_infinite(const MlDecoder *decoder, int element) pg_attribute_noreturn();

/* a number; NaN is a missing value, infinities are refused as they are in training */
static inline void
ml_decode_put(const MlDecoder *decoder, double number, MlValue *row)
{
	if (unlikely(isinf(number)))
		ml_decode_infinite(decoder, 0);
	row[decoder->input->offset].number = number;
}

/* the types that need no function call are read in place */
static inline void
ml_decode(const MlDecoder *decoder, Datum value, bool isnull, MlValue *row)
{
	if (unlikely(isnull))
		ml_decode_null(decoder, row);
	else if (likely(decoder->kind == ML_DECODE_FLOAT8))
		ml_decode_put(decoder, DatumGetFloat8(value), row);
	else
		ml_decode_slow(decoder, value, row);
}

#endif							/* ML_ROW_DECODE_H */
