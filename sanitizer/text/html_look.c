/*
 * html_look: what an element looks like, by its attributes and the page's sheets,
 * and what of that would be fetched.
 * Runs in: worker-html, in the jail.
 * Hostile input: the tree of the page.
 * Must never: fetch anything that a style names.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "err.h"
#include "html_private.h"

char *
html_attribute(xmlNode *n, const char *name)
{
	return (char *)xmlGetProp(n, BAD_CAST name);
}

static int
is_remote(const char *url)
{
	url += strspn(url, " \t\r\n");
	return strncasecmp(url, "http:", 5) == 0 ||
	    strncasecmp(url, "https:", 6) == 0 ||
	    strncasecmp(url, "ftp:", 4) == 0 || strncmp(url, "//", 2) == 0 ||
	    strncmp(url, "\\\\", 2) == 0 || strncasecmp(url, "file:", 5) == 0;
}

void
html_count_remote(struct html_writer *w, xmlNode *n, const char *name)
{
	char	*url = html_attribute(n, name);

	if (url != NULL && is_remote(url))
		w->external++;
	xmlFree(url);
}

void
html_count_css(struct html_writer *w, const char *css)
{
	const char	*p;

	for (p = css; (p = strcasestr(p, "url(")) != NULL; p += 4)
		if (is_remote(p + 4 + strspn(p + 4, "\"' ")))
			w->external++;
	for (p = css; (p = strcasestr(p, "@import")) != NULL; p += 7)
		if (strncasecmp(p + 7 + strspn(p + 7, " "), "url(", 4) != 0)
			w->external++;
}

/* Whether a sheet is for screens of every size. */
static int
is_for_screen(xmlNode *n)
{
	char	*media = html_attribute(n, "media");
	int	 r = media == NULL || strcasecmp(media, "all") == 0 ||
		    strcasecmp(media, "screen") == 0 || *media == '\0';

	xmlFree(media);
	return r;
}

static void
add_sheet(struct html_writer *w, xmlNode *n)
{
	char	*css;

	if (!is_for_screen(n) || (css = (char *)xmlNodeGetContent(n)) == NULL)
		return;
	if (html_css_add(w->css, css, strlen(css)) == ERR_MEMORY)
		w->out.failed = 1;
	xmlFree(css);
}

/* The next node in the order of the page, without recursion. */
static xmlNode *
node_after(xmlNode *n)
{
	if (n->type == XML_ELEMENT_NODE && n->children != NULL)
		return n->children;
	while (n->next == NULL && n->parent != NULL &&
	    n->parent->type == XML_ELEMENT_NODE)
		n = n->parent;
	return n->next;
}

void
html_look_sheets(struct html_writer *w, xmlNode *n)
{
	for (; n != NULL; n = node_after(n))
		if (n->type == XML_ELEMENT_NODE && xmlStrcasecmp(n->name,
		    BAD_CAST "style") == 0)
			add_sheet(w, n);
	w->style[0].picture = html_css_papers_unknown(w->css);
}

static char *
get_attribute(void *arg, const char *name)
{
	char	*s = html_attribute(arg, name), *copy;

	copy = s == NULL ? NULL : strdup(s);
	xmlFree(s);
	return copy;
}

/* Sheets and the element's own style, in the order in which the last one wins. */
static void
apply_styles(struct html_writer *w, xmlNode *n, struct html_style *s)
{
	char	*own = html_attribute(n, "style");
	char	*id = html_attribute(n, "id");
	char	*classes = html_attribute(n, "class");
	struct html_css_element	 e = { (const char *)n->name, id, classes,
				    get_attribute, n };

	for (int important = 0; important < 2; important++) {
		html_css_apply(w->css, &e, s, important);
		if (own != NULL)
			html_style_apply(s, own, important);
	}
	if (own != NULL)
		html_count_css(w, own);
	xmlFree(own);
	xmlFree(id);
	xmlFree(classes);
}

void
html_look_enter(struct html_writer *w, xmlNode *n)
{
	struct html_style	 s = html_style_inside(html_style_now(w));
	char			*v;

	w->depth++;
	if ((v = html_attribute(n, "bgcolor")) != NULL)
		html_style_paper(&s, v);
	xmlFree(v);
	if ((v = html_attribute(n, "background")) != NULL) {
		s.picture = 1;
		html_count_remote(w, n, "background");
	}
	xmlFree(v);
	v = html_attribute(n, xmlStrcasecmp(n->name, BAD_CAST "body") == 0 ?
	    "text" : "color");
	html_style_ink(&s, v);
	xmlFree(v);
	if (xmlHasProp(n, BAD_CAST "hidden") != NULL)
		html_style_hide(&s);
	apply_styles(w, n, &s);
	if (w->depth < HTML_STYLES_MAX)
		w->style[w->depth] = s;
}
