/*
 * html_bound: takes out of a page what its parser is slow on. libxml2 compares each
 * attribute of an element with all that came before it.
 * Runs in: worker-html, in the jail.
 * Hostile input: the page.
 * Must never: change an element that has few attributes.
 */
#include <string.h>

#include "html_private.h"

#define ATTRIBUTES_MAX	128
#define BLANKS		" \t\r\n\f"

/* Over a name or a value without quotes. */
static char *
skip_word(char *p, const char *end, const char *until)
{
	while (p < end && strchr(until, *p) == NULL)
		p++;
	return p;
}

static char *
skip_blanks(char *p, const char *end)
{
	while (p < end && strchr(BLANKS, *p) != NULL)
		p++;
	return p;
}

/* Over one attribute, its value included. */
static char *
skip_attribute(char *p, const char *end)
{
	char	*quote;

	p = skip_word(p + 1, end, BLANKS "=>/");
	p = skip_blanks(p, end);
	if (p == end || *p != '=')
		return p;
	p = skip_blanks(p + 1, end);
	if (p == end || (*p != '"' && *p != '\''))
		return skip_word(p, end, BLANKS ">");
	quote = memchr(p + 1, *p, (size_t)(end - p) - 1);
	return quote == NULL ? (char *)(uintptr_t)end : quote + 1;
}

/* Over one tag; what it has too many of becomes blanks. */
static char *
bound_tag(char *p, const char *end, unsigned *cut)
{
	char		*from = NULL;
	unsigned	 n = 0;

	p = skip_word(p, end, BLANKS ">/");
	for (;;) {
		while (p < end && (*p == '/' || strchr(BLANKS, *p) != NULL))
			p++;
		if (p == end || *p == '>')
			break;
		if (n++ == ATTRIBUTES_MAX)
			from = p;
		p = skip_attribute(p, end);
	}
	if (from != NULL) {
		memset(from, ' ', (size_t)(p - from));
		(*cut)++;
	}
	return p;
}

unsigned
html_bound_attributes(char *page, size_t len)
{
	char		*p = page, *end = page + len;
	unsigned	 cut = 0;

	while ((p = memchr(p, '<', (size_t)(end - p))) != NULL) {
		p++;
		if (p < end && ((*p >= 'a' && *p <= 'z') ||
		    (*p >= 'A' && *p <= 'Z')))
			p = bound_tag(p, end, &cut);
	}
	return cut;
}
