/*
 * examples.c: what a rule did, shown: the most frequent changes with how often each was seen.
 *
 * A change is a pair of texts.  The first ML_EXAMPLES_COUNTED different ones are counted; that is all of them for placeholders, spellings and
 * categories, and a fair picture of the others.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "utils/json.h"

#include "cleaning/examples.h"

#define SLOTS (ML_EXAMPLES_COUNTED * 2)
#define SHOWN_BYTES 80			/* of a text */

typedef struct Example
{
	char	   *from;
	char	   *to;
	int64		rows;
} Example;

struct MlExamples
{
	MemoryContext context;
	int			n;
	int			slots;			/* a power of two, at least twice n */
	int		   *slot;			/* index of example + 1; 0: free */
	Example    *example;
};

MlExamples *
ml_examples_create(void)
{
	MlExamples *examples = palloc0(sizeof(MlExamples));

	examples->context = CurrentMemoryContext;
	return examples;
}

/* on the first change: a rule over a thousand columns that finds nothing should take no memory */
static void
make_room(MlExamples *examples)
{
	examples->slots = SLOTS;
	examples->slot = MemoryContextAllocZero(examples->context, SLOTS * sizeof(int));
	examples->example = MemoryContextAlloc(examples->context, ML_EXAMPLES_COUNTED * sizeof(Example));
}

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static uint32
hash_text(const char *text)
{
	return text == NULL ? 0 : hash_bytes((const unsigned char *) text, strlen(text));
}

static char *
copy_clipped(const char *text)
{
	int			length;
	char	   *copy;

	if (text == NULL)
		return NULL;
	length = strlen(text);
	if (length <= SHOWN_BYTES)
		return pstrdup(text);
	length = pg_mbcliplen(text, length, SHOWN_BYTES - 3);
	copy = palloc(length + 4);
	memcpy(copy, text, length);
	memcpy(copy + length, "...", 4);
	return copy;
}

bool
ml_examples_full(const MlExamples *examples)
{
	return examples->n == ML_EXAMPLES_COUNTED;
}

void
ml_examples_add(MlExamples *examples, const char *from, const char *to)
{
	uint32		at;
	MemoryContext old;
	Example    *example;

	if (examples->slots == 0)
		make_room(examples);
	old = MemoryContextSwitchTo(examples->context);
	/* long texts are told apart by what is shown of them */
	from = from != NULL && strlen(from) > SHOWN_BYTES ? copy_clipped(from) : from;
	to = to != NULL && strlen(to) > SHOWN_BYTES ? copy_clipped(to) : to;
	at = hash_combine(hash_text(from), hash_text(to)) & (examples->slots - 1);
	for (;; at = (at + 1) & (examples->slots - 1))
	{
		if (examples->slot[at] == 0)
			break;
		example = &examples->example[examples->slot[at] - 1];
		if (same(example->from, from) && same(example->to, to))
		{
			example->rows++;
			MemoryContextSwitchTo(old);
			return;
		}
	}
	if (!ml_examples_full(examples))
	{
		example = &examples->example[examples->n++];
		example->from = copy_clipped(from);
		example->to = copy_clipped(to);
		example->rows = 1;
		examples->slot[at] = examples->n;
	}
	MemoryContextSwitchTo(old);
}

static int
compare_texts(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int
compare(const void *left, const void *right)
{
	const Example *a = left;
	const Example *b = right;
	int			order;

	if (a->rows != b->rows)
		return a->rows > b->rows ? -1 : 1;
	order = compare_texts(a->from, b->from);
	return order != 0 ? order : compare_texts(a->to, b->to);
}

static void
append_text(StringInfo out, const char *key, const char *text)
{
	appendStringInfo(out, "\"%s\": ", key);
	if (text == NULL)
		appendStringInfoString(out, "null");
	else
		escape_json(out, text);
}

void
ml_examples_write(const MlExamples *examples, bool with_to, StringInfo out)
{
	appendStringInfoChar(out, '[');
	if (examples->n > 0)
		qsort(examples->example, examples->n, sizeof(Example), compare);
	for (int i = 0; i < Min(examples->n, ML_EXAMPLES_SHOWN); i++)
	{
		const Example *example = &examples->example[i];

		appendStringInfoString(out, i > 0 ? ", {" : "{");
		append_text(out, with_to ? "from" : "value", example->from);
		if (with_to)
		{
			appendStringInfoString(out, ", ");
			append_text(out, "to", example->to);
		}
		appendStringInfo(out, ", \"rows\": " INT64_FORMAT "}", example->rows);
	}
	appendStringInfoChar(out, ']');
}
