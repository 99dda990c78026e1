/*
 * Purpose: the frame round the pages of someone signed in.
 * Process: limpid-viewerd.
 * Hostile input: the words in the search box.
 * Must never: show a link that leads nowhere, or a box that is not the account's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "err.h"
#include "frame.h"
#include "html_out.h"
#include "store.h"
#include "viewer.h"
#include "when.h"

static const struct {
	const char	*word, *means;
} search_words[] = {
	{ "from:lowe", "sender name or address" },
	{ "to:survey", "recipient" },
	{ "subject:agenda", "subject" },
	{ "text:\"travel notes\"", "body and attachment text" },
	{ "file:pdf", "attachment name or kind" },
	{ "before:2026-03-01", "before this day" },
	{ "after:2026-03-10", "from this day on" },
	{ "larger:5M", "larger than" },
	{ "is:unread", "not read yet" },
	{ "has:loss", "something was cut or not shown" },
	{ "reason:encrypted", "by reason code" },
};

void
frame_initial(const char *name, char out[8])
{
	size_t	 n;

	while (*name == ' ' || *name == '"')
		name++;
	n = (unsigned char)*name >= 0xf0 ? 4 : (unsigned char)*name >= 0xe0 ?
	    3 : (unsigned char)*name >= 0xc0 ? 2 : 1;
	n = strnlen(name, n);
	memcpy(out, name, n);
	out[n] = '\0';
	if (n == 1 && out[0] >= 'a' && out[0] <= 'z')
		out[0] = (char)(out[0] - 'a' + 'A');
	if (n == 0)
		snprintf(out, 8, "?");
}

void
frame_token(struct html *h, const struct request *rq)
{
	html_open(h, "input", NULL);
	html_attr(h, "type", "hidden");
	html_attr(h, "name", "token");
	html_attr(h, "value", rq->session->token);
}

static void
write_search(struct html *h, const char *query)
{
	html_open(h, "form", "search");
	html_attr(h, "role", "search");
	html_attr(h, "action", "/search");
	html_attr(h, "method", "get");
	html_icon(h, ICON_SEARCH, NULL);
	html_open(h, "label", "vh");
	html_attr(h, "for", "q");
	html_text(h, "Search mail");
	html_end(h, "label");
	html_open(h, "input", NULL);
	html_attr(h, "type", "search");
	html_attr(h, "id", "q");
	html_attr(h, "name", "q");
	html_attr(h, "value", query == NULL ? "" : query);
	html_attr(h, "placeholder", "Search mail, attachment text, senders");
	html_attr(h, "accesskey", "s");
	html_attr(h, "autocomplete", "off");
	html_attr(h, "maxlength", "400");
	html_open(h, "button", NULL);
	html_attr(h, "type", "submit");
	html_text(h, "Search");
	html_end(h, "button");
	html_end(h, "form");
}

static void
write_words(struct html *h)
{
	char	*q;
	size_t	 i;

	html_open(h, "details", "words");
	html_elem(h, "summary", NULL, "Search words");
	html_open(h, "div", NULL);
	html_open(h, "dl", NULL);
	for (i = 0; i < sizeof(search_words) / sizeof(search_words[0]); i++) {
		if ((q = html_query_escape(search_words[i].word)) == NULL)
			continue;
		html_open(h, "dt", NULL);
		html_open(h, "a", "mono");
		html_attrf(h, "href", "/search?q=%s", q);
		html_text(h, search_words[i].word);
		html_end(h, "a");
		html_end(h, "dt");
		html_elem(h, "dd", "dim", search_words[i].means);
		free(q);
	}
	html_end(h, "dl");
	html_end(h, "div");
	html_end(h, "details");
}

static void
write_top(struct html *h, struct request *rq, const char *query)
{
	char	 initial[8];

	html_open(h, "header", "top");
	html_open(h, "a", "btn quiet burger");
	html_attr(h, "href", "#side");
	html_icon(h, ICON_MENU, NULL);
	html_elem(h, "span", "vh", "Menu");
	html_end(h, "a");
	html_text(h, " ");
	html_open(h, "a", "logo");
	html_attr(h, "href", "/");
	html_attr(h, "aria-label", "Limpid home");
	html_icon(h, ICON_DROP, NULL);
	html_elem(h, "span", NULL, "Limpid");
	html_end(h, "a");
	write_search(h, query);
	write_words(h);
	html_open(h, "form", "who");
	html_attr(h, "action", "/signout");
	html_attr(h, "method", "post");
	frame_token(h, rq);
	frame_initial(rq->account->name, initial);
	html_open(h, "span", "av");
	html_attr(h, "aria-hidden", "true");
	html_text(h, initial);
	html_end(h, "span");
	html_text(h, " ");
	html_elem(h, "span", "me", rq->account->name);
	html_text(h, " ");
	html_open(h, "button", "quiet");
	html_attr(h, "type", "submit");
	html_text(h, "Sign out");
	html_end(h, "button");
	html_end(h, "form");
	html_end(h, "header");
	html_text(h, "\n");
}

static int
write_box(struct html *h, struct request *rq, const char *name,
    const char *label, int current)
{
	struct store_query	 q = { .box = name, .show = STORE_UNREAD };
	int64_t			 unread;
	char			*escaped, number[WHEN_MAX];
	int			 r;

	if ((r = store_count(rq->viewer->store, &q, &unread)) != ERR_OK)
		return r;
	if ((escaped = html_query_escape(name)) == NULL)
		return ERR_MEMORY;
	html_open(h, "li", NULL);
	html_open(h, "a", NULL);
	html_attrf(h, "href", "/?box=%s", escaped);
	free(escaped);
	if (current)
		html_attr(h, "aria-current", "page");
	html_icon(h, strcmp(label, "Inbox") == 0 ? ICON_INBOX : ICON_SHARED,
	    NULL);
	html_text(h, label);
	if (unread > 0) {
		html_text(h, " ");
		html_open(h, "span", "c");
		when_number(unread, number);
		html_text(h, number);
		html_elem(h, "span", "vh", " unread");
		html_end(h, "span");
	}
	html_end(h, "a");
	html_end(h, "li");
	return ERR_OK;
}

static int
write_side(struct html *h, struct request *rq, const char *box)
{
	const struct account	*me = rq->account;
	size_t			 i;
	int			 r = ERR_OK;

	html_open(h, "nav", "side");
	html_attr(h, "id", "side");
	html_attr(h, "aria-label", "Folders");
	html_open(h, "a", "btn close");
	html_attr(h, "href", "#main");
	html_icon(h, ICON_CLOSE, NULL);
	html_text(h, "Close menu");
	html_end(h, "a");
	html_elem(h, "h2", NULL, "Mail");
	html_open(h, "ul", NULL);
	for (i = 0; i < me->box_count && r == ERR_OK; i++) {
		if (i == 1) {
			html_end(h, "ul");
			html_elem(h, "h2", NULL, "Shared boxes");
			html_open(h, "ul", NULL);
		}
		r = write_box(h, rq, me->boxes[i], i == 0 ? "Inbox" :
		    me->boxes[i], box != NULL &&
		    strcmp(box, me->boxes[i]) == 0);
	}
	html_end(h, "ul");
	html_end(h, "nav");
	html_text(h, "\n");
	return r;
}

int
frame_begin(struct html *h, struct request *rq, const char *title,
    const char *box, int lists, const char *query)
{
	int	 r;

	html_page(h, title, lists ? "lists" : NULL);
	html_open(h, "a", "skip");
	html_attr(h, "href", "#main");
	html_text(h, "Skip to content");
	html_end(h, "a");
	html_text(h, "\n");
	write_top(h, rq, query);
	html_open(h, "div", "frame");
	r = write_side(h, rq, box);
	html_open(h, "main", NULL);
	html_attr(h, "id", "main");
	html_attr(h, "tabindex", "-1");
	return r;
}

void
frame_end(struct html *h, struct request *rq, const char *ref)
{
	char	 now[WHEN_MAX];

	html_end(h, "main");
	html_end(h, "div");
	when_full(rq->now_ms, 0, now);
	html_open(h, "p", "wm");
	html_textf(h, "Limpid · %s · %s%s%s", rq->account->name, now,
	    ref == NULL ? "" : " · ", ref == NULL ? "" : ref);
	html_end(h, "p");
	html_page_end(h);
}
