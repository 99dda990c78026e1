/*
 * The digest of a received parcel (pieces.h), its pieces hashed sixteen at a time, side
 * by side: one after the other takes more of a fast link's time than opening its
 * datagrams.
 */
#ifndef LIMPID_RECV_DIGEST_H
#define LIMPID_RECV_DIGEST_H

#include <stdint.h>

#include "pieces.h"

struct recv_digest;

/* Room to work in, for any number of files. NULL: no memory. */
struct recv_digest *recv_digest_new(void);
void recv_digest_free(struct recv_digest *g);
/*
 * Of the first len bytes of fd, from its start; its offset is left alone. ERR_SYS,
 * also when the file ends before; ERR_MEMORY, ERR_CRYPTO.
 */
int recv_digest_file(struct recv_digest *g, int fd, uint64_t len,
    uint8_t out[SHA256_BYTES]);

#endif
