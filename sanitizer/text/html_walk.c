/*
 * html_walk: what each element of a page is in text, and where its links go.
 * Runs in: worker-html, in the jail.
 * Hostile input: the tree of the page.
 * Must never: recurse with the page's depth, or show a label without its target.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libxml/uri.h>

#include "html_private.h"
#include "links.h"
#include "text.h"

#define LABEL_MAX	200

enum element {
	EL_INLINE, EL_BLOCK, EL_PARAGRAPH, EL_HEADING, EL_LIST, EL_ITEM, EL_ROW,
	EL_CELL, EL_QUOTE, EL_PRE, EL_BREAK, EL_RULE, EL_LINK, EL_IMAGE,
	EL_SKIP, EL_SCRIPT, EL_FORM, EL_FRAME, EL_FIELD, EL_SHEET, EL_BASE, EL_META
};

static const struct {
	const char	*name;
	enum element	 element;
} elements[] = {
	{ "a", EL_LINK }, { "address", EL_BLOCK }, { "applet", EL_SCRIPT },
	{ "area", EL_LINK }, { "article", EL_BLOCK }, { "aside", EL_BLOCK },
	{ "audio", EL_FRAME }, { "base", EL_BASE }, { "blockquote", EL_QUOTE }, { "br", EL_BREAK },
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
	{ "main", EL_BLOCK }, { "meta", EL_META }, { "menu", EL_LIST }, { "nav", EL_BLOCK },
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

static int
attribute_is(xmlNode *n, const char *name, const char *value)
{
	char	*s = html_attribute(n, name);
	int	 r = s != NULL && strcasecmp(s, value) == 0;

	xmlFree(s);
	return r;
}

/* Links and pictures */

