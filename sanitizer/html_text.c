/*
 * html_text: a tree of elements written down as lines of text.
 * Runs in: worker-html, in the jail; libxml2 parses, without network or files.
 * Hostile input: the page.
 * Must never: recurse with the page's depth, or show a label without its target.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>
#include <libxml/tree.h>

#include "err.h"
#include "html_style.h"
#include "html_text.h"
#include "links.h"
#include "strbuf.h"
#include "text.h"

#define ELEMENTS_DEEP	4096		/* long chains of answers are deep */
#define DEPTH_MAX	256		/* elements whose style is followed */
#define LISTS_MAX	8
#define QUOTES_MAX	8
#define LABEL_MAX	200
#define HIDDEN_MAX	200		/* characters quoted of hidden text */

struct writer {
	struct strbuf	 out;
	html_fact_fn	*fact;
	void		*arg;
	int		 breaks;	/* newlines owed before the next text */
	int		 space;		/* a blank is owed */
	int		 cell;		/* a cell's border is owed */
	int		 at_start;	/* of a line */
	int		 line_quotes;	/* depth of the line written last */
	int		 pre, quotes, lists, skipped;
	int		 counters[LISTS_MAX];	/* 0: bullets */
	size_t		 link;		/* where the label began */
	struct html_style style[DEPTH_MAX];
	unsigned	 depth;
	uint32_t	 links, external, scripts, forms;
	uint64_t	 hidden;	/* characters */
	struct strbuf	 hidden_text;
};

enum element {
	EL_INLINE, EL_BLOCK, EL_PARAGRAPH, EL_HEADING, EL_LIST, EL_ITEM, EL_ROW,
	EL_CELL, EL_QUOTE, EL_PRE, EL_BREAK, EL_RULE, EL_LINK, EL_IMAGE,
	EL_SKIP, EL_SCRIPT, EL_FORM, EL_FRAME, EL_FIELD, EL_SHEET
};

static const struct {
	const char	*name;
	enum element	 element;
} elements[] = {
	{ "a", EL_LINK }, { "address", EL_BLOCK }, { "applet", EL_SCRIPT },
	{ "area", EL_LINK }, { "article", EL_BLOCK }, { "aside", EL_BLOCK },
	{ "audio", EL_FRAME }, { "blockquote", EL_QUOTE }, { "br", EL_BREAK },
	{ "caption", EL_BLOCK }, { "center", EL_BLOCK }, { "dd", EL_BLOCK },
	{ "details", EL_BLOCK }, { "dir", EL_LIST }, { "div", EL_BLOCK },
	{ "dl", EL_PARAGRAPH }, { "dt", EL_BLOCK }, { "embed", EL_FRAME },
	{ "fieldset", EL_BLOCK }, { "figcaption", EL_BLOCK },
	{ "figure", EL_BLOCK }, { "footer", EL_BLOCK }, { "form", EL_FORM },
	{ "frame", EL_FRAME }, { "h1", EL_HEADING }, { "h2", EL_HEADING },
	{ "h3", EL_HEADING }, { "h4", EL_HEADING }, { "h5", EL_HEADING },
	{ "h6", EL_HEADING }, { "header", EL_BLOCK }, { "hr", EL_RULE },
	{ "iframe", EL_FRAME }, { "img", EL_IMAGE }, { "input", EL_FIELD },
	{ "legend", EL_BLOCK }, { "li", EL_ITEM }, { "link", EL_SHEET },
	{ "main", EL_BLOCK }, { "menu", EL_LIST }, { "nav", EL_BLOCK },
	{ "noscript", EL_BLOCK }, { "object", EL_FRAME }, { "ol", EL_LIST },
	{ "option", EL_BLOCK }, { "p", EL_PARAGRAPH }, { "plaintext", EL_PRE },
	{ "pre", EL_PRE }, { "script", EL_SCRIPT }, { "section", EL_BLOCK },
	{ "source", EL_FRAME }, { "style", EL_SKIP }, { "summary", EL_BLOCK },
	{ "svg", EL_SKIP }, { "table", EL_BLOCK }, { "tbody", EL_BLOCK },
	{ "td", EL_CELL }, { "template", EL_SKIP }, { "tfoot", EL_BLOCK },
	{ "th", EL_CELL }, { "thead", EL_BLOCK }, { "title", EL_SKIP },
	{ "tr", EL_ROW }, { "ul", EL_LIST }, { "video", EL_FRAME },
	{ "xmp", EL_PRE }
};

