/*
 * html_text: a page as text, and what is worth knowing of it.
 * Runs in: worker-html, in the jail; libxml2 parses, without network or files.
 * Hostile input: the page.
 * Must never: fetch anything, or let a link out alive.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libxml/HTMLparser.h>
#include <libxml/SAX2.h>
#include <libxml/parserInternals.h>

#include "err.h"
#include "html_private.h"
#include "links.h"
#include "text.h"

#define ELEMENTS_DEEP	1024		/* long chains of answers are deep */

static void
tell_number(struct html_writer *w, enum fact f, uint64_t n)
{
	char	 s[24];

	if (n == 0)
		return;
	snprintf(s, sizeof(s), "%llu", (unsigned long long)n);
	w->fact(w->arg, f, s);
}

/* The final form: clean, every link harmless. */
static char *
finish(struct html_writer *w)
{
	struct text_cleaned	 counts = { 0 };
	char			*clean, *safe = NULL;
	uint32_t		 found = 0;

	if (w->out.failed)
		return NULL;
	clean = text_clean(w->out.s != NULL ? w->out.s : "", w->out.len,
	    TEXT_BLOCK, SIZE_MAX, &counts);
	if (clean != NULL)
		safe = links_defang_text(clean, strlen(clean), &found);
	free(clean);
	tell_number(w, FACT_LINKS, (uint64_t)w->links + found);
	tell_number(w, FACT_EXTERNAL_LINKS, w->external);
	tell_number(w, FACT_SCRIPTS, w->scripts);
	tell_number(w, FACT_FORMS, w->forms);
	tell_number(w, FACT_INVISIBLE_CHARS, counts.invisible);
	/* How much, not what: nobody was meant to read it. */
	tell_number(w, FACT_HIDDEN_TEXT, w->hidden);
	return safe;
}

int
html_warm(void)
{
	xmlInitParser();
	xmlParserMaxDepth = ELEMENTS_DEEP + 1;	/* start_element sees to it */
	return ERR_OK;
}

void
html_find_charset(const uint8_t *s, size_t len, char out[64])
{
	char	 head[2049];
	char	*p;
	size_t	 i;

	*out = '\0';
	if (len > sizeof(head) - 1)
		len = sizeof(head) - 1;
	for (i = 0; i < len; i++)
		head[i] = s[i] == '\0' ? ' ' : (char)s[i];
	head[len] = '\0';
	for (p = head; (p = strcasestr(p, "<meta")) != NULL; p += 5) {
		char	*end = p + strcspn(p, ">");
		char	*c = strcasestr(p, "charset");

		if (c == NULL || c >= end)
			continue;
		c += 7 + strspn(c + 7, " \t=\"'");
		i = strcspn(c, "\"' \t/;>\r\n");
		snprintf(out, 64, "%.*s", i < 63 ? (int)i : 63, c);
		return;
	}
}

/* The page without NULs, which the library takes for its end. */
static char *
without_nul(const char *s, size_t len, size_t *out_len)
{
	char	*page;
	size_t	 i, n = 0;

	if (len > INT32_MAX || (page = malloc(len + 1)) == NULL)
		return NULL;
	for (i = 0; i < len; i++)
		if (s[i] != '\0')
			page[n++] = s[i];
	page[n] = '\0';
	*out_len = n;
	return page;
}

/* Below this depth elements are no nodes of their own; their words are those of the
 * last one that is. The names below it are known to the parser, so that ends meet
 * their beginnings. */
static void
start_element(void *arg, const xmlChar *name, const xmlChar **attributes)
{
	htmlParserCtxtPtr	 ctxt = arg;

	if (ctxt->nodeNr >= ELEMENTS_DEEP)
		(*(unsigned *)ctxt->_private)++;
	else
		xmlSAX2StartElement(ctxt, name, attributes);
}

static void
end_element(void *arg, const xmlChar *name)
{
	htmlParserCtxtPtr	 ctxt = arg;
	unsigned		*below = ctxt->_private;

	if (*below > 0)
		(*below)--;
	else
		xmlSAX2EndElement(ctxt, name);
}

static void
bound_depth(htmlParserCtxtPtr ctxt, unsigned *below)
{
	ctxt->sax->startElement = start_element;
	ctxt->sax->endElement = end_element;
	ctxt->_private = below;
}

char *
html_text(const char *utf8, size_t len, html_fact_fn *fact, void *arg,
    int *cut)
{
	struct html_writer	*w = NULL;
	htmlParserCtxtPtr ctxt = NULL;
	htmlDocPtr	 doc = NULL;
	char		*t = NULL, *page;
	unsigned	 below = 0;
	size_t		 n;

	*cut = 0;
	if ((page = without_nul(utf8, len, &n)) == NULL ||
	    (w = calloc(1, sizeof(*w))) == NULL ||
	    (w->css = html_css_new()) == NULL ||
	    (ctxt = htmlNewParserCtxt()) == NULL)
		goto out;
	if (html_bound_attributes(page, n) > 0)
		fact(arg, FACT_MALFORMED, "elements with more attributes than "
		    "any has; those too many are left out");
	bound_depth(ctxt, &below);
	w->fact = fact;
	w->arg = arg;
	w->at_start = 1;
	w->style[0].paper = 0xffffff;
	doc = htmlCtxtReadMemory(ctxt, page, (int)n, NULL, "UTF-8",
	    HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
	    HTML_PARSE_NONET | HTML_PARSE_COMPACT);
	*cut = ctxt->disableSAX != 0;
	if (doc != NULL) {
		html_look_sheets(w, xmlDocGetRootElement(doc));
		html_walk(w, xmlDocGetRootElement(doc));
	}
	t = finish(w);
 out:
	xmlFreeDoc(doc);
	htmlFreeParserCtxt(ctxt);
	if (w != NULL) {
		strbuf_free(&w->out);
		html_css_free(w->css);
		xmlFree(w->base);
	}
	free(w);
	free(page);
	return t;
}
