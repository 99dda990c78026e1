/*
 * A mail while it comes in: its first bytes in memory, the rest in an unnamed
 * file, encrypted with a key that is only in memory. So a session's memory is
 * bounded however large the mail, and no plain original ever lies on the disk
 * of the external host. The reference is bound at the end only: a mail that is
 * sent again after a crash must get its old one.
 */
#ifndef LIMPID_MESSAGE_H
#define LIMPID_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"

#define MESSAGE_HEAD	65536	/* bytes kept in memory */

struct message;

/* An empty one; its file, when it needs one, is made in the folder dirfd.
 * NULL: no memory. */
struct message *message_new(int dirfd);
void message_free(struct message *m);

/* ERR_OK, ERR_FULL when the disk is full, or another error. */
int message_write(struct message *m, const uint8_t *data, size_t len);
/* The last byte was written; digest gets the SHA-256. */
int message_finish(struct message *m, uint8_t digest[SHA256_BYTES]);

uint64_t message_size(const struct message *m);
/* The first bytes, at most MESSAGE_HEAD, borrowed. */
const uint8_t *message_head(const struct message *m, size_t *lenp);

/* All bytes again, in order. ERR_CRYPTO when they are no longer those that were
 * written. After message_finish only, as often as wanted. */
int message_each(const struct message *m, seal_sink *sink, void *arg);

#endif
