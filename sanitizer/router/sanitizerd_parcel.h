/*
 * COPY parcels on their way into the spool of link 2.
 */
#ifndef LIMPID_SANITIZERD_PARCEL_H
#define LIMPID_SANITIZERD_PARCEL_H

#include "sanitizerd.h"

struct outgoing {
	char			 name[SPOOL_NAME_MAX + 1];
	int			 fd;		/* -1: not open */
	struct parcel_writer	*writer;
};

/* Begins a COPY parcel for the mail; o->mail.policy must be set. ERR_FULL when
 * the spool takes no more. */
int outgoing_open(struct sanitizer *s, const struct opened *o,
    struct outgoing *out);
/* A copy_sink; arg is the struct outgoing. */
int outgoing_write(void *arg, const uint8_t *data, size_t len);
/* Signs it and begins to write it out; outgoing_commit_many does the rest. */
int outgoing_finish(struct outgoing *out);
/*
 * Commits finished ones, which share the waiting for the disk. Closed in any case.
 * On failure all are taken back, but some may have been committed: their mails come
 * again, and their references tell.
 */
int outgoing_commit_many(struct sanitizer *s, struct outgoing *const *outs,
    size_t count);
/* Finishes and commits one; on failure nothing of it remains. Closed in any case. */
int outgoing_commit(struct sanitizer *s, struct outgoing *out);
void outgoing_abort(struct sanitizer *s, struct outgoing *out);

/* 2 * len hex digits and a NUL. */
void hex_format(const uint8_t *data, size_t len, char *out);

#endif
