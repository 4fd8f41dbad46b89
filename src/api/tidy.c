/*
 * tidy.c: functions that cleaned texts go through, in tables and in views: mlops.trim, mlops.collapse_space, mlops.without.
 *
 * A text that needs no change is handed back as it came, without a copy: that is nearly all of them, and it makes it cheap to see that
 * nothing was touched.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "api/tidy.h"

PG_FUNCTION_INFO_V1(mlops_trim);
PG_FUNCTION_INFO_V1(mlops_collapse_space);
PG_FUNCTION_INFO_V1(mlops_without);

/* of characters beyond ASCII, which are told apart in UTF-8 alone */
static int
wide_space(const unsigned char *p, int length)
{
	if (length >= 2 && p[0] == 0xC2)
		return p[1] == 0xA0 || p[1] == 0x85 ? 2 : 0;	/* no-break space, next line */
	if (length < 3)
		return 0;
	switch (p[0])
	{
		case 0xE1:
			return p[1] == 0x9A && p[2] == 0x80 ? 3 : 0;	/* Ogham */
		case 0xE2:
			if (p[1] == 0x80)	/* U+2000 to U+200B, line and paragraph separators, narrow no-break space */
				return p[2] <= 0x8B || p[2] == 0xA8 || p[2] == 0xA9 || p[2] == 0xAF ? 3 : 0;
			return p[1] == 0x81 && p[2] == 0x9F ? 3 : 0;	/* mathematical space */
		case 0xE3:
			return p[1] == 0x80 && p[2] == 0x80 ? 3 : 0;	/* ideographic space */
		case 0xEF:
			return p[1] == 0xBB && p[2] == 0xBF ? 3 : 0;	/* byte order mark */
	}
	return 0;
}

int
ml_tidy_space(const char *p, int length)
{
	unsigned char c = (unsigned char) *p;

	if (c == ' ' || (c >= '\t' && c <= '\r'))
		return 1;
	if (c < 0xC2 || GetDatabaseEncoding() != PG_UTF8)
		return 0;
	return wide_space((const unsigned char *) p, length);
}

static inline bool
is_visible(char c)
{
	return c > ' ' && c < 0x7F;
}

void
ml_tidy_trim(const char **text, int *length)
{
	const char *p = *text;
	const char *end = p + *length;
	const char *last;
	int			n;

	/* what begins and ends with a visible ASCII character has nothing to trim */
	if (p == end || (is_visible(*p) && is_visible(end[-1])))
		return;
	while (p < end && (n = ml_tidy_space(p, end - p)) > 0)
		p += n;
	*text = last = p;
	/* a byte within a character never looks like the start of a space */
	while (p < end)
	{
		n = ml_tidy_space(p, end - p);
		p += Max(n, 1);
		if (n == 0)
			last = p;
	}
	*length = last - *text;
}

/* mlops.trim(value text) -> text: without white space at both ends */
Datum
mlops_trim(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	const char *start = VARDATA_ANY(value);
	int			length = VARSIZE_ANY_EXHDR(value);
	int			given = length;

	ml_tidy_trim(&start, &length);
	if (length == given)
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	PG_RETURN_TEXT_P(cstring_to_text_with_len(start, length));
}

/* mlops.collapse_space(value text) -> text: one blank for each run of white space, none at the ends */
Datum
mlops_collapse_space(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	const char *p = VARDATA_ANY(value);
	int			length = VARSIZE_ANY_EXHDR(value);
	const char *end;
	text	   *result = NULL;
	char	   *out = NULL;
	int			given = length;

	ml_tidy_trim(&p, &length);
	end = p + length;
	for (const char *from = p; p < end;)
	{
		int			n = ml_tidy_space(p, end - p);

		/* the first run that is no single blank: from here on a copy is made */
		if (out == NULL && n > 0 && (*p != ' ' || ml_tidy_space(p + 1, end - p - 1) > 0))
		{
			result = palloc(VARHDRSZ + length);
			out = VARDATA(result);
			memcpy(out, from, p - from);
			out += p - from;
		}
		if (out != NULL)
			*out++ = n > 0 ? ' ' : *p;
		if (n == 0 || out == NULL)
			p++;
		else
			while (p < end && (n = ml_tidy_space(p, end - p)) > 0)
				p += n;
	}
	if (out != NULL)
	{
		SET_VARSIZE(result, out - (char *) result);
		PG_RETURN_TEXT_P(result);
	}
	if (length == given)
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	PG_RETURN_TEXT_P(cstring_to_text_with_len(end - length, length));
}

/* ---- placeholders ---- */

/* the list of a call site: trimmed, in lower case as far as ASCII goes */
typedef struct Placeholders
{
	int			n;
	int			longest;
	int		   *length;
	char	  **text;
} Placeholders;

static Placeholders *
read_placeholders(ArrayType *array)
{
	Placeholders *list = palloc0(sizeof(Placeholders));
	Datum	   *elements;
	bool	   *nulls;
	int			n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	list->text = palloc(sizeof(char *) * Max(n, 1));
	list->length = palloc(sizeof(int) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		char	   *element;
		const char *start;
		int			length;

		if (nulls[i])
			continue;
		start = element = TextDatumGetCString(elements[i]);
		length = strlen(element);
		ml_tidy_trim(&start, &length);
		list->text[list->n] = pnstrdup(start, length);
		for (char *p = list->text[list->n]; *p != '\0'; p++)
			*p = pg_ascii_tolower(*p);
		list->length[list->n++] = length;
		list->longest = Max(list->longest, length);
	}
	return list;
}

/* kept for the call site when the list is a constant there */
static Placeholders *
get_placeholders(FunctionCallInfo fcinfo)
{
	Placeholders *list = fcinfo->flinfo->fn_extra;
	MemoryContext old;

	if (list != NULL)
		return list;
	if (!get_fn_expr_arg_stable(fcinfo->flinfo, 1))
		return read_placeholders(PG_GETARG_ARRAYTYPE_P(1));
	old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	list = read_placeholders(PG_GETARG_ARRAYTYPE_P(1));
	MemoryContextSwitchTo(old);
	fcinfo->flinfo->fn_extra = list;
	return list;
}

static bool
is_listed(const Placeholders *list, const char *text, int length)
{
	for (int i = 0; i < list->n; i++)
	{
		int			k = 0;

		if (list->length[i] != length)
			continue;
		while (k < length && pg_ascii_tolower((unsigned char) text[k]) == (unsigned char) list->text[i][k])
			k++;
		if (k == length)
			return true;
	}
	return false;
}

/* mlops.without(value text, placeholders text[]) -> text: NULL when value is one of them, trimmed and whatever its case */
Datum
mlops_without(PG_FUNCTION_ARGS)
{
	text	   *value = PG_GETARG_TEXT_PP(0);
	const Placeholders *list = get_placeholders(fcinfo);
	const char *start = VARDATA_ANY(value);
	int			length = VARSIZE_ANY_EXHDR(value);

	ml_tidy_trim(&start, &length);
	if (length <= list->longest && is_listed(list, start, length))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}
