/*
 * Purpose: a mail as a line of a list.
 * Process: limpid-viewerd.
 * Hostile input: names, subjects and first words of senders.
 * Must never: show a shown name without the address it came from.
 */
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "html_out.h"
#include "marks.h"
#include "row.h"
#include "sender.h"
#include "store.h"
#include "viewer.h"

#define CHIPS 2

/* What a list says about the parts of one mail. */
struct chips {
	struct html		*h;
	const struct mail	*m;
	size_t			 count;
};

static int
is_text(const struct part *p)
{
	return strcmp(p->kind, "text") == 0 || strcmp(p->kind, "html") == 0;
}

int
row_is_other_form(const struct part *p)
{
	return p->name[0] == '\0' && p->depth == 1 && is_text(p);
}

int
row_is_nested_text(const struct part *p)
{
	return p->name[0] == '\0' && p->depth > 1 && is_text(p) &&
	    strcmp(p->outcome, "text") == 0;
}

int
row_is_attachment(const struct mail *m, const struct part *p)
{
	if (p->body || strcmp(p->outcome, "container") == 0 ||
	    row_is_nested_text(p))
		return 0;
	return p->parent != 0 || m->document;
}

const char *
row_part_name(const struct part *p)
{
	if (p->name[0] != '\0')
		return p->name;
	if (strcmp(p->kind, "mail") == 0)
		return "Attached mail";
	if (strcmp(p->kind, "unknown") == 0)
		return "Unnamed part";
	if (strcmp(p->kind, "image") == 0)
		return "Unnamed picture";
	if (row_is_other_form(p))
		return "The same text in another form";
	if (is_text(p))
		return "Text of an attached mail";
	return p->kind;
}

static void
write_lang(struct html *h, const char *text)
{
	const char	*lang = marks_language(text, strlen(text));

	if (lang != NULL)
		html_attr(h, "lang", lang);
}

static enum icon
part_icon(const struct part *p)
{
	if (strcmp(p->outcome, "stub") == 0)
		return strcmp(p->reason, "encrypted") == 0 ? ICON_LOCK :
		    strcmp(p->kind, "archive") == 0 ? ICON_BOX : ICON_ALERT;
	return strcmp(p->kind, "image") == 0 ? ICON_PICTURE : ICON_FILE;
}

static int
write_chip(void *arg, const struct part *p)
{
	struct chips	*c = arg;

	if (!row_is_attachment(c->m, p) || row_is_other_form(p) ||
	    c->count++ >= CHIPS)
		return ERR_OK;
	if (c->count == 1) {
		html_open(c->h, "ul", "chips");
		html_attr(c->h, "aria-label", "Attachments");
	}
	html_open(c->h, "li", NULL);
	html_open(c->h, "a", "chip");
	html_attrf(c->h, "href", "/mail/%s?a=%lld#att", c->m->ref,
	    (long long)p->id);
	html_icon(c->h, part_icon(p), NULL);
	html_elem(c->h, "b", NULL, row_part_name(p));
	html_open(c->h, "span", "num");
	if (strcmp(p->outcome, "stub") == 0)
		html_text(c->h, "not shown");
	else if (strcmp(p->kind, "image") == 0)
		html_text(c->h, "picture");
	else if (p->pages > 0)
		html_textf(c->h, "%lld page%s", (long long)p->pages,
		    p->pages == 1 ? "" : "s");
	else
		html_text(c->h, "text");
	html_end(c->h, "span");
	html_end(c->h, "a");
	html_end(c->h, "li");
	return ERR_OK;
}

static int
write_chips(struct chips *c, struct request *rq)
{
	int	 r = store_parts(rq->viewer->store, c->m, write_chip, c);

	if (c->count > CHIPS) {
		html_open(c->h, "li", NULL);
		html_elemf(c->h, "span", "chip", "+%zu", c->count - CHIPS);
		html_end(c->h, "li");
	}
	if (c->count > 0)
		html_end(c->h, "ul");
	return r;
}

static void
write_from(struct html *h, const struct mail *m, const struct sender *s)
{
	const char	*name = m->from_name[0] != '\0' ? m->from_name :
			    m->from_addr[0] != '\0' ? m->from_addr :
			    "no sender";
	int		 bad = s->name_lies || s->auth == SENDER_FAILED;

	html_open(h, "div", "from");
	html_open(h, "span", "nm");
	write_lang(h, name);
	html_text(h, name);
	html_end(h, "span");
	html_open(h, "span", "ad");
	html_elem(h, "span", "vh", bad ? "Sender facts disagree" :
	    s->auth == SENDER_VERIFIED ? "Sender domain verified" :
	    "Sender domain not verified");
	html_icon(h, bad ? ICON_ALERT : s->auth == SENDER_VERIFIED ?
	    ICON_SHIELD_OK : ICON_SHIELD, bad ? "i x" :
	    s->auth == SENDER_VERIFIED ? "i y" : "i");
	if (s->registered > s->local) {
		html_open(h, "span", NULL);
		html_textn(h, s->local, (size_t)(s->registered - s->local));
		html_end(h, "span");
	}
	html_elem(h, "b", NULL, s->registered[0] != '\0' ? s->registered :
	    "no address");
	html_end(h, "span");
	html_end(h, "div");
}

