/*
 * Purpose: the table of addresses, and reading the numbers in them.
 * Process: limpid-viewerd.
 * Hostile input: the path of every request.
 * Must never: give a reference, part or page that was not fully checked.
 */
#include <string.h>

#include "err.h"
#include "route.h"

/* %r a reference, %n a number, %p a page number or "body". */
static const struct rule {
	const char	*pattern;
	enum route	 route;
	int		 get, post, open;
} rules[] = {
	{ "/", ROUTE_LIST, 1, 0, 0 },
	{ "/mail/%r", ROUTE_MAIL, 1, 0, 0 },
	{ "/mail/%r/picture/%n/%p", ROUTE_PICTURE, 1, 0, 0 },
	{ "/mail/%r/text/%n/%p", ROUTE_TEXT, 1, 0, 0 },
	{ "/search", ROUTE_SEARCH, 1, 0, 0 },
	{ "/mark", ROUTE_MARK, 0, 1, 0 },
	{ "/signin", ROUTE_SIGNIN, 1, 1, 1 },
	{ "/signout", ROUTE_SIGNOUT, 0, 1, 0 },
	{ "/style.css", ROUTE_STYLE, 1, 0, 1 },
};

/* One to nine digits without a leading zero; moves *s behind them. */
static int
take_number(const char **s, uint32_t *out)
{
	const char	*p = *s;
	uint32_t	 v = 0;
	int		 n;

	for (n = 0; n < 9 && *p >= '0' && *p <= '9'; n++, p++)
		v = v * 10 + (uint32_t)(*p - '0');
	if (n == 0 || (n > 1 && **s == '0') || (*p >= '0' && *p <= '9'))
		return 0;
	*s = p;
	*out = v;
	return 1;
}

/* A reference up to the next slash, in any of the forms people type. */
static int
take_ref(const char **s, char out[REF_TEXT_LEN + 1])
{
	char		 buf[64];
	struct ref	 ref;
	size_t		 n = strcspn(*s, "/");

	if (n == 0 || n >= sizeof(buf))
		return 0;
	memcpy(buf, *s, n);
	buf[n] = '\0';
	if (ref_parse(buf, &ref) != ERR_OK)
		return 0;
	ref_format(&ref, out);
	*s += n;
	return 1;
}

static int
take_page(const char **s, int32_t *out)
{
	uint32_t	 v;

	if (strncmp(*s, "body", 4) == 0) {
		*s += 4;
		*out = -1;
		return 1;
	}
	if (!take_number(s, &v))
		return 0;
	*out = (int32_t)v;
	return 1;
}

static int
rule_matches(const char *pattern, const char *path, struct route_match *m)
{
	for (; *pattern != '\0'; pattern++) {
		if (*pattern != '%') {
			if (*pattern != *path++)
				return 0;
			continue;
		}
		pattern++;
		if (*pattern == 'r' && !take_ref(&path, m->ref))
			return 0;
		if (*pattern == 'n' && !take_number(&path, &m->part))
			return 0;
		if (*pattern == 'p' && !take_page(&path, &m->page))
			return 0;
	}
	return *path == '\0';
}

void
route_find(const char *path, struct route_match *m)
{
	size_t	 i;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		memset(m, 0, sizeof(*m));
		if (!rule_matches(rules[i].pattern, path, m))
			continue;
		m->route = rules[i].route;
		m->get = rules[i].get;
		m->post = rules[i].post;
		m->open = rules[i].open;
		return;
	}
	memset(m, 0, sizeof(*m));
}
