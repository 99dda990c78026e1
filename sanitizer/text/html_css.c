/*
 * html_css: the rules of style sheets that can be followed with certainty.
 * Runs in: worker-html, in the jail.
 * Hostile input: style sheets of any size and damage.
 * Must never: match more than a browser would (it would hide what is seen), nor
 * take longer than its budget.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "err.h"
#include "html_css.h"

#define SHEETS_MAX	64
#define BYTES_MAX	(512u << 10)	/* of all sheets */
#define RULES_MAX	4096
#define CLASSES_MAX	4
#define ATTRIBUTES_MAX	2
#define MATCHES_MAX	64		/* rules for one element */
#define BUDGET		20000000u	/* comparisons for a whole page */
#define NAME_CHARS	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" \
			"0123456789-_"

/* One selector with its declarations; strings stand in their sheet. */
struct rule {
	char		*type, *id;
	char		*classes[CLASSES_MAX];
	char		*names[ATTRIBUTES_MAX], *values[ATTRIBUTES_MAX];
	const char	*declarations;
	unsigned	 weight;	/* specificity */
};

struct html_css {
	char		*sheets[SHEETS_MAX];
	size_t		 sheet_count, bytes;
	struct rule	*rules;
	size_t		 rule_count;
	unsigned	 budget;
	int		 papers_unknown;
};

struct html_css *
html_css_new(void)
{
	struct html_css	*c = calloc(1, sizeof(*c));

	if (c != NULL)
		c->budget = BUDGET;
	return c;
}

void
html_css_free(struct html_css *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->sheet_count; i++)
		free(c->sheets[i]);
	free(c->rules);
	free(c);
}

int
html_css_papers_unknown(const struct html_css *c)
{
	return c->papers_unknown;
}

/* Comments, and the marks that hid sheets from browsers of 1996. */
static void
blank_comments(char *s)
{
	char	*end;

	while ((s = strstr(s, "/*")) != NULL) {
		end = strstr(s + 2, "*/");
		end = end == NULL ? s + strlen(s) : end + 2;
		memset(s, ' ', (size_t)(end - s));
		s = end;
	}
}

static void
blank_marks(char *s, const char *mark)
{
	while ((s = strstr(s, mark)) != NULL)
		memset(s, ' ', strlen(mark));
}

/* The next of these characters outside of quotes; the end when there is none. */
static char *
find_any(char *s, const char *chars)
{
	char	 quote = '\0';

	for (; *s != '\0'; s++) {
		if (quote != '\0') {
			if (*s == quote || *s == '\n')
				quote = '\0';
		} else if (*s == '"' || *s == '\'')
			quote = *s;
		else if (strchr(chars, *s) != NULL)
			break;
	}
	return s;
}

/* After the block whose brace was just passed. */
static char *
skip_block(char *s)
{
	unsigned	 depth = 1;

	while (depth > 0) {
		s = find_any(s, "{}");
		if (*s == '\0')
			return s;
		depth += *s == '{' ? 1 : -1u;
		s++;
	}
	return s;
}

/* Ends a name where it ends: what followed it is kept in *after. */
static char *
take_name(char **s, char *after)
{
	char	*name = *s;

	*s += strspn(*s, NAME_CHARS);
	*after = **s;
	return *s == name ? NULL : name;
}

/* "name]" or "name=value]". */
static int
take_attribute(struct rule *r, char **s)
{
	char	*end, *p = *s, *name = p;
	size_t	 n = strspn(p, NAME_CHARS), i = 0;

	while (i < ATTRIBUTES_MAX && r->names[i] != NULL)
		i++;
	if (n == 0 || i == ATTRIBUTES_MAX ||
	    *(end = find_any(p, "]")) != ']')
		return 0;
	p += n;
	r->values[i] = NULL;
	if (*p == '=') {
		*p++ = '\0';
		if ((*p == '"' || *p == '\'') && end > p + 1 && end[-1] == *p) {
			p++;
			end[-1] = '\0';
		}
		r->values[i] = p;
	} else if (p != end)
		return 0;
	*end = '\0';
	name[n] = '\0';
	r->names[i] = name;
	*s = end + 1;
	return 1;
}

/* One of what stands in a selector behind its type. */
static int
take_simple(struct rule *r, char mark, char **s, char *after)
{
	size_t	 i = 0;

	if (mark == '[') {
		r->weight += 100;
		if (!take_attribute(r, s))
			return 0;
		*after = **s;
		return 1;
	}
	if (mark == '#' && r->id == NULL) {
		r->weight += 10000;
		return (r->id = take_name(s, after)) != NULL;
	}
	while (i < CLASSES_MAX && r->classes[i] != NULL)
		i++;
	if (mark != '.' || i == CLASSES_MAX)
		return 0;
	r->weight += 100;
	return (r->classes[i] = take_name(s, after)) != NULL;
}

/* A selector of one element; 0: it is more than that. */
static int
parse_selector(char *s, struct rule *r)
{
	char	*end, mark;

	memset(r, 0, sizeof(*r));
	s += strspn(s, " \t\r\n\f");
	for (end = s + strlen(s); end > s && strchr(" \t\r\n\f", end[-1]) !=
	    NULL; end--)
		;
	*end = '\0';
	if (*s == '\0')
		return 0;
	mark = *s;
	if (mark == '*') {
		mark = *++s;
	} else if (strchr(".#[", mark) == NULL) {
		r->type = take_name(&s, &mark);
		r->weight = 1;
		if (r->type == NULL)
			return 0;
	}
	while (mark != '\0') {
		char	 now = mark;

		*s++ = '\0';
		if (!take_simple(r, now, &s, &mark))
			return 0;
	}
	return 1;
}

