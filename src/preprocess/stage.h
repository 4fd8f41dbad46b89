/*
 * stage.h: what a stage of preprocessing is.  The manual for the author of the next one.
 *
 * Steps (step.h) know one column each; stages come after them and know all columns at once.  They stand in a chain, in the order of
 * stages.h: what looks at raw numbers (imputation from other columns) runs before the dense outputs are imputed and scaled, the
 * rest after it.  A stage turns rows of one shape into rows of another: so many dense numbers, so many blocks of codes.  A stage is
 * one .c file here that defines one const MlStageKind, and one line in stages.h.
 *
 * Users ask for a stage under "*" of the preprocess options: by its name, with an object of options or the value of the first of
 * them; an imputation by "impute" of "*" or of columns, its options standing beside it under "*".
 */
#ifndef ML_PREP_STAGE_H
#define ML_PREP_STAGE_H

#include "nodes/bitmapset.h"

#include "preprocess/step.h"

typedef struct MlStageKind MlStageKind;
typedef struct MlStage MlStage;

/* what rows look like between two stages */
typedef struct MlRowShape
{
	int			n_dense;
	int			n_codes;		/* blocks of codes, one code a row each, behind the dense numbers */
	MlkBlock   *blocks;			/* of the codes: kind, cols, n_codes and first */
	int			cols;			/* dense numbers and columns of the blocks */
	double	   *center;			/* [n_dense]: original = number * scale + center */
	double	   *scale;
} MlRowShape;

/* every stage's struct begins with this */
struct MlStage
{
	const MlStageKind *kind;
	double	   *option;			/* one value a row of kind->options */
	const MlRowShape *in;
	MlRowShape		out;			/* made by kind->shape; a raw stage changes no shape */
};

/* the training rows as they reach the stage */
typedef struct MlStageFit
{
	int64		n;
	const double *dense;		/* [n, in->n_dense] */
	const uint32 *codes;		/* [n, in->n_codes] */
	const MlkSparse **sparse;	/* a block of codes of in: the vectors that its codes name; NULL for other blocks */
	const uint32 **sparse_column;	/* a block: its column for each of the vectors', MLK_NO_CODE for those that are gone; NULL: the same */
	const bool *wanted;			/* imputation: dense numbers whose column asks for it */
	const char *const *names;	/* of the columns of in */
	const MlPrepTarget *target; /* NULL when there is none */
	MlkPool    *pool;
	MlBudget   *budget;
} MlStageFit;

struct MlStageKind
{
	const char *name;			/* Required: key under "*", or value of "impute" */
	uint8		id;				/* Required: in the bytes of models, never reused */
	Size		size;			/* Required: of the struct that begins with MlStage; zeroed when made */
	const MlOptionSpec *options;	/* Required: rows ended by name == NULL; new rows at the end */
	MlImpute	impute;			/* the imputation that it is, and therefore on raw numbers; else ML_IMPUTE_NONE */
	const char *native_hint;	/* NULL: allowed in the native layout; else what to do instead */

	/* Optional: refuse combinations of options; before any data is read */
	void		(*check) (const double *option);

	/* Required: learn; the stage lives in the current memory context; may raise errors, polls for interrupts */
	void		(*fit) (MlStage *stage, const MlStageFit *data);
	/* Required unless raw: make out from in, once fitted or read */
	void		(*shape) (MlStage *stage);
	/* Optional: bytes of scratch that apply needs, of each thread */
	Size		(*scratch) (const MlStage *stage);

	/*
	 * Required: n rows.  Every row is computed alone and alike, whatever n is.  Raw: dense is changed in place, out and out_codes
	 * are not looked at.  codes are NULL for both when keeps_codes.  Runs on any thread: calls nothing of the server, allocates nothing.
	 */
	void		(*apply) (const MlStage *stage, int64 n, double *dense, const uint32 *codes,
						  double *out, uint32 *out_codes, void *scratch);
	bool		keeps_codes;	/* blocks of codes pass beside */

	/* Optional: column of in that column k of out is unchanged, -1 when it is made here; absent: out is in */
	int			(*source) (const MlStage *stage, int k);
	/* Required when source gives -1: append the name of column k, and the inputs that it comes from (a fresh set) */
	void		(*name_column) (const MlStage *stage, const char *const *names, int k, StringInfo name);
	Bitmapset  *(*origin) (const MlStage *stage, Bitmapset *const *origins, int k);
	/* Optional: push keys and values of what was learned of column k of out into an object */
	void		(*describe) (const MlStage *stage, const char *const *names, int k, JsonbParseState **state);

	/* Required: learned state, bytes out and in.  read checks all it reads against in and calls ml_blob_fail on bad bytes */
	void		(*write) (const MlStage *stage, MlBlobWriter *w);
	void		(*read) (MlStage *stage, MlBlobReader *r);
};

/* ---- registry and options (stage.c) ---- */

/* a stage that the options ask for, with every default filled in */
typedef struct MlStageChoice
{
	const MlStageKind *kind;
	double	   *option;
} MlStageChoice;

extern int	ml_stage_count(void);
extern const MlStageKind *ml_stage_get(int i);
extern const MlStageKind *ml_stage_by_id(uint8 id);
extern int	ml_stage_option_count(const MlStageKind *kind);
/* true when name is a stage's key, or an option of an imputation: what stands under "*" alone */
extern bool ml_stage_knows(const char *name);
/* ERROR 22023 unless an entry of "*" that a stage knows has a right value */
extern void ml_stage_check_entry(const char *name, const JsonbValue *value, const MlPrepDefaults *defaults);
/* wanted[kind]: an imputation that columns ask for; choice has room for all kinds; returns how many, in the order of the chain */
extern int	ml_stages_choose(Jsonb *options, const bool *wanted, const MlPrepDefaults *defaults, MlStageChoice *choice);
/* add "name": {...} pairs of a chain to an object that is being built */
extern void ml_stage_describe_options(JsonbParseState **state, const MlStage *stage);

/* ---- helpers of kinds (stage.c) ---- */

/* out := in with n_dense numbers in units of their own; blocks are shared */
extern void ml_shape_dense(MlRowShape *out, const MlRowShape *in, int n_dense);
/* cols and the places of the blocks, from n_dense and the widths of the blocks */
extern void ml_shape_place(MlRowShape *shape);
extern void ml_json_put_float(JsonbParseState **state, const char *key, double value);
extern void ml_json_put_text(JsonbParseState **state, const char *key, const char *value);

#endif							/* ML_PREP_STAGE_H */
