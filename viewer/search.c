/*
 * Purpose: reads the search box and shows what is found.
 * Process: limpid-viewerd.
 * Hostile input: the words typed; they end as bound parameters, quoted for FTS5.
 * Must never: let a word become part of a statement or of the FTS5 grammar.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "frame.h"
#include "html_out.h"
#include "row.h"
#include "search.h"
#include "strbuf.h"
#include "viewer.h"
#include "when.h"

#define PER_PAGE 50

void
search_free(struct search *s)
{
	size_t	 i;

	for (i = 0; i < s->limit_count; i++)
		free(s->limits[i]);
	free(s->buf);
	free(s->match);
	memset(s, 0, sizeof(*s));
}

/* Characters, not bytes: trigrams need three. */
static size_t
characters(const char *s)
{
	size_t	 n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* column : "word" AND ..., each quotation mark doubled. */
static void
add_match(struct strbuf *b, const char *word)
{
	if (b->len > 0)
		strbuf_puts(b, " AND ");
	strbuf_putc(b, '"');
	for (; *word != '\0'; word++) {
		if (*word == '"')
			strbuf_putc(b, '"');
		strbuf_putc(b, *word);
	}
	strbuf_putc(b, '"');
}

static void
add_word(struct search *s, struct strbuf *b, const char *word)
{
	if (characters(word) >= 3)
		add_match(b, word);
	else
		s->q.word = word;
}

static int64_t
read_size(const char *s)
{
	char		*end;
	long long	 n = strtoll(s, &end, 10);

	if (n <= 0 || n > 1000000000LL)
		return 0;
	if (*end == 'k' || *end == 'K')
		n *= 1000;
	else if (*end == 'm' || *end == 'M')
		n *= 1000000;
	return n;
}

/* 1 when key:value limits the search, 0 when it is just a word. */
static int
add_limit(struct search *s, struct strbuf *b, const char *key, const char *value)
{
	if (strcmp(key, "from") == 0)
		s->q.from = value;
	else if (strcmp(key, "to") == 0)
		s->q.to = value;
	else if (strcmp(key, "subject") == 0)
		s->q.subject = value;
	else if (strcmp(key, "file") == 0)
		s->q.file = value;
	else if (strcmp(key, "reason") == 0)
		s->q.reason = value;
	else if (strcmp(key, "text") == 0)
		add_word(s, b, value);
	else if (strcmp(key, "before") == 0 && when_day(value) != 0)
		s->q.before_ms = when_day(value);
	else if (strcmp(key, "after") == 0 && when_day(value) != 0)
		s->q.after_ms = when_day(value);
	else if (strcmp(key, "larger") == 0 && read_size(value) != 0)
		s->q.larger = read_size(value);
	else if (strcmp(key, "is") == 0 && strcmp(value, "unread") == 0)
		s->q.show = STORE_UNREAD;
	else if (strcmp(key, "has") == 0 && strcmp(value, "loss") == 0)
		s->q.show = STORE_CUTS;
	else
		return 0;
	return 1;
}

/* Cuts one word off *p: up to a space outside quotation marks, which go. */
static char *
take_word(char **p)
{
	char	*in, *out, *start;
	int	 quoted = 0;

	while (**p == ' ' || **p == '\t')
		++*p;
	if (**p == '\0')
		return NULL;
	start = out = in = *p;
	for (; *in != '\0' && (quoted || (*in != ' ' && *in != '\t')); in++) {
		if (*in == '"')
			quoted = !quoted;
		else
			*out++ = *in;
	}
	*p = *in == '\0' ? in : in + 1;
	*out = '\0';
	return start;
}

static int
add_item(struct search *s, struct strbuf *b, char *word)
{
	char	*colon;

	if (*word == '\0' || s->limit_count == SEARCH_WORDS_MAX)
		return ERR_OK;
	if ((s->limits[s->limit_count] = strdup(word)) == NULL)
		return ERR_MEMORY;
	s->limit_count++;
	colon = strchr(word, ':');
	if (colon != NULL && colon[1] != '\0') {
		*colon = '\0';
		if (add_limit(s, b, word, colon + 1))
			return ERR_OK;
		*colon = ':';
	}
	add_word(s, b, word);
	return ERR_OK;
}

int
search_parse(const char *text, struct search *s)
{
	struct strbuf	 b = STRBUF_EMPTY;
	char		*p, *word;
	int		 r = ERR_OK;

	memset(s, 0, sizeof(*s));
	if ((s->buf = p = strdup(text)) == NULL)
		return ERR_MEMORY;
	while (r == ERR_OK && (word = take_word(&p)) != NULL)
		r = add_item(s, &b, word);
	if (b.len > 0 && (s->match = strbuf_take(&b)) == NULL)
		r = ERR_MEMORY;
	strbuf_free(&b);
	s->q.match = s->match;
	if (r != ERR_OK)
		search_free(s);
	return r;
}

/* The search without its i-th word, for "remove this limit". */
static char *
without(const struct search *s, size_t i)
{
	struct strbuf	 b = STRBUF_EMPTY;
	const char	*quote, *colon;
	size_t		 k;
	char		*text, *escaped;

	for (k = 0; k < s->limit_count; k++) {
		if (k == i)
			continue;
		colon = strchr(s->limits[k], ':');
		quote = strchr(s->limits[k], ' ') == NULL ? "" : "\"";
		if (colon != NULL && *quote != '\0')
			strbuf_printf(&b, "%.*s:\"%s\" ",
			    (int)(colon - s->limits[k]), s->limits[k],
			    colon + 1);
		else
			strbuf_printf(&b, "%s%s%s ", quote, s->limits[k],
			    quote);
	}
	strbuf_puts(&b, "");
	text = strbuf_take(&b);
	escaped = text == NULL ? NULL : html_query_escape(text);
	free(text);
	return escaped;
}

static void
write_limits(struct html *h, const struct search *s)
{
	char	*rest;
	size_t	 i;

	html_open(h, "div", "lhead");
	html_open(h, "span", "small dim");
	html_attr(h, "id", "lim");
	html_text(h, "Words");
	html_end(h, "span");
	html_open(h, "ul", "row-f");
	html_attr(h, "aria-labelledby", "lim");
	for (i = 0; i < s->limit_count; i++) {
		if ((rest = without(s, i)) == NULL)
			continue;
		html_open(h, "li", NULL);
		html_open(h, "a", "chip");
		html_attrf(h, "href", "/search?q=%s", rest);
		html_elem(h, "b", "mono", s->limits[i]);
		html_icon(h, ICON_CLOSE, NULL);
		html_elem(h, "span", "vh", "remove this word");
		html_end(h, "a");
		html_end(h, "li");
		free(rest);
	}
	html_end(h, "ul");
	html_open(h, "span", "end small");
	html_open(h, "a", NULL);
	html_attr(h, "href", "/");
	html_text(h, "Clear search");
	html_end(h, "a");
	html_end(h, "span");
	html_end(h, "div");
}

static void
write_pager(struct html *h, const struct search *s, const char *text,
    int64_t shown, int64_t found)
{
	char	*q;

	html_open(h, "div", "pager");
	html_elem(h, "p", NULL, found == 0 ? "Nothing was found. Try fewer "
	    "words, or parts of words: three letters are enough." :
	    "Text inside attachments is searched as well.");
	q = html_query_escape(text);
	if (q != NULL && s->q.offset + shown < found && shown > 0) {
		html_open(h, "a", "btn");
		html_attrf(h, "href", "/search?q=%s&page=%lld", q,
		    (long long)(s->q.offset / PER_PAGE + 2));
		html_attr(h, "accesskey", "n");
		html_text(h, "Older mail");
		html_icon(h, ICON_FORWARD, NULL);
		html_end(h, "a");
	}
	free(q);
	html_end(h, "div");
}

static int
write_results(struct html *h, struct request *rq, const struct search *s,
    const char *text)
{
	struct rows	 rows = { .h = h, .rq = rq };
	int64_t		 found = 0;
	int		 r;

	r = frame_begin(h, rq, "Search", NULL, 1, text);
	if (r == ERR_OK && s->limit_count > 0)
		r = store_count(rq->viewer->store, &s->q, &found);
	html_open(h, "div", "lhead");
	html_elemf(h, "h1", NULL, "%lld mail%s found", (long long)found,
	    found == 1 ? "" : "s");
	html_elem(h, "p", "dim small num", "newest first");
	html_end(h, "div");
	write_limits(h, s);
	html_open(h, "div", "list");
	if (r == ERR_OK && found > 0)
		r = store_list(rq->viewer->store, &s->q, row_write, &rows);
	row_finish(&rows);
	html_end(h, "div");
	write_pager(h, s, text, rows.count, found);
	frame_end(h, rq, NULL);
	return r;
}

int
page_search(struct request *rq, struct reply *out)
{
	const char	*text = request_arg(rq, "q");
	struct search	 s = { 0 };
	struct html	*h = NULL;
	int		 r;

	text = text == NULL ? "" : text;
	if ((r = search_parse(text, &s)) != ERR_OK)
		return r;
	s.q.limit = PER_PAGE;
	s.q.offset = (request_number(rq, "page", 1, 100000, 1) - 1) * PER_PAGE;
	r = ERR_MEMORY;
	if ((h = html_new(1 << 20)) != NULL &&
	    (r = write_results(h, rq, &s, text)) == ERR_OK)
		r = reply_html(h, out);
	html_free(h);
	search_free(&s);
	return r;
}
