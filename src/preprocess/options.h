/*
 * options.h: the options of preprocessing as rows of tables.
 *
 * One row of a step's table gives an option's name, type, default, range, choices and help; it is checked,
 * described and stored by the code here alone, so a step never looks at JSON.  Every value is kept as a double: a flag
 * as 0 or 1, a choice as its index, a set as bits.  Bytes of models hold these values: choices and rows are append only.
 */
#ifndef ML_PREP_OPTIONS_H
#define ML_PREP_OPTIONS_H

#include "postgres.h"
#include "utils/jsonb.h"

#include "preprocess/preprocess.h"

typedef struct MlStepKind MlStepKind;

#define ML_OPTION_ENCODE "encode"	/* names the step */

typedef enum MlOptionType
{
	ML_OPTION_BOOL,
	ML_OPTION_NUMBER,
	ML_OPTION_CHOICE,			/* one of choices; JSON null means "none" where that is a choice */
	ML_OPTION_SET,				/* array of choices, or one of them */
	ML_OPTION_RANGE,			/* [least, largest], whole numbers from min to max; kept as ML_OPTION_PAIR */
	ML_OPTION_CONFIG,			/* name of a text search configuration, or null: kept as its oid, which means nothing in bytes */
	ML_OPTION_CLIP,				/* MlClip; two rows of ML_OPTION_PART follow: its numbers */
	ML_OPTION_PART				/* number that belongs to another row or that fitting sets; callers cannot name it */
} MlOptionType;

#define ML_OPTION_PAIR(first, second) ((first) * 256 + (second))
#define ML_OPTION_FIRST(value) ((int) (value) / 256)
#define ML_OPTION_SECOND(value) ((int) (value) % 256)

/* what ML_OPTION_CLIP is, and the two numbers behind it */
typedef enum MlClip
{
	ML_CLIP_NONE,
	ML_CLIP_RANGE,				/* to [low, high]; -DBL_MAX and DBL_MAX: open */
	ML_CLIP_QUANTILES,			/* to those of the training rows */
	ML_CLIP_IQR					/* to 1.5 interquartile ranges beyond the quartiles of the training rows; no numbers */
} MlClip;

#define ML_CLIP_PARTS 2

/* where the default comes from when the caller says nothing */
typedef enum MlOptionSource
{
	ML_OPTION_OWN,				/* fallback */
	ML_OPTION_SCALE,			/* MlPrepDefaults.scale: choices must be ml_scale_choices */
	ML_OPTION_DROP,				/* MlPrepDefaults.drop_first: choices are none, first */
	ML_OPTION_IMPUTE			/* fallback, but "none" in the native layout: choices must be ml_impute_choices */
} MlOptionSource;

typedef struct MlOptionSpec
{
	const char *name;			/* NULL ends a table */
	MlOptionType type;
	double		fallback;
	MlOptionSource source;
	double		min;			/* NUMBER, RANGE: both ends are allowed */
	double		max;
	bool		integral;		/* NUMBER: whole numbers only */
	const char *const *choices; /* CHOICE, SET: at most 32, ended by NULL */
	const char *word;			/* NUMBER: a text that is allowed, too, kept as NaN; NULL: none */
	const char *help;			/* one sentence, ends without a full stop; also the hint of an error */
} MlOptionSpec;

/* the step of one column, and its options with every default filled in */
typedef struct MlStepChoice
{
	const MlStepKind *kind;
	double	   *option;			/* palloc'd, one value a row of kind->options */
} MlStepChoice;

/* "*" and every column's own entry: names and values, against all steps; ERROR 22023 */
extern void ml_options_check(Jsonb *options, const MlColumn *columns, int n, const MlPrepDefaults *defaults);

/*
 * What the options make of one column.  suggestion is the step to use where they are silent, NULL: the default of the
 * type.
 */
extern MlStepChoice ml_options_resolve(Jsonb *options, const char *column, MlType type, const MlStepKind *suggestion,
									   const MlPrepDefaults *defaults);

/* ---- one option (option_value.c) ---- */

/* where an option stands, for messages: column NULL and type 0 mean "*" */
typedef struct MlOptionPlace
{
	const char *column;
	MlType		type;
} MlOptionPlace;

extern const char *ml_option_place(const MlOptionPlace *place);
/* ERROR 22023 that says what is allowed */
extern double ml_option_value(const MlOptionPlace *place, const MlOptionSpec *spec, const JsonbValue *v);
/* a JSON value as the caller would know it again */
extern const char *ml_option_value_text(const JsonbValue *v);

/* the same for rows that take more than one number: option has room for those of the rows behind it */
extern void ml_option_take(const MlOptionPlace *place, const MlOptionSpec *spec, const JsonbValue *v, double *option);
/* ERROR that says that an option cannot be what was given, and what it can be */
extern void ml_option_refuse(const MlOptionPlace *place, const MlOptionSpec *spec, const JsonbValue *v) pg_attribute_noreturn();

/* true when value can stand in an option of this row: for values that come from bytes, too */
extern bool ml_option_valid(const MlOptionSpec *spec, double value);

/* ML_OPTION_CLIP (option_clip.c) */
extern void ml_option_clip(const MlOptionPlace *place, const MlOptionSpec *spec, const JsonbValue *v, double *option);
extern void ml_option_push_clip(JsonbParseState **state, const double *option);

/* add "name": value pairs, all of them, to an object that is being built */
extern void ml_option_describe(JsonbParseState **state, const MlStepKind *kind, const double *option);
extern void ml_option_describe_values(JsonbParseState **state, const MlOptionSpec *specs, const double *option);

#endif							/* ML_PREP_OPTIONS_H */
