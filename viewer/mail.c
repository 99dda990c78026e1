/*
 * Purpose: the page of one mail, its long texts and its page pictures.
 * Process: limpid-viewerd.
 * Hostile input: all words of the mail; the numbers a browser asks for.
 * Must never: give out anything of a mail that store_mail refuses this reader, or
 *	before the reading stands in the record.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "changes.h"
#include "err.h"
#include "frame.h"
#include "html_out.h"
#include "log.h"
#include "mail.h"
#include "marks.h"
#include "record.h"
#include "row.h"
#include "store.h"
#include "viewer.h"
#include "when.h"

#define TEXT_PAGE_MAX	((size_t)64 * 1024)
#define NESTED_MAX	100

int
viewer_note_reading(struct request *rq, const struct mail *m, int again,
    const char *what)
{
	int	 r;

	if (!session_note(rq->session, m->ref) && !again)
		return ERR_OK;
	r = record_add(rq->viewer->record, "mail.read", "account",
	    rq->account->name, "ref", m->ref, "what", what, NULL);
	if (r == ERR_OK)
		r = record_sync(rq->viewer->record);
	if (r != ERR_OK)
		log_error("ref=%s the reading cannot be recorded: %s", m->ref,
		    err_text(r));
	return r;
}

static void
write_step(struct html *h, const char *ref, const char *key, const char *label)
{
	html_open(h, "a", "btn quiet");
	html_attrf(h, "href", "/mail/%s", ref);
	html_attr(h, "accesskey", key);
	html_text(h, label);
	html_end(h, "a");
	html_text(h, " ");
}

static void
write_bar(struct mail_view *v)
{
	struct html	*h = v->h;
	struct store	*st = v->rq->viewer->store;
	const char	*first = v->rq->account->boxes[0];
	char		*box, ref[32];

	html_open(h, "nav", "bar");
	html_attr(h, "aria-label", "Mail");
	html_open(h, "a", "btn quiet");
	if ((box = html_query_escape(v->m->box)) != NULL)
		html_attrf(h, "href", "/?box=%s", box);
	free(box);
	html_attr(h, "accesskey", "u");
	html_icon(h, ICON_BACK, NULL);
	html_text(h, strcmp(first, v->m->box) == 0 ? "Inbox" : v->m->box);
	html_end(h, "a");
	if (store_beside(st, v->m, 1, ref) == ERR_OK)
		write_step(h, ref, "p", "Previous");
	if (store_beside(st, v->m, -1, ref) == ERR_OK)
		write_step(h, ref, "n", "Next");
	html_open(h, "form", "end");
	html_attr(h, "action", "/mark");
	html_attr(h, "method", "post");
	frame_token(h, v->rq);
	html_open(h, "input", NULL);
	html_attr(h, "type", "hidden");
	html_attr(h, "name", "m");
	html_attr(h, "value", v->m->ref);
	html_open(h, "input", NULL);
	html_attr(h, "type", "hidden");
	html_attr(h, "name", "box");
	html_attr(h, "value", v->m->box);
	html_open(h, "button", NULL);
	html_attr(h, "name", "do");
	html_attr(h, "value", "unread");
	html_text(h, "Mark as unread");
	html_end(h, "button");
	html_end(h, "form");
	html_end(h, "nav");
	html_text(h, "\n");
}

static void
write_jump_to(struct html *h, const char *where, const char *label, size_t n)
{
	html_open(h, "a", NULL);
	html_attr(h, "href", where);
	html_text(h, label);
	if (n > 0)
		html_elemf(h, "span", "num", "%zu", n);
	html_end(h, "a");
	html_text(h, " ");
}

static void
write_title(struct mail_view *v, size_t links)
{
	struct html	*h = v->h;
	const char	*lang;

	lang = marks_language(v->m->subject, strlen(v->m->subject));
	html_open(h, "h1", NULL);
	if (lang != NULL)
		html_attr(h, "lang", lang);
	html_text(h, v->m->subject[0] != '\0' ? v->m->subject :
	    "(no subject)");
	html_end(h, "h1");
	html_open(h, "nav", "jump");
	html_attr(h, "aria-label", "On this page");
	if (!v->m->document)
		write_jump_to(h, "#body", "Body", 0);
	if (v->attachments > 0)
		write_jump_to(h, "#att", "Attachments ", v->attachments);
	write_jump_to(h, "#chg", "What was changed ", v->changes);
	if (links > 0)
		write_jump_to(h, "#lks", "Links ", links);
	html_end(h, "nav");
}

static void
write_pair(struct html *h, const char *name, const char *value, int mono)
{
	html_elem(h, "dt", NULL, name);
	html_open(h, "dd", NULL);
	if (mono)
		html_elem(h, "span", "mono", value);
	else
		html_text(h, value);
	html_end(h, "dd");
}

struct bodies {
	struct mail_view	*v;
	struct marks		*marks;
	size_t			 written, left;	/* bytes still allowed */
	size_t			 nested;	/* attached mails so far */
	size_t			 rests;		/* texts that are only a link */
};

