/*
 * mime_decode: base64, quoted-printable, uuencode, yEnc, flowed text.
 * Runs in: worker-mime, in the jail.
 * Hostile input: encoded parts of any damage.
 * Must never: write more than it reads.
 */
#include <string.h>

#include "mime_decode.h"

static size_t
line_end(const uint8_t *s, size_t len, size_t at)
{
	const uint8_t	*p = memchr(s + at, '\n', len - at);

	return p == NULL ? len : (size_t)(p - s) + 1;
}

/* The length of a line without its end. */
static size_t
line_len(const uint8_t *s, size_t at, size_t end)
{
	while (end > at && (s[end - 1] == '\n' || s[end - 1] == '\r'))
		end--;
	return end - at;
}

static int
base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* How many bytes of a line cannot be base64. */
static size_t
base64_misfits(const uint8_t *s, size_t len)
{
	size_t	 i, n = 0;

	for (i = 0; i < len; i++)
		n += base64_value(s[i]) < 0 && s[i] != '=' && s[i] != ' ' &&
		    s[i] != '\t';
	return n;
}

size_t
mime_decode_base64(const uint8_t *s, size_t len, uint8_t *out, size_t *damage)
{
	uint32_t	 bits = 0;
	unsigned	 count = 0;
	size_t		 at, end, k, i, misfits, n = 0;
	int		 v, ended = 0;

	for (at = 0; at < len; at = end) {
		end = line_end(s, len, at);
		k = line_len(s, at, end);
		misfits = base64_misfits(s + at, k);
		*damage += misfits > 0 ? 1 : 0;
		/* The footer of a mailing list, not a damaged line. */
		if (misfits * 4 > k || (ended && (misfits > 0 || k % 4 != 0)))
			continue;
		for (i = at; i < at + k; i++) {
			if ((v = base64_value(s[i])) >= 0) {
				bits = bits << 6 | (uint32_t)v;
				if (++count % 4 != 1)
					out[n++] = (uint8_t)(bits >>
					    (6 - 2 * ((count - 1) % 4)));
			} else if (s[i] == '=') {
				/* Some join several encoded runs. */
				count = 0;
				ended = 1;
			}
		}
	}
	*damage += count % 4 == 1 ? 1 : 0;
	return n;
}

static int
hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t
mime_decode_quoted(const uint8_t *s, size_t len, uint8_t *out, size_t *damage)
{
	size_t	 i, k, n = 0;

	for (i = 0; i < len; i++) {
		if (s[i] != '=') {
			out[n++] = s[i];
			continue;
		}
		if (i + 2 < len && hex_value(s[i + 1]) >= 0 &&
		    hex_value(s[i + 2]) >= 0) {
			out[n++] = (uint8_t)(hex_value(s[i + 1]) << 4 |
			    hex_value(s[i + 2]));
			i += 2;
			continue;
		}
		/* A soft line break may have blanks before the line's end. */
		for (k = i + 1; k < len && (s[k] == ' ' || s[k] == '\t'); k++)
			;
		if (k < len && s[k] == '\r')
			k++;
		if (k >= len || s[k] == '\n') {
			i = k;
			continue;
		}
		out[n++] = '=';
		(*damage)++;
	}
	return n;
}

size_t
mime_decode_q(const uint8_t *s, size_t len, uint8_t *out)
{
	size_t	 i, n = 0;

	for (i = 0; i < len; i++) {
		if (s[i] == '=' && i + 2 < len && hex_value(s[i + 1]) >= 0 &&
		    hex_value(s[i + 2]) >= 0) {
			out[n++] = (uint8_t)(hex_value(s[i + 1]) << 4 |
			    hex_value(s[i + 2]));
			i += 2;
		} else
			out[n++] = s[i] == '_' ? ' ' : s[i];
	}
	return n;
}

static int
uu_is_data(const uint8_t *s, size_t n)
{
	size_t	 bytes, i;

	if (n < 1 || s[0] < ' ' || s[0] > '`')
		return 0;
	bytes = (s[0] - ' ') & 0x3f;
	/* Mailers cut trailing spaces; some add a checksum. */
	if (n > 1 + (bytes + 2) / 3 * 4 + 2)
		return 0;
	for (i = 1; i < n; i++)
		if (s[i] < ' ' || s[i] > '`')
			return 0;
	return bytes == 0 || n > 1;
}

/* "begin 644 name" at s: fills name and name_len. */
static int
uu_is_begin(const uint8_t *s, size_t at, size_t n, struct mime_uu *b)
{
	size_t	 i = 6, digits = 0;

	if (n < 11 || memcmp(s + at, "begin ", 6) != 0)
		return 0;
	for (; i < n && s[at + i] >= '0' && s[at + i] <= '7'; i++)
		digits++;
	if (digits < 3 || digits > 4 || i >= n || s[at + i] != ' ')
		return 0;
	b->start = at;
	b->name = at + i + 1;
	b->name_len = n - i - 1;
	return 1;
}

static int
line_begins(const uint8_t *s, size_t at, size_t n, const char *with)
{
	size_t	 w = strlen(with);

	return n >= w && memcmp(s + at, with, w) == 0;
}

/* The number after " key=" in a line of yEnc; 0: none. */
static unsigned
yenc_number(const uint8_t *s, size_t n, const char *key)
{
	const uint8_t	*p = memmem(s, n, key, strlen(key)), *end = s + n;
	unsigned	 v = 0;

	if (p == NULL)
		return 0;
	for (p += strlen(key); p < end && *p >= '0' && *p <= '9' &&
	    v < 100000; p++)
		v = v * 10 + (unsigned)(*p - '0');
	return v;
}

