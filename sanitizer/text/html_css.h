/*
 * Style sheets of a page, as far as they can hide text: rules whose selector is a
 * type, classes, an id and attributes of one element. Everything else that a sheet
 * may say is left out, so a page may hide more than is found, and never less.
 */
#ifndef LIMPID_HTML_CSS_H
#define LIMPID_HTML_CSS_H

#include <stddef.h>

#include "html_style.h"

struct html_css;

/* An element as a selector sees it; strings may be NULL. */
struct html_css_element {
	const char	*type, *id, *classes;
	/* The value of another attribute as a new string for free(); NULL: none. */
	char		*(*attribute)(void *arg, const char *name);
	void		*arg;
};

/* NULL: no memory. */
struct html_css *html_css_new(void);
void html_css_free(struct html_css *c);

/* Adds the content of a style element, which is copied. ERR_OK, ERR_MEMORY;
 * ERR_LIMIT when no more fits and the rest is left out. */
int html_css_add(struct html_css *c, const char *css, size_t len);

/* Applies what the rules say of this element: its declarations that are important,
 * or those that are not. A page that asks for too much work is left alone. */
void html_css_apply(struct html_css *c, const struct html_css_element *e,
    struct html_style *s, int important);

/* Whether a rule that is left out gives a background to something: then nobody knows
 * on what colour a text stands. */
int html_css_papers_unknown(const struct html_css *c);

#endif