static int
add_rule(struct html_css *c, const struct rule *r)
{
	struct rule	*grown;
	size_t		 n = c->rule_count;

	if (n == RULES_MAX)
		return ERR_LIMIT;
	if ((n & (n - 1)) == 0) {
		grown = reallocarray(c->rules, n == 0 ? 1 : n * 2, sizeof(*r));
		if (grown == NULL)
			return ERR_MEMORY;
		c->rules = grown;
	}
	c->rules[c->rule_count++] = *r;
	return ERR_OK;
}

/* "a, .b { ... }": the selectors and what is said of them. */
static int
add_rules(struct html_css *c, char *selectors, const char *declarations)
{
	struct rule	 rule;
	char		*next;
	int		 r = ERR_OK, last;

	for (; r == ERR_OK; selectors = next + 1) {
		next = find_any(selectors, ",");
		last = *next == '\0';
		*next = '\0';
		if (parse_selector(selectors, &rule)) {
			rule.declarations = declarations;
			r = add_rule(c, &rule);
		} else if (strcasestr(declarations, "background") != NULL)
			c->papers_unknown = 1;
		if (last)
			break;
	}
	return r;
}

/* Whether what follows an @ is meant for every screen, and so just goes on. */
static int
is_for_all(const char *at, const char *brace)
{
	size_t	 n;

	if (strncasecmp(at, "media", 5) != 0)
		return 0;
	at += 5 + strspn(at + 5, " \t\r\n");
	n = strcspn(at, " \t\r\n{,");
	return at + n + strspn(at + n, " \t\r\n") == brace && ((n == 3 &&
	    strncasecmp(at, "all", 3) == 0) || (n == 6 &&
	    strncasecmp(at, "screen", 6) == 0));
}

static int
parse_sheet(struct html_css *c, char *s)
{
	char	*brace, *end;
	int	 r = ERR_OK;

	while (r == ERR_OK && *(s += strspn(s, " \t\r\n\f;}")) != '\0') {
		brace = find_any(s, *s == '@' ? ";{" : "{");
		if (*brace == '\0')
			break;
		if (*s == '@') {
			s = *brace == ';' || is_for_all(s + 1, brace) ?
			    brace + 1 : skip_block(brace + 1);
			continue;
		}
		end = find_any(brace + 1, "}");
		*brace = '\0';
		if (*end == '}')
			*end++ = '\0';
		r = add_rules(c, s, brace + 1);
		s = end;
	}
	return r;
}

int
html_css_add(struct html_css *c, const char *css, size_t len)
{
	char	*copy;

	if (c->sheet_count == SHEETS_MAX || len > BYTES_MAX - c->bytes)
		return ERR_LIMIT;
	if ((copy = strndup(css, len)) == NULL)
		return ERR_MEMORY;
	c->sheets[c->sheet_count++] = copy;
	c->bytes += len;
	blank_comments(copy);
	blank_marks(copy, "<!--");
	blank_marks(copy, "-->");
	return parse_sheet(c, copy);
}

static int
has_class(const char *classes, const char *class)
{
	size_t	 n = strlen(class);

	while (classes != NULL && *(classes += strspn(classes,
	    " \t\r\n\f")) != '\0') {
		size_t	 k = strcspn(classes, " \t\r\n\f");

		if (k == n && strncmp(classes, class, n) == 0)
			return 1;
		classes += k;
	}
	return 0;
}

static int
has_attribute(const struct html_css_element *e, const char *name,
    const char *value)
{
	char	*have = e->attribute(e->arg, name);
	int	 r = have != NULL && (value == NULL ||
		    strcmp(have, value) == 0);

	free(have);
	return r;
}

static int
matches(const struct rule *r, const struct html_css_element *e)
{
	size_t	 i;

	if ((r->type != NULL && strcasecmp(r->type, e->type) != 0) ||
	    (r->id != NULL && (e->id == NULL || strcmp(r->id, e->id) != 0)))
		return 0;
	for (i = 0; i < CLASSES_MAX && r->classes[i] != NULL; i++)
		if (!has_class(e->classes, r->classes[i]))
			return 0;
	for (i = 0; i < ATTRIBUTES_MAX && r->names[i] != NULL; i++)
		if (!has_attribute(e, r->names[i], r->values[i]))
			return 0;
	return 1;
}

void
html_css_apply(struct html_css *c, const struct html_css_element *e,
    struct html_style *s, int important)
{
	const struct rule	*found[MATCHES_MAX];
	size_t			 i, k, n = 0;
	unsigned		 cost = 1 + (e->classes != NULL ?
				    (unsigned)strnlen(e->classes, 4096) / 8 : 0);

	for (i = 0; i < c->rule_count && n < MATCHES_MAX; i++) {
		if (c->budget < cost)
			return;
		c->budget -= cost;
		if (!matches(&c->rules[i], e))
			continue;
		/* the later one wins among equals */
		for (k = n++; k > 0 && found[k - 1]->weight >
		    c->rules[i].weight; k--)
			found[k] = found[k - 1];
		found[k] = &c->rules[i];
	}
	for (i = 0; i < n; i++)
		html_style_apply(s, found[i]->declarations, important);
}
