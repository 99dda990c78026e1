/*
 * What mime_parts.c, mime_repair.c, mime_headers.c and mime_leaf.c share.
 */
#ifndef LIMPID_MIME_PRIVATE_H
#define LIMPID_MIME_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include <gmime/gmime.h>

#include "mime_parts.h"

#define MIME_PATH_MAX	240

struct mime {
	const struct mime_limits	*limits;
	const struct mime_sink		*sink;
	const uint8_t			*data;	/* repaired */
	size_t				 len;
	uint8_t				*owned;	/* data, when it is a copy */
	GByteArray			*array;	/* data, as the library has it */
	enum reason			 reason;
	uint64_t			 limit;
	unsigned			 warnings;	/* GMime's, a bit each */
	unsigned			 children;
	int				 full;	/* no more children */
	const char			*raw_charset;	/* of 8-bit headers */
};

/* Where a part stands. */
struct place {
	char			path[MIME_PATH_MAX];
	unsigned		depth;
	enum worker_role	text_role;	/* of a text in this place */
	int			related;	/* beside a page that shows it */
};

/* States that something was wrong, in words. */
void mime_malformed(struct mime *m, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Makes data something that has a header block and lines: sets m->data, m->len,
 * states what was wrong. 0: no memory.
 */
int mime_repair(struct mime *m, const uint8_t *data, size_t len);

/* The end of the header block of the repaired mail, its empty line included. */
size_t mime_header_end(const struct mime *m);

/* Facts of the mail's own headers. */
void mime_headers(struct mime *m, GMimeMessage *message);

/* Whether a part has a file name or asks to be an attachment. */
int mime_is_attached(GMimeObject *part);

/* Emits a leaf part. */
void mime_leaf(struct mime *m, GMimeObject *part, const struct place *at);
/* Emits a mail inside the mail. */
void mime_nested(struct mime *m, GMimeMessagePart *part,
    const struct place *at);
/* Emits a part below the limit of depth as a mail of its own: whoever unpacks mails
 * inside mails has a limit of depth, too. */
void mime_deeper(struct mime *m, GMimeObject *part, const struct place *at);
/* Emits bytes as one child; 0 when full. */
int mime_emit(struct mime *m, enum worker_role role, enum kind hint,
    const char *path, const char *name, const char *declared,
    const char *charset, const char *content_id, const uint8_t *s, size_t len);

#endif
