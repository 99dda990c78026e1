/*
 * What html_text.c, html_lines.c and html_walk.c share.
 */
#ifndef LIMPID_HTML_PRIVATE_H
#define LIMPID_HTML_PRIVATE_H

#include <stdint.h>

#include <libxml/tree.h>

#include "html_css.h"
#include "html_style.h"
#include "html_text.h"
#include "strbuf.h"

#define HTML_STYLES_MAX	256		/* nested elements whose style is followed */
#define HTML_LISTS_MAX	8

struct html_writer {
	struct strbuf	 out;
	html_fact_fn	*fact;
	void		*arg;
	int		 breaks;	/* newlines owed before the next text */
	int		 space;		/* a blank is owed */
	int		 cell;		/* a cell's border is owed */
	int		 at_start;	/* of a line */
	int		 line_quotes;	/* depth of the line written last */
	int		 pre, quotes, lists, skipped;
	int		 counters[HTML_LISTS_MAX];	/* 0: bullets */
	size_t		 link;		/* where the label began */
	struct html_style style[HTML_STYLES_MAX];
	unsigned	 depth;
	struct html_css	*css;
	xmlChar		*base;		/* what links begin from; NULL: none */
	uint32_t	 links, external, scripts, forms;
	uint64_t	 hidden;	/* characters; they stay outside */
};

/* The style of the element being written. */
struct html_style *html_style_now(struct html_writer *w);

/* At least n newlines before the next text. */
void html_owe_break(struct html_writer *w, int n);
/* Pays the newlines, borders and blanks that are owed: something follows. */
void html_pay(struct html_writer *w);
/* Our own mark, as it is. */
void html_put_mark(struct html_writer *w, const char *s);
/* Words of the page, with blanks run together. */
void html_put_flow(struct html_writer *w, const char *s);
/* A text node, in the way its element asks for. */
void html_put_text(struct html_writer *w, const xmlNode *n);

/* Takes out attributes beyond those that any element has; how many elements had
 * such. The page stays as long as it was. */
unsigned html_bound_attributes(char *page, size_t len);

/* An attribute as a new string for xmlFree, or NULL. */
char *html_attribute(xmlNode *n, const char *name);
/* Counts what an attribute, or a piece of a style, asks for from outside. */
void html_count_remote(struct html_writer *w, xmlNode *n, const char *name);
void html_count_css(struct html_writer *w, const char *css);
/* Reads the style sheets of a tree. */
void html_look_sheets(struct html_writer *w, xmlNode *root);
/* One element deeper: what it looks like. */
void html_look_enter(struct html_writer *w, xmlNode *n);

/* Writes a tree. */
void html_walk(struct html_writer *w, xmlNode *root);

#endif