static void
write_tag(struct html *h, enum icon icon, const char *class, const char *text)
{
	html_open(h, "span", class);
	html_icon(h, icon, NULL);
	html_text(h, text);
	html_end(h, "span");
}

static void
write_tags(struct html *h, const struct mail *m, const struct sender *s,
    int64_t lost_pages)
{
	char	 text[64];

	if (s->name_lies)
		write_tag(h, ICON_ALERT, "tag bad", "Sender mismatch");
	else if (s->auth == SENDER_FAILED)
		write_tag(h, ICON_ALERT, "tag bad", "Sender check failed");
	if (m->stubs > 0) {
		snprintf(text, sizeof(text), "%lld not shown",
		    (long long)m->stubs);
		write_tag(h, ICON_LOCK, "tag warn", text);
	}
	if (lost_pages > 0) {
		snprintf(text, sizeof(text), "Cut %lld page%s",
		    (long long)lost_pages, lost_pages == 1 ? "" : "s");
		write_tag(h, ICON_CUT, "tag cut", text);
	} else if (m->cuts > 0)
		write_tag(h, ICON_CUT, "tag cut", "Cut");
}

static int
count_lost(void *arg, const struct part *p)
{
	int64_t	*lost = arg;

	if (p->pages_total > p->pages && strcmp(p->outcome, "stub") != 0)
		*lost += p->pages_total - p->pages;
	return ERR_OK;
}

static int
write_what(struct rows *rows, const struct mail *m, const struct sender *s)
{
	struct html	*h = rows->h;
	struct chips	 chips = { .h = h, .m = m };
	const char	*subject = m->subject[0] != '\0' ? m->subject :
			    "(no subject)";
	int64_t		 lost = 0;
	int		 r = ERR_OK;

	if (m->cuts > 0)
		r = store_parts(rows->rq->viewer->store, m, count_lost, &lost);
	html_open(h, "div", "what");
	html_open(h, "div", "l1");
	html_open(h, "h3", NULL);
	write_lang(h, subject);
	html_open(h, "a", NULL);
	html_attrf(h, "href", "/mail/%s", m->ref);
	if (!m->seen)
		html_elem(h, "span", "vh", "Unread ");
	html_text(h, subject);
	html_end(h, "a");
	html_end(h, "h3");
	write_tags(h, m, s, lost);
	html_end(h, "div");
	html_open(h, "div", "l2");
	html_open(h, "p", "sn");
	write_lang(h, m->snippet);
	html_text(h, m->snippet);
	html_end(h, "p");
	if (r == ERR_OK && m->parts > 0)
		r = write_chips(&chips, rows->rq);
	html_end(h, "div");
	html_end(h, "div");
	return r;
}

static void
write_group(struct rows *rows, const struct mail *m)
{
	char	 group[WHEN_MAX];

	when_group(m->received_ms, rows->rq->now_ms, group);
	if (strcmp(group, rows->group) == 0)
		return;
	row_finish(rows);
	snprintf(rows->group, sizeof(rows->group), "%s", group);
	html_elem(rows->h, "h2", NULL, group);
	html_open(rows->h, "ol", NULL);
}

static void
write_check(struct rows *rows, const struct mail *m)
{
	struct html	*h = rows->h;

	if (!rows->select) {
		html_elem(h, "span", "ck", "");
		return;
	}
	html_open(h, "label", "ck");
	html_open(h, "input", NULL);
	html_attr(h, "type", "checkbox");
	html_attr(h, "name", "m");
	html_attr(h, "value", m->ref);
	html_elemf(h, "span", "vh", "Select %lld: %s", (long long)rows->count,
	    m->from_name[0] != '\0' ? m->from_name : m->from_addr);
	html_end(h, "label");
}

int
row_write(void *arg, const struct mail *m)
{
	struct rows	*rows = arg;
	struct html	*h = rows->h;
	struct sender	 s;
	char		 text[WHEN_MAX];
	int		 r;

	sender_read(m->from_addr, m->from_name, m->reply_to, m->auth, &s);
	write_group(rows, m);
	rows->count++;
	html_open(h, "li", m->seen ? "row" : "row unread");
	write_check(rows, m);
	write_from(h, m, &s);
	r = write_what(rows, m, &s);
	html_open(h, "div", "meta");
	html_open(h, "time", NULL);
	when_machine(m->received_ms, text);
	html_attr(h, "datetime", text);
	when_row(m->received_ms, rows->rq->now_ms, text);
	html_text(h, text);
	html_end(h, "time");
	when_size(m->size, text);
	html_elem(h, "span", NULL, text);
	html_end(h, "div");
	html_end(h, "li");
	return r;
}

void
row_finish(struct rows *rows)
{
	if (rows->group[0] != '\0')
		html_end(rows->h, "ol");
	rows->group[0] = '\0';
}
