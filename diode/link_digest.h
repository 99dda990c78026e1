/*
 * The digest of a parcel on a link: SHA-256 over the SHA-256s of its pieces of
 * LINK_PIECE bytes, the last one shorter (FIPS 180-4; PROTOCOL.md). Pieces are
 * independent, so sixteen of them are hashed side by side: a plain SHA-256 would take
 * more of a fast link's time than sealing and parity together.
 */
#ifndef LIMPID_LINK_DIGEST_H
#define LIMPID_LINK_DIGEST_H

#include <stdint.h>

#include "crypto.h"

#define LINK_PIECE	16384	/* bytes */

struct link_digest;

/* Room to work in, for any number of files. NULL: no memory. */
struct link_digest *link_digest_new(void);
void link_digest_free(struct link_digest *g);
/*
 * Of the first len bytes of fd, from its start; its offset is left alone. ERR_SYS,
 * also when the file ends before; ERR_MEMORY, ERR_CRYPTO.
 */
int link_digest_file(struct link_digest *g, int fd, uint64_t len,
    uint8_t out[SHA256_BYTES]);

#endif
