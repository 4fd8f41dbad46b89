/*
 * similar.c: spellings that stand for the same category.
 *
 * Texts are compared in a normal form: lower case, one blank for each run of blanks, and a blank for a hyphen, underscore or full stop between two
 * letters.  Equal forms are the same category.  By edit distance, words are near when they hold letters alone and are long enough:
 * a digit or a sign makes a difference that no distance tells ("747" and "737", "A+" and "A-").
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/varlena.h"

#include "cleaning/plan.h"
#include "dataset/bigmem.h"

/* pairs are compared: beyond this many texts it would take minutes */
#define MAX_TEXTS 20000
/* letters of a word for each change that is allowed: "north" and "forth" are near, "sun" and "son" are not */
#define LETTERS_A_CHANGE 5
#define MAX_BYTES 255			/* of a form that is compared by distance */
#define MAX_CHARACTER_BYTES 4

typedef struct Form
{
	int			index;			/* of the text */
	int64		count;
	const char *text;
	char	   *form;
	int			length;			/* characters */
	int			bytes;
	uint64		letters;		/* bit of each byte modulo 64 that occurs */
	bool		word;			/* letters and blanks alone */
	int			n_trigrams;
	uint32	   *trigrams;		/* ascending, without repetition */
} Form;

static bool
is_blank(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_letter(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || IS_HIGHBIT_SET(c);
}

static void
make_form(Form *f)
{
	char	   *lower = str_tolower(f->text, strlen(f->text), DEFAULT_COLLATION_OID);
	char	   *out = palloc(strlen(lower) + 1);
	int			n = 0;

	f->word = true;
	for (const char *p = lower; *p != '\0'; p++)
	{
		unsigned char c = (unsigned char) *p;
		bool		joint = (c == '-' || c == '_' || c == '.') && n > 0 && is_letter((unsigned char) out[n - 1]) &&
			is_letter((unsigned char) p[1]);

		if (is_blank(c) || joint)
		{
			if (n > 0 && out[n - 1] != ' ')
				out[n++] = ' ';
			continue;
		}
		f->word &= is_letter(c);
		f->letters |= UINT64CONST(1) << (c & 63);
		out[n++] = (char) c;
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	f->form = out;
	f->bytes = n;
	f->length = pg_mbstrlen_with_len(out, n);
	pfree(lower);
}

/* ---- trigrams, as pg_trgm makes them: each word with two blanks before it and one after ---- */

static int
compare_trigrams(const void *a, const void *b)
{
	uint32		x = *(const uint32 *) a;
	uint32		y = *(const uint32 *) b;

	return x < y ? -1 : x > y;
}

static void
make_trigrams(Form *f)
{
	uint32		window = (' ' << 8) | ' ';
	int			n = 0;
	int			kept = 0;

	f->trigrams = ml_palloc_array((Size) f->bytes * 2 + 2, sizeof(uint32));
	for (int i = 0; i <= f->bytes; i++)
	{
		unsigned char c = i < f->bytes ? (unsigned char) f->form[i] : ' ';

		window = ((window << 8) | c) & 0xFFFFFF;
		f->trigrams[n++] = window;
		if (c == ' ')
			window = (' ' << 8) | ' ';
	}
	qsort(f->trigrams, n, sizeof(uint32), compare_trigrams);
	for (int i = 0; i < n; i++)
		if (i == 0 || f->trigrams[i] != f->trigrams[i - 1])
			f->trigrams[kept++] = f->trigrams[i];
	f->n_trigrams = kept;
}

static double
trigram_similarity(const Form *a, const Form *b)
{
	int			i = 0,
				j = 0,
				common = 0;

	while (i < a->n_trigrams && j < b->n_trigrams)
	{
		if (a->trigrams[i] == b->trigrams[j])
		{
			common++;
			i++;
			j++;
		}
		else if (a->trigrams[i] < b->trigrams[j])
			i++;
		else
			j++;
	}
	return (double) common / (a->n_trigrams + b->n_trigrams - common);
}

/* ---- nearness ---- */

/* How far apart, in [0, 1); 1 when not near. */
static double
edit_apart(const Form *a, const Form *b, int max_distance)
{
	int			longest = Max(a->length, b->length);
	int			distance;

	if (!a->word || !b->word || abs(a->length - b->length) > max_distance ||
		pg_popcount64(a->letters ^ b->letters) > 2 * MAX_CHARACTER_BYTES * max_distance || a->bytes > MAX_BYTES || b->bytes > MAX_BYTES)
		return 1;
	max_distance = Min(max_distance, Min(a->length, b->length) / LETTERS_A_CHANGE);
	if (max_distance == 0)
		return 1;
	distance = varstr_levenshtein_less_equal(a->form, a->bytes, b->form, b->bytes, 1, 1, 1, max_distance, true);
	return distance > max_distance ? 1 : (double) distance / (longest + 1);
}

static double
trigrams_apart(const Form *a, const Form *b, double similarity)
{
	double		s;

	if (Min(a->n_trigrams, b->n_trigrams) < similarity * Max(a->n_trigrams, b->n_trigrams))
		return 1;
	s = trigram_similarity(a, b);
	return s < similarity ? 1 : 1 - s;
}

/* the most frequent first, ties by text */
static int
compare_counts(const void *a, const void *b)
{
	const Form *x = a;
	const Form *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return strcmp(x->text, y->text);
}

/* by form, and within one form as above */
static int
compare_forms(const void *a, const void *b)
{
	int			order = strcmp(((const Form *) a)->form, ((const Form *) b)->form);

	return order != 0 ? order : compare_counts(a, b);
}

/* One of each form remains at the front, the most frequent; the others are led to it.  Returns how many. */
static int
merge_equal(Form *forms, int n, int *into)
{
	int			kept = 0;

	qsort(forms, n, sizeof(Form), compare_forms);
	for (int i = 0; i < n; i++)
	{
		if (kept > 0 && strcmp(forms[i].form, forms[kept - 1].form) == 0)
		{
			into[forms[i].index] = forms[kept - 1].index;
			forms[kept - 1].count += forms[i].count;
		}
		else
			forms[kept++] = forms[i];
	}
	return kept;
}

/* Each form goes to the nearest of those that are more frequent and stay themselves. */
static void
merge_near(const MlRule *rule, Form *forms, int n, int *into)
{
	bool		trigram = ml_rule_chosen(rule, "method", "trigram");
	int			max_distance = (int) ml_rule_value(rule, "max_distance")->number;
	double		similarity = ml_rule_value(rule, "similarity")->number;

	qsort(forms, n, sizeof(Form), compare_counts);
	for (int i = 0; trigram && i < n; i++)
		make_trigrams(&forms[i]);
	for (int i = 1; i < n; i++)
	{
		double		nearest = 1;

		CHECK_FOR_INTERRUPTS();
		for (int j = 0; j < i; j++)
		{
			double		apart;

			if (into[forms[j].index] != forms[j].index)
				continue;
			apart = trigram ? trigrams_apart(&forms[i], &forms[j], similarity) : edit_apart(&forms[i], &forms[j], max_distance);
			if (apart < nearest)
			{
				nearest = apart;
				into[forms[i].index] = forms[j].index;
			}
		}
	}
}

void
ml_cleaning_similar(const MlRule *rule, char *const *texts, const int64 *counts, int n, int *into)
{
	Form	   *forms = ml_palloc_array(Max(n, 1), sizeof(Form));
	int			distinct;

	for (int i = 0; i < n; i++)
	{
		into[i] = i;
		memset(&forms[i], 0, sizeof(Form));
		forms[i].index = i;
		forms[i].count = counts[i];
		forms[i].text = texts[i];
		make_form(&forms[i]);
	}
	distinct = merge_equal(forms, n, into);
	if (!ml_rule_chosen(rule, "method", "case"))
	{
		if (distinct > MAX_TEXTS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("rule %d (merge_similar) cannot compare %d different texts", rule->step, distinct),
					 errdetail("It compares each with each, for at most %d.", MAX_TEXTS),
					 errhint("Name the columns that hold categories, or use \"method\": \"case\".")));
		merge_near(rule, forms, distinct, into);
	}
	/* a spelling of a form that was led on goes along */
	for (int i = 0; i < n; i++)
		into[i] = into[into[i]];
}
