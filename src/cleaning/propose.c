/*
 * propose.c: rules that a careful person would write after looking at a profile.
 *
 * Only what loses nothing that could be meant: white space, placeholders, numbers and dates kept as text, spellings that differ in case
 * alone, columns that are all but empty, rows that are there twice.  Outliers may be the finding and filling in is a choice of the model's
 * (and is to be learned from its training rows), so neither is proposed.
 */
#include "postgres.h"

#include <ctype.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "cleaning/propose.h"

#define FEW_TEXTS 1000			/* categories and no free text */
#define EMPTY_SHARE 0.95		/* missing: such a column tells nothing */

typedef bool (*WantsFn) (const MlProfile *profile, const MlColumnProfile *p);

static bool
has_text(const MlColumnProfile *p)
{
	return !(p->remarks & ML_REMARK_UNSUPPORTED) && p->type == ML_TYPE_CATEGORY && (p->type_oid == TEXTOID || p->type_oid == VARCHAROID ||
																				   p->type_oid == BPCHAROID);
}

static bool
is_empty(const MlProfile *profile, const MlColumnProfile *p)
{
	return p->rows > 0 && p->nulls + p->nans > EMPTY_SHARE * p->rows;
}

static bool
has_spaces(const MlProfile *profile, const MlColumnProfile *p)
{
	return has_text(p) && !is_empty(profile, p) && p->spaced > 0;
}

static bool
has_placeholders(const MlProfile *profile, const MlColumnProfile *p)
{
	return has_text(p) && !is_empty(profile, p) && p->placeholders > 0;
}

/* postal codes and the like: numbers with a leading zero would lose it */
static bool
has_leading_zero(const MlColumnProfile *p)
{
	for (int i = 0; i < p->n_top; i++)
	{
		const char *text = p->top[i].text;

		while (isspace((unsigned char) *text))
			text++;
		if (text[0] == '0' && isdigit((unsigned char) text[1]))
			return true;
	}
	return false;
}

static bool
holds_numbers(const MlProfile *profile, const MlColumnProfile *p)
{
	return has_text(p) && !is_empty(profile, p) && (p->remarks & ML_REMARK_NUMBER_TEXT) && !has_leading_zero(p);
}

static bool
holds_times(const MlProfile *profile, const MlColumnProfile *p)
{
	return has_text(p) && !is_empty(profile, p) && (p->remarks & ML_REMARK_TIME_TEXT) && !(p->remarks & ML_REMARK_NUMBER_TEXT);
}

static bool
has_time_of_day(const MlColumnProfile *p)
{
	for (int i = 0; i < p->n_top; i++)
		if (strchr(p->top[i].text, ':') != NULL)
			return true;
	return p->n_top == 0;
}

static bool
holds_dates(const MlProfile *profile, const MlColumnProfile *p)
{
	return holds_times(profile, p) && !has_time_of_day(p);
}

static bool
holds_timestamps(const MlProfile *profile, const MlColumnProfile *p)
{
	return holds_times(profile, p) && has_time_of_day(p);
}

static bool
has_spellings(const MlProfile *profile, const MlColumnProfile *p)
{
	/* blanks hide that spellings differ in case alone */
	bool		may = p->case_variants > 0 || (p->spaced > 0 && p->distinct <= FEW_TEXTS);

	return has_text(p) && !is_empty(profile, p) && may && !holds_numbers(profile, p) && !holds_times(profile, p) &&
		!(p->remarks & ML_REMARK_ID);
}

/* ---- writing ---- */

static void
begin_rule(StringInfo out, const char *name)
{
	appendStringInfo(out, "%s{\"rule\": \"%s\"", out->len > 1 ? ", " : "", name);
}

static void
end_rule(StringInfo out, const char *reason)
{
	appendStringInfoString(out, ", \"reason\": ");
	escape_json(out, reason);
	appendStringInfoChar(out, '}');
}

/* , "columns": [...] of the columns that want it; false and nothing written when none does */
static bool
begin_for(StringInfo out, const MlProfile *profile, const char *name, WantsFn wants)
{
	int			n = 0;

	for (int i = 0; i < profile->n_columns; i++)
	{
		if (!wants(profile, &profile->columns[i]))
			continue;
		if (n == 0)
			begin_rule(out, name);
		appendStringInfoString(out, n++ == 0 ? ", \"columns\": [" : ", ");
		escape_json(out, profile->columns[i].name);
	}
	if (n > 0)
		appendStringInfoChar(out, ']');
	return n > 0;
}

static void
propose_for(StringInfo out, const MlProfile *profile, const char *name, const char *more, const char *reason, WantsFn wants)
{
	if (!begin_for(out, profile, name, wants))
		return;
	appendStringInfoString(out, more);
	end_rule(out, reason);
}

static bool
is_code(double value)
{
	double		size = fabs(value);

	return size == 999 || size == 9999 || size == 99999 || size == 999999;
}

/* the profile has judged whether such a number stands for a missing one */
static void
propose_codes(StringInfo out, const MlProfile *profile)
{
	for (int i = 0; i < profile->n_columns; i++)
	{
		const MlColumnProfile *p = &profile->columns[i];
		double		code;

		if ((p->remarks & ML_REMARK_UNSUPPORTED) || !(p->remarks & ML_REMARK_PLACEHOLDER) ||
			(p->type != ML_TYPE_INTEGER && p->type != ML_TYPE_FLOAT))
			continue;
		code = is_code(p->min) ? p->min : p->max;
		if (!is_code(code))
			continue;
		begin_rule(out, "placeholders");
		appendStringInfoString(out, ", \"column\": ");
		escape_json(out, p->name);
		appendStringInfo(out, ", \"values\": [%.0f]", code);
		end_rule(out, psprintf("%.0f is far from all other values, " INT64_FORMAT " times", code, p->placeholders));
	}
}

/* rows cannot be there twice when a column tells them apart */
static bool
may_hold_duplicates(const MlProfile *profile)
{
	for (int i = 0; i < profile->n_columns; i++)
	{
		const MlColumnProfile *p = &profile->columns[i];

		if (!(p->remarks & ML_REMARK_UNSUPPORTED) && p->exact && p->distinct >= p->rows - (p->nulls + p->nans > 0))
			return false;
	}
	return profile->rows > 1 && profile->n_columns > 1;
}

char *
ml_cleaning_propose(const MlProfile *profile)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoChar(&out, '[');
	propose_for(&out, profile, "drop_missing_columns", ", \"share\": 0.95", "over 95 % missing", is_empty);
	propose_for(&out, profile, "collapse_space", "", "white space at the ends or in runs", has_spaces);
	propose_for(&out, profile, "placeholders", "", "placeholders for missing values", has_placeholders);
	propose_for(&out, profile, "to_number", "", "numbers stored as text", holds_numbers);
	propose_for(&out, profile, "to_date", "", "dates stored as text", holds_dates);
	propose_for(&out, profile, "to_timestamp", "", "timestamps stored as text", holds_timestamps);
	propose_codes(&out, profile);
	propose_for(&out, profile, "merge_similar", ", \"method\": \"case\"", "spellings that differ in case or blanks alone", has_spellings);
	if (may_hold_duplicates(profile))
	{
		begin_rule(&out, "drop_duplicates");
		end_rule(&out, "no column tells rows apart");
	}
	appendStringInfoChar(&out, ']');
	return out.data;
}
