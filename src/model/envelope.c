/*
 * envelope.c: seals model bytes and refuses what was not sealed so.
 *
 * The checks go from the cheap to the dear: magic, versions and lengths are plain facts about the bytes; the
 * checksum proves that nobody changed them since.  It guards against accident, not against an author: whoever can
 * write bytes can also write a checksum, so that the payload's readers trust nothing either.
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "utils/memutils.h"

#include "model/envelope.h"

#define MAGIC_LENGTH 8

/* the zero byte and the line ends reveal bytes that went through a text channel */
static const uint8 magic[MAGIC_LENGTH] = {'m', 'l', 'o', 'p', 's', '\0', '\r', '\n'};

static void
corrupted(const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("model bytes are damaged"),
			 errdetail("Reading stopped because %s.", why),
			 errhint("Restore the model from a backup, or train it again.")));
}

/* huge allocations: a wide multinomial model may pass the 1 GB of palloc */
static void *
grow_huge(void *old, size_t size)
{
	if (old == NULL)
		return MemoryContextAllocHuge(CurrentMemoryContext, size);
	return repalloc_huge(old, size);
}

MlBlobWriter
ml_blob_writer(void)
{
	MlBlobWriter w = {.grow = grow_huge};

	return w;
}

/* SHA-256 of two stretches of bytes, as if they were one */
static void
checksum(const uint8 *head, size_t head_len, const uint8 *payload, size_t payload_len, uint8 *out)
{
	pg_cryptohash_ctx *ctx = pg_cryptohash_create(PG_SHA256);

	if (ctx == NULL || pg_cryptohash_init(ctx) < 0 ||
		pg_cryptohash_update(ctx, head, head_len) < 0 ||
		pg_cryptohash_update(ctx, payload, payload_len) < 0 ||
		pg_cryptohash_final(ctx, out, PG_SHA256_DIGEST_LENGTH) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not compute the SHA-256 checksum of a model: %s", pg_cryptohash_error(ctx))));
	pg_cryptohash_free(ctx);
}

uint8 *
ml_envelope_seal(const MlEnvelope *head, const MlBlobWriter *payload, size_t *len)
{
	MlBlobWriter w = ml_blob_writer();
	uint8		digest[PG_SHA256_DIGEST_LENGTH];

	ml_blob_put_bytes(&w, magic, MAGIC_LENGTH);
	ml_blob_put_u32(&w, head->has_held ? ML_FORMAT_VERSION_HELD : ML_FORMAT_VERSION);
	ml_blob_put_string(&w, head->algorithm);
	ml_blob_put_u32(&w, head->state_version);
	ml_blob_put_u64(&w, payload->len);
	checksum(w.data, w.len, payload->data, payload->len, digest);
	ml_blob_put_bytes(&w, digest, sizeof(digest));
	ml_blob_put_bytes(&w, payload->data, payload->len);
	*len = w.len;
	return w.data;
}

/* magic and format version: what must hold before the rest of the head means anything */
static void
check_start(MlBlobReader *r, MlEnvelope *head)
{
	uint32		version;

	if (ml_blob_left(r) < MAGIC_LENGTH || memcmp(r->data, magic, MAGIC_LENGTH) != 0)
		corrupted("the first bytes are not those of a model");
	r->pos = MAGIC_LENGTH;
	version = ml_blob_get_u32(r);
	if (!ml_blob_ok(r))
		corrupted(r->error);
	if (version != ML_FORMAT_VERSION && version != ML_FORMAT_VERSION_HELD)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("model bytes have format version %u", version),
				 errdetail("This build of mlops reads format versions %d and %d.", ML_FORMAT_VERSION, ML_FORMAT_VERSION_HELD),
				 errhint("A model of a newer mlops needs that release to be installed.")));
	head->has_held = version == ML_FORMAT_VERSION_HELD;
}

MlBlobReader
ml_envelope_open(const uint8 *data, size_t len, MlEnvelope *head)
{
	MlBlobReader r = ml_blob_reader(data, len);
	const char *algorithm;
	uint32		algorithm_len;
	uint64		payload_len;
	size_t		head_len;
	uint8		digest[PG_SHA256_DIGEST_LENGTH];

	check_start(&r, head);
	algorithm = ml_blob_get_string(&r, &algorithm_len);
	head->state_version = ml_blob_get_u32(&r);
	payload_len = ml_blob_get_u64(&r);
	head_len = r.pos;
	if (!ml_blob_ok(&r))
		corrupted(r.error);
	if (algorithm_len == 0 || algorithm_len >= sizeof(head->algorithm))
		corrupted("the name of the algorithm has no sensible length");
	if (ml_blob_left(&r) < sizeof(digest) || payload_len != ml_blob_left(&r) - sizeof(digest))
		corrupted("the length does not agree with the one recorded");

	checksum(data, head_len, data + head_len + sizeof(digest), payload_len, digest);
	if (memcmp(digest, data + head_len, sizeof(digest)) != 0)
		corrupted("the SHA-256 checksum does not agree");

	memcpy(head->algorithm, algorithm, algorithm_len);
	head->algorithm[algorithm_len] = '\0';
	return ml_blob_reader(data + head_len + sizeof(digest), payload_len);
}

void
ml_envelope_finish(const MlBlobReader *r, const char *what)
{
	const char *why = r->error;

	if (why == NULL && r->pos != r->len)
		why = "bytes are left over at the end";
	if (why != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("model bytes are damaged: %s", what),
				 errdetail("Reading stopped because %s.", why),
				 errhint("Restore the model from a backup, or train it again.")));
}