static void
write_rest(struct bodies *b, int64_t part)
{
	struct html	*h = b->v->h;

	html_open(h, "p", NULL);
	html_open(h, "a", NULL);
	html_attrf(h, "href", "/mail/%s/text/%lld/body", b->v->m->ref,
	    (long long)part);
	html_text(h, "Read the whole text");
	html_end(h, "a");
	html_end(h, "p");
}

static int
write_nested_fact(void *arg, const char *fact, const char *value)
{
	static const char *const	 names[][2] = { { "from-name", "Name" },
	    { "from", "From" }, { "to", "To" }, { "cc", "Copy to" },
	    { "subject", "Subject" }, { "date", "Date it claims" } };
	struct html			*h = arg;
	size_t				 i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i][0], fact) == 0)
			write_pair(h, names[i][1], value, 0);
	return ERR_OK;
}

/* Who wrote an attached mail, before its text. */
static int
write_nested_head(struct bodies *b, const struct part *p)
{
	struct html	*h = b->v->h;
	int		 r;

	if (b->nested++ >= NESTED_MAX)
		return ERR_OK;
	html_elemf(h, "h2", "nested", "Attached mail %s", p->path);
	html_open(h, "dl", "kv");
	r = store_facts(b->v->rq->viewer->store, b->v->m, p->id,
	    write_nested_fact, h);
	html_end(h, "dl");
	return r;
}

static int
write_body_part(void *arg, const struct part *p)
{
	struct bodies	*b = arg;
	struct html	*h = b->v->h;
	const char	*lang;
	char		*text = NULL;
	size_t		 n;
	int		 r;

	if (strcmp(p->kind, "mail") == 0 && p->parent != 0 &&
	    strcmp(p->outcome, "stub") != 0)
		return write_nested_head(b, p);
	if (!p->body && !row_is_nested_text(p))
		return ERR_OK;
	if (b->left == 0 && b->rests++ >= NESTED_MAX)
		return ERR_OK;
	r = store_text(b->v->rq->viewer->store, b->v->m, p->id, -1, &text);
	if (r == ERR_NOTFOUND)
		return ERR_OK;
	if (r != ERR_OK)
		return r;
	lang = marks_language(text, strlen(text));
	n = mail_cut(text, b->left);
	html_open(h, "div", "text");
	if (lang != NULL)
		html_attr(h, "lang", lang);
	marks_body(h, text, n, b->marks);
	html_end(h, "div");
	if (text[n] != '\0')
		write_rest(b, p->id);
	b->left -= n;
	b->written += n;
	free(text);
	return ERR_OK;
}

/* Numbers the links before the body is written: the top of the page says how
 * many there are. */
static int
collect_links(void *arg, const struct part *p)
{
	struct bodies	*b = arg;
	char		*text = NULL;
	size_t		 n;
	int		 r;

	if (!p->body && !row_is_nested_text(p))
		return ERR_OK;
	r = store_text(b->v->rq->viewer->store, b->v->m, p->id, -1, &text);
	if (r != ERR_OK)
		return r == ERR_NOTFOUND ? ERR_OK : r;
	n = mail_cut(text, b->left);
	marks_collect(text, n, b->marks);
	b->left -= n;
	free(text);
	return ERR_OK;
}

static int
write_body(struct mail_view *v, struct marks *marks)
{
	struct bodies	 b = { .v = v, .marks = marks, .left = MAIL_BODY_MAX };
	struct html	*h = v->h;
	int		 r;

	html_open(h, "section", "body");
	html_attr(h, "id", "body");
	html_attr(h, "aria-label", "Body");
	if (strcmp(v->m->reason, "complete") != 0) {
		html_open(h, "div", "note warn");
		html_icon(h, ICON_ALERT, NULL);
		html_open(h, "div", NULL);
		html_elem(h, "h2", NULL,
		    strcmp(v->m->outcome, "stub") == 0 ?
		    "This mail could not be shown" :
		    "Not all of this mail is here");
		html_elem(h, "p", NULL, changes_reason(v->m->reason));
		html_end(h, "div");
		html_end(h, "div");
	}
	r = store_parts(v->rq->viewer->store, v->m, write_body_part, &b);
	if (b.written == 0)
		html_elem(h, "p", "dim", v->m->document ?
		    "A single document, without a mail around it." :
		    "There is no text in this mail.");
	html_end(h, "section");
	return r;
}

