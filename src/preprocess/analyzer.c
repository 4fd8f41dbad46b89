/*
 * analyzer.c: from a text to its terms (see analyzer.h).
 *
 * A text is first written out anew, folded and with its pieces side by side, so that a run of pieces is one stretch of bytes:
 * words and lexemes stand one blank apart, which is how their n-grams are spelled, characters stand next to each other.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "preprocess/analyzer.h"
#include "preprocess/unicode.h"

#define POLL_MASK 0xffff		/* characters or terms between two looks for a cancel */

const char *const ml_analyzer_choices[] = {"word", "char", "char_wb", "search", NULL};
const char *const ml_stop_word_choices[] = {"none", "english", NULL};

/* ---- options ---- */

static void
refuse(const char *column, const char *option, const char *why, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("preprocess option \"%s\" of column \"%s\" has no effect", option, column),
			 errdetail("%s", why),
			 errhint("%s", hint)));
}

void
ml_analyzer_check(const char *column, const double *option)
{
	MlAnalyze	kind = (MlAnalyze) option[ML_ANALYZER_KIND];

	if (option[ML_ANALYZER_CONFIG] != 0 && kind != ML_ANALYZE_SEARCH)
		refuse(column, "config", "Only the analyzer \"search\" has a configuration.", "Say \"analyzer\": \"search\" beside it.");
	if (option[ML_ANALYZER_STOP_WORDS] != 0 && kind != ML_ANALYZE_WORD)
		refuse(column, "stop_words", "Only the analyzer \"word\" leaves words out.", "Leave it out, or say \"analyzer\": \"word\".");
	if (option[ML_ANALYZER_LOWERCASE] == 0 && kind == ML_ANALYZE_SEARCH)
		refuse(column, "lowercase", "The text search configuration decides about capitals.",
			   "Leave it out, or say \"analyzer\": \"word\".");
}

void
ml_analyzer_init(MlAnalyzer *analyzer, const double *option)
{
	analyzer->kind = (MlAnalyze) option[ML_ANALYZER_KIND];
	analyzer->lowercase = option[ML_ANALYZER_LOWERCASE] != 0;
	analyzer->stop_words = option[ML_ANALYZER_STOP_WORDS] != 0;
	analyzer->least = ML_OPTION_FIRST(option[ML_ANALYZER_NGRAMS]);
	analyzer->most = ML_OPTION_SECOND(option[ML_ANALYZER_NGRAMS]);
}

void
ml_analyzer_fit(MlAnalyzer *analyzer, double *option)
{
	if (analyzer->kind == ML_ANALYZE_SEARCH)
		analyzer->config = ml_search_config_name(&option[ML_ANALYZER_CONFIG]);
}

void
ml_analyzer_write(const MlAnalyzer *analyzer, MlBlobWriter *w)
{
	ml_blob_put_string(w, analyzer->config == NULL ? "" : analyzer->config);
}

void
ml_analyzer_read(MlAnalyzer *analyzer, MlBlobReader *r)
{
	uint32		length;
	const char *name = ml_blob_get_string(r, &length);

	if (name == NULL)
		return;
	if (analyzer->kind == ML_ANALYZE_SEARCH ? length == 0 : length > 0)
		ml_blob_fail(r, "a text search configuration is missing or out of place");
	else if (length >= 8 * NAMEDATALEN)
		ml_blob_fail(r, "the name of a text search configuration is too long");
	else if (length > 0)
		analyzer->config = pnstrdup(name, length);
}

/* ---- pieces ---- */

MlPieces *
ml_pieces_create(MemoryContext context)
{
	MlPieces   *pieces = MemoryContextAllocZero(context, sizeof(MlPieces));

	pieces->context = context;
	pieces->lexemes = AllocSetContextCreate(context, "mlops text", ALLOCSET_DEFAULT_SIZES);
	return pieces;
}

void
ml_pieces_reserve(MlPieces *pieces, Size bytes)
{
	Size		need = add_size(pieces->used, bytes);

	if (need <= pieces->room)
		return;
	if (need > PG_UINT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a text is too long to be taken apart"),
				 errdetail("It needs more than %u bytes.", PG_UINT32_MAX)));
	pieces->room = Max(need, 2 * pieces->room);
	if (pieces->bytes == NULL)
		pieces->bytes = MemoryContextAllocHuge(pieces->context, pieces->room);
	else
		pieces->bytes = repalloc_huge(pieces->bytes, pieces->room);
}

