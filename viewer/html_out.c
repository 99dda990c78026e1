/*
 * Purpose: builds pages; the only file that writes HTML.
 * Process: limpid-viewerd.
 * Hostile input: every text and value (senders' words from the index, what
 *	a browser sent).
 * Must never: write a byte of them unescaped, or a script, style or foreign link.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "html_out.h"

#define DEPTH_MAX 64

struct html {
	char		*data;
	size_t		 len, size, max;
	int		 failed;	/* ERR_MEMORY or ERR_LIMIT */
	int		 in_tag;	/* a start tag waits for its '>' */
	const char	*open[DEPTH_MAX];
	size_t		 depth;
};

/* Drawn for the viewer, 16 by 16, stroked in the colour of the text. */
static const char *const icon_paths[ICON_MAX] = {
	[ICON_ALERT] = "M8 2 1.5 13.5h13zM8 6.5V10M8 12h.01",
	[ICON_BACK] = "M9.5 3 4.5 8l5 5",
	[ICON_BOX] = "M4 1.5h8v13H4zM8 2v1M8 5v1M8 8v1M7 11h2v1.5H7z",
	[ICON_CLIP] = "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 5v3.5l2 1.5",
	[ICON_CLOSE] = "M4 4l8 8M12 4l-8 8",
	[ICON_CODE] = "M5.5 5 2.5 8l3 3M10.5 5l3 3-3 3",
	[ICON_CUT] = "M4.5 5.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM4.5 13.5"
	    "a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM6 5l8 6M6 11l8-6",
	[ICON_DROP] = "M8 1.5C5 5.2 3.5 7.4 3.5 9.8a4.5 4.5 0 0 0 9 0C12.5 7.4 "
	    "11 5.2 8 1.5ZM3.6 9.2c1.5-1.2 2.9-1.2 4.4 0s2.9 1.2 4.4 0",
	[ICON_EYE_OFF] = "M2 2l12 12M4 4.5C2.4 5.8 1.5 8 1.5 8S4 12.5 8 12.5"
	    "c1.2 0 2.3-.4 3.2-1M7 3.6 8 3.5C12 3.5 14.5 8 14.5 8s-.5 1-1.5 2.2",
	[ICON_FILE] = "M4 1.5h5l3 3v10H4zM9 1.5v3h3M6 8h4M6 11h4",
	[ICON_FORWARD] = "M6.5 3l5 5-5 5",
	[ICON_INBOX] = "M2 9h3l1 2h4l1-2h3M2 9l2-6h8l2 6v4H2z",
	[ICON_LINK] = "M6.5 9.5l3-3M7 4.5l1-1a3 3 0 0 1 4.5 4.5l-1 1M9 11.5l-1 1"
	    "A3 3 0 0 1 3.5 8l1-1",
	[ICON_LOCK] = "M4 7h8v6.5H4zM5.5 7V5a2.5 2.5 0 0 1 5 0v2",
	[ICON_MENU] = "M2 4h12M2 8h12M2 12h12",
	[ICON_PERSON] = "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2.5 14c0-3 2-4.5 "
	    "5.5-4.5s5.5 1.5 5.5 4.5",
	[ICON_PICTURE] = "M2.5 3h11v10h-11zM2.5 11l3-3 3 3 2-2 3 2.5"
	    "M10.5 6h.01",
	[ICON_REPLY] = "M6 4 2.5 7.5 6 11M3 7.5h6a4 4 0 0 1 4 4v1",
	[ICON_SEARCH] = "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.7 10.7 14 14",
	[ICON_SHARED] = "M5.5 7a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM1.5 13c0-2.5 1.5-4 "
	    "4-4s4 1.5 4 4M10.5 7a2 2 0 1 0 0-4M11 9c2.2 0 3.5 1.5 3.5 4",
	[ICON_SHIELD] = "M8 1.5 3 3.5V8c0 3 2 5.3 5 6.5 3-1.2 5-3.5 5-6.5V3.5z",
	[ICON_SHIELD_OK] = "M8 1.5 3 3.5V8c0 3 2 5.3 5 6.5 3-1.2 5-3.5 5-6.5V3.5z"
	    "M5.7 8l1.7 1.7L10.5 6.5",
};

struct html *
html_new(size_t max)
{
	struct html	*h;

	if ((h = calloc(1, sizeof(*h))) == NULL)
		return NULL;
	h->max = max;
	return h;
}

void
html_free(struct html *h)
{
	if (h == NULL)
		return;
	free(h->data);
	free(h);
}

