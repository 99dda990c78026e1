/*
 * HTML: the only module that writes markup. Pages call these functions; what they
 * pass as text or value is always escaped, tags and attribute names are ours, and
 * a script, style or event attribute cannot be written at all. Elements are
 * closed by name, so that a page is well formed or the program panics.
 *
 * Running out of memory or passing the page's limit is remembered and told by
 * html_take; the calls in between need no checks.
 */
#ifndef LIMPID_HTML_OUT_H
#define LIMPID_HTML_OUT_H

#include <stddef.h>

enum icon {
	ICON_NONE = 0,
	ICON_ALERT,
	ICON_BACK,
	ICON_BOX,
	ICON_CLIP,
	ICON_CLOSE,
	ICON_CODE,
	ICON_CUT,
	ICON_DROP,
	ICON_EYE_OFF,
	ICON_FILE,
	ICON_FORWARD,
	ICON_INBOX,
	ICON_LINK,
	ICON_LOCK,
	ICON_MENU,
	ICON_PERSON,
	ICON_PICTURE,
	ICON_REPLY,
	ICON_SEARCH,
	ICON_SHARED,
	ICON_SHIELD,
	ICON_SHIELD_OK,
	ICON_MAX
};

struct html;

/* A new page of at most max bytes; NULL: no memory. */
struct html *html_new(size_t max);
void html_free(struct html *h);

/*
 * Gives the finished page away: *data (caller frees) and *len. ERR_MEMORY or
 * ERR_LIMIT when a call before failed; panics when an element is still open.
 */
int html_take(struct html *h, char **data, size_t *len);

/* Doctype, head with title, and <body class>; html_page_end closes them. */
void html_page(struct html *h, const char *title, const char *body_class);
void html_page_end(struct html *h);

/*
 * Starts <tag class="class">; class NULL for none. Attributes may follow until
 * the next text or element. Void elements (input, img, br ...) have no end.
 */
void html_open(struct html *h, const char *tag, const char *class);
void html_end(struct html *h, const char *tag);

/*
 * An attribute of the element just started. href, src, action and formaction
 * must be local ("/..." or "#..."), anything else panics.
 */
void html_attr(struct html *h, const char *name, const char *value);
void html_attrf(struct html *h, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* One without a value: required, checked, open. */
void html_flag(struct html *h, const char *name);

/* Text: escaped, controls and bidi overrides shown as U+FFFD. */
void html_text(struct html *h, const char *s);
void html_textn(struct html *h, const char *s, size_t len);
void html_textf(struct html *h, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* <tag class="class">text</tag> */
void html_elem(struct html *h, const char *tag, const char *class,
    const char *text);
void html_elemf(struct html *h, const char *tag, const char *class,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* A decorative picture, hidden from screen readers; class NULL for none. */
void html_icon(struct html *h, enum icon icon, const char *class);

/*
 * `s` percent-encoded for use inside a query; a new string, caller frees,
 * NULL: no memory.
 */
char *html_query_escape(const char *s);

#endif
