/*
 * Purpose: the inbox and other boxes; marking mails as read or unread.
 * Process: limpid-viewerd.
 * Hostile input: the box, page and references that a browser asks for.
 * Must never: list a box that is not the account's.
 */
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "err.h"
#include "frame.h"
#include "html_out.h"
#include "ref.h"
#include "row.h"
#include "store.h"
#include "viewer.h"
#include "when.h"

#define PER_PAGE 50

struct list {
	const char	*box, *title;	/* box: its name; title: its label */
	char		*escaped;	/* the name for addresses */
	const char	*show;		/* "" "unread" "cuts" */
	struct store_query q;
	int64_t		 found, total, unread;
};

/* The account's box of that name; its first when none is named. */
static const char *
find_box(const struct account *me, const char *name, const char **title)
{
	size_t	 i;

	*title = "Inbox";
	if (name == NULL || me->box_count == 0)
		return me->box_count > 0 ? me->boxes[0] : "";
	for (i = 0; i < me->box_count; i++)
		if (strcmp(me->boxes[i], name) == 0) {
			*title = i == 0 ? "Inbox" : me->boxes[i];
			return me->boxes[i];
		}
	return NULL;
}

static int
read_list(struct request *rq, struct list *l)
{
	const char	*show = request_arg(rq, "show");
	struct store	*st = rq->viewer->store;
	struct store_query all;
	int		 r;

	l->box = find_box(rq->account, request_arg(rq, "box"), &l->title);
	if (l->box == NULL)
		return ERR_NOTFOUND;
	if ((l->escaped = html_query_escape(l->box)) == NULL)
		return ERR_MEMORY;
	l->show = "";
	l->q.box = l->box;
	l->q.limit = PER_PAGE;
	l->q.offset = (request_number(rq, "page", 1, 100000, 1) - 1) * PER_PAGE;
	all = l->q;
	if ((r = store_count(st, &all, &l->total)) != ERR_OK)
		return r;
	all.show = STORE_UNREAD;
	if ((r = store_count(st, &all, &l->unread)) != ERR_OK)
		return r;
	l->found = l->total;
	if (show != NULL && strcmp(show, "unread") == 0) {
		l->show = "unread";
		l->q.show = STORE_UNREAD;
		l->found = l->unread;
	} else if (show != NULL && strcmp(show, "cuts") == 0) {
		l->show = "cuts";
		l->q.show = STORE_CUTS;
		return store_count(st, &l->q, &l->found);
	}
	return ERR_OK;
}

static void
write_choice(struct html *h, const struct list *l, const char *show,
    const char *label)
{
	html_open(h, "a", NULL);
	if (show[0] == '\0')
		html_attrf(h, "href", "/?box=%s", l->escaped);
	else
		html_attrf(h, "href", "/?box=%s&show=%s", l->escaped, show);
	if (strcmp(show, l->show) == 0)
		html_attr(h, "aria-current", "true");
	html_text(h, label);
	html_end(h, "a");
	html_text(h, " ");
}

static void
write_number(struct html *h, int64_t n)
{
	char	 text[WHEN_MAX];

	when_number(n, text);
	html_text(h, text);
}

static void
write_head(struct html *h, const struct list *l)
{
	html_open(h, "div", "lhead");
	html_elem(h, "h1", NULL, l->title);
	html_open(h, "p", "dim small num");
	write_number(h, l->unread);
	html_text(h, " unread of ");
	write_number(h, l->total);
	html_end(h, "p");
	html_open(h, "nav", "end seg");
	html_attr(h, "aria-label", l->title);
	write_choice(h, l, "", "All");
	write_choice(h, l, "unread", "Unread");
	write_choice(h, l, "cuts", "With cuts");
	html_end(h, "nav");
	html_end(h, "div");
}

static void
write_bulk(struct html *h, struct request *rq, const struct list *l)
{
	static const char *const what[][2] = { { "read", "Mark as read" },
	    { "unread", "Mark as unread" } };
	size_t	 i;

	frame_token(h, rq);
	html_open(h, "input", NULL);
	html_attr(h, "type", "hidden");
	html_attr(h, "name", "box");
	html_attr(h, "value", l->box);
	html_open(h, "div", "bulk");
	html_elem(h, "span", "small", "With the selected mails:");
	for (i = 0; i < 2; i++) {
		html_open(h, "button", NULL);
		html_attr(h, "name", "do");
		html_attr(h, "value", what[i][0]);
		html_text(h, what[i][1]);
		html_end(h, "button");
	}
	html_end(h, "div");
}

