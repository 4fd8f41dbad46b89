/*
 * preprocess.h: columns ─► design matrix.  Learned on the training rows alone, stored in the version, replayed by the scorer.
 *
 * One step a column, chosen by its type and by the options; each kind of step is one file with fit / apply /
 * write / read (step.h) and a line in steps.h.  Options are the caller's jsonb, checked here by name, type and range:
 *	 {"*": {"impute": "median"}, "age": {"impute": "constant", "fill": 0, "indicator": true, "scale": "robust"},
 *	  "city": {"max_categories": 20, "min_frequency": 10, "drop": "first"}, "signup": {"parts": ["dow", "hour"], "cyclical": true}}
 * "*" applies where the kind of column knows the option; a column's own entry wins.
 */
#ifndef ML_PREPROCESS_H
#define ML_PREPROCESS_H

#include "postgres.h"
#include "utils/jsonb.h"
#include "dataset/dataset.h"
#include "kernels/bins.h"
#include "kernels/design.h"
#include "kernels/sums.h"
#include "model/blob.h"

typedef struct MlPrep MlPrep;

/* what the algorithm asks for where the options are silent */
typedef struct MlPrepDefaults
{
	const char *scale;			/* "standard", "minmax", "robust", "none" */
	bool		drop_first;		/* one-hot without the first category: full rank for inference */
	bool		native;			/* numbers raw with NaN for missing, categories as codes (MLK_BLOCK_CATEGORY): trees */
} MlPrepDefaults;

/*
 * The answers of the training rows, in canonical order: for the steps that learn from them (target encoding, selection of
 * features).  One of y and label is there.
 */
typedef struct MlPrepTarget
{
	const double *y;			/* regression */
	const int32 *label;			/* classification: class indices in [0, n_classes) */
	int			n_classes;		/* 0 for regression */
	const double *weight;		/* NULL: all one */
	const char *const *classes; /* texts, sorted; binary: [1] is the positive one */
} MlPrepTarget;

/* what the scorer must bring for each feature, in the order of the features */
typedef struct MlInput
{
	const char *name;			/* column name */
	MlType		type;			/* as at training */
	Oid			type_oid;		/* declared type at training, for messages and for parsing untyped literals */
	int			width;			/* numbers; categories 1 */
	int			offset;			/* place of its first value in a row of MlValue */
} MlInput;

/* one value of a row to score: a number (NULL = NaN) or a code of the step's own dictionary */
typedef union MlValue
{
	double		number;
	uint32		code;			/* from ml_prep_code(); ML_NULL_CODE for NULL */
	const struct varlena *text; /* where ml_prep_wants_text(): a detoasted text, which must live as long as the row; NULL for NULL */
} MlValue;

/*
 * ERROR 22023 for an unknown column, option or value (with the nearest valid name as hint), and for one that the layout has no use
 * for: before any data is read.  columns are the names of the source's features; called again by fit with the data.
 */
extern void ml_prep_check_options(Jsonb *options, const MlColumn *columns, int n, const MlPrepDefaults *defaults);

/* true when the column, loaded, will be taken apart as text */
extern bool ml_prep_uses_text(Jsonb *options, const MlColumn *column, const MlPrepDefaults *defaults);

/*
 * Fit on rows [0, n_train) of the canonical order, apply to all rows.  The design (train rows first) lives in the
 * dataset's budget; features are indices of data->columns.  Infinite values in a number: ERROR 22003 naming
 * the column, the count and what to do.  Bounded blocks, pool's stop is honoured.
 */
extern MlPrep *ml_prep_fit(const MlDataset *data, const MlRows *rows, const int *features, int n_features,
						   Jsonb *options, const MlPrepDefaults *defaults, const MlPrepTarget *target, MlkPool *pool,
						   MlkDesign **design);

/*
 * The same without a design, from products of the columns and the target where they lie: for standardised numbers without gaps,
 * and many rows.  NULL: these columns, options or rows want a design.  target_column: of data, a number.
 */
extern MlPrep *ml_prep_fit_sums(const MlDataset *data, const MlRows *rows, const int *features, int n_features, int target_column,
								Jsonb *options, const MlPrepDefaults *defaults, const MlPrepTarget *target, MlkPool *pool,
								MlkSums **sums);

/* what the design of ml_prep_fit holds goes back to the budget */
extern void ml_prep_design_free(MlkDesign *design, MlBudget *budget);

/* apply to rows order[0..n) (no row twice; order NULL: 0..n-1) of a dataset; columns are matched by name, missing ones: ERROR 42703 */
extern MlkDesign *ml_prep_apply(const MlPrep *prep, const MlDataset *data, const uint32 *order, int64 n,
								MlBudget *budget, MlkPool *pool);

/*
 * Native layout: fit without a design (dictionaries only), then panels of rows on demand: trees keep bins, not a second
 * copy of the numbers.  The panel's design is valid until the next call; rows of order in any order, n <= max_rows.
 */
extern MlPrep *ml_prep_fit_native(const MlDataset *data, const MlRows *rows, const int *features, int n_features,
								  Jsonb *options, const MlPrepDefaults *defaults, const MlPrepTarget *target, MlkPool *pool);
