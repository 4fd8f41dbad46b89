/*
 * profile_internal.h: a profile in the making (private to profile*.c).
 *
 * profile.c      the order of events, and which columns are asked for
 * profile_store.c      batches of the stream -> columns kept as they are
 * profile_sketch.c     columns that do not fit -> sketches
 * profile_numbers.c    kept numbers -> statistics, on threads
 * profile_texts.c      distinct texts -> statistics
 * profile_remark.c     statistics -> words
 */
#ifndef ML_QUALITY_PROFILE_INTERNAL_H
#define ML_QUALITY_PROFILE_INTERNAL_H

#include "kernels/describe.h"
#include "quality/profile.h"

#define ML_PROFILE_EXTREME 10.0 /* robust z worth a remark */

typedef enum MlProfileKind
{
	ML_PROFILE_NUMBER,			/* numbers, times, booleans */
	ML_PROFILE_TEXT,
	ML_PROFILE_COUNTED			/* of a type that is not described */
} MlProfileKind;

/* what is known of a row of one group and one column before anything is described */
typedef struct MlProfileCell
{
	int64		nulls;
	int64		nans;
} MlProfileCell;

/* a column of the source while it is read */
typedef struct MlProfileColumn
{
	char	   *name;
	Form_pg_attribute attribute;
	Oid			base_type;
	MlType		type;
	MlProfileKind kind;
	int			request;		/* its place in the request */
	int			presence;		/* place of the same column asked for NULLs, or -1 */

	/* kept a batch a piece */
	double	  **number;
	uint32	  **code;			/* texts, with groups: code in dict or ML_NULL_CODE */

	/* what is kept lives here, and goes when sketches take over */
	MemoryContext context;
	MlBudget   *budget;
	Size		bytes;			/* of it, about */
	struct MlProfileSketch **sketch;	/* of each group, or NULL; the list is NULL as long as the column is kept */
	int			sketch_room;

	/* texts */
	MlDictionary *dict;
	int64	   *count;			/* rows of each text, without groups */
	uint32		count_room;
} MlProfileColumn;

typedef struct MlProfileStore
{
	MemoryContext context;
	MlBudget   *budget;
	MlkPool    *pool;
	int			n_columns;
	MlProfileColumn *columns;
	MlColumnRequest *request;
	int			n_request;
	int			batch;			/* rows of every piece but the last; a power of two */
	int			batch_bits;
	int			n_pieces;
	int			pieces_room;
	int64		rows;
	Size		limit;			/* bytes that may be kept */
	int			n_kept;			/* columns of numbers and texts that are */

	/* groups */
	int			by;				/* place in the request, or -1: one group */
	Form_pg_attribute by_attribute;
	MlDictionary *groups;		/* texts of by; the code of a group is its number */
	int			null_group;		/* number of the group of NULLs, or -1 */
	int			n_groups;
	char	  **group_text;		/* of each group */
	int			groups_room;
	int64	   *group_rows;
	MlProfileCell **cells;		/* [group][column] */
	uint32	  **group;			/* group of each row, a batch a piece */
} MlProfileStore;

/* ---- profile_store.c ---- */
extern void ml_profile_store_start(MlProfileStore *store);
extern void ml_profile_store_batch(MlDataset *batch, void *store);

/* an array with room for more than n items, doubled and zeroed behind; in the store's context */
extern void *ml_profile_grow(MlProfileStore *store, void *array, int64 n, int *room, Size size);

/* ---- profile_sketch.c ---- */
/* columns that do not fit any more become sketches, the largest first */
extern void ml_profile_sketch_some(MlProfileStore *store);
/* add a batch to the columns that are sketches; its groups are the last piece */
extern void ml_profile_sketch_batch(MlProfileStore *store, const MlDataset *batch);
extern void ml_profile_sketch_describe(const MlProfileStore *store, int column, int group, MlColumnProfile *out);

/* rows of each group, in order of arrival: rows order[start[g]] .. order[start[g + 1] - 1]; order is NULL without groups */
typedef struct MlProfileOrder
{
	uint32	   *order;
	int64	   *start;			/* [n_groups + 1] */
} MlProfileOrder;

extern MlProfileOrder ml_profile_store_order(MlProfileStore *store);

/* ---- profile_numbers.c ---- */
/* fill in all columns of numbers: profile->columns[g * n_columns + c] */
extern void ml_profile_numbers(MlProfileStore *store, const MlProfileOrder *order, MlProfile *profile);
/* number as the server prints a value of this type */
extern char *ml_profile_number_text(Oid base_type, MlType type, double number);
/* texts of the least, the largest and the most frequent values */
extern void ml_profile_name_values(const MlProfileColumn *column, MlColumnProfile *out);
extern void ml_profile_take_description(MlColumnProfile *out, const MlkDescription *d);

/* ---- profile_texts.c ---- */
extern void ml_profile_texts(MlProfileStore *store, int column, const MlProfileOrder *order, MlProfile *profile);

/* ---- profile_text_form.c ---- */
#define ML_TEXT_NUMBER 1
#define ML_TEXT_TIME 2
#define ML_TEXT_SPACED 4
#define ML_TEXT_PLACEHOLDER 8
/* bits of what a text looks like */
extern int	ml_profile_text_form(const char *text, int length);
/* hash of the text in lower case */
extern uint64 ml_profile_text_fold(const char *text, int length);

/* ---- profile_remark.c ---- */
extern void ml_profile_remark(MlColumnProfile *profile);
/*
 * The bit that says that the least value (n_min rows) or the largest (n_max rows) is -999 or the like and stands for a missing one;
 * *rows: how many do.  Runs on any thread.
 */
extern uint32 ml_profile_code_for_missing(const MlkDescription *d, int64 n_min, int64 n_max, int64 *rows);

#endif							/* ML_QUALITY_PROFILE_INTERNAL_H */
