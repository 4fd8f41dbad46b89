/*
 * profile.h: what the columns of a source hold.
 *
 * The source is read once.  Columns that fit the budget are kept and described exactly; over it, they
 * are described by sketches whose error is stated (exact is false then).  Used by mlops_profile, by the proposal of cleaning
 * rules and contracts, and by the inspection of a training.
 */
#ifndef ML_QUALITY_PROFILE_H
#define ML_QUALITY_PROFILE_H

#include "postgres.h"
#include "dataset/dataset.h"

#define ML_PROFILE_QUANTILES 7	/* 1, 5, 25, 50, 75, 95, 99 % */
#define ML_PROFILE_TOP 10		/* most frequent values */
#define ML_PROFILE_BINS 20		/* of the histogram */
#define ML_PROFILE_GROUPS 10000 /* values of by */

extern const double ml_profile_probabilities[ML_PROFILE_QUANTILES];

/* what a remark says, as bits */
typedef enum MlProfileRemark
{
	ML_REMARK_UNSUPPORTED = 1 << 0, /* json, bytea, composite ...: counted, not described */
	ML_REMARK_EMPTY = 1 << 1,	/* all NULL */
	ML_REMARK_CONSTANT = 1 << 2,	/* one value, NULLs apart */
	ML_REMARK_ID = 1 << 3,		/* as many distinct values as rows that are not NULL (nearly all), integer or text */
	ML_REMARK_MISSING = 1 << 4, /* more than half NULL */
	ML_REMARK_NUMBER_TEXT = 1 << 5, /* nearly all texts read as numbers */
	ML_REMARK_TIME_TEXT = 1 << 6,	/* nearly all texts read as dates or timestamps */
	ML_REMARK_PLACEHOLDER = 1 << 7, /* "?", "N/A", "-", "", -999 among the values */
	ML_REMARK_SPACE = 1 << 8,	/* leading, trailing or doubled white space */
	ML_REMARK_CASE = 1 << 9,	/* spellings that differ in case alone */
	ML_REMARK_INFINITE = 1 << 10,
	ML_REMARK_OUTLIERS = 1 << 11,	/* robust z beyond 10 */
	ML_REMARK_SKEWED = 1 << 12, /* |skew| > 3 */
	ML_REMARK_RARE = 1 << 13,	/* many categories, most of them rare */
	ML_REMARK_BINARY = 1 << 14,
	ML_REMARK_NAN = 1 << 15
} MlProfileRemark;

typedef struct MlProfileValue
{
	char	   *text;			/* as the server prints the value; booleans true and false */
	double		number;			/* the value of a column of numbers or times */
	int64		count;
} MlProfileValue;

/* one column, of all rows or of one group; numbers are NaN where they do not apply */
typedef struct MlColumnProfile
{
	char	   *name;
	Oid			type_oid;
	char	   *type_name;		/* with its modifier: "numeric(10,2)" */
	MlType		type;			/* undefined with ML_REMARK_UNSUPPORTED, but for arrays */
	int64		rows;
	int64		nulls;			/* NaN is no NULL here */
	int64		nans;
	int64		infinities;
	int64		zeros;
	int64		distinct;		/* of the values that are neither NULL nor NaN */
	bool		exact;			/* distinct, quantiles and top are exact */

	/* numbers, times (seconds since 1970-01-01 UTC) and lengths of intervals (seconds); finite values alone */
	double		min,
				max,
				mean,
				stddev,			/* sample: n - 1 */
				skew;			/* Fisher-Pearson, biased, as scipy.stats.skew */
	double		quantile[ML_PROFILE_QUANTILES];	/* linear interpolation */
	double		mad;			/* median of |x - median| * 1.4826 */
	int64		outliers_iqr;	/* beyond 1.5 interquartile ranges of the quartiles */
	int64		outliers_z;		/* |x - median| > 3.5 * mad */
	bool		integral;		/* all whole numbers */
	int			n_bins;			/* 0: no histogram */
	double		edge[ML_PROFILE_BINS + 1];
	int64		count[ML_PROFILE_BINS];

	/* min and max of any type, as the server prints them; NULL when there is no value */
	char	   *min_text;		/* infinities apart */
	char	   *max_text;

	int			n_top;
	MlProfileValue top[ML_PROFILE_TOP]; /* most frequent first, ties by value; texts by their bytes */

	/* texts */
	int64		number_texts;	/* rows whose text reads as a number */
	int64		time_texts;		/* ... as a date or timestamp */
	int64		spaced;			/* rows with white space to trim or collapse */
	int64		placeholders;	/* rows that hold a placeholder; of numbers: -999, 9999 ... far from all others */
	int64		case_variants;	/* distinct texts that fold to another one's fold */

	uint32		remarks;		/* bits of MlProfileRemark */
	char	   *remark;			/* the same in words, "" when there is nothing to say */
} MlColumnProfile;

typedef struct MlProfile
{
	int64		rows;
	int			n_groups;		/* 1 without by */
	char	  **group;			/* text of the by column, NULL for its NULLs and without by */
	int			n_columns;
	MlColumnProfile *columns;	/* n_groups x n_columns: group g's column c is columns[g * n_columns + c] */
} MlProfile;

/*
 * columns NULL: all of the source but by, in its order.  by NULL: one group, without rows too; with by an empty source has none.
 * Groups in the order of their values, NULL last; more than ML_PROFILE_GROUPS: ERROR 54000.  ERROR 42703 for a name that
 * is not there.  Arrays are not described, only counted.  Result in the current memory context.  Polls for interrupts; threads do
 * the arithmetic.
 */
extern MlProfile *ml_profile_source(MlSource *source, char **columns, int n_columns, const char *by,
									MlBudget *budget, MlkPool *pool);

/* bars of eighths of a line, one a bin: palloc'd UTF-8; in another server encoding digits 0 to 8 */
extern char *ml_profile_sparkline(const int64 *count, int n);

/* one of "?", "N/A", "-", "", "null", "none", "nan", "unknown" ... in any case; and the numbers -999, -9999, 999 ... are judged by the caller */
extern bool ml_profile_placeholder(const char *text, int length);

#endif							/* ML_QUALITY_PROFILE_H */
