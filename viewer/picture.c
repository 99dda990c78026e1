/*
 * Purpose: page pictures by base64 arithmetic, and the few PNG bytes around them.
 * Process: limpid-viewerd.
 * Hostile input: none by design (the internal side wrote file and index), yet
 *	every range is checked.
 * Must never: read outside the range, or look into the picture.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "picture.h"

#define LINE_BYTES 57		/* decoded bytes of a line */
#define LINE_CHARS 77		/* its characters and the LF */

/* Where the group of 4 characters stands that holds decoded byte o. */
static int64_t
group_at(int64_t o)
{
	return o / LINE_BYTES * LINE_CHARS + o % LINE_BYTES / 3 * 4;
}

static int
digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* 4 characters to 3 bytes; how many hold data, 0 when malformed. */
static size_t
decode_group(const uint8_t *s, uint8_t out[3])
{
	int	 a = digit(s[0]), b = digit(s[1]), c, d;
	size_t	 n = 3;

	c = s[2] == '=' && s[3] == '=' ? (n = 1, 0) : digit(s[2]);
	d = s[3] == '=' ? (n = n == 1 ? 1 : 2, 0) : digit(s[3]);
	if (a < 0 || b < 0 || c < 0 || d < 0)
		return 0;
	out[0] = (uint8_t)(a << 2 | b >> 4);
	out[1] = (uint8_t)(b << 4 | c >> 2);
	out[2] = (uint8_t)(c << 6 | d);
	return n;
}

static int
read_all(int fd, int64_t at, uint8_t *buf, size_t len)
{
	ssize_t	 n;

	while (len > 0) {
		n = pread(fd, buf, len, at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return ERR_SYS;
		if (n == 0)
			return ERR_SHORT;
		buf += n;
		at += n;
		len -= (size_t)n;
	}
	return ERR_OK;
}

/* Decodes text into len bytes, leaving out the first `skip` (0 to 2). */
static int
decode(const uint8_t *s, size_t chars, size_t skip, uint8_t *out, size_t len,
    size_t column)
{
	uint8_t	 three[3];
	size_t	 i = 0, k, n, done = 0;

	while (done < len) {
		if (column == LINE_CHARS - 1) {
			if (i >= chars || s[i++] != '\n')
				return ERR_FORMAT;
			column = 0;
		}
		if (chars - i < 4 || (n = decode_group(s + i, three)) == 0)
			return ERR_FORMAT;
		for (k = skip; k < n && done < len; k++)
			out[done++] = three[k];
		if (n < 3 && done < len)
			return ERR_SHORT;
		skip = 0;
		i += 4;
		column += 4;
	}
	return ERR_OK;
}

int
picture_read_range(int fd, int64_t file_offset, int64_t offset, int64_t len,
    uint8_t **out)
{
	uint8_t	*text = NULL, *data = NULL;
	int64_t	 first, end;
	size_t	 chars;
	int	 r;

	if (len <= 0 || len > PICTURE_MAX || offset < 0 || file_offset < 0 ||
	    offset > INT64_MAX / 4 || file_offset > INT64_MAX / 4)
		return ERR_LIMIT;
	first = group_at(offset);
	end = group_at(offset + len - 1) + 4;
	chars = (size_t)(end - first);
	if ((text = malloc(chars)) == NULL ||
	    (data = malloc((size_t)len)) == NULL) {
		r = ERR_MEMORY;
		goto out;
	}
	if ((r = read_all(fd, file_offset + first, text, chars)) != ERR_OK)
		goto out;
	r = decode(text, chars, (size_t)(offset % 3), data, (size_t)len,
	    (size_t)(first % LINE_CHARS));
	if (r != ERR_OK)
		goto out;
	*out = data;
	data = NULL;
 out:
	free(text);
	free(data);
	return r;
}

static void
put_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* CRC-32 of PNG over our own header bytes only: short, so bit by bit. */
static uint32_t
crc_of(const uint8_t *s, size_t len)
{
	uint32_t	 c = 0xffffffffu;
	size_t		 i;
	int		 k;

	for (i = 0; i < len; i++) {
		c ^= s[i];
		for (k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
	}
	return ~c;
}

/* length, type, data, CRC; returns behind it. */
static uint8_t *
put_chunk(uint8_t *p, const char *type, const uint8_t *data, size_t len)
{
	put_u32(p, (uint32_t)len);
	memcpy(p + 4, type, 4);
	if (len > 0)
		memcpy(p + 8, data, len);
	put_u32(p + 8 + len, crc_of(p + 4, len + 4));
	return p + 12 + len;
}

static int
wrap_png(const struct picture *p, const uint8_t *idat, uint8_t **out,
    size_t *len)
{
	static const uint8_t	 idat_type[4] = { 'I', 'D', 'A', 'T' };
	size_t			 n = (size_t)p->length, total;
	uint8_t			 head[13] = { 0 }, *buf, *q;

	total = 8 + 25 + (p->palette_len ? 12 + p->palette_len : 0) + 12 + n +
	    12;
	if ((buf = q = malloc(total)) == NULL)
		return ERR_MEMORY;
	memcpy(q, "\x89PNG\r\n\x1a\n", 8);
	put_u32(head, p->width);
	put_u32(head + 4, p->height);
	head[8] = p->depth;
	head[9] = p->color;
	q = put_chunk(q + 8, "IHDR", head, sizeof(head));
	if (p->palette_len > 0)
		q = put_chunk(q, "PLTE", p->palette, p->palette_len);
	put_u32(q, (uint32_t)n);
	memcpy(q + 4, idat_type, sizeof(idat_type));
	memcpy(q + 8, idat, n);
	put_u32(q + 8 + n, p->crc);
	put_chunk(q + 12 + n, "IEND", NULL, 0);
	*out = buf;
	*len = total;
	return ERR_OK;
}

int
picture_load(int fd, const struct picture *p, uint8_t **out, size_t *len)
{
	uint8_t	*data = NULL;
	int	 r;

	if (p->length > p->file_size || p->offset > p->file_size - p->length)
		return ERR_FORMAT;
	r = picture_read_range(fd, p->file_offset, p->offset, p->length, &data);
	if (r != ERR_OK)
		return r;
	if (p->form == PICTURE_PNG) {
		r = wrap_png(p, data, out, len);
		free(data);
		return r;
	}
	*out = data;
	*len = (size_t)p->length;
	return ERR_OK;
}
