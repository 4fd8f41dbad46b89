/*
 * read_number.c: numbers out of texts: mlops.read_numeric, mlops.read_bigint, mlops.read_float.
 *
 * NULL for what is no number: nothing is raised, so nothing has to be caught row by row.  The grammar is checked here; what passes is
 * rewritten in plain form, which the server's own functions then take without fail:
 *
 *   [sign] digits [decimal digits] [e [sign] digits], digits with or without a sign between groups of three
 *
 * Numbers are limited to what a double holds, so that a column can be cast to any of the types.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "api/tidy.h"

PG_FUNCTION_INFO_V1(mlops_read_numeric);
PG_FUNCTION_INFO_V1(mlops_read_bigint);
PG_FUNCTION_INFO_V1(mlops_read_float);

#define MAX_DIGITS 400
#define MAX_POWER 300			/* of ten: a double goes a little further both ways */
#define EXACT_DOUBLE 9007199254740992.0 /* 2^53 */

typedef struct Piece
{
	const char *p;
	int			length;
} Piece;

/* a number in plain form */
typedef struct Plain
{
	char		text[MAX_DIGITS + 16];
	int			n;
	bool		integral;		/* neither fraction nor exponent */
} Plain;

static Piece
argument(FunctionCallInfo fcinfo, int i)
{
	text	   *value = PG_GETARG_TEXT_PP(i);
	Piece		piece = {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};

	return piece;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
starts_with(const Piece *text, const Piece *with)
{
	return with->length > 0 && text->length >= with->length && memcmp(text->p, with->p, with->length) == 0;
}

static void
skip(Piece *text, int n)
{
	text->p += n;
	text->length -= n;
}

/* white space and the characters of strip off one end; true when something was there */
static bool
strip_once(Piece *text, const Piece *strip, bool front)
{
	for (int i = 0; i < strip->length;)
	{
		Piece		c = {strip->p + i, pg_mblen(strip->p + i)};

		i += c.length;
		if (text->length < c.length || memcmp(front ? text->p : text->p + text->length - c.length, c.p, c.length) != 0)
			continue;
		if (front)
			skip(text, c.length);
		else
			text->length -= c.length;
		return true;
	}
	return false;
}

static void
strip_ends(Piece *text, const Piece *strip)
{
	do
		ml_tidy_trim(&text->p, &text->length);
	while (strip_once(text, strip, true) || strip_once(text, strip, false));
}

static bool
put(Plain *plain, char c)
{
	if (plain->n >= MAX_DIGITS)
		return false;
	plain->text[plain->n++] = c;
	return true;
}

/* digits into plain; returns how many, -1 when they are too many or groups are wrong */
static int
take_whole(Piece *text, const Piece *thousands, Plain *plain)
{
	int			digits = 0;
	int			group = 0;
	bool		grouped = false;

	for (;;)
	{
		if (text->length > 0 && is_digit(*text->p))
		{
			if (!put(plain, *text->p))
				return -1;
			skip(text, 1);
			digits++;
			group++;
		}
		else if (starts_with(text, thousands) && text->length > thousands->length && is_digit(text->p[thousands->length]))
		{
			if (group == 0 || group > 3 || (grouped && group != 3))
				return -1;
			skip(text, thousands->length);
			grouped = true;
			group = 0;
		}
		else
			return grouped && group != 3 ? -1 : digits;
	}
}

/* the exponent's digits into power; false when there are none or too many */
static bool
take_exponent(Piece *text, int *power)
{
	bool		negative = text->length > 0 && *text->p == '-';
	int			digits = 0;

	if (text->length > 0 && (*text->p == '-' || *text->p == '+'))
		skip(text, 1);
	for (*power = 0; text->length > 0 && is_digit(*text->p) && digits < 5; digits++)
	{
		*power = *power * 10 + (*text->p - '0');
		skip(text, 1);
	}
	if (negative)
		*power = -*power;
	return digits > 0;
}

/* power of ten of the first digit that is not zero, given digits[0..n) with point digits before the decimal point; INT_MIN: zero */
static int
first_power(const char *digits, int n, int point)
{
	for (int i = 0; i < n; i++)
		if (digits[i] >= '1' && digits[i] <= '9')
			return point - 1 - i + (i > point);
	return INT_MIN;
}

/* what is left after sign and strip characters */
static bool
take_number(Piece *text, const Piece *decimal, const Piece *thousands, Plain *plain)
{
	const Piece nothing = {NULL, 0};
	int			from = plain->n;
	int			whole = take_whole(text, thousands, plain);
	int			fraction = 0;
	int			power = 0;
	int			first;

	if (whole < 0)
		return false;
	if (starts_with(text, decimal))
	{
		skip(text, decimal->length);
		if (whole == 0 && !put(plain, '0'))
			return false;
		if (!put(plain, '.'))
			return false;
		fraction = take_whole(text, &nothing, plain);
		if (fraction == 0)
			plain->n--;			/* "5." */
	}
	if (fraction < 0 || whole + fraction == 0)
		return false;
	first = first_power(plain->text + from, plain->n - from, Max(whole, 1));
	plain->integral = fraction == 0;
	if (text->length > 0 && (*text->p == 'e' || *text->p == 'E'))
	{
		skip(text, 1);
		if (!take_exponent(text, &power))
			return false;
		plain->integral = false;
		plain->n += snprintf(plain->text + plain->n, sizeof(plain->text) - plain->n, "e%d", power);
	}
	plain->text[plain->n] = '\0';
	return text->length == 0 && (first == INT_MIN ? abs(power) <= MAX_POWER : abs(first + power) <= MAX_POWER && abs(power) <= MAX_POWER);
}

/* arguments: value, decimal, thousands, strip */
static bool
read_plain(FunctionCallInfo fcinfo, Plain *plain)
{
	Piece		text = argument(fcinfo, 0);
	Piece		decimal = argument(fcinfo, 1);
	Piece		thousands = argument(fcinfo, 2);
	Piece		strip = argument(fcinfo, 3);

	plain->n = 0;
	strip_ends(&text, &strip);
	if (text.length > 0 && (*text.p == '-' || *text.p == '+'))
	{
		if (*text.p == '-')
			put(plain, '-');
		skip(&text, 1);
		strip_ends(&text, &strip);
	}
	return take_number(&text, &decimal, &thousands, plain);
}

/* mlops.read_numeric(value text, decimal text, thousands text, strip text) -> numeric */
Datum
mlops_read_numeric(PG_FUNCTION_ARGS)
{
	Plain		plain;

	if (!read_plain(fcinfo, &plain))
		PG_RETURN_NULL();
	return DirectFunctionCall3(numeric_in, CStringGetDatum(plain.text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

/* mlops.read_float(value text, decimal text, thousands text, strip text) -> float8 */
Datum
mlops_read_float(PG_FUNCTION_ARGS)
{
	Plain		plain;

	if (!read_plain(fcinfo, &plain))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(strtod(plain.text, NULL));
}

/* mlops.read_bigint(value text, decimal text, thousands text, strip text) -> bigint; NULL for fractions too */
Datum
mlops_read_bigint(PG_FUNCTION_ARGS)
{
	Plain		plain;
	double		number;

	if (!read_plain(fcinfo, &plain))
		PG_RETURN_NULL();
	if (plain.integral)
	{
		int64		value;

		errno = 0;
		value = strtoll(plain.text, NULL, 10);
		if (errno == ERANGE)
			PG_RETURN_NULL();
		PG_RETURN_INT64(value);
	}
	number = strtod(plain.text, NULL);
	if (number != rint(number) || fabs(number) > EXACT_DOUBLE)
		PG_RETURN_NULL();
	PG_RETURN_INT64((int64) number);
}
