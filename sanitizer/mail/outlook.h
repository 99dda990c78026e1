/*
 * Mails as Outlook keeps them: .msg files (OLE2) and winmail.dat (TNEF). Facts from
 * their properties, the body, and what is attached. Says everything through a sink,
 * so that it runs in the worker, in tests and under a fuzzer alike.
 */
#ifndef LIMPID_OUTLOOK_H
#define LIMPID_OUTLOOK_H

#include <stddef.h>
#include <stdint.h>

#include "outcome.h"
#include "worker.h"

struct outlook_sink {
	void	*arg;
	void	 (*fact)(void *arg, enum fact f, const char *value);
	/* Begins a child; 0 when there may be no more. */
	int	 (*child)(void *arg, enum worker_role role, enum kind hint,
		    const char *path, const char *name, const char *declared,
		    const char *charset, const char *content_id);
	/* Its bytes; 0 when there may be no more. */
	int	 (*data)(void *arg, const void *data, size_t len);
	/* The child just begun cannot be had. */
	void	 (*stub)(void *arg, enum reason reason, const char *note);
};

struct outlook_limits {
	uint64_t	 max_text;	/* bytes of one body */
	uint64_t	 max_child;	/* bytes of one mail inside the mail */
};

/* Loads what the libraries need, before the jail. ERR_OK. */
int outlook_warm(void);

/*
 * Reads one mail. Returns REASON_COMPLETE or what cut it; REASON_FORMAT when nothing
 * could be read, and then nothing was said to the sink.
 */
enum reason outlook_read_msg(const uint8_t *data, size_t len,
    const struct outlook_limits *limits, const struct outlook_sink *sink);
enum reason outlook_read_tnef(const uint8_t *data, size_t len,
    const struct outlook_limits *limits, const struct outlook_sink *sink);

#endif
