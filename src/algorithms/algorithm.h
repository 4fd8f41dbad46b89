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
#include "kernels/bins.h"
#include "kernels/design.h"
#include "kernels/parallel.h"
#include "kernels/sums.h"
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
	ML_PARAM_CLASS_WEIGHT,		/* null, "balanced", or {"label": weight, ...} */
	ML_PARAM_FEATURE_SIGNS,		/* null, or {"feature": -1 | 0 | 1, ...} (monotonic_cst) */
	ML_PARAM_FEATURE_GROUPS,	/* null, or [["a", "b"], ["c"]] (interaction_cst) */
	ML_PARAM_INT_OR_ENUM,		/* a whole number, a share up to 1, both in range, or one of choices: "sqrt", "log2" ... (max_features) */
	ML_PARAM_BOOL_OR_ENUM,		/* true, false or one of choices: early_stopping "auto" */
	ML_PARAM_INT_LIST,			/* an array of whole numbers in range, or one of them: hidden_layer_sizes */
	ML_PARAM_THRESHOLD,			/* null, a probability, "f1", or {"cost": {"fp": cost, "fn": cost}} */
	ML_PARAM_REAL_LIST,			/* an array of numbers in range: weights */
	ML_PARAM_MEMBERS			/* [{"algorithm": name, "params": {...}}, ...]: how many is in range */
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
	const char *alias;			/* other accepted names, "a|b|c", or NULL */
} MlParamSpec;

typedef struct MlParams MlParams;	/* checked values, one per spec row */
typedef struct MlAlgorithm MlAlgorithm;

/* ERROR 22023 naming parameter, range and nearest name; class weights are checked against labels by ml_params_class_weights */
extern MlParams *ml_params_parse(const MlAlgorithm *algorithm, Jsonb *given);
/* what a version records: all of the algorithm's own with defaults, the common ones where given */
extern Jsonb *ml_params_json(const MlParams *params);

/* palloc'd rows of the tables: *n_own of the algorithm's own, then up to *n the common ones that apply to it (common_params.c) */
extern const MlParamSpec **ml_params_specs(const MlAlgorithm *algorithm, int *n, int *n_own);
/* is it the name of one of these? */
extern bool ml_params_is_common(const char *name);
extern bool ml_params_has(const MlParams *p, const char *name);	/* does the algorithm have such a parameter? */
extern bool ml_params_bool(const MlParams *p, const char *name);
extern int64 ml_params_int(const MlParams *p, const char *name);
extern double ml_params_real(const MlParams *p, const char *name);	/* NaN for null */
extern bool ml_params_is_null(const MlParams *p, const char *name);
extern const char *ml_params_enum(const MlParams *p, const char *name);
/* INT_OR_ENUM, BOOL_OR_ENUM: the number (true: 1, false: 0; null: NaN) and *choice NULL, or NaN and *choice the word */
extern double ml_params_number(const MlParams *p, const char *name, const char **choice);
/* INT_LIST: *n numbers, none above 2^53; REAL_LIST: *n numbers, NULL for null */
extern const double *ml_params_list(const MlParams *p, const char *name, int *n);

/* MEMBERS: what an ensemble is made of */
typedef struct MlMember
{
	const MlAlgorithm *algorithm;
	Jsonb	   *given;			/* its parameters, without defaults */
	MlParams   *params;
} MlMember;

/* palloc'd, *n of them; ERROR 22023 for an unknown algorithm or parameter, naming the member */
extern MlMember *ml_params_members(const MlParams *p, const char *name, int *n);
/* THRESHOLD of costs: those of a false positive and of a false negative; false for every other value */
extern bool ml_params_costs(const MlParams *p, const char *name, double *false_positive, double *false_negative);

/* ---- the problem ---- */

