/*
 * profile_remark.c: what stands out in a column, in words, and its histogram as a line of bars.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "quality/profile_internal.h"

#define ID_NUMBERS 20			/* whole numbers that all differ are an id from so many rows on; texts from fewer */
#define ID_TEXTS 10
#define ID_MISSING 0.05			/* share of NULL that an id may have */
#define NEARLY_ALL 0.95			/* texts that must read as numbers or dates */
#define SKEWED 3.0
#define MANY_CATEGORIES 50
#define RARE_ROWS 10			/* rows a category on average below which most of many are rare */

static void
say(StringInfo out, const char *format, ...) pg_attribute_printf(2, 3);

static void
say(StringInfo out, const char *format, ...)
{
	char		text[256];
	va_list		args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	appendStringInfo(out, "%s%s", out->len > 0 ? "; " : "", text);
}

static void
say_count(StringInfo out, int64 n, const char *one, const char *many)
{
	say(out, "%lld %s", (long long) n, n == 1 ? one : many);
}

static bool
is_text(const MlColumnProfile *p)
{
	return p->type == ML_TYPE_CATEGORY;
}

/* estimates of distinct values are good to about one in a hundred */
static bool
looks_like_id(const MlColumnProfile *p)
{
	int64		values = p->rows - p->nulls - p->nans;

	if (p->nulls > ID_MISSING * p->rows || !(is_text(p) || p->type == ML_TYPE_INTEGER))
		return false;
	if (values < (is_text(p) ? ID_TEXTS : ID_NUMBERS))
		return false;
	return p->exact ? p->distinct == values : p->distinct > 0.96 * values && p->n_top == 0;
}

/*
 * -999, 9999 and their like stand for a missing number where they are repeated, at the end of the range, and all other values lie well
 * within.
 */
static bool
is_code_for_missing(double code, double others_min, double others_max)
{
	double		size = fabs(code);

	if (size != 999 && size != 9999 && size != 99999 && size != 999999)
		return false;
	return fmax(fabs(others_min), fabs(others_max)) * 2 < size;
}

uint32
ml_profile_code_for_missing(const MlkDescription *d, int64 n_min, int64 n_max, int64 *rows)
{
	*rows = 0;
	if (n_min > 1 && is_code_for_missing(d->min, d->second, d->max))
		*rows = n_min;
	else if (n_max > 1 && is_code_for_missing(d->max, d->min, d->second_last))
		*rows = n_max;
	return *rows > 0 ? ML_REMARK_PLACEHOLDER : 0;
}

static void
judge_values(MlColumnProfile *p)
{
	int64		values = p->rows - p->nulls - p->nans;

	if (p->distinct == 1)
		p->remarks |= ML_REMARK_CONSTANT;
	else if (p->distinct == 2)
		p->remarks |= ML_REMARK_BINARY;
	else if (looks_like_id(p))
		p->remarks |= ML_REMARK_ID;
	if (p->infinities > 0)
		p->remarks |= ML_REMARK_INFINITE;
	if (p->nans > 0)
		p->remarks |= ML_REMARK_NAN;
	if (fabs(p->skew) > SKEWED && p->distinct > 2)
		p->remarks |= ML_REMARK_SKEWED;
	if (!is_text(p))
		return;
	values -= p->placeholders;
	if (values > 0 && p->number_texts >= NEARLY_ALL * values)
		p->remarks |= ML_REMARK_NUMBER_TEXT;
	if (values > 0 && p->time_texts >= NEARLY_ALL * values)
		p->remarks |= ML_REMARK_TIME_TEXT;
	if (p->placeholders > 0)
		p->remarks |= ML_REMARK_PLACEHOLDER;
	if (p->spaced > 0)
		p->remarks |= ML_REMARK_SPACE;
	if (p->case_variants > 0)
		p->remarks |= ML_REMARK_CASE;
	if (!(p->remarks & (ML_REMARK_ID | ML_REMARK_NUMBER_TEXT | ML_REMARK_TIME_TEXT)) &&
		p->distinct > MANY_CATEGORIES && p->distinct * RARE_ROWS > values)
		p->remarks |= ML_REMARK_RARE;
}

/* 99.97 % is not 100 % */
static void
say_missing(StringInfo out, const MlColumnProfile *p)
{
	double		share = 100.0 * p->nulls / p->rows;

	if (share > 99.5)
		say(out, "over 99 %% missing");
	else
		say(out, "%.0f %% missing", share);
}

static void
say_values(StringInfo out, const MlColumnProfile *p)
{
	if (p->remarks & ML_REMARK_CONSTANT)
		say(out, "constant");
	if (p->remarks & ML_REMARK_ID)
		say(out, "looks like an id");
	if (p->remarks & ML_REMARK_NUMBER_TEXT)
		say(out, "numbers stored as text");
	if (p->remarks & ML_REMARK_TIME_TEXT)
		say(out, "dates stored as text");
	if (p->remarks & ML_REMARK_PLACEHOLDER)
		say_count(out, p->placeholders, "placeholder for a missing value", "placeholders for missing values");
	if (p->remarks & ML_REMARK_SPACE)
		say_count(out, p->spaced, "row with white space to trim", "rows with white space to trim");
	if (p->remarks & ML_REMARK_CASE)
		say_count(out, p->case_variants, "spelling that differs from another in case alone", "spellings that differ in case alone");
	if (p->remarks & ML_REMARK_RARE)
		say(out, "many rare values");
	if (p->remarks & ML_REMARK_NAN)
		say_count(out, p->nans, "NaN", "NaNs");
	if (p->remarks & ML_REMARK_INFINITE)
		say_count(out, p->infinities, "infinite value", "infinite values");
	if (p->remarks & ML_REMARK_OUTLIERS)
		say(out, "extreme outliers");
	if (p->remarks & ML_REMARK_SKEWED)
		say(out, "strongly skewed to the %s", p->skew > 0 ? "right" : "left");
}

void
ml_profile_remark(MlColumnProfile *p)
{
	StringInfoData out;

	initStringInfo(&out);
	if (p->remarks & ML_REMARK_UNSUPPORTED)
		say(&out, "not described: type %s", p->type_name);
	if (p->rows == 0)
		say(&out, "no rows");
	else if (p->nulls == p->rows)
	{
		p->remarks |= ML_REMARK_EMPTY | ML_REMARK_MISSING;
		say(&out, "all missing");
	}
	else
	{
		if (!(p->remarks & ML_REMARK_UNSUPPORTED))
			judge_values(p);
		if (p->nulls * 2 > p->rows)
		{
			p->remarks |= ML_REMARK_MISSING;
			say_missing(&out, p);
		}
		say_values(&out, p);
	}
	p->remark = out.data;
}

/* ---- sparkline ---- */

/* bars of one to eight eighths (U+2581 ...); a bin without rows is a blank, so that the smallest bar is still one */
char *
ml_profile_sparkline(const int64 *count, int n)
{
	bool		utf8 = GetDatabaseEncoding() == PG_UTF8;
	StringInfoData out;
	int64		most = 0;

	initStringInfo(&out);
	for (int i = 0; i < n; i++)
		most = Max(most, count[i]);
	for (int i = 0; i < n; i++)
	{
		int			eighths = count[i] == 0 ? 0 : 1 + (int) (7.0 * count[i] / most);

		if (!utf8)
			appendStringInfoChar(&out, '0' + eighths);
		else if (eighths == 0)
			appendStringInfoChar(&out, ' ');
		else
		{
			appendStringInfoString(&out, "\xe2\x96");
			appendStringInfoChar(&out, (char) (0x80 + eighths));
		}
	}
	return out.data;
}