/* "=ybegin line=128 size=9 name=x" up to "=yend". 0: no such block begins here. */
static int
yenc_find(const uint8_t *s, size_t len, size_t at, size_t end,
    struct mime_uu *b)
{
	size_t		 n = line_len(s, at, end);
	const uint8_t	*name;

	if (!line_begins(s, at, n, "=ybegin ") ||
	    memmem(s + at, n, " size=", 6) == NULL ||
	    (name = memmem(s + at, n, " name=", 6)) == NULL)
		return 0;
	b->yenc = 1;
	b->part = yenc_number(s + at, n, " part=");
	b->total = yenc_number(s + at, n, " total=");
	b->start = at;
	b->name = (size_t)(name - s) + 6;
	b->name_len = at + n - b->name;
	at = end;
	if (at < len && line_begins(s, at, len - at, "=ypart "))
		at = line_end(s, len, at);
	for (b->body = at; at < len; at = b->end) {
		b->end = line_end(s, len, at);
		if (line_begins(s, at, b->end - at, "=yend"))
			return 1;
	}
	b->end = len;			/* it was cut */
	return b->body < len;
}

static size_t
yenc_decode(const uint8_t *s, const struct mime_uu *b, uint8_t *out,
    size_t *damage)
{
	size_t	 at, end, i, n, total = 0;

	for (at = b->body; at < b->end; at = end) {
		end = line_end(s, b->end, at);
		n = line_len(s, at, end);
		if (line_begins(s, at, n, "=yend"))
			return total;
		/* two dots at the beginning are one that news servers doubled */
		for (i = at + line_begins(s, at, n, ".."); i < at + n; i++) {
			if (s[i] == '=' && i + 1 < at + n)
				out[total++] = (uint8_t)(s[++i] - 64 - 42);
			else
				out[total++] = (uint8_t)(s[i] - 42);
		}
	}
	(*damage)++;
	return total;
}

int
mime_uu_find(const uint8_t *s, size_t len, size_t from, struct mime_uu *b)
{
	size_t	 at, end, n;

	for (at = from; at < len; at = end) {
		end = line_end(s, len, at);
		if (yenc_find(s, len, at, end, b))
			return 1;
		b->yenc = 0;
		b->part = b->total = 0;
		if (!uu_is_begin(s, at, line_len(s, at, end), b))
			continue;
		b->body = end;
		for (at = end; at < len; at = end) {
			end = line_end(s, len, at);
			n = line_len(s, at, end);
			if (n == 3 && memcmp(s + at, "end", 3) == 0) {
				b->end = end;
				return 1;
			}
			if (n > 0 && !uu_is_data(s + at, n))
				break;
		}
		/* A word and a number, or data that was cut. */
		end = at;
		if (at > b->body && uu_is_data(s + b->body, line_len(s,
		    b->body, line_end(s, len, b->body)))) {
			b->end = at;
			return 1;
		}
	}
	return 0;
}

static uint8_t
uu_at(const uint8_t *s, size_t n, size_t i)
{
	return i < n ? (uint8_t)((s[i] - ' ') & 0x3f) : 0;
}

size_t
mime_uu_decode(const uint8_t *s, const struct mime_uu *b, uint8_t *out,
    size_t *damage)
{
	size_t		 at, end, n, bytes, i, left, total = 0;
	const uint8_t	*l;
	uint8_t		 v[3];

	if (b->yenc)
		return yenc_decode(s, b, out, damage);
	for (at = b->body; at < b->end; at = end) {
		end = line_end(s, b->end, at);
		n = line_len(s, at, end);
		l = s + at;
		if (n == 0 || (n == 3 && memcmp(l, "end", 3) == 0))
			continue;
		bytes = uu_at(l, n, 0);
		if (n < 1 + (bytes * 4 + 2) / 3) {
			(*damage)++;
			bytes = (n - 1) * 3 / 4;
		}
		for (i = 0; i < bytes; i++) {
			l = s + at + 1 + i / 3 * 4;
			left = n - 1 - i / 3 * 4;
			v[0] = (uint8_t)(uu_at(l, left, 0) << 2 |
			    uu_at(l, left, 1) >> 4);
			v[1] = (uint8_t)(uu_at(l, left, 1) << 4 |
			    uu_at(l, left, 2) >> 2);
			v[2] = (uint8_t)(uu_at(l, left, 2) << 6 |
			    uu_at(l, left, 3));
			out[total++] = v[i % 3];
		}
	}
	return total;
}

static size_t
quote_depth(const uint8_t *s, size_t n)
{
	size_t	 d;

	for (d = 0; d < n && s[d] == '>'; d++)
		;
	return d;
}

size_t
mime_unflow(uint8_t *s, size_t len, int delsp)
{
	size_t	 at, end, n, skip, depth, out = 0, last_depth = 0;
	int	 flowing = 0;

	for (at = 0; at < len; at = end) {
		end = line_end(s, len, at);
		n = line_len(s, at, end);
		depth = quote_depth(s + at, n);
		skip = depth;
		if (skip < n && s[at + skip] == ' ')
			skip++;			/* space-stuffing */
		if (flowing && depth == last_depth)
			out--;			/* the newline before */
		else if (depth > 0) {
			memset(s + out, '>', depth);
			out += depth;
			if (skip > depth)
				s[out++] = ' ';
		}
		memmove(s + out, s + at + skip, n - skip);
		out += n - skip;
		flowing = n > skip && s[out - 1] == ' ' &&
		    !(n - skip == 3 && memcmp(s + out - 3, "-- ", 3) == 0);
		if (flowing && delsp)
			out--;
		last_depth = depth;
		if (end > at + n)
			s[out++] = '\n';
		else
			flowing = 0;
	}
	return out;
}
