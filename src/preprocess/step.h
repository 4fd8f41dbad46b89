/*
 * step.h: what a step of preprocessing is.  The manual for the author of the next one.
 *
 * A step turns one input column into outputs of two sorts: dense numbers and one block of codes (one-hot columns that are
 * never spelled out).  Dense outputs leave the step raw, NaN for missing; how they are imputed and scaled is learned and
 * applied outside of the step, the same way for all (dense.h).  Adding a step is one .c file here that defines one const
 * MlStepKind, and one line in steps.h.
 */
#ifndef ML_PREP_STEP_H
#define ML_PREP_STEP_H

#include "postgres.h"
#include "lib/stringinfo.h"

#include "preprocess/options.h"
#include "preprocess/preprocess.h"
#include "preprocess/sparse.h"

typedef struct MlStep MlStep;

typedef enum MlImpute
{
	ML_IMPUTE_NONE,				/* NaN stays */
	ML_IMPUTE_MEAN,
	ML_IMPUTE_MEDIAN,
	ML_IMPUTE_MOST_FREQUENT,	/* the smallest on ties, as scikit-learn */
	ML_IMPUTE_CONSTANT,
	ML_IMPUTE_KNN,				/* the last two by stages, from other columns (stage.h) */
	ML_IMPUTE_ITERATIVE
} MlImpute;

typedef enum MlScale
{
	ML_SCALE_NONE,
	ML_SCALE_STANDARD,			/* (x - mean) / population standard deviation */
	ML_SCALE_MINMAX,			/* to [0, 1] */
	ML_SCALE_ROBUST				/* (x - median) / (third - first quartile) */
} MlScale;

/* names of the above, ended by NULL; indices are the enums' values */
extern const char *const ml_impute_choices[];
extern const char *const ml_scale_choices[];

/* how one dense output is to be imputed and scaled */
typedef struct MlDenseRule
{
	MlImpute	impute;
	double		constant;		/* of ML_IMPUTE_CONSTANT */
	MlScale		scale;
} MlDenseRule;

/* every step's struct begins with this */
struct MlStep
{
	const MlStepKind *kind;
	const MlInput *input;		/* owned by the MlPrep */
	double	   *option;			/* one value a row of kind->options */

	/* the layout, set by ml_prep_layout once the step is fitted */
	int			n_dense;		/* == kind->n_dense(...) */
	int			first_dense;	/* design column of the first dense output */
	int			first_code;		/* design column of the first code column */
	int			code_block;		/* which block of codes, -1 without */
	const uint32 *kept;			/* of vectors: the design's column of each of theirs, MLK_NO_CODE when a stage left it out; NULL: all are there */
};

/* a step and the column that feeds it; lives as long as the pass over the data */
typedef struct MlBoundStep
{
	const MlStep *step;
	const MlColumn *column;
	MemoryContext context;		/* lives as long as the struct */
	uint32	   *memo;			/* refresh's, in context: class of each dictionary entry, memo_n of them */
	uint32		memo_n;
	uint32		memo_capacity;

	/* of steps with a vector: those of the dictionary's first memo_n entries, in the budget (sparse.c) */
	MlBudget   *budget;
	MlkSparse	sparse;
	struct MlSparseTable *table;
} MlBoundStep;

/* the training rows of one column */
typedef struct MlFitInput
{
	const MlColumn *column;
	const uint32 *order;		/* n physical rows, canonical order */
	int64		n;
	MlkPool    *pool;
	const MlPrepTarget *target; /* of the same n rows; NULL when the caller has none to offer */
	MlBudget   *budget;			/* for arrays of the size of the data */
} MlFitInput;

struct MlStepKind
{
	const char *name;			/* Required: value of the option "encode" */
	uint8		id;				/* Required: in the bytes of models, never reused */
	Size		size;			/* Required: of the struct that begins with MlStep; zeroed when made */
	const MlOptionSpec *options;	/* Required: rows ended by name == NULL; new rows at the end */

	/*
	 * Required: bits (1 << MlType) this step can take, and those that it takes unless told otherwise, in a design and in the
	 * native layout; 0 of the latter two: not for that layout, ML_TYPES_ON_REQUEST: only when "encode" names the step.  Of several steps for a
	 * type the first in steps.h is its default.
	 */
	uint32		types;
	uint32		default_types;
	uint32		native_types;

	/* Optional: refuse combinations of options; before any data is read */
	void		(*check) (const char *column, const double *option);

	/* Optional: fill in what follows from the options; before fit and before read */
	void		(*init) (MlStep *step);

