/*
 * links: makes every link in a text harmless and its true target readable.
 * Runs in: the workers that make text, and compose.
 * Hostile input: cleaned text, targets and labels of a mail.
 * Must never: change text that is defanged already, or leave a live link.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "links.h"
#include "links_private.h"
#include "text.h"

/* A bare host: punycode, and its Unicode form after it. */
static int
put_bare_host(struct strbuf *b, const char *s, size_t len)
{
	struct strbuf	 url = STRBUF_EMPTY, out = STRBUF_EMPTY;
	int		 ok;

	strbuf_puts(&url, "//");
	strbuf_add(&url, s, len);
	ok = !url.failed && link_target_emit(&out, url.s, url.len, SIZE_MAX);
	if (ok)
		strbuf_add(b, out.s + 2, out.len - 2);
	strbuf_free(&url);
	strbuf_free(&out);
	return ok;
}

/* Takes the buffer, returns its text neutralised. */
static char *
neutralised(struct strbuf *b, uint32_t *count)
{
	struct strbuf	 out = STRBUF_EMPTY;

	if (b->failed)
		out.failed = 1;
	else
		link_neutralise(&out, b->s, b->len, count);
	strbuf_free(b);
	return strbuf_take(&out);
}

char *
links_defang_text(const char *utf8, size_t len, uint32_t *count)
{
	struct strbuf	 b = STRBUF_EMPTY;
	enum link_found	 found;
	uint32_t	 n = 0;
	size_t		 at = 0, start, end;
	char		*text;

	while ((found = link_find(utf8, len, at, &start, &end)) != LINK_NONE) {
		strbuf_add(&b, utf8 + at, start - at);
		if (!(found == LINK_URL ?
		    link_target_emit(&b, utf8 + start, end - start, SIZE_MAX) :
		    put_bare_host(&b, utf8 + start, end - start)))
			b.failed = 1;
		n++;
		at = end;
	}
	strbuf_add(&b, utf8 + at, len - at);
	text = neutralised(&b, &n);
	if (text != NULL && count != NULL)
		*count += n;
	return text;
}

/* What a browser does first: blanks around it go, breaks inside go. */
static char *
target_trim(const char *s, size_t len)
{
	struct strbuf	 b = STRBUF_EMPTY;
	size_t		 i, n;
	char		*raw, *clean;

	while (len > 0 && (uint8_t)*s <= ' ')
		s++, len--;
	while (len > 0 && (uint8_t)s[len - 1] <= ' ')
		len--;
	for (i = 0; i < len; i++)
		if (s[i] != '\t' && s[i] != '\n' && s[i] != '\r')
			strbuf_putc(&b, s[i]);
	n = b.len;
	if ((raw = strbuf_take(&b)) == NULL)
		return NULL;
	clean = text_clean(raw, n, TEXT_LINE, SIZE_MAX, NULL);
	free(raw);
	return clean;
}

/* Targets that hold their content: a program, or a whole document. */
static int
scheme_is_content(const char *scheme)
{
	static const char *const content[] = {
		"data", "javascript", "vbscript", "livescript", "mocha"
	};
	size_t	 i;

	for (i = 0; i < sizeof(content) / sizeof(content[0]); i++)
		if (strcasecmp(scheme, content[i]) == 0)
			return 1;
	return 0;
}

/* What it is and how much of it; the content itself is nothing to read. */
static void
put_content(struct strbuf *b, const struct link_target *t)
{
	size_t	 n = strcasecmp(t->scheme, "data") == 0 ?
		    strspn(t->rest, "abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/+-") : 0;

	if (n > 40 || (t->rest[n] != ';' && t->rest[n] != ','))
		n = 0;
	strbuf_puts(b, t->scheme);
	strbuf_puts(b, "[:]");
	strbuf_add(b, t->rest, n);
	strbuf_printf(b, "%s(%zu bytes)", n > 0 ? " " : "",
	    strlen(t->rest) - n);
}

