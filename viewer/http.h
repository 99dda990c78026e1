/*
 * HTTP: libmicrohttpd behind one function that answers every request by the
 * table of routes, with the same headers on every answer.
 */
#ifndef LIMPID_HTTP_H
#define LIMPID_HTTP_H

#include <stddef.h>

struct http;
struct viewer;

/*
 * Serves on the listening socket fd, with TLS when cert and key (PEM texts) are
 * given. Both the texts and viewer must outlive it. NULL: cannot start.
 */
struct http *http_start(struct viewer *viewer, int fd, const char *cert,
    const char *key);
void http_stop(struct http *h);

/* For poll: readable when there is work; then call http_run. */
int http_fd(const struct http *h);
/* Milliseconds until http_run must be called all the same; -1 none. */
int http_wait_ms(const struct http *h);
void http_run(struct http *h);

#endif
