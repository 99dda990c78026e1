/*
 * Counts the starts of a sender, so that no datagram ever has the nonce of another.
 * state/link/N-send/datagram-epoch: the counter in decimal, one line.
 */
#ifndef LIMPID_SEND_EPOCH_H
#define LIMPID_SEND_EPOCH_H

#include <stdint.h>

/*
 * Counts one start in the folder and makes that durable; *epoch is the counter << 32
 * and 32 random bits. Without a file it begins at the seconds since 1970, so that a
 * state that was lost does not bring old numbers back. Errors of the world, and
 * ERR_LIMIT when the counter has reached its end: make a new key then.
 */
int send_epoch_next(const char *folder, uint64_t *epoch);

#endif
