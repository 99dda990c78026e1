/*
 * What operators accept as lost: wishes in state/link/N-recv (accept.h), served by
 * the receiver, which alone changes what is missing. Served means, in this order:
 * the record says who and why, the sequences are accepted on disk, the wish is gone.
 * A crash in between leaves the wish, and at most a second line in the record.
 */
#ifndef LIMPID_RECV_ACCEPT_H
#define LIMPID_RECV_ACCEPT_H

struct recv_accept;
struct recv_shared;

/* dir: the folder N-recv. shared is borrowed. NULL: no memory, or it cannot be
 * opened. */
struct recv_accept *recv_accept_new(const char *dir,
    struct recv_shared *shared);
void recv_accept_free(struct recv_accept *a);
/* Looks for wishes and serves them; at most once a second. */
void recv_accept_tick(struct recv_accept *a);

#endif
