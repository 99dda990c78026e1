/*
 * The digest of a parcel: SHA-256 over the SHA-256s of its pieces of PIECE_BYTES, the
 * last one shorter (FIPS 180-4). Pieces are independent of each other, so who has to be
 * fast may hash them side by side (diode/recv_digest.h).
 */
#ifndef LIMPID_PIECES_H
#define LIMPID_PIECES_H

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"

#define PIECE_BYTES	16384

struct pieces;

/* NULL: no memory. */
struct pieces *pieces_new(void);
int pieces_update(struct pieces *p, const void *data, size_t len);
/* Finishes and frees p. */
int pieces_final(struct pieces *p, uint8_t out[SHA256_BYTES]);
void pieces_free(struct pieces *p);

#endif