static uint32 *
grow(MlPieces *pieces, uint32 *array)
{
	Size		size = mul_size(pieces->n_room, sizeof(uint32));

	return array == NULL ? MemoryContextAllocHuge(pieces->context, size) : repalloc_huge(array, size);
}

void
ml_pieces_add(MlPieces *pieces, uint32 start, uint32 end)
{
	if (pieces->n == pieces->n_room)
	{
		pieces->n_room = Max(64, 2 * pieces->n_room);
		pieces->start = grow(pieces, pieces->start);
		pieces->end = grow(pieces, pieces->end);
	}
	pieces->start[pieces->n] = start;
	pieces->end[pieces->n++] = end;
	if ((pieces->n & POLL_MASK) == 0)
		CHECK_FOR_INTERRUPTS();
}

static inline void
put(MlPieces *pieces, uint32_t c)
{
	pieces->used += ml_unicode_encode(c, pieces->bytes + pieces->used);
}

const char *
ml_text_utf8(MlPieces *pieces, const char *text, uint32 *length)
{
	int			encoding = GetDatabaseEncoding();
	MemoryContext caller;
	char	   *copy;

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII || *length == 0)
		return text;
	caller = MemoryContextSwitchTo(pieces->lexemes);
	copy = (char *) pg_do_encoding_conversion((unsigned char *) text, (int) *length, encoding, PG_UTF8);
	MemoryContextSwitchTo(caller);
	*length = (uint32) strlen(copy);
	return copy;
}

/* ---- characters of a text, folded, one by one ---- */

typedef struct Reader
{
	const unsigned char *at;
	const unsigned char *end;
	bool		lowercase;
	bool		dot;			/* of a capital I with dot, which is due */
	bool		after_word;		/* the last character was one of a word */
} Reader;

static bool
word_follows(const Reader *r)
{
	int			bytes;

	return r->at < r->end && ml_unicode_is_word(ml_unicode_decode(r->at, r->end, &bytes));
}

/*
 * Sigma at the end of a word has its own small letter.  The standard looks past apostrophes and accents there; this
 * looks at the neighbours alone.
 */
static uint32_t
fold(Reader *r, uint32_t c)
{
	if (c == ML_CAPITAL_SIGMA && r->after_word && !word_follows(r))
		return ML_FINAL_SIGMA;
	if (c == ML_CAPITAL_I_DOT)
	{
		r->dot = true;
		return 'i';
	}
	return ml_unicode_lower(c);
}

static bool
next_character(Reader *r, uint32_t *c)
{
	int			bytes;

	if (r->dot)
	{
		r->dot = false;
		*c = ML_DOT_ABOVE;
		return true;
	}
	if (r->at == r->end)
		return false;
	*c = ml_unicode_decode(r->at, r->end, &bytes);
	r->at += bytes;
	if (r->lowercase)
		*c = fold(r, *c);
	r->after_word = ml_unicode_is_word(*c);
	return true;
}

static Reader
read_text(const MlAnalyzer *analyzer, MlPieces *pieces, const char *text, uint32 length)
{
	const char *utf8 = ml_text_utf8(pieces, text, &length);
	Reader		r = {(const unsigned char *) utf8, (const unsigned char *) utf8 + length, analyzer->lowercase, false, false};

	/* small letters take one byte in two more at most, and a character of one byte has a blank for company */
	ml_pieces_reserve(pieces, add_size(mul_size(length, 3), 4 * ML_MAX_CHARACTER));
	return r;
}

/* ---- words ---- */

static void
end_word(const MlAnalyzer *analyzer, MlPieces *pieces, uint32 start, int characters)
{
	if (characters < 2 ||
		(analyzer->stop_words && ml_is_stop_word(pieces->bytes + start, (uint32) pieces->used - start)))
	{
		pieces->used = start;
		return;
	}
	ml_pieces_add(pieces, start, (uint32) pieces->used);
	put(pieces, ' ');
}

