/*
 * nearest.c: "did you mean": one wording for every hint that names the nearest valid name.
 */
#include "postgres.h"

#include <limits.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/varlena.h"

#include "nearest.h"

#define MAX_LISTED 20

/*
 * A name counts as near when less than half of the longer word has to change.
 * varstr_levenshtein refuses strings over its limit, so long ones are skipped.
 */
const char *
ml_nearest(const char *given, const char *const *names, int n)
{
	const char *best = NULL;
	int			given_length = strlen(given);
	int			best_distance = INT_MAX;

	if (given_length == 0 || given_length > 255)
		return NULL;
	for (int i = 0; i < n; i++)
	{
		int			length = strlen(names[i]);
		int			distance;

		CHECK_FOR_INTERRUPTS();
		if (length == 0 || length > 255)
			continue;
		distance = varstr_levenshtein(given, given_length, names[i], length, 1, 1, 1, true);
		if (pg_strcasecmp(given, names[i]) == 0)
			distance = 0;
		if (distance < best_distance && distance * 2 <= Max(pg_mbstrlen(names[i]), pg_mbstrlen(given)))
		{
			best = names[i];
			best_distance = distance;
		}
	}
	return best;
}

char *
ml_nearest_hint(const char *given, const char *const *names, int n)
{
	const char *best = ml_nearest(given, names, n);
	StringInfoData text;

	if (best != NULL)
		return psprintf("Did you mean \"%s\"?", best);
	if (n == 0)
		return pstrdup("There is none to choose from.");
	initStringInfo(&text);
	appendStringInfoString(&text, n == 1 ? "Valid is: " : "Valid are: ");
	for (int i = 0; i < n && i < MAX_LISTED; i++)
		appendStringInfo(&text, "%s%s", i > 0 ? ", " : "", names[i]);
	appendStringInfoString(&text, n > MAX_LISTED ? ", ..." : ".");
	return text.data;
}
