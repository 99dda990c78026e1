/*
 * Purpose: shows defanged links and the shape of a text.
 * Process: limpid-viewerd.
 * Hostile input: body and page text, names and labels of senders.
 * Must never: make a link that can be clicked, or run long on odd text: each byte
 *	is looked at a fixed number of times.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "html_out.h"
#include "marks.h"
#include "sender.h"

void
marks_free(struct marks *m)
{
	size_t	 i;

	for (i = 0; i < m->count; i++)
		free(m->links[i]);
	m->count = m->more = 0;
}

static int
is_link_char(char c)
{
	return c > ' ' && c < 0x7f && strchr("<>\"'`(){}|", c) == NULL;
}

/* Punctuation of the sentence around a link is not part of it. */
static size_t
trim_end(const char *s, size_t len)
{
	while (len > 0 && strchr(".,;:!?", s[len - 1]) != NULL)
		len--;
	return len;
}

static int
has(const char *s, size_t len, const char *what)
{
	return memmem(s, len, what, strlen(what)) != NULL;
}

size_t
marks_find(const char *s, size_t len, size_t *at)
{
	size_t	 i = 0, n;

	while (i < len) {
		for (n = 0; i + n < len && is_link_char(s[i + n]);)
			n++;
		if (n > 6 && strncmp(s + i, "[.]", 3) != 0 &&
		    (has(s + i, n, "[.]") || has(s + i, n, "[:]") ||
		    has(s + i, n, "[@]"))) {
			*at = i;
			return trim_end(s + i, n);
		}
		i += n == 0 ? 1 : n;
	}
	return 0;
}

/* The host inside a link: where it begins and its length. */
static size_t
find_host(const char *s, size_t len, size_t *at)
{
	const char	*p;
	size_t		 n;

	*at = 0;
	if ((p = memmem(s, len, "[:]//", 5)) != NULL)
		*at = (size_t)(p - s) + 5;
	else if ((p = memmem(s, len, "[:]", 3)) != NULL)
		*at = (size_t)(p - s) + 3;
	else if (len > 2 && s[0] == '/' && s[1] == '/')
		*at = 2;
	for (n = 0; *at + n < len && strchr("/?#\\", s[*at + n]) == NULL;)
		n++;
	/* what stands before the last @ of a host is not the host */
	if ((p = memrchr(s + *at, '@', n)) != NULL) {
		if (p[1] == ']')
			p++;
		n -= (size_t)(p + 1 - (s + *at));
		*at = (size_t)(p + 1 - s);
	}
	if ((p = memmem(s + *at, n, "[:]", 3)) != NULL)
		n = (size_t)(p - (s + *at));
	else if ((p = memchr(s + *at, ':', n)) != NULL)
		n = (size_t)(p - (s + *at));
	return n;
}

void
marks_link(struct html *h, const char *s, size_t len)
{
	const char	*reg;
	size_t		 at, n = find_host(s, len, &at);

	html_open(h, "span", "dl");
	if (n == 0 || !has(s + at, n, "[.]")) {
		html_textn(h, s, len);
		html_end(h, "span");
		return;
	}
	reg = sender_registered(s + at, n, "[.]");
	html_textn(h, s, (size_t)(reg - s));
	html_open(h, "b", NULL);
	html_textn(h, reg, (size_t)(s + at + n - reg));
	html_end(h, "b");
	html_textn(h, s + at + n, len - at - n);
	html_end(h, "span");
}

/* Its number in the list, from 1; 0 when the list is full. */
static size_t
note_link(struct marks *m, const char *s, size_t len)
{
	size_t	 i;

	for (i = 0; i < m->count; i++)
		if (strlen(m->links[i]) == len &&
		    strncmp(m->links[i], s, len) == 0)
			return i + 1;
	if (m->count == MARKS_LINKS_MAX ||
	    (m->links[m->count] = strndup(s, len)) == NULL) {
		m->more++;
		return 0;
	}
	return ++m->count;
}

static void
link_number(struct html *h, size_t n)
{
	html_open(h, "sup", NULL);
	html_open(h, "a", NULL);
	html_attrf(h, "href", "#l%zu", n);
	html_elem(h, "span", "vh", "link ");
	html_textf(h, "%zu", n);
	html_end(h, "a");
	html_end(h, "sup");
}

void
marks_collect(const char *s, size_t len, struct marks *m)
{
	size_t	 at, n;

	while (len > 0 && (n = marks_find(s, len, &at)) > 0) {
		note_link(m, s + at, n);
		s += at + n;
		len -= at + n;
	}
}

void
marks_line(struct html *h, const char *s, size_t len, struct marks *m)
{
	size_t	 at, n, number;

	while (len > 0 && (n = marks_find(s, len, &at)) > 0) {
		html_textn(h, s, at);
		marks_link(h, s + at, n);
		number = m == NULL ? 0 : note_link(m, s + at, n);
		if (number > 0)
			link_number(h, number);
		s += at + n;
		len -= at + n;
	}
	html_textn(h, s, len);
}

static size_t
line_length(const char *s, size_t len)
{
	const char	*nl = memchr(s, '\n', len);

	return nl == NULL ? len : (size_t)(nl - s);
}

/* How many bytes of lines from s on begin with '>' (or are empty, when the
 * wanted kind is not a quotation: a paragraph ends there). */
static size_t
block_length(const char *s, size_t len, int quote, size_t *lines)
{
	size_t	 i = 0, n;

	for (*lines = 0; i < len; i += n + 1, ++*lines) {
		n = line_length(s + i, len - i);
		if (n == 0 || (s[i] == '>') != quote)
			break;
	}
	return i > len ? len : i;
}

static void
write_lines(struct html *h, const char *s, size_t len, struct marks *m)
{
	size_t	 n;
	int	 first = 1;

	html_open(h, "p", NULL);
	while (len > 0) {
		n = line_length(s, len);
		if (!first && n > 0)
			html_open(h, "br", NULL);
		first = 0;
		marks_line(h, s, n, m);
		s += n;
		len -= n;
		if (len > 0) {
			s++;
			len--;
		}
	}
	html_end(h, "p");
}

void
marks_body(struct html *h, const char *s, size_t len, struct marks *m)
{
	size_t	 n, lines;
	int	 quote;

	while (len > 0) {
		if (*s == '\n') {
			s++;
			len--;
			continue;
		}
		quote = *s == '>';
		n = block_length(s, len, quote, &lines);
		if (quote) {
			html_open(h, "details", "quote");
			html_elemf(h, "summary", NULL, "Quoted text (%zu "
			    "line%s)", lines, lines == 1 ? "" : "s");
		}
		write_lines(h, s, n, m);
		if (quote)
			html_end(h, "details");
		s += n;
		len -= n;
	}
}

const char *
marks_language(const char *s, size_t len)
{
	const unsigned char	*u = (const unsigned char *)s;
	size_t			 i, han = 0;

	for (i = 0; i + 2 < len && i < 4000; i++) {
		if (u[i] == 0xe3 && u[i + 1] >= 0x81 && u[i + 1] <= 0x83)
			return "ja";		/* kana */
		if (u[i] >= 0xea && u[i] <= 0xed && u[i + 1] >= 0x80 &&
		    !(u[i] == 0xea && u[i + 1] < 0xb0))
			return "ko";		/* hangul */
		if (u[i] >= 0xe4 && u[i] <= 0xe9)
			han++;
	}
	return han > 0 ? "zh-Hant" : NULL;
}