static void
split_words(const MlAnalyzer *analyzer, MlPieces *pieces, const char *text, uint32 length)
{
	Reader		r = read_text(analyzer, pieces, text, length);
	uint32		start = 0;
	int			characters = 0;
	uint32_t	c;

	while (next_character(&r, &c))
	{
		if (!ml_unicode_is_word(c))
		{
			end_word(analyzer, pieces, start, characters);
			start = (uint32) pieces->used;
			characters = 0;
			continue;
		}
		characters = Min(characters + 1, 2);
		put(pieces, c);
	}
	end_word(analyzer, pieces, start, characters);
}

/* ---- characters ---- */

static void
put_piece(MlPieces *pieces, uint32_t c)
{
	uint32		start = (uint32) pieces->used;

	put(pieces, c);
	ml_pieces_add(pieces, start, (uint32) pieces->used);
}

static void
split_characters(const MlAnalyzer *analyzer, MlPieces *pieces, const char *text, uint32 length)
{
	Reader		r = read_text(analyzer, pieces, text, length);
	uint32_t	held = 0;		/* white space that may turn out to be the first of more */
	int			spaces = 0;
	uint32_t	c;

	while (next_character(&r, &c))
	{
		if (ml_unicode_is_space(c))
		{
			held = spaces++ == 0 ? c : ' ';
			continue;
		}
		if (spaces > 0)
			put_piece(pieces, held);
		spaces = 0;
		put_piece(pieces, c);
	}
	if (spaces > 0)
		put_piece(pieces, held);
}

/* ---- terms ---- */

static inline void
give(const MlPieces *pieces, int64 from, int64 n, MlTermFn fn, void *arg)
{
	fn(arg, pieces->bytes + pieces->start[from], pieces->end[from + n - 1] - pieces->start[from]);
}

/* all runs of so many of the pieces; how many there were */
static int64
give_runs(const MlPieces *pieces, int n, MlTermFn fn, void *arg)
{
	for (int64 i = 0; i + n <= pieces->n; i++)
	{
		if ((i & POLL_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
		give(pieces, i, n, fn, arg);
	}
	return Max(pieces->n - n + 1, 0);
}

/* a word with its blanks is in the pieces; one that is shorter than a term is a term, once */
static void
give_word(const MlAnalyzer *analyzer, MlPieces *pieces, MlTermFn fn, void *arg)
{
	for (int n = analyzer->least; n <= analyzer->most; n++)
	{
		if (pieces->n <= n)
		{
			give(pieces, 0, pieces->n, fn, arg);
			break;
		}
		give_runs(pieces, n, fn, arg);
	}
	pieces->used = 0;
	pieces->n = 0;
}

static void
give_words(const MlAnalyzer *analyzer, MlPieces *pieces, const char *text, uint32 length, MlTermFn fn, void *arg)
{
	Reader		r = read_text(analyzer, pieces, text, length);
	uint32_t	c;

	while (next_character(&r, &c))
	{
		if (!ml_unicode_is_space(c))
		{
			if (pieces->n == 0)
				put_piece(pieces, ' ');
			put_piece(pieces, c);
		}
		else if (pieces->n > 0)
		{
			put_piece(pieces, ' ');
			give_word(analyzer, pieces, fn, arg);
		}
	}
	if (pieces->n > 0)
	{
		put_piece(pieces, ' ');
		give_word(analyzer, pieces, fn, arg);
	}
}

void
ml_analyze(const MlAnalyzer *analyzer, MlPieces *pieces, const char *text, uint32 length, MlTermFn fn, void *arg)
{
	pieces->used = 0;
	pieces->n = 0;
	MemoryContextReset(pieces->lexemes);
	switch (analyzer->kind)
	{
		case ML_ANALYZE_WORD:
			split_words(analyzer, pieces, text, length);
			break;
		case ML_ANALYZE_CHAR:
			split_characters(analyzer, pieces, text, length);
			break;
		case ML_ANALYZE_CHAR_WB:
			give_words(analyzer, pieces, text, length, fn, arg);
			return;
		case ML_ANALYZE_SEARCH:
			ml_search_pieces(analyzer, pieces, text, length);
			break;
	}
	for (int n = analyzer->least; n <= analyzer->most && n <= pieces->n; n++)
		give_runs(pieces, n, fn, arg);
}