static enum element
element_of(const xmlNode *n)
{
	size_t	 i;

	for (i = 0; i < sizeof(elements) / sizeof(elements[0]); i++)
		if (xmlStrcasecmp(n->name, BAD_CAST elements[i].name) == 0)
			return elements[i].element;
	return EL_INLINE;
}

/* An attribute as a new string, or NULL. */
static char *
attribute(xmlNode *n, const char *name)
{
	return (char *)xmlGetProp(n, BAD_CAST name);
}

static int
attribute_is(xmlNode *n, const char *name, const char *value)
{
	char	*s = attribute(n, name);
	int	 r = s != NULL && strcasecmp(s, value) == 0;

	xmlFree(s);
	return r;
}

/* Lines */

static void
owe_break(struct writer *w, int n)
{
	if (w->out.len > 0 && w->breaks < n)
		w->breaks = n;
	w->space = 0;
	w->cell = 0;
}

static void
line_begin(struct writer *w)
{
	int	 i;

	for (i = 0; i < w->quotes && i < QUOTES_MAX; i++)
		strbuf_puts(&w->out, "> ");
	w->line_quotes = w->quotes;
	w->at_start = 0;
}

/* Pays what is owed before something visible. */
static void
pay(struct writer *w)
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

static void
put_marked(struct writer *w, const char *s)
{
	pay(w);
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

static void
put_flow(struct writer *w, const char *s)
{
	size_t	 n;

	while (*s != '\0') {
		if ((n = blank_len(s)) > 0) {
			if (w->breaks == 0 && !w->at_start)
				w->space = 1;
			s += n;
			continue;
		}
		pay(w);
		for (; *s != '\0' && blank_len(s) == 0; s++)
			strbuf_putc(&w->out, *s);
	}
}

static void
put_pre(struct writer *w, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\r')
			continue;
		if (*s == '\n') {
			w->breaks++;
			w->space = 0;
			continue;
		}
		pay(w);
		strbuf_putc(&w->out, *s);
	}
}

static void
put_hidden(struct writer *w, const char *s)
{
	for (; *s != '\0'; s++) {
		if (((uint8_t)*s & 0xc0) != 0x80 && blank_len(s) == 0)
			w->hidden++;
		if (w->hidden <= HIDDEN_MAX && w->hidden > 0)
			strbuf_putc(&w->hidden_text, *s);
	}
}

static struct html_style *
style_now(struct writer *w)
{
	return &w->style[w->depth < DEPTH_MAX ? w->depth : DEPTH_MAX - 1];
}

static void
put_text(struct writer *w, const xmlNode *n)
{
	const char	*s = (const char *)n->content;

	if (s == NULL || w->skipped)
		return;
	if (html_style_is_hidden(style_now(w)))
		put_hidden(w, s);
	else if (w->pre)
		put_pre(w, s);
	else
		put_flow(w, s);
}

/* Links and pictures */

static int
is_remote(const char *url)
{
	url += strspn(url, " \t\r\n");
	return strncasecmp(url, "http:", 5) == 0 ||
	    strncasecmp(url, "https:", 6) == 0 ||
	    strncasecmp(url, "ftp:", 4) == 0 || strncmp(url, "//", 2) == 0 ||
	    strncmp(url, "\\\\", 2) == 0 || strncasecmp(url, "file:", 5) == 0;
}

static void
count_remote(struct writer *w, xmlNode *n, const char *name)
{
	char	*url = attribute(n, name);

	if (url != NULL && is_remote(url))
		w->external++;
	xmlFree(url);
}

/* How often a style or style sheet asks for something from outside. */
static void
count_css(struct writer *w, const char *css)
{
	const char	*p;

	for (p = css; (p = strcasestr(p, "url(")) != NULL; p += 4)
		if (is_remote(p + 4 + strspn(p + 4, "\"' ")))
			w->external++;
	for (p = css; (p = strcasestr(p, "@import")) != NULL; p += 7)
		if (strncasecmp(p + 7 + strspn(p + 7, " "), "url(", 4) != 0)
			w->external++;
}

static void
put_target(struct writer *w, const char *before, const char *target)
{
	char	*safe = links_defang_target(target, strlen(target));

	if (safe == NULL)
		w->out.failed = 1;
	else if (*safe != '\0') {
		if (*before != '\0')
			w->space = 0;
		pay(w);
		strbuf_printf(&w->out, "%s<%s>", before, safe);
	}
	free(safe);
}

