/*
 * Reads ranges out of harmless mail. Runs in limpid-deliverd and limpid-index.
 * Hostile input: offsets and bytes, should the compose child have been captured.
 * Must never read beyond what it allocated.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "mail_range.h"

#define RANGE_MAX	((size_t)256 * 1024 * 1024)

static int
pread_all(int fd, void *data, size_t len, uint64_t at)
{
	uint8_t	*p = data;
	ssize_t	 n;

	if (at > INT64_MAX - len)
		return ERR_FORMAT;
	while (len > 0) {
		n = pread(fd, p, len, (off_t)at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? ERR_SHORT : ERR_SYS;
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return ERR_OK;
}

static int
letter_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Decodes whole groups of four; returns bytes made, or -1. */
static ssize_t
groups_decode(const uint8_t *s, size_t len, uint8_t *out)
{
	uint8_t	*p = out;
	int	 v[4], i;

	while (len >= 4) {
		if (*s == '\n') {
			s++;
			len--;
			continue;
		}
		for (i = 0; i < 4; i++)
			v[i] = i >= 2 && s[i] == '=' ? 0 : letter_value(s[i]);
		if (v[0] < 0 || v[1] < 0 || v[2] < 0 || v[3] < 0)
			return -1;
		*p++ = (uint8_t)(v[0] << 2 | v[1] >> 4);
		*p++ = (uint8_t)(v[1] << 4 | v[2] >> 2);
		*p++ = (uint8_t)(v[2] << 6 | v[3]);
		s += 4;
		len -= 4;
	}
	return p - out;
}

static int
base64_read(int fd, uint64_t at, uint64_t offset, size_t len, uint8_t *out)
{
	uint64_t	 first = offset / 57 * 77 + offset % 57 / 3 * 4;
	uint64_t	 end = offset + len, last;
	size_t		 chars, skip = (size_t)(offset % 3);
	uint8_t		*text, *bytes;
	ssize_t		 n;
	int		 r = ERR_MEMORY;

	/* Past the group that holds the last byte. */
	last = (end - 1) / 57 * 77 + ((end - 1) % 57 / 3 + 1) * 4;
	chars = (size_t)(last - first);
	text = malloc(chars);
	bytes = malloc(chars);
	if (text == NULL || bytes == NULL)
		goto out;
	if ((r = pread_all(fd, text, chars, at + first)) != ERR_OK)
		goto out;
	n = groups_decode(text, chars, bytes);
	if (n < 0 || (size_t)n < skip + len) {
		r = ERR_FORMAT;
		goto out;
	}
	memcpy(out, bytes + skip, len);
 out:
	free(text);
	free(bytes);
	return r;
}

int
mail_range_read(int fd, uint64_t at, int base64, uint64_t offset, size_t len,
    char **out)
{
	char	*buf;
	int	 r = ERR_OK;

	if (len > RANGE_MAX || offset > INT64_MAX / 2 || at > INT64_MAX / 2)
		return ERR_LIMIT;
	if ((buf = malloc(len + 1)) == NULL)
		return ERR_MEMORY;
	if (len > 0)
		r = base64 ? base64_read(fd, at, offset, len, (uint8_t *)buf) :
		    pread_all(fd, buf, len, at + offset);
	if (r != ERR_OK) {
		free(buf);
		return r;
	}
	buf[len] = '\0';
	*out = buf;
	return ERR_OK;
}