typedef struct MlPrepPanel MlPrepPanel;
extern MlPrepPanel *ml_prep_panel_create(const MlPrep *prep, const MlDataset *data, int64 max_rows, MlBudget *budget, MlkPool *pool);
extern const MlkDesign *ml_prep_panel(MlPrepPanel *panel, const uint32 *order, int64 n);
extern void ml_prep_panel_free(MlPrepPanel *panel, MlBudget *budget);

/* Small panels, one a thread: any thread of the pool has rows [from, from + n) made into its own, n <= *rows, while they are in its cache */
typedef struct MlPrepStrips MlPrepStrips;
extern MlPrepStrips *ml_prep_strips_create(const MlPrep *prep, const MlDataset *data, int64 *rows, MlBudget *budget, MlkPool *pool);
extern const MlkDesign *ml_prep_strip(MlPrepStrips *strips, int worker, int64 from, int64 n);
extern void ml_prep_strips_free(MlPrepStrips *strips, MlBudget *budget);

/*
 * Bins of rows [0, n_train) of the canonical order, from panels: edges from the first 200,000 training rows (a uniform sample),
 * at most max_bins value bins a number.  In the budget.  More than 65,535 categories: ERROR 54000.
 */
extern MlkBinned *ml_prep_bin(const MlPrep *prep, const MlDataset *data, const MlRows *rows, int max_bins,
							  MlBudget *budget, MlkPool *pool);
/* the bins go back to the budget */
extern void ml_prep_bin_free(MlkBinned *binned, MlBudget *budget);

/* Streaming: bind once to the columns of a batch dataset, then refill the design for every batch without allocating */
typedef struct MlPrepBinding MlPrepBinding;
extern MlPrepBinding *ml_prep_bind(const MlPrep *prep, const MlDataset *batch, int max_rows);
extern const MlkDesign *ml_prep_apply_batch(MlPrepBinding *binding, const MlDataset *batch);

extern int	ml_prep_n_inputs(const MlPrep *prep);
extern int	ml_prep_n_values(const MlPrep *prep);	/* sum of widths */
extern int	ml_prep_cols(const MlPrep *prep);	/* of the design */
extern int	ml_prep_numbers(const MlPrep *prep);	/* dense columns, which come first */
/* true when every code block fits the layout: one-hot columns, or categories in the native one */
extern bool ml_prep_fits(const MlPrep *prep, bool native);
extern const MlInput *ml_prep_input(const MlPrep *prep, int i);
/* true when the step takes texts as they are, and MlValue.text is its value */
extern bool ml_prep_wants_text(const MlPrep *prep, int input);
extern uint32 ml_prep_code(const MlPrep *prep, int input, const char *text, int len);	/* unseen: a code of its own */

/* names of the design columns (cols of them): age, city=Paris, age is null, signup.dow; palloc'd anew by each call */
extern const char *const *ml_prep_names(const MlPrep *prep, int *cols);

/* index of the input that each design column comes from, -1 when there are several; input[cols] */
extern void ml_prep_origin(const MlPrep *prep, int *input);

/* a design column in full, for people */
typedef struct MlPrepFeature
{
	const char *name;
	int			n_inputs;
	int		   *inputs;			/* indices of the inputs that it comes from, ascending */
	const char *step;			/* what made it: a step's name or a stage's */
	Jsonb	   *fitted;			/* what was learned of it */
} MlPrepFeature;

/* all of them, in the order of the design; palloc'd */
extern MlPrepFeature *ml_prep_features(const MlPrep *prep, int *cols);

/* native layout: text of a category's code; column is one of the design.  NULL when there is no such category */
extern const char *ml_prep_category(const MlPrep *prep, int column, uint32 code);

/*
 * Several preprocessings of the same features side by side: their designs have parts instead of blocks, a part each, and their columns
 * are those of the parts one after the other.  The parts must live as long.
 */
#define ML_PREP_MAX_PARTS 5
extern MlPrep *ml_prep_join(MlPrep *const *parts, int n);
extern int	ml_prep_n_parts(const MlPrep *prep);	/* 0: it is a single one */
extern const MlPrep *ml_prep_part(const MlPrep *prep, int i);

/* one row: buffers are made once, ml_prep_row refills them; the design has one row */
typedef struct MlPrepRow
{
	MlkDesign	design;
	MlkBlock   *blocks;
	double	   *dense;
	uint32	   *codes;
	MlkSparse  *sparse;			/* one a code block, of one vector where the block is sparse */
	struct MlSparseVector **vectors;	/* what they point to */
	struct MlChainSpace *space; /* where the row passes the stages; NULL without */

	/* of several side by side: a row of each, the values as it wants them, and what design.parts points to */
	struct MlPrepRow **parts;
	MlValue    *values;
	MlkDesign  *designs;
} MlPrepRow;
extern MlPrepRow *ml_prep_row_create(const MlPrep *prep);
/* main thread only; texts may cost memory of the current context, and may be cancelled */
extern void ml_prep_row(const MlPrep *prep, const MlValue *values, MlPrepRow *row);

/* the options as they were resolved, every default spelled out: what the version records */
extern Jsonb *ml_prep_describe(const MlPrep *prep);

extern void ml_prep_write(const MlPrep *prep, MlBlobWriter *w);
extern MlPrep *ml_prep_read(MlBlobReader *r);	/* ERROR XX001 on bad bytes; current context */

#endif							/* ML_PREPROCESS_H */
