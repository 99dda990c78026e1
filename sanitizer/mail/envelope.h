/*
 * The outermost layers of S/MIME (RFC 5652, in BER or DER): what it is, and the
 * content that a signature carries along. Nothing is verified here; that is
 * worker-smime's, which has the cryptography for it.
 */
#ifndef LIMPID_ENVELOPE_H
#define LIMPID_ENVELOPE_H

#include <stddef.h>
#include <stdint.h>

enum envelope {
	ENVELOPE_NONE = 0,	/* none of these */
	ENVELOPE_SIGNED,	/* a signature with what it signs */
	ENVELOPE_SIGNATURE,	/* a signature alone, or certificates */
	ENVELOPE_COMPRESSED,
	ENVELOPE_ENCRYPTED
};

/* What data is, from its first layers; bounded work whatever the size. */
enum envelope envelope_find(const uint8_t *data, size_t len);

/*
 * The content of ENVELOPE_SIGNED, or the compressed bytes of ENVELOPE_COMPRESSED,
 * in a new buffer (caller frees) of *n bytes. ERR_FORMAT: there is none that can be
 * read; ERR_MEMORY.
 */
int envelope_content(const uint8_t *data, size_t len, uint8_t **content,
    size_t *n);

#endif
