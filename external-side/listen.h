/* Listening sockets of intake: our MTA's Unix socket and a TCP address. */
#ifndef LIMPID_LISTEN_H
#define LIMPID_LISTEN_H

#include <stddef.h>

#define LISTEN_PEER_MAX	64

/* Binds and listens; the file belongs to group "postfix" where there is one and
 * we may give it away. The fd, or an error and *why (caller frees). */
int listen_unix(const char *path, char **why);
/* "addr:port", "[addr]:port" or "*:port". */
int listen_tcp(const char *address, char **why);

/* Takes a connection: the fd, nonblocking, or ERR_AGAIN, or ERR_SYS. peer gets
 * the client's address on TCP, "" on a Unix socket. */
int listen_accept(int fd, char peer[LISTEN_PEER_MAX]);

#endif
