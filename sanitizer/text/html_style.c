/*
 * html_style: the few properties that hide text.
 * Runs in: worker-html, in the jail.
 * Hostile input: style attributes and declarations of style sheets.
 * Must never: follow anything that a style names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "html_style.h"

#define VALUE_MAX	128

static const struct {
	const char	*name;
	uint32_t	 rgb;
} colours[] = {
	{ "white", 0xffffff }, { "black", 0x000000 }, { "snow", 0xfffafa },
	{ "ivory", 0xfffff0 }, { "ghostwhite", 0xf8f8ff },
	{ "whitesmoke", 0xf5f5f5 }, { "red", 0xff0000 }, { "green", 0x008000 },
	{ "blue", 0x0000ff }, { "gray", 0x808080 }, { "grey", 0x808080 },
	{ "yellow", 0xffff00 }, { "silver", 0xc0c0c0 }, { "navy", 0x000080 }
};

static int
colour_parse(const char *s, uint32_t *rgb)
{
	char		*end;
	unsigned long	 v;
	unsigned	 c[3];
	size_t		 i;

	s += strspn(s, " \t");
	if (*s == '#' || strspn(s, "0123456789abcdefABCDEF") == 6) {
		s += *s == '#';
		v = strtoul(s, &end, 16);
		if (end - s == 6)
			*rgb = (uint32_t)v;
		else if (end - s == 3)
			*rgb = (uint32_t)((v >> 8 & 15) * 0x110000 +
			    (v >> 4 & 15) * 0x1100 + (v & 15) * 0x11);
		else
			return 0;
		return 1;
	}
	if (strncasecmp(s, "rgb(", 4) == 0 || strncasecmp(s, "rgba(", 5) == 0) {
		s = strchr(s, '(') + 1;
		for (i = 0; i < 3; i++) {
			c[i] = (unsigned)strtoul(s, &end, 10) & 255;
			s = end + strspn(end, " ,");
		}
		*rgb = c[0] << 16 | c[1] << 8 | c[2];
		return 1;
	}
	for (i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
		if (strcasecmp(s, colours[i].name) == 0) {
			*rgb = colours[i].rgb;
			return 1;
		}
	return 0;
}

void
html_style_ink(struct html_style *s, const char *colour)
{
	if (colour != NULL)
		colour_parse(colour, &s->ink);
}

void
html_style_paper(struct html_style *s, const char *colour)
{
	if (colour != NULL && colour_parse(colour, &s->paper))
		s->picture = 0;
}

/* The first number of a value; 1 when the value has one. */
static int
number(const char *value, double *n)
{
	char	*end;

	*n = strtod(value, &end);
	return end != value;
}

static void
apply_background(struct html_style *s, const char *value)
{
	char	 word[VALUE_MAX], *next;
	char	*p = word;

	if (strstr(value, "url(") != NULL || strstr(value, "gradient") != NULL)
		s->picture = 1;
	if (strncmp(value, "rgb", 3) == 0) {
		html_style_paper(s, value);
		return;
	}
	snprintf(word, sizeof(word), "%s", value);
	for (; (next = strsep(&p, " ")) != NULL;)
		html_style_paper(s, next);
}

/* Ways to hide an element; those of one line work together only. */
enum {
	OWN_NONE = 1,			/* display: none */
	OWN_FAINT = 2,			/* opacity: 0 */
	OWN_AWAY = 4,			/* far outside of the page */
	OWN_CLIPPED = 8,		/* clip: rect(0,0,0,0) */
	OWN_FLAT = 16, OWN_CUT = 32	/* height: 0, overflow: hidden */
};

static void
set_own(struct html_style *s, unsigned bit, int on)
{
	s->own = on ? s->own | bit : s->own & ~bit;
}

static int
is_clear(const char *colour)
{
	const char	*p = strrchr(colour, ',');

	return strncmp(colour, "transparent", 11) == 0 ||
	    (strncmp(colour, "rgba(", 5) == 0 && p != NULL &&
	    strtod(p + 1, NULL) < 0.05);
}

