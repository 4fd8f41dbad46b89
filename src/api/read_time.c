/*
 * read_time.c: dates and timestamps out of texts: mlops.read_date, mlops.read_timestamp, mlops.read_timestamptz.
 *
 * NULL for what is none.  Without a format the server's own parser reads the text; it answers with codes, and raises nothing for bad
 * input.  With a format, the parser behind jsonpath's datetime() does, which has a flag for errors.  Words that
 * mean another time each day ("now", "today") are no dates here, nor is "infinity".
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/formatting.h"
#include "utils/timestamp.h"

#include "api/tidy.h"

PG_FUNCTION_INFO_V1(mlops_read_date);
PG_FUNCTION_INFO_V1(mlops_read_timestamp);
PG_FUNCTION_INFO_V1(mlops_read_timestamptz);

#define MAX_TIME_BYTES 100

static bool
has_word(char **field, const int *type, int n)
{
	static const char *const words[] = {"now", "today", "tomorrow", "yesterday", "epoch", "infinity", "allballs"};

	for (int i = 0; i < n; i++)
	{
		if (type[i] == DTK_SPECIAL)
			return true;
		for (int w = 0; type[i] == DTK_STRING && w < lengthof(words); w++)
			if (pg_strcasecmp(field[i], words[w]) == 0)
				return true;
	}
	return false;
}

/* the server's parser; zone: seconds west of Greenwich, the session's where the text has none */
static bool
parse_fields(const char *text, struct pg_tm *tm, fsec_t *fraction, int *zone)
{
	char		buffer[MAXDATELEN + MAXDATEFIELDS];
	char	   *field[MAXDATEFIELDS];
	int			type[MAXDATEFIELDS];
	int			n;
	int			kind;

	return ParseDateTime(text, buffer, sizeof(buffer), field, type, MAXDATEFIELDS, &n) == 0 &&
		!has_word(field, type, n) &&
		DecodeDateTime(field, type, n, &kind, tm, fraction, zone) == 0 &&
		kind == DTK_DATE;
}

static int
date_order(const char *name)
{
	return strcmp(name, "YMD") == 0 ? DATEORDER_YMD : strcmp(name, "DMY") == 0 ? DATEORDER_DMY : DATEORDER_MDY;
}

/* the order of day and month is a setting of the session; it is ours for the time of one text */
static bool
parse_ordered(const char *text, const char *order, struct pg_tm *tm, fsec_t *fraction, int *zone)
{
	int			saved = DateOrder;
	bool		good;

	PG_TRY();
	{
		DateOrder = date_order(order);
		good = parse_fields(text, tm, fraction, zone);
	}
	PG_FINALLY();
	{
		DateOrder = saved;
	}
	PG_END_TRY();
	return good;
}

/* by a format, into the type asked for */
static bool
read_formatted(FunctionCallInfo fcinfo, Oid wanted, Datum *result)
{
	Oid			type = InvalidOid;
	int32		typmod = -1;
	int			zone = 0;
	bool		failed = false;

	*result = parse_datetime(PG_GETARG_TEXT_PP(0), PG_GETARG_TEXT_PP(1), PG_GET_COLLATION(), true, &type, &typmod, &zone, &failed);
	if (failed)
		return false;
	if (type == DATEOID && wanted != DATEOID)
	{
		*result = DirectFunctionCall1(date_timestamp, *result);
		type = TIMESTAMPOID;
	}
	if (type == TIMESTAMPTZOID && wanted != TIMESTAMPTZOID)
	{
		*result = DirectFunctionCall1(timestamptz_timestamp, *result);
		type = TIMESTAMPOID;
	}
	if (type == TIMESTAMPOID && wanted == TIMESTAMPTZOID)
		*result = DirectFunctionCall1(timestamp_timestamptz, *result);
	else if (type == TIMESTAMPOID && wanted == DATEOID)
		*result = DirectFunctionCall1(timestamp_date, *result);
	/* a format of a time of day alone makes no date */
	return type == TIMESTAMPOID || type == TIMESTAMPTZOID || type == DATEOID;
}

/* arguments: value, format, order */
static bool
read_time(FunctionCallInfo fcinfo, Oid wanted, Datum *result)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	const char *start = VARDATA_ANY(value);
	int			length = VARSIZE_ANY_EXHDR(value);
	char		buffer[MAX_TIME_BYTES + 1];
	struct pg_tm tm;
	fsec_t		fraction;
	int			zone;
	Timestamp	timestamp;

	ml_tidy_trim(&start, &length);
	if (length == 0 || length > MAX_TIME_BYTES)
		return false;
	if (VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(1)) > 0)
		return read_formatted(fcinfo, wanted, result);
	memcpy(buffer, start, length);
	buffer[length] = '\0';
	if (!parse_ordered(buffer, text_to_cstring(PG_GETARG_TEXT_PP(2)), &tm, &fraction, &zone))
		return false;
	if (wanted == DATEOID)
	{
		DateADT		date;

		if (!IS_VALID_JULIAN(tm.tm_year, tm.tm_mon, tm.tm_mday))
			return false;
		date = date2j(tm.tm_year, tm.tm_mon, tm.tm_mday) - POSTGRES_EPOCH_JDATE;
		*result = DateADTGetDatum(date);
		return IS_VALID_DATE(date);
	}
	if (tm2timestamp(&tm, fraction, wanted == TIMESTAMPTZOID ? &zone : NULL, &timestamp) != 0)
		return false;
	*result = TimestampGetDatum(timestamp);
	return true;
}

static Datum
read_or_null(FunctionCallInfo fcinfo, Oid wanted)
{
	Datum		result = (Datum) 0;

	if (!read_time(fcinfo, wanted, &result))
		PG_RETURN_NULL();
	return result;
}

/* mlops.read_date(value text, format text, "order" text) -> date */
Datum
mlops_read_date(PG_FUNCTION_ARGS)
{
	return read_or_null(fcinfo, DATEOID);
}

/* mlops.read_timestamp(value text, format text, "order" text) -> timestamp; a time zone in the text is passed over */
Datum
mlops_read_timestamp(PG_FUNCTION_ARGS)
{
	return read_or_null(fcinfo, TIMESTAMPOID);
}

/* mlops.read_timestamptz(value text, format text, "order" text) -> timestamptz; texts without time zone are in the session's */
Datum
mlops_read_timestamptz(PG_FUNCTION_ARGS)
{
	return read_or_null(fcinfo, TIMESTAMPTZOID);
}
