/*
 * categories.c: finding a category in constant time, without an allocation.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"

#include "kernels/hash.h"
#include "preprocess/categories.h"

#define EMPTY_SLOT UINT32_MAX

int
ml_category_compare(const char *a, uint32 a_length, const char *b, uint32 b_length)
{
	int			order = memcmp(a, b, Min(a_length, b_length));

	if (order == 0)
		order = (a_length > b_length) - (a_length < b_length);
	return order;
}

char *
ml_category_number_text(MlType type, double number)
{
	char	   *text = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);

	if (type == ML_TYPE_BOOL && (number == 0 || number == 1))
		strcpy(text, number == 1 ? "true" : "false");
	else if (number == floor(number) && fabs(number) < 1e15)
		snprintf(text, DOUBLE_SHORTEST_DECIMAL_LEN, "%lld", (long long) number);
	else
		double_to_shortest_decimal_buf(number, text);
	return text;
}

/* zeros of both signs are one value */
static uint64
number_hash(double number)
{
	uint64		bits;

	number += 0.0;
	memcpy(&bits, &number, sizeof(bits));
	return mlk_hash_u64(0, bits);
}

uint32
ml_category_find(const MlCategories *c, const char *text, uint32 length, uint64 hash)
{
	for (uint32 s = (uint32) hash & c->mask; c->slot[s] != EMPTY_SLOT; s = (s + 1) & c->mask)
	{
		uint32		i = c->slot[s];

		if (c->length[i] == length && memcmp(c->text[i], text, length) == 0)
			return i;
	}
	return c->n;
}

uint32
ml_category_find_number(const MlCategories *c, double number)
{
	for (uint32 s = (uint32) number_hash(number) & c->mask; c->slot[s] != EMPTY_SLOT; s = (s + 1) & c->mask)
	{
		if (c->number[c->slot[s]] == number)
			return c->slot[s];
	}
	return c->n;
}

/* at most half full, so that a search that finds nothing is short, too */
void
ml_category_index(MlCategories *c)
{
	uint32		slots = 2;

	while (slots < 2 * c->n)
		slots *= 2;
	c->mask = slots - 1;
	c->slot = palloc(sizeof(uint32) * slots);
	for (uint32 s = 0; s < slots; s++)
		c->slot[s] = EMPTY_SLOT;
	for (uint32 i = 0; i < c->n; i++)
	{
		uint64		hash = c->number != NULL ? number_hash(c->number[i]) : mlk_hash_bytes(c->text[i], c->length[i], 0);
		uint32		s = (uint32) hash & c->mask;

		while (c->slot[s] != EMPTY_SLOT)
			s = (s + 1) & c->mask;
		c->slot[s] = i;
	}
}

void
ml_category_write(const MlCategories *c, MlBlobWriter *w)
{
	ml_blob_put_u32(w, c->n);
	for (uint32 i = 0; i < c->n; i++)
	{
		if (c->number != NULL)
			ml_blob_put_f64(w, c->number[i]);
		else
			ml_blob_put_string(w, c->text[i]);
	}
}

/* one category; the texts of numbers are not stored but made anew */
static void
read_one(MlCategories *c, uint32 i, MlType type, MlBlobReader *r)
{
	if (c->number != NULL)
	{
		c->number[i] = ml_blob_get_f64(r);
		if (!isfinite(c->number[i]))
			ml_blob_fail(r, "a category is not a finite number");
		else
			c->text[i] = ml_category_number_text(type, c->number[i]);
		c->length[i] = ml_blob_ok(r) ? strlen(c->text[i]) : 0;
	}
	else
	{
		const char *text = ml_blob_get_string(r, &c->length[i]);

		if (text != NULL)
			c->text[i] = pnstrdup(text, c->length[i]);
	}
}

void
ml_category_read(MlCategories *c, MlType type, MlBlobReader *r)
{
	bool		numbers = type != ML_TYPE_CATEGORY;

	c->n = ml_blob_get_count(r, numbers ? sizeof(double) : sizeof(uint32), ML_MAX_CATEGORIES);
	c->text = palloc(sizeof(char *) * Max(c->n, 1));
	c->length = palloc(sizeof(uint32) * Max(c->n, 1));
	c->number = numbers ? palloc(sizeof(double) * Max(c->n, 1)) : NULL;
	for (uint32 i = 0; i < c->n; i++)
	{
		read_one(c, i, type, r);
		if (ml_blob_ok(r) && i > 0 &&
			ml_category_compare(c->text[i - 1], c->length[i - 1], c->text[i], c->length[i]) >= 0)
			ml_blob_fail(r, "categories are not in ascending order");
		if (!ml_blob_ok(r))
			c->n = 0;
	}
	ml_category_index(c);
}