static void
write_links(struct html *h, const struct marks *marks)
{
	size_t	 i;

	if (marks->count == 0)
		return;
	html_open(h, "section", NULL);
	html_attr(h, "id", "lks");
	html_elem(h, "h2", NULL, "Links");
	html_open(h, "ol", "lks");
	for (i = 0; i < marks->count; i++) {
		html_open(h, "li", NULL);
		html_attrf(h, "id", "l%zu", i + 1);
		html_elemf(h, "span", "dim num", "%zu", i + 1);
		html_open(h, "div", NULL);
		marks_link(h, marks->links[i], strlen(marks->links[i]));
		html_end(h, "div");
		html_end(h, "li");
	}
	html_end(h, "ol");
	if (marks->more > 0)
		html_elemf(h, "p", "small dim", "%zu more stand in the text.",
		    marks->more);
	html_elem(h, "p", "small dim", "Links cannot be clicked. If you need "
	    "one, copy it by hand on an outside machine.");
	html_end(h, "section");
}

static void
write_this_mail(struct html *h, const struct mail *m)
{
	char	 text[WHEN_MAX], policy[16], sum[40];

	html_open(h, "section", NULL);
	html_elem(h, "h2", NULL, "This mail");
	html_open(h, "dl", "kv");
	write_pair(h, "Reference", m->ref, 1);
	when_full(m->received_ms, 1, text);
	write_pair(h, "Received outside", text, 0);
	when_full(m->filed_ms, 1, text);
	write_pair(h, "Readable", text, 0);
	when_size(m->size, text);
	html_elem(h, "dt", NULL, "Original");
	html_elemf(h, "dd", NULL, "%s, %lld part%s", text, (long long)m->parts,
	    m->parts == 1 ? "" : "s");
	if (strlen(m->sha256) == 64) {
		snprintf(sum, sizeof(sum), "%.4s %.4s … %.4s", m->sha256,
		    m->sha256 + 4, m->sha256 + 60);
		write_pair(h, "Its SHA-256", sum, 1);
	}
	snprintf(policy, sizeof(policy), "%.4s%s%.4s", m->policy,
	    strlen(m->policy) > 4 ? " " : "",
	    strlen(m->policy) > 4 ? m->policy + 4 : "");
	write_pair(h, "Policy", policy, 1);
	html_end(h, "dl");
	html_end(h, "section");
}

static int
write_rail(struct mail_view *v, const struct marks *marks)
{
	struct html	*h = v->h;
	size_t		 count;
	int		 r;

	html_open(h, "aside", "rail");
	html_attr(h, "aria-label", "This mail");
	html_open(h, "section", NULL);
	html_attr(h, "id", "chg");
	html_elem(h, "h2", NULL, "What was changed");
	if (v->changes == 0)
		html_elem(h, "p", NULL, "Nothing but the form: this is all "
		    "text that the mail held.");
	html_open(h, "ul", "chg");
	r = changes_write(h, v->rq->viewer->store, v->m, &count);
	html_end(h, "ul");
	if (count > CHANGES_MAX)
		html_elemf(h, "p", "small dim", "%zu more are in the mail's "
		    "report, limpid-report.json.", count - CHANGES_MAX);
	html_end(h, "section");
	write_links(h, marks);
	write_this_mail(h, v->m);
	html_end(h, "aside");
	return r;
}

static int
write_mail(struct mail_view *v)
{
	struct html	*h = v->h;
	struct marks	 marks = { .count = 0 };
	struct bodies	 b = { .v = v, .marks = &marks, .left = MAIL_BODY_MAX };
	int		 r, rc;

	rc = store_parts(v->rq->viewer->store, v->m, collect_links, &b);
	marks.more = 0;
	r = frame_begin(h, v->rq, v->m->subject[0] != '\0' ? v->m->subject :
	    "(no subject)", v->m->box, 0, NULL);
	write_bar(v);
	html_open(h, "article", NULL);
	html_open(h, "div", "letter");
	html_open(h, "div", NULL);
	write_title(v, marks.count);
	if (r == ERR_OK && (r = rc) == ERR_OK)
		r = mail_sender(v);
	if (r == ERR_OK)
		r = write_body(v, &marks);
	html_end(h, "div");
	if (r == ERR_OK)
		r = write_rail(v, &marks);
	html_end(h, "div");
	if (r == ERR_OK)
		r = mail_attachments(v);
	html_end(h, "article");
	frame_end(h, v->rq, v->m->ref);
	marks_free(&marks);
	return r;
}

