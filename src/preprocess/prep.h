/*
 * prep.h: the inside of MlPrep, shared by fitting, applying, the row path and the bytes.
 *
 * Layout of the design: one dense block with the numbers of all columns, in the order of the features, then one block of
 * codes a category, in the order of the features.  A dense output's index is therefore its design column.  The codes
 * of a row stand side by side, so that a row is two pieces of memory.
 */
#ifndef ML_PREP_H
#define ML_PREP_H

#include "kernels/moments.h"
#include "preprocess/step.h"

/* consecutive values of a row that are consecutive dense outputs */
typedef struct MlRun
{
	int			value;
	int			dense;
	int			count;
} MlRun;

struct MlPrep
{
	int			n_inputs;
	MlInput    *inputs;
	MlStep	  **steps;			/* one an input */
	int			n_values;

	int			n_dense;
	int			cols;
	int			n_code_blocks;	/* codes a row; those of the native layout have one column each */
	int			n_blocks;
	MlkBlock   *blocks;			/* kind, first, cols and stride; without data */

	/* what mlk_affine_apply wants, one a dense output; center and scale go on with 0 and 1 up to cols */
	double	   *fill;
	double	   *inverse;
	double	   *center;
	double	   *scale;

	/* stages, raw ones first (stage.h) */
	int			n_stages;
	struct MlStage **stages;
	struct MlRowShape *inner;		/* what enters the first stage; NULL without stages */

	/* the design that learners see: what the stages make of the above, or without stages the same */
	int			design_dense;
	int			design_codes;
	int			design_cols;
	int			n_design_blocks;
	MlkBlock   *design_blocks;
	double	   *design_center;	/* [design_cols], as center and scale */
	double	   *design_scale;

	/* the row path: copies first, then the steps that compute */
	int			n_runs;
	MlRun	   *runs;
	int			n_computed;
	MlStep	  **computed;

	/* several preprocessings side by side (join.c): of all the above, inputs, n_values and design_cols alone are set */
	int			n_parts;
	MlPrep	  **parts;
};

/* ---- several side by side (join.c): what the functions of preprocess.h do for them ---- */

/* designs [n_parts], palloc'd, and the one that holds them; the caller fills them */
extern MlkDesign *ml_join_design(const MlPrep *prep, MlkDesign **parts);
extern const char *const *ml_join_names(const MlPrep *prep);
extern void ml_join_origin(const MlPrep *prep, int *input);
extern MlPrepFeature *ml_join_features(const MlPrep *prep);
extern Jsonb *ml_join_describe(const MlPrep *prep);
extern void ml_join_create_row(const MlPrep *prep, MlPrepRow *row);
extern void ml_join_row(const MlPrep *prep, const MlValue *values, MlPrepRow *row);

/* ---- layout (layout.c) ---- */

/* a step of this kind, zeroed but for kind, input and option */
extern MlStep *ml_prep_make_step(const MlStepKind *kind, const MlInput *input, double *option);
/* sets the places of all outputs and makes the arrays of the dense ones; ERROR 54000 for too many columns */
extern void ml_prep_layout(MlPrep *prep);
/* once fill, center and scale are known */
extern void ml_prep_set_inverse(MlPrep *prep);
/*
 * A design of rows rows over these buffers (design_dense and design_codes a row), palloc'd.  Sparse blocks point into bound, which must
 * live as long; bound NULL: the caller sets them.
 */
extern MlkDesign *ml_prep_design(const MlPrep *prep, const MlBoundStep *bound, int64 rows, const double *dense,
								 const uint32 *codes);
/* input whose step makes a block of codes of the design */
extern int	ml_prep_block_input(const MlPrep *prep, const MlkBlock *block);

/* names of the columns that the steps make; palloc'd */
extern const char *const *ml_prep_step_names(const MlPrep *prep);

/* ---- passes over rows (apply.c, pass.c) ---- */

/* one pass; what pool blocks read */
typedef struct MlPass
{
	const MlPrep *prep;
	MlBoundStep *bound;			/* one an input */
	const uint32 *order;		/* n rows, none twice; NULL: the first n of the data */
	int64		n;
	int64		data_rows;
	int64		block_rows;		/* depends on the shape of the data alone */
	bool		raw;			/* leave the dense outputs raw, and the stages out: fitting */
	int			n_dense;		/* of a row that is written: those of the steps when raw, else of the design */
	int			n_codes;
	double	   *dense;			/* n rows of n_dense */
	uint32	   *codes;			/* n rows of n_codes */
	struct MlChainSpace *spaces;	/* a worker's own, where rows pass the stages; NULL when they do not */
	int64		space_rows;
	void	   *space_memory;

	/* fitting (raw): moments of the first n_moments rows, n_dense a block */
	MlkMoments *moments;
	int64		n_moments;

	/* a worker's own: block_rows row numbers, and as many rows of dense numbers and codes */
	uint32	   *counting;
	double	   *dense_panel;
	uint32	   *code_panel;
	uint32	   *place;			/* row of the design of each row of the data */
} MlPass;

extern MlBoundStep *ml_prep_bind_steps(const MlPrep *prep, const MlDataset *data);
/* columns bound, room for the design from the budget; pass was zeroed */
extern void ml_prep_start_pass(MlPass *pass, const MlPrep *prep, const MlDataset *data, const uint32 *order, int64 n,
							   MlBudget *budget, MlkPool *pool);
extern int64 ml_prep_block_rows(const MlPrep *prep, int64 data_rows);
extern int64 ml_prep_pass_blocks(const MlPass *pass, int64 rows);
/* main thread, before a pass and before any step's block is called */
extern void ml_prep_refresh_steps(const MlPrep *prep, MlBoundStep *bound);
/* fill dense and codes, reading the rows in whatever order is fastest; budget is for scratch, and not needed when order is NULL */
extern void ml_prep_run_pass(MlPass *pass, MlBudget *budget, MlkPool *pool);
/* the same in the order of the design: for a few rows of many, without scratch */
extern void ml_prep_run_gather(MlPass *pass, MlkPool *pool);
/* rows [from, from + n) of the data, at most block_rows, into room of the caller's; on any thread, steps refreshed */
extern void ml_prep_run_rows(const MlPass *pass, int64 from, int64 n, int worker, double *dense, uint32 *codes);
extern void ml_prep_run_moments(MlPass *pass, MlkPool *pool);
/* after a raw pass: impute, center and scale in place */
extern void ml_prep_run_affine(MlPass *pass, MlkPool *pool);

/* ERROR 22003 naming the column when it has infinite values */
extern void ml_prep_refuse_infinities(const MlColumn *column);
/* the order of row numbers from .. from + n - 1 */
extern void ml_prep_count_rows(int64 from, int64 n, uint32 *order);

/* ---- learning (fit.c) ---- */

/* a preprocessing with its steps chosen, fitted and laid out; its dense outputs are to be learned, its stages to be chosen */
extern MlPrep *ml_prep_fit_steps(const MlDataset *data, const MlRows *rows, const int *features, int n_features,
								 Jsonb *options, const MlPrepDefaults *defaults, const MlPrepTarget *target, MlkPool *pool);

/* ---- learning the dense outputs (dense.c) ---- */

/*
 * Fill, center and scale of all dense outputs from the raw values of the training rows in the design and
 * their moments, blocks of n_dense.  A column without any value: WARNING.
 */
extern void ml_prep_learn_dense(MlPrep *prep, const MlPass *pass, MlBudget *budget, MlkPool *pool);

#endif							/* ML_PREP_H */
