/*
 * blob.h: cursor writer and reader for model bytes.  Plain C, fuzzed alone.
 *
 * Little-endian, field by field, no structs.  The reader trusts nothing: every
 * get checks what is left, every count is checked against the bytes that
 * remain before anything is allocated, and the first failure makes all later
 * gets return zero, so callers check ml_blob_ok() once at the end of a struct (and
 * before using a count as a loop bound or size).
 */
#ifndef ML_BLOB_H
#define ML_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct MlBlobWriter
{
	uint8_t    *data;
	size_t		len;
	size_t		capacity;
	/* must return a buffer of at least size bytes holding the old content, or not return */
	void	   *(*grow) (void *old, size_t size);
} MlBlobWriter;

typedef struct MlBlobReader
{
	const uint8_t *data;
	size_t		len;
	size_t		pos;
	const char *error;			/* first failure, static text; NULL while fine */
} MlBlobReader;

extern void ml_blob_put_u8(MlBlobWriter *w, uint8_t v);
extern void ml_blob_put_u32(MlBlobWriter *w, uint32_t v);
extern void ml_blob_put_u64(MlBlobWriter *w, uint64_t v);
extern void ml_blob_put_f64(MlBlobWriter *w, double v);
extern void ml_blob_put_bytes(MlBlobWriter *w, const void *p, size_t len);	/* raw, no length */
extern void ml_blob_put_string(MlBlobWriter *w, const char *s);	/* u32 length + bytes; NULL is not allowed */
extern void ml_blob_put_f64_array(MlBlobWriter *w, const double *v, uint32_t n);	/* u32 count + values */
extern void ml_blob_put_u32_array(MlBlobWriter *w, const uint32_t *v, uint32_t n);

extern MlBlobReader ml_blob_reader(const void *data, size_t len);
extern bool ml_blob_ok(const MlBlobReader *r);
extern void ml_blob_fail(MlBlobReader *r, const char *why); /* keeps the first */
extern size_t ml_blob_left(const MlBlobReader *r);
extern uint8_t ml_blob_get_u8(MlBlobReader *r);
extern bool ml_blob_get_bool(MlBlobReader *r);	/* 0 or 1, else failure */
extern uint32_t ml_blob_get_u32(MlBlobReader *r);
extern uint64_t ml_blob_get_u64(MlBlobReader *r);
extern double ml_blob_get_f64(MlBlobReader *r);
/* a count of items of at least item_size bytes each that must still be there, and at most max; 0 on failure */
extern uint32_t ml_blob_get_count(MlBlobReader *r, size_t item_size, uint32_t max);
/* pointer into the data (not NUL-terminated) and its length; no NUL byte inside; NULL on failure */
extern const char *ml_blob_get_string(MlBlobReader *r, uint32_t *len);
/* into a caller's buffer of exactly n values, whose stored count must be n */
extern void ml_blob_get_f64_array(MlBlobReader *r, double *v, uint32_t n);
extern void ml_blob_get_u32_array(MlBlobReader *r, uint32_t *v, uint32_t n);
/* the items themselves, where they lie in the data, without a copy; stored count must be n; NULL on failure.  Read them with ml_blob_load_* */
extern const uint8_t *ml_blob_get_array(MlBlobReader *r, size_t item_size, uint32_t n);

/* written out, so that compilers see a plain load on little-endian machines: models of megabytes pass through here */
static inline uint32_t
ml_blob_load_u32(const uint8_t *items, size_t i)
{
	const uint8_t *at = items + i * 4;

	return (uint32_t) at[0] | (uint32_t) at[1] << 8 | (uint32_t) at[2] << 16 | (uint32_t) at[3] << 24;
}

static inline double
ml_blob_load_f64(const uint8_t *items, size_t i)
{
	uint64_t	bits = ml_blob_load_u32(items, 2 * i) | (uint64_t) ml_blob_load_u32(items, 2 * i + 1) << 32;
	double		v;

	__builtin_memcpy(&v, &bits, sizeof(v));
	return v;
}

#endif							/* ML_BLOB_H */
