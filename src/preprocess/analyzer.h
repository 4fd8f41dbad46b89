/*
 * analyzer.h: the terms of a text: words, characters, or what the server's text search makes of it, and runs of them.
 *
 * scikit-learn's CountVectorizer, term for term, but for "search" and the stop words.  Terms are UTF-8 whatever the server's
 * encoding, so that they are the same in every database.
 */
#ifndef ML_PREP_ANALYZER_H
#define ML_PREP_ANALYZER_H

#include "postgres.h"

#include "preprocess/options.h"
#include "preprocess/sparse.h"

/* indices of the option "analyzer": append only */
typedef enum MlAnalyze
{
	ML_ANALYZE_WORD,			/* two or more letters, digits or underscores in a row */
	ML_ANALYZE_CHAR,			/* runs of characters; white space of two and more is one blank */
	ML_ANALYZE_CHAR_WB,			/* the same inside of words, each with a blank on both sides */
	ML_ANALYZE_SEARCH			/* lexemes of a text search configuration, in order */
} MlAnalyze;

/* the first options of every step that takes texts, in this order */
#define ML_ANALYZER_OPTIONS \
	{.name = "analyzer",.type = ML_OPTION_CHOICE,.choices = ml_analyzer_choices, \
	.help = "what a text is taken apart into"}, \
	{.name = "config",.type = ML_OPTION_CONFIG, \
	.help = "text search configuration of analyzer \"search\"; null: default_text_search_config at training"}, \
	{.name = "lowercase",.type = ML_OPTION_BOOL,.fallback = 1, \
	.help = "whether capitals count as small letters; \"search\" decides for itself"}, \
	{.name = "stop_words",.type = ML_OPTION_CHOICE,.choices = ml_stop_word_choices, \
	.help = "words that count for nothing; \"search\" has its own"}, \
	{.name = "ngram_range",.type = ML_OPTION_RANGE,.fallback = ML_OPTION_PAIR(1, 1),.min = 1,.max = 15, \
	.help = "least and largest number of words (of characters) in a row that make a term"}

enum
{
	ML_ANALYZER_KIND,
	ML_ANALYZER_CONFIG,
	ML_ANALYZER_LOWERCASE,
	ML_ANALYZER_STOP_WORDS,
	ML_ANALYZER_NGRAMS,
	ML_ANALYZER_N_OPTIONS
};

extern const char *const ml_analyzer_choices[];
extern const char *const ml_stop_word_choices[];

typedef struct MlAnalyzer
{
	MlAnalyze	kind;
	bool		lowercase;
	bool		stop_words;
	int			least;			/* of the n-grams */
	int			most;
	const char *config;			/* SEARCH: qualified name; NULL until fitted or read */
} MlAnalyzer;

/* for the check of a step: ERROR 22023 for options that would change nothing */
extern void ml_analyzer_check(const char *column, const double *option);
/* what follows from the options alone */
extern void ml_analyzer_init(MlAnalyzer *analyzer, const double *option);
/* training, SEARCH: the configuration by name, palloc'd; where the options are silent the session's own, which they then name */
extern void ml_analyzer_fit(MlAnalyzer *analyzer, double *option);
/* the name of the configuration, "" when there is none */
extern void ml_analyzer_write(const MlAnalyzer *analyzer, MlBlobWriter *w);
extern void ml_analyzer_read(MlAnalyzer *analyzer, MlBlobReader *r);

/* one term, not NUL-terminated, valid during the call */
typedef void (*MlTermFn) (void *arg, const char *term, uint32 length);

/* a text in pieces, as far as the terms of one text need them: working memory of ml_analyze */
typedef struct MlPieces
{
	MemoryContext context;
	MemoryContext lexemes;		/* reset with every text */
	char	   *bytes;
	Size		used;
	Size		room;
	uint32	   *start;			/* pieces [start, end) of bytes; neighbours are apart by nothing or one blank */
	uint32	   *end;
	int64		n;
	int64		n_room;
} MlPieces;

extern MlPieces *ml_pieces_create(MemoryContext context);

/*
 * Main thread only: may call the server, raise errors and be cancelled.  text is in the server's encoding.
 */
extern void ml_analyze(const MlAnalyzer *analyzer, MlPieces *pieces, const char *text, uint32 length, MlTermFn fn, void *arg);

/* ---- for the files of the analyzer ---- */
extern void ml_pieces_reserve(MlPieces *pieces, Size bytes);	/* room for so many more */
extern void ml_pieces_add(MlPieces *pieces, uint32 start, uint32 end);
/* text in UTF-8; itself where that is the server's encoding, else a copy in pieces->lexemes */
extern const char *ml_text_utf8(MlPieces *pieces, const char *text, uint32 *length);
extern bool ml_is_stop_word(const char *word, uint32 length);
/* text_search.c: lexemes of text as pieces, a blank between two */
extern void ml_search_pieces(const MlAnalyzer *analyzer, MlPieces *pieces, const char *text, uint32 length);
extern char *ml_search_config_name(double *option);

#endif							/* ML_PREP_ANALYZER_H */