static void
put_target(struct html_writer *w, const char *before, const char *target)
{
	char	*safe = links_defang_target(target, strlen(target));

	if (safe == NULL)
		w->out.failed = 1;
	else if (*safe != '\0') {
		if (*before != '\0')
			w->space = 0;
		html_pay(w);
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
tell_mismatch(struct html_writer *w, const char *label, const char *target)
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

/* The target of a link; a base that the page names counts for what names no host. */
static char *
link_target(const struct html_writer *w, xmlNode *n, const char *name)
{
	char	*href = html_attribute(n, name), *whole;

	if (href == NULL || w->base == NULL || strchr(href, ':') != NULL ||
	    href[strspn(href, " \t\r\n")] == '#' ||
	    href[strspn(href, " \t\r\n")] == '\0' ||
	    (whole = (char *)xmlBuildURI(BAD_CAST href, w->base)) == NULL)
		return href;
	xmlFree(href);
	return whole;
}

static void
base_enter(struct html_writer *w, xmlNode *n)
{
	if (w->base == NULL)
		w->base = xmlGetProp(n, BAD_CAST "href");
}

/* A page that goes on to another one by itself. */
static void
meta_enter(struct html_writer *w, xmlNode *n)
{
	char	*content = html_attribute(n, "content"), *url;

	if (content != NULL && attribute_is(n, "http-equiv", "refresh") &&
	    (url = strcasestr(content, "url")) != NULL) {
		url += 3 + strspn(url + 3, " \t=\"'");
		url[strcspn(url, "\"'")] = '\0';
		w->links++;
		html_put_mark(w, "[goes on by itself to]");
		put_target(w, " ", url);
		html_owe_break(w, 2);
	}
	xmlFree(content);
}

static void
link_end(struct html_writer *w, xmlNode *n)
{
	char	*href = link_target(w, n, "href"), *label;
	size_t	 start = w->link < w->out.len ? w->link : w->out.len;

	if (href == NULL || w->skipped || href[strspn(href, " \t\r\n")] == '#' ||
	    href[strspn(href, " \t\r\n")] == '\0' ||
	    html_style_is_hidden(html_style_now(w)) || w->out.failed)
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
put_image(struct html_writer *w, xmlNode *n)
{
	char	*alt = html_attribute(n, "alt");

	html_count_remote(w, n, "src");
	html_count_remote(w, n, "srcset");
	if (alt != NULL && alt[strspn(alt, " \t\r\n")] != '\0' && !w->skipped &&
	    !html_style_is_hidden(html_style_now(w))) {
		html_put_flow(w, " [image: ");
		html_put_flow(w, alt);
		w->space = 0;
		html_put_mark(w, "]");
		w->space = 1;
	}
	xmlFree(alt);
}

static void
put_field(struct html_writer *w, xmlNode *n)
{
	char	*value;

	if (attribute_is(n, "type", "hidden") || w->skipped)
		return;
	if (attribute_is(n, "type", "image"))
		html_count_remote(w, n, "src");
	if ((value = html_attribute(n, "value")) == NULL || *value == '\0') {
		xmlFree(value);
		value = html_attribute(n, "placeholder");
	}
	html_put_flow(w, " [field");
	if (value != NULL && *value != '\0') {
		html_put_flow(w, ": ");
		html_put_flow(w, value);
		w->space = 0;
	}
	html_put_mark(w, "]");
	w->space = 1;
	xmlFree(value);
}

static void
put_form(struct html_writer *w, xmlNode *n)
{
	char	*action = link_target(w, n, "action");

	w->forms++;
	if (action != NULL && *action != '\0' && !w->skipped) {
		html_owe_break(w, 1);
		html_put_mark(w, "[form, sends to]");
		put_target(w, " ", action);
		html_owe_break(w, 1);
	}
	xmlFree(action);
}

/* Elements */

static void
count_handlers(struct html_writer *w, const xmlNode *n)
{
	const xmlAttr	*a;

	for (a = n->properties; a != NULL; a = a->next)
		if (xmlStrncasecmp(a->name, BAD_CAST "on", 2) == 0)
			w->scripts++;
}

static void
list_enter(struct html_writer *w, const xmlNode *n)
{
	html_owe_break(w, w->lists > 0 ? 1 : 2);
	if (w->lists < HTML_LISTS_MAX)
		w->counters[w->lists] = xmlStrcasecmp(n->name,
		    BAD_CAST "ol") == 0 ? 1 : 0;
	w->lists++;
}

static void
item_enter(struct html_writer *w)
{
	int	 i, last = w->lists < HTML_LISTS_MAX ? w->lists - 1 : HTML_LISTS_MAX - 1;

	html_owe_break(w, 1);
	if (w->skipped)
		return;
	html_pay(w);
	for (i = 0; i < last; i++)
		strbuf_puts(&w->out, "  ");
	if (last >= 0 && w->counters[last] > 0)
		strbuf_printf(&w->out, "%d. ", w->counters[last]++);
	else
		strbuf_puts(&w->out, "- ");
}

static void
heading_enter(struct html_writer *w, const xmlNode *n)
{
	int	 level = n->name[1] - '0';

	html_owe_break(w, 2);
	if (w->skipped || html_style_is_hidden(html_style_now(w)))
		return;
	html_pay(w);
	strbuf_printf(&w->out, "%.*s ", level, "######");
}

static void
sheet_enter(struct html_writer *w, xmlNode *n)
{
	if (attribute_is(n, "rel", "stylesheet"))
		html_count_remote(w, n, "href");
}

static void
skip_enter(struct html_writer *w, xmlNode *n)
{
	char	*css;

	if (w->skipped++ > 0 || xmlStrcasecmp(n->name, BAD_CAST "style") != 0)
		return;
	if ((css = (char *)xmlNodeGetContent(n)) != NULL)
		html_count_css(w, css);
	xmlFree(css);
}

static void
element_enter(struct html_writer *w, xmlNode *n)
{
	html_look_enter(w, n);
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
		html_owe_break(w, 1);
		html_put_mark(w, "----");
		html_owe_break(w, 1);
		break;
	case EL_PARAGRAPH:
		html_owe_break(w, 2);
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
		html_owe_break(w, 2);
		w->quotes++;
		break;
	case EL_PRE:
		html_owe_break(w, 2);
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
		html_count_remote(w, n, "src");
		html_count_remote(w, n, "data");
		break;
	case EL_SHEET:
		sheet_enter(w, n);
		break;
	case EL_BASE:
		base_enter(w, n);
		break;
	case EL_META:
		meta_enter(w, n);
		break;
	case EL_BLOCK:
	case EL_ROW:
		html_owe_break(w, 1);
		break;
	case EL_INLINE:
	default:
		break;
	}
}

static void
element_leave(struct html_writer *w, xmlNode *n)
{
	switch (element_of(n)) {
	case EL_LINK:
		link_end(w, n);
		break;
	case EL_PARAGRAPH:
	case EL_HEADING:
		html_owe_break(w, 2);
		break;
	case EL_LIST:
		w->lists--;
		html_owe_break(w, w->lists > 0 ? 1 : 2);
		break;
	case EL_BLOCK:
	case EL_ROW:
	case EL_ITEM:
	case EL_FORM:
		html_owe_break(w, 1);
		break;
	case EL_QUOTE:
		w->quotes--;
		html_owe_break(w, 2);
		break;
	case EL_PRE:
		w->pre--;
		html_owe_break(w, 2);
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
	case EL_BASE:
	case EL_META:
	default:
		break;
	}
	w->depth--;
}

/* Every node in order, without recursion. */
void
html_walk(struct html_writer *w, xmlNode *n)
{
	while (n != NULL && !w->out.failed) {
		if (n->type == XML_ELEMENT_NODE)
			element_enter(w, n);
		else if (n->type == XML_TEXT_NODE ||
		    n->type == XML_CDATA_SECTION_NODE)
			html_put_text(w, n);
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

