/*
 * categories.h: the distinct values a step has learned, in the order of their texts, with an index for finding one.
 */
#ifndef ML_PREP_CATEGORIES_H
#define ML_PREP_CATEGORIES_H

#include "postgres.h"

#include "dataset/dataset.h"
#include "model/blob.h"

/* texts ascend strictly by byte; empty is fine, zero bytes do not occur */
typedef struct MlCategories
{
	uint32		n;				/* <= ML_MAX_CATEGORIES */
	char	  **text;			/* NUL-terminated */
	uint32	   *length;
	double	   *number;			/* of a numeric column: the value behind each text; else NULL */
	uint32	   *slot;			/* hash table of indices, mask + 1 of them */
	uint32		mask;
} MlCategories;

/* order of two texts by their bytes (C collation) */
extern int	ml_category_compare(const char *a, uint32 a_length, const char *b, uint32 b_length);

/* the text that stands for a number of a column: as the server prints it, true / false for booleans; palloc'd */
extern char *ml_category_number_text(MlType type, double number);

/* index of a value, n when it is not among them; hash is mlk_hash_bytes(text, length, 0) */
extern uint32 ml_category_find(const MlCategories *c, const char *text, uint32 length, uint64 hash);
extern uint32 ml_category_find_number(const MlCategories *c, double number);

/* to be called once text, length and number are set, before any find */
extern void ml_category_index(MlCategories *c);

extern void ml_category_write(const MlCategories *c, MlBlobWriter *w);
/* indexed; type tells whether numbers or texts follow */
extern void ml_category_read(MlCategories *c, MlType type, MlBlobReader *r);

#endif							/* ML_PREP_CATEGORIES_H */
