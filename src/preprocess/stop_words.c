/*
 * stop_words.c: English words that say little about what a text is about: articles, pronouns, prepositions, conjunctions and
 * auxiliary verbs.  A list of our own (scikit-learn's differs); the analyzer "search" has those of its configuration.
 */
#include "postgres.h"

#include "preprocess/analyzer.h"

/* ascending */
static const char *const english[] = {
	"about", "above", "after", "again", "against", "all", "also", "am", "an", "and", "any", "are", "aren", "as", "at",
	"be", "because", "been", "before", "being", "below", "between", "both", "but", "by",
	"can", "could", "couldn",
	"did", "didn", "do", "does", "doesn", "doing", "don", "down", "during",
	"each", "either",
	"few", "for", "from", "further",
	"had", "hadn", "has", "hasn", "have", "haven", "having", "he", "her", "here", "hers", "herself", "him", "himself", "his", "how",
	"if", "in", "into", "is", "isn", "it", "its", "itself",
	"just",
	"ll",
	"may", "me", "might", "more", "most", "must", "my", "myself",
	"neither", "no", "nor", "not", "now",
	"of", "off", "on", "once", "only", "or", "other", "our", "ours", "ourselves", "out", "over", "own",
	"re",
	"same", "shall", "shan", "she", "should", "shouldn", "so", "some", "such",
	"than", "that", "the", "their", "theirs", "them", "themselves", "then", "there", "these", "they", "this", "those", "through",
	"to", "too",
	"under", "until", "up", "upon",
	"ve", "very",
	"was", "wasn", "we", "were", "weren", "what", "when", "where", "which", "while", "who", "whom", "whose", "why", "will", "with",
	"won", "would", "wouldn",
	"you", "your", "yours", "yourself", "yourselves"
};

#define LONGEST 16

static int
compare(const void *a, const void *b)
{
	return strcmp(a, *(const char *const *) b);
}

bool
ml_is_stop_word(const char *word, uint32 length)
{
	char		copy[LONGEST];

	if (length >= LONGEST)
		return false;
	memcpy(copy, word, length);
	copy[length] = '\0';
	return bsearch(copy, english, lengthof(english), sizeof(english[0]), compare) != NULL;
}