char *
links_defang_target(const char *utf8, size_t len)
{
	struct strbuf		 b = STRBUF_EMPTY;
	struct link_target	 t;
	char			*s, *out = NULL;
	size_t			 max;
	uint32_t		 n = 0;
	int			 plain;

	if ((s = target_trim(utf8, len)) == NULL)
		return NULL;
	len = strlen(s);
	if (!link_target_parse(s, len, &t))
		goto out;
	if (scheme_is_content(t.scheme)) {
		put_content(&b, &t);
		link_target_free(&t);
		out = neutralised(&b, &n);
		goto out;
	}
	max = t.slashes ? LINKS_TARGET_MAX : LINKS_OTHER_MAX;
	plain = !t.slashes && (*t.scheme == '\0' ||
	    strcasecmp(t.scheme, "mailto") == 0);
	link_target_free(&t);
	if (plain && len <= LINKS_TARGET_MAX)
		out = links_defang_text(s, len, NULL);
	else if (link_target_emit(&b, s, len, max))
		out = neutralised(&b, &n);
 out:
	strbuf_free(&b);
	free(s);
	return out;
}

/* Labels that say one thing and targets that do another */

/* Fills the host (or the address of a mailto) that s leads to, "" if none. */
static int
goal_of(const char *s, size_t len, char **goal)
{
	struct link_target	 t;
	const char		*host;
	char			*p;

	if (!link_target_parse(s, len, &t))
		return 0;
	if (strcasecmp(t.scheme, "mailto") == 0) {
		host = t.rest;
		t.rest[strcspn(t.rest, "?")] = '\0';
	} else
		host = *t.dotted != '\0' ? t.dotted : t.host;
	if (strncasecmp(host, "www.", 4) == 0)
		host += 4;
	*goal = strdup(host);
	link_target_free(&t);
	if (*goal == NULL)
		return 0;
	for (p = *goal; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	if (p > *goal && p[-1] == '.')
		p[-1] = '\0';
	return 1;
}

/*
 * What a label claims: the first URL in it, or the label itself when it is one
 * bare host or address. A new string to be read as a target; "" for words.
 */
static char *
claim_of(const char *s, size_t len)
{
	struct strbuf	 b = STRBUF_EMPTY;
	size_t		 start, end, n, at = 0;
	enum link_found	 found;

	while ((found = link_find(s, len, at, &start, &end)) ==
	    LINK_HOST)
		at = end;
	if (found == LINK_URL) {
		strbuf_add(&b, s + start, end - start);
		return strbuf_take(&b);
	}
	while (len > 0 && strchr(" .,;:!?()<>[]\"'", s[len - 1]) != NULL)
		len--;
	while (len > 0 && strchr(" (<[\"'", *s) != NULL)
		s++, len--;
	if (memchr(s, ' ', len) != NULL)
		return strbuf_take(&b);
	n = link_host_len(s, len);
	if (link_host_is_named(s, n) && (n == len ||
	    strchr("/:?#", s[n]) != NULL)) {
		strbuf_puts(&b, "//");
		strbuf_add(&b, s, len);
	} else if (memchr(s, '@', len) != NULL && n < len) {
		strbuf_puts(&b, "mailto:");
		strbuf_add(&b, s, len);
	}
	return strbuf_take(&b);
}

/* Equal, or the target lies below what the label names. */
static int
goal_is_within(const char *label, const char *target)
{
	size_t	 l = strlen(label), t = strlen(target);

	return t >= l && strcmp(target + t - l, label) == 0 &&
	    (t == l || target[t - l - 1] == '.');
}

int
links_mismatch(const char *label, const char *target)
{
	char	*trimmed, *words, *claim = NULL, *said = NULL, *goal = NULL;
	int	 r = 0;

	trimmed = target_trim(target, strlen(target));
	words = text_clean(label, strlen(label), TEXT_LINE, 4096, NULL);
	if (trimmed == NULL || words == NULL ||
	    (claim = claim_of(words, strlen(words))) == NULL ||
	    *claim == '\0' || *trimmed == '#' ||
	    strncasecmp(trimmed, "cid:", 4) == 0)
		goto out;
	if (!goal_of(claim, strlen(claim), &said) ||
	    !goal_of(trimmed, strlen(trimmed), &goal) || *said == '\0')
		goto out;
	r = !goal_is_within(said, goal);
 out:
	free(trimmed);
	free(words);
	free(claim);
	free(said);
	free(goal);
	return r;
}