/* Whether a label is just the target written out. */
static int
label_is_target(const char *label, const char *target)
{
	char	*l = links_defang_target(label, strlen(label));
	char	*t = links_defang_target(target, strlen(target));
	size_t	 n;
	int	 r = 0;

	if (l != NULL && t != NULL) {
		n = strlen(t);
		if (n > 0 && t[n - 1] == '/' && strlen(l) + 1 == n)
			t[n - 1] = '\0';
		r = strcmp(l, t) == 0 || (strncmp(t, "mailto[:]", 9) == 0 &&
		    strcmp(l, t + 9) == 0);
	}
	free(l);
	free(t);
	return r;
}

static void
tell_mismatch(struct writer *w, const char *label, const char *target)
{
	char	*l = links_defang_text(label, strlen(label), NULL);
	char	*t = links_defang_target(target, strlen(target));
	char	*s = NULL;

	if (l != NULL && t != NULL &&
	    asprintf(&s, "\"%.600s\" goes to %.2000s", l, t) != -1) {
		w->fact(w->arg, FACT_LINK_MISMATCH, s);
		free(s);
	}
	free(l);
	free(t);
}

static void
link_end(struct writer *w, xmlNode *n)
{
	char	*href = attribute(n, "href"), *label;
	size_t	 start = w->link < w->out.len ? w->link : w->out.len;

	if (href == NULL || w->skipped || href[strspn(href, " \t\r\n")] == '#' ||
	    href[strspn(href, " \t\r\n")] == '\0' ||
	    html_style_is_hidden(style_now(w)) || w->out.failed)
		goto out;
	label = text_clean(w->out.s != NULL ? w->out.s + start : "",
	    w->out.len - start, TEXT_LINE, LABEL_MAX, NULL);
	if (label == NULL) {
		w->out.failed = 1;
		goto out;
	}
	if (strncasecmp(href + strspn(href, " \t\r\n"), "javascript:", 11) == 0)
		w->scripts++;
	if (!label_is_target(label, href)) {
		w->links++;
		put_target(w, *label != '\0' ? " " : "", href);
		if (links_mismatch(label, href))
			tell_mismatch(w, label, href);
	}
	free(label);
 out:
	xmlFree(href);
}

static void
put_image(struct writer *w, xmlNode *n)
{
	char	*alt = attribute(n, "alt");

	count_remote(w, n, "src");
	count_remote(w, n, "srcset");
	if (alt != NULL && alt[strspn(alt, " \t\r\n")] != '\0' && !w->skipped &&
	    !html_style_is_hidden(style_now(w))) {
		put_flow(w, " [image: ");
		put_flow(w, alt);
		w->space = 0;
		put_marked(w, "]");
		w->space = 1;
	}
	xmlFree(alt);
}

static void
put_field(struct writer *w, xmlNode *n)
{
	char	*value;

	if (attribute_is(n, "type", "hidden") || w->skipped)
		return;
	if (attribute_is(n, "type", "image"))
		count_remote(w, n, "src");
	if ((value = attribute(n, "value")) == NULL || *value == '\0') {
		xmlFree(value);
		value = attribute(n, "placeholder");
	}
	put_flow(w, " [field");
	if (value != NULL && *value != '\0') {
		put_flow(w, ": ");
		put_flow(w, value);
		w->space = 0;
	}
	put_marked(w, "]");
	w->space = 1;
	xmlFree(value);
}

static void
put_form(struct writer *w, xmlNode *n)
{
	char	*action = attribute(n, "action");

	w->forms++;
	if (action != NULL && *action != '\0' && !w->skipped) {
		owe_break(w, 1);
		put_marked(w, "[form, sends to]");
		put_target(w, " ", action);
		owe_break(w, 1);
	}
	xmlFree(action);
}

/* Elements */

