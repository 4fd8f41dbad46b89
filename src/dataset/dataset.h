/*
 * dataset.h: executor rows as typed columns, straight from the executor.
 *
 * Rows are received by our own DestReceiver, each slot deformed once, and kept in
 * chunks of ML_CHUNK_ROWS, so that growing never copies.  After loading the
 * struct is read-only.
 */
#ifndef ML_DATASET_H
#define ML_DATASET_H

#include "postgres.h"
#include "dataset/bigmem.h"
#include "dataset/source.h"
#include "kernels/parallel.h"

#define ML_CHUNK_BITS 16
#define ML_CHUNK_ROWS (1 << ML_CHUNK_BITS)
#define ML_CHUNK_MASK (ML_CHUNK_ROWS - 1)
#define ML_MAX_CATEGORIES 65535 /* of a column that is used as a category */
#define ML_NULL_CODE UINT32_MAX

/* What a column of the source is to a model.  Recorded in versions: append only. */
typedef enum MlType
{
	ML_TYPE_BOOL = 1,			/* number 0 / 1 */
	ML_TYPE_INTEGER,			/* int2, int4, int8, oid excluded */
	ML_TYPE_FLOAT,				/* float4, float8, numeric */
	ML_TYPE_TIME,				/* date, timestamp(tz), time: seconds (since 1970-01-01 UTC) */
	ML_TYPE_INTERVAL,			/* seconds, a month as 30 days, a day as 24 h */
	ML_TYPE_CATEGORY,			/* text, varchar, char, name, enum, uuid */
	ML_TYPE_ARRAY				/* array of numbers or booleans: width numbers a row */
} MlType;

/* domains are looked through; false when the type cannot be a feature (json, bytea, composite, ...) */
extern bool ml_type_classify(Oid type, MlType *out);
/*
 * true for the type of vectors that the extension pgvector brings; a base type.  Its values are arrays to a model: n numbers, which lie in
 * the detoasted value (palloc'd where it had to be detoasted).  ERROR 22P03 when the bytes are not what they should be.
 */
extern bool ml_type_is_vector(Oid base_type);
extern const float4 *ml_type_vector(Datum value, int *n);
extern const char *ml_type_name(MlType type);	/* "integer", "category", ... for messages */

/*
 * number in a Datum of a type whose class is not CATEGORY or ARRAY; numeric and int8 exact up to a double.
 * numeric leaves a little garbage in the current context: call it in one that is reset.
 */
extern double ml_type_number(Oid base_type, Datum value);

/*
 * Distinct texts of a column, in order of arrival (so codes depend on the physical order: never let them reach
 * a model).  text is NUL-terminated.
 */
typedef struct MlDictionary
{
	uint32		n;
	char	  **text;
	uint32	   *length;
	uint64	   *hash;			/* mlk_hash_bytes(text, length, 0) */
	void	   *index;			/* private */
} MlDictionary;

typedef enum MlRole
{
	ML_ROLE_FEATURE,
	ML_ROLE_TARGET_NUMBER,		/* regression target: a number */
	ML_ROLE_TARGET_LABEL,		/* class label of any type: kept as category of its text form (bool: true / false) */
	ML_ROLE_WEIGHT,				/* number; NULL, negative, NaN or infinite is an ERROR that says how many */
	ML_ROLE_SPLIT,				/* time (number) or boolean of a split; no part in the row hash */
	ML_ROLE_KEY,				/* any type, kept as text per row of the batch; streaming only; no part in the hash */
	ML_ROLE_PRESENCE			/* any type: number 0 where there is a value, NaN for NULL; the value is not looked at */
} MlRole;

typedef struct MlColumnRequest
{
	int			attnum;			/* 1-based position in source->desc */
	MlRole		role;
	bool		required;		/* rows with NULL here are left out and counted (targets) */
} MlColumnRequest;

typedef struct MlColumn
{
	char	   *name;
	Oid			type_oid;		/* declared type */
	Oid			base_type;		/* domains looked through */
	MlType		type;			/* labels: class of the declared type, though stored as category */
	MlRole		role;
	int			width;			/* numbers a row: 1; arrays: length of the first non-NULL one (0 while none) */
	double	  **number;			/* per chunk: [(row & MASK) * width + k]; NULL and NaN are NaN.  NULL for categories;
								 * chunks are NULL while width is 0 */
	uint32	  **code;			/* per chunk: dictionary code or ML_NULL_CODE.  NULL for numbers */
	char	  **text;			/* ML_ROLE_KEY: one string (or NULL) a row of the batch */
	MlDictionary *dict;
	int64		nulls;			/* rows NULL (or NaN, counted apart below) */
	int64		nans;			/* numbers; of an array its NULL elements too */
	int64		infinities;
	bool		all_integral;	/* every value so far is a whole number */
	double		min,			/* of the numbers so far, NaN passed over; of one number a row only */
				max;
} MlColumn;

typedef struct MlDataset
{
	MemoryContext context;
	MlBudget   *budget;
	int64		rows;			/* kept */
	int64		skipped;		/* left out for a NULL target */
	int			n_columns;
	MlColumn   *columns;		/* in the order of the request */
} MlDataset;

