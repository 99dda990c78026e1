/*
 * strbuf: growing text buffer.
 * Runs in: every process that makes text.
 * Hostile input: the bytes appended; they are never interpreted here.
 * Must never: write past what it allocated, or lose a failure.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "strbuf.h"

static int
strbuf_grow(struct strbuf *b, size_t more)
{
	size_t	 need, cap;
	char	*p;

	if (b->failed)
		return 0;
	if (more >= SIZE_MAX / 2 - b->len) {
		b->failed = 1;
		return 0;
	}
	need = b->len + more + 1;
	if (need <= b->cap)
		return 1;
	cap = b->cap < 64 ? 64 : b->cap;
	while (cap < need)
		cap *= 2;
	if ((p = realloc(b->s, cap)) == NULL) {
		b->failed = 1;
		return 0;
	}
	b->s = p;
	b->cap = cap;
	return 1;
}

void
strbuf_add(struct strbuf *b, const char *s, size_t len)
{
	if (len == 0 || !strbuf_grow(b, len))
		return;
	memcpy(b->s + b->len, s, len);
	b->len += len;
}

void
strbuf_puts(struct strbuf *b, const char *s)
{
	strbuf_add(b, s, strlen(s));
}

void
strbuf_putc(struct strbuf *b, char c)
{
	strbuf_add(b, &c, 1);
}

void
strbuf_put_uc(struct strbuf *b, unsigned int uc)
{
	char	 u[4];

	if (uc < 0x80) {
		strbuf_putc(b, (char)uc);
	} else if (uc < 0x800) {
		u[0] = (char)(0xc0 | uc >> 6);
		u[1] = (char)(0x80 | (uc & 0x3f));
		strbuf_add(b, u, 2);
	} else if (uc < 0x10000) {
		u[0] = (char)(0xe0 | uc >> 12);
		u[1] = (char)(0x80 | (uc >> 6 & 0x3f));
		u[2] = (char)(0x80 | (uc & 0x3f));
		strbuf_add(b, u, 3);
	} else {
		u[0] = (char)(0xf0 | (uc >> 18 & 0x07));
		u[1] = (char)(0x80 | (uc >> 12 & 0x3f));
		u[2] = (char)(0x80 | (uc >> 6 & 0x3f));
		u[3] = (char)(0x80 | (uc & 0x3f));
		strbuf_add(b, u, 4);
	}
}

void
strbuf_printf(struct strbuf *b, const char *fmt, ...)
{
	va_list	 ap;
	int	 n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->failed = 1;
		return;
	}
	if (!strbuf_grow(b, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(b->s + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

char *
strbuf_take(struct strbuf *b)
{
	char	*s = NULL;

	if (strbuf_grow(b, 0)) {
		s = b->s;
		s[b->len] = '\0';
		b->s = NULL;
	}
	strbuf_free(b);
	return s;
}

void
strbuf_free(struct strbuf *b)
{
	free(b->s);
	*b = (struct strbuf)STRBUF_EMPTY;
}