static void
style_enter(struct writer *w, xmlNode *n)
{
	struct html_style	 s = *style_now(w);
	char			*v;

	w->depth++;
	if ((v = attribute(n, "bgcolor")) != NULL)
		html_style_paper(&s, v);
	xmlFree(v);
	if ((v = attribute(n, "background")) != NULL) {
		s.picture = 1;
		count_remote(w, n, "background");
	}
	xmlFree(v);
	v = attribute(n, xmlStrcasecmp(n->name, BAD_CAST "body") == 0 ?
	    "text" : "color");
	html_style_ink(&s, v);
	xmlFree(v);
	if ((v = attribute(n, "style")) != NULL) {
		html_style_apply(&s, v);
		count_css(w, v);
	}
	xmlFree(v);
	if (xmlHasProp(n, BAD_CAST "hidden") != NULL)
		s.hidden = 1;
	if (w->depth < DEPTH_MAX)
		w->style[w->depth] = s;
}

static void
count_handlers(struct writer *w, const xmlNode *n)
{
	const xmlAttr	*a;

	for (a = n->properties; a != NULL; a = a->next)
		if (xmlStrncasecmp(a->name, BAD_CAST "on", 2) == 0)
			w->scripts++;
}

static void
list_enter(struct writer *w, const xmlNode *n)
{
	owe_break(w, w->lists > 0 ? 1 : 2);
	if (w->lists < LISTS_MAX)
		w->counters[w->lists] = xmlStrcasecmp(n->name,
		    BAD_CAST "ol") == 0 ? 1 : 0;
	w->lists++;
}

static void
item_enter(struct writer *w)
{
	int	 i, last = w->lists < LISTS_MAX ? w->lists - 1 : LISTS_MAX - 1;

	owe_break(w, 1);
	if (w->skipped)
		return;
	pay(w);
	for (i = 0; i < last; i++)
		strbuf_puts(&w->out, "  ");
	if (last >= 0 && w->counters[last] > 0)
		strbuf_printf(&w->out, "%d. ", w->counters[last]++);
	else
		strbuf_puts(&w->out, "- ");
}

static void
heading_enter(struct writer *w, const xmlNode *n)
{
	int	 level = n->name[1] - '0';

	owe_break(w, 2);
	if (w->skipped || html_style_is_hidden(style_now(w)))
		return;
	pay(w);
	strbuf_printf(&w->out, "%.*s ", level, "######");
}

static void
sheet_enter(struct writer *w, xmlNode *n)
{
	if (attribute_is(n, "rel", "stylesheet"))
		count_remote(w, n, "href");
}

static void
skip_enter(struct writer *w, xmlNode *n)
{
	char	*css;

	if (w->skipped++ > 0 || xmlStrcasecmp(n->name, BAD_CAST "style") != 0)
		return;
	if ((css = (char *)xmlNodeGetContent(n)) != NULL)
		count_css(w, css);
	xmlFree(css);
}

static void
element_enter(struct writer *w, xmlNode *n)
{
	style_enter(w, n);
	count_handlers(w, n);
	switch (element_of(n)) {
	case EL_LINK:
		w->link = w->out.len;
		break;
	case EL_IMAGE:
		put_image(w, n);
		break;
	case EL_BREAK:
		w->breaks++;
		w->space = 0;
		if (w->out.len == 0)
			w->breaks = 0;
		break;
	case EL_RULE:
		owe_break(w, 1);
		put_marked(w, "----");
		owe_break(w, 1);
		break;
	case EL_PARAGRAPH:
		owe_break(w, 2);
		break;
	case EL_HEADING:
		heading_enter(w, n);
		break;
	case EL_LIST:
		list_enter(w, n);
		break;
	case EL_ITEM:
		item_enter(w);
		break;
	case EL_CELL:
		if (w->breaks == 0 && !w->at_start) {
			w->cell = 1;
			w->space = 0;
		}
		break;
	case EL_QUOTE:
		owe_break(w, 2);
		w->quotes++;
		break;
	case EL_PRE:
		owe_break(w, 2);
		w->pre++;
		break;
	case EL_SCRIPT:
		w->scripts++;
		w->skipped++;
		break;
	case EL_SKIP:
		skip_enter(w, n);
		break;
	case EL_FORM:
		put_form(w, n);
		break;
	case EL_FIELD:
		put_field(w, n);
		break;
	case EL_FRAME:
		count_remote(w, n, "src");
		count_remote(w, n, "data");
		break;
	case EL_SHEET:
		sheet_enter(w, n);
		break;
	case EL_BLOCK:
	case EL_ROW:
		owe_break(w, 1);
		break;
	case EL_INLINE:
	default:
		break;
	}
}

