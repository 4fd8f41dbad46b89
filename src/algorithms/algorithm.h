/*
 * algorithm.h: what an algorithm is.  The manual for the author of the next one.
 *
 * Adding an algorithm is one .c file here that defines one const MlAlgorithm, and one line in list.h.  An algorithm sees a
 * design matrix and numbers; it knows nothing of SQL, columns, labels' texts (but for class_weight) or the catalog.
 * It may palloc, ereport and check for interrupts between bounded blocks; arithmetic lives in kernels/.
 */
#ifndef ML_ALGORITHM_H
#define ML_ALGORITHM_H

#include "postgres.h"
#include "utils/jsonb.h"
#include "kernels/design.h"
#include "kernels/parallel.h"
#include "model/blob.h"

typedef enum MlTask
{
	ML_TASK_REGRESSION = 1,
	ML_TASK_CLASSIFICATION = 2	/* bits: an algorithm's tasks are or-ed */
} MlTask;

/* ---- parameters (params.c): one row of a table gives default, check, error text and documentation ---- */

typedef enum MlParamType
{
	ML_PARAM_BOOL,
	ML_PARAM_INT,
	ML_PARAM_REAL,
	ML_PARAM_ENUM,
	ML_PARAM_CLASS_WEIGHT		/* null, "balanced", or {"label": weight, ...} */
} MlParamType;

typedef struct MlParamSpec
{
	const char *name;			/* scikit-learn's */
	MlParamType type;
	const char *fallback;		/* default as JSON text: "1.0", "\"l2\"", "null" (not allowed for INT / REAL unless nullable) */
	double		min,
				max;			/* INT, REAL; -INFINITY / INFINITY for none */
	bool		min_open,
				max_open;
	bool		nullable;
	const char *choices;		/* ENUM: "l2|l1|none" */
	const char *help;			/* one sentence, ends without a full stop */
	const char *alias;			/* another accepted name, or NULL */
} MlParamSpec;

typedef struct MlParams MlParams;	/* checked values, one per spec row */
typedef struct MlAlgorithm MlAlgorithm;

/* ERROR 22023 naming parameter, range and nearest name; class weights are checked against labels by ml_params_class_weights */
extern MlParams *ml_params_parse(const MlAlgorithm *algorithm, Jsonb *given);
extern Jsonb *ml_params_json(const MlParams *params);	/* complete, with defaults: what a version records */
extern bool ml_params_bool(const MlParams *p, const char *name);
extern int64 ml_params_int(const MlParams *p, const char *name);
extern double ml_params_real(const MlParams *p, const char *name);	/* NaN for null */
extern bool ml_params_is_null(const MlParams *p, const char *name);
extern const char *ml_params_enum(const MlParams *p, const char *name);

/* ---- the problem ---- */

typedef struct MlProblem
{
	MlTask		task;
	const MlkDesign *x;			/* training rows; without intercept */
	const char *const *names;	/* of the design's columns, for messages */
	const double *y;			/* regression: rows targets, else NULL */
	const int32_t *label;		/* classification: rows class indices in [0, n_classes), else NULL */
	int			n_classes;		/* >= 2 for classification (the API refuses one class), 0 for regression */
	const char *const *classes; /* texts, sorted; binary: classes[1] is the positive one */
	const double *weight;		/* rows, >= 0, finite, sum > 0; NULL = all one */
	uint64		seed;
	MlkPool    *pool;
} MlProblem;

/* how fit tells where it is; called between blocks on the main thread, may raise the cancel; cheap to call often */
typedef struct MlFitControl
{
	void		(*progress) (const char *phase, int64 done, int64 total);	/* never NULL */
} MlFitControl;

/* one line of mlops_coefficients(); NaN = unknown (shown as NULL) */
typedef struct MlCoefficient
{
	int			column;			/* design column, -1 = intercept */
	int			class_index;	/* -1: no class (regression, binary) */
	double		estimate,		/* in original units (design center / scale undone) */
				std_error,
				statistic,		/* t (OLS) or z */
				p_value,
				conf_low,		/* 95 % */
				conf_high;
} MlCoefficient;

/* what the fitted state belongs to, when it is read back */
typedef struct MlShape
{
	MlTask		task;
	int			cols;			/* design columns */
	int			n_classes;		/* 0 for regression */
} MlShape;

struct MlAlgorithm
{
	const char *name;			/* Required: SQL name */
	const char *help;			/* Required: one sentence */
	uint32		tasks;			/* Required: bits of MlTask */
	uint32		state_version;	/* Required: moves when write() changes */
	const MlParamSpec *params;	/* Required: rows ended by name == NULL */

	/* Required: what preprocessing should do by default ("standard", "none") */
	const char *default_scale;
	/* Optional: true when these parameters need a full-rank encoding (one-hot drops its first category); NULL = false */
	bool		(*full_rank) (const MlParams *params);

	/*
	 * Optional: refuse what the table cannot say (combinations), before any data is read.
	 */
	void		(*check) (const MlParams *params, MlTask task);

	/*
	 * Required: learn.  Result palloc'd in the current memory context and opaque to everybody else; scratch goes into
	 * a child context of its own that is deleted before returning.  Bounded blocks; calls control->progress at
	 * least every 100 ms of work.  NOTICE / WARNING for what the user must know (no convergence, separation, dependent columns).
	 */
	void	   *(*fit) (const MlProblem *problem, const MlParams *params, const MlFitControl *control);

	/*
	 * Required: out[rows * outputs], row-major; outputs = 1 for regression (the value), n_classes for
	 * classification (probabilities that sum to 1).  Thread-safe, never throws, allocates nothing: called for one row
	 * and from worker threads.
	 */
	void		(*predict) (const void *state, const MlkDesign *x, int64 from, int64 rows, double *out);

	/* Required: bytes out, bytes in.  read pallocs in the current context, checks every count; on bad bytes it calls ml_blob_fail and returns NULL */
	void		(*write) (const void *state, MlBlobWriter *w);
	void	   *(*read) (MlBlobReader *r, const MlShape *shape);

	/* Optional: palloc'd rows, *n set; NULL = has none */
	MlCoefficient *(*coefficients) (const void *state, int *n);
};

/* ---- registry (registry.c, list.h) ---- */

extern int	ml_algorithm_count(void);
extern const MlAlgorithm *ml_algorithm_get(int i);
extern const MlAlgorithm *ml_algorithm_find(const char *name);	/* NULL when unknown */
extern const MlAlgorithm *ml_algorithm_lookup(const char *name);	/* ERROR 22023 with the nearest name */

/*
 * Sample weight x class weight, palloc'd; NULL when both are absent.  spec "balanced": n / (k * count) over weights.
 * ERROR 22023 for a label that is no class.
 */
extern double *ml_class_weights(const MlParams *params, const MlProblem *problem);

#endif							/* ML_ALGORITHM_H */
