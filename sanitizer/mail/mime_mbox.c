/*
 * mime_mbox: a file of several mails, taken apart at its "From " lines.
 * Runs in: worker-mime, in the jail.
 * Hostile input: the file; a line of a mail may look like a border.
 * Must never: lose a byte between two borders.
 */
#include <stdio.h>
#include <string.h>

#include "mime_mbox.h"

static size_t
line_end(const uint8_t *s, size_t len, size_t at)
{
	const uint8_t	*p = memchr(s + at, '\n', len - at);

	return p == NULL ? len : (size_t)(p - s) + 1;
}

/* "Name:", as the line behind a border begins. */
static int
is_field(const uint8_t *s, size_t at, size_t end)
{
	size_t	 n = at;

	while (n < end && s[n] > ' ' && s[n] < 0x7f && s[n] != ':')
		n++;
	return n > at && n < end && s[n] == ':';
}

/* "From a@b Mon Jan  5 10:00:00 2026", after an empty line, before a header. */
static int
is_border(const uint8_t *s, size_t len, size_t at, size_t end)
{
	if (end - at < 10 || memcmp(s + at, "From ", 5) != 0 ||
	    memchr(s + at, ':', end - at) == NULL || end == len)
		return 0;
	if (at > 0 && !(at >= 2 && s[at - 2] == '\n') &&
	    !(at >= 3 && s[at - 2] == '\r' && s[at - 3] == '\n'))
		return 0;
	return is_field(s, end, line_end(s, len, end));
}

/* The next border at or after at, its line's end in *end; len: none. */
static size_t
border_find(const uint8_t *s, size_t len, size_t at, size_t *end)
{
	for (; at < len; at = *end) {
		*end = line_end(s, len, at);
		if (is_border(s, len, at, *end))
			return at;
	}
	*end = len;
	return len;
}

unsigned
mime_mbox(const uint8_t *data, size_t len, const struct mime_sink *sink,
    int *cut)
{
	size_t		 start, next, end;
	unsigned	 n = 0;
	char		 path[16];

	*cut = 0;
	if (border_find(data, len, 0, &start) != 0 ||
	    border_find(data, len, start, &end) == len)
		return 0;
	for (; start < len && !*cut; start = end) {
		next = border_find(data, len, start, &end);
		snprintf(path, sizeof(path), "%u", ++n);
		if (!sink->child(sink->arg, ROLE_ATTACHMENT, KIND_MAIL, path,
		    "", "message/rfc822", "", "") ||
		    (next > start && !sink->data(sink->arg, data + start,
		    next - start)))
			*cut = 1;
	}
	return n;
}