	/* Required: number of dense outputs; arithmetic only, any width */
	int64		(*n_dense) (const MlInput *input, const double *option);
	/* Required when there are any: rule of output k */
	MlDenseRule (*rule) (const MlStep *step, int k);

	/* Optional: learn; step lives in the current memory context, may raise errors and warnings, polls for interrupts */
	void		(*fit) (MlStep *step, const MlFitInput *data);
	/* Optional: columns of the code block, known once fitted; absent: none */
	int			(*code_cols) (const MlStep *step);
	/* Native layout with a code block, Required: the code block is a MLK_BLOCK_CATEGORY of so many codes, and what a code stands for */
	int			(*n_categories) (const MlStep *step);
	const char *(*category) (const MlStep *step, uint32 code);

	/* Required: append the name of dense output k, or of code column k */
	void		(*dense_name) (const MlStep *step, int k, StringInfo name);
	void		(*code_name) (const MlStep *step, int k, StringInfo name);

	/*
	 * Optional: makes the code block a MLK_BLOCK_SPARSE whose codes name entries of the dictionary: v := the vector of one text, columns
	 * from 0 to code_cols - 1 ascending.  Main thread; may call the server and be cancelled.  v came empty.  Such a step takes
	 * ML_TYPE_CATEGORY alone, its refresh and block are ml_sparse_refresh and ml_sparse_block, and row and code are not called.
	 */
	void		(*vector) (const MlStep *step, const char *text, uint32 length, MlSparseVector *v);

	/* Optional: main thread, before a pass over rows of bound->column: what block may need and may not make */
	void		(*refresh) (MlBoundStep *bound);
	/*
	 * Required: raw outputs of rows order[0..n): dense[i * dense_stride + k], and codes[i * code_stride] when there is
	 * a code block (else codes is NULL).  Runs on any thread: calls nothing of the server, allocates nothing.
	 */
	void		(*block) (const MlBoundStep *bound, const uint32 *order, int64 n,
						  double *dense, int64 dense_stride, uint32 *codes, int64 code_stride);
	/* Required without a vector: the same for one row; value is the input's first, code NULL without a code block */
	void		(*row) (const MlStep *step, const MlValue *value, double *dense, uint32 *code);
	/* Optional: true when missing values are a class of their own, so that no output is ever missing */
	bool		takes_missing;
	/* Optional: true when the outputs are the input's numbers as they stand, so that row need not be called */
	bool		(*copies) (const MlStep *step);
	/* Optional: MlValue.code of a text; required for steps that take ML_TYPE_CATEGORY without a vector */
	uint32		(*code) (const MlStep *step, const char *text, int len);

	/* Optional: push keys and values of what was learned of output k (dense ones first, then code columns) into an object */
	void		(*describe) (const MlStep *step, int k, JsonbParseState **state);

	/* Optional: learned state, bytes out and in.  read checks every count and calls ml_blob_fail on bad bytes */
	void		(*write) (const MlStep *step, MlBlobWriter *w);
	void		(*read) (MlStep *step, MlBlobReader *r);
};

/* bit of a type in MlStepKind.types */
#define ML_TYPE_BIT(type) (1U << (type))
#define ML_TYPES_NUMBER (ML_TYPE_BIT(ML_TYPE_BOOL) | ML_TYPE_BIT(ML_TYPE_INTEGER) | ML_TYPE_BIT(ML_TYPE_FLOAT))

#define ML_TYPES_ON_REQUEST ML_TYPE_BIT(0)	/* no type has this bit */

/* ---- registry (step.c, steps.h) ---- */
extern int	ml_step_count(void);
extern const MlStepKind *ml_step_get(int i);
extern const MlStepKind *ml_step_by_id(uint8 id);	/* NULL when unknown */
extern bool ml_step_fits(const MlStepKind *kind, MlType type, bool native);	/* type 0: of any type */
extern const MlStepKind *ml_step_by_name(const char *name, MlType type, bool native);	/* NULL: no such step takes the type */
extern const MlStepKind *ml_step_default(MlType type, bool native);	/* never NULL */
extern int	ml_step_option_count(const MlStepKind *kind);
/* row of the table, -1 when the step has no such option */
extern int	ml_step_option_find(const MlStepKind *kind, const char *name);

/* for the check of steps with the options impute and fill: ERROR 22023 when fill would be ignored */
extern void ml_step_check_fill(const char *column, double impute, double fill);

#endif							/* ML_PREP_STEP_H */
