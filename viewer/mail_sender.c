/*
 * Purpose: the sender panel: who wrote this, and does it fit together.
 * Process: limpid-viewerd.
 * Hostile input: every header value.
 * Must never: show the name larger than the truth about the address.
 */
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "frame.h"
#include "html_out.h"
#include "mail.h"
#include "marks.h"
#include "sender.h"
#include "store.h"
#include "viewer.h"
#include "when.h"

static void
write_lang(struct html *h, const char *text)
{
	const char	*lang = marks_language(text, strlen(text));

	if (lang != NULL)
		html_attr(h, "lang", lang);
}

/* Recipients, one a line in the index, as one sentence. */
static void
write_lines(struct html *h, const char *s)
{
	size_t	 n;

	while (*s != '\0') {
		n = strcspn(s, "\n");
		html_textn(h, s, n);
		s += n + (s[n] == '\n');
		if (*s != '\0')
			html_text(h, ", ");
	}
}

static void
write_people(struct html *h, const struct mail *m)
{
	html_open(h, "p", "small dim");
	html_text(h, "To ");
	write_lines(h, m->to_line);
	if (m->to_line[0] == '\0')
		html_text(h, "nobody named");
	if (m->cc_line[0] != '\0') {
		html_text(h, ", copy to ");
		write_lines(h, m->cc_line);
	}
	html_end(h, "p");
}

static void
write_who(struct html *h, const struct mail *m, const struct sender *s)
{
	char	 initial[8], text[WHEN_MAX];
	int	 bad = s->name_lies || s->auth == SENDER_FAILED;

	html_open(h, "div", "p");
	html_open(h, "span", bad ? "av bad" : "av");
	html_attr(h, "aria-hidden", "true");
	frame_initial(m->from_name[0] != '\0' ? m->from_name : m->from_addr,
	    initial);
	if (bad)
		html_icon(h, ICON_ALERT, NULL);
	else
		html_text(h, initial);
	html_end(h, "span");
	html_open(h, "div", NULL);
	html_open(h, "p", "nm");
	write_lang(h, m->from_name);
	html_text(h, m->from_name[0] != '\0' ? m->from_name : "No name given");
	html_end(h, "p");
	html_open(h, "p", NULL);
	html_textn(h, s->local, (size_t)(s->registered - s->local));
	html_elem(h, "b", "dom", s->registered[0] != '\0' ? s->registered :
	    "no address given");
	html_end(h, "p");
	write_people(h, m);
	html_end(h, "div");
	html_open(h, "p", "at small dim num");
	html_open(h, "time", NULL);
	when_machine(m->received_ms, text);
	html_attr(h, "datetime", text);
	when_full(m->received_ms, 0, text);
	html_text(h, text);
	html_end(h, "time");
	html_end(h, "p");
	html_end(h, "div");
	html_text(h, "\n");
}

static void
write_fact(struct html *h, enum icon icon, const char *class, const char *text)
{
	html_open(h, "li", class);
	html_icon(h, icon, NULL);
	html_text(h, text);
	html_end(h, "li");
}

static int
write_facts(struct mail_view *v, const struct sender *s)
{
	struct html	*h = v->h;
	int64_t		 count = 0, first = 0;
	char		 text[WHEN_MAX + 64], month[WHEN_MAX];
	int		 r;

	html_open(h, "ul", "facts");
	if (s->auth == SENDER_VERIFIED && (s->name_lies || s->reply_elsewhere))
		write_fact(h, ICON_SHIELD, "tag warn",
		    "The domain is verified, but look at it closely");
	else if (s->auth == SENDER_VERIFIED)
		write_fact(h, ICON_SHIELD_OK, "tag ok", "Sender domain verified");
	else if (s->auth == SENDER_FAILED)
		write_fact(h, ICON_ALERT, "tag bad",
		    "The sender's domain failed its checks");
	else
		write_fact(h, ICON_SHIELD, "tag warn",
		    "Nothing proves the sender's domain");
	r = store_sender_count(v->rq->viewer->store, v->m->from_addr, &count,
	    &first);
	when_month(first, month);
	snprintf(text, sizeof(text), "%lld mails since %s", (long long)count,
	    month);
	if (r == ERR_OK && count <= 1)
		write_fact(h, ICON_PERSON, "tag", "First mail from this address");
	else if (r == ERR_OK)
		write_fact(h, ICON_CLIP, "tag", text);
	if (s->reply_elsewhere)
		write_fact(h, ICON_REPLY, "tag bad", "Replies go elsewhere");
	else if (s->reply_set)
		write_fact(h, ICON_REPLY, "tag", "Replies go to the same domain");
	html_end(h, "ul");
	return r;
}

