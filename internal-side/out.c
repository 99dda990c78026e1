/*
 * Buffered output and base64. Runs in the jailed compose child. Hostile input:
 * none is looked at, it only passes. Must never write to anything but its fd.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "out.h"
#include "wire.h"

#define OUT_BUFFER	((size_t)256 * 1024)

struct out {
	int		 fd;
	int		 error;
	uint64_t	 total;
	size_t		 held;
	uint8_t		 buf[OUT_BUFFER];
};

struct out *
out_new(int fd)
{
	struct out	*o;

	/* Not cleared: a plain mail uses a few of its pages. */
	if ((o = malloc(sizeof(*o))) == NULL)
		return NULL;
	o->fd = fd;
	o->error = ERR_OK;
	o->total = 0;
	o->held = 0;
	return o;
}

void
out_free(struct out *o)
{
	free(o);
}

static void
out_flush(struct out *o)
{
	if (o->error == ERR_OK && o->held > 0)
		o->error = fd_write_all(o->fd, o->buf, o->held);
	o->held = 0;
}

void
out_write(void *arg, const void *data, size_t len)
{
	struct out	*o = arg;

	if (o->error != ERR_OK || len == 0)
		return;
	o->total += len;
	if (len > OUT_BUFFER - o->held)
		out_flush(o);
	if (len >= OUT_BUFFER) {
		if (o->error == ERR_OK)
			o->error = fd_write_all(o->fd, data, len);
		return;
	}
	memcpy(o->buf + o->held, data, len);
	o->held += len;
}

void
out_puts(struct out *o, const char *s)
{
	out_write(o, s, strlen(s));
}

uint64_t
out_total(const struct out *o)
{
	return o->total;
}

int
out_finish(struct out *o)
{
	out_flush(o);
	return o->error;
}

void
out_append(struct out *o, struct out *from)
{
	uint8_t		*buf = from->buf;
	uint64_t	 at = 0;
	ssize_t		 n;

	if (from->error == ERR_OK && from->held == from->total) {
		out_write(o, from->buf, from->held);
		return;
	}
	if (out_finish(from) != ERR_OK)
		o->error = from->error;
	while (o->error == ERR_OK && at < from->total) {
		n = pread(from->fd, buf, OUT_BUFFER, (off_t)at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			o->error = n == 0 ? ERR_SHORT : ERR_SYS;
			break;
		}
		out_write(o, buf, (size_t)n);
		at += (uint64_t)n;
	}
}

/* Every 12 bits as two characters, built once a process. */
static const char *
base64_pairs(void)
{
	static const char	 abc[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	static char		 pairs[4096 * 2];
	size_t			 i;

	if (pairs[0] == '\0')
		for (i = 0; i < 4096; i++) {
			pairs[2 * i + 1] = abc[i & 63];
			pairs[2 * i] = abc[i >> 6];
		}
	return pairs;
}

/* Encodes one line; n is at most 57. Returns its characters, LF included. */
static size_t
line_encode(const uint8_t *s, size_t n, char *out)
{
	const char	*pairs = base64_pairs();
	char		*p = out;
	size_t		 v;

	for (; n >= 3; n -= 3, s += 3, p += 4) {
		v = (size_t)s[0] << 16 | (size_t)s[1] << 8 | s[2];
		memcpy(p, pairs + 2 * (v >> 12), 2);
		memcpy(p + 2, pairs + 2 * (v & 4095), 2);
	}
	if (n > 0) {
		v = (size_t)s[0] << 16 | (n == 2 ? (size_t)s[1] << 8 : 0);
		memcpy(p, pairs + 2 * (v >> 12), 2);
		memcpy(p + 2, pairs + 2 * (v & 4095), 2);
		p[3] = '=';
		if (n == 1)
			p[2] = '=';
		p += 4;
	}
	*p++ = '\n';
	return (size_t)(p - out);
}

void
base64_start(struct base64 *b, struct out *to)
{
	b->to = to;
	b->held = 0;
	b->total = 0;
}

static void
lines_encode(struct base64 *b, const uint8_t *s, size_t lines)
{
	char	 out[77 * 64];
	size_t	 n;

	while (lines > 0) {
		for (n = 0; n < 64 && lines > 0; n++, lines--, s += 57)
			line_encode(s, 57, out + n * 77);
		out_write(b->to, out, n * 77);
	}
}

void
base64_write(void *arg, const void *data, size_t len)
{
	struct base64	*b = arg;
	const uint8_t	*s = data;
	size_t		 n;

	b->total += len;
	if (b->held > 0) {
		n = sizeof(b->line) - b->held;
		n = len < n ? len : n;
		memcpy(b->line + b->held, s, n);
		b->held += n;
		s += n;
		len -= n;
		if (b->held < sizeof(b->line))
			return;
		lines_encode(b, b->line, 1);
	}
	lines_encode(b, s, len / 57);
	b->held = len % 57;
	memcpy(b->line, s + len - b->held, b->held);
}

void
base64_finish(struct base64 *b)
{
	char	 out[80];

	if (b->held > 0)
		out_write(b->to, out, line_encode(b->line, b->held, out));
	b->held = 0;
}

uint64_t
base64_size(uint64_t n)
{
	uint64_t	 rest = n % 57;

	return n / 57 * 77 + (rest == 0 ? 0 : (rest + 2) / 3 * 4 + 1);
}