typedef struct MlProblem
{
	int64		rows;			/* training rows */
	MlTask		task;
	const MlkDesign *x;			/* training rows; without intercept; NULL in the native layout */
	const MlkBinned *binned;	/* training rows in the native layout, else NULL */

	/*
	 * Instead of rows, where MlAlgorithm.sums allows it: products of the standardised columns and the target.  x then has its
	 * rows, cols, center and scale, but no block.  NULL: there are rows.
	 */
	const MlkSums *sums;

	/*
	 * Native layout: *x := training rows [from, from + n) as predict will see them, valid until the next call; n <= panel_rows.
	 * Main thread only, may raise errors.
	 */
	void		(*panel) (void *arg, int64 from, int64 n, const MlkDesign **x);
	void	   *panel_arg;
	int64		panel_rows;

	/*
	 * Layout of parts: a member's state, fitted to the training rows with the preprocessing that it wants; *part: which part of the
	 * designs that predict will see is its own.  x, binned and panel are NULL then.  Main thread only, may raise errors.
	 */
	void	   *(*member) (void *arg, const MlMember *member, int *part);
	void	   *member_arg;
	const void *warm_state;		/* fitted state of the version to go on from (params "warm_start"; same features and classes), or NULL */
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

	/*
	 * Arrays of the size of the data, priced against mlops.max_memory (in a mapped file when over it): count items of size bytes;
	 * what names the array in the error.  Freed with the training at the latest.
	 */
	void	   *(*alloc) (void *budget, Size count, Size size, const char *what);
	void		(*release) (void *budget, void *array);
	/* bytes that arrays can still take before they go to files: for those that only save time */
	Size		(*room) (const void *budget);
	void	   *budget;

	/* keep a number beside the version's metrics, under "fit"; name is a constant.  Optional to call. */
	void		(*record) (void *arg, const char *name, double value);
	void	   *record_arg;

	/*
	 * Optional to call, once, when the fit is over: room for what predict would say of the training rows, rows * outputs numbers.
	 * Who calls it fills it, which saves predicting them again; who does not know them cheaply leaves it alone.  NULL: nobody asks.
	 */
	double	   *(*fitted) (void *arg);
	void	   *fitted_arg;
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

/* one of several designs of the same rows */
typedef struct MlShapePart
{
	int			cols;
	bool		fits[2];		/* the layout of a design, the native one: may its algorithms read it? */
} MlShapePart;

/* what the fitted state belongs to, when it is read back */
typedef struct MlShape
{
	MlTask		task;
	int			cols;			/* design columns, of all parts */
	int			n_classes;		/* 0 for regression */
	int			n_parts;		/* layout of parts, else 0 */
	const MlShapePart *parts;
} MlShape;

typedef enum MlLayout
{
	ML_LAYOUT_DESIGN = 0,
	ML_LAYOUT_NATIVE,
	ML_LAYOUT_PARTS				/* a design for each kind of preprocessing that its members want (MlkDesign.parts) */
} MlLayout;

/* one line of mlops_tree(): a node as a readable rule */
typedef struct MlTreeNode
{
	int			node,
				parent,			/* -1: root */
				depth;
	bool		leaf;
	int			column;			/* design column; -1 for leaves */
	bool		category;
	double		threshold;		/* numbers: x <= threshold goes left */
	const uint32 *codes;		/* categories that go left */
	int			n_codes;
	bool		missing_left;
	double		gain,
				rows,
				value;			/* leaves: what the tree says, before a forest takes the mean */
	int			class_index;	/* the class whose score that is (forests of classes: the likeliest), -1: there is one score */
	int			left,
				right;
} MlTreeNode;

/* one line of mlops_training_curve() */
typedef struct MlCurvePoint
{
	int32		iteration;		/* from 1 */
	double		train_loss;		/* what was minimised, in the units of the target */
	double		validation_value;	/* of the rows held back: accuracy, or R2; NaN: none were */
} MlCurvePoint;

struct MlAlgorithm
{
	const char *name;			/* Required: SQL name */
	const char *help;			/* Required: one sentence */
	uint32		tasks;			/* Required: bits of MlTask */
	uint32		state_version;	/* Required: moves when write() changes */
	const MlParamSpec *params;	/* Required: rows ended by name == NULL */

	/* Required: what fit wants: a design matrix, bins of the raw columns (predict then gets a native design), or members that are fitted for it */
	MlLayout	layout;

	/* Classification: are probabilities a logistic function or softmax of scores?  Calibration then works on log-odds, else on probabilities */
	bool		log_odds;

	/* Can fit do with MlProblem.sums instead of a design? */
	bool		sums;

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

	/* Optional: out[cols]: importance of each design column by method "gain" or "split"; NULL = has none */
	void		(*importance) (const void *state, bool by_gain, double *out);

	/*
	 * Optional: contributions of each design column to the raw score of class (regression, binary: 0) for one row: out[cols], *base;
	 * they add up to raw score = base + sum to 1e-9.  NULL = cannot.  Linear models: w * (x - mean of training).
	 */
	void		(*explain) (const void *state, const MlkDesign *x, int64 row, int class_index, double *out, double *base);

	/* Optional: palloc'd nodes of tree number tree (0-based), *n set, or NULL when there is no such tree; *n_trees always set */
	MlTreeNode *(*tree) (const void *state, int tree, int *n, int *n_trees);

	/* Optional: how the training went, palloc'd, *n points by iteration; NULL = keeps no record */
	MlCurvePoint *(*curve) (const void *state, int *n);
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

/*
 * FEATURE_SIGNS: -1, 0 or 1 for each design column, palloc'd; NULL when the parameter is null.  FEATURE_GROUPS: *n_groups
 * rows of one byte a design column, 1 for a member; the columns that no group names make up one more.  The name of an array
 * stands for all of its elements.  ERROR 22023 for a name that is no feature, and for the sign of a category.
 */
extern int8 *ml_params_feature_signs(const MlParams *p, const char *name, const MlProblem *problem);
extern uint8 *ml_params_feature_groups(const MlParams *p, const char *name, const MlProblem *problem, int *n_groups);

#endif							/* ML_ALGORITHM_H */
