/*
 * envelope.h: the checked wrapping of model bytes (doc/model-format.md).
 *
 *	 magic "mlops\0\r\n" | u32 format version | string algorithm | u32 state version | u64 payload length
 *	 | SHA-256 of all bytes before it and the payload | payload
 *
 * Whatever does not agree is an ERROR of SQLSTATE data_corrupted (XX001) that names
 * what was wrong; nothing behind the checksum is looked at before it is right.
 */
#ifndef ML_ENVELOPE_H
#define ML_ENVELOPE_H

#include "postgres.h"
#include "model/blob.h"

#define ML_FORMAT_VERSION 1
#define ML_FORMAT_VERSION_HELD 2	/* a section of held-back rows follows the algorithm's */

typedef struct MlEnvelope
{
	char		algorithm[64];
	uint32		state_version;
	bool		has_held;		/* format version 2 */
} MlEnvelope;

/* palloc'd writer (grows with repalloc_huge in the current context) */
extern MlBlobWriter ml_blob_writer(void);

/* wrap w's bytes; result palloc'd, *len set */
extern uint8 *ml_envelope_seal(const MlEnvelope *head, const MlBlobWriter *payload, size_t *len);

/* check and open; the reader points into data */
extern MlBlobReader ml_envelope_open(const uint8 *data, size_t len, MlEnvelope *head);

/* ERROR XX001 unless the reader is fine and at its end; what names the part, e.g. "linear model" */
extern void ml_envelope_finish(const MlBlobReader *r, const char *what);

#endif							/* ML_ENVELOPE_H */
