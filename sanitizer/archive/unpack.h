/*
 * An archive taken apart: its members with names that can be read, within limits.
 * Says everything through a sink, so that it runs in the worker, in tests and under
 * a fuzzer alike.
 */
#ifndef LIMPID_UNPACK_H
#define LIMPID_UNPACK_H

#include <stddef.h>
#include <stdint.h>

#include "outcome.h"

struct unpack_sink {
	void	*arg;
	void	 (*fact)(void *arg, enum fact f, const char *value);
	/* Begins a member; 0 when there may be no more. */
	int	 (*child)(void *arg, enum kind hint, const char *path,
		    const char *name);
	/* Its bytes; 0 when there may be no more of the whole archive. */
	int	 (*data)(void *arg, const void *data, size_t len);
	/* The member just begun cannot be had, or not whole. */
	void	 (*stub)(void *arg, enum reason reason, const char *note);
};

struct unpack_limits {
	uint64_t	 max_member;	/* bytes of one member */
	uint32_t	 max_ms;	/* wall clock; what was read until then stays */
	const char	*words;		/* candidate passwords (words.h); NULL none */
	uint32_t	 max_attempts;
};

/* How it ended. A STUB when there is no member to show. */
struct unpack_end {
	enum outcome	 outcome;
	enum reason	 reason;
	char		 note[200];	/* "" none */
	int		 word;		/* the line of words that opened it, or -1 */
};

/* Loads what the library needs, before the jail. ERR_OK. */
int unpack_warm(void);

/* Unpacks. Members are numbered from 1 in the order of the archive, folders and the
 * side files of a Mac not counted. */
void unpack_read(const uint8_t *data, size_t len, const char *format,
    const struct unpack_limits *limits, const struct unpack_sink *sink,
    struct unpack_end *end);

#endif
