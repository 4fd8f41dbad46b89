/*
 * terms.h: distinct terms of texts: counted while a vocabulary is learned, and found by the vocabulary.
 */
#ifndef ML_PREP_TERMS_H
#define ML_PREP_TERMS_H

#include "postgres.h"

#include "dataset/bigmem.h"
#include "model/blob.h"

#define ML_MAX_TERMS (1 << 22)	/* of a vocabulary */

/* terms[i] is bytes[start[i]] .. bytes[start[i + 1] - 1], NUL-free; a hash table finds them */
typedef struct MlTerms
{
	uint32		n;
	Size	   *start;			/* n + 1 */
	char	   *bytes;
	uint32	   *slot;			/* mask + 1 indices */
	uint32		mask;

	/* while it grows: arrays are the budget's */
	MlBudget   *budget;
	uint32		room;
	Size		byte_room;
	uint64	   *rows;			/* with the term */
	uint64	   *total;			/* occurrences in all rows */
	uint32	   *last;			/* text that met it last, plus one */
} MlTerms;

static inline uint32
ml_term_length(const MlTerms *t, uint32 i)
{
	return (uint32) (t->start[i + 1] - t->start[i]);
}

/* index, t->n when it is not there */
extern uint32 ml_term_find(const MlTerms *t, const char *term, uint32 length);

/* ---- learning ---- */
extern void ml_terms_begin(MlTerms *t, MlBudget *budget);
/* an occurrence in text number `text`, which stands in `weight` rows */
extern void ml_terms_count(MlTerms *t, const char *term, uint32 length, uint32 text, uint64 weight);
extern void ml_terms_end(MlTerms *t);	/* arrays back to the budget */
/* indices of terms with rows in [least, most] rows, at most `limit` (0: all) of them, those that occur most; ascending by bytes */
extern uint32 *ml_terms_choose(const MlTerms *t, double least, double most, uint32 limit, uint32 *n);

/* ---- a vocabulary, in the current context ---- */
extern void ml_terms_take(MlTerms *to, const MlTerms *from, const uint32 *index, uint32 n);
extern void ml_terms_write(const MlTerms *t, MlBlobWriter *w);
extern void ml_terms_read(MlTerms *t, MlBlobReader *r);

#endif							/* ML_PREP_TERMS_H */
