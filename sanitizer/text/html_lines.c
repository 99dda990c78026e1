/*
 * html_lines: words, breaks, cells and quotes as lines of text.
 * Runs in: worker-html, in the jail.
 * Hostile input: the text of the page.
 * Must never: show what the page hides from its reader.
 */
#include <string.h>

#include "html_private.h"

#define QUOTES_MAX	8

void
html_owe_break(struct html_writer *w, int n)
{
	if (w->out.len > 0 && w->breaks < n)
		w->breaks = n;
	w->space = 0;
	w->cell = 0;
}

static void
line_begin(struct html_writer *w)
{
	int	 i;

	for (i = 0; i < w->quotes && i < QUOTES_MAX; i++)
		strbuf_puts(&w->out, "> ");
	w->line_quotes = w->quotes;
	w->at_start = 0;
}

void
html_pay(struct html_writer *w)
{
	int	 i;

	if (w->breaks > 0 && w->at_start)
		w->breaks--;
	for (; w->breaks > 0; w->breaks--) {
		strbuf_putc(&w->out, '\n');
		w->at_start = 1;
		/* An empty line inside a quotation is quoted, too. */
		for (i = 0; w->breaks > 1 && i < w->quotes &&
		    i < w->line_quotes && i < QUOTES_MAX; i++)
			strbuf_puts(&w->out, ">");
	}
	w->breaks = 0;
	if (w->at_start)
		line_begin(w);
	else if (w->cell)
		strbuf_puts(&w->out, " | ");
	else if (w->space)
		strbuf_putc(&w->out, ' ');
	w->space = 0;
	w->cell = 0;
}

void
html_put_mark(struct html_writer *w, const char *s)
{
	html_pay(w);
	strbuf_puts(&w->out, s);
}

/* The length of a blank at s, 0 when it is none. */
static size_t
blank_len(const char *s)
{
	if (strchr(" \t\r\n\f", *s) != NULL && *s != '\0')
		return 1;
	return strncmp(s, "\u00a0", 2) == 0 ? 2 : 0;
}

void
html_put_flow(struct html_writer *w, const char *s)
{
	size_t	 n;

	while (*s != '\0') {
		if ((n = blank_len(s)) > 0) {
			if (w->breaks == 0 && !w->at_start)
				w->space = 1;
			s += n;
			continue;
		}
		html_pay(w);
		for (; *s != '\0' && blank_len(s) == 0; s++)
			strbuf_putc(&w->out, *s);
	}
}

static void
put_pre(struct html_writer *w, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\r')
			continue;
		if (*s == '\n') {
			w->breaks++;
			w->space = 0;
			continue;
		}
		html_pay(w);
		strbuf_putc(&w->out, *s);
	}
}

static void
count_hidden(struct html_writer *w, const char *s)
{
	for (; *s != '\0'; s++)
		if (((uint8_t)*s & 0xc0) != 0x80 && blank_len(s) == 0)
			w->hidden++;
}

struct html_style *
html_style_now(struct html_writer *w)
{
	return &w->style[w->depth < HTML_STYLES_MAX ? w->depth : HTML_STYLES_MAX - 1];
}

void
html_put_text(struct html_writer *w, const xmlNode *n)
{
	const char	*s = (const char *)n->content;

	if (s == NULL || w->skipped)
		return;
	if (html_style_is_hidden(html_style_now(w)))
		count_hidden(w, s);
	else if (w->pre)
		put_pre(w, s);
	else
		html_put_flow(w, s);
}