/* called with at most batch rows in chunk 0 of every column; dictionaries live on, codes stay valid */
typedef void (*MlBatchFn) (MlDataset *batch, void *arg);

/*
 * Load the whole source.  Arrays of one column must all have the same length (ERROR 2202E naming both).
 * Reports progress stage "load".  More than UINT32_MAX - 1 rows: ERROR 54000.
 */
extern MlDataset *ml_dataset_load(MlSource *source, const MlColumnRequest *request, int n, MlBudget *budget, MlkPool *pool);

/*
 * Stream the source in batches (batch <= ML_CHUNK_ROWS) through fn; a batch dataset is reused between calls.  Returns the
 * rows kept.  fn runs in the caller's memory context.  nulls, nans and infinities are those of the batch, skipped and
 * all_integral those of the source so far; where rows were left out there is a last call for them, which may have no rows.
 */
extern int64 ml_dataset_stream(MlSource *source, const MlColumnRequest *request, int n, int batch,
							   MlBudget *budget, MlBatchFn fn, void *arg);

/* told the rows kept so far every 16,384 rows of a load or stream, and at its end; NULL = nobody listens */
extern void (*ml_dataset_progress) (int64 rows);

extern int	ml_dataset_column(const MlDataset *data, const char *name); /* index or -1 */

/* ---- order and split (split.c) ---- */

typedef enum MlSplitMethod
{
	ML_SPLIT_RANDOM,			/* test_size by row hash; <= 1000 rows: exact, and stratified for labels */
	ML_SPLIT_TIME,				/* the last test_size of the rows by the named column; ties stay on one side */
	ML_SPLIT_COLUMN,			/* rows where the named boolean is true are the test set; NULL is train */
	ML_SPLIT_NONE
} MlSplitMethod;

typedef struct MlSplit
{
	MlSplitMethod method;
	double		test_size;		/* (0, 1) */
	char	   *column;			/* TIME, COLUMN */
	double		held;			/* share of the training rows that the fit does not see, [0, 1) */
} MlSplit;

/* rows in canonical order, training rows first */
typedef struct MlRows
{
	int64		n;
	int64		n_train;		/* rows to learn from */
	int64		n_held;			/* training rows held back from the fit */
	const uint32 *order;		/* physical row numbers: [0, n_train) train, n_held held back, the rest test, each in hash order */
	uint64		fingerprint;	/* order-free combination of the row hashes and the count: seed independent */

	/* equal rows in a sample: the first training rows in canonical order, and the test rows of the same range of hashes */
	int64		sampled;
	int64		repeated;		/* of the sampled, those equal to the one before in all columns in use */
	int64		test_sampled;
	int64		straddling;		/* of the sampled test rows, those equal to a training row */
} MlRows;

/* the first test row in canonical order */
static inline int64
ml_rows_test(const MlRows *rows)
{
	return rows->n_train + rows->n_held;
}

/*
 * Hash rows (features, target, weight, seed), sort, split.  used[] are the columns that take part in
 * the hash (their indices, in request order); label is the column of ML_ROLE_TARGET_LABEL or -1; split_column the
 * index of the time / boolean column or -1.  Columns are hashed by name order so that the select list's order does not matter.
 */
extern MlRows *ml_rows_order(const MlDataset *data, const int *used, int n_used, int label, int split_column,
							 const MlSplit *split, uint64 seed, MlkPool *pool);

/* true when the column has as many distinct values as non-NULL rows (integers and categories only), and > 1 row */
extern bool ml_column_is_unique(const MlDataset *data, int column);
/* true for texts that people wrote: many different ones, of several words each; read from the dictionary */
extern bool ml_column_is_prose(const MlColumn *column);
/* true when all rows hold one value, or all are NULL */
extern bool ml_column_is_constant(const MlDataset *data, int column);

/* gather rows order[from .. from+n) of column (element k of an array) into out with stride */
extern void ml_column_gather(const MlColumn *column, int k, const uint32 *order, int64 n, double *out, int64 stride);
extern void ml_column_gather_codes(const MlColumn *column, const uint32 *order, int64 n, uint32 *out);

/* ---- reference distribution of the training rows, for drift (profile.c) ---- */

typedef struct MlReference
{
	char	   *feature;		/* column, or column[k] of an array */
	bool		category;
	int			bins;			/* without the NULL bin, which counts[bins] holds */
	double	   *edges;			/* numbers: bins - 1 inner edges, ascending: bin b holds edges[b-1] < x <= edges[b] */
	char	  **labels;			/* categories: bins - 1 texts, the last bin is "all others" */
	double	   *counts;			/* bins + 1 */
} MlReference;

/* deciles of numbers (fewer when values repeat), the 20 most frequent categories; n references, one an element */
extern MlReference *ml_profile_reference(const MlDataset *data, const MlRows *rows, const int *features,
										 int n_features, MlkPool *pool, int *n);
/* add the rows of a batch to counts (laid out as reference->counts, zeroed by the caller) of column's element k */
extern void ml_profile_count(const MlReference *reference, const MlColumn *column, int k, int64 rows, double *counts);

#endif							/* ML_DATASET_H */
