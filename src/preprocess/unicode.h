/*
 * unicode.h: characters of texts in UTF-8: letters and digits, lower case, white space.
 *
 * Tables of our own, since what the C library knows depends on the server's locale: a model must find the words it was
 * trained on wherever it is restored.
 */
#ifndef ML_PREP_UNICODE_H
#define ML_PREP_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct MlUnicodeRange
{
	uint32_t	first;
	uint32_t	last;
} MlUnicodeRange;

/* every step'th from first to last becomes itself plus offset */
typedef struct MlUnicodeLower
{
	uint32_t	first;
	uint32_t	last;
	uint32_t	step;
	int32_t		offset;
} MlUnicodeLower;

/* unicode_tables.c: ascending, from 128 on */
extern const MlUnicodeRange ml_unicode_words[];
extern const int ml_unicode_n_words;
extern const MlUnicodeLower ml_unicode_lowers[];
extern const int ml_unicode_n_lowers;

/* a byte that is not UTF-8 counts as a character of its own: this plus the byte */
#define ML_NOT_UNICODE 0x110000

#define ML_CAPITAL_I_DOT 0x130	/* becomes two characters in lower case: i and a dot above */
#define ML_DOT_ABOVE 0x307
#define ML_CAPITAL_SIGMA 0x3a3
#define ML_FINAL_SIGMA 0x3c2

#define ML_MAX_CHARACTER 4		/* bytes */

/* the character at s < end, *bytes its length */
extern uint32_t ml_unicode_decode(const unsigned char *s, const unsigned char *end, int *bytes);
/* writes 1 to ML_MAX_CHARACTER bytes; how many */
extern int	ml_unicode_encode(uint32_t c, char *out);

/* letters, digits and the underscore: \w of Python's re */
extern bool ml_unicode_is_word(uint32_t c);
/* \s of Python's re */
extern bool ml_unicode_is_space(uint32_t c);
extern uint32_t ml_unicode_lower(uint32_t c);

#endif							/* ML_PREP_UNICODE_H */