static void
element_leave(struct writer *w, xmlNode *n)
{
	switch (element_of(n)) {
	case EL_LINK:
		link_end(w, n);
		break;
	case EL_PARAGRAPH:
	case EL_HEADING:
		owe_break(w, 2);
		break;
	case EL_LIST:
		w->lists--;
		owe_break(w, w->lists > 0 ? 1 : 2);
		break;
	case EL_BLOCK:
	case EL_ROW:
	case EL_ITEM:
	case EL_FORM:
		owe_break(w, 1);
		break;
	case EL_QUOTE:
		w->quotes--;
		owe_break(w, 2);
		break;
	case EL_PRE:
		w->pre--;
		owe_break(w, 2);
		break;
	case EL_SCRIPT:
	case EL_SKIP:
		w->skipped--;
		break;
	case EL_INLINE:
	case EL_CELL:
	case EL_BREAK:
	case EL_RULE:
	case EL_IMAGE:
	case EL_FRAME:
	case EL_FIELD:
	case EL_SHEET:
	default:
		break;
	}
	w->depth--;
}

/* Every node in order, without recursion. */
static void
walk(struct writer *w, xmlNode *n)
{
	while (n != NULL && !w->out.failed) {
		if (n->type == XML_ELEMENT_NODE)
			element_enter(w, n);
		else if (n->type == XML_TEXT_NODE ||
		    n->type == XML_CDATA_SECTION_NODE)
			put_text(w, n);
		if (n->type == XML_ELEMENT_NODE && n->children != NULL) {
			n = n->children;
			continue;
		}
		if (n->type == XML_ELEMENT_NODE)
			element_leave(w, n);
		while (n->next == NULL && n->parent != NULL &&
		    n->parent->type == XML_ELEMENT_NODE) {
			n = n->parent;
			element_leave(w, n);
		}
		n = n->next;
	}
}

static void
tell_number(struct writer *w, enum fact f, uint64_t n)
{
	char	 s[24];

	if (n == 0)
		return;
	snprintf(s, sizeof(s), "%llu", (unsigned long long)n);
	w->fact(w->arg, f, s);
}

static void
tell_hidden(struct writer *w)
{
	char	*s, *safe = NULL, *value = NULL;

	if (w->hidden == 0)
		return;
	s = text_clean(w->hidden_text.s, w->hidden_text.len, TEXT_LINE,
	    4 * HIDDEN_MAX, NULL);
	if (s != NULL)
		safe = links_defang_text(s, strlen(s), NULL);
	if (safe != NULL && asprintf(&value, "%llu: %s%s",
	    (unsigned long long)w->hidden, safe, w->hidden > HIDDEN_MAX ?
	    "\u2026" : "") != -1) {
		w->fact(w->arg, FACT_HIDDEN_TEXT, value);
		free(value);
	}
	free(s);
	free(safe);
}

/* The final form: clean, every link harmless. */
static char *
finish(struct writer *w)
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
	tell_hidden(w);
	return safe;
}

int
html_warm(void)
{
	xmlInitParser();
	xmlParserMaxDepth = ELEMENTS_DEEP;
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

char *
html_text(const char *utf8, size_t len, html_fact_fn *fact, void *arg,
    int *cut)
{
	struct writer	*w = NULL;
	htmlParserCtxtPtr ctxt = NULL;
	htmlDocPtr	 doc = NULL;
	char		*t = NULL, *page;
	size_t		 n;

	*cut = 0;
	if ((page = without_nul(utf8, len, &n)) == NULL ||
	    (w = calloc(1, sizeof(*w))) == NULL ||
	    (ctxt = htmlNewParserCtxt()) == NULL)
		goto out;
	w->fact = fact;
	w->arg = arg;
	w->at_start = 1;
	w->style[0].paper = 0xffffff;
	doc = htmlCtxtReadMemory(ctxt, page, (int)n, NULL, "UTF-8",
	    HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
	    HTML_PARSE_NONET | HTML_PARSE_COMPACT);
	if (ctxt->disableSAX) {
		*cut = 1;
		fact(arg, FACT_MALFORMED, "nested so deeply that the rest of "
		    "the page is not read");
	}
	if (doc != NULL)
		walk(w, xmlDocGetRootElement(doc));
	t = finish(w);
 out:
	xmlFreeDoc(doc);
	htmlFreeParserCtxt(ctxt);
	if (w != NULL) {
		strbuf_free(&w->out);
		strbuf_free(&w->hidden_text);
	}
	free(w);
	free(page);
	return t;
}