static void
write_turn(struct html *h, const struct list *l, int64_t page, int older)
{
	html_open(h, "a", "btn");
	html_attrf(h, "href", "/?box=%s%s%s&page=%lld", l->escaped,
	    l->show[0] == '\0' ? "" : "&show=", l->show, (long long)page);
	html_attr(h, "accesskey", older ? "n" : "p");
	if (!older)
		html_icon(h, ICON_BACK, NULL);
	html_text(h, older ? "Older mail" : "Newer mail");
	if (older)
		html_icon(h, ICON_FORWARD, NULL);
	html_end(h, "a");
}

static void
write_pager(struct html *h, const struct list *l, int64_t shown)
{
	int64_t	 page = l->q.offset / PER_PAGE + 1;

	html_open(h, "div", "pager");
	html_open(h, "span", "num");
	if (shown == 0) {
		html_text(h, l->total == 0 ? "No mail has arrived yet." :
		    "No mail here.");
	} else {
		write_number(h, l->q.offset + 1);
		html_text(h, "–");
		write_number(h, l->q.offset + shown);
		html_text(h, " of ");
		write_number(h, l->found);
	}
	html_end(h, "span");
	html_open(h, "span", "row-f");
	if (page > 1)
		write_turn(h, l, page - 1, 0);
	if (l->q.offset + shown < l->found && shown > 0)
		write_turn(h, l, page + 1, 1);
	html_end(h, "span");
	html_end(h, "div");
}

static int
write_list(struct html *h, struct request *rq, struct list *l)
{
	struct rows	 rows = { .h = h, .rq = rq, .select = 1 };
	int		 r;

	r = frame_begin(h, rq, l->title, l->box, 1, NULL);
	write_head(h, l);
	html_open(h, "form", "list");
	html_attr(h, "action", "/mark");
	html_attr(h, "method", "post");
	write_bulk(h, rq, l);
	if (r == ERR_OK)
		r = store_list(rq->viewer->store, &l->q, row_write, &rows);
	row_finish(&rows);
	html_end(h, "form");
	write_pager(h, l, rows.count);
	frame_end(h, rq, NULL);
	return r;
}

int
page_list(struct request *rq, struct reply *out)
{
	struct list	 l = { 0 };
	struct html	*h = NULL;
	int		 r;

	if ((r = read_list(rq, &l)) != ERR_OK)
		goto out;
	r = ERR_MEMORY;
	if ((h = html_new(1 << 20)) == NULL)
		goto out;
	if ((r = write_list(h, rq, &l)) == ERR_OK)
		r = reply_html(h, out);
 out:
	html_free(h);
	free(l.escaped);
	return r;
}

/* Marks one mail when the reader may see it; what is not theirs is left out. */
static int
mark_one(struct request *rq, const char *text, int seen)
{
	const struct mail	*m;
	struct ref		 ref;
	char			 name[REF_TEXT_LEN + 1];
	int			 r;

	if (ref_parse(text, &ref) != ERR_OK)
		return ERR_OK;
	ref_format(&ref, name);
	if ((r = store_mail(rq->viewer->store, name, &m)) != ERR_OK)
		return r == ERR_NOTFOUND ? ERR_OK : r;
	return accounts_mark_seen(rq->viewer->accounts, rq->account->id, name,
	    seen);
}

int
page_mark(struct request *rq, struct reply *out)
{
	const char	*what = request_field(rq, "do"), *text, *title, *box;
	char		*escaped;
	size_t		 i;
	int		 seen, r = ERR_OK;

	if (what == NULL)
		return ERR_NOTFOUND;
	seen = strcmp(what, "unread") != 0;
	for (i = 0; r == ERR_OK &&
	    (text = request_field_at(rq, "m", i)) != NULL; i++)
		r = mark_one(rq, text, seen);
	if (r != ERR_OK)
		return r;
	box = find_box(rq->account, request_field(rq, "box"), &title);
	if (box == NULL || (escaped = html_query_escape(box)) == NULL)
		return ERR_NOTFOUND;
	reply_redirect(out, "/?box=%s", escaped);
	free(escaped);
	return ERR_OK;
}