static int
make_room(struct html *h, size_t n)
{
	size_t	 size = h->size == 0 ? 16384 : h->size;
	char	*data;

	if (h->failed != ERR_OK)
		return 0;
	if (n > h->max - h->len) {
		h->failed = ERR_LIMIT;
		return 0;
	}
	while (size < h->len + n)
		size *= 2;
	if (size == h->size)
		return 1;
	if ((data = realloc(h->data, size)) == NULL) {
		h->failed = ERR_MEMORY;
		return 0;
	}
	h->data = data;
	h->size = size;
	return 1;
}

static void
put_raw(struct html *h, const char *s, size_t n)
{
	if (n == 0 || !make_room(h, n))
		return;
	memcpy(h->data + h->len, s, n);
	h->len += n;
}

static void
put(struct html *h, const char *s)
{
	put_raw(h, s, strlen(s));
}

/* One character of at most len bytes at s; its length, 0 when malformed. */
static size_t
take_char(const unsigned char *s, size_t len, uint32_t *cp)
{
	static const uint32_t	 least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t			 i, n;
	uint32_t		 c = s[0];

	if (c < 0x80) {
		*cp = c;
		return 1;
	}
	n = c >= 0xf0 && c < 0xf8 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 0;
	if (c >= 0xf8 || n == 0 || n > len)
		return 0;
	c &= 0x7fu >> n;
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*cp = c;
	return n;
}

/* Controls, bidi overrides and marks, line separators, byte order mark. */
static int
must_show(uint32_t c)
{
	return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0) ||
	    c == 0x200b || c == 0x200e || c == 0x200f ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	    c == 0xfeff || (c >= 0xe0000 && c <= 0xe007f);
}

/* The one escaping function: for text and for values in double quotes. */
static void
put_escaped(struct html *h, const char *text, size_t len)
{
	const unsigned char	*s = (const unsigned char *)text;
	size_t			 i, n;
	uint32_t		 c;

	for (i = 0; i < len; i += n) {
		if ((n = take_char(s + i, len - i, &c)) == 0 || must_show(c)) {
			n = n == 0 ? 1 : n;
			put(h, "\xef\xbf\xbd");
		} else if (c == '&')
			put(h, "&amp;");
		else if (c == '<')
			put(h, "&lt;");
		else if (c == '>')
			put(h, "&gt;");
		else if (c == '"')
			put(h, "&quot;");
		else if (c == '\'')
			put(h, "&#39;");
		else
			put_raw(h, text + i, n);
	}
}

static void
close_start(struct html *h)
{
	if (h->in_tag)
		put(h, ">");
	h->in_tag = 0;
}

static int
is_void(const char *tag)
{
	static const char *const names[] = { "br", "hr", "img", "input", "link",
	    "meta" };
	size_t	 i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(tag, names[i]) == 0)
			return 1;
	return 0;
}

/* Tags and names come from our own code; a wrong one is our bug. */
static void
check_name(const char *name)
{
	if (name[0] == '\0' ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzBox0123456789-") !=
	    strlen(name))
		panic("html name");
	if (strcmp(name, "script") == 0 || strncmp(name, "on", 2) == 0 ||
	    strncmp(name, "style", 5) == 0)
		panic("html name that runs code");
}

void
html_open(struct html *h, const char *tag, const char *class)
{
	check_name(tag);
	close_start(h);
	put(h, "<");
	put(h, tag);
	h->in_tag = 1;
	if (class != NULL && *class != '\0')
		html_attr(h, "class", class);
	if (is_void(tag))
		return;
	if (h->depth == DEPTH_MAX)
		panic("html depth");
	h->open[h->depth++] = tag;
}

void
html_end(struct html *h, const char *tag)
{
	if (h->depth == 0 || strcmp(h->open[h->depth - 1], tag) != 0)
		panic("html end");
	close_start(h);
	h->depth--;
	put(h, "</");
	put(h, tag);
	put(h, ">");
	if (strcmp(tag, "li") == 0 || strcmp(tag, "section") == 0)
		put(h, "\n");
}

static void
check_target(const char *name, const char *value)
{
	if (strcmp(name, "href") != 0 && strcmp(name, "src") != 0 &&
	    strcmp(name, "action") != 0 && strcmp(name, "formaction") != 0)
		return;
	if (value[0] == '#' || (value[0] == '/' && value[1] != '/' &&
	    value[1] != '\\'))
		return;
	panic("html link that leaves the viewer");
}

