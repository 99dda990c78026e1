/*
 * Purpose: shows what a search found.
 * Process: limpid-viewerd.
 * Hostile input: the words typed.
 * Must never: find a mail that the reader may not see (store.c sees to it).
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
		    (long long)s->q.offset / PER_PAGE + 2);
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
	char		 number[WHEN_MAX];
	int		 r;

	r = frame_begin(h, rq, "Search", NULL, 1, text);
	if (r == ERR_OK && s->limit_count > 0)
		r = store_count(rq->viewer->store, &s->q, &found);
	html_open(h, "div", "lhead");
	when_number(found, number);
	html_elemf(h, "h1", NULL, "%s mail%s found", number,
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
