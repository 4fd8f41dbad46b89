/*
 * writer.h: one column's way from Datums to its chunk (private to the dataset room).
 *
 * load.c owns rows, chunks and the scan for NaN; writers.c knows types.
 */
#ifndef ML_WRITER_H
#define ML_WRITER_H

#include "fmgr.h"
#include "access/tupdesc.h"

#include "dataset/dataset.h"

typedef struct MlWriter MlWriter;

/* stores a value that is not NULL at row `row` of the current chunk; current context: reset after the row */
typedef void (*MlPutFn) (MlWriter *writer, int64 row, Datum value);

/* Plain numbers are stored by loops of the receiver itself, in runs of one kind; the rest through put. */
typedef enum MlWriterKind
{
	ML_WRITER_FLOAT8,
	ML_WRITER_FLOAT4,
	ML_WRITER_INT8,
	ML_WRITER_INT4,
	ML_WRITER_INT2,
	ML_WRITER_BOOL,
	ML_WRITER_NUMBER,			/* put, NULL is NaN */
	ML_WRITER_ARRAY,			/* put, NULL is width times NaN */
	ML_WRITER_CODE,				/* put, NULL is ML_NULL_CODE */
	ML_WRITER_KEY,				/* put, NULL is NULL */
	ML_WRITER_KINDS
} MlWriterKind;

typedef struct MlMemo
{
	Datum		value;
	uint32		code;			/* ML_NULL_CODE: empty */
} MlMemo;

#define ML_MEMO_SIZE 1024		/* a power of two */

struct MlWriter
{
	double	   *number;			/* the current chunk's array, as in column */
	uint32	   *code;
	char	  **text;
	int			attribute;		/* 0-based position in the slot */
	int64		nulls;			/* NULL values since the last scan */
	int64		negatives;		/* of a weight */
	MlColumn   *column;
	MlWriterKind kind;
	MlPutFn		put;

	MemoryContext keys;			/* where strings of ML_WRITER_KEY live: reset after the batch */
	FmgrInfo	output;
	MlMemo	   *memo;			/* types passed by value: Datum -> code */

	/* arrays */
	Oid			element;		/* base type */
	int16		element_length;
	bool		element_byval;
	char		element_align;
	void		(*set_width) (void *loader, MlWriter *writer, int width);	/* the first array says how wide */
	void	   *loader;
};

/* role, names and types of column are set; ERROR 42804 when the type does not fit the role */
extern void ml_writer_init(MlWriter *writer, MlColumn *column, Form_pg_attribute attribute, MlBudget *budget);

/* what stands for NULL at row of the current chunk: NaN (width of them for an array), ML_NULL_CODE, no string */
extern void ml_writer_put_null(MlWriter *writer, int64 row);

/* ---- scan.c ---- */
/* bring the column's counts up to date with rows [from, to) of the current chunk, which were not scanned before */
extern void ml_writer_scan(MlWriter *writer, int64 from, int64 to);
/* after the last row: ERROR 22003 for weights and targets that cannot be used, with how many there are */
extern void ml_writer_check(const MlWriter *writer);

#endif							/* ML_WRITER_H */
