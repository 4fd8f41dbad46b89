/*
 * profile_text_form.c: what a text looks like: a number, a date, a placeholder, white space to trim.
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_collation.h"
#include "miscadmin.h"
#include "utils/datetime.h"
#include "utils/formatting.h"

#include "kernels/hash.h"
#include "quality/profile_internal.h"

/* a longer text is neither a number, a date nor a placeholder */
#define LONGEST_FORM 64

static const char *const placeholders[] = {
	"", "?", "-", "--", ".", "n/a", "na", "#n/a", "n.a.", "nan", "null", "(null)", "none", "nil", "missing", "unknown", "undefined"
};

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* *from and *length without the white space around */
static void
trim(const char **from, int *length)
{
	while (*length > 0 && is_space(**from))
	{
		(*from)++;
		(*length)--;
	}
	while (*length > 0 && is_space((*from)[*length - 1]))
		(*length)--;
}

bool
ml_profile_placeholder(const char *text, int length)
{
	trim(&text, &length);
	for (int i = 0; i < lengthof(placeholders); i++)
		if (length == strlen(placeholders[i]) && pg_strncasecmp(text, placeholders[i], length) == 0)
			return true;
	return false;
}

/* [+-] digits [. digits] [e [+-] digits], with a digit before or after the point */
static bool
is_number(const char *p, int length)
{
	const char *end = p + length;
	int			digits = 0;

	if (p < end && (*p == '+' || *p == '-'))
		p++;
	for (; p < end && isdigit((unsigned char) *p); p++)
		digits++;
	if (p < end && *p == '.')
		for (p++; p < end && isdigit((unsigned char) *p); p++)
			digits++;
	if (digits == 0)
		return false;
	if (p < end && (*p == 'e' || *p == 'E'))
	{
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		digits = 0;
		for (; p < end && isdigit((unsigned char) *p); p++)
			digits++;
		if (digits == 0)
			return false;
	}
	return p == end;
}

/* words of a date that are no name of a time zone */
static const char *const date_words[] = {
	"t", "z", "am", "pm", "utc", "gmt", "jan", "january", "feb", "february", "mar", "march", "apr", "april", "may", "jun", "june",
	"jul", "july", "aug", "august", "sep", "sept", "september", "oct", "october", "nov", "november", "dec", "december"
};

static bool
is_date_word(const char *word, int length)
{
	for (int i = 0; i < lengthof(date_words); i++)
		if (length == strlen(date_words[i]) && pg_strncasecmp(word, date_words[i], length) == 0)
			return true;
	return false;
}

/*
 * A digit in front, two separators, and no word that is not of a date: what has not cannot be one, and most texts are out here.  The server's
 * decoder would look other words up as time zones, and raises errors for some.
 */
static bool
may_be_time(const char *p, int length)
{
	int			separators = 0;

	if (length < 6 || length > MAXDATELEN || !isdigit((unsigned char) *p))
		return false;
	for (int i = 0, to; i < length; i = to)
	{
		to = i + 1;
		if (isalpha((unsigned char) p[i]))
		{
			while (to < length && isalpha((unsigned char) p[to]))
				to++;
			if (!is_date_word(p + i, to - i))
				return false;
		}
		else if (strchr("-/.: ", p[i]) != NULL)
			separators++;
		else if (!isdigit((unsigned char) p[i]) && p[i] != '+' && p[i] != ',')
			return false;
	}
	return separators >= 2;
}

/* what the server's timestamptz_in would take, without raising its errors */
static bool
reads_as_time(const char *text, int length)
{
	char		copy[MAXDATELEN + 1];
	char		work[MAXDATELEN + MAXDATEFIELDS];
	char	   *field[MAXDATEFIELDS];
	int			kind[MAXDATEFIELDS];
	int			fields;
	int			type;
	int			zone;
	fsec_t		fraction;
	struct pg_tm tm;

	memcpy(copy, text, length);
	copy[length] = '\0';
	return ParseDateTime(copy, work, sizeof(work), field, kind, MAXDATEFIELDS, &fields) == 0 &&
		DecodeDateTime(field, kind, fields, &type, &tm, &fraction, &zone) == 0 && type == DTK_DATE;
}

/* 31.12.2020 is a date whatever DateStyle makes of 01.02.2020 */
static bool
is_time(const char *text, int length)
{
	int			date_order = DateOrder;
	bool		found;

	if (!may_be_time(text, length))
		return false;
	found = reads_as_time(text, length);
	if (!found && date_order != DATEORDER_DMY)
	{
		DateOrder = DATEORDER_DMY;
		found = reads_as_time(text, length);
		DateOrder = date_order;
	}
	return found;
}

/* white space around, or more than a blank within */
static bool
is_spaced(const char *text, int length)
{
	if (length > 0 && (is_space(text[0]) || is_space(text[length - 1])))
		return true;
	for (int i = 1; i < length; i++)
		if (is_space(text[i]) && (is_space(text[i - 1]) || text[i] != ' '))
			return true;
	return false;
}

int
ml_profile_text_form(const char *text, int length)
{
	int			form = is_spaced(text, length) ? ML_TEXT_SPACED : 0;

	trim(&text, &length);
	if (length > LONGEST_FORM)
		return form;
	if (ml_profile_placeholder(text, length))
		return form | ML_TEXT_PLACEHOLDER;
	if (is_number(text, length))
		return form | ML_TEXT_NUMBER;
	if (is_time(text, length))
		return form | ML_TEXT_TIME;
	return form;
}

static uint64
fold_by_locale(const char *text, int length)
{
	char	   *lower = str_tolower(text, length, DEFAULT_COLLATION_OID);
	uint64		hash = mlk_hash_bytes(lower, strlen(lower), 0);

	pfree(lower);
	return hash;
}

/* ASCII is folded here; the rest by the database's own rules */
uint64
ml_profile_text_fold(const char *text, int length)
{
	char		short_text[256];
	char	   *folded = short_text;
	unsigned char high = 0;
	uint64		hash;

	for (int i = 0; i < length; i++)
		high |= (unsigned char) text[i];
	if (high & 0x80)
		return fold_by_locale(text, length);
	if (length > sizeof(short_text))
		folded = palloc(length);
	for (int i = 0; i < length; i++)
		folded[i] = pg_ascii_tolower((unsigned char) text[i]);
	hash = length == 0 ? 0 : mlk_hash_bytes(folded, length, 0);
	if (folded != short_text)
		pfree(folded);
	return hash;
}
