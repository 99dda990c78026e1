/*
 * mime_repair: what stands before a mail can be parsed: mailbox lines, other
 * encodings, lost line ends, absent or endless headers.
 * Runs in: worker-mime, in the jail.
 * Hostile input: the whole mail.
 * Must never: drop text silently; each change is stated.
 */
#include <stdlib.h>
#include <string.h>

#include "charset.h"
#include "mime_private.h"

/* A copy that may be changed, with room for an empty line before it. */
static int
own(struct mime *m, size_t before)
{
	uint8_t	*p;

	if (m->owned != NULL && before == 0)
		return 1;
	if ((p = malloc(before + m->len + 1)) == NULL)
		return 0;
	memset(p, '\n', before);
	memcpy(p + before, m->data, m->len);
	free(m->owned);
	m->owned = p;
	m->data = p;
	m->len += before;
	return 1;
}

static size_t
line_end(const uint8_t *s, size_t len, size_t at)
{
	const uint8_t	*p = memchr(s + at, '\n', len - at);

	return p == NULL ? len : (size_t)(p - s) + 1;
}

/* "Name:" or "Name :" */
static int
is_header(const uint8_t *s, size_t len)
{
	size_t	 i;

	for (i = 0; i < len && s[i] > ' ' && s[i] < 0x7f && s[i] != ':'; i++)
		;
	if (i == 0 || i > 200)
		return 0;
	while (i < len && (s[i] == ' ' || s[i] == '\t'))
		i++;
	return i < len && s[i] == ':';
}

static int
is_mailbox_line(const uint8_t *s, size_t len)
{
	return (len >= 5 && memcmp(s, "From ", 5) == 0) ||
	    (len >= 6 && memcmp(s, ">From ", 6) == 0);
}

/* A whole mail saved as UTF-16 by some program. */
static int
repair_wide(struct mime *m)
{
	size_t		 n;
	char		*t;
	const uint8_t	*s = m->data;
	int		 bom;

	if (m->len < 16)
		return 1;
	bom = (s[0] == 0xff && s[1] == 0xfe) || (s[0] == 0xfe && s[1] == 0xff);
	if (!bom && !(s[0] > ' ' && s[1] == 0 && s[2] > ' ' && s[3] == 0 &&
	    s[5] == 0 && s[7] == 0))
		return 1;
	if ((t = charset_to_utf8(s, m->len, "", NULL, &n)) == NULL)
		return 0;
	free(m->owned);
	m->owned = (uint8_t *)t;
	m->data = m->owned;
	m->len = n;
	mime_malformed(m, "the whole mail was in UTF-16");
	return 1;
}

/* Lines that end in CR alone. */
static int
repair_cr(struct mime *m)
{
	size_t	 i;

	if (m->len == 0 || memchr(m->data, '\n', m->len) != NULL ||
	    memchr(m->data, '\r', m->len) == NULL)
		return 1;
	if (!own(m, 0))
		return 0;
	for (i = 0; i < m->len; i++)
		if (m->owned[i] == '\r')
			m->owned[i] = '\n';
	mime_malformed(m, "lines ended in CR alone");
	return 1;
}

static void
skip(struct mime *m, size_t n)
{
	if (m->owned != NULL)
		memmove(m->owned, m->owned + n, m->len - n);
	else
		m->data += n;
	m->len -= n;
}

/* A BOM, mailbox lines and blank lines before the first header. */
static void
repair_start(struct mime *m)
{
	size_t	 at = 0, blank;

	if (m->len >= 3 && memcmp(m->data, "\xef\xbb\xbf", 3) == 0)
		at = 3;
	for (blank = at; blank < m->len && (m->data[blank] == '\n' ||
	    m->data[blank] == '\r'); blank++)
		;
	if (blank > at && (is_header(m->data + blank, m->len - blank) ||
	    is_mailbox_line(m->data + blank, m->len - blank))) {
		mime_malformed(m, "blank lines before the headers");
		at = blank;
	}
	while (at < m->len && is_mailbox_line(m->data + at, m->len - at))
		at = line_end(m->data, m->len, at);
	if (at > 0)
		skip(m, at);
}

size_t
mime_header_end(const struct mime *m)
{
	size_t	 at = 0, end;

	for (; at < m->len; at = end) {
		end = line_end(m->data, m->len, at);
		if (m->data[at] == '\n' || (end - at == 2 &&
		    m->data[at] == '\r'))
			return end;
	}
	return m->len;
}

static int
repair_nul(struct mime *m, size_t end)
{
	size_t	 i;

	if (end == 0 || memchr(m->data, '\0', end) == NULL)
		return 1;
	if (!own(m, 0))
		return 0;
	for (i = 0; i < end; i++)
		if (m->owned[i] == '\0')
			m->owned[i] = ' ';
	mime_malformed(m, "NUL bytes in the headers");
	return 1;
}

/* Keeps the first lines of a header block that is too long. */
static int
repair_bomb(struct mime *m, size_t end)
{
	size_t	 max = m->limits->max_headers, keep;

	if (max == 0 || end <= max)
		return 1;
	for (keep = max; keep > 0 && m->data[keep - 1] != '\n'; keep--)
		;
	if (!own(m, 0))
		return 0;
	m->owned[keep] = '\n';
	memmove(m->owned + keep + 1, m->owned + end, m->len - end);
	m->len -= end - keep - 1;
	m->reason = REASON_LIMIT_HEADERS;
	m->limit = max;
	mime_malformed(m, "%zu bytes of headers, the rest of them dropped",
	    end);
	return 1;
}

int
mime_repair(struct mime *m, const uint8_t *data, size_t len)
{
	size_t	 end;

	m->data = data;
	m->len = len;
	if (!repair_wide(m) || !repair_cr(m))
		return 0;
	repair_start(m);
	if (m->len == 0)
		return own(m, 1);
	if (!is_header(m->data, m->len)) {
		if (*m->data != '\n' && *m->data != '\r')
			mime_malformed(m, "no headers: all of it is shown as "
			    "text");
		return own(m, 1);
	}
	end = mime_header_end(m);
	return repair_nul(m, end) && repair_bomb(m, end);
}
