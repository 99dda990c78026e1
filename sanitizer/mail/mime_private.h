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
#define MIME_FROM_MAX	320

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
	char				 from[MIME_FROM_MAX];	/* as shown */
};

/* Where a part stands. */
struct place {
	char			path[MIME_PATH_MAX];
	unsigned		depth;
	enum worker_role	text_role;	/* of a text in this place */
	int			related;	/* beside a page that shows it */
};

/* What is said of a part, before its bytes are looked at. */
struct leaf {
	char		 type[128];	/* lower case, type/subtype */
	const char	*charset, *name, *content_id;
	int		 attached;	/* asked to be an attachment */
	enum kind	 hint;
	enum worker_role role;
};

/* Encoded bytes where they stand: base[start] up to base[end] of size bytes. */
struct mime_span {
	const uint8_t	*base;
	size_t		 size, start, end;
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

/* One level deeper, as the n-th of what stands here; 0 when that is too deep. */
int mime_place_child(const struct place *at, unsigned n, struct place *child);

/* Any part, with all that it holds. */
void mime_walk(struct mime *m, GMimeObject *o, const struct place *at);
/* A part read from bytes, which are copied; g_object_unref. NULL: it is none. */
GMimeObject *mime_parse_part(struct mime *m, const uint8_t *s, size_t len);

void mime_leaf_describe(GMimeObject *part, const struct place *at,
    struct leaf *l);
/* The encoded bytes of a part, borrowed from the mail; 0: it has none. */
int mime_span_find(GMimePart *part, struct mime_span *span);
/* Decoded bytes in a new buffer; NULL: no memory. */
uint8_t *mime_leaf_decode(struct mime *m, GMimePart *part, const char *path,
    size_t *len);

/*
 * The i-th part of a multipart/signed, when it is the S/MIME signature of the
 * first: emits it together with what it signs. 0: it is a part like any other.
 */
int mime_signature(struct mime *m, GMimeMultipart *mp, int i,
    const struct place *at);
/* A leaf that is S/MIME with its content inside: walks that content in its place,
 * and emits its signature. 0: it is none. */
int mime_opaque(struct mime *m, const struct leaf *l, const struct place *at,
    const uint8_t *s, size_t len);

/* The same for a whole mail that is nothing but that. */
int mime_envelope(struct mime *m);

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