static void
write_alarm(struct html *h, const struct mail *m, const struct sender *s)
{
	if (!s->name_lies && s->auth != SENDER_FAILED &&
	    !(s->reply_elsewhere && s->auth != SENDER_VERIFIED))
		return;
	html_open(h, "div", "note bad alarm");
	html_attr(h, "role", "note");
	html_icon(h, ICON_ALERT, NULL);
	html_open(h, "div", NULL);
	html_elem(h, "h2", NULL, "This may not be who it says it is");
	if (s->name_lies) {
		html_elem(h, "p", NULL, "The name shows another address than "
		    "the one the mail comes from.");
		html_open(h, "dl", "cmp mono");
		html_elem(h, "dt", NULL, "Shown name");
		html_elem(h, "dd", NULL, m->from_name);
		html_elem(h, "dt", NULL, "This mail");
		html_elem(h, "dd", NULL, m->from_addr);
		html_end(h, "dl");
	}
	html_open(h, "ul", "small");
	if (s->auth == SENDER_FAILED)
		html_elem(h, "li", NULL, "Our mail server checked the domain, "
		    "and the check failed.");
	if (s->reply_elsewhere) {
		html_open(h, "li", NULL);
		html_text(h, "Replies would go to another domain: ");
		html_elem(h, "span", "mono", m->reply_to);
		html_end(h, "li");
	}
	html_elem(h, "li", NULL, "Ask the sender by telephone, with a number "
	    "that you know from elsewhere.");
	html_end(h, "ul");
	html_end(h, "div");
	html_end(h, "div");
}

static void
write_row(struct html *h, const char *name, const char *value, int mono)
{
	html_elem(h, "dt", NULL, name);
	html_elem(h, "dd", mono ? "mono" : NULL, value);
}

static void
write_checks(struct html *h, const struct mail *m, const struct sender *s)
{
	html_open(h, "details", NULL);
	html_elem(h, "summary", NULL, "How this was checked");
	html_open(h, "dl", "kv");
	html_elem(h, "dt", NULL, "Domain checks");
	html_elemf(h, "dd", NULL, "SPF %s, DKIM %s, DMARC %s",
	    s->spf[0] ? s->spf : "not checked",
	    s->dkim[0] ? s->dkim : "not checked",
	    s->dmarc[0] ? s->dmarc : "not checked");
	if (m->client[0] != '\0')
		write_row(h, "Sending host", m->client, 1);
	write_row(h, "Transport", m->tls[0] != '\0' ? m->tls :
	    "not encrypted", 0);
	write_row(h, "Envelope sender", m->sender[0] != '\0' ? m->sender :
	    "none (a notice of a mail system)", 1);
	if (m->reply_to[0] != '\0')
		write_row(h, "Reply address", m->reply_to, 1);
	if (m->date_claimed[0] != '\0')
		write_row(h, "Date it claims", m->date_claimed, 0);
	html_end(h, "dl");
	html_end(h, "details");
}

int
mail_sender(struct mail_view *v)
{
	struct html	*h = v->h;
	struct sender	 s;
	int		 r;

	sender_read(v->m->from_addr, v->m->from_name, v->m->reply_to,
	    v->m->auth, &s);
	html_open(h, "section", "sender");
	html_attr(h, "aria-label", "Sender");
	write_who(h, v->m, &s);
	r = write_facts(v, &s);
	write_alarm(h, v->m, &s);
	write_checks(h, v->m, &s);
	html_end(h, "section");
	return r;
}
