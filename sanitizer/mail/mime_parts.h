/*
 * A mail taken apart: facts from its headers, and its leaf parts with what they
 * are to the reader. Says everything through a sink, so that it runs in the
 * worker, in tests and under a fuzzer alike.
 */
#ifndef LIMPID_MIME_PARTS_H
#define LIMPID_MIME_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "outcome.h"
#include "worker.h"

struct mime_sink {
	void	*arg;
	void	 (*fact)(void *arg, enum fact f, const char *value);
	/* Begins a child; 0 when there may be no more. */
	int	 (*child)(void *arg, enum worker_role role, enum kind hint,
		    const char *path, const char *name, const char *declared,
		    const char *charset, const char *content_id);
	/* Its bytes; 0 when there may be no more. */
	int	 (*data)(void *arg, const void *data, size_t len);
};

struct mime_limits {
	uint32_t	 max_headers;	/* bytes of the mail's header block */
	uint32_t	 max_depth;	/* multiparts inside multiparts */
	const char	*authserv_id;	/* "" none */
};

/* Loads what the library needs, before the jail. ERR_OK. */
int mime_warm(void);

/*
 * Reads one mail and feeds the sink. Returns REASON_COMPLETE or the limit that cut
 * it, with its number in *limit; REASON_MEMORY when there was too little. Every
 * mail gives at least one child; a file that is S/MIME and cannot be opened gives
 * none and REASON_FORMAT.
 */
enum reason mime_read(const uint8_t *data, size_t len,
    const struct mime_limits *limits, const struct mime_sink *sink,
    uint64_t *limit);

#endif
