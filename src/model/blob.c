/*
 * blob.c: the bytes of a model, field by field.
 *
 * Values are put together from single bytes, so that neither the host's byte order nor its alignment rules
 * reach the format.  The reader is the first thing hostile bytes meet: it is plain C and has a fuzz target.
 */
#include "model/blob.h"

#include <string.h>

#define FIRST_CAPACITY 256

/* room for more bytes; a length that overflows asks grow() for what nobody can give, and that does not return */
static uint8_t *
reserve(MlBlobWriter *w, size_t more)
{
	uint8_t    *at;

	if (more > w->capacity - w->len)
	{
		size_t		capacity = w->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : w->capacity;

		while (capacity - w->len < more && capacity <= SIZE_MAX / 2)
			capacity *= 2;
		if (capacity - w->len < more)
			capacity = SIZE_MAX;
		w->data = w->grow(w->data, capacity);
		w->capacity = capacity;
	}
	at = w->data + w->len;
	w->len += more;
	return at;
}

void
ml_blob_put_u8(MlBlobWriter *w, uint8_t v)
{
	*reserve(w, 1) = v;
}

void
ml_blob_put_u32(MlBlobWriter *w, uint32_t v)
{
	uint8_t    *at = reserve(w, 4);

	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t) (v >> (8 * i));
}

void
ml_blob_put_u64(MlBlobWriter *w, uint64_t v)
{
	uint8_t    *at = reserve(w, 8);

	for (int i = 0; i < 8; i++)
		at[i] = (uint8_t) (v >> (8 * i));
}

/* IEEE 754 binary64, as its bits */
void
ml_blob_put_f64(MlBlobWriter *w, double v)
{
	uint64_t	bits;

	memcpy(&bits, &v, sizeof(bits));
	ml_blob_put_u64(w, bits);
}

void
ml_blob_put_bytes(MlBlobWriter *w, const void *p, size_t len)
{
	if (len > 0)
		memcpy(reserve(w, len), p, len);
}

void
ml_blob_put_string(MlBlobWriter *w, const char *s)
{
	size_t		len = strlen(s);

	ml_blob_put_u32(w, (uint32_t) len);
	ml_blob_put_bytes(w, s, len);
}

void
ml_blob_put_f64_array(MlBlobWriter *w, const double *v, uint32_t n)
{
	ml_blob_put_u32(w, n);
	for (uint32_t i = 0; i < n; i++)
		ml_blob_put_f64(w, v[i]);
}

void
ml_blob_put_u32_array(MlBlobWriter *w, const uint32_t *v, uint32_t n)
{
	ml_blob_put_u32(w, n);
	for (uint32_t i = 0; i < n; i++)
		ml_blob_put_u32(w, v[i]);
}

MlBlobReader
ml_blob_reader(const void *data, size_t len)
{
	MlBlobReader r = {.data = data,.len = len};

	return r;
}

bool
ml_blob_ok(const MlBlobReader *r)
{
	return r->error == NULL;
}

void
ml_blob_fail(MlBlobReader *r, const char *why)
{
	if (r->error == NULL)
		r->error = why;
}

size_t
ml_blob_left(const MlBlobReader *r)
{
	return r->error == NULL ? r->len - r->pos : 0;
}

/* the next len bytes, or NULL with the failure noted */
static const uint8_t *
take(MlBlobReader *r, size_t len)
{
	const uint8_t *at;

	if (r->error != NULL)
		return NULL;
	if (len > r->len - r->pos)
	{
		ml_blob_fail(r, "the bytes end too early");
		return NULL;
	}
	at = r->data + r->pos;
	r->pos += len;
	return at;
}

static uint64_t
take_little_endian(MlBlobReader *r, int width)
{
	const uint8_t *at = take(r, width);
	uint64_t	v = 0;

	if (at == NULL)
		return 0;
	for (int i = 0; i < width; i++)
		v |= (uint64_t) at[i] << (8 * i);
	return v;
}

uint8_t
ml_blob_get_u8(MlBlobReader *r)
{
	return (uint8_t) take_little_endian(r, 1);
}

bool
ml_blob_get_bool(MlBlobReader *r)
{
	uint8_t		v = ml_blob_get_u8(r);

	if (v > 1)
		ml_blob_fail(r, "a flag is neither 0 nor 1");
	return v == 1;
}

uint32_t
ml_blob_get_u32(MlBlobReader *r)
{
	return (uint32_t) take_little_endian(r, 4);
}

uint64_t
ml_blob_get_u64(MlBlobReader *r)
{
	return take_little_endian(r, 8);
}

double
ml_blob_get_f64(MlBlobReader *r)
{
	uint64_t	bits = take_little_endian(r, 8);
	double		v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

uint32_t
ml_blob_get_count(MlBlobReader *r, size_t item_size, uint32_t max)
{
	uint32_t	n = ml_blob_get_u32(r);

	if (n > max)
		ml_blob_fail(r, "a count is over its limit");
	else if (item_size > 0 && n > ml_blob_left(r) / item_size)
		ml_blob_fail(r, "a count asks for more than the bytes that are left");
	return ml_blob_ok(r) ? n : 0;
}

const char *
ml_blob_get_string(MlBlobReader *r, uint32_t *len)
{
	uint32_t	n = ml_blob_get_count(r, 1, UINT32_MAX);
	const char *s = (const char *) take(r, n);

	if (s != NULL && n > 0 && memchr(s, '\0', n) != NULL)
		ml_blob_fail(r, "a string has a zero byte inside");
	*len = ml_blob_ok(r) ? n : 0;
	return ml_blob_ok(r) ? s : NULL;
}

/* true when the stored count is n and its items are there */
static bool
array_follows(MlBlobReader *r, size_t item_size, uint32_t n)
{
	if (ml_blob_get_count(r, item_size, UINT32_MAX) != n)
		ml_blob_fail(r, "an array has another length than its place needs");
	return ml_blob_ok(r);
}

const uint8_t *
ml_blob_get_array(MlBlobReader *r, size_t item_size, uint32_t n)
{
	return array_follows(r, item_size, n) ? take(r, (size_t) n * item_size) : NULL;
}

/* on failure the buffer holds zeros, as a single get would have returned */
void
ml_blob_get_f64_array(MlBlobReader *r, double *v, uint32_t n)
{
	const uint8_t *items = ml_blob_get_array(r, 8, n);

	for (uint32_t i = 0; i < n; i++)
		v[i] = items == NULL ? 0 : ml_blob_load_f64(items, i);
}

void
ml_blob_get_u32_array(MlBlobReader *r, uint32_t *v, uint32_t n)
{
	const uint8_t *items = ml_blob_get_array(r, 4, n);

	for (uint32_t i = 0; i < n; i++)
		v[i] = items == NULL ? 0 : ml_blob_load_u32(items, i);
}
