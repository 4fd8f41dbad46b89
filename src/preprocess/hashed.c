/*
 * hashed.c: categories as the bucket that the hash of their text falls into.
 *
 * A number hashes as its bits, so that it needs no text.  All that is learned is which buckets the training rows fell into: a value in another
 * one is unseen, and like NULL in no bucket.  Two kinds of one name: in a design the buckets are columns, of
 * which a row sets one; in the native layout they are the codes of one column.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "kernels/hash.h"
#include "preprocess/step.h"

#define PIECE 512				/* rows gathered at a time, on the stack */
#define MAX_BUCKETS 65535		/* codes of a column in the native layout */

/* places in options[]: append only */
enum
{
	OPTION_FEATURES
};

static const MlOptionSpec options[] = {
	{.name = "n_features",.type = ML_OPTION_NUMBER,.fallback = 256,.min = 2,.max = MAX_BUCKETS,.integral = true,
	.help = "buckets that the values are spread over; values that share one cannot be told apart"},
	{.name = NULL}
};

typedef struct MlHashed
{
	MlStep		step;
	uint8	   *seen;			/* of each bucket: 1 when training rows fell into it */
} MlHashed;

static int64
hash_n_dense(const MlInput *input, const double *option)
{
	return 0;
}

static int
hash_buckets(const MlStep *step)
{
	return (int) step->option[OPTION_FEATURES];
}

/* zeros of both signs are one value */
static inline uint32
number_bucket(const MlStep *step, double number)
{
	uint64		bits;

	if (isnan(number))
		return MLK_NO_CODE;
	number += 0.0;
	memcpy(&bits, &number, sizeof(bits));
	return mlk_hash_u64(0, bits) % hash_buckets(step);
}

static uint32
hash_code(const MlStep *step, const char *text, int len)
{
	return mlk_hash_bytes(text, len, 0) % hash_buckets(step);
}

/* at most PIECE rows; the dictionary knows the hashes of its texts */
static void
piece_codes(const MlBoundStep *bound, const uint32 *order, int64 n, uint32 *codes, int64 stride)
{
	const MlColumn *column = bound->column;
	uint32		entry[PIECE];
	double		number[PIECE];

	if (bound->step->input->type == ML_TYPE_CATEGORY)
	{
		ml_column_gather_codes(column, order, n, entry);
		for (int64 i = 0; i < n; i++)
			codes[i * stride] = entry[i] == ML_NULL_CODE ? MLK_NO_CODE : column->dict->hash[entry[i]] % hash_buckets(bound->step);
		return;
	}
	ml_column_gather(column, 0, order, n, number, 1);
	for (int64 i = 0; i < n; i++)
		codes[i * stride] = number_bucket(bound->step, number[i]);
}

/* buckets that training rows never fell into are none */
static inline uint32
seen_bucket(const MlStep *step, uint32 bucket)
{
	return bucket != MLK_NO_CODE && ((const MlHashed *) step)->seen[bucket] ? bucket : MLK_NO_CODE;
}

static void
hash_fit(MlStep *step, const MlFitInput *data)
{
	MlHashed   *h = (MlHashed *) step;
	MlBoundStep bound = {.step = step,.column = data->column};
	uint32		bucket[PIECE];

	h->seen = palloc0(hash_buckets(step));
	for (int64 from = 0; from < data->n; from += PIECE)
	{
		int64		rows = Min(PIECE, data->n - from);

		CHECK_FOR_INTERRUPTS();
		piece_codes(&bound, data->order + from, rows, bucket, 1);
		for (int64 i = 0; i < rows; i++)
		{
			if (bucket[i] != MLK_NO_CODE)
				h->seen[bucket[i]] = 1;
		}
	}
}

static void
hash_block(const MlBoundStep *bound, const uint32 *order, int64 n,
		   double *dense, int64 dense_stride, uint32 *codes, int64 stride)
{
	for (int64 from = 0; from < n; from += PIECE)
		piece_codes(bound, order + from, Min(PIECE, n - from), codes + from * stride, stride);
	for (int64 i = 0; i < n; i++)
		codes[i * stride] = seen_bucket(bound->step, codes[i * stride]);
}

static void
hash_row(const MlStep *step, const MlValue *value, double *dense, uint32 *code)
{
	uint32		bucket;

	if (step->input->type != ML_TYPE_CATEGORY)
		bucket = number_bucket(step, value->number);
	else
		bucket = value->code == ML_NULL_CODE ? MLK_NO_CODE : value->code;
	*code = seen_bucket(step, bucket);
}

static void
hash_code_name(const MlStep *step, int k, StringInfo name)
{
	appendStringInfo(name, "%s=bucket %d", step->input->name, k);
}

static void
hash_write(const MlStep *step, MlBlobWriter *w)
{
	ml_blob_put_u32(w, hash_buckets(step));
	ml_blob_put_bytes(w, ((const MlHashed *) step)->seen, hash_buckets(step));
}

static void
hash_read(MlStep *step, MlBlobReader *r)
{
	MlHashed   *h = (MlHashed *) step;

	if (ml_blob_get_count(r, 1, MAX_BUCKETS) != hash_buckets(step))
	{
		ml_blob_fail(r, "a step has another number of buckets than its option says");
		return;
	}
	h->seen = palloc(hash_buckets(step));
	for (int i = 0; i < hash_buckets(step); i++)
		h->seen[i] = ml_blob_get_bool(r);
}

const MlStepKind ml_step_hash = {
	.name = "hash",
	.id = 7,
	.size = sizeof(MlHashed),
	.options = options,
	.types = ML_TYPES_NUMBER | ML_TYPE_BIT(ML_TYPE_CATEGORY),
	.default_types = ML_TYPES_ON_REQUEST,
	.takes_missing = true,
	.n_dense = hash_n_dense,
	.fit = hash_fit,
	.write = hash_write,
	.read = hash_read,
	.code_cols = hash_buckets,
	.code_name = hash_code_name,
	.block = hash_block,
	.row = hash_row,
	.code = hash_code
};

/* ---- native layout: what differs ---- */

static int
native_code_cols(const MlStep *step)
{
	return 1;
}

static void
native_code_name(const MlStep *step, int k, StringInfo name)
{
	appendStringInfoString(name, step->input->name);
}

/* the same texts for every step: made of the code alone, in a palloc'd string */
static const char *
native_category(const MlStep *step, uint32 code)
{
	return code < (uint32) hash_buckets(step) ? psprintf("bucket %u", code) : NULL;
}

const MlStepKind ml_step_hash_native = {
	.name = "hash",
	.id = 8,
	.size = sizeof(MlHashed),
	.options = options,
	.types = ML_TYPES_NUMBER | ML_TYPE_BIT(ML_TYPE_CATEGORY),
	.native_types = ML_TYPES_ON_REQUEST,
	.takes_missing = true,
	.n_dense = hash_n_dense,
	.fit = hash_fit,
	.write = hash_write,
	.read = hash_read,
	.code_cols = native_code_cols,
	.n_categories = hash_buckets,
	.category = native_category,
	.code_name = native_code_name,
	.block = hash_block,
	.row = hash_row,
	.code = hash_code
};
