/*
 * What our own MTA wrote on top of a mail: its Authentication-Results and the
 * Received line of the client's connection. Nothing below the second Received
 * line is believed, and no Authentication-Results but those of our own name.
 */
#ifndef LIMPID_TRACE_H
#define LIMPID_TRACE_H

#include <stddef.h>
#include <stdint.h>

#define TRACE_AUTH_MAX	8
#define TRACE_VALUE_MAX	2000

struct trace {
	char	*auth[TRACE_AUTH_MAX];
	size_t	 auth_count;
	char	*tls;		/* "TLSv1.3 TLS_AES_256_GCM_SHA384", or NULL */
	char	*client;	/* address in the Received line, or NULL */
};

/* Reads the first bytes of a mail. authserv_id "": no results are believed.
 * ERR_MEMORY at worst; trace_clear frees in any case. */
int trace_read(const uint8_t *head, size_t len, const char *authserv_id,
    struct trace *out);
void trace_clear(struct trace *t);

#endif
