/*
 * Transfer encodings, decoded as far as they go. Every function writes at most
 * what it was given: out has room for len bytes, and out may be the input.
 */
#ifndef LIMPID_MIME_DECODE_H
#define LIMPID_MIME_DECODE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes written; *damage is raised by what does not belong there. */
size_t mime_decode_base64(const uint8_t *s, size_t len, uint8_t *out,
    size_t *damage);
size_t mime_decode_quoted(const uint8_t *s, size_t len, uint8_t *out,
    size_t *damage);
/* "Q" of RFC 2047: "_" is a space. */
size_t mime_decode_q(const uint8_t *s, size_t len, uint8_t *out);

/* A file inside a text, in uuencode or yEnc. */
struct mime_uu {
	size_t	 start, end;		/* of the block, whole lines */
	size_t	 name, name_len;	/* of its file name */
	size_t	 body;			/* first line of data */
	int	 yenc;
	unsigned part, total;		/* of a yEnc file in pieces, else 0 */
};

/* The first block at or after from; 0 when there is none. */
int mime_uu_find(const uint8_t *s, size_t len, size_t from,
    struct mime_uu *block);
/* Decodes its lines. */
size_t mime_uu_decode(const uint8_t *s, const struct mime_uu *block,
    uint8_t *out, size_t *damage);

/* Joins the lines of format=flowed (RFC 3676) in place; the new length. */
size_t mime_unflow(uint8_t *s, size_t len, int delsp);

#endif
