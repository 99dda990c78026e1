/*
 * Output: a buffered file and base64 over it. Errors stick: after the first one
 * nothing more is written, and out_finish says which it was, so callers check once.
 */
#ifndef LIMPID_OUT_H
#define LIMPID_OUT_H

#include <stddef.h>
#include <stdint.h>

/* Where finished bytes go: an out, a base64 ... */
typedef void out_sink(void *arg, const void *data, size_t len);

/* A file written from its present position; small ones only touch it at the end. */
struct out;

/* fd is borrowed. NULL: no memory. */
struct out *out_new(int fd);
void out_free(struct out *o);
/* An out_sink; arg is the struct out. */
void out_write(void *o, const void *data, size_t len);
void out_puts(struct out *o, const char *s);
/* Bytes written so far, buffered ones too. */
uint64_t out_total(const struct out *o);
/* Writes what is buffered. ERR_OK or the first error. */
int out_finish(struct out *o);
/* Appends all that `from` was given (its file must be readable and have started
 * empty); from may be given no more. */
void out_append(struct out *o, struct out *from);

/* base64 in lines of 76 characters and one LF, so that byte ranges can be found
 * again (index.sql, table page). */
struct base64 {
	struct out	*to;
	uint8_t		 line[57];
	size_t		 held;
	uint64_t	 total;		/* bytes in */
};

void base64_start(struct base64 *b, struct out *to);
/* An out_sink; arg is the struct base64. */
void base64_write(void *b, const void *data, size_t len);
/* The last, shorter line. */
void base64_finish(struct base64 *b);
/* Characters that n bytes become, LFs included. */
uint64_t base64_size(uint64_t n);

#endif
