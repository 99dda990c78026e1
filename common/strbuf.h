/*
 * A growing text buffer with a ceiling, for code that builds strings piece by
 * piece. Failure sticks: after the first one every call does nothing and
 * strbuf_take returns NULL, so callers check once, at the end.
 */
#ifndef LIMPID_STRBUF_H
#define LIMPID_STRBUF_H

#include <stdarg.h>
#include <stddef.h>

struct strbuf {
	char	*s;		/* not terminated until taken */
	size_t	 len, cap;
	int	 failed;	/* out of memory */
};

#define STRBUF_EMPTY { NULL, 0, 0, 0 }

/* Appends len bytes; a string; one byte; formatted text. */
void strbuf_add(struct strbuf *b, const char *s, size_t len);
void strbuf_puts(struct strbuf *b, const char *s);
void strbuf_putc(struct strbuf *b, char c);
void strbuf_printf(struct strbuf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends one code point as UTF-8. */
void strbuf_put_uc(struct strbuf *b, unsigned int uc);

/*
 * The text, terminated, owned by the caller; NULL when an append failed. The
 * buffer is empty again either way.
 */
char *strbuf_take(struct strbuf *b);

/* Gives the memory back; the buffer is empty again. */
void strbuf_free(struct strbuf *b);

#endif