void
html_attr(struct html *h, const char *name, const char *value)
{
	check_name(name);
	check_target(name, value);
	if (!h->in_tag)
		panic("html attribute outside a tag");
	put(h, " ");
	put(h, name);
	put(h, "=\"");
	put_escaped(h, value, strlen(value));
	put(h, "\"");
}

void
html_flag(struct html *h, const char *name)
{
	check_name(name);
	if (!h->in_tag)
		panic("html attribute outside a tag");
	put(h, " ");
	put(h, name);
}

/* A formatted string; NULL is remembered as lack of memory. */
static char *
format(struct html *h, const char *fmt, va_list ap)
{
	char	*s = NULL;

	if (vasprintf(&s, fmt, ap) == -1) {
		h->failed = ERR_MEMORY;
		return NULL;
	}
	return s;
}

void
html_attrf(struct html *h, const char *name, const char *fmt, ...)
{
	va_list	 ap;
	char	*s;

	va_start(ap, fmt);
	s = format(h, fmt, ap);
	va_end(ap);
	if (s != NULL)
		html_attr(h, name, s);
	free(s);
}

void
html_textn(struct html *h, const char *s, size_t len)
{
	close_start(h);
	put_escaped(h, s, len);
}

void
html_text(struct html *h, const char *s)
{
	html_textn(h, s, strlen(s));
}

void
html_textf(struct html *h, const char *fmt, ...)
{
	va_list	 ap;
	char	*s;

	va_start(ap, fmt);
	s = format(h, fmt, ap);
	va_end(ap);
	if (s != NULL)
		html_text(h, s);
	free(s);
}

void
html_elem(struct html *h, const char *tag, const char *class, const char *text)
{
	html_open(h, tag, class);
	html_text(h, text);
	html_end(h, tag);
}

void
html_elemf(struct html *h, const char *tag, const char *class,
    const char *fmt, ...)
{
	va_list	 ap;
	char	*s;

	va_start(ap, fmt);
	s = format(h, fmt, ap);
	va_end(ap);
	if (s != NULL)
		html_elem(h, tag, class, s);
	free(s);
}

void
html_icon(struct html *h, enum icon icon, const char *class)
{
	if (icon <= ICON_NONE || icon >= ICON_MAX)
		return;
	html_open(h, "svg", class == NULL ? "i" : class);
	html_attr(h, "viewBox", "0 0 16 16");
	html_attr(h, "aria-hidden", "true");
	html_open(h, "path", NULL);
	html_attr(h, "d", icon_paths[icon]);
	html_end(h, "path");
	html_end(h, "svg");
}

void
html_page(struct html *h, const char *title, const char *body_class)
{
	put(h, "<!doctype html>\n");
	html_open(h, "html", NULL);
	html_attr(h, "lang", "en");
	html_open(h, "head", NULL);
	html_open(h, "meta", NULL);
	html_attr(h, "charset", "utf-8");
	html_elemf(h, "title", NULL, "%s · Limpid", title);
	html_open(h, "meta", NULL);
	html_attr(h, "name", "viewport");
	html_attr(h, "content", "width=device-width,initial-scale=1");
	html_open(h, "link", NULL);
	html_attr(h, "rel", "stylesheet");
	html_attr(h, "href", "/style.css");
	html_end(h, "head");
	html_open(h, "body", body_class);
	html_text(h, "\n");
}

void
html_page_end(struct html *h)
{
	html_end(h, "body");
	html_end(h, "html");
	put(h, "\n");
}

int
html_take(struct html *h, char **data, size_t *len)
{
	if (h->depth != 0)
		panic("html left open");
	if (h->failed != ERR_OK)
		return h->failed;
	if (h->data == NULL)
		return ERR_FORMAT;
	*data = h->data;
	*len = h->len;
	h->data = NULL;
	h->len = h->size = 0;
	return ERR_OK;
}

char *
html_query_escape(const char *s)
{
	static const char	 plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-._~";
	static const char	 hex[] = "0123456789ABCDEF";
	const unsigned char	*u = (const unsigned char *)s;
	char			*out, *o;

	if ((out = o = malloc(strlen(s) * 3 + 1)) == NULL)
		return NULL;
	for (; *u != '\0'; u++) {
		if (strchr(plain, *u) != NULL) {
			*o++ = (char)*u;
			continue;
		}
		*o++ = '%';
		*o++ = hex[*u >> 4];
		*o++ = hex[*u & 15];
	}
	*o = '\0';
	return out;
}
