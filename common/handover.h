/*
 * A packet and open descriptors to another process of this host, over a
 * SOCK_SEQPACKET socket (unix(7), SCM_RIGHTS).
 */
#ifndef LIMPID_HANDOVER_H
#define LIMPID_HANDOVER_H

#include <stddef.h>

#define HANDOVER_FDS	8	/* with one packet, at most */

/* The receiver gets copies; fds stay the caller's. ERR_PEER when nobody is there to
 * take it, ERR_AGAIN when the socket does not block and is full, else ERR_SYS. */
int handover_send(int socket, const void *data, size_t len, const int *fds,
    size_t count);

/*
 * Takes one packet of at most *len bytes and sets *len. fds has room for count
 * (<= HANDOVER_FDS) and gets what came along, close-on-exec and the caller's now; the
 * rest is -1. flags as for recvmsg(2). ERR_AGAIN: nothing there and MSG_DONTWAIT;
 * ERR_PEER: the other end is closed; ERR_FORMAT: longer, or with more descriptors than
 * there is room for. After an error nothing is left open.
 */
int handover_take(int socket, int flags, void *data, size_t *len, int *fds,
    size_t count);

#endif