/* What moves or squeezes the element; has: the value begins with the number n. */
static void
apply_box(struct html_style *s, const char *name, const char *value, int has,
    double n)
{
	if (strcmp(name, "max-height") == 0 || strcmp(name, "height") == 0)
		set_own(s, OWN_FLAT, has && n < 1);
	else if (strncmp(name, "overflow", 8) == 0)
		set_own(s, OWN_CUT, strncmp(value, "hidden", 6) == 0 ||
		    strncmp(value, "clip", 4) == 0);
	else if (strcmp(name, "text-indent") == 0 || strcmp(name, "left") == 0 ||
	    strcmp(name, "top") == 0 || strcmp(name, "margin-left") == 0)
		set_own(s, OWN_AWAY, (s->own & OWN_AWAY) || (has && n <= -900));
	else if (strcmp(name, "clip") == 0)
		set_own(s, OWN_CLIPPED, strncmp(value, "rect(0", 6) == 0 ||
		    strncmp(value, "rect(1px", 8) == 0);
}

/* One declaration, lower case, without blanks around. */
static void
apply(struct html_style *s, const char *name, const char *value)
{
	double	 n = 0;
	int	 has = number(value, &n);

	if (strcmp(name, "display") == 0)
		set_own(s, OWN_NONE, strncmp(value, "none", 4) == 0);
	else if (strcmp(name, "visibility") == 0)
		s->invisible = strncmp(value, "hidden", 6) == 0 ||
		    strncmp(value, "collapse", 8) == 0;
	else if (strcmp(name, "opacity") == 0)
		set_own(s, OWN_FAINT, has && n < 0.05);
	else if (strcmp(name, "font-size") == 0)
		s->tiny = has && (n < 0.05 || (n <= 2 &&
		    (strstr(value, "px") != NULL ||
		    strstr(value, "pt") != NULL)));
	else if (strcmp(name, "color") == 0) {
		s->clear = is_clear(value);
		html_style_ink(s, value);
	} else if (strncmp(name, "background", 10) == 0)
		apply_background(s, value);
	else
		apply_box(s, name, value, has, n);
}

/* Copies [s, e) in lower case without blanks around. */
static void
copy_lower(char *out, const char *s, const char *e)
{
	size_t	 n = 0;

	while (s < e && strchr(" \t\r\n", *s) != NULL)
		s++;
	while (e > s && strchr(" \t\r\n", e[-1]) != NULL)
		e--;
	for (; s < e && n + 1 < VALUE_MAX; s++)
		out[n++] = *s >= 'A' && *s <= 'Z' ? *s + 'a' - 'A' : *s;
	out[n] = '\0';
}

void
html_style_apply(struct html_style *s, const char *css, int important)
{
	char		 name[VALUE_MAX], value[VALUE_MAX];
	const char	*end, *colon;

	for (; *css != '\0'; css = *end == '\0' ? end : end + 1) {
		end = css + strcspn(css, ";");
		colon = memchr(css, ':', (size_t)(end - css));
		if (colon == NULL)
			continue;
		copy_lower(name, css, colon);
		copy_lower(value, colon + 1, end);
		if ((strstr(value, "!important") != NULL ||
		    strstr(value, "! important") != NULL) == important)
			apply(s, name, value);
	}
}

static int
is_hiding(unsigned own)
{
	return (own & (OWN_NONE | OWN_FAINT | OWN_AWAY | OWN_CLIPPED)) != 0 ||
	    (own & (OWN_FLAT | OWN_CUT)) ==
	    (OWN_FLAT | OWN_CUT);
}

static int
is_near(uint32_t a, uint32_t b)
{
	int	 shift;

	for (shift = 0; shift <= 16; shift += 8)
		if (abs((int)(a >> shift & 255) - (int)(b >> shift & 255)) > 10)
			return 0;
	return 1;
}

struct html_style
html_style_inside(const struct html_style *outer)
{
	struct html_style	 s = *outer;

	s.hidden = outer->hidden || is_hiding(outer->own);
	s.own = 0;
	return s;
}

void
html_style_hide(struct html_style *s)
{
	s->own |= OWN_NONE;
}

int
html_style_is_hidden(const struct html_style *s)
{
	return s->hidden || is_hiding(s->own) || s->invisible || s->tiny ||
	    s->clear || (!s->picture && is_near(s->ink, s->paper));
}
