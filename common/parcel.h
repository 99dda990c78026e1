/*
 * Parcel: what waits in a spool and crosses a link, whole. From producer to
 * consumer it is never changed: header, manifest, body, signature of the
 * producer. What a link adds (sequence, chain) wraps around it, see
 * diode/PROTOCOL.md.
 *
 *	 0  4  magic "LMPP"
 *	 4  1  version (1)
 *	 5  1  kind (enum parcel_kind)
 *	 6  1  link id (1: external to sanitizer, 2: sanitizer to internal)
 *	 7  1  reserved, zero
 *	 8 12  reference
 *	20  8  created, milliseconds since 1970
 *	28  8  producer's key id
 *	36  4  manifest length m (at most PARCEL_MANIFEST_MAX)
 *	40  8  body length b, sealed
 *	48  m  manifest: "key value\n" lines, keys from the closed table of
 *	       parcel.c, values UTF-8 without controls; repeated keys allowed
 *	       only where the table says so
 *	    b  body: sealed stream (crypto.h), AAD = SHA-256 of the header with
 *	       its body length zeroed and of the manifest, context
 *	       "limpid-parcel-body-1"
 *	   32  digest of all before (pieces.h)
 *	   64  Ed25519 over that digest, context "limpid-parcel-1"
 *
 * Multi-byte integers are little-endian.
 */
#ifndef LIMPID_PARCEL_H
#define LIMPID_PARCEL_H

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"
#include "ref.h"

#define PARCEL_HEADER		48
#define PARCEL_TRAILER		96
#define PARCEL_MANIFEST_MAX	(256 * 1024)

enum parcel_kind {
	PARCEL_MAIL = 1,	/* envelope + original */
	PARCEL_COPY,		/* pixels and text (copy.h) */
	PARCEL_STATUS,		/* what became of a mail */
	PARCEL_HISTORY		/* what was sent lately, chained */
};

struct parcel_head {
	enum parcel_kind kind;
	uint8_t		 link;
	struct ref	 ref;
	int64_t		 created_ms;
	uint8_t		 key_id[8];
	uint64_t	 body_len;	/* sealed bytes */
};

struct manifest;

struct manifest *manifest_new(void);
void manifest_free(struct manifest *m);
/*
 * Known keys: sender, rcpt (repeatable), client, helo, tls, auth (repeatable:
 * Authentication-Results our MTA asserted), smtputf8, body8bit, received (RFC
 * 3339), size (plaintext bytes), sha256 (hex, of the plaintext), outcome,
 * reason, policy (digest), class, hold, attempt. size and attempt are decimal
 * numbers, smtputf8 and body8bit the word "yes", other values text, maybe empty.
 * ERR_FORMAT for an unknown key, a bad value, or a second value of a single key.
 */
int manifest_add(struct manifest *m, const char *key, const char *value);
/* The n-th value of key (from 0), borrowed; NULL when there is none. */
const char *manifest_find(const struct manifest *m, const char *key, size_t n);

/*
 * Writer: streams a parcel to fd (a spool's tmp file). Order: new, write..., finish.
 * head->body_len and key_id are filled by the writer; the header is rewritten at
 * the end and the whole is read again for the signature, so fd must be seekable
 * and readable. Keys must outlive the writer.
 */
struct parcel_writer;
int parcel_writer_new(int fd, const struct parcel_head *head,
    const struct manifest *m, const struct key *sign_with,
    const struct key *seal_to, struct parcel_writer **wp);
int parcel_writer_write(struct parcel_writer *w, const void *data, size_t len);
/* Last chunk, header, signature. Does not fsync: the spool does. */
int parcel_writer_finish(struct parcel_writer *w);
void parcel_writer_free(struct parcel_writer *w);

/*
 * Reads and checks header and manifest only (no signature): for tools and routing.
 * The caller frees *mp (may be NULL when not wanted).
 */
int parcel_peek(int fd, struct parcel_head *head, struct manifest **mp);
/*
 * The last bytes of a file that holds a parcel of len bytes: the digest of all before,
 * as its producer wrote it, and the signature over that. Nothing is verified.
 */
int parcel_trailer(int fd, uint64_t len, uint8_t out[PARCEL_TRAILER]);
/*
 * Verifies shape and signature of the whole file, then opens the body into sink:
 * ERR_OK, ERR_FORMAT (shape, trailing bytes), ERR_SHORT, ERR_CRYPTO. The file must be
 * at offset 0. Nothing reaches the sink before the
 * signature over the whole parcel has been verified; should the file change
 * while it is opened, the result is ERR_CRYPTO and what the sink has is void.
 */
int parcel_open(int fd, const struct key *signer, const struct key *own,
    struct parcel_head *head, struct manifest **mp, seal_sink *sink, void *arg);

#endif