int
page_mail(struct request *rq, struct reply *out)
{
	struct mail_view v = { .rq = rq };
	struct viewer	*w = rq->viewer;
	int		 r;

	if ((r = store_mail(w->store, rq->match.ref, &v.m)) != ERR_OK ||
	    (r = viewer_note_reading(rq, v.m, 1, "mail")) != ERR_OK)
		return r;
	if (!v.m->seen && (r = accounts_mark_seen(w->accounts, rq->account->id,
	    v.m->ref, 1)) != ERR_OK)
		log_warn("ref=%s cannot be marked as read: %s", v.m->ref,
		    err_text(r));
	if ((r = mail_survey(&v)) != ERR_OK ||
	    (r = changes_count(w->store, v.m, &v.changes)) != ERR_OK)
		return r;
	if ((v.h = html_new(4 << 20)) == NULL)
		return ERR_MEMORY;
	if ((r = write_mail(&v)) == ERR_OK)
		r = reply_html(v.h, out);
	html_free(v.h);
	return r;
}

static void
write_text(struct html *h, const struct request *rq, const struct mail *m,
    const char *text, size_t from)
{
	const char	*lang = marks_language(text + from,
			    strlen(text + from));
	size_t		 n = mail_cut(text + from, TEXT_PAGE_MAX);

	html_open(h, "nav", "bar");
	html_attr(h, "aria-label", "Mail");
	html_open(h, "a", "btn quiet");
	html_attrf(h, "href", "/mail/%s", m->ref);
	html_attr(h, "accesskey", "u");
	html_icon(h, ICON_BACK, NULL);
	html_text(h, "Back to the mail");
	html_end(h, "a");
	html_end(h, "nav");
	html_open(h, "div", "pad");
	html_elem(h, "h1", NULL, m->subject);
	html_open(h, "div", "body");
	if (lang != NULL)
		html_attr(h, "lang", lang);
	marks_body(h, text + from, n, NULL);
	html_end(h, "div");
	if (text[from + n] != '\0') {
		html_open(h, "a", "btn pri");
		if (rq->match.page < 0)
			html_attrf(h, "href", "/mail/%s/text/%u/body?from=%zu",
			    m->ref, rq->match.part, from + n);
		else
			html_attrf(h, "href", "/mail/%s/text/%u/%d?from=%zu",
			    m->ref, rq->match.part, rq->match.page, from + n);
		html_text(h, "Go on reading");
		html_end(h, "a");
	}
	html_end(h, "div");
}

int
page_text(struct request *rq, struct reply *out)
{
	const struct mail	*m;
	struct html		*h = NULL;
	char			*text = NULL;
	size_t			 from;
	int			 r;

	if ((r = store_mail(rq->viewer->store, rq->match.ref, &m)) != ERR_OK ||
	    (r = store_text(rq->viewer->store, m, rq->match.part,
	    rq->match.page, &text)) != ERR_OK ||
	    (r = viewer_note_reading(rq, m, 0, "text")) != ERR_OK)
		goto out;
	from = (size_t)request_number(rq, "from", 0, INT32_MAX, 0);
	from = mail_cut(text, from);
	r = ERR_MEMORY;
	if ((h = html_new(4 << 20)) == NULL)
		goto out;
	r = frame_begin(h, rq, m->subject, m->box, 0, NULL);
	write_text(h, rq, m, text, from);
	frame_end(h, rq, m->ref);
	if (r == ERR_OK)
		r = reply_html(h, out);
 out:
	html_free(h);
	free(text);
	return r;
}

int
page_picture(struct request *rq, struct reply *out)
{
	const struct mail	*m;
	uint8_t			*data = NULL;
	int			 r;

	if ((r = store_mail(rq->viewer->store, rq->match.ref, &m)) != ERR_OK)
		return r;
	r = store_picture(rq->viewer->store, m, rq->match.part, rq->match.page,
	    &data, &out->len, &out->type);
	if (r == ERR_OK)
		r = viewer_note_reading(rq, m, 0, "picture");
	if (r != ERR_OK) {
		if (r != ERR_NOTFOUND)
			log_error("ref=%s part=%u page=%d: %s", m->ref,
			    rq->match.part, rq->match.page, err_text(r));
		free(data);
		return r;
	}
	out->data = (char *)data;
	return ERR_OK;
}
